//! Limits that hold across the planet: one Durable Object for many buckets, chosen by the bucket's hash.

use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};
use worker::send::SendFuture;
use worker::{
    DurableObject, Env, Error, ObjectNamespace, Request, Response, SqlStorage, State, WebSocket,
    WebSocketIncomingMessage, durable_object,
};

use super::stub;
use super::system::System;
use crate::domain::rate_limit::{Counters, Limit, Verdict, hit};
use crate::domain::tokens::sha256_hex;
use crate::ports::{Clock, PortError, RateLimits};

/// The binding.
pub(super) const BINDING: &str = "RATE_LIMITER";
/// How often an object forgets what has slid out of every window.
const FORGET_MS: i64 = 3_600_000;

const CREATE: &str = "
    create table if not exists buckets (
      name text primary key, \"window\" integer not null, current integer not null, previous integer not null,
      expires_at integer not null
    ) strict, without rowid";
const GET: &str = "select \"window\", current, previous from buckets where name = ?1";
const PUT: &str = "
    insert into buckets (name, \"window\", current, previous, expires_at) values (?1, ?2, ?3, ?4, ?5)
    on conflict (name) do update set \"window\" = excluded.\"window\", current = excluded.current, previous = excluded.previous,
      expires_at = excluded.expires_at";
const FORGET: &str = "delete from buckets where expires_at < ?1";

#[derive(Serialize, Deserialize)]
struct Check {
    bucket: String,
    limit: Limit,
    count: bool,
}

/// The objects.
pub(super) struct RateLimiterObjects(ObjectNamespace);

impl RateLimiterObjects {
    /// The bound namespace.
    pub fn of(env: &Env) -> worker::Result<Self> {
        env.durable_object(BINDING).map(Self)
    }

    async fn ask(&self, check: &Check) -> worker::Result<Verdict> {
        // 256 objects share all buckets.
        let shard = sha256_hex(&check.bucket).get(..2).unwrap_or_default().to_owned();
        let check = serde_json::to_string(check)?.into();
        let answer = stub::post(self.0.get_by_name(&shard)?, "/check", None, &check).await?;
        Ok(serde_json::from_slice(&answer.body)?)
    }
}

impl RateLimits for RateLimiterObjects {
    fn check(&self, bucket: String, limit: Limit, count: bool) -> BoxFuture<'_, Result<Verdict, PortError>> {
        Box::pin(SendFuture::new(async move {
            let check = Check { bucket, limit, count };
            self.ask(&check).await.map_err(|error| PortError(format!("rate limiter: {error}")))
        }))
    }
}

/// One of the objects.
#[durable_object]
pub struct RateLimiter {
    state: State,
}

#[derive(Deserialize)]
struct Row {
    window: i64,
    current: u32,
    previous: u32,
}

impl DurableObject for RateLimiter {
    fn new(state: State, _: Env) -> Self {
        Self { state }
    }

    async fn fetch(&self, mut request: Request) -> worker::Result<Response> {
        let check: Check = request.json().await?;
        let sql = self.state.storage().sql();
        sql.exec(CREATE, None)?;
        let row = sql.exec(GET, vec![check.bucket.as_str().into()])?.to_array::<Row>()?.into_iter().next();
        let counters = row.map_or_else(Counters::default, |row| Counters {
            window: row.window,
            current: row.current,
            previous: row.previous,
        });
        let now = System.now();
        let (next, verdict) = hit(counters, check.limit, now);
        if check.count && verdict.allowed {
            store(&sql, &check, next, now.as_millis())?;
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

    async fn websocket_message(&self, ws: WebSocket, _: WebSocketIncomingMessage) -> worker::Result<()> {
        ws.close(Some(1003), Some("no sockets here"))
    }

    async fn websocket_close(&self, _: WebSocket, _: usize, _: String, _: bool) -> worker::Result<()> {
        Ok(())
    }

    async fn websocket_error(&self, _: WebSocket, _: Error) -> worker::Result<()> {
        Ok(())
    }
}

fn store(sql: &SqlStorage, check: &Check, counters: Counters, now: i64) -> worker::Result<()> {
    let expires_at = now + i64::from(check.limit.window_s) * 2000;
    let params = vec![
        check.bucket.as_str().into(),
        counters.window.into(),
        i64::from(counters.current).into(),
        i64::from(counters.previous).into(),
        expires_at.into(),
    ];
    sql.exec(PUT, params)?;
    Ok(())
}
