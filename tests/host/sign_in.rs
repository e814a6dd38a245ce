//! Sign-in of people with accounts.

use crate::support::{PASSWORD, TestApp};
use serde_json::json;

fn login(email: &str, password: &str) -> serde_json::Value {
    json!({"email": email, "password": password})
}

#[test]
fn a_teacher_signs_in_and_is_who_they_are() {
    let app = TestApp::new();
    let out =
        app.anonymous().post("/api/v1/auth/login", &login(" ADA@school.example ", PASSWORD)).expect(200);
    assert_eq!((&out["token_type"], &out["expires_in"]), (&json!("Bearer"), &json!(900)));
    assert_eq!(out["user"]["role"], "teacher");
    let me = app.with_token(out["access_token"].as_str().unwrap()).get("/api/v1/auth/me").expect(200);
    for field in ["id", "email", "display_name", "role", "school_id"] {
        assert_eq!(me[field], out["user"][field]);
    }
    assert_eq!(me["school"]["name"], "School 1");
}

#[test]
fn a_wrong_password_and_an_unknown_address_get_the_same_answer() {
    let app = TestApp::new();
    let answer = |email: &str| {
        let mut problem = app
            .anonymous()
            .post("/api/v1/auth/login", &login(email, "wrong"))
            .problem(401, "invalid_credentials");
        problem["request_id"] = json!(null);
        problem
    };
    assert_eq!(answer("ada@school.example"), answer("nobody@school.example"));
}

#[test]
fn a_suspended_person_does_not_get_in() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    app.db.execute("update users set state = 'suspended' where email = 'ada@school.example'");
    app.anonymous()
        .post("/api/v1/auth/login", &login("ada@school.example", PASSWORD))
        .problem(401, "invalid_credentials");
    ada.get("/api/v1/auth/me").problem(401, "invalid_token");
}

#[test]
fn after_ten_wrong_passwords_even_the_right_one_has_to_wait() {
    let app = TestApp::new();
    for _ in 0..10 {
        app.anonymous()
            .post("/api/v1/auth/login", &login("ada@school.example", "wrong"))
            .problem(401, "invalid_credentials");
    }
    let reply = app.anonymous().post("/api/v1/auth/login", &login("ada@school.example", PASSWORD));
    let wait: i64 = reply.headers["retry-after"].to_str().unwrap().parse().unwrap();
    reply.problem(429, "rate_limited");
    app.sign_in("alan");
    app.clock.advance(wait * 1000);
    app.sign_in("ada");
}

#[test]
fn an_access_token_ends_after_a_quarter_of_an_hour() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    app.clock.advance(899_000);
    ada.get("/api/v1/classes").expect(200);
    app.clock.advance(1_000);
    ada.get("/api/v1/classes").problem(401, "token_expired");
}

#[test]
fn passwords_and_tokens_stay_out_of_the_log() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    ada.get("/api/v1/classes?cursor=secret-query").problem(422, "malformed");
    let lines = app.log.0.lock().unwrap().join("\n");
    for secret in [PASSWORD, ada.token.as_deref().unwrap(), "ada@school.example", "secret-query"] {
        assert!(!lines.contains(secret), "{secret} is in the log");
    }
}

#[test]
fn authenticating_reads_no_storage() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    app.db.take_batches();
    ada.get("/api/v1/classes").expect(200);
    assert_eq!(app.db.take_batches(), 1, "the list itself");
}
