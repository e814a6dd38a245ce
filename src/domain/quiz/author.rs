//! A quiz as its author writes and reads it. One flat shape for every type of question, so that a broken one can be
//! answered with every field at fault instead of the first.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Kind, Part, Question, Quiz};
use crate::domain::ids::{PartId, QuestionId};

/// The types of question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum QuestionType {
    /// One right option.
    MultipleChoice,
    /// All right options.
    MultipleResponse,
    /// True or false.
    TrueFalse,
    /// A number with a tolerance.
    Numeric,
    /// A short text.
    ShortAnswer,
    /// Parts in order.
    Ordering,
    /// Parts that belong together.
    Matching,
}

/// A quiz with its keys, for its author.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AuthorQuiz {
    /// At most 200 characters.
    pub title: String,
    /// At most 50 characters.
    pub subject: String,
    /// 0 (kindergarten) to 13.
    pub grade_level: i64,
    /// 1 to 100.
    pub questions: Vec<AuthorQuestion>,
}

/// A question with its key, for its author. Which fields it has depends on `type`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AuthorQuestion {
    /// Given by the server. Sent back, the question keeps it; left out, it gets a new one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<QuestionId>,
    /// How it is answered.
    #[serde(rename = "type")]
    pub question_type: QuestionType,
    /// What is asked, at most 500 characters.
    pub prompt: String,
    /// For a right answer: 1 to 100, 10 when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub points: Option<u32>,
    /// Why it is so, at most 1,000 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub explanation: Option<String>,
    /// multiple_choice and multiple_response: 2 to 10.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub options: Option<Vec<AuthorOption>>,
    /// true_false: the key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correct: Option<bool>,
    /// numeric: the key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// numeric: the largest deviation that counts as right, 0 when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tolerance: Option<f64>,
    /// short_answer: the texts that count as right, 1 to 20.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accept: Option<Vec<String>>,
    /// ordering: the parts in their right order, 2 to 10.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub items: Option<Vec<AuthorPart>>,
    /// matching: what belongs together, 2 to 10.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pairs: Option<Vec<AuthorPair>>,
}

/// An option of a choice.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AuthorOption {
    /// Given by the server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<PartId>,
    /// At most 200 characters.
    pub text: String,
    /// Whether it is right.
    #[serde(default)]
    pub correct: bool,
}

/// A part: written as a text alone, read with its id.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum AuthorPart {
    /// As an author may write it.
    Text(String),
    /// As the server gives it.
    Part(NamedPart),
}

/// A part with its id.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NamedPart {
    /// Given by the server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<PartId>,
    /// At most 200 characters.
    pub text: String,
}

/// Two parts that belong together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AuthorPair {
    /// The left side.
    pub left: AuthorPart,
    /// The right side.
    pub right: AuthorPart,
}

impl AuthorPart {
    /// Its text.
    pub fn text(&self) -> &str {
        match self {
            Self::Text(text) | Self::Part(NamedPart { text, .. }) => text,
        }
    }

    /// Its id, when it has one.
    pub fn id(&self) -> Option<&PartId> {
        match self {
            Self::Text(_) => None,
            Self::Part(part) => part.id.as_ref(),
        }
    }
}

impl Quiz {
    /// The author's view, with every key: for the author's own screen and for storage.
    pub fn to_author(&self) -> AuthorQuiz {
        AuthorQuiz {
            title: self.title.clone(),
            subject: self.subject.clone(),
            grade_level: self.grade_level,
            questions: self.questions.iter().map(Question::to_author).collect(),
        }
    }
}

impl Question {
    fn to_author(&self) -> AuthorQuestion {
        let mut question = AuthorQuestion {
            id: Some(self.id.clone()),
            question_type: self.kind.question_type(),
            prompt: self.prompt.clone(),
            points: Some(self.points),
            explanation: self.explanation.clone(),
            options: None,
            correct: None,
            value: None,
            tolerance: None,
            accept: None,
            items: None,
            pairs: None,
        };
        match &self.kind {
            Kind::MultipleChoice(options) | Kind::MultipleResponse(options) => {
                question.options = Some(options.iter().map(option_to_author).collect());
            }
            Kind::TrueFalse(correct) => question.correct = Some(*correct),
            Kind::Numeric { value, tolerance } => {
                question.value = Some(*value);
                question.tolerance = Some(*tolerance);
            }
            Kind::ShortAnswer(accept) => question.accept = Some(accept.clone()),
            Kind::Ordering(items) => question.items = Some(items.iter().map(part_to_author).collect()),
            Kind::Matching(pairs) => {
                let pair = |(left, right): &(Part, Part)| AuthorPair {
                    left: part_to_author(left),
                    right: part_to_author(right),
                };
                question.pairs = Some(pairs.iter().map(pair).collect());
            }
        }
        question
    }
}

fn option_to_author((part, correct): &(Part, bool)) -> AuthorOption {
    AuthorOption { id: Some(part.id.clone()), text: part.text.clone(), correct: *correct }
}

fn part_to_author(part: &Part) -> AuthorPart {
    AuthorPart::Part(NamedPart { id: Some(part.id.clone()), text: part.text.clone() })
}
