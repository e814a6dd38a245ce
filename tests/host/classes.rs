//! Classes, join codes and seats.

use crate::support::{GAME_KEY, Game, OTHER_GAME_KEY, TestApp};
use serde_json::{Value, json};

fn path(class: &Value, rest: &str) -> String {
    format!("/api/v1/classes/{}{rest}", class["id"].as_str().unwrap())
}

#[test]
fn a_teacher_makes_a_class_and_finds_it_again() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    let reply =
        ada.post("/api/v1/classes", &json!({"name": " 5a ", "subject": "Mathematics", "grade_level": 5}));
    let location = reply.headers["location"].to_str().unwrap().to_owned();
    let class = reply.expect(201);
    assert_eq!(
        (&class["name"], &class["capacity"], &class["join_policy"]),
        (&json!("5a"), &json!(30), &json!("open"))
    );
    assert_eq!(class["join_code"].as_str().unwrap().len(), 6);
    assert_eq!(ada.get(&location).expect(200), class);
    assert_eq!(ada.get("/api/v1/classes").expect(200), json!({"items": [class], "next_cursor": null}));
}

#[test]
fn every_field_at_fault_is_named() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    let broken = json!({"name": " ", "subject": "x".repeat(51), "grade_level": 14, "capacity": 0});
    let problem = ada.post("/api/v1/classes", &broken).problem(422, "invalid");
    let pointers: Vec<&str> =
        problem["errors"].as_array().unwrap().iter().map(|e| e["pointer"].as_str().unwrap()).collect();
    assert_eq!(pointers, ["/name", "/subject", "/grade_level", "/capacity"]);
    for (body, pointer) in [
        (json!({"name": "a", "subject": "b", "grade_level": "five"}), "/grade_level"),
        (json!({"name": "a", "subject": "b", "grade_level": 5, "color": "red"}), "/color"),
        (json!({"name": "a", "subject": "b", "grade_level": 5, "join_policy": "closed"}), "/join_policy"),
    ] {
        assert_eq!(
            ada.post("/api/v1/classes", &body).problem(422, "invalid")["errors"][0]["pointer"],
            pointer
        );
    }
    assert_eq!(app.db.number("select count(*) from classes"), 0);
}

#[test]
fn nobody_sees_the_classes_of_others_but_the_admin_of_the_school() {
    let app = TestApp::new();
    let (ada, alan, grace, eve) =
        (app.sign_in("ada"), app.sign_in("alan"), app.sign_in("grace"), app.sign_in("eve"));
    let class = ada.make_class();
    grace.get(&path(&class, "")).expect(200);
    for stranger in [&alan, &eve] {
        for rest in ["", "/seats", "/leaderboard", "/results", "/events?after=0", "/live-sessions"] {
            stranger.get(&path(&class, rest)).problem(404, "not_found");
        }
        stranger.request("PATCH", &path(&class, ""), &[], Some("{}".to_owned())).problem(404, "not_found");
        stranger.post(&path(&class, "/join-code"), &json!({})).problem(404, "not_found");
        stranger.delete(&path(&class, "/join-code")).problem(404, "not_found");
        assert_eq!(stranger.get("/api/v1/classes").expect(200)["items"], json!([]));
    }
    app.sign_in("peter").get("/api/v1/classes").problem(403, "forbidden");
    app.anonymous().get(&path(&class, "")).problem(401, "unauthenticated");
    app.with_token("nonsense").get(&path(&class, "")).problem(401, "invalid_token");
    ada.get("/api/v1/classes/cls_nonsense").problem(404, "not_found");
}

#[test]
fn a_list_goes_on_behind_its_cursor() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    let mut made: Vec<Value> = (0..5)
        .map(|_| {
            app.clock.advance(1);
            ada.make_class()["id"].clone()
        })
        .collect();
    made.reverse();
    let (mut seen, mut query) = (Vec::new(), "?limit=2".to_owned());
    loop {
        let page = ada.get(&format!("/api/v1/classes{query}")).expect(200);
        seen.extend(page["items"].as_array().unwrap().iter().map(|class| class["id"].clone()));
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        query = format!("?limit=2&cursor={cursor}");
    }
    assert_eq!(seen, made);
    for wrong in ["?limit=0", "?limit=101", "?limit=x", "?cursor=x", "?page=2"] {
        ada.get(&format!("/api/v1/classes{wrong}")).problem(422, "malformed");
    }
}

#[test]
fn the_same_idempotency_key_makes_one_class() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    let body = json!({"name": "5a", "subject": "Mathematics", "grade_level": 5}).to_string();
    let post = |body: &str| {
        ada.request("POST", "/api/v1/classes", &[("idempotency-key", "k1")], Some(body.to_owned()))
    };
    let first = post(&body).expect(201);
    assert_eq!(post(&body).expect(201), first);
    post(&body.replace("5a", "5b")).problem(422, "idempotency_key_reused");
    assert_eq!(app.db.number("select count(*) from classes"), 1);
    // Keys are a person's own.
    let alan = app.sign_in("alan");
    alan.request("POST", "/api/v1/classes", &[("idempotency-key", "k1")], Some(body)).expect(201);
}

#[test]
fn two_who_change_a_class_at_once_do_not_overwrite_each_other() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    let class = ada.make_class();
    let etag = ada.get(&path(&class, "")).headers["etag"].to_str().unwrap().to_owned();
    let patch = |etag: &str, body: Value| {
        ada.request("PATCH", &path(&class, ""), &[("if-match", etag)], Some(body.to_string()))
    };
    let changed = patch(&etag, json!({"name": "6a"})).expect(200);
    assert_eq!((&changed["name"], &changed["subject"]), (&json!("6a"), &json!("Mathematics")));
    patch(&etag, json!({"name": "7a"})).problem(412, "precondition_failed");
    patch("nonsense", json!({"name": "7a"})).problem(412, "precondition_failed");
    assert_eq!(ada.get(&path(&class, "")).expect(200)["name"], "6a");
}

#[test]
fn a_rotated_code_opens_the_class_and_the_old_one_does_not() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    let class = ada.make_class();
    let rotated = ada.post(&path(&class, "/join-code"), &json!({})).expect(200);
    assert_ne!(rotated["join_code"], class["join_code"]);
    let open = |code: &Value| {
        let body = json!({"place_id": "1", "job_id": "job", "class_code": code});
        app.with_token(GAME_KEY).post("/api/v1/game/sessions", &body)
    };
    open(&class["join_code"]).problem(404, "not_found");
    let typed = rotated["join_code"].as_str().unwrap().to_lowercase();
    open(&json!(format!(" {}-{} ", &typed[..3], &typed[3..]))).expect(201);
    let closed = ada.delete(&path(&class, "/join-code")).expect(200);
    assert_eq!(closed["join_code"], Value::Null);
    open(&rotated["join_code"]).problem(404, "not_found");
}

#[test]
fn a_key_opens_the_classes_of_its_own_school_only() {
    let app = TestApp::new();
    let class = app.sign_in("ada").make_class();
    let body = json!({"place_id": "1", "job_id": "job", "class_code": class["join_code"]});
    let open = |key: &str| app.with_token(key).post("/api/v1/game/sessions", &body);
    open(OTHER_GAME_KEY).problem(404, "not_found");
    open("gk_unknown").problem(401, "invalid_token");
    app.anonymous().post("/api/v1/game/sessions", &body).problem(401, "unauthenticated");
    open(GAME_KEY).expect(201);
    app.db.execute("update game_keys set revoked_at = 1 where name = 'Experience'");
    open(GAME_KEY).problem(401, "invalid_token");
}

#[test]
fn guessing_codes_is_slow() {
    let app = TestApp::new();
    let body = json!({"place_id": "1", "job_id": "job", "class_code": "AAAAAA"});
    for _ in 0..60 {
        app.with_token(GAME_KEY).post("/api/v1/game/sessions", &body).problem(404, "not_found");
    }
    app.with_token(GAME_KEY).post("/api/v1/game/sessions", &body).problem(429, "rate_limited");
}

#[test]
fn opening_a_game_session_reports_the_keys_use_through_the_queue() {
    let app = TestApp::new();
    let class = app.sign_in("ada").make_class();
    Game::open(&app, &class, "job");
    assert!(app.run_jobs().is_empty());
    assert_eq!(app.db.number("select count(*) from game_keys where last_used_at = 1795428000000"), 1);
}

#[test]
fn a_class_with_approval_lets_pupils_wait_until_the_teacher_lets_them_in() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    let class = json!({"name": "5a", "subject": "Mathematics", "grade_level": 5, "join_policy": "approval"});
    let class = ada.post("/api/v1/classes", &class).expect(201);
    let mut game = Game::open(&app, &class, "job");
    let join = game.join(1);
    let joined = game.one(&join);
    assert_eq!(joined["seat_status"], "pending");
    let progress = game.event("progress", 1, json!({"progress": {"percent": 5}}));
    assert_eq!(game.one(&progress)["code"], "seat_pending");
    let seat = joined["seat_id"].as_str().unwrap();
    ada.post(&path(&class, &format!("/seats/{seat}/approve")), &json!({})).expect(200);
    let answer = game.sync(&[progress]);
    assert_eq!(answer["results"][0]["status"], "applied");
    assert_eq!(answer["messages"][0]["type"], "seat_approved");
    assert_eq!(answer["messages"][0]["data"], json!({"seat_id": seat, "user_id": "1"}));
    ada.post(&path(&class, &format!("/seats/{seat}/remove")), &json!({})).expect(200);
    let again = game.join(1);
    assert_eq!(game.one(&again)["code"], "seat_removed");
    let unknown = format!("/seats/seat_{:026}/approve", 9);
    ada.post(&path(&class, &unknown), &json!({})).problem(404, "not_found");
}

#[test]
fn a_full_class_takes_nobody_more_and_a_raised_capacity_takes_them() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    let class = json!({"name": "5a", "subject": "Mathematics", "grade_level": 5, "capacity": 1});
    let class = ada.post("/api/v1/classes", &class).expect(201);
    let mut game = Game::open(&app, &class, "job");
    let (first, second) = (game.join(1), game.join(2));
    let results = game.sync(&[first, second.clone()]);
    assert_eq!(results["results"][1]["code"], "class_full");
    ada.request("PATCH", &path(&class, ""), &[], Some(json!({"capacity": 2, "name": "5b"}).to_string()))
        .expect(200);
    let answer = game.sync(&[second]);
    assert_eq!(answer["results"][0]["status"], "applied");
    assert_eq!(answer["messages"][0]["type"], "config_changed");
    assert_eq!(answer["messages"][0]["data"]["class"]["name"], "5b");
}
