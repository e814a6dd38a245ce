//! Reads a text: sentences, words, and what the text is about. No grammar, only counting, so that every choice can be explained:
//! a word weighs more the more often it comes, when it is a name or a number, and when the text says what it is; a sentence
//! weighs what its two weightiest words weigh, and a little more at the start of a paragraph and at a handy length.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::super::work::Work;

/// Sentences that are looked at; more are left out.
const MOST_SENTENCES: usize = 1000;
/// Terms that are looked at.
const MOST_TERMS: usize = 150;
/// Words of a sentence that a question can be made of.
const HANDY: std::ops::RangeInclusive<usize> = 5..=40;
/// Characters of one.
const MOST_CHARACTERS: usize = 300;

/// English words that carry no meaning of their own.
const STOP_WORDS: &str = " a about above after again against all almost along already also although always am among an and another any \
are around as at away back be became because become been before began being below between both but by called came can come could \
did different do does doing done down during each either enough even ever every few first for from get gets give given gives goes \
had has have having he her here hers him his how however i if in into is it its itself just kind kinds known last later less like \
made make makes making many may me might more most much must my near need needs never next no nor not now of off often on once one \
ones only or other others our out over own part parts people per perhaps put quite rather said same second see seen several shall \
she should since so some something soon still such take taken takes than that the their them then there therefore these they thing \
things third this those though three through thus to together too two under until up upon us use used uses using usually very was \
way ways we well went were what when where whether which while who whole whom whose why will with within without would years yet \
you your ";

/// A sentence that begins so leans on the one before it.
const LEANING: &str = " and also another but he her his however it its or she so that their then there these they this those thus ";

/// Before these no sentence ends, though a point stands there.
const ABBREVIATIONS: &str = " mr mrs ms dr prof st vs etc e.g i.e approx fig no jr sr inc ca cf ";

fn among(list: &str, word: &str) -> bool {
    !word.is_empty() && list.contains(&format!(" {word} "))
}

/// What a term looks like: wrong options look the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Look {
    /// Four digits of a year.
    Year,
    /// Any other number.
    Number,
    /// Capitalised within sentences.
    Name,
    /// Any other word that ends in s.
    Plural,
    /// Any other word.
    Word,
}

/// A word of a sentence.
#[derive(Clone, Debug)]
pub struct Word {
    /// Where it starts, in bytes.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
    /// In lower case.
    pub lower: String,
}

/// A sentence.
#[derive(Clone, Debug)]
pub struct Sentence {
    /// As it stands, trimmed.
    pub text: String,
    /// Its words.
    pub words: Vec<Word>,
    /// Whether it is the first of its paragraph.
    pub leads: bool,
    /// Whether it was an item of a numbered list.
    pub is_numbered: bool,
    /// How much it weighs; 0 for one that no question can be made of.
    pub weight: usize,
}

/// A word that the text is about.
#[derive(Clone, Debug)]
pub struct Term {
    /// As the text has it.
    pub text: String,
    /// In lower case.
    pub lower: String,
    /// What it looks like.
    pub look: Look,
    /// How much it weighs.
    pub weight: usize,
}

/// A text that was read.
pub struct Reading {
    /// In their order.
    pub sentences: Vec<Sentence>,
    /// The weightiest first.
    pub terms: Vec<Term>,
    /// Every sentence in lower case.
    known: HashSet<String>,
    /// Where a term stands among the terms.
    places: HashMap<String, usize>,
}

impl Reading {
    /// Reads it.
    pub fn of(text: &str, work: &mut Work) -> Self {
        let mut sentences = Vec::new();
        for (paragraph, is_numbered) in paragraphs(text) {
            for (n, text) in split(&paragraph).into_iter().enumerate() {
                if sentences.len() < MOST_SENTENCES {
                    let words = words(&text);
                    work.step(words.len());
                    sentences.push(Sentence { words, text, leads: n == 0, is_numbered, weight: 0 });
                }
            }
        }
        let terms = terms(&sentences);
        let weights: BTreeMap<&str, usize> =
            terms.iter().map(|term| (term.lower.as_str(), term.weight)).collect();
        for sentence in &mut sentences {
            work.step(sentence.words.len());
            sentence.weight = weight(sentence, &weights);
        }
        let known = sentences.iter().map(|sentence| sentence.text.to_lowercase()).collect();
        let mut terms = terms;
        terms.truncate(MOST_TERMS);
        let places = terms.iter().enumerate().map(|(place, term)| (term.lower.clone(), place)).collect();
        Self { sentences, terms, known, places }
    }

    /// Whether the text has this very sentence.
    pub fn says(&self, sentence: &str) -> bool {
        self.known.contains(&sentence.to_lowercase())
    }

    /// The terms of a sentence, the weightiest first.
    pub fn terms_of(&self, sentence: &Sentence) -> Vec<&Term> {
        let places = sentence.words.iter().filter_map(|word| self.places.get(&word.lower)).copied();
        let places: BTreeSet<usize> = places.collect();
        places.into_iter().filter_map(|place| self.terms.get(place)).collect()
    }

    /// The places of the weightiest sentences, the weightiest first.
    pub fn weightiest(&self, most: usize) -> Vec<usize> {
        let mut places: Vec<usize> = self
            .sentences
            .iter()
            .enumerate()
            .filter(|(_, sentence)| sentence.weight > 0)
            .map(|(place, _)| place)
            .collect();
        let weight = |place: &usize| self.sentences.get(*place).map_or(0, |sentence| sentence.weight);
        places.sort_by_key(|place| (std::cmp::Reverse(weight(place)), *place));
        places.truncate(most);
        places
    }
}

/// Paragraphs, with lines that were only wrapped joined again, and whether each was an item of a numbered list.
fn paragraphs(text: &str) -> Vec<(String, bool)> {
    let mut paragraphs: Vec<(String, bool)> = Vec::new();
    let mut goes_on = false;
    for line in text.lines() {
        let (line, marker) = without_marker(line.trim());
        if line.is_empty() {
            goes_on = false;
            continue;
        }
        let starts_small = line.starts_with(char::is_lowercase);
        match paragraphs.last_mut() {
            Some((last, _))
                if goes_on
                    && marker == Marker::None
                    && !last.ends_with(['.', '!', '?', ':'])
                    && (starts_small || last.chars().count() > 60) =>
            {
                last.push(' ');
                last.push_str(line);
            }
            _ => paragraphs.push((line.to_owned(), marker == Marker::Number)),
        }
        goes_on = true;
    }
    paragraphs
}

#[derive(PartialEq, Eq)]
enum Marker {
    None,
    Bullet,
    Number,
}

/// A line without the "1.", "2)", "Step 3:" or "-" of a list.
fn without_marker(line: &str) -> (&str, Marker) {
    if let Some(rest) = line.strip_prefix(['-', '*', '•']) {
        return (rest.trim_start(), Marker::Bullet);
    }
    let step = line.get(..5).filter(|start| start.eq_ignore_ascii_case("step "));
    let rest = if step.is_some() { line.get(5..).unwrap_or(line) } else { line };
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let after = rest.get(digits..).unwrap_or_default();
    match after.strip_prefix(['.', ')', ':']) {
        Some(item) if (1..=2).contains(&digits) && item.starts_with(' ') => {
            (item.trim_start(), Marker::Number)
        }
        _ => (line, Marker::None),
    }
}

/// Sentences of a paragraph.
fn split(paragraph: &str) -> Vec<String> {
    let mut sentences = Vec::new();
    let mut start = 0;
    for (at, character) in paragraph.char_indices() {
        if !matches!(character, '.' | '!' | '?') {
            continue;
        }
        let rest = paragraph.get(at + 1..).unwrap_or_default();
        let next = rest.trim_start_matches(['"', '”', '’', ')', '.', '!', '?']);
        let closing = rest.len() - next.len();
        let begins = next.trim_start();
        let is_end = begins.len() < next.len()
            && begins
                .starts_with(|c: char| c.is_uppercase() || c.is_numeric() || matches!(c, '"' | '“' | '('));
        let before = paragraph.get(start..at).unwrap_or_default();
        let last = before.rsplit(char::is_whitespace).next().unwrap_or_default().to_lowercase();
        let is_short = last.chars().count() == 1 && last.chars().all(char::is_alphabetic);
        if is_end && !(character == '.' && (is_short || among(ABBREVIATIONS, &last))) {
            let end = at + 1 + closing;
            sentences.push(paragraph.get(start..end).unwrap_or_default().trim().to_owned());
            start = end;
        }
    }
    sentences.push(paragraph.get(start..).unwrap_or_default().trim().to_owned());
    sentences.retain(|sentence| !sentence.is_empty());
    sentences
}

fn words(sentence: &str) -> Vec<Word> {
    let (mut words, mut start) = (Vec::new(), None);
    let characters: Vec<(usize, char)> = sentence.char_indices().collect();
    let is_digit = |n: usize| characters.get(n).is_some_and(|(_, c)| c.is_ascii_digit());
    for (n, (at, character)) in characters.iter().enumerate() {
        // "3.5" and "1,000" are one word, and so is "well-known".
        let joins = matches!(character, '.' | ',') && n > 0 && is_digit(n - 1) && is_digit(n + 1)
            || matches!(character, '-' | '\'' | '’')
                && characters.get(n + 1).is_some_and(|(_, c)| c.is_alphanumeric());
        match start {
            None if character.is_alphanumeric() => start = Some(*at),
            Some(from) if !character.is_alphanumeric() && !joins => {
                words.push((from, *at));
                start = None;
            }
            _ => {}
        }
    }
    words.extend(start.map(|from| (from, sentence.len())));
    let word = |(start, end)| {
        sentence.get(start..end).map(|text: &str| Word { start, end, lower: text.to_lowercase() })
    };
    words.into_iter().filter_map(word).collect()
}

/// A term that is being counted.
struct Count {
    times: usize,
    within: usize,
    text: String,
    is_defined: bool,
}

fn terms(sentences: &[Sentence]) -> Vec<Term> {
    let mut counts: BTreeMap<&str, Count> = BTreeMap::new();
    for sentence in sentences {
        for (n, word) in sentence.words.iter().enumerate() {
            let text = sentence.text.get(word.start..word.end).unwrap_or_default();
            if among(STOP_WORDS, &word.lower) || among(LEANING, &word.lower) {
                continue;
            }
            let is_capital = text.starts_with(char::is_uppercase);
            let is_defined = is_capital
                && n <= 2
                && sentence
                    .words
                    .get(n + 1)
                    .is_some_and(|next| matches!(next.lower.as_str(), "is" | "are" | "means"));
            let count = counts.entry(word.lower.as_str()).or_insert_with(|| Count {
                times: 0,
                within: 0,
                text: text.to_owned(),
                is_defined: false,
            });
            count.times += 1;
            count.is_defined |= is_defined;
            if n > 0 {
                count.within += usize::from(is_capital);
                text.clone_into(&mut count.text);
            }
        }
    }
    let mut terms: Vec<Term> = counts.into_iter().filter_map(|(lower, count)| term(lower, count)).collect();
    terms.sort_by(|a, b| b.weight.cmp(&a.weight).then_with(|| a.lower.cmp(&b.lower)));
    terms
}

fn term(lower: &str, count: Count) -> Option<Term> {
    let letters = lower.chars().count();
    let is_number = lower.chars().all(|c| c.is_ascii_digit());
    let look = if is_number && letters == 4 && matches!(lower.get(..1), Some("1" | "2")) {
        Look::Year
    } else if is_number {
        Look::Number
    } else if lower.starts_with(|c: char| c.is_numeric()) || letters < 4 && count.within == 0 || letters < 3 {
        return None;
    } else if count.within > 0 {
        Look::Name
    } else if lower.ends_with('s') && !lower.ends_with("ss") {
        Look::Plural
    } else if lower.ends_with("ly") {
        return None;
    } else {
        Look::Word
    };
    let special = if matches!(look, Look::Name | Look::Year | Look::Number) { 2 } else { 0 };
    let weight = count.times.min(4) + special + if count.is_defined { 3 } else { 0 };
    let text = if matches!(look, Look::Word | Look::Plural) { lower.to_owned() } else { count.text };
    Some(Term { text, lower: lower.to_owned(), look, weight })
}

fn weight(sentence: &Sentence, weights: &BTreeMap<&str, usize>) -> usize {
    let leans = sentence.words.first().is_none_or(|word| among(LEANING, &word.lower));
    let is_usable = HANDY.contains(&sentence.words.len())
        && sentence.text.chars().count() <= MOST_CHARACTERS
        && sentence.text.ends_with(['.', '!'])
        && !leans;
    if !is_usable {
        return 0;
    }
    let mut best: Vec<usize> =
        sentence.words.iter().filter_map(|word| weights.get(word.lower.as_str()).copied()).collect();
    best.sort_unstable_by(|a, b| b.cmp(a));
    let heaviest: usize = best.iter().take(2).sum();
    let bonus = usize::from(sentence.leads) + usize::from((8..=25).contains(&sentence.words.len()));
    if heaviest == 0 { 0 } else { heaviest + bonus }
}

#[cfg(test)]
mod tests {
    use super::{Look, Reading, split};
    use crate::domain::content::work::Work;

    #[test]
    fn sentences_end_at_points_but_not_at_abbreviations_and_decimals() {
        let text = "Dr. Curie found radium. It weighs 3.5 g! Was it J. Smith? \"No,\" she said.";
        let sentences = split(text);
        assert_eq!(
            sentences,
            ["Dr. Curie found radium.", "It weighs 3.5 g!", "Was it J. Smith?", "\"No,\" she said."]
        );
    }

    #[test]
    fn wrapped_lines_are_joined_and_headings_and_items_are_not() {
        let text = "Plants\nA plant makes sugar out of light, water and the carbon dioxide\nof the air.\n1. Water it.\n2) Wait.";
        let reading = Reading::of(text, &mut Work::new(1, ""));
        let texts: Vec<&str> = reading.sentences.iter().map(|sentence| sentence.text.as_str()).collect();
        let joined = "A plant makes sugar out of light, water and the carbon dioxide of the air.";
        assert_eq!(texts, ["Plants", joined, "Water it.", "Wait."]);
        let numbered: Vec<bool> = reading.sentences.iter().map(|sentence| sentence.is_numbered).collect();
        assert_eq!(numbered, [false, false, true, true]);
    }

    #[test]
    fn what_comes_often_has_a_name_or_is_defined_weighs_most() {
        let text = "Photosynthesis is a process in plants. In 1779 the doctor Ingenhousz watched it. \
            Photosynthesis needs light. A cat slept.";
        let reading = Reading::of(text, &mut Work::new(1, ""));
        assert_eq!(reading.terms[0].lower, "photosynthesis");
        let look = |word: &str| reading.terms.iter().find(|term| term.lower == word).map(|term| term.look);
        assert_eq!(look("1779"), Some(Look::Year));
        assert_eq!(look("ingenhousz"), Some(Look::Name));
        assert_eq!(look("plants"), Some(Look::Plural));
        assert_eq!((look("the"), look("cat")), (None, None));
    }
}
