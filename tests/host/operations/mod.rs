//! What runs the service.

mod config;
mod content_cache;
mod health;
mod metrics;
mod outbound;

use std::sync::Arc;

use crate::support::{Actor, OPERATOR_KEY, TestApp};

fn operator(app: &Arc<TestApp>) -> Actor {
    app.with_token(OPERATOR_KEY)
}
