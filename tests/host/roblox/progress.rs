//! Progress, checkpoints and the board of a game.

use std::sync::Arc;

use futures::executor::block_on;
use serde_json::{Value, json};

use super::support::{ROBLOX, below, co_teach, game, game_of};
use crate::support::{Actor, Game, Reply, TestApp};

/// Ada's class with a game and three pupils in it.
struct Taught {
    app: Arc<TestApp>,
    ada: Actor,
    class: Value,
    game: Value,
    server: Game,
}

impl Taught {
    fn new() -> Self {
        let app = TestApp::new();
        let ada = app.sign_in("ada");
        let class = ada.make_class();
        let game = game_of(&ada, &class);
        let mut server = Game::open(&app, &class, "job");
        let joins: Vec<Value> = (1..=3).map(|user| server.join(user)).collect();
        server.sync(&joins);
        app.clock.advance(60_000);
        assert!(block_on(app.rooms.ring()));
        Self { app, ada, class, game, server }
    }

    fn body(&self, event: &str, student: &str, more: Value) -> Value {
        let mut body = json!({"event_id": event, "game_id": self.game["id"], "student_id": student});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    }

    fn report(&self, event: &str, student: &str, more: Value) -> Reply {
        let path = format!("{ROBLOX}/progress/update");
        self.server.server.post(&path, &self.body(event, student, more))
    }

    fn checkpoint(&self, event: &str, more: Value) -> Reply {
        let mut body = self.body(event, "1", json!({"checkpoint_data": {"at": event}}));
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.server.server.post(&format!("{ROBLOX}/progress/checkpoint"), &body)
    }

    fn show(&self, student: &str) -> Value {
        self.ada.get(&self.path(student)).expect(200)
    }

    fn path(&self, student: &str) -> String {
        format!("{ROBLOX}/progress/{student}?game_id={}", self.game["id"].as_str().unwrap())
    }

    fn board(&self, by: &str) -> Value {
        let game = self.game["id"].as_str().unwrap();
        let path = format!("{ROBLOX}/progress/leaderboard?game_id={game}&leaderboard_type={by}");
        self.server.server.get(&path).expect(200)
    }

    fn seat(&self, user: usize) -> String {
        let path = format!("/api/v1/classes/{}/seats", self.class["id"].as_str().unwrap());
        self.ada.get(&path).expect(200)["items"][user - 1]["id"].as_str().unwrap().to_owned()
    }
}

#[test]
fn a_game_server_reports_and_the_teacher_reads() {
    let class = Taught::new();
    let more = json!({"progress": 40, "score": 70, "time_spent_minutes": 1.5, "completed_objectives": ["Dock"],
        "progress_data": {"room": "airlock"}});
    let reported = class.report("e1", "1", more).expect(200);
    let seat = class.seat(1);
    assert_eq!((&reported["status"], &reported["student_id"]), (&json!("applied"), &json!(seat)));
    let shown = class.show("1");
    assert_eq!(shown["student_id"], json!(seat));
    assert_eq!((&shown["overall_progress"], &shown["current_score"]), (&json!(40), &json!(70)));
    assert_eq!(
        (&shown["time_spent_minutes"], &shown["completed_objectives"]),
        (&json!(1.5), &json!(["Dock"]))
    );
    assert_eq!(shown["games"][0]["progress_data"], json!({"room": "airlock"}));
    let by_seat = class.ada.get(&format!("{ROBLOX}/progress/{seat}")).expect(200);
    assert_eq!(by_seat["games"][0]["game_id"], class.game["id"]);
    class.server.server.get(&format!("{ROBLOX}/progress/1")).expect(200);
    class.ada.get(&format!("{ROBLOX}/progress/1")).problem(422, "malformed");
    class.ada.get(&class.path("2")).problem(404, "not_found");
    class.ada.get(&class.path("99")).problem(404, "not_found");
    assert!(!format!("{:?}", class.app.db.rows("select * from roblox_progress")).contains("user_id"));
}

#[test]
fn a_report_that_comes_twice_counts_once_and_a_late_one_takes_nothing_back() {
    let class = Taught::new();
    let first = json!({"progress": 40, "score": 70, "time_spent_minutes": 2, "completed_objectives": ["A"]});
    class.report("e1", "1", first.clone()).expect(200);
    let again = class.report("e1", "1", first).expect(200);
    assert_eq!(
        (&again["status"], &again["progress"]["time_spent_minutes"]),
        (&json!("duplicate"), &json!(2.0))
    );
    let reused = class.report("e1", "1", json!({"progress": 50})).problem(422, "invalid");
    assert_eq!(reused["errors"][0]["pointer"], "/event_id");
    let late = json!({"progress": 10, "score": 90, "time_spent_minutes": 3, "completed_objectives": ["B"],
        "at": "2026-11-23T09:00:00Z", "progress_data": {"old": true}});
    let shown = class.report("e0", "1", late).expect(200)["progress"].clone();
    assert_eq!((&shown["progress"], &shown["current_score"]), (&json!(40), &json!(70)));
    assert_eq!((&shown["best_score"], &shown["time_spent_minutes"]), (&json!(90), &json!(5.0)));
    assert_eq!((&shown["completed_objectives"], &shown["progress_data"]), (&json!(["A", "B"]), &json!({})));
    for at in ["2026-11-16T09:00:00Z", "2026-11-24T10:00:00Z"] {
        class.report("e2", "1", json!({"at": at})).problem(422, "invalid");
    }
}

#[test]
fn nobody_reports_for_pupils_who_are_not_theirs() {
    let class = Taught::new();
    let (alan, eve, grace) =
        (class.app.sign_in("alan"), class.app.sign_in("eve"), class.app.sign_in("grace"));
    let path = format!("{ROBLOX}/progress/update");
    let body = class.body("e1", "1", json!({"progress": 1}));
    class.app.anonymous().post(&path, &body).problem(401, "unauthenticated");
    class.app.sign_in("peter").post(&path, &body).problem(403, "forbidden");
    for stranger in [&alan, &eve] {
        stranger.post(&path, &body).problem(404, "not_found");
        stranger.get(&class.path("1")).problem(404, "not_found");
    }
    // A server of another class, with a key of the same school.
    let other = class.ada.make_class();
    let mut elsewhere = Game::open(&class.app, &other, "other");
    let join = elsewhere.join(1);
    elsewhere.sync(&[join]);
    elsewhere.server.post(&path, &body).problem(404, "not_found");
    elsewhere.server.get(&class.path("1")).problem(404, "not_found");
    class.report("e1", "77", json!({})).problem(404, "not_found");
    class.report("e1", "somebody", json!({})).problem(422, "invalid");
    assert_eq!(class.app.db.number("select count(*) from roblox_progress"), 0);
    grace.post(&path, &body).expect(200);
    co_teach(&class.app, &class.class);
    alan.get(&class.path("1")).expect(200);
    let seat = class.seat(1);
    eve.get(&format!("{ROBLOX}/progress/{seat}")).problem(404, "not_found");
    elsewhere.server.get(&format!("{ROBLOX}/progress/{seat}")).problem(404, "not_found");
}

#[test]
fn a_game_that_is_not_there_or_not_active_takes_nothing() {
    let class = Taught::new();
    let settings = below("games", &class.game, "/settings");
    class.ada.patch(&settings, &json!({"status": "paused"})).expect(200);
    class.report("e1", "1", json!({"progress": 1})).problem(409, "conflict");
    class.ada.patch(&settings, &json!({"status": "active"})).expect(200);
    class.report("e1", "1", json!({"progress": 1})).expect(200);
    class.ada.delete(&below("games", &class.game, "")).expect(204);
    class.report("e2", "1", json!({"progress": 2})).problem(409, "conflict");
    assert_eq!(class.show("1")["overall_progress"], 1, "what was reached stays readable");
    let mut unknown = class.body("e3", "1", json!({}));
    unknown["game_id"] = json!(format!("game_{:026}", 99));
    class.server.server.post(&format!("{ROBLOX}/progress/update"), &unknown).problem(404, "not_found");
    let unbound = class.ada.post(&format!("{ROBLOX}/games"), &game()).expect(201);
    unknown["game_id"] = unbound["id"].clone();
    class.ada.post(&format!("{ROBLOX}/progress/update"), &unknown).problem(409, "conflict");
}

#[test]
fn a_pupil_who_was_removed_reports_nothing_and_stands_on_no_board() {
    let class = Taught::new();
    class.report("e1", "1", json!({"score": 10})).expect(200);
    let seat = class.seat(1);
    let path = format!("/api/v1/classes/{}/seats/{seat}/remove", class.class["id"].as_str().unwrap());
    class.ada.post(&path, &json!({})).expect(200);
    class.report("e2", "1", json!({"score": 20})).problem(409, "conflict");
    class.app.clock.advance(60_000);
    assert!(block_on(class.app.rooms.ring()));
    assert_eq!(class.board("score")["total_students"], 0);
}

#[test]
fn what_is_wrong_with_a_report_is_said_field_by_field() {
    let class = Taught::new();
    let cases = [
        ("progress", json!(101)),
        ("score", json!(-1)),
        ("time_spent_minutes", json!(-1)),
        ("time_spent_minutes", json!(1441)),
        ("completed_objectives", json!(vec!["x"; 51])),
        ("progress_data", json!({"x": "y".repeat(8200)})),
        ("event_id", json!("")),
        ("event_id", json!("a b")),
        ("student_id", json!("ada")),
    ];
    for (field, value) in cases {
        let mut more = json!({});
        more[field] = value;
        let problem = class.report("e1", "1", more).problem(422, "invalid");
        assert_eq!(problem["errors"][0]["pointer"], format!("/{field}"));
    }
    let problem =
        class.report("e1", "1", json!({"completed_objectives": ["a", " "]})).problem(422, "invalid");
    assert_eq!(problem["errors"][0]["pointer"], "/completed_objectives/1");
    class.report("e1", "1", json!({"overall": 1})).problem(422, "invalid");
}

#[test]
fn the_newest_ten_checkpoints_are_kept() {
    let class = Taught::new();
    for n in 1..=12 {
        class.app.clock.advance(1);
        let saved = class.checkpoint(&format!("c{n}"), json!({})).expect(201);
        assert_eq!(saved["checkpoint_name"], format!("Checkpoint {n}"));
        assert!(saved["id"].as_str().unwrap().starts_with("chk_"));
    }
    class.report("e1", "1", json!({})).expect(200);
    let kept = class.show("1")["checkpoints"].clone();
    let names: Vec<&str> =
        kept.as_array().unwrap().iter().map(|it| it["checkpoint_name"].as_str().unwrap()).collect();
    let wanted: Vec<String> = (3..=12).rev().map(|n| format!("Checkpoint {n}")).collect();
    assert_eq!(names, wanted);
    assert_eq!(kept[0]["checkpoint_data"], json!({"at": "c12"}));
    let again = class.checkpoint("c12", json!({})).expect(201);
    assert_eq!(again["id"], kept[0]["id"]);
    // One that ten newer ones have replaced is not saved anew.
    class.checkpoint("c1", json!({})).problem(409, "conflict");
    class.checkpoint("c12", json!({"auto_save": true})).problem(422, "invalid");
    class.checkpoint("c13", json!({"checkpoint_data": {"x": "y".repeat(17_000)}})).problem(422, "invalid");
    class.checkpoint("c13", json!({"student_id": "88"})).problem(404, "not_found");
    assert_eq!(class.app.db.number("select count(*) from roblox_checkpoints"), 10);
}

#[test]
fn the_board_is_reachable_and_ranks_by_what_is_asked_for() {
    let class = Taught::new();
    for (user, score, percent, minutes) in [("1", 50, 90, 5), ("2", 80, 20, 5), ("3", 50, 30, 9)] {
        let more = json!({"score": score, "progress": percent, "time_spent_minutes": minutes});
        class.report(&format!("e{user}"), user, more).expect(200);
    }
    let board = class.board("score");
    let ranks = |board: &Value| -> Vec<(i64, String)> {
        let entry =
            |it: &Value| (it["rank"].as_i64().unwrap(), it["display_name"].as_str().unwrap().to_owned());
        board["entries"].as_array().unwrap().iter().map(entry).collect()
    };
    let place = |rank, user: u32| (rank, format!("Pupil {user:02}"));
    assert_eq!(ranks(&board), [place(1, 2), place(2, 1), place(2, 3)]);
    assert_eq!((&board["total_students"], &board["class_average"]), (&json!(3), &json!(60.0)));
    assert_eq!(ranks(&class.board("progress"))[0], place(1, 1));
    let time = class.board("time");
    assert_eq!(ranks(&time)[0], place(1, 3));
    assert_eq!(time["entries"][0]["time_minutes"], 9.0);
    let game = class.game["id"].as_str().unwrap();
    let path = |rest: &str| format!("{ROBLOX}/progress/leaderboard?game_id={game}{rest}");
    let one = class.ada.get(&path("&limit=1")).expect(200);
    assert_eq!((one["entries"].as_array().unwrap().len(), &one["total_students"]), (1, &json!(3)));
    for wrong in ["&limit=0", "&limit=101", "&leaderboard_type=luck"] {
        class.ada.get(&path(wrong)).problem(422, "malformed");
    }
    class.app.sign_in("alan").get(&path("")).problem(404, "not_found");
    class.app.sign_in("eve").get(&path("")).problem(404, "not_found");
}

#[test]
fn a_report_whose_writing_fails_counts_when_it_comes_again() {
    let class = Taught::new();
    let more = json!({"time_spent_minutes": 2});
    class.app.db.fail_nth(3);
    class.report("e1", "1", more.clone()).problem(503, "unavailable");
    let again = class.report("e1", "1", more).expect(200);
    assert_eq!(
        (&again["status"], &again["progress"]["time_spent_minutes"]),
        (&json!("applied"), &json!(2.0))
    );
}
