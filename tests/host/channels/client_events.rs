//! What clients tell each other.

use serde_json::json;
use toolboxai_edge::realtime::News;

use crate::support::Channels;

#[test]
fn a_client_event_reaches_the_others_and_is_not_echoed() {
    let mut app = Channels::new();
    let (one, two, out) = (app.connect(), app.connect(), app.connect());
    app.subscribe(&one, "private-a");
    app.subscribe(&two, "private-a");
    app.client_event(&one, "private-a", "client-x", &json!({"n": 1}));
    assert_eq!(app.client(&two).of("client-x"), [json!({"n": 1})]);
    for id in [&one, &out] {
        assert_eq!(app.client(id).of("client-x").len(), 0);
    }
    assert!(matches!(app.news.last(), Some(News::ClientEvent { user_id: None, .. })));
}

#[test]
fn on_a_presence_channel_it_carries_who_sent_it() {
    let mut app = Channels::new();
    let (one, two) = (app.connect(), app.connect());
    app.join(&one, "presence-a", "ada");
    app.join(&two, "presence-a", "bob");
    app.say(&one, r#"{"event":"client-x","channel":"presence-a","data":1,"user_id":"bob"}"#);
    let frame = app.client(&two).frames.iter().find(|frame| frame["event"] == "client-x").unwrap();
    assert_eq!(frame["user_id"], "ada");
}

#[test]
fn who_may_not_send_is_told_and_stays() {
    let mut app = Channels::new();
    let (one, two) = (app.connect(), app.connect());
    for channel in ["public", "private-encrypted-a", "private-a"] {
        app.subscribe(&two, channel);
    }
    app.subscribe(&one, "public");
    app.subscribe(&one, "private-encrypted-a");
    for channel in ["public", "private-encrypted-a", "private-a"] {
        app.client_event(&one, channel, "client-x", &json!(1));
    }
    app.subscribe(&one, "private-a");
    app.client_event(&one, "private-a", "client-x", &json!("x".repeat(10_300)));
    app.client_event(&one, "private-a", &format!("client-{}", "n".repeat(200)), &json!(1));
    let codes: Vec<_> =
        app.client(&one).of("pusher:error").iter().map(|error| error["code"].clone()).collect();
    assert_eq!(codes, vec![json!(4301); 5]);
    assert_eq!(app.client(&two).of("client-x").len(), 0);
    assert_eq!(app.client(&one).closed, None);
}

#[test]
fn ten_a_second_pass_and_the_rest_does_not() {
    let mut app = Channels::new();
    let (one, two) = (app.connect(), app.connect());
    app.subscribe(&one, "private-a");
    app.subscribe(&two, "private-a");
    for n in 0..15 {
        app.client_event(&one, "private-a", "client-x", &json!(n));
    }
    assert_eq!(app.client(&two).of("client-x").len(), 10);
    assert_eq!(app.client(&one).of("pusher:error").len(), 5);
    app.clock.advance(1000);
    app.client_event(&one, "private-a", "client-x", &json!(1));
    assert_eq!(app.client(&two).of("client-x").len(), 11);
}
