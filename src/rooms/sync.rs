//! A game server's batch: events in, results and messages out. Every event is applied, a duplicate or rejected by itself.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::apply::{Batch, Outcome};
use super::event::{self, Reject, RejectCode};
use super::log::Message;
use super::memory::{Memory, to_json};
use super::{Context, Effect, calls, log, presence, sessions};
use crate::domain::live_session::{Pace, Status};
use crate::domain::tokens::GameClaims;
use crate::ports::DbError;

/// The most events in one call: a full class with six answers each.
pub const MAX_EVENTS: usize = 200;
/// Pace while pupils work by themselves: 20 requests a minute of Roblox's 500.
const SELF_PACED_SYNC_MS: u32 = 3000;
/// Pace while a teacher opens question after question and everybody waits for it: 60 a minute.
const HOST_PACED_SYNC_MS: u32 = 1000;
/// Pace in the lobby, when the start is near: 30 a minute.
const LOBBY_SYNC_MS: u32 = 2000;
/// Pace while nothing happens.
const IDLE_SYNC_MS: u32 = 5000;

/// Who syncs, and what the Worker knows that the room may not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncCaller {
    /// Of the game's token.
    pub claims: GameClaims,
    /// The version of the runtime settings; 0 when nobody changed them.
    pub settings_version: i64,
}

/// What a game server gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SyncReply {
    /// A [`SyncOut`] as JSON, to be handed on unread.
    Answer(Vec<u8>),
    /// The whole call is refused.
    Refused(SyncRefusal),
}

/// Why a whole call is refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SyncRefusal {
    /// The body is not a sync.
    Malformed(String),
    /// More than [`MAX_EVENTS`].
    TooManyEvents,
    /// The room has no class yet.
    NotReady,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SyncIn<'a> {
    #[serde(borrow)]
    cursor: Cow<'a, str>,
    #[serde(borrow, default)]
    events: Vec<&'a RawValue>,
}

/// The answer to a sync.
#[derive(Serialize, ToSchema)]
pub struct SyncOut {
    /// One for each event, in their order.
    results: Vec<EventResult>,
    /// What the game must know, in order.
    #[schema(value_type = Vec<MessageSchema>)]
    messages: Vec<Message>,
    /// To be sent back with the next call.
    cursor: String,
    /// When to call next, in milliseconds.
    next_sync_ms: u32,
}

/// A message to the game; docs/live-class.md has the types and their data.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only describes what `Message` serialises")]
pub struct MessageSchema {
    seq: i64,
    #[schema(rename = "type")]
    kind: String,
    data: serde_json::Value,
}

/// What became of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EventStatus {
    /// It counts.
    Applied,
    /// It counted before; the result is that of the first time.
    Duplicate,
    /// It counts for nothing.
    Rejected,
}

/// What became of an event.
#[derive(Serialize, ToSchema)]
pub struct EventResult {
    /// The event's id; null when it had none that could be read.
    id: Option<String>,
    status: EventStatus,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<RejectCode>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<Cow<'static, str>>,
    #[serde(flatten)]
    outcome: Outcome,
}

impl EventResult {
    fn rejected(id: Option<String>, reject: Reject) -> Self {
        let outcome = Outcome::default();
        Self {
            id,
            status: EventStatus::Rejected,
            code: Some(reject.code),
            detail: Some(reject.detail),
            outcome,
        }
    }

    fn accepted(id: String, status: EventStatus, outcome: Outcome) -> Self {
        Self { id: Some(id), status, code: None, detail: None, outcome }
    }
}

/// Applies a batch. Everything is decided before the first write.
pub(super) fn sync(
    memory: &mut Memory,
    ctx: Context<'_>,
    SyncCaller { claims: caller, settings_version }: &SyncCaller,
    body: &[u8],
    effects: &mut Vec<Effect>,
) -> Result<SyncReply, DbError> {
    let input: SyncIn<'_> = match serde_json::from_slice(body) {
        Ok(input) => input,
        Err(error) => return Ok(SyncReply::Refused(SyncRefusal::Malformed(error.to_string()))),
    };
    let Ok(cursor) = input.cursor.parse::<i64>() else {
        let detail = "cursor: the one of the last answer, or \"0\"".to_owned();
        return Ok(SyncReply::Refused(SyncRefusal::Malformed(detail)));
    };
    if input.events.len() > MAX_EVENTS {
        return Ok(SyncReply::Refused(SyncRefusal::TooManyEvents));
    }
    sessions::close_if_over(memory, ctx, effects)?;
    presence::heard(memory, ctx, &caller.job_id)?;
    calls::announce_settings(memory, ctx, *settings_version, effects)?;
    let results = apply_all(memory, ctx, caller, &input.events, effects)?;
    let (messages, cursor) = match log::messages(memory, ctx, cursor)? {
        Some(behind) if cursor > 0 => behind,
        _ => (sessions::state_messages(memory)?, memory.tail.last_seq()),
    };
    let out = SyncOut { results, messages, cursor: cursor.to_string(), next_sync_ms: pace(memory) };
    Ok(SyncReply::Answer(to_json(&out)?.into_bytes()))
}

/// How soon a game should call again.
fn pace(memory: &Memory) -> u32 {
    match memory.live.as_ref().map(|live| (live.session.status, live.session.pace)) {
        Some((Status::Running | Status::Paused, Pace::Host)) => HOST_PACED_SYNC_MS,
        Some((Status::Running | Status::Paused, Pace::SelfPaced)) => SELF_PACED_SYNC_MS,
        Some((Status::Lobby, _)) => LOBBY_SYNC_MS,
        Some((Status::Ended, _)) | None => IDLE_SYNC_MS,
    }
}

fn apply_all(
    memory: &mut Memory,
    ctx: Context<'_>,
    caller: &GameClaims,
    events: &[&RawValue],
    effects: &mut Vec<Effect>,
) -> Result<Vec<EventResult>, DbError> {
    if events.is_empty() {
        return Ok(Vec::new());
    }
    let parsed: Vec<_> = events.iter().map(|raw| (raw, event::parse(raw.get()))).collect();
    let ids = parsed.iter().filter_map(|(_, event)| event.as_ref().ok()).map(|event| event.id.as_str());
    let mut batch = Batch::new(memory, ctx, caller, ids)?;
    let mut results = Vec::with_capacity(parsed.len());
    for (raw, event) in parsed {
        results.push(match event {
            Err(reject) => EventResult::rejected(event::id_of(raw.get()), reject),
            Ok(event) => match batch.apply(&event) {
                Ok((status, outcome)) => EventResult::accepted(event.id, status, outcome),
                Err(reject) => EventResult::rejected(Some(event.id), reject),
            },
        });
    }
    batch.write(effects)?;
    Ok(results)
}
