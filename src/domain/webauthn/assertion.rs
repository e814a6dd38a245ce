//! The answer of a passkey that is known (section 7.2).

use sha2::{Digest, Sha256};

use super::client_data::{self, CeremonyType};
use super::proof::{SignatureCheck, Unproven};
use super::{AssertionCredential, AuthenticatorData, Expected, WebAuthnError};
use crate::domain::ids::UserId;
use crate::domain::signature::PublicJwk;

/// What is known of the passkey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredPasskey {
    /// Whose it is; the user handle that it was made with.
    pub user_id: UserId,
    /// Its id in base64url.
    pub credential_id: String,
    /// What verifies it.
    pub public_key: PublicJwk,
    /// The counter when it was last used.
    pub sign_count: u32,
    /// Whether it can be copied; that never changes.
    pub is_backup_eligible: bool,
}

/// What its use tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Assertion {
    /// The counter now.
    pub sign_count: u32,
    /// Whether it is copied now.
    pub is_backed_up: bool,
    /// Whether the authenticator verified its user.
    pub is_user_verified: bool,
}

/// Verifies the answer, but for its signature.
///
/// The user handle must be there where nobody has said yet who signs in, and must be the owner's wherever it is.
pub fn verify_assertion(
    credential: &AssertionCredential,
    passkey: &StoredPasskey,
    expected: &Expected<'_>,
    is_user_known: bool,
) -> Result<Unproven<Assertion>, WebAuthnError> {
    let decoded = credential.decode()?;
    let is_owners = match &decoded.user_handle {
        Some(handle) => handle == passkey.user_id.as_str().as_bytes(),
        None => is_user_known,
    };
    if credential.id != passkey.credential_id || !is_owners {
        return Err(WebAuthnError::WrongUser);
    }
    client_data::check(&decoded.client_data, CeremonyType::Get, expected)?;
    let data = AuthenticatorData::read(&decoded.authenticator_data)?;
    expected.check(&data)?;
    if data.flags.is_backup_eligible() != passkey.is_backup_eligible {
        return Err(WebAuthnError::Flags);
    }
    // Authenticators that count do so from their first use on.
    let counts = data.sign_count != 0 || passkey.sign_count != 0;
    if counts && data.sign_count <= passkey.sign_count {
        return Err(WebAuthnError::Counter);
    }
    let client_data_hash = Sha256::digest(&decoded.client_data);
    let check = SignatureCheck {
        key: passkey.public_key.clone(),
        data: [decoded.authenticator_data.as_slice(), client_data_hash.as_slice()].concat(),
        signature: decoded.signature,
    };
    let assertion = Assertion {
        sign_count: data.sign_count,
        is_backed_up: data.flags.is_backed_up(),
        is_user_verified: data.flags.is_user_verified(),
    };
    Ok(Unproven::new(assertion, Some(check)))
}
