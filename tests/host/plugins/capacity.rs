//! Nothing grows without bound: who was silent longest makes room.

use std::sync::Arc;

use futures::executor::block_on;
use serde_json::{Map, Value, json};
use toolboxai_edge::domain::plugin::{Registration, RegistryName};
use toolboxai_edge::plugins::{RegistryAnswer, RegistryOp};
use toolboxai_edge::ports::Plugins;

use super::pair;
use crate::support::TestApp;

/// Registers the studio in a lobby of the test's choice.
fn enter(app: &Arc<TestApp>, lobby: &RegistryName, studio: usize, features: &Value) -> String {
    let fields = json!({"studio_id": format!("studio-{studio}"), "capabilities": features});
    let fields: Map<String, Value> = fields.as_object().unwrap().clone();
    let op = RegistryOp::Register(Registration::parse(&fields).unwrap());
    match block_on(app.plugins.call(lobby.clone(), op)).unwrap() {
        RegistryAnswer::Registered(standing) => standing.plugin_id.to_string(),
        other => panic!("{other:?}"),
    }
}

fn lobby() -> RegistryName {
    serde_json::from_value(json!("lobby:0")).unwrap()
}

#[test]
fn a_lobby_holds_two_thousand_plugins_and_the_one_that_was_silent_longest_goes_first() {
    let app = TestApp::new();
    let ids: Vec<String> = (0..2_000)
        .map(|studio| {
            app.clock.advance(1);
            enter(&app, &lobby(), studio, &json!([]))
        })
        .collect();
    // The first comes again: now the second was silent longest.
    app.clock.advance(1);
    assert_eq!(enter(&app, &lobby(), 0, &json!([])), ids[0]);
    app.clock.advance(1);
    enter(&app, &lobby(), 2_000, &json!([]));
    assert_eq!(app.plugins.number("select count(*) from plugins"), 2_000);
    let is_there =
        |id: &str| app.plugins.number(&format!("select count(*) from plugins where id = '{id}'")) == 1;
    assert!(is_there(&ids[0]) && !is_there(&ids[1]) && is_there(&ids[2]));
}

#[test]
fn a_lobby_holds_eight_megabytes() {
    let app = TestApp::new();
    // A kilobyte each, four times over: letters that take four bytes.
    let features = json!(vec!["\u{1F9EA}".repeat(50); 20]);
    for studio in 0..2_000 {
        app.clock.advance(1);
        enter(&app, &lobby(), studio, &features);
    }
    let bytes = app.plugins.number("select sum(length(cast(body as blob))) from plugins");
    assert!((7 << 20..=8 << 20).contains(&bytes), "{bytes}");
    let newest = app.plugins.number("select count(*) from plugins where body like '%studio-1999%'");
    assert_eq!(newest, 1);
}

#[test]
fn sessions_and_progress_of_one_plugin_are_bounded_however_often_it_reports() {
    let app = TestApp::new();
    let plugin = pair(&app, &app.sign_in("ada"), "studio-1");
    for pupil in 0..3 {
        let report = |n: usize| json!({"op": "progress", "student_id": pupil * 100 + n, "lesson_id": "l"});
        let operations: Vec<Value> = (0..100).map(report).collect();
        plugin.post("/api/v1/plugins/batch", &json!({"operations": operations})).expect(200);
        app.clock.advance(1);
    }
    assert_eq!(app.plugins.number("select count(*) from progress"), 200);
    let old = "select count(*) from progress where cast(student_id as integer) < 100";
    assert_eq!(app.plugins.number(old), 0, "the newest stay");
    for _ in 0..30 {
        let made = plugin.post("/plugin/session/start", &json!({})).expect(200);
        let path = format!("/plugin/session/{}/end", made["session_id"].as_str().unwrap());
        plugin.post("/api/v1/plugins/heartbeat", &json!({})).expect(200);
        app.clock.advance(5_000);
        plugin.post(&path, &json!({})).expect(200);
    }
    assert!(app.plugins.number("select count(*) from sessions") <= 11);
    app.clock.advance(8 * 24 * 3_600_000);
    app.plugins.ring();
    assert_eq!(app.plugins.number("select count(*) from progress"), 0);
    assert_eq!(app.plugins.number("select count(*) from plugins"), 0, "no token of it can be alive");
}
