//! The channels of a room: who may join them, and what goes out.

use serde_json::{Value, json};
use toolboxai_edge::domain::pusher::{self, Channel};
use toolboxai_edge::domain::tokens::parse_secret;
use toolboxai_edge::rooms::{Attachment, Effect};

use crate::support::{Actor, Game, TestApp, fractions, right_response};
use std::sync::Arc;

const SECRET: &str = "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA";

pub fn authorize(actor: &Actor, class: &Value, channel: &str, socket_id: &str) -> crate::support::Reply {
    let form = format!(
        "socket_id={socket_id}&channel_name={channel}&room_key={}",
        class["room_key"].as_str().unwrap()
    );
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    actor.request("POST", "/api/v1/realtime/auth", &headers, Some(form))
}

/// A socket of a room, as the platform keeps it.
struct Socket {
    app: Arc<TestApp>,
    room_key: String,
    attachment: Attachment,
}

impl Socket {
    fn open(app: &Arc<TestApp>, class: &Value) -> Self {
        let room_key = class["room_key"].as_str().unwrap().to_owned();
        let effects =
            app.rooms.run(&room_key, |room, ctx| Ok((room.socket_opened(ctx, 0)?, Vec::new()))).unwrap();
        let [Effect::Attach(attachment), Effect::Reply(frame)] = effects.as_slice() else {
            panic!("{effects:?}")
        };
        assert!(frame.contains("pusher:connection_established"));
        Self { app: app.clone(), room_key, attachment: attachment.clone() }
    }

    fn say(&mut self, peers: &[Attachment], frame: &Value) -> Vec<Effect> {
        let secret = pusher::app_secret(&parse_secret(SECRET).unwrap(), &self.room_key);
        let (speaker, text) = (self.attachment.clone(), frame.to_string());
        let call = |room: &mut toolboxai_edge::rooms::Room, ctx: toolboxai_edge::rooms::Context<'_>| {
            Ok((room.socket_message(ctx, &secret, speaker, peers, &text)?, Vec::new()))
        };
        let effects = self.app.rooms.run(&self.room_key, call).unwrap();
        for effect in &effects {
            if let Effect::Attach(attachment) = effect {
                self.attachment = attachment.clone();
            }
        }
        effects
    }

    fn subscribe(
        &mut self,
        actor: &Actor,
        class: &Value,
        channel: &str,
        peers: &[Attachment],
    ) -> Vec<Effect> {
        let signed = authorize(actor, class, channel, &self.attachment.socket_id).expect(200);
        let mut data = json!({"channel": channel, "auth": signed["auth"]});
        if let Some(text) = signed.get("channel_data") {
            data["channel_data"] = text.clone();
        }
        self.say(peers, &json!({"event": "pusher:subscribe", "data": data}))
    }
}

fn replies(effects: &[Effect]) -> Vec<String> {
    let frames = effects.iter().filter_map(|effect| match effect {
        Effect::Reply(frame) => {
            Some(serde_json::from_str::<Value>(frame).unwrap()["event"].as_str().unwrap().to_owned())
        }
        _ => None,
    });
    frames.collect()
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
fn a_forged_or_borrowed_signature_joins_nothing() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    let class = ada.make_class();
    let mut socket = Socket::open(&app, &class);
    let other = authorize(&ada, &class, "private-class", "1.2").expect(200);
    for auth in [json!(null), json!("x"), json!("k:00"), other["auth"].clone()] {
        let frame = json!({"event": "pusher:subscribe", "data": {"channel": "private-class", "auth": auth}});
        assert_eq!(replies(&socket.say(&[], &frame)), ["pusher:subscription_error"]);
    }
    assert!(socket.attachment.channels.is_empty());
    let unknown = json!({"event": "pusher:subscribe", "data": {"channel": "private-x", "auth": "x"}});
    assert_eq!(replies(&socket.say(&[], &unknown)), ["pusher:subscription_error"]);
}

#[test]
fn a_room_without_a_class_refuses_sockets_for_good() {
    let app = TestApp::new();
    let effects =
        app.rooms.run("rkunknown", |room, ctx| Ok((room.socket_opened(ctx, 0)?, Vec::new()))).unwrap();
    assert!(matches!(effects.last(), Some(Effect::Close { code: 4001, .. })));
    assert_eq!(app.rooms.number("rkunknown", "select count(*) from sqlite_master"), 0, "and keeps nothing");
}

#[test]
fn cache_channels_give_the_board_and_the_session_at_once() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    let (class, quiz) = (ada.make_class(), ada.make_quiz(&fractions()));
    let mut socket = Socket::open(&app, &class);
    let effects = socket.subscribe(&ada, &class, "private-cache-session", &[]);
    assert_eq!(replies(&effects), ["pusher_internal:subscription_succeeded", "pusher:cache_miss"]);
    ada.make_session(&class, &quiz, "self");
    let effects = socket.subscribe(&ada, &class, "private-cache-session", &[]);
    assert_eq!(replies(&effects), ["pusher_internal:subscription_succeeded", "quiz_update"]);
    let effects = socket.subscribe(&ada, &class, "private-cache-leaderboard", &[]);
    assert_eq!(replies(&effects), ["pusher_internal:subscription_succeeded", "leaderboard_update"]);
}

#[test]
fn presence_counts_users_not_sockets() {
    let app = TestApp::new();
    let (ada, grace) = (app.sign_in("ada"), app.sign_in("grace"));
    let class = ada.make_class();
    let (mut first, mut second, mut other) =
        (Socket::open(&app, &class), Socket::open(&app, &class), Socket::open(&app, &class));
    let is_added = |effects: &[Effect]| {
        effects
            .iter()
            .any(|effect| matches!(effect, Effect::Publish { frame, .. } if frame.contains("member_added")))
    };
    assert!(is_added(&first.subscribe(&ada, &class, "presence-class", &[])));
    assert!(!is_added(&second.subscribe(
        &ada,
        &class,
        "presence-class",
        std::slice::from_ref(&first.attachment)
    )));
    let peers = [first.attachment.clone(), second.attachment.clone()];
    let effects = other.subscribe(&grace, &class, "presence-class", &peers);
    assert!(is_added(&effects));
    let Some(Effect::Reply(frame)) = effects.get(1) else { panic!("{effects:?}") };
    let frame: Value = serde_json::from_str(frame).unwrap();
    let roster: Value = serde_json::from_str(frame["data"].as_str().unwrap()).unwrap();
    assert_eq!(roster["presence"]["count"], 2);
    let closed = |gone: &Socket, peers: &[Attachment]| {
        app.rooms
            .run(&gone.room_key, |room, _| Ok((room.socket_closed(&gone.attachment, peers), Vec::new())))
            .unwrap()
    };
    assert!(closed(&first, &[second.attachment.clone(), other.attachment.clone()]).is_empty());
    let effects = closed(&second, std::slice::from_ref(&other.attachment));
    assert!(matches!(&effects[0], Effect::Publish { frame, .. } if frame.contains("member_removed")));
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
    assert_eq!(events, ["progress_update", "leaderboard_update"]);
    let update: Value = serde_json::from_str(sent[0].1["data"].as_str().unwrap()).unwrap();
    assert_eq!(update["answers"].as_array().unwrap().len(), 5);
    assert_eq!(update["answers"][0]["correct"], true);
    let board: Value = serde_json::from_str(sent[1].1["data"].as_str().unwrap()).unwrap();
    assert_eq!((&board["window"], &board["items"][0]["xp"]), (&json!("session"), &json!(10)));
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
    let boards = || {
        app.rooms
            .effects
            .lock()
            .unwrap()
            .iter()
            .filter(|effect| matches!(effect, Effect::Publish { channel: Channel::Leaderboard, .. }))
            .count()
    };
    for (user, question) in (1..=7).zip(quiz["questions"].as_array().unwrap()) {
        let event = game.answer(user, &session, question, right_response(question));
        game.one(&event);
    }
    assert_eq!(boards(), 1);
    app.clock.advance(250);
    futures::executor::block_on(app.rooms.ring());
    assert_eq!(boards(), 2);
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
