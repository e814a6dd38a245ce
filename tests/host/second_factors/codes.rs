//! Signing in with a code of an app or a recovery code.

use serde_json::json;
use totp_rs::Totp;

use super::{actor, answer, challenge, code, login, next_code, with_app, wrong_code};
use crate::support::TestApp;

#[test]
fn an_app_is_asked_for_at_sign_in_once_its_first_code_has_come() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    let made = ada.post("/api/v1/auth/factors/totp", &json!({})).expect(201);
    let totp = Totp::from_url(made["otpauth_uri"].as_str().unwrap()).unwrap();
    assert_eq!(totp.issuer(), Some("ToolboxAI Edge"));
    assert_eq!(made["secret"].as_str().unwrap().len(), 32);
    // Not yet.
    assert_eq!(login(&app, "ada")["status"], "signed_in");
    assert_eq!(ada.get("/api/v1/auth/factors").expect(200)["items"], json!([]));
    let confirm = format!("/api/v1/auth/factors/totp/{}/confirm", made["id"].as_str().unwrap());
    ada.post(&confirm, &json!({"code": wrong_code(&app, &totp)})).problem(401, "invalid_code");
    let confirmed = ada.post(&confirm, &json!({"code": code(&app, &totp)})).expect(200);
    assert_eq!(confirmed["recovery_codes"].as_array().unwrap().len(), 10);
    let factors = ada.get("/api/v1/auth/factors").expect(200);
    assert_eq!(factors["items"][0]["type"], "totp");
    assert_eq!(factors["items"][0]["name"], "Authenticator app");
    assert_eq!(
        (&factors["recovery_codes_left"], &factors["required_by_school"]),
        (&json!(10), &json!(false))
    );
    assert_eq!(ada.get("/api/v1/auth/me").expect(200)["factors"], 1);
    let challenge = challenge(&app, "ada");
    assert_eq!(challenge["methods"], json!(["totp", "recovery_code"]));
    app.run_jobs();
    assert!(app.mailer.newest_to("ada@school.example").text.contains("Authenticator app"));
    assert_eq!(app.audited("factor.added"), 1);
}

#[test]
fn a_code_signs_in_once_and_so_does_a_challenge() {
    let app = TestApp::new();
    let (totp, ..) = with_app(&app, &app.sign_in("ada"));
    let first = challenge(&app, "ada");
    // The code that confirmed the app was used.
    answer(&app, &first, &json!({"code": code(&app, &totp)})).problem(401, "invalid_code");
    let good = next_code(&app, &totp);
    let signed_in = answer(&app, &first, &json!({"code": good})).expect(200);
    assert_eq!(signed_in["status"], "signed_in");
    actor(&app, &signed_in).get("/api/v1/classes").expect(200);
    answer(&app, &first, &json!({"code": next_code(&app, &totp)})).problem(401, "invalid_challenge");
    let second = challenge(&app, "ada");
    answer(&app, &second, &json!({"code": good})).problem(401, "invalid_code");
    assert_eq!(app.audited("sign_in.refused"), 2);
}

#[test]
fn a_sign_in_with_a_second_factor_costs_two_batches_a_step() {
    let app = TestApp::new();
    let (totp, ..) = with_app(&app, &app.sign_in("ada"));
    app.db.take_batches();
    let challenge = challenge(&app, "ada");
    assert_eq!(app.db.take_batches(), 2);
    answer(&app, &challenge, &json!({"code": next_code(&app, &totp)})).expect(200);
    assert_eq!(app.db.take_batches(), 2);
}

/// What two requests at once would do: the database says no to the second, whatever was read before.
#[test]
fn of_two_that_raced_with_the_same_code_the_database_lets_one_in() {
    let app = TestApp::new();
    let (totp, id, _) = with_app(&app, &app.sign_in("ada"));
    let good = next_code(&app, &totp);
    let challenges = [challenge(&app, "ada"), challenge(&app, "ada")];
    answer(&app, &challenges[0], &json!({"code": good})).expect(200);
    // As if the second had read before the first wrote.
    app.db.execute(&format!("update factors set last_step = 0 where id = '{id}'"));
    let sessions = app.db.rows("select id from sessions").len();
    answer(&app, &challenges[1], &json!({"code": good})).problem(401, "invalid_challenge");
    assert_eq!(app.db.rows("select id from sessions").len(), sessions);
    // Nothing was spent of the challenge: the batch did all or nothing.
    answer(&app, &challenges[1], &json!({"code": next_code(&app, &totp)})).expect(200);
}

#[test]
fn five_tries_with_codes_in_a_quarter_of_an_hour_are_the_most() {
    let app = TestApp::new();
    let (totp, ..) = with_app(&app, &app.sign_in("ada"));
    app.clock.advance(1_800_000);
    let first = challenge(&app, "ada");
    for _ in 0..5 {
        answer(&app, &first, &json!({"code": wrong_code(&app, &totp)})).problem(401, "invalid_code");
    }
    answer(&app, &first, &json!({"code": next_code(&app, &totp)})).problem(429, "rate_limited");
    answer(&app, &first, &json!({"recovery_code": "00000-00000"})).problem(429, "rate_limited");
    app.clock.advance(1_800_000);
    let second = challenge(&app, "ada");
    answer(&app, &second, &json!({"code": code(&app, &totp)})).expect(200);
    // Another person is not locked out.
    assert_eq!(login(&app, "alan")["status"], "signed_in");
}

#[test]
fn a_recovery_code_is_good_once_and_its_owner_hears_of_it() {
    let app = TestApp::new();
    let (.., codes) = with_app(&app, &app.sign_in("ada"));
    let typed = codes[3].as_str().unwrap().to_uppercase().replace('-', " ");
    let first = challenge(&app, "ada");
    let signed_in = answer(&app, &first, &json!({"recovery_code": typed})).expect(200);
    let second = challenge(&app, "ada");
    answer(&app, &second, &json!({"recovery_code": codes[3]})).problem(401, "invalid_code");
    let ada = actor(&app, &signed_in);
    assert_eq!(ada.get("/api/v1/auth/factors").expect(200)["recovery_codes_left"], 9);
    app.run_jobs();
    assert!(app.mailer.newest_to("ada@school.example").text.contains('9'));
    assert_eq!(app.audited("recovery_codes.used"), 1);
    // No code is in the database as it is, and no two people's hashes of one code are the same.
    let stored = serde_json::to_string(&app.db.rows("select hash from recovery_codes")).unwrap();
    for code in codes.as_array().unwrap() {
        assert!(!stored.contains(code.as_str().unwrap()));
    }
}

#[test]
fn new_recovery_codes_void_the_old_ones() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    ada.request("POST", "/api/v1/auth/recovery-codes", &[], None).problem(409, "conflict");
    let (.., old) = with_app(&app, &ada);
    let new = ada.request("POST", "/api/v1/auth/recovery-codes", &[], None).expect(200);
    let challenge = challenge(&app, "ada");
    answer(&app, &challenge, &json!({"recovery_code": old[0]})).problem(401, "invalid_code");
    answer(&app, &challenge, &json!({"recovery_code": new["recovery_codes"][0]})).expect(200);
    assert_eq!(app.audited("recovery_codes.made"), 1);
}

#[test]
fn a_challenge_is_void_after_five_minutes_a_new_password_or_a_suspension() {
    let app = TestApp::new();
    let (totp, ..) = with_app(&app, &app.sign_in("ada"));
    let late = challenge(&app, "ada");
    app.clock.advance(300_000);
    answer(&app, &late, &json!({"code": code(&app, &totp)})).problem(401, "invalid_challenge");
    let before = challenge(&app, "ada");
    for change in ["password_hash = password_hash || 'x'", "state = 'suspended'"] {
        app.db.execute(&format!("update users set {change} where email = 'ada@school.example'"));
        answer(&app, &before, &json!({"code": next_code(&app, &totp)})).problem(401, "invalid_challenge");
    }
    for foreign in ["", "x", before["challenge"].as_str().unwrap().split_at(40).0] {
        let challenge = json!({"challenge": foreign});
        answer(&app, &challenge, &json!({"code": code(&app, &totp)})).problem(401, "invalid_challenge");
    }
}

#[test]
fn a_challenge_wants_exactly_one_proof() {
    let app = TestApp::new();
    with_app(&app, &app.sign_in("ada"));
    let challenge = challenge(&app, "ada");
    answer(&app, &challenge, &json!({})).problem(422, "invalid");
    answer(&app, &challenge, &json!({"code": "000000", "recovery_code": "00000-00000"}))
        .problem(422, "invalid");
}

#[test]
fn an_access_token_is_no_challenge_and_a_challenge_no_access_token() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    let (totp, ..) = with_app(&app, &ada);
    let token = json!({"challenge": ada.token});
    answer(&app, &token, &json!({"code": next_code(&app, &totp)})).problem(401, "invalid_challenge");
    let challenge = challenge(&app, "ada");
    app.with_token(challenge["challenge"].as_str().unwrap())
        .get("/api/v1/auth/me")
        .problem(401, "invalid_token");
}
