//! People with accounts.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::ids::{SchoolId, UserId};

/// What a person is in their school. Pupils come by a game and need no account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Runs the school: sees every class.
    Admin,
    /// Teaches: sees their own classes.
    Teacher,
    /// Learns.
    Student,
    /// Has a child in a class.
    Parent,
}

/// Who asks, as their access token says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The person.
    pub user_id: UserId,
    /// Their school; every storage function wants it.
    pub school_id: SchoolId,
    /// Their role.
    pub role: Role,
    /// Their name, for the presence channel.
    pub display_name: String,
}

/// What part of a school a person sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    /// The school.
    pub school_id: SchoolId,
    /// Only what this person owns; the whole school when absent.
    pub owner_id: Option<UserId>,
}
