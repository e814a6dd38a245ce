//! What was measured, for Prometheus and for people.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, header};

use super::Operator;
use crate::domain::metrics::{Amount, Labels, Metric, Sample};
use crate::handlers::AppState;
use crate::handlers::out::Out;
use crate::handlers::problem::{ApiError, Problems};
use crate::handlers::routing::{OpenApiRouter, routes};

/// The text format of Prometheus.
const PROMETHEUS: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(read_metrics))
}

/// Read the metrics
///
/// Of all isolates together, in the text format of Prometheus, or as JSON where `Accept` asks for it. A crash loses the measurements
/// of an isolate's last seconds.
#[utoipa::path(get, path = "/metrics", tag = "operations", security(("operator_key" = [])),
    responses((status = 200, content(
        (String = "text/plain"),
        (serde_json::Value = "application/json"),
    )), Problems))]
async fn read_metrics(
    State(app): State<AppState>,
    _: Operator,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    // The cache may be down while everything else is measured.
    let cache = app.content_cache.stats().await;
    let mut registry = app.metrics.read().await?;
    if let Ok(stats) = cache {
        for (metric, value) in [(Metric::CacheSize, stats.size), (Metric::CacheBytes, stats.bytes)] {
            #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
            registry.take(Sample { metric, labels: Labels::new(), amount: Amount::Set(value as f64) });
        }
    }
    let wanted = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if wanted.contains("application/json") {
        let mut json = registry.json();
        if let Some(members) = json.as_object_mut() {
            members.insert("timestamp".to_owned(), app.clock.now().to_rfc3339().into());
        }
        return Ok(Out(json).into_response());
    }
    Ok(([(header::CONTENT_TYPE, PROMETHEUS)], registry.prometheus()).into_response())
}
