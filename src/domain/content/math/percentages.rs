//! Percentages of whole numbers, with whole results.

use super::super::rational::{Rational, gcd};
use super::super::work::Work;
use super::level::Level;
use super::problem::{Problem, Style};

const EASY: [i64; 5] = [10, 20, 25, 50, 75];
const HARD: [i64; 12] = [5, 8, 12, 15, 18, 30, 35, 40, 45, 60, 85, 95];

/// A share and a whole of which it is a whole number.
fn share(work: &mut Work, level: Level) -> (i64, i64) {
    let rates: Vec<i64> =
        if level.hardness() == 0 { EASY.to_vec() } else { EASY.iter().chain(&HARD).copied().collect() };
    let rate = work.pick(&rates).copied().unwrap_or(50);
    let unit = 100 / gcd(rate, 100);
    (rate, unit * work.range(2, 10 + level.hardness() * 10 + level.wider * 10))
}

/// One of three kinds; an easy brief has the first alone.
pub fn percentage(work: &mut Work, level: Level) -> Problem {
    match work.below(if level.hardness() == 0 { 1 } else { 3 }) {
        0 => part_of(work, level),
        1 => change(work, level),
        _ => rate_of(work, level),
    }
}

fn part_of(work: &mut Work, level: Level) -> Problem {
    let (rate, whole) = share(work, level);
    let part = whole * rate / 100;
    let working = format!("{rate} % of {whole} = {rate}/100 × {whole} = {part}.");
    let mut problem = Problem::compute(format!("{rate} % of {whole}"), Rational::whole(part), working)
        .slip_whole(rate, "takes the percentage for the amount")
        .slip_whole(whole - part, "gives what is left over")
        .slip_whole(part * 10, "divides by 10 instead of by 100")
        .slip_whole(whole - rate, "subtracts the percentage as if it were a number");
    problem.ask = format!("What is {rate} % of {whole}?");
    problem
}

fn change(work: &mut Work, level: Level) -> Problem {
    let (rate, whole) = share(work, level);
    let part = whole * rate / 100;
    let rises = work.coin();
    let (verb, result, opposite) = if rises {
        ("increased", whole + part, whole - part)
    } else {
        ("decreased", whole - part, whole + part)
    };
    let sign = if rises { "+" } else { "−" };
    let working = format!("{rate} % of {whole} is {part}, and {whole} {sign} {part} = {result}.");
    let as_number = if rises { whole + rate } else { whole - rate };
    let mut problem =
        Problem::compute(format!("{whole} {verb} by {rate} %"), Rational::whole(result), working)
            .slip_whole(as_number, "adds or subtracts the percentage as if it were a number")
            .slip_whole(part, "gives the change and not the result")
            .slip_whole(opposite, "changes it in the wrong direction");
    problem.ask = format!("What is {whole} {verb} by {rate} %?");
    problem
}

fn rate_of(work: &mut Work, level: Level) -> Problem {
    let (rate, whole) = share(work, level);
    let part = whole * rate / 100;
    let style = Style { before: "", after: " %" };
    let working = format!("{part} ÷ {whole} = {rate}/100 = {rate} %.");
    let mut problem =
        Problem::about(&format!("{part} as a percentage of {whole}"), Rational::whole(rate), style, working)
            .slip_whole(part, "takes the amount for the percentage")
            .slip_whole(100 - rate, "gives the share that is left over")
            .slip(Rational::new(rate, 10), "multiplies by 10 instead of by 100");
    problem.ask = format!("How many percent of {whole} are {part}?");
    problem
}
