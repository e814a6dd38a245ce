//! Passkeys: with the password, instead of it, and registering one.

use serde_json::json;

use super::{answer, assertion_options, challenge, passkey_login, with_passkey};
use crate::support::{PUBLIC_URL, TestApp, VirtualAuthenticator};

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
