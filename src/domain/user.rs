//! People with accounts.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::ids::{SchoolId, SignInId, UserId};
use super::time::Timestamp;

/// What a person is in their school. Pupils come by a game and need no account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
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

impl Role {
    /// As stored and sent.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Teacher => "teacher",
            Self::Student => "student",
            Self::Parent => "parent",
        }
    }
}

/// Whether a person may come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PersonState {
    /// May come in.
    Active,
    /// An admin shut them out.
    Suspended,
    /// Has not proved their address yet.
    Unverified,
}

impl PersonState {
    /// As it is sent.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Unverified => "unverified",
        }
    }
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
    /// The sign-in that the token belongs to.
    pub sign_in_id: SignInId,
    /// When they last proved who they are, in seconds since 1970.
    pub authenticated_at: i64,
    /// Their school wants a second factor and they have none yet.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub factor_missing: bool,
}

/// How long a proof of who one is opens dangerous actions (ASVS 5.0, 7.5.3), in seconds.
pub const STEP_UP_S: i64 = 600;

impl Identity {
    /// Whether the person proved who they are so lately that a dangerous action needs no other proof.
    pub fn is_recent(&self, now: Timestamp) -> bool {
        now.as_secs().saturating_sub(self.authenticated_at) < STEP_UP_S
    }
}

/// What part of a school a person sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    /// The school.
    pub school_id: SchoolId,
    /// Only what this person owns; the whole school when absent.
    pub owner_id: Option<UserId>,
}
