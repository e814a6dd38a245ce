//! Messages: per plugin in order, delivered until they are acknowledged by a later cursor, bounded in number and age.

use serde::Deserialize;

use super::op::{Mailbag, MessageView, Told};
use super::roster::{broken, of};
use super::{Context, Registry};
use crate::domain::ids::PluginId;
use crate::domain::time::{DAY_MS, Timestamp};
use crate::json;
use crate::ports::{DbError, decode, decode_first};

/// The most messages that wait for one plugin: the queue of the old plugin is as long.
pub const MAX_WAITING: i64 = 100;
/// The longest that one waits: whoever does not come for a day starts anew.
pub const MAX_AGE_MS: i64 = DAY_MS;
/// Messages of one poll: with 16 KB each they stay far below what an answer may have in Roblox.
pub const PAGE: i64 = 20;
/// Taken messages whose ids are remembered, so that a repeat is known as one.
const REMEMBERED: i64 = 200;

const FIND: &str = "select no from messages where plugin_id = ?1 and source = ?2";
const ADD: &str = "
    insert into messages (plugin_id, source, sender, kind, body, at) values (?1, ?2, ?3, ?4, ?5, ?6) returning no";
const DROP_OLDEST: &str = "
    delete from messages where no = (select min(no) from messages where plugin_id = ?1 and body is not null)";
const FORGET: &str = "
    delete from messages where plugin_id = ?1 and body is null and no <= (
      select no from messages where plugin_id = ?1 and body is null order by no desc limit 1 offset ?2)";
/// A cursor beyond everything that this plugin was ever given acknowledges nothing.
const TAKE: &str = "
    update messages set body = null
    where plugin_id = ?1 and no <= ?2 and body is not null
      and ?2 <= (select max(no) from messages where plugin_id = ?1)";
const WAITING: &str = "
    select no, sender, kind, body, at from messages
    where plugin_id = ?1 and body is not null order by no limit ?2";

#[derive(Deserialize)]
struct Numbered {
    no: i64,
}

#[derive(Deserialize)]
struct Row {
    no: i64,
    sender: Option<PluginId>,
    kind: String,
    body: String,
    at: i64,
}

/// What becomes of a message for which there is no room.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum WhenFull {
    /// It is refused: its sender knows and sends it again.
    Refuse,
    /// The oldest goes, and its loss is counted: nobody sends ours again.
    DropOldest,
}

/// A message that is in the queue.
pub(super) struct Taken {
    pub no: i64,
    pub is_repeat: bool,
}

impl Registry {
    /// Adds a message; nothing where there is no room.
    pub(super) fn enqueue(
        &mut self,
        ctx: Context<'_>,
        to: &PluginId,
        (source, sender): (&str, Option<&PluginId>),
        (kind, data): (&str, &serde_json::Value),
        when_full: WhenFull,
    ) -> Result<Option<Taken>, DbError> {
        if let Some(known) = decode_first::<Numbered>(ctx.sql.query(FIND, &of(to, [source.into()]))?)? {
            return Ok(Some(Taken { no: known.no, is_repeat: true }));
        }
        let is_full = self.live(to).is_none_or(|live| live.waiting >= MAX_WAITING);
        if is_full {
            if when_full == WhenFull::Refuse {
                return Ok(None);
            }
            ctx.sql.query(DROP_OLDEST, &[to.into()])?;
            if let Some(live) = self.live_mut(to) {
                live.record.dropped += 1;
            }
            self.write(ctx, to)?;
        }
        let body = serde_json::to_string(data).map_err(|error| broken(&error))?;
        let values =
            [source.into(), sender.map(PluginId::as_str).into(), kind.into(), body.into(), ctx.now.into()];
        let added: Option<Numbered> = decode_first(ctx.sql.query(ADD, &of(to, values))?)?;
        ctx.sql.query(FORGET, &of(to, [REMEMBERED.into()]))?;
        self.measure(ctx, to)?;
        self.make_room(ctx, to)?;
        Ok(added.map(|added| Taken { no: added.no, is_repeat: false }))
    }

    /// Our own messages.
    pub(super) fn tell(
        &mut self,
        ctx: Context<'_>,
        to: Option<Vec<PluginId>>,
        message: &Told,
    ) -> Result<(), DbError> {
        let to = to.unwrap_or_else(|| self.all().map(|(id, _)| id.clone()).collect());
        for id in to.iter().filter(|id| self.live(id).is_some()).cloned().collect::<Vec<_>>() {
            let what = (message.kind.as_str(), &message.data);
            self.enqueue(ctx, &id, (&message.source, None), what, WhenFull::DropOldest)?;
        }
        Ok(())
    }

    /// Takes what came until the cursor as received, and gives what waits behind it. Where nothing waits it costs nothing.
    pub(super) fn poll(&mut self, ctx: Context<'_>, id: &PluginId, after: i64) -> Result<Mailbag, DbError> {
        if self.live(id).is_some_and(|live| live.waiting > 0) && after > 0 {
            ctx.sql.query(TAKE, &of(id, [after.into()]))?;
            self.measure(ctx, id)?;
        }
        let Some(live) = self.live(id) else { return Ok(Mailbag::default()) };
        let (waiting, dropped) = (live.waiting, live.record.dropped);
        if waiting == 0 {
            return Ok(Mailbag { messages: Vec::new(), more: false, dropped });
        }
        let rows: Vec<Row> = decode(ctx.sql.query(WAITING, &of(id, [PAGE.into()]))?)?;
        let messages = rows.into_iter().map(|row| {
            let data = json::from_str(&row.body).map_err(|error| broken(&error))?;
            let at = Timestamp::from_millis(row.at);
            Ok(MessageView { id: row.no, kind: row.kind, data, from: row.sender, at })
        });
        let messages = messages.collect::<Result<Vec<_>, DbError>>()?;
        let more = i64::try_from(messages.len()).is_ok_and(|given| given < waiting);
        Ok(Mailbag { messages, more, dropped })
    }
}
