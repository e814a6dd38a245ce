//! Pages of other origins: those on the list, and nobody else.

use std::sync::Arc;

use serde_json::json;

use crate::support::{PASSWORD, Reply, TestApp};

const LISTED: &str = "https://dash.example";

fn app() -> Arc<TestApp> {
    TestApp::with_settings(&[("ALLOWED_ORIGINS", "https://dash.example, https://other.example:8443")])
}

fn ask(app: &Arc<TestApp>, origin: &str) -> Reply {
    let headers = [
        ("origin", origin),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "content-type"),
    ];
    app.anonymous().request("OPTIONS", "/api/v1/auth/login", &headers, None)
}

fn granted(reply: &Reply) -> Vec<&str> {
    let headers = reply.headers.iter().filter(|(name, _)| name.as_str().starts_with("access-control-"));
    headers.map(|(name, _)| name.as_str()).collect()
}

#[test]
fn a_browser_that_asks_for_a_listed_page_is_told_what_it_may_send() {
    let app = app();
    for origin in [LISTED, "https://other.example:8443"] {
        let reply = ask(&app, origin);
        assert_eq!(reply.status, 204);
        assert_eq!(reply.headers["access-control-allow-origin"], origin);
        assert_eq!(reply.headers["access-control-allow-credentials"], "true");
        assert_eq!(reply.headers["access-control-max-age"], "600");
        assert_eq!(reply.headers["vary"], "origin");
        let methods = reply.headers["access-control-allow-methods"].to_str().unwrap();
        assert!(["GET", "POST", "PATCH", "DELETE"].iter().all(|method| methods.contains(method)));
        let names = reply.headers["access-control-allow-headers"].to_str().unwrap();
        assert!(["authorization", "content-type", "if-match"].iter().all(|name| names.contains(name)));
    }
}

#[test]
fn nobody_else_gets_a_single_header() {
    let app = app();
    for origin in [
        "https://evil.example",
        "http://dash.example",
        "https://dash.example.evil.example",
        "https://dash.example:8443",
        "https://DASH.example",
        "https://other.example",
        "null",
        "*",
        "",
    ] {
        let reply = ask(&app, origin);
        assert_eq!(reply.status, 405, "{origin}");
        assert!(granted(&reply).is_empty(), "{origin}");
        assert_eq!(reply.headers["vary"], "origin");
        let read = app.anonymous().request("GET", "/health/live", &[("origin", origin)], None);
        assert!(granted(&read).is_empty(), "{origin}");
    }
    assert!(granted(&app.anonymous().get("/health/live")).is_empty());
    let without = TestApp::new();
    assert!(granted(&ask(&without, LISTED)).is_empty(), "the list is empty");
}

#[test]
fn a_listed_page_signs_in_and_reads_answers_and_problems() {
    let app = app();
    let post = |password: &str| {
        let body = json!({"email": "ada@school.example", "password": password}).to_string();
        app.anonymous().request("POST", "/api/v1/auth/login", &[("origin", LISTED)], Some(body))
    };
    let (right, wrong) = (post(PASSWORD), post("wrong"));
    for reply in [&right, &wrong] {
        assert_eq!(reply.headers["access-control-allow-origin"], LISTED);
        assert_eq!(reply.headers["access-control-allow-credentials"], "true");
        let names = reply.headers["access-control-expose-headers"].to_str().unwrap();
        assert!(["retry-after", "etag", "x-request-id"].iter().all(|name| names.contains(name)));
    }
    assert!(right.headers.contains_key("set-cookie"));
    right.expect(200);
    wrong.problem(401, "invalid_credentials");
    let unknown = app.anonymous().request("GET", "/api/v1/nothing", &[("origin", LISTED)], None);
    assert_eq!(unknown.headers["access-control-allow-origin"], LISTED);
    unknown.problem(404, "not_found");
}
