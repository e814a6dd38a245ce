//! The caller's second factors: which there are, authenticator apps, recovery codes.

use axum::extract::State;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::account::{checked_name, gone};
use super::auth::{Account, Recent};
use super::context::RequestContext;
use super::extract::{Json, Path};
use super::out::Out;
use super::problem::{ApiError, ProblemCode, Problems};
use super::proofs::{factor_event, invalid_code, secret, spend_try, tell};
use super::routing::{OpenApiRouter, routes};
use super::{App, AppState};
use crate::domain::audit::{AuditAction, Subject};
use crate::domain::challenges::new_nonce;
use crate::domain::ids::{FactorId, UserId};
use crate::domain::recovery_codes;
use crate::domain::time::Timestamp;
use crate::domain::totp::{TotpSecret, parse_code};
use crate::domain::user::{Identity, Role};
use crate::mail::{Letter, PRODUCT};
use crate::storage::audit;
use crate::storage::factors::{self, FactorRow, FactorType, Holder, MAX_FACTORS, Owned};
use crate::storage::recovery_codes::{self as stored_codes, NewCodes};
use crate::storage::used_challenges::{self, Once};

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_factors))
        .routes(routes!(remove_factor))
        .routes(routes!(add_totp))
        .routes(routes!(confirm_totp))
        .routes(routes!(make_recovery_codes))
}

/// A second factor.
#[derive(Serialize, ToSchema)]
pub struct FactorOut {
    /// The factor.
    pub id: FactorId,
    /// What it is.
    #[serde(rename = "type")]
    pub kind: FactorType,
    /// What its owner calls it.
    pub name: String,
    /// When it was added.
    pub created_at: Timestamp,
    /// When it was used last.
    pub last_used_at: Option<Timestamp>,
}

impl From<&FactorRow> for FactorOut {
    fn from(row: &FactorRow) -> Self {
        Self {
            id: row.id.clone(),
            kind: row.kind,
            name: row.name.clone(),
            created_at: Timestamp::from_millis(row.created_at),
            last_used_at: row.last_used_at.map(Timestamp::from_millis),
        }
    }
}

/// What a person has.
#[derive(Serialize, ToSchema)]
pub struct FactorsOut {
    /// The factors that are asked for at sign-in.
    items: Vec<FactorOut>,
    /// Recovery codes that were not used yet.
    recovery_codes_left: usize,
    /// Whether the school wants a second factor of this person.
    required_by_school: bool,
}

/// The caller with what they have.
pub(super) async fn holder(app: &App, caller: &Identity, once: Option<Once<'_>>) -> Result<Holder, ApiError> {
    let holder = factors::holder(app.db.as_ref(), &caller.school_id, &caller.user_id, once).await?;
    holder.filter(|holder| holder.user.is_active()).ok_or_else(gone)
}

/// My second factors
#[utoipa::path(get, path = "/api/v1/auth/factors", tag = "auth", security(("access_token" = [])),
    responses((status = 200, body = FactorsOut), Problems))]
async fn list_factors(
    State(app): State<AppState>,
    Account(caller): Account,
) -> Result<Out<FactorsOut>, ApiError> {
    let holder = holder(&app, &caller, None).await?;
    let is_staff = matches!(holder.user.role, Role::Admin | Role::Teacher);
    Ok(Out(FactorsOut {
        items: holder.confirmed().map(FactorOut::from).collect(),
        recovery_codes_left: holder.recovery_codes.len(),
        required_by_school: is_staff && holder.user.require_second_factor != 0,
    }))
}

/// Remove a second factor
///
/// With the last one the recovery codes go.
#[utoipa::path(delete, path = "/api/v1/auth/factors/{factor_id}", tag = "auth", security(("access_token" = [])),
    params(("factor_id" = String, Path)), responses((status = 204, description = "Removed"), Problems))]
async fn remove_factor(
    State(app): State<AppState>,
    context: RequestContext,
    Recent(Account(caller)): Recent<Account>,
    Path(id): Path<FactorId>,
) -> Result<StatusCode, ApiError> {
    let holder = holder(&app, &caller, None).await?;
    let factor = holder.factors.iter().find(|factor| factor.id == id);
    let factor = factor.ok_or_else(|| ApiError::not_found("factor"))?;
    let event =
        factor_event(&app, &context, &holder.user, AuditAction::FactorRemoved, (&id, factor.kind.name()));
    let removed = factors::remove(app.db.as_ref(), &owned(&app, &caller, &id), vec![event]).await?;
    if removed && factor.confirmed_at.is_some() {
        tell(&app, &holder.user, Letter::FactorRemoved { name: factor.name.clone() }).await;
    }
    Ok(StatusCode::NO_CONTENT)
}

pub(super) fn owned<'a>(app: &App, caller: &'a Identity, id: &'a FactorId) -> Owned<'a> {
    Owned { school_id: &caller.school_id, user_id: &caller.user_id, id, now: app.clock.now() }
}

pub(super) fn too_many() -> ApiError {
    let detail = format!("{MAX_FACTORS} second factors are the most; remove one first.");
    ApiError::new(ProblemCode::Conflict, detail)
}

/// The factor's name, or what it is.
pub(super) fn factor_name(given: Option<&str>, otherwise: &str) -> Result<String, ApiError> {
    let Some(name) = given else { return Ok(otherwise.to_owned()) };
    checked_name(name, "/name").map_err(|error| ApiError::invalid(vec![error]))
}

/// A new app.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TotpIn {
    /// What its owner calls it.
    #[schema(min_length = 1, max_length = 100)]
    name: Option<String>,
}

/// What the app must hold. Shown once.
#[derive(Serialize, ToSchema)]
pub struct TotpOut {
    /// The factor, which counts when its first code came.
    id: FactorId,
    /// To be typed into the app: base 32.
    secret: String,
    /// To be shown as a QR code.
    otpauth_uri: String,
}

/// Set up an authenticator app
///
/// It counts when its first code has come to `/confirm`. One that was set up before and never confirmed gives way.
#[utoipa::path(post, path = "/api/v1/auth/factors/totp", tag = "auth", security(("access_token" = [])),
    request_body = TotpIn, responses((status = 201, body = TotpOut), Problems))]
async fn add_totp(
    State(app): State<AppState>,
    Recent(Account(caller)): Recent<Account>,
    Json { value: input, .. }: Json<TotpIn>,
) -> Result<(StatusCode, Out<TotpOut>), ApiError> {
    let name = factor_name(input.name.as_deref(), "Authenticator app")?;
    let holder = holder(&app, &caller, None).await?;
    let id = FactorId::new(app.clock.now(), app.entropy.as_ref());
    let (kid, nonce) = (app.config.factor_keys.current(), new_nonce(app.entropy.as_ref()));
    let secret = TotpSecret::derive(&app.config.factor_keys, kid, &caller.user_id, &id, &nonce)
        .ok_or_else(|| ApiError::internal("no factor key"))?;
    if !factors::add_totp(app.db.as_ref(), &owned(&app, &caller, &id), &name, kid, &nonce).await? {
        return Err(too_many());
    }
    let otpauth_uri = secret.uri(PRODUCT, &holder.user.email);
    Ok((StatusCode::CREATED, Out(TotpOut { id, secret: secret.base32(), otpauth_uri })))
}

/// A code.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CodeIn {
    /// Six digits.
    #[schema(format = Password)]
    code: String,
}

/// New recovery codes, if there are any.
#[derive(Serialize, ToSchema)]
pub struct ConfirmedOut {
    /// Ten codes, shown once; null for who had codes before.
    recovery_codes: Option<Vec<String>>,
}

/// A set of codes: what the person sees, and what is stored.
pub(super) fn new_codes(app: &App, user: &UserId) -> (Vec<String>, NewCodes) {
    let codes = recovery_codes::new_codes(app.entropy.as_ref());
    let keys = &app.config.factor_keys;
    let hashes =
        codes.iter().filter_map(|code| recovery_codes::hash(keys, keys.current(), user, code)).collect();
    (codes, NewCodes { kid: keys.current().to_owned(), hashes })
}

/// Confirm an authenticator app
///
/// With its first code it begins to count. The first factor of a person brings ten recovery codes.
#[utoipa::path(post, path = "/api/v1/auth/factors/totp/{factor_id}/confirm", tag = "auth",
    security(("access_token" = [])), params(("factor_id" = String, Path)), request_body = CodeIn,
    responses((status = 200, body = ConfirmedOut), Problems))]
async fn confirm_totp(
    State(app): State<AppState>,
    context: RequestContext,
    Account(caller): Account,
    Path(id): Path<FactorId>,
    Json { value: input, .. }: Json<CodeIn>,
) -> Result<Out<ConfirmedOut>, ApiError> {
    let holder = holder(&app, &caller, None).await?;
    let app_factor = holder.factors.iter().find(|factor| factor.id == id && factor.kind == FactorType::Totp);
    let factor = app_factor.ok_or_else(|| ApiError::not_found("factor"))?;
    // A new secret is no secret to who set it up; that of an app which counts is.
    let attempt = match factor.confirmed_at {
        Some(_) => Some(spend_try(&app, &context, &caller.user_id).await?),
        None => None,
    };
    let code = parse_code(&input.code).ok_or_else(invalid_code)?;
    let secret = secret(&app, factor).ok_or_else(invalid_code)?;
    let step = secret.accept(&code, app.clock.now(), None).ok_or_else(invalid_code)?;
    if let Some(attempt) = attempt {
        app.give_back(&context, attempt).await;
    }
    if factor.confirmed_at.is_some() {
        // The same request again, after an answer that was lost.
        let is_same = factor.last_step == Some(step);
        let confirmed = || ApiError::new(ProblemCode::Conflict, "This app is confirmed already.");
        return is_same.then_some(Out(ConfirmedOut { recovery_codes: None })).ok_or_else(confirmed);
    }
    let (codes, hashed) = new_codes(&app, &caller.user_id);
    let also = vec![
        used_challenges::spend(Once::Step(&id, step), app.clock.now()),
        factor_event(&app, &context, &holder.user, AuditAction::FactorAdded, (&id, factor.kind.name())),
    ];
    let owned = owned(&app, &caller, &id);
    let kept = factors::confirm_totp(app.db.as_ref(), &owned, step, &hashed, also).await?;
    if !kept.is_new {
        return Err(ApiError::not_found("factor"));
    }
    tell(&app, &holder.user, Letter::FactorAdded { name: factor.name.clone() }).await;
    Ok(Out(ConfirmedOut { recovery_codes: kept.has_new_codes.then_some(codes) }))
}

/// Recovery codes.
#[derive(Serialize, ToSchema)]
pub struct RecoveryCodesOut {
    /// Ten codes, shown once.
    recovery_codes: Vec<String>,
}

/// Make new recovery codes
///
/// The old ones are void.
#[utoipa::path(post, path = "/api/v1/auth/recovery-codes", tag = "auth", security(("access_token" = [])),
    responses((status = 200, body = RecoveryCodesOut), Problems))]
async fn make_recovery_codes(
    State(app): State<AppState>,
    context: RequestContext,
    Recent(Account(caller)): Recent<Account>,
) -> Result<Out<RecoveryCodesOut>, ApiError> {
    let holder = holder(&app, &caller, None).await?;
    if holder.confirmed().next().is_none() {
        return Err(ApiError::new(ProblemCode::Conflict, "Add a second factor first."));
    }
    let (codes, hashed) = new_codes(&app, &caller.user_id);
    let event = app.audit(
        &caller.school_id,
        Subject::user(&caller.user_id),
        AuditAction::RecoveryCodesMade,
        &context,
    );
    let mut statements =
        stored_codes::replace(&caller.school_id, &caller.user_id, &hashed, app.clock.now()).to_vec();
    statements.push(audit::insert(&event));
    app.db.batch(statements).await?;
    Ok(Out(RecoveryCodesOut { recovery_codes: codes }))
}
