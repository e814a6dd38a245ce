//! WebCrypto behind the `Signatures` port: it is there anyway, and the big-number arithmetic of RSA and P-256 would cost the
//! wasm more than 100 KB.

use futures::future::BoxFuture;
use js_sys::{JSON, Promise, Uint8Array};
use serde_json::json;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use worker::send::SendFuture;
use worker::wasm_bindgen_futures::JsFuture;

use crate::domain::signature::{PublicJwk, SignatureAlgorithm};
use crate::ports::{PortError, Signatures};

#[wasm_bindgen]
extern "C" {
    /// `crypto.subtle`.
    type Subtle;

    #[wasm_bindgen(thread_local_v2, js_namespace = crypto, js_name = subtle)]
    static SUBTLE: Subtle;

    #[wasm_bindgen(method, catch, js_name = importKey)]
    fn import_key(
        this: &Subtle,
        format: &str,
        key: &JsValue,
        algorithm: &JsValue,
        extractable: bool,
        usages: &JsValue,
    ) -> Result<Promise, JsValue>;

    #[wasm_bindgen(method, catch)]
    fn verify(
        this: &Subtle,
        algorithm: &JsValue,
        key: &JsValue,
        signature: &Uint8Array,
        data: &Uint8Array,
    ) -> Result<Promise, JsValue>;
}

/// `crypto.subtle`.
pub(super) struct WebCrypto;

impl Signatures for WebCrypto {
    fn verify<'a>(
        &'a self,
        key: &'a PublicJwk,
        data: &'a [u8],
        signature: &'a [u8],
    ) -> BoxFuture<'a, Result<bool, PortError>> {
        Box::pin(SendFuture::new(async move {
            let Some(algorithm) = key.algorithm() else { return Ok(false) };
            match check(key, algorithm, data, signature).await {
                Ok(signed) => Ok(signed),
                // A point that is not on the curve: that is the key's fault, not the platform's.
                Err(error) if name(&error) == "DataError" => Ok(false),
                Err(error) => Err(PortError(format!("crypto.subtle: {error:?}"))),
            }
        }))
    }
}

async fn check(
    key: &PublicJwk,
    algorithm: SignatureAlgorithm,
    data: &[u8],
    signature: &[u8],
) -> Result<bool, JsValue> {
    let algorithm = JSON::parse(
        &match algorithm {
            SignatureAlgorithm::Es256 => json!({"name": "ECDSA", "namedCurve": "P-256", "hash": "SHA-256"}),
            SignatureAlgorithm::Rs256 => json!({"name": "RSASSA-PKCS1-v1_5", "hash": "SHA-256"}),
            SignatureAlgorithm::EdDsa => json!({"name": "Ed25519"}),
        }
        .to_string(),
    )?;
    let jwk = JSON::parse(&serde_json::to_string(key).map_err(|error| error.to_string())?)?;
    let usages = JSON::parse(r#"["verify"]"#)?;
    let key = SUBTLE.with(|subtle| subtle.import_key("jwk", &jwk, &algorithm, false, &usages))?;
    let key = JsFuture::from(key).await?;
    let (signature, data) = (Uint8Array::from(signature), Uint8Array::from(data));
    let signed = SUBTLE.with(|subtle| subtle.verify(&algorithm, &key, &signature, &data))?;
    Ok(JsFuture::from(signed).await?.is_truthy())
}

fn name(error: &JsValue) -> String {
    error.dyn_ref::<js_sys::Error>().map(|error| String::from(error.name())).unwrap_or_default()
}
