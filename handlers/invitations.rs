//! Inviting people to the school: admins and teachers, teachers of a class, parents of a pupil.

use axum::extract::State;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::auth::{Recent, Teacher};
use super::classes::class_of;
use super::context::RequestContext;
use super::extract::{Json, List, PageQuery, Path, Query};
use super::guardians::seat_of;
use super::out::Out;
use super::problem::{ApiError, ProblemCode, Problems};
use super::registration::checked_email;
use super::routing::{OpenApiRouter, routes};
use super::{App, AppState};
use crate::domain::account::{LinkPurpose, link_tokens};
use crate::domain::audit::{AuditAction, Subject, SubjectKind};
use crate::domain::ids::{ClassId, InvitationId, MailId, SeatId, UserId};
use crate::domain::invitation::{INVITATION_MS, InvitationState};
use crate::domain::limits::{Action, Per};
use crate::domain::quiz::{FieldError, FieldErrorCode};
use crate::domain::time::Timestamp;
use crate::domain::tokens::sha256_hex;
use crate::domain::user::{Identity, Role};
use crate::jobs::Job;
use crate::mail::{Letter, Locale, MailJob};
use crate::rooms::Seat;
use crate::storage::invitations::{self, InvitationRow, NewInvitation};
use crate::storage::{classes, schools, users};

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(invite, list_invitations)).routes(routes!(withdraw_invitation))
}

/// Who is invited, and to what.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InvitationIn {
    /// The address: only an account of this address can accept.
    #[schema(max_length = 254)]
    email: String,
    /// `admin`, `teacher` or `parent`.
    role: Role,
    /// `teacher`: to run this class; only admins invite without a class. `parent`: the pupil's class.
    #[serde(default)]
    class_id: Option<ClassId>,
    /// `parent`: the pupil.
    #[serde(default)]
    seat_id: Option<SeatId>,
}

/// An invitation.
#[derive(Serialize, ToSchema)]
pub struct InvitationOut {
    /// The invitation.
    id: InvitationId,
    /// Of whom.
    email: String,
    /// As what.
    role: Role,
    /// To run this class, or as a parent of a pupil in it.
    class_id: Option<ClassId>,
    /// The pupil.
    seat_id: Option<SeatId>,
    /// By whom.
    invited_by: UserId,
    /// How it stands.
    state: InvitationState,
    /// Sent.
    created_at: Timestamp,
    /// How long it holds.
    expires_at: Timestamp,
}

impl From<InvitationRow> for InvitationOut {
    fn from(row: InvitationRow) -> Self {
        Self {
            id: row.id,
            email: row.email,
            role: row.role,
            class_id: row.class_id,
            seat_id: row.seat_id,
            invited_by: row.invited_by,
            state: row.state,
            created_at: Timestamp::from_millis(row.created_at),
            expires_at: Timestamp::from_millis(row.expires_at),
        }
    }
}

fn not_allowed(pointer: &str, detail: &str) -> ApiError {
    ApiError::invalid(vec![FieldError::new(pointer, FieldErrorCode::NotAllowed, detail)])
}

fn conflict(detail: &str) -> ApiError {
    ApiError::new(ProblemCode::Conflict, detail)
}

/// Whether the fields fit each other and the caller.
fn check(input: &InvitationIn, caller: &Identity) -> Result<(), ApiError> {
    let is_admin = caller.role == Role::Admin;
    match (input.role, &input.class_id, &input.seat_id) {
        (Role::Student, ..) => Err(not_allowed("/role", "pupils come by a game and need no account")),
        (Role::Admin, Some(_), _) => Err(not_allowed("/class_id", "an admin sees every class")),
        (Role::Admin | Role::Teacher, _, Some(_)) => Err(not_allowed("/seat_id", "only for a parent")),
        (Role::Parent, None, Some(_)) | (Role::Parent, Some(_), None) => {
            let error =
                FieldError::new("/class_id", FieldErrorCode::Required, "class_id and seat_id, or neither");
            Err(ApiError::invalid(vec![error]))
        }
        (Role::Admin | Role::Teacher, None, None) if !is_admin => Err(ApiError::new(
            ProblemCode::Forbidden,
            "Only admins invite admins and teachers of the school.",
        )),
        _ => Ok(()),
    }
}

/// Whether the invitation would give somebody of this very school anything. Of people elsewhere nothing is told.
async fn check_known(
    app: &App,
    caller: &Identity,
    input: &InvitationIn,
    email: &str,
) -> Result<(), ApiError> {
    let user = users::by_email(app.db.as_ref(), email).await?;
    let Some(user) = user.filter(|user| user.school_id == caller.school_id) else { return Ok(()) };
    if (user.role == Role::Parent) != (input.role == Role::Parent) {
        return Err(conflict(
            "Somebody with this address has another role in your school. Use another address.",
        ));
    }
    match &input.class_id {
        None => Err(conflict(
            "Somebody with this address is in your school already. An admin can change their role.",
        )),
        Some(class) if input.role == Role::Teacher => {
            let staff = classes::staff(app.db.as_ref(), &caller.school_id, class).await?;
            let runs_it = staff.iter().any(|member| member.user_id == user.id);
            if runs_it { Err(conflict("They run this class already.")) } else { Ok(()) }
        }
        Some(_) => Ok(()),
    }
}

/// Invite somebody
///
/// By mail, for seven days, for one account of this address. The same again takes the place of the one before.
#[utoipa::path(post, path = "/api/v1/invitations", tag = "people", security(("access_token" = [])),
    request_body = InvitationIn, responses((status = 201, body = InvitationOut), Problems))]
async fn invite(
    State(app): State<AppState>,
    context: RequestContext,
    Recent(teacher): Recent<Teacher>,
    Json { value: input, .. }: Json<InvitationIn>,
) -> Result<(StatusCode, Out<InvitationOut>), ApiError> {
    let email = checked_email(&input.email).map_err(|error| ApiError::invalid(vec![error]))?;
    let caller = &teacher.0;
    check(&input, caller)?;
    let seat = match (&input.class_id, &input.seat_id) {
        (Some(class), seat) => {
            let class = class_of(&app, &teacher, class).await?;
            match seat {
                Some(seat) => Some(seat_of(&app, &class, seat).await?),
                None => None,
            }
        }
        (None, _) => None,
    };
    check_known(&app, caller, &input, &email).await?;
    let school = schools::by_id(app.db.as_ref(), &caller.school_id).await?;
    let school = school.ok_or_else(|| ApiError::not_found("school"))?;
    if school.is_personal != 0 && input.role != Role::Parent {
        return Err(conflict("Found a school first: POST /api/v1/schools."));
    }
    app.count(&context, &[(Action::Invite, Per::Account.of(caller.user_id.as_str()))]).await?;
    let row = send(&app, caller, &context, &input, &email, seat.as_ref(), school.name).await?;
    Ok((StatusCode::CREATED, Out(row.into())))
}

/// Keeps the invitation, then mails it. What is kept and not mailed is replaced when the request is repeated.
async fn send(
    app: &App,
    caller: &Identity,
    context: &RequestContext,
    input: &InvitationIn,
    email: &str,
    seat: Option<&Seat>,
    school_name: String,
) -> Result<InvitationRow, ApiError> {
    let now = app.clock.now();
    let id = InvitationId::new(now, app.entropy.as_ref());
    let tokens = link_tokens(&app.config.auth_keys, LinkPurpose::Invitation, id.as_str());
    let token = tokens.first().map(String::as_str).unwrap_or_default();
    let new = NewInvitation {
        id: &id,
        school_id: &caller.school_id,
        token_hash: &sha256_hex(token),
        email,
        role: input.role,
        class_id: input.class_id.as_ref(),
        seat: seat.map(|seat| (&seat.id, seat.display_name.as_str())),
        invited_by: &caller.user_id,
        at: now,
        expires_at: now.plus_millis(INVITATION_MS),
    };
    let event = app
        .audit(&caller.school_id, Subject::user(&caller.user_id), AuditAction::InvitationSent, context)
        .on(Subject::new(SubjectKind::Invitation, id.as_str()))
        .with(serde_json::json!({"role": input.role, "class_id": input.class_id, "seat_id": input.seat_id}));
    let row = invitations::insert(app.db.as_ref(), &new, &event).await?;
    let row =
        row.ok_or_else(|| conflict("You may not invite right now, or too many invitations are open."))?;
    let link = format!("{}/accept-invitation#token={token}", app.config.public_url);
    let letter =
        Letter::Invitation { school_name, inviter_name: caller.display_name.clone(), role: input.role, link };
    let mail = MailJob {
        id: MailId::following("invitation", id.as_str()),
        to: email.to_owned(),
        display_name: String::new(),
        locale: Locale::default(),
        letter,
    };
    app.jobs.send(Job::Mail(mail)).await?;
    Ok(row)
}

/// List invitations
///
/// Newest first. A teacher gets their own, an admin the school's.
#[utoipa::path(get, path = "/api/v1/invitations", tag = "people", security(("access_token" = [])), params(PageQuery),
    responses((status = 200, body = List<InvitationOut>), Problems))]
async fn list_invitations(
    State(app): State<AppState>,
    teacher: Teacher,
    Query(query): Query<PageQuery>,
) -> Result<Out<List<InvitationOut>>, ApiError> {
    let page = query.page()?;
    let rows = invitations::list(app.db.as_ref(), &teacher.scope(), &page, app.clock.now()).await?;
    Ok(Out(List::of(rows, &page, |row| row.id.to_string(), InvitationOut::from)))
}

/// Withdraw an invitation
///
/// Its link is worth nothing from now on. Again is no error; one that was accepted is a 409.
#[utoipa::path(delete, path = "/api/v1/invitations/{invitation_id}", tag = "people", security(("access_token" = [])),
    params(("invitation_id" = String, Path)), responses((status = 204, description = "Withdrawn"), Problems))]
async fn withdraw_invitation(
    State(app): State<AppState>,
    context: RequestContext,
    teacher: Teacher,
    Path(id): Path<InvitationId>,
) -> Result<StatusCode, ApiError> {
    let caller = &teacher.0;
    let event = app
        .audit(&caller.school_id, Subject::user(&caller.user_id), AuditAction::InvitationWithdrawn, &context)
        .on(Subject::new(SubjectKind::Invitation, id.as_str()));
    let row = invitations::withdraw(app.db.as_ref(), &teacher.scope(), &id, &event).await?;
    match row.ok_or_else(|| ApiError::not_found("invitation"))?.state {
        InvitationState::Accepted => Err(conflict("It was accepted already.")),
        InvitationState::Open | InvitationState::Withdrawn | InvitationState::Expired => {
            Ok(StatusCode::NO_CONTENT)
        }
    }
}
