//! The host's stand-in for WebCrypto, by the vectors that `src/wasm_tests.rs` shows WebCrypto itself to fulfil.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures::executor::block_on;
use serde_json::Value;
use toolboxai_edge::domain::signature::PublicJwk;
use toolboxai_edge::ports::Signatures;

use crate::support::HostSignatures;

#[test]
fn the_published_signatures_verify_and_changed_ones_do_not() {
    let vectors: Vec<Value> = serde_json::from_str(include_str!("../vectors/signatures.json")).unwrap();
    for vector in &vectors {
        let key: PublicJwk = serde_json::from_value(vector["key"].clone()).unwrap();
        let (data, signature) = vector["jws"].as_str().unwrap().rsplit_once('.').unwrap();
        let mut signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
        let verify = |data: &str, signature: &[u8]| {
            block_on(HostSignatures.verify(&key, data.as_bytes(), signature)).unwrap()
        };
        assert!(verify(data, &signature), "{}", vector["of"]);
        assert!(!verify(&format!("{data}x"), &signature));
        assert!(!verify(data, &signature[1..]));
        assert!(!verify(data, &[]));
        signature[7] ^= 1;
        assert!(!verify(data, &signature));
    }
}

#[test]
fn a_point_that_is_not_on_the_curve_has_signed_nothing() {
    let key = PublicJwk::p256(&[7; 32], &[9; 32]);
    assert!(!block_on(HostSignatures.verify(&key, b"data", &[1; 64])).unwrap());
}
