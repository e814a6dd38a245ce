//! Cloudflare: the entry points, and an adapter for each port. Nothing here knows of classes or quizzes.

mod app;
mod background;
mod class_room;
mod content_cache;
mod d1;
mod event_stream;
mod http;
mod inbox;
mod kv;
mod mail;
mod object_sql;
mod outbound;
mod plugin_registry;
mod probes;
mod queue;
mod rate_limiter;
mod realtime;
mod revocation_list;
mod rooms;
mod runtime_config;
mod school_channel;
mod settings;
mod signatures;
mod sockets;
mod stub;
mod system;
mod telemetry;
mod transaction;

use std::sync::Arc;

use tower::ServiceExt;
use worker::worker_sys::web_sys;
use worker::{Context, Env, MessageBatch, MessageExt, Response, ScheduleContext, ScheduledEvent, event};

use crate::config::Config;
use crate::domain::metrics::Metric;
use crate::domain::tokens::hex;
use crate::handlers::event_stream::Follow;
use crate::model::Builtin;
use crate::outbound::Resilient;
use crate::ports::{Entropy, Log, Mailer, Metrics};
use crate::request_ids::{self, Ids};
use crate::{handlers, jobs};
use app::application;
use d1::D1;
use system::System;

/// The binding of the database.
const DB: &str = "DB";

/// A request of the world. The Pusher protocol goes straight to its object; everything else to the router.
#[event(fetch)]
async fn fetch(request: web_sys::Request, env: Env, _: Context) -> worker::Result<Response> {
    if let Some(call) = realtime::call(&request.url()) {
        return realtime::answer(request.into(), &env, &call).await;
    }
    let response = match application(&env) {
        Ok(router) => {
            let request = http::to_http(&request).await?;
            let mut answer = router.clone().oneshot(request).await.unwrap_or_else(|never| match never {});
            if let Some(follow) = answer.extensions_mut().remove::<Follow>() {
                return http::from_http_with(answer, |first| event_stream::body(env, router, follow, first))
                    .await;
            }
            answer
        }
        Err(error) => {
            let mut id = [0; 16];
            System.fill(&mut id);
            let id = hex(&id);
            let ids = Ids { request_id: id.clone(), trace_id: id.clone(), job_id: None };
            request_ids::enter(&Arc::new(ids), || log_failure("misconfigured", &error.to_string()));
            handlers::misconfigured(&error, &id)
        }
    };
    http::from_http(response).await
}

/// Messages, one by one: a broken one never holds up the others. Never an error: that would panic in the macro.
#[event(queue)]
async fn queue(batch: MessageBatch<serde_json::Value>, env: Env, _: Context) -> worker::Result<()> {
    if let Err(error) = messages(&batch, &env).await {
        let ids = Arc::new(Ids::of_its_own("batch", &System));
        request_ids::enter(&ids, || log_failure("queue not read", &error));
        batch.retry_all();
    }
    Ok(())
}

async fn messages(batch: &MessageBatch<serde_json::Value>, env: &Env) -> Result<(), String> {
    let owned = JobPorts::of(env)?;
    let ports = owned.ports();
    let metrics = owned.metrics.as_ref();
    let is_dead = batch.queue() == jobs::DEAD_LETTER_QUEUE;
    for message in batch.raw_iter() {
        let text = queue::text(&message.body());
        let ids = Arc::new(jobs::ids(&text, &message.id()));
        let work = async {
            if is_dead {
                jobs::bury(&ports, jobs::QUEUE, &text).await.map_err(jobs::JobError::from)
            } else {
                jobs::run(&ports, &text).await
            }
        };
        let result = request_ids::scope(ids.clone(), work).await;
        let outcome = match (&result, is_dead) {
            (Ok(()), false) => "done",
            (Ok(()), true) => "dead",
            (Err(_), _) => "failed",
        };
        metrics.count(Metric::Jobs, [("outcome", outcome)]);
        match result {
            Ok(()) => message.ack(),
            Err(error) => {
                request_ids::enter(&ids, || log_failure("job failed", &error.to_string()));
                let pause = error.retry_after_s();
                let options = worker::QueueRetryOptionsBuilder::new().with_delay_seconds(pause).build();
                message.retry_with_options(&options);
            }
        }
    }
    Ok(())
}

/// What jobs work with, while they do.
struct JobPorts {
    db: D1,
    rooms: rooms::RoomObjects,
    inboxes: inbox::InboxObjects,
    school_channels: school_channel::SchoolChannelObjects,
    http: Arc<Resilient>,
    metrics: Arc<dyn Metrics>,
    mailer: Box<dyn Mailer>,
    config: Config,
}

impl JobPorts {
    fn of(env: &Env) -> Result<Self, String> {
        let unbound = |error: worker::Error| error.to_string();
        let config = settings::read(env).map_err(|error| error.to_string())?;
        let mailer = mail::mailer(env, &config.mail).map_err(unbound)?;
        let metrics: Arc<dyn Metrics> = Arc::new(telemetry::TelemetryObject::of(env).map_err(unbound)?);
        let settings = runtime_config::RuntimeConfigObject::of(env, config.runtime).map_err(unbound)?;
        Ok(Self {
            db: D1::of(env).map_err(unbound)?,
            rooms: rooms::RoomObjects::of(env).map_err(unbound)?,
            inboxes: inbox::InboxObjects::of(env).map_err(unbound)?,
            school_channels: school_channel::SchoolChannelObjects::of(env).map_err(unbound)?,
            http: outbound::resilient(Arc::new(settings), metrics.clone()),
            metrics,
            mailer,
            config,
        })
    }

    fn ports(&self) -> jobs::Ports<'_> {
        jobs::Ports {
            db: &self.db,
            rooms: &self.rooms,
            inboxes: &self.inboxes,
            school_channels: &self.school_channels,
            http: self.http.as_ref(),
            model: &Builtin,
            mailer: self.mailer.as_ref(),
            clock: &System,
            entropy: &System,
            log: &System,
            config: &self.config,
        }
    }
}

fn log_failure(message: &str, cause: &str) {
    System.line(&serde_json::json!({"message": message, "level": "error", "cause": cause}).to_string());
}

/// The hourly tick.
#[event(scheduled)]
async fn scheduled(_: ScheduledEvent, env: Env, _: ScheduleContext) {
    let work = async {
        let result = match JobPorts::of(&env) {
            Ok(owned) => jobs::tick(&owned.ports()).await.map_err(|error| error.to_string()),
            Err(error) => Err(error),
        };
        if let Err(error) = result {
            log_failure("tick failed", &error);
        }
    };
    request_ids::scope(Arc::new(Ids::of_its_own("tick", &System)), work).await;
}
