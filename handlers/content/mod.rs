//! Content that is generated: for teachers on the dashboard, and for Studio plugins.

mod answer;
mod make;
mod plugins;
mod trigger;

use axum::extract::State;
use serde_json::{Map, Value};

use super::AppState;
use super::auth::Teacher;
use super::context::RequestContext;
use super::extract::Json;
use super::problem::{ApiError, Problems};
use super::routing::{OpenApiRouter, routes};
use crate::domain::content::{ContentRequest, content_request};
use crate::domain::limits::{Action, Per};
use crate::handlers::out::Out;
use answer::ContentResponse;
use make::make;

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(generate_for_teacher))
        .merge(plugins::routes())
        .merge(trigger::routes())
}

/// Generate content
///
/// A lesson, a quiz, terrain, a script or an activity, by `kind`. The built-in generator computes mathematics and makes questions
/// from a text that you give; of anything else it knows nothing and says so (`content_refused`). Nothing is stored: save a quiz
/// with `POST /api/v1/quizzes`.
#[utoipa::path(post, path = "/api/v1/content/generate", tag = "content", security(("access_token" = [])),
    request_body = ContentRequest, responses((status = 200, body = ContentResponse), Problems))]
async fn generate_for_teacher(
    State(app): State<AppState>,
    teacher: Teacher,
    context: RequestContext,
    Json { value, .. }: Json<Map<String, Value>>,
) -> Result<Out<ContentResponse>, ApiError> {
    app.count(&context, &[(Action::Generate, Per::Account.of(teacher.0.user_id.as_str()))]).await?;
    make(&app, &context, content_request(&value, true)).await.map(Out)
}
