//! What D1 has yet to learn. A mark says that something changed; it is written in the same transaction as the change and
//! deleted when D1 has it. Marks coalesce: D1 gets roll-ups, not events.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::memory::{Memory, to_json};
use super::{ClassFacts, Context, SeatStatus, sessions, sheet};
use crate::domain::class::JoinPolicy;
use crate::domain::ids::{ClassId, SchoolId, SeatId, SessionId, UserId};
use crate::domain::live_session::LiveSession;
use crate::domain::results::SheetHead;
use crate::domain::time::Timestamp;
use crate::ports::{DbError, Value, decode};
use crate::realtime::log::{KEPT_ROWS, PRUNE};

/// How long changes gather. At one answer in 20 s from each of 30 pupils that is one D1 row for 45 answers.
const GATHER_MS: i64 = 30_000;
/// How soon D1 learns that a session was made, started or ended.
const SOON_MS: i64 = 1000;
/// Longest pause between tries while D1 does not answer.
const MAX_RETRY_MS: i64 = 60_000;
/// Ended sessions whose answers stay in the room. Older ones are in D1 alone.
const KEPT_SESSIONS: i64 = 20;
/// How long the ids of joins and goodbyes are remembered; the answers' go with their session.
const KEPT_EVENTS_MS: i64 = 7 * 86_400_000;

const MARK: &str = "
    insert into outbox (kind, key, part, seq) values (?1, ?2, ?3, ?4)
    on conflict (kind, key, part) do update set seq = excluded.seq";
const MARKS: &str = "select kind, key, part, seq from outbox";
const UNMARK: &str = "delete from outbox where seq <= ?1";
const OLD_SESSIONS: &str = "
    select no from sessions
    where quiz is not null and no <= ?1 and no not in (select key from outbox where kind <> 'seat')
    order by no limit 5";
const FORGET_QUIZ: &str = "update sessions set quiz = null where no = ?1";
const FORGET_ANSWERS: &str = "delete from answers where session_no = ?1";
const FORGET_EVENTS: &str = "delete from events where session_no = ?1 or (session_no = 0 and at < ?2)";

/// Something that changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Mark {
    /// A seat, by number.
    Seat(i64),
    /// A session's state, by number.
    Session(i64),
    /// The results of 50 seats.
    Sheet { session_no: i64, part: i64 },
}

impl Mark {
    const fn columns(self) -> (&'static str, i64, i64) {
        match self {
            Self::Seat(no) => ("seat", no, 0),
            Self::Session(no) => ("session", no, 0),
            Self::Sheet { session_no, part } => ("sheet", session_no, part),
        }
    }
}

/// The marks, and when they are due.
#[derive(Default)]
pub(super) struct Outbox {
    marks: HashMap<Mark, i64>,
    due_at: Option<Timestamp>,
    /// Up to which number a report is on its way.
    in_flight: Option<i64>,
    failures: u32,
}

#[derive(Deserialize)]
struct MarkRow {
    kind: String,
    key: i64,
    part: i64,
    seq: i64,
}

impl Outbox {
    /// What was left when the room last slept or died: due at once.
    pub fn load(ctx: Context<'_>) -> Result<Self, DbError> {
        let rows: Vec<MarkRow> = decode(ctx.sql.query(MARKS, &[])?)?;
        let marks: HashMap<Mark, i64> = rows
            .into_iter()
            .map(|row| {
                let mark = match row.kind.as_str() {
                    "seat" => Mark::Seat(row.key),
                    "session" => Mark::Session(row.key),
                    _ => Mark::Sheet { session_no: row.key, part: row.part },
                };
                (mark, row.seq)
            })
            .collect();
        let due_at = (!marks.is_empty()).then(|| ctx.now.plus_millis(SOON_MS));
        Ok(Self { marks, due_at, in_flight: None, failures: 0 })
    }

    /// When to report.
    pub fn next_at(&self) -> Option<Timestamp> {
        self.due_at.filter(|_| self.in_flight.is_none() && !self.marks.is_empty())
    }
}

impl Memory {
    /// Marks a change. While the mark stands and no report is on its way, that costs no write.
    pub fn mark(&mut self, ctx: Context<'_>, mark: Mark) -> Result<(), DbError> {
        let stands = self
            .outbox
            .marks
            .get(&mark)
            .is_some_and(|seq| self.outbox.in_flight.is_none_or(|sent| *seq > sent));
        if !stands {
            let (kind, key, part) = mark.columns();
            ctx.sql.query(MARK, &[kind.into(), key.into(), part.into(), self.tail.last_seq().into()])?;
            self.outbox.marks.insert(mark, self.tail.last_seq());
        }
        self.outbox.due_at.get_or_insert(ctx.now.plus_millis(GATHER_MS));
        Ok(())
    }
}

/// Reports sooner than usual, unless D1 is failing.
pub(super) fn soon(memory: &mut Memory, ctx: Context<'_>) {
    if memory.outbox.failures == 0 {
        let soon = ctx.now.plus_millis(SOON_MS);
        memory.outbox.due_at = Some(memory.outbox.due_at.map_or(soon, |due| due.min(soon)));
    }
}

/// What D1 is to learn. Every part carries `seq`, and an older one never overwrites a newer one.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// The class.
    pub class_id: ClassId,
    /// Its school.
    pub school_id: SchoolId,
    /// Its name.
    pub class_name: String,
    /// Whose inbox hears of pupils who wait.
    pub teacher_id: UserId,
    /// Whether pupils wait for the teacher in this class.
    pub wants_approval: bool,
    /// The number of the newest event in it.
    pub seq: i64,
    /// Seats that are new or changed their status or name.
    pub seats: Vec<ReportedSeat>,
    /// Sessions whose state changed.
    pub sessions: Vec<ReportedSession>,
    /// Results that changed.
    pub sheets: Vec<ReportedSheet>,
}

/// A seat for D1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReportedSeat {
    /// The seat.
    pub seat_id: SeatId,
    /// The pupil's name.
    pub display_name: String,
    /// Whether the pupil is in.
    pub status: SeatStatus,
    /// Milliseconds since the epoch.
    pub joined_at: i64,
}

/// A session for D1.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ReportedSession {
    /// The session.
    pub id: SessionId,
    /// A `domain::results::SheetHead` as JSON.
    pub body: String,
}

/// The results of up to 50 seats for D1.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ReportedSheet {
    /// The session.
    pub session_id: SessionId,
    /// Which 50 seats.
    pub part: i64,
    /// A list of `domain::results::SheetRow` as JSON.
    pub body: String,
}

impl Report {
    /// A report of one session alone, as its creator writes it at once.
    pub fn of_session(class: &ClassFacts, session: &LiveSession) -> Result<Self, DbError> {
        let body = to_json(&SheetHead { session: session.clone(), questions: Vec::new() })?;
        let sessions = vec![ReportedSession { id: session.id.clone(), body }];
        Ok(Self { sessions, ..Self::empty(class, 0) })
    }

    fn empty(class: &ClassFacts, seq: i64) -> Self {
        Self {
            class_id: class.class_id.clone(),
            school_id: class.school_id.clone(),
            class_name: class.name.clone(),
            teacher_id: class.teacher_id.clone(),
            wants_approval: class.join_policy == JoinPolicy::Approval,
            seq,
            seats: Vec::new(),
            sessions: Vec::new(),
            sheets: Vec::new(),
        }
    }
}

/// What is due.
pub(super) fn due(memory: &mut Memory, ctx: Context<'_>) -> Result<Option<Report>, DbError> {
    if memory.outbox.next_at().is_none_or(|at| at > ctx.now) {
        return Ok(None);
    }
    let report = report(memory, ctx)?;
    memory.outbox.in_flight = Some(report.seq);
    memory.outbox.due_at = None;
    Ok(Some(report))
}

fn report(memory: &Memory, ctx: Context<'_>) -> Result<Report, DbError> {
    let mut report = Report::empty(&memory.facts, memory.tail.last_seq());
    let mut earlier: HashMap<i64, super::live::Live> = HashMap::new();
    for mark in memory.outbox.marks.keys() {
        let session_no = match *mark {
            Mark::Seat(no) => {
                let seat = memory.seats.iter().find(|seat| seat.no == no);
                report.seats.extend(seat.map(|seat| ReportedSeat {
                    seat_id: seat.id.clone(),
                    display_name: seat.display_name.clone(),
                    status: seat.status,
                    joined_at: seat.joined_at.as_millis(),
                }));
                continue;
            }
            Mark::Session(no) | Mark::Sheet { session_no: no, .. } => no,
        };
        let newest = memory.live.as_ref().filter(|live| live.no == session_no);
        if newest.is_none() && !earlier.contains_key(&session_no) {
            earlier.extend(sessions::by_number(ctx, session_no)?.map(|live| (session_no, live)));
        }
        let Some(live) = newest.or_else(|| earlier.get(&session_no)) else { continue };
        let session_id = live.session.id.clone();
        if let Mark::Sheet { part, .. } = *mark {
            let body = to_json(&sheet::part_rows(memory, live, part))?;
            report.sheets.push(ReportedSheet { session_id, part, body });
        } else {
            report.sessions.push(ReportedSession { id: session_id, body: to_json(&sheet::head(live))? });
        }
    }
    Ok(report)
}

/// D1 has it, or has not: then again later, less and less often.
pub(super) fn reported(
    memory: &mut Memory,
    ctx: Context<'_>,
    report: &Report,
    done: bool,
) -> Result<(), DbError> {
    let outbox = &mut memory.outbox;
    outbox.in_flight = None;
    if !done {
        outbox.failures = outbox.failures.saturating_add(1);
        let pause = 1000_i64.saturating_mul(1 << outbox.failures.min(6)).min(MAX_RETRY_MS);
        outbox.due_at = Some(ctx.now.plus_millis(pause));
        return Ok(());
    }
    outbox.failures = 0;
    outbox.marks.retain(|_, seq| *seq > report.seq);
    if outbox.marks.is_empty() {
        outbox.due_at = None;
    } else {
        outbox.due_at.get_or_insert(ctx.now.plus_millis(GATHER_MS));
    }
    ctx.sql.query(UNMARK, &[report.seq.into()])?;
    ctx.sql.query(PRUNE, &[(memory.tail.last_seq() - KEPT_ROWS).into()])?;
    if !report.sessions.is_empty() {
        forget_old_sessions(memory, ctx)?;
    }
    Ok(())
}

#[derive(Deserialize)]
struct OldSession {
    no: i64,
}

/// Deletes the answers of sessions that D1 has and that nobody can still answer.
fn forget_old_sessions(memory: &Memory, ctx: Context<'_>) -> Result<(), DbError> {
    let newest = memory.live.as_ref().map_or(0, |live| live.no);
    let rows: Vec<OldSession> = decode(ctx.sql.query(OLD_SESSIONS, &[(newest - KEPT_SESSIONS).into()])?)?;
    let forget_before = Value::from(ctx.now.plus_millis(-KEPT_EVENTS_MS));
    for OldSession { no } in rows {
        ctx.sql.query(FORGET_QUIZ, &[no.into()])?;
        ctx.sql.query(FORGET_ANSWERS, &[no.into()])?;
        ctx.sql.query(FORGET_EVENTS, &[no.into(), forget_before.clone()])?;
    }
    Ok(())
}
