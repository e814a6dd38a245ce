//! Registration, heartbeats, tokens, limits, and the end of whoever is silent.

use serde_json::{Value, json};
use toolboxai_edge::domain::plugin::PluginClaims;
use toolboxai_edge::domain::tokens::KeyRing;
use toolboxai_edge::ports::Clock;

use super::{old_plugin, register};
use crate::support::TestApp;

const OTHER: &str = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwg";

#[test]
fn an_old_plugin_registers_beats_shows_itself_and_goes() {
    let app = TestApp::new();
    let made = app.anonymous().post("/register_plugin", &old_plugin("studio-1")).expect(200);
    assert_eq!((&made["success"], &made["plugin_id"]), (&json!(true), &made["session_id"]));
    assert_eq!((&made["capabilities"], &made["polling_interval"]), (&json!([]), &json!(2)));
    let id = made["plugin_id"].as_str().unwrap();
    let plugin = app.with_token(made["token"].as_str().unwrap());
    let beat = json!({"session_id": id, "timestamp": 1_700_000_000, "status": "active", "connection_type": "HTTP Polling",
        "queue_size": 0, "last_message_id": 0});
    for (path, body) in
        [("/heartbeat".to_owned(), &beat), (format!("/plugin/{id}/heartbeat"), &json!({"whatever": 1}))]
    {
        let answer = plugin.post(&path, body).expect(200);
        assert_eq!(
            (&answer["success"], &answer["plugin_id"], &answer["updates"]),
            (&json!(true), &json!(id), &json!([]))
        );
    }
    // Without a body and without a type, as Luau may.
    plugin.request("POST", &format!("/plugin/{id}/heartbeat"), &[], None).expect(200);
    plugin.request("POST", "/heartbeat", &[], Some("[]".to_owned())).expect(200);
    let shown = plugin.get(&format!("/plugin/{id}")).expect(200);
    assert_eq!(
        (&shown["plugin"]["studio_id"], &shown["plugin"]["status"]),
        (&json!("studio-1"), &json!("active"))
    );
    assert_eq!(shown["plugin"]["features"].as_array().unwrap().len(), 6);
    assert!(!shown.to_string().contains("token"));
    let list = plugin.get("/plugins").expect(200);
    assert_eq!((&list["count"], &list["plugins"][0]["plugin_id"]), (&json!(1), &json!(id)));
    assert_eq!(plugin.get("/status").expect(200)["active_plugins"], 1);
    for _ in 0..2 {
        plugin.post("/unregister_plugin", &json!({"session_id": id})).expect(200);
    }
    plugin.post("/heartbeat", &beat).problem(404, "not_found");
}

#[test]
fn all_faults_of_a_registration_are_told_at_once_with_the_members_that_old_plugins_know() {
    let app = TestApp::new();
    let wrong = json!({"port": true, "version": "", "studio_id": "x"});
    let problem = app.anonymous().post("/register_plugin", &wrong).problem(422, "invalid");
    let pointers: Vec<&str> = problem["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["pointer"].as_str().unwrap())
        .collect();
    assert_eq!(pointers, ["/studio_id", "/port", "/version"]);
    assert_eq!((&problem["success"], &problem["message"]), (&json!(false), &problem["detail"]));
    assert_eq!(problem["error"], problem["title"]);
    let problem = app.anonymous().post("/api/v1/plugins/register", &wrong).problem(422, "invalid");
    assert_eq!(problem.get("success"), None);
    app.anonymous().post("/nowhere", &json!({})).problem(404, "not_found");
    app.anonymous().request("POST", "/register_plugin", &[], Some("{".to_owned())).problem(422, "malformed");
    app.anonymous().post("/register_plugin", &json!([])).problem(422, "invalid");
}

#[test]
fn the_same_studio_at_the_same_place_is_the_same_plugin_and_its_earlier_token_is_good_no_more() {
    let app = TestApp::new();
    let (id, first) = register(&app, "studio-1");
    let (again, second) = register(&app, "studio-1");
    assert_eq!(id, again);
    first.post("/heartbeat", &json!({})).problem(401, "invalid_token");
    second.post("/heartbeat", &json!({})).expect(200);
    let mut elsewhere = old_plugin("studio-1");
    elsewhere["place_id"] = json!("77");
    let other = app.anonymous().post("/register_plugin", &elsewhere).expect(200);
    assert_ne!(other["plugin_id"], id.as_str());
    // With its own token it stays who it is, and gets a newer one.
    let known = second.post("/register_plugin", &old_plugin("studio-1")).expect(200);
    assert_eq!(known["plugin_id"], id.as_str());
    second.post("/heartbeat", &json!({})).expect(200);
    app.clock.advance(10_001);
    second.post("/heartbeat", &json!({})).problem(401, "invalid_token");
    // Whoever comes with a token that is good no more is a newcomer, not locked out.
    second.post("/register_plugin", &old_plugin("studio-1")).expect(200);
}

#[test]
fn a_plugin_sees_and_moves_nobody_but_itself() {
    let app = TestApp::new();
    let ((id, one), (_, two)) = (register(&app, "studio-1"), register(&app, "studio-2"));
    two.get(&format!("/plugin/{id}")).problem(404, "not_found");
    two.post(&format!("/plugin/{id}/heartbeat"), &json!({})).problem(404, "not_found");
    two.post(&format!("/plugin/{id}/token"), &json!({})).problem(404, "not_found");
    two.post("/unregister_plugin", &json!({"session_id": id})).problem(404, "not_found");
    two.post("/plugin/messages", &json!({"plugin_id": id})).problem(404, "not_found");
    assert_eq!(two.get("/plugins").expect(200)["count"], 1);
    one.post("/heartbeat", &json!({})).expect(200);
    two.get("/plugin/nonsense").problem(404, "not_found");
}

#[test]
fn an_unpaired_plugin_has_no_right_but_to_live() {
    let app = TestApp::new();
    let (_, plugin) = register(&app, "studio-1");
    for path in [
        "/plugin/message",
        "/plugin/session/start",
        "/plugin/progress/update",
        "/plugin/communicate",
        "/sync",
        "/api/v1/plugins/batch",
    ] {
        plugin.post(path, &json!({})).problem(403, "forbidden");
        app.anonymous().post(path, &json!({})).problem(401, "unauthenticated");
    }
    let poll =
        json!({"plugin_id": null, "last_message_id": 0, "timestamp": 1, "connection_type": "HTTP Polling"});
    for path in
        ["/plugin/messages", "/plugin/poll", "/plugin/poll-messages", "/poll-messages", "/messages/poll"]
    {
        let answer = plugin.post(path, &poll).expect(200);
        assert_eq!((&answer["messages"], &answer["status"]), (&json!([]), &json!("success")));
    }
}

/// The budget: one request to an object, none to D1 or KV; and in the steady state no statement in the object either.
#[test]
fn a_heartbeat_is_one_request_to_an_object_and_nothing_else() {
    let app = TestApp::new();
    let (_, plugin) = register(&app, "studio-1");
    plugin.post("/heartbeat", &json!({})).expect(200);
    app.db.take_batches();
    app.plugins.take_requests();
    app.plugins.take_statements();
    let limited = app.limits.buckets.lock().unwrap().clone();
    plugin.post("/heartbeat", &json!({})).expect(200);
    assert_eq!((app.plugins.take_requests(), app.plugins.take_statements()), (1, 0));
    assert_eq!(app.db.take_batches(), 0);
    assert_eq!(*app.limits.buckets.lock().unwrap(), limited, "no other object is asked");
    app.clock.advance(60_000);
    plugin.post("/heartbeat", &json!({})).expect(200);
    assert_eq!(
        (app.plugins.take_requests(), app.plugins.take_statements()),
        (1, 1),
        "once a minute it is written"
    );
}

#[test]
fn the_sixty_first_call_within_a_minute_is_refused_and_says_how_long() {
    let app = TestApp::new();
    let ((_, plugin), (_, other)) = (register(&app, "studio-1"), register(&app, "studio-2"));
    for _ in 0..60 {
        plugin.post("/heartbeat", &json!({})).expect(200);
    }
    let reply = plugin.post("/heartbeat", &json!({}));
    let wait = reply.headers["retry-after"].to_str().unwrap().parse::<i64>().unwrap();
    assert!(reply.headers["ratelimit-policy"].to_str().unwrap().contains("\"plugin/60\";q=60;w=60"));
    reply.problem(429, "rate_limited");
    other.post("/heartbeat", &json!({})).expect(200);
    app.clock.advance(wait * 1000);
    plugin.post("/heartbeat", &json!({})).expect(200);
}

#[test]
fn what_a_heartbeat_promises_survives_a_crash() {
    let app = TestApp::new();
    let (_, plugin) = register(&app, "studio-1");
    app.clock.advance(59_999);
    let until = plugin.post("/heartbeat", &json!({})).expect(200)["registered_until"].clone();
    app.plugins.evict();
    let shown = plugin.get("/api/v1/plugins/me").expect(200);
    assert_eq!(shown["plugin"]["status"], "active");
    app.plugins.evict();
    let until = toolboxai_edge::domain::time::Timestamp::parse_rfc3339(until.as_str().unwrap()).unwrap();
    while app.clock.now() < until {
        app.clock.advance(until.millis_since(app.clock.now()).min(299_000));
        app.plugins.ring();
    }
    plugin.post("/heartbeat", &json!({})).expect(200);
}

#[test]
fn who_is_silent_becomes_stale_and_then_is_swept() {
    let app = TestApp::new();
    let ((_, quiet), (_, loud)) = (register(&app, "studio-1"), register(&app, "studio-1b"));
    for minute in 1..=61 {
        app.clock.advance(60_000);
        app.plugins.ring();
        loud.post("/heartbeat", &json!({})).expect(200);
        assert_eq!(app.plugins.number("select count(*) from plugins"), 2, "minute {minute}");
    }
    app.clock.advance(300_000);
    app.plugins.ring();
    assert_eq!(app.plugins.number("select count(*) from plugins"), 1);
    quiet.post("/heartbeat", &json!({})).problem(404, "not_found");
    loud.post("/heartbeat", &json!({})).expect(200);
    app.clock.advance(4 * 3_600_000);
    app.plugins.ring();
    assert_eq!(app.plugins.number("select count(*) from plugins"), 0);
}

#[test]
fn a_failed_write_is_no_answer_and_changes_nothing() {
    let app = TestApp::new();
    let (id, plugin) = register(&app, "studio-1");
    app.plugins.fail_statement(1);
    plugin.post(&format!("/plugin/{id}/token"), &json!({})).problem(503, "unavailable");
    plugin.post("/heartbeat", &json!({})).expect(200);
    app.clock.advance(10_001);
    plugin.post("/heartbeat", &json!({})).expect(200);
}

#[test]
fn a_refreshed_token_ends_the_one_before_after_its_grace() {
    let app = TestApp::new();
    let (id, plugin) = register(&app, "studio-1");
    let path = format!("/plugin/{id}/token");
    let new = plugin.post(&path, &json!({})).expect(200);
    // The answer was lost: the same again within the grace gives the same generation.
    let again = plugin.post(&path, &json!({})).expect(200);
    let generation = |answer: &Value| {
        let ring = app.config.plugin_keys.clone();
        let token = answer["token"].as_str().unwrap();
        ring.verify::<PluginClaims>(token, app.clock.now()).unwrap().claims.generation
    };
    assert_eq!(generation(&new), generation(&again));
    let newer = app.with_token(new["token"].as_str().unwrap());
    app.clock.advance(10_000);
    plugin.post("/heartbeat", &json!({})).expect(200);
    app.clock.advance(1);
    plugin.post("/heartbeat", &json!({})).problem(401, "invalid_token");
    plugin.post(&path, &json!({})).problem(401, "invalid_token");
    newer.post("/heartbeat", &json!({})).expect(200);
    let newest = newer.post("/api/v1/plugins/refresh", &json!({})).expect(200);
    assert!(generation(&newest) > generation(&new));
}

#[test]
fn forged_foreign_future_and_expired_tokens_open_nothing() {
    let app = TestApp::new();
    let (_, plugin) = register(&app, "studio-1");
    let token = plugin.token.clone().unwrap();
    let now = app.clock.now();
    let good = app.config.plugin_keys.verify::<PluginClaims>(&token, now).unwrap().claims;
    let sign = |ring: &KeyRing, at| ring.sign(&good, at, 3600).unwrap();
    let foreign = KeyRing::parse(&format!("k1:{OTHER}")).unwrap();
    let ahead = sign(&app.config.plugin_keys, now.plus_millis(6_000));
    let mut parts: Vec<&str> = token.split('.').collect();
    let body = parts[1].replace('A', "B");
    parts[1] = &body;
    let ada = app.sign_in("ada").token.unwrap();
    for wrong in [sign(&foreign, now), ahead, parts.join("."), ada, "nonsense".to_owned()] {
        app.with_token(&wrong).post("/heartbeat", &json!({})).problem(401, "invalid_token");
    }
    let slightly_ahead = sign(&app.config.plugin_keys, now.plus_millis(5_000));
    app.with_token(&slightly_ahead).post("/heartbeat", &json!({})).expect(200);
    plugin.get("/api/v1/classes").problem(401, "invalid_token");
    app.clock.advance(24 * 3_600_000);
    plugin.post("/heartbeat", &json!({})).problem(401, "token_expired");
    app.anonymous().post("/heartbeat", &json!({})).problem(401, "unauthenticated");
}

#[test]
fn registrations_from_one_address_are_limited() {
    let app = TestApp::with_settings(&[(
        "LIMITS",
        r#"{"plugin_registration": [{"per": "address", "hits": 2, "window_s": 60}]}"#,
    )]);
    for n in 0..2 {
        app.anonymous().post("/register_plugin", &old_plugin(&format!("studio-{n}"))).expect(200);
    }
    app.anonymous().post("/register_plugin", &old_plugin("studio-3")).problem(429, "rate_limited");
}
