//! What a request for content is answered with: the shape that Studio plugins know, with what is new beside it.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::content::voxels;
use crate::domain::quiz::AuthorQuiz;
use crate::domain::time::Timestamp;
use crate::model::{Draft, Lesson, Script, Terrain};

/// Content that was made.
#[derive(Serialize, ToSchema)]
pub struct ContentResponse {
    /// Always true: what fails is a problem.
    success: bool,
    /// `success`, for who looks for that.
    status: &'static str,
    /// A sentence for people.
    message: String,
    /// When it was asked for.
    timestamp: Timestamp,
    /// This request.
    request_id: String,
    /// The same request gives the same content under the same id.
    content_id: String,
    /// The content.
    content: Content,
    /// Its scripts.
    scripts: Vec<Script>,
    /// Its terrain.
    terrain: Option<Terrain>,
    /// Its quiz, with the keys: as `POST /api/v1/quizzes` takes it.
    quiz: Option<AuthorQuiz>,
    /// The source of the first script, for who asked for one script.
    script: Option<String>,
    /// How pupils move and meet.
    game_mechanics: GameMechanics,
    /// Minutes that it takes to put it into a place.
    estimated_build_time: i64,
    /// What it needs, by name: `scripts`, `script_bytes`, `questions`, `terrain_regions`, `terrain_voxels`, `players`.
    resource_requirements: BTreeMap<&'static str, i64>,
}

/// What was written.
#[derive(Serialize, ToSchema)]
pub struct Content {
    /// Title.
    title: String,
    /// Who wrote it, such as `builtin`.
    generator: String,
    /// What this generator can and cannot do.
    about: String,
    /// What was not done as wished, and why.
    notes: Vec<String>,
    /// Send it along to get this content again.
    seed: u64,
    /// The outline.
    lesson: Option<Lesson>,
}

/// How pupils move and meet in the place.
#[derive(Serialize, ToSchema)]
#[expect(clippy::struct_excessive_bools, reason = "the shape that plugins know")]
pub struct GameMechanics {
    /// They walk.
    movement: bool,
    /// They chat, as Roblox allows it at their age.
    chat: bool,
    /// Parts are solid.
    collision: bool,
    /// Things fall.
    gravity: bool,
    /// They come back.
    respawn: bool,
    /// They play in teams.
    team_mode: bool,
}

const GAME_MECHANICS: GameMechanics = GameMechanics {
    movement: true,
    chat: true,
    collision: true,
    gravity: true,
    respawn: true,
    team_mode: false,
};

/// What an answer says beside the draft.
pub(super) struct Facts {
    pub(super) timestamp: Timestamp,
    pub(super) request_id: String,
    pub(super) content_id: String,
    pub(super) max_students: i64,
    pub(super) is_script: bool,
}

fn count(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}

impl ContentResponse {
    pub(super) fn new(draft: Draft, facts: Facts) -> Self {
        let regions = draft.terrain.as_ref().map_or(0, |terrain| count(terrain.regions.len()));
        let questions = draft.quiz.as_ref().map_or(0, |quiz| count(quiz.questions.len()));
        let scripts = count(draft.scripts.len());
        let resource_requirements = BTreeMap::from([
            ("scripts", scripts),
            ("script_bytes", draft.scripts.iter().map(|script| count(script.content.len())).sum()),
            ("questions", questions),
            ("terrain_regions", regions),
            ("terrain_voxels", draft.terrain.as_ref().map_or(0, |terrain| voxels(&terrain.regions))),
            ("players", facts.max_students),
        ]);
        let message = match draft.notes.as_slice() {
            [] => format!("“{}” is ready.", draft.title),
            notes => format!("“{}” is ready. {}", draft.title, notes.join(" ")),
        };
        Self {
            success: true,
            status: "success",
            message,
            timestamp: facts.timestamp,
            request_id: facts.request_id,
            content_id: facts.content_id,
            script: draft.scripts.first().filter(|_| facts.is_script).map(|script| script.content.clone()),
            content: Content {
                title: draft.title,
                generator: draft.generator,
                about: draft.about,
                notes: draft.notes,
                seed: draft.seed,
                lesson: draft.lesson,
            },
            scripts: draft.scripts,
            terrain: draft.terrain,
            quiz: draft.quiz,
            game_mechanics: GAME_MECHANICS,
            // A minute for a script to be put where it belongs, for ten questions to be read, for forty regions to be looked at.
            estimated_build_time: 1 + scripts + (questions + 9) / 10 + (regions + 39) / 40,
            resource_requirements,
        }
    }
    /// The same request gives the same content under this id.
    pub(super) fn content_id(&self) -> &str {
        &self.content_id
    }

    /// Its title.
    pub(super) fn title(&self) -> &str {
        &self.content.title
    }

    /// The seed that gives it again.
    pub(super) fn seed(&self) -> u64 {
        self.content.seed
    }

    /// The source of its first script.
    pub(super) fn first_script(self) -> Option<String> {
        self.scripts.into_iter().next().map(|script| script.content)
    }
}
