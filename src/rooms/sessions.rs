//! Live sessions of a room: made, moved, ended by their time limit.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::live::{Live, SessionRow};
use super::log::{self, GameMessage, Message};
use super::memory::{Memory, from_json, to_json};
use super::outbox::Mark;
use super::{Channel, Context, Effect, Refusal, board, outbox};
use crate::domain::ids::{QuizId, SessionId};
use crate::domain::live_session::{LiveSession, Move, MoveError, Pace, Status};
use crate::domain::quiz::{QuestionDelivery, Quiz};
use crate::domain::results::Sheet;
use crate::ports::{DbError, Value, decode, decode_first};

/// A session to be made.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NewSession {
    /// Its id.
    pub id: SessionId,
    /// The quiz.
    pub quiz_id: QuizId,
    /// The version to play.
    pub quiz_version: u32,
    /// That version, with its keys, as stored.
    pub quiz: String,
    /// Who decides which question is open.
    pub pace: Pace,
    /// Seconds until it ends by itself.
    pub time_limit_s: Option<u32>,
    /// Tries at a question.
    pub max_attempts: u32,
    /// The caller's key, so that a repeated request finds the first session.
    pub idempotency_key: Option<String>,
    /// Of the request's body.
    pub fingerprint: String,
}

const INSERT: &str = "
    insert into sessions (no, id, body, quiz, idempotency_key, fingerprint) values (?1, ?2, ?3, ?4, ?5, ?6)";
const UPDATE: &str = "update sessions set body = ?2 where no = ?1";
const BY_KEY: &str = "select body, fingerprint from sessions where idempotency_key = ?1";
const NEXT_NO: &str = "select coalesce(max(no), 0) + 1 as no from sessions";
const ALL: &str = "select body from sessions order by no desc limit 100";
const BY_ID: &str = "select no, body, quiz from sessions where id = ?1 and quiz is not null";

#[derive(Deserialize)]
struct KeyRow {
    body: String,
    fingerprint: Option<String>,
}

#[derive(Deserialize)]
struct NoRow {
    no: i64,
}

#[derive(Deserialize)]
struct BodyRow {
    body: String,
}

#[derive(Serialize)]
struct SessionNews<'a> {
    session: &'a LiveSession,
}

/// Makes a session, unless another one is on.
pub(super) fn create(
    memory: &mut Memory,
    ctx: Context<'_>,
    new: NewSession,
    effects: &mut Vec<Effect>,
) -> Result<Result<LiveSession, Refusal>, DbError> {
    if let Some(key) = &new.idempotency_key {
        let row: Option<KeyRow> = decode_first(ctx.sql.query(BY_KEY, &[key.as_str().into()])?)?;
        if let Some(row) = row {
            let same = row.fingerprint.as_deref() == Some(&new.fingerprint);
            return if same { Ok(Ok(from_json(&row.body)?)) } else { Ok(Err(Refusal::IdempotencyMismatch)) };
        }
    }
    close_if_over(memory, ctx, effects)?;
    if memory.live.as_ref().is_some_and(|live| live.session.status != Status::Ended) {
        return Ok(Err(Refusal::SessionExists));
    }
    let quiz = Quiz::from_stored(&new.quiz, ctx.now, ctx.entropy).map_err(DbError::Backend)?;
    let no = decode_first::<NoRow>(ctx.sql.query(NEXT_NO, &[])?)?.map_or(1, |row| row.no);
    let session = LiveSession {
        id: new.id,
        class_id: memory.facts.class_id.clone(),
        quiz_id: new.quiz_id,
        quiz_version: new.quiz_version,
        quiz_title: quiz.title.clone(),
        pace: new.pace,
        status: Status::Lobby,
        frozen: false,
        time_limit_s: new.time_limit_s,
        max_attempts: new.max_attempts,
        question_count: u32::try_from(quiz.questions.len()).unwrap_or(u32::MAX),
        question_index: None,
        question_opened_at: None,
        created_at: ctx.now,
        started_at: None,
        ends_at: None,
        remaining_ms: None,
        ended_at: None,
    };
    let params = [
        Value::from(no),
        (&session.id).into(),
        to_json(&session)?.into(),
        new.quiz.into(),
        new.idempotency_key.into(),
        new.fingerprint.into(),
    ];
    ctx.sql.query(INSERT, &params)?;
    memory.live = Some(Live::new(no, session.clone(), quiz));
    tell(memory, ctx, None, effects)?;
    Ok(Ok(session))
}

/// Moves the session that is on.
pub(super) fn move_session(
    memory: &mut Memory,
    ctx: Context<'_>,
    id: &SessionId,
    what: Move,
    effects: &mut Vec<Effect>,
) -> Result<Result<LiveSession, Refusal>, DbError> {
    close_if_over(memory, ctx, effects)?;
    let Some(live) = memory.live.as_mut().filter(|live| live.session.id == *id) else {
        let known = session(memory, ctx, id)?;
        return Ok(Err(if known.is_some() { Refusal::MoveNotAllowed } else { Refusal::NotFound }));
    };
    match live.session.clone().apply(what, ctx.now) {
        Err(MoveError::NotAllowed) => Ok(Err(Refusal::MoveNotAllowed)),
        Err(MoveError::NoMoreQuestions) => Ok(Err(Refusal::NoMoreQuestions)),
        Ok(session) => {
            live.session = session.clone();
            let (no, body) = (live.no, to_json(&session)?);
            ctx.sql.query(UPDATE, &[no.into(), body.into()])?;
            let (kind, data) = game_message(live, what)?;
            tell(memory, ctx, Some(GameMessage { kind, data: &data }), effects)?;
            Ok(Ok(session))
        }
    }
}

/// Ends a session whose time is up.
pub(super) fn close_if_over(
    memory: &mut Memory,
    ctx: Context<'_>,
    effects: &mut Vec<Effect>,
) -> Result<(), DbError> {
    let Some(live) = memory.live.as_mut() else { return Ok(()) };
    if live.session.status == Status::Ended || !live.session.is_over(ctx.now) {
        return Ok(());
    }
    live.session = live.session.clone().at(ctx.now);
    let (no, body) = (live.no, to_json(&live.session)?);
    ctx.sql.query(UPDATE, &[no.into(), body.into()])?;
    let (kind, data) = game_message(live, Move::End)?;
    tell(memory, ctx, Some(GameMessage { kind, data: &data }), effects)
}

/// Tells the dashboards where the session stands, the games what they must do, and D1 both.
fn tell(
    memory: &mut Memory,
    ctx: Context<'_>,
    game: Option<GameMessage<'_>>,
    effects: &mut Vec<Effect>,
) -> Result<(), DbError> {
    let Some(live) = memory.live.as_ref() else { return Ok(()) };
    let (no, session) = (live.no, live.session.clone());
    let channels = [Channel::Class, Channel::Session];
    log::append(memory, ctx, ("quiz_update", &SessionNews { session: &session }), game, &channels, effects)?;
    memory.mark(ctx, Mark::Session(no))?;
    if session.status == Status::Ended {
        let parts: Vec<i64> = super::sheet::parts(memory);
        for part in parts {
            memory.mark(ctx, Mark::Sheet { session_no: no, part })?;
        }
    }
    board::changed(memory, ctx, effects);
    outbox::soon(memory, ctx);
    Ok(())
}

fn deliveries(live: &Live) -> Vec<QuestionDelivery> {
    live.quiz.questions.iter().map(|question| question.deliver(live.session.id.as_str())).collect()
}

fn started(live: &Live) -> Result<String, DbError> {
    let session = &live.session;
    let questions = if session.pace == Pace::SelfPaced { deliveries(live) } else { Vec::new() };
    to_json(&json!({
        "session_id": session.id, "pace": session.pace, "max_attempts": session.max_attempts,
        "time_limit_s": session.time_limit_s, "ends_at": session.ends_at, "question_count": session.question_count,
        "questions": questions,
    }))
}

fn opened(live: &Live) -> Result<Option<String>, DbError> {
    let Some(index) = live.session.question_index else { return Ok(None) };
    let question = usize::try_from(index).ok().and_then(|index| live.quiz.questions.get(index));
    let question = question.map(|question| question.deliver(live.session.id.as_str()));
    to_json(&json!({"session_id": live.session.id, "index": index, "question": question})).map(Some)
}

fn game_message(live: &Live, what: Move) -> Result<(&'static str, String), DbError> {
    let session = &live.session;
    let id = || to_json(&json!({"session_id": session.id}));
    let clock = || to_json(&json!({"session_id": session.id, "ends_at": session.ends_at}));
    Ok(match what {
        Move::Start => ("session_started", started(live)?),
        Move::Next => ("question_opened", opened(live)?.unwrap_or_default()),
        Move::Pause => ("session_paused", clock()?),
        Move::Resume => ("session_resumed", clock()?),
        Move::Freeze => ("class_frozen", id()?),
        Move::Unfreeze => ("class_unfrozen", id()?),
        Move::End => ("session_ended", id()?),
    })
}

/// What a game server that knows nothing must know.
pub(super) fn state_messages(memory: &Memory) -> Result<Vec<Message>, DbError> {
    let message = |kind: &str, data: String| Message::new(memory.tail.last_seq(), kind, data);
    let mut messages = Vec::new();
    if memory.settings_version > 0 {
        let data = to_json(&serde_json::json!({"version": memory.settings_version}))?;
        messages.push(message("config_changed", data)?);
    }
    let is_on = |status| matches!(status, Status::Running | Status::Paused);
    let Some(live) = memory.live.as_ref().filter(|live| is_on(live.session.status)) else {
        return Ok(messages);
    };
    messages.push(message("session_started", started(live)?)?);
    if let Some(data) = opened(live)? {
        messages.push(message("question_opened", data)?);
    }
    if live.session.status == Status::Paused {
        messages.push(message("session_paused", game_message(live, Move::Pause)?.1)?);
    }
    if live.session.frozen {
        messages.push(message("class_frozen", game_message(live, Move::Freeze)?.1)?);
    }
    Ok(messages)
}

/// The sessions that the room knows, newest first.
pub(super) fn list(ctx: Context<'_>) -> Result<Vec<LiveSession>, DbError> {
    let rows: Vec<BodyRow> = decode(ctx.sql.query(ALL, &[])?)?;
    rows.iter().map(|row| from_json::<LiveSession>(&row.body).map(|session| session.at(ctx.now))).collect()
}

/// One session.
pub(super) fn session(
    memory: &Memory,
    ctx: Context<'_>,
    id: &SessionId,
) -> Result<Option<LiveSession>, DbError> {
    if let Some(live) = memory.live.as_ref().filter(|live| live.session.id == *id) {
        return Ok(Some(live.session.clone()));
    }
    let row: Option<SessionRow> = decode_first(ctx.sql.query(BY_ID, &[id.into()])?)?;
    row.map(|row| from_json(&row.body)).transpose()
}

/// The results of a session that the room still holds; of the newest one when none is named.
pub(super) fn sheet(
    memory: &Memory,
    ctx: Context<'_>,
    id: Option<&SessionId>,
) -> Result<Option<Sheet>, DbError> {
    let newest = memory.live.as_ref();
    match id {
        None => Ok(newest.map(|live| super::sheet::sheet(memory, live))),
        Some(id) if newest.is_some_and(|live| live.session.id == *id) => {
            Ok(newest.map(|live| super::sheet::sheet(memory, live)))
        }
        Some(id) => {
            let row: Option<SessionRow> = decode_first(ctx.sql.query(BY_ID, &[id.into()])?)?;
            row.map(|row| Live::load(ctx, &row).map(|live| super::sheet::sheet(memory, &live))).transpose()
        }
    }
}

/// A session by its number, with its answers.
pub(super) fn by_number(ctx: Context<'_>, no: i64) -> Result<Option<Live>, DbError> {
    const BY_NO: &str = "select no, body, quiz from sessions where no = ?1 and quiz is not null";
    let row: Option<SessionRow> = decode_first(ctx.sql.query(BY_NO, &[no.into()])?)?;
    row.map(|row| Live::load(ctx, &row)).transpose()
}
