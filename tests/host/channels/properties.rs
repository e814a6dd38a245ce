//! Whatever comes in whatever order, and whenever the process dies: members and numbers are right, and nobody can tell.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::Channels;

const CHANNELS: [&str; 4] = ["presence-a", "presence-b", "private-cache-c", "news"];

#[derive(Clone, Debug)]
enum Step {
    Connect,
    Join(usize, usize, usize),
    Unsubscribe(usize, usize),
    Leave(usize),
    SignIn(usize, usize),
    ClientEvent(usize, usize),
    Trigger(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => Just(Step::Connect),
        4 => (0..9usize, 0..4usize, 0..3usize).prop_map(|(socket, channel, user)| Step::Join(socket, channel, user)),
        2 => (0..9usize, 0..4usize).prop_map(|(socket, channel)| Step::Unsubscribe(socket, channel)),
        2 => (0..9usize).prop_map(Step::Leave),
        1 => (0..9usize, 0..3usize).prop_map(|(socket, user)| Step::SignIn(socket, user)),
        2 => (0..9usize, 0..4usize).prop_map(|(socket, channel)| Step::ClientEvent(socket, channel)),
        3 => (0..4usize).prop_map(Step::Trigger),
    ]
}

/// Plays the steps. Where `dies` says so the process dies before the step; the sockets stay, as hibernated ones do.
fn play(steps: &[(Step, bool)], dies: bool) -> (Channels, Vec<String>) {
    let mut app = Channels::new();
    let mut ids: Vec<String> = Vec::new();
    for (step, evict) in steps {
        if dies && *evict {
            app.evict(&[]);
        }
        let id = |n: usize| ids.get(n).cloned().unwrap_or_default();
        match *step {
            Step::Connect => ids.push(app.connect()),
            Step::Join(socket, channel, user) => {
                app.join(&id(socket), CHANNELS[channel], &format!("u{user}"));
            }
            Step::Unsubscribe(socket, channel) => app.unsubscribe(&id(socket), CHANNELS[channel]),
            Step::Leave(socket) => app.leave(&id(socket)),
            Step::SignIn(socket, user) => app.sign_in(&id(socket), &format!("u{user}"), &["u0", "u1"]),
            Step::ClientEvent(socket, channel) => {
                app.client_event(&id(socket), CHANNELS[channel], "client-x", &json!(socket));
            }
            Step::Trigger(channel) => app.trigger(CHANNELS[channel], "e", &json!(channel)),
        }
        app.clock.advance(1000);
    }
    (app, ids)
}

/// What each socket heard, but for how many there are: after waking that is told again.
fn transcript(app: &Channels) -> BTreeMap<String, Vec<Value>> {
    let told = |frame: &&Value| frame["event"] != "pusher_internal:subscription_count";
    let frames = |heard: &crate::support::Heard| heard.frames.iter().filter(told).cloned().collect();
    app.clients.iter().map(|(id, heard)| (id.clone(), frames(heard))).collect()
}

/// Who is on a presence channel, as a client that only listens works it out.
fn members(frames: &[Value], channel: &str) -> Option<BTreeSet<String>> {
    let mut members: Option<BTreeSet<String>> = None;
    for frame in frames.iter().filter(|frame| frame["channel"] == channel) {
        let data = || serde_json::from_str::<Value>(frame["data"].as_str().unwrap()).unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        match (frame["event"].as_str().unwrap(), &mut members) {
            ("pusher_internal:subscription_succeeded", members) => {
                *members = Some(data()["presence"]["ids"].as_array().unwrap().iter().map(text).collect());
            }
            ("pusher_internal:member_added", Some(members)) => {
                assert!(members.insert(text(&data()["user_id"])), "added twice: {frame}");
            }
            ("pusher_internal:member_removed", Some(members)) => {
                assert!(members.remove(data()["user_id"].as_str().unwrap()), "removed twice: {frame}");
            }
            _ => {}
        }
    }
    members
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    #[test]
    fn nobody_can_tell_that_the_process_died(steps in prop::collection::vec((step(), any::<bool>()), 1..60)) {
        let (living, _) = play(&steps, false);
        let (dying, _) = play(&steps, true);
        prop_assert_eq!(transcript(&living), transcript(&dying));
    }

    #[test]
    fn what_clients_know_of_members_is_what_is_true(steps in prop::collection::vec((step(), any::<bool>()), 1..60)) {
        let (mut app, ids) = play(&steps, true);
        for channel in ["presence-a", "presence-b"] {
            let path = format!("/channels/{channel}/users");
            let users = app.api("GET", &path, &[], &json!(null)).unwrap();
            let there: BTreeSet<String> =
                users["users"].as_array().unwrap().iter().map(|user| user["id"].as_str().unwrap().to_owned()).collect();
            for id in &ids {
                let is_on: i64 = app.sql.connection.query_row(
                    "select count(*) from sqlite_master where name = 'subscriptions'", [], |row| row.get(0)).unwrap();
                let is_on = is_on > 0 && app.sql.connection.query_row(
                    "select count(*) from subscriptions where socket_id = ?1 and channel = ?2",
                    [id.as_str(), channel], |row| row.get::<_, i64>(0)).unwrap() > 0;
                if is_on {
                    prop_assert_eq!(members(&app.client(id).frames, channel), Some(there.clone()));
                }
            }
        }
    }

    #[test]
    fn numbers_count_up_by_one_whoever_listens(steps in prop::collection::vec((step(), any::<bool>()), 1..60)) {
        let (app, _) = play(&steps, true);
        let triggers = steps.iter().filter(|(step, _)| matches!(step, Step::Trigger(_))).count();
        for heard in app.clients.values() {
            for channel in CHANNELS {
                // A kept event comes again with each subscription, so a number may be there twice, but never go back.
                let told = heard.frames.iter().filter(|frame| frame["event"] == "e" && frame["channel"] == channel);
                let seqs: Vec<i64> = told.filter_map(|frame| frame["seq"].as_i64()).collect();
                prop_assert!(seqs.windows(2).all(|pair| pair[0] <= pair[1]), "{:?}", seqs);
                prop_assert!(seqs.iter().all(|seq| (1..=i64::try_from(triggers).unwrap()).contains(seq)));
            }
        }
        let logged: i64 = app.sql.connection
            .query_row("select coalesce((select max(seq) from log), 0)", [], |row| row.get(0)).unwrap_or(0);
        prop_assert_eq!(usize::try_from(logged).unwrap(), triggers);
    }
}

#[test]
fn who_leaves_two_channels_is_seen_to_leave_them_in_the_same_order_after_the_process_died() {
    let joins = [Step::Join(1, 1, 0), Step::Join(0, 1, 1), Step::Join(0, 0, 2), Step::Join(1, 0, 0)];
    let connects = [Step::Connect, Step::Connect];
    let steps: Vec<(Step, bool)> =
        connects.into_iter().chain(joins).map(|step| (step, false)).chain([(Step::Leave(0), true)]).collect();
    assert_eq!(transcript(&play(&steps, false).0), transcript(&play(&steps, true).0));
}
