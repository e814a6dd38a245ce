//! The people of a school, for its admins.

use axum::extract::State;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::access::{Ended, end_access};
use super::auth::{Admin, Recent};
use super::context::RequestContext;
use super::extract::{Json, List, PageQuery, Path, Query};
use super::out::Out;
use super::problem::{ApiError, ProblemCode, Problems};
use super::routing::{OpenApiRouter, routes};
use super::{App, AppState};
use crate::domain::audit::{AuditAction, MAX_REASON, Subject};
use crate::domain::ids::{MailId, UserId};
use crate::domain::quiz::{FieldError, FieldErrorCode};
use crate::domain::time::Timestamp;
use crate::domain::user::{Identity, PersonState, Role};
use crate::jobs::Job;
use crate::mail::{Letter, Locale, MailJob};
use crate::storage::people::{self, Change, Changed, PeopleFilter, PersonRow};
use crate::storage::schools;

/// Longest text that is searched for, in characters: an address.
const MAX_SEARCH: usize = 254;

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_users))
        .routes(routes!(show_user, change_role, remove_user))
        .routes(routes!(suspend_user))
        .routes(routes!(restore_user))
}

/// A person of the school.
#[derive(Serialize, ToSchema)]
pub struct PersonOut {
    /// The person.
    id: UserId,
    /// Their address.
    email: String,
    /// Their name.
    display_name: String,
    /// Their role.
    role: Role,
    /// Whether they may come in.
    state: PersonState,
    /// Since when they have an account.
    created_at: Timestamp,
    /// When they signed in last.
    last_seen_at: Option<Timestamp>,
    /// Whether they have a second factor.
    has_second_factor: bool,
}

impl From<PersonRow> for PersonOut {
    fn from(row: PersonRow) -> Self {
        Self {
            id: row.id,
            email: row.email,
            display_name: row.display_name,
            role: row.role,
            state: row.state,
            created_at: Timestamp::from_millis(row.created_at),
            last_seen_at: row.last_seen_at.map(Timestamp::from_millis),
            has_second_factor: row.factors > 0,
        }
    }
}

/// Which people.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PeopleQuery {
    /// A part of the name or address, at most 254 characters; letters from A to Z in any case.
    search: Option<String>,
    /// Of this role.
    role: Option<Role>,
    /// In this state.
    state: Option<PersonState>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
    /// 1 to 100, 50 when left out.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<i64>,
}

/// List people
///
/// Newest first.
#[utoipa::path(get, path = "/api/v1/users", tag = "people", security(("access_token" = [])), params(PeopleQuery),
    responses((status = 200, body = List<PersonOut>), Problems))]
async fn list_users(
    State(app): State<AppState>,
    Admin(admin): Admin,
    Query(query): Query<PeopleQuery>,
) -> Result<Out<List<PersonOut>>, ApiError> {
    let search = query.search.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    if search.as_ref().is_some_and(|text| text.chars().count() > MAX_SEARCH) {
        let detail = format!("search: at most {MAX_SEARCH} characters");
        return Err(ApiError::new(ProblemCode::Malformed, detail));
    }
    let page = PageQuery { cursor: query.cursor, limit: query.limit }.page()?;
    let filter = PeopleFilter { search, role: query.role, state: query.state };
    let rows = people::list(app.db.as_ref(), &admin.school_id, &filter, &page).await?;
    Ok(Out(List::of(rows, &page, |row| row.id.to_string(), PersonOut::from)))
}

/// Show a person
#[utoipa::path(get, path = "/api/v1/users/{user_id}", tag = "people", security(("access_token" = [])),
    params(("user_id" = String, Path)), responses((status = 200, body = PersonOut), Problems))]
async fn show_user(
    State(app): State<AppState>,
    Admin(admin): Admin,
    Path(id): Path<UserId>,
) -> Result<Out<PersonOut>, ApiError> {
    let person = people::by_id(app.db.as_ref(), &admin.school_id, &id).await?;
    person.map(|row| Out(row.into())).ok_or_else(|| ApiError::not_found("person"))
}

/// What an admin may change about a person.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PersonPatch {
    /// `admin`, `teacher` or `parent`.
    role: Role,
    /// For the audit log, 1 to 500 characters.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 500)]
    reason: Option<String>,
}

/// Why.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReasonIn {
    /// For the audit log, 1 to 500 characters.
    #[schema(min_length = 1, max_length = 500)]
    reason: String,
}

fn checked_reason(reason: &str) -> Result<String, ApiError> {
    let reason = reason.trim();
    let fits = (1..=MAX_REASON).contains(&reason.chars().count());
    if fits && !reason.chars().any(|c| c.is_control() && c != '\n') {
        return Ok(reason.to_owned());
    }
    let detail = format!("1 to {MAX_REASON} characters");
    Err(ApiError::invalid(vec![FieldError::new("/reason", FieldErrorCode::Malformed, detail)]))
}

/// Change a role
///
/// Felt within ten seconds: access tokens with the old role end, sign-ins go on, and the next refresh has the new one. Not
/// one's own: 409 `conflict`, or `last_admin`.
#[utoipa::path(patch, path = "/api/v1/users/{user_id}", tag = "people", security(("access_token" = [])),
    params(("user_id" = String, Path)), request_body = PersonPatch,
    responses((status = 200, body = PersonOut), Problems))]
async fn change_role(
    State(app): State<AppState>,
    context: RequestContext,
    Recent(Admin(admin)): Recent<Admin>,
    Path(id): Path<UserId>,
    Json { value: input, .. }: Json<PersonPatch>,
) -> Result<Out<PersonOut>, ApiError> {
    if input.role == Role::Student {
        let detail = "pupils come by a game and need no account";
        return Err(ApiError::invalid(vec![FieldError::new("/role", FieldErrorCode::NotAllowed, detail)]));
    }
    let reason = input.reason.as_deref().map(checked_reason).transpose()?;
    change(&app, &admin, &id, Change::Role(input.role), reason, &context).await.map(Out)
}

/// Suspend a person
///
/// They are out within ten seconds, on every route and socket. Again is no error.
#[utoipa::path(post, path = "/api/v1/users/{user_id}/suspend", tag = "people", security(("access_token" = [])),
    params(("user_id" = String, Path)), request_body = ReasonIn,
    responses((status = 200, body = PersonOut), Problems))]
async fn suspend_user(
    State(app): State<AppState>,
    context: RequestContext,
    Recent(Admin(admin)): Recent<Admin>,
    Path(id): Path<UserId>,
    Json { value: input, .. }: Json<ReasonIn>,
) -> Result<Out<PersonOut>, ApiError> {
    let reason = checked_reason(&input.reason)?;
    change(&app, &admin, &id, Change::Suspend, Some(reason), &context).await.map(Out)
}

/// Restore a person
///
/// They may sign in again. Again is no error.
#[utoipa::path(post, path = "/api/v1/users/{user_id}/restore", tag = "people", security(("access_token" = [])),
    params(("user_id" = String, Path)), responses((status = 200, body = PersonOut), Problems))]
async fn restore_user(
    State(app): State<AppState>,
    context: RequestContext,
    Recent(Admin(admin)): Recent<Admin>,
    Path(id): Path<UserId>,
) -> Result<Out<PersonOut>, ApiError> {
    change(&app, &admin, &id, Change::Restore, None, &context).await.map(Out)
}

/// Remove a person
///
/// Name and address are erased; classes and quizzes stay with the school. They are out as with a suspension. Again is no error.
#[utoipa::path(delete, path = "/api/v1/users/{user_id}", tag = "people", security(("access_token" = [])),
    params(("user_id" = String, Path)), responses((status = 204, description = "Removed"), Problems))]
async fn remove_user(
    State(app): State<AppState>,
    context: RequestContext,
    Recent(Admin(admin)): Recent<Admin>,
    Path(id): Path<UserId>,
) -> Result<StatusCode, ApiError> {
    change(&app, &admin, &id, Change::Remove, None, &context).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Does it, and makes it felt.
async fn change(
    app: &App,
    admin: &Identity,
    id: &UserId,
    what: Change,
    reason: Option<String>,
    context: &RequestContext,
) -> Result<PersonOut, ApiError> {
    let school = &admin.school_id;
    if *id == admin.user_id {
        return Err(oneself(people::has_other_admin(app.db.as_ref(), school, id).await?));
    }
    let action = match what {
        Change::Role(_) => AuditAction::RoleChanged,
        Change::Suspend => AuditAction::UserSuspended,
        Change::Restore => AuditAction::UserRestored,
        Change::Remove => AuditAction::UserRemoved,
    };
    let mut event = app.audit(school, Subject::user(&admin.user_id), action, context).on(Subject::user(id));
    event.reason = reason;
    if let Change::Role(role) = what {
        event = event.with(serde_json::json!({"role": role}));
    }
    match people::change(app.db.as_ref(), (school, &admin.user_id, id), what, &event).await? {
        Changed::NotFound => Err(ApiError::not_found("person")),
        Changed::NotAdmin => Err(ApiError::new(ProblemCode::Forbidden, "You are no longer an admin.")),
        Changed::Done { person, ended, is_new } => {
            match what {
                Change::Role(_) => end_access(app, school, id, Ended::Role).await?,
                Change::Suspend | Change::Remove => {
                    end_access(app, school, id, Ended::Everything(ended)).await?;
                }
                Change::Restore => {}
            }
            if is_new && what == Change::Suspend {
                tell_suspended(app, admin, &person, event.id.as_str()).await?;
            }
            Ok(person.into())
        }
    }
}

fn oneself(has_other_admin: bool) -> ApiError {
    if has_other_admin {
        ApiError::new(ProblemCode::Conflict, "Nobody changes their own rights. Ask another admin.")
    } else {
        let detail = "You are the only admin. Make somebody else one first, then ask them.";
        ApiError::new(ProblemCode::LastAdmin, detail)
    }
}

async fn tell_suspended(
    app: &App,
    admin: &Identity,
    person: &PersonRow,
    event: &str,
) -> Result<(), ApiError> {
    let school = schools::by_id(app.db.as_ref(), &admin.school_id).await?;
    let letter = Letter::AccountSuspended { school_name: school.map(|row| row.name).unwrap_or_default() };
    let mail = MailJob {
        id: MailId::following("account_suspended", event),
        to: person.email.clone(),
        display_name: person.display_name.clone(),
        locale: Locale::default(),
        letter,
    };
    app.enqueue(Job::Mail(mail)).await;
    Ok(())
}
