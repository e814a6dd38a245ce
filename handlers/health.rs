//! For who watches it, and the contract itself.

use axum::Router;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::get;
use http::header;

use super::AppState;
use super::auth::Person;
use super::problem::{ApiError, Problems};
use super::routing::{OpenApiRouter, routes};
use crate::ports::Statement;

/// The contract, as a test holds it to the code.
const OPENAPI: &str = include_str!("../openapi.json");

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(live)).routes(routes!(ready)).routes(routes!(openapi))
}

/// Routes of a developer's own machine.
pub fn local_routes() -> Router<AppState> {
    Router::new().route("/api/v1/health/panic", get(panic)).route("/health/caller", get(caller))
}

/// Is it alive?
#[utoipa::path(get, path = "/health/live", tag = "health", responses((status = 200, body = String)))]
async fn live() -> &'static str {
    "ok"
}

/// Can it serve?
///
/// Asks the database.
#[utoipa::path(get, path = "/health/ready", tag = "health", responses((status = 200, body = String), Problems))]
async fn ready(State(app): State<AppState>) -> Result<&'static str, ApiError> {
    app.db.batch(vec![Statement::new("select count(*) as schools from schools", [])]).await?;
    Ok("ok")
}

/// The contract
#[utoipa::path(get, path = "/openapi.json", tag = "health",
    responses((status = 200, content_type = "application/json", body = serde_json::Value)))]
async fn openapi() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "public, max-age=60")], OPENAPI)
}

/// Who calls, by nothing but the token: `npm run bench -- auth` measures what that costs.
async fn caller(Person(identity): Person) -> axum::Json<serde_json::Value> {
    axum::Json(serde_json::json!({ "user_id": identity.user_id }))
}

/// Dies, so that a test can see the next request live.
#[expect(clippy::panic, reason = "that is its job, on a developer's own machine only")]
async fn panic() {
    panic!("asked to");
}
