//! Results: pupils × questions. The screen and the file come from one [`Results`].

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::ids::{QuestionId, SeatId};
use super::live_session::LiveSession;
use super::quiz::{Question, QuestionType};

/// What a session's results are made of, as the room keeps and reports it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sheet {
    /// The session and its questions.
    pub head: SheetHead,
    /// One a seat.
    pub rows: Vec<SheetRow>,
}

/// The session and its questions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SheetHead {
    /// The session.
    pub session: LiveSession,
    /// Its questions, in order.
    pub questions: Vec<SheetQuestion>,
}

/// A question, without its key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SheetQuestion {
    /// The question.
    pub id: QuestionId,
    /// How it is answered.
    #[serde(rename = "type")]
    pub question_type: QuestionType,
    /// What is asked.
    pub prompt: String,
    /// For a right answer.
    pub points: u32,
}

impl From<&Question> for SheetQuestion {
    fn from(question: &Question) -> Self {
        Self {
            id: question.id.clone(),
            question_type: question.kind.question_type(),
            prompt: question.prompt.clone(),
            points: question.points,
        }
    }
}

/// A pupil's answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SheetRow {
    /// The seat.
    pub seat_id: SeatId,
    /// The pupil's name.
    pub display_name: String,
    /// By question number.
    pub answers: Vec<SheetAnswer>,
}

/// What a pupil's tries at a question came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SheetAnswer {
    /// The question's number, from 0.
    pub question: u32,
    /// Whether the best try was right.
    pub correct: bool,
    /// Points of the best try.
    pub points: u32,
    /// Time over all tries, in milliseconds.
    pub ms: i64,
    /// How many tries.
    pub attempts: u32,
}

/// What a pupil made of a session, for their parents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct PupilResult {
    /// Points in all.
    pub points: u64,
    /// Right answers.
    pub correct: u64,
    /// Questions answered.
    pub answered: u64,
}

impl PupilResult {
    /// Of a pupil's row.
    pub fn of(row: &SheetRow) -> Self {
        let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        Self {
            points: row.answers.iter().map(|answer| u64::from(answer.points)).sum(),
            correct: count(row.answers.iter().filter(|answer| answer.correct).count()),
            answered: count(row.answers.len()),
        }
    }
}

/// The results of one session.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Results {
    /// The session.
    pub session: LiveSession,
    /// Its questions, in order.
    pub questions: Vec<ResultQuestion>,
    /// One a pupil, by name.
    pub rows: Vec<ResultRow>,
}

/// A question and how hard it was.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct ResultQuestion {
    /// The question.
    pub id: QuestionId,
    /// How it is answered.
    #[serde(rename = "type")]
    pub question_type: QuestionType,
    /// What is asked.
    pub prompt: String,
    /// For a right answer.
    pub points: u32,
    /// The share of right answers among those who answered, 0 to 1; null when nobody did.
    pub facility: Option<f64>,
}

/// A pupil's results.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct ResultRow {
    /// The seat.
    pub seat_id: SeatId,
    /// The pupil's name.
    pub display_name: String,
    /// Points in all.
    pub points: u64,
    /// Right answers.
    pub correct: u64,
    /// Questions answered.
    pub answered: u64,
    /// Time over all answers, in milliseconds.
    pub ms: i64,
    /// One for each question that was answered.
    pub answers: Vec<ResultAnswer>,
}

/// A pupil's result at a question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ResultAnswer {
    /// The question.
    pub question_id: QuestionId,
    /// Whether the best try was right.
    pub correct: bool,
    /// Points of the best try.
    pub points: u32,
    /// Time over all tries, in milliseconds.
    pub ms: i64,
    /// How many tries.
    pub attempts: u32,
}

impl From<Sheet> for Results {
    fn from(sheet: Sheet) -> Self {
        let Sheet { head, mut rows } = sheet;
        rows.sort_by(|a, b| a.display_name.cmp(&b.display_name).then_with(|| a.seat_id.cmp(&b.seat_id)));
        let questions = (0..).zip(&head.questions).map(|(number, question)| ResultQuestion {
            id: question.id.clone(),
            question_type: question.question_type,
            prompt: question.prompt.clone(),
            points: question.points,
            facility: facility(number, &rows),
        });
        let questions = questions.collect();
        let rows = rows.into_iter().map(|row| result_row(row, &head.questions)).collect();
        Self { session: head.session, questions, rows }
    }
}

/// Classes hold a few hundred pupils at most: the counts are exact in a double.
#[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
fn facility(number: u32, rows: &[SheetRow]) -> Option<f64> {
    let answers: Vec<&SheetAnswer> =
        rows.iter().flat_map(|row| &row.answers).filter(|answer| answer.question == number).collect();
    let right = answers.iter().filter(|answer| answer.correct).count();
    (!answers.is_empty()).then(|| right as f64 / answers.len() as f64)
}

fn result_row(row: SheetRow, questions: &[SheetQuestion]) -> ResultRow {
    let mut answers = row.answers;
    answers.sort_by_key(|answer| answer.question);
    ResultRow {
        points: answers.iter().map(|answer| u64::from(answer.points)).sum(),
        correct: answers.iter().filter(|answer| answer.correct).count() as u64,
        answered: answers.len() as u64,
        ms: answers.iter().map(|answer| answer.ms).sum(),
        answers: answers.iter().filter_map(|answer| result_answer(*answer, questions)).collect(),
        seat_id: row.seat_id,
        display_name: row.display_name,
    }
}

fn result_answer(answer: SheetAnswer, questions: &[SheetQuestion]) -> Option<ResultAnswer> {
    let question = questions.get(usize::try_from(answer.question).ok()?)?;
    Some(ResultAnswer {
        question_id: question.id.clone(),
        correct: answer.correct,
        points: answer.points,
        ms: answer.ms,
        attempts: answer.attempts,
    })
}

impl Results {
    /// The same table as CSV (RFC 4180).
    pub fn to_csv(&self) -> Result<Vec<u8>, csv::Error> {
        let mut csv = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
        let mut header: Vec<String> =
            ["display_name", "points", "correct", "answered", "ms"].map(str::to_owned).to_vec();
        for number in 1..=self.questions.len() {
            header.extend(["points", "ms", "attempts"].map(|column| format!("q{number}_{column}")));
        }
        csv.write_record(&header)?;
        for row in &self.rows {
            csv.write_record(self.record(row))?;
        }
        csv.into_inner().map_err(|error| csv::Error::from(error.into_error()))
    }

    fn record(&self, row: &ResultRow) -> Vec<String> {
        let mut record = vec![
            spreadsheet_safe(&row.display_name),
            row.points.to_string(),
            row.correct.to_string(),
            row.answered.to_string(),
            row.ms.to_string(),
        ];
        for question in &self.questions {
            match row.answers.iter().find(|answer| answer.question_id == question.id) {
                Some(answer) => {
                    record.extend([
                        answer.points.to_string(),
                        answer.ms.to_string(),
                        answer.attempts.to_string(),
                    ]);
                }
                None => record.extend([const { String::new() }; 3]),
            }
        }
        record
    }
}

/// A cell that a spreadsheet would run as a formula gets a quote in front (OWASP, "CSV Injection").
pub fn spreadsheet_safe(cell: &str) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{cell}") } else { cell.to_owned() }
}
