//! The Durable Objects that Studio plugins are registered with, and the port to them.

use std::cell::{Cell, RefCell};

use futures::future::BoxFuture;
use worker::send::SendFuture;
use worker::{DurableObject, Env, Error, ObjectNamespace, Request, Response, State, durable_object};

use super::object_sql::ObjectSql;
use super::system::System;
use super::{stub, transaction};
use crate::domain::plugin::RegistryName;
use crate::json;
use crate::plugins::{Context, Registry, RegistryAnswer, RegistryOp};
use crate::ports::{Clock, DbError, Plugins, PortError};

/// The binding.
pub(super) const BINDING: &str = "PLUGIN_REGISTRY";

/// The objects.
pub(super) struct PluginRegistries(ObjectNamespace);

impl PluginRegistries {
    /// The bound namespace.
    pub fn of(env: &Env) -> worker::Result<Self> {
        env.durable_object(BINDING).map(Self)
    }

    async fn ask(&self, registry: &RegistryName, op: &RegistryOp) -> worker::Result<RegistryAnswer> {
        let stub = self.0.get_by_name(registry.as_str())?;
        let answer = stub::post(stub, "/call", None, &serde_json::to_string(op)?.into()).await?;
        match answer.status {
            200 => Ok(json::from_slice(&answer.body)?),
            status => Err(Error::RustError(format!("the registry answered {status}"))),
        }
    }
}

impl Plugins for PluginRegistries {
    fn call(
        &self,
        registry: RegistryName,
        op: RegistryOp,
    ) -> BoxFuture<'_, Result<RegistryAnswer, PortError>> {
        Box::pin(SendFuture::new(async move {
            self.ask(&registry, &op).await.map_err(|error| PortError(format!("plugins: {error}")))
        }))
    }
}

/// One of the objects.
#[durable_object(alarm)]
pub struct PluginRegistry {
    state: State,
    registry: RefCell<Registry>,
    /// Whether an alarm is known to be set; asking the platform at every heartbeat would cost more than the heartbeat.
    has_alarm: Cell<bool>,
}

impl PluginRegistry {
    /// Runs a call of the rules in a transaction. What they remember of one that failed never happened.
    fn run<T>(
        &self,
        call: impl FnOnce(&mut Registry, Context<'_>) -> Result<T, DbError>,
    ) -> worker::Result<(T, i64)> {
        let storage = self.state.storage();
        let sql = ObjectSql(storage.sql());
        let is_school = self.state.id().name().is_some_and(|name| name.starts_with("school:"));
        let ctx = Context { sql: &sql, now: System.now(), entropy: &System, is_school };
        let mut registry = self.registry.borrow_mut();
        let done = transaction::run(&storage, || call(&mut registry, ctx));
        if done.is_err() {
            *registry = Registry::default();
        }
        Ok((done?, ctx.sweep_ms()))
    }
}

impl DurableObject for PluginRegistry {
    fn new(state: State, _: Env) -> Self {
        Self { state, registry: RefCell::default(), has_alarm: Cell::new(false) }
    }

    async fn fetch(&self, mut request: Request) -> worker::Result<Response> {
        if stub::is_ping(&request) {
            return Response::empty();
        }
        let op: RegistryOp = stub::read(&mut request).await?;
        let (answer, sweep_ms) = self.run(|registry, ctx| registry.call(ctx, op))?;
        let is_empty = self.registry.borrow().is_empty();
        if !is_empty && !self.has_alarm.get() {
            if self.state.storage().get_alarm().await?.is_none() {
                self.state.storage().set_alarm(sweep_ms).await?;
            }
            self.has_alarm.set(true);
        }
        Response::from_json(&answer)
    }

    async fn alarm(&self) -> worker::Result<Response> {
        self.has_alarm.set(false);
        let (is_left, sweep_ms) = self.run(Registry::sweep)?;
        if is_left {
            self.state.storage().set_alarm(sweep_ms).await?;
            self.has_alarm.set(true);
        }
        Response::empty()
    }
}
