//! The other end of an invitation: what its link says, and accepting it. The link proves the address.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::account::{checked_name, checked_password};
use super::context::RequestContext;
use super::extract::Json;
use super::out::Out;
use super::problem::{ApiError, ProblemCode, Problems};
use super::registration::{link_hash, link_is_dead};
use super::routing::{OpenApiRouter, routes};
use super::{App, AppState};
use crate::domain::audit::{AuditAction, Subject, SubjectKind};
use crate::domain::ids::{GuardianLinkId, UserId};
use crate::domain::quiz::{FieldError, FieldErrorCode};
use crate::domain::user::Role;
use crate::storage::invitations::{self, Accepting, PresentedInvitation};

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(preview_invitation)).routes(routes!(accept_invitation))
}

/// What the link of an invitation carries.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PreviewIn {
    /// What stands behind `#token=`.
    token: String,
}

/// An invitation, for who holds its link.
#[derive(Serialize, ToSchema)]
pub struct PreviewOut {
    /// The school.
    school_name: String,
    /// As what.
    role: Role,
    /// The address that is invited.
    email: String,
    /// The class, if it is to one.
    class_name: Option<String>,
    /// The pupil, for a parent.
    pupil_name: Option<String>,
    /// Whether accepting it makes an account, with a name and a password.
    needs_account: bool,
}

/// Who accepts.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AcceptIn {
    /// What stands behind `#token=`.
    token: String,
    /// For a new account.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 100)]
    display_name: Option<String>,
    /// For a new account: 8 to 128 characters; any of them.
    #[serde(default)]
    #[schema(format = Password)]
    password: Option<String>,
}

/// It was accepted; sign in.
#[derive(Serialize, ToSchema)]
pub struct AcceptedOut {
    /// `accepted`.
    status: &'static str,
}

/// The invitation of a link, if it fits the account of its address, should there be one.
/// Counts the try.
async fn presented(
    app: &App,
    context: &RequestContext,
    token: &str,
) -> Result<PresentedInvitation, ApiError> {
    let token_hash = link_hash(app, context, token).await?;
    let found = invitations::presented(app.db.as_ref(), &token_hash, app.clock.now()).await?;
    let invitation = found.ok_or_else(link_is_dead)?;
    let conflict = |detail: &str| Err(ApiError::new(ProblemCode::Conflict, detail));
    match (&invitation.user_school_id, invitation.user_role, invitation.user_state.as_deref()) {
        (None, ..) => Ok(invitation),
        (Some(school), ..) if *school != invitation.school_id => conflict(
            "This address has an account in another school. Ask to be invited with another address; a parent can enter a code \
             from the teacher instead.",
        ),
        (_, _, Some("suspended")) => {
            conflict("The account of this address is suspended. Ask an admin of the school.")
        }
        (_, Some(role), _) if (role == Role::Parent) != (invitation.role == Role::Parent) => {
            conflict("This address has another role in the school. Ask to be invited with another address.")
        }
        _ => Ok(invitation),
    }
}

/// Show an invitation
///
/// By what its link carries. 410 for one that was used, withdrawn or is too old.
#[utoipa::path(post, path = "/api/v1/invitations/preview", tag = "people", request_body = PreviewIn,
    responses((status = 200, body = PreviewOut), Problems))]
async fn preview_invitation(
    State(app): State<AppState>,
    context: RequestContext,
    Json { value: input, .. }: Json<PreviewIn>,
) -> Result<Out<PreviewOut>, ApiError> {
    let invitation = presented(&app, &context, &input.token).await?;
    Ok(Out(PreviewOut {
        school_name: invitation.school_name,
        role: invitation.role,
        email: invitation.email,
        class_name: invitation.class_name,
        pupil_name: invitation.seat_name,
        needs_account: invitation.user_id.is_none(),
    }))
}

/// Name and password of a new account.
fn checked(input: &AcceptIn, email: &str) -> Result<(String, String), ApiError> {
    let required = |pointer| FieldError::new(pointer, FieldErrorCode::Required, "needed for a new account");
    let name = match &input.display_name {
        Some(name) => checked_name(name, "/display_name"),
        None => Err(required("/display_name")),
    };
    let names = [email, input.display_name.as_deref().unwrap_or_default()];
    let password = match &input.password {
        Some(password) => checked_password(password, "/password", &names).map(|()| password.clone()),
        None => Err(required("/password")),
    };
    match (name, password) {
        (Ok(name), Ok(password)) => Ok((name, password)),
        (name, password) => {
            Err(ApiError::invalid([name.err(), password.err()].into_iter().flatten().collect()))
        }
    }
}

/// Accept an invitation
///
/// A new account needs `display_name` and `password`; its address counts as proved. An account of the school gets the class,
/// the pupil or the role. Then sign in.
#[utoipa::path(post, path = "/api/v1/invitations/accept", tag = "people", request_body = AcceptIn,
    responses((status = 200, body = AcceptedOut), Problems))]
async fn accept_invitation(
    State(app): State<AppState>,
    context: RequestContext,
    Json { value: input, .. }: Json<AcceptIn>,
) -> Result<Out<AcceptedOut>, ApiError> {
    let invitation = presented(&app, &context, &input.token).await?;
    let (now, entropy) = (app.clock.now(), app.entropy.as_ref());
    let account = if invitation.user_id.is_none() {
        let (name, password) = checked(&input, &invitation.email)?;
        Some((name, app.hashing.hash(&password).await?))
    } else {
        None
    };
    let user = invitation.user_id.clone().unwrap_or_else(|| UserId::new(now, entropy));
    let event = app
        .audit(&invitation.school_id, Subject::user(&user), AuditAction::InvitationAccepted, &context)
        .on(Subject::new(SubjectKind::Invitation, invitation.id.as_str()))
        .with(serde_json::json!({"role": invitation.role, "is_new_account": account.is_some()}));
    let accepting = Accepting {
        user: &user,
        new: account.as_ref().map(|(name, hash)| (name.as_str(), hash.as_str())),
        link: &GuardianLinkId::new(now, entropy),
    };
    if invitations::accept(app.db.as_ref(), &invitation, &accepting, &event).await? {
        return Ok(Out(AcceptedOut { status: "accepted" }));
    }
    // Somebody was quicker: what stands now says how.
    presented(&app, &context, &input.token).await?;
    Err(ApiError::new(ProblemCode::Conflict, "Something changed meanwhile. Try again."))
}
