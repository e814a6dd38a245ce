//! Passwords, hashed with Argon2id (RFC 9106) at OWASP's parameters: 19 MiB, two passes, one lane.

use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};

use crate::ports::Entropy;

/// Memory in KiB.
const MEMORY_KIB: u32 = 19_456;
/// Passes.
const PASSES: u32 = 2;
/// Lanes.
const LANES: u32 = 1;
/// Longest password, in characters (ASVS 5.0, 6.2.9 wants at least 64): hashing costs the same for all of them.
pub const MAX_PASSWORD: usize = 128;

/// Hashing failed: parameters or memory, never the password.
#[derive(Debug, thiserror::Error)]
#[error("password hashing failed: {0}")]
pub struct HashError(String);

fn argon2() -> Result<Argon2<'static>, HashError> {
    let params =
        Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|error| HashError(error.to_string()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// The hash as a PHC string, with a salt of 128 bits.
pub fn hash(password: &str, entropy: &dyn Entropy) -> Result<String, HashError> {
    let mut salt = [0; 16];
    entropy.fill(&mut salt);
    let salt = SaltString::encode_b64(&salt).map_err(|error| HashError(error.to_string()))?;
    let hash =
        argon2()?.hash_password(password.as_bytes(), &salt).map_err(|error| HashError(error.to_string()))?;
    Ok(hash.to_string())
}

/// Whether the password belongs to the hash. The parameters are the hash's own, so old ones stay good.
pub fn verify(password: &str, phc: &str) -> bool {
    let Ok(hash) = PasswordHash::new(phc) else { return false };
    argon2().is_ok_and(|argon2| argon2.verify_password(password.as_bytes(), &hash).is_ok())
}

/// Whether the hash was made with other parameters than ours: then it is made anew at the next sign-in.
pub fn is_outdated(phc: &str) -> bool {
    let Ok(hash) = PasswordHash::new(phc) else { return true };
    let wanted = [("m", MEMORY_KIB), ("t", PASSES), ("p", LANES)];
    hash.algorithm.as_str() != "argon2id"
        || wanted.iter().any(|(name, value)| hash.params.get_decimal(*name) != Some(*value))
}

/// The hash of a password that nobody has. Verifying against it costs an unknown address the same time as a known one.
pub const NOBODYS_HASH: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed;
    impl Entropy for Fixed {
        fn fill(&self, buffer: &mut [u8]) {
            buffer.fill(7);
        }
    }

    #[test]
    fn a_password_belongs_to_its_own_hash_only() {
        let phc = hash("correct horse battery", &Fixed).unwrap();
        assert!(phc.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(verify("correct horse battery", &phc));
        assert!(!verify("correct horse batterz", &phc));
        assert!(!verify("correct horse battery", "not a hash"));
    }

    #[test]
    fn a_hash_of_other_parameters_is_outdated() {
        assert!(!is_outdated(NOBODYS_HASH));
        assert!(is_outdated(&NOBODYS_HASH.replace("t=2", "t=1")));
        assert!(is_outdated(&NOBODYS_HASH.replace("argon2id", "argon2i")));
    }

    #[test]
    fn nobodys_hash_is_well_formed_so_that_it_costs_the_same() {
        let hash = PasswordHash::new(NOBODYS_HASH).unwrap();
        assert_eq!(hash.params.get_decimal("m"), Some(MEMORY_KIB));
        assert!(!verify("", NOBODYS_HASH));
    }
}
