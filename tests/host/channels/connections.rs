//! How a connection begins, what it may subscribe to, and how it ends.

use serde_json::json;
use toolboxai_edge::realtime::News;

use crate::support::Channels;

#[test]
fn a_connection_is_told_its_id_and_how_to_behave() {
    let mut app = Channels::new();
    let id = app.connect();
    let told = &app.client(&id).of("pusher:connection_established")[0];
    assert_eq!(*told, json!({"socket_id": id, "activity_timeout": 120, "reconnect_jitter_ms": 2000}));
}

#[test]
fn a_protocol_that_is_not_spoken_is_refused_for_good() {
    let mut app = Channels::new();
    assert_eq!(app.connect_with("client=js"), Err(4008));
    assert_eq!(app.connect_with("protocol=x"), Err(4006));
    assert_eq!(app.connect_with("protocol=1"), Err(4007));
}

#[test]
fn who_only_connects_writes_nothing() {
    let mut app = Channels::new();
    let id = app.connect();
    app.say(&id, r#"{"event":"pusher:ping","data":{}}"#);
    app.leave(&id);
    let tables: i64 = app
        .sql
        .connection
        .query_row("select count(*) from sqlite_master where name = 'subscriptions'", [], |row| row.get(0))
        .unwrap();
    assert_eq!(tables, 0);
}

#[test]
fn a_private_channel_needs_the_signature_of_this_socket_and_channel() {
    let mut app = Channels::new();
    let (one, two) = (app.connect(), app.connect());
    app.subscribe(&one, "private-a");
    assert_eq!(app.client(&one).of("pusher_internal:subscription_succeeded"), [json!({})]);
    let said = json!({"event": "pusher:subscribe", "data": {"channel": "private-a"}});
    app.say(&two, &said.to_string());
    let forged = json!({"event": "pusher:subscribe", "data": {"channel": "private-a", "auth": "278d425bdf160c739803:00"}});
    app.say(&two, &forged.to_string());
    let errors = app.client(&two).of("pusher:subscription_error");
    assert_eq!(errors.len(), 2);
    assert_eq!((&errors[0]["type"], &errors[0]["status"]), (&json!("AuthError"), &json!(401)));
    app.trigger("private-a", "secret", &json!(1));
    assert_eq!(app.client(&two).of("secret").len(), 0);
    assert_eq!(app.client(&one).of("secret"), [json!(1)]);
}

#[test]
fn a_name_that_is_none_is_refused_and_the_connection_goes_on() {
    let mut app = Channels::new();
    let id = app.connect();
    for name in ["", "a b", "#x", "private-ü"] {
        app.subscribe(&id, name);
    }
    assert_eq!(app.client(&id).of("pusher:subscription_error").len(), 4);
    app.subscribe(&id, "public");
    assert_eq!(app.client(&id).of("pusher_internal:subscription_succeeded").len(), 1);
}

#[test]
fn subscribing_again_is_the_same_as_once() {
    let mut app = Channels::new();
    let id = app.connect();
    app.subscribe(&id, "news");
    app.subscribe(&id, "news");
    app.trigger("news", "e", &json!(1));
    assert_eq!(app.client(&id).of("e").len(), 1);
    assert_eq!(app.news, [News::Occupied("news".to_owned())]);
    app.unsubscribe(&id, "news");
    app.unsubscribe(&id, "news");
    app.unsubscribe(&id, "never");
    app.trigger("news", "e", &json!(1));
    assert_eq!(app.client(&id).of("e").len(), 1);
    assert_eq!(app.news.last(), Some(&News::Vacated("news".to_owned())));
    assert_eq!(app.news.len(), 2);
}

#[test]
fn a_connection_is_on_a_hundred_channels_at_most() {
    let mut app = Channels::new();
    let id = app.connect();
    for n in 0..101 {
        app.subscribe(&id, &format!("c{n}"));
    }
    assert_eq!(app.client(&id).of("pusher_internal:subscription_succeeded").len(), 100);
    assert_eq!(app.client(&id).of("pusher:subscription_error")[0]["type"], "LimitReached");
    app.unsubscribe(&id, "c0");
    app.subscribe(&id, "c100");
    assert_eq!(app.client(&id).of("pusher_internal:subscription_succeeded").len(), 101);
}

#[test]
fn what_is_no_frame_harms_nobody() {
    let mut app = Channels::new();
    let (one, two) = (app.connect(), app.connect());
    app.subscribe(&two, "news");
    let giant = format!(r#"{{"event":"client-x","channel":"news","data":"{}"}}"#, "x".repeat(30_000));
    for frame in ["", "{", "[]", "null", r#"{"event":1}"#, r#"{"event":"pusher:subscribe"}"#, &giant] {
        app.say(&one, frame);
    }
    assert_eq!(app.client(&one).of("pusher:error").len(), 7);
    app.say(&one, r#"{"event":"unknown","data":{}}"#);
    assert_eq!(app.client(&one).of("pusher:error").len(), 7);
    app.trigger("news", "e", &json!(1));
    assert_eq!(app.client(&two).of("e"), [json!(1)]);
    assert_eq!(app.client(&one).closed, None);
}

#[test]
fn how_many_are_on_a_channel_is_told_at_most_once_a_second() {
    let mut app = Channels::new();
    let first = app.connect();
    app.subscribe(&first, "news");
    for _ in 0..5 {
        let id = app.connect();
        app.subscribe(&id, "news");
    }
    let counts = |app: &Channels| {
        let told = app.client(&first).of("pusher_internal:subscription_count");
        told.iter().map(|data| data["subscription_count"].as_i64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(counts(&app), [1]);
    app.ring();
    assert_eq!(counts(&app), [1, 6]);
    app.ring();
    assert_eq!(counts(&app), [1, 6]);
}

#[test]
fn who_does_not_read_is_dropped_and_who_answers_is_not() {
    let mut app = Channels::new();
    let (slow, good) = (app.connect(), app.connect());
    app.subscribe(&slow, "news");
    app.subscribe(&good, "news");
    for n in 0..3000 {
        let pings = app.client(&good).of("pusher:ping").len();
        app.trigger("news", "e", &json!(n));
        if app.client(&good).of("pusher:ping").len() > pings {
            app.say(&good, r#"{"event":"pusher:pong","data":{}}"#);
        }
    }
    assert_eq!(app.client(&slow).closed, Some(4201));
    let heard = app.client(&slow).of("e").len();
    assert!((2000..2100).contains(&heard), "{heard}");
    assert_eq!((app.client(&good).closed, app.client(&good).of("e").len()), (None, 3000));
}
