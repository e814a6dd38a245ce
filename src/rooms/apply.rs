//! Applies the events of one batch: memory changes event by event, SQL is written once at the end, with one statement a
//! table however many events there are.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::event::{Body, Event, Reject, RejectCode};
use super::live::{Answer, Live};
use super::memory::{Memory, SeatState, from_json, to_json};
use super::outbox::{self, Mark};
use super::sync::EventStatus;
use super::{Channel, Context, Effect, Progress, SeatStatus, board, log, seats};
use crate::domain::class::JoinPolicy;
use crate::domain::ids::{QuestionId, SeatId, SessionId};
use crate::domain::live_session::Closed;
use crate::domain::quiz::{Question, Quiz, grade};
use crate::domain::time::Timestamp;
use crate::domain::tokens::GameClaims;
use crate::domain::xp;
use crate::ports::{DbError, Value, decode};

const KNOWN_EVENTS: &str = "
    select id, fingerprint, outcome from events where id in (select value from json_each(?1))";
const INSERT_EVENTS: &str = "
    insert into events (id, fingerprint, outcome, session_no, at)
    select value ->> 0, value ->> 1, value ->> 2, value ->> 3, ?2 from json_each(?1)";
const INSERT_ANSWERS: &str = "
    insert into answers (session_no, no, seat_no, question, attempt, correct, points, ms, at, response)
    select ?2, value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, ?3, value ->> 7
    from json_each(?1)";
const INSERT_XP: &str = "
    insert into xp_ledger (day, event_id, seat_no, session_no, xp)
    select ?2, value ->> 0, value ->> 1, ?3, value ->> 2 from json_each(?1)";
const UPSERT_XP: &str = "
    insert into seat_xp (no, xp) select value ->> 0, value ->> 1 from json_each(?1) where true
    on conflict (no) do update set xp = excluded.xp";
const UPSERT_SEATS: &str = "
    insert into seats (no, seat_id, user_id, display_name, status, server, progress, joined_at)
    select value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7
    from json_each(?1) where true
    on conflict (no) do update set display_name = excluded.display_name, status = excluded.status,
      server = excluded.server, progress = excluded.progress";
/// Takes seats offline.
pub(super) const SEATS_OFFLINE: &str = "
    update seats set server = null where no in (select value from json_each(?1))";

/// What an applied event gave; also what is kept of it, for the day it comes again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Outcome {
    /// join: the seat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    seat_id: Option<SeatId>,
    /// join: whether the pupil is in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    seat_status: Option<SeatStatus>,
    /// answer: what it came to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    result: Option<AnswerResult>,
}

/// What an answer came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AnswerResult {
    /// Right or wrong.
    correct: bool,
    /// Points of this try.
    points: u32,
    /// XP that it added: what it is better than the best try before.
    xp_gained: u32,
    /// All XP of the pupil.
    xp: u64,
    /// From the XP.
    level: u64,
    /// In this session.
    rank: u64,
    /// Badges earned by it.
    badges: Vec<String>,
}

/// id, fingerprint, outcome, session_no.
type EventColumns = (String, String, String, i64);
/// no, seat_no, question, attempt, correct, points, ms, response.
type AnswerColumns = (i64, i64, u32, u32, bool, u32, i64, String);
/// event_id, seat_no, xp.
type XpColumns = (String, i64, u32);

#[derive(Deserialize)]
struct KnownEvent {
    id: String,
    fingerprint: String,
    outcome: String,
}

/// An answer as the dashboards get it.
#[derive(Serialize)]
struct AnswerNews {
    seat_id: SeatId,
    question_id: QuestionId,
    correct: bool,
    points: u32,
    xp_gained: u32,
    xp: u64,
    level: u64,
    ms: i64,
    attempt: u32,
}

#[derive(Serialize)]
struct ProgressNews {
    seat_id: SeatId,
    label: Option<String>,
    percent: Option<u8>,
}

#[derive(Serialize)]
struct ProgressUpdate {
    session_id: Option<SessionId>,
    answers: Vec<AnswerNews>,
    progress: Vec<ProgressNews>,
}

/// The events of one call.
pub(super) struct Batch<'m> {
    memory: &'m mut Memory,
    ctx: Context<'m>,
    caller: &'m GameClaims,
    known: HashMap<String, (String, Outcome)>,
    events: Vec<EventColumns>,
    answers: Vec<AnswerColumns>,
    ledger: Vec<XpColumns>,
    touched: BTreeSet<i64>,
    totals: BTreeMap<i64, u64>,
    announced: BTreeSet<i64>,
    new_seats: BTreeSet<i64>,
    sheet_parts: BTreeSet<i64>,
    answer_news: Vec<AnswerNews>,
    progress_news: Vec<ProgressNews>,
}

impl<'m> Batch<'m> {
    /// Looks up which of these ids the room has seen before.
    pub fn new<'i>(
        memory: &'m mut Memory,
        ctx: Context<'m>,
        caller: &'m GameClaims,
        ids: impl Iterator<Item = &'i str>,
    ) -> Result<Self, DbError> {
        let ids: Vec<&str> = ids.collect();
        let rows: Vec<KnownEvent> = decode(ctx.sql.query(KNOWN_EVENTS, &[Value::from(to_json(&ids)?)])?)?;
        let known = rows.into_iter().map(|row| Ok((row.id, (row.fingerprint, from_json(&row.outcome)?))));
        Ok(Self {
            known: known.collect::<Result<_, DbError>>()?,
            memory,
            ctx,
            caller,
            events: Vec::new(),
            answers: Vec::new(),
            ledger: Vec::new(),
            touched: BTreeSet::new(),
            totals: BTreeMap::new(),
            announced: BTreeSet::new(),
            new_seats: BTreeSet::new(),
            sheet_parts: BTreeSet::new(),
            answer_news: Vec::new(),
            progress_news: Vec::new(),
        })
    }

    /// Applies one event.
    pub fn apply(&mut self, event: &Event) -> Result<(EventStatus, Outcome), Reject> {
        if let Some((fingerprint, outcome)) = self.known.get(&event.id) {
            return if *fingerprint == event.fingerprint {
                Ok((EventStatus::Duplicate, outcome.clone()))
            } else {
                Err(Reject::new(RejectCode::EventIdReused, "another event had this id"))
            };
        }
        let outcome = match &event.body {
            Body::Join { display_name } => self.join(&event.user_id, display_name)?,
            Body::Leave => self.leave(&event.user_id)?,
            Body::Answer { .. } => self.answer(event)?,
            Body::Progress(progress) => self.progress(&event.user_id, progress)?,
        };
        let stored = serde_json::to_string(&outcome).unwrap_or_default();
        let answered = matches!(event.body, Body::Answer { .. });
        let session_no = self.memory.live.as_ref().filter(|_| answered).map_or(0, |live| live.no);
        self.events.push((event.id.clone(), event.fingerprint.clone(), stored, session_no));
        self.known.insert(event.id.clone(), (event.fingerprint.clone(), outcome.clone()));
        Ok((EventStatus::Applied, outcome))
    }

    fn join(&mut self, user_id: &str, display_name: &str) -> Result<Outcome, Reject> {
        let server = Some(self.caller.job_id.clone());
        if let Some(seat) = self.memory.seat_mut(user_id) {
            if seat.status == SeatStatus::Removed {
                return Err(Reject::new(RejectCode::SeatRemoved, "the teacher removed this pupil"));
            }
            if seat.server != server || seat.display_name != display_name {
                if seat.display_name != display_name {
                    self.new_seats.insert(seat.no);
                }
                seat.server = server;
                display_name.clone_into(&mut seat.display_name);
                self.touched.insert(seat.no);
                self.announced.insert(seat.no);
            }
            return Ok(joined(seat));
        }
        if seats::taken(self.memory) >= self.memory.facts.capacity {
            return Err(Reject::new(RejectCode::ClassFull, "all seats are taken"));
        }
        let status = match self.memory.facts.join_policy {
            JoinPolicy::Open => SeatStatus::Active,
            JoinPolicy::Approval => SeatStatus::Pending,
        };
        let no = self.memory.seats.last().map_or(1, |seat| seat.no + 1);
        let seat = SeatState {
            no,
            id: SeatId::new(self.ctx.now, self.ctx.entropy),
            user_id: user_id.to_owned(),
            display_name: display_name.to_owned(),
            status,
            xp: 0,
            server,
            progress: None,
            joined_at: self.ctx.now,
        };
        let outcome = joined(&seat);
        self.memory.seat_by_user.insert(user_id.to_owned(), self.memory.seats.len());
        self.memory.seats.push(seat);
        for changed in [&mut self.touched, &mut self.announced, &mut self.new_seats] {
            changed.insert(no);
        }
        Ok(outcome)
    }

    fn leave(&mut self, user_id: &str) -> Result<Outcome, Reject> {
        let job_id = self.caller.job_id.as_str();
        let seat = self.memory.seat_mut(user_id).ok_or_else(seat_unknown)?;
        // Who left for another server is there by now: a late goodbye of the first one changes nothing.
        if seat.server.as_deref() == Some(job_id) {
            seat.server = None;
            self.touched.insert(seat.no);
            self.announced.insert(seat.no);
        }
        Ok(Outcome::default())
    }

    fn progress(&mut self, user_id: &str, progress: &Progress) -> Result<Outcome, Reject> {
        let seat = self.memory.seat_mut(user_id).ok_or_else(seat_unknown)?;
        let no = active(seat)?;
        seat.progress = Some(progress.clone());
        let news = ProgressNews {
            seat_id: seat.id.clone(),
            label: progress.label.clone(),
            percent: progress.percent,
        };
        self.touched.insert(no);
        self.progress_news.push(news);
        Ok(Outcome::default())
    }

    fn answer(&mut self, event: &Event) -> Result<Outcome, Reject> {
        let Body::Answer { session_id, question_id, response, elapsed_ms } = &event.body else {
            return Err(Reject::new(RejectCode::Malformed, "not an answer"));
        };
        let now = self.ctx.now;
        let seat = self.memory.seat(&event.user_id).ok_or_else(seat_unknown)?;
        let (no, seat_id, joined_at) = (active(seat)?, seat.id.clone(), seat.joined_at);
        let live = self.memory.live.as_mut().filter(|live| live.session.id.as_str() == session_id);
        let live = live
            .ok_or_else(|| Reject::new(RejectCode::SessionUnknown, "no such session is on in this class"))?;
        let quiz = live.quiz.clone();
        let (number, question) = open_question(live, &quiz, question_id, now)?;
        let attempts = live.cell(no, number);
        if attempts.correct || attempts.attempts >= live.session.max_attempts {
            return Err(Reject::new(RejectCode::AlreadyAnswered, "answered right, or no tries left"));
        }
        let correct = grade(&question.kind, response)
            .map_err(|invalid| Reject::new(RejectCode::ResponseInvalid, invalid.0))?;
        let points = if correct { question.points } else { 0 };
        let ms = time_taken(live, no, joined_at, *elapsed_ms, now);
        let (answer_no, attempt) = (live.answer_count, attempts.attempts + 1);
        let gained = live.add(no, number, &Answer { correct, points, ms, at: now });
        let response = response.to_string();
        self.answers.push((answer_no, no, number, attempt, correct, points, ms, response));
        self.sheet_parts.insert(super::sheet::part_of(no));
        let xp = self.earn(event, no, gained);
        let level = xp::level(xp);
        let question_id = question.id.clone();
        let news =
            AnswerNews { seat_id, question_id, correct, points, xp_gained: gained, xp, level, ms, attempt };
        self.answer_news.push(news);
        let rank = board::session_rank(self.memory, no);
        let result = AnswerResult { correct, points, xp_gained: gained, xp, level, rank, badges: Vec::new() };
        Ok(Outcome { result: Some(result), ..Outcome::default() })
    }

    /// Adds XP to the ledger and gives all that the pupil has.
    fn earn(&mut self, event: &Event, no: i64, gained: u32) -> u64 {
        let Some(seat) = self.memory.seat_mut(&event.user_id) else { return 0 };
        seat.xp += u64::from(gained);
        let total = seat.xp;
        if gained > 0 {
            self.ledger.push((event.id.clone(), no, gained));
            self.totals.insert(no, total);
        }
        total
    }

    /// Writes what the events changed and tells the dashboards.
    pub fn write(self, effects: &mut Vec<Effect>) -> Result<(), DbError> {
        let Self { memory, ctx, .. } = self;
        if self.events.is_empty() {
            return Ok(());
        }
        ctx.sql.query(INSERT_EVENTS, &[Value::from(to_json(&self.events)?), ctx.now.into()])?;
        let session_no = memory.live.as_ref().map_or(0, |live| live.no);
        if !self.answers.is_empty() {
            let rows = Value::from(to_json(&self.answers)?);
            ctx.sql.query(INSERT_ANSWERS, &[rows, session_no.into(), ctx.now.into()])?;
        }
        if !self.ledger.is_empty() {
            let rows = Value::from(to_json(&self.ledger)?);
            ctx.sql.query(INSERT_XP, &[rows, ctx.now.day().into(), session_no.into()])?;
            let totals: Vec<(i64, u64)> = self.totals.iter().map(|(no, xp)| (*no, *xp)).collect();
            ctx.sql.query(UPSERT_XP, &[Value::from(to_json(&totals)?)])?;
        }
        let touched: Vec<i64> = self.touched.into_iter().collect();
        store_seats(memory, ctx, &touched)?;
        let scored = !self.ledger.is_empty() || !self.new_seats.is_empty();
        if !self.announced.is_empty() {
            let announced: Vec<i64> = self.announced.into_iter().collect();
            seats::announce(memory, ctx, &announced, None, effects)?;
        }
        if !self.answer_news.is_empty() || !self.progress_news.is_empty() {
            let session_id = memory.live.as_ref().map(|live| live.session.id.clone());
            let update =
                ProgressUpdate { session_id, answers: self.answer_news, progress: self.progress_news };
            log::append(memory, ctx, ("progress_update", &update), None, &[Channel::Class], effects)?;
        }
        for no in self.new_seats {
            memory.mark(ctx, Mark::Seat(no))?;
            if memory.facts.join_policy == JoinPolicy::Approval {
                // Somebody stands at the door: the teacher's inbox must not hear of it half a minute later.
                outbox::soon(memory, ctx);
            }
        }
        for part in self.sheet_parts {
            memory.mark(ctx, Mark::Sheet { session_no, part })?;
        }
        if scored {
            memory.xp_changed.extend(self.totals.into_keys());
            board::changed(memory, ctx, effects);
        }
        Ok(())
    }
}

/// The question, if it takes answers now.
fn open_question<'q>(
    live: &Live,
    quiz: &'q Quiz,
    id: &str,
    now: Timestamp,
) -> Result<(u32, &'q Question), Reject> {
    let unknown = || Reject::new(RejectCode::QuestionUnknown, "no such question");
    let number = live.question_numbers.get(id).copied().ok_or_else(unknown)?;
    live.session.accepts(number, now).map_err(closed)?;
    let question = usize::try_from(number).ok().and_then(|index| quiz.questions.get(index));
    Ok((number, question.ok_or_else(unknown)?))
}

/// How long the pupil took: what the game says, but never longer than the question was there; without it the time since
/// the pupil's answer before.
fn time_taken(live: &Live, no: i64, joined_at: Timestamp, elapsed_ms: Option<i64>, now: Timestamp) -> i64 {
    let shown_at = live.session.question_opened_at.or(live.session.started_at).unwrap_or(now).max(joined_at);
    let since = live.score(no).last_at.unwrap_or(shown_at).max(shown_at);
    let ms = elapsed_ms.map_or_else(|| now.millis_since(since), |ms| ms.min(now.millis_since(shown_at)));
    ms.max(0)
}

fn joined(seat: &SeatState) -> Outcome {
    Outcome { seat_id: Some(seat.id.clone()), seat_status: Some(seat.status), result: None }
}

fn seat_unknown() -> Reject {
    Reject::new(RejectCode::SeatUnknown, "this pupil has not joined; send a join first")
}

fn active(seat: &SeatState) -> Result<i64, Reject> {
    match seat.status {
        SeatStatus::Active => Ok(seat.no),
        SeatStatus::Pending => {
            Err(Reject::new(RejectCode::SeatPending, "the teacher has not let this pupil in yet"))
        }
        SeatStatus::Removed => Err(Reject::new(RejectCode::SeatRemoved, "the teacher removed this pupil")),
    }
}

fn closed(why: Closed) -> Reject {
    match why {
        Closed::NotStarted => Reject::new(RejectCode::SessionNotStarted, "the session has not started"),
        Closed::Paused => Reject::new(RejectCode::SessionPaused, "the session is paused"),
        Closed::Ended => Reject::new(RejectCode::SessionEnded, "the session has ended"),
        Closed::Question => Reject::new(RejectCode::QuestionClosed, "this question is not open"),
    }
}

/// Writes these seats as memory has them.
pub(super) fn store_seats(memory: &Memory, ctx: Context<'_>, numbers: &[i64]) -> Result<(), DbError> {
    let rows: Vec<serde_json::Value> = memory
        .seats
        .iter()
        .filter(|seat| numbers.binary_search(&seat.no).is_ok())
        .map(|seat| {
            let progress =
                seat.progress.as_ref().map(|progress| serde_json::to_string(progress).unwrap_or_default());
            json!([
                seat.no,
                seat.id,
                seat.user_id,
                seat.display_name,
                seat.status,
                seat.server,
                progress,
                seat.joined_at.as_millis()
            ])
        })
        .collect();
    if !rows.is_empty() {
        ctx.sql.query(UPSERT_SEATS, &[Value::from(to_json(&rows)?)])?;
    }
    Ok(())
}
