//! The Durable Object of a class room: sockets, alarms and SQL around the rules of `rooms/`, and nothing of classes.
//!
//! Every call of the rules runs in one storage transaction: an error takes all of its writes back, and the rules forget
//! what they had in memory. Effects happen after the transaction, and no `await` stands between it and a first alarm: the
//! platform writes both at once, so a room that dies here still reports to D1 later. The alarm sends the outbox to D1 and asks again later
//! when D1 does not answer.

use std::cell::{Cell, RefCell};

use worker::worker_sys::WebSocketRequestResponsePair;
use worker::{
    DurableObject, Env, Error, Request, Response, ResponseBuilder, State, WebSocket,
    WebSocketIncomingMessage, WebSocketPair, durable_object,
};

use super::d1::D1;
use super::inbox::InboxObjects;
use super::object_sql::ObjectSql;
use super::rooms::{CALL, CALLER, Call, REFUSED, SYNC};
use super::settings;
use super::stub;
use super::system::System;
use super::transaction;
use crate::domain::pusher::{self, PING, PONG};
use crate::domain::time::Timestamp;
use crate::jobs;
use crate::ports::{Clock, DbError, Log, PortError};
use crate::rooms::{Attachment, Context, Effect, Report, Room, SyncCaller, SyncReply};

/// See the module.
#[durable_object]
pub struct ClassRoom {
    state: State,
    env: Env,
    room: RefCell<Room>,
    /// Whether anybody holds a socket; asking the platform at every sync cost a twentieth of it. Unknown after waking.
    watched: Cell<Option<bool>>,
}

impl DurableObject for ClassRoom {
    fn new(state: State, env: Env) -> Self {
        Self { state, env, room: RefCell::default(), watched: Cell::new(None) }
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
                let Call { class, op } = request.json().await?;
                let answer = self.run(|room, ctx| room.call(ctx, &class, op)).await?;
                Response::from_json(&answer)
            }
            _ => self.open_socket().await,
        }
    }

    async fn alarm(&self) -> worker::Result<Response> {
        let report = self.run(Room::due).await?;
        if let Some(report) = report {
            let done = self.deliver(&report).await;
            if let Err(error) = &done {
                let line = serde_json::json!({"message": "report failed", "level": "error", "cause": error.to_string()});
                System.line(&line.to_string());
            }
            self.run(|room, ctx| Ok(((), room.reported(ctx, &report, done.is_ok())?))).await?;
        }
        Response::empty()
    }

    async fn websocket_message(
        &self,
        ws: WebSocket,
        message: WebSocketIncomingMessage,
    ) -> worker::Result<()> {
        let WebSocketIncomingMessage::String(text) = message else {
            return ws.close(Some(1003), Some("text frames only"));
        };
        let Some(speaker) = ws.deserialize_attachment::<Attachment>()? else {
            return ws.close(Some(4200), Some("please reconnect"));
        };
        let secret = self.app_secret()?;
        let peers = self.attachments(None);
        let effects =
            self.decide(|room, ctx| Ok(((), room.socket_message(ctx, &secret, speaker, &peers, &text)?)))?.1;
        self.perform(effects, Some(&ws)).await
    }

    async fn websocket_close(
        &self,
        ws: WebSocket,
        code: usize,
        reason: String,
        _: bool,
    ) -> worker::Result<()> {
        self.gone(&ws).await?;
        // Without it the client sees 1006; these three may not be sent.
        match u16::try_from(code) {
            Ok(code) if !matches!(code, 1005 | 1006 | 1015) => ws.close(Some(code), Some(reason)),
            _ => Ok(()),
        }
    }

    async fn websocket_error(&self, ws: WebSocket, _: Error) -> worker::Result<()> {
        self.gone(&ws).await
    }
}

impl ClassRoom {
    /// Runs a call of the rules in a transaction and performs what it wants.
    async fn run<T>(
        &self,
        call: impl FnOnce(&mut Room, Context<'_>) -> Result<(T, Vec<Effect>), DbError>,
    ) -> worker::Result<T> {
        let (value, effects) = self.decide(call)?;
        self.perform(effects, None).await?;
        Ok(value)
    }

    /// Runs a call of the rules in a transaction.
    fn decide<T>(
        &self,
        call: impl FnOnce(&mut Room, Context<'_>) -> Result<(T, Vec<Effect>), DbError>,
    ) -> worker::Result<(T, Vec<Effect>)> {
        let storage = self.state.storage();
        let sql = ObjectSql(storage.sql());
        let watched = self.is_watched();
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
        let (db, inboxes) =
            (D1::of(&self.env).map_err(outside)?, InboxObjects::of(&self.env).map_err(outside)?);
        jobs::deliver(&db, &inboxes, report).await
    }

    async fn sync(&self, caller: SyncCaller, body: Vec<u8>) -> worker::Result<Response> {
        match self.run(|room, ctx| room.sync(ctx, &caller, &body)).await? {
            SyncReply::Answer(json) => Response::from_bytes(json),
            SyncReply::Refused(refusal) => Ok(Response::from_json(&refusal)?.with_status(REFUSED)),
        }
    }

    async fn open_socket(&self) -> worker::Result<Response> {
        let sockets = self.state.get_websockets().len();
        let pair = WebSocketPair::new()?;
        let effects = self.decide(|room, ctx| Ok(((), room.socket_opened(ctx, sockets)?)))?.1;
        self.state.accept_web_socket(&pair.server);
        self.watched.set(Some(true));
        self.state.set_websocket_auto_response(&WebSocketRequestResponsePair::new(PING, PONG)?);
        self.perform(effects, Some(&pair.server)).await?;
        Ok(ResponseBuilder::new().with_status(101).with_websocket(pair.client).empty())
    }

    fn is_watched(&self) -> bool {
        let watched = self.watched.get().unwrap_or_else(|| !self.state.get_websockets().is_empty());
        self.watched.set(Some(watched));
        watched
    }

    async fn gone(&self, ws: &WebSocket) -> worker::Result<()> {
        self.watched.set(None);
        let Some(gone) = ws.deserialize_attachment::<Attachment>()? else { return Ok(()) };
        let peers = self.attachments(Some(&gone.socket_id));
        let effects = self.room.borrow().socket_closed(&gone, &peers);
        self.perform(effects, None).await
    }

    /// What all sockets are subscribed to, but for one.
    fn attachments(&self, except: Option<&str>) -> Vec<Attachment> {
        let sockets = self.state.get_websockets();
        let attached =
            sockets.iter().filter_map(|ws| ws.deserialize_attachment::<Attachment>().ok().flatten());
        attached.filter(|attachment| except != Some(attachment.socket_id.as_str())).collect()
    }

    fn app_secret(&self) -> worker::Result<String> {
        let config = settings::read(&self.env).map_err(|error| Error::RustError(error.to_string()))?;
        let room_key = self.state.id().name().unwrap_or_default();
        Ok(pusher::app_secret(&config.realtime_secret, &room_key))
    }

    async fn perform(&self, effects: Vec<Effect>, speaker: Option<&WebSocket>) -> worker::Result<()> {
        for effect in effects {
            match (effect, speaker) {
                (Effect::Publish { channel, frame, except }, _) => {
                    self.publish(channel, &frame, except.as_deref());
                }
                (Effect::Reply(frame), Some(ws)) => ws.send_with_str(frame)?,
                (Effect::Attach(attachment), Some(ws)) => ws.serialize_attachment(attachment)?,
                (Effect::Close { code, reason }, Some(ws)) => ws.close(Some(code), Some(reason))?,
                (Effect::CloseSockets { socket_ids, code }, _) => self.close_sockets(&socket_ids, code)?,
                (Effect::Wake(at), _) => self.set_alarm(at).await?,
                (Effect::Reply(_) | Effect::Attach(_) | Effect::Close { .. }, None) => {}
            }
        }
        Ok(())
    }

    fn publish(&self, channel: pusher::Channel, frame: &str, except: Option<&str>) {
        for ws in self.state.get_websockets() {
            let Ok(Some(attachment)) = ws.deserialize_attachment::<Attachment>() else { continue };
            if attachment.channels.contains(&channel) && except != Some(attachment.socket_id.as_str()) {
                // A socket that is closing takes nothing; its close comes by itself.
                drop(ws.send_with_str(frame));
            }
        }
    }

    /// Takes from each socket what it is before closing it, so that a client that does not answer the close is nobody either.
    fn close_sockets(&self, socket_ids: &[String], code: pusher::CloseCode) -> worker::Result<()> {
        for ws in self.state.get_websockets() {
            let Ok(Some(gone)) = ws.deserialize_attachment::<Attachment>() else { continue };
            if !socket_ids.contains(&gone.socket_id) {
                continue;
            }
            ws.serialize_attachment(())?;
            // One that is closing already needs no second close.
            drop(ws.close(Some(code as u16), Some(code.reason())));
            let peers = self.attachments(Some(&gone.socket_id));
            for effect in self.room.borrow().socket_closed(&gone, &peers) {
                if let Effect::Publish { channel, frame, except } = effect {
                    self.publish(channel, &frame, except.as_deref());
                }
            }
        }
        Ok(())
    }

    async fn set_alarm(&self, at: Timestamp) -> worker::Result<()> {
        let in_ms = at.millis_since(System.now()).max(0);
        self.state.storage().set_alarm(in_ms).await
    }
}
