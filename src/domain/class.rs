//! What makes a class acceptable.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Longest name of a class or title of a quiz, in characters.
pub const MAX_NAME: usize = 200;
/// Longest subject, in characters.
pub const MAX_SUBJECT: usize = 50;
/// School years run from 0 (kindergarten) to 13.
pub const MAX_GRADE_LEVEL: i64 = 13;
/// The most seats: a lecture hall. The room keeps all its seats in memory.
pub const MAX_CAPACITY: i64 = 200;
/// A class when nobody says otherwise.
pub const DEFAULT_CAPACITY: i64 = 30;

/// How a pupil with the code comes in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum JoinPolicy {
    /// At once.
    #[default]
    Open,
    /// When the teacher says so.
    Approval,
}

impl JoinPolicy {
    /// As the database has it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Approval => "approval",
        }
    }
}
