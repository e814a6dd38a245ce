//! The router with its adapters, built once an isolate.

use std::cell::OnceCell;
use std::sync::{Arc, Mutex};

use axum::Router;
use worker::Env;

use super::content_cache::ContentCacheObjects;
use super::d1::D1;
use super::inbox::InboxObjects;
use super::kv::Kv;
use super::outbound;
use super::plugin_registry::PluginRegistries;
use super::probes::Bindings;
use super::queue::JobQueue;
use super::rate_limiter::RateLimiterObjects;
use super::revocation_list::RevocationLists;
use super::rooms::RoomObjects;
use super::runtime_config::RuntimeConfigObject;
use super::school_channel::{self, SchoolChannelObjects};
use super::settings;
use super::signatures::WebCrypto;
use super::system::System;
use super::telemetry::TelemetryObject;
use crate::config::ConfigError;
use crate::content_cache::ContentCache;
use crate::handlers::{App, LastChecks, router};
use crate::hashing::Hashing;
use crate::model::Builtin;
use crate::ports::Clock;

thread_local! {
    /// Bindings stay good for the isolate's life; a panic empties this together with everything else.
    static ROUTER: OnceCell<Router> = const { OnceCell::new() };
}

/// The router, or what is wrong with the settings.
pub(super) fn application(env: &Env) -> Result<Router, ConfigError> {
    if let Some(router) = ROUTER.with(|cell| cell.get().cloned()) {
        return Ok(router);
    }
    let built = build(env)?;
    Ok(ROUTER.with(|cell| cell.get_or_init(|| built).clone()))
}

fn build(env: &Env) -> Result<Router, ConfigError> {
    let missing = |name: &'static str| {
        move |error: worker::Error| ConfigError {
            name,
            problem: format!("is not bound in wrangler.toml: {error}"),
        }
    };
    let config = settings::read(env)?;
    let settings =
        RuntimeConfigObject::of(env, config.runtime).map_err(missing(super::runtime_config::BINDING))?;
    let settings = Arc::new(settings);
    let metrics = Arc::new(TelemetryObject::of(env).map_err(missing(super::telemetry::BINDING))?);
    let app = App {
        db: Arc::new(D1::of(env).map_err(missing(super::DB))?),
        cache: Arc::new(Kv::of(env).map_err(missing(super::kv::BINDING))?),
        jobs: Arc::new(JobQueue::of(env).map_err(missing(super::queue::BINDING))?),
        rooms: Arc::new(RoomObjects::of(env).map_err(missing(super::rooms::BINDING))?),
        inboxes: Arc::new(InboxObjects::of(env).map_err(missing(super::inbox::BINDING))?),
        school_channels: Arc::new(SchoolChannelObjects::of(env).map_err(missing(school_channel::BINDING))?),
        plugins: Arc::new(PluginRegistries::of(env).map_err(missing(super::plugin_registry::BINDING))?),
        rate_limits: Arc::new(RateLimiterObjects::of(env).map_err(missing(super::rate_limiter::BINDING))?),
        revocations: Arc::new(RevocationLists::of(env).map_err(missing(super::revocation_list::BINDING))?),
        content_cache: ContentCache::new(
            Arc::new(ContentCacheObjects::of(env).map_err(missing(super::content_cache::BINDING))?),
            settings.clone(),
            metrics.clone(),
        ),
        http: outbound::resilient(settings.clone(), metrics.clone()),
        settings,
        metrics,
        probes: Arc::new(Bindings(env.clone())),
        pause: Arc::new(System),
        last_checks: LastChecks::default(),
        started_at: System.now(),
        signatures: Arc::new(WebCrypto),
        clock: Arc::new(System),
        entropy: Arc::new(System),
        log: Arc::new(System),
        seal_pace: Mutex::default(),
        model: Arc::new(Builtin),
        hashing: Hashing::new(Arc::new(System), Arc::new(System), Arc::new(System)),
        config,
    };
    Ok(router(Arc::new(app)))
}
