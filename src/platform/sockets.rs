//! The sockets of an object that is a Pusher app: what the rules of `realtime/` want done with them. Sockets hibernate; a ping
//! is answered by the platform. Each carries its id, and everything else is in the object's SQL.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use js_sys::JsString;
use worker::wasm_bindgen::JsCast;
use worker::wasm_bindgen::prelude::{JsValue, wasm_bindgen};
use worker::worker_sys::WebSocketRequestResponsePair;
use worker::{Env, Error, Request, Response, ResponseBuilder, State, WebSocket, WebSocketPair};

use super::object_sql::ObjectSql;
use super::system::System;
use super::{settings, transaction};
use crate::domain::pusher::{self, ApiRefusal, CloseCode, MAX_API_BODY_BYTES, PING, PONG, Shard};
use crate::domain::time::Timestamp;
use crate::ports::{Clock, DbError, Log};
use crate::realtime::{
    ApiCall, App, Context, Effect, Feed, KeptNews, News, NewsKeeper, SocketNo, unknown_app,
};

#[wasm_bindgen]
extern "C" {
    /// A socket as JavaScript sees it: a frame for many is made a JavaScript string once.
    type FrameSink;

    #[wasm_bindgen(method, catch)]
    fn send(this: &FrameSink, frame: &JsString) -> Result<(), JsValue>;
}

/// Which app the object is, or is a shard of.
struct Identity {
    key: String,
    secret: String,
    shard: Option<Shard>,
}

/// See the module.
pub(super) struct Hub {
    pub state: State,
    pub env: Env,
    app: RefCell<Option<App>>,
    sockets: RefCell<HashMap<SocketNo, WebSocket>>,
    next: Cell<SocketNo>,
    /// Whether anybody holds a socket; asking the platform at every sync cost a twentieth of it. Unknown after waking.
    watched: Cell<Option<bool>>,
    /// The alarm as far as known; unknown after waking, and then set again.
    alarm_at: Cell<Option<Timestamp>>,
    /// The app's key and secret.
    identity: OnceCell<Identity>,
    /// Keeps what webhooks tell; nobody does where there are none.
    news_keeper: Option<Rc<RefCell<dyn NewsKeeper>>>,
    /// When the object is to wake for what was kept, until the alarm is set.
    news_due_at: Cell<Option<Timestamp>>,
}

impl Hub {
    pub fn new(state: State, env: Env) -> Self {
        Self {
            state,
            env,
            app: RefCell::default(),
            sockets: RefCell::default(),
            next: Cell::new(0),
            watched: Cell::new(None),
            alarm_at: Cell::new(None),
            identity: OnceCell::new(),
            news_keeper: None,
            news_due_at: Cell::new(None),
        }
    }

    /// With somebody who keeps what webhooks tell.
    pub fn with_news_keeper(self, keeper: Rc<RefCell<dyn NewsKeeper>>) -> Self {
        Self { news_keeper: Some(keeper), ..self }
    }

    /// Whether anybody holds a socket.
    pub fn is_watched(&self) -> bool {
        if let Some(app) = self.app.borrow().as_ref() {
            return !app.is_empty();
        }
        let watched = self.watched.get().unwrap_or_else(|| !self.state.get_websockets().is_empty());
        self.watched.set(Some(watched));
        watched
    }

    /// Opens a socket, or refuses it with the reason.
    pub async fn open(&self, request: &Request, is_known: bool) -> worker::Result<Response> {
        let pair = WebSocketPair::new()?;
        let no = self.next_number();
        let url = request.url()?;
        let query = url.query().unwrap_or_default();
        let (id, effects) = if is_known {
            let shard = self.identity()?.shard;
            self.with_app(|app, ctx| {
                let mut effects = Vec::new();
                Ok((app.opened(ctx, no, (query, shard), &mut effects), effects))
            })?
        } else {
            (None, unknown_app(no))
        };
        self.state.accept_web_socket(&pair.server);
        self.state.set_websocket_auto_response(&WebSocketRequestResponsePair::new(PING, PONG)?);
        if let Some(id) = id {
            pair.server.serialize_attachment(id)?;
        }
        self.sockets.borrow_mut().insert(no, pair.server);
        self.perform(effects).await?;
        Ok(ResponseBuilder::new().with_status(101).with_websocket(pair.client).empty())
    }

    /// A socket spoke.
    pub async fn message(&self, ws: &WebSocket, text: &str, feed: &RefCell<impl Feed>) -> worker::Result<()> {
        let effects = self.with_app(|app, ctx| match number(app, ws) {
            Some(no) => app.frame(ctx, &mut *feed.borrow_mut(), no, text).map(Some),
            None => Ok(None),
        })?;
        if effects.is_none() {
            ws.close(Some(CloseCode::Reconnect as u16), Some(CloseCode::Reconnect.reason()))?;
        }
        self.perform(effects.unwrap_or_default()).await
    }

    /// A socket is gone; `code` is the client's, to be answered.
    pub async fn closed(&self, ws: &WebSocket, code: Option<(usize, String)>) -> worker::Result<()> {
        let gone = self.with_app(|app, ctx| match number(app, ws) {
            Some(no) => app.closed(ctx, no).map(|effects| Some((no, effects))),
            None => Ok(None),
        })?;
        if let Some((no, _)) = &gone {
            self.sockets.borrow_mut().remove(no);
        }
        self.perform(gone.map(|(_, effects)| effects).unwrap_or_default()).await?;
        // Without it the client sees 1006; these three may not be sent.
        match code.and_then(|(code, reason)| Some((u16::try_from(code).ok()?, reason))) {
            Some((code, reason)) if !matches!(code, 1005 | 1006 | 1015) => {
                // One that closed first has had its answer.
                drop(ws.close(Some(code), Some(reason)));
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Sends a frame to who is subscribed to the channel.
    pub async fn publish(&self, channel: &str, frame: String) -> worker::Result<()> {
        if !self.is_watched() {
            return Ok(());
        }
        let effects = self.with_app(|app, ctx| {
            let mut effects = Vec::new();
            app.publish(ctx, channel, frame, None, &mut effects)?;
            Ok(effects)
        })?;
        self.perform(effects).await
    }

    /// Runs a call of the rules in a transaction and performs what it wants.
    pub async fn run(
        &self,
        call: impl FnOnce(&mut App, Context<'_>) -> Result<Vec<Effect>, DbError>,
    ) -> worker::Result<()> {
        let storage = self.state.storage();
        let effects = self.or_forget(transaction::run(&storage, || self.try_with_app(call)))?;
        self.perform(effects).await
    }

    /// Closes sockets, for good or to come back.
    pub async fn close_sockets(&self, ids: &[String], code: CloseCode) -> worker::Result<()> {
        let effects = self.with_app(|app, ctx| app.close_sockets(ctx, ids, code))?;
        self.perform(effects).await
    }

    /// Answers a call of the HTTP API whose signature is good.
    pub async fn api(&self, request: &mut Request, feed: &RefCell<impl Feed>) -> worker::Result<Response> {
        let url = request.url()?;
        let query: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        let body = request.bytes().await?;
        if body.len() > MAX_API_BODY_BYTES {
            return refusal(&ApiRefusal::new(413, "The body is too long"));
        }
        if !pusher::body_matches(&query, &body) {
            return refusal(&ApiRefusal::new(401, "body_md5 is not the body's"));
        }
        let method = request.method().to_string();
        let path =
            url.path().strip_prefix("/apps/").and_then(|rest| rest.find('/').and_then(|at| rest.get(at..)));
        let path = percent_encoding::percent_decode_str(path.unwrap_or_default()).decode_utf8_lossy();
        let call = ApiCall { method: &method, path: &path, query: &query, body: &body };
        let storage = self.state.storage();
        let done = transaction::run(&storage, || {
            self.try_with_app(|app, ctx| app.api(ctx, &mut *feed.borrow_mut(), &call))
        });
        let (answer, effects) = self.or_forget(done)?;
        self.perform(effects).await?;
        match answer {
            Ok(json) => Response::from_json(&json),
            Err(refused) => refusal(&refused),
        }
    }

    /// The alarm rang: what was put off is done.
    pub async fn due(&self) -> worker::Result<()> {
        if !self.is_watched() {
            return Ok(());
        }
        let effects = self.with_app(App::due)?;
        self.perform(effects).await
    }

    /// The alarm that rings now is none any more. Comes before anything that may set one.
    pub fn alarm_rang(&self) {
        self.alarm_at.set(None);
    }

    /// Sets the alarm, unless an earlier one is set.
    pub async fn wake(&self, at: Timestamp) -> worker::Result<()> {
        let now = System.now();
        if self.alarm_at.get().is_some_and(|set| set > now && set <= at) {
            return Ok(());
        }
        self.alarm_at.set(Some(at));
        self.state.storage().set_alarm(at.millis_since(now).max(0)).await
    }

    fn with_app<T>(
        &self,
        call: impl FnOnce(&mut App, Context<'_>) -> Result<T, DbError>,
    ) -> worker::Result<T> {
        let done = self.try_with_app(call).map_err(|error| Error::RustError(error.to_string()));
        self.or_forget(done)
    }

    /// What the rules remember never happened when a write failed.
    fn or_forget<T>(&self, done: worker::Result<T>) -> worker::Result<T> {
        if done.is_err() {
            *self.app.borrow_mut() = None;
            self.watched.set(None);
        }
        done
    }

    fn try_with_app<T>(
        &self,
        call: impl FnOnce(&mut App, Context<'_>) -> Result<T, DbError>,
    ) -> Result<T, DbError> {
        let sql = ObjectSql(self.state.storage().sql());
        let ctx = self.context(&sql)?;
        let mut app = self.app.borrow_mut();
        if app.is_none() {
            let open = self.attached();
            let (loaded, effects) = App::load(ctx, &open)?;
            *app = Some(loaded);
            // Somebody left while the object slept: those who are there hear of it, and webhooks tell it.
            self.keep_news(&effects);
            self.send_all(&effects);
        }
        match app.as_mut() {
            Some(app) => call(app, ctx),
            None => Err(DbError::Backend("the app did not load".to_owned())),
        }
    }

    fn context<'a>(&'a self, sql: &'a ObjectSql) -> Result<Context<'a>, DbError> {
        let Identity { key, secret, .. } =
            self.identity().map_err(|error| DbError::Backend(error.to_string()))?;
        Ok(Context { sql, now: System.now(), entropy: &System, key, secret })
    }

    fn identity(&self) -> worker::Result<&Identity> {
        if let Some(identity) = self.identity.get() {
            return Ok(identity);
        }
        let config = settings::read(&self.env).map_err(|error| Error::RustError(error.to_string()))?;
        let name = self.state.id().name().unwrap_or_default();
        let (key, shard) = Shard::parse(&name);
        let secret = pusher::app_secret(&config.realtime_secret, key);
        Ok(self.identity.get_or_init(|| Identity { key: key.to_owned(), secret, shard }))
    }

    fn next_number(&self) -> SocketNo {
        let no = self.next.get();
        self.next.set(no.wrapping_add(1));
        no
    }

    /// Numbers the sockets that the platform holds, and gives their ids.
    fn attached(&self) -> Vec<(SocketNo, String)> {
        let mut sockets = self.sockets.borrow_mut();
        sockets.clear();
        let mut open = Vec::new();
        for ws in self.state.get_websockets() {
            if let Some(id) = attachment(&ws) {
                let no = self.next_number();
                sockets.insert(no, ws);
                open.push((no, id));
            }
        }
        open
    }

    /// Nothing is awaited before the alarm: what was written, what webhooks will tell of it, and the alarm that tells it are
    /// kept all at once, or nothing of it.
    async fn perform(&self, effects: Vec<Effect>) -> worker::Result<()> {
        self.keep_news(&effects);
        self.send_all(&effects);
        let wanted = effects.iter().filter_map(|effect| match effect {
            Effect::Wake(at) => Some(*at),
            _ => None,
        });
        match wanted.chain(self.news_due_at.take()).min() {
            Some(at) => self.wake(at).await,
            None => Ok(()),
        }
    }

    /// Keeps what webhooks tell. News that cannot be kept must not end what they tell of.
    fn keep_news(&self, effects: &[Effect]) {
        let Some(keeper) = &self.news_keeper else { return };
        let news: Vec<&News> = effects.iter().filter_map(Effect::news).collect();
        if news.is_empty() {
            return;
        }
        let sql = ObjectSql(self.state.storage().sql());
        let kept = self.context(&sql).and_then(|ctx| keeper.borrow_mut().keep_news(ctx, &news));
        match kept {
            Ok(KeptNews { wake, dropped }) => {
                let earliest = self.news_due_at.take().into_iter().chain(wake).min();
                self.news_due_at.set(earliest);
                if dropped > 0 {
                    let line = serde_json::json!({"message": "webhook events dropped", "level": "warn", "dropped": dropped});
                    System.line(&line.to_string());
                }
            }
            Err(error) => {
                let line = serde_json::json!({"message": "webhook events not kept", "level": "error",
                    "cause": error.to_string(), "dropped": news.len()});
                System.line(&line.to_string());
            }
        }
    }

    fn send_all(&self, effects: &[Effect]) {
        for effect in effects {
            match effect {
                Effect::Send { to, frame } => self.send(to, frame),
                Effect::Close { socket, code } => self.close(*socket, *code),
                Effect::Wake(_) | Effect::Tell(_) => {}
            }
        }
    }

    fn send(&self, to: &[SocketNo], frame: &str) {
        let sockets = self.sockets.borrow();
        let frame = JsString::from(frame);
        for ws in to.iter().filter_map(|no| sockets.get(no)) {
            // A socket that is closing takes nothing; its close comes by itself.
            drop(ws.as_ref().unchecked_ref::<FrameSink>().send(&frame));
        }
    }

    /// A socket that was closed here is nobody any more, whether or not its client answers.
    fn close(&self, no: SocketNo, code: CloseCode) {
        if let Some(ws) = self.sockets.borrow_mut().remove(&no) {
            drop(ws.serialize_attachment(()));
            drop(ws.close(Some(code as u16), Some(code.reason())));
        }
    }
}

fn attachment(ws: &WebSocket) -> Option<String> {
    ws.deserialize_attachment::<String>().ok().flatten()
}

fn number(app: &App, ws: &WebSocket) -> Option<SocketNo> {
    app.number(&attachment(ws)?)
}

/// A refusal, as Pusher's libraries show it: text.
pub(super) fn refusal(refused: &ApiRefusal) -> worker::Result<Response> {
    Ok(Response::ok(refused.message.clone())?.with_status(refused.status))
}
