//! Signatures for the channels of a class room (Pusher, "Auth signatures"): only for who may see the class.

use axum::Json as Out;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::access::close_sockets;
use super::auth::Teacher;
use super::extract::Form;
use super::problem::{ApiError, ProblemCode, Problems};
use super::routing::{OpenApiRouter, routes};
use super::{App, AppState};
use crate::domain::ids::is_room_key;
use crate::domain::pusher::{self, Channel, CloseCode};
use crate::domain::user::Identity;
use crate::inbox::{InboxAnswer, InboxOp, SocketRef};
use crate::storage::classes;

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(authorize_channel))
}

/// What pusher-js sends, and the room.
#[derive(Deserialize, ToSchema)]
pub struct ChannelIn {
    /// The socket's id.
    socket_id: String,
    /// The channel.
    channel_name: String,
    /// The class's `room_key` (`channelAuthorization.params`).
    room_key: String,
}

/// What pusher-js sends on to the room.
#[derive(Serialize, ToSchema)]
pub struct ChannelOut {
    /// `key:signature`.
    auth: String,
    /// The signed text of a presence channel.
    #[serde(skip_serializing_if = "Option::is_none")]
    channel_data: Option<String>,
}

/// Authorize a channel
#[utoipa::path(post, path = "/api/v1/realtime/auth", tag = "realtime", security(("access_token" = [])),
    request_body(content = ChannelIn, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, body = ChannelOut), Problems))]
async fn authorize_channel(
    State(app): State<AppState>,
    teacher: Teacher,
    Form(input): Form<ChannelIn>,
) -> Result<Out<ChannelOut>, ApiError> {
    if !pusher::is_socket_id(&input.socket_id) {
        return Err(ApiError::new(ProblemCode::Malformed, "socket_id: two numbers with a point between"));
    }
    let channel = Channel::parse(&input.channel_name).ok_or_else(|| ApiError::not_found("channel"))?;
    if !is_room_key(&input.room_key) {
        return Err(ApiError::not_found("room"));
    }
    remember(&app, &teacher.0, &input).await?;
    let (class, is_signed_in) =
        classes::by_room_key(app.db.as_ref(), &teacher.scope(), &input.room_key, &teacher.0).await?;
    if !is_signed_in {
        return Err(ApiError::new(ProblemCode::InvalidToken, "The token was ended; sign in or refresh."));
    }
    let class = class.ok_or_else(|| ApiError::not_found("room"))?;
    let channel_data = (channel == Channel::Presence).then(|| {
        let info = json!({"display_name": teacher.0.display_name, "role": teacher.0.role});
        json!({"user_id": teacher.0.user_id, "user_info": info}).to_string()
    });
    let secret = pusher::app_secret(&app.config.realtime_secret, &class.room_key);
    let text = pusher::subscription_text(&input.socket_id, channel.name(), channel_data.as_deref());
    let auth = format!("{}:{}", class.room_key, pusher::sign(secret.as_bytes(), &text));
    Ok(Out(ChannelOut { auth, channel_data }))
}

/// Before anything else, so that whoever ends the caller's access finds the socket.
async fn remember(app: &App, caller: &Identity, input: &ChannelIn) -> Result<(), ApiError> {
    let socket = SocketRef { room_key: input.room_key.clone(), socket_id: input.socket_id.clone() };
    let op = InboxOp::RememberSocket { socket, sign_in_id: caller.sign_in_id.clone() };
    match app.inboxes.call(caller.user_id.clone(), op).await? {
        InboxAnswer::Sockets(in_excess) => {
            close_sockets(app, &caller.school_id, &caller.user_id, in_excess, CloseCode::Reconnect).await
        }
        _ => Err(ApiError::internal("the inbox gave an answer of another kind")),
    }
}
