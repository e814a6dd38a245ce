//! The class rooms behind the `Rooms` port: one Durable Object a room key.

use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};
use worker::send::SendFuture;
use worker::{Env, Headers, Method, ObjectNamespace, Request, RequestInit, Response};

use crate::domain::tokens::GameClaims;
use crate::ports::{PortError, Rooms};
use crate::rooms::{ClassFacts, RoomAnswer, RoomOp, SyncReply};

/// The binding.
pub(super) const BINDING: &str = "CLASS_ROOM";
/// The path of a batch; its body is the game's, unread.
pub(super) const SYNC: &str = "/sync";
/// The path of a teacher's call; its body is a [`Call`].
pub(super) const CALL: &str = "/call";
/// The header with the [`GameClaims`] of a batch.
pub(super) const CLAIMS: &str = "x-game-claims";
/// The status of a batch that is refused as a whole; its body is a `SyncRefusal`.
pub(super) const REFUSED: u16 = 422;

/// A teacher's call.
#[derive(Serialize, Deserialize)]
pub(super) struct Call {
    /// The class.
    pub class: ClassFacts,
    /// What to do.
    pub op: RoomOp,
}

/// The objects.
pub(super) struct RoomObjects(ObjectNamespace);

impl RoomObjects {
    /// The bound namespace.
    pub fn of(env: &Env) -> worker::Result<Self> {
        env.durable_object(BINDING).map(Self)
    }

    async fn send(
        &self,
        room_key: &str,
        path: &str,
        headers: Headers,
        body: worker::wasm_bindgen::JsValue,
    ) -> worker::Result<Response> {
        let mut init = RequestInit::new();
        init.with_method(Method::Post).with_headers(headers).with_body(Some(body));
        let request = Request::new_with_init(&format!("https://room{path}"), &init)?;
        self.0.get_by_name(room_key)?.fetch_with_request(request).await
    }

    async fn sync_room(
        &self,
        room_key: &str,
        claims: &GameClaims,
        body: &[u8],
    ) -> Result<SyncReply, PortError> {
        let claims = serde_json::to_string(claims).map_err(|error| PortError(error.to_string()))?;
        let headers = Headers::new();
        headers.set(CLAIMS, &claims).map_err(port_error)?;
        let mut response = self
            .send(room_key, SYNC, headers, js_sys::Uint8Array::from(body).into())
            .await
            .map_err(port_error)?;
        let status = response.status_code();
        let bytes = response.bytes().await.map_err(port_error)?;
        match status {
            200 => Ok(SyncReply::Answer(bytes)),
            REFUSED => serde_json::from_slice(&bytes)
                .map(SyncReply::Refused)
                .map_err(|error| PortError(format!("the room's refusal: {error}"))),
            status => Err(PortError(format!("the room answered {status}"))),
        }
    }

    async fn call_room(&self, class: ClassFacts, op: RoomOp) -> Result<RoomAnswer, PortError> {
        let room_key = class.room_key.clone();
        let call =
            serde_json::to_string(&Call { class, op }).map_err(|error| PortError(error.to_string()))?;
        let mut response =
            self.send(&room_key, CALL, Headers::new(), call.into()).await.map_err(port_error)?;
        if response.status_code() != 200 {
            return Err(PortError(format!("the room answered {}", response.status_code())));
        }
        response.json().await.map_err(port_error)
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn port_error(error: worker::Error) -> PortError {
    PortError(format!("room: {error}"))
}

impl Rooms for RoomObjects {
    fn sync(
        &self,
        room_key: String,
        caller: GameClaims,
        body: Vec<u8>,
    ) -> BoxFuture<'_, Result<SyncReply, PortError>> {
        Box::pin(SendFuture::new(async move { self.sync_room(&room_key, &caller, &body).await }))
    }

    fn call(&self, class: ClassFacts, op: RoomOp) -> BoxFuture<'_, Result<RoomAnswer, PortError>> {
        Box::pin(SendFuture::new(self.call_room(class, op)))
    }
}
