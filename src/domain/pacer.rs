//! When the next password may be hashed. A hash keeps the whole isolate busy, so hashes leave each other gaps: in a rush of
//! sign-ins everything else still gets its turn, and who would have to wait too long is told so at once.

use super::time::Timestamp;

/// From the start of one hash to the start of the next: twice of what a hash takes (about 45 ms in workerd).
const GAP_MS: i64 = 90;
/// So many start at once before the gaps begin.
const BURST: i64 = 2;
/// Nobody waits longer: a browser would show nothing for so long.
const MAX_WAIT_MS: i64 = 5_000;

/// The plan of one isolate.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pacer {
    /// When a next hash would start if there were no burst.
    next: i64,
}

/// Too many wait already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Busy {
    /// When to try again, in seconds.
    pub retry_after_s: u32,
}

impl Pacer {
    /// Takes the next place and says how long to wait for it, in milliseconds.
    pub fn take(&mut self, now: Timestamp) -> Result<u32, Busy> {
        let now = now.as_millis();
        // A clock that was set back must not make everybody wait for it.
        let plan = if self.next - now > MAX_WAIT_MS + GAP_MS * BURST { now } else { self.next.max(now) };
        let wait = (plan - now - GAP_MS * (BURST - 1)).max(0);
        if wait > MAX_WAIT_MS {
            return Err(Busy { retry_after_s: 5 });
        }
        self.next = plan + GAP_MS;
        Ok(u32::try_from(wait).unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_start_at_once_and_the_rest_one_after_the_other() {
        let mut pacer = Pacer::default();
        let now = Timestamp::from_millis(1_000_000);
        let waits: Vec<u32> = (0..5).map(|_| pacer.take(now).unwrap()).collect();
        assert_eq!(waits, [0, 0, 90, 180, 270]);
        let later = now.plus_millis(10_000);
        assert_eq!(pacer.take(later), Ok(0), "after a pause nobody waits");
    }

    #[test]
    fn who_would_wait_more_than_five_seconds_is_told_so_and_takes_no_place() {
        let mut pacer = Pacer::default();
        let now = Timestamp::from_millis(1_000_000);
        let taken = (0..1_000).filter(|_| pacer.take(now).is_ok()).count();
        assert_eq!(taken, 57);
        assert_eq!(pacer.take(now), Err(Busy { retry_after_s: 5 }));
        assert!(pacer.take(now.plus_millis(GAP_MS)).is_ok());
    }

    #[test]
    fn a_clock_that_was_set_back_makes_nobody_wait() {
        let mut pacer = Pacer::default();
        assert_eq!(pacer.take(Timestamp::from_millis(10_000_000)), Ok(0));
        assert_eq!(pacer.take(Timestamp::from_millis(1_000_000)), Ok(0));
    }
}
