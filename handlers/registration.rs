//! How an account comes to be: typed, proved by mail.

use axum::extract::State;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::account::{checked_name, checked_password};
use super::context::RequestContext;
use super::extract::Json;
use super::out::Out;
use super::problem::{ApiError, ProblemCode, Problems};
use super::routing::{OpenApiRouter, routes};
use super::{App, AppState};
use crate::domain::account::{LinkPurpose, MAX_LINK_TOKEN, link_tokens, normal_email};
use crate::domain::audit::{AuditAction, Subject};
use crate::domain::ids::{MailId, RegistrationId, SchoolId, UserId};
use crate::domain::limits::{Action, Per};
use crate::domain::quiz::{FieldError, FieldErrorCode};
use crate::domain::tokens::sha256_hex;
use crate::domain::user::Role;
use crate::jobs::{AccountJob, Job, Wish};
use crate::mail::is_address;
use crate::storage::registrations::{self, NewRegistration};

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(register)).routes(routes!(verify_email)).routes(routes!(resend))
}

/// Who wants an account.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RegisterIn {
    /// Where the link goes.
    #[schema(max_length = 254)]
    email: String,
    /// 8 to 128 characters; any of them.
    #[schema(format = Password)]
    password: String,
    /// What the others see.
    #[schema(min_length = 1, max_length = 100)]
    display_name: String,
    /// As what. An admin founds a school, or is invited to one.
    role: OpenRole,
}

/// The roles that anybody may choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OpenRole {
    /// Teaches.
    Teacher,
    /// Has a child in a class.
    Parent,
}

impl From<OpenRole> for Role {
    fn from(role: OpenRole) -> Self {
        match role {
            OpenRole::Teacher => Self::Teacher,
            OpenRole::Parent => Self::Parent,
        }
    }
}

/// The same for every address.
#[derive(Serialize, ToSchema)]
pub struct MailedOut {
    /// `check_your_mail`.
    status: &'static str,
}

/// The answer of everything that goes on by mail.
pub(super) const MAILED: (StatusCode, Out<MailedOut>) =
    (StatusCode::ACCEPTED, Out(MailedOut { status: "check_your_mail" }));

/// An address to which mail can be sent, as it is stored.
pub(super) fn checked_email(text: &str) -> Result<String, FieldError> {
    let email = normal_email(text);
    if is_address(&email) {
        return Ok(email);
    }
    Err(FieldError::new("/email", FieldErrorCode::Malformed, "an address of mail, like ada@school.example"))
}

/// Asks the queue to find out what the address gets.
pub(super) async fn wish(app: &App, email: String, wish: Wish) -> Result<(), ApiError> {
    let id = MailId::new(app.clock.now(), app.entropy.as_ref());
    Ok(app.jobs.send(Job::Account(AccountJob { id, email, wish })).await?)
}

/// Mail goes to one address, and for one client, only so often.
pub(super) async fn count_mail(
    app: &App,
    context: &RequestContext,
    action: Action,
    email: &str,
) -> Result<(), ApiError> {
    app.count(context, &[(action, Per::Mail.of(email)), (action, Per::Address.of(context.address()))]).await
}

/// Register
///
/// The answer is the same whether the address has an account or not; the mail says which. The account comes to be when the
/// link in the mail is opened, in a school of its own.
#[utoipa::path(post, path = "/api/v1/auth/register", tag = "auth", request_body = RegisterIn,
    responses((status = 202, body = MailedOut), Problems))]
async fn register(
    State(app): State<AppState>,
    context: RequestContext,
    Json { value: input, .. }: Json<RegisterIn>,
) -> Result<(StatusCode, Out<MailedOut>), ApiError> {
    let (email, name) = (checked_email(&input.email), checked_name(&input.display_name, "/display_name"));
    let names = [input.email.as_str(), input.display_name.as_str()];
    let password = checked_password(&input.password, "/password", &names);
    let (email, name) = match (email, name, password) {
        (Ok(email), Ok(name), Ok(())) => (email, name),
        (email, name, password) => {
            let errors = [email.err(), name.err(), password.err()];
            return Err(ApiError::invalid(errors.into_iter().flatten().collect()));
        }
    };
    count_mail(&app, &context, Action::Register, &email).await?;
    let now = app.clock.now();
    let id = RegistrationId::new(now, app.entropy.as_ref());
    let tokens = link_tokens(&app.config.auth_keys, LinkPurpose::VerifyEmail, id.as_str());
    let new = NewRegistration {
        id: &id,
        token_hash: &sha256_hex(tokens.first().map(String::as_str).unwrap_or_default()),
        email: &email,
        display_name: &name,
        role: input.role.into(),
        password_hash: &app.hashing.hash(&input.password).await?,
        at: now,
    };
    registrations::add(app.db.as_ref(), &new).await?;
    wish(&app, email, Wish::Register).await?;
    Ok(MAILED)
}

/// What a link carries.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LinkIn {
    /// What stands behind `#token=`.
    token: String,
}

/// The hash of what a link carries, or the problem of one that cannot be good. Counts the try.
pub(super) async fn link_hash(app: &App, context: &RequestContext, token: &str) -> Result<String, ApiError> {
    app.count(context, &[(Action::OneTimeToken, Per::Address.of(context.address()))]).await?;
    if token.len() > MAX_LINK_TOKEN { Err(link_is_dead()) } else { Ok(sha256_hex(token)) }
}

/// The problem of a link that is unknown, used or too old: the same for all three.
pub(super) fn link_is_dead() -> ApiError {
    ApiError::new(ProblemCode::TokenUsed, "The link was used or is too old. Ask for a new one.")
}

/// Prove an address
///
/// Makes the account. The same link again is no error while the account has the password of that link.
#[utoipa::path(post, path = "/api/v1/auth/verify-email", tag = "auth", request_body = LinkIn,
    responses((status = 204, description = "The account is there; sign in"), Problems))]
async fn verify_email(
    State(app): State<AppState>,
    context: RequestContext,
    Json { value: input, .. }: Json<LinkIn>,
) -> Result<StatusCode, ApiError> {
    let token_hash = link_hash(&app, &context, &input.token).await?;
    let now = app.clock.now();
    let (school, user) = (SchoolId::new(now, app.entropy.as_ref()), UserId::new(now, app.entropy.as_ref()));
    let event = app.audit(&school, Subject::user(&user), AuditAction::AccountRegistered, &context);
    let is_verified =
        registrations::verify(app.db.as_ref(), &token_hash, &school, &user, &event, now).await?;
    if is_verified { Ok(StatusCode::NO_CONTENT) } else { Err(link_is_dead()) }
}

/// An address.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EmailIn {
    /// In any case.
    #[schema(max_length = 254)]
    pub(super) email: String,
}

/// Send the link again
///
/// The answer is the same for every address.
#[utoipa::path(post, path = "/api/v1/auth/verify-email/resend", tag = "auth", request_body = EmailIn,
    responses((status = 202, body = MailedOut), Problems))]
async fn resend(
    State(app): State<AppState>,
    context: RequestContext,
    Json { value: input, .. }: Json<EmailIn>,
) -> Result<(StatusCode, Out<MailedOut>), ApiError> {
    let email = checked_email(&input.email).map_err(|error| ApiError::invalid(vec![error]))?;
    count_mail(&app, &context, Action::Mail, &email).await?;
    wish(&app, email, Wish::Register).await?;
    Ok(MAILED)
}
