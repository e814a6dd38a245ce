//! The HTTP API, behind its signature.

use serde_json::{Value, json};

use crate::support::Channels;

fn status(app: &mut Channels, method: &str, path: &str, query: &[(&str, &str)], body: &Value) -> u16 {
    app.api(method, path, query, body).map_or_else(|refusal| refusal.status, |_| 200)
}

#[test]
fn an_event_reaches_its_channels_but_not_the_excluded_socket() {
    let mut app = Channels::new();
    let (one, two) = (app.connect(), app.connect());
    for id in [&one, &two] {
        app.subscribe(id, "a");
    }
    app.subscribe(&two, "private-b");
    let body = json!({"name": "e", "channels": ["a", "private-b"], "data": "{\"n\":1}", "socket_id": one});
    assert_eq!(app.api("POST", "/events", &[], &body), Ok(json!({})));
    assert_eq!(app.client(&one).of("e").len(), 0);
    assert_eq!(app.client(&two).of("e"), [json!({"n": 1}), json!({"n": 1})]);
}

#[test]
fn who_asks_is_told_how_many_there_are() {
    let mut app = Channels::new();
    let (one, two) = (app.connect(), app.connect());
    app.join(&one, "presence-a", "ada");
    app.join(&two, "presence-a", "ada");
    let event = json!({"name": "e", "channels": ["presence-a", "empty"], "data": "", "info": "user_count,subscription_count"});
    assert_eq!(
        app.api("POST", "/events", &[], &event),
        Ok(
            json!({"channels": {"presence-a": {"user_count": 1, "subscription_count": 2}, "empty": {"subscription_count": 0}}})
        )
    );
    let one = |info: Option<&str>| json!({"name": "e", "channel": "presence-a", "data": "", "info": info});
    assert_eq!(
        app.api("POST", "/batch_events", &[], &json!({"batch": [one(Some("user_count")), one(None)]})),
        Ok(json!({"batch": [{"user_count": 1}, {}]}))
    );
    assert_eq!(app.api("POST", "/batch_events", &[], &json!({"batch": [one(None)]})), Ok(json!({})));
}

#[test]
fn channels_are_listed_and_described() {
    let mut app = Channels::new();
    let id = app.connect();
    app.join(&id, "presence-a", "7");
    app.subscribe(&id, "presence-none");
    app.subscribe(&id, "cache-c");
    app.subscribe(&id, "news");
    app.trigger("cache-c", "state", &json!(5));
    let none = &json!(null);
    assert_eq!(
        app.api("GET", "/channels", &[], none),
        Ok(json!({"channels": {"cache-c": {}, "news": {}, "presence-a": {}}}))
    );
    let query = [("filter_by_prefix", "presence-"), ("info", "user_count")];
    assert_eq!(
        app.api("GET", "/channels", &query, none),
        Ok(json!({"channels": {"presence-a": {"user_count": 1}}}))
    );
    assert_eq!(status(&mut app, "GET", "/channels", &[("info", "user_count")], none), 400);
    assert_eq!(
        app.api("GET", "/channels/news", &[("info", "subscription_count")], none),
        Ok(json!({"occupied": true, "subscription_count": 1}))
    );
    assert_eq!(app.api("GET", "/channels/nobody", &[], none), Ok(json!({"occupied": false})));
    assert_eq!(
        app.api("GET", "/channels/cache-c", &[("info", "cache")], none),
        Ok(json!({"occupied": true, "cache": {"data": "5", "ttl": 1800}}))
    );
    assert_eq!(app.api("GET", "/channels/presence-a/users", &[], none), Ok(json!({"users": [{"id": "7"}]})));
    assert_eq!(status(&mut app, "GET", "/channels/news/users", &[], none), 400);
    assert_eq!(status(&mut app, "GET", "/channels/news", &[("info", "user_count")], none), 400);
    assert_eq!(status(&mut app, "GET", "/channels/a b", &[], none), 400);
    assert_eq!(status(&mut app, "GET", "/nothing", &[], none), 404);
    assert_eq!(status(&mut app, "DELETE", "/channels", &[], none), 404);
}

#[test]
fn a_batch_with_one_bad_event_does_nothing() {
    let mut app = Channels::new();
    let id = app.connect();
    app.subscribe(&id, "a");
    let body = json!({"batch": [{"name": "e", "channel": "a", "data": ""}, {"name": "e", "channel": "a b", "data": ""}]});
    assert_eq!(status(&mut app, "POST", "/batch_events", &[], &body), 400);
    assert_eq!(app.client(&id).of("e").len(), 0);
}
