//! What an isolate measured and has not handed over yet.

use crate::domain::metrics::{Registry, Sample};
use crate::domain::time::Timestamp;

/// The first measurement waits so long for others.
pub const FLUSH_MS: u32 = 2_000;
/// So many series are handed over at once.
const FULL: usize = 1_000;
/// A flush that was planned and did not come within so long went away with its request.
const LOST_MS: i64 = 10_000;

/// What the caller has to do now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// Nothing: a flush is on its way.
    Nothing,
    /// Hand over in [`FLUSH_MS`].
    FlushLater,
    /// Hand over at once.
    FlushNow,
}

/// See the module.
#[derive(Debug, Default)]
pub struct Buffer {
    registry: Registry,
    planned_at: Option<Timestamp>,
}

impl Buffer {
    /// Takes a measurement in.
    pub fn take(&mut self, now: Timestamp, sample: Sample) -> Then {
        self.registry.take(sample);
        if self.registry.len() >= FULL {
            return Then::FlushNow;
        }
        let is_planned = self.planned_at.is_some_and(|at| (0..LOST_MS).contains(&now.millis_since(at)));
        if is_planned {
            return Then::Nothing;
        }
        self.planned_at = Some(now);
        Then::FlushLater
    }

    /// Everything, to be handed over.
    pub fn drain(&mut self) -> Vec<Sample> {
        self.planned_at = None;
        std::mem::take(&mut self.registry).samples()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::metrics::{Amount, Labels, Metric, labels};

    fn hit() -> Sample {
        Sample { metric: Metric::CacheHits, labels: Labels::new(), amount: Amount::Added(1) }
    }

    #[test]
    fn one_flush_is_planned_at_a_time_and_one_that_never_came_is_planned_again() {
        let mut buffer = Buffer::default();
        let at = Timestamp::from_millis;
        assert_eq!(buffer.take(at(0), hit()), Then::FlushLater);
        assert_eq!(buffer.take(at(1_000), hit()), Then::Nothing);
        assert_eq!(buffer.take(at(LOST_MS), hit()), Then::FlushLater);
        assert_eq!(buffer.drain(), [Sample { amount: Amount::Added(3), ..hit() }]);
        assert!(buffer.drain().is_empty());
        assert_eq!(buffer.take(at(LOST_MS + 1), hit()), Then::FlushLater);
    }

    #[test]
    fn a_full_buffer_does_not_wait() {
        let mut buffer = Buffer::default();
        let route = |n: usize| Sample {
            metric: Metric::HttpRequests,
            labels: labels([("route", &n.to_string())]),
            ..hit()
        };
        let last = (0..FULL).map(|n| buffer.take(Timestamp::from_millis(0), route(n))).last();
        assert_eq!(last, Some(Then::FlushNow));
    }
}
