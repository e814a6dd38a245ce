//! Generated scripts run: what goes into one as a parameter comes out as that text, terrain is filled in, and a quiz grades.

#![allow(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]

use mlua::{Lua, LuaString, Table, Value as LuaValue};
use proptest::prelude::{any, prop, prop_assert_eq, proptest};
use serde_json::{Map, Value, json};
use toolboxai_edge::domain::content::{content_request, quote, script_request, write};
use toolboxai_edge::domain::quiz::{AuthorQuestion, QuestionType};
use toolboxai_edge::model::Draft;

fn object(value: &Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

fn script(request: &Value) -> Draft {
    write(&script_request(&object(request)).unwrap()).unwrap()
}

/// A machine with as much of Roblox as the scripts touch.
fn machine() -> Lua {
    let lua = Lua::new();
    lua.load(include_str!("content.luau")).set_name("=roblox").exec().unwrap();
    lua
}

fn seen(lua: &Lua, name: &str) -> Table {
    lua.globals().get::<Table>("seen").unwrap().get(name).unwrap()
}

proptest! {
    #[test]
    fn a_text_in_a_script_is_that_text(text in any::<String>(), more in prop::collection::vec(any::<char>(), 0..50)) {
        let text = format!("{text}\"]]\\{}", more.into_iter().collect::<String>());
        let lua = Lua::new();
        let back: LuaString = lua.load(format!("return {}", quote(&text))).eval().unwrap();
        prop_assert_eq!(&*back.as_bytes(), text.as_bytes());
    }

    #[test]
    fn a_board_shows_every_text_as_it_was_sent(title in "[^\\x00-\\x1f\\x7f-\\x9f]{1,40}", line in "[^\\x00-\\x1f\\x7f-\\x9f]{1,40}") {
        let request = json!({"script_type": "ui", "parameters": {"title": format!("x{title}x"), "lines": [format!("x{line}x")]}});
        let lua = machine();
        lua.load(&script(&request).scripts[0].content).exec().unwrap();
        let texts: Vec<String> = seen(&lua, "texts").sequence_values().collect::<mlua::Result<_>>().unwrap();
        prop_assert_eq!(texts, [format!("x{title}x"), format!("• x{line}x"), "Close".to_owned()]);
    }
}

#[test]
fn every_script_of_every_kind_compiles() {
    let lua = Lua::new();
    for kind in ["quiz", "quiz_ui", "terrain", "terrain_generator", "ui", "npc_controller"] {
        let draft = script(&json!({"script_type": kind, "parameters": {"name": "Ada", "lines": ["Hello"]}}));
        for script in draft.scripts {
            let compiled = lua.load(&script.content).into_function();
            assert!(compiled.is_ok(), "{compiled:?} {}", script.content);
        }
    }
}

#[test]
fn terrain_is_filled_in_region_by_region() {
    for size in ["small", "xlarge"] {
        let request = json!({"script_type": "terrain", "parameters": {"theme": "mountain", "size": size, "features": ["cave", "lake"]}});
        let draft = script(&request);
        let lua = machine();
        lua.load(&draft.scripts[0].content).exec().unwrap();
        let filled: Vec<Table> = seen(&lua, "filled").sequence_values().collect::<mlua::Result<_>>().unwrap();
        let regions = draft.terrain.unwrap().regions;
        assert_eq!(filled.len(), regions.len());
        for (call, region) in filled.iter().zip(&regions) {
            assert_eq!(call.get::<String>("material").unwrap(), region.material);
            let method = format!("Fill{:?}", region.shape);
            assert_eq!(call.get::<String>("method").unwrap(), method);
        }
    }
}

/// What a pupil sends who knows, or who does not.
fn response(question: &AuthorQuestion, is_right: bool) -> String {
    match question.question_type {
        QuestionType::MultipleChoice => {
            let options = question.options.as_ref().unwrap();
            options.iter().find(|option| option.correct == is_right).unwrap().text.clone()
        }
        QuestionType::TrueFalse => {
            (if question.correct.unwrap() == is_right { "True" } else { "False" }).to_owned()
        }
        QuestionType::Numeric => (question.value.unwrap() + if is_right { 0.0 } else { 1.0 }).to_string(),
        _ if is_right => format!(" {} ", question.accept.as_ref().unwrap()[0].to_uppercase()),
        _ => "?".to_owned(),
    }
}

#[test]
fn a_quiz_in_the_place_grades_as_its_author_wrote_it_and_sends_no_key() {
    let request = json!({"script_type": "quiz", "parameters": {"topic": "Fractions, area", "num_questions": 20, "seed": 7}});
    let draft = script(&request);
    let questions = draft.quiz.as_ref().unwrap().questions.clone();
    assert_eq!(questions.len(), 20);
    for is_right in [true, false] {
        let lua = machine();
        let answers: Vec<String> = questions.iter().map(|question| response(question, is_right)).collect();
        lua.globals().set("answers", answers).unwrap();
        lua.load(&draft.scripts[0].content).exec().unwrap();
        let graded: Vec<Table> = seen(&lua, "graded").sequence_values().collect::<mlua::Result<_>>().unwrap();
        assert_eq!(graded.len(), questions.len());
        for (grade, question) in graded.iter().zip(&questions) {
            assert_eq!(grade.get::<bool>("right").unwrap(), is_right, "{question:?}");
        }
        let points: u32 = questions.iter().filter_map(|question| question.points).sum();
        let total = graded.last().unwrap().get::<u32>("points").unwrap();
        assert_eq!(total, if is_right { points } else { 0 });
        for sent in seen(&lua, "sent").sequence_values::<Table>() {
            let names: Vec<String> =
                sent.unwrap().pairs::<String, LuaValue>().map(|pair| pair.unwrap().0).collect();
            let allowed = ["title", "place", "count", "kind", "prompt", "options", "seconds"];
            assert!(names.iter().all(|name| allowed.contains(&name.as_str())), "{names:?}");
        }
    }
}

#[test]
fn all_scripts_of_a_lesson_run_on_what_they_depend_on() {
    let request = json!({"learning_objectives": ["Add fractions"], "include_quiz": true});
    let draft = write(&content_request(&object(&request), false).unwrap()).unwrap();
    let names: Vec<&str> = draft.scripts.iter().map(|script| script.name.as_str()).collect();
    assert_eq!(names, ["Terrain", "Board", "Quiz", "QuizUi"]);
    for script in &draft.scripts {
        assert!(script.dependencies.iter().all(|name| names.contains(&name.as_str())));
    }
    let lua = machine();
    for script in &draft.scripts {
        lua.load(&script.content).set_name(format!("={}", script.name)).exec().unwrap();
    }
}
