//! Messages, sessions, progress and batches.

use futures::executor::block_on;
use proptest::prelude::*;
use serde_json::{Value, json};
use toolboxai_edge::domain::ids::SchoolId;
use toolboxai_edge::domain::plugin::RegistryName;
use toolboxai_edge::plugins::{RegistryOp, Told};
use toolboxai_edge::ports::Plugins;

use super::{pair, paired};
use crate::support::{Actor, TestApp};

fn tell(app: &TestApp, source: &str, kind: &str) {
    let school = RegistryName::school(&SchoolId::parse(&format!("sch_{:026}", 1)).unwrap());
    let message = Told { source: source.to_owned(), kind: kind.to_owned(), data: json!({"source": source}) };
    block_on(app.plugins.call(school, RegistryOp::Tell { to: None, message })).unwrap();
}

fn poll(plugin: &Actor, after: i64) -> Value {
    plugin.post("/plugin/messages", &json!({"last_message_id": after})).expect(200)
}

fn ids(polled: &Value) -> Vec<i64> {
    polled["messages"].as_array().unwrap().iter().map(|message| message["id"].as_i64().unwrap()).collect()
}

#[test]
fn an_old_plugins_message_is_taken_once_and_polled_until_it_is_acknowledged() {
    let app = TestApp::new();
    let (id, plugin) = paired(&app, &app.sign_in("ada"), "studio-1");
    let sent = json!({"id": "m-1", "timestamp": 1, "plugin_id": id, "studio_id": "studio-1",
        "data": {"type": "content_applied", "request_id": "r", "success": true}});
    for (path, duplicate) in [
        ("/plugin/message", false),
        ("/plugin/send-message", true),
        ("/send-message", true),
        ("/api/v1/plugins/messages", true),
    ] {
        assert_eq!(plugin.post(path, &sent).expect(200)["duplicate"], duplicate);
    }
    let first = poll(&plugin, 0);
    assert_eq!(
        (&first["messages"][0]["type"], &first["messages"][0]["from"]),
        (&json!("content_applied"), &json!(id))
    );
    assert_eq!(poll(&plugin, 0)["messages"], first["messages"], "it comes again");
    assert_eq!(
        ids(&poll(&plugin, ids(&first)[0] + 1)),
        ids(&first),
        "a cursor that was never given takes nothing"
    );
    assert_eq!(ids(&poll(&plugin, ids(&first)[0])), Vec::<i64>::new());
    assert_eq!(plugin.post("/plugin/message", &sent).expect(200)["duplicate"], true, "late, and still once");
    assert_eq!(ids(&poll(&plugin, 0)), Vec::<i64>::new());
}

#[test]
fn a_message_goes_to_plugins_of_the_same_teacher_and_to_nobody_else() {
    let app = TestApp::new();
    let (ada, alan, eve) = (app.sign_in("ada"), app.sign_in("alan"), app.sign_in("eve"));
    let (one, (two_id, two)) = (pair(&app, &ada, "studio-1"), paired(&app, &ada, "studio-2"));
    one.post("/plugin/message", &json!({"id": "1", "plugin_id": two_id, "data": {}})).expect(200);
    assert_eq!(poll(&two, 0)["messages"].as_array().unwrap().len(), 1);
    for stranger in [&alan, &eve] {
        let (id, _) = paired(&app, stranger, "studio-3");
        one.post("/plugin/message", &json!({"id": "2", "plugin_id": id, "data": {}}))
            .problem(404, "not_found");
    }
    assert_eq!(one.get("/plugins").expect(200)["count"], 2);
}

#[test]
fn our_messages_are_told_once_and_bounded_in_number_and_age() {
    let app = TestApp::new();
    let plugin = pair(&app, &app.sign_in("ada"), "studio-1");
    for _ in 0..2 {
        tell(&app, "content 1", "content_ready");
    }
    assert_eq!(ids(&poll(&plugin, 0)).len(), 1);
    for n in 2..=103 {
        tell(&app, &format!("content {n}"), "content_ready");
    }
    let full = plugin.post("/plugin/message", &json!({"id": "1", "data": {}}));
    full.problem(409, "conflict");
    let polled = poll(&plugin, 0);
    assert_eq!((&polled["dropped"], &polled["more"]), (&json!(3), &json!(true)));
    assert_eq!(polled["messages"][0]["data"]["source"], "content 4", "the oldest went");
    assert_eq!(app.plugins.number("select count(*) from messages"), 100);
    app.clock.advance(24 * 3_600_000 - 1000);
    plugin.post("/heartbeat", &json!({})).expect(200);
    app.clock.advance(999);
    app.plugins.ring();
    assert_eq!(app.plugins.number("select count(*) from messages"), 100);
    let fresh = plugin.post("/api/v1/plugins/refresh", &json!({})).expect(200);
    app.clock.advance(2 * 3_600_000);
    app.plugins.ring();
    assert_eq!(app.plugins.number("select count(*) from messages"), 0);
    let polled = poll(&app.with_token(fresh["token"].as_str().unwrap()), 0);
    assert_eq!((&polled["dropped"], &polled["messages"]), (&json!(103), &json!([])));
}

#[test]
fn an_idle_poll_costs_no_statement() {
    let app = TestApp::new();
    let plugin = pair(&app, &app.sign_in("ada"), "studio-1");
    poll(&plugin, 0);
    app.plugins.take_statements();
    poll(&plugin, 7);
    assert_eq!(app.plugins.take_statements(), 0);
}

#[test]
fn sessions_start_once_end_once_and_are_few() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    let plugin = pair(&app, &ada, "studio-1");
    let start = json!({"request_id": "r-1", "lesson": "Fractions"});
    let first = plugin.post("/plugin/session/start", &start).expect(200);
    assert_eq!(
        plugin.post("/api/v1/plugins/sessions", &start).expect(200)["session_id"],
        first["session_id"]
    );
    assert_eq!(first["session"]["data"]["lesson"], "Fractions");
    let path = format!("/plugin/session/{}/end", first["session_id"].as_str().unwrap());
    pair(&app, &ada, "studio-2").post(&path, &json!({})).problem(404, "not_found");
    let ended = plugin.post(&path, &json!({})).expect(200);
    app.clock.advance(1000);
    let again = plugin.post(&path, &json!({})).expect(200);
    assert_eq!((&ended["session"], &ended["session"]["status"]), (&again["session"], &json!("ended")));
    plugin.post(&format!("/plugin/session/pse_{:026}/end", 1), &json!({})).problem(404, "not_found");
    for _ in 0..10 {
        plugin.post("/plugin/session/start", &json!({})).expect(200);
    }
    plugin.post("/plugin/session/start", &json!({})).problem(409, "conflict");
    plugin.post("/plugin/session/start", &json!({"x": "x".repeat(17_000)})).problem(422, "invalid");
    let synced = plugin.post("/sync", &json!({})).expect(200);
    assert_eq!(synced["data"]["sessions"].as_array().unwrap().len(), 11);
}

#[test]
fn progress_is_kept_by_pupil_and_lesson() {
    let app = TestApp::new();
    let plugin = pair(&app, &app.sign_in("ada"), "studio-1");
    for progress in [10, 20] {
        let body = json!({"student_id": 7, "lesson_id": "l-1", "progress": progress});
        plugin.post("/plugin/progress/update", &body).expect(200);
        app.clock.advance(1000);
    }
    let wrong = plugin.post("/plugin/progress/update", &json!({"lesson_id": ""})).problem(422, "invalid");
    assert_eq!(wrong["errors"].as_array().unwrap().len(), 2);
    let synced = plugin.post("/plugin/communicate", &json!({"action": "sync_data"})).expect(200);
    assert_eq!(
        (&synced["status"], &synced["data"]["progress"][0]["body"]),
        (&json!("synced"), &json!({"progress": 20}))
    );
    assert_eq!(synced["data"]["progress"].as_array().unwrap().len(), 1);
    plugin.post("/plugin/communicate", &json!({"action": "dance"})).problem(422, "invalid");
}

#[test]
fn a_batch_does_each_operation_by_itself_and_counts_as_one_call() {
    let app = TestApp::new();
    let plugin = pair(&app, &app.sign_in("ada"), "studio-1");
    let operations = json!([
        {"op": "heartbeat"},
        {"op": "send", "id": "1", "type": "note", "data": {"n": 1}},
        {"op": "send", "data": {}},
        {"op": "session_end", "plugin_session_id": format!("pse_{:026}", 1)},
        {"op": "progress", "student_id": "s", "lesson_id": "l"},
        {"op": "session_start", "request_id": "r"},
        {"op": "poll"}
    ]);
    app.plugins.take_requests();
    let done = plugin.post("/api/v1/plugins/batch", &json!({"operations": operations})).expect(200);
    assert_eq!(app.plugins.take_requests(), 1);
    let outcomes: Vec<_> =
        done["results"].as_array().unwrap().iter().map(|it| it["success"] == true).collect();
    assert_eq!(outcomes, [true, true, false, false, true, true, true]);
    assert_eq!(
        (&done["results"][2]["code"], &done["results"][3]["code"]),
        (&json!("invalid"), &json!("not_found"))
    );
    assert_eq!(done["results"][6]["result"]["messages"][0]["data"]["n"], 1);
    let many = |count: usize| json!({"operations": vec![json!({"op": "heartbeat"}); count]});
    for _ in 0..55 {
        plugin.post("/api/v1/plugins/batch", &many(100)).expect(200);
    }
    plugin.post("/api/v1/plugins/batch", &many(101)).problem(422, "invalid");
    plugin.post("/api/v1/plugins/batch", &many(0)).problem(422, "invalid");
    plugin.post("/api/v1/plugins/batch", &json!({"operations": [{"op": "dance"}]})).problem(422, "invalid");
}

/// What happens to a queue.
#[derive(Clone, Debug)]
enum Step {
    Tell(u8),
    Send(u8),
    Poll,
    Acknowledge,
    Crash,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => (0_u8..30).prop_map(Step::Tell),
        3 => (0_u8..30).prop_map(Step::Send),
        2 => Just(Step::Poll),
        2 => Just(Step::Acknowledge),
        1 => Just(Step::Crash),
    ];
    prop::collection::vec(step, 1..50)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever order tells, sends, repeats, polls and crashes come in: messages come in the order of their ids, each until it
    /// is acknowledged, and in the end everybody's were seen.
    #[test]
    fn messages_come_in_order_and_none_is_lost(steps in steps()) {
        let app = TestApp::new();
        let plugin = pair(&app, &app.sign_in("ada"), "studio-1");
        let (mut expected, mut seen) = (Vec::<String>::new(), Vec::<(i64, String)>::new());
        let (mut cursor, mut given) = (0, 0);
        let take = |polled: &Value, seen: &mut Vec<(i64, String)>, cursor: i64| {
            let mut last = cursor;
            for message in polled["messages"].as_array().unwrap() {
                let id = message["id"].as_i64().unwrap();
                assert!(id > last, "in order, and none that was acknowledged");
                last = id;
                let name = message["data"]["source"].as_str().unwrap().to_owned();
                if seen.iter().all(|(known, _)| *known != id) {
                    seen.push((id, name));
                }
            }
            last
        };
        for step in steps {
            match step {
                Step::Tell(n) => {
                    let source = format!("tell {n}");
                    tell(&app, &source, "content_ready");
                    if !expected.contains(&source) { expected.push(source); }
                }
                Step::Send(n) => {
                    let source = format!("send {n}");
                    plugin.post("/send-message", &json!({"id": source, "data": {"source": source}})).expect(200);
                    if !expected.contains(&source) { expected.push(source); }
                }
                Step::Poll => given = take(&poll(&plugin, cursor), &mut seen, cursor),
                Step::Acknowledge => cursor = given.max(cursor),
                Step::Crash => app.plugins.evict(),
            }
        }
        loop {
            let polled = poll(&plugin, cursor);
            let last = take(&polled, &mut seen, cursor);
            if last == cursor { break; }
            cursor = last;
        }
        let names: Vec<_> = seen.iter().map(|(_, name)| name.clone()).collect();
        prop_assert_eq!(names, expected);
    }
}
