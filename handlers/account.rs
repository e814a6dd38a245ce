//! The caller's own account.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::AppState;
use super::auth::Account;
use super::context::RequestContext;
use super::extract::Json;
use super::out::Out;
use super::problem::{ApiError, ProblemCode, Problems};
use super::routing::{OpenApiRouter, routes};
use super::signed_in::{UserOut, is_factor_missing};
use crate::domain::account;
use crate::domain::audit::{AuditAction, Subject};
use crate::domain::ids::SchoolId;
use crate::domain::password_policy::{self, Weakness};
use crate::domain::quiz::{FieldError, FieldErrorCode};
use crate::storage::users::{self, UserRow};

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(me, change_me))
}

/// The caller.
#[derive(Serialize, ToSchema)]
pub struct MeOut {
    /// The person.
    #[serde(flatten)]
    user: UserOut,
    /// Their school.
    school: SchoolOut,
    /// Whether their address is verified.
    email_verified: bool,
    /// Whether they can sign in with a password.
    has_password: bool,
    /// Confirmed second factors.
    factors: i64,
}

/// A school, to its people.
#[derive(Serialize, ToSchema)]
pub struct SchoolOut {
    /// The school.
    id: SchoolId,
    /// Its name.
    name: String,
    /// Whether it is one person's own.
    is_personal: bool,
}

impl From<UserRow> for MeOut {
    fn from(row: UserRow) -> Self {
        let second_factor_required = is_factor_missing(row.role, row.require_second_factor != 0, row.factors);
        let school =
            SchoolOut { id: row.school_id.clone(), name: row.school_name, is_personal: row.is_personal != 0 };
        Self {
            school,
            email_verified: row.email_verified_at.is_some(),
            has_password: !row.password_hash.is_empty(),
            factors: row.factors,
            user: UserOut {
                id: row.id,
                email: row.email,
                display_name: row.display_name,
                role: row.role,
                school_id: row.school_id,
                second_factor_required,
            },
        }
    }
}

pub(super) fn gone() -> ApiError {
    ApiError::new(ProblemCode::InvalidToken, "The account is gone or suspended.")
}

/// Who am I?
#[utoipa::path(get, path = "/api/v1/auth/me", tag = "auth", security(("access_token" = [])),
    responses((status = 200, body = MeOut), Problems))]
async fn me(State(app): State<AppState>, Account(caller): Account) -> Result<Out<MeOut>, ApiError> {
    let user = users::by_id(app.db.as_ref(), &caller.school_id, &caller.user_id).await?;
    user.filter(UserRow::is_active).map(|user| Out(user.into())).ok_or_else(gone)
}

/// What a person may change about themselves.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MePatch {
    /// What the others see.
    #[schema(min_length = 1, max_length = 100)]
    display_name: String,
}

/// A name as it is stored, or the field error.
pub(super) fn checked_name(text: &str, pointer: &str) -> Result<String, FieldError> {
    account::name(text).ok_or_else(|| {
        FieldError::new(
            pointer,
            FieldErrorCode::Malformed,
            "1 to 100 characters, none of them a control character",
        )
    })
}

/// A password that may be taken, or the field error.
pub(super) fn checked_password(password: &str, pointer: &str, names: &[&str]) -> Result<(), FieldError> {
    password_policy::check(password, names).map_err(|weakness| {
        let code = match weakness {
            Weakness::TooShort => FieldErrorCode::TooShort,
            Weakness::TooLong => FieldErrorCode::TooLong,
            Weakness::TooCommon => FieldErrorCode::TooCommon,
            Weakness::ContainsName => FieldErrorCode::ContainsName,
        };
        FieldError::new(pointer, code, weakness.to_string())
    })
}

/// Change my name
///
/// Tokens that are out keep the old name until they are refreshed.
#[utoipa::path(patch, path = "/api/v1/auth/me", tag = "auth", security(("access_token" = [])), request_body = MePatch,
    responses((status = 200, body = MeOut), Problems))]
async fn change_me(
    State(app): State<AppState>,
    context: RequestContext,
    Account(caller): Account,
    Json { value: input, .. }: Json<MePatch>,
) -> Result<Out<MeOut>, ApiError> {
    let name =
        checked_name(&input.display_name, "/display_name").map_err(|error| ApiError::invalid(vec![error]))?;
    let event =
        app.audit(&caller.school_id, Subject::user(&caller.user_id), AuditAction::AccountChanged, &context);
    users::rename(app.db.as_ref(), &caller.school_id, &caller.user_id, &name, &event).await?;
    let user = users::by_id(app.db.as_ref(), &caller.school_id, &caller.user_id).await?;
    user.filter(UserRow::is_active).map(|user| Out(user.into())).ok_or_else(gone)
}
