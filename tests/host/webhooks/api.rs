//! Webhooks of a class: added, listed, deleted, and by whom.

use serde_json::{Value, json};

use crate::support::{Actor, TestApp};

fn path(class: &Value) -> String {
    format!("/api/v1/classes/{}/webhooks", class["id"].as_str().unwrap())
}

fn body(url: &str) -> Value {
    json!({"url": url, "events": ["channel_occupied", "client_event"]})
}

fn one(class: &Value, webhook: &Value) -> String {
    format!("{}/{}", path(class), webhook["id"].as_str().unwrap())
}

fn list(actor: &Actor, class: &Value) -> Vec<Value> {
    actor.get(&path(class)).expect(200)["items"].as_array().unwrap().clone()
}

#[test]
fn a_webhook_is_added_with_a_secret_that_is_shown_once() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    let class = ada.make_class();
    let reply = ada.post(&path(&class), &body("https://hooks.example/a?b=c"));
    assert_eq!(reply.headers["cache-control"], "no-store");
    let made = reply.expect(201);
    let secret = made["secret"].as_str().unwrap();
    assert_eq!(secret.len(), 64);
    assert_eq!(made["last_delivery"], Value::Null);
    let listed = list(&ada, &class);
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0]["url"], "https://hooks.example/a?b=c");
    assert_eq!(listed[0]["events"], json!(["channel_occupied", "client_event"]));
    assert_eq!(listed[0].get("secret"), None);
    for table in ["webhooks", "classes", "audit_events"] {
        assert!(!format!("{:?}", app.db.rows(&format!("select * from {table}"))).contains(secret), "{table}");
    }
    let other = ada.post(&path(&class), &body("https://hooks.example/b")).expect(201);
    assert_ne!(other["secret"], made["secret"]);
    assert_eq!(app.audited("webhook.created"), 2);
}

#[test]
fn who_runs_the_class_and_nobody_else_has_its_webhooks() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    let class = ada.make_class();
    let made = ada.post(&path(&class), &body("https://hooks.example/")).expect(201);
    for (name, status, code) in [("eve", 404, "not_found"), ("peter", 403, "forbidden")] {
        let actor = app.sign_in(name);
        actor.get(&path(&class)).problem(status, code);
        actor.post(&path(&class), &body("https://evil.example/")).problem(status, code);
        actor.delete(&one(&class, &made)).problem(status, code);
    }
    assert_eq!(list(&app.sign_in("grace"), &class).len(), 1, "an admin of the school");
    // The endpoint of another class is not deleted by one's own.
    let other = ada.make_class();
    ada.delete(&one(&other, &made)).expect(204);
    assert_eq!(list(&ada, &class).len(), 1);
}

#[test]
fn a_webhook_that_goes_nowhere_good_is_refused() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    let class = ada.make_class();
    for url in
        ["http://hooks.example/", "https://127.0.0.1/", "http://127.0.0.1:9/", "https://localhost/", "x"]
    {
        let problem = ada.post(&path(&class), &body(url)).problem(422, "invalid");
        assert_eq!(problem["errors"][0]["pointer"], "/url", "{url}");
    }
    for events in [json!([]), json!(["cache_miss", "cache_miss"])] {
        let input = json!({"url": "https://hooks.example/", "events": events});
        let problem = ada.post(&path(&class), &input).problem(422, "invalid");
        assert_eq!(problem["errors"][0]["pointer"], "/events");
    }
    let input = json!({"url": "https://hooks.example/", "events": ["everything"]});
    ada.post(&path(&class), &input).problem(422, "invalid");
    assert_eq!(list(&ada, &class).len(), 0);
}

#[test]
fn in_development_a_webhook_may_go_to_this_machine() {
    let app = TestApp::with_settings(&[("ENVIRONMENT", "local")]);
    let ada = app.sign_in("ada");
    let class = ada.make_class();
    ada.post(&path(&class), &body("http://127.0.0.1:9/x")).expect(201);
    ada.post(&path(&class), &body("http://10.0.0.1/x")).problem(422, "invalid");
}

#[test]
fn a_class_has_five_webhooks_and_each_url_once() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    let class = ada.make_class();
    ada.post(&path(&class), &body("https://hooks.example/0")).expect(201);
    let twice = ada.post(&path(&class), &body("https://hooks.example/0")).problem(409, "conflict");
    assert!(twice["detail"].as_str().unwrap().contains("this URL"));
    for n in 1..5 {
        ada.post(&path(&class), &body(&format!("https://hooks.example/{n}"))).expect(201);
    }
    let more = ada.post(&path(&class), &body("https://hooks.example/5")).problem(409, "conflict");
    assert!(more["detail"].as_str().unwrap().contains('5'));
    let other = ada.make_class();
    ada.post(&path(&other), &body("https://hooks.example/0")).expect(201);
    assert_eq!(app.audited("webhook.created"), 6);
}

#[test]
fn a_deleted_webhook_is_gone_and_again_is_no_error() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    let class = ada.make_class();
    let made = ada.post(&path(&class), &body("https://hooks.example/")).expect(201);
    for _ in 0..2 {
        ada.delete(&one(&class, &made)).expect(204);
        assert_eq!(list(&ada, &class).len(), 0);
    }
    assert_eq!(app.audited("webhook.deleted"), 1);
    // The same URL again has another secret.
    let again = ada.post(&path(&class), &body("https://hooks.example/")).expect(201);
    assert_ne!(again["secret"], made["secret"]);
}

#[test]
fn the_room_knows_which_webhooks_there_are() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    let class = ada.make_class();
    let room_key = class["room_key"].as_str().unwrap();
    let tables = "select count(*) from sqlite_master where name = 'webhook_news'";
    assert_eq!(app.rooms.number(room_key, tables), 0);
    let made = ada.post(&path(&class), &body("https://hooks.example/")).expect(201);
    assert_eq!(app.rooms.number(room_key, tables), 1);
    ada.delete(&one(&class, &made)).expect(204);
    assert_eq!(app.rooms.number(room_key, tables), 0);
    let facts = app.db.rows("select webhooks, revision from classes");
    assert_eq!((&facts[0]["webhooks"], &facts[0]["revision"]), (&json!("[]"), &json!(3)));
}
