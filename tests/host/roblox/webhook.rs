//! Roblox's webhooks, and people who want to be forgotten.

use std::fmt::Write;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures::executor::block_on;
use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use toolboxai_edge::ports::Clock;

use super::cloud::connection;
use super::support::{ROBLOX, below, game_of};
use crate::realtime::trigger;
use crate::support::{Actor, Game, Reply, TestApp, fractions, right_response};

const SECRET: &str = "a-secret-of-the-webhook";

/// A class whose first pupil, of Roblox's user 4815162342, has done everything that leaves a trace.
struct Known {
    app: Arc<TestApp>,
    ada: Actor,
    class: Value,
    game: Value,
    connection: Value,
    session: Value,
    server: Game,
    seat: String,
}

const USER: i64 = 4_815_162_342;

fn known() -> Known {
    let app = TestApp::new();
    let connection = app.sign_in("grace").post(&format!("{ROBLOX}/connections"), &connection()).expect(201);
    let ada = app.sign_in("ada");
    let class = json!({"name": "5a", "subject": "Mathematics", "grade_level": 5, "join_policy": "approval"});
    let class = ada.post("/api/v1/classes", &class).expect(201);
    let game = game_of(&ada, &class);
    ada.patch(&below("games", &game, "/settings"), &json!({"universe_id": "123"})).expect(200);
    let quiz = ada.make_quiz(&fractions());
    let session = ada.make_session(&class, &quiz, "self");
    ada.move_session(&session, "start").expect(200);
    let mut server = Game::open(&app, &class, "job");
    let joins = [server.join(USER), server.join(7)];
    server.sync(&joins);
    app.clock.advance(60_000);
    assert!(block_on(app.rooms.ring()));
    let path = format!("/api/v1/classes/{}/seats", class["id"].as_str().unwrap());
    let seats = ada.get(&path).expect(200)["items"].clone();
    for seat in seats.as_array().unwrap() {
        ada.post(&format!("{path}/{}/approve", seat["id"].as_str().unwrap()), &json!({})).expect(200);
    }
    let question = quiz["questions"][0].clone();
    let answers = [USER, 7].map(|user| server.answer(user, &session, &question, right_response(&question)));
    server.sync(&answers);
    let seat = seats[0]["id"].as_str().unwrap().to_owned();
    ada.post(&format!("{path}/{seat}/guardian-code"), &json!({})).expect(201);
    let mut known = Known { app, ada, class, game, connection, session, server, seat };
    for user in [USER, 7] {
        known.report(user);
    }
    known.settle();
    trigger(&known.app, &known.class, "cache-best", &format!("Pupil {USER}"));
    // Nobody plays Open Cloud here.
    known.app.jobs.0.lock().unwrap().clear();
    known
}

impl Known {
    fn report(&mut self, user: i64) {
        let body = json!({"event_id": format!("e{user}"), "game_id": self.game["id"],
            "student_id": user.to_string(), "progress": 5});
        self.server.server.post(&format!("{ROBLOX}/progress/update"), &body).expect(200);
        let body = json!({"event_id": format!("e{user}"), "game_id": self.game["id"],
            "student_id": user.to_string(), "checkpoint_data": {}});
        self.server.server.post(&format!("{ROBLOX}/progress/checkpoint"), &body).expect(201);
    }

    /// Lets the room report what it has.
    fn settle(&self) {
        for _ in 0..3 {
            self.app.clock.advance(60_000);
            assert!(block_on(self.app.rooms.ring()));
        }
    }

    fn send(&self, body: &str) -> Reply {
        let at = self.app.clock.now().as_secs();
        self.send_signed(body, &sign(at, body, SECRET))
    }

    fn send_signed(&self, body: &str, signature: &str) -> Reply {
        let headers = [("roblox-signature", signature)];
        self.app.anonymous().request("POST", &self.path(), &headers, Some(body.to_owned()))
    }

    fn path(&self) -> String {
        below("webhook", &self.connection, "")
    }

    /// Everything that D1, the room and the inboxes hold of pupils, as text.
    fn everything(&self) -> String {
        let mut text = String::new();
        let tables = self.app.db.rows("select name from sqlite_master where type = 'table'");
        for table in tables {
            let name = table["name"].as_str().unwrap();
            let rows = self.app.db.rows(&format!("select * from {name}"));
            writeln!(text, "{name}: {rows:?}").unwrap();
        }
        text += &self.app.rooms.dump(self.class["room_key"].as_str().unwrap());
        text += &self.ada.get("/api/v1/notifications").expect(200).to_string();
        text
    }
}

/// A request of the first pupil's to be forgotten.
fn erasure(id: &str) -> String {
    json!({"NotificationId": id, "EventType": "RightToErasureRequest", "EventTime": "2023-12-30T16:24:24.2118874Z",
        "EventPayload": {"UserId": USER, "GameIds": [123]}})
    .to_string()
}

fn sign(at: i64, body: &str, secret: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(format!("{at}.{body}").as_bytes());
    format!("t={at},v1={}", STANDARD.encode(mac.finalize().into_bytes()))
}

#[test]
fn who_wants_to_be_forgotten_is_forgotten_everywhere() {
    let known = known();
    let (name, user) = ("Pupil 4815162342", USER.to_string());
    let before = known.everything();
    assert!(before.contains(name) && before.contains(&user) && before.contains("Pupil 07"));
    let reply = known.send(&erasure("n1")).expect(200);
    assert_eq!(reply, json!({"status": "accepted", "event_id": "n1"}));
    assert!(known.app.run_jobs().is_empty());
    known.settle();
    let after = known.everything();
    assert!(
        !after.contains(&user),
        "{:?}",
        after.lines().filter(|line| line.contains(&user)).collect::<Vec<_>>()
    );
    assert!(!after.contains(name));
    assert!(after.contains("Pupil 07"), "the others stay");
    for table in
        ["roblox_progress", "roblox_checkpoints", "roblox_progress_events", "seats", "guardian_codes"]
    {
        let sql = format!("select count(*) from {table} where seat_id = '{}'", known.seat);
        assert_eq!(known.app.db.number(&sql), 0, "{table}");
    }
    let class = known.class["id"].as_str().unwrap();
    let results =
        format!("/api/v1/classes/{class}/results?session_id={}", known.session["id"].as_str().unwrap());
    assert_eq!(known.ada.get(&results).expect(200)["rows"].as_array().unwrap().len(), 1);
    assert_eq!(known.app.audited("roblox.user_erased"), 1);
    assert!(!known.app.log.0.lock().unwrap().join("\n").contains(&user));
}

#[test]
fn who_was_forgotten_may_come_again_as_somebody_new() {
    let mut known = known();
    known.send(&erasure("n1")).expect(200);
    assert!(known.app.run_jobs().is_empty());
    let answered = known.server.event("progress", USER, json!({"progress": {"percent": 1}}));
    assert_eq!(known.server.one(&answered)["code"], "seat_unknown");
    let join = known.server.join(USER);
    let joined = known.server.one(&join);
    assert_eq!(joined["status"], "applied");
    assert_ne!(joined["seat_id"], known.seat);
    known.app.rooms.evict();
    let join = known.server.join(7);
    assert_eq!(known.server.one(&join)["seat_status"], "active");
}

#[test]
fn a_notification_that_comes_twice_is_done_once() {
    let known = known();
    let body = erasure("n1");
    known.send(&body).expect(200);
    // Before it is done, the same again asks for it again: the first message may be lost.
    assert_eq!(known.send(&body).expect(200)["status"], "duplicate");
    assert!(known.app.run_jobs().is_empty());
    assert_eq!(known.send(&body).expect(200)["status"], "duplicate");
    assert!(known.app.jobs.0.lock().unwrap().iter().all(|job| json!(job)["type"] != "roblox_erasure"));
    assert_eq!(known.app.audited("roblox.user_erased"), 1);
    assert_eq!(known.app.db.number("select count(*) from roblox_notifications where payload is not null"), 0);
}

#[test]
fn an_erasure_that_ends_in_its_middle_is_carried_out_by_the_next_try() {
    // The reads come first; whichever write fails, the next try does the rest.
    for nth in 1..=5 {
        let known = known();
        known.send(&erasure("n1")).expect(200);
        known.app.db.fail_nth(nth);
        let errors = known.app.run_jobs();
        assert_eq!(errors.len(), 1, "batch {nth}");
        assert!(known.app.run_jobs().is_empty());
        known.settle();
        assert!(!known.everything().contains(&USER.to_string()), "batch {nth}");
        assert_eq!(known.app.audited("roblox.user_erased"), 1);
    }
}

#[test]
fn an_erasure_whose_message_is_lost_is_carried_out_by_the_tick() {
    let known = known();
    known.send(&erasure("n1")).expect(200);
    known.app.jobs.0.lock().unwrap().clear();
    let tick = || block_on(toolboxai_edge::jobs::tick(&known.app.ports())).unwrap();
    tick();
    assert_eq!(known.app.audited("roblox.user_erased"), 0, "its message may still come");
    known.app.clock.advance(700_000);
    tick();
    assert_eq!(known.app.audited("roblox.user_erased"), 1);
}

#[test]
fn a_report_under_way_does_not_bring_a_forgotten_pupil_back() {
    let known = known();
    let school = format!("sch_{:026}", 1);
    let class = known.class["id"].as_str().unwrap();
    known.send(&erasure("n1")).expect(200);
    assert!(known.app.run_jobs().is_empty());
    let report = toolboxai_edge::rooms::Report {
        class_id: serde_json::from_value(json!(class)).unwrap(),
        school_id: serde_json::from_value(json!(school)).unwrap(),
        class_name: "5a".to_owned(),
        teacher_id: serde_json::from_value(json!(format!("usr_{:026}", 0))).unwrap(),
        wants_approval: false,
        seq: 1_000_000,
        seats: vec![
            serde_json::from_value(json!({"seat_id": known.seat, "display_name": "Late", "status": "active",
                "joined_at": 0}))
            .unwrap(),
        ],
        sessions: Vec::new(),
        sheets: Vec::new(),
    };
    block_on(toolboxai_edge::storage::reports::apply(known.app.db.as_ref(), &report)).unwrap();
    assert_eq!(known.app.db.number("select count(*) from seats where display_name = 'Late'"), 0);
}

#[test]
fn what_roblox_did_not_sign_is_refused_and_changes_nothing() {
    let known = known();
    let body = erasure("n1");
    let now = known.app.clock.now().as_secs();
    let bad = [
        sign(now, &body, "another-secret-of-a-webhook"),
        sign(now, "{}", SECRET),
        sign(now - 601, &body, SECRET),
        sign(now + 601, &body, SECRET),
        format!("t={now}"),
        String::new(),
    ];
    for signature in bad {
        known.send_signed(&body, &signature).problem(401, "invalid_code");
    }
    known
        .app
        .anonymous()
        .request("POST", &known.path(), &[], Some(body.clone()))
        .problem(401, "invalid_code");
    let unknown = format!("{ROBLOX}/webhook/con_{:026}", 99);
    let signed = [("roblox-signature", sign(now, &body, SECRET))];
    let signed = signed.each_ref().map(|(name, value)| (*name, value.as_str()));
    known.app.anonymous().request("POST", &unknown, &signed, Some(body.clone())).problem(404, "not_found");
    known.app.db.execute("update roblox_connections set webhook_secret = null");
    known.send(&body).problem(401, "invalid_code");
    assert_eq!(known.app.db.number("select count(*) from roblox_notifications"), 0);
}

/// From this address.
fn flood(known: &Known, address: &str, signature: &str) -> Reply {
    let headers = [("roblox-signature", signature), ("cf-connecting-ip", address)];
    known.app.anonymous().request("POST", &known.path(), &headers, Some(erasure("n1")))
}

#[test]
fn a_flood_of_webhooks_that_nobody_signed_does_not_reach_the_database() {
    let known = known();
    let now = known.app.clock.now().as_secs();
    let wrong = sign(now, "{}", SECRET);
    known.app.db.take_batches();
    for signature in ["", "t=1,v1=AAAA", &sign(now - 601, &erasure("n1"), SECRET)] {
        flood(&known, "203.0.113.1", signature).problem(401, "invalid_code");
    }
    assert_eq!(known.app.db.take_batches(), 0, "of another form or time");
    for _ in 0..400 {
        flood(&known, "203.0.113.1", &wrong).problem(401, "invalid_code");
    }
    known.app.db.take_batches();
    for _ in 0..10 {
        flood(&known, "203.0.113.1", &wrong).problem(429, "rate_limited");
    }
    assert_eq!(known.app.db.take_batches(), 0, "of an address that guessed too often");
    let right = sign(now, &erasure("n1"), SECRET);
    for _ in 0..410 {
        flood(&known, "203.0.113.2", &right).expect(200);
    }
    known.app.limits.is_down.store(true, std::sync::atomic::Ordering::SeqCst);
    flood(&known, "203.0.113.2", &right).expect(200);
}

#[test]
fn a_sample_is_answered_and_what_nobody_knows_is_taken_and_logged() {
    let known = known();
    for (id, kind) in [("s1", "SampleNotification"), ("u1", "SubscriptionPurchased")] {
        let body =
            json!({"NotificationId": id, "EventType": kind, "EventPayload": {"UserId": 1}}).to_string();
        assert_eq!(known.send(&body).expect(200)["status"], "accepted");
        assert_eq!(known.send(&body).expect(200)["status"], "duplicate");
        assert!(known.app.log.0.lock().unwrap().join("\n").contains(kind));
    }
    assert!(known.app.jobs.0.lock().unwrap().iter().all(|job| json!(job)["type"] != "roblox_erasure"));
    for body in ["{}", "[]", "no json"] {
        known.send(body).problem(422, "malformed");
    }
    let without = json!({"NotificationId": "n", "EventType": "RightToErasureRequest"}).to_string();
    known.send(&without).problem(422, "malformed");
    known.send(&"x".repeat(70_000)).problem(413, "payload_too_large");
}

#[test]
fn a_notification_that_cannot_be_kept_is_refused_so_that_roblox_sends_it_again() {
    let known = known();
    known.app.db.fail_nth(2);
    known.send(&erasure("n1")).problem(503, "unavailable");
    assert_eq!(known.send(&erasure("n1")).expect(200)["status"], "accepted");
}

#[test]
fn classes_of_other_games_and_schools_are_left_alone() {
    let known = known();
    let eve = known.app.sign_in("eve");
    let theirs = eve.make_class();
    let body = json!({"place_id": "123", "job_id": "eve", "class_code": theirs["join_code"]});
    let opened =
        known.app.with_token(crate::support::OTHER_GAME_KEY).post("/api/v1/game/sessions", &body).expect(201);
    let server = known.app.with_token(opened["token"].as_str().unwrap());
    let join =
        json!({"id": "j", "type": "join", "player": {"user_id": USER.to_string(), "display_name": "There"}});
    server.post("/api/v1/game/sync", &json!({"cursor": "0", "events": [join]})).expect(200);
    let mine = known.ada.make_class();
    let other = game_of(&known.ada, &mine);
    known.ada.patch(&below("games", &other, "/settings"), &json!({"universe_id": "777"})).expect(200);
    let mut elsewhere = Game::open(&known.app, &mine, "elsewhere");
    let join = elsewhere.join(USER);
    elsewhere.sync(&[join]);
    known.send(&erasure("n1")).expect(200);
    assert!(known.app.run_jobs().is_empty());
    for class in [&theirs, &mine] {
        let count = known.app.rooms.number(class["room_key"].as_str().unwrap(), "select count(*) from seats");
        assert_eq!(count, 1);
    }
}
