//! Sessions of a plugin, and the progress that it reports.

use serde::Deserialize;
use serde_json::Value as Json;

use super::op::{ActRefusal, Acted, PluginProgress, SessionView};
use super::roster::{broken, of};
use super::{Context, Registry};
use crate::domain::ids::{PluginId, PluginSessionId};
use crate::domain::time::Timestamp;
use crate::json;
use crate::ports::{DbError, decode, decode_first};

/// The most sessions of a plugin that are on: a person has one or two.
pub const MAX_SESSIONS: i64 = 10;
/// The most progress that is kept of a plugin: a class of 40 in five lessons.
pub const MAX_PROGRESS: i64 = 200;
/// Of which a sync gives so much.
const PROGRESS_PAGE: i64 = 20;

const FIND: &str = "select id, body, started_at, ended_at from sessions where plugin_id = ?1 and source = ?2";
const COUNT: &str = "select count(*) as active from sessions where plugin_id = ?1 and ended_at is null";
const START: &str = "
    insert into sessions (plugin_id, id, source, body, started_at) values (?1, ?2, ?3, ?4, ?5)";
/// Ended ones are kept for a sync to show, but not many.
const FORGET_ENDED: &str = "
    delete from sessions where plugin_id = ?1 and ended_at is not null and id not in (
      select id from sessions where plugin_id = ?1 and ended_at is not null order by ended_at desc, id desc limit 10)";
const END: &str = "
    update sessions set ended_at = coalesce(ended_at, ?3) where plugin_id = ?1 and id = ?2
    returning id, body, started_at, ended_at";
const END_ALL: &str = "update sessions set ended_at = ?2 where plugin_id = ?1 and ended_at is null";
const LIST: &str = "
    select id, body, started_at, ended_at from sessions where plugin_id = ?1 order by started_at desc, id desc limit 20";
/// Late and repeated reports change nothing.
const KEEP: &str = "
    insert into progress (plugin_id, student_id, lesson_id, body, at) values (?1, ?2, ?3, ?4, ?5)
    on conflict (plugin_id, student_id, lesson_id) do update set body = excluded.body, at = excluded.at
    where excluded.at >= progress.at";
const FORGET: &str = "
    delete from progress where plugin_id = ?1 and (student_id, lesson_id) in (
      select student_id, lesson_id from progress where plugin_id = ?1
      order by at desc, student_id, lesson_id limit -1 offset ?2)";
const PROGRESS: &str = "
    select student_id, lesson_id, body, at from progress where plugin_id = ?1 order by at desc, student_id, lesson_id limit ?2";

#[derive(Deserialize)]
struct SessionRow {
    id: PluginSessionId,
    body: String,
    started_at: i64,
    ended_at: Option<i64>,
}

#[derive(Deserialize)]
struct CountRow {
    active: i64,
}

#[derive(Deserialize)]
struct ProgressRow {
    student_id: String,
    lesson_id: String,
    body: String,
    at: i64,
}

impl SessionRow {
    fn view(self) -> Result<SessionView, DbError> {
        Ok(SessionView {
            session_id: self.id,
            status: if self.ended_at.is_some() { "ended" } else { "active" }.to_owned(),
            started_at: Timestamp::from_millis(self.started_at),
            ended_at: self.ended_at.map(Timestamp::from_millis),
            data: json::from_str(&self.body).map_err(|error| broken(&error))?,
        })
    }
}

impl Registry {
    pub(super) fn start_session(
        &mut self,
        ctx: Context<'_>,
        plugin: &PluginId,
        id: &PluginSessionId,
        source: &str,
        body: &Json,
    ) -> Result<Result<Acted, ActRefusal>, DbError> {
        let find = || decode_first::<SessionRow>(ctx.sql.query(FIND, &of(plugin, [source.into()]))?);
        if find()?.is_none() {
            let count: Option<CountRow> = decode_first(ctx.sql.query(COUNT, &[plugin.into()])?)?;
            if count.is_some_and(|count| count.active >= MAX_SESSIONS) {
                return Ok(Err(ActRefusal::TooManySessions));
            }
            let body = serde_json::to_string(body).map_err(|error| broken(&error))?;
            ctx.sql.query(FORGET_ENDED, &[plugin.into()])?;
            ctx.sql.query(START, &of(plugin, [id.into(), source.into(), body.into(), ctx.now.into()]))?;
            self.measure(ctx, plugin)?;
            self.make_room(ctx, plugin)?;
        }
        match find()? {
            Some(row) => row.view().map(|view| Ok(Acted::Session(view))),
            None => Ok(Err(ActRefusal::UnknownSession)),
        }
    }

    pub(super) fn keep_progress(
        &mut self,
        ctx: Context<'_>,
        plugin: &PluginId,
        progress: &PluginProgress,
    ) -> Result<(), DbError> {
        let body = serde_json::to_string(&progress.body).map_err(|error| broken(&error))?;
        let values = [
            progress.student_id.as_str().into(),
            progress.lesson_id.as_str().into(),
            body.into(),
            progress.at.into(),
        ];
        ctx.sql.query(KEEP, &of(plugin, values))?;
        ctx.sql.query(FORGET, &of(plugin, [MAX_PROGRESS.into()]))?;
        self.measure(ctx, plugin)?;
        self.make_room(ctx, plugin)
    }
}

pub(super) fn end_session(
    ctx: Context<'_>,
    plugin: &PluginId,
    id: &PluginSessionId,
) -> Result<Result<Acted, ActRefusal>, DbError> {
    match decode_first::<SessionRow>(ctx.sql.query(END, &of(plugin, [id.into(), ctx.now.into()]))?)? {
        Some(row) => row.view().map(|view| Ok(Acted::Session(view))),
        None => Ok(Err(ActRefusal::UnknownSession)),
    }
}

pub(super) fn end_sessions(ctx: Context<'_>, plugin: &PluginId) -> Result<(), DbError> {
    ctx.sql.query(END_ALL, &of(plugin, [ctx.now.into()])).map(drop)
}

pub(super) fn sessions(ctx: Context<'_>, plugin: &PluginId) -> Result<Vec<SessionView>, DbError> {
    let rows: Vec<SessionRow> = decode(ctx.sql.query(LIST, &[plugin.into()])?)?;
    rows.into_iter().map(SessionRow::view).collect()
}

pub(super) fn newest_progress(ctx: Context<'_>, plugin: &PluginId) -> Result<Vec<PluginProgress>, DbError> {
    let rows: Vec<ProgressRow> = decode(ctx.sql.query(PROGRESS, &of(plugin, [PROGRESS_PAGE.into()]))?)?;
    let read = |row: ProgressRow| {
        let body = json::from_str(&row.body).map_err(|error| broken(&error))?;
        let at = Timestamp::from_millis(row.at);
        Ok(PluginProgress { student_id: row.student_id, lesson_id: row.lesson_id, body, at })
    };
    rows.into_iter().map(read).collect()
}
