//! Sliding-window limits. Two counters a bucket, the window that runs and the one before, weighted by how much of it
//! still lies within the window: the approximation that Cloudflare describes in "How we built rate limiting capable of
//! scaling to millions of domains".

use serde::{Deserialize, Serialize};

use super::time::Timestamp;

/// So many hits in so long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limit {
    /// The most hits in any window.
    pub hits: u32,
    /// The window, in seconds.
    pub window_s: u32,
}

/// What is kept of a bucket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// The number of the window that runs, counted from the epoch.
    pub window: i64,
    /// Hits in it.
    pub current: u32,
    /// Hits in the one before.
    pub previous: u32,
}

/// Whether a hit fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// It fits and was counted.
    pub allowed: bool,
    /// Hits left right now.
    pub remaining: u32,
    /// Seconds until a next hit may fit; 0 when one fits now.
    pub retry_after_s: u32,
}

/// Counts one hit. A refused hit is not counted: who waits gets through.
pub fn hit(counters: Counters, limit: Limit, now: Timestamp) -> (Counters, Verdict) {
    let window_ms = i64::from(limit.window_s.max(1)) * 1000;
    let window = now.as_millis().div_euclid(window_ms);
    let mut counters = match window - counters.window {
        0 => counters,
        1 => Counters { window, current: 0, previous: counters.current },
        _ => Counters { window, current: 0, previous: 0 },
    };
    let left_ms = window_ms - now.as_millis().rem_euclid(window_ms);
    let carried = i64::from(counters.previous) * left_ms / window_ms;
    let used = i64::from(counters.current) + carried;
    let allowed = used < i64::from(limit.hits);
    if allowed {
        counters.current += 1;
    }
    let remaining = (i64::from(limit.hits) - used - i64::from(allowed)).max(0);
    let retry_after_s = if remaining > 0 {
        0
    } else {
        retry_after_ms(counters, limit, window_ms, left_ms).div_euclid(1000) + 1
    };
    let verdict = Verdict {
        allowed,
        remaining: u32::try_from(remaining).unwrap_or(0),
        retry_after_s: u32::try_from(retry_after_s).unwrap_or(u32::MAX),
    };
    (counters, verdict)
}

/// When enough of the earlier window has slid out; at the latest when the current window has become the earlier one.
fn retry_after_ms(counters: Counters, limit: Limit, window_ms: i64, left_ms: i64) -> i64 {
    let room = i64::from(limit.hits) - i64::from(counters.current);
    if room <= 0 || counters.previous == 0 {
        return left_ms;
    }
    let needed_left = (room * window_ms - 1).max(0) / i64::from(counters.previous);
    (left_ms - needed_left).clamp(0, left_ms)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LIMIT: Limit = Limit { hits: 5, window_s: 10 };

    #[test]
    fn the_hit_after_the_last_one_is_refused_until_the_window_has_slid() {
        let mut counters = Counters::default();
        let start = Timestamp::from_millis(1_000_000);
        for left in (0..5).rev() {
            let (next, verdict) = hit(counters, LIMIT, start);
            assert_eq!((verdict.allowed, verdict.remaining), (true, left));
            counters = next;
        }
        let (_, verdict) = hit(counters, LIMIT, start);
        assert!(!verdict.allowed);
        let later = start.plus_millis(i64::from(verdict.retry_after_s) * 1000 + 2_000);
        assert!(hit(counters, LIMIT, later).1.allowed);
    }

    proptest! {
        #[test]
        fn no_fixed_window_ever_lets_more_through_than_the_limit(gaps in prop::collection::vec(0_i64..4_000, 1..200)) {
            let mut counters = Counters::default();
            let mut now = Timestamp::from_millis(5_000_000);
            let mut per_window = std::collections::HashMap::new();
            for gap in gaps {
                now = now.plus_millis(gap);
                let (next, verdict) = hit(counters, LIMIT, now);
                counters = next;
                if verdict.allowed {
                    *per_window.entry(now.as_millis() / 10_000).or_insert(0) += 1;
                }
            }
            prop_assert!(per_window.values().all(|hits| *hits <= 5));
        }
    }
}
