//! The Durable Object of a shard of a school's channel, and the port to it.

use std::cell::RefCell;

use futures::future::BoxFuture;
use worker::send::SendFuture;
use worker::{
    DurableObject, Env, Error, ObjectNamespace, Request, Response, State, WebSocket,
    WebSocketIncomingMessage, durable_object,
};

use super::sockets::Hub;
use super::stub;
use crate::domain::ids::SchoolId;
use crate::domain::pusher::Shard;
use crate::ports::{PortError, SchoolChannels};
use crate::realtime::EventLog;
use crate::school_channel::{self, SchoolOp};

/// The binding.
pub(super) const BINDING: &str = "SCHOOL_CHANNEL";
/// The path of a call; its body is a [`SchoolOp`].
const CALL: &str = "/call";

/// The objects.
pub(super) struct SchoolChannelObjects(ObjectNamespace);

impl SchoolChannelObjects {
    /// The bound namespace.
    pub fn of(env: &Env) -> worker::Result<Self> {
        env.durable_object(BINDING).map(Self)
    }

    async fn ask(&self, school: &SchoolId, shard: Shard, op: &SchoolOp) -> worker::Result<()> {
        let stub = self.0.get_by_name(&shard.object_name(school.as_str()))?;
        match stub::post(stub, CALL, None, &serde_json::to_string(op)?.into()).await?.status {
            200..=299 => Ok(()),
            status => Err(Error::RustError(format!("the shard answered {status}"))),
        }
    }
}

impl SchoolChannels for SchoolChannelObjects {
    fn call(&self, school: SchoolId, shard: Shard, op: SchoolOp) -> BoxFuture<'_, Result<(), PortError>> {
        Box::pin(SendFuture::new(async move {
            self.ask(&school, shard, &op)
                .await
                .map_err(|error| PortError(format!("channel of a school: {error}")))
        }))
    }
}

/// One of the objects.
#[durable_object]
pub struct SchoolChannel {
    hub: Hub,
    log: RefCell<EventLog>,
}

impl DurableObject for SchoolChannel {
    fn new(state: State, env: Env) -> Self {
        Self { hub: Hub::new(state, env), log: RefCell::new(EventLog::one_way()) }
    }

    async fn fetch(&self, mut request: Request) -> worker::Result<Response> {
        if stub::is_ping(&request) {
            return Response::empty();
        }
        if request.path() != CALL {
            return self.hub.open(&request, true).await;
        }
        let op: SchoolOp = request.json().await?;
        self.hub.run(|app, ctx| school_channel::call(app, &mut self.log.borrow_mut(), ctx, &op)).await?;
        Response::empty()
    }

    async fn alarm(&self) -> worker::Result<Response> {
        self.hub.alarm_rang();
        self.hub.due().await?;
        Response::empty()
    }

    async fn websocket_message(
        &self,
        ws: WebSocket,
        message: WebSocketIncomingMessage,
    ) -> worker::Result<()> {
        match message {
            WebSocketIncomingMessage::String(text) => self.hub.message(&ws, &text, &self.log).await,
            WebSocketIncomingMessage::Binary(_) => ws.close(Some(1003), Some("text frames only")),
        }
    }

    async fn websocket_close(
        &self,
        ws: WebSocket,
        code: usize,
        reason: String,
        _: bool,
    ) -> worker::Result<()> {
        self.hub.closed(&ws, Some((code, reason))).await
    }

    async fn websocket_error(&self, ws: WebSocket, _: Error) -> worker::Result<()> {
        self.hub.closed(&ws, None).await
    }
}
