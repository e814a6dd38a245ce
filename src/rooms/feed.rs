//! The room as the feed of its Pusher app: events of server libraries stand in the same numbered log as the room's own, and the
//! room's own cache channels show what it knows.

use serde_json::json;

use super::memory::{Memory, to_json};
use super::{Channel, Context, Room, board};
use crate::domain::pusher::ServerFrame;
use crate::ports::{DbError, Value};
use crate::realtime::{self, Feed, NewEvent, Replay, log};

/// How often the log is cut while only server libraries speak.
const CUT_EVERY: i64 = 100;

impl<'a> From<realtime::Context<'a>> for Context<'a> {
    fn from(ctx: realtime::Context<'a>) -> Self {
        Self { sql: ctx.sql, now: ctx.now, entropy: ctx.entropy, watched: true }
    }
}

impl Feed for Room {
    fn append(&mut self, ctx: realtime::Context<'_>, event: &NewEvent<'_>) -> Result<i64, DbError> {
        self.guarded(|room| {
            let memory = room.memory(ctx.into())?.ok_or_else(|| DbError::Backend("no class".to_owned()))?;
            let seq = memory.last_seq + 1;
            let channels = to_json(&event.channels)?;
            let params: [Value; 7] = [
                seq.into(),
                ctx.now.into(),
                event.name.into(),
                event.data.into(),
                channels.into(),
                Value::Null,
                Value::Null,
            ];
            ctx.sql.query(log::APPEND, &params)?;
            memory.last_seq = seq;
            if seq % CUT_EVERY == 0 {
                ctx.sql.query(log::PRUNE, &[(seq - log::KEPT_ROWS).into()])?;
            }
            Ok(seq)
        })
    }

    fn replay(&mut self, ctx: realtime::Context<'_>, channel: &str, after: i64) -> Result<Replay, DbError> {
        log::replay(ctx.sql, channel, after)
    }

    fn forget(&mut self) {
        self.memory = None;
    }

    fn kept(&mut self, ctx: realtime::Context<'_>, channel: &str) -> Result<Option<Option<String>>, DbError> {
        let (Some(channel), Some(memory)) = (Channel::parse(channel), self.memory(ctx.into())?) else {
            return Ok(None);
        };
        Ok(match channel {
            Channel::Leaderboard => Some(Some(board::frame(memory)?)),
            Channel::Session => Some(session(memory)),
            Channel::Class => None,
        })
    }
}

/// The session as it stands.
fn session(memory: &Memory) -> Option<String> {
    let live = memory.live.as_ref()?;
    let data = json!({"seq": memory.last_seq, "session": live.session}).to_string();
    let channel = Some(Channel::Session.name());
    Some(ServerFrame { event: "quiz_update", channel, data: &data, seq: None }.text())
}
