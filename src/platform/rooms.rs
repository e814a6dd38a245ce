//! The class rooms behind the `Rooms` port: one Durable Object a room key.

use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};
use worker::send::SendFuture;
use worker::{Env, ObjectNamespace};

use super::stub;
use crate::json;
use crate::ports::{PortError, Rooms};
use crate::rooms::{ClassFacts, RoomAnswer, RoomOp, SyncCaller, SyncReply};

/// The binding.
pub(super) const BINDING: &str = "CLASS_ROOM";
/// The path of a batch; its body is the game's, unread.
pub(super) const SYNC: &str = "/sync";
/// The path of a teacher's call; its body is a [`Call`].
pub(super) const CALL: &str = "/call";
/// The header with the [`SyncCaller`] of a batch.
pub(super) const CALLER: &str = "x-game-caller";
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

    async fn sync_room(
        &self,
        room_key: &str,
        caller: &SyncCaller,
        body: &[u8],
    ) -> Result<SyncReply, PortError> {
        let caller = serde_json::to_string(caller).map_err(port_error)?;
        let stub = self.0.get_by_name(room_key).map_err(port_error)?;
        let body = js_sys::Uint8Array::from(body).into();
        let answer = stub::post(stub, SYNC, Some((CALLER, &caller)), &body).await.map_err(port_error)?;
        match answer.status {
            200 => Ok(SyncReply::Answer(answer.body)),
            REFUSED => json::from_slice(&answer.body).map(SyncReply::Refused).map_err(port_error),
            status => Err(port_error(format!("the room answered {status}"))),
        }
    }

    async fn call_room(&self, class: ClassFacts, op: RoomOp) -> Result<RoomAnswer, PortError> {
        let stub = self.0.get_by_name(&class.room_key).map_err(port_error)?;
        let call = serde_json::to_string(&Call { class, op }).map_err(port_error)?;
        let answer = stub::post(stub, CALL, None, &call.into()).await.map_err(port_error)?;
        match answer.status {
            200 => json::from_slice(&answer.body).map_err(port_error),
            status => Err(port_error(format!("the room answered {status}"))),
        }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn port_error(error: impl ToString) -> PortError {
    PortError(format!("room: {}", error.to_string()))
}

impl Rooms for RoomObjects {
    fn sync(
        &self,
        room_key: String,
        caller: SyncCaller,
        body: Vec<u8>,
    ) -> BoxFuture<'_, Result<SyncReply, PortError>> {
        Box::pin(SendFuture::new(async move { self.sync_room(&room_key, &caller, &body).await }))
    }

    fn call(&self, class: ClassFacts, op: RoomOp) -> BoxFuture<'_, Result<RoomAnswer, PortError>> {
        Box::pin(SendFuture::new(self.call_room(class, op)))
    }
}
