//! Nudges: "changed, version N" to the live servers of a class. What changed they ask for themselves.

use crate::domain::ids::ClassId;

/// The least pause between two nudges of a class: the topic of a class may get 40 messages a minute.
pub const NUDGE_EVERY_MS: i64 = 3000;

/// Where the servers of a class listen.
pub fn nudge_topic(class: &ClassId) -> String {
    format!("toolboxai-{class}")
}

/// What they hear.
pub fn nudge_message(version: i64) -> String {
    serde_json::json!({"version": version}).to_string()
}
