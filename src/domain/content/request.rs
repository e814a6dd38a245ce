//! Takes what a caller sends, in the old names and both old forms, and makes a brief of it, or says of every field what is wrong.

use serde_json::{Map, Value};

use super::fields::Fields;
use super::wire::NAMES;
use super::{scripts, themes};
use crate::domain::quiz::{FieldError, FieldErrorCode, QuestionType};
use crate::json;
use crate::model::{
    Bloom, Brief, BriefKind, Difficulty, Objective, QuizWish, ScriptBrief, ScriptKind, TerrainBrief,
    TerrainSize,
};

/// A text of about ten pages.
const MOST_TEXT: usize = 20_000;
/// Questions of one draft.
const MOST_QUESTIONS: i64 = 50;
/// Objectives of one lesson.
const MOST_OBJECTIVES: usize = 20;
/// The largest seed that a JavaScript number holds.
const MOST_SEED: i64 = crate::ports::MAX_SAFE_INTEGER;

/// A brief, or every fault.
type Outcome = Result<Brief, Vec<FieldError>>;

/// Of a lesson. Where it is strict, the kind may be said and unknown names are faults.
pub fn content_request(body: &Map<String, Value>, is_strict: bool) -> Outcome {
    let mut fields = Fields::new(body);
    let mut kind = BriefKind::Lesson;
    if is_strict {
        fields.only(&NAMES);
        let read = |word: &str| json::from_value(Value::from(word)).ok();
        kind = fields.choice(&["kind"], "lesson, quiz, terrain, script, activity", read).unwrap_or(kind);
    }
    brief(fields, kind)
}

/// Of a quiz.
pub fn quiz_request(body: &Map<String, Value>) -> Outcome {
    brief(Fields::new(body), BriefKind::Quiz)
}

/// Of terrain.
pub fn terrain_request(body: &Map<String, Value>) -> Outcome {
    brief(Fields::new(body), BriefKind::Terrain)
}

/// Of a script.
pub fn script_request(body: &Map<String, Value>) -> Outcome {
    brief(Fields::new(body), BriefKind::Script)
}

fn brief(mut fields: Fields<'_>, kind: BriefKind) -> Outcome {
    let mut script = None;
    if kind == BriefKind::Script {
        let kinds = "quiz, quiz_ui, terrain, terrain_generator, ui, npc_controller";
        script =
            Some(fields.choice(&["script_type"], kinds, ScriptKind::parse).unwrap_or(ScriptKind::QuizUi));
        fields.go_into("parameters");
    }
    let script = script.map(|kind| ScriptBrief {
        kind,
        name: fields.text(&["title", "name"], 200),
        lines: fields.texts(&["lines", "dialogue", "messages"], MOST_OBJECTIVES, 200),
        walk_speed: fields.integer(&["walk_speed"], (0, 100), 8),
        walk_radius: fields.integer(&["walk_radius"], (0, 500), 20),
        seconds_per_question: fields.integer(&["seconds_per_question", "time_limit"], (5, 300), 30),
    });
    let environment = fields.word(&["environment_type"], 50).unwrap_or_else(|| "classroom".to_owned());
    let theme = fields.text(&["theme"], 50);
    let (quiz, mut question_types) = (quiz_wish(&mut fields), question_types(&mut fields));
    if script.as_ref().is_some_and(|script| script.kind == ScriptKind::Quiz) && question_types.is_empty() {
        question_types = scripts::SCRIPTED.to_vec();
    }
    let topic = fields.text(&["topic"], 200);
    let brief = Brief {
        kind,
        subject: subject(&mut fields),
        topic: topic.filter(|topic| !topic.eq_ignore_ascii_case("general")),
        grade_level: fields.integer(&["grade_level"], (1, 12), 5),
        objectives: fields.list(&["learning_objectives"], MOST_OBJECTIVES, objective),
        difficulty: fields
            .choice(&["difficulty_level", "difficulty"], "easy, medium, hard, expert, advanced", difficulty)
            .unwrap_or_default(),
        quiz,
        questions: usize::try_from(fields.integer(&["num_questions"], (1, MOST_QUESTIONS), 5)).unwrap_or(5),
        question_types,
        text: fields.text(&["text"], MOST_TEXT),
        duration_minutes: fields.integer(&["duration_minutes"], (5, 180), 30),
        max_students: fields.integer(&["max_students"], (1, 100), 30),
        accessibility_features: fields.boolean("accessibility_features").unwrap_or(false),
        multilingual: fields.boolean("multilingual").unwrap_or(false),
        terrain: TerrainBrief {
            theme: theme.unwrap_or_else(|| default_theme(kind, &environment)),
            biome: fields
                .text(&["biome"], 50)
                .map_or_else(|| "temperate".to_owned(), |biome| biome.to_lowercase()),
            size: fields
                .choice(&["terrain_size", "size"], "small, medium, large, xlarge", size)
                .unwrap_or_default(),
            features: fields.texts(&["features"], themes::FEATURES.len(), 50),
        },
        environment,
        script,
        custom_requirements: fields.text(&["custom_requirements"], 1000),
        seed: u64::try_from(fields.integer(&["seed"], (0, MOST_SEED), -1)).ok(),
    };
    let errors = fields.errors();
    if errors.is_empty() { Ok(brief) } else { Err(errors) }
}

/// A lesson in an environment that no terrain is known for has the generic one; who asks for terrain alone gets a forest.
fn default_theme(kind: BriefKind, environment: &str) -> String {
    match kind {
        BriefKind::Terrain | BriefKind::Script => "forest".to_owned(),
        _ => environment.to_owned(),
    }
}

fn quiz_wish(fields: &mut Fields<'_>) -> QuizWish {
    match fields.boolean("include_quiz") {
        Some(true) => QuizWish::Must,
        Some(false) => QuizWish::No,
        None => QuizWish::IfPossible,
    }
}

/// The subjects by all their names.
const SUBJECTS: [(&str, &[&str]); 10] = [
    ("Mathematics", &["math", "maths", "mathematics"]),
    ("Science", &["science"]),
    ("History", &["history"]),
    ("English", &["english"]),
    ("Art", &["art"]),
    ("Geography", &["geography"]),
    ("Computer Science", &["computer science", "computer_science", "computing"]),
    ("Physics", &["physics"]),
    ("Chemistry", &["chemistry"]),
    ("Biology", &["biology"]),
];

/// Under its own name; others stay as they are.
fn subject(fields: &mut Fields<'_>) -> String {
    let subject = fields.text(&["subject"], 50).unwrap_or_else(|| "Mathematics".to_owned());
    let lower = subject.to_lowercase();
    let known = SUBJECTS.iter().find(|(_, names)| names.contains(&lower.as_str()));
    known.map_or(subject, |(name, _)| (*name).to_owned())
}

fn difficulty(word: &str) -> Option<Difficulty> {
    Some(match word {
        "easy" => Difficulty::Easy,
        "medium" => Difficulty::Medium,
        "hard" => Difficulty::Hard,
        "expert" | "advanced" => Difficulty::Expert,
        _ => return None,
    })
}

fn size(word: &str) -> Option<TerrainSize> {
    json::from_value(Value::from(word)).ok()
}

fn question_types(fields: &mut Fields<'_>) -> Vec<QuestionType> {
    let mut types: Vec<QuestionType> = Vec::new();
    for question_type in fields.list(&["question_types"], 7, |fields, pointer, item| {
        let read = json::from_value(item.clone()).ok();
        if read.is_none() {
            let words = "one of multiple_choice, multiple_response, true_false, numeric, short_answer, ordering, matching";
            fields.fail(pointer, FieldErrorCode::Malformed, words);
        }
        read
    }) {
        if !types.contains(&question_type) {
            types.push(question_type);
        }
    }
    types
}

/// A text, or an object with a title.
fn objective(fields: &mut Fields<'_>, pointer: &str, item: &Value) -> Option<Objective> {
    let Value::Object(object) = item else {
        let title = fields.required_text(pointer, item, 200)?;
        return Some(Objective { title, description: String::new(), bloom_level: None });
    };
    let title = object.get("title").unwrap_or(&Value::String(String::new())).clone();
    let title = fields.required_text(&format!("{pointer}/title"), &title, 200);
    let description = match object.get("description") {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) if text.trim().is_empty() => String::new(),
        Some(text) => fields.required_text(&format!("{pointer}/description"), text, 1000).unwrap_or_default(),
    };
    let bloom_level = match object.get("bloom_level") {
        None | Some(Value::Null) => None,
        Some(level) => {
            let read = level.as_str().and_then(bloom);
            if read.is_none() {
                let words = "one of remember, understand, apply, analyze, evaluate, create";
                fields.fail(&format!("{pointer}/bloom_level"), FieldErrorCode::Malformed, words);
            }
            read
        }
    };
    Some(Objective { title: title?, description, bloom_level })
}

fn bloom(word: &str) -> Option<Bloom> {
    json::from_value(Value::String(word.trim().to_lowercase().replace("analyse", "analyze"))).ok()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::{Value, json};

    use super::{content_request, script_request};
    use crate::model::{Bloom, Difficulty, QuizWish, ScriptKind};

    fn object(value: &Value) -> serde_json::Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn an_empty_request_has_the_old_defaults() {
        let brief = content_request(&serde_json::Map::new(), false).unwrap();
        assert_eq!((brief.subject.as_str(), brief.grade_level), ("Mathematics", 5));
        assert_eq!((brief.environment.as_str(), brief.terrain.theme.as_str()), ("classroom", "classroom"));
        assert_eq!((brief.difficulty, brief.quiz), (Difficulty::Medium, QuizWish::IfPossible));
        assert_eq!((brief.duration_minutes, brief.max_students, brief.seed), (30, 30, None));
    }

    #[test]
    fn objectives_are_taken_as_texts_and_as_objects() {
        let body = json!({"subject": "computer_science", "difficulty_level": "advanced", "learning_objectives": [
            "Name the parts", {"id": "1", "title": "Build one", "description": "", "bloom_level": "Create", "measurable": true}]});
        let brief = content_request(&object(&body), false).unwrap();
        assert_eq!((brief.subject.as_str(), brief.difficulty), ("Computer Science", Difficulty::Expert));
        assert_eq!(brief.objectives[0].title, "Name the parts");
        assert_eq!(
            (brief.objectives[1].title.as_str(), brief.objectives[1].bloom_level),
            ("Build one", Some(Bloom::Create))
        );
    }

    #[test]
    fn every_field_at_fault_is_named_at_once() {
        let body = json!({"subject": "x".repeat(51), "grade_level": 13, "learning_objectives": ["", {"title": 5}, "ok"],
            "environment_type": "class room!", "include_quiz": "perhaps", "difficulty_level": "brutal", "num_questions": 0.5,
            "question_types": ["essay"], "text": "x".repeat(20_001), "duration_minutes": 4, "seed": -1, "size": 7, "new": 1});
        let pointers = |is_strict| -> BTreeSet<String> {
            let errors = content_request(&object(&body), is_strict).unwrap_err();
            errors.into_iter().map(|error| error.pointer).collect()
        };
        let faults = [
            "/subject",
            "/grade_level",
            "/learning_objectives/0",
            "/learning_objectives/1/title",
            "/environment_type",
            "/include_quiz",
            "/difficulty_level",
            "/num_questions",
            "/question_types/0",
            "/text",
            "/duration_minutes",
            "/seed",
            "/size",
        ];
        assert_eq!(pointers(false), faults.into_iter().map(str::to_owned).collect());
        assert!(pointers(true).contains("/new"));
    }

    #[test]
    fn a_script_reads_its_parameters_first() {
        let body = json!({"script_type": "npc_controller", "parameters": {"name": "Ada", "lines": ["Hello"], "walk_speed": 101}});
        let errors = script_request(&object(&body)).unwrap_err();
        assert_eq!(errors[0].pointer, "/parameters/walk_speed");
        let body = json!({"script_type": "quiz", "parameters": {"grade_level": "3", "title": "Q"}});
        let brief = script_request(&object(&body)).unwrap();
        let script = brief.script.unwrap();
        assert_eq!(
            (brief.grade_level, script.kind, script.name.as_deref()),
            (3, ScriptKind::Quiz, Some("Q"))
        );
    }
}
