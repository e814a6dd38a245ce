//! The four operations with whole numbers.

use super::super::rational::Rational;
use super::super::work::Work;
use super::level::Level;
use super::problem::Problem;

/// Applies a rule digit by digit, as somebody does who works in columns and never carries.
fn by_columns(a: i64, b: i64, rule: impl Fn(i64, i64) -> i64) -> i64 {
    let (mut a, mut b, mut place, mut sum) = (a, b, 1, 0);
    while a > 0 || b > 0 {
        sum += rule(a % 10, b % 10) * place;
        (a, b, place) = (a / 10, b / 10, place * 10);
    }
    sum
}

/// The tens and the ones of a number, for the working: "38 = 30 + 8".
fn parts(number: i64) -> (i64, i64) {
    (number / 10 * 10, number % 10)
}

/// a + b.
pub fn addition(work: &mut Work, level: Level) -> Problem {
    let most = level.largest();
    let a = work.range(1, most - 1);
    let b = work.range(1, most - a);
    let (tens, ones) = parts(b);
    let working = if tens > 0 && ones > 0 {
        format!("{a} + {tens} = {}, and {} + {ones} = {}.", a + tens, a + tens, a + b)
    } else {
        format!("{a} + {b} = {}.", a + b)
    };
    Problem::compute(format!("{a} + {b}"), Rational::whole(a + b), working)
        .slip_whole(by_columns(a, b, |x, y| (x + y) % 10), "forgets to carry the ten")
        .slip_whole((a - b).abs(), "subtracts instead of adding")
        .slip_whole(a + b - 1, "counts on from the first number and counts it too")
        .slip_whole(a + b + 10, "carries a ten too many")
}

/// a − b, never below zero.
pub fn subtraction(work: &mut Work, level: Level) -> Problem {
    let a = work.range(2, level.largest());
    let b = work.range(1, a - 1);
    let (tens, ones) = parts(b);
    let working = if tens > 0 && ones > 0 {
        format!("{a} − {tens} = {}, and {} − {ones} = {}.", a - tens, a - tens, a - b)
    } else {
        format!("{a} − {b} = {}, because {} + {b} = {a}.", a - b, a - b)
    };
    Problem::compute(format!("{a} − {b}"), Rational::whole(a - b), working)
        .slip_whole(
            by_columns(a, b, |x, y| (x - y).abs()),
            "takes the smaller digit from the larger in each column",
        )
        .slip_whole(a + b, "adds instead of subtracting")
        .slip_whole(a - b + 10, "borrows a ten and does not take it away")
        .slip_whole(a - b + 1, "counts the first number too when counting back")
}

/// a × b.
pub fn multiplication(work: &mut Work, level: Level) -> Problem {
    let factor = level.factor();
    let a = work.range(2, if level.grade >= 4 { factor * 3 } else { factor });
    let b = work.range(2, factor);
    let (tens, ones) = parts(a);
    let working = if tens > 0 && ones > 0 {
        format!("{tens} × {b} = {}, {ones} × {b} = {}, together {}.", tens * b, ones * b, a * b)
    } else {
        format!("{a} × {b} = {}: {b} times {a}.", a * b)
    };
    let mut problem = Problem::compute(format!("{a} × {b}"), Rational::whole(a * b), working)
        .slip_whole(a + b, "adds instead of multiplying")
        .slip_whole(a * (b - 1), "takes one group too few")
        .slip_whole(a * (b + 1), "takes one group too many");
    if tens > 0 && b > 9 {
        let (b_tens, b_ones) = parts(b);
        let only = tens * b_tens + ones * b_ones;
        problem = problem.slip_whole(only, "multiplies tens with tens and ones with ones alone");
        problem.slips.rotate_right(1);
    }
    problem
}

/// a ÷ b without a remainder.
pub fn division(work: &mut Work, level: Level) -> Problem {
    let factor = level.factor();
    let divisor = work.range(2, factor);
    let quotient = work.range(2, if level.grade >= 4 { factor * 3 } else { factor });
    let dividend = divisor * quotient;
    let working =
        format!("{dividend} ÷ {divisor} = {quotient}, because {divisor} × {quotient} = {dividend}.");
    Problem::compute(format!("{dividend} ÷ {divisor}"), Rational::whole(quotient), working)
        .slip_whole(dividend - divisor, "subtracts instead of dividing")
        .slip_whole(quotient * 10, "writes a zero too many")
        .slip_whole(quotient + 1, "is one row off in the times table")
        .slip_whole(quotient - 1, "is one row off in the times table")
}
