//! Clock, randomness, cache, queue, limits and log of the host.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};

use futures::future::BoxFuture;
use rand_chacha::ChaCha8Rng;
use rand_core::{RngCore, SeedableRng};
use toolboxai_edge::domain::rate_limit::{Counters, Limit, Verdict, give_back, spend};
use toolboxai_edge::domain::revocation::{Revocation, RevocationCopy};
use toolboxai_edge::domain::time::Timestamp;
use toolboxai_edge::jobs::Job;
use toolboxai_edge::ports::{Cache, Clock, Entropy, Jobs, Log, Pause, PortError, RateLimits, Revocations};

/// Stands still until told.
pub struct ManualClock(AtomicI64);

impl ManualClock {
    pub fn new() -> Self {
        Self(AtomicI64::new(1_795_428_000_000)) // 2026-11-23T10:00:00Z, a Monday
    }

    pub fn advance(&self, millis: i64) {
        self.0.fetch_add(millis, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
}

/// Nobody waits in a test.
pub struct NoPause;

impl Pause for NoPause {
    fn pause(&self, _: u32) -> BoxFuture<'_, ()> {
        Box::pin(async {})
    }
}

/// The same bytes in every run.
pub struct SeededEntropy(Mutex<ChaCha8Rng>);

impl SeededEntropy {
    pub fn new(seed: u64) -> Self {
        Self(Mutex::new(ChaCha8Rng::seed_from_u64(seed)))
    }
}

impl Entropy for SeededEntropy {
    fn fill(&self, buffer: &mut [u8]) {
        self.0.lock().unwrap().fill_bytes(buffer);
    }
}

#[derive(Default)]
pub struct MemoryCache(pub Mutex<HashMap<String, String>>);

impl Cache for MemoryCache {
    fn get(&self, key: String) -> BoxFuture<'_, Option<String>> {
        let value = self.0.lock().unwrap().get(&key).cloned();
        Box::pin(async move { value })
    }

    fn put(&self, key: String, value: String, _: u64) -> BoxFuture<'_, ()> {
        self.0.lock().unwrap().insert(key, value);
        Box::pin(async {})
    }
}

/// The queue, and every message as it was sent.
#[derive(Default)]
pub struct MemoryJobs(pub Mutex<Vec<Job>>, pub Mutex<Vec<String>>);

impl Jobs for MemoryJobs {
    fn send(&self, job: Job) -> BoxFuture<'_, Result<(), PortError>> {
        self.1.lock().unwrap().push(toolboxai_edge::jobs::encode(&job).unwrap());
        self.0.lock().unwrap().push(job);
        Box::pin(async { Ok(()) })
    }
}

/// The limiter; it fails when told to.
pub struct MemoryLimits {
    pub buckets: Mutex<HashMap<String, Counters>>,
    pub clock: std::sync::Arc<ManualClock>,
    pub is_down: std::sync::atomic::AtomicBool,
}

impl MemoryLimits {
    pub fn new(clock: std::sync::Arc<ManualClock>) -> Self {
        Self { buckets: Mutex::default(), clock, is_down: std::sync::atomic::AtomicBool::default() }
    }

    fn answer<T>(&self, answer: impl FnOnce(&mut HashMap<String, Counters>) -> T) -> Result<T, PortError> {
        if self.is_down.load(Ordering::SeqCst) {
            return Err(PortError("injected".to_owned()));
        }
        Ok(answer(&mut self.buckets.lock().unwrap()))
    }
}

impl RateLimits for MemoryLimits {
    fn spend(&self, bucket: String, limit: Limit) -> BoxFuture<'_, Result<Verdict, PortError>> {
        let answer = self.answer(|buckets| {
            let counters = buckets.entry(bucket).or_default();
            let (next, verdict) = spend(counters, limit, self.clock.now());
            *counters = next;
            verdict
        });
        Box::pin(async move { answer })
    }

    fn give_back(&self, bucket: String, _: Limit, slot: i64) -> BoxFuture<'_, Result<(), PortError>> {
        let answer = self.answer(|buckets| {
            let counters = buckets.entry(bucket).or_default();
            *counters = give_back(counters, slot);
        });
        Box::pin(async move { answer })
    }
}

/// The list; like the real one it forgets an entry when its time is over.
pub struct MemoryRevocations(pub Mutex<Vec<Revocation>>, pub std::sync::Arc<ManualClock>);

impl Revocations for MemoryRevocations {
    fn is_ended<'a>(
        &'a self,
        subjects: Vec<&'a str>,
        issued_at: i64,
    ) -> BoxFuture<'a, Result<bool, PortError>> {
        let (now, list) = (self.1.now(), self.0.lock().unwrap().clone());
        let kept = list.into_iter().filter(|entry| entry.until > now).collect();
        let copy = RevocationCopy::new(kept, now);
        let is_ended = copy.ends(&subjects, issued_at);
        Box::pin(async move { Ok(is_ended) })
    }

    fn end(&self, list: Vec<Revocation>) -> BoxFuture<'_, Result<(), PortError>> {
        self.0.lock().unwrap().extend(list);
        Box::pin(async { Ok(()) })
    }
}

#[derive(Default)]
pub struct MemoryLog(pub Mutex<Vec<String>>);

impl Log for MemoryLog {
    fn line(&self, json: &str) {
        self.0.lock().unwrap().push(toolboxai_edge::request_ids::tag(json));
    }
}
