//! Content that a plugin does not wait for: it comes as a message, `content_ready` or `error`.

use axum::extract::State;
use axum::response::IntoResponse;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::answer::ContentResponse;
use super::make::make;
use crate::domain::content::{content_request, quiz_request, script_request, terrain_request};
use crate::domain::quiz::{FieldError, FieldErrorCode};
use crate::handlers::context::RequestContext;
use crate::handlers::out::Out;
use crate::handlers::plugins::body::{MAX_DATA_BYTES, PluginBody};
use crate::handlers::plugins::caller::{ContentGenerate, Needs};
use crate::handlers::problem::{ApiError, Problems};
use crate::handlers::routing::{AlsoAt, OpenApiRouter, routes};
use crate::handlers::{App, AppState};
use crate::model::Brief;
use crate::plugins::{RegistryOp, Told};

/// The routes.
pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(trigger_agents).also_at(&["/api/v1/plugins/content/trigger"]))
}

/// What is to be made.
#[derive(Deserialize, ToSchema)]
pub struct TriggerIn {
    /// `content_request`, `quiz_generation`, `terrain_creation` or `script_generation`.
    #[serde(default)]
    #[schema(required, value_type = String)]
    event_type: Value,
    /// The fields of the request that it stands for.
    #[serde(default)]
    #[schema(value_type = Object)]
    config: Value,
    /// Not used.
    #[serde(default, rename = "context")]
    #[schema(value_type = Object)]
    _context: Value,
    /// The plugin's own id of this request: the same again is told once.
    #[serde(default)]
    #[schema(max_length = 100, value_type = Option<String>)]
    request_id: Value,
}

/// It was taken.
#[derive(Serialize, ToSchema)]
pub struct TriggerOut {
    /// Always true.
    success: bool,
    /// `accepted`.
    status: &'static str,
    /// The message has it, too.
    request_id: String,
    /// A sentence for people.
    message: &'static str,
}

/// The brief, and where the same is answered at once.
fn read(event: &Value, config: &Map<String, Value>) -> Result<(Brief, &'static str), Vec<FieldError>> {
    let (brief, endpoint) = match event.as_str().unwrap_or_default() {
        "content_request" => (content_request(config, false), "/generate_content"),
        "quiz_generation" => (quiz_request(config), "/generate_quiz"),
        "terrain_creation" => (terrain_request(config), "/generate_terrain"),
        "script_generation" => (script_request(config), "/generate_script"),
        _ => {
            let detail = "content_request, quiz_generation, terrain_creation or script_generation; for everything else there are \
                 routes of their own";
            return Err(vec![FieldError::new("/event_type", FieldErrorCode::Malformed, detail)]);
        }
    };
    let inside = |mut error: FieldError| {
        error.pointer = format!("/config{}", error.pointer);
        error
    };
    let brief = brief.map_err(|errors| errors.into_iter().map(inside).collect::<Vec<_>>())?;
    Ok((brief, endpoint))
}

/// The whole answer if a message may be so large, and else how to get it: the same request with this seed.
fn ready(made: &ContentResponse, endpoint: &str, request_id: &str) -> Value {
    let answer = json!(made);
    let response = if answer.to_string().len() < MAX_DATA_BYTES - 1024 { answer } else { Value::Null };
    json!({"request_id": request_id, "content_id": made.content_id(), "title": made.title(), "seed": made.seed(),
        "endpoint": endpoint, "response": response})
}

async fn trigger(
    app: &App,
    plugin: Needs<ContentGenerate>,
    context: &RequestContext,
    input: TriggerIn,
) -> Result<impl IntoResponse + use<>, ApiError> {
    let config = match input.config {
        Value::Object(config) => config,
        // An empty table of Luau is an empty list.
        Value::Null => Map::new(),
        Value::Array(list) if list.is_empty() => Map::new(),
        _ => {
            let fault = FieldError::new("/config", FieldErrorCode::Malformed, "an object is expected");
            return Err(ApiError::invalid(vec![fault]));
        }
    };
    let (brief, endpoint) = read(&input.event_type, &config).map_err(ApiError::invalid)?;
    let own = input.request_id.as_str().filter(|id| (1..=100).contains(&id.len()));
    let request_id = own.unwrap_or(&context.origin.request_id).to_owned();
    let (kind, data) = match make(app, context, Ok(brief)).await {
        Ok(made) => ("content_ready", ready(&made, endpoint, &request_id)),
        Err(error) => {
            if let Some(cause) = error.cause() {
                let line = json!({"message": "content was not made", "level": "error", "cause": cause});
                app.log.line(&line.to_string());
            }
            let (code, detail) = error.told();
            ("error", json!({"request_id": request_id, "code": code, "message": detail}))
        }
    };
    let message = Told { source: format!("trigger:{request_id}"), kind: kind.to_owned(), data };
    let claims = plugin.0;
    let op = RegistryOp::Tell { to: Some(vec![claims.plugin_id]), message };
    app.plugins.call(claims.registry, op).await?;
    let message = "The content comes as a message: content_ready or error.";
    Ok((StatusCode::ACCEPTED, Out(TriggerOut { success: true, status: "accepted", request_id, message })))
}

/// Ask for content without waiting
///
/// It comes into the plugin's messages: `content_ready` with the answer of the route that it stands for (or, where that is too large
/// for a message, without `response`: send the same request with `seed` to `endpoint`), or `error`.
#[utoipa::path(post, path = "/plugin/trigger-agents", tag = "content", security(("plugin_token" = [])),
    request_body = TriggerIn, responses((status = 202, body = TriggerOut), Problems))]
async fn trigger_agents(
    State(app): State<AppState>,
    plugin: Needs<ContentGenerate>,
    context: RequestContext,
    PluginBody(input): PluginBody<TriggerIn>,
) -> Result<impl IntoResponse, ApiError> {
    trigger(&app, plugin, &context, input).await
}
