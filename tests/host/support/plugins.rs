//! Registries of plugins on the host: the rules of `src/plugins/` over rusqlite, in a transaction a call, as the object's
//! glue does it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use futures::future::BoxFuture;
use toolboxai_edge::domain::plugin::RegistryName;
use toolboxai_edge::plugins::{Context, Registry, RegistryAnswer, RegistryOp};
use toolboxai_edge::ports::{Clock, DbError, Plugins, PortError};

use super::rooms::HostSql;
use super::{ManualClock, SeededEntropy};

struct HostRegistry {
    sql: HostSql,
    registry: Registry,
    wake_at: Option<i64>,
}

/// All registries.
pub struct HostPlugins {
    registries: Mutex<HashMap<String, HostRegistry>>,
    /// Requests to objects.
    requests: Mutex<usize>,
    clock: Arc<ManualClock>,
    entropy: Arc<SeededEntropy>,
}

impl HostPlugins {
    pub fn new(clock: Arc<ManualClock>, entropy: Arc<SeededEntropy>) -> Self {
        Self { registries: Mutex::default(), requests: Mutex::default(), clock, entropy }
    }

    /// One call in one transaction.
    fn run<T>(
        &self,
        name: &str,
        call: impl FnOnce(&mut Registry, Context<'_>) -> Result<T, DbError>,
    ) -> Result<T, DbError> {
        let mut registries = self.registries.lock().unwrap();
        let object = registries.entry(name.to_owned()).or_insert_with(|| HostRegistry {
            sql: HostSql::new(),
            registry: Registry::default(),
            wake_at: None,
        });
        object.sql.connection.execute_batch("begin").unwrap();
        let (now, entropy) = (self.clock.now(), self.entropy.as_ref());
        let ctx = Context { sql: &object.sql, now, entropy, is_school: name.starts_with("school:") };
        let done = call(&mut object.registry, ctx);
        let sweep_ms = ctx.sweep_ms();
        object.sql.fail_at.set(None);
        object.sql.connection.execute_batch(if done.is_ok() { "commit" } else { "rollback" }).unwrap();
        if done.is_err() {
            object.registry = Registry::default();
        } else if !object.registry.is_empty() {
            object.wake_at.get_or_insert(now.as_millis() + sweep_ms);
        }
        done
    }

    /// Forgets what all objects have in memory, as an eviction or a crash does.
    pub fn evict(&self) {
        for object in self.registries.lock().unwrap().values_mut() {
            object.registry = Registry::default();
        }
    }

    /// Rings every alarm that is due by the clock.
    pub fn ring(&self) {
        let now = self.clock.now().as_millis();
        let due: Vec<String> = {
            let mut registries = self.registries.lock().unwrap();
            let due = registries.iter_mut().filter(|(_, object)| object.wake_at.is_some_and(|at| at <= now));
            due.map(|(name, object)| {
                object.wake_at = None;
                name.clone()
            })
            .collect()
        };
        for name in due {
            self.run(&name, Registry::sweep).unwrap();
        }
    }

    /// Requests to objects since the last call.
    pub fn take_requests(&self) -> usize {
        std::mem::take(&mut *self.requests.lock().unwrap())
    }

    /// Statements in all objects since the last call.
    pub fn take_statements(&self) -> usize {
        self.registries.lock().unwrap().values().map(|object| object.sql.statements.take()).sum()
    }

    /// The n-th statement from now fails in every object.
    pub fn fail_statement(&self, nth: usize) {
        for object in self.registries.lock().unwrap().values() {
            object.sql.statements.set(0);
            object.sql.fail_at.set(Some(nth));
        }
    }

    /// One number of a query on all objects' own tables, summed.
    pub fn number(&self, sql: &str) -> i64 {
        let registries = self.registries.lock().unwrap();
        registries
            .values()
            .map(|object| object.sql.connection.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap())
            .sum()
    }
}

impl Plugins for HostPlugins {
    fn call(
        &self,
        registry: RegistryName,
        op: RegistryOp,
    ) -> BoxFuture<'_, Result<RegistryAnswer, PortError>> {
        *self.requests.lock().unwrap() += 1;
        // Over the wire and back, as between the Worker and the object.
        let op = serde_json::from_str(&serde_json::to_string(&op).unwrap()).unwrap();
        let answer = self.run(registry.as_str(), |registry, ctx| registry.call(ctx, op));
        Box::pin(async move {
            let answer = answer.map_err(|error| PortError(error.to_string()))?;
            Ok(serde_json::from_str(&serde_json::to_string(&answer).unwrap()).unwrap())
        })
    }
}
