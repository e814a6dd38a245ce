//! Questions of one sentence: a gap to fill, or a statement in which a term may have been exchanged.

use super::super::question::{self, Points, cut};
use super::super::work::Work;
use super::reading::{Look, Reading, Sentence, Term};
use crate::domain::quiz::{AuthorQuestion, QuestionType, limits};

/// What stands for the gap.
const GAP: &str = "____";
/// Wrong options.
const DISTRACTORS: usize = 3;
/// Of so many terms that look the same the wrong options are drawn.
const POOL: usize = 12;
/// Statements of one question.
const STATEMENTS: usize = 4;

/// From the text, for who made a mistake.
pub fn quoted(sentence: &str) -> String {
    format!("From the text: “{sentence}”")
}

/// The sentence with another text where the term stands, everywhere.
fn replace(sentence: &Sentence, term: &Term, with: &str) -> String {
    let (mut text, mut at) = (String::new(), 0);
    for word in sentence.words.iter().filter(|word| word.lower == term.lower) {
        text.push_str(sentence.text.get(at..word.start).unwrap_or_default());
        let stands = sentence.text.get(word.start..word.end).unwrap_or_default();
        let is_capital = stands.starts_with(char::is_uppercase);
        let mut letters = with.chars();
        match letters.next() {
            Some(first) if is_capital => text.extend(first.to_uppercase().chain(letters)),
            _ => text.push_str(with),
        }
        at = word.end;
    }
    text.push_str(sentence.text.get(at..).unwrap_or_default());
    text
}

/// The terms of a sentence, the weightiest first; none whose gap would be told by another word of the sentence.
fn gaps<'r>(reading: &'r Reading, sentence: &Sentence, work: &mut Work) -> Vec<(&'r Term, String)> {
    work.step(sentence.words.len());
    let with_gap = reading.terms_of(sentence).into_iter().map(|term| (term, replace(sentence, term, GAP)));
    with_gap.filter(|(term, text)| !text.to_lowercase().contains(&term.lower)).take(4).collect()
}

/// One of the three weightiest.
fn gap<'r>(reading: &'r Reading, sentence: &Sentence, work: &mut Work) -> Option<(&'r Term, String)> {
    let mut gaps = gaps(reading, sentence, work);
    gaps.truncate(3);
    let at = work.below(gaps.len());
    gaps.into_iter().nth(at)
}

/// Other terms of the text that look the same and are not in the sentence.
fn others<'r>(reading: &'r Reading, sentence: &Sentence, term: &Term, work: &mut Work) -> Vec<&'r Term> {
    work.step(reading.terms.len());
    let is_other = |other: &&Term| {
        other.look == term.look
            && other.lower != term.lower
            && !other.lower.contains(&term.lower)
            && !term.lower.contains(&other.lower)
            && !sentence.words.iter().any(|word| word.lower == other.lower)
    };
    let mut others: Vec<&Term> = reading.terms.iter().filter(is_other).take(POOL).collect();
    work.shuffle(&mut others);
    others.truncate(DISTRACTORS);
    others
}

/// A gap with options from the text.
pub fn choice(
    reading: &Reading,
    sentence: &Sentence,
    points: Points,
    work: &mut Work,
) -> Option<AuthorQuestion> {
    let (term, text) = gap(reading, sentence, work)?;
    let others = others(reading, sentence, term, work);
    if others.len() < 2 {
        return None;
    }
    let mut options = vec![(cut(&term.text, limits::PART), true)];
    options.extend(others.into_iter().map(|other| (cut(&other.text, limits::PART), false)));
    work.shuffle(&mut options);
    let prompt = format!("What belongs in the gap? “{text}”");
    let question = question::choice(QuestionType::MultipleChoice, prompt, options, points);
    Some(question.because(&quoted(&sentence.text)))
}

/// A gap to fill.
pub fn short_answer(
    reading: &Reading,
    sentence: &Sentence,
    points: Points,
    work: &mut Work,
) -> Option<AuthorQuestion> {
    let (term, text) = gap(reading, sentence, work)?;
    let accept = vec![cut(&term.text, limits::PART)];
    let prompt = format!("Fill the gap with one word or number: “{text}”");
    Some(question::short_answer(prompt, accept, points).because(&quoted(&sentence.text)))
}

/// A number to fill in.
pub fn number(
    reading: &Reading,
    sentence: &Sentence,
    points: Points,
    work: &mut Work,
) -> Option<AuthorQuestion> {
    let gaps = gaps(reading, sentence, work);
    let (term, text) = gaps.into_iter().find(|(term, _)| matches!(term.look, Look::Year | Look::Number))?;
    let value: f64 = term.lower.parse().ok().filter(|value| *value < limits::NUMERIC)?;
    let prompt = format!("Which number belongs in the gap? “{text}”");
    Some(question::numeric(prompt, value, points).because(&quoted(&sentence.text)))
}

/// The sentence, or with a term exchanged so that the text does not say it.
fn claim(reading: &Reading, sentence: &Sentence, changes: bool, work: &mut Work) -> Option<String> {
    if !changes {
        return Some(sentence.text.clone());
    }
    let (term, _) = gap(reading, sentence, work)?;
    let other = others(reading, sentence, term, work).into_iter().next()?;
    let exchanged = replace(sentence, term, &other.text);
    (!reading.says(&exchanged)).then_some(exchanged)
}

/// Whether the text says it.
pub fn true_false(
    reading: &Reading,
    sentence: &Sentence,
    points: Points,
    work: &mut Work,
) -> Option<AuthorQuestion> {
    let changes = work.coin();
    let claim = claim(reading, sentence, changes, work)?;
    let prompt = format!("True or false? The text says: “{}”", cut(&claim, limits::PROMPT - 40));
    Some(question::true_false(prompt, !changes, points).because(&quoted(&sentence.text)))
}

/// Which of several sentences the text says.
pub fn statements(
    reading: &Reading,
    sentences: &[&Sentence],
    points: Points,
    work: &mut Work,
) -> Option<AuthorQuestion> {
    let (mut options, mut says): (Vec<(String, bool)>, Vec<&str>) = (Vec::new(), Vec::new());
    for sentence in sentences {
        let is_short = sentence.text.chars().count() <= limits::PART - 40;
        if options.len() == STATEMENTS || !is_short {
            continue;
        }
        let false_ones = options.iter().filter(|(_, is_said)| !is_said).count();
        let changes = false_ones * 2 < STATEMENTS && (work.coin() || options.len() - false_ones >= 2);
        let Some(text) = claim(reading, sentence, changes, work) else { continue };
        if text.chars().count() <= limits::PART && options.iter().all(|(other, _)| *other != text) {
            options.push((text, !changes));
            if changes {
                says.push(&sentence.text);
            }
        }
    }
    if options.len() < 3 || says.is_empty() || options.iter().all(|(_, is_said)| !is_said) {
        return None;
    }
    work.shuffle(&mut options);
    let prompt = "Which of these does the text say? There may be more than one.".to_owned();
    let question = question::choice(QuestionType::MultipleResponse, prompt, options, points);
    Some(question.because(&quoted(&says.join(" "))))
}
