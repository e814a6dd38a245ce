//! Tokens of plugins.

use super::settings::PluginSettings;
use crate::domain::ids::SchoolId;
use crate::domain::plugin::{PluginClaims, RegistryName};
use crate::handlers::App;
use crate::handlers::problem::ApiError;
use crate::plugins::Standing;

/// A token, and the seconds that it lives.
pub(super) struct IssuedToken {
    pub token: String,
    pub expires_in: i64,
}

/// A token that says how the plugin stands.
pub(super) async fn issue(
    app: &App,
    standing: &Standing,
    registry: RegistryName,
    school: Option<&SchoolId>,
) -> Result<IssuedToken, ApiError> {
    let settings = PluginSettings::of(app).await;
    let owner = standing.owner.as_ref();
    let claims = PluginClaims {
        plugin_id: standing.plugin_id.clone(),
        registry,
        school_id: school.cloned(),
        user_id: owner.map(|owner| owner.user_id.clone()),
        capabilities: owner.map(|owner| owner.capabilities.clone()).unwrap_or_default(),
        generation: standing.generation,
    };
    let expires_in = settings.token_hours * 3600;
    let token = app.config.plugin_keys.sign(&claims, app.clock.now(), expires_in);
    let token = token.map_err(|error| ApiError::internal(error.to_string()))?;
    Ok(IssuedToken { token, expires_in })
}
