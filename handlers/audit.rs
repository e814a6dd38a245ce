//! The audit log, for those who answer for the school.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, header};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::context::RequestContext;
use super::extract::{List, PageQuery, Query};
use super::out::Out;
use super::problem::{ApiError, ProblemCode, Problems};
use super::reader::{AuditRead, Reader};
use super::routing::{OpenApiRouter, routes};
use super::{App, AppState};
use crate::domain::audit::{AuditAction, Subject, SubjectKind};
use crate::domain::cursor;
use crate::domain::ids::{AuditId, SchoolId};
use crate::domain::results::spreadsheet_safe;
use crate::domain::time::Timestamp;
use crate::json;
use crate::storage::audit;
use crate::storage::audit_log::{self, Filter, ListedEvent};

/// Longest id that is looked for; routes are the longest.
const MAX_SUBJECT: usize = 200;
/// The most events of one file. The header `Link` says where it goes on.
const MAX_FILE: usize = 10_000;
/// Events that are read at once for a file.
const FILE_STEP: i64 = 1_000;
/// Behind the id of every event.
const BEHIND_ALL: &str = "aud_~";

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(read_audit))
}

/// Which events.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AuditQuery {
    /// Only what this one did, by its id.
    #[param(max_length = 200)]
    actor: Option<String>,
    /// Only this.
    #[param(inline)]
    action: Option<AuditAction>,
    /// Only what was done on this one, by its id.
    #[param(max_length = 200)]
    target: Option<String>,
    /// Only from then on.
    after: Option<Timestamp>,
    /// Only before then.
    before: Option<Timestamp>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
    /// 1 to 100, 50 when left out; a file holds 10,000 whatever is said here.
    limit: Option<i64>,
}

/// An event.
#[derive(Serialize, ToSchema)]
pub struct AuditEventOut {
    /// The event.
    id: String,
    /// When.
    at: Timestamp,
    /// What.
    #[schema(value_type = AuditAction)]
    action: String,
    /// Who did it.
    actor: ActorOut,
    /// On whom or what.
    target: Option<TargetOut>,
    /// Why.
    reason: Option<String>,
    /// From which IP address.
    address: Option<String>,
    /// From which country, ISO 3166-1 alpha-2.
    country: Option<String>,
    /// In which request.
    request_id: String,
    /// More, by action.
    #[schema(value_type = Option<Object>)]
    detail: Option<serde_json::Value>,
    /// Its place in the chain; null for a moment, until it is sealed.
    seal: Option<SealOut>,
}

/// Who did it.
#[derive(Serialize, ToSchema)]
pub struct ActorOut {
    /// What kind.
    #[schema(value_type = SubjectKind)]
    kind: String,
    /// Which one.
    id: String,
    /// The name, while there is one.
    name: Option<String>,
}

/// On whom or what.
#[derive(Serialize, ToSchema)]
pub struct TargetOut {
    /// What kind.
    #[schema(value_type = SubjectKind)]
    kind: String,
    /// Which one.
    id: String,
}

/// The place in the chain.
#[derive(Serialize, ToSchema)]
pub struct SealOut {
    /// The number, from 1 and without gaps.
    seq: i64,
    /// Of the seal before, the number and the event: SHA-256, in hex.
    hash: String,
}

impl From<ListedEvent> for AuditEventOut {
    fn from(row: ListedEvent) -> Self {
        let ListedEvent { event, actor_name, seq, hash } = row;
        let name = actor_name.filter(|name| !name.is_empty());
        Self {
            id: event.id,
            at: Timestamp::from_millis(event.at),
            action: event.action,
            actor: ActorOut { kind: event.actor_kind, id: event.actor_id, name },
            target: event.target_kind.zip(event.target_id).map(|(kind, id)| TargetOut { kind, id }),
            reason: event.reason,
            address: event.address,
            country: event.country,
            request_id: event.request_id,
            detail: event.detail.and_then(|text| json::from_str(&text).ok()),
            seal: seq.zip(hash).map(|(seq, hash)| SealOut { seq, hash }),
        }
    }
}

fn filter(query: &AuditQuery, cursor: Option<String>) -> Result<Filter, ApiError> {
    let too_long = |text: &Option<String>| text.as_ref().is_some_and(|text| text.len() > MAX_SUBJECT);
    if too_long(&query.actor) || too_long(&query.target) {
        let detail = format!("actor, target: at most {MAX_SUBJECT} characters");
        return Err(ApiError::new(ProblemCode::Malformed, detail));
    }
    let bound = |time: Timestamp| AuditId::first_at(time).as_str().to_owned();
    let before = query.before.map_or_else(|| BEHIND_ALL.to_owned(), bound);
    Ok(Filter {
        actor: query.actor.clone(),
        action: query.action.map(AuditAction::name),
        target: query.target.clone(),
        from: query.after.map_or_else(String::new, bound),
        before: cursor.filter(|cursor| *cursor < before).unwrap_or(before),
    })
}

/// Read the audit log
///
/// The newest first. With `Accept: text/csv` the same as a file of up to 10,000 events, whose header `Link` says where it goes
/// on; that somebody took a file is an event itself.
#[utoipa::path(get, path = "/api/v1/audit", tag = "audit", security(("access_token" = []), ("integration_key" = [])), params(AuditQuery),
    responses((status = 200, content((List<AuditEventOut> = "application/json"), (String = "text/csv"))), Problems))]
async fn read_audit(
    State(app): State<AppState>,
    context: RequestContext,
    reader: Reader<AuditRead>,
    Query(query): Query<AuditQuery>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let page = PageQuery { cursor: query.cursor.clone(), limit: query.limit }.page()?;
    let filter = filter(&query, page.before.clone())?;
    let school = &reader.scope.school_id;
    audit_log::seal_waiting(app.db.as_ref(), school, app.clock.now()).await?;
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if accept.split(',').any(|range| range.trim().starts_with("text/csv")) {
        return file(&app, &context, school, reader.actor, filter).await;
    }
    let rows = audit_log::list(app.db.as_ref(), school, &filter, page.limit).await?;
    Ok(Out(List::of(rows, &page, |row| row.event.id.clone(), AuditEventOut::from)).into_response())
}

/// The events as a file. That it was taken is written down before it is given.
async fn file(
    app: &App,
    context: &RequestContext,
    school: &SchoolId,
    actor: Subject,
    mut filter: Filter,
) -> Result<Response, ApiError> {
    let mut rows: Vec<ListedEvent> = Vec::new();
    let mut is_whole = false;
    while !is_whole && rows.len() < MAX_FILE {
        let step = audit_log::list(app.db.as_ref(), school, &filter, FILE_STEP).await?;
        is_whole = i64::try_from(step.len()).is_ok_and(|read| read < FILE_STEP);
        if let Some(last) = step.last() {
            filter.before.clone_from(&last.event.id);
        }
        rows.extend(step);
    }
    let event = app.audit(school, actor, AuditAction::AuditExported, context);
    let event = event.with(serde_json::json!({"events": rows.len(), "is_whole": is_whole}));
    app.db.batch(vec![audit::insert(&event)]).await?;
    let body = csv(&rows).map_err(|error| ApiError::internal(error.to_string()))?;
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static("text/csv; charset=utf-8"));
    headers.insert(
        header::CONTENT_DISPOSITION,
        header::HeaderValue::from_static("attachment; filename=\"audit.csv\""),
    );
    if !is_whole {
        let next = format!("</api/v1/audit?cursor={}>; rel=\"next\"", cursor::encode(&filter.before));
        headers.extend(header::HeaderValue::from_str(&next).ok().map(|next| (header::LINK, next)));
    }
    Ok((headers, body).into_response())
}

/// RFC 4180, with cells that no spreadsheet runs.
fn csv(rows: &[ListedEvent]) -> Result<Vec<u8>, csv::Error> {
    let mut csv = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    csv.write_record([
        "at",
        "id",
        "action",
        "actor_kind",
        "actor_id",
        "actor_name",
        "target_kind",
        "target_id",
        "reason",
        "address",
        "country",
        "request_id",
        "detail",
        "seal_seq",
        "seal_hash",
    ])?;
    for ListedEvent { event, actor_name, seq, hash } in rows {
        let (at, seq) = (Timestamp::from_millis(event.at).to_rfc3339(), seq.map(|seq| seq.to_string()));
        let cells = [
            Some(&at),
            Some(&event.id),
            Some(&event.action),
            Some(&event.actor_kind),
            Some(&event.actor_id),
            actor_name.as_ref(),
            event.target_kind.as_ref(),
            event.target_id.as_ref(),
            event.reason.as_ref(),
            event.address.as_ref(),
            event.country.as_ref(),
            Some(&event.request_id),
            event.detail.as_ref(),
            seq.as_ref(),
            hash.as_ref(),
        ];
        csv.write_record(cells.map(|cell| cell.map(|cell| spreadsheet_safe(cell)).unwrap_or_default()))?;
    }
    csv.into_inner().map_err(|error| csv::Error::from(error.into_error()))
}
