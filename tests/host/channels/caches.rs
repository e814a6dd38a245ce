//! Cache channels keep their last event for who comes later.

use serde_json::json;
use toolboxai_edge::realtime::News;

use crate::support::Channels;

#[test]
fn who_comes_later_gets_the_last_event_at_once() {
    for channel in ["cache-a", "private-cache-a", "presence-cache-a"] {
        let mut app = Channels::new();
        app.trigger(channel, "state", &json!(1));
        app.trigger(channel, "state", &json!(2));
        app.evict(&[]);
        let id = app.connect();
        app.join(&id, channel, "ada");
        let events = app.client(&id).events();
        let at = events.iter().position(|name| *name == "pusher_internal:subscription_succeeded").unwrap();
        assert!(events[at + 1..].contains(&"state"), "{events:?}");
        assert_eq!(app.client(&id).of("state"), [json!(2)]);
        assert_eq!(app.client(&id).of("pusher:cache_miss").len(), 0);
    }
}

#[test]
fn an_empty_or_old_cache_is_a_miss() {
    let mut app = Channels::new();
    let (early, late) = (app.connect(), app.connect());
    app.subscribe(&early, "cache-a");
    assert_eq!(app.client(&early).of("pusher:cache_miss").len(), 1);
    assert_eq!(app.news.last(), Some(&News::CacheMiss("cache-a".to_owned())));
    app.trigger("cache-a", "state", &json!(1));
    app.clock.advance(30 * 60 * 1000);
    app.subscribe(&late, "cache-a");
    assert_eq!(app.client(&late).of("pusher:cache_miss").len(), 1);
    assert_eq!(app.client(&late).of("state").len(), 0);
}

#[test]
fn what_is_too_old_is_deleted_when_something_new_is_kept() {
    let mut app = Channels::new();
    for n in 0..5 {
        app.trigger(&format!("cache-{n}"), "state", &json!(n));
        app.clock.advance(10 * 60 * 1000);
    }
    let kept: i64 =
        app.sql.connection.query_row("select count(*) from kept_events", [], |row| row.get(0)).unwrap();
    assert_eq!(kept, 3);
}

#[test]
fn what_clients_say_is_not_kept() {
    let mut app = Channels::new();
    let (one, two) = (app.connect(), app.connect());
    app.subscribe(&one, "private-cache-a");
    app.client_event(&one, "private-cache-a", "client-x", &json!(1));
    app.subscribe(&two, "private-cache-a");
    assert_eq!(app.client(&two).of("client-x").len(), 0);
    assert_eq!(app.client(&two).of("pusher:cache_miss").len(), 1);
}
