//! A teacher moves a live session.

use serde_json::{Value, json};

use crate::support::{Game, TestApp, fractions, right_response};

fn sessions(class: &Value) -> String {
    format!("/api/v1/classes/{}/live-sessions", class["id"].as_str().unwrap())
}

#[test]
fn only_a_published_quiz_is_played_and_one_session_at_a_time() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    let class = ada.make_class();
    let draft = ada.post("/api/v1/quizzes", &fractions()).expect(201);
    let make = |quiz: &Value| ada.post(&sessions(&class), &json!({"quiz_id": quiz["id"], "pace": "self"}));
    make(&draft).problem(409, "quiz_not_published");
    let quiz = ada.make_quiz(&fractions());
    let session = make(&quiz).expect(201);
    assert_eq!((&session["status"], &session["question_count"]), (&json!("lobby"), &json!(7)));
    make(&quiz).problem(409, "session_exists");
    ada.move_session(&session, "end").expect(200);
    let second = make(&quiz).expect(201);
    let listed = ada.get(&sessions(&class)).expect(200);
    assert_eq!((&listed["items"][0]["id"], &listed["items"][1]["id"]), (&second["id"], &session["id"]));
}

#[test]
fn a_class_plays_the_version_that_was_published_whatever_becomes_of_the_draft() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    let (class, quiz) = (ada.make_class(), ada.make_quiz(&fractions()));
    let mut changed = fractions();
    changed["questions"].as_array_mut().unwrap().truncate(1);
    let path = format!("/api/v1/quizzes/{}", quiz["id"].as_str().unwrap());
    ada.request("PUT", &path, &[("if-match", "\"1\"")], Some(changed.to_string())).expect(200);
    assert_eq!(ada.make_session(&class, &quiz, "self")["question_count"], 7);
}

#[test]
fn limits_of_a_session_are_checked() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    let (class, quiz) = (ada.make_class(), ada.make_quiz(&fractions()));
    for (field, value) in
        [("time_limit_s", 9), ("time_limit_s", 28_801), ("max_attempts", 0), ("max_attempts", 6)]
    {
        let mut body = json!({"quiz_id": quiz["id"], "pace": "self"});
        body[field] = json!(value);
        assert_eq!(
            ada.post(&sessions(&class), &body).problem(422, "invalid")["errors"][0]["pointer"],
            format!("/{field}")
        );
    }
}

#[test]
fn a_move_that_the_state_does_not_allow_is_a_conflict() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    let (class, quiz) = (ada.make_class(), ada.make_quiz(&fractions()));
    let session = ada.make_session(&class, &quiz, "host");
    ada.move_session(&session, "pause").problem(409, "move_not_allowed");
    assert_eq!(ada.move_session(&session, "start").expect(200)["status"], "running");
    for index in 0..7 {
        assert_eq!(ada.move_session(&session, "next").expect(200)["question_index"], index);
    }
    ada.move_session(&session, "next").problem(409, "no_more_questions");
    ada.move_session(&session, "fly").problem(404, "not_found");
    ada.move_session(&json!({"id": format!("ses_{:026}", 1)}), "start").problem(404, "not_found");
    for stranger in ["alan", "eve"] {
        app.sign_in(stranger).move_session(&session, "end").problem(404, "not_found");
    }
    assert_eq!(app.sign_in("grace").move_session(&session, "end").expect(200)["status"], "ended");
    ada.move_session(&session, "start").problem(409, "move_not_allowed");
}

#[test]
fn a_host_paced_game_gets_one_question_when_it_opens() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    let (class, quiz) = (ada.make_class(), ada.make_quiz(&fractions()));
    let session = ada.make_session(&class, &quiz, "host");
    let mut game = Game::open(&app, &class, "job");
    let join = game.join(1);
    game.sync(&[join]);
    let questions = quiz["questions"].as_array().unwrap();
    let early = game.answer(1, &session, &questions[0], right_response(&questions[0]));
    assert_eq!(game.one(&early)["code"], "session_not_started");
    ada.move_session(&session, "start").expect(200);
    let answer = game.sync(&[]);
    assert_eq!(answer["messages"][0]["data"]["questions"], json!([]));
    assert_eq!(game.one(&early)["code"], "question_closed");
    ada.move_session(&session, "next").expect(200);
    let answer = game.sync(&[]);
    assert_eq!(answer["messages"][0]["data"]["question"]["id"], questions[0]["id"]);
    assert_eq!(game.one(&early)["status"], "applied", "a rejected event may come again under its id");
    let ahead = game.answer(1, &session, &questions[1], right_response(&questions[1]));
    assert_eq!(game.one(&ahead)["code"], "question_closed");
    ada.move_session(&session, "pause").expect(200);
    ada.move_session(&session, "resume").expect(200);
    ada.move_session(&session, "next").expect(200);
    assert_eq!(game.one(&ahead)["status"], "applied");
    let late = game.answer(1, &session, &questions[0], json!("x"));
    assert_eq!(game.one(&late)["code"], "question_closed");
}

#[test]
fn the_time_limit_ends_a_session_by_itself() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    let (class, quiz) = (ada.make_class(), ada.make_quiz(&fractions()));
    let body = json!({"quiz_id": quiz["id"], "pace": "self", "time_limit_s": 60});
    let session = ada.post(&sessions(&class), &body).expect(201);
    ada.move_session(&session, "start").expect(200);
    let mut game = Game::open(&app, &class, "job");
    let join = game.join(1);
    game.sync(&[join]);
    let ends_at = app.rooms.wake_at(class["room_key"].as_str().unwrap()).unwrap();
    assert!(ends_at <= 1_795_428_060_000, "the alarm is set for the end, or earlier");
    app.clock.advance(60_000);
    futures::executor::block_on(app.rooms.ring());
    let path = format!("/api/v1/live-sessions/{}", session["id"].as_str().unwrap());
    assert_eq!(ada.get(&path).expect(200)["status"], "ended");
    let question = &quiz["questions"][0];
    let late = game.answer(1, &session, question, right_response(question));
    let answer = game.sync(&[late]);
    assert_eq!(answer["results"][0]["code"], "session_ended");
    assert_eq!(answer["messages"][0]["type"], "session_ended");
}

#[test]
fn the_same_idempotency_key_makes_one_session() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    let (class, quiz) = (ada.make_class(), ada.make_quiz(&fractions()));
    let body = json!({"quiz_id": quiz["id"], "pace": "self"}).to_string();
    let post = |body: &str| {
        ada.request("POST", &sessions(&class), &[("idempotency-key", "k")], Some(body.to_owned()))
    };
    let first = post(&body).expect(201);
    assert_eq!(post(&body).expect(201), first);
    post(&body.replace("self", "host")).problem(422, "idempotency_key_reused");
}

#[test]
fn the_pace_of_syncs_follows_what_happens() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    let (class, quiz) = (ada.make_class(), ada.make_quiz(&fractions()));
    let mut game = Game::open(&app, &class, "job");
    let mut pace = || game.sync(&[])["next_sync_ms"].clone();
    assert_eq!(pace(), 5000);
    let session = ada.make_session(&class, &quiz, "host");
    assert_eq!(pace(), 2000);
    ada.move_session(&session, "start").expect(200);
    assert_eq!(pace(), 1000);
    ada.move_session(&session, "end").expect(200);
    let session = ada.make_session(&class, &quiz, "self");
    ada.move_session(&session, "start").expect(200);
    assert_eq!(pace(), 3000);
}
