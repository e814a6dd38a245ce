//! What a plugin shows and a teacher types (RFC 8628 section 6.1): consonants only, so that no code is a word, and none that
//! is mistaken for another letter in a hurry.

use crate::domain::ids::random_text;
use crate::ports::Entropy;

/// The alphabet that RFC 8628 proposes, without digits and vowels.
const ALPHABET: &[u8] = b"BCDFGHJKLMNPQRSTVWXZ";
/// 20^8 = 2.6 · 10^10 codes (34.5 bits), tried against a limit of ten a quarter of an hour.
pub const USER_CODE_LENGTH: usize = 8;

/// A new code.
pub fn new_user_code(entropy: &dyn Entropy) -> String {
    random_text(entropy, ALPHABET, USER_CODE_LENGTH)
}

/// As it is shown: `XXXX-XXXX`.
pub fn shown_user_code(code: &str) -> String {
    let (first, second) = code.split_at_checked(USER_CODE_LENGTH / 2).unwrap_or((code, ""));
    format!("{first}-{second}")
}

/// Reads a code as people type it: any case, spaces and punctuation ignored.
pub fn parse_user_code(text: &str) -> Option<String> {
    let code: String = text
        .chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, '-' | '_' | '.' | '–'))
        .take(USER_CODE_LENGTH + 1)
        .map(|c| c.to_ascii_uppercase())
        .collect();
    (code.len() == USER_CODE_LENGTH && code.bytes().all(|byte| ALPHABET.contains(&byte))).then_some(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Counting(std::sync::atomic::AtomicU8);
    impl Entropy for Counting {
        fn fill(&self, buffer: &mut [u8]) {
            for byte in buffer {
                *byte = self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            }
        }
    }

    #[test]
    fn a_code_reads_as_people_type_it() {
        let code = new_user_code(&Counting(250.into()));
        assert_eq!(parse_user_code(&code), Some(code.clone()));
        let shown = shown_user_code(&code);
        assert_eq!(shown.len(), 9);
        assert_eq!(parse_user_code(&format!(" {} ", shown.to_lowercase())), Some(code));
        for wrong in ["WDJB-MJH", "WDJB-MJHTT", "WDJA-MJHT", "WDJB-MJH1", "WDJB-MJHÖ", ""] {
            assert_eq!(parse_user_code(wrong), None, "{wrong}");
        }
    }
}
