//! What is left of an answer when all but its signature was checked.

use super::WebAuthnError;
use crate::domain::signature::{PublicJwk, SignatureAlgorithm};
use crate::ports::Signatures;

/// A signature to verify.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SignatureCheck {
    pub key: PublicJwk,
    pub data: Vec<u8>,
    /// As authenticators make it: DER for ES256.
    pub signature: Vec<u8>,
}

/// Something that holds if its signature does. There is no other way to it than [`Unproven::prove`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Unproven<T> {
    value: T,
    check: Option<SignatureCheck>,
}

impl<T> Unproven<T> {
    /// Holds if the check does; at once without one.
    pub(super) fn new(value: T, check: Option<SignatureCheck>) -> Self {
        Self { value, check }
    }

    /// Verifies the signature and gives what it was about.
    pub async fn prove(self, signatures: &dyn Signatures) -> Result<T, WebAuthnError> {
        let Some(SignatureCheck { key, data, signature }) = self.check else { return Ok(self.value) };
        let signature = match key.algorithm() {
            Some(SignatureAlgorithm::Es256) => es256_from_der(&signature).ok_or(WebAuthnError::Signature)?,
            _ => signature,
        };
        match signatures.verify(&key, &data, &signature).await {
            Ok(true) => Ok(self.value),
            Ok(false) => Err(WebAuthnError::Signature),
            Err(error) => Err(WebAuthnError::Platform(error.to_string())),
        }
    }
}

/// `r` and `s`, 32 bytes each, of `SEQUENCE { r INTEGER, s INTEGER }` (RFC 3279 section 2.2.3) in DER.
fn es256_from_der(der: &[u8]) -> Option<Vec<u8>> {
    let ([0x30, length], content) = der.split_first_chunk()? else { return None };
    if usize::from(*length) != content.len() {
        return None;
    }
    let (r, content) = integer(content)?;
    let (s, rest) = integer(content)?;
    rest.is_empty().then(|| [r, s].concat())
}

/// A positive INTEGER of at most 32 bytes, padded, and what follows it.
fn integer(der: &[u8]) -> Option<([u8; 32], &[u8])> {
    let ([0x02, length], content) = der.split_first_chunk()? else { return None };
    let (digits, rest) = content.split_at_checked(usize::from(*length))?;
    // A zero in front is there for the sign alone.
    let digits = match digits {
        [0, next, ..] if *next >= 0x80 => digits.get(1..)?,
        [first, ..] if *first != 0 && *first < 0x80 => digits,
        _ => return None,
    };
    let mut padded = [0; 32];
    padded.get_mut(32_usize.checked_sub(digits.len())?..)?.copy_from_slice(digits);
    Some((padded, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn der(r: &[u8], s: &[u8]) -> Vec<u8> {
        let part = |digits: &[u8]| [&[2, u8::try_from(digits.len()).unwrap()], digits].concat();
        let content = [part(r), part(s)].concat();
        [vec![0x30, u8::try_from(content.len()).unwrap()], content].concat()
    }

    #[test]
    fn a_signature_in_der_becomes_two_numbers_of_32_bytes() {
        let long = [&[0, 0x80][..], &[7; 31]].concat();
        let raw = es256_from_der(&der(&long, &[5])).unwrap();
        assert_eq!(raw.len(), 64);
        assert_eq!(raw[..2], [0x80, 7]);
        assert_eq!(raw[32..], [&[0; 31][..], &[5]].concat());
    }

    #[test]
    fn whatever_is_no_such_signature_in_der_is_refused() {
        let good = der(&[1], &[5]);
        let mut longer = good.clone();
        longer.push(0);
        for wrong in [
            der(&[0x80], &[5]),
            der(&[0, 1], &[5]),
            der(&[0], &[5]),
            der(&[], &[5]),
            der(&[1; 33], &[5]),
            longer,
            good[..good.len() - 1].to_vec(),
            Vec::new(),
        ] {
            assert_eq!(es256_from_der(&wrong), None, "{wrong:?}");
        }
    }
}
