//! The newest session with all that its answers came to: what grading, ranks and results are read from.

use std::collections::HashMap;
use std::sync::Arc;

use serde::Deserialize;

use super::Context;
use super::memory::from_json;
use crate::domain::live_session::LiveSession;
use crate::domain::quiz::Quiz;
use crate::domain::time::Timestamp;
use crate::ports::{DbError, decode};

/// See the module.
pub(super) struct Live {
    /// Its number in the room.
    pub no: i64,
    pub session: LiveSession,
    pub quiz: Arc<Quiz>,
    pub question_numbers: HashMap<String, u32>,
    /// How many answers there are; each has its number.
    pub answer_count: i64,
    /// By seat number, from 1.
    seats: Vec<SeatPlay>,
}

/// What a pupil has in the session.
#[derive(Default)]
struct SeatPlay {
    score: Score,
    /// By question number, up to the highest one that was answered.
    cells: Vec<Cell>,
}

/// What a pupil earned in the session. A point is an XP.
#[derive(Clone, Copy, Default)]
pub(super) struct Score {
    pub points: u64,
    pub last_at: Option<Timestamp>,
}

/// What a pupil's tries at a question came to.
#[derive(Clone, Copy, Default)]
pub(super) struct Cell {
    pub attempts: u32,
    pub correct: bool,
    pub points: u32,
    pub ms: i64,
}

/// One graded try.
pub(super) struct Answer {
    pub correct: bool,
    pub points: u32,
    pub ms: i64,
    pub at: Timestamp,
}

/// A session as stored.
#[derive(Deserialize)]
pub(super) struct SessionRow {
    pub no: i64,
    pub body: String,
    pub quiz: String,
}

#[derive(Deserialize)]
struct AnswerRow {
    seat_no: i64,
    question: u32,
    correct: i64,
    points: u32,
    ms: i64,
    at: i64,
}

const ANSWERS: &str = "
    select seat_no, question, correct, points, ms, at from answers where session_no = ?1";

impl Live {
    /// A session that nobody has answered yet.
    pub fn new(no: i64, session: LiveSession, quiz: Quiz) -> Self {
        let numbered = (0..).zip(&quiz.questions);
        let question_numbers =
            numbered.map(|(number, question)| (question.id.as_str().to_owned(), number)).collect();
        Self { no, session, quiz: Arc::new(quiz), question_numbers, answer_count: 0, seats: Vec::new() }
    }

    /// A stored session with its answers.
    pub fn load(ctx: Context<'_>, row: &SessionRow) -> Result<Self, DbError> {
        let quiz = Quiz::from_stored(&row.quiz, ctx.now, ctx.entropy).map_err(DbError::Backend)?;
        let mut live = Self::new(row.no, from_json(&row.body)?, quiz);
        for answer in decode::<AnswerRow>(ctx.sql.query(ANSWERS, &[row.no.into()])?)? {
            let at = Timestamp::from_millis(answer.at);
            let graded = Answer { correct: answer.correct != 0, points: answer.points, ms: answer.ms, at };
            live.add(answer.seat_no, answer.question, &graded);
        }
        Ok(live)
    }

    fn play(&self, seat_no: i64) -> Option<&SeatPlay> {
        self.seats.get(usize::try_from(seat_no).ok()?.checked_sub(1)?)
    }

    /// What a pupil has in this session.
    pub fn score(&self, seat_no: i64) -> Score {
        self.play(seat_no).map(|play| play.score).unwrap_or_default()
    }

    /// What a pupil's tries at a question came to.
    pub fn cell(&self, seat_no: i64, question: u32) -> Cell {
        let cells = self.play(seat_no).map(|play| play.cells.as_slice()).unwrap_or_default();
        usize::try_from(question).ok().and_then(|question| cells.get(question)).copied().unwrap_or_default()
    }

    /// The questions that a pupil answered, with their numbers.
    pub fn answered(&self, seat_no: i64) -> impl Iterator<Item = (u32, Cell)> {
        let cells = self.play(seat_no).map(|play| play.cells.as_slice()).unwrap_or_default();
        (0..).zip(cells.iter().copied()).filter(|(_, cell)| cell.attempts > 0)
    }

    /// Adds one try and gives the points that it gained. The best try counts, so their order does not matter.
    pub fn add(&mut self, seat_no: i64, question: u32, answer: &Answer) -> u32 {
        self.answer_count += 1;
        let (Ok(seat), Ok(question)) = (usize::try_from(seat_no - 1), usize::try_from(question)) else {
            return 0;
        };
        if self.seats.len() <= seat {
            self.seats.resize_with(seat + 1, SeatPlay::default);
        }
        self.seats.get_mut(seat).map_or(0, |play| play.add(question, answer))
    }
}

impl SeatPlay {
    fn add(&mut self, question: usize, answer: &Answer) -> u32 {
        if self.cells.len() <= question {
            self.cells.resize(question + 1, Cell::default());
        }
        let Some(cell) = self.cells.get_mut(question) else { return 0 };
        let gained = answer.points.saturating_sub(cell.points);
        cell.attempts += 1;
        cell.correct |= answer.correct;
        cell.points += gained;
        cell.ms = cell.ms.saturating_add(answer.ms);
        self.score.points += u64::from(gained);
        self.score.last_at = self.score.last_at.max(Some(answer.at));
        gained
    }
}
