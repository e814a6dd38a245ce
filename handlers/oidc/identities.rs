//! The accounts of other providers that belong to the caller: list, link, unlink.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::SET_COOKIE;
use serde::Serialize;
use utoipa::ToSchema;

use super::exchange::{ExchangeError, Proven};
use super::outcome::{Refused, forget_flow, redirect, set_flow, with_query};
use super::{Failure, ReturnQuery, begin, count, new_identity, provider_of, stored};
use crate::domain::audit::{AuditAction, Subject, SubjectKind};
use crate::domain::ids::IdentityId;
use crate::domain::oidc::{Claims, Flow, LinkIntent, Provider};
use crate::domain::time::Timestamp;
use crate::handlers::auth::{Account, Person, Recent};
use crate::handlers::context::RequestContext;
use crate::handlers::extract::{List, Path, Query};
use crate::handlers::out::Out;
use crate::handlers::problem::{ApiError, ProblemCode, Problems};
use crate::handlers::routing::{OpenApiRouter, routes};
use crate::handlers::{App, AppState};
use crate::storage::identities::{IdentityRow, LinkFor, Linked, Unlinked};

/// Where a link goes back to when nobody says.
const ACCOUNT_PAGE: &str = "/account";

/// The routes.
pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_identities))
        .routes(routes!(unlink_identity))
        .routes(routes!(link_identity))
}

/// An account of another provider.
#[derive(Serialize, ToSchema)]
pub struct IdentityOut {
    /// Its id here.
    id: IdentityId,
    /// The provider's id, as in the list of providers.
    provider: String,
    /// The provider's name; its id when this server is not set up for it any more.
    provider_name: String,
    /// What you know it by: an address or a user name, as it was when it was linked.
    account: Option<String>,
    /// When it was linked.
    created_at: Timestamp,
    /// When you signed in with it last.
    last_used_at: Option<Timestamp>,
}

impl IdentityOut {
    fn new(app: &App, row: IdentityRow) -> Self {
        let known = app.config.oidc_providers.iter().find(|provider| provider.id == row.provider);
        Self {
            provider_name: known.map_or_else(|| row.provider.clone(), |provider| provider.name.clone()),
            id: row.id,
            provider: row.provider,
            account: row.account,
            created_at: Timestamp::from_millis(row.created_at),
            last_used_at: row.last_used_at.map(Timestamp::from_millis),
        }
    }
}

/// With what else do I sign in?
#[utoipa::path(get, path = "/api/v1/auth/identities", tag = "auth", security(("access_token" = [])),
    responses((status = 200, body = List<IdentityOut>), Problems))]
async fn list_identities(
    State(app): State<AppState>,
    Account(caller): Account,
) -> Result<Out<List<IdentityOut>>, ApiError> {
    let rows = stored::list(app.db.as_ref(), &caller.school_id, &caller.user_id).await?;
    Ok(Out(List::all(rows.into_iter().map(|row| IdentityOut::new(&app, row)).collect())))
}

/// Unlink an account of another provider
///
/// Refused when there is neither a password nor another such account: nobody locks themselves out.
#[utoipa::path(delete, path = "/api/v1/auth/identities/{identity_id}", tag = "auth", security(("access_token" = [])),
    params(("identity_id" = String, Path)), responses((status = 204, description = "Unlinked"), Problems))]
async fn unlink_identity(
    State(app): State<AppState>,
    context: RequestContext,
    Recent(Account(caller)): Recent<Account>,
    Path(id): Path<IdentityId>,
) -> Result<StatusCode, ApiError> {
    let actor = Subject::user(&caller.user_id);
    let event = app.audit(&caller.school_id, actor, AuditAction::IdentityUnlinked, &context);
    let event = event.on(Subject::new(SubjectKind::Identity, id.as_str()));
    match stored::unlink(app.db.as_ref(), &caller.school_id, &caller.user_id, &id, &event).await? {
        Unlinked::Done => Ok(StatusCode::NO_CONTENT),
        Unlinked::NotFound => Err(ApiError::not_found("account of another provider")),
        Unlinked::OnlyWayIn => {
            let detail = "It is your only way in: set a password or link another account first.";
            Err(ApiError::new(ProblemCode::Conflict, detail))
        }
    }
}

/// Where to go to link an account.
#[derive(Serialize, ToSchema)]
pub struct LinkOut {
    /// An address of the provider, for this very browser within ten minutes.
    url: String,
}

/// Link an account of another provider
///
/// The browser gets a cookie and then goes to the address. It comes back to `return_to` with `linked={provider}` or
/// `error={code}` in its query.
#[utoipa::path(post, path = "/api/v1/auth/oidc/{provider}/link", tag = "auth", security(("access_token" = [])),
    params(("provider" = String, Path), ReturnQuery), responses((status = 200, body = LinkOut), Problems))]
async fn link_identity(
    State(app): State<AppState>,
    context: RequestContext,
    Recent(Person(caller)): Recent<Person>,
    Path(id): Path<String>,
    Query(query): Query<ReturnQuery>,
) -> Result<Response, ApiError> {
    let provider = provider_of(&app, &id)?;
    if let Some(Refused::RateLimited(seconds)) = count(&app, &context).await? {
        return Err(ApiError::rate_limited(seconds));
    }
    let link =
        LinkIntent { user_id: caller.user_id, school_id: caller.school_id, sign_in_id: caller.sign_in_id };
    let begun = begin(&app, provider, &query.path(ACCOUNT_PAGE), Some(link)).await;
    let (url, sealed) = begun.map_err(|error: ExchangeError| ApiError::unavailable(error.to_string()))?;
    Ok(([(SET_COOKIE, set_flow(&sealed))], Out(LinkOut { url })).into_response())
}

/// The second half of a link, when the browser has come back.
pub(super) async fn link(
    app: &App,
    provider: &Provider,
    context: &RequestContext,
    flow: &Flow,
    intent: &LinkIntent,
    proven: &Proven,
    claims: &Claims,
) -> Result<Response, Failure> {
    let now = app.clock.now();
    let (id, account) = (IdentityId::new(now, app.entropy.as_ref()), claims.account());
    let new = new_identity(provider, proven, &id, account.as_deref(), now);
    let actor = Subject::user(&intent.user_id);
    let event = app.audit(&intent.school_id, actor, AuditAction::IdentityLinked, context);
    let event = event
        .on(Subject::new(SubjectKind::Identity, id.as_str()))
        .with(serde_json::json!({"provider": provider.id}));
    let owner =
        LinkFor { school_id: &intent.school_id, user_id: &intent.user_id, sign_in_id: &intent.sign_in_id };
    match stored::link(app.db.as_ref(), &owner, &new, &event).await? {
        Linked::Done => Ok(redirect(&with_query(&flow.return_to, "linked", &provider.id), [forget_flow()])),
        Linked::Taken => Err(Refused::IdentityTaken.into()),
        Linked::Ended => Err(Refused::SignedOut.into()),
    }
}
