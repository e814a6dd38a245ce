//! Operators: who may watch and set the service. They belong to no school; each has a key, of which only the hash is known.

use subtle::ConstantTimeEq;

use super::tokens::sha256_hex;

/// What an operator's key starts with.
pub const PREFIX: &str = "op_";
/// Longest key that is looked at.
const MAX_KEY: usize = 200;

/// The operators of `OPERATOR_KEYS`.
#[derive(Clone, Default)]
pub struct Operators(Vec<(String, String)>);

impl Operators {
    /// Reads `name:sha256hex,name:sha256hex`. A name may come twice, while its key is replaced. Nothing is nobody.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let entry = |entry: &str| {
            let (name, hash) = entry.split_once(':').ok_or(())?;
            let is_name = (1..=64).contains(&name.len())
                && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.@".contains(&byte));
            let is_hash = hash.len() == 64
                && hash.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
            if is_name && is_hash { Ok((name.to_owned(), hash.to_owned())) } else { Err(()) }
        };
        let entries = text.split(',').map(str::trim).filter(|text| !text.is_empty());
        entries
            .map(entry)
            .collect::<Result<_, ()>>()
            .map(Self)
            .map_err(|()| "must be a comma-separated list of `name:sha256hex`, the SHA-256 of a key `op_…` in lower-case hex")
    }

    /// Whose key it is.
    pub fn who(&self, key: &str) -> Option<&str> {
        if !key.starts_with(PREFIX) || key.len() > MAX_KEY {
            return None;
        }
        let hash = sha256_hex(key);
        let mut found = None;
        for (name, known) in &self.0 {
            if bool::from(known.as_bytes().ct_eq(hash.as_bytes())) {
                found = Some(name.as_str());
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_its_operators_and_nobody_elses() {
        let list = format!("ann:{},bob:{}", sha256_hex("op_ann"), sha256_hex("op_bob"));
        let operators = Operators::parse(&list).unwrap();
        assert_eq!(operators.who("op_ann"), Some("ann"));
        assert_eq!(operators.who("op_bob"), Some("bob"));
        for wrong in ["", "op_", "op_eve", "ann", &sha256_hex("op_ann"), &format!("op_{}", "x".repeat(300))] {
            assert_eq!(operators.who(wrong), None, "{wrong}");
        }
        assert_eq!(Operators::parse(" ").unwrap().who("op_ann"), None);
    }

    #[test]
    fn a_list_that_is_none_is_refused() {
        let hash = sha256_hex("op_ann");
        for wrong in [
            "ann",
            &format!(":{hash}"),
            &format!("a b:{hash}"),
            "ann:op_secret",
            &format!("ann:{}", hash.to_uppercase()),
        ] {
            assert!(Operators::parse(wrong).is_err(), "{wrong}");
        }
    }
}
