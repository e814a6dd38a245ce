//! Metrics and health on the host.

use std::collections::HashMap;
use std::sync::Mutex;

use futures::future::{BoxFuture, pending};
use toolboxai_edge::domain::health::Dependency;
use toolboxai_edge::domain::metrics::{Registry, Sample};
use toolboxai_edge::domain::time::Timestamp;
use toolboxai_edge::ports::{Metrics, PortError, Probes};
use toolboxai_edge::telemetry::buffer::Buffer;
use toolboxai_edge::telemetry::{Telemetry, TelemetryOp};

use super::rooms::HostSql;

/// The buffer of one isolate and the object behind it, over rusqlite.
pub struct HostMetrics {
    buffer: Mutex<Buffer>,
    sql: Mutex<HostSql>,
    object: Mutex<Telemetry>,
}

impl Default for HostMetrics {
    fn default() -> Self {
        Self { buffer: Mutex::default(), sql: Mutex::new(HostSql::new()), object: Mutex::default() }
    }
}

impl HostMetrics {
    fn ask(&self, op: &TelemetryOp) -> Vec<Sample> {
        let op: TelemetryOp = serde_json::from_str(&serde_json::to_string(op).unwrap()).unwrap();
        let samples = self.object.lock().unwrap().call(&*self.sql.lock().unwrap(), op).unwrap();
        serde_json::from_str(&serde_json::to_string(&samples).unwrap()).unwrap()
    }

    /// Forgets what the object has in memory, as a crash does, and what the isolate had not handed over.
    pub fn crash(&self) {
        self.buffer.lock().unwrap().drain();
        *self.object.lock().unwrap() = Telemetry::default();
    }
}

impl Metrics for HostMetrics {
    fn record(&self, sample: Sample) {
        self.buffer.lock().unwrap().take(Timestamp::from_millis(0), sample);
    }

    fn read(&self) -> BoxFuture<'_, Result<Registry, PortError>> {
        Box::pin(async move {
            self.ask(&TelemetryOp::Record(self.buffer.lock().unwrap().drain()));
            let mut registry = Registry::default();
            for sample in self.ask(&TelemetryOp::Read) {
                registry.take(sample);
            }
            Ok(registry)
        })
    }
}

/// How something does not answer.
#[derive(Clone, Copy)]
pub enum Fault {
    Fails,
    Hangs,
}

/// What stands behind the Worker; it fails when told to.
#[derive(Default)]
pub struct HostProbes {
    pub faults: Mutex<HashMap<Dependency, Fault>>,
    pub asked: Mutex<usize>,
}

impl Probes for HostProbes {
    fn probe(&self, what: Dependency) -> BoxFuture<'_, Result<(), PortError>> {
        *self.asked.lock().unwrap() += 1;
        let fault = self.faults.lock().unwrap().get(&what).copied();
        Box::pin(async move {
            match fault {
                None => Ok(()),
                Some(Fault::Fails) => Err(PortError("injected secret cause".to_owned())),
                Some(Fault::Hangs) => pending().await,
            }
        })
    }
}
