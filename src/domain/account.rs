//! Addresses, names and one-time links of accounts.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::tokens::KeyRing;

/// Longest address (RFC 5321 section 4.5.3.1).
pub const MAX_EMAIL: usize = 254;
/// Longest name of a person, in characters.
pub const MAX_NAME: usize = 100;

/// An address as it is stored and compared.
pub fn normal_email(text: &str) -> String {
    text.trim().to_lowercase()
}

/// What a link in a mail carries: a MAC of what the link is for, so that work that is done twice makes the same link and only
/// its hash is stored. Under the signing key first, then under those that signed before.
pub fn link_tokens(keys: &KeyRing, purpose: LinkPurpose, id: &str) -> Vec<String> {
    let purpose = match purpose {
        LinkPurpose::VerifyEmail => "link:verify-email",
        LinkPurpose::ResetPassword => "link:reset-password",
        LinkPurpose::Invitation => "link:invitation",
    };
    keys.macs(purpose, id).map(|mac| URL_SAFE_NO_PAD.encode(mac)).collect()
}

/// What a link in a mail is for. One for another purpose never fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkPurpose {
    /// Proves an address.
    VerifyEmail,
    /// Sets a new password.
    ResetPassword,
    /// Accepts an invitation.
    Invitation,
}

/// The most characters of a token in a link that are looked at.
pub const MAX_LINK_TOKEN: usize = 64;

/// A name as it is stored: without space around it. None when it is empty, too long or has control characters.
pub fn name(text: &str) -> Option<String> {
    // The limit is of what is sent, as the contract says; space around it counts.
    let is_short = text.chars().count() <= MAX_NAME;
    let text = text.trim();
    let fits = is_short && !text.is_empty() && !text.chars().any(char::is_control);
    fits.then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_trimmed_and_bounded() {
        assert_eq!(name("  Ada  "), Some("Ada".to_owned()));
        for bad in ["", "   ", "a\nb", &"x".repeat(101), &format!("{} ", "x".repeat(100))] {
            assert_eq!(name(bad), None);
        }
    }
}
