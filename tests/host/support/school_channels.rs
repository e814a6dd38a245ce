//! The channels of schools on the host: the rules over rusqlite, in a transaction a call, as the object's glue does it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use futures::future::BoxFuture;
use serde_json::Value;
use toolboxai_edge::domain::ids::SchoolId;
use toolboxai_edge::domain::pusher::{self, Shard};
use toolboxai_edge::domain::tokens::parse_secret;
use toolboxai_edge::ports::{Clock, DbError, PortError, SchoolChannels};
use toolboxai_edge::realtime::{App, Context, Effect, EventLog};
use toolboxai_edge::school_channel::{self, SchoolOp};

use super::rooms::HostSql;
use super::{ManualClock, SeededEntropy};

struct HostShard {
    sql: HostSql,
    app: App,
    log: EventLog,
}

/// All shards of all schools. A socket is a number in a shard.
pub struct HostSchoolChannels {
    shards: Mutex<BTreeMap<String, HostShard>>,
    /// What sockets heard, and how they were closed: by the socket's id.
    pub heard: Mutex<Vec<(String, Value)>>,
    pub closed: Mutex<Vec<(String, u16)>>,
    /// Sockets by shard and number.
    ids: Mutex<BTreeMap<(String, u32), String>>,
    /// Calls of the port that fail from now on.
    pub failing: Mutex<usize>,
    secret: String,
    clock: Arc<ManualClock>,
    entropy: Arc<SeededEntropy>,
}

impl HostSchoolChannels {
    pub fn new(secret: &str, clock: Arc<ManualClock>, entropy: Arc<SeededEntropy>) -> Self {
        Self {
            shards: Mutex::default(),
            heard: Mutex::default(),
            closed: Mutex::default(),
            ids: Mutex::default(),
            failing: Mutex::default(),
            secret: secret.to_owned(),
            clock,
            entropy,
        }
    }

    fn run<T>(
        &self,
        school: &str,
        shard: Shard,
        call: impl FnOnce(&mut App, &mut EventLog, Context<'_>) -> Result<(T, Vec<Effect>), DbError>,
    ) -> Result<T, DbError> {
        let name = shard.object_name(school);
        let master = parse_secret(&self.secret).unwrap();
        let secret = pusher::app_secret(&master, school);
        let mut shards = self.shards.lock().unwrap();
        let object = shards.entry(name.clone()).or_insert_with(|| {
            let sql = HostSql::new();
            let ctx = Context {
                sql: &sql,
                now: self.clock.now(),
                entropy: self.entropy.as_ref(),
                key: school,
                secret: &secret,
            };
            let app = App::load(ctx, &[]).unwrap().0;
            HostShard { sql, app, log: EventLog::one_way() }
        });
        let ctx = Context {
            sql: &object.sql,
            now: self.clock.now(),
            entropy: self.entropy.as_ref(),
            key: school,
            secret: &secret,
        };
        object.sql.connection.execute_batch("begin").unwrap();
        let done = call(&mut object.app, &mut object.log, ctx);
        object.sql.fail_at.set(None);
        object.sql.connection.execute_batch(if done.is_ok() { "commit" } else { "rollback" }).unwrap();
        if done.is_err() {
            // What the rules remember never happened.
            let ids = self.ids.lock().unwrap();
            let open = ids.iter().filter(|((shard, _), _)| *shard == name);
            let open: Vec<_> = open.map(|((_, no), id)| (*no, id.clone())).collect();
            object.app = App::load(ctx, &open).unwrap().0;
        }
        let (value, effects) = done?;
        for effect in effects {
            self.perform(&name, effect);
        }
        Ok(value)
    }

    fn perform(&self, shard: &str, effect: Effect) {
        let ids = self.ids.lock().unwrap();
        match effect {
            Effect::Send { to, frame } => {
                let frame: Value = serde_json::from_str(&frame).unwrap();
                let to = to.iter().filter_map(|no| ids.get(&(shard.to_owned(), *no)));
                self.heard.lock().unwrap().extend(to.map(|id| (id.clone(), frame.clone())));
            }
            Effect::Close { socket, code } => {
                let id = ids.get(&(shard.to_owned(), socket)).cloned().unwrap_or_default();
                self.closed.lock().unwrap().push((id, code as u16));
            }
            Effect::Wake(_) | Effect::Tell(_) => {}
        }
    }

    /// Opens a socket in the shard; its id.
    pub fn connect(&self, school: &str, shard: Shard) -> String {
        let no = u32::try_from(self.ids.lock().unwrap().len()).unwrap();
        let id = self.run(school, shard, |app, _, ctx| {
            let mut effects = Vec::new();
            let id = app.opened(ctx, no, ("protocol=7", Some(shard)), &mut effects).unwrap();
            Ok((id, effects))
        });
        let id = id.unwrap();
        self.ids.lock().unwrap().insert((shard.object_name(school), no), id.clone());
        id
    }

    /// A socket speaks.
    pub fn say(&self, school: &str, id: &str, frame: &Value) {
        let shard = Shard::of_socket(id).unwrap();
        let text = frame.to_string();
        let said = self.run(school, shard, |app, log, ctx| {
            let no = app.number(id).unwrap();
            Ok(((), app.frame(ctx, log, no, &text)?))
        });
        said.unwrap();
    }

    /// What a socket heard of an event: number and data.
    pub fn events(&self, id: &str, event: &str) -> Vec<(Value, Value)> {
        let heard = self.heard.lock().unwrap();
        let frames = heard.iter().filter(|(to, frame)| to == id && frame["event"] == event);
        let data = |frame: &Value| serde_json::from_str(frame["data"].as_str().unwrap()).unwrap();
        frames.map(|(_, frame)| (frame["seq"].clone(), data(frame))).collect()
    }

    /// The shard's n-th statement from now fails.
    pub fn fail_statement(&self, school: &str, shard: Shard, nth: usize) {
        let shards = self.shards.lock().unwrap();
        let sql = &shards[&shard.object_name(school)].sql;
        sql.statements.set(0);
        sql.fail_at.set(Some(nth));
    }

    /// How many shards hold so many events.
    pub fn shards_with(&self, events: i64) -> usize {
        let shards = self.shards.lock().unwrap();
        let count = |shard: &HostShard| -> i64 {
            shard.sql.connection.query_row("select count(*) from log", [], |row| row.get(0)).unwrap_or(0)
        };
        shards.values().filter(|shard| count(shard) == events).count()
    }
}

impl SchoolChannels for HostSchoolChannels {
    fn call(&self, school: SchoolId, shard: Shard, op: SchoolOp) -> BoxFuture<'_, Result<(), PortError>> {
        let is_down = {
            let mut failing = self.failing.lock().unwrap();
            let is_down = *failing > 0;
            *failing = failing.saturating_sub(1);
            is_down
        };
        let op: SchoolOp = serde_json::from_str(&serde_json::to_string(&op).unwrap()).unwrap();
        let done = if is_down {
            Err(DbError::Backend("the shard does not answer".to_owned()))
        } else {
            self.run(school.as_str(), shard, |app, log, ctx| {
                Ok(((), school_channel::call(app, log, ctx, &op)?))
            })
        };
        Box::pin(async move { done.map_err(|error| PortError(error.to_string())) })
    }
}
