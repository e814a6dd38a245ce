//! Exact numbers: keys are computed with these, never with floating point.

use std::cmp::Ordering;
use std::ops::{Add, Div, Mul, Neg, Sub};

/// A fraction in lowest terms with a positive denominator.
///
/// What is computed here stays below 10^8 in numerator and denominator, so that products fit into 64 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Rational {
    numerator: i64,
    denominator: i64,
}

/// The largest number that divides both.
pub fn gcd(a: i64, b: i64) -> i64 {
    let (mut a, mut b) = (a.abs(), b.abs());
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// The smallest number that both divide.
pub fn lcm(a: i64, b: i64) -> i64 {
    a / gcd(a, b).max(1) * b
}

impl Rational {
    /// `numerator / denominator`, in lowest terms. Nothing is divided by 0: such a fraction is 0.
    pub fn new(numerator: i64, denominator: i64) -> Self {
        let common = gcd(numerator, denominator);
        if denominator == 0 || common == 0 {
            return Self { numerator: 0, denominator: 1 };
        }
        let sign = denominator.signum();
        Self { numerator: sign * numerator / common, denominator: sign * denominator / common }
    }

    /// A whole number.
    pub fn whole(number: i64) -> Self {
        Self { numerator: number, denominator: 1 }
    }

    /// Above the line.
    pub fn numerator(self) -> i64 {
        self.numerator
    }

    /// Below the line.
    pub fn denominator(self) -> i64 {
        self.denominator
    }

    /// Whether it is a whole number.
    pub fn is_whole(self) -> bool {
        self.denominator == 1
    }

    /// Whether it is below zero.
    pub fn is_negative(self) -> bool {
        self.numerator < 0
    }

    /// As people write it: `−3/4`, `5`.
    pub fn text(self) -> String {
        signed(self.numerator)
            + &if self.is_whole() { String::new() } else { format!("/{}", self.denominator) }
    }

    /// As a decimal number with a point, if it ends after at most six places: `2.5`.
    pub fn decimal(self) -> Option<String> {
        let mut places = 0;
        let mut scale = 1;
        while scale % self.denominator != 0 {
            places += 1;
            scale *= 10;
            if places > 6 {
                return None;
            }
        }
        let scaled = self.numerator * (scale / self.denominator);
        let sign = if scaled < 0 { "-" } else { "" };
        let digits = format!("{:0>width$}", scaled.abs(), width = places + 1);
        let (whole, part) = digits.split_at(digits.len() - places);
        Some(if places == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{part}") })
    }

    /// The double next to it, if it is a decimal number that ends: for the key of a numeric question.
    pub fn number(self) -> Option<f64> {
        self.decimal()?.parse().ok()
    }
}

/// A whole number with the sign that is printed, `−`.
pub fn signed(number: i64) -> String {
    if number < 0 { format!("−{}", number.unsigned_abs()) } else { number.to_string() }
}

impl Add for Rational {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        let numerator = self.numerator * other.denominator + other.numerator * self.denominator;
        Self::new(numerator, self.denominator * other.denominator)
    }
}

impl Sub for Rational {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

impl Mul for Rational {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        Self::new(self.numerator * other.numerator, self.denominator * other.denominator)
    }
}

impl Div for Rational {
    type Output = Self;
    fn div(self, other: Self) -> Self {
        Self::new(self.numerator * other.denominator, self.denominator * other.numerator)
    }
}

impl Neg for Rational {
    type Output = Self;
    fn neg(self) -> Self {
        Self { numerator: -self.numerator, ..self }
    }
}

impl Ord for Rational {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.numerator * other.denominator).cmp(&(other.numerator * self.denominator))
    }
}

impl PartialOrd for Rational {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop_assert, prop_assert_eq, proptest};

    use super::Rational;

    #[test]
    fn fractions_are_in_lowest_terms_and_written_as_people_do() {
        assert_eq!(Rational::new(6, -8).text(), "−3/4");
        assert_eq!((Rational::new(1, 2) + Rational::new(1, 4)).text(), "3/4");
        assert_eq!((Rational::new(1, 2) / Rational::new(1, 4)).text(), "2");
        assert_eq!(Rational::new(-5, 2).decimal().as_deref(), Some("-2.5"));
        assert_eq!(Rational::new(1, 40).decimal().as_deref(), Some("0.025"));
        assert_eq!(Rational::new(1, 3).decimal(), None);
        assert_eq!(Rational::new(1, 0), Rational::whole(0));
    }

    proptest! {
        #[test]
        fn sums_and_quotients_undo(a in -999i64..999, b in 1i64..99, c in -999i64..999, d in 1i64..99) {
            let (x, y) = (Rational::new(a, b), Rational::new(c, d));
            prop_assert_eq!(x + y - y, x);
            prop_assert!(c == 0 || x * y / y == x);
            prop_assert_eq!(x < y, a * d < c * b);
        }
    }
}
