//! What the rest needs from outside. Each port has two adapters: `platform/` on Cloudflare, `tests/support/` on the host.

use std::fmt;

use futures::future::BoxFuture;
use serde::de::DeserializeOwned;

use crate::content_cache::{CacheAnswer, CacheLimits, CacheOp};
use crate::domain::health::Dependency;
use crate::domain::metrics::{Amount, Metric, Registry, Sample, labels};
use crate::domain::rate_limit::{Limit, Verdict};
use crate::domain::revocation::Revocation;
use crate::domain::runtime_config::Settings;
use crate::domain::signature::PublicJwk;
use crate::domain::time::Timestamp;
use crate::inbox::{InboxAnswer, InboxOp};
use crate::json;
use crate::mail::Message;
use crate::plugins::{RegistryAnswer, RegistryOp};
use crate::rooms::{ClassFacts, RoomAnswer, RoomOp, SyncCaller, SyncReply};
use crate::runtime_config::{ConfigAnswer, ConfigOp};
use crate::school_channel::SchoolOp;

/// The largest integer that survives a JavaScript number; both adapters refuse what is beyond.
pub const MAX_SAFE_INTEGER: i64 = 9_007_199_254_740_991;

/// A value bound to a statement.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// SQL null.
    Null,
    /// A whole number, at most [`MAX_SAFE_INTEGER`] either way.
    Integer(i64),
    /// Text; also ids, JSON documents and numbers beyond 2^53.
    Text(String),
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}
impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}
impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}
impl From<Timestamp> for Value {
    fn from(value: Timestamp) -> Self {
        Self::Integer(value.as_millis())
    }
}
impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// One statement with its parameters, `?1` first.
#[derive(Clone, Debug)]
pub struct Statement {
    /// A const of `storage/`.
    pub sql: &'static str,
    /// At most 100, D1's limit: longer lists go in as one `json_each(?)`.
    pub params: Vec<Value>,
}

impl Statement {
    /// A statement with its parameters.
    pub fn new(sql: &'static str, params: impl IntoIterator<Item = Value>) -> Self {
        Self { sql, params: params.into_iter().collect() }
    }
}

/// A row as a JSON object, column by column.
pub type Row = serde_json::Map<String, serde_json::Value>;

/// Why the database did not do it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DbError {
    /// A unique constraint, by `table.column`.
    #[error("unique constraint on {0}")]
    Unique(String),
    /// Everything else. The text is for the log, never for a client.
    #[error("database: {0}")]
    Backend(String),
}

impl DbError {
    /// Reads SQLite's message, as D1 and rusqlite both pass it on.
    pub fn from_message(message: &str) -> Self {
        const UNIQUE: &str = "UNIQUE constraint failed: ";
        match message.split_once(UNIQUE) {
            Some((_, rest)) => {
                let end = rest.find([':', ',', '\n', '"']).unwrap_or(rest.len());
                Self::Unique(rest.get(..end).unwrap_or_default().trim().to_owned())
            }
            None => Self::Backend(message.to_owned()),
        }
    }
}

/// D1.
pub trait Database: Send + Sync {
    /// Runs the statements in one transaction and gives the rows of each, or nothing happened.
    fn batch(&self, statements: Vec<Statement>) -> BoxFuture<'_, Result<Vec<Vec<Row>>, DbError>>;
}

/// The SQLite of one Durable Object: synchronous, seen by nobody else.
pub trait Sql {
    /// Runs one statement and gives its rows.
    fn query(&self, sql: &'static str, params: &[Value]) -> Result<Vec<Row>, DbError>;
}

/// Reads the rows of one statement into a row struct.
pub fn decode<T: DeserializeOwned>(rows: Vec<Row>) -> Result<Vec<T>, DbError> {
    let read = |row: Row| {
        json::from_value(row.into())
            .map_err(|error| DbError::Backend(format!("a row does not decode: {error}")))
    };
    rows.into_iter().map(read).collect()
}

/// The first row, if there is one.
pub fn decode_first<T: DeserializeOwned>(rows: Vec<Row>) -> Result<Option<T>, DbError> {
    Ok(decode(rows)?.into_iter().next())
}

/// The time. On Workers it stands still while a request computes.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Timestamp;
}

/// A timer.
pub trait Pause: Send + Sync {
    /// Waits so many milliseconds while others go on.
    fn pause(&self, millis: u32) -> BoxFuture<'_, ()>;
}

/// Randomness from the operating system.
pub trait Entropy: Send + Sync {
    /// Fills the buffer.
    fn fill(&self, buffer: &mut [u8]);
}

/// KV: values that are never wrong when they are old.
pub trait Cache: Send + Sync {
    /// The value, or nothing; a failing cache is an empty one.
    fn get(&self, key: String) -> BoxFuture<'_, Option<String>>;
    /// Keeps it for so many seconds (at least 60, KV's limit); failing is no error.
    fn put(&self, key: String, value: String, ttl_s: u64) -> BoxFuture<'_, ()>;
}

/// The queue of work that waits.
pub trait Jobs: Send + Sync {
    /// Enqueues one job.
    fn send(&self, job: crate::jobs::Job) -> BoxFuture<'_, Result<(), PortError>>;
}

/// Why a mail was not sent. The cause is for the log: no address and no link is in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MailError {
    /// Perhaps later.
    #[error("{0}")]
    Temporary(String),
    /// Never.
    #[error("{0}")]
    Permanent(String),
}

/// Takes mail to people.
pub trait Mailer: Send + Sync {
    /// Hands a message over. The same idempotency key again is the same message, where the provider knows of such keys.
    fn send(&self, message: Message) -> BoxFuture<'_, Result<(), MailError>>;
}

/// The class rooms, by room key.
pub trait Rooms: Send + Sync {
    /// A game server's batch, handed on unread.
    fn sync(
        &self,
        room_key: String,
        caller: SyncCaller,
        body: Vec<u8>,
    ) -> BoxFuture<'_, Result<SyncReply, PortError>>;
    /// Anything that a teacher does or asks. The facts of the class go along, so that a room that missed a change
    /// learns of it here.
    fn call(&self, class: ClassFacts, op: RoomOp) -> BoxFuture<'_, Result<RoomAnswer, PortError>>;
}

/// People's inboxes, by user.
pub trait Inboxes: Send + Sync {
    /// Asks the inbox of one person.
    fn call(
        &self,
        user: crate::domain::ids::UserId,
        op: InboxOp,
    ) -> BoxFuture<'_, Result<InboxAnswer, PortError>>;
}

/// The channels of schools, by school and shard.
pub trait SchoolChannels: Send + Sync {
    /// Asks one shard.
    fn call(
        &self,
        school: crate::domain::ids::SchoolId,
        shard: crate::domain::pusher::Shard,
        op: SchoolOp,
    ) -> BoxFuture<'_, Result<(), PortError>>;
}

/// The registries of Studio plugins, by name.
pub trait Plugins: Send + Sync {
    /// Asks one of them.
    fn call(
        &self,
        registry: crate::domain::plugin::RegistryName,
        op: RegistryOp,
    ) -> BoxFuture<'_, Result<RegistryAnswer, PortError>>;
}

/// Sliding-window limits that hold across the planet.
pub trait RateLimits: Send + Sync {
    /// Counts one hit on the bucket, if it fits.
    fn spend(&self, bucket: String, limit: Limit) -> BoxFuture<'_, Result<Verdict, PortError>>;
    /// Takes back a hit that was counted in this slot.
    fn give_back(&self, bucket: String, limit: Limit, slot: i64) -> BoxFuture<'_, Result<(), PortError>>;
}

/// The list of ended sign-ins, people and keys. What is ended is felt everywhere within 10 s.
pub trait Revocations: Send + Sync {
    /// Whether a token of any of these, issued in that second, is ended.
    fn is_ended<'a>(
        &'a self,
        subjects: Vec<&'a str>,
        issued_at: i64,
    ) -> BoxFuture<'a, Result<bool, PortError>>;
    /// Ends them. Again is the same as once.
    fn end(&self, list: Vec<Revocation>) -> BoxFuture<'_, Result<(), PortError>>;
}

/// The runtime settings.
pub trait RuntimeSettings: Send + Sync {
    /// The settings as an isolate knows them: at most seconds old, and without a call but for the first. Those of the start when
    /// nothing else can be had.
    fn current(&self) -> BoxFuture<'_, Settings>;
    /// Asks the one who knows.
    fn call(&self, op: ConfigOp) -> BoxFuture<'_, Result<ConfigAnswer, PortError>>;
}

/// What is measured. Never a failure and never a wait for who measures.
pub trait Metrics: Send + Sync {
    /// Takes a measurement; it is handed over later.
    fn record(&self, sample: Sample);
    /// Everything that all isolates handed over, and what this one holds.
    fn read(&self) -> BoxFuture<'_, Result<Registry, PortError>>;
}

impl dyn Metrics {
    /// One more.
    pub fn count<const N: usize>(&self, metric: Metric, pairs: [(&str, &str); N]) {
        self.record(Sample { metric, labels: labels(pairs), amount: Amount::Added(1) });
    }

    /// So many more.
    pub fn add(&self, metric: Metric, more: u64) {
        if more > 0 {
            self.record(Sample { metric, labels: labels([]), amount: Amount::Added(more) });
        }
    }

    /// This now.
    pub fn set(&self, metric: Metric, value: f64) {
        self.record(Sample { metric, labels: labels([]), amount: Amount::Set(value) });
    }

    /// One that took so many milliseconds.
    #[expect(clippy::cast_precision_loss, reason = "a duration")]
    pub fn observe<const N: usize>(&self, metric: Metric, pairs: [(&str, &str); N], millis: i64) {
        let amount = Amount::observed(millis.max(0) as f64 / 1000.0);
        self.record(Sample { metric, labels: labels(pairs), amount });
    }
}

/// Asks what stands behind the Worker whether it is there.
pub trait Probes: Send + Sync {
    /// Asks one; D1 is asked through its own port.
    fn probe(&self, what: Dependency) -> BoxFuture<'_, Result<(), PortError>>;
}

/// The shards of the content cache. Content is made anew without them.
pub trait CacheShards: Send + Sync {
    /// Asks one of them, with its share of the limits.
    fn call(
        &self,
        shard: u8,
        limits: CacheLimits,
        op: CacheOp,
    ) -> BoxFuture<'_, Result<CacheAnswer, PortError>>;
}

/// Verifies what others signed.
pub trait Signatures: Send + Sync {
    /// Whether the key, by the one algorithm that it is for ([`PublicJwk::algorithm`]), signed the data. A key that is for none
    /// has signed nothing; an error is a platform that cannot verify.
    fn verify<'a>(
        &'a self,
        key: &'a PublicJwk,
        data: &'a [u8],
        signature: &'a [u8],
    ) -> BoxFuture<'a, Result<bool, PortError>>;
}

/// A request to somebody else's server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outbound {
    /// `GET` or `POST`.
    pub method: http::Method,
    /// Absolute.
    pub url: String,
    /// Beside those that the platform sets.
    pub headers: Vec<(&'static str, String)>,
    /// The body of a `POST`.
    pub body: Option<String>,
    /// Whether it does no harm twice although its method does not say so.
    pub is_repeatable: bool,
    /// After so long without the whole answer it is an error.
    pub timeout_ms: u32,
    /// A longer answer is an error.
    pub max_bytes: usize,
    /// What it is counted as where its host is named by a user: of these there may be any number.
    pub counted_as: Option<&'static str>,
}

/// What somebody else's server answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inbound {
    /// The HTTP status. Redirects are not followed: they are answers as any other.
    pub status: u16,
    /// The whole body.
    pub body: Vec<u8>,
    /// After how many seconds to come again, where `Retry-After` says so in seconds.
    pub retry_after_s: Option<u32>,
}

/// Requests to other people's servers.
pub trait Http: Send + Sync {
    /// Sends it and waits for the whole answer.
    fn send(&self, request: Outbound) -> BoxFuture<'_, Result<Inbound, PortError>>;
}

/// Where log lines go.
pub trait Log: Send + Sync {
    /// Writes one line of JSON.
    fn line(&self, json: &str);
}

/// Something outside did not answer. The text is for the log only.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct PortError(pub String);

impl fmt::Debug for dyn Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Database")
    }
}
