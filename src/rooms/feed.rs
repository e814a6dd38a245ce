//! The room as the feed of its Pusher app: events of server libraries stand in the same numbered log as the room's own, and the
//! room's own cache channels show what it knows.

use serde_json::json;

use super::memory::Memory;
use super::{Channel, Context, Room, board};
use crate::domain::pusher::ServerFrame;
use crate::ports::DbError;
use crate::realtime::{self, Appended, Feed, NewEvent, Replay, log};

impl<'a> From<realtime::Context<'a>> for Context<'a> {
    fn from(ctx: realtime::Context<'a>) -> Self {
        Self { sql: ctx.sql, now: ctx.now, entropy: ctx.entropy, watched: true }
    }
}

impl Feed for Room {
    fn append(&mut self, ctx: realtime::Context<'_>, event: &NewEvent<'_>) -> Result<Appended, DbError> {
        self.guarded(|room| {
            let memory = room.memory(ctx.into())?.ok_or_else(|| DbError::Backend("no class".to_owned()))?;
            memory.tail.append(ctx.into(), event)
        })
    }

    fn replay(&mut self, ctx: realtime::Context<'_>, channel: &str, after: i64) -> Result<Replay, DbError> {
        self.guarded(|room| {
            if let Some(memory) = room.memory(ctx.into())? {
                memory.tail.store(ctx.sql)?;
                let last_seq = memory.tail.last_seq();
                if (0..last_seq).contains(&after) && memory.tail.has_hole(ctx.sql, after)? {
                    let oldest_seq = log::oldest(ctx.sql)?;
                    return Ok(Replay::Gap { oldest_seq, last_seq });
                }
            }
            log::replay(ctx.sql, channel, after)
        })
    }

    fn forget(&mut self) {
        *self = Self::default();
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
    let data = json!({"seq": memory.tail.last_seq(), "session": live.session}).to_string();
    let channel = Some(Channel::Session.name());
    Some(ServerFrame { event: "quiz_update", channel, data: &data, seq: None }.text())
}
