//! The content cache over SQLite: what it keeps, what it forgets, and what a crash can take from it.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use futures::executor::block_on;
use serde_json::json;
use toolboxai_edge::content_cache::{CacheKey, CacheLimits, ContentCache, MAX_VALUE_BYTES, SHARDS};

use crate::support::TestApp;

fn key(n: usize) -> CacheKey {
    CacheKey::of(&json!({"kind": "test", "n": n})).unwrap()
}

fn get(cache: &ContentCache, n: usize) -> Option<String> {
    block_on(cache.get(key(n))).unwrap()
}

fn put(cache: &ContentCache, n: usize) {
    assert!(block_on(cache.put(key(n), format!("content {n}"))).unwrap());
}

fn cache() -> (Arc<TestApp>, ContentCache) {
    let app = TestApp::new();
    let cache = app.content_cache.clone();
    (app, cache)
}

#[test]
fn it_gives_back_what_was_put_until_it_is_too_old() {
    let (app, cache) = cache();
    assert_eq!(get(&cache, 1), None);
    put(&cache, 1);
    app.clock.advance(CacheLimits::default().ttl_ms - 1);
    assert_eq!(get(&cache, 1).as_deref(), Some("content 1"));
    app.clock.advance(1);
    assert_eq!(get(&cache, 1), None);
    let stats = block_on(cache.stats()).unwrap();
    assert_eq!((stats.hits, stats.misses, stats.expired, stats.evictions), (1, 2, 1, 0));
    assert_eq!((stats.size, stats.bytes, stats.capacity), (0, 0, 1000));
    assert_eq!(app.cache_shards.stored(), 0);
}

#[test]
fn it_never_holds_more_entries_than_it_may() {
    let (app, cache) = cache();
    for chunk in 0..30 {
        let entries = (0..100).map(|n| (key(chunk * 100 + n), "x".to_owned())).collect();
        assert_eq!(block_on(cache.put_all(entries)).unwrap(), 100);
        let stats = block_on(cache.stats()).unwrap();
        assert!(stats.size <= stats.capacity, "{stats:?}");
        assert_eq!(stats.size, app.cache_shards.stored());
    }
    let stats = block_on(cache.stats()).unwrap();
    assert_eq!((stats.size, stats.evictions), (1000, 2000));
}

#[test]
fn a_value_that_is_too_large_is_not_kept_and_harms_nobody() {
    let (_, cache) = cache();
    put(&cache, 1);
    let too_large = "x".repeat(MAX_VALUE_BYTES + 1);
    assert!(!block_on(cache.put(key(2), too_large)).unwrap());
    assert!(block_on(cache.put(key(3), "x".repeat(MAX_VALUE_BYTES))).unwrap());
    assert_eq!(get(&cache, 2), None);
    assert!(get(&cache, 1).is_some() && get(&cache, 3).is_some());
}

#[test]
fn many_keys_take_one_call_a_shard_and_answer_in_their_order() {
    let (app, cache) = cache();
    let entries = (0..100).filter(|n| n % 3 != 0).map(|n| (key(n), n.to_string())).collect();
    block_on(cache.put_all(entries)).unwrap();
    app.cache_shards.calls.store(0, Ordering::SeqCst);
    let keys: Vec<CacheKey> = (0..100).map(key).collect();
    let values = block_on(cache.get_all(&keys)).unwrap();
    assert_eq!(app.cache_shards.calls.load(Ordering::SeqCst), usize::from(SHARDS));
    for (n, value) in values.into_iter().enumerate() {
        assert_eq!(value, (n % 3 != 0).then(|| n.to_string()));
    }
}

#[test]
fn a_crash_takes_counts_and_recency_since_the_last_backup_and_no_entry() {
    let (app, cache) = cache();
    put(&cache, 1);
    put(&cache, 2);
    assert!(get(&cache, 1).is_some());
    let before = block_on(cache.stats()).unwrap();
    app.clock.advance(CacheLimits::default().backup_ms);
    // The entries would be too old by now; new ones stand for them.
    put(&cache, 1);
    put(&cache, 2);
    assert_eq!(app.cache_shards.ring(), usize::from(SHARDS));
    assert!(get(&cache, 1).is_some());
    app.cache_shards.crash();
    let after = block_on(cache.stats()).unwrap();
    assert_eq!(after.hits, before.hits, "the second hit was not written down yet");
    assert_eq!(after.size, 2);
    assert_eq!(get(&cache, 1).as_deref(), Some("content 1"));
    assert_eq!(get(&cache, 2).as_deref(), Some("content 2"));
}

#[test]
fn the_order_in_which_entries_go_survives_a_crash_after_a_backup() {
    let (app, cache) = cache();
    // All in one shard, so that they compete.
    let shard = key(0).shard();
    let mine: Vec<usize> = (0..5000).filter(|n| key(*n).shard() == shard).take(251).collect();
    let (oldest, rest) = (mine[0], &mine[1..250]);
    put(&cache, oldest);
    for n in rest {
        put(&cache, *n);
    }
    assert!(get(&cache, oldest).is_some());
    app.cache_shards.back_up();
    app.cache_shards.crash();
    put(&cache, mine[250]);
    assert!(get(&cache, oldest).is_some(), "it was used last before the crash");
    assert_eq!(get(&cache, rest[0]), None, "it was the least recently used");
}

#[test]
fn a_failing_statement_leaves_the_shard_as_it_was() {
    let (app, cache) = cache();
    put(&cache, 1);
    app.cache_shards.fail_statement(2);
    let entries = vec![(key(1), "other".to_owned()), (key(1), "another".to_owned())];
    assert!(block_on(cache.put_all(entries)).is_err());
    assert_eq!(get(&cache, 1).as_deref(), Some("content 1"));
    assert_eq!(block_on(cache.stats()).unwrap().size, 1);
}

#[test]
fn what_is_too_old_goes_by_itself_and_an_empty_shard_sleeps() {
    let (app, cache) = cache();
    for n in 0..20 {
        put(&cache, n);
    }
    app.clock.advance(CacheLimits::default().ttl_ms);
    assert_eq!(app.cache_shards.ring(), usize::from(SHARDS));
    assert_eq!(app.cache_shards.stored(), 0);
    app.clock.advance(CacheLimits::default().ttl_ms);
    assert_eq!(app.cache_shards.ring(), 0);
}

#[test]
fn clearing_takes_every_entry_and_leaves_the_statistics() {
    let (app, cache) = cache();
    for n in 0..20 {
        put(&cache, n);
    }
    assert!(get(&cache, 3).is_some());
    assert_eq!(block_on(cache.clear()).unwrap(), 20);
    assert_eq!(app.cache_shards.stored(), 0);
    let stats = block_on(cache.stats()).unwrap();
    assert_eq!((stats.size, stats.bytes, stats.hits), (0, 0, 1));
}
