//! What a school announces: heard once, in order, by all its people and by nobody else, whatever fails in between.

use std::sync::Arc;

use futures::executor::block_on;
use serde_json::{Value, json};
use toolboxai_edge::domain::pusher::Shard;
use toolboxai_edge::jobs;

use crate::realtime::authorize;
use crate::support::{Actor, Reply, TestApp};

const SCHOOL: &str = "sch_00000000000000000000000001";
const PATH: &str = "/api/v1/schools/sch_00000000000000000000000001/announcements";
const CHANNEL: &str = "private-announcements";
/// The message that comes once more.
const TELL: &str = r#"{"type":"school_announced","school_id":"sch_00000000000000000000000001"}"#;

fn announce(who: &Actor, text: &str, key: Option<&str>) -> Reply {
    let headers: Vec<_> = key.iter().map(|key| ("idempotency-key", *key)).collect();
    who.request("POST", PATH, &headers, Some(json!({ "text": text }).to_string()))
}

fn app_of_the_school() -> Value {
    json!({"room_key": SCHOOL})
}

fn subscribe(app: &TestApp, who: &Actor, socket: &str, more: &Value) {
    let signed = authorize(who, &app_of_the_school(), CHANNEL, socket).expect(200);
    let mut data = json!({"channel": CHANNEL, "auth": signed["auth"]});
    data.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    app.school_channels.say(SCHOOL, socket, &json!({"event": "pusher:subscribe", "data": data}));
}

/// A socket of somebody who listens, in the n-th shard.
fn listen(app: &TestApp, who: &Actor, nth: usize) -> String {
    let socket = app.school_channels.connect(SCHOOL, Shard::all().nth(nth).unwrap());
    subscribe(app, who, &socket, &json!({}));
    socket
}

fn heard(app: &TestApp, socket: &str) -> Vec<String> {
    let events = app.school_channels.events(socket, "announcement");
    events
        .into_iter()
        .map(|(seq, data)| {
            assert_eq!(seq, data["seq"]);
            format!("{seq} {}", data["text"].as_str().unwrap())
        })
        .collect()
}

fn setting() -> (Arc<TestApp>, Actor, Vec<String>) {
    let app = TestApp::new();
    let people = ["ada", "grace", "peter"].map(|name| app.sign_in(name));
    let sockets = people.iter().zip([0, 0, 7]).map(|(person, shard)| listen(&app, person, shard)).collect();
    let [_, grace, _] = people;
    (app, grace, sockets)
}

#[test]
fn everybody_of_the_school_hears_an_announcement_once_with_its_number_and_finds_it_in_the_list() {
    let (app, grace, sockets) = setting();
    let first = announce(&grace, " The hall is closed. ", None).expect(201);
    assert_eq!((&first["seq"], &first["text"]), (&json!(1), &json!("The hall is closed.")));
    announce(&grace, "It is open.", None).expect(201);
    assert!(app.run_jobs().is_empty());
    for socket in &sockets {
        assert_eq!(heard(&app, socket), ["1 The hall is closed.", "2 It is open."]);
    }
    assert_eq!(app.school_channels.shards_with(2), 16, "who misses something may come back to any shard");
    let peter = app.sign_in("peter");
    let list = peter.get(PATH).expect(200);
    let seqs = |list: &Value| -> Vec<i64> {
        list["items"].as_array().unwrap().iter().map(|item| item["seq"].as_i64().unwrap()).collect()
    };
    assert_eq!(seqs(&list), [2, 1]);
    assert_eq!(list["items"][1], first);
    assert_eq!(seqs(&peter.get(&format!("{PATH}?after=1")).expect(200)), [2]);
    let page = peter.get(&format!("{PATH}?limit=1")).expect(200);
    let next = format!("{PATH}?limit=1&cursor={}", page["next_cursor"].as_str().unwrap());
    assert_eq!((seqs(&page), seqs(&peter.get(&next).expect(200))), (vec![2], vec![1]));
    peter.get(&format!("{PATH}?cursor=x")).problem(422, "malformed");
    assert_eq!(app.audited("school.announced"), 2);
    let events = app.db.rows("select target_id, detail from audit_events where action = 'school.announced'");
    assert_eq!(events[0]["target_id"], SCHOOL);
}

#[test]
fn the_same_key_says_it_once_and_never_something_else() {
    let (app, grace, sockets) = setting();
    let first = announce(&grace, "Hello", Some("k")).expect(201);
    app.clock.advance(1000);
    assert_eq!(announce(&grace, "Hello", Some("k")).expect(201), first);
    announce(&grace, "Goodbye", Some("k")).problem(422, "idempotency_key_reused");
    assert!(app.run_jobs().is_empty());
    assert_eq!(heard(&app, &sockets[0]), ["1 Hello"]);
    assert_eq!(app.audited("school.announced"), 1);
}

#[test]
fn only_an_admin_of_the_school_announces_a_bounded_text() {
    let (app, grace, _) = setting();
    announce(&app.sign_in("ada"), "Hello", None).problem(403, "forbidden");
    announce(&app.sign_in("peter"), "Hello", None).problem(403, "forbidden");
    announce(&app.anonymous(), "Hello", None).problem(401, "unauthenticated");
    let elsewhere = PATH.replace("01/", "02/");
    grace.post(&elsewhere, &json!({"text": "Hello"})).problem(404, "not_found");
    grace.get(&elsewhere).problem(404, "not_found");
    app.sign_in("eve").get(PATH).problem(404, "not_found");
    for text in ["", "  ", &"x".repeat(1001), "a\u{7}b"] {
        announce(&grace, text, None).problem(422, "invalid");
    }
    announce(&grace, &"x".repeat(1000), None).expect(201);
    app.db.execute("update users set role = 'teacher' where display_name = 'grace'");
    announce(&grace, "Hello", None).problem(403, "forbidden");
    assert_eq!(app.db.rows("select id from school_announcements").len(), 1);
    assert_eq!(app.audited("school.announced"), 1);
}

#[test]
fn a_shard_that_does_not_answer_is_told_again_and_nobody_hears_anything_twice() {
    let (app, grace, sockets) = setting();
    announce(&grace, "Hello", None).expect(201);
    *app.school_channels.failing.lock().unwrap() = 5;
    assert_eq!(app.run_jobs().len(), 1);
    assert_eq!(heard(&app, &sockets[0]), Vec::<String>::new());
    assert_eq!(heard(&app, &sockets[2]), ["1 Hello"]);
    announce(&grace, "Goodbye", None).expect(201);
    assert!(app.run_jobs().is_empty());
    for socket in &sockets {
        assert_eq!(heard(&app, socket), ["1 Hello", "2 Goodbye"]);
    }
    assert!(app.run_job(TELL).is_ok());
    assert_eq!(heard(&app, &sockets[0]).len(), 2);
}

/// Whichever statement of a shard fails, it has all of them later, and tells each once.
#[test]
fn a_shard_that_cannot_write_takes_all_announcements_or_none() {
    for nth in 1..=6 {
        let (app, grace, sockets) = setting();
        announce(&grace, "Hello", None).expect(201);
        announce(&grace, "Goodbye", None).expect(201);
        app.school_channels.fail_statement(SCHOOL, Shard::all().next().unwrap(), nth);
        assert!(app.run_job(TELL).is_err(), "statement {nth}");
        assert_eq!(heard(&app, &sockets[0]), Vec::<String>::new());
        assert!(app.run_jobs().is_empty());
        assert_eq!(heard(&app, &sockets[0]), ["1 Hello", "2 Goodbye"], "statement {nth}");
    }
}

#[test]
fn what_no_message_came_for_is_told_by_the_hourly_tick() {
    let (app, grace, sockets) = setting();
    announce(&grace, "Hello", None).expect(201);
    app.jobs.0.lock().unwrap().clear();
    app.clock.advance(121_000);
    block_on(jobs::tick(&app.ports())).unwrap();
    assert_eq!(heard(&app, &sockets[0]), ["1 Hello"]);
}

#[test]
fn who_was_away_asks_the_shard_for_what_was_missed() {
    let (app, grace, _) = setting();
    for text in ["One", "Two", "Three"] {
        announce(&grace, text, None).expect(201);
    }
    assert!(app.run_jobs().is_empty());
    let socket = app.school_channels.connect(SCHOOL, Shard::all().nth(12).unwrap());
    subscribe(&app, &grace, &socket, &json!({"resume": {"after": 1}}));
    assert_eq!(heard(&app, &socket), ["2 Two", "3 Three"]);
    let done = app.school_channels.events(&socket, "edge:resume_succeeded");
    assert_eq!(done[0].1, json!({"after": 1, "events": 2}));
}

#[test]
fn all_people_of_the_school_may_listen_to_its_one_channel_and_nobody_elses() {
    let app = TestApp::new();
    for name in ["ada", "grace", "peter"] {
        let person = app.sign_in(name);
        authorize(&person, &app_of_the_school(), CHANNEL, "1.2").expect(200);
        for other in ["private-class", "presence-class", "private-other"] {
            authorize(&person, &app_of_the_school(), other, "1.2").problem(404, "not_found");
        }
    }
    authorize(&app.sign_in("eve"), &app_of_the_school(), CHANNEL, "1.2").problem(404, "not_found");
    authorize(&app.anonymous(), &app_of_the_school(), CHANNEL, "1.2").problem(401, "unauthenticated");
}

#[test]
fn listeners_tell_each_other_nothing() {
    let (app, _, sockets) = setting();
    let frame = json!({"event": "client-hello", "channel": CHANNEL, "data": {}});
    app.school_channels.say(SCHOOL, &sockets[0], &frame);
    let all = app.school_channels.heard.lock().unwrap();
    let last = |id: &str| all.iter().rev().find(|(to, _)| to == id).unwrap().1.clone();
    assert_eq!(last(&sockets[0])["data"]["code"], 4301);
    assert_ne!(last(&sockets[1])["event"], "client-hello");
}

#[test]
fn the_sockets_of_somebody_who_is_suspended_are_closed_in_whatever_shard_they_are() {
    let (app, grace, sockets) = setting();
    let ada = app.sign_in("ada");
    let second = listen(&app, &ada, 15);
    grace
        .post("/api/v1/users/usr_00000000000000000000000000/suspend", &json!({"reason": "left"}))
        .expect(200);
    let mut closed = std::mem::take(&mut *app.school_channels.closed.lock().unwrap());
    closed.sort();
    let mut expected = vec![(sockets[0].clone(), 4009), (second, 4009)];
    expected.sort();
    assert_eq!(closed, expected);
    announce(&grace, "Hello", None).expect(201);
    assert!(app.run_jobs().is_empty());
    assert_eq!(heard(&app, &sockets[0]), Vec::<String>::new());
    assert_eq!(heard(&app, &sockets[1]), ["1 Hello"]);
}
