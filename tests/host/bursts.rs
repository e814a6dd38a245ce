//! What a server library says in a burst is sent first and stored together. No number is given twice, and what was lost is told.

use std::collections::BTreeMap;

use futures::executor::block_on;
use proptest::prelude::*;
use serde_json::Value;
use toolboxai_edge::realtime::{self, Appended, Feed, NewEvent};

use crate::realtime::trigger;
use crate::support::{Actor, Game, Reply, TestApp};

const STORED: &str = "select count(*) from log where type = 'lesson'";
const MARKS: &str = "select count(*) from log where type = 'mark'";

fn key(class: &Value) -> &str {
    class["room_key"].as_str().unwrap()
}

fn events(ada: &Actor, class: &Value, after: i64) -> Reply {
    ada.get(&format!("/api/v1/classes/{}/events?after={after}&limit=500", class["id"].as_str().unwrap()))
}

fn numbers(page: &Value) -> Vec<i64> {
    page["items"].as_array().unwrap().iter().map(|item| item["seq"].as_i64().unwrap()).collect()
}

fn speak(app: &TestApp, class: &Value, count: usize, every_ms: i64) {
    for n in 0..count {
        trigger(app, class, "private-class", &n.to_string());
        app.clock.advance(every_ms);
    }
}

#[test]
fn a_rare_event_is_stored_before_it_is_sent_and_wakes_nobody() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    let class = ada.make_class();
    let wake = app.rooms.wake_at(key(&class));
    speak(&app, &class, 5, 200);
    assert_eq!(app.rooms.number(key(&class), STORED), 5);
    assert_eq!(app.rooms.number(key(&class), MARKS), 0);
    assert_eq!(app.rooms.wake_at(key(&class)), wake);
}

#[test]
fn a_burst_is_stored_together_twice_a_second_and_whoever_asks_gets_all_of_it() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    let class = ada.make_class();
    let before = events(&ada, &class, 0).expect(200)["last_seq"].as_i64().unwrap();
    speak(&app, &class, 20, 10);
    assert_eq!(app.rooms.number(key(&class), STORED), 1, "the first one was alone");
    assert_eq!(app.rooms.number(key(&class), MARKS), 1);
    app.clock.advance(320);
    block_on(app.rooms.ring());
    assert_eq!(app.rooms.number(key(&class), STORED), 20);
    speak(&app, &class, 5, 10);
    assert_eq!(app.rooms.number(key(&class), STORED), 20);
    let page = events(&ada, &class, before).expect(200);
    assert_eq!(numbers(&page), (before + 1..=before + 25).collect::<Vec<_>>());
    assert_eq!(page["last_seq"], before + 25);
    // The burst is over: no mark is left, and the room may sleep.
    for _ in 0..2 {
        app.clock.advance(500);
        block_on(app.rooms.ring());
    }
    assert_eq!(app.rooms.number(key(&class), MARKS), 0);
    app.rooms.evict();
    speak(&app, &class, 1, 0);
    assert_eq!(events(&ada, &class, before + 24).expect(200)["last_seq"], before + 26);
}

#[test]
fn a_room_that_dies_in_a_burst_goes_on_behind_it_and_tells_what_is_gone() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    let class = ada.make_class();
    let before = events(&ada, &class, 0).expect(200)["last_seq"].as_i64().unwrap();
    speak(&app, &class, 10, 10);
    app.rooms.evict();
    events(&ada, &class, before + 1).problem(410, "events_gone");
    events(&ada, &class, before + 10).problem(410, "events_gone");
    app.clock.advance(1000);
    speak(&app, &class, 1, 0);
    let last = app.rooms.number(key(&class), "select max(seq) from log");
    assert!(last > before + 10, "{last}");
    assert_eq!(numbers(&events(&ada, &class, last - 1).expect(200)), [last]);
}

#[test]
fn what_the_room_says_in_a_burst_stands_in_its_order() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    let class = ada.make_class();
    let mut game = Game::open(&app, &class, "job");
    speak(&app, &class, 3, 10);
    let before = app.rooms.number(key(&class), STORED);
    assert_eq!(before, 1);
    let join = game.join(1);
    game.sync(&[join]);
    assert_eq!(app.rooms.number(key(&class), STORED), 3, "what came before is stored with it");
    speak(&app, &class, 1, 0);
    let page = events(&ada, &class, 0).expect(200);
    let kinds: Vec<&str> =
        page["items"].as_array().unwrap().iter().map(|item| item["type"].as_str().unwrap()).collect();
    assert_eq!(kinds[kinds.len() - 5..], ["lesson", "lesson", "lesson", "class_online", "lesson"]);
}

#[test]
fn a_burst_longer_than_the_way_to_its_mark_moves_it() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    let class = ada.make_class();
    speak(&app, &class, 1300, 1);
    assert_eq!(app.rooms.number(key(&class), MARKS), 1);
    let newest = app.rooms.number(key(&class), "select max(seq) from log where type = 'mark'");
    let page = events(&ada, &class, 1200).expect(200);
    assert!(newest > page["last_seq"].as_i64().unwrap());
    assert_eq!(numbers(&page).len(), usize::try_from(page["last_seq"].as_i64().unwrap() - 1200).unwrap());
}

#[derive(Clone, Debug)]
enum Step {
    Speak(u8),
    Join(i64),
    Wait(u16),
    Die,
    Fail(u8),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        5 => (1..8u8).prop_map(Step::Speak),
        1 => (1..9i64).prop_map(Step::Join),
        2 => (1..700u16).prop_map(Step::Wait),
        1 => Just(Step::Die),
        1 => (1..6u8).prop_map(Step::Fail),
    ]
}

/// Says one thing; its number, unless the write failed.
fn say(app: &TestApp, key: &str, text: &str) -> Option<i64> {
    let channels = ["private-class".to_owned()];
    let said = app.rooms.run(key, |room, ctx| {
        let ctx = realtime::Context { sql: ctx.sql, now: ctx.now, entropy: ctx.entropy, key, secret: "" };
        let event = NewEvent { name: "lesson", data: text, channels: &channels };
        let Appended { seq, wake } = room.append(ctx, &event)?;
        Ok((seq, wake.map(toolboxai_edge::rooms::Effect::Wake).into_iter().collect()))
    });
    said.ok()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_number_is_given_twice_and_a_page_has_all_or_says_that_it_has_not(
        steps in prop::collection::vec(step(), 1..40)
    ) {
        let app = TestApp::new();
        let ada = app.sign_in("ada");
        let class = ada.make_class();
        let mut game = Game::open(&app, &class, "job");
        let mut said: BTreeMap<i64, String> = BTreeMap::new();
        let mut may_lose = false;
        for (n, step) in steps.iter().enumerate() {
            match step {
                Step::Speak(count) => for at in 0..*count {
                    let text = format!("s{n}.{at}");
                    if let Some(seq) = say(&app, key(&class), &text) {
                        prop_assert!(said.keys().all(|other| *other < seq), "{} again", seq);
                        said.insert(seq, text);
                    }
                    app.clock.advance(7);
                },
                Step::Join(user) => {
                    let join = game.join(*user);
                    game.sync(&[join]);
                }
                Step::Wait(millis) => app.clock.advance(i64::from(*millis)),
                Step::Die => {
                    app.rooms.evict();
                    may_lose = true;
                }
                Step::Fail(nth) => {
                    app.rooms.fail_statement(key(&class), usize::from(*nth));
                    let text = format!("s{n}.fails");
                    match say(&app, key(&class), &text) {
                        Some(seq) => drop(said.insert(seq, text)),
                        None => may_lose = true,
                    }
                }
            }
            block_on(app.rooms.ring());
        }
        let firsts = said.keys().copied().chain([0]).collect::<Vec<_>>();
        for after in firsts {
            let reply = events(&ada, &class, after);
            if reply.status == 410 {
                prop_assert!(may_lose);
                continue;
            }
            let page = reply.expect(200);
            let lessons = page["items"].as_array().unwrap().iter().filter(|item| item["type"] == "lesson");
            let found: BTreeMap<i64, String> = lessons
                .map(|item| (item["seq"].as_i64().unwrap(), item["data"].as_str().unwrap().to_owned()))
                .collect();
            let wanted = said.range(after + 1..).map(|(seq, text)| (*seq, text.clone()));
            prop_assert_eq!(found, wanted.collect::<BTreeMap<_, _>>());
        }
    }
}
