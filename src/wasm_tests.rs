//! What must be shown on wasm itself: hashing, tokens and entropy, where a wrong feature of a crate would show first.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use wasm_bindgen_test::wasm_bindgen_test;

use crate::domain::ids::{SchoolId, SignInId, UserId, new_join_code, parse_join_code};
use crate::domain::password;
use crate::domain::pusher;
use crate::domain::signature::PublicJwk;
use crate::domain::time::Timestamp;
use crate::domain::tokens::{KeyRing, TokenError};
use crate::domain::user::{Identity, Role};
use crate::ports::{Entropy, Signatures};

#[path = "platform/signatures.rs"]
mod signatures;
use signatures::WebCrypto;

struct System;
impl Entropy for System {
    fn fill(&self, buffer: &mut [u8]) {
        getrandom::fill(buffer).unwrap();
    }
}

#[wasm_bindgen_test]
fn entropy_gives_other_bytes_each_time() {
    let (mut first, mut second) = ([0; 32], [0; 32]);
    System.fill(&mut first);
    System.fill(&mut second);
    assert_ne!(first, second);
    assert_ne!(first, [0; 32]);
    let code = new_join_code(&System);
    assert_eq!(parse_join_code(&code), Some(code));
}

#[wasm_bindgen_test]
fn a_password_belongs_to_its_own_hash_only() {
    let phc = password::hash("correct horse battery", &System).unwrap();
    assert!(password::verify("correct horse battery", &phc));
    assert!(!password::verify("wrong", &phc));
}

#[wasm_bindgen_test]
fn a_token_says_what_was_signed_until_it_expires() {
    let ring = KeyRing::parse("a:AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA").unwrap();
    let now = Timestamp::from_millis(1_795_000_000_000);
    let identity = Identity {
        user_id: UserId::new(now, &System),
        school_id: SchoolId::new(now, &System),
        role: Role::Teacher,
        display_name: "Ms Lovelace".to_owned(),
        sign_in_id: SignInId::new(now, &System),
        authenticated_at: now.as_secs(),
        factor_missing: false,
    };
    let token = ring.sign(&identity, now, 900).unwrap();
    assert_eq!(ring.verify(&token, now).map(|token| token.claims), Ok(identity));
    assert_eq!(ring.verify::<Identity>(&token, now.plus_millis(900_000)), Err(TokenError::Expired));
}

#[wasm_bindgen_test]
fn hmac_gives_the_specifications_signature() {
    let text = pusher::subscription_text("1234.1234", "private-foobar", None);
    let signature = pusher::sign(b"7ad3773142a6692b25b8", &text);
    assert_eq!(signature, "58df8b0c36d6982b82c3ecf6b4662e34fe8c25bba48f5369f135bf843651c3a4");
}

#[wasm_bindgen_test]
async fn webcrypto_verifies_the_published_signatures_and_no_changed_ones() {
    let vectors: Vec<serde_json::Value> =
        serde_json::from_str(include_str!("../tests/vectors/signatures.json")).unwrap();
    for vector in &vectors {
        let key: PublicJwk = serde_json::from_value(vector["key"].clone()).unwrap();
        let (data, signature) = vector["jws"].as_str().unwrap().rsplit_once('.').unwrap();
        let mut signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
        assert_eq!(WebCrypto.verify(&key, data.as_bytes(), &signature).await, Ok(true), "{}", vector["of"]);
        assert_eq!(WebCrypto.verify(&key, b"other", &signature).await, Ok(false));
        assert_eq!(WebCrypto.verify(&key, data.as_bytes(), &[]).await, Ok(false));
        signature[7] ^= 1;
        assert_eq!(WebCrypto.verify(&key, data.as_bytes(), &signature).await, Ok(false));
    }
}

#[wasm_bindgen_test]
async fn a_point_that_is_not_on_the_curve_has_signed_nothing() {
    let key = PublicJwk::p256(&[7; 32], &[9; 32]);
    assert_eq!(WebCrypto.verify(&key, b"data", &[1; 64]).await, Ok(false));
}
