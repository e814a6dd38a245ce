//! Rights as extractor types: a handler cannot be written without naming the right that it needs. None of them reads a
//! storage, but the key of an experience, which is looked up once a game session.

use axum::extract::FromRequestParts;
use http::header;
use http::request::Parts;

use super::AppState;
use super::problem::{ApiError, ProblemCode};
use crate::domain::tokens::{GameClaims, TokenKind, sha256_hex};
use crate::domain::user::{Identity, Role, Scope};
use crate::storage::game_keys::{self, GameKeyRow};

/// Anybody who is signed in.
pub struct Person(pub Identity);

/// A teacher, or an admin of the school.
pub struct Teacher(pub Identity);

/// An experience, by its key.
pub struct GameKey(pub GameKeyRow);

/// A game server, by its token.
pub struct GameServer(pub GameClaims);

impl Teacher {
    /// A teacher sees their own, an admin the school's.
    pub fn scope(&self) -> Scope {
        let owner_id = (self.0.role != Role::Admin).then(|| self.0.user_id.clone());
        Scope { school_id: self.0.school_id.clone(), owner_id }
    }
}

fn bearer(parts: &Parts) -> Result<&str, ApiError> {
    let value = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = value.and_then(|value| {
        let (scheme, token) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    });
    token
        .filter(|token| !token.is_empty())
        .ok_or_else(|| ApiError::new(ProblemCode::Unauthenticated, "Send `Authorization: Bearer …`."))
}

fn verified<T: TokenKind>(
    parts: &Parts,
    ring: &crate::domain::tokens::KeyRing,
    app: &AppState,
) -> Result<T, ApiError> {
    Ok(ring.verify(bearer(parts)?, app.clock.now())?)
}

impl FromRequestParts<AppState> for Person {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, ApiError> {
        verified(parts, &app.config.auth_keys, app).map(Self)
    }
}

impl FromRequestParts<AppState> for Teacher {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, ApiError> {
        let identity: Identity = verified(parts, &app.config.auth_keys, app)?;
        match identity.role {
            Role::Teacher | Role::Admin => Ok(Self(identity)),
            Role::Student | Role::Parent => {
                Err(ApiError::new(ProblemCode::Forbidden, "This is for teachers and admins of a school."))
            }
        }
    }
}

impl FromRequestParts<AppState> for GameServer {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, ApiError> {
        verified(parts, &app.config.game_keys, app).map(Self)
    }
}

impl FromRequestParts<AppState> for GameKey {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, ApiError> {
        let key_hash = sha256_hex(bearer(parts)?);
        let key = game_keys::good(app.db.as_ref(), &key_hash, app.clock.now()).await?;
        key.map(Self).ok_or_else(|| {
            ApiError::new(ProblemCode::InvalidToken, "The key is unknown, expired or revoked.")
        })
    }
}
