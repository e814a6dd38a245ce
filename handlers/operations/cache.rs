//! The content cache.

use axum::Router;
use axum::extract::State;
use axum::routing::post;
use futures::future::try_join_all;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Operator;
use crate::content_cache::{CacheKey, CacheStats};
use crate::domain::audit::AuditAction;
use crate::domain::metrics::Metric;
use crate::handlers::AppState;
use crate::handlers::extract::Query;
use crate::handlers::out::Out;
use crate::handlers::problem::{ApiError, Problems};
use crate::handlers::routing::{OpenApiRouter, routes};

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(clear_cache)).routes(routes!(cache_stats))
}

/// The cache was cleared.
#[derive(Serialize, ToSchema)]
pub struct ClearedOut {
    /// True.
    success: bool,
    /// A sentence.
    message: String,
    /// How many entries there were.
    cleared: i64,
}

/// Routes of a developer's own machine.
pub fn local_routes() -> Router<AppState> {
    Router::new().route("/api/v1/operations/cache/bench", post(bench))
}

/// What to measure.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BenchQuery {
    what: Measured,
    entries: usize,
    batch: usize,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Measured {
    Put,
    Get,
}

/// Writes or reads entries of 2 KB, for who measures how long that takes; says how many were written or found.
async fn bench(
    State(app): State<AppState>,
    _: Operator,
    Query(query): Query<BenchQuery>,
) -> Result<Out<serde_json::Value>, ApiError> {
    let key = |n| {
        CacheKey::of(&serde_json::json!({"bench": n})).map_err(|error| ApiError::internal(error.to_string()))
    };
    let keys: Vec<CacheKey> = (0..query.entries.min(1000)).map(key).collect::<Result<_, _>>()?;
    let batches: Vec<&[CacheKey]> = keys.chunks(query.batch.clamp(1, 100)).collect();
    let mut done = 0;
    for together in batches.chunks(16) {
        let work = together.iter().map(|batch| async {
            match query.what {
                Measured::Put => {
                    let entry = |key: &CacheKey| (key.clone(), "x".repeat(2048));
                    app.content_cache.put_all(batch.iter().map(entry).collect()).await
                }
                Measured::Get => {
                    let found = app.content_cache.get_all(batch).await?;
                    Ok(found.into_iter().flatten().count())
                }
            }
        });
        done += try_join_all(work).await?.into_iter().sum::<usize>();
    }
    Ok(Out(serde_json::json!({"done": done})))
}

/// Clear the content cache
///
/// All entries go; the statistics stay.
#[utoipa::path(post, path = "/cache/clear", tag = "operations", security(("operator_key" = [])),
    responses((status = 200, body = ClearedOut), Problems))]
async fn clear_cache(State(app): State<AppState>, operator: Operator) -> Result<Out<ClearedOut>, ApiError> {
    let cleared = app.content_cache.clear().await?;
    app.metrics.count(Metric::CacheCleared, []);
    operator.audit(&app, AuditAction::CacheCleared, serde_json::json!({"entries": cleared})).await;
    Ok(Out(ClearedOut { success: true, message: format!("Cleared {cleared} entries."), cleared }))
}

/// Statistics of the content cache
///
/// Written down every `backup_interval` seconds: a crash loses the counts since then, and no entry.
#[utoipa::path(get, path = "/api/v1/operations/cache", tag = "operations", security(("operator_key" = [])),
    responses((status = 200, body = CacheStats), Problems))]
async fn cache_stats(State(app): State<AppState>, _: Operator) -> Result<Out<CacheStats>, ApiError> {
    Ok(Out(app.content_cache.stats().await?))
}
