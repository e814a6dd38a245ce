//! The Durable Object of a person's inbox, and the port to it.

use futures::future::BoxFuture;
use worker::send::SendFuture;
use worker::{
    DurableObject, Env, Error, ObjectNamespace, Request, Response, State, WebSocket,
    WebSocketIncomingMessage, durable_object,
};

use super::object_sql::ObjectSql;
use super::system::System;
use super::{stub, transaction};
use crate::domain::ids::UserId;
use crate::inbox::{self, InboxAnswer, InboxOp};
use crate::ports::{Clock, Inboxes, PortError};

/// The binding.
pub(super) const BINDING: &str = "INBOX";

/// The objects.
pub(super) struct InboxObjects(ObjectNamespace);

impl InboxObjects {
    /// The bound namespace.
    pub fn of(env: &Env) -> worker::Result<Self> {
        env.durable_object(BINDING).map(Self)
    }

    async fn ask(&self, user: &UserId, op: &InboxOp) -> worker::Result<InboxAnswer> {
        let stub = self.0.get_by_name(inbox::object_name(user))?;
        let answer = stub::post(stub, "/call", None, &serde_json::to_string(op)?.into()).await?;
        match answer.status {
            200 => Ok(serde_json::from_slice(&answer.body)?),
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
    state: State,
}

impl DurableObject for Inbox {
    fn new(state: State, _: Env) -> Self {
        Self { state }
    }

    async fn fetch(&self, mut request: Request) -> worker::Result<Response> {
        if stub::is_ping(&request) {
            return Response::empty();
        }
        let op: InboxOp = request.json().await?;
        let storage = self.state.storage();
        let sql = ObjectSql(storage.sql());
        let answer = transaction::run(&storage, || inbox::call(&sql, System.now(), &System, op))?;
        Response::from_json(&answer)
    }

    async fn alarm(&self) -> worker::Result<Response> {
        Response::empty()
    }

    async fn websocket_message(&self, ws: WebSocket, _: WebSocketIncomingMessage) -> worker::Result<()> {
        ws.close(Some(1003), Some("no sockets here"))
    }

    async fn websocket_close(&self, _: WebSocket, _: usize, _: String, _: bool) -> worker::Result<()> {
        Ok(())
    }

    async fn websocket_error(&self, _: WebSocket, _: Error) -> worker::Result<()> {
        Ok(())
    }
}
