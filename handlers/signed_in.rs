//! What signing in ends with, however it was done: a session, an access token, a refresh token.

use axum::response::{IntoResponse, Response};
use http::HeaderValue;
use http::header::SET_COOKIE;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::App;
use super::access::{Ended, end_access};
use super::context::RequestContext;
use super::cookies;
use super::device;
use super::login_challenge::SecondFactorOut;
use super::out::Out;
use super::problem::{ApiError, ProblemCode};
use crate::domain::audit::{AuditAction, Subject, SubjectKind};
use crate::domain::ids::{SchoolId, SignInId, UserId};
use crate::domain::refresh::RefreshToken;
use crate::domain::revocation::Revocation;
use crate::domain::tokens::ACCESS_TOKEN_S;
use crate::domain::user::{Identity, Role};
use crate::ports::Statement;
use crate::storage::sessions::{self, NewSession};
use crate::storage::users::UserRow;

/// Where the refresh token goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    /// Into a cookie that no script can read: for browsers.
    #[default]
    Cookie,
    /// Into the answer: for clients that are no browser.
    Body,
}

/// Somebody who is signed in.
#[derive(Serialize, ToSchema)]
pub struct SignedInOut {
    /// For `Authorization: Bearer`.
    access_token: String,
    /// `Bearer`.
    token_type: &'static str,
    /// Seconds.
    expires_in: i64,
    /// Only where the client asked for it in the body.
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    /// Whose they are.
    user: UserOut,
}

/// A person.
#[derive(Serialize, ToSchema)]
pub struct UserOut {
    /// The person.
    pub id: UserId,
    /// Their address.
    pub email: String,
    /// Their name.
    pub display_name: String,
    /// Their role.
    pub role: Role,
    /// Their school.
    pub school_id: SchoolId,
    /// Their school wants a second factor and they have none yet.
    pub second_factor_required: bool,
}

/// The tokens of a session, before they go out.
pub(super) struct SignedIn {
    pub identity: Identity,
    pub email: String,
    pub refresh_token: RefreshToken,
    pub delivery: Delivery,
    /// Makes the browser known.
    pub device: Option<HeaderValue>,
}

/// What a first step of a sign-in answers.
#[derive(Serialize, ToSchema)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum LoginOut {
    /// Done.
    SignedIn(SignedInOut),
    /// A second factor is still to come.
    SecondFactorRequired(SecondFactorOut),
}

/// What a sign-in answers that has nothing more to ask, for the contract.
#[derive(Serialize, ToSchema)]
#[serde(tag = "status", rename_all = "snake_case")]
#[expect(dead_code, reason = "LoginOut is what is sent")]
pub enum StartedOut {
    /// Done.
    SignedIn(SignedInOut),
}

impl SignedIn {
    /// The answer, with its cookie if one was asked for.
    pub fn respond(self, app: &App) -> Result<Response, ApiError> {
        let access_token = access_token(app, &self.identity)?;
        let (cookie, in_body) = match self.delivery {
            Delivery::Cookie => (Some(cookies::set_refresh(&self.refresh_token)), None),
            Delivery::Body => (None, Some(self.refresh_token.as_str().to_owned())),
        };
        let out = LoginOut::SignedIn(SignedInOut {
            access_token,
            token_type: "Bearer",
            expires_in: ACCESS_TOKEN_S,
            refresh_token: in_body,
            user: UserOut {
                id: self.identity.user_id,
                email: self.email,
                display_name: self.identity.display_name,
                role: self.identity.role,
                school_id: self.identity.school_id,
                second_factor_required: self.identity.factor_missing,
            },
        });
        let mut response = Out(out).into_response();
        for cookie in cookie.into_iter().chain(self.device) {
            response.headers_mut().append(SET_COOKIE, cookie);
        }
        Ok(response)
    }
}

/// A new access token.
pub(super) fn access_token(app: &App, identity: &Identity) -> Result<String, ApiError> {
    app.config
        .auth_keys
        .sign(identity, app.clock.now(), ACCESS_TOKEN_S)
        .map_err(|error| ApiError::internal(error.to_string()))
}

/// Whether the person's school wants a second factor of them that they don't have.
pub(super) fn is_factor_missing(role: Role, required: bool, factors: i64) -> bool {
    required && factors == 0 && matches!(role, Role::Admin | Role::Teacher)
}

/// Starts a session for somebody who proved who they are. `how` is for the audit log; `also` goes into the same batch.
pub(super) async fn start_session(
    app: &App,
    user: &UserRow,
    context: &RequestContext,
    delivery: Delivery,
    how: &str,
    also: Vec<Statement>,
) -> Result<SignedIn, ApiError> {
    let now = app.clock.now();
    let id = SignInId::new(now, app.entropy.as_ref());
    let refresh_token = RefreshToken::new(app.entropy.as_ref());
    let event = app.audit(&user.school_id, Subject::user(&user.id), AuditAction::SignInSucceeded, context);
    let event = event
        .on(Subject::new(SubjectKind::SignIn, id.as_str()))
        .with(serde_json::json!({"how": how, "device": context.device}));
    let token_hash = refresh_token.hash();
    let new = NewSession {
        id: &id,
        school_id: &user.school_id,
        user_id: &user.id,
        token_hash: &token_hash,
        device: &context.device,
        country: context.origin.country.as_deref(),
        at: now,
    };
    let created = sessions::create(app.db.as_ref(), &new, &event, also).await?;
    end_access(app, &user.school_id, &user.id, Ended::SignIns(created.ended)).await?;
    if !created.is_created {
        return Err(ApiError::new(ProblemCode::InvalidCredentials, "The account is gone or suspended."));
    }
    let identity = Identity {
        user_id: user.id.clone(),
        school_id: user.school_id.clone(),
        role: user.role,
        display_name: user.display_name.clone(),
        sign_in_id: id,
        authenticated_at: now.as_secs(),
        factor_missing: is_factor_missing(user.role, user.require_second_factor != 0, user.factors),
    };
    let device = match delivery {
        Delivery::Cookie => Some(device::remember(app, context, &user.email)?),
        Delivery::Body => None,
    };
    Ok(SignedIn { identity, email: user.email.clone(), refresh_token, delivery, device })
}

/// Ends the access tokens of sign-ins: they die within 10 s. A part of `access::end_access`, which is what a handler calls.
pub(super) async fn revoke(app: &App, ended: &[SignInId]) -> Result<(), ApiError> {
    if ended.is_empty() {
        return Ok(());
    }
    let now = app.clock.now();
    let entry = |id: &SignInId| Revocation::of(id.as_str(), ACCESS_TOKEN_S, now);
    Ok(app.revocations.end(ended.iter().map(entry).collect()).await?)
}
