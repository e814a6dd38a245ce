//! ID tokens: OpenID Connect Core 1.0 section 3.1.3.7, RFC 8725. A token is parsed, then its key is chosen, then somebody with
//! the `Signatures` port verifies it, then its claims are checked: the types lead that way, and the claims come out last.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use super::{Claims, text};
use crate::domain::signature::{PublicJwk, SignatureAlgorithm};
use crate::domain::time::Timestamp;
use crate::json;

/// Longest token that is read: Google's are 1.2 KB.
const MAX_TOKEN: usize = 16 * 1024;
/// Longest `sub` (OpenID Connect Core 1.0 section 2).
const MAX_SUBJECT: usize = 255;
/// How far clocks may be apart, in seconds.
const SKEW_S: i64 = 60;
/// More keys than any provider publishes.
const MAX_KEYS: usize = 64;

/// Why an ID token is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdTokenError {
    /// No JWS with the claims that an ID token has.
    #[error("the ID token cannot be read")]
    Malformed,
    /// Signed with something that this provider does not sign with or that is not verified here.
    #[error("the ID token is signed with an algorithm that is not allowed")]
    Algorithm,
    /// No key of the provider fits.
    #[error("the ID token is signed with an unknown key")]
    UnknownKey,
    /// The key did not sign it.
    #[error("the ID token's signature is wrong")]
    Signature,
    /// Somebody else made it.
    #[error("the ID token is of another issuer")]
    Issuer,
    /// It was made for somebody else.
    #[error("the ID token is for another client")]
    Audience,
    /// Its time is over.
    #[error("the ID token has expired")]
    Expired,
    /// It was made in the future, or before it was asked for.
    #[error("the ID token is of another time")]
    Time,
    /// It belongs to another flow.
    #[error("the ID token is for another flow")]
    Nonce,
}

/// A key of a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Key {
    kid: Option<String>,
    jwk: PublicJwk,
    algorithm: SignatureAlgorithm,
}

/// The keys of a provider (RFC 7517), those that can verify here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JwkSet(Vec<Key>);

impl JwkSet {
    /// Reads a key set. Keys of other kinds, for other uses or too weak are as if they were not there.
    pub fn parse(json: &[u8]) -> Option<Self> {
        let set: Value = json::from_slice(json).ok()?;
        let keys = set.get("keys")?.as_array()?.iter().take(MAX_KEYS).filter_map(|key| {
            let jwk = PublicJwk::read(key)?;
            let algorithm = jwk.algorithm()?;
            let says = |name: &str, wanted: &str| text(key, name).is_none_or(|given| given == wanted);
            let fits = says("use", "sig") && says("alg", algorithm.name());
            fits.then_some(Key { kid: text(key, "kid"), jwk, algorithm })
        });
        Some(Self(keys.collect()))
    }
}

/// What is in an ID token. Members that we don't use are not read.
#[derive(Clone, Debug)]
struct AllClaims {
    iss: String,
    sub: String,
    aud: Vec<String>,
    azp: Option<String>,
    exp: f64,
    iat: f64,
    nbf: Option<f64>,
    nonce: Option<String>,
    person: Claims,
}

impl AllClaims {
    fn read(json: &Value) -> Option<Self> {
        let number = |name: &str| json.get(name)?.as_f64();
        let aud = match json.get("aud")? {
            Value::String(one) => vec![one.clone()],
            Value::Array(many) => {
                many.iter().map(|one| one.as_str().map(str::to_owned)).collect::<Option<_>>()?
            }
            _ => return None,
        };
        Some(Self {
            iss: text(json, "iss")?,
            sub: text(json, "sub")?,
            aud,
            azp: match json.get("azp") {
                None => None,
                Some(party) => Some(party.as_str()?.to_owned()),
            },
            exp: number("exp")?,
            iat: number("iat")?,
            nbf: number("nbf"),
            nonce: text(json, "nonce"),
            person: Claims::read(json),
        })
    }
}

/// What a token must say to be for this flow.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'e> {
    /// The provider.
    pub issuer: &'e str,
    /// We.
    pub client_id: &'e str,
    /// Of the flow.
    pub nonce: &'e str,
    /// When the flow started, in seconds since 1970.
    pub started_at: i64,
}

/// A token of which nothing is believed yet.
pub struct UnverifiedIdToken<'t> {
    algorithm: SignatureAlgorithm,
    kid: Option<String>,
    signed: &'t str,
    signature: Vec<u8>,
    claims: AllClaims,
}

impl<'t> UnverifiedIdToken<'t> {
    /// Takes it apart.
    pub fn parse(token: &'t str) -> Result<Self, IdTokenError> {
        let (signed, signature) =
            token.rsplit_once('.').filter(|_| token.len() <= MAX_TOKEN).ok_or(IdTokenError::Malformed)?;
        let (header, payload) = signed.split_once('.').ok_or(IdTokenError::Malformed)?;
        let bytes = |text: &str| URL_SAFE_NO_PAD.decode(text).map_err(|_| IdTokenError::Malformed);
        let json = |text: &str| -> Result<Value, _> {
            json::from_slice(&bytes(text)?).map_err(|_| IdTokenError::Malformed)
        };
        let header = json(header)?;
        // RFC 7515 section 4.1.11: who does not understand a critical member must refuse. We understand none.
        if header.get("crit").is_some() {
            return Err(IdTokenError::Malformed);
        }
        let algorithm = header
            .get("alg")
            .and_then(Value::as_str)
            .and_then(SignatureAlgorithm::of)
            .ok_or(IdTokenError::Algorithm)?;
        let claims = AllClaims::read(&json(payload)?).ok_or(IdTokenError::Malformed)?;
        Ok(Self { algorithm, kid: text(&header, "kid"), signed, signature: bytes(signature)?, claims })
    }

    /// The provider's key that it names. Without a name, the only one that fits. Keys that a token brings along (`jwk`, `jku`,
    /// `x5c`) are not looked at.
    pub fn key<'k>(
        &self,
        keys: &'k JwkSet,
        allowed: &[SignatureAlgorithm],
    ) -> Result<&'k PublicJwk, IdTokenError> {
        if !allowed.contains(&self.algorithm) {
            return Err(IdTokenError::Algorithm);
        }
        let fits =
            |key: &&Key| key.algorithm == self.algorithm && (self.kid.is_none() || self.kid == key.kid);
        let mut fitting = keys.0.iter().filter(fits);
        match (fitting.next(), fitting.next()) {
            (Some(key), None) => Ok(&key.jwk),
            _ => Err(IdTokenError::UnknownKey),
        }
    }

    /// What was signed.
    pub fn signed(&self) -> &[u8] {
        self.signed.as_bytes()
    }

    /// By what.
    pub fn signature(&self) -> &[u8] {
        &self.signature
    }

    /// Checks what it says; gives `sub` and what is said of the person. `is_signed` is the verdict of the `Signatures` port.
    pub fn accept(
        self,
        is_signed: bool,
        expected: Expected<'_>,
        now: Timestamp,
    ) -> Result<(String, Claims), IdTokenError> {
        if !is_signed {
            return Err(IdTokenError::Signature);
        }
        let claims = self.claims;
        if claims.iss != expected.issuer {
            return Err(IdTokenError::Issuer);
        }
        let is_us = |audience: &String| audience == expected.client_id;
        let (is_for_us, is_for_others) = (claims.aud.iter().any(is_us), !claims.aud.iter().all(is_us));
        let is_our_party = match claims.azp.as_deref() {
            Some(party) => party == expected.client_id,
            None => !is_for_others,
        };
        if !is_for_us || !is_our_party {
            return Err(IdTokenError::Audience);
        }
        check_times(&claims, expected.started_at, now)?;
        if claims.nonce.as_deref() != Some(expected.nonce) {
            return Err(IdTokenError::Nonce);
        }
        if !(1..=MAX_SUBJECT).contains(&claims.sub.len()) || claims.sub.chars().any(char::is_control) {
            return Err(IdTokenError::Malformed);
        }
        Ok((claims.sub, claims.person))
    }
}

#[expect(clippy::cast_precision_loss, reason = "seconds stay far below 2^53")]
fn check_times(claims: &AllClaims, started_at: i64, now: Timestamp) -> Result<(), IdTokenError> {
    let (now, skew) = (now.as_secs() as f64, SKEW_S as f64);
    if claims.exp + skew <= now {
        return Err(IdTokenError::Expired);
    }
    let is_early = claims.iat > now + skew || claims.nbf.is_some_and(|nbf| nbf > now + skew);
    // Made for this flow, so not before it began.
    let is_old = claims.iat + skew < started_at as f64;
    if is_early || is_old { Err(IdTokenError::Time) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop_assert, prop_assert_eq, proptest};
    use serde_json::json;

    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_795_000_000_000);
    const EXPECTED: Expected<'_> =
        Expected { issuer: "https://op.example", client_id: "us", nonce: "n-1", started_at: 1_794_999_990 };

    fn base64(value: &Value) -> String {
        URL_SAFE_NO_PAD.encode(value.to_string())
    }

    fn token_of(header: &Value, claims: &Value) -> String {
        format!("{}.{}.AAAA", base64(header), base64(claims))
    }

    fn claims() -> Value {
        let now = NOW.as_secs();
        json!({"iss": "https://op.example", "sub": "42", "aud": "us", "exp": now + 300, "iat": now, "nonce": "n-1",
            "email": "Ada@School.Example", "email_verified": true, "name": "Ada", "hd": "school.example"})
    }

    fn accept(claims: &Value) -> Result<(String, Claims), IdTokenError> {
        let token = token_of(&json!({"alg": "RS256", "kid": "k"}), claims);
        UnverifiedIdToken::parse(&token)?.accept(true, EXPECTED, NOW)
    }

    fn with(field: &str, value: Value) -> Value {
        let mut claims = claims();
        claims[field] = value;
        claims
    }

    #[test]
    fn a_good_token_tells_who_it_is() {
        let (subject, person) = accept(&claims()).unwrap();
        assert_eq!(subject, "42");
        assert_eq!(person.verified_email().as_deref(), Some("ada@school.example"));
        for good in [
            with("aud", json!(["us"])),
            with("azp", json!("us")),
            {
                let mut both = with("aud", json!(["us", "them"]));
                both["azp"] = json!("us");
                both
            },
            with("exp", json!(NOW.as_secs() - 59)),
            with("iat", json!(NOW.as_secs() + 60)),
            with("iat", json!(EXPECTED.started_at - 60)),
            with("nbf", json!(NOW.as_secs() + 60)),
            with("iat", json!(1_795_000_000.5)),
        ] {
            assert!(accept(&good).is_ok(), "{good}");
        }
    }

    #[test]
    fn a_token_that_says_something_else_is_refused() {
        let now = NOW.as_secs();
        let cases = [
            (with("iss", json!("https://op.example/")), IdTokenError::Issuer),
            (with("iss", json!("https://evil.example")), IdTokenError::Issuer),
            (with("aud", json!("them")), IdTokenError::Audience),
            (with("aud", json!([])), IdTokenError::Audience),
            (with("aud", json!(["us", "them"])), IdTokenError::Audience),
            (with("azp", json!("them")), IdTokenError::Audience),
            (with("exp", json!(now - 60)), IdTokenError::Expired),
            (with("iat", json!(now + 61)), IdTokenError::Time),
            (with("nbf", json!(now + 61)), IdTokenError::Time),
            (with("iat", json!(EXPECTED.started_at - 61)), IdTokenError::Time),
            (with("nonce", json!("n-2")), IdTokenError::Nonce),
            (with("nonce", Value::Null), IdTokenError::Nonce),
            (with("sub", json!("")), IdTokenError::Malformed),
            (with("sub", json!("x".repeat(256))), IdTokenError::Malformed),
            (with("sub", json!(42)), IdTokenError::Malformed),
            (with("azp", json!(["us"])), IdTokenError::Malformed),
            (with("exp", Value::Null), IdTokenError::Malformed),
            (with("iat", json!("now")), IdTokenError::Malformed),
        ];
        for (claims, error) in cases {
            assert_eq!(accept(&claims), Err(error), "{claims}");
        }
    }

    #[test]
    fn nothing_is_believed_of_a_token_that_nobody_signed() {
        let token = token_of(&json!({"alg": "RS256"}), &claims());
        let token = UnverifiedIdToken::parse(&token).unwrap();
        assert_eq!(token.accept(false, EXPECTED, NOW), Err(IdTokenError::Signature));
    }

    #[test]
    fn what_is_no_token_is_refused() {
        let parse = |text: &str| UnverifiedIdToken::parse(text).err();
        for text in ["", "a", "a.b", "a.b.c", "..", "....", &"x".repeat(MAX_TOKEN + 1)] {
            assert_eq!(parse(text), Some(IdTokenError::Malformed), "{text}");
        }
        for name in ["none", "HS256", "PS256", "RS512"] {
            assert_eq!(parse(&token_of(&json!({"alg": name}), &claims())), Some(IdTokenError::Algorithm));
        }
        let critical = token_of(&json!({"alg": "RS256", "crit": ["b64"], "b64": false}), &claims());
        assert_eq!(parse(&critical), Some(IdTokenError::Malformed));
    }

    fn keys() -> JwkSet {
        let modulus = URL_SAFE_NO_PAD.encode([0xc3; 256]);
        let rsa = |kid: &str| json!({"kty": "RSA", "n": modulus, "e": "AQAB", "kid": kid, "use": "sig", "alg": "RS256"});
        let point = URL_SAFE_NO_PAD.encode([7; 32]);
        let mut for_encryption = rsa("enc");
        for_encryption["use"] = json!("enc");
        let mut with_other_hash = rsa("rs512");
        with_other_hash["alg"] = json!("RS512");
        let set = json!({"keys": [
            rsa("one"), rsa("two"), for_encryption, with_other_hash,
            {"kty": "EC", "crv": "P-256", "x": point, "y": point, "kid": "ec"},
            {"kty": "RSA", "n": URL_SAFE_NO_PAD.encode([0xc3; 64]), "e": "AQAB", "kid": "weak"},
            {"kty": "oct", "k": "c2VjcmV0", "kid": "shared"}, {"kty": "EC"}, 7,
        ]});
        JwkSet::parse(set.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn the_named_key_is_chosen_if_it_is_for_that_algorithm() {
        let keys = keys();
        assert_eq!(keys.0.len(), 3);
        let choose = |header: Value, allowed: &[SignatureAlgorithm]| {
            let token = token_of(&header, &claims());
            let token = UnverifiedIdToken::parse(&token).unwrap();
            token.key(&keys, allowed).cloned()
        };
        let all = &SignatureAlgorithm::ALL;
        assert!(choose(json!({"alg": "RS256", "kid": "two"}), all).is_ok());
        assert!(choose(json!({"alg": "ES256", "kid": "ec"}), all).is_ok());
        // One key of the kind: no name is needed.
        assert!(choose(json!({"alg": "ES256"}), all).is_ok());
        for (header, allowed, error) in [
            (json!({"alg": "RS256"}), &all[..], IdTokenError::UnknownKey),
            (json!({"alg": "RS256", "kid": "three"}), all, IdTokenError::UnknownKey),
            (json!({"alg": "RS256", "kid": "ec"}), all, IdTokenError::UnknownKey),
            (json!({"alg": "ES256", "kid": "one"}), all, IdTokenError::UnknownKey),
            (json!({"alg": "RS256", "kid": "weak"}), all, IdTokenError::UnknownKey),
            (json!({"alg": "RS256", "kid": "enc"}), all, IdTokenError::UnknownKey),
            (json!({"alg": "RS256", "kid": "rs512"}), all, IdTokenError::UnknownKey),
            (json!({"alg": "EdDSA", "kid": "one"}), all, IdTokenError::UnknownKey),
            (json!({"alg": "ES256", "kid": "ec"}), &[SignatureAlgorithm::Rs256], IdTokenError::Algorithm),
        ] {
            assert_eq!(choose(header.clone(), allowed), Err(error), "{header}");
        }
    }

    proptest! {
        /// Whatever comes, the answer is yes or no.
        #[test]
        fn no_text_breaks_the_reading(header in ".{0,40}", payload in ".{0,80}", json in ".{0,80}") {
            let base64 = |text: &str| URL_SAFE_NO_PAD.encode(text);
            for token in [
                format!("{header}.{payload}.{json}"),
                format!("{}.{}.{}", base64(&header), base64(&payload), base64(&json)),
                format!("{}.{}.AA", base64(r#"{"alg":"ES256"}"#), base64(&payload)),
            ] {
                prop_assert!(UnverifiedIdToken::parse(&token).is_err());
            }
            prop_assert_eq!(JwkSet::parse(json.as_bytes()), None);
        }
    }
}
