//! A circuit breaker: after some failures in a row nobody is asked for a while; then one try decides.

use super::time::Timestamp;

/// So many failures in a row open it.
pub const FAILURES: u32 = 5;
/// So long nobody is asked.
pub const OPEN_MS: i64 = 30_000;
/// A try that says nothing for so long is as good as none, and another one is let through.
pub const TRIAL_MS: i64 = 30_000;

/// Of one host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Breaker {
    /// All are let through.
    Closed {
        /// Failures in a row.
        failures: u32,
    },
    /// None is let through before then.
    Open {
        /// When one is.
        until: Timestamp,
    },
    /// One was let through, and what becomes of it decides.
    HalfOpen {
        /// When.
        since: Timestamp,
    },
}

impl Default for Breaker {
    fn default() -> Self {
        Self::Closed { failures: 0 }
    }
}

impl Breaker {
    /// Whether somebody may ask now.
    pub fn admit(&mut self, now: Timestamp) -> bool {
        let is_admitted = match self {
            Self::Closed { .. } => return true,
            Self::Open { until } => now >= *until,
            Self::HalfOpen { since } => now.millis_since(*since) >= TRIAL_MS,
        };
        if is_admitted {
            *self = Self::HalfOpen { since: now };
        }
        is_admitted
    }

    /// Somebody who was let through got an answer.
    pub fn succeeded(&mut self) {
        // An answer to what was asked before it opened closes nothing.
        if !matches!(self, Self::Open { .. }) {
            *self = Self::default();
        }
    }

    /// Somebody who was let through got none, or one that says that the host cannot.
    pub fn failed(&mut self, now: Timestamp) {
        let open = Self::Open { until: now.plus_millis(OPEN_MS) };
        *self = match *self {
            Self::Closed { failures } if failures + 1 < FAILURES => Self::Closed { failures: failures + 1 },
            Self::Closed { .. } | Self::HalfOpen { .. } => open,
            Self::Open { until } => Self::Open { until },
        };
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn it_opens_after_five_failures_and_one_try_decides() {
        let mut breaker = Breaker::default();
        let at = Timestamp::from_millis;
        for _ in 0..FAILURES {
            assert!(breaker.admit(at(0)));
            breaker.failed(at(0));
        }
        assert!(!breaker.admit(at(OPEN_MS - 1)));
        assert!(breaker.admit(at(OPEN_MS)), "one try");
        assert!(!breaker.admit(at(OPEN_MS)), "and no second one beside it");
        breaker.failed(at(OPEN_MS));
        assert!(!breaker.admit(at(2 * OPEN_MS - 1)));
        assert!(breaker.admit(at(2 * OPEN_MS)));
        breaker.succeeded();
        assert_eq!(breaker, Breaker::default());
    }

    #[derive(Clone, Copy, Debug)]
    enum Step {
        Ask,
        Succeed,
        Fail,
        Wait(i64),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            3 => Just(Step::Ask),
            1 => Just(Step::Succeed),
            4 => Just(Step::Fail),
            1 => (0..40_000_i64).prop_map(Step::Wait),
        ];
        prop::collection::vec(step, 0..300)
    }

    proptest! {
        /// In whatever order answers come.
        #[test]
        fn while_it_is_not_closed_at_most_one_is_let_through_in_half_a_minute(steps in steps()) {
            let (mut breaker, mut now) = (Breaker::default(), Timestamp::from_millis(0));
            let mut admitted: Vec<Timestamp> = Vec::new();
            let mut in_a_row = 0;
            for step in steps {
                let was_closed = matches!(breaker, Breaker::Closed { .. });
                match step {
                    Step::Wait(millis) => now = now.plus_millis(millis),
                    Step::Ask => {
                        let is_admitted = breaker.admit(now);
                        prop_assert!(is_admitted || !was_closed, "closed lets everybody through");
                        if is_admitted && !was_closed {
                            if let Some(last) = admitted.last() {
                                prop_assert!(now.millis_since(*last) >= OPEN_MS.min(TRIAL_MS));
                            }
                            admitted.push(now);
                        }
                    }
                    Step::Succeed => {
                        let is_open = matches!(breaker, Breaker::Open { .. });
                        breaker.succeeded();
                        prop_assert_eq!(is_open, matches!(breaker, Breaker::Open { .. }));
                        if !is_open {
                            in_a_row = 0;
                            admitted.clear();
                        }
                    }
                    Step::Fail => {
                        in_a_row += 1;
                        breaker.failed(now);
                        if was_closed {
                            let is_closed = matches!(breaker, Breaker::Closed { .. });
                            prop_assert_eq!(is_closed, in_a_row < FAILURES, "it opens at the fifth in a row");
                        }
                    }
                }
            }
        }
    }
}
