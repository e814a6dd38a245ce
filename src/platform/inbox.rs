//! The Durable Object of a person's inbox, and the port to it.

use std::cell::RefCell;

use futures::future::BoxFuture;
use worker::send::SendFuture;
use worker::{
    DurableObject, Env, Error, ObjectNamespace, Request, Response, State, WebSocket,
    WebSocketIncomingMessage, durable_object,
};

use super::object_sql::ObjectSql;
use super::sockets::Hub;
use super::system::System;
use super::{stub, transaction};
use crate::domain::ids::UserId;
use crate::inbox::{self, Effect, InboxAnswer, InboxOp};
use crate::json;
use crate::ports::{Clock, Inboxes, PortError};
use crate::realtime::EventLog;

/// The binding.
pub(super) const BINDING: &str = "INBOX";
/// The path of a call; its body is an [`InboxOp`].
const CALL: &str = "/call";

/// The objects.
pub(super) struct InboxObjects(ObjectNamespace);

impl InboxObjects {
    /// The bound namespace.
    pub fn of(env: &Env) -> worker::Result<Self> {
        env.durable_object(BINDING).map(Self)
    }

    async fn ask(&self, user: &UserId, op: &InboxOp) -> worker::Result<InboxAnswer> {
        let stub = self.0.get_by_name(inbox::object_name(user))?;
        let answer = stub::post(stub, CALL, None, &serde_json::to_string(op)?.into()).await?;
        match answer.status {
            200 => Ok(json::from_slice(&answer.body)?),
            status => Err(Error::RustError(format!("the inbox answered {status}"))),
        }
    }
}

impl Inboxes for InboxObjects {
    fn call(&self, user: UserId, op: InboxOp) -> BoxFuture<'_, Result<InboxAnswer, PortError>> {
        Box::pin(SendFuture::new(async move {
            self.ask(&user, &op).await.map_err(|error| PortError(format!("inbox: {error}")))
        }))
    }
}

/// One of the objects.
#[durable_object]
pub struct Inbox {
    hub: Hub,
    log: RefCell<EventLog>,
}

impl DurableObject for Inbox {
    fn new(state: State, env: Env) -> Self {
        Self { hub: Hub::new(state, env), log: RefCell::default() }
    }

    async fn fetch(&self, mut request: Request) -> worker::Result<Response> {
        if stub::is_ping(&request) {
            return Response::empty();
        }
        match request.path().as_str() {
            CALL => self.call(stub::read(&mut request).await?).await,
            path if path.starts_with("/apps/") => self.hub.api(&mut request, &self.log).await,
            _ => self.hub.open(&request, true).await,
        }
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

impl Inbox {
    async fn call(&self, op: InboxOp) -> worker::Result<Response> {
        let storage = self.hub.state.storage();
        let sql = ObjectSql(storage.sql());
        let (answer, effects) = transaction::run(&storage, || inbox::call(&sql, System.now(), &System, op))?;
        for effect in effects {
            match effect {
                Effect::Publish { name, data } if self.hub.is_watched() => {
                    let log = &self.log;
                    self.hub
                        .run(|app, ctx| inbox::publish(app, &mut log.borrow_mut(), ctx, (name, data)))
                        .await?;
                }
                Effect::Publish { .. } => {}
                Effect::CloseSockets { socket_ids, code } => {
                    self.hub.close_sockets(&socket_ids, code).await?;
                }
            }
        }
        Response::from_json(&answer)
    }
}
