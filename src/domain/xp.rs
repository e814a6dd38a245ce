//! Experience points and levels.

/// XP of the first step: level 2 begins here, level 3 at four times as much, level n at (n − 1)² times as much.
const LEVEL_UNIT: u64 = 100;

/// `floor(sqrt(xp / 100)) + 1`, in integers: no rounding ever moves a pupil.
pub fn level(xp: u64) -> u64 {
    (xp / LEVEL_UNIT).isqrt() + 1
}

/// The XP at which a level begins.
pub fn level_start(level: u64) -> u64 {
    level.saturating_sub(1).saturating_pow(2).saturating_mul(LEVEL_UNIT)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn levels_begin_at_squares() {
        for (xp, expected) in
            [(0, 1), (99, 1), (100, 2), (399, 2), (400, 3), (899, 3), (900, 4), (10_000, 11)]
        {
            assert_eq!(level(xp), expected, "{xp} XP");
        }
    }

    proptest! {
        #[test]
        fn a_level_holds_exactly_from_its_start_to_the_next(xp in 0_u64..10_000_000_000) {
            let level = level(xp);
            prop_assert!(level_start(level) <= xp);
            prop_assert!(xp < level_start(level + 1));
        }
    }
}
