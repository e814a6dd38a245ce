//! Limits that hold across the planet: one Durable Object for many buckets, chosen by the bucket's hash.

use futures::TryFutureExt;
use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};
use worker::send::SendFuture;
use worker::{DurableObject, Env, ObjectNamespace, Request, Response, SqlStorage, State, durable_object};

use super::stub;
use super::system::System;
use crate::domain::rate_limit::{Counters, Limit, Verdict, give_back, spend};
use crate::domain::tokens::sha256_hex;
use crate::json;
use crate::ports::{Clock, PortError, RateLimits};

/// The binding.
pub(super) const BINDING: &str = "RATE_LIMITER";
/// How often an object forgets what has slid out of every window.
const FORGET_MS: i64 = 3_600_000;

/// `buckets` counted by two windows.
const CREATE: &str = "
    drop table if exists buckets;
    create table if not exists counters (
      bucket text primary key, body text not null, expires_at integer not null
    ) strict, without rowid";
const GET: &str = "select body from counters where bucket = ?1";
const PUT: &str = "
    insert into counters (bucket, body, expires_at) values (?1, ?2, ?3)
    on conflict (bucket) do update set body = excluded.body, expires_at = excluded.expires_at";
const FORGET: &str = "delete from counters where expires_at < ?1";

/// What is asked of an object.
#[derive(Serialize, Deserialize)]
struct Call {
    bucket: String,
    limit: Limit,
    /// The slot of a hit to take back; a new hit is spent when absent.
    back: Option<i64>,
}

/// The objects.
pub(super) struct RateLimiterObjects(ObjectNamespace);

impl RateLimiterObjects {
    /// The bound namespace.
    pub fn of(env: &Env) -> worker::Result<Self> {
        env.durable_object(BINDING).map(Self)
    }

    async fn ask(&self, call: &Call) -> worker::Result<Verdict> {
        // 256 objects share all buckets.
        let shard = sha256_hex(&call.bucket).get(..2).unwrap_or_default().to_owned();
        let call = serde_json::to_string(call)?.into();
        let answer = stub::post(self.0.get_by_name(&shard)?, "/", None, &call).await?;
        Ok(json::from_slice(&answer.body)?)
    }

    fn call(&self, call: Call) -> BoxFuture<'_, Result<Verdict, PortError>> {
        Box::pin(SendFuture::new(async move {
            self.ask(&call).await.map_err(|error| PortError(format!("rate limiter: {error}")))
        }))
    }
}

impl RateLimits for RateLimiterObjects {
    fn spend(&self, bucket: String, limit: Limit) -> BoxFuture<'_, Result<Verdict, PortError>> {
        self.call(Call { bucket, limit, back: None })
    }

    fn give_back(&self, bucket: String, limit: Limit, slot: i64) -> BoxFuture<'_, Result<(), PortError>> {
        Box::pin(self.call(Call { bucket, limit, back: Some(slot) }).map_ok(|_| ()))
    }
}

/// One of the objects.
#[durable_object(alarm)]
pub struct RateLimiter {
    state: State,
}

#[derive(Deserialize)]
struct Row {
    body: String,
}

impl DurableObject for RateLimiter {
    fn new(state: State, _: Env) -> Self {
        Self { state }
    }

    async fn fetch(&self, mut request: Request) -> worker::Result<Response> {
        if stub::is_ping(&request) {
            return Response::empty();
        }
        let call: Call = stub::read(&mut request).await?;
        // From here to the write nothing is awaited: no other call comes between.
        let sql = self.state.storage().sql();
        sql.exec(CREATE, None)?;
        let row = sql.exec(GET, vec![call.bucket.as_str().into()])?.to_array::<Row>()?.into_iter().next();
        let counters: Counters = row.and_then(|row| json::from_str(&row.body).ok()).unwrap_or_default();
        let now = System.now();
        let (next, verdict) = match call.back {
            None => spend(&counters, call.limit, now),
            Some(slot) => {
                let next = give_back(&counters, slot);
                (next, Verdict { allowed: true, remaining: 0, resets_after_s: 0, slot })
            }
        };
        if next != counters {
            store(&sql, &call, &next, now.as_millis())?;
            if self.state.storage().get_alarm().await?.is_none() {
                self.state.storage().set_alarm(FORGET_MS).await?;
            }
        }
        Response::from_json(&verdict)
    }

    async fn alarm(&self) -> worker::Result<Response> {
        let sql = self.state.storage().sql();
        sql.exec(CREATE, None)?;
        sql.exec(FORGET, vec![System.now().as_millis().into()])?;
        Response::empty()
    }
}

fn store(sql: &SqlStorage, call: &Call, counters: &Counters, now: i64) -> worker::Result<()> {
    let body = serde_json::to_string(counters)?;
    let expires_at = now + call.limit.forgotten_after_ms();
    sql.exec(PUT, vec![call.bucket.as_str().into(), body.into(), expires_at.into()])?;
    Ok(())
}
