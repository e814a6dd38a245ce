//! `Idempotency-Key`: a creating POST that arrives twice creates once.

use axum::extract::FromRequestParts;
use http::request::Parts;

use super::App;
use super::problem::{ApiError, ProblemCode, key_reused};
use crate::domain::user::Identity;
use crate::ports::DbError;
use crate::storage::{self, IdempotencyRecord};

/// Longest key.
const MAX_KEY: usize = 255;

/// The caller's key, if there is one.
pub struct IdempotencyKey(pub Option<String>);

impl<S: Send + Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let Some(value) = parts.headers.get("idempotency-key") else { return Ok(Self(None)) };
        let key = value.to_str().ok().filter(|key| (1..=MAX_KEY).contains(&key.len()));
        key.map(|key| Self(Some(key.to_owned()))).ok_or_else(|| {
            ApiError::new(ProblemCode::Malformed, "Idempotency-Key: 1 to 255 visible ASCII characters")
        })
    }
}

impl IdempotencyKey {
    /// What is kept beside the new resource.
    pub(super) fn record(&self, fingerprint: &str) -> Option<IdempotencyRecord> {
        let fingerprint = fingerprint.to_owned();
        self.0.clone().map(|key| IdempotencyRecord { key, fingerprint })
    }
}

/// The id of what the key made before, if it did.
pub(super) async fn made_before(
    app: &App,
    caller: &Identity,
    record: Option<&IdempotencyRecord>,
) -> Result<Option<String>, ApiError> {
    let Some(record) = record else { return Ok(None) };
    match storage::find_key(app.db.as_ref(), caller, &record.key).await? {
        Some(kept) if kept.fingerprint == record.fingerprint => Ok(Some(kept.resource_id)),
        Some(_) => Err(key_reused()),
        None => Ok(None),
    }
}

/// Whether a write failed because the same key was being used at the same moment.
pub(super) fn lost_the_race(error: &DbError) -> bool {
    matches!(error, DbError::Unique(constraint) if constraint.starts_with("idempotency_keys."))
}
