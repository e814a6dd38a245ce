//! The cache of generated content, sans I/O: one of its shards over the SQLite of its object.
//!
//! An entry is durable as soon as it is put. How recently entries were used, and the statistics, live in memory and are written
//! down every `backup_interval`: a crash loses at most so much of the order in which entries go, and of the counts, and never
//! an entry or the content of one. Entries go when they are older than the time to live, and the least recently used ones when
//! there are too many or too many bytes. Each shard has its share of both.

mod client;
mod index;
#[cfg(test)]
mod tests;

pub use client::ContentCache;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::canonical;
use crate::domain::runtime_config::RuntimeConfig;
use crate::domain::time::Timestamp;
use crate::json;
use crate::ports::{DbError, Sql, Value, decode, decode_first};
use index::{Counts, Index};

/// Shards; a key's first byte chooses.
pub const SHARDS: u8 = 4;
/// The largest value that is kept: a quiz of 100 questions is about 100 KB. A larger one is content all the same, made anew each time.
pub const MAX_VALUE_BYTES: usize = 256 * 1024;
/// The most keys or entries of one call, as many as a plugin's batch has operations.
pub const MAX_BATCH: usize = 100;

const CREATE: &str = "
    create table if not exists entries (
      key text primary key,
      value text not null,
      bytes integer not null,
      stored_at integer not null,
      used integer not null
    ) strict, without rowid";
const CREATE_COUNTS: &str = "
    create table if not exists counts (
      one integer primary key check (one = 1),
      hits integer not null,
      misses integer not null,
      evictions integer not null,
      expired integer not null,
      limits text not null
    ) strict";
const ALL: &str = "select key, bytes, stored_at, used from entries order by used";
const COUNTS: &str = "select hits, misses, evictions, expired, limits from counts";
const GET: &str = "select key, value from entries where key in (select value from json_each(?1))";
const PUT: &str = "
    insert into entries (key, value, bytes, stored_at, used) values (?1, ?2, ?3, ?4, ?5)
    on conflict (key) do update set
      value = excluded.value, bytes = excluded.bytes, stored_at = excluded.stored_at, used = excluded.used";
const DELETE: &str = "delete from entries where key in (select value from json_each(?1))";
const CLEAR: &str = "delete from entries";
const WRITE_USED: &str = "
    update entries set used = touched.value ->> 1 from json_each(?1) as touched where entries.key = touched.value ->> 0";
const WRITE_COUNTS: &str = "
    insert into counts (one, hits, misses, evictions, expired, limits) values (1, ?1, ?2, ?3, ?4, ?5)
    on conflict (one) do update set
      hits = excluded.hits, misses = excluded.misses, evictions = excluded.evictions, expired = excluded.expired,
      limits = excluded.limits";

/// The key of content: SHA-256 of the whole request that makes it, canonically written.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CacheKey(String);

impl CacheKey {
    /// The key of a request. Put into it whatever makes a difference: the kind, every field with its default, the provider.
    pub fn of<T: Serialize>(request: &T) -> Result<Self, serde_json::Error> {
        canonical::hash(request).map(Self)
    }

    /// Which shard it is in.
    pub fn shard(&self) -> u8 {
        let byte = self.0.get(..2).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        byte.unwrap_or_default() % SHARDS
    }
}

/// What the cache may hold. Runtime settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CacheLimits {
    /// Entries.
    pub max_entries: i64,
    /// Bytes of keys and values.
    pub max_bytes: i64,
    /// How long an entry is good, in milliseconds.
    pub ttl_ms: i64,
    /// How often recency and statistics are written down, in milliseconds.
    pub backup_ms: i64,
}

/// What holds until somebody says otherwise.
impl Default for CacheLimits {
    fn default() -> Self {
        Self::of(&RuntimeConfig::default())
    }
}

impl CacheLimits {
    /// What the settings say.
    pub fn of(settings: &RuntimeConfig) -> Self {
        Self {
            max_entries: settings.cache_max_size,
            max_bytes: settings.max_memory_mb * 1024 * 1024,
            ttl_ms: settings.cache_ttl * 1000,
            backup_ms: settings.backup_interval * 1000,
        }
    }

    /// One shard's share, so that all together never hold more.
    #[must_use]
    pub fn share(self) -> Self {
        let shards = i64::from(SHARDS);
        Self { max_entries: self.max_entries / shards, max_bytes: self.max_bytes / shards, ..self }
    }
}

/// What is asked of a shard.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CacheOp {
    /// The values of these keys.
    Get(Vec<CacheKey>),
    /// Keep these.
    Put(Vec<(CacheKey, String)>),
    /// How it does.
    Stats,
    /// Forget everything; the statistics stay.
    Clear,
}

/// What a shard answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CacheAnswer {
    /// In the order of the keys.
    Values(Vec<Option<String>>),
    /// So many were kept; those that are too large were not.
    Kept(usize),
    /// How it does.
    Stats(CacheStats),
    /// So many were forgotten.
    Cleared(i64),
}

/// How the cache does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CacheStats {
    /// Answers that were in it.
    pub hits: i64,
    /// Answers that were not.
    pub misses: i64,
    /// Entries that went because there were too many or too many bytes.
    pub evictions: i64,
    /// Entries that went because they were too old.
    pub expired: i64,
    /// Entries.
    pub size: i64,
    /// The most entries.
    pub capacity: i64,
    /// Bytes of keys and values.
    pub bytes: i64,
    /// The most bytes.
    pub max_bytes: i64,
    /// Hits among all that was asked for, 0 to 1.
    pub hit_rate: f64,
}

impl CacheStats {
    /// Of all shards together.
    pub fn sum(shards: impl IntoIterator<Item = Self>) -> Self {
        let mut all = Self::default();
        for shard in shards {
            all.hits += shard.hits;
            all.misses += shard.misses;
            all.evictions += shard.evictions;
            all.expired += shard.expired;
            all.size += shard.size;
            all.capacity += shard.capacity;
            all.bytes += shard.bytes;
            all.max_bytes += shard.max_bytes;
        }
        all.hit_rate = hit_rate(all.hits, all.misses);
        all
    }
}

#[expect(clippy::cast_precision_loss, reason = "a rate")]
fn hit_rate(hits: i64, misses: i64) -> f64 {
    if hits == 0 { 0.0 } else { hits as f64 / (hits + misses) as f64 }
}

#[derive(Deserialize)]
struct ValueRow {
    key: CacheKey,
    value: String,
}

#[derive(Deserialize)]
struct StateRow {
    #[serde(flatten)]
    counts: Counts,
    limits: String,
}

/// A shard, as far as it is in memory.
#[derive(Default)]
pub struct Shard {
    index: Option<Index>,
}

impl Shard {
    /// Does one thing. After an error forget the shard: its memory may say what never happened.
    pub fn call(
        &mut self,
        sql: &dyn Sql,
        now: Timestamp,
        limits: CacheLimits,
        op: CacheOp,
    ) -> Result<CacheAnswer, DbError> {
        let index = self.index(sql)?;
        index.set_limits(limits);
        match op {
            CacheOp::Get(keys) => get(sql, index, now, &keys).map(CacheAnswer::Values),
            CacheOp::Put(entries) => put(sql, index, now, entries).map(CacheAnswer::Kept),
            CacheOp::Stats => Ok(CacheAnswer::Stats(index.stats())),
            CacheOp::Clear => {
                sql.query(CLEAR, &[])?;
                Ok(CacheAnswer::Cleared(index.clear()))
            }
        }
    }

    /// Drops what is too old or too much and writes down recency and statistics. Says after how many milliseconds to come back,
    /// if there is anything to come back for.
    pub fn back_up(&mut self, sql: &dyn Sql, now: Timestamp) -> Result<Option<i64>, DbError> {
        let index = self.index(sql)?;
        delete(sql, &index.expire(now))?;
        delete(sql, &index.evict())?;
        let touched = index.take_touched();
        if !touched.is_empty() {
            sql.query(WRITE_USED, &[json(&touched)?])?;
        }
        if let Some([hits, misses, evictions, expired]) = index.take_counts() {
            let limits = json(&index.limits)?;
            sql.query(WRITE_COUNTS, &[hits.into(), misses.into(), evictions.into(), expired.into(), limits])?;
        }
        Ok((!index.is_empty()).then_some(index.limits.backup_ms))
    }

    fn index(&mut self, sql: &dyn Sql) -> Result<&mut Index, DbError> {
        if self.index.is_none() {
            sql.query(CREATE, &[])?;
            sql.query(CREATE_COUNTS, &[])?;
            let state: Option<StateRow> = decode_first(sql.query(COUNTS, &[])?)?;
            let limits = state.as_ref().and_then(|state| json::from_str(&state.limits).ok());
            let counts = state.map(|state| state.counts).unwrap_or_default();
            let rows = decode(sql.query(ALL, &[])?)?;
            self.index =
                Some(Index::of(rows, counts, limits.unwrap_or_else(|| CacheLimits::default().share())));
        }
        self.index.as_mut().ok_or_else(|| DbError::Backend("no index".to_owned()))
    }
}

fn get(
    sql: &dyn Sql,
    index: &mut Index,
    now: Timestamp,
    keys: &[CacheKey],
) -> Result<Vec<Option<String>>, DbError> {
    let gone: Vec<CacheKey> = keys.iter().filter(|key| index.drop_if_old(key, now)).cloned().collect();
    delete(sql, &gone)?;
    let here: Vec<&CacheKey> = keys.iter().filter(|key| index.touch(key)).collect();
    if here.is_empty() {
        return Ok(keys.iter().map(|_| None).collect());
    }
    let rows: Vec<ValueRow> = decode(sql.query(GET, &[json(&here)?])?)?;
    let found = |key: &CacheKey| rows.iter().find(|row| row.key == *key).map(|row| row.value.clone());
    Ok(keys.iter().map(found).collect())
}

fn put(
    sql: &dyn Sql,
    index: &mut Index,
    now: Timestamp,
    entries: Vec<(CacheKey, String)>,
) -> Result<usize, DbError> {
    let mut kept = 0;
    for (key, value) in entries.into_iter().filter(|(_, value)| value.len() <= MAX_VALUE_BYTES) {
        let bytes = i64::try_from(key.0.len() + value.len()).unwrap_or(i64::MAX);
        let used = index.put(key.clone(), bytes, now);
        let key = Value::from(key.0);
        sql.query(PUT, &[key, value.into(), bytes.into(), now.into(), used.into()])?;
        kept += 1;
    }
    delete(sql, &index.evict())?;
    Ok(kept)
}

fn delete(sql: &dyn Sql, keys: &[CacheKey]) -> Result<(), DbError> {
    if !keys.is_empty() {
        sql.query(DELETE, &[json(&keys)?])?;
    }
    Ok(())
}

fn json<T: Serialize>(value: &T) -> Result<Value, DbError> {
    serde_json::to_string(value).map(Value::from).map_err(|error| DbError::Backend(error.to_string()))
}
