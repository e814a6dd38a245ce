//! Who writes content: a brief goes in, a draft comes out. The provider `builtin` (`domain/content`) computes; one that asks a
//! language model stands behind the same port.

use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::content::{self, Refusal};
use crate::domain::quiz::{AuthorQuiz, QuestionType};

/// Writes content.
pub trait Model: Send + Sync {
    /// The draft of a brief. The same brief may give another draft, unless the provider says otherwise.
    fn write(&self, brief: Brief) -> BoxFuture<'_, Result<Draft, ModelError>>;
}

/// Why there is no draft.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ModelError {
    /// The provider does not answer; perhaps later. The text is for the log.
    #[error("the model does not answer: {0}")]
    Unavailable(String),
    /// The provider answered, with something that is of no use. The text is for the log.
    #[error("the model answered with something of no use: {0}")]
    Upstream(String),
    /// The brief cannot be met. The text is for who wrote it.
    #[error("{0}")]
    Refused(String),
}

/// The provider without a network and without a key. The same brief gives the same draft, byte for byte.
pub struct Builtin;

impl Model for Builtin {
    fn write(&self, brief: Brief) -> BoxFuture<'_, Result<Draft, ModelError>> {
        let draft = content::write(&brief).map_err(|Refusal(reason)| ModelError::Refused(reason));
        Box::pin(async move { draft })
    }
}

/// What is to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BriefKind {
    /// A whole lesson: outline, terrain, scripts, and a quiz if it is wished for.
    Lesson,
    /// A quiz.
    Quiz,
    /// Terrain, and the script that fills it in.
    Terrain,
    /// One script.
    Script,
    /// One activity for the objectives, without the frame of a lesson.
    Activity,
}

/// How hard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Difficulty {
    /// Small numbers, short sentences.
    Easy,
    /// As usual in this school year.
    #[default]
    Medium,
    /// Larger numbers, more steps.
    Hard,
    /// The hardest; `advanced` is another word for it.
    Expert,
}

/// What pupils do with what they learn (Bloom's taxonomy, revised).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Bloom {
    /// Recall it.
    Remember,
    /// Say it in their own words.
    Understand,
    /// Use it.
    Apply,
    /// Take it apart and compare.
    Analyze,
    /// Judge it.
    Evaluate,
    /// Make something new of it.
    Create,
}

/// What pupils shall be able to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Objective {
    /// 1 to 200 characters.
    pub title: String,
    /// At most 1,000 characters.
    pub description: String,
    /// Said by the author, or else read from the title's verb.
    pub bloom_level: Option<Bloom>,
}

/// Whether there shall be a quiz.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QuizWish {
    /// No quiz.
    No,
    /// If the provider can; it says why when it cannot.
    IfPossible,
    /// Without one there is no draft.
    Must,
}

/// How large terrain is, along each side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TerrainSize {
    /// 200 studs.
    Small,
    /// 500 studs.
    #[default]
    Medium,
    /// 1,000 studs.
    Large,
    /// 2,000 studs.
    Xlarge,
}

impl TerrainSize {
    /// Studs along each side, and how high it may be.
    pub const fn studs(self) -> (i64, i64) {
        match self {
            Self::Small => (200, 100),
            Self::Medium => (500, 150),
            Self::Large => (1000, 200),
            Self::Xlarge => (2000, 300),
        }
    }
}

/// What terrain is wished for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TerrainBrief {
    /// Such as `forest`.
    pub theme: String,
    /// Such as `temperate`.
    pub biome: String,
    /// How large.
    pub size: TerrainSize,
    /// Such as `river`.
    pub features: Vec<String>,
}

/// Which script.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ScriptKind {
    /// Server: asks the questions, keeps the keys, grades, keeps the scores.
    Quiz,
    /// Client: shows what the quiz script sends.
    QuizUi,
    /// Server: fills terrain in.
    Terrain,
    /// Server: the same, by its other name.
    TerrainGenerator,
    /// Client: a board with the title and the objectives.
    Ui,
    /// Server: a figure that walks about and says its lines.
    NpcController,
}

/// What a script is made with, beside what the brief says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScriptBrief {
    /// Which.
    pub kind: ScriptKind,
    /// The figure's name, or the board's title.
    pub name: Option<String>,
    /// What the figure says, or what the board shows.
    pub lines: Vec<String>,
    /// Studs a second.
    pub walk_speed: i64,
    /// Studs around where it starts.
    pub walk_radius: i64,
    /// Seconds for one question.
    pub seconds_per_question: i64,
}

/// What is wanted: checked, every field bounded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Brief {
    /// Which kind of content.
    pub kind: BriefKind,
    /// The subject, such as `Mathematics`.
    pub subject: String,
    /// The topic within it, if the caller says one.
    pub topic: Option<String>,
    /// 1 to 12.
    pub grade_level: i64,
    /// At most 20.
    pub objectives: Vec<Objective>,
    /// How hard.
    pub difficulty: Difficulty,
    /// Whether there shall be a quiz.
    pub quiz: QuizWish,
    /// 1 to 50 questions.
    pub questions: usize,
    /// Of these types alone; all when empty.
    pub question_types: Vec<QuestionType>,
    /// What questions are about, at most 20,000 characters.
    pub text: Option<String>,
    /// 5 to 180.
    pub duration_minutes: i64,
    /// 1 to 100.
    pub max_students: i64,
    /// Such as `classroom`.
    pub environment: String,
    /// The terrain.
    pub terrain: TerrainBrief,
    /// The script, for a brief of that kind.
    pub script: Option<ScriptBrief>,
    /// Whether it shall be easier to use for pupils with disabilities.
    pub accessibility_features: bool,
    /// Whether it shall be in several languages.
    pub multilingual: bool,
    /// What the caller wishes beyond that, at most 1,000 characters.
    pub custom_requirements: Option<String>,
    /// Chooses among the drafts that fit. Left out, it comes from the rest of the brief.
    pub seed: Option<u64>,
}

/// What was written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Draft {
    /// Title.
    pub title: String,
    /// Who wrote it, such as `builtin`.
    pub generator: String,
    /// What this generator can and cannot do, in a sentence or two for people.
    pub about: String,
    /// What was not done as wished, and why; empty when all was.
    pub notes: Vec<String>,
    /// The same brief with this seed gives this draft again, if the generator can do that.
    pub seed: u64,
    /// The outline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lesson: Option<Lesson>,
    /// The quiz with its keys, for its author: as `POST /api/v1/quizzes` takes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quiz: Option<AuthorQuiz>,
    /// The terrain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terrain: Option<Terrain>,
    /// The scripts.
    pub scripts: Vec<Script>,
}

/// The outline of a lesson.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Lesson {
    /// Sums up all steps.
    pub duration_minutes: i64,
    /// What pupils shall be able to do.
    pub objectives: Vec<Objective>,
    /// From the text, the words that it is about.
    pub key_terms: Vec<String>,
    /// From the text, its weightiest sentences, in their order.
    pub key_sentences: Vec<String>,
    /// One after the other.
    pub steps: Vec<LessonStep>,
}

/// A step of a lesson.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LessonStep {
    /// Title.
    pub title: String,
    /// What pupils do.
    pub activity: Activity,
    /// At least 1.
    pub minutes: i64,
    /// What they do it with in their heads; nothing for opening and close.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bloom_level: Option<Bloom>,
    /// What the teacher does.
    pub instructions: String,
    /// Which objectives it serves, by their place in the list.
    pub objectives: Vec<usize>,
}

/// Kinds of activity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Activity {
    /// All together, what they know already.
    Opening,
    /// A trail with things to find and name.
    Explore,
    /// Say it to each other in their own words.
    Explain,
    /// Exercises.
    Practise,
    /// Sort and compare.
    Sort,
    /// Take a side and give reasons.
    Debate,
    /// Build something in the place.
    Build,
    /// The quiz.
    Quiz,
    /// All together, what they know now.
    Close,
}

/// Terrain.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Terrain {
    /// The theme that was built.
    pub theme: String,
    /// The ground's material, a name of `Enum.Material`.
    pub material: String,
    /// How large.
    pub size: TerrainSize,
    /// Studs along each side.
    pub studs: i64,
    /// What there is.
    pub features: Vec<String>,
    /// The climate.
    pub biome: String,
    /// At most 100, to be filled in this order.
    pub regions: Vec<Region>,
}

/// A part of terrain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Region {
    /// Its form.
    pub shape: Shape,
    /// A name of `Enum.Material`.
    pub material: String,
    /// The middle: x, y, z in studs.
    pub position: [i64; 3],
    /// x, y, z in studs. A ball has its diameter in all three; a cylinder its height in y and its diameter in x and z.
    pub size: [i64; 3],
}

/// The form of a region, as the methods of `Terrain` have them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// `FillBlock`.
    Block,
    /// `FillBall`.
    Ball,
    /// `FillCylinder`.
    Cylinder,
    /// `FillWedge`.
    Wedge,
}

/// Where a script runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ScriptType {
    /// `Script`, in ServerScriptService.
    Server,
    /// `LocalScript`, in StarterPlayerScripts.
    Client,
    /// `ModuleScript`.
    Module,
}

/// A script.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Script {
    /// Name of the instance.
    pub name: String,
    /// Luau.
    pub content: String,
    /// Where it runs.
    pub script_type: ScriptType,
    /// Names of other scripts of the draft that it works with.
    pub dependencies: Vec<String>,
    /// What it does.
    pub description: String,
}
