//! What is told and when, rule by rule.

use serde_json::{Value, json};
use toolboxai_edge::domain::webhook::WebhookEvent::{
    self, CacheMiss, ChannelOccupied, ChannelVacated, ClientEvent, MemberAdded, MemberRemoved,
};
use toolboxai_edge::realtime::News;

use crate::support::{Newsroom, webhook};

const ALL: [WebhookEvent; 6] =
    [ChannelOccupied, ChannelVacated, MemberAdded, MemberRemoved, CacheMiss, ClientEvent];
const NONE: [&str; 0] = [];

fn room() -> Newsroom {
    Newsroom::new(vec![webhook(1, &ALL)])
}

#[test]
fn who_comes_is_told_soon_and_who_goes_after_the_grace() {
    let mut room = room();
    let socket = room.connect();
    room.join(socket, "presence-a", "ada");
    assert_eq!(room.told(1), NONE);
    room.pass(500);
    assert_eq!(room.told(1), ["channel_occupied presence-a", "member_added presence-a ada"]);
    room.leave(socket);
    room.pass(2999);
    assert_eq!(room.told(1).len(), 2);
    room.pass(1);
    assert_eq!(room.told(1)[2..], ["member_removed presence-a ada", "channel_vacated presence-a"]);
    assert_eq!(room.waiting(), 0);
}

#[test]
fn who_is_back_within_the_grace_never_left() {
    let mut room = room();
    let socket = room.connect();
    room.join(socket, "presence-a", "ada");
    room.pass(1000);
    for _ in 0..5 {
        room.leave(0);
        let socket = room.connect();
        room.join(socket, "presence-a", "ada");
        room.leave(socket);
        room.pass(2000);
        let socket = room.connect();
        room.join(socket, "presence-a", "ada");
        room.pass(900);
        room.leave(socket);
    }
    room.join(9, "presence-a", "ada");
    assert_eq!(room.told(1), ["channel_occupied presence-a", "member_added presence-a ada"]);
    room.pass(60_000);
    let last = ["member_removed presence-a ada", "channel_vacated presence-a"];
    assert_eq!(room.told(1)[2..], last);
}

#[test]
fn who_is_back_after_the_grace_did_leave_even_while_nothing_can_be_told() {
    let mut room = room();
    let socket = room.connect();
    room.join(socket, "a", "");
    room.pass(1000);
    room.queue_is_down = true;
    room.leave(socket);
    room.pass(3000);
    let socket = room.connect();
    room.join(socket, "a", "");
    room.queue_is_down = false;
    room.pass(10_000);
    assert_eq!(room.told(1), ["channel_occupied a", "channel_vacated a", "channel_occupied a"]);
}

#[test]
fn another_channel_or_member_takes_nothing_back() {
    let mut room = room();
    let (one, two) = (room.connect(), room.connect());
    room.join(one, "presence-a", "ada");
    room.join(two, "presence-b", "bob");
    room.pass(1000);
    room.leave(one);
    room.join(two, "presence-a", "bob");
    room.pass(5000);
    let told = room.told(1)[4..].to_vec();
    assert_eq!(told, ["member_added presence-a bob", "member_removed presence-a ada"]);
}

#[test]
fn a_webhook_is_told_only_what_it_wants() {
    let vacated = webhook(2, &[ChannelVacated]);
    let mut room = Newsroom::new(vec![webhook(1, &[ChannelOccupied]), vacated, webhook(3, &[CacheMiss])]);
    let socket = room.connect();
    room.join(socket, "presence-cache-a", "ada");
    room.pass(1000);
    room.leave(socket);
    // Nobody of the first is told of it, but it must be known for the pause.
    let socket = room.connect();
    room.join(socket, "presence-cache-a", "ada");
    room.pass(1000);
    room.leave(socket);
    room.pass(5000);
    assert_eq!(room.told(1), ["channel_occupied presence-cache-a"]);
    assert_eq!(room.told(2), ["channel_vacated presence-cache-a"]);
    assert_eq!(room.told(3), ["cache_miss presence-cache-a"]);
    assert_eq!(room.waiting(), 0);
}

#[test]
fn an_empty_cache_is_told_once_in_half_a_minute() {
    let mut room = room();
    for _ in 0..5 {
        let socket = room.connect();
        room.join(socket, "cache-a", "");
        room.pass(1000);
    }
    let misses = |room: &Newsroom| room.told(1).iter().filter(|told| told.starts_with("cache_miss")).count();
    assert_eq!(misses(&room), 1);
    room.pass(25_000);
    let socket = room.connect();
    room.join(socket, "cache-a", "");
    room.pass(1000);
    assert_eq!(misses(&room), 2);
}

#[test]
fn what_gathers_goes_in_one_request_with_the_time_of_its_making() {
    let mut room = Newsroom::new(vec![webhook(1, &ALL), webhook(2, &ALL)]);
    let socket = room.connect();
    for n in 0..5 {
        room.join(socket, &format!("c{n}"), "");
        room.pass(50);
    }
    room.pass(1000);
    assert_eq!(room.queue.len(), 2, "one a webhook");
    let body: Value = serde_json::from_str(&room.queue[0].body).unwrap();
    assert_eq!(body["time_ms"], room.queue[0].at.as_millis());
    assert_eq!(body["events"][4], json!({"name": "channel_occupied", "channel": "c4"}));
    assert_eq!(room.queue[0].body, room.queue[1].body);
}

fn client_event(n: usize, data: String) -> News {
    News::ClientEvent {
        channel: "private-a".to_owned(),
        event: format!("client-{n}"),
        data,
        socket_id: "1.1".to_owned(),
        user_id: None,
    }
}

#[test]
fn a_client_event_has_its_data_as_it_came_and_its_sender() {
    let mut room = room();
    let (channel, user) = ("presence-a".to_owned(), Some("ada".to_owned()));
    let (event, data) = ("client-x".to_owned(), r#"{"x": 1}"#.to_owned());
    room.tell(News::ClientEvent { channel, event, data, socket_id: "1.2".to_owned(), user_id: user });
    room.tell(client_event(1, "\"\u{1}\n\"".to_owned()));
    room.pass(1000);
    let body: Value = serde_json::from_str(&room.queue[0].body).unwrap();
    let expected = json!([
        {"name": "client_event", "channel": "presence-a", "event": "client-x", "data": "{\"x\": 1}",
            "socket_id": "1.2", "user_id": "ada"},
        {"name": "client_event", "channel": "private-a", "event": "client-1", "data": "\"\u{1}\n\"",
            "socket_id": "1.1"}
    ]);
    assert_eq!(body["events"], expected);
}

#[test]
fn a_request_fits_into_a_message_of_the_queue_and_order_stays() {
    let mut room = room();
    for n in 0..250 {
        // What grows most when it is quoted twice.
        room.tell(client_event(n, if n % 50 == 0 { "\u{1}".repeat(10_000) } else { "\"".to_owned() }));
    }
    room.pass(60_000);
    let told: Vec<String> = (0..250).map(|n| format!("client-{n}")).collect();
    let mut seen = Vec::new();
    for delivery in &room.queue {
        let message =
            toolboxai_edge::jobs::encode(&toolboxai_edge::jobs::Job::Webhook(delivery.clone())).unwrap();
        assert!(message.len() < 128_000, "{}", message.len());
        let body: Value = serde_json::from_str(&delivery.body).unwrap();
        let events = body["events"].as_array().unwrap().clone();
        assert!(events.len() <= 100);
        seen.extend(events.iter().map(|event| event["event"].as_str().unwrap().to_owned()));
    }
    assert_eq!(seen, told);
    assert_eq!(room.waiting(), 0);
}

#[test]
fn what_is_too_much_loses_its_oldest_and_says_how_many() {
    let mut room = room();
    room.queue_is_down = true;
    for n in 0..1200 {
        room.tell(client_event(n, String::new()));
    }
    assert_eq!((room.waiting(), room.dropped), (1000, 200));
    room.queue_is_down = false;
    room.pass(60_000);
    let body: Value = serde_json::from_str(&room.queue[0].body).unwrap();
    assert_eq!(body["events"][0]["event"], "client-200");
    assert_eq!(room.told(1).len(), 1000);
}

#[test]
fn a_queue_that_takes_nothing_is_asked_again() {
    let mut room = room();
    room.queue_is_down = true;
    room.tell(News::Occupied("a".to_owned()));
    room.pass(30_000);
    assert_eq!(room.waiting(), 1);
    room.queue_is_down = false;
    room.pass(5000);
    assert_eq!(room.told(1), ["channel_occupied a"]);
}

fn play(room: &mut Newsroom) {
    let socket = room.connect();
    room.join(socket, "presence-cache-a", "ada");
    room.pass(1000);
    room.leave(socket);
    room.pass(60_000);
}

#[test]
fn a_room_without_webhooks_pays_nothing() {
    let mut room = Newsroom::new(Vec::new());
    play(&mut room);
    let statements = |room: &mut Newsroom| {
        room.sql.statements.set(0);
        room.tell(News::Occupied("a".to_owned()));
        room.tell(News::Vacated("a".to_owned()));
        room.sql.statements.get()
    };
    assert_eq!(statements(&mut room), 0);
    // After waking the facts are read, once.
    room.die(&[]);
    assert_eq!((statements(&mut room), statements(&mut room)), (2, 0));
    let tables: i64 = room
        .sql
        .connection
        .query_row("select count(*) from sqlite_master where name = 'webhook_news'", [], |row| row.get(0))
        .unwrap();
    assert_eq!((tables, room.queue.len()), (0, 0));
}

#[test]
fn what_nobody_wants_is_not_written() {
    let mut room = Newsroom::new(vec![webhook(1, &[ClientEvent])]);
    play(&mut room);
    room.sql.statements.set(0);
    room.tell(News::Occupied("a".to_owned()));
    assert_eq!((room.sql.statements.get(), room.waiting()), (0, 0));
}

#[test]
fn what_was_to_be_told_goes_with_the_last_webhook() {
    let mut room = room();
    room.tell(News::Occupied("a".to_owned()));
    room.configure(Vec::new());
    room.pass(60_000);
    assert_eq!(room.queue.len(), 0);
    room.configure(vec![webhook(2, &ALL)]);
    room.tell(News::Occupied("b".to_owned()));
    room.die(&[]);
    room.pass(60_000);
    assert_eq!(room.told(2), ["channel_occupied b"]);
}

#[test]
fn an_alarm_that_a_call_overwrites_after_waking_loses_nothing() {
    let mut room = room();
    room.tell(News::Occupied("a".to_owned()));
    room.die(&[]);
    room.teacher_calls();
    room.pass(1000);
    assert_eq!(room.told(1), ["channel_occupied a"]);
}
