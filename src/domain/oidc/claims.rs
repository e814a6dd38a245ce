//! What a provider says about a person, and what of it is used.

use serde_json::Value;

use super::text;
use crate::domain::account::{self, MAX_EMAIL, MAX_NAME, normal_email};
use crate::mail::is_address;

/// What a provider says about a person, in the ID token or at its userinfo endpoint.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Claims {
    /// The address; worth something only when verified.
    pub email: Option<String>,
    /// Whether the provider vouches for it.
    pub email_verified: bool,
    /// Their name.
    pub name: Option<String>,
    /// What they call themselves there.
    pub preferred_username: Option<String>,
}

impl Claims {
    /// Reads them. For the verification of an address `true` counts and nothing else, `"true"` neither.
    pub fn read(json: &Value) -> Self {
        Self {
            email: text(json, "email"),
            email_verified: json.get("email_verified") == Some(&Value::Bool(true)),
            name: text(json, "name"),
            preferred_username: text(json, "preferred_username"),
        }
    }

    /// What is known, and for the rest what somebody else says. An address and whether it is verified stay together.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        let (email, email_verified) = if self.email.is_some() {
            (self.email, self.email_verified)
        } else {
            (other.email, other.email_verified)
        };
        Self {
            email,
            email_verified,
            name: self.name.or(other.name),
            preferred_username: self.preferred_username.or(other.preferred_username),
        }
    }

    /// The address as it is stored here, if the provider vouches for it.
    pub fn verified_email(&self) -> Option<String> {
        let email = normal_email(self.email.as_deref()?);
        (self.email_verified && is_address(&email)).then_some(email)
    }

    /// What to call them: the first of name, user name and the address's local part that is there.
    pub fn display_name(&self) -> Option<String> {
        let local = self.email.as_deref().and_then(|email| email.split('@').next());
        let mut texts =
            [self.name.as_deref(), self.preferred_username.as_deref(), local].into_iter().flatten();
        texts.find_map(|text| {
            let plain: String = text.chars().filter(|c| !c.is_control()).take(MAX_NAME).collect();
            account::name(&plain)
        })
    }

    /// What they know the account by: the address, else the user name or the name there.
    pub fn account(&self) -> Option<String> {
        let texts = [self.email.as_deref(), self.preferred_username.as_deref(), self.name.as_deref()];
        let text = texts.into_iter().flatten().find(|text| !text.trim().is_empty())?;
        Some(text.chars().filter(|c| !c.is_control()).take(MAX_EMAIL).collect())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_address_counts_only_when_the_provider_vouches_for_it() {
        let claims =
            |email: &str, verified: Value| Claims::read(&json!({"email": email, "email_verified": verified}));
        assert!(claims("a@b.example", json!(true)).verified_email().is_some());
        for verified in [json!(false), json!("true"), json!(1), Value::Null] {
            assert_eq!(claims("a@b.example", verified).verified_email(), None);
        }
        for wrong in ["", "a", "@b.example", "a@b@c.example", "a b@c.example", "a@b.example\n, c@d.example"] {
            assert_eq!(claims(wrong, json!(true)).verified_email(), None, "{wrong}");
        }
    }

    #[test]
    fn a_person_without_a_name_is_called_by_what_there_is() {
        let named = |name: &str, user: &str, email: &str| {
            let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
            Claims {
                name: some(name),
                preferred_username: some(user),
                email: some(email),
                ..Claims::default()
            }
            .display_name()
        };
        assert_eq!(named("Ada\u{7} L", "ada", "a@b.example").as_deref(), Some("Ada L"));
        assert_eq!(named(" ", "ada", "a@b.example").as_deref(), Some("ada"));
        assert_eq!(named("", "", "lovelace@b.example").as_deref(), Some("lovelace"));
        assert_eq!(named(&"x".repeat(300), "", "").map(|name| name.len()), Some(100));
        assert_eq!(named("", "", ""), None);
    }

    #[test]
    fn an_address_is_never_verified_by_another_source() {
        let from = |email: Option<&str>, verified: bool| Claims {
            email: email.map(str::to_owned),
            email_verified: verified,
            ..Claims::default()
        };
        let both = from(Some("a@b.example"), false).or(from(Some("c@d.example"), true));
        assert_eq!(both.verified_email(), None);
        let told = from(None, false).or(from(Some("c@d.example"), true));
        assert_eq!(told.verified_email().as_deref(), Some("c@d.example"));
    }
}
