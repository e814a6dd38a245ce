//! What is told while a class is played: one [`Report`] for each thing that happened, and the [`Totals`].

use serde::{Deserialize, Serialize};
use serde_json::Number;

/// A report, and the game server it comes from.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Reported {
    /// What happened.
    #[serde(flatten)]
    pub report: Report,
    /// The number of the game server, from 0. None for what concerns all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server: Option<usize>,
}

/// One thing that happened. As JSON the kind stands in `type`, in `snake_case`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the fields are named as in docs/live-class.md")]
pub enum Report {
    /// A pupil has a seat.
    Joined { user_id: String, seat_id: Option<String>, seat_status: Option<String> },
    /// The game has learned of a session.
    SessionStarted { session_id: String, pace: String, question_count: u32 },
    /// The game has learned of its end.
    SessionEnded { session_id: String },
    /// A pupil gave an answer; it is in the queue.
    Submitted { event_id: String, user_id: String, question_id: String },
    /// The server's 200 with the result of this answer has arrived. `status` is `duplicate` when an earlier 200 got lost.
    Acknowledged {
        event_id: String,
        status: String,
        seat_id: Option<String>,
        session_id: String,
        question_id: String,
        user_id: String,
        correct: bool,
        points: Number,
        xp_gained: Number,
        xp: Number,
        latency_ms: u64,
    },
    /// The server would not have an event.
    Rejected { event_id: String, kind: String, user_id: String, code: String, detail: String },
    /// An event that never reached the server.
    Dropped { event_id: String, kind: String, user_id: String, code: String, detail: String },
    /// Calls no longer succeed, and events wait. `status` is 0 when no answer came.
    Outage { status: u16, code: String, detail: String },
    /// They do again.
    Recovered { seconds: f64 },
    /// The server does not want this game server.
    Refused { status: u16, code: String, detail: String },
    /// In the sample experience: the server has told a pupil's screen the result of an answer.
    Graded { user_id: String, question_id: String, correct: bool, points: Number, xp: Number },
    /// In the sample experience: a pupil has reached a stop of the trail.
    Checkpoint { user_id: String, number: u32 },
    /// In the sample experience: a pupil's screen shows a badge.
    Badge { user_id: String, name: String },
    /// In the sample experience: a quiz is over, and with this.
    Standing { user_id: String, points: Number, correct: u32 },
    /// In the sample experience: what stands on the board in the end.
    Board { lines: Vec<String> },
    /// In the sample experience: the game server has died while so many answers waited.
    Crashed { waiting: u32 },
    /// A script failed: a fault of the SDK or of the simulator.
    ScriptError { message: String },
    /// A game server has closed; `flushed` when it got in, and the class's server has all its events.
    Closed {
        reason: String,
        flushed: bool,
        #[serde(default)]
        requests: u64,
    },
    /// All game servers have closed.
    Done(Totals),
}

/// Sums over all game servers.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Totals {
    /// Pupils that got a seat.
    pub joined: u64,
    /// Answers given.
    pub submitted: u64,
    /// Answers whose result has arrived.
    pub acknowledged: u64,
    /// Those that were right.
    pub correct: u64,
    /// XP from them.
    pub xp_gained: f64,
    /// Events that the server would not have.
    pub rejected: u64,
    /// Events that never reached the server.
    pub dropped: u64,
    /// How often a game server lost the class's server.
    pub outages: u64,
    /// Game servers that are without it now.
    pub offline: u64,
    /// HTTP requests.
    pub requests: u64,
    /// Faults of scripts.
    pub script_errors: u64,
    /// Game servers that have closed.
    pub closed: u64,
    /// Whether all that have closed were flushed.
    pub flushed: bool,
    /// From the start to the end.
    pub seconds: f64,
}

impl Totals {
    /// Nothing has happened yet.
    #[must_use]
    pub fn new() -> Self {
        Self { flushed: true, ..Self::default() }
    }

    /// Counts a report.
    pub fn count(&mut self, report: &Report) {
        match report {
            Report::Joined { .. } => self.joined += 1,
            Report::Submitted { .. } => self.submitted += 1,
            Report::Acknowledged { correct, xp_gained, .. } => {
                self.acknowledged += 1;
                self.correct += u64::from(*correct);
                self.xp_gained += xp_gained.as_f64().unwrap_or_default();
            }
            Report::Rejected { .. } => self.rejected += 1,
            Report::Dropped { .. } => self.dropped += 1,
            Report::Outage { .. } => {
                self.outages += 1;
                self.offline += 1;
            }
            Report::Recovered { .. } => self.offline = self.offline.saturating_sub(1),
            Report::ScriptError { .. } => self.script_errors += 1,
            Report::Closed { flushed, requests, .. } => {
                self.closed += 1;
                self.flushed &= flushed;
                self.requests += requests;
            }
            Report::Graded { correct, .. } => {
                self.acknowledged += 1;
                self.correct += u64::from(*correct);
            }
            Report::Checkpoint { .. }
            | Report::Badge { .. }
            | Report::Standing { .. }
            | Report::Board { .. }
            | Report::Crashed { .. }
            | Report::SessionStarted { .. }
            | Report::SessionEnded { .. }
            | Report::Refused { .. }
            | Report::Done(_) => {}
        }
    }

    /// Whether everything went as it should: all that was to be said has been said.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.flushed && self.script_errors == 0
    }
}
