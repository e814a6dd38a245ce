//! Seats of a class, as its room knows them.

use axum::extract::State;

use super::auth::Teacher;
use super::classes::{class_in, class_of};
use super::extract::{List, Path};
use super::out::Out;
use super::problem::{ApiError, Problems};
use super::reader::{ClassesRead, Reader};
use super::routing::{OpenApiRouter, routes};
use super::{App, AppState};
use crate::domain::ids::{ClassId, SeatId};
use crate::rooms::{RoomAnswer, RoomOp, Seat, SeatMove};

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_seats))
        .routes(routes!(approve_seat))
        .routes(routes!(remove_seat))
}

/// An answer of another kind than the question's: a room of another version.
pub(super) fn unexpected(answer: &RoomAnswer) -> ApiError {
    match answer {
        RoomAnswer::Refused(refusal) => (*refusal).into(),
        _ => ApiError::internal("the room gave an answer of another kind"),
    }
}

/// List seats
#[utoipa::path(get, path = "/api/v1/classes/{class_id}/seats", tag = "classes",
    security(("access_token" = []), ("integration_key" = [])),
    params(("class_id" = String, Path)), responses((status = 200, body = List<Seat>), Problems))]
async fn list_seats(
    State(app): State<AppState>,
    reader: Reader<ClassesRead>,
    Path(id): Path<ClassId>,
) -> Result<Out<List<Seat>>, ApiError> {
    let class = class_in(&app, &reader.scope, &id).await?;
    match app.rooms.call(class.facts(), RoomOp::Seats).await? {
        RoomAnswer::Seats(seats) => Ok(Out(List::all(seats))),
        other => Err(unexpected(&other)),
    }
}

/// Let a pupil in
///
/// A waiting one, or one that was removed.
#[utoipa::path(post, path = "/api/v1/classes/{class_id}/seats/{seat_id}/approve", tag = "classes",
    security(("access_token" = [])), params(("class_id" = String, Path), ("seat_id" = String, Path)),
    responses((status = 200, body = Seat), Problems))]
async fn approve_seat(
    State(app): State<AppState>,
    teacher: Teacher,
    Path((class, seat)): Path<(ClassId, SeatId)>,
) -> Result<Out<Seat>, ApiError> {
    move_seat(&app, &teacher, &class, seat, SeatMove::Approve).await
}

/// Remove a pupil
///
/// What was earned stays in the results.
#[utoipa::path(post, path = "/api/v1/classes/{class_id}/seats/{seat_id}/remove", tag = "classes",
    security(("access_token" = [])), params(("class_id" = String, Path), ("seat_id" = String, Path)),
    responses((status = 200, body = Seat), Problems))]
async fn remove_seat(
    State(app): State<AppState>,
    teacher: Teacher,
    Path((class, seat)): Path<(ClassId, SeatId)>,
) -> Result<Out<Seat>, ApiError> {
    move_seat(&app, &teacher, &class, seat, SeatMove::Remove).await
}

async fn move_seat(
    app: &App,
    teacher: &Teacher,
    class: &ClassId,
    seat: SeatId,
    what: SeatMove,
) -> Result<Out<Seat>, ApiError> {
    let class = class_of(app, teacher, class).await?;
    match app.rooms.call(class.facts(), RoomOp::MoveSeat(seat, what)).await? {
        RoomAnswer::Seat(seat) => Ok(Out(seat)),
        other => Err(unexpected(&other)),
    }
}
