//! What webhooks are yet to tell: an outbox of its own in the room's SQL. A row is written together with what caused it, and
//! deleted when the queue has it: the queue may get one twice, and none is lost.
//!
//! Who leaves is told after a pause only, and not at all when they come back within it: then it is not told either that they
//! came. A room without webhooks has no such table, and writes nothing.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::memory::{from_json, to_json};
use super::{ClassFacts, Context, Effect, Room, schema};
use crate::domain::ids::{SchoolId, WebhookId};
use crate::domain::time::Timestamp;
use crate::domain::webhook::{Webhook, WebhookEvent};
use crate::ports::{DbError, Sql, decode, decode_first};
use crate::realtime::{self, KeptNews, News, NewsKeeper};

/// How long it waits whether somebody comes back. Pusher waits up to three seconds.
const GRACE_MS: i64 = 3000;
/// How long news gather for one request.
const GATHER_MS: i64 = 500;
/// A cache channel that stays empty is told of once in so long: its server has the time to fill it.
const MISS_EVERY_MS: i64 = 30_000;
/// The most rows: beyond, the oldest are thrown away. Minutes of the queue's not answering.
const MAX_ROWS: i64 = 1000;
/// The most events of one request.
const MAX_EVENTS: i64 = 100;
/// And their most bytes, but for one event that is longer by itself. A message of the queue has 128 KB, and in it the text is quoted.
const MAX_BYTES: usize = 48 * 1024;
/// The pause after the queue took nothing.
const RETRY_MS: i64 = 5000;

const CREATE: &str = "
    create table if not exists webhook_news (
        no integer primary key,
        due_at integer not null,
        kind text not null,
        subject text not null,
        event text not null
    ) strict";
const DROP: &str = "drop table if exists webhook_news";
const KEEP: &str = "insert into webhook_news (due_at, kind, subject, event) values (?1, ?2, ?3, ?4)";
/// What is due is told, perhaps at this moment: it cannot be taken back.
const TAKE_BACK: &str = "
    delete from webhook_news where kind = ?1 and subject = ?2 and due_at > ?3 returning no";
const BOUND: &str = "
    delete from webhook_news where no <= (select max(no) from webhook_news) - ?1 returning no";
const NEXT: &str = "select min(due_at) as due_at from webhook_news";
const DUE: &str = "select no, kind, event from webhook_news where due_at <= ?1 order by no limit ?2";
const FORGET: &str = "delete from webhook_news where no in (select value from json_each(?1))";

/// What a room remembers of its webhooks.
pub(super) struct Webhooks {
    list: Vec<Webhook>,
    /// When it was told last that a cache channel is empty. Not in SQL: told once more does no harm.
    missed: HashMap<String, Timestamp>,
}

/// A request to one endpoint, as it travels in the queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookDelivery {
    /// The school.
    pub school_id: SchoolId,
    /// The endpoint.
    pub webhook_id: WebhookId,
    /// When it was made.
    pub at: Timestamp,
    /// What is sent, byte by byte.
    pub body: String,
}

/// News that are due.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DueNews {
    /// The rows.
    nos: Vec<i64>,
    /// For the queue, one an endpoint.
    pub deliveries: Vec<WebhookDelivery>,
}

#[derive(Deserialize)]
struct NewsRow {
    no: i64,
    kind: WebhookEvent,
    event: String,
}

#[derive(Deserialize)]
struct NextRow {
    due_at: Option<i64>,
}

/// When the next news are due, of a class with webhooks.
pub(super) fn next_at(sql: &dyn Sql) -> Result<Option<Timestamp>, DbError> {
    let next: Option<NextRow> = decode_first(sql.query(NEXT, &[])?)?;
    Ok(next.and_then(|next| next.due_at).map(Timestamp::from_millis))
}

impl Webhooks {
    pub fn new(list: Vec<Webhook>) -> Self {
        Self { list, missed: HashMap::new() }
    }

    /// Whether anybody is told of it, or of what it undoes.
    fn wants(&self, event: WebhookEvent) -> bool {
        let told = |webhook: &Webhook| {
            webhook.events.iter().any(|wanted| *wanted == event || event.opposite() == Some(*wanted))
        };
        self.list.iter().any(told)
    }

    /// Whether it was told a moment ago that the channel is empty; it is now.
    fn missed_lately(&mut self, channel: String, now: Timestamp) -> bool {
        self.missed.retain(|_, at| now.millis_since(*at) < MISS_EVERY_MS);
        let is_known = self.missed.contains_key(&channel);
        if !is_known {
            self.missed.insert(channel, now);
        }
        is_known
    }

    /// Keeps one. Says whether it was written.
    fn keep(&mut self, ctx: Context<'_>, news: &News) -> Result<bool, DbError> {
        let (event, subject) = (news.event(), news.subject());
        let mut due_at = ctx.now;
        match event {
            WebhookEvent::ChannelVacated | WebhookEvent::MemberRemoved => {
                due_at = ctx.now.plus_millis(GRACE_MS);
            }
            WebhookEvent::ChannelOccupied | WebhookEvent::MemberAdded => {
                let gone = event.opposite().map(WebhookEvent::name);
                let params = [gone.into(), subject.as_str().into(), ctx.now.into()];
                if !ctx.sql.query(TAKE_BACK, &params)?.is_empty() {
                    return Ok(false);
                }
            }
            WebhookEvent::CacheMiss if self.missed_lately(subject.clone(), ctx.now) => return Ok(false),
            WebhookEvent::CacheMiss | WebhookEvent::ClientEvent => {}
        }
        let params = [due_at.into(), event.name().into(), subject.into(), news.json().into()];
        ctx.sql.query(KEEP, &params)?;
        Ok(true)
    }
}

impl Room {
    /// The class has these webhooks from now on. Without any, what was not told yet is told nobody.
    pub(super) fn configure_webhooks(&mut self, sql: &dyn Sql, facts: &ClassFacts) -> Result<(), DbError> {
        let known = self.memory.as_ref().map(|memory| &memory.facts.webhooks);
        if known.unwrap_or(&Vec::new()) != &facts.webhooks {
            sql.query(if facts.webhooks.is_empty() { DROP } else { CREATE }, &[])?;
        }
        self.webhooks = None;
        Ok(())
    }

    /// The webhooks, if there are any. After waking that is one read, however long nobody asks for more of the room.
    fn webhooks(&mut self, ctx: Context<'_>) -> Result<Option<&mut Webhooks>, DbError> {
        if self.webhooks.is_none() {
            let stored = match &self.memory {
                Some(memory) => memory.facts.webhooks.clone(),
                None if schema::exists(ctx.sql)? => match schema::meta(ctx.sql, "facts")? {
                    Some(facts) => from_json::<ClassFacts>(&facts)?.webhooks,
                    None => Vec::new(),
                },
                None => Vec::new(),
            };
            self.webhooks = Some(Webhooks::new(stored));
        }
        Ok(self.webhooks.as_mut().filter(|webhooks| !webhooks.list.is_empty()))
    }

    /// The news that are due, for the queue; [`Room::news_told`] follows when there are any.
    pub fn due_news(&mut self, ctx: Context<'_>) -> Result<(DueNews, Vec<Effect>), DbError> {
        self.guarded(|room| {
            let Some(webhooks) = room.webhooks(ctx)? else { return Ok((DueNews::default(), Vec::new())) };
            let list = webhooks.list.clone();
            let rows = due_rows(ctx)?;
            let Some(memory) = room.memory(ctx)?.filter(|_| !rows.is_empty()) else {
                return Ok((DueNews::default(), wake_for_next(ctx)?));
            };
            let school_id = memory.facts.school_id.clone();
            let deliver = |webhook: Webhook| {
                let told = rows.iter().filter(|row| webhook.events.contains(&row.kind));
                let events: Vec<&str> = told.map(|row| row.event.as_str()).collect();
                (!events.is_empty()).then(|| WebhookDelivery {
                    school_id: school_id.clone(),
                    webhook_id: webhook.id,
                    at: ctx.now,
                    body: format!(r#"{{"time_ms":{},"events":[{}]}}"#, ctx.now.as_millis(), events.join(",")),
                })
            };
            let deliveries = list.into_iter().filter_map(deliver).collect();
            Ok((DueNews { nos: rows.iter().map(|row| row.no).collect(), deliveries }, Vec::new()))
        })
    }

    /// Whether the queue has them.
    pub fn news_told(
        &mut self,
        ctx: Context<'_>,
        news: &DueNews,
        done: bool,
    ) -> Result<Vec<Effect>, DbError> {
        if !done {
            return Ok(vec![Effect::Wake(ctx.now.plus_millis(RETRY_MS))]);
        }
        // Not when the last webhook was deleted meanwhile, and the table with it.
        if self.webhooks(ctx)?.is_none() {
            return Ok(Vec::new());
        }
        ctx.sql.query(FORGET, &[to_json(&news.nos)?.into()])?;
        wake_for_next(ctx)
    }
}

impl DueNews {
    /// Whether there is nothing to be told or forgotten.
    pub fn is_empty(&self) -> bool {
        self.nos.is_empty()
    }
}

impl NewsKeeper for Room {
    fn keep_news(&mut self, ctx: realtime::Context<'_>, news: &[&News]) -> Result<KeptNews, DbError> {
        let ctx = ctx.into();
        let Some(webhooks) = self.webhooks(ctx)? else { return Ok(KeptNews::default()) };
        let mut written = false;
        for news in news {
            if webhooks.wants(news.event()) {
                written |= webhooks.keep(ctx, news)?;
            }
        }
        if !written {
            return Ok(KeptNews::default());
        }
        let dropped = ctx.sql.query(BOUND, &[MAX_ROWS.into()])?.len();
        // Also for what was written before the object slept: this may be the first that it does since.
        Ok(KeptNews { wake: next_wake(ctx)?, dropped })
    }
}

/// When to tell the next: what comes until then goes along.
fn next_wake(ctx: Context<'_>) -> Result<Option<Timestamp>, DbError> {
    Ok(next_at(ctx.sql)?.map(|at| at.max(ctx.now.plus_millis(GATHER_MS))))
}

fn wake_for_next(ctx: Context<'_>) -> Result<Vec<Effect>, DbError> {
    Ok(next_wake(ctx)?.map(Effect::Wake).into_iter().collect())
}

/// As many as go into a request.
fn due_rows(ctx: Context<'_>) -> Result<Vec<NewsRow>, DbError> {
    let mut rows: Vec<NewsRow> = decode(ctx.sql.query(DUE, &[ctx.now.into(), MAX_EVENTS.into()])?)?;
    let mut bytes = 0;
    let fit = rows.iter().take_while(|row| {
        let is_first = bytes == 0;
        bytes += row.event.len() + 1;
        is_first || bytes <= MAX_BYTES
    });
    rows.truncate(fit.count());
    Ok(rows)
}
