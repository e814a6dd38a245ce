//! Refresh tokens and sign-ins: rotation, races, theft, ends.

use std::sync::Arc;

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{Actor, PASSWORD, Reply, TestApp};

const ORIGIN: (&str, &str) = ("sec-fetch-site", "same-origin");

fn login(app: &Arc<TestApp>) -> Value {
    let body = json!({"email": "ada@school.example", "password": PASSWORD, "refresh_token_in": "body"});
    app.anonymous().post("/api/v1/auth/login", &body).expect(200)
}

fn refresh(app: &Arc<TestApp>, token: &Value) -> Reply {
    app.anonymous().post("/api/v1/auth/refresh", &json!({"refresh_token": token}))
}

fn actor(app: &Arc<TestApp>, signed_in: &Value) -> Actor {
    app.with_token(signed_in["access_token"].as_str().unwrap())
}

#[test]
fn a_refresh_token_rotates_and_reads_name_and_role_again() {
    let app = TestApp::new();
    let first = login(&app);
    app.db.execute(
        "update users set display_name = 'Countess', role = 'admin' where email = 'ada@school.example'",
    );
    app.clock.advance(60_000);
    app.db.take_batches();
    let second = refresh(&app, &first["refresh_token"]).expect(200);
    assert_eq!(app.db.take_batches(), 1);
    assert_eq!(
        (&second["user"]["display_name"], &second["user"]["role"]),
        (&json!("Countess"), &json!("admin"))
    );
    assert_ne!(first["refresh_token"], second["refresh_token"]);
    actor(&app, &second).get("/api/v1/auth/me").expect(200);
    refresh(&app, &second["refresh_token"]).expect(200);
}

#[test]
fn a_sign_in_costs_two_batches() {
    let app = TestApp::new();
    app.db.take_batches();
    login(&app);
    assert_eq!(app.db.take_batches(), 2);
}

#[test]
fn tabs_that_raced_get_the_same_successor_for_ten_seconds() {
    let app = TestApp::new();
    let first = login(&app);
    let one = refresh(&app, &first["refresh_token"]).expect(200);
    app.clock.advance(10_000);
    let other = refresh(&app, &first["refresh_token"]).expect(200);
    assert_eq!(one["refresh_token"], other["refresh_token"]);
    refresh(&app, &one["refresh_token"]).expect(200);
}

#[test]
fn a_reused_refresh_token_ends_the_family() {
    let app = TestApp::new();
    let first = login(&app);
    let second = refresh(&app, &first["refresh_token"]).expect(200);
    app.clock.advance(10_001);
    refresh(&app, &first["refresh_token"]).problem(401, "invalid_refresh_token");
    // For good: not the old one, not the newest one, not its access token, not at the second try.
    for _ in 0..2 {
        refresh(&app, &first["refresh_token"]).problem(401, "invalid_refresh_token");
        refresh(&app, &second["refresh_token"]).problem(401, "invalid_refresh_token");
    }
    actor(&app, &second).get("/api/v1/classes").problem(401, "invalid_token");
    assert_eq!(app.audited("sign_in.token_reused"), 1);
}

#[test]
fn a_stolen_family_loses_its_access_tokens_even_if_the_request_that_ended_it_died() {
    let app = TestApp::new();
    let first = login(&app);
    let second = refresh(&app, &first["refresh_token"]).expect(200);
    app.clock.advance(10_001);
    refresh(&app, &first["refresh_token"]).problem(401, "invalid_refresh_token");
    // As if it had died before the list was told.
    app.revocations.0.lock().unwrap().clear();
    refresh(&app, &second["refresh_token"]).problem(401, "invalid_refresh_token");
    actor(&app, &second).get("/api/v1/classes").problem(401, "invalid_token");
    assert_eq!(app.audited("sign_in.token_reused"), 1);
}

#[test]
fn a_late_answer_never_brings_an_old_token_back() {
    let app = TestApp::new();
    let first = login(&app);
    let second = refresh(&app, &first["refresh_token"]).expect(200);
    let third = refresh(&app, &second["refresh_token"]).expect(200);
    refresh(&app, &first["refresh_token"]).problem(401, "invalid_refresh_token");
    refresh(&app, &third["refresh_token"]).expect(200);
}

#[test]
fn a_refresh_token_ends_after_a_day_and_a_session_after_thirty() {
    let app = TestApp::new();
    let first = login(&app);
    app.clock.advance(86_400_000);
    refresh(&app, &first["refresh_token"]).problem(401, "invalid_refresh_token");
    let mut token = login(&app)["refresh_token"].clone();
    for _ in 0..32 {
        app.clock.advance(80_000_000);
        token = refresh(&app, &token).expect(200)["refresh_token"].clone();
    }
    app.clock.advance(80_000_000);
    refresh(&app, &token).problem(401, "invalid_refresh_token");
}

#[test]
fn a_refresh_token_is_no_access_token_and_an_access_token_no_refresh_token() {
    let app = TestApp::new();
    let first = login(&app);
    app.with_token(first["refresh_token"].as_str().unwrap())
        .get("/api/v1/auth/me")
        .problem(401, "invalid_token");
    refresh(&app, &first["access_token"]).problem(401, "invalid_refresh_token");
}

#[test]
fn tokens_are_stored_as_hashes_only() {
    let app = TestApp::new();
    let first = login(&app);
    let token = first["refresh_token"].as_str().unwrap();
    let second = refresh(&app, &first["refresh_token"]).expect(200);
    let dump = format!(
        "{:?} {:?}",
        app.db.rows("select * from refresh_tokens"),
        app.db.rows("select * from sessions")
    );
    assert!(!dump.contains(token) && !dump.contains(second["refresh_token"].as_str().unwrap()));
}

#[test]
fn a_browser_gets_its_token_as_a_cookie_that_no_script_reads() {
    let app = TestApp::new();
    let body = json!({"email": "ada@school.example", "password": PASSWORD}).to_string();
    let reply = app.anonymous().request("POST", "/api/v1/auth/login", &[ORIGIN], Some(body));
    let cookie = reply.headers["set-cookie"].to_str().unwrap().to_owned();
    assert!(reply.expect(200).get("refresh_token").is_none());
    for part in
        ["__Host-refresh=rt_", "; Path=/", "; HttpOnly", "; Secure", "; SameSite=Lax", "; Max-Age=86400"]
    {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert!(!cookie.contains("Domain"));
    let pair = cookie.split(';').next().unwrap();
    let send = |headers: &[(&str, &str)], body: &str| {
        let headers: Vec<_> = [("cookie", pair)].into_iter().chain(headers.iter().copied()).collect();
        app.anonymous().request("POST", "/api/v1/auth/refresh", &headers, Some(body.to_owned()))
    };
    for foreign in [("origin", "https://evil.example"), ("origin", "null"), ("sec-fetch-site", "same-site")] {
        send(&[foreign], "{}").problem(403, "cross_site");
    }
    send(&[], "{}").problem(403, "cross_site");
    let both = json!({"refresh_token": pair.split_once('=').unwrap().1}).to_string();
    send(&[ORIGIN], &both).problem(422, "malformed");
    let again = send(&[ORIGIN], "{}");
    assert!(again.headers["set-cookie"].to_str().unwrap().starts_with("__Host-refresh=rt_"));
    assert!(again.expect(200).get("refresh_token").is_none());
}

#[test]
fn another_site_cannot_sign_a_browser_in() {
    let app = TestApp::new();
    let body = json!({"email": "ada@school.example", "password": PASSWORD}).to_string();
    let evil = [("origin", "https://evil.example")];
    app.anonymous().request("POST", "/api/v1/auth/login", &evil, Some(body)).problem(403, "cross_site");
}

#[test]
fn signing_out_ends_the_tokens_and_can_be_repeated() {
    let app = TestApp::new();
    let first = login(&app);
    for _ in 0..2 {
        let reply =
            app.anonymous().post("/api/v1/auth/logout", &json!({"refresh_token": first["refresh_token"]}));
        assert!(reply.headers["set-cookie"].to_str().unwrap().contains("Max-Age=0"));
        reply.expect(204);
    }
    refresh(&app, &first["refresh_token"]).problem(401, "invalid_refresh_token");
    actor(&app, &first).get("/api/v1/classes").problem(401, "invalid_token");
    app.anonymous().post("/api/v1/auth/logout", &json!({})).expect(204);
    app.anonymous().post("/api/v1/auth/logout", &json!({"refresh_token": "rt_nonsense"})).expect(204);
}

#[test]
fn signing_out_everywhere_ends_every_session_of_the_person_and_nobody_elses() {
    let app = TestApp::new();
    let (one, two) = (login(&app), login(&app));
    let alan = app.sign_in("alan");
    actor(&app, &one).post("/api/v1/auth/logout-all", &json!({})).expect(204);
    for ended in [&one, &two] {
        refresh(&app, &ended["refresh_token"]).problem(401, "invalid_refresh_token");
        actor(&app, ended).get("/api/v1/auth/me").problem(401, "invalid_token");
    }
    alan.get("/api/v1/auth/me").expect(200);
}

#[test]
fn a_person_sees_their_sessions_and_ends_one_from_another() {
    let app = TestApp::new();
    let (here, there) = (login(&app), login(&app));
    let alan = app.sign_in("alan");
    let list = actor(&app, &here).get("/api/v1/auth/sessions").expect(200);
    let items = list["items"].as_array().unwrap();
    assert_eq!(items.len(), 2);
    assert_eq!(items.iter().filter(|item| item["is_current"] == true).count(), 1);
    let other = items.iter().find(|item| item["is_current"] == false).unwrap()["id"].as_str().unwrap();
    let path = format!("/api/v1/auth/sessions/{other}");
    alan.delete(&path).problem(404, "not_found");
    for _ in 0..2 {
        actor(&app, &here).delete(&path).expect(204);
    }
    refresh(&app, &there["refresh_token"]).problem(401, "invalid_refresh_token");
    refresh(&app, &here["refresh_token"]).expect(200);
    assert_eq!(
        actor(&app, &here).get("/api/v1/auth/sessions").expect(200)["items"].as_array().unwrap().len(),
        1
    );
}

#[test]
fn the_oldest_of_too_many_sessions_gives_way() {
    let app = TestApp::new();
    let first = login(&app);
    for _ in 0..20 {
        app.clock.advance(1_000);
        login(&app);
    }
    refresh(&app, &first["refresh_token"]).problem(401, "invalid_refresh_token");
    actor(&app, &first).get("/api/v1/auth/me").problem(401, "invalid_token");
    assert_eq!(app.db.number("select count(*) from sessions where ended_at is null"), 20);
}

/// What may happen to one family, in any order.
#[derive(Clone, Debug)]
enum Step {
    /// Somebody presents the n-th token that was ever given out, on a server whose clock is off by so much.
    Refresh {
        token: usize,
        skew_ms: i64,
    },
    Logout {
        token: usize,
    },
    Suspend,
    Restore,
    Wait {
        ms: i64,
    },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0_usize..8, -3_000_i64..3_000).prop_map(|(token, skew_ms)| Step::Refresh { token, skew_ms }),
        1 => (0_usize..8).prop_map(|token| Step::Logout { token }),
        1 => Just(Step::Suspend),
        2 => Just(Step::Restore),
        3 => (0_i64..20_000).prop_map(|ms| Step::Wait { ms }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// No order of refresh, race, theft, logout, suspension and clock skew leaves two live tokens of one family or lets an
    /// ended one through.
    #[test]
    fn a_family_has_one_live_token_at_most_and_stays_ended(steps in prop::collection::vec(step(), 1..40)) {
        // Limits are another matter.
        let app = TestApp::with_settings(&[("LIMITS", r#"{"refresh": []}"#)]);
        let mut given = vec![login(&app)["refresh_token"].clone()];
        let mut has_ended = false;
        for step in steps {
            match step {
                Step::Refresh { token, skew_ms } => {
                    let token = given[token % given.len()].clone();
                    app.clock.advance(skew_ms);
                    let reply = refresh(&app, &token);
                    app.clock.advance(-skew_ms);
                    if reply.status.as_u16() == 200 {
                        prop_assert!(!has_ended, "an ended family was let through");
                        let next = reply.json()["refresh_token"].clone();
                        if !given.contains(&next) {
                            given.push(next);
                        }
                    } else {
                        reply.problem(401, "invalid_refresh_token");
                    }
                }
                Step::Logout { token } => {
                    let token = &given[token % given.len()];
                    app.anonymous().post("/api/v1/auth/logout", &json!({"refresh_token": token})).expect(204);
                }
                Step::Suspend => app.db.execute("update users set state = 'suspended' where email = 'ada@school.example'"),
                Step::Restore => app.db.execute("update users set state = 'active' where email = 'ada@school.example'"),
                Step::Wait { ms } => app.clock.advance(ms),
            }
            let live = "select count(*) from refresh_tokens where replaced_by is null";
            prop_assert!(app.db.number(live) <= 1, "two live tokens");
            has_ended |= app.db.number("select count(*) from sessions where ended_at is not null") == 1;
        }
    }
}
