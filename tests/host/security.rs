//! What docs/security/asvs.md says and no other test shows.

use serde_json::json;

use crate::support::{PASSWORD, TestApp};

const EMAIL: &str = "ada@school.example";

#[test]
fn every_answer_tells_browsers_to_keep_run_and_frame_nothing() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    for reply in [
        ada.get("/api/v1/auth/me"),
        ada.get("/api/v1/nowhere"),
        app.anonymous().get("/api/v1/classes"),
        app.anonymous().post("/api/v1/auth/login", &json!({"email": EMAIL, "password": PASSWORD})),
        app.anonymous().get("/health/live"),
    ] {
        assert_eq!(reply.headers["x-content-type-options"], "nosniff");
        assert_eq!(reply.headers["referrer-policy"], "no-referrer");
        assert_eq!(reply.headers["content-security-policy"], "default-src 'none'; frame-ancestors 'none'");
        assert_eq!(reply.headers["cache-control"], "no-store");
    }
}

#[test]
fn no_other_origin_is_allowed_to_read_an_answer() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    for (method, path) in
        [("GET", "/api/v1/auth/me"), ("OPTIONS", "/api/v1/auth/me"), ("OPTIONS", "/api/v1/auth/refresh")]
    {
        let headers = [("origin", "https://evil.example"), ("access-control-request-method", "POST")];
        let reply = ada.request(method, path, &headers, None);
        let allowed: Vec<_> =
            reply.headers.keys().filter(|name| name.as_str().starts_with("access-control")).collect();
        assert!(allowed.is_empty(), "{method} {path}: {allowed:?}");
    }
}

#[test]
fn whose_refresh_token_was_stolen_hears_of_it_by_mail_once() {
    let app = TestApp::new();
    let login = json!({"email": EMAIL, "password": PASSWORD, "refresh_token_in": "body"});
    let first = app.anonymous().post("/api/v1/auth/login", &login).expect(200);
    let refresh = json!({"refresh_token": first["refresh_token"]});
    app.anonymous().post("/api/v1/auth/refresh", &refresh).expect(200);
    app.clock.advance(11_000);
    for _ in 0..2 {
        app.anonymous().post("/api/v1/auth/refresh", &refresh).problem(401, "invalid_refresh_token");
    }
    assert!(app.run_jobs().is_empty());
    assert_eq!(app.mailer.to(EMAIL).len(), 1);
}

#[test]
fn a_list_is_not_taken_for_an_object() {
    let app = TestApp::new();
    let grace = app.sign_in("grace");
    grace
        .request("PATCH", "/api/v1/schools/current", &[], Some(" [null, null]".to_owned()))
        .problem(422, "malformed");
    let login = json!([EMAIL, PASSWORD]);
    app.anonymous().post("/api/v1/auth/login", &login).problem(422, "malformed");
}
