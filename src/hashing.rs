//! Hashing of passwords, bounded: the one way to `domain::password`.

use std::sync::{Arc, Mutex, PoisonError};

use crate::domain::pacer::{Busy, Pacer};
use crate::domain::password;
use crate::ports::{Clock, Entropy, Pause};

/// Hashes and verifies passwords at a pace that leaves everything else its turn.
pub struct Hashing {
    pacer: Mutex<Pacer>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    pause: Arc<dyn Pause>,
}

/// Why a password was not hashed.
#[derive(Debug, thiserror::Error)]
pub enum HashingError {
    /// Too many wait already.
    #[error("too many passwords are being checked")]
    Busy(Busy),
    /// Parameters or memory.
    #[error(transparent)]
    Failed(#[from] password::HashError),
}

impl Hashing {
    /// With the platform's clock, randomness and timer.
    pub fn new(clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>, pause: Arc<dyn Pause>) -> Self {
        Self { pacer: Mutex::default(), clock, entropy, pause }
    }

    /// Waits for a turn.
    async fn turn(&self) -> Result<(), HashingError> {
        let place = self.pacer.lock().unwrap_or_else(PoisonError::into_inner).take(self.clock.now());
        let wait_ms = place.map_err(HashingError::Busy)?;
        if wait_ms > 0 {
            self.pause.pause(wait_ms).await;
        }
        Ok(())
    }

    /// The hash of a new password.
    pub async fn hash(&self, password: &str) -> Result<String, HashingError> {
        self.turn().await?;
        Ok(password::hash(password, self.entropy.as_ref())?)
    }

    /// Whether the password belongs to the hash. Nobody's hash (absent or empty) costs the same time.
    pub async fn verify(&self, password: &str, phc: Option<&str>) -> Result<bool, HashingError> {
        self.turn().await?;
        let known = phc.filter(|phc| !phc.is_empty());
        Ok(password::verify(password, known.unwrap_or(password::NOBODYS_HASH)) && known.is_some())
    }
}
