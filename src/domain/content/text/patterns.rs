//! What a text says of itself: definitions, steps and dates.

use super::super::question::{self, Points};
use super::super::work::Work;
use super::gaps::quoted;
use super::reading::{Reading, Sentence};
use crate::domain::quiz::{AuthorQuestion, limits};

/// Pairs or items of one question.
const PARTS: std::ops::RangeInclusive<usize> = 3..=5;
/// Between a term and what it is.
const IS: [&str; 8] =
    [" is a ", " is an ", " is the ", " are the ", " are ", " means ", " refers to ", " is when "];
/// Words of a term.
const TERM_WORDS: usize = 4;
/// What a term does not start with.
const NO_TERM: [&str; 14] = [
    "it", "this", "that", "they", "there", "these", "those", "he", "she", "we", "you", "what", "which", "one",
];
/// With these words a text counts its steps, in this order.
const FIRST: [&str; 5] = ["first, ", "firstly, ", "to begin, ", "at first, ", "in the beginning, "];
const THEN: [&str; 12] = [
    "second, ",
    "secondly, ",
    "third, ",
    "thirdly, ",
    "then, ",
    "then ",
    "next, ",
    "after that, ",
    "afterwards, ",
    "later, ",
    "finally, ",
    "in the end, ",
];

fn without_article(text: &str) -> &str {
    ["The ", "A ", "An ", "the ", "a ", "an "]
        .iter()
        .find_map(|article| text.strip_prefix(article))
        .unwrap_or(text)
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect()
}

/// "X is a Y", or "X: Y".
fn definition(sentence: &Sentence) -> Option<(String, String)> {
    let text = sentence.text.as_str();
    let in_prose = IS.iter().filter_map(|joint| Some((text.find(joint)?, *joint))).min_by_key(|(at, _)| *at);
    let (left, right) = match in_prose {
        Some((at, joint)) => {
            let article = joint.trim().rsplit(' ').next().filter(|word| matches!(*word, "a" | "an" | "the"));
            let right = text.get(at + joint.len()..)?;
            (text.get(..at)?, article.map_or(right.to_owned(), |article| format!("{article} {right}")))
        }
        None => [": ", " – ", " — ", " - "]
            .iter()
            .find_map(|joint| text.split_once(joint))
            .map(|(left, right)| (left, right.to_owned()))?,
    };
    let left = without_article(left.trim());
    let right = right.trim().trim_end_matches(['.', '!']).to_owned();
    let count = |text: &str| text.split_whitespace().count();
    let first = left.split_whitespace().next().unwrap_or_default().to_lowercase();
    let is_good = (1..=TERM_WORDS).contains(&count(left))
        && count(&right) >= 3
        && right.chars().count() <= limits::PART - 20
        && !left.contains([',', ';', '(', '“', '"'])
        && !NO_TERM.contains(&first.as_str())
        && !right.to_lowercase().contains(&left.to_lowercase());
    is_good.then(|| (capital(left), right))
}

/// Every definition, with different terms and different meanings.
pub fn definitions(reading: &Reading, work: &mut Work) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    for sentence in &reading.sentences {
        work.step(1);
        let Some((left, right)) = definition(sentence) else { continue };
        let is_same = |a: &str, b: &str| a.to_lowercase() == b.to_lowercase();
        if found.len() < 40 && found.iter().all(|(l, r)| !is_same(l, &left) && !is_same(r, &right)) {
            found.push((left, right));
        }
    }
    found
}

/// Terms with what the text says they are.
pub fn matching(
    pairs: &mut Vec<(String, String)>,
    points: Points,
    work: &mut Work,
) -> Option<AuthorQuestion> {
    if pairs.len() < *PARTS.start() {
        return None;
    }
    work.shuffle(pairs);
    let chosen = pairs.split_off(pairs.len().saturating_sub(*PARTS.end()));
    let because: Vec<String> = chosen.iter().map(|(left, right)| format!("{left}: {right}.")).collect();
    let prompt = "Match each term with what the text says about it.".to_owned();
    Some(question::matching(prompt, chosen, points).because(&because.join(" ")))
}

/// A year in a sentence, and the sentence without it.
fn dated(sentence: &Sentence) -> Option<(u16, String)> {
    let mut years = sentence.words.iter().filter(|word| {
        word.lower.len() == 4 && word.lower.parse::<u16>().is_ok_and(|year| (1000..=2100).contains(&year))
    });
    let year = years.next()?;
    if years.next().is_some() || sentence.text.chars().count() > limits::PART - 10 {
        return None;
    }
    let (before, after) = (sentence.text.get(..year.start)?, sentence.text.get(year.end..)?);
    let text = match after.strip_prefix(", ") {
        Some(rest) if before == "In " => capital(rest),
        _ => match before.strip_suffix(" in ") {
            Some(start) => format!("{start}{after}"),
            None => format!("{before}____{after}"),
        },
    };
    Some((year.lower.parse().ok()?, text))
}

/// What happened, by the years that the text gives.
pub fn dates(reading: &Reading, points: Points, work: &mut Work) -> Option<AuthorQuestion> {
    work.step(reading.sentences.len());
    let mut events: Vec<(u16, String)> = Vec::new();
    for event in reading.sentences.iter().filter(|sentence| sentence.weight > 0).filter_map(dated) {
        if events.iter().all(|(year, text)| *year != event.0 && *text != event.1) {
            events.push(event);
        }
    }
    if events.len() < *PARTS.start() {
        return None;
    }
    work.shuffle(&mut events);
    events.truncate(*PARTS.end());
    events.sort_unstable();
    let years: Vec<String> = events.iter().map(|(year, _)| year.to_string()).collect();
    let items = events.into_iter().map(|(_, text)| text).collect();
    let prompt = "Put these in the order in which they happened, the earliest first.".to_owned();
    Some(question::ordering(prompt, items, points).because(&format!("By the text: {}.", years.join(", "))))
}

fn without_counting<'t>(text: &'t str, words: &[&str]) -> Option<&'t str> {
    words.iter().find_map(|word| {
        let start = text.get(..word.len()).filter(|start| start.eq_ignore_ascii_case(word))?;
        text.get(start.len()..)
    })
}

/// Steps that the text numbers or counts.
pub fn steps(reading: &Reading, points: Points, work: &mut Work) -> Option<AuthorQuestion> {
    work.step(reading.sentences.len());
    let mut runs: Vec<Vec<String>> = Vec::new();
    let mut goes_on = false;
    for sentence in &reading.sentences {
        let first = without_counting(&sentence.text, &FIRST);
        let counted =
            if sentence.is_numbered && sentence.leads { Some(sentence.text.as_str()) } else { first };
        let then = without_counting(&sentence.text, &THEN).filter(|_| goes_on);
        let starts = first.is_some() || counted.is_some() && !goes_on;
        match (counted.or(then), runs.last_mut()) {
            (Some(step), Some(run)) if !starts => run.push(capital(step)),
            (Some(step), _) => runs.push(vec![capital(step)]),
            (None, _) => {}
        }
        // A numbered item may have more than one sentence; counting words must follow each other closely.
        goes_on = counted.or(then).is_some() || goes_on && sentence.is_numbered;
    }
    runs.retain(|run| run.len() >= *PARTS.start());
    order_of(&runs, "Put these steps in their right order.", points, work)
}

/// Sentences of the text that follow each other.
pub fn sentences(reading: &Reading, points: Points, work: &mut Work) -> Option<AuthorQuestion> {
    work.step(reading.sentences.len());
    let mut runs: Vec<Vec<String>> = Vec::new();
    for sentence in &reading.sentences {
        match runs.last_mut() {
            Some(run) if !sentence.leads && sentence.weight > 0 => run.push(sentence.text.clone()),
            _ if sentence.weight > 0 => runs.push(vec![sentence.text.clone()]),
            _ => {}
        }
    }
    runs.retain(|run| run.len() >= *PARTS.start());
    order_of(&runs, "Put these sentences in the order of the text.", points, work)
}

fn order_of(runs: &[Vec<String>], prompt: &str, points: Points, work: &mut Work) -> Option<AuthorQuestion> {
    let fits = |run: &&Vec<String>| run.iter().all(|item| item.chars().count() <= limits::PART);
    let runs: Vec<&Vec<String>> = runs.iter().filter(fits).collect();
    let at = work.below(runs.len());
    let mut items: Vec<String> = Vec::new();
    for item in runs.get(at).copied().into_iter().flatten() {
        let is_new = items.iter().all(|other| other.to_lowercase() != item.to_lowercase());
        if is_new && items.len() < *PARTS.end() {
            items.push(item.clone());
        }
    }
    let because = quoted(&items.join(" "));
    let is_enough = items.len() >= *PARTS.start();
    is_enough.then(|| question::ordering(prompt.to_owned(), items, points).because(&because))
}
