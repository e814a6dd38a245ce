//! Callers of `/api/v1/roblox/`, counted: people by their account, game servers by their token.

use axum::extract::FromRequestParts;
use http::Method;
use http::request::Parts;

use crate::domain::limits::{Action, Per};
use crate::handlers::AppState;
use crate::handlers::auth::{GameServer, Recent, Right, bearer, right};
use crate::handlers::context::RequestContext;
use crate::handlers::problem::ApiError;

/// One who has the right and does not come too often.
pub struct Limited<R>(pub R);

/// Counts a request of somebody who is signed in, and once more where it changes something.
async fn count_person(parts: &mut Parts, app: &AppState, person: &impl Right) -> Result<(), ApiError> {
    let Ok(context) = RequestContext::from_request_parts(parts, &()).await;
    let account = Per::Account.of(person.identity().user_id.as_str());
    let mut hits = vec![(Action::Roblox, account.clone())];
    if parts.method != Method::GET {
        hits.push((Action::RobloxChange, account));
    }
    app.count(&context, &hits).await
}

impl<R: Right + Send + Sync> FromRequestParts<AppState> for Limited<R> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, ApiError> {
        let person: R = right(parts, app).await?;
        count_person(parts, app, &person).await?;
        Ok(Self(person))
    }
}

impl<R: Right + Send + Sync> FromRequestParts<AppState> for Limited<Recent<R>> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, ApiError> {
        let recent = Recent::<R>::from_request_parts(parts, app).await?;
        count_person(parts, app, &recent.0).await?;
        Ok(Self(recent))
    }
}

impl FromRequestParts<AppState> for Limited<GameServer> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, ApiError> {
        let server = GameServer::from_request_parts(parts, app).await?;
        let Ok(context) = RequestContext::from_request_parts(parts, &()).await;
        app.count(&context, &[(Action::RobloxServer, Per::Token.of(bearer(parts)?))]).await?;
        Ok(Self(server))
    }
}
