//! Whose access ends, whose sockets are closed: a person's inbox knows them, and their rooms close them.

use std::sync::Arc;

use serde_json::{Value, json};
use toolboxai_edge::domain::pusher::CloseCode;
use toolboxai_edge::rooms::Effect;

use crate::realtime::authorize;
use crate::support::{Actor, PASSWORD, TestApp};

fn closed(app: &TestApp) -> Vec<(Vec<String>, CloseCode)> {
    let effects = std::mem::take(&mut *app.rooms.effects.lock().unwrap());
    let closed = effects.into_iter().filter_map(|effect| match effect {
        Effect::CloseSockets { socket_ids, code } => Some((socket_ids, code)),
        _ => None,
    });
    closed.collect()
}

fn ids(list: &[&str]) -> Vec<String> {
    list.iter().map(|id| (*id).to_owned()).collect()
}

fn watch(actor: &Actor, class: &Value, socket: &str) {
    authorize(actor, class, "private-class", socket).expect(200);
}

fn usr(n: usize) -> String {
    format!("/api/v1/users/usr_{n:026}")
}

fn setting() -> (Arc<TestApp>, Actor, Actor, Value) {
    let app = TestApp::new();
    let (ada, grace) = (app.sign_in("ada"), app.sign_in("grace"));
    let class = ada.make_class();
    (app, ada, grace, class)
}

#[test]
fn a_suspended_persons_sockets_are_closed_for_good_in_every_room_and_nobody_elses() {
    let (app, ada, grace, class) = setting();
    let other = ada.make_class();
    watch(&ada, &class, "1.1");
    watch(&ada, &class, "1.2");
    authorize(&ada, &class, "presence-class", "1.2").expect(200);
    watch(&ada, &other, "2.1");
    watch(&grace, &class, "3.1");
    closed(&app);
    grace.post(&format!("{}/suspend", usr(0)), &json!({"reason": "left"})).expect(200);
    let mut all = closed(&app);
    all.sort_by_key(|(ids, _)| ids.len());
    assert_eq!(
        all,
        [(ids(&["2.1"]), CloseCode::NotAuthorized), (ids(&["1.1", "1.2"]), CloseCode::NotAuthorized)]
    );
    authorize(&ada, &class, "private-class", "1.3").problem(401, "invalid_token");
    // Closed once; there is nothing left to close.
    grace.post(&format!("{}/suspend", usr(0)), &json!({"reason": "left"})).expect(200);
    assert_eq!(closed(&app), []);
}

/// The list of ended tokens may be ten seconds old somewhere: the database says no by itself.
#[test]
fn a_signature_that_races_the_suspension_is_refused() {
    let (app, ada, grace, class) = setting();
    grace.post(&format!("{}/suspend", usr(0)), &json!({"reason": "left"})).expect(200);
    app.revocations.0.lock().unwrap().clear();
    authorize(&ada, &class, "private-class", "1.1").problem(401, "invalid_token");
}

#[test]
fn a_room_that_cannot_be_told_is_told_when_the_request_is_repeated() {
    let (app, ada, grace, class) = setting();
    watch(&ada, &class, "1.1");
    closed(&app);
    app.rooms.fail_statement(class["room_key"].as_str().unwrap(), 1);
    grace.post(&format!("{}/suspend", usr(0)), &json!({"reason": "left"})).problem(503, "unavailable");
    app.rooms.evict();
    grace.post(&format!("{}/suspend", usr(0)), &json!({"reason": "left"})).expect(200);
    assert_eq!(closed(&app), [(ids(&["1.1"]), CloseCode::NotAuthorized)]);
    assert_eq!(app.audited("user.suspended"), 1);
}

#[test]
fn a_removed_person_is_out_and_a_changed_role_asks_again() {
    let (app, ada, grace, class) = setting();
    watch(&ada, &class, "1.1");
    closed(&app);
    grace.patch(&usr(0), &json!({"role": "parent"})).expect(200);
    assert_eq!(closed(&app), [(ids(&["1.1"]), CloseCode::Reconnect)]);
    grace.patch(&usr(0), &json!({"role": "teacher"})).expect(200);
    app.clock.advance(1_000);
    let ada = app.sign_in("ada");
    watch(&ada, &class, "1.2");
    closed(&app);
    grace.delete(&usr(0)).expect(204);
    assert_eq!(closed(&app), [(ids(&["1.2"]), CloseCode::NotAuthorized)]);
}

#[test]
fn ending_a_sign_in_closes_its_own_sockets_only() {
    let (app, here, _, class) = setting();
    let login = json!({"email": "ada@school.example", "password": PASSWORD, "refresh_token_in": "body"});
    let there = app.anonymous().post("/api/v1/auth/login", &login).expect(200);
    let there_token = there["refresh_token"].clone();
    let there = app.with_token(there["access_token"].as_str().unwrap());
    watch(&here, &class, "1.1");
    watch(&there, &class, "2.1");
    closed(&app);
    app.anonymous().post("/api/v1/auth/logout", &json!({"refresh_token": there_token})).expect(204);
    assert_eq!(closed(&app), [(ids(&["2.1"]), CloseCode::NotAuthorized)]);
    let third = app.sign_in("ada");
    watch(&third, &class, "3.1");
    let list = third.get("/api/v1/auth/sessions").expect(200);
    let other = list["items"].as_array().unwrap().iter().find(|item| item["is_current"] == false).unwrap();
    third.delete(&format!("/api/v1/auth/sessions/{}", other["id"].as_str().unwrap())).expect(204);
    assert_eq!(closed(&app), [(ids(&["1.1"]), CloseCode::NotAuthorized)]);
    third.post("/api/v1/auth/logout-all", &json!({})).expect(204);
    assert_eq!(closed(&app), [(ids(&["3.1"]), CloseCode::NotAuthorized)]);
}

#[test]
fn a_changed_password_closes_the_sockets_of_the_other_sign_ins() {
    let (app, here, _, class) = setting();
    let there = app.sign_in("ada");
    watch(&here, &class, "1.1");
    watch(&there, &class, "2.1");
    closed(&app);
    let change = json!({"current_password": PASSWORD, "new_password": "purple staple engine"});
    here.post("/api/v1/auth/password/change", &change).expect(204);
    assert_eq!(closed(&app), [(ids(&["2.1"]), CloseCode::NotAuthorized)]);
}

#[test]
fn no_socket_is_ever_forgotten_unclosed() {
    let (app, ada, _, class) = setting();
    for n in 0..500 {
        watch(&ada, &class, &format!("1.{n}"));
        app.clock.advance(1);
    }
    assert_eq!(closed(&app), []);
    watch(&ada, &class, "2.1");
    assert_eq!(closed(&app), [(ids(&["1.0"]), CloseCode::Reconnect)]);
    // Those of yesterday give way, and come back by themselves if a page still holds them.
    app.clock.advance(86_400_001);
    let ada = app.sign_in("ada");
    watch(&ada, &class, "3.1");
    let closed = closed(&app);
    assert_eq!((closed[0].0.len(), closed[0].1), (500, CloseCode::Reconnect));
}

#[test]
fn a_socket_that_joins_a_second_channel_costs_one_read_of_d1_each_time() {
    let (app, ada, _, class) = setting();
    app.db.take_batches();
    watch(&ada, &class, "1.1");
    authorize(&ada, &class, "presence-class", "1.1").expect(200);
    assert_eq!(app.db.take_batches(), 2);
}
