//! The runtime settings. A change holds everywhere within seconds; each is a version, and an old one can come back as a new one.

use axum::extract::State;
use axum::response::IntoResponse;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::{IntoParams, ToSchema};

use super::Operator;
use crate::domain::audit::AuditAction;
use crate::domain::runtime_config::{RuntimeConfig, RuntimeConfigPatch, Settings};
use crate::handlers::extract::{IfMatch, Json, Query, etag};
use crate::handlers::out::Out;
use crate::handlers::problem::{ApiError, ProblemCode, Problems};
use crate::handlers::routing::{OpenApiRouter, routes};
use crate::handlers::{App, AppState};
use crate::runtime_config::{ConfigAnswer, ConfigOp, ConfigVersion, MAX_HISTORY};

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(read_config, change_config))
        .routes(routes!(config_history))
        .routes(routes!(roll_back_config))
}

/// The settings that hold.
#[derive(Serialize, ToSchema)]
pub struct ConfigOut {
    /// The settings.
    #[serde(flatten)]
    config: RuntimeConfig,
    /// Their version, which is the `ETag` as well.
    version: i64,
}

/// The settings after a change.
#[derive(Serialize, ToSchema)]
pub struct ConfigChangedOut {
    /// True.
    success: bool,
    /// A sentence.
    message: String,
    /// Their version, which is the `ETag` as well.
    version: i64,
    /// The settings.
    config: RuntimeConfig,
}

/// Read the settings
#[utoipa::path(get, path = "/config", tag = "operations", security(("operator_key" = [])),
    responses((status = 200, body = ConfigOut), Problems))]
async fn read_config(State(app): State<AppState>, _: Operator) -> Result<impl IntoResponse, ApiError> {
    match app.settings.call(ConfigOp::Current).await? {
        ConfigAnswer::Current(Settings { version, config }) => {
            Ok(([etag(version)], Out(ConfigOut { config, version })))
        }
        _ => Err(ApiError::internal("the settings gave an answer of another kind")),
    }
}

/// Change settings
///
/// All that are named, or none of them; what is not named stays. With `If-Match` only if nobody else changed them meanwhile.
#[utoipa::path(post, path = "/config", tag = "operations", security(("operator_key" = [])),
    params(("If-Match" = Option<String>, Header, description = "The `ETag` of what you changed.")),
    request_body = RuntimeConfigPatch,
    responses((status = 200, body = ConfigChangedOut), Problems))]
async fn change_config(
    State(app): State<AppState>,
    operator: Operator,
    IfMatch(if_version): IfMatch,
    Json { value: change, .. }: Json<Map<String, Value>>,
) -> Result<impl IntoResponse, ApiError> {
    let op = ConfigOp::Change { change, by: operator.author(), if_version };
    changed(&app, &operator, op, AuditAction::ConfigChanged).await
}

/// To which version.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RollBackIn {
    /// 0 are the start values.
    #[schema(minimum = 0)]
    version: i64,
}

/// Go back to older settings
///
/// They become a new version.
#[utoipa::path(post, path = "/api/v1/operations/config/roll-back", tag = "operations", security(("operator_key" = [])),
    params(("If-Match" = Option<String>, Header, description = "The `ETag` of what you changed.")),
    request_body = RollBackIn,
    responses((status = 200, body = ConfigChangedOut), Problems))]
async fn roll_back_config(
    State(app): State<AppState>,
    operator: Operator,
    IfMatch(if_version): IfMatch,
    Json { value: RollBackIn { version: to }, .. }: Json<RollBackIn>,
) -> Result<impl IntoResponse, ApiError> {
    let op = ConfigOp::RollBack { to, by: operator.author(), if_version };
    changed(&app, &operator, op, AuditAction::ConfigRolledBack).await
}

async fn changed(
    app: &App,
    operator: &Operator,
    op: ConfigOp,
    action: AuditAction,
) -> Result<impl IntoResponse + use<>, ApiError> {
    let (old, new) = match app.settings.call(op).await? {
        ConfigAnswer::Changed { old, new } => (old, new),
        ConfigAnswer::Invalid(faults) => return Err(ApiError::invalid(faults)),
        ConfigAnswer::Conflict(version) => {
            let detail = format!("The settings are of version {version} by now; read them again.");
            return Err(ApiError::new(ProblemCode::PreconditionFailed, detail));
        }
        ConfigAnswer::NotFound => return Err(ApiError::not_found("version of the settings")),
        _ => return Err(ApiError::internal("the settings gave an answer of another kind")),
    };
    let message =
        if new == old { "Nothing differs." } else { "Changed; it holds everywhere within seconds." };
    if new != old {
        let detail = json!({"version": new.version, "old": old.config, "new": new.config});
        operator.audit(app, action, detail).await;
    }
    let Settings { version, config } = new;
    let out = ConfigChangedOut { success: true, message: message.to_owned(), version, config };
    Ok(([etag(version)], Out(out)))
}

/// Which versions.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct HistoryQuery {
    /// Only versions before this one.
    before: Option<i64>,
    /// 1 to 100, 100 when left out.
    limit: Option<i64>,
}

/// Versions of the settings.
#[derive(Serialize, ToSchema)]
pub struct HistoryOut {
    /// Newest first.
    items: Vec<ConfigVersion>,
}

/// Who changed the settings when
#[utoipa::path(get, path = "/api/v1/operations/config/history", tag = "operations", security(("operator_key" = [])),
    params(HistoryQuery), responses((status = 200, body = HistoryOut), Problems))]
async fn config_history(
    State(app): State<AppState>,
    _: Operator,
    Query(query): Query<HistoryQuery>,
) -> Result<Out<HistoryOut>, ApiError> {
    let limit = query.limit.unwrap_or(MAX_HISTORY);
    if !(1..=MAX_HISTORY).contains(&limit) {
        return Err(ApiError::new(ProblemCode::Malformed, format!("limit: 1 to {MAX_HISTORY}")));
    }
    match app.settings.call(ConfigOp::History { before: query.before, limit }).await? {
        ConfigAnswer::History(items) => Ok(Out(HistoryOut { items })),
        _ => Err(ApiError::internal("the settings gave an answer of another kind")),
    }
}
