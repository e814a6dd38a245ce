//! What browsers are asked for, in the JSON of `parseCreationOptionsFromJSON` and `parseRequestOptionsFromJSON` (sections
//! 5.1.9 and 5.1.10).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use utoipa::ToSchema;

use super::credential::CredentialType;
use super::{RelyingParty, TIMEOUT_MS, cose};
use crate::domain::ids::UserId;

/// A passkey that a person has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Descriptor {
    #[serde(rename = "type")]
    kind: CredentialType,
    id: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    transports: Vec<String>,
}

impl Descriptor {
    /// By its id in base64url.
    pub fn new(id: String, transports: Vec<String>) -> Self {
        Self { kind: CredentialType::PublicKey, id, transports }
    }
}

#[derive(Clone, Debug, Serialize, ToSchema)]
struct RelyingPartyOut {
    id: String,
    name: String,
}

/// Whose passkey it will be.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct PasskeyOwner {
    /// Our id of the person, in base64url. It says nothing of them.
    id: String,
    name: String,
    display_name: String,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
struct CredentialKind {
    #[serde(rename = "type")]
    kind: CredentialType,
    alg: i32,
}

/// How much is required of something.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Requirement {
    Required,
    Preferred,
}

/// Nothing about the make of the authenticator.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum AttestationPreference {
    None,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct AuthenticatorSelection {
    resident_key: Requirement,
    require_resident_key: bool,
    user_verification: Requirement,
}

/// For `navigator.credentials.create()`.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CreationOptions {
    rp: RelyingPartyOut,
    user: PasskeyOwner,
    challenge: String,
    pub_key_cred_params: Vec<CredentialKind>,
    timeout: u32,
    exclude_credentials: Vec<Descriptor>,
    authenticator_selection: AuthenticatorSelection,
    attestation: AttestationPreference,
}

impl CreationOptions {
    /// A discoverable passkey that verifies its user, on an authenticator that holds none of those yet.
    pub fn new(
        relying_party: &RelyingParty,
        challenge: &str,
        (user_id, email, display_name): (&UserId, &str, &str),
        exclude_credentials: Vec<Descriptor>,
    ) -> Self {
        let key_kind = |alg| CredentialKind { kind: CredentialType::PublicKey, alg };
        Self {
            rp: RelyingPartyOut { id: relying_party.id.clone(), name: relying_party.name.clone() },
            user: PasskeyOwner {
                id: URL_SAFE_NO_PAD.encode(user_id.as_str()),
                name: email.to_owned(),
                display_name: display_name.to_owned(),
            },
            challenge: challenge.to_owned(),
            pub_key_cred_params: [cose::ES256, cose::EDDSA, cose::RS256].map(key_kind).to_vec(),
            timeout: TIMEOUT_MS,
            exclude_credentials,
            authenticator_selection: AuthenticatorSelection {
                resident_key: Requirement::Required,
                require_resident_key: true,
                user_verification: Requirement::Required,
            },
            attestation: AttestationPreference::None,
        }
    }
}

/// For `navigator.credentials.get()`.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RequestOptions {
    challenge: String,
    timeout: u32,
    rp_id: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    allow_credentials: Vec<Descriptor>,
    user_verification: Requirement,
}

impl RequestOptions {
    /// Of anybody: the passkey says whose it is, and must verify its user.
    pub fn of_anybody(relying_party: &RelyingParty, challenge: &str) -> Self {
        Self::new(relying_party, challenge, Vec::new(), Requirement::Required)
    }

    /// One of those that a person has, beside their password.
    pub fn of_known(relying_party: &RelyingParty, challenge: &str, passkeys: Vec<Descriptor>) -> Self {
        Self::new(relying_party, challenge, passkeys, Requirement::Preferred)
    }

    fn new(
        relying_party: &RelyingParty,
        challenge: &str,
        allow_credentials: Vec<Descriptor>,
        user_verification: Requirement,
    ) -> Self {
        Self {
            challenge: challenge.to_owned(),
            timeout: TIMEOUT_MS,
            rp_id: relying_party.id.clone(),
            allow_credentials,
            user_verification,
        }
    }
}
