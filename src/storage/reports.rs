//! What the rooms report, and what is read of it when a room no longer holds it.

use serde::Deserialize;
use serde_json::json;

use super::{first, rows};
use crate::domain::ids::{ClassId, SchoolId, SessionId};
use crate::domain::results::{Sheet, SheetHead, SheetRow};
use crate::json;
use crate::ports::{Database, DbError, Statement, Value};
use crate::rooms::Report;

/// The guards: only for a class that is there, never a seat that is erased, and never an older report over a newer one.
const UPSERT_SEATS: &str = "
    insert into seats (class_id, seat_id, school_id, display_name, status, joined_at, seq)
    select ?1, value ->> 'seat_id', ?2, value ->> 'display_name', value ->> 'status', value ->> 'joined_at',
      cast(?3 as integer)
    from json_each(?4) where exists (select 1 from classes where school_id = ?2 and id = ?1)
      and not exists (
        select 1 from erased_seats e where e.school_id = ?2 and e.class_id = ?1 and e.seat_id = value ->> 'seat_id')
    on conflict (class_id, seat_id) do update
      set display_name = excluded.display_name, status = excluded.status, seq = excluded.seq
      where excluded.seq > seats.seq";
const UPSERT_SESSIONS: &str = "
    insert into live_sessions (id, class_id, school_id, body, seq)
    select value ->> 'id', ?1, ?2, value ->> 'body', cast(?3 as integer)
    from json_each(?4) where exists (select 1 from classes where school_id = ?2 and id = ?1)
    on conflict (id) do update set body = excluded.body, seq = excluded.seq where excluded.seq > live_sessions.seq";
const UPSERT_SHEETS: &str = "
    insert into session_sheets (session_id, part, class_id, school_id, body, seq)
    select value ->> 'session_id', value ->> 'part', ?1, ?2, value ->> 'body', cast(?3 as integer)
    from json_each(?4) where exists (select 1 from live_sessions where school_id = ?2 and id = value ->> 'session_id')
    on conflict (session_id, part) do update set body = excluded.body, seq = excluded.seq
      where excluded.seq > session_sheets.seq";
const HEAD: &str = "
    select body from live_sessions where school_id = ?1 and class_id = ?2 and id = ?3";
const SHEETS: &str = "
    select body from session_sheets where school_id = ?1 and class_id = ?2 and session_id = ?3 order by part";

#[derive(Deserialize)]
struct BodyRow {
    body: String,
}

/// Writes a report: one statement a table. The same report again, or an older one, changes nothing.
pub async fn apply(db: &dyn Database, report: &Report) -> Result<(), DbError> {
    let statement = |sql: &'static str, list: serde_json::Value| {
        let params = [
            Value::from(&report.class_id),
            (&report.school_id).into(),
            report.seq.into(),
            list.to_string().into(),
        ];
        Statement::new(sql, params)
    };
    let mut statements = Vec::new();
    if !report.seats.is_empty() {
        statements.push(statement(UPSERT_SEATS, json!(report.seats)));
    }
    if !report.sessions.is_empty() {
        statements.push(statement(UPSERT_SESSIONS, json!(report.sessions)));
    }
    if !report.sheets.is_empty() {
        statements.push(statement(UPSERT_SHEETS, json!(report.sheets)));
    }
    if !statements.is_empty() {
        db.batch(statements).await?;
    }
    Ok(())
}

/// The results of a session, as its room reported them last.
pub async fn sheet(
    db: &dyn Database,
    school: &SchoolId,
    class: &ClassId,
    id: &SessionId,
) -> Result<Option<Sheet>, DbError> {
    let params = || vec![Value::from(school), class.into(), id.into()];
    let Some(head) = first::<BodyRow>(db, HEAD, params()).await? else { return Ok(None) };
    let head: SheetHead = parse(&head.body)?;
    let mut sheet = Sheet { head, rows: Vec::new() };
    for part in rows::<BodyRow>(db, SHEETS, params()).await? {
        sheet.rows.extend(parse::<Vec<SheetRow>>(&part.body)?);
    }
    Ok(Some(sheet))
}

fn parse<T: serde::de::DeserializeOwned>(json: &str) -> Result<T, DbError> {
    json::from_str(json).map_err(|error| DbError::Backend(format!("a report does not decode: {error}")))
}
