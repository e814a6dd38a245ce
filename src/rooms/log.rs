//! The numbered log of a room. Each row is an event for the dashboards and may carry a message for the games, so both count
//! with one number and neither sees gaps.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::memory::{Memory, to_json};
use super::tail::OwnRow;
use super::{Channel, Context, Effect};
use crate::domain::pusher::ServerFrame;
use crate::domain::time::Timestamp;
use crate::ports::{DbError, decode};
use crate::realtime::log::oldest;

/// The most messages in one answer to a game.
const MAX_MESSAGES: i64 = 100;

const MESSAGES: &str = "
    select seq, game_type, game_data from log
    where seq > ?1 and game_type is not null order by seq limit ?2";
const EVENTS: &str = "
    select seq, at, type, data from log
    where seq > ?1 and (channels is null or exists (
      select 1 from json_each(channels) where value in (select value from json_each(?3))))
    order by seq limit ?2";
/// A message for the games.
#[derive(Clone, Copy)]
pub(super) struct GameMessage<'a> {
    pub kind: &'a str,
    pub data: &'a str,
}

/// A part of the log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct EventPage {
    /// In order.
    pub items: Vec<LoggedEvent>,
    /// The newest number there is.
    pub last_seq: i64,
    /// The oldest number that is still kept.
    pub oldest_seq: i64,
}

/// An event, as it went out on a channel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LoggedEvent {
    /// Its number.
    pub seq: i64,
    /// When it happened.
    pub at: Timestamp,
    /// The event's name.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its data: of the room's own events an object with `seq` in it; of others what was sent.
    pub data: serde_json::Value,
}

/// Data with its number in front.
#[derive(Serialize)]
struct Numbered<'a, T> {
    seq: i64,
    #[serde(flatten)]
    data: &'a T,
}

/// Appends an event, publishes it on the channels, and gives its number.
pub(super) fn append<T: Serialize>(
    memory: &mut Memory,
    ctx: Context<'_>,
    (kind, data): (&str, &T),
    game: Option<GameMessage<'_>>,
    channels: &[Channel],
    effects: &mut Vec<Effect>,
) -> Result<i64, DbError> {
    let seq = memory.tail.next_seq();
    let data = to_json(&Numbered { seq, data })?;
    let names: Vec<&str> = channels.iter().map(|channel| channel.name()).collect();
    let channel_names = (!names.is_empty()).then(|| to_json(&names)).transpose()?;
    memory.tail.write(ctx, &OwnRow { kind, data: &data, channels: channel_names, game })?;
    if game.is_some() {
        memory.last_game_seq = seq;
    }
    for channel in channels.iter().filter(|_| ctx.watched) {
        let frame = ServerFrame { event: kind, channel: Some(channel.name()), data: &data, seq: Some(seq) };
        effects.push(Effect::Publish { channel: *channel, frame: frame.text() });
    }
    Ok(seq)
}

#[derive(Deserialize)]
struct MessageRow {
    seq: i64,
    game_type: String,
    game_data: String,
}

/// A message as it goes to a game; its data is JSON already.
#[derive(Serialize)]
pub(super) struct Message {
    pub seq: i64,
    #[serde(rename = "type")]
    pub kind: String,
    pub data: Box<serde_json::value::RawValue>,
}

impl Message {
    pub fn new(seq: i64, kind: &str, data: String) -> Result<Self, DbError> {
        let data = serde_json::value::RawValue::from_string(data)
            .map_err(|error| DbError::Backend(format!("a message is no JSON: {error}")))?;
        Ok(Self { seq, kind: kind.to_owned(), data })
    }
}

/// The messages behind a cursor, and the cursor behind them; nothing when the log no longer reaches back so far.
pub(super) fn messages(
    memory: &Memory,
    ctx: Context<'_>,
    cursor: i64,
) -> Result<Option<(Vec<Message>, i64)>, DbError> {
    if cursor >= memory.last_game_seq && cursor <= memory.tail.last_seq() {
        return Ok(Some((Vec::new(), memory.tail.last_seq())));
    }
    if cursor > memory.tail.last_seq() || cursor + 1 < oldest(ctx.sql)? {
        return Ok(None);
    }
    let rows: Vec<MessageRow> = decode(ctx.sql.query(MESSAGES, &[cursor.into(), MAX_MESSAGES.into()])?)?;
    let full = i64::try_from(rows.len()).is_ok_and(|count| count == MAX_MESSAGES);
    let next = rows.last().filter(|_| full).map_or(memory.tail.last_seq(), |row| row.seq);
    let messages = rows.into_iter().map(|row| Message::new(row.seq, &row.game_type, row.game_data));
    Ok(Some((messages.collect::<Result<_, _>>()?, next)))
}

#[derive(Deserialize)]
struct EventRow {
    seq: i64,
    at: i64,
    #[serde(rename = "type")]
    kind: String,
    data: String,
}

/// The events behind a number on some channels; nothing when the log no longer reaches back so far.
pub(super) fn events(
    memory: &mut Memory,
    ctx: Context<'_>,
    (after, limit): (i64, i64),
    channels: &[String],
) -> Result<Option<EventPage>, DbError> {
    memory.tail.store(ctx.sql)?;
    let oldest_seq = oldest(ctx.sql)?;
    let last_seq = memory.tail.last_seq();
    if after + 1 < oldest_seq || after > last_seq || memory.tail.has_hole(ctx.sql, after)? {
        return Ok(None);
    }
    let rows: Vec<EventRow> =
        decode(ctx.sql.query(EVENTS, &[after.into(), limit.into(), to_json(&channels)?.into()])?)?;
    let items = rows.into_iter().map(|row| LoggedEvent {
        seq: row.seq,
        at: Timestamp::from_millis(row.at),
        kind: row.kind,
        // What the room says is JSON; what a server library sent may be any text.
        data: serde_json::from_str(&row.data).unwrap_or(serde_json::Value::String(row.data)),
    });
    Ok(Some(EventPage { items: items.collect(), last_seq, oldest_seq }))
}
