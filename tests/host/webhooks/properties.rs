//! Whoever comes and goes, and whenever the process dies: what was told, in order, is what is true, and nobody who was away for a
//! moment only is told to have left.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use serde_json::Value;
use toolboxai_edge::domain::webhook::WebhookEvent::{
    ChannelOccupied, ChannelVacated, MemberAdded, MemberRemoved,
};

use crate::support::{Death, Newsroom, webhook};

const CHANNELS: [&str; 3] = ["presence-a", "presence-b", "news"];

#[derive(Clone, Debug)]
enum Step {
    Join(u32, usize, usize),
    Leave(u32),
    Pass(i64),
    Die(Vec<u32>),
    DieAtTheAlarm(bool),
    Queue(bool),
    Call,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0..6u32, 0..3usize, 0..2usize).prop_map(|(socket, channel, user)| Step::Join(socket, channel, user)),
        4 => (0..6u32).prop_map(Step::Leave),
        4 => (0..5000i64).prop_map(Step::Pass),
        1 => prop::collection::vec(0..6u32, 0..3).prop_map(Step::Die),
        1 => any::<bool>().prop_map(Step::DieAtTheAlarm),
        1 => any::<bool>().prop_map(Step::Queue),
        1 => Just(Step::Call),
    ]
}

fn play(steps: &[Step]) -> Newsroom {
    let all = [ChannelOccupied, ChannelVacated, MemberAdded, MemberRemoved];
    let mut room = Newsroom::new(vec![webhook(1, &all)]);
    // Which socket of the room a number of the steps is at the moment: who left comes back as another one.
    let mut sockets: BTreeMap<u32, u32> = BTreeMap::new();
    for step in steps {
        match step {
            Step::Join(socket, channel, user) => {
                let no = *sockets.entry(*socket).or_insert_with(|| room.connect());
                room.join(no, CHANNELS[*channel], &format!("u{user}"));
            }
            Step::Leave(socket) => {
                if let Some(no) = sockets.remove(socket) {
                    room.leave(no);
                }
            }
            Step::Pass(millis) => room.pass(*millis),
            Step::Die(dropped) => {
                let dropped: Vec<u32> = dropped.iter().filter_map(|socket| sockets.remove(socket)).collect();
                room.die(&dropped);
            }
            Step::DieAtTheAlarm(after) => {
                room.clock.advance(600);
                room.ring(Some(if *after { Death::AfterTheQueue } else { Death::BeforeTheQueue }));
            }
            Step::Queue(is_down) => room.queue_is_down = *is_down,
            Step::Call => room.teacher_calls(),
        }
    }
    room
}

/// Who is where, by what was told.
fn believed(room: &Newsroom) -> Vec<String> {
    let mut there = BTreeSet::new();
    for told in room.told(1) {
        let (name, about) = told.split_once(' ').unwrap();
        match name {
            "channel_occupied" | "member_added" => there.insert(about.to_owned()),
            _ => there.remove(about),
        };
    }
    there.into_iter().collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn what_was_told_is_what_is_true(steps in prop::collection::vec(step(), 1..60)) {
        let mut room = play(&steps);
        room.queue_is_down = false;
        // Sockets that went with the process are seen to have gone at the next frame.
        let truth = room.truth();
        room.pass(20_000);
        prop_assert_eq!(room.waiting(), 0);
        prop_assert_eq!(believed(&room), truth);
    }

    #[test]
    fn while_nobody_dies_each_is_told_once_and_in_turn(steps in prop::collection::vec(step(), 1..60)) {
        let steps: Vec<Step> =
            steps.into_iter().filter(|step| !matches!(step, Step::Die(_) | Step::DieAtTheAlarm(_))).collect();
        let mut room = play(&steps);
        room.queue_is_down = false;
        room.pass(20_000);
        let mut there = BTreeSet::new();
        for told in room.told(1) {
            let (name, about) = told.split_once(' ').unwrap();
            let is_turn = match name {
                "channel_occupied" | "member_added" => there.insert(about.to_owned()),
                _ => there.remove(about),
            };
            prop_assert!(is_turn, "{}", told);
        }
    }

    #[test]
    fn who_is_away_for_a_moment_only_never_left(gaps in prop::collection::vec((0..3000i64, 0..3000i64), 1..20)) {
        let mut room = Newsroom::new(vec![webhook(1, &[ChannelOccupied, ChannelVacated])]);
        let mut socket = room.connect();
        room.join(socket, "news", "");
        for (stay, away) in gaps {
            room.pass(stay);
            room.leave(socket);
            room.pass(away);
            socket = room.connect();
            room.join(socket, "news", "");
        }
        room.pass(20_000);
        prop_assert_eq!(room.told(1), ["channel_occupied news"]);
    }

    #[test]
    fn a_request_may_come_twice_but_never_changed(steps in prop::collection::vec(step(), 1..60)) {
        let room = play(&steps);
        for delivery in &room.queue {
            let body: Value = serde_json::from_str(&delivery.body).unwrap();
            prop_assert_eq!(&body["time_ms"], &Value::from(delivery.at.as_millis()));
            prop_assert!(!body["events"].as_array().unwrap().is_empty());
        }
    }
}
