//! What the browser says of the ceremony (section 5.8.1): it is the browser that keeps sites apart, and here it says for
//! which one it acted.

use serde::Deserialize;

use super::{Expected, WebAuthnError};
use crate::json;

/// Of what kind the ceremony was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(super) enum CeremonyType {
    #[serde(rename = "webauthn.create")]
    Create,
    #[serde(rename = "webauthn.get")]
    Get,
    #[serde(other)]
    Other,
}

/// Browsers may add members.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ClientData {
    #[serde(rename = "type")]
    kind: CeremonyType,
    challenge: String,
    origin: String,
    #[serde(default)]
    cross_origin: bool,
    top_origin: Option<String>,
}

/// Checks kind, challenge and origin. Nobody frames our pages, so an answer from within a frame is none of ours.
pub(super) fn check(json: &[u8], kind: CeremonyType, expected: &Expected<'_>) -> Result<(), WebAuthnError> {
    let data: ClientData = json::from_slice(json).map_err(|_| WebAuthnError::Malformed("clientDataJSON"))?;
    if data.kind != kind {
        return Err(WebAuthnError::WrongType);
    }
    if data.challenge != expected.challenge {
        return Err(WebAuthnError::WrongChallenge);
    }
    if data.origin != expected.relying_party.origin || data.cross_origin || data.top_origin.is_some() {
        return Err(WebAuthnError::WrongOrigin);
    }
    Ok(())
}
