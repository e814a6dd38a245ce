//! Users who signed in.

use serde_json::json;

use crate::support::Channels;

#[test]
fn what_is_sent_to_a_user_reaches_their_signed_in_sockets_only() {
    let mut app = Channels::new();
    let (one, two, other) = (app.connect(), app.connect(), app.connect());
    app.sign_in(&one, "ada", &[]);
    app.sign_in(&two, "ada", &[]);
    app.sign_in(&other, "bob", &[]);
    for id in [&one, &two, &other] {
        let said = json!({"event": "pusher:subscribe", "data": {"channel": "#server-to-user-ada"}});
        app.say(id, &said.to_string());
    }
    app.trigger("#server-to-user-ada", "letter", &json!("x"));
    assert_eq!(app.client(&one).of("letter"), [json!("x")]);
    assert_eq!(app.client(&two).of("letter"), [json!("x")]);
    assert_eq!(app.client(&other).of("letter").len(), 0);
    assert_eq!(app.client(&other).of("pusher:subscription_error")[0]["status"], 401);
    let success = &app.client(&one).of("pusher:signin_success")[0];
    assert_eq!(success["user_data"], json!({"id": "ada", "watchlist": []}).to_string());
}

#[test]
fn a_forged_sign_in_ends_the_connection_for_good() {
    let mut app = Channels::new();
    let id = app.connect();
    let data = json!({"auth": "278d425bdf160c739803:00", "user_data": r#"{"id":"ada"}"#});
    app.say(&id, &json!({"event": "pusher:signin", "data": data}).to_string());
    assert_eq!(app.client(&id).closed, Some(4009));
}

#[test]
fn terminating_a_user_ends_their_signed_in_sockets() {
    let mut app = Channels::new();
    let (one, two, other) = (app.connect(), app.connect(), app.connect());
    app.sign_in(&one, "ada", &[]);
    app.sign_in(&two, "bob", &[]);
    app.join(&other, "presence-a", "ada");
    app.evict(&[]);
    app.api("POST", "/users/ada/terminate_connections", &[], &json!({})).unwrap();
    assert_eq!(app.client(&one).closed, Some(4009));
    assert_eq!((app.client(&two).closed, app.client(&other).closed), (None, None));
}

#[test]
fn who_is_watched_is_seen_to_come_and_go() {
    let mut app = Channels::new();
    let (watcher, first, second) = (app.connect(), app.connect(), app.connect());
    app.sign_in(&first, "ada", &[]);
    app.sign_in(&watcher, "w", &["ada", "bob"]);
    let events = |app: &Channels| -> Vec<_> {
        let told = app.client(&watcher).of("pusher_internal:watchlist_events");
        told.iter().flat_map(|data| data["events"].as_array().unwrap().clone()).collect()
    };
    assert_eq!(
        events(&app),
        [json!({"name": "online", "user_ids": ["ada"]}), json!({"name": "offline", "user_ids": ["bob"]})]
    );
    app.sign_in(&second, "ada", &[]);
    app.leave(&first);
    assert_eq!(events(&app).len(), 2);
    app.leave(&second);
    assert_eq!(events(&app)[2], json!({"name": "offline", "user_ids": ["ada"]}));
}

#[test]
fn a_watchlist_that_is_too_long_is_not_watched() {
    let mut app = Channels::new();
    let id = app.connect();
    let many: Vec<String> = (0..101).map(|n| format!("u{n}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    app.sign_in(&id, "w", &many);
    assert_eq!(app.client(&id).of("pusher:signin_success").len(), 1);
    assert_eq!(app.client(&id).of("pusher:error")[0]["code"], 4302);
    assert_eq!(app.client(&id).of("pusher_internal:watchlist_events").len(), 0);
}
