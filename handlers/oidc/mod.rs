//! Signing in at another provider. What goes to the browser is an address and a cookie; the verifier, the tokens and the causes
//! of failures never leave the server in any other way.

mod exchange;
mod identities;
mod outcome;

use axum::extract::State;
use axum::response::Response;
use http::HeaderMap;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::context::RequestContext;
use super::cookies;
use super::extract::{List, Path, Query};
use super::login_challenge::challenge;
use super::problem::{ApiError, Problems};
use super::routing::{OpenApiRouter, routes};
use super::signed_in::{Delivery, start_session};
use super::{App, AppState};
use crate::domain::audit::{AuditAction, Subject};
use crate::domain::ids::{IdentityId, SchoolId, UserId};
use crate::domain::limits::{Action, Per};
use crate::domain::oidc::{
    CallbackQuery, Claims, Endpoints, FLOW_S, Flow, LinkIntent, Provider, Start, authorization_url,
    local_path,
};
use crate::handlers::out::Out;
use crate::jobs::Job;
use crate::storage::identities::{NewIdentity, NewPerson};
use crate::storage::users::UserRow;
use crate::storage::{identities as stored, users};
use exchange::{ExchangeError, Proven};
use outcome::{FLOW_COOKIE, Refused, forget_flow, redirect, set_flow};

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_providers))
        .routes(routes!(go_to_provider))
        .routes(routes!(come_back))
        .merge(identities::routes())
}

/// Where people may sign in beside here.
#[derive(Serialize, ToSchema)]
pub struct ProviderOut {
    /// In the addresses of its routes.
    id: String,
    /// For the button.
    name: String,
}

/// Providers
///
/// Those that this server is set up for, in the order in which they are offered.
#[utoipa::path(get, path = "/api/v1/auth/providers", tag = "auth",
    responses((status = 200, body = List<ProviderOut>), Problems))]
async fn list_providers(State(app): State<AppState>) -> Out<List<ProviderOut>> {
    let providers = app.config.oidc_providers.iter();
    let items =
        providers.map(|provider| ProviderOut { id: provider.id.clone(), name: provider.name.clone() });
    Out(List::all(items.collect()))
}

/// Where the person goes afterwards.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ReturnQuery {
    /// A path of our own; `/` when it is absent or leads elsewhere.
    #[param(max_length = 512)]
    return_to: Option<String>,
}

impl ReturnQuery {
    fn path(&self, otherwise: &'static str) -> String {
        self.return_to.as_deref().and_then(local_path).unwrap_or(otherwise).to_owned()
    }
}

fn provider_of<'a>(app: &'a App, id: &str) -> Result<&'a Provider, ApiError> {
    let found = app.config.oidc_providers.iter().find(|provider| provider.id == id);
    found.ok_or_else(|| ApiError::not_found("provider"))
}

/// One more sign-in from this address, if there have not been too many.
async fn count(app: &App, context: &RequestContext) -> Result<Option<Refused>, ApiError> {
    let counted = app.count(context, &[(Action::Challenge, Per::Address.of(context.address()))]).await;
    match counted.map_err(|error| (error.wait_s(), error)) {
        Ok(()) => Ok(None),
        Err((Some(wait_s), _)) => Ok(Some(Refused::RateLimited(wait_s))),
        Err((None, error)) => Err(error),
    }
}

/// Begins a flow: where the browser goes, and the cookie that it keeps.
async fn begin(
    app: &App,
    provider: &Provider,
    return_to: &str,
    link: Option<LinkIntent>,
) -> Result<(String, String), ExchangeError> {
    let endpoints = exchange::endpoints(app, provider).await?;
    let now = app.clock.now();
    let flow = Flow::new(Start { provider: &provider.id, return_to, link }, now, app.entropy.as_ref());
    let sealed = app
        .config
        .auth_keys
        .sign(&flow, now, FLOW_S)
        .map_err(|error| ExchangeError::Unavailable(error.to_string()))?;
    Ok((authorization_url(provider, &endpoints, &app.config.public_url, &flow), sealed))
}

/// Sign in at a provider
///
/// For a browser to go to: leads on to the provider, and from there back to `/` or to `/sign-in?error=…`.
#[utoipa::path(get, path = "/api/v1/auth/oidc/{provider}/start", tag = "auth",
    params(("provider" = String, Path), ReturnQuery),
    responses((status = 302, description = "To the provider, or to the sign-in page with an error"), Problems))]
async fn go_to_provider(
    State(app): State<AppState>,
    context: RequestContext,
    Path(id): Path<String>,
    Query(query): Query<ReturnQuery>,
) -> Result<Response, ApiError> {
    let provider = provider_of(&app, &id)?;
    if let Some(refused) = count(&app, &context).await? {
        return Ok(refused.response(None));
    }
    match begin(&app, provider, &query.path("/"), None).await {
        Ok((url, sealed)) => Ok(redirect(&url, [set_flow(&sealed)])),
        Err(error) => Ok(tell(&app, provider, &context, &error).response(None)),
    }
}

/// Writes the cause of a failure to the log and gives what the browser is told.
fn tell(app: &App, provider: &Provider, context: &RequestContext, error: &ExchangeError) -> Refused {
    let line = serde_json::json!({"message": "sign-in at a provider failed", "level": "warn", "provider": provider.id,
        "request.id": context.origin.request_id, "cause": error.to_string()});
    app.log.line(&line.to_string());
    match error {
        ExchangeError::Unavailable(_) => Refused::ProviderUnavailable,
        ExchangeError::Refused(_) | ExchangeError::Token(_) => Refused::BadAnswer,
    }
}

/// Come back from a provider
///
/// Where the provider sends the browser. Leads on to where the flow began, signed in; or to `/sign-in?error=…`; or to
/// `/sign-in#challenge=…` when a second factor is due.
#[utoipa::path(get, path = "/api/v1/auth/oidc/{provider}/callback", tag = "auth",
    params(("provider" = String, Path), ("code" = Option<String>, Query), ("state" = Option<String>, Query),
        ("iss" = Option<String>, Query), ("error" = Option<String>, Query)),
    responses((status = 302, description = "Into the dashboard, or to the sign-in page"), Problems))]
async fn come_back(
    State(app): State<AppState>,
    context: RequestContext,
    headers: HeaderMap,
    Path(id): Path<String>,
    Query(answer): Query<CallbackQuery>,
) -> Result<Response, ApiError> {
    let provider = provider_of(&app, &id)?;
    if let Some(refused) = count(&app, &context).await? {
        return Ok(refused.response(None));
    }
    let sealed = cookies::read(&headers, FLOW_COOKIE).unwrap_or_default();
    let Ok(flow) = app.config.auth_keys.verify::<Flow>(sealed, app.clock.now()) else {
        return Ok(Refused::Expired.response(None));
    };
    let flow = flow.claims;
    Ok(match finish(&app, provider, &context, &flow, answer).await {
        Ok(response) => response,
        Err(Failure::Refused(refused)) => refused.response(Some(&flow)),
        Err(Failure::Exchange(error)) => tell(&app, provider, &context, &error).response(Some(&flow)),
        Err(Failure::Own(error)) => {
            let cause = error.cause().unwrap_or("refused").to_owned();
            tell(&app, provider, &context, &ExchangeError::Unavailable(cause));
            Refused::Unavailable.response(Some(&flow))
        }
    })
}

/// Why nobody is signed in or linked.
enum Failure {
    /// As the browser is told.
    Refused(Refused),
    /// On the provider's side.
    Exchange(ExchangeError),
    /// On ours.
    Own(ApiError),
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}
impl From<ExchangeError> for Failure {
    fn from(error: ExchangeError) -> Self {
        Self::Exchange(error)
    }
}
impl<E: Into<ApiError>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Own(error.into())
    }
}

/// Takes the answer to a flow, to where it leads.
async fn finish(
    app: &App,
    provider: &Provider,
    context: &RequestContext,
    flow: &Flow,
    answer: CallbackQuery,
) -> Result<Response, Failure> {
    let endpoints = exchange::endpoints(app, provider).await?;
    let code = flow.take(answer, provider, &endpoints).map_err(Refused::from)?.code;
    let proven = exchange::redeem(app, provider, &endpoints, flow, &code).await?;
    if let Some(link) = &flow.link {
        // Only for the name in the list: a link does not fail for that.
        let claims = match exchange::claims(app, provider, &endpoints, &proven).await {
            Err(ExchangeError::Unavailable(_)) => proven.claims.clone(),
            claims => claims?,
        };
        return identities::link(app, provider, context, flow, link, &proven, &claims).await;
    }
    let known = users::by_identity(app.db.as_ref(), &provider.issuer, &proven.subject).await?;
    let user = match known {
        Some(user) => user,
        None => newcomer(app, provider, context, &endpoints, &proven).await?,
    };
    sign_in(app, provider, context, flow, &proven, &user).await
}

async fn sign_in(
    app: &App,
    provider: &Provider,
    context: &RequestContext,
    flow: &Flow,
    proven: &Proven,
    user: &UserRow,
) -> Result<Response, Failure> {
    if !user.is_active() {
        audit_refusal(app, provider, context, user, "suspended").await;
        return Err(Refused::AccountSuspended.into());
    }
    if user.factors > 0 {
        let out = challenge(app, user, "identity_provider").await?;
        return Ok(redirect(&out.page(&flow.return_to), [forget_flow()]));
    }
    let touch = stored::used(&provider.issuer, &proven.subject, &user.school_id, app.clock.now());
    let session =
        start_session(app, user, context, Delivery::Cookie, "identity_provider", vec![touch]).await?;
    let cookie = cookies::set_refresh(&session.refresh_token);
    Ok(redirect(&flow.return_to, [cookie, forget_flow()].into_iter().chain(session.device)))
}

/// Somebody came to an account and did not get in.
async fn audit_refusal(
    app: &App,
    provider: &Provider,
    context: &RequestContext,
    user: &UserRow,
    why: &'static str,
) {
    let actor = Subject::user(&user.id);
    let event = app.audit(&user.school_id, actor, AuditAction::SignInRefused, context);
    let event = event.with(serde_json::json!({"provider": provider.id, "why": why}));
    app.enqueue(Job::Audit { event }).await;
}

/// Somebody whom nobody knows: with an address that the provider vouches for and nobody here has, a new teacher. An address
/// that somebody here has links nothing: whoever owns it there need not be who owns the account here.
async fn newcomer(
    app: &App,
    provider: &Provider,
    context: &RequestContext,
    endpoints: &Endpoints,
    proven: &Proven,
) -> Result<UserRow, Failure> {
    let claims = exchange::claims(app, provider, endpoints, proven).await?;
    let email = claims.verified_email().ok_or(Refused::NoEmailLinkFirst)?;
    let made = register(app, provider, context, proven, &claims, &email).await?;
    if let Some(user) = made {
        return Ok(user);
    }
    if let Some(owner) = users::by_email(app.db.as_ref(), &email).await? {
        audit_refusal(app, provider, context, &owner, "not_linked").await;
    }
    Err(Refused::LinkFirst.into())
}

async fn register(
    app: &App,
    provider: &Provider,
    context: &RequestContext,
    proven: &Proven,
    claims: &Claims,
    email: &str,
) -> Result<Option<UserRow>, ApiError> {
    let (now, entropy) = (app.clock.now(), app.entropy.as_ref());
    let (user_id, school_id) = (UserId::new(now, entropy), SchoolId::new(now, entropy));
    let display_name = claims.display_name().unwrap_or_else(|| "Teacher".to_owned());
    let person = NewPerson { user_id: &user_id, school_id: &school_id, email, display_name: &display_name };
    let (id, account) = (IdentityId::new(now, entropy), claims.account());
    let identity = new_identity(provider, proven, &id, account.as_deref(), now);
    let event = app.audit(&school_id, Subject::user(&user_id), AuditAction::AccountRegistered, context);
    let event = event
        .on(Subject::user(&user_id))
        .with(serde_json::json!({"provider": provider.id, "role": "teacher"}));
    Ok(stored::register(app.db.as_ref(), &person, &identity, &event).await?)
}

fn new_identity<'a>(
    provider: &'a Provider,
    proven: &'a Proven,
    id: &'a IdentityId,
    account: Option<&'a str>,
    at: crate::domain::time::Timestamp,
) -> NewIdentity<'a> {
    NewIdentity {
        id,
        issuer: &provider.issuer,
        subject: &proven.subject,
        provider: &provider.id,
        account,
        at,
    }
}
