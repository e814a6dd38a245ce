//! Who the passkeys are for, and what holds for the answers to both ceremonies.

use sha2::{Digest, Sha256};

use super::{AuthenticatorData, WebAuthnError};

/// One origin, and its host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelyingParty {
    /// The host.
    pub id: String,
    /// As browsers write it: scheme, host, and the port where it is not the scheme's.
    pub origin: String,
    /// The product's name, for the browser's dialogue.
    pub name: String,
}

impl RelyingParty {
    /// The one of a public address. Browsers have passkeys on https, and on http for localhost; never for an IP address.
    pub fn of(public_url: &str, name: &str) -> Option<Self> {
        let (scheme, rest) = public_url.split_once("://")?;
        let authority = rest.split(['/', '?', '#']).next()?.to_ascii_lowercase();
        let (host, port) = match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority.as_str(), None),
        };
        let is_local = host == "localhost" || host.ends_with(".localhost");
        let default_port = match scheme {
            "https" => "443",
            "http" if is_local => "80",
            _ => return None,
        };
        let is_label = |label: &str| {
            !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        };
        let is_address = host.rsplit('.').next()?.bytes().all(|byte| byte.is_ascii_digit());
        if !host.split('.').all(is_label) || is_address {
            return None;
        }
        let port = match port {
            Some(port) if port != default_port => format!(":{}", port.parse::<u16>().ok()?),
            _ => String::new(),
        };
        Some(Self { id: host.to_owned(), origin: format!("{scheme}://{host}{port}"), name: name.to_owned() })
    }
}

/// What an answer must answer.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// Us.
    pub relying_party: &'a RelyingParty,
    /// The challenge, in base64url.
    pub challenge: &'a str,
    /// Whether the authenticator must have verified its user: always where no password went before.
    pub user_verified: bool,
}

impl Expected<'_> {
    /// The relying party and the flags.
    pub(super) fn check(&self, data: &AuthenticatorData) -> Result<(), WebAuthnError> {
        let id_hash: [u8; 32] = Sha256::digest(self.relying_party.id.as_bytes()).into();
        if data.rp_id_hash != id_hash {
            return Err(WebAuthnError::WrongRelyingParty);
        }
        if !data.flags.is_user_present() {
            return Err(WebAuthnError::UserNotPresent);
        }
        if self.user_verified && !data.flags.is_user_verified() {
            return Err(WebAuthnError::UserNotVerified);
        }
        if data.flags.is_backed_up() && !data.flags.is_backup_eligible() {
            return Err(WebAuthnError::Flags);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn relying_party(url: &str) -> Option<(String, String)> {
        RelyingParty::of(url, "x").map(|party| (party.id, party.origin))
    }

    #[test]
    fn the_relying_party_is_the_host_and_the_origin_is_as_browsers_write_it() {
        for (url, id, origin) in [
            ("https://App.School.example/", "app.school.example", "https://app.school.example"),
            ("https://school.example:443", "school.example", "https://school.example"),
            ("https://school.example:8443/x?y", "school.example", "https://school.example:8443"),
            ("http://localhost:8787", "localhost", "http://localhost:8787"),
        ] {
            assert_eq!(relying_party(url), Some((id.to_owned(), origin.to_owned())), "{url}");
        }
    }

    #[test]
    fn there_are_no_passkeys_without_tls_or_on_an_address() {
        for url in [
            "http://school.example",
            "https://127.0.0.1:8787",
            "http://127.0.0.1",
            "https://[::1]",
            "https://",
            "https://user@school.example",
            "https://school.example:http",
            "school.example",
            "",
        ] {
            assert_eq!(relying_party(url), None, "{url}");
        }
    }
}
