//! Messages to and from plugins.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::body::{PluginBody, checked_data, checked_text, cursor};
use super::caller::{Paired, PluginCaller, unexpected};
use super::plugin_post;
use crate::domain::ids::PluginId;
use crate::domain::quiz::{FieldError, FieldErrorCode};
use crate::domain::time::Timestamp;
use crate::handlers::context::RequestContext;
use crate::handlers::out::Out;
use crate::handlers::problem::{ApiError, Problems};
use crate::handlers::routing::{AlsoAt, OpenApiRouter, routes};
use crate::handlers::{App, AppState};
use crate::plugins::{Act, Acted, Mailbag, Sent};

/// Longest id that a sender gives a message, and longest type.
const MAX_WORD: usize = 100;

/// The routes.
pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(poll_messages).also_at(&[
            "/plugin/poll",
            "/plugin/poll-messages",
            "/poll-messages",
            "/messages/poll",
            "/api/v1/plugins/poll",
        ]))
        .routes(routes!(send_message).also_at(&[
            "/plugin/send-message",
            "/send-message",
            "/api/v1/plugins/messages",
        ]))
}

/// A poll. Unknown fields are ignored.
#[derive(Deserialize, ToSchema)]
pub struct PollIn {
    /// The plugin's own id, as old plugins send it.
    #[schema(ignore)]
    plugin_id: Option<String>,
    /// The highest id of a message that the plugin has: those until there are received and do not come again. 0 at first.
    #[schema(value_type = Option<i64>)]
    last_message_id: Option<Value>,
}

/// What waits.
#[derive(Serialize, ToSchema)]
pub struct PollOut {
    /// True.
    success: bool,
    /// `success`.
    status: &'static str,
    /// Messages, whether there are more, and how many were lost.
    #[serde(flatten)]
    mail: Mailbag,
    /// Now.
    timestamp: Timestamp,
}

async fn poll(
    app: &App,
    caller: PluginCaller,
    context: &RequestContext,
    input: PollIn,
) -> Result<PollOut, ApiError> {
    caller.is(input.plugin_id.as_deref())?;
    let act = Act::Poll { after: cursor(input.last_message_id.as_ref()) };
    match caller.act(app, context, act).await? {
        Acted::Messages(mail) => {
            Ok(PollOut { success: true, status: "success", mail, timestamp: app.clock.now() })
        }
        _ => Err(unexpected()),
    }
}

plugin_post! {
    /// Poll messages
    ///
    /// In order. A message comes again until a poll says that it, or a later one, was received.
    poll_messages at "/plugin/messages": PluginCaller(PollIn) -> PollOut by poll
}

/// A message. Unknown fields are ignored.
#[derive(Deserialize, ToSchema)]
pub struct SendIn {
    /// To which plugin of the same teacher; to the sender itself, for when Studio starts again, when left out.
    #[schema(value_type = Option<String>)]
    plugin_id: Option<Value>,
    /// The sender's own id of the message: the same again is the same message.
    #[schema(required, value_type = String)]
    id: Option<Value>,
    /// What kind; the `type` of `data` when left out.
    #[serde(rename = "type")]
    #[schema(max_length = 100)]
    kind: Option<String>,
    /// The message, at most 16 KB.
    #[schema(value_type = Option<Object>)]
    data: Option<Value>,
    /// The message, by the name that some old plugins use.
    #[schema(ignore)]
    message: Option<Value>,
}

/// A message was taken.
#[derive(Serialize, ToSchema)]
pub struct SentOut {
    /// True.
    success: bool,
    /// `success`.
    status: &'static str,
    /// What happened, for people.
    message: &'static str,
    /// Its number in the queue of the plugin that it is for.
    message_id: i64,
    /// It had been taken before.
    duplicate: bool,
}

/// The message, or everything that is wrong with it.
pub(super) fn checked(input: SendIn) -> Result<Sent, ApiError> {
    let mut errors = Vec::new();
    let to =
        input.plugin_id.as_ref().filter(|id| !id.is_null()).map(|id| id.as_str().and_then(PluginId::parse));
    if to == Some(None) {
        errors.push(FieldError::new("/plugin_id", FieldErrorCode::Malformed, "an id `plg_…` is expected"));
    }
    let id = match &input.id {
        Some(Value::String(id)) => Some(id.clone()),
        Some(Value::Number(id)) => Some(id.to_string()),
        _ => None,
    };
    let id = id.ok_or_else(|| FieldError::new("/id", FieldErrorCode::Required, "an id of your own"));
    let id = id.and_then(|id| checked_text(&id, MAX_WORD, "/id")).map_err(|error| errors.push(error));
    let data = input.data.or(input.message).unwrap_or_default();
    let inner = data.get("type").and_then(Value::as_str).map(str::to_owned);
    let kind = input.kind.or(inner).unwrap_or_else(|| "message".to_owned());
    let kind = checked_text(&kind, MAX_WORD, "/type").map_err(|error| errors.push(error));
    let data = checked_data(data, "/data").map_err(|error| errors.push(error));
    match (id, kind, data) {
        (Ok(id), Ok(kind), Ok(data)) if errors.is_empty() => Ok(Sent { to: to.flatten(), id, kind, data }),
        _ => Err(ApiError::invalid(errors)),
    }
}

async fn send(
    app: &App,
    caller: PluginCaller,
    context: &RequestContext,
    input: SendIn,
) -> Result<SentOut, ApiError> {
    match caller.act(app, context, Act::Send(checked(input)?)).await? {
        Acted::Sent { id, is_repeat } => Ok(SentOut {
            success: true,
            status: "success",
            message: "Message received",
            message_id: id,
            duplicate: is_repeat,
        }),
        _ => Err(unexpected()),
    }
}

impl From<Paired> for PluginCaller {
    fn from(Paired(caller): Paired) -> Self {
        caller
    }
}

plugin_post! {
    /// Send a message
    ///
    /// To a plugin of the same teacher: it comes with its next poll.
    send_message at "/plugin/message": Paired(SendIn) -> SentOut by send
}
