//! The endpoints, one file a resource. A route and its documentation are one thing: `routes!` takes both from a handler.

mod accepting;
mod access;
mod account;
mod announcements;
mod audit;
mod auth;
mod class_teachers;
mod classes;
mod content;
mod context;
#[cfg(not(target_arch = "wasm32"))]
mod contract;
mod cookies;
mod cors;
mod device;
pub mod event_stream;
mod extract;
mod game;
mod guardians;
mod health;
mod idempotency;
mod invitations;
mod keys;
mod layers;
mod limits;
mod live_sessions;
mod login_challenge;
mod notifications;
mod oidc;
mod operations;
mod out;
mod passkeys;
mod passwords;
mod plugins;
mod problem;
mod proofs;
mod quizzes;
mod reader;
mod realtime;
mod registration;
mod results;
mod roblox;
mod routing;
mod school_announcements;
mod schools;
mod seats;
mod second_factors;
mod sessions;
mod sign_in;
mod signed_in;
mod step_up;
mod users;
mod webhooks;

use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};

use context::RequestContext;
#[cfg(not(target_arch = "wasm32"))]
pub use contract::{document, shared_schema_names};
pub use health::LastChecks;
pub use plugins::caller;
pub use problem::{ApiError, Problem, ProblemCode, misconfigured};

use crate::config::Config;
use crate::content_cache::ContentCache;
use crate::domain::audit::{AuditAction, AuditEvent, Subject};
use crate::domain::audit_chain::SealPace;
use crate::domain::ids::SchoolId;
use crate::domain::time::Timestamp;
use crate::hashing::Hashing;
use crate::jobs::Job;
use crate::model::Model;
use crate::ports::{
    Cache, Clock, Database, Entropy, Http as Outside, Inboxes, Jobs, Log, Metrics, Pause, Plugins, Probes,
    RateLimits, Revocations, Rooms, RuntimeSettings, SchoolChannels, Signatures,
};

/// Largest body of a route that does not say otherwise: a quiz of 100 long questions is about 500 KB.
const MAX_BODY_BYTES: usize = 512 * 1024;

/// What the handlers need.
pub struct App {
    /// D1.
    pub db: Arc<dyn Database>,
    /// KV.
    pub cache: Arc<dyn Cache>,
    /// The queue.
    pub jobs: Arc<dyn Jobs>,
    /// The class rooms.
    pub rooms: Arc<dyn Rooms>,
    /// People's inboxes.
    pub inboxes: Arc<dyn Inboxes>,
    /// The channels of schools.
    pub school_channels: Arc<dyn SchoolChannels>,
    /// The registries of Studio plugins.
    pub plugins: Arc<dyn Plugins>,
    /// The limits.
    pub rate_limits: Arc<dyn RateLimits>,
    /// Ended sign-ins, people and keys.
    pub revocations: Arc<dyn Revocations>,
    /// Generated content.
    pub content_cache: ContentCache,
    /// The runtime settings.
    pub settings: Arc<dyn RuntimeSettings>,
    /// What is measured.
    pub metrics: Arc<dyn Metrics>,
    /// What stands behind the Worker.
    pub probes: Arc<dyn Probes>,
    /// Timers.
    pub pause: Arc<dyn Pause>,
    /// What was found out about it last.
    pub last_checks: LastChecks,
    /// When this isolate started.
    pub started_at: Timestamp,
    /// Other people's servers.
    pub http: Arc<dyn Outside>,
    /// What others signed.
    pub signatures: Arc<dyn Signatures>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// Where log lines go.
    pub log: Arc<dyn Log>,
    /// Who writes content.
    pub model: Arc<dyn Model>,
    /// Passwords.
    pub hashing: Hashing,
    /// How often the audit log is sealed.
    pub seal_pace: Mutex<SealPace>,
    /// Settings and keys.
    pub config: Config,
}

impl App {
    /// An event of the audit log that this request is about.
    pub(crate) fn audit(
        &self,
        school: &SchoolId,
        actor: Subject,
        action: AuditAction,
        context: &RequestContext,
    ) -> AuditEvent {
        context.writes_audit(school);
        AuditEvent::new(self.clock.now(), self.entropy.as_ref(), school, actor, action, &context.origin)
    }

    /// Writes down what was done elsewhere than in D1 and cannot be taken back. When D1 does not take it the queue does.
    pub(crate) async fn write_down(&self, event: AuditEvent) {
        if let Err(error) = self.db.batch(vec![crate::storage::audit::insert(&event)]).await {
            let line = serde_json::json!({"message": "audit event not written", "level": "error", "cause": error.to_string()});
            self.log.line(&line.to_string());
            self.enqueue(Job::Audit { event }).await;
        }
    }

    /// Asks for the seals of events that were just written; the hourly tick is for those that nobody asked for.
    async fn seal_soon(&self, school: SchoolId) {
        let is_due = {
            let mut pace = self.seal_pace.lock().unwrap_or_else(PoisonError::into_inner);
            pace.is_due(&school, self.clock.now())
        };
        if is_due {
            self.enqueue(Job::SealAudit { school_id: school }).await;
        }
    }

    /// Enqueues work whose loss must not fail the request that wanted it; says so in the log.
    pub(crate) async fn enqueue(&self, job: Job) {
        if let Err(error) = self.jobs.send(job).await {
            let line = serde_json::json!({"message": "job not queued", "level": "error", "cause": error.to_string()});
            self.log.line(&line.to_string());
        }
    }
}

/// As axum passes it on.
pub type AppState = Arc<App>;

/// Every route of the contract.
fn all() -> routing::OpenApiRouter<AppState> {
    routing::OpenApiRouter::new()
        .merge(sign_in::routes())
        .merge(login_challenge::routes())
        .merge(step_up::routes())
        .merge(second_factors::routes())
        .merge(passkeys::routes())
        .merge(account::routes())
        .merge(registration::routes())
        .merge(passwords::routes())
        .merge(sessions::routes())
        .merge(oidc::routes())
        .merge(classes::routes())
        .merge(seats::routes())
        .merge(announcements::routes())
        .merge(quizzes::routes())
        .merge(live_sessions::routes())
        .merge(results::routes())
        .merge(game::routes())
        .merge(content::routes())
        .merge(keys::routes())
        .merge(users::routes())
        .merge(schools::routes())
        .merge(school_announcements::routes())
        .merge(audit::routes())
        .merge(invitations::routes())
        .merge(accepting::routes())
        .merge(class_teachers::routes())
        .merge(guardians::routes())
        .merge(realtime::routes())
        .merge(webhooks::routes())
        .merge(notifications::routes())
        .merge(roblox::routes())
        .merge(plugins::routes())
        .merge(operations::routes())
        .merge(health::routes())
}

/// The whole API. Build it once an isolate, not once a request.
pub fn router(app: AppState) -> Router {
    let mut router: Router<AppState> = all().into();
    if app.config.is_local {
        router = router.merge(health::local_routes()).merge(operations::local_routes());
    }
    router
        .fallback(problem::unknown_route)
        .method_not_allowed_fallback(problem::wrong_method)
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(from_fn_with_state(app.clone(), layers::observe))
        .layer(from_fn_with_state(app.clone(), cors::cors))
        .layer(from_fn(layers::security_headers))
        .with_state(app)
}
