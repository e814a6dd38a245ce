//! Second factors over the API: codes are computed by an authenticator app's library, passkeys by 1Password's authenticator.

use std::sync::Arc;

use serde_json::{Value, json};
use toolboxai_edge::ports::Clock;
use totp_rs::Totp;

use crate::support::{Actor, PASSWORD, PUBLIC_URL, Reply, TestApp, VirtualAuthenticator};

fn login(app: &Arc<TestApp>, name: &str) -> Value {
    let email = format!("{name}@school.example");
    let body = json!({"email": email, "password": PASSWORD, "refresh_token_in": "body"});
    app.anonymous().post("/api/v1/auth/login", &body).expect(200)
}

fn actor(app: &Arc<TestApp>, signed_in: &Value) -> Actor {
    app.with_token(signed_in["access_token"].as_str().unwrap())
}

/// What an app shows now.
fn code(app: &TestApp, totp: &Totp) -> String {
    totp.generate(u64::try_from(app.clock.now().as_secs()).unwrap()).to_string()
}

/// So much later that the app shows another code.
fn next_code(app: &TestApp, totp: &Totp) -> String {
    app.clock.advance(30_000);
    code(app, totp)
}

/// A code that the app does not show, and did not a moment ago.
fn wrong_code(app: &TestApp, totp: &Totp) -> String {
    let now = u64::try_from(app.clock.now().as_secs()).unwrap();
    let good: Vec<String> = [now - 30, now, now + 30].map(|at| totp.generate(at).to_string()).to_vec();
    (0..9).map(|n| format!("00000{n}")).find(|code| !good.contains(code)).unwrap()
}

/// Sets up an app and gives it with its id and the recovery codes.
fn with_app(app: &Arc<TestApp>, person: &Actor) -> (Totp, String, Value) {
    let made = person.post("/api/v1/auth/factors/totp", &json!({"name": "Phone"})).expect(201);
    let totp = Totp::from_url(made["otpauth_uri"].as_str().unwrap()).unwrap();
    let id = made["id"].as_str().unwrap().to_owned();
    let confirm = format!("/api/v1/auth/factors/totp/{id}/confirm");
    let confirmed = person.post(&confirm, &json!({"code": code(app, &totp)})).expect(200);
    (totp, id, confirmed["recovery_codes"].clone())
}

/// Adds a passkey of a new device.
fn with_passkey(person: &Actor) -> (VirtualAuthenticator, Value) {
    let options = person.request("POST", "/api/v1/auth/passkeys/registration-options", &[], None).expect(200);
    let mut device = VirtualAuthenticator::on(PUBLIC_URL);
    let credential = device.create(&options["public_key"]);
    let body = json!({"ceremony": options["ceremony"], "name": "Laptop", "credential": credential});
    (device, person.post("/api/v1/auth/passkeys", &body).expect(201))
}

fn challenge(app: &Arc<TestApp>, name: &str) -> Value {
    let answer = login(app, name);
    assert_eq!((&answer["status"], &answer["expires_in"]), (&json!("second_factor_required"), &json!(300)));
    assert!(answer.get("access_token").is_none() && answer.get("refresh_token").is_none());
    answer
}

fn answer(app: &Arc<TestApp>, challenge: &Value, proof: &Value) -> Reply {
    let mut body = json!({"challenge": challenge["challenge"], "refresh_token_in": "body"});
    body.as_object_mut().unwrap().extend(proof.as_object().unwrap().clone());
    app.anonymous().post("/api/v1/auth/login/second-factor", &body)
}

fn assertion_options(app: &Arc<TestApp>, body: &Value) -> Value {
    app.anonymous().post("/api/v1/auth/passkeys/assertion-options", body).expect(200)
}

fn passkey_login(app: &Arc<TestApp>, ceremony: &Value, credential: &Value) -> Reply {
    let body = json!({"ceremony": ceremony, "credential": credential, "refresh_token_in": "body"});
    app.anonymous().post("/api/v1/auth/login/passkey", &body)
}

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

#[test]
fn a_passkey_signs_in_without_address_and_password() {
    let app = TestApp::new();
    let (mut device, added) = with_passkey(&app.sign_in("ada"));
    assert_eq!((&added["factor"]["type"], &added["factor"]["name"]), (&json!("passkey"), &json!("Laptop")));
    assert_eq!(added["recovery_codes"].as_array().unwrap().len(), 10);
    let options = assertion_options(&app, &json!({}));
    assert!(options["public_key"].get("allowCredentials").is_none());
    assert_eq!(options["public_key"]["userVerification"], "required");
    let credential = device.get(&options["public_key"]);
    app.db.take_batches();
    let signed_in = passkey_login(&app, &options["ceremony"], &credential).expect(200);
    assert_eq!(app.db.take_batches(), 2);
    assert_eq!(signed_in["user"]["email"], "ada@school.example");
    // Neither the ceremony nor the answer is good twice.
    passkey_login(&app, &options["ceremony"], &credential).problem(401, "invalid_challenge");
    let next = assertion_options(&app, &json!({}));
    passkey_login(&app, &next["ceremony"], &credential).problem(401, "invalid_code");
}

#[test]
fn a_passkey_is_taken_beside_the_password_without_verifying_its_user() {
    let app = TestApp::new();
    let (mut device, _) = with_passkey(&app.sign_in("ada"));
    device.verifies_its_user = false;
    let first = challenge(&app, "ada");
    assert_eq!(first["methods"], json!(["passkey", "recovery_code"]));
    let options = assertion_options(&app, &json!({"challenge": first["challenge"]}));
    assert_eq!(options["ceremony"], first["challenge"]);
    assert_eq!(options["public_key"]["allowCredentials"].as_array().unwrap().len(), 1);
    let credential = device.get(&options["public_key"]);
    answer(&app, &first, &json!({"ceremony": "another", "credential": credential}))
        .problem(401, "invalid_challenge");
    answer(&app, &first, &json!({"ceremony": first["challenge"], "credential": credential})).expect(200);
    // By itself it is not.
    let alone = assertion_options(&app, &json!({}));
    let mut unverified = alone["public_key"].clone();
    unverified["userVerification"] = json!("discouraged");
    let credential = device.get(&unverified);
    passkey_login(&app, &alone["ceremony"], &credential).problem(401, "invalid_code");
}

#[test]
fn a_passkey_of_somebody_else_is_no_second_factor() {
    let app = TestApp::new();
    with_passkey(&app.sign_in("ada"));
    let (mut eves, _) = with_passkey(&app.sign_in("eve"));
    let first = challenge(&app, "ada");
    let options = assertion_options(&app, &json!({"challenge": first["challenge"]}));
    let mut without_list = options["public_key"].clone();
    without_list.as_object_mut().unwrap().remove("allowCredentials");
    let credential = eves.get(&without_list);
    answer(&app, &first, &json!({"credential": credential})).problem(401, "invalid_code");
}

#[test]
fn a_passkey_is_registered_by_who_began_it_and_once() {
    let app = TestApp::new();
    let (ada, alan) = (app.sign_in("ada"), app.sign_in("alan"));
    let options = ada.request("POST", "/api/v1/auth/passkeys/registration-options", &[], None).expect(200);
    let mut device = VirtualAuthenticator::on(PUBLIC_URL);
    let credential = device.create(&options["public_key"]);
    let body = json!({"ceremony": options["ceremony"], "credential": credential});
    alan.post("/api/v1/auth/passkeys", &body).problem(401, "invalid_challenge");
    let sign_in = assertion_options(&app, &json!({}));
    let mixed = json!({"ceremony": sign_in["ceremony"], "credential": credential});
    ada.post("/api/v1/auth/passkeys", &mixed).problem(401, "invalid_challenge");
    ada.post("/api/v1/auth/passkeys", &body).expect(201);
    ada.post("/api/v1/auth/passkeys", &body).problem(401, "invalid_challenge");
    let known = ada.request("POST", "/api/v1/auth/passkeys/registration-options", &[], None).expect(200);
    assert_eq!(known["public_key"]["excludeCredentials"][0]["id"], credential["id"]);
    // A ceremony of registration signs nobody in.
    passkey_login(&app, &known["ceremony"], &device.get(&sign_in["public_key"]))
        .problem(401, "invalid_challenge");
}

#[test]
fn a_passkey_that_another_account_has_is_refused() {
    let app = TestApp::new();
    let (ada, alan) = (app.sign_in("ada"), app.sign_in("alan"));
    let options = ada.request("POST", "/api/v1/auth/passkeys/registration-options", &[], None).expect(200);
    let credential = VirtualAuthenticator::on(PUBLIC_URL).create(&options["public_key"]);
    ada.post("/api/v1/auth/passkeys", &json!({"ceremony": options["ceremony"], "credential": credential}))
        .expect(201);
    // The same credential id with Alan's challenge in what the browser says: attestation is not signed without one.
    let options = alan.request("POST", "/api/v1/auth/passkeys/registration-options", &[], None).expect(200);
    let mut copied = VirtualAuthenticator::on(PUBLIC_URL).create(&options["public_key"]);
    copied["id"] = credential["id"].clone();
    copied["response"]["attestationObject"] = credential["response"]["attestationObject"].clone();
    let body = json!({"ceremony": options["ceremony"], "credential": copied});
    alan.post("/api/v1/auth/passkeys", &body).problem(409, "conflict");
    assert_eq!(alan.get("/api/v1/auth/factors").expect(200)["items"], json!([]));
    assert_eq!(app.audited("factor.added"), 1);
}

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
