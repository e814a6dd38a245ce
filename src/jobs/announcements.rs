//! What a school says goes to every shard of its channel.

use futures::future::join_all;

use super::{JobError, Ports};
use crate::domain::ids::SchoolId;
use crate::domain::pusher::Shard;
use crate::ports::DbError;
use crate::school_channel::SchoolOp;
use crate::storage::school_announcements;

/// The pause after a shard did not answer, in seconds.
const SHARD_PAUSE_S: u32 = 5;
/// How long an announcement waits for its message before the hourly tick tells it.
const LATE_MS: i64 = 120_000;

/// Tells everything that not every shard has, in order: so no shard ever has a number without those before it.
pub(super) async fn tell(ports: &Ports<'_>, school: &SchoolId) -> Result<(), JobError> {
    loop {
        let untold = school_announcements::untold(ports.db, school).await?;
        let Some(last_seq) = untold.last().map(|last| last.seq) else { return Ok(()) };
        let op = SchoolOp::Announce(untold);
        let calls = Shard::all().map(|shard| ports.school_channels.call(school.clone(), shard, op.clone()));
        if let Some(error) = join_all(calls).await.into_iter().find_map(Result::err) {
            return Err(JobError::Later { after_s: SHARD_PAUSE_S, cause: error.to_string() });
        }
        school_announcements::told(ports.db, school, last_seq, ports.clock.now()).await?;
    }
}

/// Tells what no message came for.
pub(super) async fn overdue(ports: &Ports<'_>) -> Result<(), DbError> {
    let before = ports.clock.now().plus_millis(-LATE_MS);
    for school in school_announcements::overdue(ports.db, before).await? {
        if let Err(error) = tell(ports, &school).await {
            let line = serde_json::json!({"message": "announcement not told", "level": "error",
                "school": school.as_str(), "cause": error.to_string()});
            ports.log.line(&line.to_string());
        }
    }
    Ok(())
}
