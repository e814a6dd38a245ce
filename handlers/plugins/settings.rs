//! What an operator may change for plugins while the Worker runs.

use crate::domain::plugin::{DEFAULT_LIMIT, DEFAULT_TOKEN_HOURS};
use crate::domain::rate_limit::Limit;
use crate::handlers::App;
use crate::handlers::problem::ApiError;

/// The settings of this moment.
#[derive(Clone, Copy)]
pub(super) struct PluginSettings {
    /// Calls of one plugin.
    pub limit: Limit,
    /// Hours that a token lives.
    pub token_hours: i64,
}

impl PluginSettings {
    #[expect(clippy::unused_async, reason = "the runtime settings are asked for")]
    pub(super) async fn of(_: &App) -> Result<Self, ApiError> {
        Ok(Self { limit: DEFAULT_LIMIT, token_hours: DEFAULT_TOKEN_HOURS })
    }
}
