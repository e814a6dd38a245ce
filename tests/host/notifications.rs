//! A teacher hears of pupils who wait at the door of any class.

use futures::executor::block_on;
use serde_json::{Value, json};

use crate::support::{Actor, Channels, Game, KEY, TestApp};
use std::sync::Arc;

fn waiting_class(app: &Arc<TestApp>, ada: &Actor) -> (Value, Game) {
    let class = json!({"name": "5a", "subject": "Mathematics", "grade_level": 5, "join_policy": "approval"});
    let class = ada.post("/api/v1/classes", &class).expect(201);
    let mut game = Game::open(app, &class, "job");
    let joins = [game.join(1), game.join(2)];
    game.sync(&joins);
    (class, game)
}

fn report(app: &TestApp) -> bool {
    app.clock.advance(1000);
    block_on(app.rooms.ring())
}

#[test]
fn a_pupil_who_waits_is_told_once_and_settled_when_the_teacher_decides() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    let (class, mut game) = waiting_class(&app, &ada);
    assert_eq!(ada.get("/api/v1/notifications").expect(200), json!({"items": [], "unread": 0}));
    assert!(report(&app));
    let inbox = ada.get("/api/v1/notifications").expect(200);
    assert_eq!(inbox["unread"], 2);
    let newest = &inbox["items"][0];
    assert_eq!(
        (&newest["type"], &newest["class_id"], &newest["class_name"]),
        (&json!("seat_waiting"), &class["id"], &json!("5a"))
    );
    let join = game.join(1);
    game.sync(&[join]);
    report(&app);
    assert_eq!(ada.get("/api/v1/notifications").expect(200)["unread"], 2, "the same pupil again is no news");
    let seat = newest["seat_id"].as_str().unwrap();
    ada.post(&format!("/api/v1/classes/{}/seats/{seat}/approve", class["id"].as_str().unwrap()), &json!({}))
        .expect(200);
    report(&app);
    let inbox = ada.get("/api/v1/notifications").expect(200);
    assert_eq!((&inbox["unread"], inbox["items"].as_array().unwrap().len()), (&json!(1), 2));
}

#[test]
fn notifications_are_read_one_by_one_or_all_and_belong_to_one_person() {
    let app = TestApp::new();
    let (ada, alan) = (app.sign_in("ada"), app.sign_in("alan"));
    waiting_class(&app, &ada);
    report(&app);
    let inbox = ada.get("/api/v1/notifications").expect(200);
    let path = format!("/api/v1/notifications/{}/read", inbox["items"][0]["id"].as_str().unwrap());
    assert_eq!(alan.get("/api/v1/notifications").expect(200)["items"], json!([]));
    alan.post(&path, &json!({})).problem(404, "not_found");
    ada.post(&path, &json!({})).expect(204);
    ada.post(&path, &json!({})).expect(204);
    assert_eq!(ada.get("/api/v1/notifications").expect(200)["unread"], 1);
    ada.post("/api/v1/notifications/read", &json!({})).expect(204);
    assert_eq!(ada.get("/api/v1/notifications").expect(200)["unread"], 0);
}

#[test]
fn a_class_that_is_open_to_all_tells_nobody() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    let class = ada.make_class();
    let mut game = Game::open(&app, &class, "job");
    let join = game.join(1);
    game.sync(&[join]);
    app.clock.advance(31_000);
    assert!(block_on(app.rooms.ring()));
    assert_eq!(ada.get("/api/v1/notifications").expect(200), json!({"items": [], "unread": 0}));
}

#[test]
fn what_an_inbox_tells_has_its_number_and_is_there_for_who_was_away() {
    let mut inbox = Channels::new();
    let here = inbox.connect();
    inbox.subscribe(&here, &format!("private-user-{KEY}"));
    for unread in [3, 2] {
        inbox.publish("notifications_changed", &json!({ "unread": unread }));
    }
    let heard = inbox.client(&here).of("notifications_changed");
    assert_eq!(heard, [json!({"seq": 1, "unread": 3}), json!({"seq": 2, "unread": 2})]);
    inbox.evict(&[]);
    inbox.publish("job_progress", &json!({"job": "generation"}));
    let back = inbox.connect();
    inbox.subscribe_with(&back, &format!("private-user-{KEY}"), &json!({"resume": {"after": 1}}));
    let missed = &inbox.client(&back);
    assert_eq!(missed.of("notifications_changed"), [json!({"seq": 2, "unread": 2})]);
    assert_eq!(missed.of("job_progress"), [json!({"seq": 3, "job": "generation"})]);
}
