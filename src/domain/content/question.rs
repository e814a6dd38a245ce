//! Builds questions of our quiz domain.

use crate::domain::quiz::{AuthorOption, AuthorPair, AuthorPart, AuthorQuestion, QuestionType, limits};
use crate::model::Difficulty;

/// What a right answer is worth.
#[derive(Clone, Copy)]
pub struct Points(u32);

impl Points {
    /// 10 for a medium question, as when an author does not say.
    pub fn of(difficulty: Difficulty) -> Self {
        Self(match difficulty {
            Difficulty::Easy => 5,
            Difficulty::Medium => limits::DEFAULT_POINTS,
            Difficulty::Hard => 15,
            Difficulty::Expert => 25,
        })
    }
}

fn bare(question_type: QuestionType, prompt: String, points: Points) -> AuthorQuestion {
    AuthorQuestion {
        id: None,
        question_type,
        prompt,
        points: Some(points.0),
        explanation: None,
        options: None,
        correct: None,
        value: None,
        tolerance: None,
        accept: None,
        items: None,
        pairs: None,
    }
}

impl AuthorQuestion {
    /// With an explanation, cut where our quizzes end.
    pub(super) fn because(mut self, explanation: &str) -> Self {
        self.explanation = Some(cut(explanation, limits::EXPLANATION));
        self
    }
}

/// At most so many characters, with a sign that something is missing.
pub fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

/// A choice, of one or of several.
pub fn choice(
    question_type: QuestionType,
    prompt: String,
    options: Vec<(String, bool)>,
    points: Points,
) -> AuthorQuestion {
    let option = |(text, correct)| AuthorOption { id: None, text, correct };
    let options = Some(options.into_iter().map(option).collect());
    AuthorQuestion { options, ..bare(question_type, prompt, points) }
}

/// A statement.
pub fn true_false(prompt: String, correct: bool, points: Points) -> AuthorQuestion {
    AuthorQuestion { correct: Some(correct), ..bare(QuestionType::TrueFalse, prompt, points) }
}

/// A number, exact.
pub fn numeric(prompt: String, value: f64, points: Points) -> AuthorQuestion {
    AuthorQuestion { value: Some(value), ..bare(QuestionType::Numeric, prompt, points) }
}

/// A short text, by the ways to write it.
pub fn short_answer(prompt: String, accept: Vec<String>, points: Points) -> AuthorQuestion {
    AuthorQuestion { accept: Some(accept), ..bare(QuestionType::ShortAnswer, prompt, points) }
}

/// Parts in their right order.
pub fn ordering(prompt: String, items: Vec<String>, points: Points) -> AuthorQuestion {
    let items = Some(items.into_iter().map(AuthorPart::Text).collect());
    AuthorQuestion { items, ..bare(QuestionType::Ordering, prompt, points) }
}

/// What belongs together.
pub fn matching(prompt: String, pairs: Vec<(String, String)>, points: Points) -> AuthorQuestion {
    let pair = |(left, right)| AuthorPair { left: AuthorPart::Text(left), right: AuthorPart::Text(right) };
    let pairs = Some(pairs.into_iter().map(pair).collect());
    AuthorQuestion { pairs, ..bare(QuestionType::Matching, prompt, points) }
}

/// What a pupil sees of a question, whatever its order: two questions with the same are the same one.
pub fn signature(question: &AuthorQuestion) -> String {
    let options = question.options.iter().flatten().map(|option| option.text.as_str());
    let items = question.items.iter().flatten().map(AuthorPart::text);
    let pairs = question.pairs.iter().flatten().flat_map(|pair| [pair.left.text(), pair.right.text()]);
    let mut parts: Vec<&str> = options.chain(items).chain(pairs).collect();
    parts.sort_unstable();
    format!("{:?} {} {}", question.question_type, question.prompt, parts.join("\n"))
}
