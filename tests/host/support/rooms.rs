//! Class rooms on the host: the rules of `src/rooms/` over rusqlite, in a transaction a call, as the object's glue does it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use futures::future::BoxFuture;
use rusqlite::Connection;
use rusqlite::types::Value as SqlValue;
use toolboxai_edge::domain::ids::UserId;
use toolboxai_edge::inbox::{self, InboxAnswer, InboxOp};
use toolboxai_edge::jobs;
use toolboxai_edge::ports::{Clock, DbError, Inboxes, PortError, Rooms, Row, Sql, Value};
use toolboxai_edge::rooms::{ClassFacts, Context, Effect, Room, RoomAnswer, RoomOp, SyncCaller, SyncReply};

use super::database::{HostDatabase, query};
use super::{ManualClock, SeededEntropy};

/// The SQLite of one room. Counts its statements, fails the n-th when told to.
pub struct HostSql {
    pub connection: Connection,
    pub statements: std::cell::Cell<usize>,
    pub fail_at: std::cell::Cell<Option<usize>>,
}

impl HostSql {
    pub fn new() -> Self {
        let connection = Connection::open_in_memory().unwrap();
        Self { connection, statements: std::cell::Cell::new(0), fail_at: std::cell::Cell::new(None) }
    }
}

impl Sql for HostSql {
    fn query(&self, sql: &'static str, params: &[Value]) -> Result<Vec<Row>, DbError> {
        self.statements.set(self.statements.get() + 1);
        if self.fail_at.get() == Some(self.statements.get()) {
            return Err(DbError::Backend("injected".to_owned()));
        }
        query(&self.connection, sql, params, SqlValue::Integer)
    }
}

struct HostRoom {
    sql: HostSql,
    room: Room,
    wake_at: Option<i64>,
}

/// All inboxes.
pub struct HostInboxes {
    inboxes: Mutex<HashMap<String, HostSql>>,
    /// What who watches an inbox would hear: the person, the event, its data.
    pub published: Mutex<Vec<(String, &'static str, serde_json::Value)>>,
    clock: Arc<ManualClock>,
    entropy: Arc<SeededEntropy>,
}

impl HostInboxes {
    pub fn new(clock: Arc<ManualClock>, entropy: Arc<SeededEntropy>) -> Self {
        Self { inboxes: Mutex::default(), published: Mutex::default(), clock, entropy }
    }
}

impl Inboxes for HostInboxes {
    fn call(&self, user: UserId, op: InboxOp) -> BoxFuture<'_, Result<InboxAnswer, PortError>> {
        let mut inboxes = self.inboxes.lock().unwrap();
        let sql = inboxes.entry(inbox::object_name(&user).to_owned()).or_insert_with(HostSql::new);
        let op = serde_json::from_str(&serde_json::to_string(&op).unwrap()).unwrap();
        let answer = inbox::call(sql, self.clock.now(), self.entropy.as_ref(), op);
        for effect in answer.iter().flat_map(|(_, effects)| effects) {
            if let inbox::Effect::Publish { name, data } = effect {
                self.published.lock().unwrap().push((user.to_string(), *name, data.clone().into()));
            }
        }
        Box::pin(
            async move { answer.map(|(answer, _)| answer).map_err(|error| PortError(error.to_string())) },
        )
    }
}

/// All rooms.
pub struct HostRooms {
    pub inboxes: Arc<HostInboxes>,
    rooms: Mutex<HashMap<String, HostRoom>>,
    pub effects: Mutex<Vec<Effect>>,
    pub db: Arc<HostDatabase>,
    pub clock: Arc<ManualClock>,
    pub entropy: Arc<SeededEntropy>,
}

impl HostRooms {
    pub fn new(db: Arc<HostDatabase>, clock: Arc<ManualClock>, entropy: Arc<SeededEntropy>) -> Self {
        let inboxes = Arc::new(HostInboxes::new(clock.clone(), entropy.clone()));
        Self { inboxes, rooms: Mutex::default(), effects: Mutex::default(), db, clock, entropy }
    }

    /// One call in one transaction.
    pub fn run<T>(
        &self,
        room_key: &str,
        call: impl FnOnce(&mut Room, Context<'_>) -> Result<(T, Vec<Effect>), DbError>,
    ) -> Result<T, DbError> {
        let mut rooms = self.rooms.lock().unwrap();
        let entry = rooms.entry(room_key.to_owned());
        let room =
            entry.or_insert_with(|| HostRoom { sql: HostSql::new(), room: Room::default(), wake_at: None });
        room.sql.connection.execute_batch("begin").unwrap();
        let ctx =
            Context { sql: &room.sql, now: self.clock.now(), entropy: self.entropy.as_ref(), watched: true };
        let decided = call(&mut room.room, ctx);
        room.sql.fail_at.set(None);
        let end = if decided.is_ok() { "commit" } else { "rollback" };
        room.sql.connection.execute_batch(end).unwrap();
        let (value, effects) = decided?;
        for effect in &effects {
            if let Effect::Wake(at) = effect {
                room.wake_at = Some(room.wake_at.map_or(at.as_millis(), |wake| wake.min(at.as_millis())));
            }
        }
        self.effects.lock().unwrap().extend(effects);
        Ok(value)
    }

    /// Forgets what all rooms have in memory, as an eviction or a crash does.
    pub fn evict(&self) {
        for room in self.rooms.lock().unwrap().values_mut() {
            room.room = Room::default();
        }
    }

    /// The room's n-th statement from now fails.
    pub fn fail_statement(&self, room_key: &str, nth: usize) {
        let rooms = self.rooms.lock().unwrap();
        let sql = &rooms[room_key].sql;
        sql.statements.set(0);
        sql.fail_at.set(Some(nth));
    }

    /// How many statements a call takes.
    pub fn statements_of(&self, room_key: &str, call: impl FnOnce()) -> usize {
        self.rooms.lock().unwrap()[room_key].sql.statements.set(0);
        call();
        self.rooms.lock().unwrap()[room_key].sql.statements.get()
    }

    /// One number of a query on a room's own tables.
    pub fn number(&self, room_key: &str, sql: &str) -> i64 {
        let rooms = self.rooms.lock().unwrap();
        rooms[room_key].sql.connection.query_row(sql, [], |row| row.get(0)).unwrap()
    }

    /// All that a room's own tables hold, as text.
    pub fn dump(&self, room_key: &str) -> String {
        let rooms = self.rooms.lock().unwrap();
        let sql = &rooms[room_key].sql;
        let all = |sql_text: &str| query(&sql.connection, sql_text, &[], SqlValue::Integer).unwrap();
        let tables = all("select name from sqlite_master where type = 'table'");
        let dump = |name: &str| format!("room {name}: {:?}\n", all(&format!("select * from {name}")));
        tables.iter().map(|table| dump(table["name"].as_str().unwrap())).collect()
    }

    /// When the room's alarm is set.
    pub fn wake_at(&self, room_key: &str) -> Option<i64> {
        self.rooms.lock().unwrap()[room_key].wake_at
    }

    /// Rings every alarm that is due by the clock. Says whether every report reached D1.
    pub async fn ring(&self) -> bool {
        let now = self.clock.now().as_millis();
        let due: Vec<String> = {
            let mut rooms = self.rooms.lock().unwrap();
            let due = rooms.iter_mut().filter(|(_, room)| room.wake_at.is_some_and(|at| at <= now));
            due.map(|(key, room)| {
                room.wake_at = None;
                key.clone()
            })
            .collect()
        };
        let mut reached = true;
        for key in due {
            let report = self.run(&key, Room::due).unwrap();
            if let Some(report) = report {
                let done = jobs::deliver(self.db.as_ref(), self.inboxes.as_ref(), &report).await.is_ok();
                reached &= done;
                self.run(&key, |room, ctx| Ok(((), room.reported(ctx, &report, done)?))).unwrap();
            }
        }
        reached
    }
}

impl Rooms for HostRooms {
    fn sync(
        &self,
        room_key: String,
        caller: SyncCaller,
        body: Vec<u8>,
    ) -> BoxFuture<'_, Result<SyncReply, PortError>> {
        Box::pin(async move {
            self.run(&room_key, |room, ctx| room.sync(ctx, &caller, &body))
                .map_err(|error| PortError(error.to_string()))
        })
    }

    fn call(&self, class: ClassFacts, op: RoomOp) -> BoxFuture<'_, Result<RoomAnswer, PortError>> {
        Box::pin(async move {
            let room_key = class.room_key.clone();
            // Over the wire and back, as between the Worker and the object.
            let op: RoomOp = serde_json::from_str(&serde_json::to_string(&op).unwrap()).unwrap();
            let answer = self
                .run(&room_key, |room, ctx| room.call(ctx, &class, op))
                .map_err(|error| PortError(error.to_string()))?;
            Ok(serde_json::from_str(&serde_json::to_string(&answer).unwrap()).unwrap())
        })
    }
}
