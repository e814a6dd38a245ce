//! How a request gets to its endpoint: signed, again while it fails, and no longer than some minutes.

use std::sync::Arc;

use serde_json::{Value, json};
use toolboxai_edge::domain::pusher::sign;
use toolboxai_edge::jobs::{self, Job};
use toolboxai_edge::ports::{Inbound, Outbound};
use toolboxai_edge::realtime::{Context, News, NewsKeeper};
use toolboxai_edge::rooms::{DueNews, Room};

use crate::support::{Actor, TestApp};

const URL: &str = "https://hooks.example/pusher";

struct World {
    app: Arc<TestApp>,
    ada: Actor,
    class: Value,
    webhook: Value,
}

fn world() -> World {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    let class = ada.make_class();
    let path = format!("/api/v1/classes/{}/webhooks", class["id"].as_str().unwrap());
    let webhook = ada.post(&path, &json!({"url": URL, "events": ["channel_occupied"]})).expect(201);
    assert!(app.run_jobs().is_empty());
    app.outside.requests.lock().unwrap().clear();
    World { app, ada, class, webhook }
}

impl World {
    fn path(&self) -> String {
        format!("/api/v1/classes/{}/webhooks", self.class["id"].as_str().unwrap())
    }

    /// The room tells something, and the queue has it.
    fn tell(&self, channel: &str) {
        let room_key = self.class["room_key"].as_str().unwrap();
        let news = News::Occupied(channel.to_owned());
        let keep = |room: &mut Room, ctx: toolboxai_edge::rooms::Context<'_>| {
            let ctx = Context { sql: ctx.sql, now: ctx.now, entropy: ctx.entropy, key: room_key, secret: "" };
            Ok((room.keep_news(ctx, &[&news])?, Vec::new()))
        };
        self.app.rooms.run(room_key, keep).unwrap();
        self.app.clock.advance(500);
        let news: DueNews = self.app.rooms.run(room_key, Room::due_news).unwrap();
        futures::executor::block_on(jobs::send_webhooks(self.app.jobs.as_ref(), &news)).unwrap();
        let told = |room: &mut Room, ctx: toolboxai_edge::rooms::Context<'_>| {
            Ok(((), room.news_told(ctx, &news, true)?))
        };
        self.app.rooms.run(room_key, told).unwrap();
    }

    fn answer(&self, status: u16) {
        let answer = move |_: &Outbound| Some(Inbound { status, body: Vec::new(), retry_after_s: None });
        self.app.outside.answer_with(answer);
    }

    fn requests(&self) -> Vec<Outbound> {
        self.app.outside.requests.lock().unwrap().clone()
    }

    fn last_delivery(&self) -> Value {
        self.ada.get(&self.path()).expect(200)["items"][0]["last_delivery"].clone()
    }

    fn dead_letters(&self) -> Vec<String> {
        let rows = self.app.db.rows("select body from dead_letters");
        rows.iter().map(|row| row["body"].as_str().unwrap().to_owned()).collect()
    }
}

#[test]
fn a_request_is_signed_with_the_secret_of_its_endpoint() {
    let world = world();
    world.answer(204);
    world.tell("private-a");
    assert!(world.app.run_jobs().is_empty());
    let [request] = &world.requests()[..] else { panic!("one request") };
    assert_eq!((request.url.as_str(), request.method.as_str()), (URL, "POST"));
    let body = request.body.as_deref().unwrap();
    let header = |name: &str| request.headers.iter().find(|(known, _)| *known == name).unwrap().1.as_str();
    assert_eq!(header("content-type"), "application/json");
    assert_eq!(header("x-pusher-key"), world.class["room_key"]);
    let secret = world.webhook["secret"].as_str().unwrap();
    assert_eq!(header("x-pusher-signature"), sign(secret.as_bytes(), body));
    let body: Value = serde_json::from_str(body).unwrap();
    assert_eq!(body["events"], json!([{"name": "channel_occupied", "channel": "private-a"}]));
    assert_eq!(world.last_delivery()["status"], 204);
}

#[test]
fn what_fails_comes_again_unchanged_until_it_is_taken() {
    let world = world();
    for status in [500, 301, 404] {
        world.answer(status);
        world.tell("a");
        let errors = world.app.run_jobs();
        assert_eq!(errors.len(), 1, "{status}");
        assert_eq!(errors[0].retry_after_s(), 2);
        assert_eq!(world.last_delivery()["status"], status);
        world.answer(200);
        world.app.clock.advance(60_000);
        assert!(world.app.run_jobs().is_empty());
    }
    let bodies: Vec<_> = world.requests().into_iter().map(|request| request.body).collect();
    assert_eq!(bodies.iter().collect::<std::collections::HashSet<_>>().len(), 3);
    assert_eq!(world.dead_letters().len(), 0);
}

#[test]
fn nobody_there_is_said_and_tried_again() {
    let world = world();
    world.tell("a");
    assert_eq!(world.app.run_jobs().len(), 1);
    assert_eq!(world.last_delivery()["status"], Value::Null);
    assert_ne!(world.last_delivery()["at"], Value::Null);
}

#[test]
fn after_five_minutes_it_is_given_up_without_what_it_told() {
    let world = world();
    world.answer(404);
    world.tell("presence-secret");
    assert_eq!(world.app.run_jobs().len(), 1);
    world.app.clock.advance(300_000);
    assert!(world.app.run_jobs().is_empty());
    let letters = world.dead_letters();
    assert_eq!(letters.len(), 1);
    assert!(letters[0].contains(world.webhook["id"].as_str().unwrap()));
    assert!(!letters[0].contains("presence-secret"));
    let log = world.app.log.0.lock().unwrap().join("\n");
    assert!(log.contains("webhook given up") && !log.contains("presence-secret"), "{log}");
}

#[test]
fn what_the_queue_gives_up_leaves_no_more_than_that() {
    let world = world();
    world.tell("presence-secret");
    let job: Job = world.app.jobs.0.lock().unwrap().pop().unwrap();
    let message = jobs::encode(&job).unwrap();
    futures::executor::block_on(jobs::bury(&world.app.ports(), jobs::QUEUE, &message)).unwrap();
    let letters = world.dead_letters();
    assert!(letters.len() == 1 && !letters[0].contains("presence-secret"), "{letters:?}");
}

#[test]
fn a_deleted_endpoint_gets_nothing_more() {
    let world = world();
    world.answer(200);
    world.tell("a");
    let path = format!("{}/{}", world.path(), world.webhook["id"].as_str().unwrap());
    world.ada.delete(&path).expect(204);
    assert!(world.app.run_jobs().is_empty());
    assert_eq!(world.requests().len(), 0);
}

#[test]
fn an_address_that_is_not_allowed_any_more_is_not_called() {
    let world = world();
    world.answer(200);
    world.app.db.execute("update webhooks set url = 'https://169.254.169.254/latest'");
    world.tell("a");
    assert!(world.app.run_jobs().is_empty());
    assert_eq!((world.requests().len(), world.dead_letters().len()), (0, 1));
}

#[test]
fn the_state_of_an_endpoint_is_written_when_it_is_news() {
    let world = world();
    world.answer(200);
    world.tell("a");
    assert!(world.app.run_jobs().is_empty());
    let first = world.last_delivery();
    world.tell("b");
    assert!(world.app.run_jobs().is_empty());
    assert_eq!(world.last_delivery(), first);
    world.app.clock.advance(60_000);
    world.tell("c");
    assert!(world.app.run_jobs().is_empty());
    assert_ne!(world.last_delivery(), first);
}
