//! What makes a report of a pupil's progress acceptable.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::time::{DAY_MS, Timestamp};

/// The most objectives of one report, and their length in characters.
pub const MAX_OBJECTIVES: usize = 50;
/// Longest name of an objective, in characters.
pub const MAX_OBJECTIVE: usize = 200;
/// Largest data of a report, in bytes of JSON.
pub const MAX_PROGRESS_BYTES: usize = 8 * 1024;
/// Largest data of a checkpoint, in bytes of JSON.
pub const MAX_CHECKPOINT_BYTES: usize = 16 * 1024;
/// The most minutes that one report adds: a day.
pub const MAX_MINUTES: f64 = 1440.0;
/// Checkpoints of a pupil in a game that are kept.
pub const KEPT_CHECKPOINTS: i64 = 10;
/// How old a report may be. The ids of those that were taken are kept for longer, so that none counts twice.
pub const MAX_AGE_MS: i64 = 7 * DAY_MS;
/// How long the ids of reports are kept.
pub const EVENT_IDS_KEPT_MS: i64 = 8 * DAY_MS;
/// How far ahead a game server's clock may be.
const MAX_AHEAD_MS: i64 = 60_000;

/// What a board is sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BoardType {
    /// The best score.
    #[default]
    Score,
    /// How far they came.
    Progress,
    /// How long they played.
    Time,
}

impl BoardType {
    /// As the statement knows it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Score => "score",
            Self::Progress => "progress",
            Self::Time => "time",
        }
    }
}

/// When something happened by the server's clock: nothing when that cannot be, and never later than now.
pub fn happened_at(said: Option<Timestamp>, now: Timestamp) -> Option<Timestamp> {
    let Some(at) = said else { return Some(now) };
    let age = now.millis_since(at);
    (-MAX_AHEAD_MS..=MAX_AGE_MS).contains(&age).then(|| at.min(now))
}

/// Minutes as whole seconds: nothing when they are none.
#[expect(clippy::cast_possible_truncation, reason = "checked against MAX_MINUTES")]
pub fn seconds(minutes: f64) -> Option<i64> {
    (minutes.is_finite() && (0.0..=MAX_MINUTES).contains(&minutes)).then(|| (minutes * 60.0).round() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_of_this_week_and_never_of_the_future() {
        let now = Timestamp::from_millis(1_795_000_000_000);
        assert_eq!(happened_at(None, now), Some(now));
        assert_eq!(happened_at(Some(now.plus_millis(30_000)), now), Some(now));
        assert_eq!(happened_at(Some(now.plus_millis(61_000)), now), None);
        assert_eq!(happened_at(Some(now.plus_millis(-MAX_AGE_MS)), now), Some(now.plus_millis(-MAX_AGE_MS)));
        assert_eq!(happened_at(Some(now.plus_millis(-MAX_AGE_MS - 1)), now), None);
        const { assert!(EVENT_IDS_KEPT_MS > MAX_AGE_MS) };
    }

    #[test]
    fn minutes_are_kept_as_seconds() {
        assert_eq!(seconds(1.5), Some(90));
        assert_eq!(seconds(0.0), Some(0));
        for wrong in [-0.1, 1441.0, f64::NAN, f64::INFINITY] {
            assert_eq!(seconds(wrong), None, "{wrong}");
        }
    }
}
