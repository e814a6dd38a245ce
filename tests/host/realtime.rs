//! The channels of a room: who may join them, and what goes out.

use std::sync::Arc;

use serde_json::{Value, json};
use toolboxai_edge::domain::pusher;
use toolboxai_edge::domain::tokens::parse_secret;
use toolboxai_edge::realtime::{self, App};
use toolboxai_edge::rooms::{Channel, Effect};

use crate::support::{Actor, Game, TestApp, fractions, right_response};

const SECRET: &str = "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA";

pub fn authorize(actor: &Actor, class: &Value, channel: &str, socket_id: &str) -> crate::support::Reply {
    let form = format!(
        "socket_id={socket_id}&channel_name={channel}&room_key={}",
        class["room_key"].as_str().unwrap()
    );
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    actor.request("POST", "/api/v1/realtime/auth", &headers, Some(form))
}

/// A socket of a room that slept before each of its frames.
struct Socket {
    app: Arc<TestApp>,
    room_key: String,
    id: String,
}

impl Socket {
    fn open(app: &Arc<TestApp>, class: &Value) -> Self {
        let room_key = class["room_key"].as_str().unwrap().to_owned();
        Self { app: app.clone(), room_key, id: "12.34".to_owned() }
    }

    /// What the socket hears when it speaks.
    fn say(&mut self, frame: &Value) -> Vec<Value> {
        let secret = pusher::app_secret(&parse_secret(SECRET).unwrap(), &self.room_key);
        let (key, open, text) = (self.room_key.clone(), [(1, self.id.clone())], frame.to_string());
        let effects = self.app.rooms.run(&self.room_key, move |room, ctx| {
            let ctx = realtime::Context {
                sql: ctx.sql,
                now: ctx.now,
                entropy: ctx.entropy,
                key: &key,
                secret: &secret,
            };
            let (mut app, _) = App::load(ctx, &open)?;
            Ok((app.frame(ctx, room, 1, &text)?, Vec::new()))
        });
        let frames = effects.unwrap().into_iter().filter_map(|effect| match effect {
            realtime::Effect::Send { frame, .. } => Some(serde_json::from_str(&frame).unwrap()),
            _ => None,
        });
        frames.collect()
    }

    fn subscribe(&mut self, actor: &Actor, class: &Value, channel: &str) -> Vec<Value> {
        let signed = authorize(actor, class, channel, &self.id).expect(200);
        let mut data = json!({"channel": channel, "auth": signed["auth"]});
        if let Some(text) = signed.get("channel_data") {
            data["channel_data"] = text.clone();
        }
        self.say(&json!({"event": "pusher:subscribe", "data": data}))
    }
}

/// A server library sends an event to a channel of the room.
pub fn trigger(app: &TestApp, class: &Value, channel: &str, data: &str) {
    let key = class["room_key"].as_str().unwrap();
    let body = json!({"name": "lesson", "channel": channel, "data": data}).to_string();
    let answer = app.rooms.run(key, |room, ctx| {
        let ctx = realtime::Context { sql: ctx.sql, now: ctx.now, entropy: ctx.entropy, key, secret: "" };
        let call = realtime::ApiCall { method: "POST", path: "/events", query: &[], body: body.as_bytes() };
        let (answer, effects) = App::load(ctx, &[])?.0.api(ctx, room, &call)?;
        let wakes = effects.into_iter().filter_map(|effect| match effect {
            realtime::Effect::Wake(at) => Some(Effect::Wake(at)),
            _ => None,
        });
        Ok((answer, wakes.collect()))
    });
    assert_eq!(answer.unwrap(), Ok(json!({})));
}

fn names(frames: &[Value]) -> Vec<&str> {
    let names = frames.iter().map(|frame| frame["event"].as_str().unwrap());
    names.filter(|name| *name != "pusher_internal:subscription_count").collect()
}

#[test]
fn only_who_sees_the_class_gets_a_signature() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    let class = ada.make_class();
    for channel in ["private-class", "presence-class", "private-cache-leaderboard", "private-cache-session"] {
        authorize(&ada, &class, channel, "1.2").expect(200);
        authorize(&app.sign_in("grace"), &class, channel, "1.2").expect(200);
        authorize(&app.sign_in("alan"), &class, channel, "1.2").problem(404, "not_found");
        authorize(&app.sign_in("eve"), &class, channel, "1.2").problem(404, "not_found");
    }
    authorize(&app.sign_in("peter"), &class, "private-class", "1.2").problem(403, "forbidden");
    authorize(&app.anonymous(), &class, "private-class", "1.2").problem(401, "unauthenticated");
    authorize(&ada, &class, "private-other", "1.2").problem(404, "not_found");
    authorize(&ada, &class, "private-class", "1.2:x").problem(422, "malformed");
}

#[test]
fn a_person_connects_to_their_own_inbox_and_to_nobody_elses() {
    let app = TestApp::new();
    let inbox_of = |n: usize| json!({"room_key": format!("usr_{n:026}")});
    let ada = app.sign_in("ada");
    let own = "private-user-usr_00000000000000000000000000";
    let signed = authorize(&ada, &inbox_of(0), own, "1.2").expect(200);
    assert!(signed["auth"].as_str().unwrap().starts_with("usr_00000000000000000000000000:"));
    authorize(&ada, &inbox_of(1), own, "1.2").problem(404, "not_found");
    authorize(&ada, &inbox_of(0), "private-class", "1.2").problem(404, "not_found");
    authorize(&ada, &inbox_of(0), "private-user-usr_00000000000000000000000001", "1.2")
        .problem(404, "not_found");
}

#[test]
fn a_person_joins_their_own_role_and_their_own_channel() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    let class = ada.make_class();
    for channel in ["presence-teacher", "private-user-usr_00000000000000000000000000"] {
        authorize(&ada, &class, channel, "1.2").expect(200);
    }
    for channel in
        ["presence-admin", "private-user-usr_00000000000000000000000001", "private-encrypted-x", "x"]
    {
        authorize(&ada, &class, channel, "1.2").problem(404, "not_found");
    }
}

#[test]
fn a_person_signs_in_as_nobody_but_themselves() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    let class = ada.make_class();
    let room_key = class["room_key"].as_str().unwrap();
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    let ask = |actor: &Actor, key: &str| {
        let form = format!("socket_id=12.34&app_key={key}");
        actor.request("POST", "/api/v1/realtime/user-auth", &headers, Some(form))
    };
    let signed = ask(&ada, room_key).expect(200);
    let user: Value = serde_json::from_str(signed["user_data"].as_str().unwrap()).unwrap();
    assert_eq!(user["id"], "usr_00000000000000000000000000");
    let mut socket = Socket::open(&app, &class);
    let frames = socket.say(&json!({"event": "pusher:signin", "data": signed}));
    assert_eq!(names(&frames), ["pusher:signin_success"]);
    ask(&app.sign_in("eve"), room_key).problem(404, "not_found");
    ask(&app.sign_in("peter"), room_key).problem(403, "forbidden");
    ask(&app.anonymous(), room_key).problem(401, "unauthenticated");
}

#[test]
fn a_forged_or_borrowed_signature_joins_nothing() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    let class = ada.make_class();
    let mut socket = Socket::open(&app, &class);
    let other = authorize(&ada, &class, "private-class", "1.2").expect(200);
    for auth in [json!(null), json!("x"), json!("k:00"), other["auth"].clone()] {
        let frame = json!({"event": "pusher:subscribe", "data": {"channel": "private-class", "auth": auth}});
        assert_eq!(names(&socket.say(&frame)), ["pusher:subscription_error"]);
    }
}

#[test]
fn a_room_without_a_class_is_unknown_and_keeps_nothing() {
    let app = TestApp::new();
    assert!(!app.rooms.run("rkunknown", |room, ctx| Ok((room.is_known(ctx)?, Vec::new()))).unwrap());
    assert_eq!(app.rooms.number("rkunknown", "select count(*) from sqlite_master"), 0);
}

#[test]
fn cache_channels_give_the_board_and_the_session_at_once() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    let (class, quiz) = (ada.make_class(), ada.make_quiz(&fractions()));
    let mut socket = Socket::open(&app, &class);
    let frames = socket.subscribe(&ada, &class, "private-cache-session");
    assert_eq!(names(&frames), ["pusher_internal:subscription_succeeded", "pusher:cache_miss"]);
    ada.make_session(&class, &quiz, "self");
    let frames = socket.subscribe(&ada, &class, "private-cache-session");
    assert_eq!(names(&frames), ["pusher_internal:subscription_succeeded", "quiz_update"]);
    let frames = socket.subscribe(&ada, &class, "private-cache-leaderboard");
    assert_eq!(names(&frames), ["pusher_internal:subscription_succeeded", "leaderboard_update"]);
}

#[test]
fn what_a_socket_missed_of_the_class_is_replayed_with_its_numbers() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    let class = ada.make_class();
    let mut game = Game::open(&app, &class, "job");
    for user in 1..=3 {
        let join = game.join(user);
        game.sync(&[join]);
    }
    let mut socket = Socket::open(&app, &class);
    let signed = authorize(&ada, &class, "private-class", &socket.id).expect(200);
    let data = json!({"channel": "private-class", "auth": signed["auth"], "resume": {"after": 1}});
    let frames = socket.say(&json!({"event": "pusher:subscribe", "data": data}));
    let missed: Vec<&Value> = frames.iter().filter(|frame| frame["event"] == "class_online").collect();
    let log =
        ada.get(&format!("/api/v1/classes/{}/events?after=1", class["id"].as_str().unwrap())).expect(200);
    let listed = log["items"].as_array().unwrap();
    assert_eq!(missed.len(), listed.len());
    for (frame, item) in missed.iter().zip(listed) {
        assert_eq!(frame["seq"], item["seq"]);
        assert_eq!(serde_json::from_str::<Value>(frame["data"].as_str().unwrap()).unwrap(), item["data"]);
    }
}

#[test]
fn what_a_server_library_sends_stands_in_the_same_log_for_those_whom_it_was_sent_to() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    let class = ada.make_class();
    let mut game = Game::open(&app, &class, "job");
    let join = game.join(1);
    game.sync(&[join]);
    let path = format!("/api/v1/classes/{}/events?after=0", class["id"].as_str().unwrap());
    let before = ada.get(&path).expect(200)["last_seq"].as_i64().unwrap();
    trigger(&app, &class, "private-class", "plain text");
    trigger(&app, &class, "private-somebody-elses", "1");
    let log = ada.get(&path).expect(200);
    assert_eq!(log["last_seq"], before + 2);
    let last = log["items"].as_array().unwrap().last().unwrap();
    assert_eq!((&last["seq"], &last["data"]), (&json!(before + 1), &json!("plain text")));
}

#[test]
fn answers_go_out_as_one_update_a_sync_and_the_log_has_no_gaps() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    let (class, quiz) = (ada.make_class(), ada.make_quiz(&fractions()));
    let session = ada.make_session(&class, &quiz, "self");
    ada.move_session(&session, "start").expect(200);
    let mut game = Game::open(&app, &class, "job");
    let joins: Vec<Value> = (1..=5).map(|user| game.join(user)).collect();
    game.sync(&joins);
    app.rooms.effects.lock().unwrap().clear();
    app.clock.advance(1000);
    let question = &quiz["questions"][0];
    let answers: Vec<Value> =
        (1..=5).map(|user| game.answer(user, &session, question, right_response(question))).collect();
    game.sync(&answers);
    let sent: Vec<(Channel, Value)> = app
        .rooms
        .effects
        .lock()
        .unwrap()
        .iter()
        .filter_map(|effect| match effect {
            Effect::Publish { channel, frame, .. } => Some((*channel, serde_json::from_str(frame).unwrap())),
            _ => None,
        })
        .collect();
    let events: Vec<&str> = sent.iter().map(|(_, frame)| frame["event"].as_str().unwrap()).collect();
    assert_eq!(events, ["progress_update", "leaderboard_update", "xp_gained"]);
    let update: Value = serde_json::from_str(sent[0].1["data"].as_str().unwrap()).unwrap();
    assert_eq!(update["answers"].as_array().unwrap().len(), 5);
    assert_eq!(update["answers"][0]["correct"], true);
    let board: Value = serde_json::from_str(sent[1].1["data"].as_str().unwrap()).unwrap();
    assert_eq!((&board["window"], &board["items"][0]["xp"]), (&json!("session"), &json!(10)));
    let gained: Value = serde_json::from_str(sent[2].1["data"].as_str().unwrap()).unwrap();
    assert_eq!((gained["seats"].as_array().unwrap().len(), &gained["seats"][0]["xp"]), (5, &json!(10)));
    assert!(sent[2].1.get("seq").is_none(), "what was gained stands in the log with the answers");
    let log =
        ada.get(&format!("/api/v1/classes/{}/events?after=0", class["id"].as_str().unwrap())).expect(200);
    let numbers: Vec<i64> =
        log["items"].as_array().unwrap().iter().map(|event| event["seq"].as_i64().unwrap()).collect();
    assert_eq!(numbers, (1..=log["last_seq"].as_i64().unwrap()).collect::<Vec<_>>());
    assert_eq!(log["items"].as_array().unwrap().last().unwrap()["data"], update);
}

#[test]
fn the_board_goes_out_at_most_four_times_a_second_and_the_last_one_is_never_lost() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    let (class, quiz) = (ada.make_class(), ada.make_quiz(&fractions()));
    let session = ada.make_session(&class, &quiz, "self");
    ada.move_session(&session, "start").expect(200);
    let mut game = Game::open(&app, &class, "job");
    let joins: Vec<Value> = (1..=7).map(|user| game.join(user)).collect();
    game.sync(&joins);
    app.clock.advance(1000);
    app.rooms.effects.lock().unwrap().clear();
    let frames = |event: &str| -> Vec<Value> {
        let effects = app.rooms.effects.lock().unwrap();
        let frames = effects.iter().filter_map(|effect| match effect {
            Effect::Publish { frame, .. } => Some(serde_json::from_str::<Value>(frame).unwrap()),
            _ => None,
        });
        let of = frames.filter(|frame| frame["event"] == event);
        of.map(|frame| serde_json::from_str(frame["data"].as_str().unwrap()).unwrap()).collect()
    };
    let boards = || frames("leaderboard_update").len();
    for (user, question) in (1..=7).zip(quiz["questions"].as_array().unwrap()) {
        let event = game.answer(user, &session, question, right_response(question));
        game.one(&event);
    }
    assert_eq!(boards(), 1);
    app.clock.advance(250);
    futures::executor::block_on(app.rooms.ring());
    assert_eq!(boards(), 2);
    // So does who gained XP: each of the seven is told once, with all that they have.
    let gained = frames("xp_gained");
    let seats: Vec<usize> = gained.iter().map(|data| data["seats"].as_array().unwrap().len()).collect();
    assert_eq!(seats, [1, 6]);
    assert_eq!((&gained[1]["seats"][0]["xp"], &gained[1]["seats"][0]["level"]), (&json!(10), &json!(1)));
}

#[test]
fn a_log_that_no_longer_reaches_back_says_so() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    let class = ada.make_class();
    let path = |after: i64| format!("/api/v1/classes/{}/events?after={after}", class["id"].as_str().unwrap());
    ada.get(&path(0)).expect(200);
    ada.get(&path(5)).problem(410, "events_gone");
    ada.get(&path(-1)).problem(422, "malformed");
}

/// What a stream of server-sent events begins with.
fn stream(actor: &Actor, path: &str, headers: &[(&str, &str)]) -> crate::support::Reply {
    let accept = [("accept", "text/event-stream")];
    actor.request("GET", path, &[&accept, headers].concat(), None)
}

#[test]
fn the_log_is_told_as_server_sent_events_to_who_asks_for_them() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    let class = ada.make_class();
    let mut game = Game::open(&app, &class, "job");
    for user in 1..=2 {
        let join = game.join(user);
        game.sync(&[join]);
    }
    trigger(&app, &class, "private-class", "two\nlines");
    trigger(&app, &class, "presence-class", "1");
    let path = |after: i64| format!("/api/v1/classes/{}/events?after={after}", class["id"].as_str().unwrap());
    let log = ada.get(&path(0)).expect(200);
    let items = log["items"].as_array().unwrap();
    let told = stream(&ada, &path(0), &[]);
    assert_eq!(told.headers["content-type"], "text/event-stream");
    let event = |item: &Value| {
        format!("id: {}\nevent: {}\ndata: {}\n\n", item["seq"], item["type"].as_str().unwrap(), item["data"])
    };
    let feed: String = items[..items.len() - 1].iter().map(event).collect();
    assert_eq!(told.text, format!("retry: 3000\n\n{feed}"));
    assert!(feed.ends_with("event: lesson\ndata: \"two\\nlines\"\n\n"));
    // An EventSource that comes back says what it got last.
    let last = items[items.len() - 3]["seq"].to_string();
    let back = stream(&ada, &path(0), &[("last-event-id", &last)]);
    assert_eq!(back.text, format!("retry: 3000\n\n{}", event(&items[items.len() - 2])));
    // The header means nothing to who asks for JSON.
    let json = ada.request("GET", &path(0), &[("last-event-id", &last)], None).expect(200);
    assert_eq!(json, log);
}

#[test]
fn a_stream_is_refused_as_the_list_is() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    let class = ada.make_class();
    let path = |after: i64| format!("/api/v1/classes/{}/events?after={after}", class["id"].as_str().unwrap());
    stream(&ada, &path(5), &[]).problem(410, "events_gone");
    stream(&ada, &path(0), &[("last-event-id", "5")]).problem(410, "events_gone");
    stream(&ada, &path(-1), &[]).problem(422, "malformed");
    stream(&app.sign_in("eve"), &path(0), &[]).problem(404, "not_found");
    stream(&app.sign_in("peter"), &path(0), &[]).problem(403, "forbidden");
    stream(&app.anonymous(), &path(0), &[]).problem(401, "unauthenticated");
}
