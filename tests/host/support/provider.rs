//! An identity provider that a test can make say anything: true, false or broken.

use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use serde_json::{Value, json};
use toolboxai_edge::ports::{Clock, Inbound, Outbound};

use super::system::ManualClock;
use super::{Outside, TestApp};

/// The setting of the two providers: one that is asked what it can do, and one that is not and vouches for no address.
pub const PROVIDERS: &str = r#"[
    {"id": "google", "name": "Google", "issuer": "https://op.example", "client_id": "us", "client_secret": "client-secret",
        "scopes": ["openid", "email", "profile"]},
    {"id": "roblox", "name": "Roblox", "issuer": "https://rb.example/oauth/", "client_id": "us", "client_secret": "client-secret",
        "scopes": ["openid", "profile"], "token_endpoint_auth_method": "client_secret_post",
        "authorization_endpoint": "https://rb.example/oauth/v1/authorize", "token_endpoint": "https://rb.example/oauth/v1/token",
        "jwks_uri": "https://rb.example/oauth/v1/certs"}
]"#;

/// What it does.
pub struct Script {
    /// The members of ID tokens, over those of a good one.
    pub claims: Value,
    /// The header of ID tokens, over that of a good one.
    pub header: Value,
    /// What the discovery document says, over what a good one says.
    pub discovery: Value,
    /// What the userinfo endpoint says.
    pub userinfo: Value,
    /// The status of the token endpoint, and what it says when it is not 200.
    pub token_status: (u16, Value),
    /// Nobody is there at addresses that contain this.
    pub down: Option<&'static str>,
    /// The id of the key that signs; the published one always has this id, too.
    pub kid: String,
    /// The key that is published is not the one that signs.
    pub signs_with_another_key: bool,
    /// The nonce of the authorization request, for the token.
    pub nonce: String,
}

/// The provider of a test.
pub struct ScriptedProvider {
    pub script: Mutex<Script>,
    clock: Arc<ManualClock>,
}

fn key(first: u8) -> SigningKey {
    SigningKey::from_slice(&[first; 32]).unwrap()
}

fn over(mut base: Value, changes: &Value) -> Value {
    for (name, value) in changes.as_object().into_iter().flatten() {
        base[name] = value.clone();
    }
    base
}

impl ScriptedProvider {
    /// One that does everything right.
    pub fn of(app: &TestApp) -> Arc<Self> {
        let script = Script {
            claims: json!({}),
            header: json!({}),
            discovery: json!({}),
            userinfo: json!({}),
            token_status: (200, Value::Null),
            down: None,
            kid: "k1".to_owned(),
            signs_with_another_key: false,
            nonce: String::new(),
        };
        let provider = Arc::new(Self { script: Mutex::new(script), clock: app.clock.clone() });
        let answers = provider.clone();
        app.outside.answer_with(move |request| answers.answer(request));
        provider
    }

    /// Changes what it does.
    pub fn set(&self, change: impl FnOnce(&mut Script)) {
        change(&mut self.script.lock().unwrap());
    }

    fn answer(&self, request: &Outbound) -> Option<Inbound> {
        let script = self.script.lock().unwrap();
        let url = request.url.as_str();
        if script.down.is_some_and(|down| url.contains(down)) {
            return None;
        }
        let (status, body) = match url {
            "https://op.example/.well-known/openid-configuration" => {
                (200, over(discovery(), &script.discovery))
            }
            "https://op.example/keys" | "https://rb.example/oauth/v1/certs" => (200, published(&script.kid)),
            "https://op.example/token" | "https://rb.example/oauth/v1/token" => match &script.token_status {
                (200, _) => (200, json!({"access_token": "at", "id_token": self.token(&script, url)})),
                (status, body) => (*status, body.clone()),
            },
            "https://op.example/me" => (200, script.userinfo.clone()),
            other => unreachable!("{other} is asked"),
        };
        Some(Inbound { status, body: body.to_string().into_bytes(), retry_after_s: None })
    }

    fn token(&self, script: &Script, url: &str) -> String {
        let issuer =
            if url.starts_with("https://op.") { "https://op.example" } else { "https://rb.example/oauth/" };
        let now = self.clock.now().as_secs();
        let claims = json!({"iss": issuer, "sub": "subject-1", "aud": "us", "exp": now + 300, "iat": now,
            "nonce": script.nonce});
        let base64 = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let header = over(json!({"alg": "ES256", "kid": script.kid}), &script.header);
        let signed = format!("{}.{}", base64(header), base64(over(claims, &script.claims)));
        let signature: Signature =
            key(if script.signs_with_another_key { 9 } else { 7 }).sign(signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes()))
    }
}

fn discovery() -> Value {
    json!({"issuer": "https://op.example", "authorization_endpoint": "https://op.example/auth",
        "token_endpoint": "https://op.example/token", "jwks_uri": "https://op.example/keys",
        "userinfo_endpoint": "https://op.example/me", "id_token_signing_alg_values_supported": ["ES256"],
        "authorization_response_iss_parameter_supported": true})
}

fn published(kid: &str) -> Value {
    let point = key(7).verifying_key().to_sec1_point(false);
    let (x, y) = (&point.as_bytes()[1..33], &point.as_bytes()[33..]);
    let key = json!({"kty": "EC", "crv": "P-256", "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y),
        "kid": kid, "use": "sig"});
    json!({"keys": [key]})
}

/// The world outside for who has no provider: `Outside` of an app.
pub fn requests_to(outside: &Outside, part: &str) -> usize {
    outside.requests.lock().unwrap().iter().filter(|request| request.url.contains(part)).count()
}
