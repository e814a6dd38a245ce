//! The shards of the content cache on the host: their rules over rusqlite, in a transaction a call, with their alarms.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use futures::future::BoxFuture;
use toolboxai_edge::content_cache::{CacheAnswer, CacheLimits, CacheOp, Shard};
use toolboxai_edge::ports::{CacheShards, Clock, DbError, PortError};

use super::ManualClock;
use super::rooms::HostSql;

struct HostShard {
    sql: HostSql,
    shard: Shard,
    wake_at: Option<i64>,
}

impl HostShard {
    fn run<T>(
        &mut self,
        rules: impl FnOnce(&mut Shard, &HostSql) -> Result<T, DbError>,
    ) -> Result<T, DbError> {
        self.sql.connection.execute_batch("begin").unwrap();
        let done = rules(&mut self.shard, &self.sql);
        self.sql.connection.execute_batch(if done.is_ok() { "commit" } else { "rollback" }).unwrap();
        if done.is_err() {
            self.shard = Shard::default();
        }
        done
    }
}

/// All shards; they fail when told to.
pub struct HostCacheShards {
    shards: Mutex<HashMap<u8, HostShard>>,
    clock: Arc<ManualClock>,
    pub calls: AtomicUsize,
    pub is_down: AtomicBool,
}

impl HostCacheShards {
    pub fn new(clock: Arc<ManualClock>) -> Self {
        Self {
            shards: Mutex::default(),
            clock,
            calls: AtomicUsize::default(),
            is_down: AtomicBool::default(),
        }
    }

    /// Forgets what is in memory only, as a crash does.
    pub fn crash(&self) {
        for shard in self.shards.lock().unwrap().values_mut() {
            shard.shard = Shard::default();
        }
    }

    /// A statement of each shard's next call fails.
    pub fn fail_statement(&self, nth: usize) {
        for shard in self.shards.lock().unwrap().values_mut() {
            shard.sql.statements.set(0);
            shard.sql.fail_at.set(Some(nth));
        }
    }

    /// Rings every alarm that is due. Gives how many rang.
    pub fn ring(&self) -> usize {
        let now = self.clock.now();
        let mut shards = self.shards.lock().unwrap();
        let due = shards.values_mut().filter(|shard| shard.wake_at.is_some_and(|at| at <= now.as_millis()));
        due.map(|shard| {
            let again = shard.run(|rules, sql| rules.back_up(sql, now)).unwrap();
            shard.wake_at = again.map(|millis| now.as_millis() + millis);
        })
        .count()
    }

    /// Rings every alarm before its time.
    pub fn back_up(&self) {
        let now = self.clock.now();
        for shard in self.shards.lock().unwrap().values_mut() {
            shard.run(|rules, sql| rules.back_up(sql, now)).unwrap();
        }
    }

    /// How many rows the shards' tables of entries have.
    pub fn stored(&self) -> i64 {
        let count = |shard: &HostShard| -> i64 {
            shard.sql.connection.query_row("select count(*) from entries", [], |row| row.get(0)).unwrap()
        };
        self.shards.lock().unwrap().values().map(count).sum()
    }
}

impl CacheShards for HostCacheShards {
    fn call(
        &self,
        shard: u8,
        limits: CacheLimits,
        op: CacheOp,
    ) -> BoxFuture<'_, Result<CacheAnswer, PortError>> {
        Box::pin(async move {
            self.calls.fetch_add(1, Ordering::SeqCst);
            if self.is_down.load(Ordering::SeqCst) {
                return Err(PortError("injected".to_owned()));
            }
            let now = self.clock.now();
            let mut shards = self.shards.lock().unwrap();
            let host = shards.entry(shard).or_insert_with(|| HostShard {
                sql: HostSql::new(),
                shard: Shard::default(),
                wake_at: None,
            });
            // Over the wire and back, as between the Worker and the object.
            let op: CacheOp = serde_json::from_str(&serde_json::to_string(&op).unwrap()).unwrap();
            let answer = host.run(|rules, sql| rules.call(sql, now, limits, op));
            host.sql.fail_at.set(None);
            let answer = answer.map_err(|error| PortError(error.to_string()))?;
            host.wake_at.get_or_insert(now.as_millis() + limits.backup_ms);
            Ok(serde_json::from_str(&serde_json::to_string(&answer).unwrap()).unwrap())
        })
    }
}
