//! The teacher's half of pairing: look at what a code stands for, say yes or no, see what is paired, end it.

use axum::extract::State;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::caller::unexpected;
use super::pairing::{admit, user_code_hashes};
use crate::domain::audit::{AuditAction, AuditEvent, Subject, SubjectKind};
use crate::domain::ids::{PluginId, SchoolId, UserId};
use crate::domain::limits::{Action, Per};
use crate::domain::plugin::{Capability, MAX_PAIRED, MAX_TOKEN_HOURS, RegistryName, parse_user_code};
use crate::domain::revocation::Revocation;
use crate::domain::time::Timestamp;
use crate::domain::user::Identity;
use crate::handlers::auth::Teacher;
use crate::handlers::context::RequestContext;
use crate::handlers::extract::{Json, List, PageQuery, Path, Query};
use crate::handlers::out::Out;
use crate::handlers::problem::{ApiError, ProblemCode, Problems};
use crate::handlers::routing::{OpenApiRouter, routes};
use crate::handlers::{App, AppState};
use crate::plugins::{PluginStatus, RegistryAnswer, RegistryOp};
use crate::storage::plugins::{self, GrantRow, PairingRow, PairingState};

/// The routes.
pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(look_up_pairing))
        .routes(routes!(approve_pairing))
        .routes(routes!(deny_pairing))
        .routes(routes!(list_plugins))
        .routes(routes!(revoke_plugin))
}

/// What a plugin shows.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UserCodeIn {
    /// As it is shown, in any case, with or without the hyphen.
    user_code: String,
}

/// A plugin that waits for a teacher.
#[derive(Serialize, ToSchema)]
pub struct WaitingPluginOut {
    /// The plugin.
    plugin_id: PluginId,
    /// Studio's own id of the installation.
    studio_id: String,
    /// The place that is open.
    place_id: Option<String>,
    /// The plugin's version.
    version: String,
    /// What it asks for.
    capabilities: Vec<Capability>,
    /// Where its request came from, ISO 3166-1 alpha-2: if that is not where you are, somebody else is asking.
    country: Option<String>,
    /// When it asked.
    requested_at: Timestamp,
    /// Until when it waits.
    expires_at: Timestamp,
    /// `pending`, `approved` or `denied`.
    status: &'static str,
}

fn waiting(row: &PairingRow, status: PairingState) -> Result<WaitingPluginOut, ApiError> {
    let registration = row.registration()?;
    Ok(WaitingPluginOut {
        plugin_id: row.plugin_id.clone(),
        studio_id: registration.studio_id,
        place_id: registration.place_id,
        version: registration.version,
        capabilities: row.capabilities(),
        country: row.country.clone(),
        requested_at: Timestamp::from_millis(row.created_at),
        expires_at: Timestamp::from_millis(row.expires_at),
        status: match status {
            PairingState::Pending => "pending",
            PairingState::Approved => "approved",
            PairingState::Denied => "denied",
        },
    })
}

/// What the code stands for. A wrong one is counted.
async fn find(
    app: &App,
    context: &RequestContext,
    teacher: &Identity,
    text: &str,
) -> Result<PairingRow, ApiError> {
    let guess =
        app.spend(context, &[(Action::PairingCode, Per::Account.of(teacher.user_id.as_str()))]).await?;
    let row = match parse_user_code(text) {
        Some(code) => {
            let hashes = user_code_hashes(app, &code);
            plugins::by_user_code(app.db.as_ref(), &teacher.school_id, &hashes, app.clock.now()).await?
        }
        None => None,
    };
    let row = row.ok_or_else(|| ApiError::not_found("code"))?;
    app.give_back(context, guess).await;
    Ok(row)
}

fn event(
    app: &App,
    teacher: &Identity,
    action: AuditAction,
    id: &PluginId,
    context: &RequestContext,
) -> AuditEvent {
    app.audit(&teacher.school_id, Subject::user(&teacher.user_id), action, context)
        .on(Subject::new(SubjectKind::Plugin, id.as_str()))
}

/// Look up a pairing code
///
/// What the plugin says of itself. Unknown or too old: 404.
#[utoipa::path(post, path = "/api/v1/plugins/pairings/lookup", tag = "plugins", security(("access_token" = [])),
    request_body = UserCodeIn, responses((status = 200, body = WaitingPluginOut), Problems))]
async fn look_up_pairing(
    State(app): State<AppState>,
    teacher: Teacher,
    context: RequestContext,
    Json { value: input, .. }: Json<UserCodeIn>,
) -> Result<Out<WaitingPluginOut>, ApiError> {
    let row = find(&app, &context, &teacher.0, &input.user_code).await?;
    waiting(&row, row.state).map(Out)
}

/// Pair a plugin
///
/// It may from now on do what it asked for, in your name. Again is no error. A plugin of the same Studio and place that you
/// paired before is ended.
#[utoipa::path(post, path = "/api/v1/plugins/pairings/approve", tag = "plugins", security(("access_token" = [])),
    request_body = UserCodeIn, responses((status = 200, body = WaitingPluginOut), Problems))]
async fn approve_pairing(
    State(app): State<AppState>,
    teacher: Teacher,
    context: RequestContext,
    Json { value: input, .. }: Json<UserCodeIn>,
) -> Result<Out<WaitingPluginOut>, ApiError> {
    let row = find(&app, &context, &teacher.0, &input.user_code).await?;
    let event = event(&app, &teacher.0, AuditAction::PluginPaired, &row.plugin_id, &context)
        .with(serde_json::json!({"capabilities": row.capabilities()}));
    let (grant, replaced) = plugins::approve(app.db.as_ref(), &teacher.0, &row, &event).await?;
    let Some(grant) = grant else {
        let detail = match row.state {
            PairingState::Pending => {
                format!("A school has {MAX_PAIRED} plugins at most. End those that nobody uses.")
            }
            PairingState::Denied => "This code was denied. Ask the plugin for a new one.".to_owned(),
            PairingState::Approved => "This pairing was ended. Ask the plugin for a new code.".to_owned(),
        };
        return Err(ApiError::new(ProblemCode::Conflict, detail));
    };
    end_plugins(&app, &teacher.0.school_id, replaced).await?;
    admit(&app, &grant).await?;
    let told = RegistryOp::Paired {
        plugin_id: grant.id.clone(),
        epoch: grant.epoch,
        school_id: grant.school_id.clone(),
    };
    app.plugins.call(row.registry.clone(), told).await?;
    waiting(&row, PairingState::Approved).map(Out)
}

/// Deny a plugin
///
/// Its code is good no more. Again is no error.
#[utoipa::path(post, path = "/api/v1/plugins/pairings/deny", tag = "plugins", security(("access_token" = [])),
    request_body = UserCodeIn, responses((status = 200, body = WaitingPluginOut), Problems))]
async fn deny_pairing(
    State(app): State<AppState>,
    teacher: Teacher,
    context: RequestContext,
    Json { value: input, .. }: Json<UserCodeIn>,
) -> Result<Out<WaitingPluginOut>, ApiError> {
    let row = find(&app, &context, &teacher.0, &input.user_code).await?;
    let event = event(&app, &teacher.0, AuditAction::PluginDenied, &row.plugin_id, &context);
    match plugins::deny(app.db.as_ref(), &teacher.0, &row, &event).await? {
        Some(row) if row.state == PairingState::Denied => waiting(&row, row.state).map(Out),
        Some(_) => {
            Err(ApiError::new(ProblemCode::Conflict, "This plugin was paired; end the pairing instead."))
        }
        None => Err(ApiError::not_found("code")),
    }
}

/// A plugin of the school.
#[derive(Serialize, ToSchema)]
pub struct SchoolPluginOut {
    /// The plugin.
    id: PluginId,
    /// Studio's own id of the installation.
    studio_id: String,
    /// The place that was open when it was paired.
    place_id: Option<String>,
    /// Its version.
    version: String,
    /// What it may do.
    capabilities: Vec<Capability>,
    /// Who paired it.
    paired_by: UserId,
    /// When.
    paired_at: Timestamp,
    /// How it does.
    status: PluginStatus,
    /// When it was heard of last.
    last_seen_at: Option<Timestamp>,
}

/// List plugins
///
/// Those that you paired, newest first; an admin sees the school's.
#[utoipa::path(get, path = "/api/v1/plugins", tag = "plugins", security(("access_token" = [])), params(PageQuery),
    responses((status = 200, body = List<SchoolPluginOut>), Problems))]
async fn list_plugins(
    State(app): State<AppState>,
    teacher: Teacher,
    Query(query): Query<PageQuery>,
) -> Result<Out<List<SchoolPluginOut>>, ApiError> {
    let page = query.page()?;
    let rows = plugins::list(app.db.as_ref(), &teacher.scope(), &page).await?;
    let registry = RegistryName::school(&teacher.0.school_id);
    let RegistryAnswer::Plugins(views) = app.plugins.call(registry, RegistryOp::List).await? else {
        return Err(unexpected());
    };
    let mut known: std::collections::BTreeMap<_, _> =
        views.into_iter().map(|view| (view.plugin_id.clone(), view)).collect();
    let rows = rows.into_iter().map(|row| Ok((row.registration()?, row)));
    let rows = rows.collect::<Result<Vec<_>, ApiError>>()?;
    Ok(Out(List::of(
        rows,
        &page,
        |(_, row)| row.id.to_string(),
        |(registration, row): (_, GrantRow)| {
            let view = known.remove(&row.id);
            SchoolPluginOut {
                capabilities: row.capabilities(),
                status: view.as_ref().map_or(PluginStatus::Offline, |view| view.status),
                last_seen_at: view.as_ref().and_then(|view| view.last_heartbeat),
                version: view.map_or(registration.version, |view| view.version),
                id: row.id,
                studio_id: registration.studio_id,
                place_id: registration.place_id,
                paired_by: row.user_id,
                paired_at: Timestamp::from_millis(row.created_at),
            }
        },
    )))
}

/// End a pairing
///
/// The plugin is out within seconds. Again is no error.
#[utoipa::path(delete, path = "/api/v1/plugins/{plugin_id}", tag = "plugins", security(("access_token" = [])),
    params(("plugin_id" = String, Path)), responses((status = 204, description = "Ended"), Problems))]
async fn revoke_plugin(
    State(app): State<AppState>,
    teacher: Teacher,
    context: RequestContext,
    Path(id): Path<PluginId>,
) -> Result<StatusCode, ApiError> {
    let event = event(&app, &teacher.0, AuditAction::PluginRevoked, &id, &context);
    if !plugins::revoke(app.db.as_ref(), &teacher.scope(), &id, &event).await? {
        return Err(ApiError::not_found("plugin"));
    }
    end_plugins(&app, &teacher.0.school_id, vec![id]).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Makes the end of pairings felt: tokens die within 10 s, and the registry forgets the plugins now.
async fn end_plugins(app: &App, school: &SchoolId, ids: Vec<PluginId>) -> Result<(), ApiError> {
    if ids.is_empty() {
        return Ok(());
    }
    let now = app.clock.now();
    let entry = |id: &PluginId| Revocation::of(id.as_str(), MAX_TOKEN_HOURS * 3600, now);
    app.revocations.end(ids.iter().map(entry).collect()).await?;
    app.plugins.call(RegistryName::school(school), RegistryOp::Remove(ids)).await?;
    Ok(())
}
