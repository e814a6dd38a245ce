//! The cache as those who make content see it: all shards as one.

use std::sync::Arc;

use futures::future::try_join_all;

use super::{CacheAnswer, CacheKey, CacheLimits, CacheOp, CacheStats, MAX_BATCH, SHARDS};
use crate::domain::metrics::Metric;
use crate::ports::{CacheShards, Metrics, PortError, RuntimeSettings};

/// The cache of generated content.
#[derive(Clone)]
pub struct ContentCache {
    shards: Arc<dyn CacheShards>,
    settings: Arc<dyn RuntimeSettings>,
    metrics: Arc<dyn Metrics>,
}

impl ContentCache {
    /// Over its shards, as large as the settings say.
    pub fn new(
        shards: Arc<dyn CacheShards>,
        settings: Arc<dyn RuntimeSettings>,
        metrics: Arc<dyn Metrics>,
    ) -> Self {
        Self { shards, settings, metrics }
    }

    /// The content of a key.
    pub async fn get(&self, key: CacheKey) -> Result<Option<String>, PortError> {
        Ok(self.get_all(&[key]).await?.pop().flatten())
    }

    /// Keeps the content of a key. Says whether it was kept: not when it is too large.
    pub async fn put(&self, key: CacheKey, value: String) -> Result<bool, PortError> {
        Ok(self.put_all(vec![(key, value)]).await? == 1)
    }

    /// The content of each key, in their order. One call a shard and [`MAX_BATCH`] keys.
    pub async fn get_all(&self, keys: &[CacheKey]) -> Result<Vec<Option<String>>, PortError> {
        let mut values = vec![None; keys.len()];
        let found = try_join_all(batches(keys, |key| key).into_iter().map(|(shard, places)| async move {
            let wanted = places.iter().filter_map(|place| keys.get(*place).cloned()).collect();
            match self.ask(shard, CacheOp::Get(wanted)).await? {
                CacheAnswer::Values(values) => Ok(places.into_iter().zip(values)),
                _ => Err(unexpected()),
            }
        }));
        for (place, value) in found.await?.into_iter().flatten() {
            if let Some(slot) = values.get_mut(place) {
                *slot = value;
            }
        }
        let hits = values.iter().filter(|value| value.is_some()).count();
        self.metrics.add(Metric::CacheHits, hits as u64);
        self.metrics.add(Metric::CacheMisses, (values.len() - hits) as u64);
        Ok(values)
    }

    /// Keeps all of these; gives how many were. One call a shard and [`MAX_BATCH`] entries.
    pub async fn put_all(&self, entries: Vec<(CacheKey, String)>) -> Result<usize, PortError> {
        let entries = &entries;
        let kept =
            try_join_all(batches(entries, |(key, _)| key).into_iter().map(|(shard, places)| async move {
                let kept = places.iter().filter_map(|place| entries.get(*place).cloned()).collect();
                match self.ask(shard, CacheOp::Put(kept)).await? {
                    CacheAnswer::Kept(count) => Ok(count),
                    _ => Err(unexpected()),
                }
            }));
        Ok(kept.await?.into_iter().sum())
    }

    /// How it does.
    pub async fn stats(&self) -> Result<CacheStats, PortError> {
        let stats = try_join_all((0..SHARDS).map(|shard| async move {
            match self.ask(shard, CacheOp::Stats).await? {
                CacheAnswer::Stats(stats) => Ok(stats),
                _ => Err(unexpected()),
            }
        }));
        stats.await.map(CacheStats::sum)
    }

    /// Forgets everything; gives how many entries there were. The statistics stay.
    pub async fn clear(&self) -> Result<i64, PortError> {
        let cleared = try_join_all((0..SHARDS).map(|shard| async move {
            match self.ask(shard, CacheOp::Clear).await? {
                CacheAnswer::Cleared(count) => Ok(count),
                _ => Err(unexpected()),
            }
        }));
        Ok(cleared.await?.into_iter().sum())
    }

    async fn ask(&self, shard: u8, op: CacheOp) -> Result<CacheAnswer, PortError> {
        let limits = CacheLimits::of(&self.settings.current().await.config);
        self.shards.call(shard, limits.share(), op).await
    }
}

/// The places of the items in the list, a shard and batch each.
fn batches<T>(items: &[T], key: impl Fn(&T) -> &CacheKey) -> Vec<(u8, Vec<usize>)> {
    let mut batches: Vec<(u8, Vec<usize>)> = Vec::new();
    for (place, item) in items.iter().enumerate() {
        let shard = key(item).shard();
        match batches.iter_mut().find(|(of, places)| *of == shard && places.len() < MAX_BATCH) {
            Some((_, places)) => places.push(place),
            None => batches.push((shard, vec![place])),
        }
    }
    batches
}

fn unexpected() -> PortError {
    PortError("content cache: an answer to something else".to_owned())
}
