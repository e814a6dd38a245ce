//! What a game server sends: every event is applied, a duplicate or rejected by itself.

use serde_json::{Value, json};

use crate::support::{Game, Playing, playing, right_response, wrong_response};

#[test]
fn a_right_answer_earns_its_points_as_xp_once() {
    let Playing { app, quiz, session, mut game, .. } = playing(2);
    let question = &quiz["questions"][0];
    let event = game.answer(1, &session, question, right_response(question));
    let first = game.one(&event);
    assert_eq!(first["status"], "applied");
    let expected = json!({"correct": true, "points": 10, "xp_gained": 10, "xp": 10, "level": 1, "rank": 1, "badges": []});
    assert_eq!(first["result"], expected);
    let again = game.one(&event);
    assert_eq!((&again["status"], &again["result"]), (&json!("duplicate"), &expected));
    let other = game.answer(1, &session, question, right_response(question));
    assert_eq!(game.one(&other)["code"], "already_answered");
    drop(app);
}

#[test]
fn every_type_of_question_is_graded() {
    let Playing { quiz, session, mut game, .. } = playing(2);
    for question in quiz["questions"].as_array().unwrap() {
        let right = game.answer(1, &session, question, right_response(question));
        let wrong = game.answer(2, &session, question, wrong_response(question));
        let answer = game.sync(&[right, wrong]);
        let correct: Vec<&Value> =
            answer["results"].as_array().unwrap().iter().map(|r| &r["result"]["correct"]).collect();
        assert_eq!(correct, [&json!(true), &json!(false)], "{question} {answer}");
    }
}

#[test]
fn a_response_that_cannot_be_an_answer_costs_no_try() {
    let Playing { quiz, session, mut game, .. } = playing(1);
    let option = quiz["questions"][0]["options"][0]["id"].clone();
    let items: Vec<Value> =
        quiz["questions"][5]["items"].as_array().unwrap().iter().map(|item| item["id"].clone()).collect();
    let left = quiz["questions"][6]["pairs"][0]["left"]["id"].clone();
    let invalid = [
        (0, json!("opt_0000000000000000")),
        (0, json!(null)),
        (0, json!([option])),
        (1, json!("x")),
        (1, json!([option])),
        (1, json!(["a", "a"])),
        (1, json!([1])),
        (2, json!("true")),
        (3, json!("3.14")),
        (4, json!(7)),
        (4, json!("x".repeat(3000))),
        (5, json!([items[0]])),
        (5, json!([items[0], items[0], items[1]])),
        (6, json!([[left]])),
        (6, json!([[left, left]])),
    ];
    for (number, response) in invalid {
        let event = game.answer(1, &session, &quiz["questions"][number], response);
        let result = game.one(&event);
        assert_eq!(
            (&result["status"], &result["code"]),
            (&json!("rejected"), &json!("response_invalid")),
            "{event}"
        );
    }
    for question in quiz["questions"].as_array().unwrap() {
        let event = game.answer(1, &session, question, right_response(question));
        assert_eq!(game.one(&event)["status"], "applied");
    }
}

#[test]
fn a_bad_event_never_fails_its_neighbours() {
    let Playing { app, class, quiz, session, mut game, .. } = playing(1);
    let question = &quiz["questions"][0];
    let good = game.answer(1, &session, question, right_response(question));
    let bad = [
        json!(null),
        json!(7),
        json!([]),
        json!({}),
        json!({"id": "x1"}),
        json!({"id": "x2", "type": "fly", "player": {"user_id": "1"}}),
        json!({"id": "x 3", "type": "leave", "player": {"user_id": "1"}}),
        json!({"id": "x4", "type": "leave", "player": []}),
        json!({"id": "x5", "type": "leave", "player": {"user_id": 1}}),
        json!({"id": "x6", "type": "leave", "player": {"user_id": "one"}}),
        json!({"id": "x7", "type": "join", "player": {"user_id": "5", "display_name": " \n "}}),
        json!({"id": "x8", "type": "join", "player": {"user_id": "5", "display_name": "x".repeat(101)}}),
        json!({"id": "x9", "type": "progress", "player": {"user_id": "1"}, "progress": {"percent": 101}}),
        json!({"id": "x10", "type": "leave", "player": {"user_id": "1"}, "role": "teacher"}),
        json!({"id": "x11", "type": "answer", "player": {"user_id": "1"}, "session_id": session["id"]}),
        json!({"id": "x12", "type": "answer", "player": {"user_id": "1"}, "session_id": session["id"],
            "question_id": question["id"], "response": true, "elapsed_ms": -1}),
        json!({"id": "x".repeat(65), "type": "leave", "player": {"user_id": "1"}}),
    ];
    let mut events = bad.to_vec();
    events.push(good);
    let answer = game.sync(&events);
    let results = answer["results"].as_array().unwrap();
    for (event, result) in bad.iter().zip(results) {
        assert_eq!(
            (&result["status"], &result["code"]),
            (&json!("rejected"), &json!("malformed")),
            "{event}"
        );
    }
    assert_eq!((&results[4]["id"], &results[3]["id"]), (&json!("x1"), &Value::Null));
    assert_eq!(results[bad.len()]["status"], "applied");
    assert_eq!(
        app.rooms.number(class["room_key"].as_str().unwrap(), "select count(*) from events"),
        2,
        "join and answer"
    );
}

#[test]
fn foreign_ids_are_unknown_and_give_no_hint() {
    let Playing { quiz, session, mut game, ada, .. } = playing(1);
    let question = &quiz["questions"][0];
    let stranger = game.answer(99, &session, question, right_response(question));
    assert_eq!(game.one(&stranger)["code"], "seat_unknown");
    let other_class = ada.make_class();
    let foreign = ada.make_session(&other_class, &quiz, "self");
    let event = game.answer(1, &foreign, question, right_response(question));
    assert_eq!(game.one(&event)["code"], "session_unknown");
    let event = game.answer(1, &session, &json!({"id": format!("q_{:026}", 1)}), json!(true));
    assert_eq!(game.one(&event)["code"], "question_unknown");
}

#[test]
fn an_id_that_comes_again_with_other_content_is_refused() {
    let Playing { quiz, session, mut game, .. } = playing(1);
    let question = &quiz["questions"][2];
    let mut event = game.answer(1, &session, question, right_response(question));
    event["at"] = json!("2026-11-21T10:00:00Z");
    game.one(&event);
    event["at"] = json!("2026-11-21T10:00:05Z");
    assert_eq!(game.one(&event)["status"], "duplicate", "the time of sending is not content");
    event["response"] = wrong_response(question);
    assert_eq!(game.one(&event)["code"], "event_id_reused");
}

#[test]
fn the_same_event_twice_in_one_batch_counts_once() {
    let Playing { quiz, session, mut game, .. } = playing(1);
    let question = &quiz["questions"][0];
    let event = game.answer(1, &session, question, right_response(question));
    let answer = game.sync(&[event.clone(), event]);
    assert_eq!(answer["results"][0]["status"], "applied");
    assert_eq!(answer["results"][1]["status"], "duplicate");
    assert_eq!(answer["results"][1]["result"], answer["results"][0]["result"]);
}

#[test]
fn with_more_attempts_only_what_is_better_earns_xp() {
    let Playing { app, ada, class, quiz, session, mut game } = playing(1);
    ada.move_session(&session, "end").expect(200);
    let path = format!("/api/v1/classes/{}/live-sessions", class["id"].as_str().unwrap());
    let session =
        ada.post(&path, &json!({"quiz_id": quiz["id"], "pace": "self", "max_attempts": 2})).expect(201);
    ada.move_session(&session, "start").expect(200);
    let (first, second) = (&quiz["questions"][0], &quiz["questions"][1]);
    for (question, response, expected) in [
        (first, wrong_response(first), 0),
        (first, right_response(first), 10),
        (second, wrong_response(second), 0),
        (second, wrong_response(second), 0),
    ] {
        let event = game.answer(1, &session, question, response);
        assert_eq!(game.one(&event)["result"]["xp_gained"], expected);
    }
    for question in [first, second] {
        let event = game.answer(1, &session, question, right_response(question));
        assert_eq!(game.one(&event)["code"], "already_answered");
    }
    let room_key = class["room_key"].as_str().unwrap();
    assert_eq!(app.rooms.number(room_key, "select sum(xp) from xp_ledger"), 10);
    assert_eq!(app.rooms.number(room_key, "select xp from seat_xp"), 10);
}

#[test]
fn a_pupil_who_changed_servers_is_not_taken_offline_by_the_first_one() {
    let Playing { app, ada, class, mut game, .. } = playing(1);
    let mut other = Game::open(&app, &class, "job2");
    let join = other.join(1);
    let seat = other.one(&join)["seat_id"].clone();
    let late_goodbye = game.event("leave", 1, json!({}));
    assert_eq!(game.one(&late_goodbye)["status"], "applied");
    let seats = || ada.get(&format!("/api/v1/classes/{}/seats", class["id"].as_str().unwrap())).expect(200);
    assert_eq!((&seats()["items"][0]["id"], &seats()["items"][0]["online"]), (&seat, &json!(true)));
    let goodbye = other.event("leave", 1, json!({}));
    other.one(&goodbye);
    assert_eq!(seats()["items"][0]["online"], false);
}

#[test]
fn a_server_that_fell_silent_takes_its_pupils_offline() {
    let Playing { app, ada, class, .. } = playing(3);
    app.clock.advance(91_000);
    futures::executor::block_on(app.rooms.ring());
    let seats = ada.get(&format!("/api/v1/classes/{}/seats", class["id"].as_str().unwrap())).expect(200);
    assert!(seats["items"].as_array().unwrap().iter().all(|seat| seat["online"] == false));
}

#[test]
fn a_new_server_learns_where_the_session_stands_and_an_old_one_what_is_new() {
    let Playing { app, ada, class, quiz, session, mut game } = playing(1);
    let mut late = Game::open(&app, &class, "late");
    let messages = late.sync(&[])["messages"].clone();
    assert_eq!(messages[0]["type"], "session_started");
    assert_eq!(
        messages[0]["data"]["questions"].as_array().unwrap().len(),
        quiz["questions"].as_array().unwrap().len()
    );
    assert_eq!(late.sync(&[])["messages"], json!([]), "once is enough");
    ada.move_session(&session, "pause").expect(200);
    ada.move_session(&session, "freeze").expect(200);
    let kinds = |answer: &Value| -> Vec<String> {
        let messages = answer["messages"].as_array().unwrap().iter();
        messages.map(|message| message["type"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(kinds(&game.sync(&[])), ["session_paused", "class_frozen"]);
    late.cursor = "0".to_owned();
    assert_eq!(kinds(&late.sync(&[])), ["session_started", "session_paused", "class_frozen"]);
    late.cursor = "999999".to_owned();
    assert_eq!(
        kinds(&late.sync(&[])),
        ["session_started", "session_paused", "class_frozen"],
        "a cursor of another life"
    );
}

#[test]
fn a_delivery_shows_the_same_shuffled_parts_to_every_server() {
    let Playing { app, class, quiz, .. } = playing(0);
    let questions =
        |job: &str| Game::open(&app, &class, job).sync(&[])["messages"][0]["data"]["questions"].clone();
    let (one, two) = (questions("a"), questions("b"));
    assert_eq!(one, two);
    let texts = |parts: &Value| -> Vec<String> {
        let mut texts: Vec<String> =
            parts.as_array().unwrap().iter().map(|part| part["text"].as_str().unwrap().to_owned()).collect();
        texts.sort();
        texts
    };
    assert_eq!(texts(&one[5]["items"]), texts(&quiz["questions"][5]["items"]));
    assert_eq!(one[6]["lefts"].as_array().unwrap().len(), 2);
    assert!(one[6].get("pairs").is_none() && one[2].get("correct").is_none());
}
