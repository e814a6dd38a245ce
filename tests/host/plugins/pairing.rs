//! Pairing (RFC 8628), and the end of a pairing.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{old_plugin, pair, paired, register};
use crate::support::{Actor, Reply, TestApp};

const APPROVE: &str = "/api/v1/plugins/pairings/approve";
const DENY: &str = "/api/v1/plugins/pairings/deny";
const LOOKUP: &str = "/api/v1/plugins/pairings/lookup";

fn form(app: &Arc<TestApp>, path: &str, fields: &[(&str, &str)]) -> Reply {
    let body = serde_urlencoded::to_string(fields).unwrap();
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    app.anonymous().request("POST", path, &headers, Some(body))
}

fn authorize(app: &Arc<TestApp>, fields: &[(&str, &str)]) -> Reply {
    form(app, "/api/v1/plugins/device-authorization", fields)
}

fn ask(app: &Arc<TestApp>, device: &Value) -> Reply {
    let code = device["device_code"].as_str().unwrap();
    let grant = "urn:ietf:params:oauth:grant-type:device_code";
    let fields = [("grant_type", grant), ("device_code", code), ("client_id", "studio-1")];
    form(app, "/api/v1/plugins/token", &fields)
}

fn code(device: &Value) -> Value {
    json!({"user_code": device["user_code"]})
}

#[test]
fn a_plugin_is_paired_by_the_device_flow() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    let scope = "content:read script:read";
    let device =
        authorize(&app, &[("client_id", "studio-1"), ("scope", scope), ("place_id", "77")]).expect(200);
    assert_eq!((&device["expires_in"], &device["interval"]), (&json!(600), &json!(5)));
    assert_eq!(device["verification_uri"], "https://edge.example/pair");
    let shown = device["user_code"].as_str().unwrap();
    assert!(device["verification_uri_complete"].as_str().unwrap().ends_with(&format!("/pair#code={shown}")));
    assert_eq!(ask(&app, &device).expect(400)["error"], "authorization_pending");
    assert_eq!(ask(&app, &device).expect(400)["error"], "slow_down");
    app.clock.advance(5_000);
    assert_eq!(ask(&app, &device).expect(400)["error"], "slow_down", "five seconds more from then on");
    let typed = json!({"user_code": shown.to_lowercase().replace('-', " ")});
    let waiting = ada.post(LOOKUP, &typed).expect(200);
    assert_eq!((&waiting["studio_id"], &waiting["status"]), (&json!("studio-1"), &json!("pending")));
    for _ in 0..2 {
        let approved = ada.post(APPROVE, &typed).expect(200);
        assert_eq!(
            (&approved["status"], &approved["capabilities"]),
            (&json!("approved"), &json!(["content:read", "script:read"]))
        );
    }
    assert_eq!(app.audited("plugin.paired"), 1);
    app.clock.advance(20_000);
    // The answer was lost: the same again.
    for _ in 0..2 {
        let token = ask(&app, &device).expect(200);
        assert_eq!((&token["scope"], &token["plugin_id"]), (&json!(scope), &device["plugin_id"]));
        let plugin = app.with_token(token["access_token"].as_str().unwrap());
        plugin.post("/sync", &json!({})).expect(200);
        plugin.post("/plugin/session/start", &json!({})).problem(403, "forbidden");
    }
    let list = ada.get("/api/v1/plugins").expect(200);
    assert_eq!(
        (&list["items"][0]["id"], &list["items"][0]["status"]),
        (&device["plugin_id"], &json!("active"))
    );
    let rows = format!("{:?}", app.db.rows("select * from plugin_pairings"));
    assert!(!rows.contains(device["device_code"].as_str().unwrap()) && !rows.contains(shown));
    assert!(!rows.contains(&shown.replace('-', "")));
}

#[test]
fn an_old_plugin_learns_of_its_pairing_from_a_heartbeat_and_gets_its_rights_by_a_refresh() {
    let app = TestApp::new();
    let made = app.anonymous().post("/register_plugin", &old_plugin("studio-1")).expect(200);
    let (id, plugin) = (made["plugin_id"].as_str().unwrap(), app.with_token(made["token"].as_str().unwrap()));
    app.sign_in("ada").post(APPROVE, &code(&made["pairing"])).expect(200);
    let beat = plugin.post("/heartbeat", &json!({"session_id": id})).expect(200);
    assert_eq!(beat["updates"][0]["type"], "paired");
    plugin.post("/sync", &json!({})).problem(403, "forbidden");
    let path = format!("/plugin/{id}/token");
    let new = plugin.post(&path, &json!({})).expect(200);
    assert_eq!((&new["plugin_id"], new["capabilities"].as_array().unwrap().len()), (&json!(id), 4));
    app.with_token(new["token"].as_str().unwrap()).post("/sync", &json!({})).expect(200);
}

#[test]
fn a_refresh_finds_the_pairing_although_nobody_told_the_lobby() {
    let app = TestApp::new();
    let made = app.anonymous().post("/register_plugin", &old_plugin("studio-1")).expect(200);
    let plugin = app.with_token(made["token"].as_str().unwrap());
    app.plugins.fail_statement(2);
    let reply = app.sign_in("ada").post(APPROVE, &code(&made["pairing"]));
    assert!(reply.status == 200 || reply.status == 503);
    let new = plugin.post("/api/v1/plugins/refresh", &json!({})).expect(200);
    app.with_token(new["token"].as_str().unwrap()).post("/sync", &json!({})).expect(200);
}

/// Whoever knows a Studio's id may register as it; what a teacher then pairs is the last one who did.
#[test]
fn an_earlier_registration_of_the_same_studio_gets_nothing_of_a_pairing() {
    let app = TestApp::new();
    let (id, stranger) = register(&app, "studio-1");
    let made = app.anonymous().post("/register_plugin", &old_plugin("studio-1")).expect(200);
    assert_eq!(made["plugin_id"], id.as_str());
    app.sign_in("ada").post(APPROVE, &code(&made["pairing"])).expect(200);
    stranger.post("/api/v1/plugins/refresh", &json!({})).problem(401, "invalid_token");
    // And a later one is another plugin.
    let (later, late) = register(&app, "studio-1");
    assert_ne!(later, id);
    let refreshed = late.post("/api/v1/plugins/refresh", &json!({})).expect(200);
    assert_eq!(refreshed["capabilities"], json!([]));
}

#[test]
fn a_teacher_may_say_no() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    let device = authorize(&app, &[("client_id", "studio-1")]).expect(200);
    for _ in 0..2 {
        assert_eq!(ada.post(DENY, &code(&device)).expect(200)["status"], "denied");
    }
    assert_eq!(app.audited("plugin.denied"), 1);
    assert_eq!(ask(&app, &device).expect(400)["error"], "access_denied");
    ada.post(APPROVE, &code(&device)).problem(409, "conflict");
    app.sign_in("eve").post(LOOKUP, &code(&device)).problem(404, "not_found");
}

#[test]
fn a_code_is_good_for_ten_minutes_and_for_one_school() {
    let app = TestApp::new();
    let (ada, eve) = (app.sign_in("ada"), app.sign_in("eve"));
    let device = authorize(&app, &[("client_id", "studio-1")]).expect(200);
    ada.post(APPROVE, &code(&device)).expect(200);
    for path in [LOOKUP, APPROVE, DENY] {
        eve.post(path, &code(&device)).problem(404, "not_found");
    }
    ada.post(DENY, &code(&device)).problem(409, "conflict");
    let late = authorize(&app, &[("client_id", "studio-1")]).expect(200);
    app.clock.advance(600_000);
    ada.post(APPROVE, &code(&late)).problem(404, "not_found");
    assert_eq!(ask(&app, &late).expect(400)["error"], "expired_token");
}

#[test]
fn errors_of_the_device_flow_are_those_of_the_rfc() {
    let app = TestApp::new();
    let error = |reply: Reply| reply.expect(400)["error"].as_str().unwrap().to_owned();
    assert_eq!(error(authorize(&app, &[])), "invalid_request");
    assert_eq!(error(authorize(&app, &[("client_id", "no spaces")])), "invalid_request");
    assert_eq!(error(authorize(&app, &[("client_id", "studio-1"), ("scope", "admin")])), "invalid_scope");
    let token = |fields: &[(&str, &str)]| error(form(&app, "/api/v1/plugins/token", fields));
    assert_eq!(token(&[]), "invalid_request");
    assert_eq!(token(&[("grant_type", "password")]), "unsupported_grant_type");
    let device = authorize(&app, &[("client_id", "studio-2")]).expect(200);
    assert_eq!(ask(&app, &device).expect(400)["error"], "invalid_grant", "another client's");
    assert_eq!(ask(&app, &json!({"device_code": "pdc_x"})).expect(400)["error"], "invalid_grant");
    app.anonymous().post("/api/v1/plugins/token", &json!({})).problem(415, "unsupported_media_type");
}

#[test]
fn codes_cannot_be_tried_for_long() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    let device = authorize(&app, &[("client_id", "studio-1")]).expect(200);
    for _ in 0..20 {
        ada.post(LOOKUP, &code(&device)).expect(200);
    }
    for _ in 0..10 {
        ada.post(LOOKUP, &json!({"user_code": "BBBB-BBBB"})).problem(404, "not_found");
    }
    ada.post(LOOKUP, &code(&device)).problem(429, "rate_limited");
}

#[test]
fn a_plugin_that_is_paired_anew_replaces_the_one_before() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    let old = pair(&app, &ada, "studio-1");
    let new = pair(&app, &ada, "studio-1");
    assert_eq!(ada.get("/api/v1/plugins").expect(200)["items"].as_array().unwrap().len(), 1);
    old.post("/heartbeat", &json!({})).problem(401, "invalid_token");
    new.post("/heartbeat", &json!({})).expect(200);
}

#[test]
fn an_ended_pairing_is_out_and_only_who_made_it_or_an_admin_ends_it() {
    let app = TestApp::new();
    let (ada, alan, grace, eve) =
        (app.sign_in("ada"), app.sign_in("alan"), app.sign_in("grace"), app.sign_in("eve"));
    let (id, plugin) = paired(&app, &ada, "studio-1");
    let path = format!("/api/v1/plugins/{id}");
    for other in [&alan, &eve] {
        other.delete(&path).problem(404, "not_found");
        assert_eq!(other.get("/api/v1/plugins").expect(200)["items"], json!([]));
    }
    plugin.post("/heartbeat", &json!({})).expect(200);
    assert_eq!(grace.get("/api/v1/plugins").expect(200)["items"][0]["id"], id.as_str());
    for who in [&grace, &ada] {
        who.delete(&path).expect(204);
        plugin.post("/heartbeat", &json!({})).problem(401, "invalid_token");
        plugin.post("/api/v1/plugins/refresh", &json!({})).problem(401, "invalid_token");
    }
    assert_eq!(app.audited("plugin.revoked"), 1);
    // Its registry knows it without the list, too.
    app.revocations.0.lock().unwrap().clear();
    plugin.post("/heartbeat", &json!({})).problem(404, "not_found");
    plugin.post("/api/v1/plugins/refresh", &json!({})).problem(401, "invalid_token");
}

#[test]
fn the_plugins_of_a_suspended_teacher_are_out_for_good() {
    let app = TestApp::new();
    let (ada, grace) = (app.sign_in("ada"), app.sign_in("grace"));
    let plugin = pair(&app, &ada, "studio-1");
    let ada_id = ada.get("/api/v1/auth/me").expect(200)["id"].as_str().unwrap().to_owned();
    app.clock.advance(1000);
    grace.post(&format!("/api/v1/users/{ada_id}/suspend"), &json!({"reason": "left"})).expect(200);
    for hours in [0, 1, 22] {
        app.clock.advance(hours * 3_600_000);
        plugin.post("/heartbeat", &json!({})).problem(401, "invalid_token");
        plugin.post("/api/v1/plugins/refresh", &json!({})).problem(401, "invalid_token");
    }
    app.revocations.0.lock().unwrap().clear();
    plugin.post("/api/v1/plugins/refresh", &json!({})).problem(401, "invalid_token");
}

#[test]
fn the_list_keeps_a_suspended_person_no_longer_than_their_access_tokens_live() {
    let app = TestApp::new();
    let (ada, grace) = (app.sign_in("ada"), app.sign_in("grace"));
    let (plugin, _) = paired(&app, &ada, "studio-1");
    let (ended, _) = paired(&app, &ada, "studio-2");
    ada.delete(&format!("/api/v1/plugins/{ended}")).expect(204);
    paired(&app, &grace, "studio-3");
    app.revocations.0.lock().unwrap().clear();
    let ada_id = ada.get("/api/v1/auth/me").expect(200)["id"].as_str().unwrap().to_owned();
    grace.post(&format!("/api/v1/users/{ada_id}/suspend"), &json!({"reason": "left"})).expect(200);
    let now = toolboxai_edge::ports::Clock::now(app.clock.as_ref());
    let mut list: Vec<(String, i64)> = app
        .revocations
        .0
        .lock()
        .unwrap()
        .iter()
        .map(|entry| (entry.subject.clone(), entry.until.millis_since(now) / 1000))
        .filter(|(subject, _)| !subject.starts_with("sid_"))
        .collect();
    list.sort();
    assert_eq!(list, [(plugin, 168 * 3600 + 60), (ada_id, 900 + 60)]);
}

#[test]
fn a_school_has_two_hundred_plugins_at_most() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    pair(&app, &ada, "studio-1");
    app.db.execute(
        "with recursive n (no) as (select 1 union all select no + 1 from n where no < 199)
         insert into plugins (id, school_id, user_id, epoch, registration, studio_id, place_id, capabilities, created_at)
         select printf('plg_%026d', no), school_id, user_id, 1, registration, 's' || no, '', '[]', 0 from plugins, n",
    );
    let device = authorize(&app, &[("client_id", "studio-2")]).expect(200);
    ada.post(APPROVE, &code(&device)).problem(409, "conflict");
    ada.delete(&format!("/api/v1/plugins/plg_{:026}", 1)).expect(204);
    ada.post(APPROVE, &code(&device)).expect(200);
}

#[test]
fn old_codes_and_ended_pairings_are_forgotten() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    let (id, _) = paired(&app, &ada, "studio-1");
    ada.delete(&format!("/api/v1/plugins/{id}")).expect(204);
    app.clock.advance(31 * 24 * 3_600_000);
    futures::executor::block_on(toolboxai_edge::jobs::tick(&app.ports())).unwrap();
    assert_eq!(
        app.db.number("select (select count(*) from plugins) + (select count(*) from plugin_pairings)"),
        0
    );
}

#[test]
fn a_paired_plugin_that_says_goodbye_or_falls_silent_stays_paired() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    let (id, plugin) = paired(&app, &ada, "studio-1");
    let status = |ada: &Actor| ada.get("/api/v1/plugins").expect(200)["items"][0]["status"].clone();
    plugin.post("/heartbeat", &json!({})).expect(200);
    assert_eq!(status(&ada), "active");
    plugin.post("/unregister_plugin", &json!({"session_id": id})).expect(200);
    assert_eq!(status(&ada), "offline");
    plugin.post("/heartbeat", &json!({})).expect(200);
    app.clock.advance(600_001);
    assert_eq!(status(&ada), "stale");
    app.clock.advance(4 * 3_600_000);
    app.plugins.ring();
    plugin.post("/heartbeat", &json!({})).expect(200);
}
