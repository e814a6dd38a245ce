//! The hourly round of the audit log: what nobody sealed is sealed, and the newest seals go to the log, where whoever changes
//! the database cannot reach them.

use super::Ports;
use crate::ports::DbError;
use crate::storage::audit_log;

/// Two hours: a tick that did not come leaves no gap.
const HEADS_SINCE_MS: i64 = 7_200_000;

/// One round. A school that fails does not keep the others waiting.
pub(super) async fn round(ports: &Ports<'_>) -> Result<(), DbError> {
    let now = ports.clock.now();
    let mut failed = None;
    for school in audit_log::schools_waiting(ports.db).await? {
        if let Err(error) = audit_log::seal_waiting(ports.db, &school, now).await {
            failed = Some(error);
        }
    }
    for head in audit_log::heads(ports.db, now.plus_millis(-HEADS_SINCE_MS)).await? {
        let line = serde_json::json!({"message": "audit chain", "level": "info", "school.id": head.school_id.as_str(),
            "audit.seq": head.seq, "audit.hash": head.hash});
        ports.log.line(&line.to_string());
    }
    failed.map_or(Ok(()), Err)
}
