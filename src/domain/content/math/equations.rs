//! Linear equations with one unknown and a whole solution.

#![expect(clippy::many_single_char_names, reason = "as mathematics writes it")]

use super::super::rational::{Rational, signed};
use super::super::work::Work;
use super::level::Level;
use super::problem::{Problem, Style};

const X: Style = Style { before: "x = ", after: "" };

/// "+ 3" or "− 3".
fn term(number: i64) -> String {
    if number < 0 { format!("− {}", -number) } else { format!("+ {number}") }
}

/// "3x", "x".
fn times_x(factor: i64) -> String {
    match factor {
        1 => "x".to_owned(),
        -1 => "−x".to_owned(),
        _ => format!("{}x", signed(factor)),
    }
}

fn equation(text: &str, solution: i64, working: String) -> Problem {
    let mut problem = Problem::compute(text.to_owned(), Rational::whole(solution), working);
    problem.ask = format!("Solve {text}. What is x?");
    problem.claim = (format!("The solution of {text} is "), String::new());
    problem.style = X;
    problem.key = X.of(Rational::whole(solution));
    problem
}

/// x + a = b in the first years, ax + b = c then, with x on both sides where it is hard.
pub fn linear(work: &mut Work, level: Level) -> Problem {
    if level.grade <= 5 && level.hardness() < 2 {
        return one_step(work, level);
    }
    if level.grade >= 8 && level.hardness() >= 1 || level.hardness() == 3 {
        return both_sides(work, level);
    }
    two_steps(work, level)
}

fn solution(work: &mut Work, level: Level) -> i64 {
    let most = 6 + level.hardness() * 3 + level.wider * 3;
    let least = if level.has_negatives() { -most } else { 1 };
    match work.range(least, most) {
        0 => most,
        x => x,
    }
}

fn one_step(work: &mut Work, level: Level) -> Problem {
    let x = solution(work, level);
    let a = work.range(1, level.factor());
    let b = x + a;
    let working = format!("Subtract {a} on both sides: x = {} − {a} = {}.", signed(b), signed(x));
    equation(&format!("x + {a} = {}", signed(b)), x, working)
        .slip_whole(b + a, "adds instead of subtracting (sign error)")
        .slip_whole(b, "gives the right side")
        .slip_whole(a - b, "subtracts the wrong way round (sign error)")
}

/// A summand that is not 0, below zero where that is taught.
fn summand(work: &mut Work, level: Level) -> i64 {
    let number = work.range(1, 9 + level.hardness() * 4 + level.wider * 4);
    if level.has_negatives() && work.coin() { -number } else { number }
}

fn two_steps(work: &mut Work, level: Level) -> Problem {
    let (x, a) = (solution(work, level), work.range(2, 5 + level.hardness() * 2));
    let b = summand(work, level);
    let c = a * x + b;
    let verb = if b < 0 { "Add" } else { "Subtract" };
    let working = format!(
        "{verb} {} on both sides: {} = {}. Divide by {a}: x = {}.",
        b.abs(),
        times_x(a),
        signed(c - b),
        signed(x)
    );
    equation(&format!("{} {} = {}", times_x(a), term(b), signed(c)), x, working)
        .slip(Rational::new(c + b, a), "moves the number to the other side without changing its sign")
        .slip_whole(c - b, "forgets to divide")
        .slip_whole(-x, "makes a sign error")
        .slip_whole(c - b - a, "subtracts the factor instead of dividing by it")
}

fn both_sides(work: &mut Work, level: Level) -> Problem {
    let (x, d) = (solution(work, level), work.range(1, 4 + level.hardness()));
    let a = d + work.range(2, 5 + level.hardness());
    let b = summand(work, level);
    let c = (a - d) * x + b;
    let working = format!(
        "Subtract {}: {} {} = {}. So {} = {}, and x = {}.",
        times_x(d),
        times_x(a - d),
        term(b),
        signed(c),
        times_x(a - d),
        signed(c - b),
        signed(x)
    );
    equation(&format!("{} {} = {} {}", times_x(a), term(b), times_x(d), term(c)), x, working)
        .slip(Rational::new(c - b, a + d), "adds the terms with x instead of subtracting (sign error)")
        .slip(Rational::new(c + b, a - d), "moves the number to the other side without changing its sign")
        .slip_whole(-x, "makes a sign error")
        .slip_whole(c - b, "forgets to divide")
}
