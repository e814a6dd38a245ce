//! What is kept of games in Roblox.

pub mod checkpoints;
pub mod connections;
pub mod content;
pub mod deployments;
pub mod erasure;
pub mod events;
pub mod games;
pub mod generation;
pub mod job_progress;
pub mod nudges;
pub mod progress;

use crate::domain::user::{Identity, Scope};
use crate::ports::{Statement, Value};
use crate::storage::IdempotencyRecord;

/// The school, and whoever sees only their own.
fn scoped(scope: &Scope) -> [Value; 2] {
    [(&scope.school_id).into(), scope.owner_id.as_ref().map_or(Value::Null, Value::from)]
}

/// Keeps an idempotency key together with what it made, where that came to be: a refused creation may be tried again.
fn keep_key(
    sql: &'static str,
    caller: &Identity,
    record: &IdempotencyRecord,
    made: Value,
    at: i64,
) -> Statement {
    let params = [
        Value::from(&caller.user_id),
        record.key.as_str().into(),
        (&caller.school_id).into(),
        record.fingerprint.as_str().into(),
        made,
        at.into(),
    ];
    Statement::new(sql, params)
}
