//! Mathematics for the school years 1 to 12, computed: problems with exact keys, wrong answers from known misconceptions, and
//! the working as the explanation.

mod equations;
mod forms;
mod fractions;
mod geometry;
mod level;
mod operations;
mod percentages;
mod problem;
mod skill;

use std::collections::HashSet;

pub use skill::{Asked, KNOWN, Skill, asked, of_grade};

use super::question::signature;
use super::work::Work;
use crate::domain::quiz::{AuthorQuestion, QuestionType};
use crate::model::Difficulty;
use level::Level;

/// Tries for one question before the range becomes wider.
const TRIES: usize = 8;
/// How often the range becomes wider for one question.
const WIDENINGS: i64 = 6;

/// What a quiz is made of.
pub struct Wanted<'a> {
    /// At least one.
    pub skills: &'a [Skill],
    /// School year.
    pub grade: i64,
    /// How hard.
    pub difficulty: Difficulty,
    /// How many.
    pub count: usize,
    /// Of these types alone; all that suit when empty.
    pub types: &'a [QuestionType],
}

/// The types that a skill is asked as here.
fn forms_of(skill: Skill, types: &[QuestionType]) -> Vec<QuestionType> {
    if types.is_empty() {
        return skill.forms().to_vec();
    }
    types.iter().copied().filter(|form| skill.takes(*form)).collect()
}

/// Questions that differ from each other. Fewer than wanted only when no skill is asked as any of the types.
pub fn questions(work: &mut Work, wanted: &Wanted<'_>) -> Vec<AuthorQuestion> {
    let mut plan: Vec<(Skill, Vec<QuestionType>)> =
        wanted.skills.iter().map(|skill| (*skill, forms_of(*skill, wanted.types))).collect();
    plan.retain(|(_, forms)| !forms.is_empty());
    work.shuffle(&mut plan);
    for (_, forms) in &mut plan {
        work.shuffle(forms);
    }
    let (mut questions, mut seen) = (Vec::new(), HashSet::new());
    for number in 0..wanted.count {
        let Some((skill, forms)) = plan.get(number % plan.len().max(1)) else { break };
        // Each skill goes through its types from another start, so that each type comes early.
        let turn = number / plan.len() + number % plan.len();
        let Some(form) = forms.get(turn % forms.len()) else { break };
        questions.extend(one(work, wanted, *skill, *form, &mut seen));
    }
    questions
}

fn one(
    work: &mut Work,
    wanted: &Wanted<'_>,
    skill: Skill,
    form: QuestionType,
    seen: &mut HashSet<String>,
) -> Option<AuthorQuestion> {
    for wider in 0..WIDENINGS {
        let level = Level { grade: wanted.grade, difficulty: wanted.difficulty, wider };
        for _ in 0..TRIES {
            let question = forms::question(work, skill, level, form);
            if let Some(question) = question
                && seen.insert(signature(&question))
            {
                return Some(question);
            }
        }
    }
    None
}
