//! Fractions: add, subtract, multiply, divide, simplify, compare, and put in order.

#![expect(clippy::many_single_char_names, reason = "as mathematics writes it")]

use std::cmp::Ordering;

use super::super::rational::{Rational, gcd, lcm};
use super::super::work::Work;
use super::level::Level;
use super::problem::{Answer, Problem, Slip, Style};

/// A proper fraction in lowest terms.
fn proper(work: &mut Work, level: Level) -> Rational {
    for _ in 0..8 {
        let denominator = work.range(2, level.denominator());
        let fraction = Rational::new(work.range(1, denominator - 1), denominator);
        if fraction.denominator() > 1 {
            return fraction;
        }
    }
    Rational::new(1, 2)
}

/// Two of them: with the same denominator where unlike ones are not taught yet.
fn two(work: &mut Work, level: Level) -> (i64, i64, i64, i64) {
    if level.grade <= 4 || (level.grade == 5 && level.hardness() == 0) {
        let denominator = work.range(3, level.denominator() + 2);
        let a = work.range(1, denominator - 1);
        return (a, denominator, work.range(1, denominator - 1), denominator);
    }
    let (x, y) = (proper(work, level), proper(work, level));
    (x.numerator(), x.denominator(), y.numerator(), y.denominator())
}

/// " = 3/4" where the sum is not in lowest terms yet.
fn simplified(numerator: i64, denominator: i64) -> String {
    let value = Rational::new(numerator, denominator);
    if gcd(numerator, denominator) == 1 && denominator != 1 {
        String::new()
    } else {
        format!(" = {}", value.text())
    }
}

fn in_lowest_terms(mut problem: Problem) -> Problem {
    problem.ask = format!("{} Give the result in lowest terms.", problem.ask);
    problem
}

/// a/b + c/d.
pub fn addition(work: &mut Work, level: Level) -> Problem {
    let (a, b, c, d) = two(work, level);
    let common = lcm(b, d);
    let (left, right) = (a * (common / b), c * (common / d));
    let working = format!(
        "{a}/{b} + {c}/{d} = {left}/{common} + {right}/{common} = {}/{common}{}.",
        left + right,
        simplified(left + right, common)
    );
    let key = Rational::new(a, b) + Rational::new(c, d);
    let problem = Problem::compute(format!("{a}/{b} + {c}/{d}"), key, working)
        .slip_raw(a + c, b + d, "adds numerators and denominators")
        .slip_raw(a + c, b.max(d), "adds the numerators without a common denominator")
        .slip_raw(a * c, b * d, "multiplies instead of adding")
        .slip_raw(a + c, b * d, "multiplies the denominators and leaves the numerators as they are");
    in_lowest_terms(problem)
}

/// a/b − c/d, not below zero.
pub fn subtraction(work: &mut Work, level: Level) -> Problem {
    let (a, b, c, d) = two(work, level);
    let (a, b, c, d) = if Rational::new(a, b) < Rational::new(c, d) { (c, d, a, b) } else { (a, b, c, d) };
    let common = lcm(b, d);
    let (left, right) = (a * (common / b), c * (common / d));
    let working = format!(
        "{a}/{b} − {c}/{d} = {left}/{common} − {right}/{common} = {}/{common}{}.",
        left - right,
        simplified(left - right, common)
    );
    let key = Rational::new(a, b) - Rational::new(c, d);
    let problem = Problem::compute(format!("{a}/{b} − {c}/{d}"), key, working)
        .slip_raw((a - c).abs(), (b - d).abs(), "subtracts numerators and denominators")
        .slip_raw((a - c).abs(), b.max(d), "subtracts the numerators without a common denominator")
        .slip_raw(left + right, common, "adds instead of subtracting")
        .slip_raw(a + c, b + d, "adds numerators and denominators");
    in_lowest_terms(problem)
}

/// a/b × c/d.
pub fn multiplication(work: &mut Work, level: Level) -> Problem {
    let (x, y) = (proper(work, level), proper(work, level));
    let (a, b, c, d) = (x.numerator(), x.denominator(), y.numerator(), y.denominator());
    let working = format!(
        "{a}/{b} × {c}/{d} = ({a} × {c})/({b} × {d}) = {}/{}{}.",
        a * c,
        b * d,
        simplified(a * c, b * d)
    );
    let problem = Problem::compute(format!("{a}/{b} × {c}/{d}"), x * y, working)
        .slip_raw(a * d, b * c, "multiplies crosswise, as in a division")
        .slip_raw(a * c, b.max(d), "multiplies the numerators alone")
        .slip_raw(a + c, b + d, "adds numerators and denominators")
        .slip(x + y, "adds instead of multiplying");
    in_lowest_terms(problem)
}

/// a/b ÷ c/d.
pub fn division(work: &mut Work, level: Level) -> Problem {
    let (x, y) = (proper(work, level), proper(work, level));
    let (a, b, c, d) = (x.numerator(), x.denominator(), y.numerator(), y.denominator());
    let working = format!(
        "Multiply by the reciprocal: {a}/{b} ÷ {c}/{d} = {a}/{b} × {d}/{c} = {}/{}{}.",
        a * d,
        b * c,
        simplified(a * d, b * c)
    );
    let problem = Problem::compute(format!("{a}/{b} ÷ {c}/{d}"), x / y, working)
        .slip_raw(a * c, b * d, "multiplies without turning the second fraction over")
        .slip_raw(b * c, a * d, "turns the first fraction over instead of the second")
        .slip(x - y, "subtracts instead of dividing");
    in_lowest_terms(problem)
}

/// A fraction that has not lowest terms yet.
pub fn simplification(work: &mut Work, level: Level) -> Problem {
    let lowest = proper(work, level);
    let (n, d) = (lowest.numerator(), lowest.denominator());
    let by = work.range(2, 4 + level.hardness() + level.wider);
    let (top, bottom) = (n * by, d * by);
    let working =
        format!("Divide both by {by}: {top}/{bottom} = ({top} ÷ {by})/({bottom} ÷ {by}) = {n}/{d}.");
    let mut problem = Problem::compute(format!("{top}/{bottom}"), lowest, working)
        .slip_raw(n, bottom, "divides the numerator alone")
        .slip_raw(top, d, "divides the denominator alone")
        .slip_raw(top - by, bottom - by, "subtracts the same number from both")
        .slip_raw(d, n, "turns the fraction over");
    problem.ask = format!("Write {top}/{bottom} in lowest terms.");
    problem.claim = (format!("{top}/{bottom} in lowest terms is "), String::new());
    problem
}

/// Which sign belongs between two fractions.
pub fn comparison(work: &mut Work, level: Level) -> Problem {
    let (x, mut y) = (proper(work, level), proper(work, level));
    for _ in 0..4 {
        if x == y {
            y = proper(work, level);
        }
    }
    let scale = if x == y { 2 } else { 1 };
    let (a, b, c, d) = (x.numerator(), x.denominator(), y.numerator() * scale, y.denominator() * scale);
    let common = lcm(b, d);
    let (left, right) = (a * (common / b), c * (common / d));
    let sign = |order: Ordering| match order {
        Ordering::Less => Answer { value: Rational::whole(-1), text: "<".to_owned() },
        Ordering::Equal => Answer { value: Rational::whole(0), text: "=".to_owned() },
        Ordering::Greater => Answer { value: Rational::whole(1), text: ">".to_owned() },
    };
    let key = sign(x.cmp(&y));
    let thoughts = [
        (sign(b.cmp(&d)), "takes the larger denominator for the larger fraction"),
        (sign(a.cmp(&c)), "compares the numerators alone"),
        (sign(x.cmp(&y).reverse()), "confuses the signs"),
        (sign(Ordering::Equal), "sees that both are parts of one and takes them for the same"),
        (sign(Ordering::Less), "takes the second for larger"),
    ];
    Problem {
        ask: format!("Which sign belongs between the fractions: {a}/{b} ☐ {c}/{d}?"),
        expression: format!("{a}/{b} ☐ {c}/{d}"),
        claim: (format!("{a}/{b} "), format!(" {c}/{d}")),
        working: format!(
            "With the common denominator {common}: {a}/{b} = {left}/{common} and {c}/{d} = {right}/{common}, so {a}/{b} {} {c}/{d}.",
            key.text
        ),
        key,
        slips: thoughts.into_iter().map(|(answer, thought)| Slip { answer, thought }).collect(),
        style: Style::NUMBER,
        has_value: false,
    }
}

/// A fraction alone, to be put in order with others.
pub fn value(work: &mut Work, level: Level) -> Problem {
    let fraction = proper(work, level);
    let text = fraction.text();
    Problem::compute(text.clone(), fraction, text)
}
