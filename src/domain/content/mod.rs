//! The provider `builtin`: content without a network and without a key, by rules alone. What it can be asked is computed
//! (mathematics) or stands in the text that the caller gives; of anything else it knows nothing, and says so.

mod fields;
mod lesson;
mod luau;
mod math;
mod question;
mod rational;
mod request;
mod scripts;
mod terrain;
#[cfg(test)]
mod tests;
mod text;
mod themes;
mod wire;
mod work;

pub use luau::quote;
pub use request::{content_request, quiz_request, script_request, terrain_request};
pub use terrain::voxels;
pub use wire::{ContentRequest, QuizRequest, ScriptRequest, TerrainRequest};

use crate::domain::canonical;
use crate::domain::quiz::{AuthorQuestion, AuthorQuiz, limits};
use crate::model::{Brief, BriefKind, Draft, Objective, QuizWish, ScriptBrief, ScriptKind};
use lesson::Outline;
use math::{Asked, Skill};
use question::{Points, cut};
use text::Reading;
use work::Work;

/// The name of the provider.
pub const GENERATOR: &str = "builtin";
/// What it is, for people.
const ABOUT: &str = "Made by rules, without a language model. It computes mathematics (whole numbers, fractions, percentages, \
linear equations, geometry) and makes questions from a text that you give; it knows nothing else, and does not judge whether \
the text is right. Read it before pupils do.";
/// Terms and sentences of a lesson.
const KEY_TERMS: usize = 8;
const KEY_SENTENCES: usize = 3;

/// Why the provider cannot do it, for who asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal(pub String);

/// The draft of a brief: the same brief, the same draft.
pub fn write(brief: &Brief) -> Result<Draft, Refusal> {
    counted(brief).0
}

/// The draft, and how many steps it took.
pub fn counted(brief: &Brief) -> (Result<Draft, Refusal>, u64) {
    let seed = brief.seed.unwrap_or_else(|| own_seed(brief));
    let mut writer = Writer { brief, seed, notes: Vec::new(), steps: 0 };
    let draft = writer.draft();
    (draft, writer.steps)
}

/// From the brief itself: another brief chooses otherwise. Below 2^53, so that JavaScript can hold it.
fn own_seed(brief: &Brief) -> u64 {
    let hash = canonical::hash(brief).unwrap_or_default();
    u64::from_str_radix(hash.get(..13).unwrap_or_default(), 16).unwrap_or(0)
}

struct Writer<'b> {
    brief: &'b Brief,
    seed: u64,
    notes: Vec<String>,
    steps: u64,
}

/// What questions can be made of.
enum Source {
    Text(Reading),
    Math(Vec<Skill>),
}

impl Writer<'_> {
    fn draft(&mut self) -> Result<Draft, Refusal> {
        let mut draft = match self.brief.kind {
            BriefKind::Quiz => {
                let quiz = self.quiz()?;
                Draft { quiz: Some(quiz), ..self.blank() }
            }
            BriefKind::Terrain => self.terrain_draft(),
            BriefKind::Script => self.script_draft()?,
            BriefKind::Lesson | BriefKind::Activity => self.lesson_draft()?,
        };
        self.note_what_is_not_done();
        draft.notes.clone_from(&self.notes);
        Ok(draft)
    }

    fn note_what_is_not_done(&mut self) {
        let brief = self.brief;
        let wishes = [
            (
                brief.custom_requirements.is_some(),
                "Wishes in free words (custom_requirements) are not understood by this generator.",
            ),
            (brief.multilingual, "The draft is in English; questions from a text are in its language."),
            (
                brief.accessibility_features,
                "Buttons are large and can be reached with a gamepad, and text wraps; nothing more is done for accessibility.",
            ),
        ];
        self.notes
            .extend(wishes.into_iter().filter(|(is_wished, _)| *is_wished).map(|(_, note)| note.to_owned()));
    }

    fn blank(&self) -> Draft {
        Draft {
            title: self.title(),
            generator: GENERATOR.to_owned(),
            about: ABOUT.to_owned(),
            notes: Vec::new(),
            seed: self.seed,
            lesson: None,
            quiz: None,
            terrain: None,
            scripts: Vec::new(),
        }
    }

    fn title(&self) -> String {
        let objective = || self.brief.objectives.first().map(|objective| objective.title.clone());
        let about = self.brief.topic.clone().or_else(objective);
        let title = about
            .map_or_else(|| self.brief.subject.clone(), |about| format!("{}: {about}", self.brief.subject));
        cut(&title, 200)
    }

    fn is_math(&self) -> bool {
        ["math", "maths", "mathematics"].contains(&self.brief.subject.to_lowercase().as_str())
    }

    /// What questions are made of, or why there can be none.
    fn source(&mut self) -> Result<Source, Refusal> {
        if let Some(text) = &self.brief.text {
            let mut work = Work::new(self.seed, "reading");
            let reading = Reading::of(text, &mut work);
            self.steps += work.steps();
            return Ok(Source::Text(reading));
        }
        if !self.is_math() {
            return Err(Refusal(format!(
                "The built-in generator knows nothing of {}. Send `text` (what the lesson is about, up to 20,000 characters) and it makes \
                 questions from that; without a text it makes questions for Mathematics alone.",
                self.brief.subject
            )));
        }
        self.skills().map(Source::Math)
    }

    fn skills(&mut self) -> Result<Vec<Skill>, Refusal> {
        let titles = self.brief.objectives.iter().map(|objective| objective.title.as_str());
        let phrases: Vec<&str> = self.brief.topic.as_deref().into_iter().chain(titles).collect();
        let (mut skills, mut unknown, mut is_general) = (Vec::new(), Vec::new(), phrases.is_empty());
        for phrase in phrases {
            match math::asked(phrase) {
                Asked::For(some) => skills.extend(some),
                Asked::Anything => is_general = true,
                Asked::Unknown => unknown.push(phrase),
            }
        }
        if skills.is_empty() && is_general && unknown.is_empty() {
            skills.extend(math::of_grade(self.brief.grade_level));
        }
        let mut once = Vec::new();
        skills.retain(|skill| {
            !once.contains(skill) && {
                once.push(*skill);
                true
            }
        });
        if skills.is_empty() {
            return Err(Refusal(format!(
                "The built-in generator does not know “{}”. In Mathematics it knows: {}. Or send `text`, and it makes questions from that.",
                unknown.join("”, “"),
                math::KNOWN
            )));
        }
        for phrase in unknown {
            self.notes.push(format!("No questions on “{phrase}”: the built-in generator does not know it."));
        }
        Ok(skills)
    }

    fn quiz(&mut self) -> Result<AuthorQuiz, Refusal> {
        let source = self.source()?;
        let mut work = Work::new(self.seed, "quiz");
        let brief = self.brief;
        let questions: Vec<AuthorQuestion> = match &source {
            Source::Text(reading) => {
                let points = Points::of(brief.difficulty);
                text::questions(reading, brief.questions, &brief.question_types, points, &mut work)
            }
            Source::Math(skills) => {
                let wanted = math::Wanted {
                    skills,
                    grade: brief.grade_level,
                    difficulty: brief.difficulty,
                    count: brief.questions,
                    types: &brief.question_types,
                };
                math::questions(&mut work, &wanted)
            }
        };
        self.steps += work.steps();
        if questions.is_empty() {
            return Err(Refusal(match source {
                Source::Text(_) => "No question can be made from this text: whole sentences of 5 to 40 words are needed, the more the better, \
                     and for the types that you name what they are made of (definitions, steps, dates, numbers)."
                    .to_owned(),
                Source::Math(_) => "None of the types that you name suits this topic.".to_owned(),
            }));
        }
        if questions.len() < brief.questions {
            self.notes.push(format!(
                "{} of the {} questions that you asked for: there is no more to ask here without asking the same again.",
                questions.len(),
                brief.questions
            ));
        }
        let subject = cut(&brief.subject, crate::domain::class::MAX_SUBJECT);
        Ok(AuthorQuiz { title: self.title(), subject, grade_level: brief.grade_level, questions })
    }

    fn terrain_draft(&mut self) -> Draft {
        let terrain = self.terrain();
        let script = scripts::terrain(&terrain);
        let title = cut(&format!("Terrain: {}", terrain.theme), limits::PART);
        Draft { title, terrain: Some(terrain), scripts: vec![script], ..self.blank() }
    }

    fn terrain(&mut self) -> crate::model::Terrain {
        let mut work = Work::new(self.seed, "terrain");
        let (terrain, notes) = terrain::terrain(&self.brief.terrain, &mut work);
        self.steps += work.steps();
        self.notes.extend(notes);
        terrain
    }

    fn lesson_draft(&mut self) -> Result<Draft, Refusal> {
        let quiz = match self.brief.quiz {
            QuizWish::No => None,
            QuizWish::Must => Some(self.quiz()?),
            QuizWish::IfPossible => match self.quiz() {
                Ok(quiz) => Some(quiz),
                Err(Refusal(reason)) => {
                    self.notes.push(format!("There is no quiz. {reason}"));
                    None
                }
            },
        };
        let objectives = self.objectives()?;
        let outline = Outline {
            duration: self.brief.duration_minutes,
            objectives: &objectives,
            is_whole: self.brief.kind == BriefKind::Lesson,
            has_quiz: quiz.is_some(),
        };
        let mut lesson = lesson::outline(&outline);
        if let Some(text) = &self.brief.text {
            let mut work = Work::new(self.seed, "lesson");
            let reading = Reading::of(text, &mut work);
            self.steps += work.steps();
            lesson.key_terms = text::key_terms(&reading, KEY_TERMS);
            lesson.key_sentences = text::key_sentences(&reading, KEY_SENTENCES);
        }
        let terrain = self.terrain();
        let title = self.title();
        let lines: Vec<String> = objectives.iter().map(|objective| objective.title.clone()).collect();
        let mut scripts = vec![scripts::terrain(&terrain), scripts::board(&title, &lines)];
        if let Some(quiz) = &quiz {
            scripts.extend(self.quiz_scripts(quiz, 30));
        }
        Ok(Draft { lesson: Some(lesson), quiz, terrain: Some(terrain), scripts, ..self.blank() })
    }

    /// The two scripts of a quiz, if they can show any of it.
    fn quiz_scripts(&mut self, quiz: &AuthorQuiz, seconds: i64) -> Vec<crate::model::Script> {
        let (script, count) = scripts::quiz(quiz, seconds);
        if count < quiz.questions.len() {
            self.notes.push(format!(
                "The script Quiz asks {count} of the {} questions; ordering, matching and several right options are for live sessions.",
                quiz.questions.len()
            ));
        }
        if count == 0 { Vec::new() } else { vec![script, scripts::quiz_ui(&quiz.title)] }
    }

    /// What the caller says, or else what it comes down to.
    fn objectives(&mut self) -> Result<Vec<Objective>, Refusal> {
        if !self.brief.objectives.is_empty() {
            return Ok(self.brief.objectives.clone());
        }
        let objective = |title: String| Objective { title, description: String::new(), bloom_level: None };
        if self.brief.text.is_none() && self.is_math() {
            // Its notes are those of the quiz already.
            let notes = self.notes.clone();
            let skills = self.skills();
            self.notes = notes;
            return Ok(skills?.into_iter().map(|skill| objective(skill.objective().to_owned())).collect());
        }
        match (&self.brief.topic, &self.brief.text) {
            (Some(topic), _) => Ok(vec![objective(cut(topic, 200))]),
            (None, Some(_)) => Ok(vec![objective("Understand the text".to_owned())]),
            (None, None) => Err(Refusal(format!(
                "Say what the lesson in {} is about: learning_objectives, topic or text.",
                self.brief.subject
            ))),
        }
    }

    fn script_draft(&mut self) -> Result<Draft, Refusal> {
        let Some(wish) = &self.brief.script else {
            return Err(Refusal("Say which script: script_type.".to_owned()));
        };
        let script = match wish.kind {
            ScriptKind::Quiz => return self.quiz_script_draft(wish),
            ScriptKind::QuizUi => scripts::quiz_ui(&self.name(wish)),
            ScriptKind::Terrain | ScriptKind::TerrainGenerator => {
                let terrain = self.terrain();
                let script = scripts::terrain(&terrain);
                return Ok(Draft { terrain: Some(terrain), scripts: vec![script], ..self.blank() });
            }
            ScriptKind::Ui => {
                let titles = self.brief.objectives.iter().map(|objective| objective.title.clone());
                let lines: Vec<String> = wish.lines.iter().cloned().chain(titles).collect();
                scripts::board(&self.name(wish), &lines)
            }
            ScriptKind::NpcController => {
                let name = wish.name.clone().unwrap_or_else(|| "Guide".to_owned());
                scripts::figure(&name, &wish.lines, wish.walk_speed, wish.walk_radius)
            }
        };
        Ok(Draft { title: script.name.clone(), scripts: vec![script], ..self.blank() })
    }

    fn name(&self, wish: &ScriptBrief) -> String {
        wish.name.clone().unwrap_or_else(|| self.title())
    }

    fn quiz_script_draft(&mut self, wish: &ScriptBrief) -> Result<Draft, Refusal> {
        let mut quiz = self.quiz()?;
        if let Some(name) = &wish.name {
            quiz.title = cut(name, 200);
        }
        let scripts = self.quiz_scripts(&quiz, wish.seconds_per_question);
        Ok(Draft { title: quiz.title.clone(), quiz: Some(quiz), scripts, ..self.blank() })
    }
}
