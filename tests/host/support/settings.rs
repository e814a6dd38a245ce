//! The runtime settings on the host: their rules over rusqlite. Every request sees the newest ones, unless told to keep a copy.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use futures::future::BoxFuture;
use toolboxai_edge::domain::runtime_config::{RuntimeConfig, Settings};
use toolboxai_edge::ports::{Clock, PortError, RuntimeSettings};
use toolboxai_edge::runtime_config::{self, ConfigAnswer, ConfigOp};

use super::ManualClock;
use super::rooms::HostSql;

pub struct HostSettings {
    sql: Mutex<HostSql>,
    clock: Arc<ManualClock>,
    start: RuntimeConfig,
    pub is_down: AtomicBool,
}

impl HostSettings {
    pub fn new(clock: Arc<ManualClock>, start: RuntimeConfig) -> Self {
        Self { sql: Mutex::new(HostSql::new()), clock, start, is_down: AtomicBool::default() }
    }

    fn ask(&self, op: ConfigOp) -> Result<ConfigAnswer, PortError> {
        if self.is_down.load(Ordering::SeqCst) {
            return Err(PortError("injected".to_owned()));
        }
        // Over the wire and back, as between the Worker and the object.
        let op: ConfigOp = serde_json::from_str(&serde_json::to_string(&op).unwrap()).unwrap();
        let answer = runtime_config::call(&*self.sql.lock().unwrap(), self.clock.now(), self.start, op);
        let answer = answer.map_err(|error| PortError(error.to_string()))?;
        Ok(serde_json::from_str(&serde_json::to_string(&answer).unwrap()).unwrap())
    }
}

impl RuntimeSettings for HostSettings {
    fn current(&self) -> BoxFuture<'_, Settings> {
        let settings = match self.ask(ConfigOp::Current) {
            Ok(ConfigAnswer::Current(settings)) => settings,
            _ => Settings::start(self.start),
        };
        Box::pin(async move { settings })
    }

    fn call(&self, op: ConfigOp) -> BoxFuture<'_, Result<ConfigAnswer, PortError>> {
        let answer = self.ask(op);
        Box::pin(async move { answer })
    }
}
