//! Setting factors up and taking them away, the step-up that this needs, and schools that want a factor.

use serde_json::{Value, json};
use totp_rs::Totp;

use super::{
    actor, answer, assertion_options, challenge, code, login, next_code, with_app, with_passkey, wrong_code,
};
use crate::support::{PASSWORD, PUBLIC_URL, TestApp, VirtualAuthenticator};

#[test]
fn factors_are_changed_only_by_who_proved_lately_who_they_are() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    let (_, id, _) = with_app(&app, &ada);
    app.clock.advance(600_000);
    for (method, path) in [
        ("POST", "/api/v1/auth/factors/totp".to_owned()),
        ("POST", "/api/v1/auth/passkeys/registration-options".to_owned()),
        ("POST", "/api/v1/auth/recovery-codes".to_owned()),
        ("DELETE", format!("/api/v1/auth/factors/{id}")),
    ] {
        ada.request(method, &path, &[], Some("{}".to_owned())).problem(403, "step_up_required");
    }
}

#[test]
fn a_code_a_recovery_code_and_a_passkey_step_up_and_each_is_spent_by_it() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    let (totp, _, codes) = with_app(&app, &ada);
    let (mut device, added) = with_passkey(&ada);
    assert_eq!(added["recovery_codes"], Value::Null);
    app.clock.advance(600_000);
    let step_up = |body: &Value| ada.post("/api/v1/auth/step-up", body);
    let options = assertion_options(&app, &json!({}));
    let credential = device.get(&options["public_key"]);
    let proofs = [
        json!({"code": code(&app, &totp)}),
        json!({"recovery_code": codes[0]}),
        json!({"ceremony": options["ceremony"], "credential": credential}),
    ];
    for proof in &proofs {
        let out = step_up(proof).expect(200);
        let fresh = actor(&app, &out);
        fresh.post("/api/v1/auth/factors/totp", &json!({})).expect(201);
        let again = step_up(proof);
        assert_eq!(again.status.as_u16(), 401, "{}", again.text);
    }
    step_up(&json!({"ceremony": options["ceremony"], "password": PASSWORD})).problem(422, "invalid");
    step_up(&json!({"credential": credential})).problem(422, "invalid");
    step_up(&json!({})).problem(422, "invalid");
    assert_eq!((app.audited("step_up.succeeded"), app.audited("step_up.refused")), (3, 2));
}

#[test]
fn a_session_is_no_way_to_try_passwords_faster() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    for _ in 0..5 {
        ada.post("/api/v1/auth/step-up", &json!({"password": "wrong"})).problem(401, "invalid_credentials");
    }
    ada.post("/api/v1/auth/step-up", &json!({"password": PASSWORD})).problem(429, "rate_limited");
}

#[test]
fn a_factor_is_its_owners() {
    let app = TestApp::new();
    let (ada, alan, eve) = (app.sign_in("ada"), app.sign_in("alan"), app.sign_in("eve"));
    let (totp, id, _) = with_app(&app, &ada);
    for other in [&alan, &eve] {
        other.delete(&format!("/api/v1/auth/factors/{id}")).problem(404, "not_found");
        other
            .post(&format!("/api/v1/auth/factors/totp/{id}/confirm"), &json!({"code": code(&app, &totp)}))
            .problem(404, "not_found");
        assert_eq!(other.get("/api/v1/auth/factors").expect(200)["items"], json!([]));
    }
}

#[test]
fn with_the_last_factor_the_recovery_codes_go_and_the_password_is_enough_again() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    let (_, id, _) = with_app(&app, &ada);
    let (_, passkey) = with_passkey(&ada);
    let path = |id: &str| format!("/api/v1/auth/factors/{id}");
    ada.delete(&path(&id)).expect(204);
    assert_eq!(ada.get("/api/v1/auth/factors").expect(200)["recovery_codes_left"], 10);
    ada.delete(&path(&id)).problem(404, "not_found");
    ada.delete(&path(passkey["factor"]["id"].as_str().unwrap())).expect(204);
    assert_eq!(ada.get("/api/v1/auth/factors").expect(200)["recovery_codes_left"], 0);
    assert_eq!(login(&app, "ada")["status"], "signed_in");
    app.run_jobs();
    let removed = app.mailer.to("ada@school.example");
    assert!(removed.last().unwrap().text.contains("Laptop"));
    assert_eq!(app.audited("factor.removed"), 2);
}

#[test]
fn confirming_again_after_an_answer_that_was_lost_is_no_error() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    let made = ada.post("/api/v1/auth/factors/totp", &json!({})).expect(201);
    let totp = Totp::from_url(made["otpauth_uri"].as_str().unwrap()).unwrap();
    let confirm = format!("/api/v1/auth/factors/totp/{}/confirm", made["id"].as_str().unwrap());
    let body = json!({"code": code(&app, &totp)});
    ada.post(&confirm, &body).expect(200);
    assert_eq!(ada.post(&confirm, &body).expect(200), json!({"recovery_codes": null}));
    ada.post(&confirm, &json!({"code": next_code(&app, &totp)})).problem(409, "conflict");
    // Nor is it a way to try codes of an app that counts.
    for _ in 0..5 {
        ada.post(&confirm, &json!({"code": wrong_code(&app, &totp)})).problem(401, "invalid_code");
    }
    ada.post(&confirm, &json!({"code": wrong_code(&app, &totp)})).problem(429, "rate_limited");
    assert_eq!(app.audited("factor.added"), 1);
}

#[test]
fn a_second_set_up_gives_way_to_the_first_and_ten_factors_are_the_most() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    for _ in 0..12 {
        ada.post("/api/v1/auth/factors/totp", &json!({"name": "Phone"})).expect(201);
    }
    assert_eq!(app.db.rows("select id from factors").len(), 1);
    for _ in 0..10 {
        with_passkey(&ada);
    }
    ada.post("/api/v1/auth/factors/totp", &json!({})).problem(409, "conflict");
    let options = ada.request("POST", "/api/v1/auth/passkeys/registration-options", &[], None).expect(200);
    let credential = VirtualAuthenticator::on(PUBLIC_URL).create(&options["public_key"]);
    let body = json!({"ceremony": options["ceremony"], "credential": credential});
    ada.post("/api/v1/auth/passkeys", &body).problem(409, "conflict");
    for name in ["", "a\nb", &"x".repeat(101)] {
        ada.post("/api/v1/auth/factors/totp", &json!({"name": name})).problem(422, "invalid");
    }
}

#[test]
fn staff_without_the_factor_that_their_school_wants_set_one_up_first() {
    let app = TestApp::new();
    app.db.execute(&format!("update schools set require_second_factor = 1 where id = 'sch_{:026}'", 1));
    let signed_in = login(&app, "ada");
    assert_eq!(signed_in["user"]["second_factor_required"], true);
    let ada = actor(&app, &signed_in);
    ada.get("/api/v1/classes").problem(403, "second_factor_setup_required");
    assert_eq!(ada.get("/api/v1/auth/factors").expect(200)["required_by_school"], true);
    let (totp, ..) = with_app(&app, &ada);
    let body = json!({"refresh_token": signed_in["refresh_token"]});
    let refreshed = app.anonymous().post("/api/v1/auth/refresh", &body).expect(200);
    assert_eq!(refreshed["user"]["second_factor_required"], false);
    actor(&app, &refreshed).get("/api/v1/classes").expect(200);
    let challenge = challenge(&app, "ada");
    let signed_in = answer(&app, &challenge, &json!({"code": next_code(&app, &totp)})).expect(200);
    actor(&app, &signed_in).get("/api/v1/classes").expect(200);
    // Parents are no staff, and the other school wants nothing.
    for other in ["peter", "eve"] {
        assert_eq!(login(&app, other)["user"]["second_factor_required"], false);
    }
}

/// A leak of D1 alone: no secret of an app and no code is in it.
#[test]
fn the_database_holds_no_secret_of_a_factor() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    let made = ada.post("/api/v1/auth/factors/totp", &json!({})).expect(201);
    let stored = serde_json::to_string(&app.db.rows("select * from factors")).unwrap();
    assert!(!stored.contains(made["secret"].as_str().unwrap()));
}

#[test]
fn what_is_too_old_to_be_used_is_tidied_away() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    with_app(&app, &ada);
    ada.post("/api/v1/auth/factors/totp", &json!({})).expect(201);
    app.clock.advance(86_400_001);
    futures::executor::block_on(toolboxai_edge::jobs::tick(&app.ports())).unwrap();
    assert_eq!(app.db.rows("select id from used_challenges").len(), 0);
    // The app that was never confirmed is gone, the other is not.
    assert_eq!(app.db.rows("select id from factors").len(), 1);
}
