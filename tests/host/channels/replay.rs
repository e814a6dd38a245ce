//! What a client missed, it gets; what is gone, it is told.

use serde_json::{Value, json};

use crate::support::Channels;

fn resume(app: &mut Channels, channel: &str, after: i64) -> Vec<Value> {
    let id = app.connect();
    app.subscribe_with(&id, channel, &json!({"resume": {"after": after}}));
    app.client(&id).frames.clone()
}

fn numbers(frames: &[Value]) -> Vec<i64> {
    frames.iter().filter_map(|frame| frame["seq"].as_i64()).collect()
}

#[test]
fn what_was_missed_comes_in_order_and_only_of_the_channel() {
    let mut app = Channels::new();
    for n in 1..=6 {
        app.trigger(if n % 2 == 0 { "even" } else { "odd" }, "e", &json!(n));
    }
    app.evict(&[]);
    let frames = resume(&mut app, "even", 2);
    assert_eq!(numbers(&frames), [4, 6]);
    let done = frames.iter().find(|frame| frame["event"] == "edge:resume_succeeded").unwrap();
    assert_eq!(done["data"], json!({"after": 2, "events": 2}).to_string());
    assert_eq!(numbers(&resume(&mut app, "even", 6)), [0; 0]);
}

#[test]
fn events_are_numbered_without_gaps_and_live_ones_say_theirs() {
    let mut app = Channels::new();
    let id = app.connect();
    app.subscribe(&id, "a");
    app.subscribe(&id, "b");
    app.trigger("a", "e", &json!(1));
    app.evict(&[]);
    let body = json!({"name": "e", "channels": ["a", "b"], "data": "2"});
    app.api("POST", "/events", &[], &body).unwrap();
    app.trigger("a", "e", &json!(3));
    assert_eq!(numbers(&app.client(&id).frames), [1, 2, 2, 3]);
}

#[test]
fn an_event_that_could_not_be_kept_takes_no_number() {
    let mut app = Channels::new();
    let id = app.connect();
    app.subscribe(&id, "cache-a");
    app.trigger("cache-a", "e", &json!(1));
    let event = json!({"name": "e", "channel": "cache-a", "data": "2"});
    // The first statement writes the log, the second what the channel keeps.
    app.api_that_fails(2, "/events", &event);
    app.api_that_fails(4, "/batch_events", &json!({"batch": [event, event]}));
    app.trigger("cache-a", "e", &json!(3));
    assert_eq!(numbers(&app.client(&id).frames), [1, 2]);
    assert_eq!(numbers(&resume(&mut app, "cache-a", 1)), [2, 2]);
}

#[test]
fn a_gap_is_told_never_hidden() {
    let mut app = Channels::new();
    for n in 0..2150 {
        app.trigger("a", "e", &json!(n));
    }
    for after in [3, 2200] {
        let frames = resume(&mut app, "a", after);
        assert_eq!(numbers(&frames), [0; 0]);
        let failed = frames.iter().find(|frame| frame["event"] == "edge:resume_failed").unwrap();
        let data: Value = serde_json::from_str(failed["data"].as_str().unwrap()).unwrap();
        assert_eq!(data["last_seq"], 2150);
        assert!(data["oldest_seq"].as_i64().unwrap() > 3);
    }
    // Too much for a socket: it asks over HTTP.
    assert!(resume(&mut app, "a", 1000).iter().any(|frame| frame["event"] == "edge:resume_failed"));
    assert_eq!(numbers(&resume(&mut app, "a", 2000)).len(), 150);
}
