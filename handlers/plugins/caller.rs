//! Rights of a Studio plugin as extractor types. [`PluginCaller`], [`Paired`] and [`Able`] say what the token allows; that it is
//! the newest one and does not come too often is settled in the one call of the registry that does the work
//! ([`PluginCaller::act`]). [`Needs`] makes that call itself: for work that is done elsewhere.

use std::marker::PhantomData;

use axum::extract::FromRequestParts;
use http::request::Parts;

use super::settings::PluginSettings;
use crate::domain::plugin::{CLOCK_SKEW_S, Capability, PluginClaims};
use crate::domain::rate_limit::Limit;
use crate::domain::tokens::Verified;
use crate::handlers::auth::bearer;
use crate::handlers::context::RequestContext;
use crate::handlers::problem::{ApiError, ProblemCode};
use crate::handlers::{App, AppState};
use crate::plugins::{Act, ActRefusal, Acted, Caller, RegistryAnswer, RegistryOp};

/// Any plugin that is registered, paired or not.
pub struct PluginCaller {
    /// What its token says.
    pub claims: PluginClaims,
    settings: PluginSettings,
}

/// A plugin that was paired.
pub struct Paired(pub PluginCaller);

/// A paired plugin that may do this.
pub struct Able<C>(pub PluginCaller, PhantomData<C>);

/// A paired plugin that may do this and was let in by its registry: one request to an object.
pub struct Needs<C>(pub PluginClaims, PhantomData<C>);

/// A capability as a type.
pub trait Names {
    /// Which one.
    const CAPABILITY: Capability;
}

macro_rules! names {
    ($(#[$doc:meta] $name:ident),* $(,)?) => {$(
        #[$doc]
        pub struct $name;
        impl Names for $name {
            const CAPABILITY: Capability = Capability::$name;
        }
    )*};
}
names!(
    /// Reads content.
    ContentRead,
    /// Generates content.
    ContentGenerate,
    /// Reads script templates.
    ScriptRead,
    /// Writes progress and sessions.
    ProgressWrite,
);

impl PluginCaller {
    /// Reads and checks a token, without asking the registry.
    pub(super) async fn of_token(app: &App, token: &str) -> Result<Self, ApiError> {
        let now = app.clock.now();
        let Verified { claims, issued_at } = app.config.plugin_keys.verify::<PluginClaims>(token, now)?;
        if issued_at > now.as_secs() + CLOCK_SKEW_S {
            return Err(ApiError::new(ProblemCode::InvalidToken, "The token is of the future."));
        }
        let owner = claims.owner().map(|(_, user)| user.as_str());
        let subjects = std::iter::once(claims.plugin_id.as_str()).chain(owner).collect();
        if app.revocations.is_ended(subjects, issued_at).await? {
            let detail = "The plugin was unpaired, or whoever paired it has no access any more.";
            return Err(ApiError::new(ProblemCode::InvalidToken, detail));
        }
        Ok(Self { claims, settings: PluginSettings::of(app).await })
    }

    /// Does something, in one request to the registry.
    pub async fn act(&self, app: &App, context: &RequestContext, act: Act) -> Result<Acted, ApiError> {
        let caller = Caller {
            plugin_id: self.claims.plugin_id.clone(),
            generation: self.claims.generation,
            limit: self.settings.limit,
        };
        let op = RegistryOp::Act { caller, act };
        match app.plugins.call(self.claims.registry.clone(), op).await? {
            RegistryAnswer::Acted { verdict, result } => {
                if let Some(verdict) = verdict {
                    context.limits.counted("plugin", self.settings.limit, verdict);
                }
                let wait_s = verdict.map_or(1, |verdict| verdict.resets_after_s.max(1));
                result.map_err(|refusal| refused(refusal, wait_s))
            }
            _ => Err(unexpected()),
        }
    }

    /// How often it may call.
    pub(super) const fn limit(&self) -> Limit {
        self.settings.limit
    }

    /// The hours that its next token lives.
    pub(super) const fn token_hours(&self) -> i64 {
        self.settings.token_hours
    }

    /// Fails for the id of another plugin.
    pub(super) fn is(&self, id: Option<&str>) -> Result<(), ApiError> {
        match id {
            Some(id) if id != self.claims.plugin_id.as_str() => Err(ApiError::not_found("plugin")),
            _ => Ok(()),
        }
    }
}

impl<C> Able<C> {
    /// The plugin.
    pub(super) fn into_caller(self) -> PluginCaller {
        self.0
    }
}

/// The problem of a refusal.
pub(super) fn refused(refusal: ActRefusal, wait_s: u32) -> ApiError {
    use ProblemCode as C;
    let (code, detail) = match refusal {
        ActRefusal::RateLimited => return ApiError::rate_limited(wait_s),
        ActRefusal::UnknownPlugin => (
            C::NotFound,
            "There is no such plugin any more: nothing was heard of it for too long. Register again.",
        ),
        ActRefusal::OldToken => (C::InvalidToken, "The token was replaced by a newer one. Register again."),
        ActRefusal::UnknownRecipient => (C::NotFound, "There is no such plugin of the same teacher."),
        ActRefusal::UnknownSession => (C::NotFound, "There is no such session."),
        ActRefusal::QueueFull => (C::Conflict, "Too many messages wait for that plugin. Poll them first."),
        ActRefusal::TooManySessions => (C::Conflict, "Too many sessions are on. End one of them first."),
    };
    ApiError::new(code, detail)
}

/// The registry answered something else.
pub(super) fn unexpected() -> ApiError {
    ApiError::internal("the registry gave an answer of another kind")
}

impl FromRequestParts<AppState> for PluginCaller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, ApiError> {
        Self::of_token(app, bearer(parts)?).await
    }
}

impl FromRequestParts<AppState> for Paired {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, ApiError> {
        let caller = PluginCaller::from_request_parts(parts, app).await?;
        if caller.claims.owner().is_some() {
            return Ok(Self(caller));
        }
        let detail = "Pair the plugin first: a teacher enters its code on the dashboard, at /pair.";
        Err(ApiError::new(ProblemCode::Forbidden, detail))
    }
}

impl<C: Names> FromRequestParts<AppState> for Able<C> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, ApiError> {
        let Paired(caller) = Paired::from_request_parts(parts, app).await?;
        if caller.claims.capabilities.contains(&C::CAPABILITY) {
            return Ok(Self(caller, PhantomData));
        }
        let detail = format!("The plugin was paired without the capability {}.", C::CAPABILITY.name());
        Err(ApiError::new(ProblemCode::Forbidden, detail))
    }
}

impl<C: Names> FromRequestParts<AppState> for Needs<C> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, ApiError> {
        let Able(caller, _) = Able::<C>::from_request_parts(parts, app).await?;
        let Ok(context) = RequestContext::from_request_parts(parts, &()).await;
        caller.act(app, &context, Act::Admit).await?;
        Ok(Self(caller.claims, PhantomData))
    }
}
