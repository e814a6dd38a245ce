//! What is in a shard, without the values: in which order entries were used, how large they are, and the counts.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde::Deserialize;

use super::{CacheKey, CacheLimits, CacheStats, hit_rate};
use crate::domain::time::Timestamp;

/// What is known of an entry.
#[derive(Clone, Copy, Deserialize)]
pub(super) struct Entry {
    pub bytes: i64,
    pub stored_at: i64,
    /// Grows with each use of any entry.
    pub used: i64,
}

/// An entry as it is stored.
#[derive(Deserialize)]
pub(super) struct EntryRow {
    key: CacheKey,
    #[serde(flatten)]
    entry: Entry,
}

/// Since the cache was first used.
#[derive(Clone, Copy, Default, Deserialize)]
pub(super) struct Counts {
    hits: i64,
    misses: i64,
    evictions: i64,
    expired: i64,
}

pub(super) struct Index {
    pub limits: CacheLimits,
    entries: HashMap<CacheKey, Entry>,
    /// By `used`, the least recently used first.
    order: BTreeMap<i64, CacheKey>,
    bytes: i64,
    counts: Counts,
    /// Whose `used` is not written down yet.
    touched: HashSet<CacheKey>,
    counted: bool,
}

impl Index {
    /// From what is stored, the least recently used first.
    pub fn of(rows: Vec<EntryRow>, counts: Counts, limits: CacheLimits) -> Self {
        let mut index = Self {
            limits,
            entries: HashMap::new(),
            order: BTreeMap::new(),
            bytes: 0,
            counts,
            touched: HashSet::new(),
            counted: false,
        };
        for row in rows {
            let used = row.entry.used.max(index.next());
            index.insert(row.key, Entry { used, ..row.entry });
        }
        index
    }

    /// Takes other limits over; they are kept for the time when nobody says any.
    pub fn set_limits(&mut self, limits: CacheLimits) {
        self.counted |= limits != self.limits;
        self.limits = limits;
    }

    /// Takes an entry in as the most recently used; gives its place in the order.
    pub fn put(&mut self, key: CacheKey, bytes: i64, now: Timestamp) -> i64 {
        self.forget(&key);
        let used = self.next();
        self.insert(key, Entry { bytes, stored_at: now.as_millis(), used });
        used
    }

    fn insert(&mut self, key: CacheKey, entry: Entry) {
        self.bytes += entry.bytes;
        self.order.insert(entry.used, key.clone());
        self.entries.insert(key, entry);
    }

    /// Counts a hit or a miss; says which.
    pub fn touch(&mut self, key: &CacheKey) -> bool {
        self.counted = true;
        let used = self.next();
        let Some(entry) = self.entries.get_mut(key) else {
            self.counts.misses += 1;
            return false;
        };
        self.counts.hits += 1;
        self.order.remove(&std::mem::replace(&mut entry.used, used));
        self.order.insert(used, key.clone());
        self.touched.insert(key.clone());
        true
    }

    /// Drops the entry if it is too old; says whether it was.
    pub fn drop_if_old(&mut self, key: &CacheKey, now: Timestamp) -> bool {
        let is_old = self.entries.get(key).is_some_and(|entry| self.is_old(entry, now));
        if is_old {
            self.forget(key);
            self.counts.expired += 1;
        }
        is_old
    }

    /// Drops all that is too old.
    pub fn expire(&mut self, now: Timestamp) -> Vec<CacheKey> {
        let old = self.entries.iter().filter(|(_, entry)| self.is_old(entry, now));
        let old: Vec<CacheKey> = old.map(|(key, _)| key.clone()).collect();
        for key in &old {
            self.drop_if_old(key, now);
        }
        self.counted |= !old.is_empty();
        old
    }

    /// Drops the least recently used until the limits hold.
    pub fn evict(&mut self) -> Vec<CacheKey> {
        let mut gone = Vec::new();
        while self.len() > self.limits.max_entries || self.bytes > self.limits.max_bytes {
            let Some((_, key)) = self.order.pop_first() else { break };
            self.forget(&key);
            self.counts.evictions += 1;
            gone.push(key);
        }
        self.counted |= !gone.is_empty();
        gone
    }

    pub fn clear(&mut self) -> i64 {
        let count = self.len();
        self.entries.clear();
        self.order.clear();
        self.touched.clear();
        self.bytes = 0;
        count
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub fn stats(&self) -> CacheStats {
        let Counts { hits, misses, evictions, expired } = self.counts;
        CacheStats {
            hits,
            misses,
            evictions,
            expired,
            size: self.len(),
            capacity: self.limits.max_entries,
            bytes: self.bytes,
            max_bytes: self.limits.max_bytes,
            hit_rate: hit_rate(hits, misses),
        }
    }

    /// Keys with their place in the order, as far as it changed since the last time.
    pub fn take_touched(&mut self) -> Vec<(CacheKey, i64)> {
        let touched = std::mem::take(&mut self.touched);
        let used = |key: CacheKey| self.entries.get(&key).map(|entry| entry.used).map(|used| (key, used));
        touched.into_iter().filter_map(used).collect()
    }

    /// The counts, if they changed since the last time.
    pub fn take_counts(&mut self) -> Option<[i64; 4]> {
        let Counts { hits, misses, evictions, expired } = self.counts;
        std::mem::take(&mut self.counted).then_some([hits, misses, evictions, expired])
    }

    fn len(&self) -> i64 {
        i64::try_from(self.entries.len()).unwrap_or(i64::MAX)
    }

    fn next(&self) -> i64 {
        self.order.last_key_value().map_or(1, |(used, _)| used + 1)
    }

    fn is_old(&self, entry: &Entry, now: Timestamp) -> bool {
        now.as_millis() - entry.stored_at >= self.limits.ttl_ms
    }

    fn forget(&mut self, key: &CacheKey) {
        if let Some(entry) = self.entries.remove(key) {
            self.order.remove(&entry.used);
            self.bytes -= entry.bytes;
        }
        self.touched.remove(key);
    }
}
