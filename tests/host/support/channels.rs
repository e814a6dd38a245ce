//! A Pusher app on the host: the rules of `src/realtime/` over rusqlite, with sockets that write down what they hear.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use toolboxai_edge::domain::pusher;
use toolboxai_edge::domain::time::Timestamp;
use toolboxai_edge::inbox;
use toolboxai_edge::ports::Clock;
use toolboxai_edge::realtime::{ApiAnswer, ApiCall, App, Context, Effect, EventLog, News, SocketNo};

use super::rooms::HostSql;
use super::system::{ManualClock, SeededEntropy};

pub const KEY: &str = "278d425bdf160c739803";
pub const SECRET: &str = "7ad3773142a6692b25b8";

/// A client's end of a socket.
#[derive(Default)]
pub struct Heard {
    pub frames: Vec<Value>,
    pub closed: Option<u16>,
}

impl Heard {
    /// What it heard of an event, `data` decoded where it is JSON.
    pub fn of(&self, event: &str) -> Vec<Value> {
        let data = |frame: &Value| match &frame["data"] {
            Value::String(text) => serde_json::from_str(text).unwrap_or_else(|_| frame["data"].clone()),
            other => other.clone(),
        };
        self.frames.iter().filter(|frame| frame["event"] == event).map(data).collect()
    }

    /// The events' names, in order.
    pub fn events(&self) -> Vec<&str> {
        self.frames.iter().map(|frame| frame["event"].as_str().unwrap()).collect()
    }
}

/// The app with its sockets.
pub struct Channels {
    pub sql: HostSql,
    pub clock: ManualClock,
    entropy: SeededEntropy,
    app: Option<App>,
    log: EventLog,
    /// By socket id, those that are gone among them.
    pub clients: BTreeMap<String, Heard>,
    open: BTreeMap<SocketNo, String>,
    next: SocketNo,
    pub news: Vec<News>,
    pub wake_at: Option<Timestamp>,
}

impl Channels {
    pub fn new() -> Self {
        Self {
            sql: HostSql::new(),
            clock: ManualClock::new(),
            entropy: SeededEntropy::new(7),
            app: None,
            log: EventLog::default(),
            clients: BTreeMap::new(),
            open: BTreeMap::new(),
            next: 0,
            news: Vec::new(),
            wake_at: None,
        }
    }

    fn with<T>(&mut self, call: impl FnOnce(&mut App, &mut EventLog, Context<'_>) -> T) -> T {
        let ctx = Context {
            sql: &self.sql,
            now: self.clock.now(),
            entropy: &self.entropy,
            key: KEY,
            secret: SECRET,
        };
        let mut app = self.app.take();
        let mut effects = Vec::new();
        if app.is_none() {
            let ids: Vec<String> = std::mem::take(&mut self.open).into_values().collect();
            for id in ids {
                self.open.insert(self.next, id);
                self.next += 1;
            }
            let open: Vec<(SocketNo, String)> = self.open.iter().map(|(no, id)| (*no, id.clone())).collect();
            let (loaded, told) = App::load(ctx, &open).unwrap();
            (app, effects) = (Some(loaded), told);
        }
        let mut app = app.unwrap();
        let value = call(&mut app, &mut self.log, ctx);
        self.app = Some(app);
        self.perform(effects);
        value
    }

    fn perform(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Send { to, frame } => {
                    let frame: Value = serde_json::from_str(&frame).unwrap();
                    for id in to.iter().filter_map(|no| self.open.get(no)) {
                        self.clients.get_mut(id).unwrap().frames.push(frame.clone());
                    }
                }
                Effect::Close { socket, code } => {
                    if let Some(id) = self.open.remove(&socket) {
                        self.clients.get_mut(&id).unwrap().closed = Some(code as u16);
                    }
                }
                Effect::Wake(at) => self.wake_at = Some(self.wake_at.map_or(at, |wake| wake.min(at))),
                Effect::Tell(news) => self.news.push(news),
            }
        }
    }

    /// A new socket; its id, or the code with which it was refused.
    pub fn connect_with(&mut self, query: &str) -> Result<String, u16> {
        let no = self.next;
        self.next += 1;
        let mut effects = Vec::new();
        let id = self.with(|app, _, ctx| app.opened(ctx, no, (query, None), &mut effects));
        let Some(id) = id else {
            let code = effects.iter().find_map(|effect| match effect {
                Effect::Close { code, .. } => Some(*code as u16),
                _ => None,
            });
            return Err(code.unwrap());
        };
        self.open.insert(no, id.clone());
        self.clients.insert(id.clone(), Heard::default());
        self.perform(effects);
        Ok(id)
    }

    pub fn connect(&mut self) -> String {
        self.connect_with("protocol=7&client=js").unwrap()
    }

    fn number(&mut self, id: &str) -> Option<SocketNo> {
        self.with(|app, _, _| app.number(id))
    }

    /// A socket speaks.
    pub fn say(&mut self, id: &str, frame: &str) {
        let Some(no) = self.number(id) else { return };
        let effects = self.with(|app, log, ctx| app.frame(ctx, log, no, frame)).unwrap();
        self.perform(effects);
    }

    /// A socket goes.
    pub fn leave(&mut self, id: &str) {
        let Some(no) = self.number(id) else { return };
        self.open.remove(&no);
        let effects = self.with(|app, _, ctx| app.closed(ctx, no)).unwrap();
        self.perform(effects);
    }

    /// The process dies: nothing in memory is left, and these sockets went with it.
    pub fn evict(&mut self, dropped: &[&str]) {
        self.app = None;
        self.log = EventLog::default();
        self.open.retain(|_, id| !dropped.contains(&id.as_str()));
    }

    /// Subscribes with a good signature.
    pub fn subscribe(&mut self, id: &str, channel: &str) {
        self.subscribe_with(id, channel, &json!({}));
    }

    /// The same with more in the subscription.
    pub fn subscribe_with(&mut self, id: &str, channel: &str, more: &Value) {
        let mut data = more.clone();
        data["channel"] = channel.into();
        let text = pusher::subscription_text(id, channel, more["channel_data"].as_str());
        data["auth"] = format!("{KEY}:{}", pusher::sign(SECRET.as_bytes(), &text)).into();
        self.say(id, &json!({"event": "pusher:subscribe", "data": data}).to_string());
    }

    /// Joins a presence channel as a user.
    pub fn join(&mut self, id: &str, channel: &str, user: &str) {
        let data = json!({"user_id": user, "user_info": {"name": format!("name of {user}")}}).to_string();
        self.subscribe_with(id, channel, &json!({"channel_data": data}));
    }

    pub fn unsubscribe(&mut self, id: &str, channel: &str) {
        self.say(id, &json!({"event": "pusher:unsubscribe", "data": {"channel": channel}}).to_string());
    }

    /// Signs in as a user who watches others.
    pub fn sign_in(&mut self, id: &str, user: &str, watchlist: &[&str]) {
        let user_data = json!({"id": user, "watchlist": watchlist}).to_string();
        let text = pusher::user_text(id, &user_data);
        let auth = format!("{KEY}:{}", pusher::sign(SECRET.as_bytes(), &text));
        let data = json!({"auth": auth, "user_data": user_data});
        self.say(id, &json!({"event": "pusher:signin", "data": data}).to_string());
    }

    pub fn client_event(&mut self, id: &str, channel: &str, event: &str, data: &Value) {
        self.say(id, &json!({"event": event, "channel": channel, "data": data}).to_string());
    }

    /// A call of the HTTP API.
    pub fn api(&mut self, method: &str, path: &str, query: &[(&str, &str)], body: &Value) -> ApiAnswer {
        let query: Vec<(String, String)> =
            query.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let call = ApiCall { method, path, query: &query, body: body.as_bytes() };
        let (answer, effects) = self.with(|app, log, ctx| app.api(ctx, log, &call)).unwrap();
        self.perform(effects);
        answer
    }

    /// The same, but the n-th statement fails: all writes are taken back, and the app is loaded anew, as the glue does it.
    pub fn api_that_fails(&mut self, nth: usize, path: &str, body: &Value) {
        let body = body.to_string();
        let call = ApiCall { method: "POST", path, query: &[], body: body.as_bytes() };
        self.with(|_, _, _| ());
        self.sql.connection.execute_batch("begin").unwrap();
        self.sql.statements.set(0);
        self.sql.fail_at.set(Some(nth));
        self.with(|app, log, ctx| app.api(ctx, log, &call).map(|_| ())).unwrap_err();
        self.sql.fail_at.set(None);
        self.sql.connection.execute_batch("rollback").unwrap();
        self.app = None;
    }

    /// An event of a server library.
    pub fn trigger(&mut self, channel: &str, event: &str, data: &Value) {
        let body = json!({"name": event, "channel": channel, "data": data.to_string()});
        self.api("POST", "/events", &[], &body).unwrap();
    }

    /// An event of an inbox, whose person the app's key names.
    pub fn publish(&mut self, name: &str, data: &Value) {
        let data = data.as_object().unwrap().clone();
        let effects = self.with(|app, log, ctx| inbox::publish(app, log, ctx, (name, data))).unwrap();
        self.perform(effects);
    }

    /// The alarm rings, if it is set.
    pub fn ring(&mut self) {
        let Some(at) = self.wake_at.take() else { return };
        self.clock.advance(at.millis_since(self.clock.now()).max(0));
        let effects = self.with(|app, _, ctx| app.due(ctx)).unwrap();
        self.perform(effects);
    }

    pub fn client(&self, id: &str) -> &Heard {
        &self.clients[id]
    }
}
