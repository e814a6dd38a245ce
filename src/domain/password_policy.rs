//! What a password may be (NIST SP 800-63B section 3.1.1.2, ASVS 5.0 section 6.2): long enough, not one that everybody tries
//! first, not one's own name. No composition rules.

use super::password::MAX_PASSWORD;

/// Shortest password, in characters.
pub const MIN_PASSWORD: usize = 8;

/// The most common passwords of at least eight characters, from the dictionary of zxcvbn-ts (MIT), sorted, in lower case.
const COMMON: &str = include_str!("common_passwords.txt");
/// Shortest part of a name that a password may not be made of.
const MIN_NAME: usize = 4;
/// What everybody here would think of.
const OURS: [&str; 5] = ["toolboxai", "toolbox", "roblox", "classroom", "password"];

/// Why a password is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Weakness {
    /// Fewer than 8 characters.
    #[error("at least {MIN_PASSWORD} characters")]
    TooShort,
    /// More than 128 characters.
    #[error("at most {MAX_PASSWORD} characters")]
    TooLong,
    /// One that everybody tries first.
    #[error("one of the passwords that everybody tries first; take another")]
    TooCommon,
    /// Little more than the person's own name or address.
    #[error("too close to your name or address; take another")]
    ContainsName,
}

/// Checks a password against the person's own names: display name and address.
pub fn check(password: &str, names: &[&str]) -> Result<(), Weakness> {
    let length = password.chars().count();
    if length < MIN_PASSWORD {
        return Err(Weakness::TooShort);
    }
    if length > MAX_PASSWORD {
        return Err(Weakness::TooLong);
    }
    let lower = password.to_lowercase();
    if is_common(&lower) || OURS.iter().any(|word| is_little_more_than(&lower, word)) {
        return Err(Weakness::TooCommon);
    }
    let parts =
        names.iter().flat_map(|name| name.split(|c: char| !c.is_alphanumeric())).map(str::to_lowercase);
    let is_named =
        parts.filter(|part| part.chars().count() >= MIN_NAME).any(|part| is_little_more_than(&lower, &part));
    if is_named { Err(Weakness::ContainsName) } else { Ok(()) }
}

fn is_common(lower: &str) -> bool {
    COMMON.lines().any(|common| common == lower) || has_one_character(lower)
}

fn has_one_character(text: &str) -> bool {
    text.chars().next().is_some_and(|first| text.chars().all(|c| c == first))
}

/// Whether the password is the word with fewer than five characters of its own.
fn is_little_more_than(password: &str, word: &str) -> bool {
    password.contains(word) && password.replace(word, "").chars().count() < 5
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 2] = ["Ada Lovelace", "ada.lovelace@school.example"];

    #[test]
    fn length_counts_characters_and_nothing_else_is_asked_for() {
        assert_eq!(check("kürzkür", &NAMES), Err(Weakness::TooShort));
        assert_eq!(check("lilac ok", &NAMES), Ok(()));
        assert_eq!(check(&"ab".repeat(64), &NAMES), Ok(()));
        assert_eq!(check(&"ab".repeat(65), &NAMES), Err(Weakness::TooLong));
    }

    #[test]
    fn common_passwords_are_refused_in_any_case() {
        for common in
            ["password", "Password1", "QWERTYUIOP", "11111111", "zzzzzzzzzz", "roblox123", "ToolboxAI!"]
        {
            assert_eq!(check(common, &NAMES), Err(Weakness::TooCommon), "{common}");
        }
    }

    #[test]
    fn a_password_made_of_ones_own_name_is_refused() {
        for own in ["lovelace12", "LOVELACE", "1lovelace!", "school99"] {
            assert_eq!(check(own, &NAMES), Err(Weakness::ContainsName), "{own}");
        }
        assert_eq!(check("lovelace by the sea", &NAMES), Ok(()));
    }

    #[test]
    fn the_list_has_thousands_of_passwords_that_the_length_would_let_through() {
        assert!(COMMON.lines().count() >= 3_000);
        assert!(COMMON.lines().all(|line| line.chars().count() >= MIN_PASSWORD));
    }
}
