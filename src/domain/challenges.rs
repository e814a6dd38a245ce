//! What stands between two steps of a sign-in: signed and short-lived, so that nothing of it is stored, and each with a
//! nonce that is spent together with what it allows, so that it allows that once.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::ids::{SchoolId, UserId};
use super::tokens::TokenKind;
use crate::ports::Entropy;

/// Time to fetch a phone, or to find the security key.
pub const CHALLENGE_S: i64 = 300;

/// How a person can show that it is them, beside the password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// A code of an authenticator app.
    Totp,
    /// A passkey.
    Passkey,
    /// One of the ten codes.
    RecoveryCode,
}

impl Method {
    /// As sent.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Totp => "totp",
            Self::Passkey => "passkey",
            Self::RecoveryCode => "recovery_code",
        }
    }
}

/// A right password, and a second factor still to come. Its nonce is the challenge of a passkey as well.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoginChallenge {
    /// Spent with the sign-in.
    pub jti: String,
    /// Who gave the password.
    pub user_id: UserId,
    /// Their school.
    pub school_id: SchoolId,
    /// How they came so far, for the audit log: `password`, or another provider.
    pub how: String,
    /// A fingerprint of the hash of their password: a new password ends the challenge.
    pub proof: String,
}

impl TokenKind for LoginChallenge {
    const AUDIENCE: &'static str = "login_challenge";
}

/// What a ceremony of a passkey is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "purpose", rename_all = "snake_case")]
pub enum CeremonyPurpose {
    /// A new passkey of this person.
    Registration {
        /// The person.
        user_id: UserId,
    },
    /// Somebody says who they are: signs in, or steps up.
    Assertion,
}

/// A passkey's ceremony.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ceremony {
    /// The challenge in base64url, spent with what the ceremony allows.
    pub jti: String,
    /// What it is for.
    #[serde(flatten)]
    pub purpose: CeremonyPurpose,
}

impl TokenKind for Ceremony {
    const AUDIENCE: &'static str = "ceremony";
}

/// 256 random bits in base64url.
pub fn new_nonce(entropy: &dyn Entropy) -> String {
    let mut nonce = [0; 32];
    entropy.fill(&mut nonce);
    URL_SAFE_NO_PAD.encode(nonce)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::Timestamp;
    use crate::domain::tokens::{KeyRing, TokenError};

    fn challenge() -> LoginChallenge {
        LoginChallenge {
            jti: "n".to_owned(),
            user_id: UserId::parse(&format!("usr_{:026}", 1)).unwrap(),
            school_id: SchoolId::parse(&format!("sch_{:026}", 1)).unwrap(),
            how: "password".to_owned(),
            proof: "f".to_owned(),
        }
    }

    #[test]
    fn a_challenge_is_no_ceremony_and_neither_outlives_five_minutes() {
        let ring = KeyRing::parse("a:AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA").unwrap();
        let now = Timestamp::from_millis(1_795_000_000_000);
        let user_id = challenge().user_id;
        for purpose in [CeremonyPurpose::Registration { user_id }, CeremonyPurpose::Assertion] {
            let ceremony = Ceremony { jti: "n".to_owned(), purpose };
            let token = ring.sign(&ceremony, now, CHALLENGE_S).unwrap();
            assert_eq!(ring.verify(&token, now).map(|token| token.claims), Ok(ceremony));
            assert_eq!(ring.verify::<LoginChallenge>(&token, now), Err(TokenError::Invalid));
        }
        let token = ring.sign(&challenge(), now, CHALLENGE_S).unwrap();
        assert_eq!(ring.verify(&token, now).map(|token| token.claims), Ok(challenge()));
        assert_eq!(ring.verify::<Ceremony>(&token, now), Err(TokenError::Invalid));
        let later = now.plus_millis(CHALLENGE_S * 1000);
        assert_eq!(ring.verify::<LoginChallenge>(&token, later), Err(TokenError::Expired));
    }
}
