//! The life of a live session: lobby → running ⇄ paused → ended.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::ids::{ClassId, QuizId, SessionId};
use super::time::Timestamp;

/// Longest time limit: a school day of eight hours, in seconds.
pub const MAX_TIME_LIMIT_S: u32 = 28_800;
/// The most tries at a question.
pub const MAX_ATTEMPTS: u32 = 5;

/// Who decides which question is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Pace {
    /// Each pupil: all questions are open.
    #[serde(rename = "self")]
    SelfPaced,
    /// The teacher: one question at a time.
    Host,
}

/// Where a session stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Made, not started.
    Lobby,
    /// Answers count.
    Running,
    /// The clock stands still.
    Paused,
    /// Over.
    Ended,
}

/// A live session: one class plays one version of a quiz.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LiveSession {
    /// The session.
    pub id: SessionId,
    /// Its class.
    pub class_id: ClassId,
    /// The quiz.
    pub quiz_id: QuizId,
    /// The version of the quiz that is played, whatever becomes of the quiz.
    pub quiz_version: u32,
    /// Its title.
    pub quiz_title: String,
    /// Who decides which question is open.
    pub pace: Pace,
    /// Where it stands.
    pub status: Status,
    /// "Eyes on me": the game stops its world. Answers on their way still count.
    pub frozen: bool,
    /// Seconds of running time until it ends by itself.
    pub time_limit_s: Option<u32>,
    /// Tries at a question; only the best one counts.
    pub max_attempts: u32,
    /// How many questions there are.
    pub question_count: u32,
    /// The open question of a host-paced session, from 0.
    pub question_index: Option<u32>,
    /// When the open question opened.
    pub question_opened_at: Option<Timestamp>,
    /// Made.
    pub created_at: Timestamp,
    /// Started.
    pub started_at: Option<Timestamp>,
    /// Ends by itself; absent without a limit and while paused.
    pub ends_at: Option<Timestamp>,
    /// Running time left while paused, in milliseconds.
    pub remaining_ms: Option<i64>,
    /// Ended.
    pub ended_at: Option<Timestamp>,
}

/// What a teacher does to a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Move {
    /// From the lobby.
    Start,
    /// Opens the next question (host pace).
    Next,
    /// Stops the clock.
    Pause,
    /// Goes on.
    Resume,
    /// Eyes on me.
    Freeze,
    /// Back to the game.
    Unfreeze,
    /// For good.
    End,
}

/// Why a move is not possible now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum MoveError {
    /// The session is not in a state that allows it.
    #[error("the session's state does not allow this move")]
    NotAllowed,
    /// `next` behind the last question.
    #[error("the last question is open already")]
    NoMoreQuestions,
}

/// Why a question takes no answer now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closed {
    /// Still in the lobby.
    NotStarted,
    /// The clock stands still.
    Paused,
    /// Over.
    Ended,
    /// Another question is open.
    Question,
}

impl LiveSession {
    /// Whether it is over, by a teacher or by its time limit.
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.status == Status::Ended || self.ends_at.is_some_and(|end| end <= now)
    }

    /// The session after its time limit has done its work, or the same.
    #[must_use]
    pub fn at(mut self, now: Timestamp) -> Self {
        if let Some(end) = self.ends_at.filter(|end| self.status == Status::Running && *end <= now) {
            self.close(end);
        }
        self
    }

    fn close(&mut self, at: Timestamp) {
        self.status = Status::Ended;
        self.frozen = false;
        self.ended_at = Some(at);
        self.remaining_ms = None;
        self.question_index = None;
        self.question_opened_at = None;
    }

    /// Moves. The same move again that changes nothing is an error, so that two teachers who press at once see it.
    pub fn apply(self, what: Move, now: Timestamp) -> Result<Self, MoveError> {
        let mut session = self.at(now);
        match (what, session.status) {
            (Move::Start, Status::Lobby) => {
                session.status = Status::Running;
                session.started_at = Some(now);
                session.ends_at = session.time_limit_s.map(|limit| now.plus_millis(i64::from(limit) * 1000));
            }
            (Move::Next, Status::Running) if session.pace == Pace::Host => {
                let next = session.question_index.map_or(0, |index| index + 1);
                if next >= session.question_count {
                    return Err(MoveError::NoMoreQuestions);
                }
                session.question_index = Some(next);
                session.question_opened_at = Some(now);
            }
            (Move::Pause, Status::Running) => {
                session.status = Status::Paused;
                session.remaining_ms = session.ends_at.take().map(|end| end.millis_since(now));
            }
            (Move::Resume, Status::Paused) => {
                session.status = Status::Running;
                session.ends_at = session.remaining_ms.take().map(|left| now.plus_millis(left));
            }
            (Move::Freeze, Status::Running | Status::Paused) if !session.frozen => session.frozen = true,
            (Move::Unfreeze, Status::Running | Status::Paused) if session.frozen => session.frozen = false,
            (Move::End, Status::Lobby | Status::Running | Status::Paused) => {
                session.ends_at = None;
                session.close(now);
            }
            _ => return Err(MoveError::NotAllowed),
        }
        Ok(session)
    }

    /// Whether a question takes answers now.
    pub fn accepts(&self, question_index: u32, now: Timestamp) -> Result<(), Closed> {
        if self.is_over(now) {
            return Err(Closed::Ended);
        }
        match self.status {
            Status::Lobby => Err(Closed::NotStarted),
            Status::Paused => Err(Closed::Paused),
            Status::Ended => Err(Closed::Ended),
            Status::Running if self.pace == Pace::Host && self.question_index != Some(question_index) => {
                Err(Closed::Question)
            }
            Status::Running => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const T0: Timestamp = Timestamp::from_millis(1_795_000_000_000);

    fn lobby(pace: Pace, time_limit_s: Option<u32>) -> LiveSession {
        LiveSession {
            id: SessionId::parse(&format!("ses_{:026}", 1)).unwrap(),
            class_id: ClassId::parse(&format!("cls_{:026}", 1)).unwrap(),
            quiz_id: QuizId::parse(&format!("qz_{:026}", 1)).unwrap(),
            quiz_version: 1,
            quiz_title: "Fractions".to_owned(),
            pace,
            status: Status::Lobby,
            frozen: false,
            time_limit_s,
            max_attempts: 1,
            question_count: 2,
            question_index: None,
            question_opened_at: None,
            created_at: T0,
            started_at: None,
            ends_at: None,
            remaining_ms: None,
            ended_at: None,
        }
    }

    fn after(session: LiveSession, moves: &[Move]) -> Result<LiveSession, MoveError> {
        moves.iter().try_fold(session, |session, what| session.apply(*what, T0))
    }

    #[test]
    fn a_self_paced_session_opens_every_question_at_the_start() {
        let session = lobby(Pace::SelfPaced, None);
        assert_eq!(session.accepts(0, T0), Err(Closed::NotStarted));
        let session = after(session, &[Move::Start]).unwrap();
        assert_eq!((session.accepts(0, T0), session.accepts(1, T0)), (Ok(()), Ok(())));
        assert_eq!(after(session, &[Move::Next]), Err(MoveError::NotAllowed));
    }

    #[test]
    fn a_host_paced_session_opens_one_question_at_a_time() {
        let session = after(lobby(Pace::Host, None), &[Move::Start]).unwrap();
        assert_eq!(session.accepts(0, T0), Err(Closed::Question));
        let session = after(session, &[Move::Next]).unwrap();
        assert_eq!(session.accepts(0, T0), Ok(()));
        let session = after(session, &[Move::Next]).unwrap();
        assert_eq!((session.accepts(0, T0), session.accepts(1, T0)), (Err(Closed::Question), Ok(())));
        assert_eq!(after(session, &[Move::Next]), Err(MoveError::NoMoreQuestions));
    }

    #[test]
    fn a_pause_stops_the_clock() {
        let session = after(lobby(Pace::SelfPaced, Some(60)), &[Move::Start]).unwrap();
        let paused = session.apply(Move::Pause, T0.plus_millis(20_000)).unwrap();
        assert_eq!(paused.accepts(0, T0.plus_millis(20_000)), Err(Closed::Paused));
        assert_eq!((paused.ends_at, paused.remaining_ms), (None, Some(40_000)));
        let resumed = paused.apply(Move::Resume, T0.plus_millis(500_000)).unwrap();
        assert_eq!(resumed.ends_at, Some(T0.plus_millis(540_000)));
    }

    #[test]
    fn the_time_limit_ends_a_session_at_its_own_moment() {
        let session = after(lobby(Pace::SelfPaced, Some(60)), &[Move::Start]).unwrap();
        assert_eq!(session.accepts(0, T0.plus_millis(59_999)), Ok(()));
        assert_eq!(session.accepts(0, T0.plus_millis(60_000)), Err(Closed::Ended));
        let ended = session.clone().at(T0.plus_millis(99_000));
        assert_eq!((ended.status, ended.ended_at), (Status::Ended, Some(T0.plus_millis(60_000))));
        assert_eq!(session.apply(Move::Pause, T0.plus_millis(99_000)), Err(MoveError::NotAllowed));
    }

    #[test]
    fn a_frozen_class_still_has_its_answers_counted() {
        let session = after(lobby(Pace::SelfPaced, None), &[Move::Start, Move::Freeze]).unwrap();
        assert_eq!(session.accepts(0, T0), Ok(()));
        assert_eq!(after(session.clone(), &[Move::Freeze]), Err(MoveError::NotAllowed));
        assert!(!after(session, &[Move::Unfreeze]).unwrap().frozen);
    }

    #[test]
    fn an_ended_session_stays_ended() {
        let ended = after(lobby(Pace::Host, None), &[Move::Start, Move::Next, Move::End]).unwrap();
        assert_eq!(ended.accepts(0, T0), Err(Closed::Ended));
        for what in
            [Move::Start, Move::Next, Move::Pause, Move::Resume, Move::Freeze, Move::Unfreeze, Move::End]
        {
            assert_eq!(ended.clone().apply(what, T0), Err(MoveError::NotAllowed));
        }
    }
}
