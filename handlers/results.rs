//! What came of it: the board, the results, the numbered log.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, header};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::AppState;
use super::auth::Teacher;
use super::classes::{class_in, class_of};
use super::event_stream::{self, Follow};
use super::extract::{Path, Query};
use super::out::Out;
use super::problem::{ApiError, ProblemCode, Problems};
use super::reader::{Reader, ResultsRead};
use super::routing::{OpenApiRouter, routes};
use super::seats::unexpected;
use crate::domain::ids::{ClassId, SessionId};
use crate::domain::leaderboard::{LeaderboardItem, Window};
use crate::domain::results::Results;
use crate::rooms::{EventPage, Refusal, RoomAnswer, RoomOp, channels_of};
use crate::storage::reports;

/// The most events of one page.
const MAX_EVENTS: i64 = 500;

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(show_leaderboard))
        .routes(routes!(show_results))
        .routes(routes!(list_events))
}

/// Which board.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct BoardQuery {
    /// `all` when left out. Days and weeks are UTC; a week starts on Monday.
    #[serde(default)]
    window: Window,
}

/// The board.
#[derive(Serialize, ToSchema)]
pub struct Leaderboard {
    /// Best first.
    items: Vec<LeaderboardItem>,
    /// The newest event that is in it.
    as_of_seq: i64,
}

/// Whose results.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ResultsQuery {
    /// The newest session when left out.
    session_id: Option<String>,
}

/// Which part of the log.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EventsQuery {
    /// The last number known.
    after: i64,
    /// 1 to 500, 100 when left out.
    limit: Option<i64>,
}

/// Show the leaderboard
#[utoipa::path(get, path = "/api/v1/classes/{class_id}/leaderboard", tag = "live",
    security(("access_token" = []), ("integration_key" = [])),
    params(("class_id" = String, Path), BoardQuery), responses((status = 200, body = Leaderboard), Problems))]
async fn show_leaderboard(
    State(app): State<AppState>,
    reader: Reader<ResultsRead>,
    Path(class_id): Path<ClassId>,
    Query(query): Query<BoardQuery>,
) -> Result<Out<Leaderboard>, ApiError> {
    let class = class_in(&app, &reader.scope, &class_id).await?;
    match app.rooms.call(class.facts(), RoomOp::Leaderboard(query.window)).await? {
        RoomAnswer::Leaderboard(items, as_of_seq) => Ok(Out(Leaderboard { items, as_of_seq })),
        other => Err(unexpected(&other)),
    }
}

/// Show results
///
/// Pupils × questions of one session; with `Accept: text/csv` the same table as a file. From the room while it holds the
/// session, later from what it reported.
#[utoipa::path(get, path = "/api/v1/classes/{class_id}/results", tag = "live",
    security(("access_token" = []), ("integration_key" = [])),
    params(("class_id" = String, Path), ResultsQuery),
    responses((status = 200, content((Results = "application/json"), (String = "text/csv"))), Problems))]
async fn show_results(
    State(app): State<AppState>,
    reader: Reader<ResultsRead>,
    Path(class_id): Path<ClassId>,
    Query(query): Query<ResultsQuery>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let class = class_in(&app, &reader.scope, &class_id).await?;
    let session_id = match query.session_id.as_deref().map(SessionId::parse) {
        Some(None) => return Err(ApiError::not_found("live session")),
        known => known.flatten(),
    };
    let sheet = match app.rooms.call(class.facts(), RoomOp::Results(session_id.clone())).await? {
        RoomAnswer::Results(sheet) => Some(*sheet),
        RoomAnswer::Refused(Refusal::NotFound) => match &session_id {
            Some(id) => reports::sheet(app.db.as_ref(), &class.school_id, &class.id, id).await?,
            None => None,
        },
        other => return Err(unexpected(&other)),
    };
    let results = Results::from(sheet.ok_or_else(|| ApiError::not_found("live session"))?);
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if accept.split(',').any(|range| range.trim().starts_with("text/csv")) {
        return csv(&results);
    }
    Ok(Out(results).into_response())
}

fn csv(results: &Results) -> Result<Response, ApiError> {
    let file = results.to_csv().map_err(|error| ApiError::internal(error.to_string()))?;
    let name = format!("attachment; filename=\"results-{}.csv\"", results.session.id);
    let headers =
        [(header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()), (header::CONTENT_DISPOSITION, name)];
    Ok((headers, file).into_response())
}

/// List events
///
/// The room's numbered log behind a number: what a dashboard missed. 410 when the log no longer reaches back so far. With
/// `Accept: text/event-stream` it goes on with what happens from then on, as server-sent events with the numbers as their ids: of
/// the class's feed and of what is meant for the caller. `Last-Event-ID` counts before `after`.
#[utoipa::path(get, path = "/api/v1/classes/{class_id}/events", tag = "live", security(("access_token" = [])),
    params(("class_id" = String, Path), EventsQuery,
        ("Last-Event-ID" = Option<i64>, Header, description = "The last number known, as an EventSource sends it.")),
    responses((status = 200, content((EventPage = "application/json"), (String = "text/event-stream"))), Problems))]
async fn list_events(
    State(app): State<AppState>,
    teacher: Teacher,
    Path(class_id): Path<ClassId>,
    Query(query): Query<EventsQuery>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let limit = query.limit.unwrap_or(100);
    let is_stream = event_stream::is_wanted(&headers);
    let after = event_stream::last_event_id(&headers).filter(|_| is_stream).unwrap_or(query.after);
    if after < 0 || !(1..=MAX_EVENTS).contains(&limit) {
        let detail = format!("after: 0 or more; limit: 1 to {MAX_EVENTS}");
        return Err(ApiError::new(ProblemCode::Malformed, detail));
    }
    let class = class_of(&app, &teacher, &class_id).await?;
    let caller = &teacher.0;
    let channels = if is_stream {
        event_stream::channels(caller)
    } else {
        channels_of(caller.user_id.as_str(), caller.role)
    };
    let op = RoomOp::Events { after, limit, channels: channels.clone() };
    let page = match app.rooms.call(class.facts(), op).await? {
        RoomAnswer::Events(page) => page,
        other => return Err(unexpected(&other)),
    };
    let Some(authorization) = headers.get(header::AUTHORIZATION).filter(|_| is_stream) else {
        return Ok(Out(page).into_response());
    };
    let end = event_stream::end_of(&page, limit);
    let follow = Follow {
        room_key: class.room_key,
        channels,
        path: format!("/api/v1/classes/{class_id}/events?after={after}"),
        authorization: authorization.clone(),
        after: end,
        is_behind: end < page.last_seq,
    };
    Ok(event_stream::begin(&page, follow))
}
