//! Addresses of mail (RFC 5321), as far as a sender must know them: enough that one can never break out of a header.

use std::fmt;

/// The longest address (RFC 5321 section 4.5.3.1.3, without the angle brackets).
const MAX_ADDRESS: usize = 254;
/// The longest name of a sender.
const MAX_NAME: usize = 100;

/// An address with the name that people see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mailbox {
    /// The name.
    pub name: String,
    /// The address.
    pub address: String,
}

impl Mailbox {
    /// Reads `name@example.org` or `Name <name@example.org>`; without a name it is the one given here.
    pub fn parse(text: &str, name: &str) -> Option<Self> {
        let text = text.trim();
        let (name, address) = match text.strip_suffix('>') {
            Some(rest) => rest.split_once('<')?,
            None => (name, text),
        };
        let (name, address) = (name.trim(), address.trim());
        let is_name = (1..=MAX_NAME).contains(&name.chars().count())
            && !name.contains(|c: char| c.is_control() || "\"<>()[]\\,;:@".contains(c));
        (is_name && is_address(address)).then(|| Self { name: name.to_owned(), address: address.to_owned() })
    }
}

/// `Name <address>`.
impl fmt::Display for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} <{}>", self.name, self.address)
    }
}

/// Whether a text is one address and nothing else: something, `@`, a domain; without spaces, control characters, or what
/// separates and quotes addresses in a header.
pub fn is_address(text: &str) -> bool {
    let trouble = |c: char| c.is_whitespace() || c.is_control() || "\"<>()[]\\,;:".contains(c);
    text.len() <= MAX_ADDRESS
        && !text.contains(trouble)
        && text.split_once('@').is_some_and(|(local, domain)| {
            !local.is_empty() && !domain.contains('@') && domain.split('.').all(|label| !label.is_empty())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sender_is_an_address_with_or_without_a_name() {
        let named = Mailbox::parse(" School <no-reply@school.example> ", "Product").unwrap();
        assert_eq!(named.to_string(), "School <no-reply@school.example>");
        let bare = Mailbox::parse("no-reply@school.example", "Product").unwrap();
        assert_eq!(bare.to_string(), "Product <no-reply@school.example>");
        for wrong in [
            "",
            "<>",
            "School",
            "a\"b <x@y.example>",
            "A <x@y.example",
            "A\nB <x@y.example>",
            "<x@y.example>",
        ] {
            assert_eq!(Mailbox::parse(wrong, "Product"), None, "{wrong:?}");
        }
    }

    #[test]
    fn nothing_but_one_address_is_an_address() {
        for right in ["a@b", "a.b+c@school.example", "ü@bücher.example", "o'brien@school.example"] {
            assert!(is_address(right), "{right}");
        }
        let long = format!("{}@b.example", "a".repeat(250));
        for wrong in [
            "",
            "@",
            "a",
            "a@",
            "@b",
            "a@b@c",
            "a@b.",
            "a@.b",
            "a b@c",
            "a@b\r\nBcc: c@d",
            "a@b,c@d",
            "<a@b>",
            "a@b;",
            &long,
        ] {
            assert!(!is_address(wrong), "{wrong:?}");
        }
    }
}
