//! For who watches it, and the contract itself.
//!
//! What stands behind the Worker is asked in parallel, each with a time-out, and the report is kept for some seconds: however
//! often somebody asks, an isolate asks each dependency once in that time.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use axum::Router;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::get;
use futures::future::{Either, join_all, select};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::auth::Person;
use super::out::Out;
use super::routing::{OpenApiRouter, routes};
use super::{App, AppState};
use crate::domain::health::{
    Check, Dependency, HealthStatus, Outcome, PROBE_TIMEOUT_MS, REPORT_GOOD_MS, status,
};
use crate::domain::time::Timestamp;
use crate::ports::{PortError, Statement};

/// Answers when D1 does and the migrations were applied.
const DATABASE_PROBE: &str = "select 1 as found from schools limit 1";
/// How often a request looks whether another one's checks are done.
const LOOK_MS: u32 = 50;

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(health)).routes(routes!(live)).routes(routes!(ready))
}

/// Routes of a developer's own machine.
pub fn local_routes() -> Router<AppState> {
    Router::new().route("/api/v1/health/panic", get(panic)).route("/health/caller", get(caller))
}

/// The checks that an isolate made last.
#[derive(Default)]
pub struct LastChecks(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    checks: Option<(Timestamp, Vec<Check>)>,
    /// Somebody checks since then.
    checking_since: Option<Timestamp>,
}

/// What a request does about the checks.
enum Turn {
    Use(Vec<Check>),
    Make,
    Wait,
}

impl LastChecks {
    fn turn(&self, now: Timestamp) -> Turn {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let age = |at: &Timestamp| now.millis_since(*at);
        if let Some((_, checks)) =
            kept.checks.as_ref().filter(|(at, _)| (0..REPORT_GOOD_MS).contains(&age(at)))
        {
            return Turn::Use(checks.clone());
        }
        // A request that went away in the middle holds nobody up for longer than checks can take.
        let longest = i64::from(PROBE_TIMEOUT_MS) + 500;
        if kept.checking_since.as_ref().is_some_and(|at| (0..longest).contains(&age(at))) {
            return Turn::Wait;
        }
        kept.checking_since = Some(now);
        Turn::Make
    }

    fn keep(&self, now: Timestamp, checks: Vec<Check>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *kept = Kept { checks: Some((now, checks)), checking_since: None };
    }
}

/// How the service does.
#[derive(Serialize, ToSchema)]
pub struct HealthOut {
    /// In one word.
    status: HealthStatus,
    /// Which service.
    service: &'static str,
    /// Its version.
    version: &'static str,
    /// When the checks were made.
    timestamp: Timestamp,
    /// Seconds since this isolate started.
    uptime: i64,
    /// Each dependency.
    checks: BTreeMap<&'static str, CheckOut>,
}

/// How one dependency does.
#[derive(Serialize, ToSchema)]
pub struct CheckOut {
    /// `healthy` or `unhealthy`.
    status: HealthStatus,
    /// The same.
    healthy: bool,
    /// Whether nothing works without it.
    needed: bool,
    /// How long it took to answer.
    duration_ms: i64,
    /// When it was asked.
    timestamp: Timestamp,
    /// `failed` or `timed_out`.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'static str>,
}

impl From<&Check> for CheckOut {
    fn from(check: &Check) -> Self {
        let error = match check.outcome {
            Outcome::Answered => None,
            Outcome::Failed => Some("failed"),
            Outcome::TimedOut => Some("timed_out"),
        };
        let healthy = error.is_none();
        Self {
            status: if healthy { HealthStatus::Healthy } else { HealthStatus::Unhealthy },
            healthy,
            needed: check.dependency.is_needed(),
            duration_ms: check.duration_ms,
            timestamp: check.at,
            error,
        }
    }
}

/// Asks one dependency, and does not wait for longer than it may take. The cause of a failure goes to the log only.
async fn check(app: &App, dependency: Dependency) -> Check {
    let at = app.clock.now();
    let probe = async {
        match dependency {
            Dependency::Database => {
                let asked = app.db.batch(vec![Statement::new(DATABASE_PROBE, [])]).await;
                asked.map(|_| ()).map_err(|error| PortError(error.to_string()))
            }
            other => app.probes.probe(other).await,
        }
    };
    let outcome = match select(Box::pin(probe), app.pause.pause(PROBE_TIMEOUT_MS)).await {
        Either::Left((Ok(()), _)) => Outcome::Answered,
        Either::Left((Err(error), _)) => {
            tell(app, dependency, &error.to_string());
            Outcome::Failed
        }
        Either::Right(_) => {
            tell(app, dependency, "no answer in time");
            Outcome::TimedOut
        }
    };
    Check { dependency, outcome, duration_ms: app.clock.now().millis_since(at), at }
}

fn tell(app: &App, dependency: Dependency, cause: &str) {
    let line = serde_json::json!({"message": "dependency failed", "level": "error", "dependency": dependency.name(),
        "cause": cause});
    app.log.line(&line.to_string());
}

/// The checks of this moment, or of some seconds ago.
async fn checks(app: &App) -> Vec<Check> {
    for _ in 0..=PROBE_TIMEOUT_MS / LOOK_MS {
        match app.last_checks.turn(app.clock.now()) {
            Turn::Use(checks) => return checks,
            Turn::Make => break,
            Turn::Wait => app.pause.pause(LOOK_MS).await,
        }
    }
    let checks = join_all(Dependency::ALL.map(|dependency| check(app, dependency))).await;
    app.last_checks.keep(app.clock.now(), checks.clone());
    checks
}

async fn report(app: &App) -> (StatusCode, Out<HealthOut>) {
    let checks = checks(app).await;
    let status = status(&checks);
    let code =
        if status == HealthStatus::Unhealthy { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
    let now = app.clock.now();
    let out = HealthOut {
        status,
        service: env!("CARGO_PKG_NAME"),
        version: env!("CARGO_PKG_VERSION"),
        timestamp: checks.first().map_or(now, |check| check.at),
        uptime: now.millis_since(app.started_at) / 1000,
        checks: checks.iter().map(|check| (check.dependency.name(), check.into())).collect(),
    };
    (code, Out(out))
}

/// How does it do?
///
/// Every dependency is asked. 503 when one that is needed does not answer.
#[utoipa::path(get, path = "/health", tag = "health",
    responses((status = 200, body = HealthOut), (status = 503, body = HealthOut)))]
async fn health(State(app): State<AppState>) -> impl IntoResponse {
    report(&app).await
}

/// Is it alive?
#[utoipa::path(get, path = "/health/live", tag = "health", responses((status = 200, body = String)))]
async fn live() -> &'static str {
    "ok"
}

/// Can it serve?
///
/// The same checks as `/health`: 503 when one that is needed fails.
#[utoipa::path(get, path = "/health/ready", tag = "health",
    responses((status = 200, body = HealthOut), (status = 503, body = HealthOut)))]
async fn ready(State(app): State<AppState>) -> impl IntoResponse {
    report(&app).await
}

/// Who calls, by nothing but the token: `npm run bench -- auth` measures what that costs.
async fn caller(Person(identity): Person) -> Out<serde_json::Value> {
    Out(serde_json::json!({ "user_id": identity.user_id }))
}

/// Dies, so that a test can see the next request live.
#[expect(clippy::panic, reason = "that is its job, on a developer's own machine only")]
async fn panic() {
    panic!("asked to");
}
