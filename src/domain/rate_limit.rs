//! Sliding windows that are never too wide. A window is cut into ten slots, and a hit counts from its own slot until the
//! slot ten later has passed, so that no stretch of a window's length ever holds more hits than the limit. The price is
//! that a hit may count for up to a tenth of the window longer than it had to. (Two counters weighted by time, as
//! Cloudflare describes in "How we built rate limiting capable of scaling to millions of domains", need less room and let
//! up to twice the limit through.)

use serde::{Deserialize, Serialize};

use super::time::Timestamp;

/// Slots of a window.
const SLOTS: usize = 10;

/// So many hits in so long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limit {
    /// The most hits in any window.
    pub hits: u32,
    /// The window, in seconds.
    pub window_s: u32,
}

impl Limit {
    fn slot_ms(self) -> i64 {
        // SLOTS divides a second.
        i64::from(self.window_s.max(1)) * 100
    }

    /// After so long nothing of a bucket counts any more.
    pub fn forgotten_after_ms(self) -> i64 {
        self.slot_ms() * 11
    }
}

/// What is kept of a bucket.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counters {
    /// The number of the newest slot, counted from the epoch.
    newest: i64,
    /// Hits by the slot's age, the newest first.
    hits: [u32; SLOTS + 1],
}

impl Counters {
    /// The same hits seen from a later slot. A clock that went back changes nothing.
    fn at(&self, slot: i64) -> Self {
        let Some(ages) = usize::try_from(slot - self.newest).ok().filter(|ages| *ages > 0) else {
            return self.clone();
        };
        let mut hits = [0; SLOTS + 1];
        for (later, earlier) in hits.iter_mut().skip(ages).zip(self.hits) {
            *later = earlier;
        }
        Self { newest: slot, hits }
    }

    fn used(&self) -> u32 {
        self.hits.iter().fold(0, |sum, hits| sum.saturating_add(*hits))
    }

    /// Until no more than so many count.
    fn ms_until(&self, target: u32, slot_ms: i64, now: Timestamp) -> i64 {
        let mut left = self.used();
        let mut slots = 0_i64;
        for (gone, hits) in (1..).zip(self.hits.iter().rev()) {
            if left <= target {
                break;
            }
            left -= hits;
            slots = gone;
        }
        if slots == 0 { 0 } else { ((self.newest + slots) * slot_ms - now.as_millis()).max(0) }
    }
}

/// Whether a hit fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// It fits and was counted.
    pub allowed: bool,
    /// Hits left right now.
    pub remaining: u32,
    /// Seconds until there is more left than now; 0 when nothing was used.
    pub resets_after_s: u32,
    /// Where the hit was counted: to take it back.
    pub slot: i64,
}

/// Counts one hit, if it fits. A refused hit is not counted: who waits gets through.
pub fn spend(counters: &Counters, limit: Limit, now: Timestamp) -> (Counters, Verdict) {
    let slot_ms = limit.slot_ms();
    let mut counters = counters.at(now.as_millis().div_euclid(slot_ms));
    let used = counters.used();
    let allowed = used < limit.hits;
    if allowed {
        let [newest, ..] = &mut counters.hits;
        *newest += 1;
    }
    let used = used + u32::from(allowed);
    let target = used.min(limit.hits).saturating_sub(1);
    let resets_after_s = counters.ms_until(target, slot_ms, now).saturating_add(999).div_euclid(1000);
    let verdict = Verdict {
        allowed,
        remaining: limit.hits.saturating_sub(used),
        resets_after_s: u32::try_from(resets_after_s).unwrap_or(u32::MAX),
        slot: counters.newest,
    };
    (counters, verdict)
}

/// Takes back a hit that was counted in this slot: it turned out to be none of those that are limited.
#[must_use]
pub fn give_back(counters: &Counters, slot: i64) -> Counters {
    let mut counters = counters.clone();
    let age = usize::try_from(counters.newest - slot).ok();
    if let Some(hits) = age.and_then(|age| counters.hits.get_mut(age)) {
        *hits = hits.saturating_sub(1);
    }
    counters
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LIMIT: Limit = Limit { hits: 5, window_s: 10 };
    const WINDOW_MS: i64 = 10_000;

    fn start() -> Timestamp {
        Timestamp::from_millis(1_000_450)
    }

    #[test]
    fn the_hit_after_the_last_one_is_refused_exactly_as_long_as_it_says() {
        let mut counters = Counters::default();
        for left in (0..5).rev() {
            let (next, verdict) = spend(&counters, LIMIT, start());
            assert_eq!((verdict.allowed, verdict.remaining), (true, left));
            counters = next;
        }
        let (after, verdict) = spend(&counters, LIMIT, start());
        assert_eq!((verdict.allowed, verdict.remaining, verdict.resets_after_s), (false, 0, 11));
        assert_eq!(after, counters, "a refused hit does not count");
        assert!(!spend(&counters, LIMIT, start().plus_millis(10_549)).1.allowed);
        assert!(spend(&counters, LIMIT, start().plus_millis(10_550)).1.allowed);
    }

    #[test]
    fn a_lowered_limit_says_how_long_until_it_is_kept() {
        let mut counters = Counters::default();
        for second in 0..4 {
            counters = spend(&counters, LIMIT, start().plus_millis(second * 1000)).0;
        }
        let lowered = Limit { hits: 2, ..LIMIT };
        let now = start().plus_millis(3000);
        let verdict = spend(&counters, lowered, now).1;
        assert!(!verdict.allowed);
        let later = now.plus_millis(i64::from(verdict.resets_after_s) * 1000);
        assert!(!spend(&counters, lowered, later.plus_millis(-1000)).1.allowed);
        assert!(spend(&counters, lowered, later).1.allowed);
    }

    #[test]
    fn a_hit_that_is_given_back_never_was() {
        let (first, _) = spend(&Counters::default(), LIMIT, start());
        let (second, verdict) = spend(&first, LIMIT, start().plus_millis(3000));
        let third = spend(&second, LIMIT, start().plus_millis(5000)).0;
        let back = give_back(&third, verdict.slot);
        assert_eq!(back.used(), 2);
        assert_eq!(back, spend(&first, LIMIT, start().plus_millis(5000)).0);
        assert_eq!(give_back(&back, verdict.slot), back, "twice is once where nothing else was counted");
        assert_eq!(give_back(&back, verdict.slot - 100), back);
    }

    #[test]
    fn a_clock_that_goes_back_forgets_nothing() {
        let mut counters = Counters::default();
        for _ in 0..5 {
            counters = spend(&counters, LIMIT, start()).0;
        }
        assert!(!spend(&counters, LIMIT, start().plus_millis(-60_000)).1.allowed);
    }

    /// Changing this would make the objects forget what they count.
    #[test]
    fn stored_counters_stay_readable() {
        let counters = spend(&Counters::default(), LIMIT, start()).0;
        let json = r#"{"newest":1000,"hits":[1,0,0,0,0,0,0,0,0,0,0]}"#;
        assert_eq!(serde_json::to_string(&counters).unwrap(), json);
        assert_eq!(serde_json::from_str::<Counters>(json).unwrap(), counters);
    }

    /// What happens to a bucket.
    #[derive(Clone, Debug)]
    enum Step {
        Wait(i64),
        Spend,
        GiveBack,
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let wait = prop_oneof![0_i64..300, 0_i64..4_000, 8_000_i64..13_000];
        let step =
            prop_oneof![2 => wait.prop_map(Step::Wait), 6 => Just(Step::Spend), 1 => Just(Step::GiveBack)];
        prop::collection::vec(step, 1..300)
    }

    proptest! {
        /// The bound, and what it costs: a hit is refused only while the limit's number of hits lies within eleven tenths
        /// of the window.
        #[test]
        fn no_stretch_of_a_windows_length_holds_more_hits_than_the_limit(steps in steps(), hits in 1_u32..8) {
            let limit = Limit { hits, ..LIMIT };
            let (mut counters, mut now) = (Counters::default(), start());
            let mut counted: Vec<(Timestamp, i64)> = Vec::new();
            for step in steps {
                match step {
                    Step::Wait(millis) => now = now.plus_millis(millis),
                    Step::Spend => {
                        let (next, verdict) = spend(&counters, limit, now);
                        counters = next;
                        if verdict.allowed {
                            counted.push((now, verdict.slot));
                        } else {
                            let near = counted.iter().filter(|(at, _)| now.millis_since(*at) < WINDOW_MS * 11 / 10);
                            prop_assert!(near.count() >= hits as usize, "refused without need");
                        }
                    }
                    Step::GiveBack => {
                        if let Some((_, slot)) = counted.pop() {
                            counters = give_back(&counters, slot);
                        }
                    }
                }
            }
            for (end, _) in &counted {
                let within = counted.iter().filter(|(at, _)| (0..=WINDOW_MS).contains(&end.millis_since(*at)));
                prop_assert!(within.count() <= hits as usize);
            }
        }
    }
}
