//! The browser that an owner of an account signed in with before.

use http::HeaderValue;

use super::App;
use super::context::RequestContext;
use super::cookies;
use super::problem::ApiError;
use crate::domain::known_device::{DEVICE_TOKEN_S, KnownDevice};
use crate::domain::limits::{Counted, Per};

fn presented(app: &App, context: &RequestContext) -> Option<KnownDevice> {
    let verified = app.config.auth_keys.verify(context.device_cookie.as_deref()?, app.clock.now());
    verified.ok().map(|verified| verified.claims)
}

/// What wrong passwords of this account in this browser are counted by, if it knows the account.
pub(super) fn known(app: &App, context: &RequestContext, email: &str) -> Option<Counted> {
    let device = presented(app, context)?;
    let name = device.known_to(&app.config.auth_keys, email)?;
    Some(Per::Device.of(&format!("{name} {email}")))
}

/// The cookie of a browser in which somebody has signed in.
pub(super) fn remember(app: &App, context: &RequestContext, email: &str) -> Result<HeaderValue, ApiError> {
    let device = presented(app, context).unwrap_or_else(|| KnownDevice::new(app.entropy.as_ref()));
    let device = device.and(&app.config.auth_keys, email);
    let token = app.config.auth_keys.sign(&device, app.clock.now(), DEVICE_TOKEN_S);
    Ok(cookies::set_device(&token.map_err(|error| ApiError::internal(error.to_string()))?))
}
