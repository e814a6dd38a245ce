//! What waits of Roblox: somebody to be forgotten, a nudge of a class's servers.

use super::{JobError, Ports};
use crate::domain::audit::{AuditAction, AuditEvent, Origin, Subject, SubjectKind};
use crate::domain::ids::{ClassId, ConnectionId, SchoolId};
use crate::domain::roblox::{ErasureRequest, NUDGE_EVERY_MS, Purpose, nudge_message, nudge_topic, open};
use crate::domain::time::Timestamp;
use crate::inbox::InboxOp;
use crate::json;
use crate::open_cloud::{CloudError, OpenCloud};
use crate::ports::{DbError, PortError};
use crate::rooms::{RoomAnswer, RoomOp, Student};
use crate::storage::classes::{self, ClassRow};
use crate::storage::roblox::connections::{self, ConnectionRow};
use crate::storage::roblox::erasure::{self, Which};
use crate::storage::roblox::nudges::{self, Claim};

/// How long a request for erasure waits for its message before the hourly tick carries it out.
const ERASURE_LATE_MS: i64 = 600_000;
/// The pause after Open Cloud did not answer, in seconds.
const CLOUD_PAUSE_S: u32 = 30;

fn later(after_s: u32, error: &PortError) -> JobError {
    JobError::Later { after_s, cause: error.to_string() }
}

/// Forgets somebody. Whatever was done before is done again, so it does not matter where the last try ended.
pub(super) async fn erase(
    ports: &Ports<'_>,
    school: &SchoolId,
    connection: &ConnectionId,
    notification: &str,
) -> Result<(), JobError> {
    let which = Which { school_id: school, connection_id: connection, notification_id: notification };
    let row = erasure::notification(ports.db, which).await?;
    let Some(payload) = row.filter(|row| row.done_at.is_none()).and_then(|row| row.payload) else {
        return Ok(());
    };
    let request: ErasureRequest = json::from_str(&payload)
        .map_err(|_| JobError::Malformed("a request for erasure does not decode".to_owned()))?;
    let classes = erasure::classes(ports.db, school, &request.game_ids).await?;
    let mut seats = 0_u32;
    for class in &classes {
        seats += u32::from(erase_in(ports, class, &request.user_id).await?);
    }
    let now = ports.clock.now();
    let actor = Subject::new(SubjectKind::System, "roblox");
    let event =
        AuditEvent::new(now, ports.entropy, school, actor, AuditAction::RobloxUserErased, &Origin::default())
            .on(Subject::new(SubjectKind::Connection, connection.as_str()))
            .with(serde_json::json!({"classes": classes.len(), "seats": seats}));
    Ok(erasure::done(ports.db, which, &event).await?)
}

/// First D1, which keeps what reports must not bring back; then the room, by which the pupil is found; so a try that ended between
/// the two finds the pupil again.
async fn erase_in(ports: &Ports<'_>, class: &ClassRow, user_id: &str) -> Result<bool, JobError> {
    let ask = |op| async move {
        ports.rooms.call(class.facts(), op).await.map_err(|error| later(CLOUD_PAUSE_S, &error))
    };
    let RoomAnswer::Seat(seat) = ask(RoomOp::SeatOf(Student::User(user_id.to_owned()))).await? else {
        return Ok(false);
    };
    erasure::erase_seat(ports.db, &class.school_id, &class.id, &seat.id, ports.clock.now()).await?;
    for teacher in classes::staff(ports.db, &class.school_id, &class.id).await? {
        let forget = InboxOp::ForgetSeat(seat.id.clone());
        ports.inboxes.call(teacher.user_id, forget).await.map_err(|error| later(CLOUD_PAUSE_S, &error))?;
    }
    ask(RoomOp::EraseUser(user_id.to_owned())).await?;
    Ok(true)
}

/// Carries out what no message came for.
pub(super) async fn overdue_erasures(ports: &Ports<'_>) -> Result<(), DbError> {
    let before = ports.clock.now().plus_millis(-ERASURE_LATE_MS);
    for row in erasure::waiting(ports.db, before).await? {
        if let Err(error) = erase(ports, &row.school_id, &row.connection_id, &row.notification_id).await {
            let line = serde_json::json!({"message": "erasure failed", "level": "error",
                "roblox.connection": row.connection_id.as_str(), "cause": error.to_string()});
            ports.log.line(&line.to_string());
        }
    }
    Ok(())
}

/// Nudges the servers of a class, at most once in a few seconds: a wish that another nudge covers is granted already.
pub(super) async fn nudge(
    ports: &Ports<'_>,
    school: &SchoolId,
    class: &ClassId,
    wanted_at: Timestamp,
) -> Result<(), JobError> {
    let connections = connections::of_class(ports.db, school, class).await?;
    if connections.is_empty() {
        return Ok(());
    }
    let now = ports.clock.now();
    let version = match nudges::claim(ports.db, school, class, wanted_at, now, NUDGE_EVERY_MS).await? {
        Claim::Covered => return Ok(()),
        Claim::TooSoon => {
            let after_s = u32::try_from(NUDGE_EVERY_MS / 1000).unwrap_or(1);
            return Err(JobError::Later { after_s, cause: "a nudge went out a moment ago".to_owned() });
        }
        Claim::Ours(version) => version,
    };
    let mut failed = None;
    for connection in connections {
        match publish(ports, &connection, class, version).await {
            Err(error @ (CloudError::Unavailable(_) | CloudError::TooOften)) => failed = Some(error),
            Err(error) => {
                let line = serde_json::json!({"message": "nudge refused", "level": "warn",
                    "roblox.connection": connection.id.as_str(), "cause": error.to_string()});
                ports.log.line(&line.to_string());
            }
            Ok(()) => {}
        }
    }
    let Some(error) = failed else { return Ok(()) };
    nudges::release(ports.db, school, class, version).await?;
    Err(JobError::Later { after_s: CLOUD_PAUSE_S, cause: error.to_string() })
}

async fn publish(
    ports: &Ports<'_>,
    connection: &ConnectionRow,
    class: &ClassId,
    version: i64,
) -> Result<(), CloudError> {
    let keys = &ports.config.factor_keys;
    let key = open(keys, &connection.kid, &connection.id, Purpose::ApiKey, &connection.api_key);
    let key = key.ok_or(CloudError::Malformed("the API key's sealing key is gone"))?;
    let cloud = OpenCloud { http: ports.http, base_url: &ports.config.open_cloud_url };
    cloud.publish_message(&key, &connection.universe_id, &nudge_topic(class), &nudge_message(version)).await
}
