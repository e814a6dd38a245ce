//! Invitations to a school, by mail.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::time::DAY_MS;

/// How long an invitation holds: a week, holidays excepted.
pub const INVITATION_MS: i64 = 7 * DAY_MS;

/// How an invitation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum InvitationState {
    /// Waits to be accepted.
    Open,
    /// Was accepted.
    Accepted,
    /// Was taken back, replaced by a newer one, or its sender has no right to invite any more.
    Withdrawn,
    /// Nobody came.
    Expired,
}
