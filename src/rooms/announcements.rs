//! Announcements: what a teacher says to all pupils of a class. The games get it with their next sync, and show it.

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::log::{self, GameMessage};
use super::memory::{Memory, to_json};
use super::{Channel, Context, Effect, Refusal};
use crate::domain::ids::{AnnouncementId, UserId};
use crate::domain::time::Timestamp;
use crate::ports::{DbError, Value, decode_first};

/// Idempotency keys that are remembered: of the last so many announcements that had one.
const KEPT_KEYS: i64 = 100;

/// An announcement to be made.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NewAnnouncement {
    /// Its id.
    pub id: AnnouncementId,
    /// What is said.
    pub text: String,
    /// Who says it.
    pub by: UserId,
    /// The caller's key, so that a repeated request finds the first announcement.
    pub idempotency_key: Option<String>,
    /// Of the request's body.
    pub fingerprint: String,
}

/// An announcement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Announcement {
    /// The announcement.
    pub id: AnnouncementId,
    /// What was said. Text that people wrote: filter it before you show it.
    pub text: String,
    /// When.
    pub at: Timestamp,
    /// Its number in the log of the class.
    pub seq: i64,
}

const BY_KEY: &str = "select seq, id, at, fingerprint from announcements where idempotency_key = ?1";
/// The text is in the log alone, which forgets it when somebody is to be forgotten.
const KEEP_KEY: &str = "
    insert into announcements (seq, id, at, idempotency_key, fingerprint) values (?1, ?2, ?3, ?4, ?5)";
const FORGET_KEYS: &str = "
    delete from announcements where seq <= (select seq from announcements order by seq desc limit 1 offset ?1)";

#[derive(Deserialize)]
struct KeyRow {
    seq: i64,
    id: AnnouncementId,
    at: i64,
    fingerprint: String,
}

/// Says it once, to the games and to the dashboards.
pub(super) fn announce(
    memory: &mut Memory,
    ctx: Context<'_>,
    new: NewAnnouncement,
    effects: &mut Vec<Effect>,
) -> Result<Result<Announcement, Refusal>, DbError> {
    let NewAnnouncement { id, text, by, idempotency_key, fingerprint } = new;
    if let Some(key) = &idempotency_key {
        let row: Option<KeyRow> = decode_first(ctx.sql.query(BY_KEY, &[Value::from(key.as_str())])?)?;
        if let Some(row) = row {
            let at = Timestamp::from_millis(row.at);
            // The same fingerprint is the same text.
            let first = Announcement { id: row.id, text, at, seq: row.seq };
            return Ok(if row.fingerprint == fingerprint {
                Ok(first)
            } else {
                Err(Refusal::IdempotencyMismatch)
            });
        }
    }
    let news = json!({"announcement": {"id": id, "text": text, "by": by}});
    let data = to_json(&json!({"id": id, "text": text}))?;
    let game = GameMessage { kind: "announcement", data: &data };
    let seq = log::append(memory, ctx, ("content_update", &news), Some(game), &[Channel::Class], effects)?;
    if let Some(key) = &idempotency_key {
        let params = [
            seq.into(),
            (&id).into(),
            ctx.now.into(),
            Value::from(key.as_str()),
            fingerprint.as_str().into(),
        ];
        ctx.sql.query(KEEP_KEY, &params)?;
        ctx.sql.query(FORGET_KEYS, &[KEPT_KEYS.into()])?;
    }
    Ok(Ok(Announcement { id, text, at: ctx.now, seq }))
}
