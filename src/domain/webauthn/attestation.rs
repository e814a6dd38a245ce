//! The attestation object (section 6.5). `none` is what is asked for; browsers leave in place the self attestation of
//! authenticators that name no model (section 5.1.3), which proves no more than that the key is there: it is verified. Every
//! other statement was not asked for.

use minicbor::Decoder;
use minicbor::decode::Error;

use super::authenticator_data::AttestedCredential;
use super::{WebAuthnError, cose};

/// What stands in it.
pub(super) struct AttestationObject<'b> {
    pub auth_data: &'b [u8],
    pub statement: Statement<'b>,
}

/// The statement, by its format.
pub(super) enum Statement<'b> {
    None,
    /// Packed (section 8.2), without a certificate.
    PackedSelf {
        algorithm: i32,
        signature: &'b [u8],
    },
    Other,
}

impl<'b> AttestationObject<'b> {
    pub fn read(bytes: &'b [u8]) -> Result<Self, WebAuthnError> {
        Self::decode(bytes).map_err(|_| WebAuthnError::Malformed("attestationObject"))
    }

    fn decode(bytes: &'b [u8]) -> Result<Self, Error> {
        let mut decoder = Decoder::new(bytes);
        let (mut format, mut statement, mut auth_data) = (None, None, None);
        for _ in 0..length(&mut decoder)? {
            match decoder.str()? {
                "fmt" => format = Some(decoder.str()?),
                "attStmt" => {
                    statement = Some(decoder.position());
                    decoder.skip()?;
                }
                "authData" => auth_data = Some(decoder.bytes()?),
                _ => decoder.skip()?,
            }
        }
        if decoder.position() != bytes.len() {
            return Err(Error::message("something follows"));
        }
        let missing = || Error::message("a member is missing");
        decoder.set_position(statement.ok_or_else(missing)?);
        Ok(Self {
            auth_data: auth_data.ok_or_else(missing)?,
            statement: Statement::decode(format.ok_or_else(missing)?, &mut decoder)?,
        })
    }
}

impl<'b> Statement<'b> {
    fn decode(format: &str, decoder: &mut Decoder<'b>) -> Result<Self, Error> {
        let count = length(decoder)?;
        match format {
            "none" if count == 0 => return Ok(Self::None),
            "packed" => {}
            _ => return Ok(Self::Other),
        }
        let (mut algorithm, mut signature) = (None, None);
        for _ in 0..count {
            match decoder.str()? {
                "alg" => algorithm = Some(decoder.i32()?),
                "sig" => signature = Some(decoder.bytes()?),
                // A certificate: the statement is about a model.
                _ => return Ok(Self::Other),
            }
        }
        Ok(match (algorithm, signature) {
            (Some(algorithm), Some(signature)) => Self::PackedSelf { algorithm, signature },
            _ => Self::Other,
        })
    }

    /// The signature that is to be verified with the new key itself, if there is one.
    pub fn self_attestation(&self, attested: &AttestedCredential) -> Result<Option<Vec<u8>>, WebAuthnError> {
        match self {
            Self::None => Ok(None),
            Self::PackedSelf { algorithm, signature }
                if *algorithm == cose::algorithm(&attested.public_key) =>
            {
                Ok(Some(signature.to_vec()))
            }
            Self::PackedSelf { .. } | Self::Other => Err(WebAuthnError::Attestation),
        }
    }
}

/// The number of members of the map that stands next.
fn length(decoder: &mut Decoder<'_>) -> Result<u64, Error> {
    decoder.map()?.ok_or_else(|| Error::message("of no known length"))
}
