//! Answers as browsers write them (`PublicKeyCredential.toJSON()`, section 5.1): base64url in JSON. Members that are not
//! needed here are passed over: browsers add new ones with each level.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::WebAuthnError;

/// Longest id: 1023 bytes (section 5.8.3).
const MAX_ID: usize = 1364;
/// Longest client data, in base64url; browsers send about 300 characters.
const MAX_CLIENT_DATA: usize = 4096;
/// Longest attestation object and authenticator data: an id and an RSA key of 8192 bits, and room for extensions.
const MAX_DATA: usize = 8192;
/// Longest signature: RSA of 8192 bits.
const MAX_SIGNATURE: usize = 1366;
/// Longest user handle: 64 bytes (section 5.4.3).
const MAX_USER_HANDLE: usize = 86;
/// The most transports that are kept; the specification has seven.
const MAX_TRANSPORTS: usize = 8;
/// Longest name of a transport.
const MAX_TRANSPORT: usize = 16;

/// `public-key`, the only kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum CredentialType {
    /// A pair of keys.
    #[serde(rename = "public-key")]
    PublicKey,
}

/// What `navigator.credentials.create()` gave.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct RegistrationCredential {
    /// The credential's id in base64url.
    #[schema(max_length = 1364)]
    pub id: String,
    /// `public-key`.
    #[serde(rename = "type")]
    pub kind: CredentialType,
    /// The answer.
    pub response: AttestationResponse,
}

/// The answer to a registration.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct AttestationResponse {
    /// What the browser says, in base64url.
    #[serde(rename = "clientDataJSON")]
    #[schema(max_length = 4096)]
    pub client_data_json: String,
    /// What the authenticator says, in base64url.
    #[serde(rename = "attestationObject")]
    #[schema(max_length = 8192)]
    pub attestation_object: String,
    /// How the authenticator can be reached.
    #[serde(default)]
    pub transports: Vec<String>,
}

/// What `navigator.credentials.get()` gave.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct AssertionCredential {
    /// The credential's id in base64url.
    #[schema(max_length = 1364)]
    pub id: String,
    /// `public-key`.
    #[serde(rename = "type")]
    pub kind: CredentialType,
    /// The answer.
    pub response: AssertionResponse,
}

/// The answer to an assertion.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct AssertionResponse {
    /// What the browser says, in base64url.
    #[serde(rename = "clientDataJSON")]
    #[schema(max_length = 4096)]
    pub client_data_json: String,
    /// What the authenticator says, in base64url.
    #[serde(rename = "authenticatorData")]
    #[schema(max_length = 8192)]
    pub authenticator_data: String,
    /// In base64url.
    #[schema(max_length = 1366)]
    pub signature: String,
    /// Whose passkey it is, in base64url.
    #[serde(rename = "userHandle")]
    #[schema(max_length = 86)]
    pub user_handle: Option<String>,
}

/// The same, as bytes.
pub(super) struct DecodedAssertion {
    pub client_data: Vec<u8>,
    pub authenticator_data: Vec<u8>,
    pub signature: Vec<u8>,
    pub user_handle: Option<Vec<u8>>,
}

fn decode(text: &str, most: usize, name: &'static str) -> Result<Vec<u8>, WebAuthnError> {
    if text.is_empty() || text.len() > most {
        return Err(WebAuthnError::Malformed(name));
    }
    URL_SAFE_NO_PAD.decode(text).map_err(|_| WebAuthnError::Malformed(name))
}

impl RegistrationCredential {
    /// Client data and attestation object.
    pub(super) fn decode(&self) -> Result<(Vec<u8>, Vec<u8>), WebAuthnError> {
        let response = &self.response;
        Ok((
            decode(&response.client_data_json, MAX_CLIENT_DATA, "clientDataJSON")?,
            decode(&response.attestation_object, MAX_DATA, "attestationObject")?,
        ))
    }

    /// The transports that have the form of one: they go back to browsers as they came.
    pub(super) fn transports(&self) -> Vec<String> {
        let is_name = |name: &&String| {
            name.len() <= MAX_TRANSPORT && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
        };
        self.response.transports.iter().filter(is_name).take(MAX_TRANSPORTS).cloned().collect()
    }
}

impl AssertionCredential {
    /// Whether the id has the form of one, so that it may be looked for.
    pub fn has_plausible_id(&self) -> bool {
        decode(&self.id, MAX_ID, "id").is_ok()
    }

    pub(super) fn decode(&self) -> Result<DecodedAssertion, WebAuthnError> {
        let response = &self.response;
        let handle = response.user_handle.as_deref().filter(|handle| !handle.is_empty());
        Ok(DecodedAssertion {
            client_data: decode(&response.client_data_json, MAX_CLIENT_DATA, "clientDataJSON")?,
            authenticator_data: decode(&response.authenticator_data, MAX_DATA, "authenticatorData")?,
            signature: decode(&response.signature, MAX_SIGNATURE, "signature")?,
            user_handle: handle.map(|handle| decode(handle, MAX_USER_HANDLE, "userHandle")).transpose()?,
        })
    }
}
