//! What an operator may change for plugins while the Worker runs.

use crate::domain::plugin::{DEFAULT_LIMIT, DEFAULT_TOKEN_HOURS, MAX_TOKEN_HOURS};
use crate::domain::rate_limit::Limit;
use crate::handlers::App;

/// The settings of this moment.
#[derive(Clone, Copy)]
pub(super) struct PluginSettings {
    /// Calls of one plugin.
    pub limit: Limit,
    /// Hours that a token lives.
    pub token_hours: i64,
}

impl PluginSettings {
    pub(super) async fn of(app: &App) -> Self {
        let config = app.settings.current().await.config;
        let number = |value: i64, otherwise: u32| u32::try_from(value).unwrap_or(otherwise);
        Self {
            limit: Limit {
                hits: number(config.rate_limit_requests, DEFAULT_LIMIT.hits),
                window_s: number(config.rate_limit_window, DEFAULT_LIMIT.window_s),
            },
            token_hours: Some(config.token_expiry_hours)
                .filter(|hours| (1..=MAX_TOKEN_HOURS).contains(hours))
                .unwrap_or(DEFAULT_TOKEN_HOURS),
        }
    }
}
