//! Takes an author's quiz, or says of every field what is wrong with it.

use std::collections::{BTreeSet, HashSet};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::author::{AuthorOption, AuthorPart, AuthorQuestion, AuthorQuiz, QuestionType};
use super::grading::normalise;
use super::{Kind, Part, Question, Quiz};
use crate::domain::class::{MAX_GRADE_LEVEL, MAX_NAME, MAX_SUBJECT};
use crate::domain::ids::{PartId, PartKind, QuestionId};
use crate::domain::time::Timestamp;
use crate::ports::Entropy;

/// How large a quiz may be. Together they keep a quiz below about 500 KB.
pub mod limits {
    /// A long lesson's worth; a room keeps the answers of all of them in memory.
    pub const QUESTIONS: usize = 100;
    /// Characters: about four lines on a phone.
    pub const PROMPT: usize = 500;
    /// Characters.
    pub const PART: usize = 200;
    /// Characters.
    pub const EXPLANATION: usize = 1000;
    /// Options, items and pairs of one question: what fits on a board in a game.
    pub const PARTS: usize = 10;
    /// Variants of a short answer.
    pub const ACCEPT: usize = 20;
    /// Points of one question.
    pub const POINTS: u32 = 100;
    /// Points when the author does not say.
    pub const DEFAULT_POINTS: u32 = 10;
    /// Beyond it whole numbers are no longer exact in a double.
    pub const NUMERIC: f64 = 1e15;
}

/// What is wrong with a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FieldErrorCode {
    /// Must be there.
    Required,
    /// Must not be there, for this type of question.
    NotAllowed,
    /// More characters than allowed.
    TooLong,
    /// Fewer than allowed.
    TooFew,
    /// More than allowed.
    TooMany,
    /// Outside the range.
    OutOfRange,
    /// The same as another one.
    Duplicate,
    /// Exactly one, or at least one, option must be right.
    WrongKey,
    /// An id that this quiz does not have.
    UnknownId,
    /// Not of the type or form that is expected here.
    Malformed,
    /// A password with too few characters.
    TooShort,
    /// A password that everybody tries first.
    TooCommon,
    /// A password that is little more than one's own name or address.
    ContainsName,
}

/// A field at fault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FieldError {
    /// Where: a JSON pointer (RFC 6901).
    pub pointer: String,
    /// What, for programs.
    pub code: FieldErrorCode,
    /// What, for people.
    pub detail: String,
}

impl FieldError {
    /// A field at fault.
    pub fn new(pointer: impl Into<String>, code: FieldErrorCode, detail: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), code, detail: detail.into() }
    }
}

/// Checks a quiz. `known` holds the ids that it may name: those of the version that it replaces.
pub fn check(
    quiz: AuthorQuiz,
    known: &BTreeSet<String>,
    now: Timestamp,
    entropy: &dyn Entropy,
) -> Result<Quiz, Vec<FieldError>> {
    let mut checker = Checker { errors: Vec::new(), known, seen: HashSet::new(), now, entropy };
    let title = checker.text("/title", &quiz.title, MAX_NAME);
    let subject = checker.text("/subject", &quiz.subject, MAX_SUBJECT);
    if !(0..=MAX_GRADE_LEVEL).contains(&quiz.grade_level) {
        checker.fail("/grade_level", FieldErrorCode::OutOfRange, format!("0 to {MAX_GRADE_LEVEL}"));
    }
    checker.count("/questions", quiz.questions.len(), 1, limits::QUESTIONS);
    let questions = (0..)
        .zip(quiz.questions)
        .take(limits::QUESTIONS)
        .map(|(n, question)| checker.question(n, question))
        .collect();
    if checker.errors.is_empty() {
        Ok(Quiz { title, subject, grade_level: quiz.grade_level, questions })
    } else {
        Err(checker.errors)
    }
}

struct Checker<'a> {
    errors: Vec<FieldError>,
    known: &'a BTreeSet<String>,
    seen: HashSet<String>,
    now: Timestamp,
    entropy: &'a dyn Entropy,
}

impl Checker<'_> {
    fn fail(&mut self, pointer: &str, code: FieldErrorCode, detail: impl Into<String>) {
        self.errors.push(FieldError::new(pointer, code, detail));
    }

    fn text(&mut self, pointer: &str, text: &str, most: usize) -> String {
        let text = text.trim();
        if text.is_empty() {
            self.fail(pointer, FieldErrorCode::Required, "must not be empty");
        } else if text.chars().count() > most {
            self.fail(pointer, FieldErrorCode::TooLong, format!("at most {most} characters"));
        }
        text.to_owned()
    }

    fn count(&mut self, pointer: &str, count: usize, least: usize, most: usize) {
        if count < least {
            self.fail(pointer, FieldErrorCode::TooFew, format!("at least {least}"));
        } else if count > most {
            self.fail(pointer, FieldErrorCode::TooMany, format!("at most {most}"));
        }
    }

    /// An id that the client names must be one of this quiz, and named once.
    fn known_id(&mut self, pointer: &str, id: &str) -> bool {
        let good = self.known.contains(id) && self.seen.insert(id.to_owned());
        if !good {
            self.fail(
                pointer,
                FieldErrorCode::UnknownId,
                "no such id in this quiz; leave it out for a new one",
            );
        }
        good
    }

    fn question(&mut self, number: usize, question: AuthorQuestion) -> Question {
        let at = format!("/questions/{number}");
        let id = match &question.id {
            Some(id) if self.known_id(&format!("{at}/id"), id.as_str()) => id.clone(),
            _ => QuestionId::new(self.now, self.entropy),
        };
        let prompt = self.text(&format!("{at}/prompt"), &question.prompt, limits::PROMPT);
        let points = question.points.unwrap_or(limits::DEFAULT_POINTS);
        if !(1..=limits::POINTS).contains(&points) {
            self.fail(
                &format!("{at}/points"),
                FieldErrorCode::OutOfRange,
                format!("1 to {}", limits::POINTS),
            );
        }
        let explanation = question.explanation.as_deref().map(str::trim).filter(|text| !text.is_empty());
        if explanation.is_some_and(|text| text.chars().count() > limits::EXPLANATION) {
            let detail = format!("at most {} characters", limits::EXPLANATION);
            self.fail(&format!("{at}/explanation"), FieldErrorCode::TooLong, detail);
        }
        let explanation = explanation.map(str::to_owned);
        self.no_foreign_fields(&at, &question);
        let kind = self.kind(&at, question);
        Question { id, prompt, points, explanation, kind }
    }

    fn no_foreign_fields(&mut self, at: &str, question: &AuthorQuestion) {
        use QuestionType::{
            Matching, MultipleChoice, MultipleResponse, Numeric, Ordering, ShortAnswer, TrueFalse,
        };
        let fields: [(&str, bool, &[QuestionType]); 7] = [
            ("options", question.options.is_some(), &[MultipleChoice, MultipleResponse]),
            ("correct", question.correct.is_some(), &[TrueFalse]),
            ("value", question.value.is_some(), &[Numeric]),
            ("tolerance", question.tolerance.is_some(), &[Numeric]),
            ("accept", question.accept.is_some(), &[ShortAnswer]),
            ("items", question.items.is_some(), &[Ordering]),
            ("pairs", question.pairs.is_some(), &[Matching]),
        ];
        for (name, present, types) in fields {
            if present && !types.contains(&question.question_type) {
                self.fail(
                    &format!("{at}/{name}"),
                    FieldErrorCode::NotAllowed,
                    "not for this type of question",
                );
            }
        }
    }

    fn kind(&mut self, at: &str, question: AuthorQuestion) -> Kind {
        match question.question_type {
            QuestionType::MultipleChoice => Kind::MultipleChoice(self.options(at, question.options, true)),
            QuestionType::MultipleResponse => {
                Kind::MultipleResponse(self.options(at, question.options, false))
            }
            QuestionType::TrueFalse => {
                Kind::TrueFalse(self.required(&format!("{at}/correct"), question.correct))
            }
            QuestionType::Numeric => self.numeric(at, question.value, question.tolerance),
            QuestionType::ShortAnswer => self.short_answer(at, question.accept),
            QuestionType::Ordering => self.ordering(at, question.items),
            QuestionType::Matching => self.matching(at, question.pairs),
        }
    }

    fn required<T: Default>(&mut self, pointer: &str, value: Option<T>) -> T {
        if value.is_none() {
            self.fail(pointer, FieldErrorCode::Required, "is missing");
        }
        value.unwrap_or_default()
    }

    fn options(&mut self, at: &str, options: Option<Vec<AuthorOption>>, one: bool) -> Vec<(Part, bool)> {
        let pointer = format!("{at}/options");
        let options = self.required(&pointer, options);
        self.count(&pointer, options.len(), 2, limits::PARTS);
        let right = options.iter().filter(|option| option.correct).count();
        if !options.is_empty() && (right == 0 || (one && right > 1)) {
            let detail = if one {
                "exactly one option must be correct"
            } else {
                "at least one option must be correct"
            };
            self.fail(&pointer, FieldErrorCode::WrongKey, detail);
        }
        self.distinct(&pointer, "/text", options.iter().map(|option| option.text.as_str()));
        (0..)
            .zip(options)
            .map(|(n, option): (usize, _)| {
                let part =
                    self.part(&format!("{pointer}/{n}"), PartKind::Option, option.id.as_ref(), &option.text);
                (part, option.correct)
            })
            .collect()
    }

    fn numeric(&mut self, at: &str, value: Option<f64>, tolerance: Option<f64>) -> Kind {
        let value = self.required(&format!("{at}/value"), value);
        let tolerance = tolerance.unwrap_or(0.0);
        if value.is_nan() || value.abs() > limits::NUMERIC {
            self.fail(
                &format!("{at}/value"),
                FieldErrorCode::OutOfRange,
                "at most 15 digits before the point",
            );
        }
        if !(0.0..=limits::NUMERIC).contains(&tolerance) {
            self.fail(&format!("{at}/tolerance"), FieldErrorCode::OutOfRange, "0 or more");
        }
        Kind::Numeric { value, tolerance }
    }

    fn short_answer(&mut self, at: &str, accept: Option<Vec<String>>) -> Kind {
        let pointer = format!("{at}/accept");
        let accept = self.required(&pointer, accept);
        self.count(&pointer, accept.len(), 1, limits::ACCEPT);
        self.distinct(&pointer, "", accept.iter().map(String::as_str));
        let texts = (0..)
            .zip(accept)
            .map(|(n, text): (usize, _)| self.text(&format!("{pointer}/{n}"), &text, limits::PART));
        Kind::ShortAnswer(texts.collect())
    }

    fn ordering(&mut self, at: &str, items: Option<Vec<AuthorPart>>) -> Kind {
        let pointer = format!("{at}/items");
        let items = self.required(&pointer, items);
        self.count(&pointer, items.len(), 2, limits::PARTS);
        self.distinct(&pointer, "/text", items.iter().map(AuthorPart::text));
        let parts = (0..)
            .zip(items)
            .map(|(n, item): (usize, _)| self.author_part(&format!("{pointer}/{n}"), PartKind::Item, &item));
        Kind::Ordering(parts.collect())
    }

    fn matching(&mut self, at: &str, pairs: Option<Vec<super::AuthorPair>>) -> Kind {
        let pointer = format!("{at}/pairs");
        let pairs = self.required(&pointer, pairs);
        self.count(&pointer, pairs.len(), 2, limits::PARTS);
        self.distinct(&pointer, "/left", pairs.iter().map(|pair| pair.left.text()));
        self.distinct(&pointer, "/right", pairs.iter().map(|pair| pair.right.text()));
        let parts = (0..).zip(pairs).map(|(n, pair): (usize, _)| {
            let left = self.author_part(&format!("{pointer}/{n}/left"), PartKind::Left, &pair.left);
            (left, self.author_part(&format!("{pointer}/{n}/right"), PartKind::Right, &pair.right))
        });
        Kind::Matching(parts.collect())
    }

    fn author_part(&mut self, at: &str, kind: PartKind, part: &AuthorPart) -> Part {
        self.part(at, kind, part.id(), part.text())
    }

    fn part(&mut self, at: &str, kind: PartKind, id: Option<&PartId>, text: &str) -> Part {
        let text = self.text(&format!("{at}/text"), text, limits::PART);
        let id = id.filter(|id| self.known_id(&format!("{at}/id"), id.as_str()) && id.is(kind));
        Part { id: id.cloned().unwrap_or_else(|| PartId::new(kind, self.entropy)), text }
    }

    /// Texts that a pupil could not tell apart would make the key ambiguous.
    fn distinct<'t>(&mut self, pointer: &str, suffix: &str, texts: impl Iterator<Item = &'t str>) {
        let mut seen = HashSet::new();
        for (n, text) in texts.enumerate() {
            if !text.trim().is_empty() && !seen.insert(normalise(text)) {
                let detail = "the same as one before it";
                self.fail(&format!("{pointer}/{n}{suffix}"), FieldErrorCode::Duplicate, detail);
            }
        }
    }
}

impl Quiz {
    /// Reads back what [`Quiz::to_author`] gave to the storage.
    pub fn from_stored(json: &str, now: Timestamp, entropy: &dyn Entropy) -> Result<Self, String> {
        let quiz: AuthorQuiz = serde_json::from_str(json).map_err(|error| error.to_string())?;
        let known = quiz.ids();
        check(quiz, &known, now, entropy).map_err(|errors| format!("a stored quiz is broken: {errors:?}"))
    }
}

impl AuthorQuiz {
    /// Every id in it.
    pub fn ids(&self) -> BTreeSet<String> {
        let mut ids = BTreeSet::new();
        for question in &self.questions {
            ids.extend(question.id.iter().map(|id| id.as_str().to_owned()));
            let options = question.options.iter().flatten().filter_map(|option| option.id.as_ref());
            let items = question.items.iter().flatten().filter_map(AuthorPart::id);
            let pairs =
                question.pairs.iter().flatten().flat_map(|pair| [pair.left.id(), pair.right.id()]).flatten();
            ids.extend(options.chain(items).chain(pairs).map(|id| id.as_str().to_owned()));
        }
        ids
    }
}
