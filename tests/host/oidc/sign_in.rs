//! Signing in, for the first time and again.

use std::collections::HashMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::RETRY_AFTER;
use serde_json::json;
use toolboxai_edge::domain::oidc::challenge;
use toolboxai_edge::ports::Clock;

use super::{AtProvider, cookie, location, query, signed_in, vouch, world};
use crate::support::TestApp;

#[test]
fn the_providers_are_listed_without_anything_secret() {
    let app = TestApp::new();
    let reply = app.anonymous().get("/api/v1/auth/providers").expect(200);
    assert_eq!(
        reply["items"],
        json!([{"id": "google", "name": "Google"}, {"id": "roblox", "name": "Roblox"}])
    );
}

#[test]
fn the_browser_takes_a_challenge_along_and_nothing_that_it_is_the_hash_of() {
    let (app, provider) = world();
    let flow = AtProvider::start(&app, &provider, "google", "/");
    let sent = query(&flow.url);
    assert_eq!(sent["redirect_uri"], "https://edge.example/api/v1/auth/oidc/google/callback");
    assert_eq!((sent["code_challenge_method"].as_str(), sent["code_challenge"].len()), ("S256", 43));
    vouch(&provider, "emmy@mail.example");
    flow.back();
    let requests = app.outside.requests.lock().unwrap();
    let exchange = requests.iter().find(|request| request.url.ends_with("/token")).unwrap();
    let form: HashMap<String, String> = serde_urlencoded::from_str(exchange.body.as_ref().unwrap()).unwrap();
    assert_eq!(challenge(&form["code_verifier"]), sent["code_challenge"]);
    assert!(!flow.url.contains(&form["code_verifier"]));
    assert_eq!((form["grant_type"].as_str(), form["code"].as_str()), ("authorization_code", "code-1"));
    assert_eq!(form["redirect_uri"], sent["redirect_uri"]);
    let basic = format!("Basic {}", STANDARD.encode("us:client-secret"));
    assert!(exchange.headers.contains(&("authorization", basic)));
    assert!(!form.contains_key("client_secret"));
}

#[test]
fn a_newcomer_with_a_verified_address_is_a_teacher_in_a_school_of_their_own() {
    let (app, provider) = world();
    vouch(&provider, "Emmy@Mail.example");
    let flow = AtProvider::start(&app, &provider, "google", "/classes?new=1#top");
    let reply = flow.back();
    assert_eq!(location(&reply), "/classes?new=1#top");
    assert_eq!(cookie(&reply, "__Host-oidc").as_deref(), Some(""));
    let (emmy, out) = signed_in(&app, &reply);
    assert_eq!(out["user"]["email"], "emmy@mail.example");
    assert_eq!(out["user"]["role"], "teacher");
    let me = emmy.get("/api/v1/auth/me").expect(200);
    assert_eq!(me["school"]["is_personal"], true);
    assert_eq!((&me["has_password"], &me["email_verified"]), (&json!(false), &json!(true)));
    assert_eq!(me["display_name"], "Emmy Noether");
    emmy.make_class();
    // By name: of events of one millisecond chance decides which id comes first.
    let events = app.db.rows("select action from audit_events order by action");
    let actions: Vec<_> = events.iter().map(|row| row["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["account.registered", "sign_in.succeeded"]);
}

#[test]
fn the_same_subject_is_the_same_person_whatever_their_address_is_by_now() {
    let (app, provider) = world();
    vouch(&provider, "emmy@mail.example");
    let (_, first) = signed_in(&app, &AtProvider::start(&app, &provider, "google", "/").back());
    vouch(&provider, "ada@school.example");
    app.db.take_batches();
    let reply = AtProvider::start(&app, &provider, "google", "/").back();
    assert_eq!(app.db.take_batches(), 2, "who it is, and the session");
    let (emmy, second) = signed_in(&app, &reply);
    assert_eq!(first["user"]["id"], second["user"]["id"]);
    let list = emmy.get("/api/v1/auth/identities").expect(200);
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
    assert_eq!(list["items"][0]["account"], "emmy@mail.example");
    assert!(list["items"][0]["last_used_at"].is_string());
}

#[test]
fn a_provider_is_no_way_around_the_second_factor() {
    let (app, provider) = world();
    vouch(&provider, "emmy@mail.example");
    let (emmy, _) = signed_in(&app, &AtProvider::start(&app, &provider, "google", "/").back());
    let made = emmy.post("/api/v1/auth/factors/totp", &json!({})).expect(201);
    let totp = totp_rs::Totp::from_url(made["otpauth_uri"].as_str().unwrap()).unwrap();
    let code = || totp.generate(u64::try_from(app.clock.now().as_secs()).unwrap()).to_string();
    let confirm = format!("/api/v1/auth/factors/totp/{}/confirm", made["id"].as_str().unwrap());
    emmy.post(&confirm, &json!({"code": code()})).expect(200);
    app.clock.advance(30_000);
    let reply = AtProvider::start(&app, &provider, "google", "/classes").back();
    assert_eq!(cookie(&reply, "__Host-refresh"), None);
    let page = location(&reply);
    let fields: HashMap<String, String> =
        serde_urlencoded::from_str(page.strip_prefix("/sign-in#").unwrap()).unwrap();
    assert_eq!(
        (fields["methods"].as_str(), fields["return_to"].as_str()),
        ("totp,recovery_code", "/classes")
    );
    let body = json!({"challenge": fields["challenge"], "code": code(), "refresh_token_in": "body"});
    app.anonymous().post("/api/v1/auth/login/second-factor", &body).expect(200);
}

#[test]
fn an_address_that_an_account_has_links_nothing_by_itself() {
    let (app, provider) = world();
    vouch(&provider, "ADA@school.example");
    let reply = AtProvider::start(&app, &provider, "google", "/").back();
    assert_eq!(location(&reply), "/sign-in?error=link_first");
    assert_eq!(cookie(&reply, "__Host-refresh"), None);
    assert_eq!(app.db.number("select count(*) from identities"), 0);
    assert_eq!(app.db.number("select count(*) from schools"), 2);
    let told = app.jobs.0.lock().unwrap().iter().any(|job| {
        let job = serde_json::to_value(job).unwrap();
        job["event"]["action"] == "sign_in.refused" && job["event"]["detail"]["why"] == "not_linked"
    });
    assert!(told, "the owner's school can see it");
}

#[test]
fn who_has_no_verified_address_links_first() {
    let (app, provider) = world();
    for claims in [
        json!({}),
        json!({"email": "emmy@mail.example"}),
        json!({"email": "emmy@mail.example", "email_verified": false}),
        json!({"email": "emmy@mail.example", "email_verified": "true"}),
        json!({"email": "emmy", "email_verified": true}),
    ] {
        provider.set(|script| {
            script.claims = claims.clone();
            script.userinfo = json!({"sub": "subject-1"});
        });
        let reply = AtProvider::start(&app, &provider, "google", "/").back();
        assert_eq!(location(&reply), "/sign-in?error=no_email_link_first", "{claims}");
    }
    let reply = AtProvider::start(&app, &provider, "roblox", "/").back();
    assert_eq!(location(&reply), "/sign-in?error=no_email_link_first");
    assert_eq!(app.db.number("select count(*) from identities"), 0);
}

/// Nothing of a flow is in the memory of a process.
#[test]
fn a_flow_that_one_isolate_began_another_one_finishes() {
    let (first, provider) = world();
    let flow = AtProvider::start(&first, &provider, "google", "/classes");
    let (second, provider) = world();
    vouch(&provider, "emmy@mail.example");
    let back = AtProvider::sent(&second, &provider, "google", flow.url, flow.cookie).back();
    assert_eq!(location(&back), "/classes");
}

#[test]
fn an_address_may_come_from_the_userinfo_endpoint_of_the_same_person_only() {
    let (app, provider) = world();
    let info = json!({"sub": "somebody-else", "email": "emmy@mail.example", "email_verified": true});
    provider.set(|script| script.userinfo = info.clone());
    let reply = AtProvider::start(&app, &provider, "google", "/").back();
    assert_eq!(location(&reply), "/sign-in?error=provider_refused");
    provider.set(|script| script.userinfo["sub"] = json!("subject-1"));
    let reply = AtProvider::start(&app, &provider, "google", "/").back();
    assert_eq!(signed_in(&app, &reply).1["user"]["email"], "emmy@mail.example");
    let requests = app.outside.requests.lock().unwrap();
    let asked = requests.iter().find(|request| request.url.ends_with("/me")).unwrap();
    assert!(asked.headers.contains(&("authorization", "Bearer at".to_owned())));
}

#[test]
fn the_database_failing_in_the_middle_leaves_nothing_half_done() {
    for failing in 1..=3 {
        let (app, provider) = world();
        vouch(&provider, "emmy@mail.example");
        let flow = AtProvider::start(&app, &provider, "google", "/");
        app.db.fail_nth(failing);
        assert_eq!(location(&flow.back()), "/sign-in?error=unavailable");
        let (schools, users) = ("select count(*) from schools", "select count(*) from users");
        let made = i64::from(failing == 3);
        assert_eq!((app.db.number(schools), app.db.number(users)), (2 + made, 5 + made));
        assert_eq!(location(&AtProvider::start(&app, &provider, "google", "/").back()), "/");
        assert_eq!(app.db.number(users), 6);
    }
}

#[test]
fn too_many_flows_of_one_address_have_to_wait() {
    let (app, provider) = world();
    for _ in 0..300 {
        AtProvider::start(&app, &provider, "google", "/");
    }
    let reply = app.anonymous().get("/api/v1/auth/oidc/google/start");
    assert_eq!(location(&reply), "/sign-in?error=rate_limited");
    assert!(reply.headers.contains_key(RETRY_AFTER));
}

#[test]
fn an_unknown_provider_is_not_found() {
    let app = TestApp::new();
    for path in ["start", "callback?code=c&state=s"] {
        app.anonymous().get(&format!("/api/v1/auth/oidc/myspace/{path}")).problem(404, "not_found");
    }
    app.sign_in("ada").request("POST", "/api/v1/auth/oidc/myspace/link", &[], None).problem(404, "not_found");
}
