//! Presence counts users, not sockets.

use serde_json::json;
use toolboxai_edge::realtime::News;

use crate::support::Channels;

const ROOM: &str = "presence-room";

#[test]
fn three_tabs_of_a_person_are_one_member() {
    let mut app = Channels::new();
    let watcher = app.connect();
    app.join(&watcher, ROOM, "w");
    let tabs: Vec<String> = (0..3).map(|_| app.connect()).collect();
    for tab in &tabs {
        app.join(tab, ROOM, "ada");
    }
    let added = app.client(&watcher).of("pusher_internal:member_added");
    assert_eq!(added, [json!({"user_id": "ada", "user_info": {"name": "name of ada"}})]);
    let roster = &app.client(&tabs[2]).of("pusher_internal:subscription_succeeded")[0]["presence"];
    assert_eq!((&roster["count"], &roster["ids"]), (&json!(2), &json!(["ada", "w"])));
    assert_eq!(roster["hash"]["ada"], json!({"name": "name of ada"}));
    app.leave(&tabs[0]);
    app.unsubscribe(&tabs[1], ROOM);
    assert_eq!(app.client(&watcher).of("pusher_internal:member_removed").len(), 0);
    app.leave(&tabs[2]);
    assert_eq!(app.client(&watcher).of("pusher_internal:member_removed"), [json!({"user_id": "ada"})]);
    let about = |news: &&News| matches!(news, News::MemberAdded { user_id, .. } | News::MemberRemoved { user_id, .. } if user_id == "ada");
    assert_eq!(app.news.iter().filter(about).count(), 2);
}

#[test]
fn a_users_id_may_be_a_number() {
    let mut app = Channels::new();
    let id = app.connect();
    app.subscribe_with(
        &id,
        ROOM,
        &json!({"channel_data": r#"{"user_id":10,"user_info":{"name":"Mr. Channels"}}"#}),
    );
    let roster = &app.client(&id).of("pusher_internal:subscription_succeeded")[0]["presence"];
    assert_eq!(*roster, json!({"count": 1, "ids": ["10"], "hash": {"10": {"name": "Mr. Channels"}}}));
}

#[test]
fn a_member_without_an_id_or_with_too_much_to_say_is_refused() {
    let mut app = Channels::new();
    let id = app.connect();
    let long = json!({"user_id": "a", "user_info": "x".repeat(1100)}).to_string();
    let nameless = json!({"user_id": "n".repeat(129)}).to_string();
    for data in [r#"{"user_info":{}}"#, r#"{"user_id":""}"#, r#"{"user_id":{}}"#, "{", &long, &nameless] {
        app.subscribe_with(&id, ROOM, &json!({"channel_data": data}));
    }
    app.subscribe(&id, ROOM);
    assert_eq!(app.client(&id).of("pusher:subscription_error").len(), 7);
    assert_eq!(app.client(&id).of("pusher_internal:subscription_succeeded").len(), 0);
}

#[test]
fn a_channel_has_a_hundred_members_at_most_and_a_member_any_number_of_tabs() {
    let mut app = Channels::new();
    for n in 0..100 {
        let id = app.connect();
        app.join(&id, ROOM, &format!("u{n}"));
    }
    let (late, tab) = (app.connect(), app.connect());
    app.join(&late, ROOM, "late");
    app.join(&tab, ROOM, "u7");
    assert_eq!(app.client(&late).of("pusher:subscription_error")[0]["type"], "LimitReached");
    assert_eq!(app.client(&tab).of("pusher_internal:subscription_succeeded").len(), 1);
}

#[test]
fn who_went_with_the_process_is_seen_to_leave() {
    let mut app = Channels::new();
    let (stays, goes) = (app.connect(), app.connect());
    app.join(&stays, ROOM, "s");
    app.join(&goes, ROOM, "g");
    app.evict(&[&goes]);
    app.say(&stays, r#"{"event":"pusher:ping","data":{}}"#);
    assert_eq!(app.client(&stays).of("pusher_internal:member_removed"), [json!({"user_id": "g"})]);
    assert_eq!(
        app.api("GET", "/channels/presence-room/users", &[], &json!(null)),
        Ok(json!({"users": [{"id": "s"}]}))
    );
}
