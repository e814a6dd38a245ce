//! The runtime settings: who may change them, what a change does, and that nothing is lost of how they were.

use std::sync::atomic::Ordering;

use futures::executor::block_on;
use serde_json::{Value, json};
use toolboxai_edge::content_cache::CacheKey;

use super::operator;
use crate::support::{GAME_KEY, Game, TestApp};

#[test]
fn the_start_values_are_the_defaults_under_the_variables() {
    let app = TestApp::with_settings(&[("CONFIG_CACHE_TTL", "120")]);
    let reply = operator(&app).get("/config");
    assert_eq!(reply.headers["etag"], "\"0\"");
    assert_eq!(
        reply.expect(200),
        json!({"thread_pool_size": 5, "cache_max_size": 1000, "cache_ttl": 120, "rate_limit_requests": 60,
            "rate_limit_window": 60, "max_memory_mb": 100, "backup_interval": 300, "token_expiry_hours": 24, "version": 0})
    );
}

#[test]
fn nobody_but_an_operator_reads_or_changes_them() {
    let app = TestApp::new();
    for path in ["/config", "/api/v1/operations/config/history", "/api/v1/operations/cache"] {
        app.anonymous().get(path).problem(401, "unauthenticated");
        app.with_token("op_eve").get(path).problem(401, "invalid_token");
        app.with_token(GAME_KEY).get(path).problem(401, "invalid_token");
        app.sign_in("grace").get(path).problem(401, "invalid_token");
    }
    for path in ["/config", "/api/v1/operations/config/roll-back", "/cache/clear"] {
        app.anonymous().post(path, &json!({"cache_ttl": 60})).problem(401, "unauthenticated");
        app.sign_in("grace").post(path, &json!({"cache_ttl": 60})).problem(401, "invalid_token");
    }
    assert_eq!(operator(&app).get("/config").expect(200)["version"], 0);
}

#[test]
fn a_change_is_whole_or_nothing_and_tells_every_fault() {
    let app = TestApp::new();
    let change = json!({"cache_ttl": 60, "max_memory_mb": 49, "colour": 1, "backup_interval": "long"});
    let problem = operator(&app).post("/config", &change).problem(422, "invalid");
    let pointers: Vec<&Value> =
        problem["errors"].as_array().unwrap().iter().map(|fault| &fault["pointer"]).collect();
    assert_eq!(pointers, ["/backup_interval", "/colour", "/max_memory_mb"]);
    let settings = operator(&app).get("/config").expect(200);
    assert_eq!((&settings["cache_ttl"], &settings["version"]), (&json!(300), &json!(0)));
    operator(&app).post("/config", &json!({})).problem(422, "invalid");
    operator(&app).post("/config", &json!([1])).problem(422, "malformed");
}

#[test]
fn a_change_is_a_version_with_who_and_when_and_its_old_and_new_values_are_audited() {
    let app = TestApp::new();
    let reply = operator(&app).post("/config", &json!({"cache_ttl": 60, "cache_max_size": 100}));
    assert_eq!(reply.headers["etag"], "\"1\"");
    let request_id = reply.headers["x-request-id"].to_str().unwrap().to_owned();
    let changed = reply.expect(200);
    assert_eq!(
        (&changed["success"], &changed["version"], &changed["config"]["cache_ttl"]),
        (&json!(true), &json!(1), &json!(60))
    );
    let history = operator(&app).get("/api/v1/operations/config/history").expect(200);
    let newest = &history["items"][0];
    assert_eq!(
        (&newest["version"], &newest["by"], &newest["request_id"]),
        (&json!(1), &json!("ann"), &json!(request_id))
    );
    let rows = app.db.rows(
        "select school_id, actor_kind, actor_id, detail from audit_events where action = 'config.changed'",
    );
    assert_eq!(rows.len(), 1);
    assert_eq!((&rows[0]["actor_kind"], &rows[0]["actor_id"]), (&json!("operator"), &json!("ann")));
    let detail: Value = serde_json::from_str(rows[0]["detail"].as_str().unwrap()).unwrap();
    assert_eq!((&detail["old"]["cache_ttl"], &detail["new"]["cache_ttl"]), (&json!(300), &json!(60)));
    // The log of the platform is sealed like any school's.
    app.run_jobs();
    assert_eq!(
        app.db.number("select count(*) from audit_seals where school_id = 'sch_00000000000000000000000000'"),
        1
    );
}

#[test]
fn the_event_of_a_change_waits_in_the_queue_while_d1_is_down() {
    let app = TestApp::new();
    app.db.fail_next(1);
    operator(&app).post("/config", &json!({"cache_ttl": 60})).expect(200);
    assert_eq!(app.db.number("select count(*) from audit_events where action = 'config.changed'"), 0);
    app.run_jobs();
    assert_eq!(app.db.number("select count(*) from audit_events where action = 'config.changed'"), 1);
}

#[test]
fn a_change_of_what_somebody_else_changed_meanwhile_is_refused() {
    let app = TestApp::new();
    let change = |if_match: &str, ttl: i64| {
        let body = json!({"cache_ttl": ttl}).to_string();
        operator(&app).request("POST", "/config", &[("if-match", if_match)], Some(body))
    };
    change("\"0\"", 60).expect(200);
    change("\"0\"", 90).problem(412, "precondition_failed");
    change("\"1\"", 90).expect(200);
    let settings = operator(&app).get("/config").expect(200);
    assert_eq!((&settings["version"], &settings["cache_ttl"]), (&json!(2), &json!(90)));
}

#[test]
fn the_same_change_again_makes_no_version_and_no_event() {
    let app = TestApp::new();
    for _ in 0..2 {
        assert_eq!(operator(&app).post("/config", &json!({"cache_ttl": 60})).expect(200)["version"], 1);
    }
    assert_eq!(app.audited("config.changed"), 1);
}

#[test]
fn going_back_makes_a_new_version_of_the_old_settings() {
    let app = TestApp::new();
    for ttl in [60, 90] {
        operator(&app).post("/config", &json!({"cache_ttl": ttl})).expect(200);
    }
    let back = |version: i64| {
        operator(&app).post("/api/v1/operations/config/roll-back", &json!({"version": version}))
    };
    let first = back(1).expect(200);
    assert_eq!((&first["version"], &first["config"]["cache_ttl"]), (&json!(3), &json!(60)));
    let start = back(0).expect(200);
    assert_eq!((&start["version"], &start["config"]["cache_ttl"]), (&json!(4), &json!(300)));
    back(99).problem(404, "not_found");
    back(-1).problem(404, "not_found");
    let history = operator(&app).get("/api/v1/operations/config/history?limit=2").expect(200);
    assert_eq!(history["items"][1]["rolled_back_to"], 1);
    let older = operator(&app).get("/api/v1/operations/config/history?before=3").expect(200);
    assert_eq!(older["items"][0]["version"], 2);
    assert_eq!(app.audited("config.rolled_back"), 2);
    operator(&app).get("/api/v1/operations/config/history?limit=101").problem(422, "malformed");
}

#[test]
fn the_cache_is_as_large_and_as_old_as_the_settings_say_at_once() {
    let app = TestApp::new();
    let key = |n: i32| CacheKey::of(&n).unwrap();
    let put = |from, to| {
        block_on(app.content_cache.put_all((from..to).map(|n| (key(n), n.to_string())).collect())).unwrap()
    };
    put(0, 400);
    operator(&app).post("/config", &json!({"cache_max_size": 100, "cache_ttl": 60})).expect(200);
    put(400, 500);
    let stats = operator(&app).get("/api/v1/operations/cache").expect(200);
    assert_eq!(stats["capacity"], 100);
    assert!(stats["size"].as_i64().unwrap() <= 100, "{stats}");
    app.clock.advance(60_000);
    assert_eq!(block_on(app.content_cache.get(key(499))).unwrap(), None);
}

#[test]
fn clearing_the_cache_is_audited() {
    let app = TestApp::new();
    block_on(app.content_cache.put(CacheKey::of(&1).unwrap(), "x".to_owned())).unwrap();
    let cleared = operator(&app).post("/cache/clear", &json!({})).expect(200);
    assert_eq!((&cleared["success"], &cleared["cleared"]), (&json!(true), &json!(1)));
    assert_eq!(app.audited("cache.cleared"), 1);
}

#[test]
fn while_the_settings_cannot_be_had_operators_are_told_and_everybody_else_goes_on() {
    let app = TestApp::new();
    app.settings.is_down.store(true, Ordering::SeqCst);
    operator(&app).get("/config").problem(503, "unavailable");
    operator(&app).post("/config", &json!({"cache_ttl": 60})).problem(503, "unavailable");
    assert!(block_on(app.content_cache.put(CacheKey::of(&1).unwrap(), "x".to_owned())).unwrap());
}

#[test]
fn a_game_is_told_once_that_the_settings_changed() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    let class = ada.make_class();
    let mut game = Game::open(&app, &class, "job-1");
    let changes = |answer: &Value| -> Vec<Value> {
        let messages = answer["messages"].as_array().unwrap().iter();
        messages
            .filter(|message| message["type"] == "config_changed")
            .map(|message| message["data"].clone())
            .collect()
    };
    game.sync(&[]);
    assert!(changes(&game.sync(&[])).is_empty());
    operator(&app).post("/config", &json!({"rate_limit_requests": 30})).expect(200);
    assert_eq!(changes(&game.sync(&[])), [json!({"version": 1})]);
    assert!(changes(&game.sync(&[])).is_empty());
    app.rooms.evict();
    assert!(changes(&game.sync(&[])).is_empty(), "the room remembers what it told");
    let room_key = class["room_key"].as_str().unwrap();
    let quiet = app.rooms.statements_of(room_key, || {
        game.sync(&[]);
    });
    assert_eq!(quiet, 0, "a sync in which nothing changed touches no storage");
}
