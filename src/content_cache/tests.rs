//! The rules of a shard without SQL: which entries go first. What is stored and recovered is tested over SQLite, in tests/host.

use proptest::prelude::*;

use super::index::{Counts, Index};
use super::{CacheKey, CacheLimits};
use crate::domain::time::Timestamp;

fn key(n: u8) -> CacheKey {
    CacheKey::of(&n).unwrap()
}

fn index(max_entries: i64, max_bytes: i64) -> Index {
    let limits = CacheLimits { max_entries, max_bytes, ttl_ms: 100, backup_ms: 100 };
    Index::of(Vec::new(), Counts::default(), limits)
}

#[test]
fn the_least_recently_used_goes_first() {
    let mut index = index(2, 1000);
    let now = Timestamp::from_millis(0);
    index.put(key(1), 10, now);
    index.put(key(2), 10, now);
    assert!(index.touch(&key(1)));
    index.put(key(3), 10, now);
    assert_eq!(index.evict(), [key(2)]);
    assert!(index.touch(&key(1)) && index.touch(&key(3)) && !index.touch(&key(2)));
    let stats = index.stats();
    assert_eq!((stats.hits, stats.misses, stats.evictions, stats.size), (3, 1, 1, 2));
    assert!((stats.hit_rate - 0.75).abs() < 1e-9);
}

/// What an index is asked.
#[derive(Clone, Debug)]
enum Step {
    Put(u8, i64),
    Touch(u8),
    Wait(i64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        (0..20_u8, 1..60_i64).prop_map(|(n, bytes)| Step::Put(n, bytes)),
        (0..20_u8).prop_map(Step::Touch),
        (0..60_i64).prop_map(Step::Wait),
    ];
    prop::collection::vec(step, 0..200)
}

proptest! {
    /// Against a list of entries, the most recently used last.
    #[test]
    fn it_is_what_a_plain_list_is(steps in steps()) {
        let mut index = index(8, 200);
        let mut list: Vec<(u8, i64, i64)> = Vec::new();
        let mut now = 0;
        for step in steps {
            match step {
                Step::Put(n, bytes) => {
                    index.put(key(n), bytes, Timestamp::from_millis(now));
                    list.retain(|(known, ..)| *known != n);
                    list.push((n, bytes, now));
                    let gone = index.evict();
                    let mut expected = Vec::new();
                    while list.len() > 8 || list.iter().map(|(_, bytes, _)| bytes).sum::<i64>() > 200 {
                        expected.push(key(list.remove(0).0));
                    }
                    prop_assert_eq!(gone, expected);
                }
                Step::Touch(n) => {
                    index.drop_if_old(&key(n), Timestamp::from_millis(now));
                    list.retain(|(known, _, at)| *known != n || now - at < 100);
                    let place = list.iter().position(|(known, ..)| *known == n);
                    prop_assert_eq!(index.touch(&key(n)), place.is_some());
                    if let Some(place) = place {
                        let entry = list.remove(place);
                        list.push(entry);
                    }
                }
                Step::Wait(millis) => now += millis,
            }
            let stats = index.stats();
            prop_assert_eq!(stats.size, i64::try_from(list.len()).unwrap());
            prop_assert_eq!(stats.bytes, list.iter().map(|(_, bytes, _)| bytes).sum::<i64>());
        }
    }
}
