//! Cloudflare: the entry points, and an adapter for each port. Nothing here knows of classes or quizzes.

mod app;
mod class_room;
mod d1;
mod kv;
mod queue;
mod rate_limiter;
mod rooms;
mod settings;
mod system;

use tower::ServiceExt;
use worker::{
    Context, Env, HttpRequest, MessageBatch, MessageExt, ScheduleContext, ScheduledEvent, console_error,
    event,
};

use crate::domain::ids::is_room_key;
use crate::domain::tokens::hex;
use crate::ports::{Clock, Entropy, Log};
use crate::{handlers, jobs};
use app::application;
use d1::D1;
use system::System;

/// The binding of the database.
const DB: &str = "DB";
/// The longest pause before a message comes again.
const RETRY_S: u32 = 30;

/// A request of the world. Sockets go straight to their room; everything else to the router.
#[event(fetch)]
async fn fetch(
    request: HttpRequest,
    env: Env,
    _: Context,
) -> worker::Result<http::Response<axum::body::Body>> {
    if let Some(room_key) = request.uri().path().strip_prefix("/app/") {
        let room_key = room_key.to_owned();
        return socket(request, &env, &room_key).await;
    }
    match application(&env) {
        Ok(router) => {
            let (parts, body) = request.into_parts();
            let request = http::Request::from_parts(parts, axum::body::Body::new(body));
            router.oneshot(request).await.map_err(|never| match never {})
        }
        Err(error) => {
            let mut id = [0; 16];
            System.fill(&mut id);
            let line =
                serde_json::json!({"message": "misconfigured", "level": "error", "cause": error.to_string()});
            System.line(&line.to_string());
            Ok(handlers::misconfigured(&error, &hex(&id)))
        }
    }
}

/// Hands a socket to its room. A key that cannot be one wakes no object.
async fn socket(
    request: HttpRequest,
    env: &Env,
    room_key: &str,
) -> worker::Result<http::Response<axum::body::Body>> {
    if !is_room_key(room_key) {
        return Ok(http::Response::builder().status(404).body(axum::body::Body::empty()).unwrap_or_default());
    }
    let stub = env.durable_object(rooms::BINDING)?.get_by_name(room_key)?;
    let request: worker::Request = request.try_into()?;
    Ok(stub.fetch_with_request(request).await?.into())
}

/// Messages, one by one: a broken one never holds up the others. Never an error: that would panic in the macro.
#[event(queue)]
async fn queue(batch: MessageBatch<serde_json::Value>, env: Env, _: Context) -> worker::Result<()> {
    let Ok(db) = D1::of(&env) else {
        batch.retry_all();
        return Ok(());
    };
    let is_dead = batch.queue() == jobs::DEAD_LETTER_QUEUE;
    for message in batch.raw_iter() {
        let text = queue::text(&message.body());
        let result = if is_dead {
            jobs::bury(&db, &System, System.now(), "toolboxai-jobs", &text)
                .await
                .map_err(jobs::JobError::from)
        } else {
            jobs::run(&db, &text).await
        };
        match result {
            Ok(()) => message.ack(),
            Err(error) => {
                let line = serde_json::json!({"message": "job failed", "level": "error", "cause": error.to_string()});
                System.line(&line.to_string());
                let options = worker::QueueRetryOptionsBuilder::new().with_delay_seconds(RETRY_S).build();
                message.retry_with_options(&options);
            }
        }
    }
    Ok(())
}

/// The hourly tick.
#[event(scheduled)]
async fn scheduled(_: ScheduledEvent, env: Env, _: ScheduleContext) {
    let result = match D1::of(&env) {
        Ok(db) => jobs::tick(&db, System.now()).await.map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    };
    if let Err(error) = result {
        console_error!("{}", serde_json::json!({"message": "tick failed", "level": "error", "cause": error}));
    }
}
