//! Signing in, staying signed in, signing out.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::SET_COOKIE;
use http::{HeaderMap, StatusCode, Uri};
use serde::Deserialize;
use utoipa::ToSchema;

use super::access::{Ended, end_access};
use super::auth::Account;
use super::context::RequestContext;
use super::cookies::{self, Site};
use super::device;
use super::extract::Json;
use super::login_challenge::finish;
use super::problem::{ApiError, ProblemCode, Problems};
use super::routing::{OpenApiRouter, routes};
use super::signed_in::{Delivery, LoginOut, SignedIn, StartedOut, is_factor_missing};
use super::{App, AppState};
use crate::domain::account::{MAX_EMAIL, normal_email};
use crate::domain::audit::{AuditAction, Subject, SubjectKind};
use crate::domain::ids::MailId;
use crate::domain::limits::{Action, Counted, Per};
use crate::domain::password::{self, MAX_PASSWORD};
use crate::domain::refresh::{self, RefreshToken};
use crate::domain::user::Identity;
use crate::jobs::Job;
use crate::mail::{Letter, Locale, MailJob};
use crate::storage::sessions::{self, EndedWhy, PresentedRow};
use crate::storage::users::{self, UserRow};

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(login))
        .routes(routes!(refresh_session))
        .routes(routes!(logout))
        .routes(routes!(logout_all))
}

/// Who signs in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LoginIn {
    /// The address, in any case.
    #[schema(max_length = 254)]
    email: String,
    /// 128 characters at most.
    #[schema(format = Password)]
    password: String,
    /// Where the refresh token goes; `cookie` when absent.
    #[serde(default)]
    refresh_token_in: Delivery,
}

/// A client that is no browser brings its token in the body; a browser sends `{}` and its cookie.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefreshIn {
    /// Absent where the cookie has it.
    #[serde(default)]
    #[schema(format = Password)]
    refresh_token: Option<String>,
}

fn wrong() -> ApiError {
    ApiError::new(ProblemCode::InvalidCredentials, "The address or the password is wrong.")
}

/// Sign in
///
/// An unknown address costs the same time as a wrong password and gets the same answer. Who has a second factor gets a
/// challenge instead of tokens.
#[utoipa::path(post, path = "/api/v1/auth/login", tag = "auth", request_body = LoginIn,
    responses((status = 200, body = LoginOut), Problems))]
async fn login(
    State(app): State<AppState>,
    context: RequestContext,
    headers: HeaderMap,
    uri: Uri,
    Json { value: input, .. }: Json<LoginIn>,
) -> Result<Response, ApiError> {
    cookies::refuse_foreign(&app, &headers, &uri, input.refresh_token_in)?;
    let email = normal_email(&input.email);
    if email.len() > MAX_EMAIL || input.password.chars().count() > MAX_PASSWORD {
        return Err(wrong());
    }
    let attempt = app.spend(&context, &attempt(&app, &context, &email)).await?;
    let (user, waiting) = users::who_signs_in(app.db.as_ref(), &email, app.clock.now()).await?;
    let hash = user.as_ref().map(|user| user.password_hash.as_str());
    let hash = hash.or(waiting.as_ref().map(|row| row.password_hash.as_str()));
    let fits = app.hashing.verify(&input.password, hash).await?;
    let Some(user) = user.as_ref().filter(|user| fits && user.is_active()) else {
        if fits && user.is_none() {
            app.give_back(&context, attempt.only(Action::LoginFailure)).await;
            let detail = "Open the link in the mail that we sent to this address, then sign in.";
            return Err(ApiError::new(ProblemCode::EmailNotVerified, detail));
        }
        if let Some(user) = &user {
            audit_refusal(&app, user, &context).await;
        }
        return Err(wrong());
    };
    app.give_back(&context, attempt.only(Action::LoginFailure)).await;
    if password::is_outdated(&user.password_hash) {
        let hash = app.hashing.hash(&input.password).await?;
        let upgrade = users::upgrade_hash(&user.school_id, &user.id, &user.password_hash, &hash);
        app.db.batch(vec![upgrade]).await?;
    }
    finish(&app, user, &context, input.refresh_token_in, "password").await
}

/// What an attempt to sign in is counted as. Guesses of strangers count together, so that an account can be guessed at only so
/// often; those in a browser that its owner signed in with before count by themselves, so that no stranger, and no pupil
/// behind the same address, can lock the owner out (OWASP, "Slow Down Online Guessing Attacks with Device Cookies").
fn attempt(app: &App, context: &RequestContext, email: &str) -> Vec<(Action, Counted)> {
    let address = Per::Address.of(context.address());
    let attempt = (Action::Login, address.clone());
    if let Some(device) = device::known(app, context, email) {
        return vec![attempt, (Action::LoginFailure, device)];
    }
    let account = (Action::LoginFailure, Per::Account.of(email));
    vec![attempt, account, (Action::LoginFailure, address)]
}

async fn audit_refusal(app: &App, user: &UserRow, context: &RequestContext) {
    let actor = Subject::user(&user.id);
    let event = app.audit(&user.school_id, actor, AuditAction::SignInRefused, context);
    app.enqueue(Job::Audit { event }).await;
}

/// The presented refresh token and how it came. Cookie or body, never both.
fn presented(
    app: &App,
    headers: &HeaderMap,
    uri: &Uri,
    in_body: Option<String>,
) -> Result<(Option<RefreshToken>, Delivery), ApiError> {
    match (cookies::refresh(headers), in_body) {
        (Some(_), Some(_)) => Err(ApiError::new(
            ProblemCode::Malformed,
            "Send the refresh token as cookie or in the body, never both.",
        )),
        (Some(_), None) if cookies::site(headers, uri, &app.config.allowed_origins) != Site::Own => {
            Err(cookies::cross_site())
        }
        (Some(text), None) => Ok((RefreshToken::parse(text), Delivery::Cookie)),
        (None, Some(text)) => Ok((RefreshToken::parse(&text), Delivery::Body)),
        (None, None) => Ok((None, Delivery::Cookie)),
    }
}

/// By token, not by session: which session it is shows only when the token has been replaced, and to refuse then would cost
/// the session.
async fn spend_refresh(
    app: &App,
    context: &RequestContext,
    token: Option<&RefreshToken>,
) -> Result<(), ApiError> {
    let mut hits = vec![(Action::Refresh, Per::Address.of(context.address()))];
    hits.extend(token.map(|token| (Action::Refresh, Per::Token.of(token.as_str()))));
    app.count(context, &hits).await
}

fn invalid_refresh_token() -> ApiError {
    ApiError::new(ProblemCode::InvalidRefreshToken, "Sign in again.")
}

/// Refresh a session
///
/// Each refresh token is good once; the answer has the next one. An old one that comes again after ten seconds ends the
/// session for good. Name and role are read again.
#[utoipa::path(post, path = "/api/v1/auth/refresh", tag = "auth", request_body = RefreshIn,
    responses((status = 200, body = StartedOut), Problems))]
async fn refresh_session(
    State(app): State<AppState>,
    context: RequestContext,
    headers: HeaderMap,
    uri: Uri,
    Json { value: input, .. }: Json<RefreshIn>,
) -> Result<Response, ApiError> {
    let (token, delivery) = presented(&app, &headers, &uri, input.refresh_token)?;
    spend_refresh(&app, &context, token.as_ref()).await?;
    let token = token.ok_or_else(invalid_refresh_token)?;
    let now = app.clock.now();
    let successors = token.successors(&app.config.auth_keys);
    let newest = successors.first().ok_or_else(invalid_refresh_token)?;
    let presented = sessions::present(app.db.as_ref(), &token.hash(), &newest.hash(), now).await?;
    let row = presented.row.ok_or_else(invalid_refresh_token)?;
    if presented.has_ended {
        tell_stolen(&app, &row, &context).await;
    }
    if row.is_stolen() {
        // At each try: the one that ended the family may have died before its access tokens were ended.
        let ended = Ended::SignIns(vec![row.session_id.clone()]);
        end_access(&app, &row.school_id, &row.user_id, ended).await?;
    }
    let facts = row.facts();
    let hash = refresh::successor(&facts, now).ok_or_else(invalid_refresh_token)?;
    let successor = successors.into_iter().find(|token| token.hash() == hash);
    let refresh_token = successor.ok_or_else(invalid_refresh_token)?;
    let identity = Identity {
        user_id: row.user_id,
        school_id: row.school_id,
        role: row.role,
        display_name: row.display_name,
        sign_in_id: row.session_id,
        authenticated_at: row.authenticated_at.div_euclid(1000),
        factor_missing: is_factor_missing(row.role, row.require_second_factor != 0, row.factors),
    };
    SignedIn { identity, email: row.email, refresh_token, delivery, device: None }.respond(&app)
}

/// An old token came again: one of the two who had it is a thief.
async fn tell_stolen(app: &App, row: &PresentedRow, context: &RequestContext) {
    let letter = Letter::SessionStolen {
        device: context.device.clone(),
        place: context.origin.country.clone().unwrap_or_default(),
    };
    let mail = MailJob {
        id: MailId::following("session_stolen", row.session_id.as_str()),
        to: row.email.clone(),
        display_name: row.display_name.clone(),
        locale: Locale::default(),
        letter,
    };
    app.enqueue(Job::Mail(mail)).await;
    let event = app.audit(&row.school_id, Subject::user(&row.user_id), AuditAction::TokenReused, context);
    let event = event.on(Subject::new(SubjectKind::SignIn, row.session_id.as_str()));
    app.enqueue(Job::Audit { event }).await;
}

/// Sign out
///
/// By cookie or by token; also when the session has ended before.
#[utoipa::path(post, path = "/api/v1/auth/logout", tag = "auth", request_body = RefreshIn,
    responses((status = 204, description = "Signed out"), Problems))]
async fn logout(
    State(app): State<AppState>,
    context: RequestContext,
    headers: HeaderMap,
    uri: Uri,
    Json { value: input, .. }: Json<RefreshIn>,
) -> Result<Response, ApiError> {
    let (token, _) = presented(&app, &headers, &uri, input.refresh_token)?;
    spend_refresh(&app, &context, token.as_ref()).await?;
    let session = match token {
        Some(token) => sessions::by_token(app.db.as_ref(), &token.hash()).await?,
        None => None,
    };
    if let Some(session) = session {
        let now = app.clock.now();
        let event = app.audit(
            &session.school_id,
            Subject::user(&session.user_id),
            AuditAction::SignInEnded,
            &context,
        );
        let event = event.on(Subject::new(SubjectKind::SignIn, session.id.as_str()));
        let end =
            sessions::end_one(&session.school_id, &session.user_id, &session.id, EndedWhy::SignedOut, now);
        sessions::end(app.db.as_ref(), end, &event).await?;
        let ended = Ended::SignIns(vec![session.id]);
        end_access(&app, &session.school_id, &session.user_id, ended).await?;
    }
    Ok((StatusCode::NO_CONTENT, [(SET_COOKIE, cookies::clear_refresh())]).into_response())
}

/// Sign out everywhere
#[utoipa::path(post, path = "/api/v1/auth/logout-all", tag = "auth", security(("access_token" = [])),
    responses((status = 204, description = "Signed out everywhere"), Problems))]
async fn logout_all(
    State(app): State<AppState>,
    context: RequestContext,
    Account(caller): Account,
) -> Result<Response, ApiError> {
    let now = app.clock.now();
    let event =
        app.audit(&caller.school_id, Subject::user(&caller.user_id), AuditAction::AllSignInsEnded, &context);
    let end = sessions::end_all(&caller.school_id, &caller.user_id, None, EndedWhy::SignedOut, now);
    let mut ended = sessions::end(app.db.as_ref(), end, &event).await?;
    // Again after an answer that was lost: this one at least is told once more.
    ended.push(caller.sign_in_id);
    end_access(&app, &caller.school_id, &caller.user_id, Ended::SignIns(ended)).await?;
    Ok((StatusCode::NO_CONTENT, [(SET_COOKIE, cookies::clear_refresh())]).into_response())
}
