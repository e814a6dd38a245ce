//! Passwords that change.

use axum::extract::State;
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use super::access::{Ended, end_access};
use super::account::{checked_password, gone};
use super::auth::Account;
use super::context::RequestContext;
use super::extract::Json;
use super::out::Out;
use super::problem::{ApiError, ProblemCode, Problems};
use super::registration::{
    EmailIn, MAILED, MailedOut, checked_email, count_mail, link_hash, link_is_dead, wish,
};
use super::routing::{OpenApiRouter, routes};
use super::{App, AppState};
use crate::domain::audit::{AuditAction, AuditEvent, Subject};
use crate::domain::ids::MailId;
use crate::domain::limits::{Action, Per};
use crate::domain::password::MAX_PASSWORD;
use crate::domain::user::Identity;
use crate::jobs::{Job, Wish};
use crate::mail::{Letter, Locale, MailJob};
use crate::storage::passwords;
use crate::storage::users::{self, UserRow};

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(ask_for_reset)).routes(routes!(confirm_reset)).routes(routes!(change))
}

/// Ask for a link that sets a new password
///
/// The answer, and the time that it takes, are the same for every address.
#[utoipa::path(post, path = "/api/v1/auth/password-reset", tag = "auth", request_body = EmailIn,
    responses((status = 202, body = MailedOut), Problems))]
async fn ask_for_reset(
    State(app): State<AppState>,
    context: RequestContext,
    Json { value: input, .. }: Json<EmailIn>,
) -> Result<(StatusCode, Out<MailedOut>), ApiError> {
    let email = checked_email(&input.email).map_err(|error| ApiError::invalid(vec![error]))?;
    count_mail(&app, &context, Action::Mail, &email).await?;
    wish(&app, email, Wish::ResetPassword).await?;
    Ok(MAILED)
}

/// A new password, by a link.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResetIn {
    /// What stands behind `#token=`.
    token: String,
    /// 8 to 128 characters; any of them.
    #[schema(format = Password)]
    new_password: String,
}

/// Set a new password by a link
///
/// Ends every session of the person. A link is good once, for an hour.
#[utoipa::path(post, path = "/api/v1/auth/password-reset/confirm", tag = "auth", request_body = ResetIn,
    responses((status = 204, description = "Set; sign in"), Problems))]
async fn confirm_reset(
    State(app): State<AppState>,
    context: RequestContext,
    Json { value: input, .. }: Json<ResetIn>,
) -> Result<StatusCode, ApiError> {
    let token_hash = link_hash(&app, &context, &input.token).await?;
    let now = app.clock.now();
    let row = passwords::reset(app.db.as_ref(), &token_hash, now).await?.ok_or_else(link_is_dead)?;
    checked_password(&input.new_password, "/new_password", &[&row.email, &row.display_name])
        .map_err(|error| ApiError::invalid(vec![error]))?;
    let hash = app.hashing.hash(&input.new_password).await?;
    let event = app.audit(&row.school_id, Subject::user(&row.user_id), AuditAction::PasswordReset, &context);
    let ended = passwords::set_by_reset(app.db.as_ref(), &token_hash, &row, &hash, &event, now).await?;
    let ended = Ended::SignIns(ended.ok_or_else(link_is_dead)?);
    end_access(&app, &row.school_id, &row.user_id, ended).await?;
    tell_changed(&app, &event, row.email, row.display_name).await;
    Ok(StatusCode::NO_CONTENT)
}

async fn tell_changed(app: &App, event: &AuditEvent, email: String, display_name: String) {
    let id = MailId::following("password_changed", event.id.as_str());
    let letter = Letter::PasswordChanged;
    let mail = MailJob { id, to: email, display_name, locale: Locale::default(), letter };
    app.enqueue(Job::Mail(mail)).await;
}

/// A new password, by the old one.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeIn {
    /// Absent for somebody who has none yet and has just proved who they are.
    #[serde(default)]
    #[schema(format = Password)]
    current_password: Option<String>,
    /// 8 to 128 characters; any of them.
    #[schema(format = Password)]
    new_password: String,
}

/// The caller's account, while it is good.
pub(super) async fn own_account(app: &App, caller: &Identity) -> Result<UserRow, ApiError> {
    let user = users::by_id(app.db.as_ref(), &caller.school_id, &caller.user_id).await?;
    user.filter(UserRow::is_active).ok_or_else(gone)
}

/// Checks the caller's own password, of which there are only so many tries.
pub(super) async fn check_own_password(
    app: &App,
    context: &RequestContext,
    user: &UserRow,
    password: &str,
) -> Result<(), ApiError> {
    let attempt = app.spend(context, &[(Action::StepUp, Per::Account.of(user.id.as_str()))]).await?;
    let fits = password.chars().count() <= MAX_PASSWORD
        && app.hashing.verify(password, Some(&user.password_hash)).await?;
    if !fits {
        return Err(ApiError::new(ProblemCode::InvalidCredentials, "The password is wrong."));
    }
    app.give_back(context, attempt).await;
    Ok(())
}

/// Change my password
///
/// Ends every other session.
#[utoipa::path(post, path = "/api/v1/auth/password/change", tag = "auth", security(("access_token" = [])),
    request_body = ChangeIn, responses((status = 204, description = "Changed"), Problems))]
async fn change(
    State(app): State<AppState>,
    context: RequestContext,
    Account(caller): Account,
    Json { value: input, .. }: Json<ChangeIn>,
) -> Result<StatusCode, ApiError> {
    let now = app.clock.now();
    let user = own_account(&app, &caller).await?;
    checked_password(&input.new_password, "/new_password", &[&user.email, &user.display_name])
        .map_err(|error| ApiError::invalid(vec![error]))?;
    match &input.current_password {
        Some(password) => check_own_password(&app, &context, &user, password).await?,
        None if user.password_hash.is_empty() && caller.is_recent(now) => {}
        None => {
            return Err(ApiError::new(
                ProblemCode::StepUpRequired,
                "Send current_password, or prove again who you are.",
            ));
        }
    }
    let hash = app.hashing.hash(&input.new_password).await?;
    let event =
        app.audit(&caller.school_id, Subject::user(&caller.user_id), AuditAction::PasswordChanged, &context);
    let owner =
        passwords::Owner { school: &caller.school_id, user: &caller.user_id, sign_in: &caller.sign_in_id };
    let ended = passwords::change(app.db.as_ref(), &owner, &user.password_hash, &hash, &event, now).await?;
    let ended =
        ended.ok_or_else(|| ApiError::new(ProblemCode::Conflict, "The password was changed meanwhile."))?;
    end_access(&app, &caller.school_id, &caller.user_id, Ended::SignIns(ended)).await?;
    tell_changed(&app, &event, user.email, user.display_name).await;
    Ok(StatusCode::NO_CONTENT)
}
