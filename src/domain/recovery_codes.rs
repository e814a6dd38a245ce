//! Recovery codes: ten, shown once, each good once, for the day when the phone is lost.
//!
//! 50 bits each, and their hashes keyed with a factor key: the database alone is no help in finding one.

use super::factor_keys::FactorKeys;
use super::ids::{UserId, new_crockford, parse_crockford};
use super::tokens::hex;
use crate::ports::Entropy;

/// How many are made at once.
pub const CODES: usize = 10;
/// Characters without the hyphen: 5 bits each.
const LENGTH: usize = 10;
/// Where the hyphen stands.
const HALF: usize = 5;

/// A set of new codes, as people write them down: `k7m3q-x2wta`.
pub fn new_codes(entropy: &dyn Entropy) -> Vec<String> {
    (0..CODES)
        .map(|_| {
            let mut code = new_crockford(entropy, LENGTH).to_ascii_lowercase();
            code.insert(HALF, '-');
            code
        })
        .collect()
}

/// What is stored of a code. Nothing for a text that cannot be one, or when the key is gone.
///
/// Read as people type it: any case, hyphens and spaces ignored, `o` for `0`, `i` and `l` for `1`.
pub fn hash(keys: &FactorKeys, kid: &str, user: &UserId, code: &str) -> Option<String> {
    let code = parse_crockford(code, LENGTH)?;
    keys.derive(kid, &["recovery code", user.as_str(), &code]).map(|hash| hex(&hash))
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use rand_chacha::ChaCha8Rng;
    use rand_core::{RngCore, SeedableRng};

    use super::*;

    struct Seeded(Mutex<ChaCha8Rng>);
    impl Entropy for Seeded {
        fn fill(&self, buffer: &mut [u8]) {
            self.0.lock().unwrap().fill_bytes(buffer);
        }
    }

    fn hashed(user: u8, code: &str) -> Option<String> {
        let keys = FactorKeys::parse("k:AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA").unwrap();
        hash(&keys, "k", &UserId::parse(&format!("usr_{user:026}")).unwrap(), code)
    }

    #[test]
    fn there_are_ten_that_differ_and_can_be_read_aloud() {
        let codes = new_codes(&Seeded(ChaCha8Rng::seed_from_u64(1).into()));
        assert_eq!(codes.iter().collect::<std::collections::HashSet<_>>().len(), 10);
        for code in codes {
            assert_eq!((code.len(), code.find('-')), (11, Some(5)), "{code}");
            assert!(hashed(1, &code).is_some());
        }
    }

    #[test]
    fn a_code_reads_as_people_type_it() {
        let hash = hashed(1, "k0m1q-x2wta");
        assert!(hash.is_some());
        for same in ["K0M1QX2WTA", " komlq x2wta ", "kOmIq-X2wTa"] {
            assert_eq!(hashed(1, same), hash, "{same}");
        }
        for wrong in ["k0m1q-x2wt", "k0m1q-x2wtaa", "k0m1q-x2wtu", "", "k0m1q-x2wtä"] {
            assert_eq!(hashed(1, wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_code_is_of_one_person() {
        assert_ne!(hashed(1, "k0m1q-x2wta"), hashed(2, "k0m1q-x2wta"));
    }
}
