//! Makes questions of problems, in each of the seven types. Keys are the problems' own; what is wrong is a misconception.

use super::super::question::{self, Points};
use super::super::rational::{Rational, lcm};
use super::super::work::Work;
use super::level::Level;
use super::problem::{Answer, Problem};
use super::skill::Skill;
use crate::domain::quiz::{AuthorQuestion, QuestionType};

/// Statements, pairs or items of one question.
const PARTS: usize = 4;
/// Draws for these, before the question is given up.
const DRAWS: usize = 40;

/// One question of a skill, or nothing when the range has not enough different problems.
pub fn question(work: &mut Work, skill: Skill, level: Level, form: QuestionType) -> Option<AuthorQuestion> {
    let points = Points::of(level.difficulty);
    let problem = skill.problem(work, level);
    match form {
        QuestionType::MultipleChoice => Some(choice(work, level, &problem, points)),
        QuestionType::TrueFalse => Some(true_false(work, level, &problem, points)),
        QuestionType::Numeric => numeric(&problem, points),
        QuestionType::ShortAnswer => Some(short_answer(&problem, points)),
        QuestionType::MultipleResponse => statements(work, skill, level, points),
        QuestionType::Ordering => ordering(work, skill, level, points),
        QuestionType::Matching => matching(work, skill, level, points),
    }
}

fn choice(work: &mut Work, level: Level, problem: &Problem, points: Points) -> AuthorQuestion {
    let slips = problem.distractors(level, work);
    let mut because = vec![problem.working.clone()];
    for slip in slips.iter().filter(|slip| slip.thought != "miscounts").take(2) {
        because.push(format!("Who answers {} {}.", slip.answer.text, slip.thought));
    }
    let mut options = vec![(problem.key.text.clone(), true)];
    options.extend(slips.into_iter().map(|slip| (slip.answer.text, false)));
    if problem.has_value {
        work.shuffle(&mut options);
    } else {
        options.sort();
    }
    question::choice(QuestionType::MultipleChoice, problem.ask.clone(), options, points)
        .because(&because.join(" "))
}

/// The key, or a wrong answer.
fn claim(work: &mut Work, level: Level, problem: &Problem) -> (Answer, bool, &'static str) {
    let slips = problem.distractors(level, work);
    if work.coin() {
        return (problem.key.clone(), true, "");
    }
    // The first is the best known; now and then another one.
    let at = if work.coin() { 0 } else { work.below(slips.len()) };
    slips
        .into_iter()
        .nth(at)
        .map_or((problem.key.clone(), true, ""), |slip| (slip.answer, false, slip.thought))
}

fn true_false(work: &mut Work, level: Level, problem: &Problem, points: Points) -> AuthorQuestion {
    let (answer, is_true, thought) = claim(work, level, problem);
    let mut because = vec![problem.working.clone()];
    if !is_true && thought != "miscounts" {
        because.push(format!("Who comes to {} {thought}.", answer.text));
    }
    question::true_false(format!("True or false? {}", problem.statement(&answer)), is_true, points)
        .because(&because.join(" "))
}

fn numeric(problem: &Problem, points: Points) -> Option<AuthorQuestion> {
    let value = problem.key.value.number()?;
    let unit = problem.style.after.trim();
    let hint = if unit.is_empty() || problem.ask.contains("percent") {
        String::new()
    } else {
        format!(" (in {unit})")
    };
    Some(question::numeric(format!("{}{hint}", problem.ask), value, points).because(&problem.working.clone()))
}

fn short_answer(problem: &Problem, points: Points) -> AuthorQuestion {
    let value = problem.key.value;
    let mut accept = vec![problem.key.text.clone()];
    let mut plain = vec![value.text()];
    if value.is_negative() {
        plain.push(value.text().replace('−', "-"));
    }
    if !value.is_whole() {
        plain.push(value.text().replace('/', " / "));
        // What ¾ becomes when forms of letters do not matter.
        plain.push(value.text().replace('/', "\u{2044}"));
    }
    for text in plain {
        accept.push(format!("{}{text}", problem.style.before));
        if !problem.style.before.is_empty() {
            accept.push(format!("{}{text}", problem.style.before.replace(' ', "")));
        }
        accept.push(text);
    }
    let mut seen = Vec::new();
    accept.retain(|text| {
        !seen.contains(text) && {
            seen.push(text.clone());
            true
        }
    });
    question::short_answer(problem.ask.clone(), accept, points).because(&problem.working.clone())
}

/// So many problems with different expressions and different keys.
fn several(work: &mut Work, skill: Skill, level: Level, count: usize) -> Option<Vec<Problem>> {
    let mut problems: Vec<Problem> = Vec::new();
    for _ in 0..DRAWS {
        if problems.len() == count {
            break;
        }
        let problem = skill.problem(work, level);
        let is_new = problems
            .iter()
            .all(|other| other.expression != problem.expression && other.key.value != problem.key.value);
        if is_new {
            problems.push(problem);
        }
    }
    (problems.len() == count).then_some(problems)
}

fn statements(work: &mut Work, skill: Skill, level: Level, points: Points) -> Option<AuthorQuestion> {
    let (mut options, mut because) = (Vec::new(), Vec::new());
    for _ in 0..DRAWS {
        if options.len() == PARTS {
            break;
        }
        let problem = skill.problem(work, level);
        let (answer, is_true, _) = claim(work, level, &problem);
        // At least one of each: the first draws do not fill it up with one kind.
        let same = options.iter().filter(|(_, other)| *other == is_true).count();
        let statement = problem.statement(&answer);
        if same + 1 == PARTS || options.iter().any(|(other, _)| *other == statement) {
            continue;
        }
        if !is_true {
            because.push(problem.working.clone());
        }
        options.push((statement, is_true));
    }
    let prompt = "Which of these are right? There may be more than one.".to_owned();
    let question = question::choice(QuestionType::MultipleResponse, prompt, options, points);
    let count = question.options.as_ref().map_or(0, Vec::len);
    (count == PARTS).then(|| question.because(&format!("The others are wrong: {}", because.join(" "))))
}

fn ordering(work: &mut Work, skill: Skill, level: Level, points: Points) -> Option<AuthorQuestion> {
    let mut problems = several(work, skill, level, PARTS)?;
    problems.sort_by_key(|problem| problem.key.value);
    let values: Vec<Rational> = problems.iter().map(|problem| problem.key.value).collect();
    let common = values.iter().fold(1, |common, value| lcm(common, value.denominator()));
    let chain: Vec<String> = if common > 1 {
        let over =
            |value: &Rational| format!("{}/{common}", value.numerator() * (common / value.denominator()));
        values.iter().map(over).collect()
    } else {
        problems.iter().map(|problem| format!("{} ({})", problem.expression, problem.key.text)).collect()
    };
    let lead = if common > 1 { "With the same denominator: " } else { "" };
    let items = problems.into_iter().map(|problem| problem.expression).collect();
    let prompt = "Put these in order, the smallest first.".to_owned();
    Some(question::ordering(prompt, items, points).because(&format!("{lead}{}.", chain.join(" < "))))
}

fn matching(work: &mut Work, skill: Skill, level: Level, points: Points) -> Option<AuthorQuestion> {
    let problems = several(work, skill, level, PARTS)?;
    let working: Vec<String> = problems.iter().map(|problem| problem.working.clone()).collect();
    let pairs = problems.into_iter().map(|problem| (problem.expression, problem.key.text)).collect();
    let prompt = "Match each one with its result.".to_owned();
    Some(question::matching(prompt, pairs, points).because(&working.join(" ")))
}
