//! Signed tokens: JWT (RFC 7519, RFC 8725) with HS256, a key id, and one audience a kind.
//!
//! A ring holds the keys: the first signs, all verify, so that a key can be replaced without logging anybody out.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::ids::{ClassId, GameKeyId, SchoolId};
use super::jwt;
use super::time::Timestamp;
use super::user::Identity;

/// An access token lives a quarter of an hour.
pub const ACCESS_TOKEN_S: i64 = 900;
/// Shortest key: as long as the hash (RFC 7518 section 3.2).
pub const MIN_KEY_BYTES: usize = 32;
/// No token of ours is longer; longer ones are refused unread.
const MAX_TOKEN_BYTES: usize = 4096;

/// Why a token is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Not ours: form, key, signature, audience or content.
    #[error("the token is not valid")]
    Invalid,
    /// Ours once.
    #[error("the token has expired")]
    Expired,
}

/// What a game server may do: report what happens in one class.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GameClaims {
    /// The class.
    pub class_id: ClassId,
    /// Its school.
    pub school_id: SchoolId,
    /// Its room.
    pub room_key: String,
    /// The key that opened the game session.
    pub key_id: GameKeyId,
    /// The Roblox place.
    pub place_id: String,
    /// The Roblox game server.
    pub job_id: String,
}

/// What tells one kind of token from another.
pub trait TokenKind: Serialize + DeserializeOwned + Clone {
    /// The `aud` claim.
    const AUDIENCE: &'static str;
}
impl TokenKind for Identity {
    const AUDIENCE: &'static str = "api";
}
impl TokenKind for GameClaims {
    const AUDIENCE: &'static str = "game";
}

/// The claims that every token has (RFC 7519 section 4.1), in front of its own.
#[derive(Serialize)]
struct Payload<'a, T> {
    aud: &'a str,
    iat: i64,
    exp: i64,
    #[serde(flatten)]
    claims: &'a T,
}

/// The same to be read; its own are read apart from them, as `flatten` would keep everything twice.
#[derive(Deserialize)]
struct Registered<'a> {
    #[serde(borrow)]
    aud: Cow<'a, str>,
    iat: i64,
    exp: i64,
}

/// A token that is good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified<T> {
    /// What it says.
    pub claims: T,
    /// When it was made, in seconds since 1970.
    pub issued_at: i64,
}

/// Why a list of keys is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyRingError {
    /// No key at all.
    #[error("is empty")]
    Empty,
    /// Not `kid:base64url`.
    #[error("must be a comma-separated list of `kid:base64url` (at least 32 random bytes each)")]
    Malformed,
    /// Short or of one repeated byte.
    #[error("has a key that is shorter than 32 bytes or not random")]
    Weak,
}

/// Keys that sign and verify.
#[derive(Clone)]
pub struct KeyRing {
    keys: Vec<SigningKey>,
}

#[derive(Clone)]
struct SigningKey {
    kid: String,
    /// With the key in it: what is signed is all that is left to hash.
    mac: Hmac<Sha256>,
}

impl KeyRing {
    /// Reads `kid:base64url,kid:base64url`, the signing key first.
    pub fn parse(text: &str) -> Result<Self, KeyRingError> {
        let signing_key = |(kid, secret): (String, Vec<u8>)| {
            let mac = Hmac::new_from_slice(&secret).map_err(|_| KeyRingError::Malformed)?;
            Ok(SigningKey { kid, mac })
        };
        Ok(Self { keys: parse_ring(text)?.into_iter().map(signing_key).collect::<Result<_, _>>()? })
    }

    /// Signs, valid for so many seconds.
    pub fn sign<T: TokenKind>(
        &self,
        claims: &T,
        now: Timestamp,
        lifetime_s: i64,
    ) -> Result<String, TokenError> {
        let SigningKey { kid, mac } = self.keys.first().ok_or(TokenError::Invalid)?;
        let iat = now.as_secs();
        let payload = Payload { aud: T::AUDIENCE, iat, exp: iat.saturating_add(lifetime_s), claims };
        let payload = serde_json::to_vec(&payload).map_err(|_| TokenError::Invalid)?;
        jwt::sign(kid, mac, &payload).map_err(|_| TokenError::Invalid)
    }

    /// Checks key, signature, audience and expiry.
    pub fn verify<T: TokenKind>(&self, token: &str, now: Timestamp) -> Result<Verified<T>, TokenError> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(TokenError::Invalid);
        }
        let mac_of = |kid: &str| self.keys.iter().find(|known| known.kid == kid).map(|known| &known.mac);
        let payload = jwt::verify(token, mac_of).ok_or(TokenError::Invalid)?;
        let Registered { aud, iat, exp } =
            serde_json::from_slice(&payload).map_err(|_| TokenError::Invalid)?;
        if aud != T::AUDIENCE {
            return Err(TokenError::Invalid);
        }
        if exp <= now.as_secs() {
            return Err(TokenError::Expired);
        }
        let claims = serde_json::from_slice(&payload).map_err(|_| TokenError::Invalid)?;
        Ok(Verified { claims, issued_at: iat })
    }

    /// A MAC of the text under each key, the signing one first: for what must be made again, never for what is shown.
    pub fn macs(&self, purpose: &str, text: &str) -> impl Iterator<Item = [u8; 32]> {
        self.keys.iter().map(move |known| {
            let mut mac = known.mac.clone();
            mac.update(purpose.as_bytes());
            mac.update(&[0]);
            mac.update(text.as_bytes());
            mac.finalize().into_bytes().into()
        })
    }
}

/// Reads `kid:base64url,kid:base64url`: at least one, the current one first.
pub fn parse_ring(text: &str) -> Result<Vec<(String, Vec<u8>)>, KeyRingError> {
    let mut keys = Vec::new();
    for entry in text.split(',').map(str::trim).filter(|entry| !entry.is_empty()) {
        let (kid, secret) = entry.split_once(':').ok_or(KeyRingError::Malformed)?;
        keys.push((kid.to_owned(), parse_secret(secret)?));
    }
    if keys.is_empty() { Err(KeyRingError::Empty) } else { Ok(keys) }
}

/// A secret in base64url that is long enough and not of one repeated byte.
pub fn parse_secret(text: &str) -> Result<Vec<u8>, KeyRingError> {
    let bytes =
        URL_SAFE_NO_PAD.decode(text.trim().trim_end_matches('=')).map_err(|_| KeyRingError::Malformed)?;
    let first = bytes.first().copied().unwrap_or_default();
    if bytes.len() < MIN_KEY_BYTES || bytes.iter().all(|byte| *byte == first) {
        return Err(KeyRingError::Weak);
    }
    Ok(bytes)
}

/// SHA-256 in hex: how keys with 256 random bits of their own are stored.
pub fn sha256_hex(text: &str) -> String {
    hex(&Sha256::digest(text.as_bytes()))
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        for nibble in [byte >> 4, byte & 15] {
            text.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0'));
        }
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::UserId;
    use crate::domain::user::Role;

    const NOW: Timestamp = Timestamp::from_millis(1_795_000_000_000);

    fn key(kid: &str, first: u8) -> String {
        let bytes: Vec<u8> = (0..32).map(|n| first.wrapping_add(n)).collect();
        format!("{kid}:{}", URL_SAFE_NO_PAD.encode(bytes))
    }

    fn identity() -> Identity {
        Identity {
            user_id: UserId::parse(&format!("usr_{:026}", 1)).unwrap(),
            school_id: SchoolId::parse(&format!("sch_{:026}", 1)).unwrap(),
            role: Role::Teacher,
            display_name: "Ms Lovelace".to_owned(),
            sign_in_id: crate::domain::ids::SignInId::parse(&format!("sid_{:026}", 1)).unwrap(),
            authenticated_at: NOW.as_secs(),
            factor_missing: false,
        }
    }

    #[test]
    fn a_token_says_what_was_signed_until_it_expires() {
        let ring = KeyRing::parse(&key("a", 1)).unwrap();
        let token = ring.sign(&identity(), NOW, 900).unwrap();
        let verified = Verified { claims: identity(), issued_at: NOW.as_secs() };
        assert_eq!(ring.verify::<Identity>(&token, NOW), Ok(verified.clone()));
        assert_eq!(ring.verify::<Identity>(&token, NOW.plus_millis(899_000)), Ok(verified));
        assert_eq!(ring.verify::<Identity>(&token, NOW.plus_millis(900_000)), Err(TokenError::Expired));
    }

    #[test]
    fn a_token_of_one_kind_is_no_token_of_another() {
        let ring = KeyRing::parse(&key("a", 1)).unwrap();
        let token = ring.sign(&identity(), NOW, 900).unwrap();
        assert_eq!(ring.verify::<GameClaims>(&token, NOW), Err(TokenError::Invalid));
    }

    #[test]
    fn a_new_key_signs_while_the_old_one_still_verifies() {
        let old = KeyRing::parse(&key("old", 1)).unwrap();
        let token = old.sign(&identity(), NOW, 900).unwrap();
        let both = KeyRing::parse(&format!("{},{}", key("new", 2), key("old", 1))).unwrap();
        assert!(both.verify::<Identity>(&token, NOW).is_ok());
        let token = both.sign(&identity(), NOW, 900).unwrap();
        assert_eq!(old.verify::<Identity>(&token, NOW), Err(TokenError::Invalid));
    }

    #[test]
    fn a_changed_or_foreign_token_is_refused() {
        let ring = KeyRing::parse(&key("a", 1)).unwrap();
        let other = KeyRing::parse(&key("a", 9)).unwrap();
        let token = ring.sign(&identity(), NOW, 900).unwrap();
        assert_eq!(other.verify::<Identity>(&token, NOW), Err(TokenError::Invalid));
        // {"alg":"none"}
        let body = token.split('.').nth(1).unwrap();
        let unsigned = format!("eyJhbGciOiJub25lIn0.{body}.");
        for foreign in ["", "a.b.c", &unsigned, &"x".repeat(5000)] {
            assert_eq!(ring.verify::<Identity>(foreign, NOW), Err(TokenError::Invalid));
        }
    }

    #[test]
    fn weak_keys_are_refused() {
        assert_eq!(KeyRing::parse(" , ").err(), Some(KeyRingError::Empty));
        assert_eq!(KeyRing::parse("secret").err(), Some(KeyRingError::Malformed));
        assert_eq!(KeyRing::parse("a:c2hvcnQ").err(), Some(KeyRingError::Weak));
        let zeros = URL_SAFE_NO_PAD.encode([0; 32]);
        assert_eq!(KeyRing::parse(&format!("a:{zeros}")).err(), Some(KeyRingError::Weak));
    }
}
