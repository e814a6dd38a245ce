//! How large the numbers are: school year and difficulty choose the ranges.

use crate::model::Difficulty;

/// Where a class stands.
#[derive(Clone, Copy, Debug)]
pub struct Level {
    /// 1 to 12.
    pub grade: i64,
    /// As the brief has it.
    pub difficulty: Difficulty,
    /// Raised when small ranges have no new question left.
    pub wider: i64,
}

impl Level {
    /// 0 to 3.
    pub fn hardness(self) -> i64 {
        match self.difficulty {
            Difficulty::Easy => 0,
            Difficulty::Medium => 1,
            Difficulty::Hard => 2,
            Difficulty::Expert => 3,
        }
    }

    /// The largest whole number in a sum: 10 in an easy first year, 10,000 at the hardest.
    pub fn largest(self) -> i64 {
        let base = match self.grade {
            ..=1 => 10,
            2 => 50,
            3 => 100,
            4 => 500,
            _ => 1000,
        };
        let factor = match self.difficulty {
            Difficulty::Easy => 1,
            Difficulty::Medium => 2,
            Difficulty::Hard => 5,
            Difficulty::Expert => 10,
        };
        base * factor * (self.wider + 1)
    }

    /// The largest factor of the times tables.
    pub fn factor(self) -> i64 {
        let base = match self.grade {
            ..=2 => 5,
            3 => 9,
            4 => 12,
            _ => 15,
        };
        base + self.hardness() * base / 2 + self.wider * 5
    }

    /// The largest denominator.
    pub fn denominator(self) -> i64 {
        let base = match self.grade {
            ..=3 => 5,
            4 => 6,
            5 => 8,
            _ => 10,
        };
        base + self.hardness() * 2 + self.wider * 3
    }

    /// The longest side, in centimetres.
    pub fn side(self) -> i64 {
        self.factor() + 3
    }

    /// Whether answers below zero are in the curriculum.
    pub fn has_negatives(self) -> bool {
        self.grade >= 7
    }
}
