//! JSON Web Tokens (RFC 7519) in the one form that is taken here: compact serialization (RFC 7515 section 7.1), HS256 (RFC 7518
//! section 3.2), a key id. By hand, as every request pays for it (docs/decisions/0026-tokens-by-hand.md); the tests hold it to
//! `jwt-compact` and to the RFC's own example.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use sha2::Sha256;

/// The one algorithm (RFC 8725 section 3.1).
const ALGORITHM: &str = "HS256";

#[derive(Serialize, Deserialize)]
struct Header<'a> {
    #[serde(borrow)]
    alg: Cow<'a, str>,
    #[serde(borrow)]
    kid: Cow<'a, str>,
    /// Extensions that a reader must understand (RFC 7515 section 4.1.11): none is understood.
    #[serde(skip_serializing)]
    crit: Option<IgnoredAny>,
}

/// The payload of a token whose signature is good. `mac_of` gives a key's prepared MAC by the key's id.
pub fn verify<'k>(token: &str, mac_of: impl FnOnce(&str) -> Option<&'k Hmac<Sha256>>) -> Option<Vec<u8>> {
    let (signed, signature) = token.rsplit_once('.')?;
    let (header, payload) = signed.split_once('.')?;
    let header = URL_SAFE_NO_PAD.decode(header).ok()?;
    let header: Header = serde_json::from_slice(&header).ok()?;
    if header.alg != ALGORITHM || header.crit.is_some() {
        return None;
    }
    let mut mac = mac_of(&header.kid)?.clone();
    mac.update(signed.as_bytes());
    mac.verify_slice(&URL_SAFE_NO_PAD.decode(signature).ok()?).ok()?;
    URL_SAFE_NO_PAD.decode(payload).ok()
}

/// A signed token.
pub fn sign(kid: &str, mac: &Hmac<Sha256>, payload: &[u8]) -> Result<String, serde_json::Error> {
    let header = Header { alg: ALGORITHM.into(), kid: kid.into(), crit: None };
    let mut token = URL_SAFE_NO_PAD.encode(serde_json::to_vec(&header)?);
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(payload, &mut token);
    let mut mac = mac.clone();
    mac.update(token.as_bytes());
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(mac.finalize().into_bytes(), &mut token);
    Ok(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mac(secret: &[u8]) -> Hmac<Sha256> {
        Hmac::new_from_slice(secret).unwrap()
    }

    fn signed(header: &str, payload: &str, secret: &[u8]) -> String {
        let text = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
        let mut mac = mac(secret);
        mac.update(text.as_bytes());
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
    }

    fn taken(token: &str) -> Option<String> {
        let mac = mac(&[7; 32]);
        let payload = verify(token, |kid| (kid == "a").then_some(&mac))?;
        Some(String::from_utf8(payload).unwrap())
    }

    #[test]
    fn what_was_signed_is_read_again() {
        let token = sign("a", &mac(&[7; 32]), b"{}").unwrap();
        assert_eq!(taken(&token).as_deref(), Some("{}"));
        assert_eq!(
            taken(&signed(r#"{"typ":"JWT","kid":"a","alg":"HS256"}"#, "{}", &[7; 32])).as_deref(),
            Some("{}")
        );
    }

    /// RFC 7515 appendix A.1, whose header has no key id: the signature is held to it, and the token is not taken.
    #[test]
    fn the_signature_is_that_of_the_rfc() {
        let key = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
        let key = URL_SAFE_NO_PAD.decode(key).unwrap();
        let header = "{\"typ\":\"JWT\",\r\n \"alg\":\"HS256\"}";
        let payload = "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}";
        let token = signed(header, payload, &key);
        assert!(token.ends_with(".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"), "{token}");
        let mac = mac(&key);
        assert_eq!(verify(&token, |_| Some(&mac)), None);
    }

    #[test]
    fn other_algorithms_unknown_keys_and_unknown_extensions_are_refused() {
        for header in [
            r#"{"alg":"none","kid":"a"}"#,
            r#"{"alg":"hs256","kid":"a"}"#,
            r#"{"alg":"HS512","kid":"a"}"#,
            r#"{"alg":"HS256","kid":"b"}"#,
            r#"{"alg":"HS256"}"#,
            r#"{"alg":"HS256","kid":"a","crit":["exp"],"exp":1}"#,
            r#"{"alg":"HS256","alg":"HS256","kid":"a"}"#,
            "[\"HS256\",\"a\"]x",
            "",
        ] {
            assert_eq!(taken(&signed(header, "{}", &[7; 32])), None, "{header}");
        }
        assert_eq!(taken(&signed(r#"{"alg":"HS256","kid":"a"}"#, "{}", &[8; 32])), None);
    }

    #[test]
    fn a_token_with_any_character_changed_or_left_out_is_refused() {
        let token = sign("a", &mac(&[7; 32]), br#"{"sub":"x"}"#).unwrap();
        for at in 0..token.len() {
            let mut left_out = token.clone();
            left_out.remove(at);
            assert_eq!(taken(&left_out), None, "without {at}");
            let mut changed = token.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            assert_eq!(taken(std::str::from_utf8(&changed).unwrap()), None, "changed at {at}");
        }
        for more in [format!("{token}="), format!("{token}."), format!(".{token}"), format!("{token}.e30")] {
            assert_eq!(taken(&more), None, "{more}");
        }
    }

    mod peer {
        use jwt_compact::alg::{Hs256, Hs256Key};
        use jwt_compact::{AlgorithmExt, Claims, Header, UntrustedToken};
        use proptest::prelude::*;
        use serde_json::{Map, Value};

        use super::*;

        proptest! {
            /// A library that others wrote takes our tokens, and we take its.
            #[test]
            fn tokens_go_both_ways(sub in ".{0,80}", secret in prop::collection::vec(any::<u8>(), 32..100)) {
                let key = Hs256Key::new(&secret);
                let custom = Map::from_iter([("sub".to_owned(), Value::String(sub))]);
                let theirs = Hs256.token(&Header::empty().with_key_id("a"), &Claims::new(custom.clone()), &key).unwrap();
                let mac = mac(&secret);
                let payload = verify(&theirs, |_| Some(&mac)).unwrap();
                prop_assert_eq!(serde_json::from_slice::<Map<String, Value>>(&payload).unwrap(), custom.clone());
                let ours = sign("a", &mac, &payload).unwrap();
                let token = UntrustedToken::new(&ours).unwrap();
                prop_assert_eq!(token.header().key_id.as_deref(), Some("a"));
                let read = Hs256.validator::<Map<String, Value>>(&key).validate(&token).unwrap();
                prop_assert_eq!(&read.claims().custom, &custom);
            }
        }
    }
}
