//! Passkeys: registration and assertion as Web Authentication Level 3 sections 7.1 and 7.2 say, for one origin.
//!
//! Everything but the signature is decided here; what is left to show is an [`Unproven`], whose content comes out by
//! verifying it alone. Passkeys are discoverable and verify their user, so that each serves without a password as well as
//! beside one. Who made the authenticator is not asked (attestation `none`).

mod assertion;
mod attestation;
mod authenticator_data;
mod client_data;
mod cose;
mod credential;
mod options;
mod proof;
mod registration;
mod relying_party;

pub use assertion::{Assertion, StoredPasskey, verify_assertion};
pub use authenticator_data::{AttestedCredential, AuthenticatorData, Flags};
pub use credential::{
    AssertionCredential, AssertionResponse, AttestationResponse, CredentialType, RegistrationCredential,
};
pub use options::{CreationOptions, Descriptor, RequestOptions};
pub use proof::Unproven;
pub use registration::{NewPasskey, verify_registration};
pub use relying_party::{Expected, RelyingParty};

/// Milliseconds that a browser waits for the person: as long as a ceremony lives.
pub const TIMEOUT_MS: u32 = 300_000;

/// Why a passkey's answer is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WebAuthnError {
    /// Not the form of such an answer.
    #[error("{0} cannot be read")]
    Malformed(&'static str),
    /// An answer to another kind of ceremony.
    #[error("the answer is to another kind of ceremony")]
    WrongType,
    /// An answer to another challenge.
    #[error("the answer is to another challenge")]
    WrongChallenge,
    /// Made on another site.
    #[error("the answer was made for another origin")]
    WrongOrigin,
    /// Made for another relying party.
    #[error("the answer was made for another relying party")]
    WrongRelyingParty,
    /// Nobody touched the authenticator.
    #[error("the authenticator did not see anybody")]
    UserNotPresent,
    /// The authenticator did not check who it was.
    #[error("the authenticator did not verify its user")]
    UserNotVerified,
    /// Flags that contradict each other, or the registration.
    #[error("the flags contradict each other")]
    Flags,
    /// A key that is none of ES256, EdDSA and RS256.
    #[error("the key is of no kind that was asked for")]
    Key,
    /// An attestation that was not asked for.
    #[error("the attestation is of a kind that was not asked for")]
    Attestation,
    /// The passkey of somebody else.
    #[error("the passkey is somebody else's")]
    WrongUser,
    /// A counter that went back: the authenticator may have been copied.
    #[error("the signature counter did not grow")]
    Counter,
    /// A signature that is none.
    #[error("the signature is not valid")]
    Signature,
    /// The platform could not verify. The text is for the log.
    #[error("{0}")]
    Platform(String),
}
