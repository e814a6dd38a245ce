//! For operators: settings, cache and metrics of the running service.

mod cache;
mod config;
mod metrics;
mod operator;

pub use operator::Operator;

pub use cache::local_routes;

use super::AppState;
use super::routing::OpenApiRouter;

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().merge(config::routes()).merge(cache::routes()).merge(metrics::routes())
}
