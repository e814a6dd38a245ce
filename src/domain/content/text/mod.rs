//! Questions from a text that the caller gives. Nothing is known but what the text says, so every question says so.

mod gaps;
mod patterns;
mod reading;

use std::collections::HashSet;

pub use reading::Reading;
use reading::Sentence;

use super::question::{Points, signature};
use super::work::Work;
use crate::domain::quiz::{AuthorQuestion, QuestionType};

/// The types, in the order in which they take turns.
const TYPES: [QuestionType; 7] = [
    QuestionType::MultipleChoice,
    QuestionType::Matching,
    QuestionType::ShortAnswer,
    QuestionType::TrueFalse,
    QuestionType::Ordering,
    QuestionType::MultipleResponse,
    QuestionType::Numeric,
];
/// Sentences beyond those that are wanted, so that another seed gives other questions.
const SPARE: usize = 6;

/// The words that the text is about, the weightiest first.
pub fn key_terms(reading: &Reading, most: usize) -> Vec<String> {
    reading.terms.iter().take(most).map(|term| term.text.clone()).collect()
}

/// Its weightiest sentences, in their order.
pub fn key_sentences(reading: &Reading, most: usize) -> Vec<String> {
    let mut places = reading.weightiest(most);
    places.sort_unstable();
    places.into_iter().filter_map(|place| reading.sentences.get(place)).map(|it| it.text.clone()).collect()
}

/// At most so many questions that differ from each other; fewer when the text has no more.
pub fn questions(
    reading: &Reading,
    count: usize,
    types: &[QuestionType],
    points: Points,
    work: &mut Work,
) -> Vec<AuthorQuestion> {
    let mut types: Vec<QuestionType> =
        TYPES.into_iter().filter(|form| types.is_empty() || types.contains(form)).collect();
    let mut places = reading.weightiest(count + SPARE);
    work.shuffle(&mut places);
    let sentences: Vec<&Sentence> = places.iter().filter_map(|place| reading.sentences.get(*place)).collect();
    let definitions = patterns::definitions(reading, work);
    let mut maker = Maker { reading, sentences, definitions, points, next: 0, orders: 0 };
    let (mut questions, mut seen) = (Vec::new(), HashSet::new());
    let (mut turn, mut again) = (0, 0);
    while questions.len() < count && !types.is_empty() && again < types.len() * 2 {
        let place = turn % types.len();
        let form = types.get(place).copied().unwrap_or(QuestionType::ShortAnswer);
        match maker.one(form, work) {
            // What the text has none of it will not have later.
            None => drop(types.remove(place)),
            Some(question) => {
                turn = place + 1;
                let is_new = seen.insert(signature(&question));
                again = if is_new { 0 } else { again + 1 };
                questions.extend(is_new.then_some(question));
            }
        }
    }
    questions
}

struct Maker<'r> {
    reading: &'r Reading,
    sentences: Vec<&'r Sentence>,
    definitions: Vec<(String, String)>,
    points: Points,
    /// The sentence whose turn it is.
    next: usize,
    /// Orders made so far.
    orders: usize,
}

impl Maker<'_> {
    fn one(&mut self, form: QuestionType, work: &mut Work) -> Option<AuthorQuestion> {
        let make = match form {
            QuestionType::Matching => return patterns::matching(&mut self.definitions, self.points, work),
            QuestionType::Ordering => return self.ordering(work),
            QuestionType::MultipleResponse => return self.statements(work),
            QuestionType::MultipleChoice => gaps::choice,
            QuestionType::ShortAnswer => gaps::short_answer,
            QuestionType::TrueFalse => gaps::true_false,
            QuestionType::Numeric => gaps::number,
        };
        // Each sentence has its turn, and where it does not suit, the next one has.
        for skipped in 0..self.sentences.len() {
            let place = (self.next + skipped) % self.sentences.len();
            let sentence = self.sentences.get(place)?;
            if let Some(question) = make(self.reading, sentence, self.points, work) {
                self.next = place + 1;
                return Some(question);
            }
        }
        None
    }

    /// Steps, then dates, then sentences in the order of the text: each once.
    fn ordering(&mut self, work: &mut Work) -> Option<AuthorQuestion> {
        let makers = [patterns::steps, patterns::dates, patterns::sentences];
        while let Some(make) = makers.get(self.orders) {
            self.orders += 1;
            if let Some(question) = make(self.reading, self.points, work) {
                return Some(question);
            }
        }
        None
    }

    fn statements(&mut self, work: &mut Work) -> Option<AuthorQuestion> {
        let mut sentences = self.sentences.clone();
        work.shuffle(&mut sentences);
        sentences.truncate(8);
        gaps::statements(self.reading, &sentences, self.points, work)
    }
}
