//! Content for games, and the templates that it can begin with.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::Document;

/// Largest body of a content, in bytes of JSON: a D1 row holds 2 MB, and a game server reads it in one answer.
pub const MAX_BODY_BYTES: usize = 256 * 1024;
/// The most contents of a school that are not archived.
pub const MAX_CONTENTS: i64 = 5000;

/// Fields by which a body would tell pupils what is right: a game server gets the body as it is.
const KEY_FIELDS: [&str; 6] =
    ["correct", "is_correct", "correct_answer", "correct_answers", "correct_option", "answer_key"];

/// The first field of a body that tells what is right, if there is one.
pub fn key_field(value: &Value) -> Option<&'static str> {
    match value {
        Value::Object(object) => {
            let own = KEY_FIELDS.into_iter().find(|field| object.contains_key(*field));
            own.or_else(|| object.values().find_map(key_field))
        }
        Value::Array(items) => items.iter().find_map(key_field),
        _ => None,
    }
}

/// What a content is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ContentKind {
    /// Steps to learn by.
    Lesson,
    /// Questions.
    Quiz,
    /// Something to do.
    Activity,
    /// The ground that it stands on.
    Terrain,
    /// Luau.
    Script,
}

impl ContentKind {
    /// As stored and sent.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Lesson => "lesson",
            Self::Quiz => "quiz",
            Self::Activity => "activity",
            Self::Terrain => "terrain",
            Self::Script => "script",
        }
    }
}

/// Where a content stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ContentStatus {
    /// Being written.
    Draft,
    /// Waits to be generated.
    Queued,
    /// Is being generated.
    Generating,
    /// May be deployed.
    Ready,
    /// Could not be generated.
    Failed,
    /// For good.
    Archived,
}

impl ContentStatus {
    /// As stored and sent.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Queued => "queued",
            Self::Generating => "generating",
            Self::Ready => "ready",
            Self::Failed => "failed",
            Self::Archived => "archived",
        }
    }
}

/// Where a deployment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeploymentStatus {
    /// Waits for its turn.
    Pending,
    /// The version is being published.
    Deploying,
    /// The version is live: the game's servers get it.
    Deployed,
    /// It could not be published; `failure` says why.
    Failed,
    /// The version before is live again.
    RolledBack,
}

/// A place to begin.
#[derive(Clone, Copy, Debug)]
pub struct Template {
    /// Its name in paths and bodies.
    pub id: &'static str,
    /// Its name.
    pub name: &'static str,
    /// What it is.
    pub description: &'static str,
    /// What is made of it.
    pub kind: ContentKind,
    /// Subject.
    pub subject: &'static str,
    /// School years that it is for, from and to.
    pub grades: (i64, i64),
    /// How hard it is.
    pub difficulty: &'static str,
    /// Where it is set.
    pub environment: &'static str,
    /// What pupils shall reach.
    pub objectives: &'static [&'static str],
    /// Station by station: its name and what is done there.
    pub stations: &'static [(&'static str, &'static str)],
}

/// All there are.
pub const TEMPLATES: [Template; 5] = [
    Template {
        id: "space_station_science",
        name: "Space station",
        description: "A walk through an orbital station: what keeps people alive where there is no air and nothing falls.",
        kind: ContentKind::Lesson,
        subject: "Science",
        grades: (4, 8),
        difficulty: "medium",
        environment: "space_station",
        objectives: &[
            "Explain why things float in orbit although gravity pulls there",
            "Name what people need to live and how a station provides it",
            "Read a graph of a room's oxygen over a day",
        ],
        stations: &[
            ("Airlock", "Put the steps of leaving the station in their order, from suit check to hatch."),
            ("Gym", "Compare what a scale and what a balance show in free fall, and say why they differ."),
            ("Greenhouse", "Choose how many plants keep the oxygen level for a crew of four."),
            ("Control room", "Find on the graph when the crew slept, and explain how you know."),
        ],
    },
    Template {
        id: "math_adventure_castle",
        name: "Castle of numbers",
        description: "A castle whose gates open by fractions: from the bakery's loaves to the treasury's scales.",
        kind: ContentKind::Activity,
        subject: "Mathematics",
        grades: (3, 6),
        difficulty: "medium",
        environment: "castle",
        objectives: &[
            "Compare fractions with different denominators",
            "Add and subtract fractions by a common denominator",
            "Find a part of a whole in a picture and in a story",
        ],
        stations: &[
            ("Gate", "Choose the larger of two fractions to lift the portcullis, five times."),
            ("Bakery", "Share loaves among the guards so that everybody gets the same part."),
            ("Armoury", "Fill the rack with pieces that add up to exactly one."),
            ("Treasury", "Balance the scales with weights of halves, thirds and sixths."),
        ],
    },
    Template {
        id: "history_time_machine",
        name: "Time machine",
        description: "Four stops in the past and a timeline that only closes when sources and dates agree.",
        kind: ContentKind::Lesson,
        subject: "History",
        grades: (5, 9),
        difficulty: "medium",
        environment: "museum",
        objectives: &[
            "Put events on a timeline by their dates and by what caused what",
            "Tell a primary source from a secondary one",
            "Say what a source cannot tell",
        ],
        stations: &[
            ("Archive", "Sort six sources into primary and secondary, and give one reason for each."),
            ("Market of 1350", "Find three things that a traveller of that year could not have seen."),
            ("Printing shop", "Explain in a sentence how printing changed who could know what."),
            (
                "Timeline hall",
                "Hang the events in their order; the hall lights up when no cause comes after its effect.",
            ),
        ],
    },
    Template {
        id: "ecosystem_island",
        name: "Island ecosystem",
        description: "An island with four habitats: who eats whom, and what happens when one kind is missing.",
        kind: ContentKind::Activity,
        subject: "Biology",
        grades: (3, 7),
        difficulty: "easy",
        environment: "nature",
        objectives: &[
            "Build a food chain from producer to top consumer",
            "Predict what the loss of one kind does to the others",
            "Name what living and what non-living things a habitat has",
        ],
        stations: &[
            ("Shore", "Collect what lives in the tide pool, and say what each eats."),
            ("Forest", "Build a food chain of four and put its arrows the right way round."),
            ("Hill", "Take one kind away, and write down what you expect before the island shows it."),
            ("Lab", "Compare what you expected with what happened."),
        ],
    },
    Template {
        id: "debug_the_robot",
        name: "Debug the robot",
        description: "A robot that does what it was told, not what was meant: reading, tracing and mending small programs.",
        kind: ContentKind::Lesson,
        subject: "Computer science",
        grades: (5, 10),
        difficulty: "medium",
        environment: "city",
        objectives: &[
            "Trace a short program by hand and tell its result",
            "Find the line in which a program does not do what it should",
            "Replace repeated steps by a loop",
        ],
        stations: &[
            ("Charging dock", "Read five lines and say where the robot stands afterwards."),
            ("Crossing", "Find the line that turns the robot the wrong way."),
            ("Warehouse", "Shorten twelve steps to a loop that does the same."),
            ("Test track", "Write a case in which the robot's rule fails, and mend the rule."),
        ],
    },
];

impl Template {
    /// The template of this name.
    pub fn find(id: &str) -> Option<&'static Self> {
        TEMPLATES.iter().find(|template| template.id == id)
    }

    /// What a content of it begins with.
    pub fn body(&self) -> Document {
        let stations: Vec<Value> =
            self.stations.iter().map(|(name, task)| json!({"name": name, "task": task})).collect();
        let body = json!({
            "environment": self.environment,
            "difficulty": self.difficulty,
            "learning_objectives": self.objectives,
            "stations": stations,
        });
        Document(body.as_object().cloned().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_that_tells_what_is_right_is_found() {
        assert_eq!(
            key_field(&json!({"questions": [{"options": [{"text": "4", "correct": true}]}]})),
            Some("correct")
        );
        assert_eq!(
            key_field(&json!({"stations": [{"name": "Gate", "task": "Choose the correct one"}]})),
            None
        );
        assert!(TEMPLATES.iter().all(|template| key_field(&json!(template.body())).is_none()));
    }

    #[test]
    fn every_template_is_whole_and_has_a_name_of_its_own() {
        for (at, template) in TEMPLATES.iter().enumerate() {
            assert!(TEMPLATES.iter().skip(at + 1).all(|other| other.id != template.id));
            assert!(template.grades.0 <= template.grades.1);
            assert!(template.objectives.iter().all(|objective| objective.len() >= 10));
            assert!(template.stations.len() >= 3 && template.objectives.len() >= 2);
            assert!(template.body().text().len() < MAX_BODY_BYTES);
            assert_eq!(Template::find(template.id).unwrap().id, template.id);
        }
        assert!(Template::find("nothing").is_none());
    }
}
