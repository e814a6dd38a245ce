//! Public keys as authenticators write them: COSE_Key maps (RFC 9052 section 7, RFC 9053) of the algorithms that
//! registration asks for.

use minicbor::Decoder;
use minicbor::data::Type;

use super::WebAuthnError;
use crate::domain::signature::PublicJwk;

/// ECDSA with SHA-256, over P-256 here.
pub(super) const ES256: i32 = -7;
/// Ed25519 here.
pub(super) const EDDSA: i32 = -8;
/// RSASSA-PKCS1-v1_5 with SHA-256.
pub(super) const RS256: i32 = -257;

/// A member that is a number or bytes.
#[derive(Clone, Copy)]
enum Member<'b> {
    Number(i32),
    Bytes(&'b [u8]),
}

/// The members of a COSE_Key that matter: kty (1), alg (3) and the key's own three (-1, -2, -3).
#[derive(Default)]
struct Members<'b> {
    kty: Option<Member<'b>>,
    alg: Option<Member<'b>>,
    first: Option<Member<'b>>,
    second: Option<Member<'b>>,
    third: Option<Member<'b>>,
}

impl<'b> Members<'b> {
    fn read(decoder: &mut Decoder<'b>) -> Result<Self, minicbor::decode::Error> {
        let mut members = Self::default();
        let count = decoder.map()?.ok_or_else(|| minicbor::decode::Error::message("of no known length"))?;
        for _ in 0..count {
            let slot = match decoder.i32()? {
                1 => &mut members.kty,
                3 => &mut members.alg,
                -1 => &mut members.first,
                -2 => &mut members.second,
                -3 => &mut members.third,
                _ => {
                    decoder.skip()?;
                    continue;
                }
            };
            let value = match decoder.datatype()? {
                Type::Bytes => Member::Bytes(decoder.bytes()?),
                _ => Member::Number(decoder.i32()?),
            };
            if slot.replace(value).is_some() {
                return Err(minicbor::decode::Error::message("a label twice"));
            }
        }
        Ok(members)
    }
}

/// Reads the key that stands next, and leaves the decoder behind it.
pub(super) fn read_key(decoder: &mut Decoder<'_>) -> Result<PublicJwk, WebAuthnError> {
    use Member::{Bytes, Number};
    let members = Members::read(decoder).map_err(|_| WebAuthnError::Key)?;
    let key = match (members.kty, members.alg, members.first, members.second, members.third) {
        (Some(Number(2)), Some(Number(ES256)), Some(Number(1)), Some(Bytes(x)), Some(Bytes(y))) => {
            PublicJwk::p256(x, y)
        }
        (Some(Number(1)), Some(Number(EDDSA)), Some(Number(6)), Some(Bytes(x)), None) => {
            PublicJwk::ed25519(x)
        }
        (Some(Number(3)), Some(Number(RS256)), Some(Bytes(n)), Some(Bytes(e)), None) => PublicJwk::rsa(n, e),
        _ => return Err(WebAuthnError::Key),
    };
    key.algorithm().map(|_| key).ok_or(WebAuthnError::Key)
}

/// The number of the key's algorithm.
pub(super) const fn algorithm(key: &PublicJwk) -> i32 {
    match key {
        PublicJwk::Ec { .. } => ES256,
        PublicJwk::Okp { .. } => EDDSA,
        PublicJwk::Rsa { .. } => RS256,
    }
}
