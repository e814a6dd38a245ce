//! What a queue message, a cron tick and a room's report do.

use serde::{Deserialize, Serialize};

use crate::domain::audit::AuditEvent;
use crate::domain::ids::{DeadLetterId, GameKeyId, SchoolId};
use crate::domain::time::Timestamp;
use crate::inbox::InboxOp;
use crate::ports::{Database, DbError, Entropy, Inboxes, PortError};
use crate::rooms::Report;
use crate::storage::{audit, game_keys, housekeeping, reports};

/// The queue whose messages failed for good.
pub const DEAD_LETTER_QUEUE: &str = "toolboxai-jobs-dead";

/// Work that waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Job {
    /// A game opened a session: remember when its key was used last. In the queue, so that opening costs no write.
    GameKeyUsed {
        /// The key.
        key_id: GameKeyId,
        /// Its school.
        school_id: SchoolId,
        /// When.
        at: Timestamp,
    },
    /// Something happened that is no write of D1: a refusal, a failed sign-in, the use of a key.
    Audit {
        /// What.
        event: AuditEvent,
    },
}

/// Why a message is not done.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// It is no job; it never will be.
    #[error("not a job: {0}")]
    Malformed(String),
    /// Perhaps the next time.
    #[error(transparent)]
    Database(#[from] DbError),
}

/// Does one message. A message that comes twice counts once.
pub async fn run(db: &dyn Database, message: &str) -> Result<(), JobError> {
    let job: Job = serde_json::from_str(message).map_err(|error| JobError::Malformed(error.to_string()))?;
    match job {
        Job::GameKeyUsed { key_id, school_id, at } => game_keys::touch(db, &school_id, &key_id, at).await?,
        Job::Audit { event } => {
            db.batch(vec![audit::insert(&event)]).await?;
        }
    }
    Ok(())
}

/// Takes a room's report to where it belongs. Twice or late is the same as once, so a half of it is simply done again.
pub async fn deliver(db: &dyn Database, inboxes: &dyn Inboxes, report: &Report) -> Result<(), PortError> {
    reports::apply(db, report).await.map_err(|error| PortError(error.to_string()))?;
    if report.wants_approval && !report.seats.is_empty() {
        let op = InboxOp::Seats {
            class_id: report.class_id.clone(),
            class_name: report.class_name.clone(),
            seats: report.seats.clone(),
        };
        inboxes.call(report.teacher_id.clone(), op).await?;
    }
    Ok(())
}

/// Keeps a message that failed for good.
pub async fn bury(
    db: &dyn Database,
    entropy: &dyn Entropy,
    now: Timestamp,
    queue: &str,
    message: &str,
) -> Result<(), DbError> {
    housekeeping::keep_dead_letter(db, &DeadLetterId::new(now, entropy), queue, message, now).await
}

/// The hourly tick.
pub async fn tick(db: &dyn Database, now: Timestamp) -> Result<(), DbError> {
    housekeeping::tidy(db, now).await
}
