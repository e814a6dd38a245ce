//! Sign-in of people with accounts.

use axum::Json as Out;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::AppState;
use super::auth::Person;
use super::extract::Json;
use super::problem::{ApiError, ProblemCode, Problems};
use crate::domain::ids::{SchoolId, UserId};
use crate::domain::password;
use crate::domain::tokens::{ACCESS_TOKEN_S, sha256_hex};
use crate::domain::user::{Identity, Role};
use crate::storage::users::{self, UserRow};

/// Longest address (RFC 5321 section 4.5.3.1).
const MAX_EMAIL: usize = 254;

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(login)).routes(routes!(me))
}

/// Who signs in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LoginIn {
    /// The address, in any case.
    email: String,
    /// 128 characters at most.
    #[schema(format = Password)]
    password: String,
}

/// A token and whose it is.
#[derive(Serialize, ToSchema)]
pub struct LoginOut {
    /// For `Authorization: Bearer`.
    access_token: String,
    /// `Bearer`.
    token_type: &'static str,
    /// Seconds.
    expires_in: i64,
    /// Whose it is.
    user: UserOut,
}

/// A person.
#[derive(Serialize, ToSchema)]
pub struct UserOut {
    /// The person.
    id: UserId,
    /// Their address.
    email: String,
    /// Their name.
    display_name: String,
    /// Their role.
    role: Role,
    /// Their school.
    school_id: SchoolId,
}

impl From<UserRow> for UserOut {
    fn from(row: UserRow) -> Self {
        Self {
            id: row.id,
            email: row.email,
            display_name: row.display_name,
            role: row.role,
            school_id: row.school_id,
        }
    }
}

fn wrong() -> ApiError {
    ApiError::new(ProblemCode::InvalidCredentials, "The address or the password is wrong.")
}

/// Sign in
///
/// An unknown address costs the same time as a wrong password and gets the same answer.
#[utoipa::path(post, path = "/api/v1/auth/login", tag = "auth", request_body = LoginIn,
    responses((status = 200, body = LoginOut), Problems))]
async fn login(
    State(app): State<AppState>,
    Json { value: input, .. }: Json<LoginIn>,
) -> Result<Out<LoginOut>, ApiError> {
    let email = input.email.trim().to_lowercase();
    if email.len() > MAX_EMAIL || input.password.chars().count() > password::MAX_PASSWORD {
        return Err(wrong());
    }
    let bucket = format!("login:{}", sha256_hex(&email));
    let verdict = app.rate_limits.check(bucket.clone(), app.config.login_limit, false).await?;
    if !verdict.allowed {
        return Err(ApiError::rate_limited(verdict.retry_after_s));
    }
    let user = users::by_email(app.db.as_ref(), &email).await?;
    let hash = user.as_ref().map_or(password::NOBODYS_HASH, |user| user.password_hash.as_str());
    let fits = password::verify(&input.password, hash);
    let Some(user) = user.filter(|user| fits && user.state == "active") else {
        app.rate_limits.check(bucket, app.config.login_limit, true).await?;
        return Err(wrong());
    };
    let identity = Identity {
        user_id: user.id.clone(),
        school_id: user.school_id.clone(),
        role: user.role,
        display_name: user.display_name.clone(),
    };
    let access_token = app
        .config
        .auth_keys
        .sign(&identity, app.clock.now(), ACCESS_TOKEN_S)
        .map_err(|error| ApiError::internal(error.to_string()))?;
    Ok(Out(LoginOut { access_token, token_type: "Bearer", expires_in: ACCESS_TOKEN_S, user: user.into() }))
}

/// Who am I?
#[utoipa::path(get, path = "/api/v1/auth/me", tag = "auth", security(("access_token" = [])),
    responses((status = 200, body = UserOut), Problems))]
async fn me(State(app): State<AppState>, Person(caller): Person) -> Result<Out<UserOut>, ApiError> {
    let user = users::by_id(app.db.as_ref(), &caller.school_id, &caller.user_id).await?;
    let user = user.filter(|user| user.state == "active");
    user.map(|user| Out(user.into()))
        .ok_or_else(|| ApiError::new(ProblemCode::InvalidToken, "The account is gone or suspended."))
}
