//! Public keys of others and what they sign with: JWKs (RFC 7517, RFC 7518 section 6, RFC 8037) of the three algorithms that
//! identity providers and passkeys use. Verifying is a port: WebCrypto does it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Shortest RSA modulus (RFC 7518 section 3.3).
const MIN_RSA_BYTES: usize = 256;
/// Longest: 8192 bits. Longer ones only cost time.
const MAX_RSA_BYTES: usize = 1024;
/// Longest RSA exponent: 65537 and the odd larger one.
const MAX_EXPONENT_BYTES: usize = 8;
/// A coordinate of P-256, a point of Ed25519.
const POINT_BYTES: usize = 32;

/// How something is signed (RFC 7518 section 3.1, RFC 8037).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SignatureAlgorithm {
    /// ECDSA with P-256 and SHA-256. The signature is `r` and `s`, 32 bytes each, not DER.
    #[serde(rename = "ES256")]
    Es256,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    #[serde(rename = "RS256")]
    Rs256,
    /// Ed25519.
    #[serde(rename = "EdDSA")]
    EdDsa,
}

impl SignatureAlgorithm {
    /// All that we verify.
    pub const ALL: [Self; 3] = [Self::Es256, Self::Rs256, Self::EdDsa];

    /// Its name in a JWS header.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::Rs256 => "RS256",
            Self::EdDsa => "EdDSA",
        }
    }

    /// The one of that name. `none` and the algorithms with a shared secret are not among them.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == name)
    }
}

/// A public key as a JWK, with the members that matter and no others: `use`, `alg` and `key_ops` are for who chooses a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kty")]
pub enum PublicJwk {
    /// On a curve with two coordinates.
    #[serde(rename = "EC")]
    Ec {
        /// `P-256`.
        crv: String,
        /// In base64url.
        x: String,
        /// In base64url.
        y: String,
    },
    /// RSA.
    #[serde(rename = "RSA")]
    Rsa {
        /// The modulus in base64url.
        n: String,
        /// The exponent in base64url.
        e: String,
    },
    /// A point of an Edwards curve.
    #[serde(rename = "OKP")]
    Okp {
        /// `Ed25519`.
        crv: String,
        /// In base64url.
        x: String,
    },
}

impl PublicJwk {
    /// Reads a JWK. None when a member that its kind needs is not there.
    pub fn read(jwk: &Value) -> Option<Self> {
        let text = |name: &str| jwk.get(name)?.as_str().map(str::to_owned);
        match jwk.get("kty")?.as_str()? {
            "EC" => Some(Self::Ec { crv: text("crv")?, x: text("x")?, y: text("y")? }),
            "RSA" => Some(Self::Rsa { n: text("n")?, e: text("e")? }),
            "OKP" => Some(Self::Okp { crv: text("crv")?, x: text("x")? }),
            _ => None,
        }
    }

    /// A key of P-256 by its coordinates.
    pub fn p256(x: &[u8], y: &[u8]) -> Self {
        Self::Ec { crv: "P-256".to_owned(), x: URL_SAFE_NO_PAD.encode(x), y: URL_SAFE_NO_PAD.encode(y) }
    }

    /// A key of RSA by modulus and exponent, big-endian.
    pub fn rsa(n: &[u8], e: &[u8]) -> Self {
        Self::Rsa { n: URL_SAFE_NO_PAD.encode(n), e: URL_SAFE_NO_PAD.encode(e) }
    }

    /// A key of Ed25519.
    pub fn ed25519(x: &[u8]) -> Self {
        Self::Okp { crv: "Ed25519".to_owned(), x: URL_SAFE_NO_PAD.encode(x) }
    }

    /// The one algorithm that this key is for: the key says it, never the message. None for keys that are of another curve, too
    /// short or malformed.
    pub fn algorithm(&self) -> Option<SignatureAlgorithm> {
        let length = |text: &str| URL_SAFE_NO_PAD.decode(text).ok().map(|bytes| bytes.len());
        match self {
            Self::Ec { crv, x, y } => {
                (crv == "P-256" && length(x) == Some(POINT_BYTES) && length(y) == Some(POINT_BYTES))
                    .then_some(SignatureAlgorithm::Es256)
            }
            Self::Rsa { n, e } => (length(n).is_some_and(|n| (MIN_RSA_BYTES..=MAX_RSA_BYTES).contains(&n))
                && length(e).is_some_and(|e| (1..=MAX_EXPONENT_BYTES).contains(&e)))
            .then_some(SignatureAlgorithm::Rs256),
            Self::Okp { crv, x } => {
                (crv == "Ed25519" && length(x) == Some(POINT_BYTES)).then_some(SignatureAlgorithm::EdDsa)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_for_one_algorithm() {
        let coordinate = [7; 32];
        assert_eq!(PublicJwk::p256(&coordinate, &coordinate).algorithm(), Some(SignatureAlgorithm::Es256));
        assert_eq!(PublicJwk::rsa(&[0xc3; 256], &[1, 0, 1]).algorithm(), Some(SignatureAlgorithm::Rs256));
        assert_eq!(PublicJwk::ed25519(&coordinate).algorithm(), Some(SignatureAlgorithm::EdDsa));
    }

    #[test]
    fn a_weak_or_foreign_key_is_for_none() {
        let coordinate = [7; 32];
        let of_curve =
            |crv: &str| PublicJwk::Okp { crv: crv.to_owned(), x: URL_SAFE_NO_PAD.encode(coordinate) };
        for key in [
            PublicJwk::rsa(&[0xc3; 128], &[1, 0, 1]),
            PublicJwk::rsa(&[0xc3; 2048], &[1, 0, 1]),
            PublicJwk::rsa(&[0xc3; 256], &[]),
            PublicJwk::p256(&coordinate, &[7; 31]),
            PublicJwk::Ec { crv: "P-384".to_owned(), x: String::new(), y: String::new() },
            PublicJwk::Rsa { n: "not base64!".to_owned(), e: "AQAB".to_owned() },
            of_curve("X25519"),
        ] {
            assert_eq!(key.algorithm(), None, "{key:?}");
        }
    }

    #[test]
    fn only_signatures_with_a_public_key_have_a_name() {
        for name in ["none", "None", "HS256", "RS512", "PS256", "ES384", "es256", ""] {
            assert_eq!(SignatureAlgorithm::of(name), None, "{name}");
        }
        assert_eq!(SignatureAlgorithm::of("RS256"), Some(SignatureAlgorithm::Rs256));
    }

    #[test]
    fn a_jwk_reads_with_members_that_do_not_matter_here() {
        let jwk = r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","use":"sig","kid":"1"}"#;
        let jwk: Value = serde_json::from_str(jwk).unwrap();
        let key = PublicJwk::read(&jwk).unwrap();
        assert_eq!(key.algorithm(), Some(SignatureAlgorithm::EdDsa));
        assert_eq!(serde_json::from_value::<PublicJwk>(jwk).unwrap(), key);
        assert_eq!(PublicJwk::read(&serde_json::json!({"kty": "oct", "k": "c2VjcmV0"})), None);
    }
}
