//! Keys of experiences and integrations: made, rotated, revoked, and what they open.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::support::{Actor, Game, Reply, TestApp, fractions};

const KEYS: &str = "/api/v1/keys";

fn key(kind: &str, scopes: Value) -> Value {
    json!({"name": " Park ", "kind": kind, "scopes": scopes})
}

fn make(admin: &Actor, body: &Value) -> Value {
    admin.post(KEYS, body).expect(201)
}

fn path(key: &Value, rest: &str) -> String {
    format!("{KEYS}/{}{rest}", key["id"].as_str().unwrap())
}

fn open(app: &Arc<TestApp>, key: &Value, class: &Value) -> Reply {
    let body = json!({"place_id": "1", "job_id": "job", "class_code": class["join_code"]});
    app.with_token(key["key"].as_str().unwrap()).post("/api/v1/game/sessions", &body)
}

#[test]
fn a_key_is_shown_once_and_listed_by_its_end() {
    let app = TestApp::new();
    let grace = app.sign_in("grace");
    let reply = grace.post(KEYS, &key("experience", json!(["game"])));
    assert_eq!(reply.headers["cache-control"], "no-store");
    let made = reply.expect(201);
    let text = made["key"].as_str().unwrap();
    assert!(text.starts_with("gk_") && text.len() == 46, "{text}");
    assert_eq!((&made["name"], &made["scopes"]), (&json!("Park"), &json!(["game"])));
    let list = grace.get(KEYS).expect(200);
    let listed = list["items"].as_array().unwrap().iter().find(|item| item["id"] == made["id"]).unwrap();
    assert!(text.ends_with(listed["last_four"].as_str().unwrap()));
    assert!(!list.to_string().contains(text));
    assert!(!format!("{:?}", app.db.rows("select * from game_keys")).contains(text));
    assert!(!format!("{:?}", app.db.rows("select * from audit_events")).contains(text));
    assert_eq!(app.audited("key.created"), 1);
}

#[test]
fn keys_are_the_business_of_the_schools_admins_who_proved_lately_who_they_are() {
    let app = TestApp::new();
    let grace = app.sign_in("grace");
    let made = make(&grace, &key("experience", json!(["game"])));
    let body = key("experience", json!(["game"]));
    for (name, status, code) in
        [("ada", 403, "forbidden"), ("peter", 403, "forbidden"), ("eve", 403, "forbidden")]
    {
        let actor = app.sign_in(name);
        actor.get(KEYS).problem(status, code);
        actor.post(KEYS, &body).problem(status, code);
        actor.post(&path(&made, "/rotate"), &json!({})).problem(status, code);
        actor.delete(&path(&made, "")).problem(status, code);
    }
    app.db.execute("update users set role = 'admin' where email = 'eve@school.example'");
    let eve = app.sign_in("eve");
    eve.post(&path(&made, "/rotate"), &json!({})).problem(404, "not_found");
    eve.delete(&path(&made, "")).problem(404, "not_found");
    assert!(!eve.get(KEYS).expect(200).to_string().contains(made["id"].as_str().unwrap()));
    app.clock.advance(600_000);
    grace.get(KEYS).expect(200);
    grace.post(KEYS, &body).problem(403, "step_up_required");
    grace.post(&path(&made, "/rotate"), &json!({})).problem(403, "step_up_required");
    grace.delete(&path(&made, "")).problem(403, "step_up_required");
}

#[test]
fn what_is_wrong_with_a_key_is_said_field_by_field() {
    let app = TestApp::new();
    let grace = app.sign_in("grace");
    let cases = [
        (json!({"name": " ", "kind": "experience", "scopes": ["game"]}), "/name"),
        (json!({"name": "x".repeat(101), "kind": "experience", "scopes": ["game"]}), "/name"),
        (key("experience", json!([])), "/scopes"),
        (key("experience", json!(["game", "game"])), "/scopes"),
        (key("experience", json!(["classes:read"])), "/scopes"),
        (key("integration", json!(["classes:read", "game"])), "/scopes"),
        (key("integration", json!(["classes:write"])), "/scopes/0"),
        (key("robot", json!(["game"])), "/kind"),
    ];
    for (body, pointer) in cases {
        assert_eq!(
            grace.post(KEYS, &body).problem(422, "invalid")["errors"][0]["pointer"],
            pointer,
            "{body}"
        );
    }
    for expires_at in ["2026-11-23T10:00:00Z", "2029-11-23T10:00:00Z", "soon"] {
        let mut body = key("experience", json!(["game"]));
        body["expires_at"] = json!(expires_at);
        grace.post(KEYS, &body).problem(422, "invalid");
    }
    let made = make(&grace, &key("experience", json!(["game"])));
    for overlap in [-1, 604_801] {
        grace.post(&path(&made, "/rotate"), &json!({"overlap_s": overlap})).problem(422, "invalid");
    }
}

#[test]
fn a_rotated_key_goes_on_for_the_overlap_and_has_one_successor() {
    let app = TestApp::new();
    let (grace, class) = (app.sign_in("grace"), app.sign_in("ada").make_class());
    let old = make(&grace, &key("experience", json!(["game"])));
    let new = grace.post(&path(&old, "/rotate"), &json!({"overlap_s": 60})).expect(201);
    assert_eq!(
        (&new["name"], &new["scopes"], &new["rotated_from"]),
        (&old["name"], &old["scopes"], &old["id"])
    );
    grace.post(&path(&old, "/rotate"), &json!({"overlap_s": 60})).problem(409, "conflict");
    open(&app, &old, &class).expect(201);
    open(&app, &new, &class).expect(201);
    app.clock.advance(60_000);
    open(&app, &old, &class).problem(401, "invalid_token");
    open(&app, &new, &class).expect(201);
    grace.post(&format!("{KEYS}/gk_{:026}/rotate", 99), &json!({})).problem(404, "not_found");
    assert_eq!(app.audited("key.rotated"), 1);
}

#[test]
fn a_revoked_key_opens_nothing_and_ends_its_game_sessions_at_once() {
    let app = TestApp::new();
    let (grace, class) = (app.sign_in("grace"), app.sign_in("ada").make_class());
    let made = make(&grace, &key("experience", json!(["game"])));
    let game = open(&app, &made, &class).expect(201);
    let server = app.with_token(game["token"].as_str().unwrap());
    let sync = || server.post("/api/v1/game/sync", &json!({"cursor": "0", "events": []}));
    sync().expect(200);
    let untouched = Game::open(&app, &class, "other");
    for _ in 0..2 {
        grace.delete(&path(&made, "")).expect(204);
        sync().problem(401, "invalid_token");
        open(&app, &made, &class).problem(401, "invalid_token");
    }
    untouched.send(&[]).expect(200);
    assert_eq!(app.audited("key.revoked"), 1, "the second time changes nothing");
    // The first time may have died before it told anybody: the second tells again.
    assert_eq!(app.revocations.0.lock().unwrap().len(), 2);
    grace.post(&path(&made, "/rotate"), &json!({})).problem(409, "conflict");
    grace.delete(&format!("{KEYS}/gk_{:026}", 99)).problem(404, "not_found");
}

#[test]
fn an_integration_key_reads_what_its_scopes_say_and_nothing_else() {
    let app = TestApp::new();
    let (grace, ada, eve) = (app.sign_in("grace"), app.sign_in("ada"), app.sign_in("eve"));
    let (class, quiz) = (ada.make_class(), ada.make_quiz(&fractions()));
    let session = ada.make_session(&class, &quiz, "self");
    let foreign = eve.make_class();
    let (class_id, session_id) = (class["id"].as_str().unwrap(), session["id"].as_str().unwrap());
    let by_scope = [
        (
            "classes:read",
            vec![
                "/api/v1/classes".to_owned(),
                format!("/api/v1/classes/{class_id}"),
                format!("/api/v1/classes/{class_id}/seats"),
            ],
        ),
        (
            "results:read",
            vec![
                format!("/api/v1/classes/{class_id}/results"),
                format!("/api/v1/classes/{class_id}/leaderboard"),
                format!("/api/v1/classes/{class_id}/live-sessions"),
                format!("/api/v1/live-sessions/{session_id}"),
            ],
        ),
        (
            "quizzes:read",
            vec!["/api/v1/quizzes".to_owned(), format!("/api/v1/quizzes/{}", quiz["id"].as_str().unwrap())],
        ),
    ];
    for (scope, own) in &by_scope {
        let made = make(&grace, &key("integration", json!([scope])));
        let key = app.with_token(made["key"].as_str().unwrap());
        for (_, paths) in &by_scope {
            for path in paths {
                if own.contains(path) {
                    key.get(path).expect(200);
                } else {
                    key.get(path).problem(403, "forbidden");
                }
            }
        }
        key.get(&format!("/api/v1/classes/{class_id}/events?after=0")).problem(401, "invalid_token");
        key.get("/api/v1/auth/me").problem(401, "invalid_token");
        key.post("/api/v1/classes", &json!({})).problem(401, "invalid_token");
        open(&app, &made, &class).problem(401, "invalid_token");
        let status = key.get(&format!("/api/v1/classes/{}", foreign["id"].as_str().unwrap())).status;
        assert_eq!(status.as_u16(), if *scope == "classes:read" { 404 } else { 403 });
    }
}

#[test]
fn an_integration_key_costs_one_read_and_its_use_is_written_down_every_five_minutes() {
    let app = TestApp::new();
    let grace = app.sign_in("grace");
    let made = make(&grace, &key("integration", json!(["classes:read"])));
    let key = app.with_token(made["key"].as_str().unwrap());
    app.db.take_batches();
    key.get("/api/v1/classes").expect(200);
    assert_eq!(app.db.take_batches(), 2, "the key and the list");
    grace.get("/api/v1/classes").expect(200);
    assert_eq!(app.db.take_batches(), 1, "a person costs none");
    assert_eq!(app.audited("key.used"), 1);
    let now = toolboxai_edge::ports::Clock::now(app.clock.as_ref()).as_millis();
    app.db.execute(&format!("update game_keys set last_used_at = {now} where kind = 'integration'"));
    key.get("/api/v1/classes").expect(200);
    assert_eq!(app.audited("key.used"), 1);
    app.clock.advance(300_000);
    key.get("/api/v1/classes").expect(200);
    assert_eq!(app.audited("key.used"), 2);
}

#[test]
fn a_revoked_expired_or_unknown_integration_key_reads_nothing() {
    let app = TestApp::new();
    let grace = app.sign_in("grace");
    let mut body = key("integration", json!(["classes:read"]));
    body["expires_at"] = json!("2026-11-23T10:01:00.000Z");
    let short = make(&grace, &body);
    let made = make(&grace, &key("integration", json!(["classes:read"])));
    let read = |key: &Value| app.with_token(key["key"].as_str().unwrap()).get("/api/v1/classes");
    read(&short).expect(200);
    app.clock.advance(60_000);
    read(&short).problem(401, "invalid_token");
    read(&made).expect(200);
    grace.delete(&path(&made, "")).expect(204);
    read(&made).problem(401, "invalid_token");
    app.with_token("ik_unknown").get("/api/v1/classes").problem(401, "invalid_token");
}

#[test]
fn a_school_has_a_hundred_keys_at_most() {
    let app = TestApp::new();
    let grace = app.sign_in("grace");
    for n in 0..99 {
        app.db.execute(&format!(
            "insert into game_keys (id, school_id, name, key_hash, created_at) values ('gk_{:026}', 'sch_{:026}', 'x', 'h{n}', 0)",
            n + 100,
            1
        ));
    }
    grace.post(KEYS, &key("experience", json!(["game"]))).problem(409, "conflict");
    grace.delete(&format!("{KEYS}/gk_{:026}", 100)).expect(204);
    make(&grace, &key("experience", json!(["game"])));
}
