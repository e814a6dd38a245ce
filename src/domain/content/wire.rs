//! What a caller may send, as the contract describes it; `request` reads it.

use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::domain::quiz::QuestionType;
use crate::model::{BriefKind, ScriptKind, TerrainSize};

/// What is wished for. Every field may be left out.
#[derive(ToSchema)]
pub struct ContentRequest {
    /// `lesson` when left out. For `POST /api/v1/content/generate` alone.
    pub kind: Option<BriefKind>,
    /// At most 50 characters; `Mathematics` when left out.
    #[schema(max_length = 50)]
    pub subject: Option<String>,
    /// At most 200 characters; `General` is none in particular.
    #[schema(max_length = 200)]
    pub topic: Option<String>,
    /// 5 when left out.
    #[schema(minimum = 1, maximum = 12)]
    pub grade_level: Option<i64>,
    /// Texts, or objects with `title`, `description` and `bloom_level`.
    #[schema(max_items = 20, value_type = Option<Vec<Value>>)]
    pub learning_objectives: Option<Vec<Value>>,
    /// Letters and underscores; `classroom` when left out.
    #[schema(max_length = 50)]
    pub environment_type: Option<String>,
    /// Left out, there is a quiz if there can be one; true, there is one or no draft.
    pub include_quiz: Option<bool>,
    /// `easy`, `medium`, `hard`, `expert`, or `advanced` for `expert`. `difficulty` is taken too.
    pub difficulty_level: Option<String>,
    /// The same as `difficulty_level`.
    pub difficulty: Option<String>,
    /// 5 when left out.
    #[schema(minimum = 1, maximum = 50)]
    pub num_questions: Option<i64>,
    /// Of these types alone.
    #[schema(max_items = 7)]
    pub question_types: Option<Vec<QuestionType>>,
    /// What the questions are made from, for any subject.
    #[schema(max_length = 20000)]
    pub text: Option<String>,
    /// 30 when left out.
    #[schema(minimum = 5, maximum = 180)]
    pub duration_minutes: Option<i64>,
    /// 30 when left out.
    #[schema(minimum = 1, maximum = 100)]
    pub max_students: Option<i64>,
    /// Larger buttons and more, where the generator can.
    pub accessibility_features: Option<bool>,
    /// Several languages, where the generator can.
    pub multilingual: Option<bool>,
    /// In free words.
    #[schema(max_length = 1000)]
    pub custom_requirements: Option<String>,
    /// `small`, `medium`, `large` or `xlarge`.
    pub terrain_size: Option<TerrainSize>,
    /// Left out, it comes from `environment_type`.
    #[schema(max_length = 50)]
    pub theme: Option<String>,
    /// `temperate` when left out.
    #[schema(max_length = 50)]
    pub biome: Option<String>,
    /// Such as `river`.
    #[schema(max_items = 12)]
    pub features: Option<Vec<String>>,
    /// For a script.
    pub script_type: Option<ScriptKind>,
    /// For a script.
    #[schema(value_type = Option<Object>)]
    pub parameters: Option<Map<String, Value>>,
    /// Chooses among the drafts that fit; the same again gives the same.
    #[schema(minimum = 0)]
    pub seed: Option<i64>,
}

/// The names of [`ContentRequest`], for routes that take no others.
pub(super) const NAMES: [&str; 24] = [
    "kind",
    "subject",
    "topic",
    "grade_level",
    "learning_objectives",
    "environment_type",
    "include_quiz",
    "difficulty_level",
    "difficulty",
    "num_questions",
    "question_types",
    "text",
    "duration_minutes",
    "max_students",
    "accessibility_features",
    "multilingual",
    "custom_requirements",
    "terrain_size",
    "theme",
    "biome",
    "features",
    "script_type",
    "parameters",
    "seed",
];

/// A quiz. Every field may be left out.
#[derive(ToSchema)]
pub struct QuizRequest {
    /// `Mathematics` when left out.
    #[schema(max_length = 50)]
    pub subject: Option<String>,
    /// `General` when left out.
    #[schema(max_length = 200)]
    pub topic: Option<String>,
    /// As in a content request.
    pub difficulty: Option<String>,
    /// 5 when left out.
    #[schema(minimum = 1, maximum = 50)]
    pub num_questions: Option<i64>,
    /// 5 when left out.
    #[schema(minimum = 1, maximum = 12)]
    pub grade_level: Option<i64>,
    /// Of these types alone.
    #[schema(max_items = 7)]
    pub question_types: Option<Vec<QuestionType>>,
    /// What the questions are made from, for any subject.
    #[schema(max_length = 20000)]
    pub text: Option<String>,
    /// Chooses among the drafts that fit.
    #[schema(minimum = 0)]
    pub seed: Option<i64>,
}

/// Terrain. Every field may be left out.
#[derive(ToSchema)]
pub struct TerrainRequest {
    /// `forest` when left out.
    #[schema(max_length = 50)]
    pub theme: Option<String>,
    /// `medium` when left out.
    pub size: Option<TerrainSize>,
    /// `temperate` when left out.
    #[schema(max_length = 50)]
    pub biome: Option<String>,
    /// Such as `river`.
    #[schema(max_items = 12)]
    pub features: Option<Vec<String>>,
    /// Not used by the built-in generator.
    #[schema(value_type = Option<Value>)]
    pub educational_context: Option<Value>,
    /// Chooses among the drafts that fit.
    #[schema(minimum = 0)]
    pub seed: Option<i64>,
}

/// A script. Every field may be left out.
#[derive(ToSchema)]
pub struct ScriptRequest {
    /// `quiz_ui` when left out.
    pub script_type: Option<ScriptKind>,
    /// `title`, `lines`, `walk_speed`, `walk_radius`, `seconds_per_question`, and whatever a quiz or terrain takes.
    #[schema(value_type = Option<Object>)]
    pub parameters: Option<Map<String, Value>>,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use utoipa::PartialSchema;

    use super::{ContentRequest, NAMES};

    #[test]
    fn the_names_that_are_taken_are_those_of_the_contract() {
        let schema = serde_json::to_value(ContentRequest::schema()).unwrap();
        let documented: BTreeSet<&str> =
            schema["properties"].as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(documented, NAMES.into_iter().collect());
    }
}
