//! Scripts: templates that are whole Luau files, each with one table of parameters, which is the only thing that a request changes.

use super::luau::Luau;
use crate::domain::quiz::{AuthorQuestion, AuthorQuiz, QuestionType};
use crate::json;
use crate::model::{Region, Script, ScriptKind, ScriptType, Shape, Terrain};

/// The line of a template that the parameters take the place of.
const PLACE: &str = "local PARAMETERS: Parameters = {} :: any -- PARAMETERS";

const QUIZ: &str = include_str!("quiz.luau");
const QUIZ_UI: &str = include_str!("quiz_ui.luau");
const TERRAIN: &str = include_str!("terrain.luau");
const UI: &str = include_str!("ui.luau");
const NPC: &str = include_str!("npc_controller.luau");

/// The types of question that the script in the place can show; the others are for live sessions.
pub const SCRIPTED: [QuestionType; 4] =
    [QuestionType::MultipleChoice, QuestionType::TrueFalse, QuestionType::Numeric, QuestionType::ShortAnswer];

/// The template with these parameters.
fn fill(template: &str, parameters: Vec<(&'static str, Luau)>) -> String {
    let line = format!("local PARAMETERS: Parameters = {}", Luau::Record(parameters).literal());
    match template.split_once(PLACE) {
        Some((before, after)) => format!("{before}{line}{after}"),
        None => String::new(),
    }
}

fn texts(lines: &[String]) -> Luau {
    Luau::List(lines.iter().map(|line| line.as_str().into()).collect())
}

fn question(question: &AuthorQuestion) -> Option<Luau> {
    let choice = |options: Vec<String>, accept: Vec<String>| ("choice", options, accept);
    let (kind, options, accept) = match question.question_type {
        QuestionType::MultipleChoice => {
            let options = question.options.iter().flatten();
            let right = options.clone().filter(|option| option.correct).map(|option| option.text.clone());
            choice(options.clone().map(|option| option.text.clone()).collect(), right.collect())
        }
        QuestionType::TrueFalse => {
            let right = if question.correct? { "True" } else { "False" };
            choice(vec!["True".to_owned(), "False".to_owned()], vec![right.to_owned()])
        }
        QuestionType::Numeric => ("number", Vec::new(), Vec::new()),
        QuestionType::ShortAnswer => ("text", Vec::new(), question.accept.clone()?),
        QuestionType::MultipleResponse | QuestionType::Ordering | QuestionType::Matching => return None,
    };
    Some(Luau::Record(vec![
        ("kind", kind.into()),
        ("prompt", question.prompt.as_str().into()),
        ("options", texts(&options)),
        ("accept", texts(&accept)),
        ("number", Luau::Decimal(question.value.unwrap_or(0.0))),
        ("tolerance", Luau::Decimal(question.tolerance.unwrap_or(0.0))),
        ("points", i64::from(question.points.unwrap_or(1)).into()),
        ("explanation", question.explanation.as_deref().unwrap_or_default().into()),
    ]))
}

/// The script that asks, and how many questions it can ask.
pub fn quiz(quiz: &AuthorQuiz, seconds_per_question: i64) -> (Script, usize) {
    let questions: Vec<Luau> = quiz.questions.iter().filter_map(question).collect();
    let count = questions.len();
    let parameters = vec![
        ("title", quiz.title.as_str().into()),
        ("seconds_per_question", seconds_per_question.into()),
        ("questions", Luau::List(questions)),
    ];
    let script = Script {
        name: "Quiz".to_owned(),
        content: fill(QUIZ, parameters),
        script_type: ScriptType::Server,
        dependencies: vec!["QuizUi".to_owned()],
        description: "Asks the questions, keeps the keys on the server, grades and keeps the score."
            .to_owned(),
    };
    (script, count)
}

/// The script that shows what the quiz script sends.
pub fn quiz_ui(title: &str) -> Script {
    let parameters = vec![("title", title.into()), ("waiting", "The quiz starts in a moment.".into())];
    Script {
        name: "QuizUi".to_owned(),
        content: fill(QUIZ_UI, parameters),
        script_type: ScriptType::Client,
        dependencies: vec!["Quiz".to_owned()],
        description: "Shows the questions and sends the answers. It holds no key.".to_owned(),
    }
}

fn region(region: &Region) -> Luau {
    let axes = |axes: [i64; 3]| Luau::List(axes.map(Luau::Number).to_vec());
    let shape = match region.shape {
        Shape::Block => "block",
        Shape::Ball => "ball",
        Shape::Cylinder => "cylinder",
        Shape::Wedge => "wedge",
    };
    Luau::Record(vec![
        ("shape", shape.into()),
        ("material", region.material.as_str().into()),
        ("position", axes(region.position)),
        ("size", axes(region.size)),
    ])
}

/// The script that fills terrain in.
pub fn terrain(terrain: &Terrain) -> Script {
    let regions = Luau::List(terrain.regions.iter().map(region).collect());
    Script {
        name: "Terrain".to_owned(),
        content: fill(TERRAIN, vec![("name", terrain.theme.as_str().into()), ("regions", regions)]),
        script_type: ScriptType::Server,
        dependencies: Vec::new(),
        description: "Fills the terrain in.".to_owned(),
    }
}

/// The board.
pub fn board(title: &str, lines: &[String]) -> Script {
    Script {
        name: "Board".to_owned(),
        content: fill(UI, vec![("title", title.into()), ("lines", texts(lines))]),
        script_type: ScriptType::Client,
        dependencies: Vec::new(),
        description: "Shows the title and the objectives.".to_owned(),
    }
}

/// The figure.
pub fn figure(name: &str, lines: &[String], walk_speed: i64, walk_radius: i64) -> Script {
    let parameters = vec![
        ("name", name.into()),
        ("lines", texts(lines)),
        ("walk_speed", walk_speed.into()),
        ("walk_radius", walk_radius.into()),
    ];
    Script {
        name: "NpcController".to_owned(),
        content: fill(NPC, parameters),
        script_type: ScriptType::Server,
        dependencies: Vec::new(),
        description: "A figure that walks about and says its lines to who asks.".to_owned(),
    }
}

impl ScriptKind {
    /// Of a name on the wire.
    pub fn parse(name: &str) -> Option<Self> {
        json::from_value(serde_json::Value::String(name.to_owned())).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::{NPC, PLACE, QUIZ, QUIZ_UI, TERRAIN, UI, figure};

    #[test]
    fn every_template_has_one_place_for_its_parameters_and_is_strict() {
        for template in [QUIZ, QUIZ_UI, TERRAIN, UI, NPC] {
            assert_eq!(template.matches(PLACE).count(), 1);
            assert!(template.starts_with("--!strict\n"));
            assert!(!template.contains("loadstring"));
        }
    }

    #[test]
    fn a_parameter_that_names_the_place_stays_a_text() {
        let script = figure(PLACE, &["\"]] os.exit() --[[".to_owned()], 8, 20).content;
        assert!(
            script
                .contains(r#"name = "local PARAMETERS: Parameters = \123\125 :: any \045\045 PARAMETERS","#),
            "{script}"
        );
        assert!(script.contains(r#""\034\093\093 os.exit() \045\045\091\091","#));
    }
}
