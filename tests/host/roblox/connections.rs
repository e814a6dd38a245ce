//! Connections to universes, and nudges by Open Cloud.

use std::sync::Arc;

use serde_json::{Value, json};
use toolboxai_edge::domain::breaker::{FAILURES, OPEN_MS};

use super::cloud::{connection, open_cloud, published};
use super::support::{ROBLOX, below, game_of};
use crate::support::{Actor, TestApp, fractions};

fn connections() -> String {
    format!("{ROBLOX}/connections")
}

fn connect(app: &Arc<TestApp>) -> Value {
    app.sign_in("grace").post(&connections(), &connection()).expect(201)
}

#[test]
fn the_secrets_of_a_connection_are_sealed_and_never_shown_again() {
    let app = TestApp::new();
    let grace = app.sign_in("grace");
    let made = grace.post(&connections(), &connection()).expect(201);
    assert_eq!((&made["last_four"], &made["has_webhook_secret"]), (&json!("0123"), &json!(true)));
    let url = format!("https://edge.example/api/v1/roblox/webhook/{}", made["id"].as_str().unwrap());
    assert_eq!(made["webhook_url"], url);
    let list = grace.get(&connections()).expect(200);
    assert_eq!(list["items"], json!([made]));
    let everything = format!(
        "{:?}{:?}{:?}",
        app.db.rows("select * from roblox_connections"),
        app.db.rows("select * from audit_events"),
        app.log.0.lock().unwrap()
    );
    for secret in ["an-api-key-of-open-cloud", "a-secret-of-the-webhook"] {
        assert!(!everything.contains(secret) && !list.to_string().contains(secret));
    }
    assert_eq!(app.audited("roblox.connected"), 1);
    grace.delete(&below("connections", &made, "")).expect(204);
    grace.delete(&below("connections", &made, "")).problem(404, "not_found");
    assert_eq!(app.db.number("select count(*) from roblox_connections"), 0);
    assert_eq!(app.audited("roblox.disconnected"), 1);
}

#[test]
fn connections_are_the_business_of_the_schools_admins_who_proved_lately_who_they_are() {
    let app = TestApp::new();
    let made = connect(&app);
    let (one, test) = (below("connections", &made, ""), below("connections", &made, "/test"));
    for name in ["ada", "peter", "eve"] {
        let actor = app.sign_in(name);
        actor.post(&connections(), &connection()).problem(403, "forbidden");
        actor.get(&connections()).problem(403, "forbidden");
        actor.delete(&one).problem(403, "forbidden");
        actor.post(&test, &json!({})).problem(403, "forbidden");
    }
    app.db.execute("update users set role = 'admin' where email = 'eve@school.example'");
    let eve = app.sign_in("eve");
    assert_eq!(eve.get(&connections()).expect(200)["items"], json!([]));
    eve.delete(&one).problem(404, "not_found");
    eve.post(&test, &json!({})).problem(404, "not_found");
    let grace = app.sign_in("grace");
    app.clock.advance(600_000);
    grace.get(&connections()).expect(200);
    grace.post(&connections(), &connection()).problem(403, "step_up_required");
    grace.delete(&one).problem(403, "step_up_required");
}

#[test]
fn a_school_has_one_connection_a_universe_and_a_repeated_request_makes_one() {
    let app = TestApp::new();
    let grace = app.sign_in("grace");
    let post = || {
        let body = Some(connection().to_string());
        grace.request("POST", &connections(), &[("idempotency-key", "a")], body)
    };
    let first = post().expect(201);
    assert_eq!(post().expect(201)["id"], first["id"]);
    grace.post(&connections(), &connection()).problem(409, "conflict");
    for (field, value) in [
        ("universe_id", "abc"),
        ("api_key", "short"),
        ("api_key", "sixteen letters and"),
        ("webhook_secret", "x"),
    ] {
        let mut body = connection();
        body[field] = json!(value);
        let problem = grace.post(&connections(), &body).problem(422, "invalid");
        assert_eq!(problem["errors"][0]["pointer"], format!("/{field}"));
        assert!(!problem.to_string().contains(value), "a secret was quoted");
    }
}

#[test]
fn a_test_says_what_roblox_says_of_the_key() {
    let app = TestApp::new();
    let made = connect(&app);
    let grace = app.sign_in("grace");
    let test = || grace.post(&below("connections", &made, "/test"), &json!({}));
    test().problem(503, "unavailable");
    open_cloud(&app, &[]);
    let told = test().expect(200);
    assert_eq!((&told["ok"], &told["key"]), (&json!(true), &json!("active")));
    open_cloud(&app, &[401, 500, 500, 500, 429, 429, 429]);
    let told = test().expect(200);
    assert_eq!((&told["ok"], &told["key"]), (&json!(false), &json!("refused")));
    test().problem(503, "unavailable");
    test().problem(503, "unavailable");
    app.db.execute("update roblox_connections set kid = 'gone'");
    test().problem(409, "conflict");
}

struct Connected {
    app: Arc<TestApp>,
    ada: Actor,
    class: Value,
    game: Value,
    session: Value,
}

fn connected() -> Connected {
    let app = TestApp::new();
    connect(&app);
    let ada = app.sign_in("ada");
    let class = ada.make_class();
    let game = game_of(&ada, &class);
    ada.patch(&below("games", &game, "/settings"), &json!({"universe_id": "123"})).expect(200);
    let quiz = ada.make_quiz(&fractions());
    let session = ada.make_session(&class, &quiz, "self");
    Connected { app, ada, class, game, session }
}

#[test]
fn the_servers_of_a_class_are_nudged_when_its_session_changes() {
    let Connected { app, ada, class, session, .. } = connected();
    open_cloud(&app, &[]);
    assert!(app.run_jobs().is_empty());
    let topic = format!("toolboxai-{}", class["id"].as_str().unwrap());
    assert_eq!(published(&app), [("123".to_owned(), topic.clone(), json!({"version": 1}))]);
    app.clock.advance(5000);
    ada.move_session(&session, "start").expect(200);
    assert!(app.run_jobs().is_empty());
    assert_eq!(published(&app).last().unwrap(), &("123".to_owned(), topic, json!({"version": 2})));
    let key = app.outside.requests.lock().unwrap()[0].headers.clone();
    assert!(key.contains(&("x-api-key", "an-api-key-of-open-cloud-0123".to_owned())));
    assert!(!app.log.0.lock().unwrap().join("\n").contains("an-api-key"));
}

#[test]
fn many_changes_in_a_moment_are_two_nudges_and_a_repeated_message_is_none() {
    let Connected { app, ada, session, .. } = connected();
    open_cloud(&app, &[]);
    assert!(app.run_jobs().is_empty());
    for what in ["start", "pause", "resume", "freeze"] {
        app.clock.advance(10);
        ada.move_session(&session, what).expect(200);
    }
    let later = app.run_jobs();
    assert_eq!((later.len(), published(&app).len()), (4, 1), "too soon after the first one");
    assert_eq!(later[0].retry_after_s(), 3);
    app.clock.advance(3000);
    let message = serde_json::to_string(&app.jobs.0.lock().unwrap()[0]).unwrap();
    assert!(app.run_jobs().is_empty());
    assert_eq!(published(&app).len(), 2, "one for all four");
    app.clock.advance(60_000);
    app.run_job(&message).unwrap();
    assert_eq!(published(&app).len(), 2);
}

#[test]
fn a_nudge_that_did_not_go_through_goes_out_later_and_one_that_may_not_never() {
    let Connected { app, ada, session, .. } = connected();
    open_cloud(&app, &[503, 503, 503, 429, 429, 429, 200, 403]);
    assert_eq!(app.run_jobs()[0].retry_after_s(), 30);
    assert_eq!(published(&app).len(), 3, "three tries at once");
    app.clock.advance(30_000);
    assert_eq!(app.run_jobs().len(), 1);
    app.clock.advance(30_000);
    assert!(app.run_jobs().is_empty());
    assert_eq!(published(&app).len(), 7);
    app.clock.advance(5000);
    ada.move_session(&session, "start").expect(200);
    assert!(app.run_jobs().is_empty(), "a refused one is not tried again");
    assert!(app.log.0.lock().unwrap().join("\n").contains("nudge refused"));
}

#[test]
fn a_nudge_survives_one_bad_answer_and_a_host_that_keeps_failing_is_left_alone() {
    let Connected { app, ada, session, .. } = connected();
    open_cloud(&app, &[503, 502]);
    assert!(app.run_jobs().is_empty());
    assert_eq!(published(&app).len(), 3, "the third try went through");
    open_cloud(&app, &[503; 100]);
    app.clock.advance(5000);
    ada.move_session(&session, "start").expect(200);
    let mut sent = 0;
    for _ in 0..FAILURES {
        assert_eq!(app.run_jobs()[0].retry_after_s(), 30);
        sent = published(&app).len();
        app.clock.advance(1000);
    }
    assert_eq!(app.run_jobs().len(), 1);
    assert_eq!(published(&app).len(), sent, "the host is not asked while its breaker is open");
    open_cloud(&app, &[]);
    app.clock.advance(OPEN_MS);
    assert!(app.run_jobs().is_empty());
    assert_eq!(published(&app).len(), sent + 1);
}

#[test]
fn a_class_without_connection_costs_no_message_and_nobody_reaches_another_schools_universe() {
    let app = TestApp::new();
    connect(&app);
    let eve = app.sign_in("eve");
    let class = eve.make_class();
    let game = game_of(&eve, &class);
    eve.patch(&below("games", &game, "/settings"), &json!({"universe_id": "123"})).expect(200);
    let quiz = eve.make_quiz(&fractions());
    let session = eve.make_session(&class, &quiz, "self");
    eve.move_session(&session, "start").expect(200);
    let queued = app.jobs.0.lock().unwrap().iter().map(|job| json!(job)["type"].clone()).collect::<Vec<_>>();
    assert!(!queued.contains(&json!("roblox_nudge")));
    let Connected { app, ada, game, session, .. } = connected();
    ada.delete(&below("games", &game, "")).expect(204);
    app.jobs.0.lock().unwrap().clear();
    ada.move_session(&session, "start").expect(200);
    assert!(app.jobs.0.lock().unwrap().iter().all(|job| json!(job)["type"] != "roblox_nudge"));
}
