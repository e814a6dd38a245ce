//! How an account comes to be, and how its password changes.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::support::{Actor, PASSWORD, Reply, TestApp, token_in};

const NEW: &str = "new@other.example";
const LILACS: &str = "lilacs in the yard";

fn register(app: &Arc<TestApp>, email: &str, password: &str) -> Reply {
    let body = json!({"email": email, "password": password, "display_name": "Nia", "role": "teacher"});
    app.anonymous().post("/api/v1/auth/register", &body)
}

fn login(app: &Arc<TestApp>, email: &str, password: &str) -> Reply {
    let body = json!({"email": email, "password": password, "refresh_token_in": "body"});
    app.anonymous().post("/api/v1/auth/login", &body)
}

fn verify(app: &Arc<TestApp>, token: &str) -> Reply {
    app.anonymous().post("/api/v1/auth/verify-email", &json!({"token": token}))
}

/// The token of the newest link that was mailed there.
fn mailed(app: &Arc<TestApp>, email: &str) -> String {
    assert!(app.run_jobs().is_empty());
    token_in(&app.mailer.newest_to(email))
}

fn signed_in(app: &Arc<TestApp>, reply: Reply) -> Actor {
    app.with_token(reply.expect(200)["access_token"].as_str().unwrap())
}

fn asked_for_reset(app: &Arc<TestApp>, email: &str) -> String {
    app.anonymous().post("/api/v1/auth/password-reset", &json!({"email": email})).expect(202);
    mailed(app, email)
}

fn confirm(app: &Arc<TestApp>, token: &str, password: &str) -> Reply {
    let body = json!({"token": token, "new_password": password});
    app.anonymous().post("/api/v1/auth/password-reset/confirm", &body)
}

#[test]
fn an_account_comes_to_be_when_its_address_is_proved() {
    let app = TestApp::new();
    register(&app, " New@Other.example", LILACS).expect(202);
    login(&app, NEW, LILACS).problem(403, "email_not_verified");
    login(&app, NEW, "wrong password").problem(401, "invalid_credentials");
    let token = mailed(&app, NEW);
    for _ in 0..2 {
        verify(&app, &token).expect(204);
    }
    let nia = signed_in(&app, login(&app, NEW, LILACS));
    let me = nia.get("/api/v1/auth/me").expect(200);
    assert_eq!((&me["role"], &me["school"]["is_personal"]), (&json!("teacher"), &json!(true)));
    assert_eq!(nia.get("/api/v1/classes").expect(200)["items"], json!([]));
    assert_eq!(app.audited("account.registered"), 1);
}

#[test]
fn nobody_registers_as_an_admin() {
    let app = TestApp::new();
    for role in ["admin", "student", "owner"] {
        let body = json!({"email": NEW, "password": LILACS, "display_name": "Nia", "role": role});
        app.anonymous().post("/api/v1/auth/register", &body).problem(422, "invalid");
    }
    let body = json!({"email": NEW, "password": LILACS, "display_name": "Nia", "role": "teacher", "school_id": "sch_1"});
    app.anonymous().post("/api/v1/auth/register", &body).problem(422, "invalid");
}

#[test]
fn a_known_address_gets_the_same_answer_and_another_mail() {
    let app = TestApp::new();
    let known = register(&app, "ada@school.example", LILACS);
    let unknown = register(&app, NEW, LILACS);
    assert_eq!((known.status, &known.text), (unknown.status, &unknown.text));
    app.db.take_batches();
    register(&app, "ada@school.example", LILACS).expect(202);
    let batches = app.db.take_batches();
    register(&app, "somebody@else.example", LILACS).expect(202);
    assert_eq!(app.db.take_batches(), batches);
    app.run_jobs();
    assert!(app.mailer.newest_to("ada@school.example").text.contains("/reset-password#token="));
    assert!(app.mailer.newest_to(NEW).text.contains("/verify-email#token="));
    login(&app, "ada@school.example", LILACS).problem(401, "invalid_credentials");
    login(&app, "ada@school.example", PASSWORD).expect(200);
}

#[test]
fn a_link_gives_the_password_that_was_typed_for_that_very_link() {
    let app = TestApp::new();
    register(&app, NEW, "the thief's password").expect(202);
    let thiefs = mailed(&app, NEW);
    app.clock.advance(1_000);
    register(&app, NEW, LILACS).expect(202);
    verify(&app, &mailed(&app, NEW)).expect(204);
    login(&app, NEW, "the thief's password").problem(401, "invalid_credentials");
    login(&app, NEW, LILACS).expect(200);
    verify(&app, &thiefs).problem(410, "token_used");
}

#[test]
fn a_link_that_is_unknown_or_too_old_makes_nothing() {
    let app = TestApp::new();
    register(&app, NEW, LILACS).expect(202);
    let token = mailed(&app, NEW);
    for wrong in ["", "x", &"x".repeat(1000), &format!("{token}x")] {
        verify(&app, wrong).problem(410, "token_used");
    }
    app.clock.advance(86_400_000);
    verify(&app, &token).problem(410, "token_used");
    login(&app, NEW, LILACS).problem(401, "invalid_credentials");
}

#[test]
fn the_link_can_be_sent_again_and_a_repeated_job_sends_one_mail() {
    let app = TestApp::new();
    register(&app, NEW, LILACS).expect(202);
    let first = mailed(&app, NEW);
    app.anonymous().post("/api/v1/auth/verify-email/resend", &json!({"email": NEW})).expect(202);
    let jobs = app.jobs.0.lock().unwrap().clone();
    assert_eq!(mailed(&app, NEW), first);
    app.jobs.0.lock().unwrap().extend(jobs);
    app.run_jobs();
    assert_eq!(app.mailer.to(NEW).len(), 2);
    app.anonymous()
        .post("/api/v1/auth/verify-email/resend", &json!({"email": "no@body.example"}))
        .expect(202);
    app.run_jobs();
    assert!(app.mailer.to("no@body.example").is_empty());
}

#[test]
fn every_field_at_fault_is_named() {
    let app = TestApp::new();
    let body = json!({"email": "nobody", "password": "password", "display_name": "", "role": "parent"});
    let problem = app.anonymous().post("/api/v1/auth/register", &body).problem(422, "invalid");
    let errors: Vec<(&Value, &Value)> = problem["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| (&error["pointer"], &error["code"]))
        .collect();
    assert_eq!(
        errors,
        [
            (&json!("/email"), &json!("malformed")),
            (&json!("/display_name"), &json!("malformed")),
            (&json!("/password"), &json!("too_common")),
        ]
    );
}

#[test]
fn a_reset_sets_the_password_once_and_ends_every_session() {
    let app = TestApp::new();
    let email = "ada@school.example";
    let before = login(&app, email, PASSWORD).expect(200);
    let (token, other) = (asked_for_reset(&app, email), asked_for_reset(&app, email));
    confirm(&app, &token, "password").problem(422, "invalid");
    confirm(&app, &token, LILACS).expect(204);
    confirm(&app, &token, "another password").problem(410, "token_used");
    confirm(&app, &other, "another password").problem(410, "token_used");
    login(&app, email, PASSWORD).problem(401, "invalid_credentials");
    login(&app, email, LILACS).expect(200);
    let old = app.with_token(before["access_token"].as_str().unwrap());
    old.get("/api/v1/classes").problem(401, "invalid_token");
    let refresh = json!({"refresh_token": before["refresh_token"]});
    app.anonymous().post("/api/v1/auth/refresh", &refresh).problem(401, "invalid_refresh_token");
    app.run_jobs();
    assert!(app.mailer.newest_to(email).subject.to_lowercase().contains("password"));
    assert_eq!(app.audited("password.reset"), 1);
}

#[test]
fn no_other_token_resets_a_password() {
    let app = TestApp::new();
    let before = login(&app, "ada@school.example", PASSWORD).expect(200);
    register(&app, NEW, LILACS).expect(202);
    let verification = mailed(&app, NEW);
    for token in
        [before["access_token"].as_str().unwrap(), before["refresh_token"].as_str().unwrap(), &verification]
    {
        confirm(&app, token, LILACS).problem(410, "token_used");
    }
}

#[test]
fn a_reset_link_ends_after_an_hour_and_a_suspended_person_gets_none() {
    let app = TestApp::new();
    let token = asked_for_reset(&app, "ada@school.example");
    app.clock.advance(3_600_000);
    confirm(&app, &token, LILACS).problem(410, "token_used");
    let token = asked_for_reset(&app, "ada@school.example");
    app.db.execute("update users set state = 'suspended' where email = 'ada@school.example'");
    confirm(&app, &token, LILACS).problem(410, "token_used");
    let before = app.mailer.to("ada@school.example").len();
    app.anonymous().post("/api/v1/auth/password-reset", &json!({"email": "ada@school.example"})).expect(202);
    app.run_jobs();
    assert_eq!(app.mailer.to("ada@school.example").len(), before);
}

#[test]
fn a_reset_request_looks_the_same_for_every_address_and_reads_no_database() {
    let app = TestApp::new();
    app.db.take_batches();
    let ask = |email: &str| app.anonymous().post("/api/v1/auth/password-reset", &json!({"email": email}));
    let (known, unknown) = (ask("ada@school.example"), ask("no@body.example"));
    assert_eq!((known.status, known.text), (unknown.status, unknown.text));
    assert_eq!(app.db.take_batches(), 0);
}

#[test]
fn changing_the_password_ends_all_other_sessions() {
    let app = TestApp::new();
    let email = "ada@school.example";
    let here = signed_in(&app, login(&app, email, PASSWORD));
    let there = signed_in(&app, login(&app, email, PASSWORD));
    let change = |old: &str, new: &str| {
        here.post("/api/v1/auth/password/change", &json!({"current_password": old, "new_password": new}))
    };
    change("wrong password", LILACS).problem(401, "invalid_credentials");
    change(PASSWORD, "short").problem(422, "invalid");
    here.post("/api/v1/auth/password/change", &json!({"new_password": LILACS}))
        .problem(403, "step_up_required");
    change(PASSWORD, LILACS).expect(204);
    here.get("/api/v1/classes").expect(200);
    there.get("/api/v1/classes").problem(401, "invalid_token");
    login(&app, email, LILACS).expect(200);
    assert_eq!(app.audited("password.changed"), 1);
}

#[test]
fn proving_again_who_one_is_opens_dangerous_actions_for_ten_minutes() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    app.clock.advance(600_000);
    ada.post("/api/v1/auth/step-up", &json!({"password": "wrong"})).problem(401, "invalid_credentials");
    let out = ada.post("/api/v1/auth/step-up", &json!({"password": PASSWORD})).expect(200);
    assert_eq!(out["expires_in"], 900);
    app.with_token(out["access_token"].as_str().unwrap()).get("/api/v1/auth/me").expect(200);
    assert_eq!((app.audited("step_up.succeeded"), app.audited("step_up.refused")), (1, 1));
}

#[test]
fn an_old_hash_is_made_anew_at_the_next_sign_in() {
    let app = TestApp::new();
    // "correct horse battery" with half of the memory.
    let old = "$argon2id$v=19$m=9728,t=2,p=1$";
    let hash = crate::support::hash_with(9_728, PASSWORD);
    assert!(hash.starts_with(old));
    app.db.execute(&format!("update users set password_hash = '{hash}' where email = 'ada@school.example'"));
    app.sign_in("ada");
    let rows = app.db.rows("select password_hash from users where email = 'ada@school.example'");
    assert!(rows[0]["password_hash"].as_str().unwrap().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
    app.sign_in("ada");
}

#[test]
fn a_person_changes_their_own_name() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    let patch = |name: &str| {
        ada.request("PATCH", "/api/v1/auth/me", &[], Some(json!({"display_name": name}).to_string()))
    };
    patch(" ").problem(422, "invalid");
    assert_eq!(patch(" Countess Ada ").expect(200)["display_name"], "Countess Ada");
    assert_eq!(app.audited("account.changed"), 1);
}
