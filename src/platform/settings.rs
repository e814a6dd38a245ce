//! Variables and secrets of the environment.

use worker::Env;

use crate::config::{Config, ConfigError};

/// Reads the configuration.
pub(super) fn read(env: &Env) -> Result<Config, ConfigError> {
    Config::read(&|name| {
        let secret = env.secret(name).ok().map(|secret| secret.to_string());
        secret.or_else(|| env.var(name).ok().map(|var| var.to_string()))
    })
}
