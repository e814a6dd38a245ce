//! Chance and its price. Everything random comes from one seed, and everything that costs time is counted, so that a test can
//! say what the largest brief costs without a clock.

use rand_chacha::ChaCha8Rng;
use rand_core::{RngCore, SeedableRng};
use sha2::{Digest, Sha256};

/// A stream of choices, the same for the same seed and purpose.
pub struct Work {
    rng: ChaCha8Rng,
    steps: u64,
}

impl Work {
    /// A stream for one purpose: another purpose of the same seed chooses independently.
    pub fn new(seed: u64, purpose: &str) -> Self {
        let digest = Sha256::digest(format!("{seed}:{purpose}"));
        Self { rng: ChaCha8Rng::from_seed(digest.into()), steps: 0 }
    }

    /// Counts so many steps: a word looked at, a candidate tried, a number drawn.
    pub fn step(&mut self, count: usize) {
        self.steps = self.steps.saturating_add(u64::try_from(count).unwrap_or(u64::MAX));
    }

    /// The steps so far.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// 0 to `count - 1`; 0 when there is nothing to choose. 64 bits are drawn for lists of a few thousand at most, so the
    /// modulo has no bias to speak of.
    pub fn below(&mut self, count: usize) -> usize {
        self.step(1);
        let count = u64::try_from(count).unwrap_or(u64::MAX).max(1);
        usize::try_from(self.rng.next_u64() % count).unwrap_or(0)
    }

    /// From `least` to `most`, both possible.
    pub fn range(&mut self, least: i64, most: i64) -> i64 {
        let width = usize::try_from((most - least).max(0)).unwrap_or(0);
        least + i64::try_from(self.below(width + 1)).unwrap_or(0)
    }

    /// One of two.
    pub fn coin(&mut self) -> bool {
        self.below(2) == 0
    }

    /// One of the list.
    pub fn pick<'a, T>(&mut self, list: &'a [T]) -> Option<&'a T> {
        let at = self.below(list.len());
        list.get(at)
    }

    /// Fisher–Yates.
    pub fn shuffle<T>(&mut self, list: &mut [T]) {
        for last in (1..list.len()).rev() {
            let other = self.below(last + 1);
            list.swap(last, other);
        }
    }
}
