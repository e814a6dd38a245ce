//! The answer of a new passkey (section 7.1).

use sha2::{Digest, Sha256};

use super::attestation::AttestationObject;
use super::client_data::{self, CeremonyType};
use super::proof::{SignatureCheck, Unproven};
use super::{AuthenticatorData, Expected, RegistrationCredential, WebAuthnError};
use crate::domain::signature::PublicJwk;

/// A new passkey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPasskey {
    /// Its id in base64url.
    pub credential_id: String,
    /// What verifies it.
    pub public_key: PublicJwk,
    /// Its counter; 0 for those that have none.
    pub sign_count: u32,
    /// Whether it can be copied to other devices of its owner.
    pub is_backup_eligible: bool,
    /// Whether it has been.
    pub is_backed_up: bool,
    /// The model of the authenticator, in hex; zeros for most.
    pub aaguid: String,
    /// How it can be reached, as the browser says: a hint for later.
    pub transports: Vec<String>,
}

/// Verifies the answer to a registration, but for its signature.
pub fn verify_registration(
    credential: &RegistrationCredential,
    expected: &Expected<'_>,
) -> Result<Unproven<NewPasskey>, WebAuthnError> {
    let (client_data, object) = credential.decode()?;
    client_data::check(&client_data, CeremonyType::Create, expected)?;
    let object = AttestationObject::read(&object)?;
    let data = AuthenticatorData::read(object.auth_data)?;
    expected.check(&data)?;
    let attested = data.attested.ok_or(WebAuthnError::Malformed("authenticatorData"))?;
    if attested.credential_id != credential.id {
        return Err(WebAuthnError::Malformed("id"));
    }
    let check = object.statement.self_attestation(&attested)?.map(|signature| SignatureCheck {
        key: attested.public_key.clone(),
        data: [object.auth_data, Sha256::digest(&client_data).as_slice()].concat(),
        signature,
    });
    let passkey = NewPasskey {
        credential_id: attested.credential_id,
        public_key: attested.public_key,
        sign_count: data.sign_count,
        is_backup_eligible: data.flags.is_backup_eligible(),
        is_backed_up: data.flags.is_backed_up(),
        aaguid: attested.aaguid,
        transports: credential.transports(),
    };
    Ok(Unproven::new(passkey, check))
}
