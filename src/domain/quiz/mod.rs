//! Quizzes. [`Quiz`] holds the keys and has no way to be serialised: what leaves the server is a [`QuestionDelivery`], which
//! has no field for a key, or, for its author and for storage, an [`AuthorQuiz`] that [`Quiz::to_author`] makes.

mod author;
mod check;
mod delivery;
mod grading;

pub use author::{AuthorOption, AuthorPair, AuthorPart, AuthorQuestion, AuthorQuiz, QuestionType};
pub use check::{FieldError, FieldErrorCode, check, limits};
pub use delivery::{DeliveryPart, QuestionDelivery};
pub use grading::{MAX_RESPONSE_BYTES, ResponseInvalid, grade};

use super::ids::{PartId, QuestionId};

/// A quiz with its keys, checked: every id is there and every limit holds.
///
/// It cannot be serialised, so no answer can hold one by accident:
///
/// ```compile_fail
/// fn send<T: serde::Serialize>(_: T) {}
/// fn leak(quiz: toolboxai_edge::domain::quiz::Quiz) {
///     send(quiz);
/// }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Quiz {
    /// Title.
    pub title: String,
    /// Subject.
    pub subject: String,
    /// School year.
    pub grade_level: i64,
    /// At least one.
    pub questions: Vec<Question>,
}

/// A question with its key.
///
/// ```compile_fail
/// fn send<T: serde::Serialize>(_: T) {}
/// fn leak(question: toolboxai_edge::domain::quiz::Question) {
///     send(question);
/// }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// Stays the same through all versions of the quiz.
    pub id: QuestionId,
    /// What is asked.
    pub prompt: String,
    /// For a right answer.
    pub points: u32,
    /// Why it is so; for the author's screen.
    pub explanation: Option<String>,
    /// How it is answered, and the key.
    pub kind: Kind,
}

/// A part of a question.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// Random, so that it tells nothing about the key.
    pub id: PartId,
    /// What is shown.
    pub text: String,
}

/// How a question is answered, and the key.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// Exactly one option is right.
    MultipleChoice(Vec<(Part, bool)>),
    /// Every right option and no other; at least one is right.
    MultipleResponse(Vec<(Part, bool)>),
    /// A statement that is true or false.
    TrueFalse(bool),
    /// A number, so far off at most.
    Numeric {
        /// The right value.
        value: f64,
        /// The largest deviation that counts as right.
        tolerance: f64,
    },
    /// Any of these texts, compared without case, spacing and Unicode's compatibility forms.
    ShortAnswer(Vec<String>),
    /// The parts in their right order.
    Ordering(Vec<Part>),
    /// What belongs together.
    Matching(Vec<(Part, Part)>),
}

impl Kind {
    /// Its name on the wire.
    pub const fn question_type(&self) -> QuestionType {
        match self {
            Self::MultipleChoice(_) => QuestionType::MultipleChoice,
            Self::MultipleResponse(_) => QuestionType::MultipleResponse,
            Self::TrueFalse(_) => QuestionType::TrueFalse,
            Self::Numeric { .. } => QuestionType::Numeric,
            Self::ShortAnswer(_) => QuestionType::ShortAnswer,
            Self::Ordering(_) => QuestionType::Ordering,
            Self::Matching(_) => QuestionType::Matching,
        }
    }
}
