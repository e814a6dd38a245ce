//! Limits: who is stopped, who is not, and what the answers say.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use http::HeaderMap;
use serde_json::json;

use crate::support::{GAME_KEY, PASSWORD, Reply, TestApp};

const SCHOOL: (&str, &str) = ("cf-connecting-ip", "198.51.100.7");

fn login(app: &Arc<TestApp>, name: &str, password: &str, headers: &[(&str, &str)]) -> Reply {
    let body = json!({"email": format!("{name}@school.example"), "password": password}).to_string();
    app.anonymous().request("POST", "/api/v1/auth/login", headers, Some(body))
}

fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let all = headers.get_all("set-cookie").iter().map(|value| value.to_str().unwrap());
    all.filter_map(|line| line.split(';').next()).find(|pair| pair.starts_with(name)).map(str::to_owned)
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> &'h str {
    headers[name].to_str().unwrap()
}

/// Wrong passwords until there are enough; answers the refusal.
fn guess_until_refused(app: &Arc<TestApp>, name: &str, headers: &[(&str, &str)]) -> Reply {
    for _ in 0..10 {
        login(app, name, "wrong", headers).problem(401, "invalid_credentials");
    }
    login(app, name, "wrong", headers)
}

#[test]
fn an_answer_says_what_is_limited_and_how_much_is_left() {
    let app = TestApp::new();
    let reply = login(&app, "ada", "wrong", &[]);
    assert_eq!(
        text(&reply.headers, "ratelimit-policy"),
        r#""login/address/300";q=200;w=300, "login_failure/account/900";q=10;w=900, "login_failure/address/900";q=60;w=900"#
    );
    assert_eq!(
        text(&reply.headers, "ratelimit"),
        r#""login/address/300";r=199;t=330, "login_failure/account/900";r=9;t=990, "login_failure/address/900";r=59;t=990"#
    );
    // A right password is no failure.
    let reply = login(&app, "ada", PASSWORD, &[]);
    assert!(text(&reply.headers, "ratelimit").contains(r#""login_failure/account/900";r=9;"#));
    reply.expect(200);
    let reply = login(&app, "ada", "wrong", &[]);
    assert!(text(&reply.headers, "ratelimit").contains(r#""login_failure/account/900";r=8;"#));
}

#[test]
fn a_refusal_says_how_long_to_wait_and_that_is_enough() {
    let app = TestApp::new();
    let reply = guess_until_refused(&app, "ada", &[]);
    let wait: i64 = text(&reply.headers, "retry-after").parse().unwrap();
    assert!(
        text(&reply.headers, "ratelimit").contains(&format!(r#""login_failure/account/900";r=0;t={wait}"#))
    );
    reply.problem(429, "rate_limited");
    app.clock.advance((wait - 1) * 1000);
    login(&app, "ada", PASSWORD, &[]).problem(429, "rate_limited");
    app.clock.advance(1000);
    login(&app, "ada", PASSWORD, &[]).expect(200);
}

#[test]
fn a_pupil_who_guesses_locks_out_neither_the_teacher_nor_the_school() {
    let app = TestApp::new();
    let device = cookie(&login(&app, "ada", PASSWORD, &[SCHOOL]).headers, "__Host-device").unwrap();
    guess_until_refused(&app, "ada", &[SCHOOL]).problem(429, "rate_limited");
    // However long the pupil goes on.
    for _ in 0..200 {
        login(&app, "ada", "wrong", &[SCHOOL]).problem(429, "rate_limited");
    }
    login(&app, "ada", PASSWORD, &[SCHOOL, ("cookie", &device)]).expect(200);
    // Teachers who have never been here before get in from the same address too.
    for name in ["alan", "grace", "eve"] {
        login(&app, name, PASSWORD, &[SCHOOL]).expect(200);
    }
    // A strange browser stays out, wherever it is.
    login(&app, "ada", PASSWORD, &[("cf-connecting-ip", "203.0.113.1")]).problem(429, "rate_limited");
}

#[test]
fn a_stolen_device_cookie_buys_no_more_guesses_than_it_costs() {
    let app = TestApp::new();
    let reply = login(&app, "ada", PASSWORD, &[]);
    let line =
        reply.headers.get_all("set-cookie").iter().find(|line| line.to_str().unwrap().contains("device"));
    let line = line.unwrap().to_str().unwrap();
    for part in ["; Path=/", "; HttpOnly", "; Secure", "; SameSite=Lax", "; Max-Age=15552000"] {
        assert!(line.contains(part), "{line}");
    }
    let device = cookie(&reply.headers, "__Host-device").unwrap();
    let known = [("cookie", device.as_str())];
    guess_until_refused(&app, "ada", &known).problem(429, "rate_limited");
    // For another account it counts as any strange browser.
    let reply = login(&app, "alan", "wrong", &known);
    assert!(text(&reply.headers, "ratelimit").contains("login_failure/account/900"));
    // It opens nothing, and neither does a forged one.
    let token = device.split_once('=').unwrap().1;
    app.with_token(token).get("/api/v1/auth/me").problem(401, "invalid_token");
    let access = app.sign_in("alan").token.unwrap();
    let forged = format!("__Host-device={access}");
    let reply = login(&app, "alan", "wrong", &[("cookie", &forged)]);
    assert!(text(&reply.headers, "ratelimit").contains("login_failure/account/900"));
}

#[test]
fn a_browser_stays_known_to_everybody_who_signed_in_with_it() {
    let app = TestApp::new();
    let first = cookie(&login(&app, "ada", PASSWORD, &[]).headers, "__Host-device").unwrap();
    let both =
        cookie(&login(&app, "alan", PASSWORD, &[("cookie", &first)]).headers, "__Host-device").unwrap();
    for name in ["ada", "alan"] {
        let reply = login(&app, name, "wrong", &[("cookie", &both)]);
        assert!(text(&reply.headers, "ratelimit").contains("login_failure/device/900"), "{name}");
    }
    // A client that is no browser gets no cookie.
    let body = json!({"email": "ada@school.example", "password": PASSWORD, "refresh_token_in": "body"});
    assert!(app.anonymous().post("/api/v1/auth/login", &body).headers.get("set-cookie").is_none());
}

#[test]
fn one_address_cannot_try_a_password_on_many_accounts() {
    let app = TestApp::new();
    for at in 0..60 {
        // Hashing has its own bound.
        app.clock.advance(1000);
        login(&app, &format!("nobody-{at}"), "wrong", &[SCHOOL]).problem(401, "invalid_credentials");
    }
    login(&app, "ada", "wrong", &[SCHOOL]).problem(429, "rate_limited");
    login(&app, "ada", "wrong", &[("cf-connecting-ip", "203.0.113.1")]).problem(401, "invalid_credentials");
}

#[test]
fn a_refresh_token_is_tried_only_so_often_and_a_staff_room_refreshes_freely() {
    let app = TestApp::new();
    let refresh = |token: &str| {
        let body = json!({"refresh_token": token}).to_string();
        app.anonymous().request("POST", "/api/v1/auth/refresh", &[SCHOOL], Some(body))
    };
    let (stolen, other) = (format!("rt_{}", "a".repeat(43)), format!("rt_{}", "b".repeat(43)));
    for _ in 0..20 {
        refresh(&stolen).problem(401, "invalid_refresh_token");
    }
    refresh(&stolen).problem(429, "rate_limited");
    refresh(&other).problem(401, "invalid_refresh_token");
}

#[test]
fn every_route_of_an_account_is_limited_and_the_others_are_not() {
    let app = TestApp::with_settings(&[(
        "LIMITS",
        r#"{"account": [{"per": "account", "hits": 2, "window_s": 60}]}"#,
    )]);
    let (ada, alan) = (app.sign_in("ada"), app.sign_in("alan"));
    ada.get("/api/v1/auth/me").expect(200);
    ada.get("/api/v1/auth/sessions").expect(200);
    ada.get("/api/v1/auth/me").problem(429, "rate_limited");
    ada.get("/api/v1/classes").expect(200);
    alan.get("/api/v1/auth/me").expect(200);
}

/// Every route under /api/v1/auth/ says what it is limited by.
#[test]
fn no_route_of_accounts_is_without_a_limit() {
    let app = TestApp::new();
    let document: serde_json::Value = serde_json::from_str(include_str!("../../openapi.json")).unwrap();
    let paths = document["paths"].as_object().unwrap();
    let mut bare = Vec::new();
    for (path, methods) in paths.iter().filter(|(path, _)| path.starts_with("/api/v1/auth/")) {
        for (method, operation) in methods.as_object().unwrap() {
            if method == "get" && path == "/api/v1/auth/providers" {
                // A list from the settings: to count it would cost more than to give it.
                continue;
            }
            let concrete =
                path.replace("{session_id}", &format!("sid_{:026}", 1)).replace("{provider}", "google");
            let schema = operation.pointer("/requestBody/content/application~1json/schema/$ref");
            let body = schema.map(|reference| sample(&document, reference.as_str().unwrap()).to_string());
            app.clock.advance(1000);
            let reply = app.sign_in("ada").request(
                &method.to_uppercase(),
                &concrete,
                &[],
                body.or(Some("{}".to_owned())),
            );
            if !reply.headers.contains_key("ratelimit-policy") {
                bare.push(format!("{method} {path}: {}", reply.text));
            }
        }
    }
    assert!(bare.is_empty(), "{bare:#?}");
}

/// A body that has the form that the schema wants.
fn sample(document: &serde_json::Value, reference: &str) -> serde_json::Value {
    let schema = document.pointer(&reference[1..]).unwrap();
    if let Some(first) = schema["enum"].as_array().and_then(|values| values.first()) {
        return first.clone();
    }
    // Of several proofs exactly one: a code.
    let code = (schema["properties"].get("code").is_some()).then_some("code");
    let required = schema["required"].as_array().into_iter().flatten().map(|name| name.as_str().unwrap());
    let field = |name: &str| match (name, schema["properties"][name]["$ref"].as_str()) {
        ("email", _) => json!("somebody@school.example"),
        (_, Some(reference)) => sample(document, reference),
        (_, None) => json!("a long new phrase"),
    };
    required.chain(code).map(|name| (name.to_owned(), field(name))).collect()
}

#[test]
fn without_a_limiter_nobody_guesses_and_nobody_is_thrown_out() {
    let app = TestApp::new();
    let body = json!({"email": "ada@school.example", "password": PASSWORD, "refresh_token_in": "body"});
    let first = app.anonymous().post("/api/v1/auth/login", &body).expect(200);
    let class = app.with_token(first["access_token"].as_str().unwrap()).make_class();
    app.limits.is_down.store(true, Ordering::SeqCst);
    let reply = login(&app, "ada", PASSWORD, &[]);
    assert_eq!(text(&reply.headers, "retry-after"), "2");
    reply.problem(503, "unavailable");
    let join = json!({"place_id": "1", "job_id": "job", "class_code": class["join_code"]});
    app.with_token(GAME_KEY).post("/api/v1/game/sessions", &join).problem(503, "unavailable");
    let refreshed = json!({"refresh_token": first["refresh_token"]});
    let refreshed = app.anonymous().post("/api/v1/auth/refresh", &refreshed).expect(200);
    app.with_token(refreshed["access_token"].as_str().unwrap()).get("/api/v1/auth/me").expect(200);
    assert!(app.log.0.lock().unwrap().iter().any(|line| line.contains("limiter did not answer")));
}

#[test]
fn a_bucket_does_not_tell_whom_it_is_about() {
    let app = TestApp::new();
    login(&app, "ada", "wrong", &[SCHOOL]).problem(401, "invalid_credentials");
    let buckets = app.limits.buckets.lock().unwrap();
    assert_eq!(buckets.len(), 3);
    for name in buckets.keys() {
        assert!(name.len() == 32 && name.bytes().all(|byte| byte.is_ascii_hexdigit()), "{name}");
    }
}
