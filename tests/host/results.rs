//! Results: the screen, the file and D1 say the same.

use futures::executor::block_on;
use serde_json::{Value, json};

use crate::support::{Game, TestApp, fractions, right_response, wrong_response};

fn path(class: &Value, session: &Value) -> String {
    format!(
        "/api/v1/classes/{}/results?session_id={}",
        class["id"].as_str().unwrap(),
        session["id"].as_str().unwrap()
    )
}

#[test]
fn the_file_holds_what_the_screen_shows() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    let (class, quiz) = (ada.make_class(), ada.make_quiz(&fractions()));
    let session = ada.make_session(&class, &quiz, "self");
    ada.move_session(&session, "start").expect(200);
    let mut game = Game::open(&app, &class, "job");
    let mut joins: Vec<Value> = (1..=3).map(|user| game.join(user)).collect();
    joins[0]["player"]["display_name"] = json!("=HYPERLINK(\"x\")");
    game.sync(&joins);
    app.clock.advance(5000);
    let questions = quiz["questions"].as_array().unwrap();
    let mut first = game.answer(1, &session, &questions[0], right_response(&questions[0]));
    first["elapsed_ms"] = json!(1234.4);
    let second = game.answer(2, &session, &questions[0], wrong_response(&questions[0]));
    let third = game.answer(1, &session, &questions[3], right_response(&questions[3]));
    game.sync(&[first, second, third]);
    let results = ada.get(&path(&class, &session)).expect(200);
    assert_eq!(results["questions"][0]["facility"], 0.5);
    assert_eq!(results["questions"][1]["facility"], Value::Null);
    let rows = results["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 3, "who did not answer is there as well");
    assert_eq!(
        (&rows[0]["points"], &rows[0]["correct"], &rows[0]["answered"]),
        (&json!(20), &json!(2), &json!(2))
    );
    assert_eq!(
        rows[0]["answers"][0],
        json!({"question_id": questions[0]["id"], "correct": true, "points": 10, "ms": 1234, "attempts": 1})
    );
    assert_eq!(rows[1]["answers"][0]["ms"], 5000, "the room's clock when the game does not say");
    let reply = ada.request("GET", &path(&class, &session), &[("accept", "text/csv")], None);
    assert!(reply.headers["content-disposition"].to_str().unwrap().contains("attachment"));
    let mut csv = csv::Reader::from_reader(reply.text.as_bytes());
    assert_eq!(csv.headers().unwrap().len(), 5 + 3 * 7);
    let records: Vec<csv::StringRecord> = csv.records().map(Result::unwrap).collect();
    assert_eq!(&records[0][0], "'=HYPERLINK(\"x\")", "no spreadsheet runs it");
    for (record, row) in records.iter().zip(rows) {
        assert_eq!(record[1], row["points"].to_string());
        for (number, question) in questions.iter().enumerate() {
            let answer = row["answers"]
                .as_array()
                .unwrap()
                .iter()
                .find(|answer| answer["question_id"] == question["id"]);
            let cells = [&record[5 + 3 * number], &record[6 + 3 * number], &record[7 + 3 * number]];
            match answer {
                Some(answer) => {
                    assert_eq!(cells, ["points", "ms", "attempts"].map(|field| answer[field].to_string()));
                }
                None => assert_eq!(cells, ["", "", ""]),
            }
        }
    }
}

#[test]
fn what_the_room_has_forgotten_comes_from_what_it_reported_and_is_the_same() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    let (class, quiz) = (ada.make_class(), ada.make_quiz(&fractions()));
    let mut game = Game::open(&app, &class, "job");
    let mut first = None;
    for round in 0..23 {
        let session = ada.make_session(&class, &quiz, "self");
        ada.move_session(&session, "start").expect(200);
        let join = game.join(1);
        let question = &quiz["questions"][0];
        let answer = game.answer(1, &session, question, right_response(question));
        game.sync(&[join, answer]);
        ada.move_session(&session, "end").expect(200);
        app.clock.advance(31_000);
        assert!(block_on(app.rooms.ring()));
        if round == 0 {
            first = Some((session.clone(), ada.get(&path(&class, &session)).expect(200)));
        }
    }
    let (session, before) = first.unwrap();
    let room_key = class["room_key"].as_str().unwrap();
    assert_eq!(app.rooms.number(room_key, "select count(*) from sessions where quiz is null"), 3);
    assert_eq!(app.rooms.number(room_key, "select count(distinct session_no) from answers"), 20);
    assert_eq!(ada.get(&path(&class, &session)).expect(200), before);
    assert_eq!(app.rooms.number(room_key, "select xp from seat_xp"), 230, "nobody loses XP by it");
}

#[test]
fn a_class_that_never_played_has_no_results() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    let class = ada.make_class();
    ada.get(&format!("/api/v1/classes/{}/results", class["id"].as_str().unwrap())).problem(404, "not_found");
    ada.get(&path(&class, &json!({"id": "nonsense"}))).problem(404, "not_found");
    ada.get(&path(&class, &json!({"id": format!("ses_{:026}", 1)}))).problem(404, "not_found");
}

#[test]
fn boards_count_the_xp_of_their_window() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    let (class, quiz) = (ada.make_class(), ada.make_quiz(&fractions()));
    let mut game = Game::open(&app, &class, "job");
    let joins = [game.join(1), game.join(2)];
    game.sync(&joins);
    let mut play = |user: i64, number: usize| {
        let session = ada.make_session(&class, &quiz, "self");
        ada.move_session(&session, "start").expect(200);
        let question = &quiz["questions"][number];
        let event = game.answer(user, &session, question, right_response(question));
        game.one(&event);
        ada.move_session(&session, "end").expect(200);
    };
    play(1, 0);
    app.clock.advance(86_400_000);
    let game_again = Game::open(&app, &class, "job");
    drop(game_again);
    let ada = app.sign_in("ada");
    let mut game = Game::open(&app, &class, "next");
    let session = ada.make_session(&class, &quiz, "self");
    ada.move_session(&session, "start").expect(200);
    let question = &quiz["questions"][0];
    let event = game.answer(2, &session, question, right_response(question));
    game.one(&event);
    let board = |window: &str| -> Vec<(String, i64, i64)> {
        let path = format!("/api/v1/classes/{}/leaderboard?window={window}", class["id"].as_str().unwrap());
        let items = ada.get(&path).expect(200)["items"].as_array().unwrap().clone();
        items
            .iter()
            .map(|item| {
                (
                    item["display_name"].as_str().unwrap().to_owned(),
                    item["xp"].as_i64().unwrap(),
                    item["rank"].as_i64().unwrap(),
                )
            })
            .collect()
    };
    let (one, two) = ("Pupil 01".to_owned(), "Pupil 02".to_owned());
    assert_eq!(board("all"), [(one.clone(), 10, 1), (two.clone(), 10, 1)]);
    assert_eq!(board("week"), [(one.clone(), 10, 1), (two.clone(), 10, 1)]);
    assert_eq!(board("day"), [(two.clone(), 10, 1), (one.clone(), 0, 2)]);
    assert_eq!(board("session"), [(two, 10, 1), (one, 0, 2)]);
}
