//! The Durable Object of a class room: sockets, alarms and SQL around the rules of `rooms/`, and nothing of classes.
//!
//! Every call of the rules runs in one storage transaction: an error takes all of its writes back, and the rules forget
//! what they had in memory. Effects happen after the transaction, and no `await` stands between it and a first alarm: the
//! platform writes both at once, so a room that dies here still reports to D1 later. The alarm sends the outbox to D1 and asks again later
//! when D1 does not answer.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use worker::{
    DurableObject, Env, Error, Request, Response, State, WebSocket, WebSocketIncomingMessage, durable_object,
};

use super::d1::D1;
use super::inbox::InboxObjects;
use super::object_sql::ObjectSql;
use super::queue::JobQueue;
use super::rooms::{CALL, CALLER, Call, REFUSED, SYNC};
use super::sockets::Hub;
use super::stub;
use super::system::System;
use super::transaction;
use crate::jobs;
use crate::ports::{Clock, DbError, Log, PortError};
use crate::request_ids::{self, Ids};
use crate::rooms::{Context, DueNews, Effect, Report, Room, SyncCaller, SyncReply};

/// See the module.
#[durable_object]
pub struct ClassRoom {
    hub: Hub,
    room: Rc<RefCell<Room>>,
}

impl DurableObject for ClassRoom {
    fn new(state: State, env: Env) -> Self {
        let room = Rc::<RefCell<Room>>::default();
        Self { hub: Hub::new(state, env).with_news_keeper(room.clone()), room }
    }

    async fn fetch(&self, mut request: Request) -> worker::Result<Response> {
        if stub::is_ping(&request) {
            return Response::empty();
        }
        match request.path().as_str() {
            SYNC => {
                let caller = request.headers().get(CALLER)?.unwrap_or_default();
                let caller: SyncCaller = serde_json::from_str(&caller)?;
                let body = request.bytes().await?;
                self.sync(caller, body).await
            }
            CALL => {
                let Call { class, op } = stub::read(&mut request).await?;
                let answer = self.run(|room, ctx| room.call(ctx, &class, op)).await?;
                Response::from_json(&answer)
            }
            path if path.starts_with("/apps/") => {
                if !self.is_known()? {
                    return Response::error("No such app", 404);
                }
                self.hub.api(&mut request, &self.room).await
            }
            _ => self.hub.open(&request, self.is_known()?).await,
        }
    }

    async fn alarm(&self) -> worker::Result<Response> {
        request_ids::scope(Arc::new(Ids::of_its_own("alarm", &System)), self.ring()).await?;
        Response::empty()
    }

    async fn websocket_message(
        &self,
        ws: WebSocket,
        message: WebSocketIncomingMessage,
    ) -> worker::Result<()> {
        match message {
            WebSocketIncomingMessage::String(text) => self.hub.message(&ws, &text, &self.room).await,
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

impl ClassRoom {
    /// What the alarm is for.
    async fn ring(&self) -> worker::Result<()> {
        self.hub.alarm_rang();
        let report = self.run(Room::due).await?;
        self.hub.due().await?;
        self.tell_news().await?;
        if let Some(report) = report {
            let done = self.deliver(&report).await;
            if let Err(error) = &done {
                let line = serde_json::json!({"message": "report failed", "level": "error", "cause": error.to_string()});
                System.line(&line.to_string());
            }
            self.run(|room, ctx| Ok(((), room.reported(ctx, &report, done.is_ok())?))).await?;
        }
        Ok(())
    }

    /// Hands what webhooks tell to the queue.
    async fn tell_news(&self) -> worker::Result<()> {
        let news = self.run(Room::due_news).await?;
        if news.is_empty() {
            return Ok(());
        }
        let done = self.enqueue(&news).await;
        if let Err(error) = &done {
            let line = serde_json::json!({"message": "webhooks not queued", "level": "error", "cause": error.to_string()});
            System.line(&line.to_string());
        }
        self.run(|room, ctx| Ok(((), room.news_told(ctx, &news, done.is_ok())?))).await
    }

    async fn enqueue(&self, news: &DueNews) -> Result<(), PortError> {
        let queue = JobQueue::of(&self.hub.env).map_err(|error| PortError(error.to_string()))?;
        jobs::send_webhooks(&queue, news).await
    }

    /// Runs a call of the rules in a transaction and performs what it wants.
    async fn run<T>(
        &self,
        call: impl FnOnce(&mut Room, Context<'_>) -> Result<(T, Vec<Effect>), DbError>,
    ) -> worker::Result<T> {
        let (value, effects) = self.decide(call)?;
        self.perform(effects).await?;
        Ok(value)
    }

    /// Runs a call of the rules in a transaction.
    fn decide<T>(
        &self,
        call: impl FnOnce(&mut Room, Context<'_>) -> Result<T, DbError>,
    ) -> worker::Result<T> {
        let storage = self.hub.state.storage();
        let sql = ObjectSql(storage.sql());
        let watched = self.hub.is_watched();
        let ctx = Context { sql: &sql, now: System.now(), entropy: &System, watched };
        let mut room = self.room.borrow_mut();
        let done = transaction::run(&storage, || call(&mut room, ctx));
        if done.is_err() {
            // What the rules remember never happened.
            *room = Room::default();
        }
        done
    }

    /// Takes a report to D1 and to the teacher's inbox.
    async fn deliver(&self, report: &Report) -> Result<(), PortError> {
        let outside = |error: Error| PortError(error.to_string());
        let env = &self.hub.env;
        let (db, inboxes) = (D1::of(env).map_err(outside)?, InboxObjects::of(env).map_err(outside)?);
        jobs::deliver(&db, &inboxes, report).await
    }

    async fn sync(&self, caller: SyncCaller, body: Vec<u8>) -> worker::Result<Response> {
        match self.run(|room, ctx| room.sync(ctx, &caller, &body)).await? {
            SyncReply::Answer(json) => Response::from_bytes(json),
            SyncReply::Refused(refusal) => Ok(Response::from_json(&refusal)?.with_status(REFUSED)),
        }
    }

    fn is_known(&self) -> worker::Result<bool> {
        Ok(self.room.borrow().is_loaded() || self.decide(Room::is_known)?)
    }

    async fn perform(&self, effects: Vec<Effect>) -> worker::Result<()> {
        for effect in effects {
            match effect {
                Effect::Publish { channel, frame } => self.hub.publish(channel.name(), frame).await?,
                Effect::CloseSockets { socket_ids, code } => {
                    self.hub.close_sockets(&socket_ids, code).await?;
                }
                Effect::Wake(at) => self.hub.wake(at).await?,
            }
        }
        Ok(())
    }
}
