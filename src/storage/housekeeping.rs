//! What the cron deletes, and the letters that no queue could deliver.

use crate::domain::ids::DeadLetterId;
use crate::domain::time::{DAY_MS, Timestamp};
use crate::ports::{Database, DbError, Statement, Value};

/// How long an idempotency key is remembered: longer than any client retries.
const KEYS_KEPT_MS: i64 = DAY_MS;

const FORGET_KEYS: &str = "delete from idempotency_keys where created_at < cast(?1 as integer)";
const KEEP_LETTER: &str = "
    insert into dead_letters (id, queue, body, received_at) values (?1, ?2, ?3, ?4)";

/// Deletes what nobody needs any more.
pub async fn tidy(db: &dyn Database, now: Timestamp) -> Result<(), DbError> {
    db.batch(vec![Statement::new(FORGET_KEYS, [now.plus_millis(-KEYS_KEPT_MS).into()])]).await?;
    Ok(())
}

/// Keeps a message that failed for good, for a person to read and replay.
pub async fn keep_dead_letter(
    db: &dyn Database,
    id: &DeadLetterId,
    queue: &str,
    body: &str,
    now: Timestamp,
) -> Result<(), DbError> {
    let params = [Value::from(id), queue.into(), body.into(), now.into()];
    db.batch(vec![Statement::new(KEEP_LETTER, params)]).await?;
    Ok(())
}
