//! Content for Studio plugins, at the root as they always asked for it and under `/api/v1/plugins/content/`.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header;
use serde_json::{Map, Value};

use super::answer::ContentResponse;
use super::make::make;
use crate::domain::content::{
    ContentRequest, QuizRequest, ScriptRequest, TerrainRequest, content_request, quiz_request,
    script_request, terrain_request,
};
use crate::domain::quiz::FieldError;
use crate::handlers::context::RequestContext;
use crate::handlers::extract::{Path, Query};
use crate::handlers::out::Out;
use crate::handlers::plugins::body::PluginBody;
use crate::handlers::plugins::caller::{ContentGenerate, Needs, ScriptRead};
use crate::handlers::problem::{ApiError, Problems};
use crate::handlers::routing::{AlsoAt, OpenApiRouter, routes};
use crate::handlers::{App, AppState};
use crate::model::{Brief, ScriptKind};

/// The routes.
pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(generate_content).also_at(&[
            "/generate_simple_content",
            "/plugin/content/generate",
            "/api/v1/plugins/content/generate",
        ]))
        .routes(routes!(generate_quiz).also_at(&["/api/v1/plugins/content/quiz"]))
        .routes(routes!(generate_terrain).also_at(&["/api/v1/plugins/content/terrain"]))
        .routes(routes!(generate_script).also_at(&["/api/v1/plugins/content/script"]))
        .routes(routes!(script_template).also_at(&["/api/v1/plugins/content/scripts/{script_type}"]))
}

/// Reads a request.
type Read = fn(&Map<String, Value>) -> Result<Brief, Vec<FieldError>>;

fn content(body: &Map<String, Value>) -> Result<Brief, Vec<FieldError>> {
    content_request(body, false)
}

/// What the query says goes before the body: the old dashboard asked for quizzes by the query alone.
async fn generated(
    app: &App,
    context: &RequestContext,
    query: Map<String, Value>,
    mut body: Map<String, Value>,
    read: Read,
) -> Result<Out<ContentResponse>, ApiError> {
    body.extend(query);
    make(app, context, read(&body)).await.map(Out)
}

/// One route that generates.
macro_rules! generates {
    ($(#[$doc:meta])* $name:ident at $path:literal: $in:ident by $read:ident) => {
        $(#[$doc])*
        #[utoipa::path(post, path = $path, tag = "content", security(("plugin_token" = [])), request_body = $in,
            responses((status = 200, body = ContentResponse), Problems))]
        async fn $name(
            State(app): State<AppState>,
            _plugin: Needs<ContentGenerate>,
            context: RequestContext,
            Query(query): Query<Map<String, Value>>,
            PluginBody(body): PluginBody<Map<String, Value>>,
        ) -> Result<Out<ContentResponse>, ApiError> {
            generated(&app, &context, query, body, $read).await
        }
    };
}

generates!(
    /// Generate a lesson
    ///
    /// Fields that are not known are ignored.
    generate_content at "/generate_content": ContentRequest by content
);
generates!(
    /// Generate a quiz
    ///
    /// The fields may stand in the query, too.
    generate_quiz at "/generate_quiz": QuizRequest by quiz_request
);
generates!(
    /// Generate terrain
    generate_terrain at "/generate_terrain": TerrainRequest by terrain_request
);
generates!(
    /// Generate a script
    ///
    /// Its source is `script`, too.
    generate_script at "/generate_script": ScriptRequest by script_request
);

async fn template(app: &App, context: &RequestContext, kind: &str) -> Result<Response, ApiError> {
    if ScriptKind::parse(kind).is_none() {
        return Err(ApiError::not_found("script type"));
    }
    let request = Map::from_iter([("script_type".to_owned(), Value::from(kind))]);
    let made = make(app, context, script_request(&request)).await?;
    let script = made.first_script().ok_or_else(|| ApiError::internal("a template without a script"))?;
    let name = format!("attachment; filename=\"{kind}_template.lua\"");
    Ok((
        [(header::CONTENT_TYPE, "text/plain; charset=utf-8".to_owned()), (header::CONTENT_DISPOSITION, name)],
        script,
    )
        .into_response())
}

/// Show a script template
///
/// `quiz`, `quiz_ui`, `terrain`, `terrain_generator`, `ui` or `npc_controller`, with parameters that work as they are.
#[utoipa::path(get, path = "/script/{script_type}", tag = "content", security(("plugin_token" = [])),
    params(("script_type" = ScriptKind, Path)),
    responses((status = 200, body = String, content_type = "text/plain"), Problems))]
async fn script_template(
    State(app): State<AppState>,
    _plugin: Needs<ScriptRead>,
    context: RequestContext,
    Path(kind): Path<String>,
) -> Result<Response, ApiError> {
    template(&app, &context, &kind).await
}
