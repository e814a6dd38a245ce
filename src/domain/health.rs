//! Whether the service can serve: each thing behind it, how it answered, and what follows from that.

use serde::Serialize;
use utoipa::ToSchema;

use super::time::Timestamp;

/// Whoever takes longer has failed.
pub const PROBE_TIMEOUT_MS: u32 = 2_000;
/// A report is good for so long: asking often loads nothing.
pub const REPORT_GOOD_MS: i64 = 5_000;

/// Something behind the Worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Dependency {
    /// D1.
    Database,
    /// KV.
    Cache,
    /// The queue of jobs.
    Queue,
    /// The rooms of classes.
    ClassRooms,
    /// People's inboxes.
    Inboxes,
    /// The limits.
    RateLimiter,
    /// The list of ended sign-ins.
    Revocations,
    /// The runtime settings.
    RuntimeConfig,
    /// The cache of content.
    ContentCache,
    /// The metrics.
    Telemetry,
    /// Studio plugins.
    PluginRegistry,
    /// The channels of schools.
    SchoolChannels,
}

impl Dependency {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::Database,
        Self::Cache,
        Self::Queue,
        Self::ClassRooms,
        Self::Inboxes,
        Self::RateLimiter,
        Self::Revocations,
        Self::RuntimeConfig,
        Self::ContentCache,
        Self::Telemetry,
        Self::PluginRegistry,
        Self::SchoolChannels,
    ];

    /// As in the report.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Database => "database",
            Self::Cache => "cache",
            Self::Queue => "queue",
            Self::ClassRooms => "class_rooms",
            Self::Inboxes => "inboxes",
            Self::RateLimiter => "rate_limiter",
            Self::Revocations => "revocations",
            Self::RuntimeConfig => "runtime_config",
            Self::ContentCache => "content_cache",
            Self::Telemetry => "telemetry",
            Self::PluginRegistry => "plugin_registry",
            Self::SchoolChannels => "school_channels",
        }
    }

    /// Whether nothing works without it: people, classes and the end of access. Without the others something is slower, later or
    /// not counted.
    pub const fn is_needed(self) -> bool {
        matches!(self, Self::Database | Self::ClassRooms | Self::Revocations)
    }
}

/// How well it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HealthStatus {
    /// Everything answers.
    Healthy,
    /// Something that is not needed does not answer.
    Degraded,
    /// Something that is needed does not answer.
    Unhealthy,
}

/// How one dependency answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// As it should.
    Answered,
    /// With an error.
    Failed,
    /// Not in time.
    TimedOut,
}

/// One check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Check {
    /// Of what.
    pub dependency: Dependency,
    /// What came of it.
    pub outcome: Outcome,
    /// How long it took.
    pub duration_ms: i64,
    /// When it was made.
    pub at: Timestamp,
}

/// What all checks say together.
pub fn status(checks: &[Check]) -> HealthStatus {
    let mut failed = checks.iter().filter(|check| check.outcome != Outcome::Answered).peekable();
    if failed.peek().is_none() {
        HealthStatus::Healthy
    } else if failed.any(|check| check.dependency.is_needed()) {
        HealthStatus::Unhealthy
    } else {
        HealthStatus::Degraded
    }
}
