//! Announcements: heard once by every game, in the log, in the audit log, by nobody else.

use serde_json::{Value, json};

use crate::support::{Actor, Game, Reply, TestApp};

fn path(class: &Value, rest: &str) -> String {
    format!("/api/v1/classes/{}{rest}", class["id"].as_str().unwrap())
}

fn announce(who: &Actor, class: &Value, text: &str, key: Option<&str>) -> Reply {
    let headers: Vec<_> = key.iter().map(|key| ("idempotency-key", *key)).collect();
    let body = json!({ "text": text }).to_string();
    who.request("POST", &path(class, "/announcements"), &headers, Some(body))
}

/// The announcements among the messages of a sync.
fn heard(game: &mut Game) -> Vec<Value> {
    let messages = game.sync(&[])["messages"].clone();
    let all = messages.as_array().unwrap().iter().filter(|message| message["type"] == "announcement");
    all.map(|message| message["data"].clone()).collect()
}

#[test]
fn every_game_of_the_class_hears_an_announcement_once_and_the_log_keeps_it() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    let (class, other) = (ada.make_class(), ada.make_class());
    let mut games = [Game::open(&app, &class, "one"), Game::open(&app, &class, "two")];
    let mut elsewhere = Game::open(&app, &other, "three");
    for game in games.iter_mut().chain([&mut elsewhere]) {
        let join = game.join(1);
        game.sync(&[join]);
    }
    let said = announce(&ada, &class, " Five minutes left! ", None).expect(201);
    assert_eq!(said["text"], "Five minutes left!");
    let expected = json!({"id": said["id"], "text": "Five minutes left!"});
    for game in &mut games {
        assert_eq!(heard(game), std::slice::from_ref(&expected));
        assert_eq!(heard(game), Vec::<Value>::new());
    }
    assert_eq!(heard(&mut elsewhere), Vec::<Value>::new());
    let log = ada.get(&path(&class, "/events?after=0")).expect(200);
    let logged = log["items"].as_array().unwrap().iter().find(|item| item["seq"] == said["seq"]).unwrap();
    assert_eq!((&logged["type"], &logged["at"]), (&json!("content_update"), &said["at"]));
    let by = ada.get("/api/v1/auth/me").expect(200)["id"].clone();
    assert_eq!(
        logged["data"]["announcement"],
        json!({"id": said["id"], "text": "Five minutes left!", "by": by})
    );
    let events = app.db.rows("select target_id, detail from audit_events where action = 'class.announced'");
    assert_eq!((events.len(), &events[0]["target_id"]), (1, &class["id"]));
    assert!(!events[0]["detail"].to_string().contains("Five"), "what was said is in the class's log alone");
}

#[test]
fn the_same_key_says_it_once_and_never_something_else() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    let class = ada.make_class();
    let mut game = Game::open(&app, &class, "one");
    let join = game.join(1);
    game.sync(&[join]);
    let first = announce(&ada, &class, "Hello", Some("k")).expect(201);
    app.clock.advance(1000);
    app.rooms.evict();
    assert_eq!(announce(&ada, &class, "Hello", Some("k")).expect(201), first);
    announce(&ada, &class, "Goodbye", Some("k")).problem(422, "idempotency_key_reused");
    assert_eq!(heard(&mut game).len(), 1);
    assert_eq!(app.audited("class.announced"), 1);
    // Another teacher's key is another key.
    announce(&app.sign_in("grace"), &class, "Hello", Some("k")).expect(201);
    announce(&ada, &class, "Hello", None).expect(201);
    assert_eq!(heard(&mut game).len(), 2);
    assert_eq!(app.audited("class.announced"), 3);
}

#[test]
fn a_room_remembers_the_last_hundred_keys() {
    let app = TestApp::with_settings(&[("LIMITS", r#"{"announcement": []}"#)]);
    let ada = app.sign_in("ada");
    let class = ada.make_class();
    let said: Vec<Value> =
        (0..103).map(|n| announce(&ada, &class, "Hello", Some(&format!("k{n}"))).expect(201)).collect();
    assert_eq!(announce(&ada, &class, "Hello", Some("k3")).expect(201), said[3]);
    let kept = app.rooms.number(class["room_key"].as_str().unwrap(), "select count(*) from announcements");
    assert_eq!(kept, 100);
}

#[test]
fn what_was_said_is_written_down_even_when_the_database_does_not_take_it() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    let class = ada.make_class();
    app.db.fail_nth(2);
    announce(&ada, &class, "Hello", Some("k")).expect(201);
    assert!(app.run_jobs().is_empty());
    assert_eq!(app.db.rows("select id from audit_events where action = 'class.announced'").len(), 1);
    announce(&ada, &class, "Hello", Some("k")).expect(201);
    assert_eq!(app.audited("class.announced"), 1);
}

#[test]
fn only_who_runs_the_class_announces_a_short_text_and_not_too_often() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    let class = ada.make_class();
    for stranger in ["alan", "eve"] {
        announce(&app.sign_in(stranger), &class, "Hello", None).problem(404, "not_found");
    }
    announce(&app.anonymous(), &class, "Hello", None).problem(401, "unauthenticated");
    for text in ["", "  ", &"x".repeat(301), "a\u{7}b"] {
        announce(&ada, &class, text, None).problem(422, "invalid");
    }
    announce(&ada, &class, &"x".repeat(300), None).expect(201);
    for _ in 0..15 {
        announce(&ada, &class, "Hello", None).expect(201);
    }
    announce(&ada, &class, "Hello", None).problem(429, "rate_limited");
}
