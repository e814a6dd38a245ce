//! Codes of authenticator apps: TOTP (RFC 6238) with what all apps know, SHA-1, six digits and steps of 30 seconds.
//!
//! A secret is derived, never stored: from a factor key, the person, the factor and a nonce.

use hmac::{Hmac, Mac};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, PercentEncode, utf8_percent_encode};
use sha1::Sha1;
use subtle::ConstantTimeEq;

use super::factor_keys::FactorKeys;
use super::ids::{FactorId, UserId};
use super::time::Timestamp;

/// Seconds of one code.
pub const STEP_S: i64 = 30;
/// 160 bits, as long as the hash (RFC 4226 section 4, R6).
const SECRET_BYTES: usize = 20;
/// A phone's clock may be one step off either way (RFC 6238 section 5.2).
const DRIFT: i64 = 1;
/// RFC 4648 section 6, as apps want secrets typed.
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// What an authenticator app holds.
pub struct TotpSecret([u8; SECRET_BYTES]);

impl TotpSecret {
    /// The secret of one factor. Nothing when its key is gone.
    pub fn derive(
        keys: &FactorKeys,
        kid: &str,
        user: &UserId,
        factor: &FactorId,
        nonce: &str,
    ) -> Option<Self> {
        let derived = keys.derive(kid, &["totp", user.as_str(), factor.as_str(), nonce])?;
        derived.first_chunk().copied().map(Self)
    }

    /// As people type it into an app: 32 letters and digits.
    pub fn base32(&self) -> String {
        let mut text = String::with_capacity(SECRET_BYTES * 8 / 5);
        for chunk in self.0.chunks(5) {
            let bits = chunk.iter().fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
            for place in (0..8).rev() {
                let digit = usize::try_from(bits >> (5 * place) & 31).unwrap_or_default();
                text.push(BASE32.get(digit).copied().map_or('A', char::from));
            }
        }
        text
    }

    /// As a QR code holds it: Google's Key URI format.
    pub fn uri(&self, issuer: &str, account: &str) -> String {
        let (issuer, account, secret) = (percent(issuer), percent(account), self.base32());
        format!(
            "otpauth://totp/{issuer}:{account}?secret={secret}&issuer={issuer}&algorithm=SHA1&digits=6&period={STEP_S}"
        )
    }

    /// The code of a step.
    pub fn code(&self, step: i64) -> String {
        format!("{:06}", hotp(&self.0, step) % 1_000_000)
    }

    /// The step that the code is of, when it is near now and later than the last one that was used: a code works once.
    pub fn accept(&self, code: &str, now: Timestamp, last_used: Option<i64>) -> Option<i64> {
        let current = now.as_secs().div_euclid(STEP_S);
        // All steps are looked at, whichever matches.
        (current - DRIFT..=current + DRIFT).fold(None, |found, step| {
            let is_same = bool::from(self.code(step).as_bytes().ct_eq(code.as_bytes()));
            let is_new = last_used.is_none_or(|last| step > last);
            found.or((is_same && is_new).then_some(step))
        })
    }
}

/// RFC 4226 section 5.3, before the digits are cut.
fn hotp(secret: &[u8], step: i64) -> u32 {
    let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(secret) else { return 0 };
    mac.update(&step.to_be_bytes());
    let digest = mac.finalize().into_bytes();
    let offset = usize::from(digest.last().copied().unwrap_or_default() & 15);
    let word = digest.get(offset..offset + 4).and_then(|word| word.first_chunk()).copied();
    u32::from_be_bytes(word.unwrap_or_default()) & 0x7fff_ffff
}

/// A code as people type it: six digits, with a space or none.
pub fn parse_code(text: &str) -> Option<String> {
    let code: String = text.chars().filter(|c| !c.is_whitespace()).take(7).collect();
    (code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit())).then_some(code)
}

/// RFC 3986 section 2.1. A `+` for a space would be shown as one by some apps.
fn percent(text: &str) -> PercentEncode<'_> {
    const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
    utf8_percent_encode(text, RESERVED)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: TotpSecret = TotpSecret(*b"12345678901234567890");

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    /// RFC 6238 appendix B, the rows of SHA-1, with all eight digits.
    #[test]
    fn codes_are_those_of_the_specification() {
        for (seconds, code) in [
            (59, 94_287_082),
            (1_111_111_109, 7_081_804),
            (1_111_111_111, 14_050_471),
            (1_234_567_890, 89_005_924),
            (2_000_000_000, 69_279_037),
            (20_000_000_000, 65_353_130),
        ] {
            assert_eq!(hotp(&SECRET.0, seconds / STEP_S) % 100_000_000, code);
            assert_eq!(SECRET.code(seconds / STEP_S), format!("{:06}", code % 1_000_000));
        }
    }

    #[test]
    fn a_code_is_good_one_step_early_and_late_and_no_longer() {
        let step = 1_000_000;
        let (code, start) = (SECRET.code(step), step * STEP_S);
        for (seconds, accepted) in
            [(-31, None), (-30, Some(step)), (0, Some(step)), (59, Some(step)), (60, None)]
        {
            assert_eq!(SECRET.accept(&code, at(start + seconds), None), accepted, "{seconds}");
        }
    }

    #[test]
    fn a_code_that_was_used_and_all_before_it_are_refused() {
        let now = at(30_000_000);
        let step = 1_000_000;
        for (of, last_used, accepted) in [
            (step, Some(step - 1), Some(step)),
            (step, Some(step), None),
            (step - 1, Some(step), None),
            (step + 1, Some(step), Some(step + 1)),
        ] {
            assert_eq!(SECRET.accept(&SECRET.code(of), now, last_used), accepted);
        }
        assert_eq!(SECRET.accept("000000", now, None), None);
        assert_eq!(SECRET.accept("", now, None), None);
    }

    #[test]
    fn a_code_reads_as_people_type_it() {
        assert_eq!(parse_code(" 012 345 "), Some("012345".to_owned()));
        for wrong in ["12345", "1234567", "12345a", "１２３４５６", ""] {
            assert_eq!(parse_code(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn an_app_reads_the_secret_and_the_names_from_the_uri() {
        assert_eq!(SECRET.base32(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        assert_eq!(
            SECRET.uri("ToolboxAI Edge", "ada+é@school.example"),
            "otpauth://totp/ToolboxAI%20Edge:ada%2B%C3%A9%40school.example?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\
             &issuer=ToolboxAI%20Edge&algorithm=SHA1&digits=6&period=30"
        );
    }

    #[test]
    fn a_secret_is_the_persons_the_factors_and_the_nonces() {
        let keys = FactorKeys::parse("k:AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA").unwrap();
        let user = |n: u8| UserId::parse(&format!("usr_{n:026}")).unwrap();
        let factor = |n: u8| FactorId::parse(&format!("fac_{n:026}")).unwrap();
        let secret = |user_no, factor_no, nonce| {
            TotpSecret::derive(&keys, "k", &user(user_no), &factor(factor_no), nonce).unwrap().0
        };
        let first = secret(1, 1, "a");
        assert_eq!(first, secret(1, 1, "a"));
        for other in [secret(2, 1, "a"), secret(1, 2, "a"), secret(1, 1, "b")] {
            assert_ne!(first, other);
        }
        assert!(TotpSecret::derive(&keys, "gone", &user(1), &factor(1), "a").is_none());
    }
}
