//! The old routes: what old plugins and dashboards look for in an answer, also in one that says no.

use serde_json::{Value, json};

use super::{pair, paired, register};
use crate::support::TestApp;

/// Every old route that is not public.
const ROUTES: [(&str, &str); 34] = [
    ("POST", "/heartbeat"),
    ("POST", "/plugin/plg_00000000000000000000000001/heartbeat"),
    ("GET", "/plugin/plg_00000000000000000000000001"),
    ("POST", "/plugin/plg_00000000000000000000000001/token"),
    ("GET", "/plugins"),
    ("POST", "/unregister_plugin"),
    ("GET", "/status"),
    ("GET", "/metrics"),
    ("GET", "/config"),
    ("POST", "/config"),
    ("POST", "/cache/clear"),
    ("POST", "/generate_content"),
    ("POST", "/generate_simple_content"),
    ("POST", "/plugin/content/generate"),
    ("POST", "/generate_terrain"),
    ("POST", "/generate_quiz"),
    ("POST", "/generate_script"),
    ("GET", "/script/quiz"),
    ("POST", "/plugin/trigger-agents"),
    ("POST", "/plugin/database/query"),
    ("POST", "/plugin/session/start"),
    ("POST", "/plugin/session/pse_00000000000000000000000001/end"),
    ("POST", "/plugin/progress/update"),
    ("POST", "/plugin/communicate"),
    ("POST", "/plugin/messages"),
    ("POST", "/plugin/poll"),
    ("POST", "/plugin/poll-messages"),
    ("POST", "/poll-messages"),
    ("POST", "/messages/poll"),
    ("POST", "/plugin/message"),
    ("POST", "/plugin/send-message"),
    ("POST", "/send-message"),
    ("POST", "/sync"),
    ("POST", "/unknown"),
];

/// The members of RFC 9457 and, with the same words, those of the old answers.
fn assert_old(problem: &Value, what: &str) {
    assert_eq!(problem["success"], json!(false), "{what}: {problem}");
    assert_eq!(problem["message"], problem["detail"], "{what}");
    assert_eq!(problem["error"], problem["title"], "{what}");
    assert!(problem["error"].as_str().is_some_and(|error| !error.is_empty()), "{what}");
    assert!(problem["status"].is_u64() && problem["code"].is_string(), "{what}");
}

#[test]
fn every_refusal_of_an_old_route_has_the_old_members_too() {
    let app = TestApp::new();
    let nobody = app.anonymous();
    for (method, path) in ROUTES {
        let reply = nobody.request(method, path, &[], (method == "POST").then(|| "{}".to_owned()));
        let expected = if path == "/unknown" { 404 } else { 401 };
        assert_eq!(reply.status.as_u16(), expected, "{method} {path}");
        assert_old(&serde_json::from_str(&reply.text).unwrap(), path);
        let reply = nobody.request("PATCH", path, &[], Some("{}".to_owned()));
        assert!(matches!(reply.status.as_u16(), 404 | 405), "{path}");
        assert_old(&serde_json::from_str(&reply.text).unwrap(), path);
    }
}

#[test]
fn what_is_wrong_with_a_body_is_told_in_both_ways() {
    let app = TestApp::new();
    let operator = app.with_token(crate::support::OPERATOR_KEY);
    let plugin = pair(&app, &app.sign_in("ada"), "studio-1");
    let large = format!("{{\"a\": \"{}\"}}", "x".repeat(600_000));
    let bodies =
        [("application/json", "{", 422), ("text/plain", "{}", 415), ("application/json", &large, 413)];
    for (kind, body, status) in bodies {
        for (who, path) in [(&operator, "/config"), (&plugin, "/generate_quiz"), (&plugin, "/plugin/message")]
        {
            let reply = who.request("POST", path, &[("content-type", kind)], Some(body.to_owned()));
            assert_eq!(reply.status.as_u16(), status, "{path} {kind}");
            assert_old(&serde_json::from_str(&reply.text).unwrap(), path);
        }
    }
    assert_old(&operator.post("/config", &json!({"cache_ttl": 1})).problem(422, "invalid"), "/config");
    let other = operator.request(
        "POST",
        "/config",
        &[("if-match", "\"9\"")],
        Some(r#"{"cache_ttl": 60}"#.to_owned()),
    );
    assert_old(&other.problem(412, "precondition_failed"), "/config");
}

#[test]
fn the_status_says_what_holds_for_plugins_and_how_the_cache_does() {
    let app = TestApp::new();
    let (_, newcomer) = register(&app, "studio-1");
    let status = newcomer.get("/status").expect(200);
    let config = json!({"rate_limit_requests": 60, "rate_limit_window": 60, "token_expiry_hours": 24});
    assert_eq!((&status["config"], &status["cache_stats"]), (&config, &Value::Null));
    let plugin = pair(&app, &app.sign_in("ada"), "studio-2");
    for path in ["/status", "/api/v1/plugins/status"] {
        assert_eq!(plugin.get(path).expect(200)["cache_stats"]["capacity"], 1000, "{path}");
    }
}

#[test]
fn a_plugin_reads_the_content_of_its_teacher_and_the_progress_that_it_reported() {
    let app = TestApp::new();
    let (ada, alan) = (app.sign_in("ada"), app.sign_in("alan"));
    let plugin = pair(&app, &ada, "studio-1");
    let make = |body: &Value| ada.post("/api/v1/roblox/content", body).expect(201)["id"].clone();
    let content =
        json!({"kind": "lesson", "title": "Orbit", "subject": "Science", "grade_level": 6, "body": {"a": 1}});
    let id = make(&content);
    let ask = |more: Value| {
        let mut body = json!({"query_type": "get_lesson_content", "lesson_id": id});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    for path in ["/plugin/database/query", "/api/v1/plugins/query"] {
        let data = plugin.post(path, &ask(json!({"content_type": "lesson"}))).expect(200)["data"].clone();
        assert_eq!((&data["lesson_id"], &data["content"]), (&id, &json!({"a": 1})));
        assert_eq!((&data["title"], &data["content_type"]), (&json!("Orbit"), &json!("lesson")));
    }
    let query = |plugin: &crate::support::Actor, body: &Value| plugin.post("/plugin/database/query", body);
    query(&plugin, &ask(json!({"content_type": "quiz"}))).problem(404, "not_found");
    query(&plugin, &ask(json!({"lesson_id": 7}))).problem(404, "not_found");
    query(&pair(&app, &alan, "studio-2"), &ask(json!({}))).problem(404, "not_found");
    query(&register(&app, "studio-3").1, &ask(json!({}))).problem(403, "forbidden");
    query(&plugin, &json!({"query_type": "drop_table"})).problem(422, "invalid");
    ada.patch(&format!("/api/v1/roblox/content/{}", id.as_str().unwrap()), &json!({"status": "archived"}))
        .expect(200);
    query(&plugin, &ask(json!({}))).problem(404, "not_found");
    let progress = json!({"student_id": 7, "lesson_id": "l1", "score": 5});
    plugin.post("/plugin/progress/update", &progress).expect(200);
    let ask = |student: &str| json!({"query_type": "get_student_progress", "student_id": student, "lesson_id": "l1"});
    let data = query(&plugin, &ask("7")).expect(200)["data"].clone();
    assert_eq!((&data["student_id"], &data["body"]["score"]), (&json!("7"), &json!(5)));
    query(&plugin, &ask("8")).problem(404, "not_found");
    let faults = query(&plugin, &json!({"query_type": "get_student_progress"})).problem(422, "invalid");
    assert_eq!(faults["errors"].as_array().unwrap().len(), 2);
}

#[test]
fn content_is_read_only_with_its_capability() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    let device = app.anonymous().request(
        "POST",
        "/api/v1/plugins/device-authorization",
        &[("content-type", "application/x-www-form-urlencoded")],
        Some("client_id=studio-1&scope=script:read".to_owned()),
    );
    let device = device.expect(200);
    ada.post("/api/v1/plugins/pairings/approve", &json!({"user_code": device["user_code"]})).expect(200);
    let form = format!(
        "grant_type=urn:ietf:params:oauth:grant-type:device_code&client_id=studio-1&device_code={}",
        device["device_code"].as_str().unwrap()
    );
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    let token = app.anonymous().request("POST", "/api/v1/plugins/token", &headers, Some(form)).expect(200);
    let plugin = app.with_token(token["access_token"].as_str().unwrap());
    let body = json!({"query_type": "get_lesson_content", "lesson_id": format!("content_{:026}", 1)});
    plugin.post("/plugin/database/query", &body).problem(403, "forbidden");
}

#[test]
fn a_teacher_sees_whether_studio_is_connected() {
    let app = TestApp::new();
    let (ada, alan) = (app.sign_in("ada"), app.sign_in("alan"));
    let status = |who: &crate::support::Actor| who.get("/api/v1/roblox/plugin/status").expect(200);
    let none = json!({"connected": false, "version": null, "last_seen_at": null, "active_plugins": 0});
    assert_eq!(status(&ada), none);
    let (_, plugin) = paired(&app, &ada, "studio-1");
    plugin.post("/heartbeat", &json!({})).expect(200);
    let seen = status(&ada);
    assert_eq!((&seen["connected"], &seen["version"]), (&json!(true), &json!("1.1.0")));
    assert_eq!(seen["active_plugins"], 1);
    assert_eq!(status(&alan), none, "a colleague's Studio is not one's own");
    assert_eq!(status(&app.sign_in("grace")), none);
    app.clock.advance(600_001);
    let ada = app.sign_in("ada");
    let silent = status(&ada);
    assert_eq!((&silent["connected"], &silent["last_seen_at"]), (&json!(false), &seen["last_seen_at"]));
    plugin.get("/api/v1/roblox/plugin/status").problem(401, "invalid_token");
}
