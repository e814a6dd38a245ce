//! The Durable Objects of the content cache, one a shard, and the port to them.

use std::cell::{Cell, RefCell};

use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};
use worker::send::SendFuture;
use worker::{DurableObject, Env, Error, ObjectNamespace, Request, Response, State, durable_object};

use super::object_sql::ObjectSql;
use super::system::System;
use super::{stub, transaction};
use crate::content_cache::{CacheAnswer, CacheLimits, CacheOp, Shard};
use crate::json;
use crate::ports::{CacheShards, Clock, DbError, PortError, Sql};

/// The binding.
pub(super) const BINDING: &str = "CONTENT_CACHE";

/// What is asked of an object.
#[derive(Serialize, Deserialize)]
struct Call {
    limits: CacheLimits,
    op: CacheOp,
}

/// The objects.
pub(super) struct ContentCacheObjects(ObjectNamespace);

impl ContentCacheObjects {
    /// The bound namespace.
    pub fn of(env: &Env) -> worker::Result<Self> {
        env.durable_object(BINDING).map(Self)
    }

    async fn ask(&self, shard: u8, call: &Call) -> worker::Result<CacheAnswer> {
        let stub = self.0.get_by_name(&format!("shard:{shard}"))?;
        let answer = stub::post(stub, "/call", None, &serde_json::to_string(call)?.into()).await?;
        match answer.status {
            200 => Ok(json::from_slice(&answer.body)?),
            status => Err(Error::RustError(format!("a shard answered {status}"))),
        }
    }
}

impl CacheShards for ContentCacheObjects {
    fn call(
        &self,
        shard: u8,
        limits: CacheLimits,
        op: CacheOp,
    ) -> BoxFuture<'_, Result<CacheAnswer, PortError>> {
        Box::pin(SendFuture::new(async move {
            let answer = self.ask(shard, &Call { limits, op }).await;
            answer.map_err(|error| PortError(format!("content cache: {error}")))
        }))
    }
}

/// One of the objects.
#[durable_object(alarm)]
pub struct ContentCache {
    state: State,
    shard: RefCell<Shard>,
    /// Whether an alarm is known to be set; asked of the platform once.
    is_set: Cell<bool>,
}

impl ContentCache {
    fn run<T>(&self, rules: impl FnOnce(&mut Shard, &dyn Sql) -> Result<T, DbError>) -> worker::Result<T> {
        let storage = self.state.storage();
        let sql = ObjectSql(storage.sql());
        let mut shard = self.shard.borrow_mut();
        let done = transaction::run(&storage, || rules(&mut shard, &sql));
        if done.is_err() {
            // What it remembers never happened.
            *shard = Shard::default();
        }
        done
    }

    async fn wake_in(&self, millis: i64) -> worker::Result<()> {
        if !self.is_set.get() && self.state.storage().get_alarm().await?.is_none() {
            self.state.storage().set_alarm(millis).await?;
        }
        self.is_set.set(true);
        Ok(())
    }
}

impl DurableObject for ContentCache {
    fn new(state: State, _: Env) -> Self {
        Self { state, shard: RefCell::default(), is_set: Cell::new(false) }
    }

    async fn fetch(&self, mut request: Request) -> worker::Result<Response> {
        if stub::is_ping(&request) {
            return Response::empty();
        }
        let Call { limits, op } = stub::read(&mut request).await?;
        let answer = self.run(|shard, sql| shard.call(sql, System.now(), limits, op))?;
        self.wake_in(limits.backup_ms).await?;
        Response::from_json(&answer)
    }

    async fn alarm(&self) -> worker::Result<Response> {
        self.is_set.set(false);
        if let Some(millis) = self.run(|shard, sql| shard.back_up(sql, System.now()))? {
            self.wake_in(millis).await?;
        }
        Response::empty()
    }
}
