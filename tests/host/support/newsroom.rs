//! A class room with webhooks on the host: the rules of its Pusher app and of its outbox over one SQLite, with an alarm that is set and
//! overwritten as the platform's is.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use toolboxai_edge::domain::class::JoinPolicy;
use toolboxai_edge::domain::ids::{ClassId, SchoolId, UserId, WebhookId};
use toolboxai_edge::domain::pusher;
use toolboxai_edge::domain::webhook::{Webhook, WebhookEvent};
use toolboxai_edge::ports::Clock;
use toolboxai_edge::realtime::{self, App, Effect, KeptNews, News, NewsKeeper, SocketNo};
use toolboxai_edge::rooms::{self, ClassFacts, DueNews, Room, RoomOp, WebhookDelivery};

use super::rooms::HostSql;
use super::system::{ManualClock, SeededEntropy};

const KEY: &str = "rkey";
const SECRET: &str = "secret";

/// Where the process dies while the alarm's work is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Death {
    BeforeTheQueue,
    AfterTheQueue,
}

/// See the module.
pub struct Newsroom {
    pub sql: HostSql,
    pub clock: ManualClock,
    entropy: SeededEntropy,
    facts: ClassFacts,
    room: Room,
    app: Option<App>,
    open: BTreeMap<SocketNo, String>,
    next: SocketNo,
    /// The platform's alarm, which outlives the process, and what the process knows of it.
    alarm: Option<i64>,
    known_alarm: Option<i64>,
    /// What the queue was given, in order.
    pub queue: Vec<WebhookDelivery>,
    /// Whether it takes anything.
    pub queue_is_down: bool,
    pub dropped: usize,
}

pub fn webhook(number: u32, events: &[WebhookEvent]) -> Webhook {
    let id = WebhookId::parse(&format!("whk_{number:026}")).unwrap();
    Webhook { id, events: events.to_vec() }
}

impl Newsroom {
    /// A room with these webhooks.
    pub fn new(webhooks: Vec<Webhook>) -> Self {
        let (zero, one) = ("0".repeat(26), "1".repeat(26));
        let facts = ClassFacts {
            class_id: ClassId::parse(&format!("cls_{zero}")).unwrap(),
            school_id: SchoolId::parse(&format!("sch_{one}")).unwrap(),
            teacher_id: UserId::parse(&format!("usr_{one}")).unwrap(),
            room_key: KEY.to_owned(),
            name: "5a".to_owned(),
            capacity: 30,
            join_policy: JoinPolicy::Open,
            webhooks,
            revision: 1,
        };
        let mut room = Self {
            sql: HostSql::new(),
            clock: ManualClock::new(),
            entropy: SeededEntropy::new(5),
            facts,
            room: Room::default(),
            app: None,
            open: BTreeMap::new(),
            next: 0,
            alarm: None,
            known_alarm: None,
            queue: Vec::new(),
            queue_is_down: false,
            dropped: 0,
        };
        room.teacher_calls();
        room
    }

    fn now(&self) -> i64 {
        self.clock.now().as_millis()
    }

    /// The class has other webhooks from now on.
    pub fn configure(&mut self, webhooks: Vec<Webhook>) {
        self.facts.webhooks = webhooks;
        self.facts.revision += 1;
        self.teacher_calls();
    }

    /// Anything that a teacher does.
    pub fn teacher_calls(&mut self) {
        let facts = self.facts.clone();
        self.in_room(|room, ctx| room.call(ctx, &facts, RoomOp::Configure));
    }

    fn in_room<T>(
        &mut self,
        call: impl FnOnce(
            &mut Room,
            rooms::Context<'_>,
        ) -> Result<(T, Vec<rooms::Effect>), toolboxai_edge::ports::DbError>,
    ) -> T {
        let ctx = rooms::Context {
            sql: &self.sql,
            now: self.clock.now(),
            entropy: &self.entropy,
            watched: !self.open.is_empty(),
        };
        let (value, effects) = call(&mut self.room, ctx).unwrap();
        for effect in effects {
            if let rooms::Effect::Wake(at) = effect {
                self.wake(at.as_millis());
            }
        }
        value
    }

    /// As `Hub::wake` does it: what the process does not know of is overwritten.
    fn wake(&mut self, at: i64) {
        if self.known_alarm.is_some_and(|set| set > self.now() && set <= at) {
            return;
        }
        (self.alarm, self.known_alarm) = (Some(at), Some(at));
    }

    fn in_app<T>(&mut self, call: impl FnOnce(&mut App, &mut Room, realtime::Context<'_>) -> T) -> T {
        let now = self.clock.now();
        let ctx = realtime::Context { sql: &self.sql, now, entropy: &self.entropy, key: KEY, secret: SECRET };
        let (mut app, effects) = self.app.take().map_or_else(
            || {
                let open: Vec<_> = self.open.iter().map(|(no, id)| (*no, id.clone())).collect();
                App::load(ctx, &open).unwrap()
            },
            |app| (app, Vec::new()),
        );
        let kept = keep(&mut self.room, ctx, &effects);
        let value = call(&mut app, &mut self.room, ctx);
        self.app = Some(app);
        self.take(kept);
        value
    }

    fn take(&mut self, kept: KeptNews) {
        self.dropped += kept.dropped;
        if let Some(at) = kept.wake {
            self.wake(at.as_millis());
        }
    }

    fn perform(&mut self, effects: &[Effect]) {
        let now = self.clock.now();
        let ctx = realtime::Context { sql: &self.sql, now, entropy: &self.entropy, key: KEY, secret: SECRET };
        let kept = keep(&mut self.room, ctx, effects);
        let wakes: Vec<i64> = effects
            .iter()
            .filter_map(|effect| match effect {
                Effect::Wake(at) => Some(at.as_millis()),
                _ => None,
            })
            .collect();
        self.take(kept);
        for at in wakes {
            self.wake(at);
        }
    }

    /// News as the app tells them.
    pub fn tell(&mut self, news: News) {
        self.perform(&[Effect::Tell(news)]);
    }

    /// A new socket.
    pub fn connect(&mut self) -> SocketNo {
        let no = self.next;
        self.next += 1;
        let mut effects = Vec::new();
        let id = self.in_app(|app, _, ctx| app.opened(ctx, no, ("protocol=7", None), &mut effects)).unwrap();
        self.open.insert(no, id);
        self.perform(&effects);
        no
    }

    fn say(&mut self, no: SocketNo, frame: &Value) {
        if !self.open.contains_key(&no) {
            return;
        }
        let effects = self.in_app(|app, room, ctx| app.frame(ctx, room, no, &frame.to_string())).unwrap();
        self.perform(&effects);
    }

    /// Subscribes; on a presence channel as the user.
    pub fn join(&mut self, no: SocketNo, channel: &str, user: &str) {
        let Some(id) = self.open.get(&no) else { return };
        let user = channel.starts_with("presence-").then(|| json!({"user_id": user}).to_string());
        let auth = pusher::sign(SECRET.as_bytes(), &pusher::subscription_text(id, channel, user.as_deref()));
        let mut data = json!({"channel": channel, "auth": format!("{KEY}:{auth}")});
        if let Some(user) = user {
            data["channel_data"] = user.into();
        }
        self.say(no, &json!({"event": "pusher:subscribe", "data": data}));
    }

    /// A socket goes.
    pub fn leave(&mut self, no: SocketNo) {
        if self.open.remove(&no).is_some() {
            let effects = self.in_app(|app, _, ctx| app.closed(ctx, no)).unwrap();
            self.perform(&effects);
        }
    }

    /// The process dies; these sockets go with it. The alarm stays.
    pub fn die(&mut self, dropped: &[SocketNo]) {
        (self.app, self.room, self.known_alarm) = (None, Room::default(), None);
        self.open.retain(|no, _| !dropped.contains(no));
    }

    /// The alarm rings if it is time.
    pub fn ring(&mut self, death: Option<Death>) {
        if self.alarm.is_none_or(|at| at > self.now()) {
            return;
        }
        (self.alarm, self.known_alarm) = (None, None);
        self.in_room(Room::due);
        let effects = self.in_app(|app, _, ctx| app.due(ctx)).unwrap();
        self.perform(&effects);
        let news: DueNews = self.in_room(Room::due_news);
        if news.is_empty() {
            return;
        }
        // An alarm that did not end comes again.
        if death == Some(Death::BeforeTheQueue) {
            self.alarm = Some(self.now());
            return self.die(&[]);
        }
        let done = !self.queue_is_down;
        if done {
            self.queue.extend(news.deliveries.iter().cloned());
        }
        if death == Some(Death::AfterTheQueue) {
            self.alarm = Some(self.now());
            return self.die(&[]);
        }
        self.in_room(|room, ctx| Ok(((), room.news_told(ctx, &news, done)?)));
    }

    /// Time passes, and the alarm rings whenever it is set.
    pub fn pass(&mut self, millis: i64) {
        let until = self.now() + millis;
        while let Some(at) = self.alarm.filter(|at| *at <= until) {
            self.clock.advance((at - self.now()).max(0));
            self.ring(None);
        }
        self.clock.advance(until - self.now());
    }

    /// What a webhook was told: name, channel, user.
    pub fn told(&self, number: u32) -> Vec<String> {
        let id = webhook(number, &[]).id;
        let of = |delivery: &&WebhookDelivery| delivery.webhook_id == id;
        let events = |delivery: &WebhookDelivery| {
            let body: Value = serde_json::from_str(&delivery.body).unwrap();
            body["events"].as_array().unwrap().clone()
        };
        let line = |event: &Value| {
            let parts =
                ["name", "channel", "user_id"].map(|key| event[key].as_str().unwrap_or_default().to_owned());
            parts.join(" ").trim_end().to_owned()
        };
        self.queue.iter().filter(of).flat_map(events).map(|event| line(&event)).collect()
    }

    /// Rows that wait.
    pub fn waiting(&self) -> i64 {
        self.sql.connection.query_row("select count(*) from webhook_news", [], |row| row.get(0)).unwrap()
    }

    /// Who is on the channels, by the app: channels, and members as `channel user`.
    pub fn truth(&mut self) -> Vec<String> {
        let ask = |room: &mut Self, path: &str| {
            let call = realtime::ApiCall { method: "GET", path, query: &[], body: b"" };
            room.in_app(|app, room, ctx| app.api(ctx, room, &call)).unwrap().0.unwrap()
        };
        let channels = ask(self, "/channels")["channels"].as_object().unwrap().clone();
        let mut truth = Vec::new();
        for channel in channels.keys() {
            truth.push(channel.clone());
            if channel.starts_with("presence-") {
                let users = ask(self, &format!("/channels/{channel}/users"))["users"].clone();
                let users =
                    users.as_array().unwrap().iter().map(|user| user["id"].as_str().unwrap().to_owned());
                truth.extend(users.map(|user| format!("{channel} {user}")));
            }
        }
        truth.sort();
        truth
    }
}

fn keep(room: &mut Room, ctx: realtime::Context<'_>, effects: &[Effect]) -> KeptNews {
    let news: Vec<&News> = effects.iter().filter_map(Effect::news).collect();
    if news.is_empty() { KeptNews::default() } else { room.keep_news(ctx, &news).unwrap() }
}
