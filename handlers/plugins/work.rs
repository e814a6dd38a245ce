//! What a paired plugin does beside messages: sessions, progress, everything at once, and several things in one call.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::body::{PluginBody, checked_data, checked_text, cursor};
use super::caller::{Able, Names, Paired, PluginCaller, ProgressWrite, refused, unexpected};
use super::messages::{SendIn, checked};
use super::plugin_post;
use super::registering::DoneOut;
use crate::domain::ids::PluginSessionId;
use crate::domain::plugin::Capability;
use crate::domain::quiz::{FieldError, FieldErrorCode};
use crate::domain::time::Timestamp;
use crate::handlers::context::RequestContext;
use crate::handlers::extract::Path;
use crate::handlers::out::Out;
use crate::handlers::problem::{ApiError, ProblemCode, Problems};
use crate::handlers::routing::{AlsoAt, OpenApiRouter, routes};
use crate::handlers::{App, AppState};
use crate::plugins::{Act, Acted, PluginProgress, SessionView, Synced};

/// The most operations of one batch.
const MAX_BATCH: usize = 100;
/// Longest id that a plugin gives a pupil, a lesson or a request.
const MAX_ID: usize = 100;

/// The routes.
pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(start_plugin_session).also_at(&["/api/v1/plugins/sessions"]))
        .routes(routes!(end_plugin_session).also_at(&["/api/v1/plugins/sessions/{plugin_session_id}/end"]))
        .routes(routes!(update_progress).also_at(&["/api/v1/plugins/progress"]))
        .routes(routes!(sync_plugin).also_at(&["/api/v1/plugins/sync"]))
        .routes(routes!(communicate))
        .routes(routes!(batch))
}

impl<C: Names> From<Able<C>> for PluginCaller {
    fn from(able: Able<C>) -> Self {
        able.into_caller()
    }
}

type Able_ = Able<ProgressWrite>;

/// Anything that the plugin wants to say of the session, at most 16 KB. With a `request_id` the same start again is the same
/// session.
#[derive(Deserialize, ToSchema)]
pub struct SessionIn {
    /// The plugin's own id of this start.
    #[schema(max_length = 100)]
    request_id: Option<String>,
    /// Whatever else.
    #[serde(flatten)]
    #[schema(ignore)]
    more: Map<String, Value>,
}

/// A session.
#[derive(Serialize, ToSchema)]
pub struct PluginSessionOut {
    /// True.
    success: bool,
    /// `success`.
    status: &'static str,
    /// What happened, for people.
    message: &'static str,
    /// The session.
    session_id: PluginSessionId,
    /// More about it.
    session: SessionView,
}

fn start_act(app: &App, input: SessionIn) -> Result<Act, ApiError> {
    let id = PluginSessionId::new(app.clock.now(), app.entropy.as_ref());
    let source = match &input.request_id {
        Some(request) => format!("request {}", checked_text(request, MAX_ID, "/request_id").map_err(one)?),
        None => id.to_string(),
    };
    let body = checked_data(Value::Object(input.more), "").map_err(one)?;
    Ok(Act::StartSession { id, source, body })
}

fn one(error: FieldError) -> ApiError {
    ApiError::invalid(vec![error])
}

fn session(acted: Acted, message: &'static str) -> Result<PluginSessionOut, ApiError> {
    match acted {
        Acted::Session(session) => Ok(PluginSessionOut {
            success: true,
            status: "success",
            message,
            session_id: session.session_id.clone(),
            session,
        }),
        _ => Err(unexpected()),
    }
}

async fn start(
    app: &App,
    caller: PluginCaller,
    context: &RequestContext,
    input: SessionIn,
) -> Result<PluginSessionOut, ApiError> {
    session(caller.act(app, context, start_act(app, input)?).await?, "Session started")
}

plugin_post! {
    /// Start a session
    ///
    /// It ends by itself an hour after the plugin was heard of last.
    start_plugin_session at "/plugin/session/start": Able_(SessionIn) -> PluginSessionOut by start
}

async fn end(
    app: &App,
    caller: PluginCaller,
    context: &RequestContext,
    id: PluginSessionId,
) -> Result<PluginSessionOut, ApiError> {
    session(caller.act(app, context, Act::EndSession(id)).await?, "Session ended")
}

/// End a session
///
/// Again is no error.
#[utoipa::path(post, path = "/plugin/session/{plugin_session_id}/end", tag = "plugins", security(("plugin_token" = [])),
    params(("plugin_session_id" = String, Path)), responses((status = 200, body = PluginSessionOut), Problems))]
async fn end_plugin_session(
    State(app): State<AppState>,
    caller: Able_,
    context: RequestContext,
    Path(id): Path<PluginSessionId>,
) -> Result<Out<PluginSessionOut>, ApiError> {
    end(&app, caller.into(), &context, id).await.map(Out)
}

/// Progress of a pupil, and whatever else the plugin says of it: at most 16 KB.
#[derive(Deserialize, ToSchema)]
pub struct PluginProgressIn {
    /// The pupil, as the plugin calls them: text or number.
    #[schema(required, value_type = String, max_length = 100)]
    student_id: Option<Value>,
    /// The lesson, as the plugin calls it: text or number.
    #[schema(required, value_type = String, max_length = 100)]
    lesson_id: Option<Value>,
    /// Whatever else.
    #[serde(flatten)]
    #[schema(ignore)]
    more: Map<String, Value>,
}

fn progress_act(app: &App, input: PluginProgressIn) -> Result<Act, ApiError> {
    let mut errors = Vec::new();
    let mut id = |value: Option<Value>, pointer: &'static str| {
        let text = match value {
            Some(Value::String(text)) => Ok(text),
            Some(Value::Number(number)) => Ok(number.to_string()),
            _ => Err(FieldError::new(pointer, FieldErrorCode::Required, "a text or a number is needed")),
        };
        text.and_then(|text| checked_text(&text, MAX_ID, pointer)).map_err(|error| errors.push(error)).ok()
    };
    let (student, lesson) = (id(input.student_id, "/student_id"), id(input.lesson_id, "/lesson_id"));
    let body = checked_data(Value::Object(input.more), "").map_err(|error| errors.push(error)).ok();
    match (student, lesson, body) {
        (Some(student_id), Some(lesson_id), Some(body)) => {
            Ok(Act::Progress(PluginProgress { student_id, lesson_id, body, at: app.clock.now() }))
        }
        _ => Err(ApiError::invalid(errors)),
    }
}

async fn progress(
    app: &App,
    caller: PluginCaller,
    context: &RequestContext,
    input: PluginProgressIn,
) -> Result<DoneOut, ApiError> {
    caller.act(app, context, progress_act(app, input)?).await?;
    Ok(DoneOut::new("Progress updated"))
}

plugin_post! {
    /// Report progress
    ///
    /// The newest of each pupil and lesson is kept for a week.
    update_progress at "/plugin/progress/update": Able_(PluginProgressIn) -> DoneOut by progress
}

/// What a plugin has. Unknown fields are ignored.
#[derive(Deserialize, ToSchema)]
pub struct SyncIn {
    /// The highest id of a message that the plugin has.
    #[schema(value_type = Option<i64>)]
    last_message_id: Option<Value>,
}

/// Everything that a plugin should know.
#[derive(Serialize, ToSchema)]
pub struct PluginSyncOut {
    /// True.
    success: bool,
    /// `synced`.
    status: &'static str,
    /// Now.
    timestamp: Timestamp,
    /// Itself, its messages, its sessions, the newest progress that it reported.
    data: Synced,
}

async fn sync(
    app: &App,
    caller: PluginCaller,
    context: &RequestContext,
    input: SyncIn,
) -> Result<PluginSyncOut, ApiError> {
    let act = Act::Sync { after: cursor(input.last_message_id.as_ref()) };
    match caller.act(app, context, act).await? {
        Acted::Synced(data) => {
            Ok(PluginSyncOut { success: true, status: "synced", timestamp: app.clock.now(), data: *data })
        }
        _ => Err(unexpected()),
    }
}

plugin_post! {
    /// Synchronize a plugin
    ///
    /// Everything at once, for a Studio that has just started.
    sync_plugin at "/sync": Paired(SyncIn) -> PluginSyncOut by sync
}

/// What an old plugin wants.
#[derive(Deserialize, ToSchema)]
pub struct CommunicateIn {
    /// `sync_data`.
    #[schema(example = "sync_data")]
    action: Option<String>,
    /// The highest id of a message that the plugin has.
    #[schema(value_type = Option<i64>)]
    last_message_id: Option<Value>,
}

async fn act_by_name(
    app: &App,
    caller: PluginCaller,
    context: &RequestContext,
    input: CommunicateIn,
) -> Result<PluginSyncOut, ApiError> {
    let detail = match input.action.as_deref() {
        Some("sync_data") => {
            return sync(app, caller, context, SyncIn { last_message_id: input.last_message_id }).await;
        }
        Some("generate_content") => "content is generated by POST /plugin/content/generate",
        _ => "sync_data is what can be asked for here",
    };
    Err(one(FieldError::new("/action", FieldErrorCode::NotAllowed, detail)))
}

plugin_post! {
    /// Act by name
    ///
    /// `sync_data` is `/sync`.
    communicate at "/plugin/communicate": Paired(CommunicateIn) -> PluginSyncOut by act_by_name
}

/// Up to a hundred operations.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BatchIn {
    /// Each is done by itself, in order.
    #[schema(min_items = 1, max_items = 100)]
    operations: Vec<Operation>,
}

/// One operation: the body of its own route, and `op`.
#[derive(Deserialize, ToSchema)]
#[serde(tag = "op", rename_all = "snake_case")]
pub enum Operation {
    /// As `/api/v1/plugins/heartbeat`.
    Heartbeat,
    /// As `/api/v1/plugins/poll`.
    Poll(SyncIn),
    /// As `/api/v1/plugins/messages`.
    Send(SendIn),
    /// As `/api/v1/plugins/sessions`.
    SessionStart(SessionIn),
    /// As `/api/v1/plugins/sessions/{id}/end`.
    SessionEnd {
        /// The session.
        plugin_session_id: PluginSessionId,
    },
    /// As `/api/v1/plugins/progress`.
    Progress(PluginProgressIn),
}

impl Operation {
    fn act(self, app: &App, caller: &PluginCaller) -> Result<Act, ApiError> {
        let is_writing = matches!(self, Self::SessionStart(_) | Self::SessionEnd { .. } | Self::Progress(_));
        if is_writing && !caller.claims.capabilities.contains(&Capability::ProgressWrite) {
            let detail = "The plugin was paired without the capability progress:write.";
            return Err(ApiError::new(ProblemCode::Forbidden, detail));
        }
        Ok(match self {
            Self::Heartbeat => Act::Heartbeat,
            Self::Poll(input) => Act::Poll { after: cursor(input.last_message_id.as_ref()) },
            Self::Send(input) => Act::Send(checked(input)?),
            Self::SessionStart(input) => start_act(app, input)?,
            Self::SessionEnd { plugin_session_id } => Act::EndSession(plugin_session_id),
            Self::Progress(input) => progress_act(app, input)?,
        })
    }
}

/// What became of the operations.
#[derive(Serialize, ToSchema)]
pub struct BatchOut {
    /// One for each, in order.
    results: Vec<OperationOut>,
}

/// What became of an operation.
#[derive(Serialize, ToSchema)]
pub struct OperationOut {
    /// Whether it was done.
    success: bool,
    /// What it gave.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    result: Option<Value>,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<ProblemCode>,
    /// Why not, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

impl OperationOut {
    fn refused(error: &ApiError) -> Self {
        let (code, detail) = (Some(error.code()), Some(error.detail().to_owned()));
        Self { success: false, result: None, code, detail }
    }

    fn done(acted: &Acted) -> Result<Self, ApiError> {
        let result = match acted {
            Acted::Done => json!({}),
            Acted::Beat(beat) => {
                json!({"registered_until": beat.registered_until, "messages_waiting": beat.waiting})
            }
            Acted::Messages(mail) => json!(mail),
            Acted::Sent { id, is_repeat } => json!({"message_id": id, "duplicate": is_repeat}),
            Acted::Session(session) => json!(session),
            _ => return Err(unexpected()),
        };
        Ok(Self { success: true, result: Some(result), code: None, detail: None })
    }
}

/// Do several things
///
/// Up to a hundred operations, each by itself: one that is refused never fails its neighbours. All together count as one call.
#[utoipa::path(post, path = "/api/v1/plugins/batch", tag = "plugins", security(("plugin_token" = [])),
    request_body = BatchIn, responses((status = 200, body = BatchOut), Problems))]
async fn batch(
    State(app): State<AppState>,
    caller: Paired,
    context: RequestContext,
    PluginBody(input): PluginBody<BatchIn>,
) -> Result<Out<BatchOut>, ApiError> {
    let caller = PluginCaller::from(caller);
    let count = input.operations.len();
    if !(1..=MAX_BATCH).contains(&count) {
        let code = if count == 0 { FieldErrorCode::TooFew } else { FieldErrorCode::TooMany };
        return Err(one(FieldError::new("/operations", code, format!("1 to {MAX_BATCH}"))));
    }
    let acts: Vec<_> = input.operations.into_iter().map(|operation| operation.act(&app, &caller)).collect();
    let good = acts.iter().filter_map(|act| act.as_ref().ok().cloned()).collect();
    let Acted::Batch(outcomes) = caller.act(&app, &context, Act::Batch(good)).await? else {
        return Err(unexpected());
    };
    let mut outcomes = outcomes.into_iter();
    let results = acts.into_iter().map(|act| match act {
        Err(error) => Ok(OperationOut::refused(&error)),
        Ok(_) => match outcomes.next() {
            Some(Ok(acted)) => OperationOut::done(&acted),
            Some(Err(refusal)) => Ok(OperationOut::refused(&refused(refusal, 1))),
            None => Err(unexpected()),
        },
    });
    Ok(Out(BatchOut { results: results.collect::<Result<_, _>>()? }))
}
