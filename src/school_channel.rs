//! The channel of a school, sans I/O: what its admins announce, to all its people. A Pusher app whose key is the school's id, in
//! shards; its one channel is [`CHANNEL`], on which only the server speaks.
//!
//! D1 gives the numbers, and every shard gets every announcement in their order, late or twice as it may be: a shard takes what
//! is newer than what it has.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::ids::AnnouncementId;
use crate::domain::pusher::CloseCode;
use crate::domain::time::Timestamp;
use crate::ports::DbError;
use crate::realtime::{App, Context, Effect, EventLog, Feed, NewEvent};

/// The channel.
pub const CHANNEL: &str = "private-announcements";
/// The event.
const EVENT: &str = "announcement";

/// What a school says to all its people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SchoolAnnouncement {
    /// Its number among those of the school; they count up by one.
    pub seq: i64,
    /// The announcement.
    pub id: AnnouncementId,
    /// What is said.
    pub text: String,
    /// When.
    pub at: Timestamp,
}

/// What is asked of a shard.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SchoolOp {
    /// Tells its listeners, in this order.
    Announce(Vec<SchoolAnnouncement>),
    /// Closes sockets of people who may not, or must ask again.
    CloseSockets {
        /// Their ids.
        socket_ids: Vec<String>,
        /// Why.
        code: CloseCode,
    },
}

/// Does it, for a transaction: when it fails, nothing happened.
pub fn call(
    app: &mut App,
    log: &mut EventLog,
    ctx: Context<'_>,
    op: &SchoolOp,
) -> Result<Vec<Effect>, DbError> {
    let done = match op {
        SchoolOp::Announce(announcements) => announce(app, log, ctx, announcements),
        SchoolOp::CloseSockets { socket_ids, code } => app.close_sockets(ctx, socket_ids, *code),
    };
    if done.is_err() {
        log.forget();
    }
    done
}

fn announce(
    app: &mut App,
    log: &mut EventLog,
    ctx: Context<'_>,
    announcements: &[SchoolAnnouncement],
) -> Result<Vec<Effect>, DbError> {
    let channels = [CHANNEL.to_owned()];
    let mut effects = Vec::new();
    for announcement in announcements {
        let data =
            serde_json::to_string(announcement).map_err(|error| DbError::Backend(error.to_string()))?;
        let event = NewEvent { name: EVENT, data: &data, channels: &channels };
        if log.append_numbered(ctx, announcement.seq, &event)? {
            app.fan_out(ctx, (announcement.seq, EVENT, &data), &channels, None, &mut effects)?;
        }
    }
    Ok(effects)
}
