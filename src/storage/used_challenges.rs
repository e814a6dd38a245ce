//! What may be used once. The row goes into the batch that does what is allowed by it: its primary key is the guard.

use crate::domain::ids::FactorId;
use crate::domain::time::{DAY_MS, Timestamp};
use crate::ports::{DbError, Statement, Value};

const USE: &str = "insert into used_challenges (id, expires_at) values (?1, ?2)";
const IS_USED: &str = "select 1 as used from used_challenges where id = ?1";
const FORGET: &str = "delete from used_challenges where expires_at < cast(?1 as integer)";

/// Something that may be used once.
#[derive(Clone, Copy, Debug)]
pub enum Once<'a> {
    /// A challenge or ceremony, by its nonce.
    Nonce(&'a str),
    /// A code of an authenticator app, by its step.
    Step(&'a FactorId, i64),
    /// A recovery code, by its hash.
    RecoveryCode(&'a str),
}

impl Once<'_> {
    fn id(self) -> String {
        match self {
            Self::Nonce(nonce) => format!("nonce {nonce}"),
            Self::Step(factor, step) => format!("step {factor} {step}"),
            Self::RecoveryCode(hash) => format!("recovery {hash}"),
        }
    }
}

/// Uses it, or fails the batch. A day later it is too old to be used in any case.
pub fn spend(once: Once<'_>, now: Timestamp) -> Statement {
    Statement::new(USE, [once.id().into(), now.plus_millis(DAY_MS).into()])
}

/// A row, if it was used. The batch that uses it is what decides; this is for a better answer.
pub fn is_used(once: Once<'_>) -> Statement {
    Statement::new(IS_USED, [Value::from(once.id())])
}

/// Whether a batch failed because something in it was used before.
pub fn is_refusal(error: &DbError) -> bool {
    matches!(error, DbError::Unique(column) if column == "used_challenges.id")
}

/// Deletes what is too old to be used.
pub fn forget(now: Timestamp) -> Statement {
    Statement::new(FORGET, [now.into()])
}
