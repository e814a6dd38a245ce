//! The Durable Object of the metrics, and each isolate's buffer before it.

use std::cell::RefCell;

use futures::future::BoxFuture;
use worker::send::SendFuture;
use worker::{DurableObject, Env, Error, ObjectNamespace, Request, Response, State, durable_object};

use super::object_sql::ObjectSql;
use super::system::System;
use super::{background, stub, transaction};
use crate::domain::metrics::{Registry, Sample};
use crate::json;
use crate::ports::{Clock, Log, Metrics, Pause, PortError};
use crate::telemetry::buffer::{Buffer, FLUSH_MS, Then};
use crate::telemetry::{self, TelemetryOp};

/// The binding.
pub(super) const BINDING: &str = "TELEMETRY";

thread_local! {
    static BUFFER: RefCell<Buffer> = RefCell::default();
}

/// The object behind its port.
#[derive(Clone)]
pub(super) struct TelemetryObject(ObjectNamespace);

impl TelemetryObject {
    /// The bound namespace.
    pub fn of(env: &Env) -> worker::Result<Self> {
        env.durable_object(BINDING).map(Self)
    }

    async fn ask(&self, op: &TelemetryOp) -> worker::Result<Vec<Sample>> {
        let stub = self.0.get_by_name(telemetry::OBJECT)?;
        let answer = stub::post(stub, "/call", None, &serde_json::to_string(op)?.into()).await?;
        match answer.status {
            200 => Ok(json::from_slice(&answer.body)?),
            status => Err(Error::RustError(format!("status {status}"))),
        }
    }

    /// Hands over what there is. What does not arrive is dropped.
    async fn flush(&self) {
        let samples = BUFFER.with_borrow_mut(Buffer::drain);
        if samples.is_empty() {
            return;
        }
        if let Err(error) = self.ask(&TelemetryOp::Record(samples)).await {
            let line =
                serde_json::json!({"message": "metrics lost", "level": "error", "cause": error.to_string()});
            System.line(&line.to_string());
        }
    }
}

impl Metrics for TelemetryObject {
    fn record(&self, sample: Sample) {
        let then = BUFFER.with_borrow_mut(|buffer| buffer.take(System.now(), sample));
        let object = self.clone();
        match then {
            Then::Nothing => {}
            Then::FlushNow => background::run(async move { object.flush().await }),
            Then::FlushLater => background::run(async move {
                System.pause(FLUSH_MS).await;
                object.flush().await;
            }),
        }
    }

    fn read(&self) -> BoxFuture<'_, Result<Registry, PortError>> {
        Box::pin(SendFuture::new(async move {
            self.flush().await;
            let samples = self.ask(&TelemetryOp::Read).await;
            let samples = samples.map_err(|error| PortError(format!("telemetry: {error}")))?;
            let mut registry = Registry::default();
            for sample in samples {
                registry.take(sample);
            }
            Ok(registry)
        }))
    }
}

/// The object.
#[durable_object(fetch)]
pub struct Telemetry {
    state: State,
    rules: RefCell<telemetry::Telemetry>,
}

impl DurableObject for Telemetry {
    fn new(state: State, _: Env) -> Self {
        Self { state, rules: RefCell::default() }
    }

    async fn fetch(&self, mut request: Request) -> worker::Result<Response> {
        if stub::is_ping(&request) {
            return Response::empty();
        }
        let op: TelemetryOp = stub::read(&mut request).await?;
        let storage = self.state.storage();
        let sql = ObjectSql(storage.sql());
        let mut rules = self.rules.borrow_mut();
        let answer = transaction::run(&storage, || rules.call(&sql, op));
        if answer.is_err() {
            // What it remembers was not written.
            *rules = telemetry::Telemetry::default();
        }
        Response::from_json(&answer?)
    }
}
