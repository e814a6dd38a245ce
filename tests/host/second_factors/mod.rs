//! Second factors over the API: codes are computed by an authenticator app's library, passkeys by 1Password's authenticator.

mod changes;
mod codes;
mod passkeys;

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
