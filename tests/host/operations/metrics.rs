//! Metrics and the log: what a request leaves behind.

use std::sync::Arc;

use futures::executor::block_on;
use serde_json::{Value, json};
use toolboxai_edge::content_cache::CacheKey;
use toolboxai_edge::ports::Inbound;
use toolboxai_edge::{jobs, request_ids};

use super::operator;
use crate::support::{TestApp, fractions};

fn read(app: &std::sync::Arc<TestApp>) -> Value {
    operator(app).request("GET", "/metrics", &[("accept", "application/json")], None).expect(200)
}

#[test]
fn requests_are_counted_by_route_method_and_status() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    let class = ada.make_class();
    for _ in 0..2 {
        ada.get(&format!("/api/v1/classes/{}", class["id"].as_str().unwrap())).expect(200);
    }
    app.anonymous().get("/nowhere").problem(404, "not_found");
    app.anonymous().request("BREW", "/nowhere", &[], None).problem(404, "not_found");
    let metrics = read(&app);
    let counters = &metrics["counters"];
    assert_eq!(
        counters[r#"http_requests_total{method="GET",route="/api/v1/classes/{class_id}",status="200"}"#],
        2
    );
    assert_eq!(counters[r#"http_requests_total{method="GET",route="unknown",status="404"}"#], 1);
    assert_eq!(counters[r#"http_requests_total{method="other",route="unknown",status="404"}"#], 1);
    let durations = &metrics["histograms"][r#"http_request_duration_seconds{method="GET",route="/api/v1/classes/{class_id}"}"#];
    assert_eq!(durations["count"], 2);
    assert!(metrics["timestamp"].is_string());
}

#[test]
fn prometheus_gets_its_text_and_nobody_without_a_key_gets_anything() {
    let app = TestApp::new();
    app.anonymous().get("/metrics").problem(401, "unauthenticated");
    app.sign_in("grace").get("/metrics").problem(401, "invalid_token");
    let reply = operator(&app).get("/metrics");
    assert_eq!(reply.headers["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    assert!(reply.text.contains("# TYPE http_requests_total counter\n"));
    assert!(reply.text.ends_with('\n'));
}

#[test]
fn the_cache_is_measured() {
    let app = TestApp::new();
    let key = || CacheKey::of(&1).unwrap();
    assert_eq!(block_on(app.content_cache.get(key())).unwrap(), None);
    block_on(app.content_cache.put(key(), "content".to_owned())).unwrap();
    assert!(block_on(app.content_cache.get(key())).unwrap().is_some());
    let metrics = read(&app);
    let counters = &metrics["counters"];
    assert_eq!((&counters["cache_hits"], &counters["cache_misses"]), (&json!(1), &json!(1)));
    assert_eq!(metrics["gauges"]["cache_size"], 1.0);
    operator(&app).post("/cache/clear", &json!({})).expect(200);
    let metrics = read(&app);
    assert_eq!(
        (&metrics["counters"]["cache_cleared"], &metrics["gauges"]["cache_size"]),
        (&json!(1), &json!(0.0))
    );
}

#[test]
fn what_was_handed_over_survives_a_crash_and_goes_on_from_there() {
    let app = TestApp::new();
    app.anonymous().get("/health/live");
    let name = r#"http_requests_total{method="GET",route="/health/live",status="200"}"#;
    assert_eq!(read(&app)["counters"][name], 1);
    app.anonymous().get("/health/live");
    app.metrics.crash();
    assert_eq!(read(&app)["counters"][name], 1, "the second was not handed over yet");
    app.anonymous().get("/health/live");
    assert_eq!(read(&app)["counters"][name], 2);
}

/// A nudge that Open Cloud refuses leaves a line; the request that changed the class is found by it.
#[test]
fn the_lines_of_a_job_carry_the_ids_of_the_request_that_asked_for_it_and_its_own() {
    let app = TestApp::new();
    let connection = json!({"universe_id": "123", "api_key": "an-api-key-of-open-cloud-0123"});
    app.sign_in("grace").post("/api/v1/roblox/connections", &connection).expect(201);
    let ada = app.sign_in("ada");
    let class = ada.make_class();
    let game = json!({"title": "Space station", "subject": "Science", "grade_level": 5, "class_id": class["id"],
        "universe_id": "123"});
    ada.post("/api/v1/roblox/games", &game).expect(201);
    let (quiz, trace) = (ada.make_quiz(&fractions()), "0af7651916cd43dd8448eb211c80319c");
    let headers = [("x-request-id", "req-7"), ("traceparent", &format!("00-{trace}-b7ad6b7169203331-01"))];
    let path = format!("/api/v1/classes/{}/live-sessions", class["id"].as_str().unwrap());
    let body = json!({"quiz_id": quiz["id"], "pace": "self"}).to_string();
    ada.request("POST", &path, &headers, Some(body)).expect(201);
    let message =
        app.jobs.1.lock().unwrap().iter().find(|text| text.contains("roblox_nudge")).unwrap().clone();
    app.outside.answer_with(|_| Some(Inbound { status: 403, body: Vec::new(), retry_after_s: None }));
    app.log.0.lock().unwrap().clear();
    let ids = Arc::new(jobs::ids(&message, "m-1"));
    block_on(request_ids::scope(ids, jobs::run(&app.ports(), &message))).unwrap();
    let lines = app.log.0.lock().unwrap();
    let line: Value = serde_json::from_str(&lines[0]).unwrap();
    assert_eq!(line["message"], "nudge refused");
    assert_eq!(json!([line["request.id"], line["trace.id"], line["job.id"]]), json!(["req-7", trace, "m1"]));
}

#[test]
fn every_line_of_a_request_carries_its_ids() {
    let app = TestApp::new();
    app.db.fail_next(1);
    let trace = "0af7651916cd43dd8448eb211c80319c";
    let headers = [("x-request-id", "req-1"), ("traceparent", &format!("00-{trace}-b7ad6b7169203331-01"))];
    app.anonymous().request("GET", "/health", &headers, None).expect(503);
    let lines = app.log.0.lock().unwrap();
    assert!(lines.len() >= 2, "a line of the check and a line of the request");
    for line in lines.iter() {
        let line: Value = serde_json::from_str(line).unwrap();
        assert_eq!((&line["request.id"], &line["trace.id"]), (&json!("req-1"), &json!(trace)), "{line}");
    }
}
