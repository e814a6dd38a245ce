//! What the authenticator says (section 6.1): for whom it acted, what it checked, and at registration the new key.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use minicbor::Decoder;

use super::{WebAuthnError, cose};
use crate::domain::signature::PublicJwk;
use crate::domain::tokens::hex;

/// Longest id of a credential (section 5.8.3).
const MAX_CREDENTIAL_ID_BYTES: usize = 1023;
const MALFORMED: WebAuthnError = WebAuthnError::Malformed("authenticatorData");

/// What the authenticator checked and is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flags(u8);

impl Flags {
    /// Somebody was there.
    pub const fn is_user_present(self) -> bool {
        self.0 & 0x01 != 0
    }

    /// It was its owner.
    pub const fn is_user_verified(self) -> bool {
        self.0 & 0x04 != 0
    }

    /// The passkey can be copied to other devices of its owner.
    pub const fn is_backup_eligible(self) -> bool {
        self.0 & 0x08 != 0
    }

    /// It has been.
    pub const fn is_backed_up(self) -> bool {
        self.0 & 0x10 != 0
    }

    const fn has_attested_credential(self) -> bool {
        self.0 & 0x40 != 0
    }

    const fn has_extensions(self) -> bool {
        self.0 & 0x80 != 0
    }
}

/// A key that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttestedCredential {
    /// The model of the authenticator, in hex.
    pub aaguid: String,
    /// In base64url, as browsers write it.
    pub credential_id: String,
    /// The key.
    pub public_key: PublicJwk,
}

/// The whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthenticatorData {
    /// SHA-256 of the relying party's id.
    pub rp_id_hash: [u8; 32],
    /// The flags.
    pub flags: Flags,
    /// How often it signed; 0 for those that do not count.
    pub sign_count: u32,
    /// At registration.
    pub attested: Option<AttestedCredential>,
}

impl AuthenticatorData {
    /// Reads it to its last byte.
    pub fn read(bytes: &[u8]) -> Result<Self, WebAuthnError> {
        let (rp_id_hash, rest) = bytes.split_first_chunk().ok_or(MALFORMED)?;
        let ([flags], rest) = rest.split_first_chunk().ok_or(MALFORMED)?;
        let (sign_count, mut rest) = rest.split_first_chunk().ok_or(MALFORMED)?;
        let flags = Flags(*flags);
        let mut attested = None;
        if flags.has_attested_credential() {
            let (credential, tail) = AttestedCredential::read(rest)?;
            (attested, rest) = (Some(credential), tail);
        }
        if flags.has_extensions() {
            rest = skip_map(rest).ok_or(MALFORMED)?;
        }
        if !rest.is_empty() {
            return Err(MALFORMED);
        }
        Ok(Self { rp_id_hash: *rp_id_hash, flags, sign_count: u32::from_be_bytes(*sign_count), attested })
    }
}

/// What follows the map that stands next.
fn skip_map(bytes: &[u8]) -> Option<&[u8]> {
    let mut decoder = Decoder::new(bytes);
    decoder.map().ok()??;
    decoder.set_position(0);
    decoder.skip().ok()?;
    bytes.get(decoder.position()..)
}

impl AttestedCredential {
    /// Reads one, and gives what follows it.
    fn read(bytes: &[u8]) -> Result<(Self, &[u8]), WebAuthnError> {
        let (aaguid, rest) = bytes.split_first_chunk::<16>().ok_or(MALFORMED)?;
        let (length, rest) = rest.split_first_chunk().ok_or(MALFORMED)?;
        let length = usize::from(u16::from_be_bytes(*length));
        if length == 0 || length > MAX_CREDENTIAL_ID_BYTES {
            return Err(MALFORMED);
        }
        let (credential_id, rest) = rest.split_at_checked(length).ok_or(MALFORMED)?;
        let mut decoder = Decoder::new(rest);
        let public_key = cose::read_key(&mut decoder)?;
        let rest = rest.get(decoder.position()..).ok_or(MALFORMED)?;
        let credential_id = URL_SAFE_NO_PAD.encode(credential_id);
        Ok((Self { aaguid: hex(aaguid), credential_id, public_key }, rest))
    }
}
