//! Keys of experiences and integrations, for the admins of a school.

use std::collections::BTreeSet;

use axum::extract::State;
use axum::response::IntoResponse;
use http::{StatusCode, header};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::auth::{Admin, Recent};
use super::context::RequestContext;
use super::extract::{Json, List, PageQuery, Path, Query};
use super::out::Out;
use super::problem::{ApiError, ProblemCode, Problems};
use super::routing::{OpenApiRouter, routes};
use super::{App, AppState};
use crate::config::MAX_GAME_TOKEN_S;
use crate::domain::audit::{AuditAction, AuditEvent, Subject, SubjectKind};
use crate::domain::ids::GameKeyId;
use crate::domain::key::{
    DEFAULT_OVERLAP_S, KeyKind, KeyScope, MAX_KEY_NAME, MAX_KEYS, MAX_LIFE_MS, MAX_OVERLAP_S, last_four,
};
use crate::domain::quiz::{FieldError, FieldErrorCode};
use crate::domain::revocation::Revocation;
use crate::domain::time::Timestamp;
use crate::domain::tokens::sha256_hex;
use crate::domain::user::Identity;
use crate::storage::game_keys::{self, KeyRow, NewKey, Rotated};

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_keys, create_key))
        .routes(routes!(rotate_key))
        .routes(routes!(revoke_key))
}

/// A new key.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyIn {
    /// 1 to 100 characters, to tell it from others.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    /// What it is for.
    kind: KeyKind,
    /// What it may do: `game` for an experience, the others for an integration.
    #[schema(min_items = 1, max_items = 4)]
    scopes: Vec<KeyScope>,
    /// At most two years ahead; it never expires when absent.
    #[serde(default)]
    expires_at: Option<Timestamp>,
}

/// A rotation.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RotateIn {
    /// How long the old key goes on: 0 to 604800 seconds, a day when absent.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 604_800)]
    overlap_s: Option<i64>,
}

/// A key, without the key.
#[derive(Serialize, ToSchema)]
pub struct KeyOut {
    /// The key.
    id: GameKeyId,
    /// Its name.
    name: String,
    /// What it is for.
    kind: KeyKind,
    /// What it may do.
    scopes: Vec<KeyScope>,
    /// The end of it.
    last_four: String,
    /// The key that it replaces.
    rotated_from: Option<GameKeyId>,
    /// Made.
    created_at: Timestamp,
    /// When it ends by itself.
    expires_at: Option<Timestamp>,
    /// When it was used last, to some minutes.
    last_used_at: Option<Timestamp>,
    /// When it was revoked.
    revoked_at: Option<Timestamp>,
}

/// A key that was just made.
#[derive(Serialize, ToSchema)]
pub struct NewKeyOut {
    /// All but the key.
    #[serde(flatten)]
    about: KeyOut,
    /// The key. It is shown this once and kept nowhere.
    key: String,
}

impl From<KeyRow> for KeyOut {
    fn from(row: KeyRow) -> Self {
        Self {
            scopes: row.scopes(),
            id: row.id,
            name: row.name,
            kind: row.kind,
            last_four: row.last_four,
            rotated_from: row.rotated_from,
            created_at: Timestamp::from_millis(row.created_at),
            expires_at: row.expires_at.map(Timestamp::from_millis),
            last_used_at: row.last_used_at.map(Timestamp::from_millis),
            revoked_at: row.revoked_at.map(Timestamp::from_millis),
        }
    }
}

fn checked(input: &KeyIn, now: Timestamp) -> Result<String, ApiError> {
    let mut errors = Vec::new();
    let name = input.name.trim();
    if !(1..=MAX_KEY_NAME).contains(&name.chars().count()) || name.chars().any(char::is_control) {
        let detail = format!("1 to {MAX_KEY_NAME} characters, none of them a control character");
        errors.push(FieldError::new("/name", FieldErrorCode::Malformed, detail));
    }
    let names: BTreeSet<String> = input.scopes.iter().map(|scope| format!("{scope:?}")).collect();
    if input.scopes.is_empty() {
        errors.push(FieldError::new("/scopes", FieldErrorCode::TooFew, "at least one"));
    } else if names.len() < input.scopes.len() {
        errors.push(FieldError::new("/scopes", FieldErrorCode::Duplicate, "each scope once"));
    } else if input.scopes.iter().any(|scope| scope.kind() != input.kind) {
        let detail = "`game` is for experiences, the others are for integrations";
        errors.push(FieldError::new("/scopes", FieldErrorCode::NotAllowed, detail));
    }
    let life = input.expires_at.map(|at| at.millis_since(now));
    if life.is_some_and(|life| !(1..=MAX_LIFE_MS).contains(&life)) {
        let detail = "ahead, and by two years at most";
        errors.push(FieldError::new("/expires_at", FieldErrorCode::OutOfRange, detail));
    }
    if errors.is_empty() { Ok(name.to_owned()) } else { Err(ApiError::invalid(errors)) }
}

fn event(
    app: &App,
    admin: &Identity,
    action: AuditAction,
    id: &GameKeyId,
    context: &RequestContext,
) -> AuditEvent {
    app.audit(&admin.school_id, Subject::user(&admin.user_id), action, context)
        .on(Subject::new(SubjectKind::Key, id.as_str()))
}

/// List keys
///
/// Newest first; revoked and expired ones too.
#[utoipa::path(get, path = "/api/v1/keys", tag = "keys", security(("access_token" = [])), params(PageQuery),
    responses((status = 200, body = List<KeyOut>), Problems))]
async fn list_keys(
    State(app): State<AppState>,
    Admin(admin): Admin,
    Query(query): Query<PageQuery>,
) -> Result<Out<List<KeyOut>>, ApiError> {
    let page = query.page()?;
    let rows = game_keys::list(app.db.as_ref(), &admin.school_id, &page).await?;
    Ok(Out(List::of(rows, &page, |row| row.id.to_string(), KeyOut::from)))
}

/// Make a key
///
/// The key is in this answer and nowhere else.
#[utoipa::path(post, path = "/api/v1/keys", tag = "keys", security(("access_token" = [])), request_body = KeyIn,
    responses((status = 201, body = NewKeyOut), Problems))]
async fn create_key(
    State(app): State<AppState>,
    context: RequestContext,
    Recent(Admin(admin)): Recent<Admin>,
    Json { value: input, .. }: Json<KeyIn>,
) -> Result<impl IntoResponse, ApiError> {
    let now = app.clock.now();
    let name = checked(&input, now)?;
    let (id, key) = (GameKeyId::new(now, app.entropy.as_ref()), input.kind.new_key(app.entropy.as_ref()));
    let new = NewKey {
        id: &id,
        school_id: &admin.school_id,
        created_by: &admin.user_id,
        key_hash: &sha256_hex(&key),
        last_four: last_four(&key),
        at: now,
    };
    let event = event(&app, &admin, AuditAction::KeyCreated, &id, &context)
        .with(serde_json::json!({"kind": input.kind, "scopes": input.scopes}));
    let what = (name.as_str(), input.kind, input.scopes.as_slice(), input.expires_at);
    let row = game_keys::insert(app.db.as_ref(), &new, what, &event).await?.ok_or_else(|| {
        let detail = format!("A school has {MAX_KEYS} keys at most. Revoke those that nobody uses.");
        ApiError::new(ProblemCode::Conflict, detail)
    })?;
    Ok(shown_once(row, key))
}

/// A key goes out: no cache on the way may keep it.
fn shown_once(row: KeyRow, key: String) -> impl IntoResponse {
    let headers = [(header::CACHE_CONTROL, "no-store")];
    (StatusCode::CREATED, headers, Out(NewKeyOut { about: row.into(), key }))
}

/// Rotate a key
///
/// A new key of the same name and scopes; the old one ends after the overlap. A key is rotated once: rotate its successor
/// when that was lost.
#[utoipa::path(post, path = "/api/v1/keys/{key_id}/rotate", tag = "keys", security(("access_token" = [])),
    params(("key_id" = String, Path)), request_body = RotateIn, responses((status = 201, body = NewKeyOut), Problems))]
async fn rotate_key(
    State(app): State<AppState>,
    context: RequestContext,
    Recent(Admin(admin)): Recent<Admin>,
    Path(old): Path<GameKeyId>,
    Json { value: input, .. }: Json<RotateIn>,
) -> Result<impl IntoResponse, ApiError> {
    let overlap_s = input.overlap_s.unwrap_or(DEFAULT_OVERLAP_S);
    if !(0..=MAX_OVERLAP_S).contains(&overlap_s) {
        let detail = format!("0 to {MAX_OVERLAP_S}");
        let error = FieldError::new("/overlap_s", FieldErrorCode::OutOfRange, detail);
        return Err(ApiError::invalid(vec![error]));
    }
    let known = game_keys::by_id(app.db.as_ref(), &admin.school_id, &old).await?;
    let kind = known.ok_or_else(|| ApiError::not_found("key"))?.kind;
    let now = app.clock.now();
    let (id, key) = (GameKeyId::new(now, app.entropy.as_ref()), kind.new_key(app.entropy.as_ref()));
    let new = NewKey {
        id: &id,
        school_id: &admin.school_id,
        created_by: &admin.user_id,
        key_hash: &sha256_hex(&key),
        last_four: last_four(&key),
        at: now,
    };
    let event = event(&app, &admin, AuditAction::KeyRotated, &old, &context)
        .with(serde_json::json!({"new_key": id, "overlap_s": overlap_s}));
    let until = now.plus_millis(overlap_s * 1000);
    match game_keys::rotate(app.db.as_ref(), &old, &new, until, &event).await? {
        Rotated::Done(row) => Ok(shown_once(row, key)),
        Rotated::NotFound => Err(ApiError::not_found("key")),
        Rotated::Conflict => Err(ApiError::new(
            ProblemCode::Conflict,
            "The key is revoked, expired or was rotated before. Rotate its successor, or make a new key.",
        )),
    }
}

/// Revoke a key
///
/// At once: its game sessions end within ten seconds. Again is no error.
#[utoipa::path(delete, path = "/api/v1/keys/{key_id}", tag = "keys", security(("access_token" = [])),
    params(("key_id" = String, Path)), responses((status = 204, description = "Revoked"), Problems))]
async fn revoke_key(
    State(app): State<AppState>,
    context: RequestContext,
    Recent(Admin(admin)): Recent<Admin>,
    Path(id): Path<GameKeyId>,
) -> Result<StatusCode, ApiError> {
    let event = event(&app, &admin, AuditAction::KeyRevoked, &id, &context);
    if !game_keys::revoke(app.db.as_ref(), &admin.school_id, &id, &event).await? {
        return Err(ApiError::not_found("key"));
    }
    let entry = Revocation::of(id.as_str(), MAX_GAME_TOKEN_S, app.clock.now());
    app.revocations.end(vec![entry]).await?;
    Ok(StatusCode::NO_CONTENT)
}
