//! Signatures for the apps of the Pusher protocol ("Auth signatures"): the room of a class, a person's inbox, the channel of a
//! school. Who signs in or joins gets a signature only for what they may see.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::access::close_sockets;
use super::auth::{Person, Teacher};
use super::extract::Form;
use super::out::Out;
use super::problem::{ApiError, ProblemCode, Problems};
use super::routing::{OpenApiRouter, routes};
use super::{App, AppState};
use crate::domain::ids::is_room_key;
use crate::domain::pusher::{self, ChannelKind, CloseCode};
use crate::domain::user::{Identity, Role};
use crate::inbox::{self, InboxAnswer, InboxOp, SocketRef};
use crate::rooms::channels_of;
use crate::school_channel;
use crate::storage::{classes, sessions};

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(authorize_channel)).routes(routes!(authenticate_user))
}

/// What pusher-js sends for a channel, and the app.
#[derive(Deserialize, ToSchema)]
pub struct ChannelIn {
    /// The socket's id.
    socket_id: String,
    /// The channel.
    channel_name: String,
    /// The app's key: a class's `room_key`, or the id of the caller or of their school (`channelAuthorization.params`).
    #[serde(alias = "room_key")]
    app_key: String,
}

/// What pusher-js sends on to the app.
#[derive(Serialize, ToSchema)]
pub struct ChannelOut {
    /// `key:signature`.
    auth: String,
    /// The signed text of a presence channel.
    #[serde(skip_serializing_if = "Option::is_none")]
    channel_data: Option<String>,
}

/// What pusher-js sends to sign in, and the app.
#[derive(Deserialize, ToSchema)]
pub struct UserAuthIn {
    /// The socket's id.
    socket_id: String,
    /// The app's key: a class's `room_key`, or the id of the caller or of their school (`userAuthentication.params`).
    #[serde(alias = "room_key")]
    app_key: String,
}

/// What pusher-js sends on to the app.
#[derive(Serialize, ToSchema)]
pub struct UserAuthOut {
    /// `key:signature`.
    auth: String,
    /// The signed text: who it is.
    user_data: String,
}

/// Authorize a channel
#[utoipa::path(post, path = "/api/v1/realtime/auth", tag = "realtime", security(("access_token" = [])),
    request_body(content = ChannelIn, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, body = ChannelOut), Problems))]
async fn authorize_channel(
    State(app): State<AppState>,
    person: Person,
    Form(input): Form<ChannelIn>,
) -> Result<Out<ChannelOut>, ApiError> {
    let ChannelIn { socket_id, channel_name, app_key } = input;
    let Person(caller) = &person;
    let kind = ChannelKind::of(&channel_name)
        .filter(|_| channels(&app_key, caller).contains(&channel_name))
        .ok_or_else(|| ApiError::not_found("channel"))?;
    let secret = admit(&app, &person, (&app_key, &socket_id)).await?;
    let channel_data = kind.presence.then(|| {
        let info = json!({"display_name": caller.display_name, "role": caller.role});
        json!({"user_id": caller.user_id, "user_info": info}).to_string()
    });
    let text = pusher::subscription_text(&socket_id, &channel_name, channel_data.as_deref());
    let auth = format!("{app_key}:{}", pusher::sign(secret.as_bytes(), &text));
    Ok(Out(ChannelOut { auth, channel_data }))
}

/// Authenticate a user
///
/// For `pusher.signin()`: from then on the socket gets what is sent to the user, and ends when the user is to be out.
#[utoipa::path(post, path = "/api/v1/realtime/user-auth", tag = "realtime", security(("access_token" = [])),
    request_body(content = UserAuthIn, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, body = UserAuthOut), Problems))]
async fn authenticate_user(
    State(app): State<AppState>,
    person: Person,
    Form(input): Form<UserAuthIn>,
) -> Result<Out<UserAuthOut>, ApiError> {
    let UserAuthIn { socket_id, app_key } = input;
    let secret = admit(&app, &person, (&app_key, &socket_id)).await?;
    let Person(caller) = &person;
    let info = json!({"display_name": caller.display_name, "role": caller.role});
    let user_data = json!({"id": caller.user_id, "user_info": info}).to_string();
    let text = pusher::user_text(&socket_id, &user_data);
    let auth = format!("{app_key}:{}", pusher::sign(secret.as_bytes(), &text));
    Ok(Out(UserAuthOut { auth, user_data }))
}

/// The channels of an app that the caller may join.
fn channels(app_key: &str, caller: &Identity) -> Vec<String> {
    if app_key == caller.user_id.as_str() {
        return vec![inbox::channel(&caller.user_id)];
    }
    if app_key == caller.school_id.as_str() {
        return vec![school_channel::CHANNEL.to_owned()];
    }
    channels_of(caller.user_id.as_str(), caller.role)
}

/// Gives the app's secret if the caller may connect to it.
async fn admit(app: &App, person: &Person, (app_key, socket_id): (&str, &str)) -> Result<String, ApiError> {
    let Person(caller) = person;
    if !pusher::is_socket_id(socket_id) {
        return Err(ApiError::new(ProblemCode::Malformed, "socket_id: two numbers with a point between"));
    }
    let is_own = [caller.user_id.as_str(), caller.school_id.as_str()].contains(&app_key);
    if !is_own && !is_room_key(app_key) {
        return Err(ApiError::not_found("app"));
    }
    if !is_own && !matches!(caller.role, Role::Teacher | Role::Admin) {
        return Err(ApiError::new(ProblemCode::Forbidden, "Your role does not allow this."));
    }
    remember(app, caller, app_key, socket_id).await?;
    let is_signed_in = if is_own {
        sessions::is_held(app.db.as_ref(), caller).await?
    } else {
        let scope = Teacher(caller.clone()).scope();
        let (class, is_held) = classes::by_room_key(app.db.as_ref(), &scope, app_key, caller).await?;
        if is_held && class.is_none() {
            return Err(ApiError::not_found("app"));
        }
        is_held
    };
    if !is_signed_in {
        return Err(ApiError::new(ProblemCode::InvalidToken, "The token was ended; sign in or refresh."));
    }
    Ok(pusher::app_secret(&app.config.realtime_secret, app_key))
}

/// Before anything else, so that whoever ends the caller's access finds the socket.
async fn remember(app: &App, caller: &Identity, app_key: &str, socket_id: &str) -> Result<(), ApiError> {
    let socket = SocketRef { room_key: app_key.to_owned(), socket_id: socket_id.to_owned() };
    let op = InboxOp::RememberSocket { socket, sign_in_id: caller.sign_in_id.clone() };
    match app.inboxes.call(caller.user_id.clone(), op).await? {
        InboxAnswer::Sockets(in_excess) => {
            close_sockets(app, &caller.school_id, &caller.user_id, in_excess, CloseCode::Reconnect).await
        }
        _ => Err(ApiError::internal("the inbox gave an answer of another kind")),
    }
}
