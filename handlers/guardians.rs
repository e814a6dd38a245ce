//! Parents of pupils: a teacher hands out a code, a parent enters it, and sees the results of that pupil and of no other.

use axum::extract::State;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::auth::{Parent, Person, Teacher};
use super::classes::class_of;
use super::context::RequestContext;
use super::extract::{Json, List, PageQuery, Path, Query};
use super::out::Out;
use super::problem::{ApiError, ProblemCode, Problems};
use super::routing::{OpenApiRouter, routes};
use super::seats::unexpected;
use super::{App, AppState};
use crate::domain::audit::{AuditAction, Subject, SubjectKind};
use crate::domain::ids::{
    ClassId, GuardianLinkId, SeatId, SessionId, new_guardian_code, parse_guardian_code,
};
use crate::domain::limits::{Action, Per};
use crate::domain::live_session::Status;
use crate::domain::results::{PupilResult, SheetHead, SheetRow};
use crate::domain::time::{DAY_MS, Timestamp};
use crate::domain::tokens::hex;
use crate::domain::user::{Identity, Role};
use crate::json;
use crate::rooms::{RoomAnswer, RoomOp, Seat, SeatStatus};
use crate::storage::classes::ClassRow;
use crate::storage::guardians::{self, CodeRow, LinkRow, NewCode, PupilSheetRow};

/// How long a code holds: a sheet of paper comes home within two weeks.
const CODE_MS: i64 = 14 * DAY_MS;

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(make_guardian_code))
        .routes(routes!(list_class_guardians))
        .routes(routes!(link_guardian, list_guardian_links))
        .routes(routes!(unlink_guardian))
        .routes(routes!(show_pupil_results))
}

/// A seat of a class that is not removed, as its room knows it.
pub(super) async fn seat_of(app: &App, class: &ClassRow, id: &SeatId) -> Result<Seat, ApiError> {
    let seats = match app.rooms.call(class.facts(), RoomOp::Seats).await? {
        RoomAnswer::Seats(seats) => seats,
        other => return Err(unexpected(&other)),
    };
    let seat = seats.into_iter().find(|seat| seat.id == *id && seat.status != SeatStatus::Removed);
    seat.ok_or_else(|| ApiError::not_found("seat"))
}

/// A code for a pupil's parent.
#[derive(Serialize, ToSchema)]
pub struct GuardianCodeOut {
    /// What the parent types, in any case, with or without the hyphen.
    code: String,
    /// How long it holds.
    expires_at: Timestamp,
}

/// How a code is stored, under each key that there is, the newest first.
fn hashes(app: &App, code: &str) -> Vec<String> {
    app.config.auth_keys.macs("guardian-code", code).map(|mac| hex(&mac)).collect()
}

/// Make a code for a pupil's parent
///
/// For one parent, for 14 days. A pupil has four unused codes at most; the oldest gives way.
#[utoipa::path(post, path = "/api/v1/classes/{class_id}/seats/{seat_id}/guardian-code", tag = "people",
    security(("access_token" = [])), params(("class_id" = String, Path), ("seat_id" = String, Path)),
    responses((status = 201, body = GuardianCodeOut), Problems))]
async fn make_guardian_code(
    State(app): State<AppState>,
    context: RequestContext,
    teacher: Teacher,
    Path((class, seat)): Path<(ClassId, SeatId)>,
) -> Result<(StatusCode, Out<GuardianCodeOut>), ApiError> {
    let class = class_of(&app, &teacher, &class).await?;
    let seat = seat_of(&app, &class, &seat).await?;
    let now = app.clock.now();
    let code = new_guardian_code(app.entropy.as_ref());
    let expires_at = now.plus_millis(CODE_MS);
    let hashes = hashes(&app, &code);
    let new = NewCode {
        code_hash: hashes.first().map(String::as_str).unwrap_or_default(),
        school_id: &class.school_id,
        class_id: &class.id,
        seat_id: &seat.id,
        display_name: &seat.display_name,
        at: now,
        expires_at,
    };
    let actor = Subject::user(&teacher.0.user_id);
    let event = app
        .audit(&class.school_id, actor, AuditAction::GuardianCodeMade, &context)
        .on(Subject::new(SubjectKind::Seat, seat.id.as_str()));
    guardians::add_code(app.db.as_ref(), &new, &event).await?;
    let (first, second) = code.split_at_checked(4).unwrap_or((&code, ""));
    Ok((StatusCode::CREATED, Out(GuardianCodeOut { code: format!("{first}-{second}"), expires_at })))
}

/// A code as somebody typed it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LinkCodeIn {
    /// In any case, with or without spaces and hyphens.
    #[schema(max_length = 32)]
    code: String,
}

/// That the caller is a pupil's parent.
#[derive(Serialize, ToSchema)]
pub struct GuardianLinkOut {
    /// The link.
    id: GuardianLinkId,
    /// The class.
    class_id: ClassId,
    /// Its name.
    class_name: String,
    /// The pupil.
    seat_id: SeatId,
    /// The pupil's name.
    display_name: String,
    /// Since when.
    created_at: Timestamp,
}

impl From<LinkRow> for GuardianLinkOut {
    fn from(row: LinkRow) -> Self {
        Self {
            id: row.id,
            class_id: row.class_id,
            class_name: row.class_name,
            seat_id: row.seat_id,
            display_name: row.display_name,
            created_at: Timestamp::from_millis(row.created_at),
        }
    }
}

/// A parent of a pupil, for the pupil's teachers.
#[derive(Serialize, ToSchema)]
pub struct GuardianOut {
    /// The link.
    id: GuardianLinkId,
    /// The pupil.
    seat_id: SeatId,
    /// The pupil's name.
    display_name: String,
    /// The parent's name.
    guardian_name: String,
    /// Since when.
    created_at: Timestamp,
}

/// List the parents of a class
///
/// Newest first.
#[utoipa::path(get, path = "/api/v1/classes/{class_id}/guardians", tag = "people", security(("access_token" = [])),
    params(("class_id" = String, Path), PageQuery), responses((status = 200, body = List<GuardianOut>), Problems))]
async fn list_class_guardians(
    State(app): State<AppState>,
    teacher: Teacher,
    Path(class): Path<ClassId>,
    Query(query): Query<PageQuery>,
) -> Result<Out<List<GuardianOut>>, ApiError> {
    let page = query.page()?;
    let class = class_of(&app, &teacher, &class).await?;
    let rows = guardians::of_class(app.db.as_ref(), &class.school_id, &class.id, &page).await?;
    let item = |row: LinkRow| GuardianOut {
        id: row.id,
        seat_id: row.seat_id,
        display_name: row.display_name,
        guardian_name: row.guardian_name,
        created_at: Timestamp::from_millis(row.created_at),
    };
    Ok(Out(List::of(rows, &page, |row| row.id.to_string(), item)))
}

/// The code that somebody typed. Wrong ones are counted.
async fn code_of(
    app: &App,
    context: &RequestContext,
    parent: &Identity,
    text: &str,
) -> Result<CodeRow, ApiError> {
    let tried = [(Action::GuardianCode, Per::Account.of(parent.user_id.as_str()))];
    let spent = app.spend(context, &tried).await?;
    let found = match parse_guardian_code(text) {
        Some(code) => guardians::by_code(app.db.as_ref(), &hashes(app, &code)).await?,
        None => None,
    };
    let found = found.ok_or_else(|| ApiError::not_found("code"))?;
    app.give_back(context, spent).await;
    Ok(found)
}

/// Link me to a pupil
///
/// By the code that the teacher handed out. 410 when somebody else used it or it is too old; the same code again is no error
/// for who used it. The parent's account may be in another school, or in none.
#[utoipa::path(post, path = "/api/v1/guardians/links", tag = "people", security(("access_token" = [])),
    request_body = LinkCodeIn, responses((status = 201, body = GuardianLinkOut), Problems))]
async fn link_guardian(
    State(app): State<AppState>,
    context: RequestContext,
    Parent(parent): Parent,
    Json { value: input, .. }: Json<LinkCodeIn>,
) -> Result<(StatusCode, Out<GuardianLinkOut>), ApiError> {
    let code = code_of(&app, &context, &parent, &input.code).await?;
    let now = app.clock.now();
    let is_own = code.used_by.as_ref().is_some_and(|user| *user == parent.user_id);
    let is_open = code.used_by.is_none() && Timestamp::from_millis(code.expires_at) > now;
    let used = || {
        ApiError::new(
            ProblemCode::TokenUsed,
            "The code was used or is too old. Ask the teacher for a new one.",
        )
    };
    if !is_own && !is_open {
        return Err(used());
    }
    let id = GuardianLinkId::new(now, app.entropy.as_ref());
    let actor = Subject::user(&parent.user_id);
    let event = app
        .audit(&code.school_id, actor, AuditAction::GuardianLinked, &context)
        .on(Subject::new(SubjectKind::Seat, code.seat_id.as_str()));
    let link = guardians::link(app.db.as_ref(), &code, &parent, &id, &event).await?;
    link.map(|row| (StatusCode::CREATED, Out(row.into()))).ok_or_else(used)
}

/// List my children
///
/// Newest first.
#[utoipa::path(get, path = "/api/v1/guardians/links", tag = "people", security(("access_token" = [])), params(PageQuery),
    responses((status = 200, body = List<GuardianLinkOut>), Problems))]
async fn list_guardian_links(
    State(app): State<AppState>,
    Parent(parent): Parent,
    Query(query): Query<PageQuery>,
) -> Result<Out<List<GuardianLinkOut>>, ApiError> {
    let page = query.page()?;
    let rows = guardians::of_parent(app.db.as_ref(), &parent, &page).await?;
    Ok(Out(List::of(rows, &page, |row| row.id.to_string(), GuardianLinkOut::from)))
}

/// Unlink a parent from a pupil
///
/// By the parent, or by who runs the class.
#[utoipa::path(delete, path = "/api/v1/guardians/links/{link_id}", tag = "people", security(("access_token" = [])),
    params(("link_id" = String, Path)), responses((status = 204, description = "Unlinked"), Problems))]
async fn unlink_guardian(
    State(app): State<AppState>,
    context: RequestContext,
    Person(caller): Person,
    Path(id): Path<GuardianLinkId>,
) -> Result<StatusCode, ApiError> {
    let link = match caller.role {
        Role::Parent => guardians::one_of_parent(app.db.as_ref(), &caller, &id).await?,
        Role::Admin | Role::Teacher => {
            let scope = Teacher(caller.clone()).scope();
            guardians::one_of_staff(app.db.as_ref(), &scope, &id).await?
        }
        Role::Student => None,
    };
    let link = link.ok_or_else(|| ApiError::not_found("link"))?;
    let event = app
        .audit(&link.school_id, Subject::user(&caller.user_id), AuditAction::GuardianUnlinked, &context)
        .on(Subject::new(SubjectKind::Seat, link.seat_id.as_str()));
    guardians::unlink(app.db.as_ref(), &link.school_id, &id, &event).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A pupil's results of one session.
#[derive(Serialize, ToSchema)]
pub struct PupilSessionOut {
    /// The session.
    session_id: SessionId,
    /// The quiz.
    quiz_title: String,
    /// Where the session stands.
    status: Status,
    /// Started.
    started_at: Option<Timestamp>,
    /// Ended.
    ended_at: Option<Timestamp>,
    /// Questions in all.
    question_count: u32,
    /// The points that there are.
    max_points: u64,
    /// What the pupil made of it.
    #[serde(flatten)]
    result: PupilResult,
}

fn pupil_session(row: &PupilSheetRow) -> Result<PupilSessionOut, ApiError> {
    let broken = |error: json::Error| ApiError::internal(format!("a report does not decode: {error}"));
    let SheetHead { session, questions } = json::from_str(&row.head).map_err(broken)?;
    let own: SheetRow = json::from_str(&row.row).map_err(broken)?;
    Ok(PupilSessionOut {
        session_id: session.id,
        quiz_title: session.quiz_title,
        status: session.status,
        started_at: session.started_at,
        ended_at: session.ended_at,
        question_count: session.question_count,
        max_points: questions.iter().map(|question| u64::from(question.points)).sum(),
        result: PupilResult::of(&own),
    })
}

/// Show my child's results
///
/// Newest session first, each as the room reported it last. Nothing of other pupils.
#[utoipa::path(get, path = "/api/v1/guardians/links/{link_id}/results", tag = "people", security(("access_token" = [])),
    params(("link_id" = String, Path), PageQuery), responses((status = 200, body = List<PupilSessionOut>), Problems))]
async fn show_pupil_results(
    State(app): State<AppState>,
    Parent(parent): Parent,
    Path(id): Path<GuardianLinkId>,
    Query(query): Query<PageQuery>,
) -> Result<Out<List<PupilSessionOut>>, ApiError> {
    let page = query.page()?;
    let link = guardians::one_of_parent(app.db.as_ref(), &parent, &id).await?;
    let link = link.ok_or_else(|| ApiError::not_found("link"))?;
    let rows =
        guardians::sheets(app.db.as_ref(), &link.school_id, &link.class_id, &link.seat_id, &page).await?;
    let List { items, next_cursor } =
        List::of(rows, &page, |row| row.id.to_string(), |row| pupil_session(&row));
    let items = items.into_iter().collect::<Result<_, _>>()?;
    Ok(Out(List { items, next_cursor }))
}
