//! Content, templates, deployments.

use std::sync::Arc;

use futures::executor::block_on;
use serde_json::{Value, json};

use super::cloud::{connection, open_cloud, published};
use super::support::{ROBLOX, below, co_teach, game, game_of};
use crate::support::{Actor, Game, Reply, TestApp};

fn content() -> Value {
    json!({"kind": "lesson", "title": "Orbit", "subject": "Science", "grade_level": 6, "status": "ready",
        "body": {"stations": [{"name": "Gate"}]}})
}

fn make(teacher: &Actor, body: &Value) -> Value {
    teacher.post(&format!("{ROBLOX}/content"), body).expect(201)
}

fn deploy(teacher: &Actor, content: &Value, game: &Value) -> Reply {
    let body = json!({"content_id": content["id"], "game_id": game["id"]});
    teacher.post(&format!("{ROBLOX}/content/deploy"), &body)
}

fn status(teacher: &Actor, content: &Value) -> Value {
    teacher.get(&below("content", content, "/status")).expect(200)
}

/// Ada's class with a game and a server.
struct Taught {
    app: Arc<TestApp>,
    ada: Actor,
    class: Value,
    game: Value,
    server: Game,
}

fn class() -> Taught {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    let class = ada.make_class();
    let game = game_of(&ada, &class);
    let mut server = Game::open(&app, &class, "job");
    let join = server.join(1);
    server.sync(&[join]);
    Taught { app, ada, class, game, server }
}

impl Taught {
    fn get(&self, tag: &str) -> Reply {
        self.server.server.request(
            "GET",
            &below("games", &self.game, "/content"),
            &[("if-none-match", tag)],
            None,
        )
    }

    fn live(&self) -> Value {
        self.get("").expect(200)
    }

    /// Makes and deploys a content with this title.
    fn deployed(&self, title: &str) -> (Value, Value) {
        let mut body = content();
        body["title"] = json!(title);
        self.app.clock.advance(1);
        let content = make(&self.ada, &body);
        let deployment = deploy(&self.ada, &content, &self.game).expect(202);
        assert!(self.app.run_jobs().is_empty());
        (content, deployment)
    }

    fn show(&self, deployment: &Value) -> Value {
        self.ada.get(&below("content/deployments", deployment, "")).expect(200)
    }

    fn roll_back(&self, deployment: &Value) -> Reply {
        self.ada.post(&below("content/deployments", deployment, "/rollback"), &json!({}))
    }
}

#[test]
fn templates_are_filtered_and_their_use_is_counted() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    let list =
        |rest: &str| ada.get(&format!("{ROBLOX}/content/templates{rest}")).expect(200)["items"].clone();
    assert_eq!(list("").as_array().unwrap().len(), 5);
    let science = list("?subject=science");
    assert_eq!(
        (&science[0]["template_id"], &science[0]["usage_count"]),
        (&json!("space_station_science"), &json!(0))
    );
    assert_eq!(list("?grade_level=3").as_array().unwrap().len(), 2);
    assert_eq!(list("?grade_level=12"), json!([]));
    assert_eq!(list("?kind=activity&subject=Biology")[0]["template_id"], "ecosystem_island");
    let mut body = content();
    body.as_object_mut().unwrap().remove("body");
    body["template_id"] = json!("space_station_science");
    let made = make(&ada, &body);
    assert_eq!(made["body"]["stations"][0]["name"], "Airlock");
    let mut of_template = game();
    of_template["template_id"] = json!("space_station_science");
    ada.post(&format!("{ROBLOX}/games"), &of_template).expect(201);
    assert_eq!(list("?subject=science")[0]["usage_count"], 2);
    let others = app.sign_in("eve").get(&format!("{ROBLOX}/content/templates?subject=Science")).expect(200);
    assert_eq!(others["items"][0]["usage_count"], 0, "another school's");
    for path in ["content", "games"] {
        let mut wrong = if path == "games" { game() } else { content() };
        wrong["template_id"] = json!("moon_base");
        ada.post(&format!("{ROBLOX}/{path}"), &wrong).problem(422, "invalid");
    }
    app.sign_in("peter").get(&format!("{ROBLOX}/content/templates")).problem(403, "forbidden");
}

#[test]
fn content_is_its_owners_and_an_admins() {
    let app = TestApp::new();
    let (ada, alan, eve, grace) =
        (app.sign_in("ada"), app.sign_in("alan"), app.sign_in("eve"), app.sign_in("grace"));
    let made = make(&ada, &content());
    let path = below("content", &made, "");
    for stranger in [&alan, &eve] {
        stranger.get(&path).problem(404, "not_found");
        stranger.get(&below("content", &made, "/status")).problem(404, "not_found");
        stranger.patch(&path, &json!({"title": "Mine"})).problem(404, "not_found");
        assert_eq!(stranger.get(&format!("{ROBLOX}/content")).expect(200)["items"], json!([]));
    }
    grace.get(&path).expect(200);
    assert_eq!(
        grace.get(&format!("{ROBLOX}/content?status=ready")).expect(200)["items"][0]["id"],
        made["id"]
    );
    app.anonymous().get(&path).problem(401, "unauthenticated");
}

#[test]
fn what_is_wrong_with_content_is_said_and_no_answer_key_is_taken() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    let cases = [
        ("title", json!("ab")),
        ("kind", json!("film")),
        ("status", json!("generating")),
        ("body", json!({"text": "x".repeat(270_000)})),
        ("body", json!({"questions": [{"options": [{"text": "4", "correct": true}]}]})),
        ("body", json!({"correct_answer": 4})),
    ];
    for (field, value) in cases {
        let mut body = content();
        body[field] = value;
        let problem = ada.post(&format!("{ROBLOX}/content"), &body).problem(422, "invalid");
        assert_eq!(problem["errors"][0]["pointer"], format!("/{field}"));
    }
    let made = make(&ada, &content());
    ada.patch(&below("content", &made, ""), &json!({"body": {"a": [{"is_correct": 1}]}}))
        .problem(422, "invalid");
    let patch = |tag: &str| {
        let body = json!({"title": "Changed"}).to_string();
        ada.request("PATCH", &below("content", &made, ""), &[("if-match", tag)], Some(body))
    };
    patch("\"1\"").expect(200);
    patch("\"1\"").problem(412, "precondition_failed");
    ada.patch(&below("content", &made, ""), &json!({"status": "archived"})).expect(200);
    ada.patch(&below("content", &made, ""), &json!({"status": "ready"})).problem(409, "conflict");
}

#[test]
fn a_deployment_is_pending_until_its_version_is_live() {
    let mut class = class();
    class.get("").problem(404, "not_found");
    let made = make(&class.ada, &content());
    let reply = deploy(&class.ada, &made, &class.game);
    let location = reply.headers["location"].to_str().unwrap().to_owned();
    let deployment = reply.expect(202);
    assert_eq!((&deployment["status"], &deployment["version"]), (&json!("pending"), &Value::Null));
    assert!(deployment["id"].as_str().unwrap().starts_with("dep_"));
    class.get("").problem(404, "not_found");
    assert!(class.app.run_jobs().is_empty());
    let shown = class.ada.get(&location).expect(200);
    assert_eq!((&shown["status"], &shown["version"]), (&json!("deployed"), &json!(1)));
    assert!(shown["started_at"].is_string() && shown["completed_at"].is_string());
    assert_eq!(shown["acknowledged_at"], Value::Null);
    let heard = class.server.sync(&[])["messages"].clone();
    let last = heard.as_array().unwrap().last().unwrap();
    assert_eq!((&last["type"], &last["data"]["version"]), (&json!("content_ready"), &json!(1)));
    let reply = class.get("");
    assert_eq!(reply.headers["etag"], "\"1\"");
    let live = reply.expect(200);
    assert_eq!((&live["body"], &live["content_id"]), (&content()["body"], &made["id"]));
    assert_eq!(class.show(&deployment)["acknowledged_at"], Value::Null, "it may be lost on its way");
    for _ in 0..2 {
        assert_eq!(class.get("\"1\"").status.as_u16(), 304);
    }
    assert!(class.show(&deployment)["acknowledged_at"].is_string());
    let both = status(&class.ada, &made);
    assert_eq!(
        (&both["content"]["status"], &both["deployments"][0]["status"]),
        (&json!("ready"), &json!("deployed"))
    );
    assert_eq!(class.ada.get(&below("games", &class.game, "")).expect(200)["content_version"], 1);
}

#[test]
fn a_version_is_immutable_whatever_becomes_of_the_content() {
    let class = class();
    let (made, _) = class.deployed("First");
    class.ada.patch(&below("content", &made, ""), &json!({"title": "Changed", "body": {"x": 1}})).expect(200);
    assert_eq!(class.live()["title"], "First");
    let changed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        class.app.db.execute("update roblox_versions set body = '{}'");
    }));
    assert!(changed.is_err());
}

#[test]
fn a_roll_back_makes_the_version_before_live_again() {
    let class = class();
    let (_, first) = class.deployed("First");
    let (_, second) = class.deployed("Second");
    let (_, third) = class.deployed("Third");
    assert_eq!(class.live()["title"], "Third");
    class.roll_back(&second).problem(409, "conflict");
    for _ in 0..2 {
        assert_eq!(class.roll_back(&third).expect(200)["status"], "rolled_back");
    }
    let live = class.live();
    assert_eq!((&live["title"], &live["version"]), (&json!("Second"), &json!(2)));
    assert_eq!(class.get("\"3\"").expect(200)["version"], 2, "who has the newer one gets the older one");
    class.roll_back(&second).expect(200);
    let (_, fourth) = class.deployed("Fourth");
    assert_eq!(class.live()["version"], 4);
    class.roll_back(&fourth).expect(200);
    assert_eq!(class.live()["title"], "First", "what was rolled back before is not live again");
    class.roll_back(&first).expect(200);
    class.get("").problem(404, "not_found");
    assert!(class.show(&first)["rolled_back_at"].is_string());
}

#[test]
fn a_games_deployments_are_listed_newest_first_with_what_became_of_each() {
    let class = class();
    let list = |query: &str| class.ada.get(&below("games", &class.game, &format!("/deployments{query}")));
    assert_eq!(list("").expect(200), json!({"items": [], "next_cursor": null}));
    let (first_content, _) = class.deployed("First");
    let (_, second) = class.deployed("Second");
    class.roll_back(&second).expect(200);
    class.ada.patch(&below("content", &first_content, ""), &json!({"title": "Changed"})).expect(200);
    class.app.clock.advance(1);
    let gone = make(&class.ada, &content());
    deploy(&class.ada, &gone, &class.game).expect(202);
    class.ada.patch(&below("content", &gone, ""), &json!({"status": "archived"})).expect(200);
    assert!(class.app.run_jobs().is_empty());
    class.app.clock.advance(1);
    deploy(&class.ada, &make(&class.ada, &content()), &class.game).expect(202);
    let all = list("").expect(200);
    let seen = |item: &Value| {
        json!([
            item["title"],
            item["kind"],
            item["status"],
            item["version"],
            item["is_live"],
            item["failure"]
        ])
    };
    assert_eq!(
        all["items"].as_array().unwrap().iter().map(seen).collect::<Vec<_>>(),
        [
            json!(["Orbit", "lesson", "pending", null, false, null]),
            json!(["Orbit", "lesson", "failed", null, false, "the content is no longer ready"]),
            json!(["Second", "lesson", "rolled_back", 2, false, null]),
            json!(["First", "lesson", "deployed", 1, true, null]),
        ]
    );
    let page = list("?limit=3").expect(200);
    let rest = list(&format!("?limit=3&cursor={}", page["next_cursor"].as_str().unwrap())).expect(200);
    let paged = [page["items"].as_array().unwrap().as_slice(), rest["items"].as_array().unwrap()].concat();
    assert_eq!((&json!(paged), &rest["next_cursor"]), (&all["items"], &Value::Null));
    list("?cursor=x").problem(422, "malformed");
    list("?limit=0").problem(422, "malformed");
    let path = below("games", &class.game, "/deployments");
    for stranger in ["alan", "eve"] {
        class.app.sign_in(stranger).get(&path).problem(404, "not_found");
    }
    class.app.anonymous().get(&path).problem(401, "unauthenticated");
    class.server.server.get(&path).problem(401, "invalid_token");
    assert_eq!(
        class.app.sign_in("grace").get(&path).expect(200),
        list("").expect(200),
        "an admin of the school"
    );
    co_teach(&class.app, &class.class);
    assert_eq!(class.app.sign_in("alan").get(&path).expect(200)["items"].as_array().unwrap().len(), 4);
    let other = json!({"id": game_of(&class.ada, &class.class)["id"]});
    assert_eq!(class.ada.get(&below("games", &other, "/deployments")).expect(200)["items"], json!([]));
}

#[test]
fn only_what_is_ready_is_deployed_and_only_to_games_that_one_runs() {
    let class = class();
    let (alan, eve) = (class.app.sign_in("alan"), class.app.sign_in("eve"));
    let mut draft = content();
    draft["status"] = json!("draft");
    let draft = make(&class.ada, &draft);
    deploy(&class.ada, &draft, &class.game).problem(409, "conflict");
    let made = make(&class.ada, &content());
    deploy(&alan, &made, &class.game).problem(404, "not_found");
    for stranger in [&alan, &eve] {
        let theirs = make(stranger, &content());
        deploy(stranger, &theirs, &class.game).problem(404, "not_found");
    }
    let unknown = json!({"id": format!("game_{:026}", 99)});
    deploy(&class.ada, &made, &unknown).problem(404, "not_found");
    co_teach(&class.app, &class.class);
    let theirs = make(&alan, &content());
    let deployment = deploy(&alan, &theirs, &class.game).expect(202);
    eve.get(&below("content/deployments", &deployment, "")).problem(404, "not_found");
    eve.post(&below("content/deployments", &deployment, "/rollback"), &json!({})).problem(404, "not_found");
    class.ada.delete(&below("games", &class.game, "")).expect(204);
    deploy(&class.ada, &made, &class.game).problem(409, "conflict");
    assert!(class.app.run_jobs().is_empty());
    let failed = class.show(&deployment);
    assert_eq!((&failed["status"], &failed["failure"]), (&json!("failed"), &json!("the game is archived")));
}

#[test]
fn a_deployment_whose_content_went_away_or_that_came_too_late_fails_and_says_why() {
    let class = class();
    let made = make(&class.ada, &content());
    let gone = deploy(&class.ada, &made, &class.game).expect(202);
    class.ada.patch(&below("content", &made, ""), &json!({"status": "archived"})).expect(200);
    assert!(class.app.run_jobs().is_empty());
    assert_eq!(class.show(&gone)["failure"], "the content is no longer ready");
    let late = deploy(&class.ada, &make(&class.ada, &content()), &class.game).expect(202);
    let held = std::mem::take(&mut *class.app.jobs.0.lock().unwrap());
    class.deployed("Newer");
    class.app.jobs.0.lock().unwrap().extend(held);
    assert!(class.app.run_jobs().is_empty());
    assert_eq!(class.show(&late)["failure"], "a deployment that was asked for later is live already");
    assert_eq!(class.live()["title"], "Newer");
}

#[test]
fn a_deployment_that_comes_twice_or_ends_in_its_middle_is_one_version() {
    for nth in 1..=4 {
        let class = class();
        let made = make(&class.ada, &content());
        let deployment = deploy(&class.ada, &made, &class.game).expect(202);
        class.app.db.fail_nth(nth);
        assert_eq!(class.app.run_jobs().len(), 1, "batch {nth}");
        let message = json!(class.app.jobs.0.lock().unwrap()[0]).to_string();
        assert!(class.app.run_jobs().is_empty());
        class.app.run_job(&message).unwrap();
        assert_eq!(class.show(&deployment)["version"], 1, "batch {nth}");
        assert_eq!(class.app.db.number("select count(*) from roblox_versions"), 1);
    }
    let class = class();
    let made = make(&class.ada, &content());
    let post = || {
        let body = json!({"content_id": made["id"], "game_id": class.game["id"]}).to_string();
        let path = format!("{ROBLOX}/content/deploy");
        class.ada.request("POST", &path, &[("idempotency-key", "a")], Some(body)).expect(202)
    };
    assert_eq!(post()["id"], post()["id"]);
    assert!(class.app.run_jobs().is_empty());
    assert_eq!(post()["status"], "deployed");
    assert_eq!(class.app.db.number("select count(*) from roblox_versions"), 1);
}

#[test]
fn a_deployment_whose_message_is_lost_is_done_by_the_tick() {
    let class = class();
    let deployment = deploy(&class.ada, &make(&class.ada, &content()), &class.game).expect(202);
    class.app.jobs.0.lock().unwrap().clear();
    class.app.clock.advance(130_000);
    block_on(toolboxai_edge::jobs::tick(&class.app.ports())).unwrap();
    assert_eq!(class.show(&deployment)["status"], "deployed");
}

#[test]
fn a_games_content_is_for_the_servers_of_its_class_while_it_is_active() {
    let class = class();
    class.deployed("Orbit");
    let path = below("games", &class.game, "/content");
    let other = class.ada.make_class();
    Game::open(&class.app, &other, "other").server.get(&path).problem(404, "not_found");
    class.app.anonymous().get(&path).problem(401, "unauthenticated");
    class.ada.get(&path).problem(401, "invalid_token");
    class.ada.patch(&below("games", &class.game, "/settings"), &json!({"status": "paused"})).expect(200);
    class.get("").problem(404, "not_found");
    let games = class.server.server.get(&format!("{ROBLOX}/server/games")).expect(200);
    assert_eq!(
        (&games["items"][0]["id"], &games["items"][0]["status"]),
        (&class.game["id"], &json!("paused"))
    );
    let none =
        Game::open(&class.app, &other, "third").server.get(&format!("{ROBLOX}/server/games")).expect(200);
    assert_eq!(none["items"], json!([]));
    class.ada.get(&format!("{ROBLOX}/server/games")).problem(401, "invalid_token");
}

#[test]
fn a_deployment_nudges_the_servers_once() {
    let class = class();
    class.app.sign_in("grace").post(&format!("{ROBLOX}/connections"), &connection()).expect(201);
    class.ada.patch(&below("games", &class.game, "/settings"), &json!({"universe_id": "123"})).expect(200);
    open_cloud(&class.app, &[]);
    let (_, deployment) = class.deployed("Orbit");
    assert_eq!(published(&class.app).len(), 1);
    let quiet = json!({"content_id": make(&class.ada, &content())["id"], "game_id": class.game["id"], "notify_students": false});
    class.app.clock.advance(10_000);
    class.ada.post(&format!("{ROBLOX}/content/deploy"), &quiet).expect(202);
    assert!(class.app.run_jobs().is_empty());
    assert_eq!((class.live()["version"].clone(), published(&class.app).len()), (json!(2), 1));
    class.roll_back(&deployment).problem(409, "conflict");
}
