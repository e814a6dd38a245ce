//! WebCrypto on the host: pure Rust does what the platform does there.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures::future::BoxFuture;
use p256::ecdsa::signature::Verifier;
use rsa::BigUint;
use rsa::pkcs1v15;
use sha2::Sha256;
use toolboxai_edge::domain::signature::PublicJwk;
use toolboxai_edge::ports::{PortError, Signatures};

/// Verifies ES256, RS256 and EdDSA.
pub struct HostSignatures;

impl Signatures for HostSignatures {
    fn verify<'a>(
        &'a self,
        key: &'a PublicJwk,
        data: &'a [u8],
        signature: &'a [u8],
    ) -> BoxFuture<'a, Result<bool, PortError>> {
        let signed = key.algorithm().is_some() && check(key, data, signature).is_some();
        Box::pin(async move { Ok(signed) })
    }
}

fn check(key: &PublicJwk, data: &[u8], signature: &[u8]) -> Option<()> {
    let bytes = |text: &str| URL_SAFE_NO_PAD.decode(text).ok();
    match key {
        PublicJwk::Ec { x, y, .. } => {
            let point = [vec![4], bytes(x)?, bytes(y)?].concat();
            let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(&point).ok()?;
            key.verify(data, &p256::ecdsa::Signature::from_slice(signature).ok()?).ok()
        }
        PublicJwk::Rsa { n, e } => {
            let number = |text: &str| Some(BigUint::from_bytes_be(&bytes(text)?));
            let key = rsa::RsaPublicKey::new_with_max_size(number(n)?, number(e)?, 8192).ok()?;
            let signature = pkcs1v15::Signature::try_from(signature).ok()?;
            rsa::signature::Verifier::verify(&pkcs1v15::VerifyingKey::<Sha256>::new(key), data, &signature)
                .ok()
        }
        PublicJwk::Okp { x, .. } => {
            let key = ed25519_dalek::VerifyingKey::from_bytes(bytes(x)?.as_slice().try_into().ok()?).ok()?;
            let signature = ed25519_dalek::Signature::from_slice(signature).ok()?;
            ed25519_dalek::Verifier::verify(&key, data, &signature).ok()
        }
    }
}
