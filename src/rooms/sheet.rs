//! A session's results, from what the room has in memory.

use super::SeatStatus;
use super::live::{Cell, Live};
use super::memory::{Memory, SeatState};
use crate::domain::results::{Sheet, SheetAnswer, SheetHead, SheetQuestion, SheetRow};

/// Seats in one row of D1: 50 pupils with 100 answers each are about 350 KB, far below D1's 2 MB.
pub(super) const SEATS_A_PART: i64 = 50;

/// The part that a seat is reported in.
pub(super) const fn part_of(seat_no: i64) -> i64 {
    (seat_no - 1) / SEATS_A_PART
}

/// All parts that have seats.
pub(super) fn parts(memory: &Memory) -> Vec<i64> {
    (0..=memory.seats.last().map_or(-1, |seat| part_of(seat.no))).collect()
}

/// The session and its questions.
pub(super) fn head(live: &Live) -> SheetHead {
    SheetHead {
        session: live.session.clone(),
        questions: live.quiz.questions.iter().map(SheetQuestion::from).collect(),
    }
}

/// The whole sheet.
pub(super) fn sheet(memory: &Memory, live: &Live) -> Sheet {
    Sheet { head: head(live), rows: rows(memory, live, |_| true) }
}

/// The rows of one part.
pub(super) fn part_rows(memory: &Memory, live: &Live, part: i64) -> Vec<SheetRow> {
    rows(memory, live, |seat| part_of(seat.no) == part)
}

/// Who answered, and who was in the class and did not.
fn rows(memory: &Memory, live: &Live, wanted: impl Fn(&SeatState) -> bool) -> Vec<SheetRow> {
    let was_there = |seat: &SeatState| {
        seat.status == SeatStatus::Active && live.session.ended_at.is_none_or(|end| seat.joined_at <= end)
    };
    let mut rows = Vec::new();
    for seat in memory.seats.iter().filter(|seat| wanted(seat)) {
        let answers: Vec<SheetAnswer> = live.answered(seat.no).map(sheet_answer).collect();
        if !answers.is_empty() || was_there(seat) {
            rows.push(SheetRow {
                seat_id: seat.id.clone(),
                display_name: seat.display_name.clone(),
                answers,
            });
        }
    }
    rows
}

fn sheet_answer((question, cell): (u32, Cell)) -> SheetAnswer {
    SheetAnswer { question, correct: cell.correct, points: cell.points, ms: cell.ms, attempts: cell.attempts }
}
