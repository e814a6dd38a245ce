//! Everything that can go wrong is a problem with a code, and changes nothing.

use crate::support::{Game, TestApp};
use serde_json::json;

#[test]
fn an_unknown_route_and_a_wrong_method_are_problems() {
    let app = TestApp::new();
    app.anonymous().get("/api/v1/nothing").problem(404, "not_found");
    app.anonymous().delete("/api/v1/auth/login").problem(405, "method_not_allowed");
    app.anonymous().get("/api/v1/health/panic").problem(404, "not_found");
}

#[test]
fn a_body_that_is_not_json_or_too_large_is_a_problem() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    let post = |content_type: &str, body: &str| {
        ada.request("POST", "/api/v1/classes", &[("content-type", content_type)], Some(body.to_owned()))
    };
    post("text/plain", "{}").problem(415, "unsupported_media_type");
    post("application/json", "{").problem(422, "malformed");
    post("application/json", "").problem(422, "malformed");
    post("application/json", r#"{"name":"a","subject":"b","grade_level":5} x"#).problem(422, "malformed");
    post("application/json; charset=utf-8", "{}").problem(422, "invalid");
    post("application/json", "[]").problem(422, "malformed");
    post("application/json", &" ".repeat(600_000)).problem(413, "payload_too_large");
    assert_eq!(app.db.number("select count(*) from classes"), 0);
}

#[test]
fn a_failing_database_is_a_problem_that_says_nothing_of_its_cause() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    app.db.fail_next(1);
    let reply = ada.get("/api/v1/classes");
    assert_eq!(reply.headers["retry-after"], "2");
    let problem = reply.problem(503, "unavailable");
    assert!(!problem.to_string().contains("injected"));
    let lines = app.log.0.lock().unwrap().join("\n");
    assert!(lines.contains("injected") && lines.contains(problem["request_id"].as_str().unwrap()));
    app.db.fail_next(1);
    app.anonymous().get("/health/ready").expect(503);
    assert!(app.anonymous().get("/health/live").status.is_success(), "alive, although not ready");
}

#[test]
fn request_ids_and_traces_go_in_and_out_and_into_the_log() {
    let app = TestApp::new();
    let trace = "0af7651916cd43dd8448eb211c80319c";
    let traceparent = format!("00-{trace}-b7ad6b7169203331-01");
    let headers = [("x-request-id", "abc-1"), ("traceparent", traceparent.as_str())];
    let reply = app.anonymous().request("GET", "/health/live", &headers, None);
    assert_eq!(reply.headers["x-request-id"], "abc-1");
    let out = reply.headers["traceparent"].to_str().unwrap();
    assert!(out.starts_with(&format!("00-{trace}-")) && out != traceparent);
    let line: serde_json::Value = serde_json::from_str(app.log.0.lock().unwrap().last().unwrap()).unwrap();
    assert_eq!((&line["request.id"], &line["trace.id"]), (&json!("abc-1"), &json!(trace)));
    assert_eq!((&line["http.route"], &line["http.status"]), (&json!("/health/live"), &json!(200)));
    let forged = app.anonymous().request("GET", "/health/live", &[("x-request-id", "a b")], None);
    assert_eq!(forged.headers["x-request-id"].len(), 32);
    assert_eq!(forged.headers["x-content-type-options"], "nosniff");
}

#[test]
fn a_sync_that_is_no_sync_is_refused_whole() {
    let app = TestApp::new();
    let class = app.sign_in("ada").make_class();
    let game = Game::open(&app, &class, "job");
    let post = |body: String| game.server.request("POST", "/api/v1/game/sync", &[], Some(body));
    for body in [
        "",
        "{",
        "[]",
        "{}",
        r#"{"cursor":"x","events":[]}"#,
        r#"{"cursor":0,"events":[]}"#,
        r#"{"cursor":"0","events":{"a":1}}"#,
        r#"{"cursor":"0","events":[],"more":1}"#,
    ] {
        post(body.to_owned()).problem(422, "malformed");
    }
    let events = vec![json!({}); 201];
    post(json!({"cursor": "0", "events": events}).to_string()).problem(422, "too_many_events");
    post(format!(r#"{{"cursor":"0","events":["{}"]}}"#, "x".repeat(300_000)))
        .problem(413, "payload_too_large");
    game.server
        .request("POST", "/api/v1/game/sync", &[("content-type", "text/plain")], Some("{}".to_owned()))
        .problem(415, "unsupported_media_type");
}

#[test]
fn a_game_token_opens_nothing_else_and_ends() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    let class = ada.make_class();
    let game = Game::open(&app, &class, "job");
    game.server.get("/api/v1/classes").problem(401, "invalid_token");
    ada.post("/api/v1/game/sync", &json!({"cursor": "0", "events": []})).problem(401, "invalid_token");
    app.anonymous()
        .post("/api/v1/game/sync", &json!({"cursor": "0", "events": []}))
        .problem(401, "unauthenticated");
    game.send(&[]).expect(200);
    app.clock.advance(3 * 3_600_000);
    game.send(&[]).problem(401, "token_expired");
}

#[test]
fn a_server_without_its_secrets_says_which_one_is_missing() {
    let error = toolboxai_edge::config::Config::read(&|_| None).err().unwrap();
    let response = toolboxai_edge::handlers::misconfigured(&error, "abc");
    assert_eq!(response.status(), 500);
    let body = futures::executor::block_on(axum::body::to_bytes(response.into_body(), usize::MAX)).unwrap();
    let problem: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert_eq!((&problem["code"], &problem["request_id"]), (&json!("misconfigured"), &json!("abc")));
    assert!(problem["detail"].as_str().unwrap().contains(&format!("wrangler secret put {}", error.name)));
}
