//! Addresses and names of accounts.

/// Longest address (RFC 5321 section 4.5.3.1).
pub const MAX_EMAIL: usize = 254;
/// Longest name of a person, in characters.
pub const MAX_NAME: usize = 100;

/// An address as it is stored and compared.
pub fn normal_email(text: &str) -> String {
    text.trim().to_lowercase()
}

/// Whether mail can be sent there: something, an `@`, a domain with a point. Whether it arrives only the mail tells.
pub fn is_email(email: &str) -> bool {
    let is_plain = email
        .bytes()
        .all(|byte| byte > 0x20 && byte != 0x7f && !matches!(byte, b'<' | b'>' | b'"' | b',' | b';'));
    let Some((local, domain)) = email.rsplit_once('@') else { return false };
    let labels_fit = domain.split('.').all(|label| !label.is_empty() && label.len() <= 63);
    is_plain
        && email.len() <= MAX_EMAIL
        && (1..=64).contains(&local.len())
        && !local.contains('@')
        && domain.contains('.')
        && labels_fit
}

/// A name as it is stored: without space around it. None when it is empty, too long or has control characters.
pub fn name(text: &str) -> Option<String> {
    let text = text.trim();
    let fits = (1..=MAX_NAME).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    fits.then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_needs_both_sides_and_nothing_that_forges_a_header() {
        for good in ["a@b.example", "ada.lovelace+x@school.example", "ü@schule.example"] {
            assert!(is_email(good), "{good}");
        }
        let long = format!("{}@b.example", "x".repeat(65));
        for bad in [
            "",
            "a",
            "a@b",
            "@b.example",
            "a@@b.example",
            "a b@c.example",
            "a@b..example",
            "a\r\nBcc:@b.example",
            "<a@b.example>",
            &long,
        ] {
            assert!(!is_email(bad), "{bad}");
        }
    }

    #[test]
    fn a_name_is_trimmed_and_bounded() {
        assert_eq!(name("  Ada  "), Some("Ada".to_owned()));
        for bad in ["", "   ", "a\nb", &"x".repeat(101)] {
            assert_eq!(name(bad), None);
        }
    }
}
