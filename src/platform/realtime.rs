//! The Pusher protocol at the Worker's door: sockets at `/app/{key}` and the signed HTTP API at `/apps/{app_id}/…`, handed to
//! the object that is the app. A key that cannot be one, and a call that is not signed, wake no object.

use std::cell::OnceCell;
use std::sync::Arc;

use worker::{Env, Error, Request, Response, ResponseBuilder, Stub, WebSocketPair};

use super::sockets::refusal;
use super::system::System;
use super::{inbox, rooms, school_channel, settings};
use crate::domain::ids::{SchoolId, UserId, is_room_key};
use crate::domain::pusher::{self, ApiRefusal, CloseCode, Shard, error_frame};
use crate::ports::{Clock, Entropy};

thread_local! {
    /// The master secret; it stays good for the isolate's life.
    static SECRET: OnceCell<Arc<[u8]>> = const { OnceCell::new() };
}

/// What is wanted of an app.
pub(super) struct Call {
    app_key: String,
    is_socket: bool,
}

/// What a URL wants of an app; nothing when it is not of the protocol.
pub(super) fn call(url: &str) -> Option<Call> {
    let path = url.split_once("://")?.1.split_once('/')?.1;
    let path = path.split('?').next()?;
    let (rest, is_socket) = match path.strip_prefix("app/") {
        Some(rest) => (rest, true),
        None => (path.strip_prefix("apps/")?, false),
    };
    let name = rest.split('/').next()?;
    let app_key = if is_socket { name.to_owned() } else { pusher::app_key(name).unwrap_or_default() };
    Some(Call { app_key, is_socket })
}

/// Hands it to the app's object.
pub(super) async fn answer(request: Request, env: &Env, call: &Call) -> worker::Result<Response> {
    let Some(object) = object(env, call)? else {
        return if call.is_socket { no_such_app() } else { refusal(&ApiRefusal::new(404, "No such app")) };
    };
    if !call.is_socket {
        let url = request.url()?;
        let secret = pusher::app_secret(&master_secret(env)?, &call.app_key);
        let method = request.method().to_string();
        let signed = (method.as_str(), url.path(), url.query().unwrap_or_default());
        if let Err(refused) = pusher::check_signed(&call.app_key, secret.as_bytes(), signed, System.now()) {
            return refusal(&refused);
        }
    } else if request.headers().get("upgrade")?.is_none_or(|value| !value.eq_ignore_ascii_case("websocket")) {
        return refusal(&ApiRefusal::new(426, "Connect with a WebSocket"));
    }
    object.fetch_with_request(request).await
}

/// The object that is the app; nothing when no app can have that key. A school says what it says through the API, which numbers it
/// for all shards, so its app has no HTTP API of its own.
fn object(env: &Env, Call { app_key, is_socket }: &Call) -> worker::Result<Option<Stub>> {
    if *is_socket && SchoolId::parse(app_key).is_some() {
        let mut random = [0; 4];
        System.fill(&mut random);
        let name = Shard::by_chance(random).object_name(app_key);
        return env.durable_object(school_channel::BINDING)?.get_by_name(&name).map(Some);
    }
    let binding = if is_room_key(app_key) {
        rooms::BINDING
    } else if UserId::parse(app_key).is_some() {
        inbox::BINDING
    } else {
        return Ok(None);
    };
    env.durable_object(binding)?.get_by_name(app_key).map(Some)
}

/// A client that is refused by a status tries again for ever; one that is told 4001 does not.
fn no_such_app() -> worker::Result<Response> {
    let pair = WebSocketPair::new()?;
    let code = CloseCode::AppNotFound;
    pair.server.accept()?;
    pair.server.send_with_str(error_frame(code as u16, code.reason()))?;
    pair.server.close(Some(code as u16), Some(code.reason()))?;
    Ok(ResponseBuilder::new().with_status(101).with_websocket(pair.client).empty())
}

fn master_secret(env: &Env) -> worker::Result<Arc<[u8]>> {
    if let Some(secret) = SECRET.with(|cell| cell.get().cloned()) {
        return Ok(secret);
    }
    let config = settings::read(env).map_err(|error| Error::RustError(error.to_string()))?;
    Ok(SECRET.with(|cell| cell.get_or_init(|| config.realtime_secret.clone()).clone()))
}
