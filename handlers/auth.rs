//! Rights as extractor types: a handler cannot be written without naming the right that it needs. None of them reads D1,
//! but the key of an experience, which is looked up once a game session.

use axum::extract::FromRequestParts;
use http::header;
use http::request::Parts;

use super::context::RequestContext;
use super::problem::{ApiError, ProblemCode};
use super::{App, AppState};
use crate::domain::audit::{AuditAction, Subject, SubjectKind};
use crate::domain::ids::SchoolId;
use crate::domain::key::{KeyKind, KeyScope};
use crate::domain::limits::{Action, Per};
use crate::domain::tokens::{GameClaims, KeyRing, TokenKind, Verified, sha256_hex};
use crate::domain::user::{Identity, Role, Scope};
use crate::jobs::Job;
use crate::storage::game_keys::{self, GameKeyRow};

/// Anybody who is signed in, even where their school still wants a second factor of them: for `/api/v1/auth/` alone.
pub struct Account(pub Identity);

/// Anybody who is signed in.
pub struct Person(pub Identity);

/// A teacher, or an admin of the school.
pub struct Teacher(pub Identity);

/// An admin of the school.
pub struct Admin(pub Identity);

/// A parent.
pub struct Parent(pub Identity);

/// One of the above who proved who they are within the last ten minutes: for what is dangerous.
pub struct Recent<R>(pub R);

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

/// A right of somebody who is signed in.
pub trait Right: Sized {
    /// The roles that have it; nobody else does.
    const ROLES: &'static [Role];
    /// Whether it waits for the second factor that the school wants.
    const WAITS_FOR_FACTOR: bool = true;
    /// What its requests are limited as, by account.
    const LIMITED_AS: Option<Action> = None;
    /// Takes who has it.
    fn of(identity: Identity) -> Self;
    /// Who has it.
    fn identity(&self) -> &Identity;
}

macro_rules! right {
    ($name:ident, $roles:expr $(, $waits:expr, $limited_as:expr)?) => {
        impl Right for $name {
            const ROLES: &'static [Role] = $roles;
            $(
                const WAITS_FOR_FACTOR: bool = $waits;
                const LIMITED_AS: Option<Action> = $limited_as;
            )?
            fn of(identity: Identity) -> Self {
                Self(identity)
            }
            fn identity(&self) -> &Identity {
                &self.0
            }
        }

        impl FromRequestParts<AppState> for $name {
            type Rejection = ApiError;

            async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, ApiError> {
                right(parts, app).await
            }
        }
    };
}

const EVERYBODY: &[Role] = &[Role::Admin, Role::Teacher, Role::Student, Role::Parent];
right!(Account, EVERYBODY, false, Some(Action::Account));
right!(Person, EVERYBODY);
right!(Teacher, &[Role::Admin, Role::Teacher]);
right!(Admin, &[Role::Admin]);
right!(Parent, &[Role::Parent]);

impl<R: Right> FromRequestParts<AppState> for Recent<R> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, ApiError> {
        let right: R = right(parts, app).await?;
        if right.identity().is_recent(app.clock.now()) {
            return Ok(Self(right));
        }
        Err(ApiError::new(ProblemCode::StepUpRequired, "Prove again who you are: POST /api/v1/auth/step-up."))
    }
}

pub(super) async fn right<R: Right>(parts: &mut Parts, app: &App) -> Result<R, ApiError> {
    let Verified { claims, issued_at } = verified::<Identity>(parts, &app.config.auth_keys, app)?;
    let subjects = vec![claims.sign_in_id.as_str(), claims.user_id.as_str()];
    if app.revocations.is_ended(subjects, issued_at).await? {
        return Err(ApiError::new(ProblemCode::InvalidToken, "The token was ended; sign in or refresh."));
    }
    if let Some(action) = R::LIMITED_AS {
        let Ok(context) = RequestContext::from_request_parts(parts, &()).await;
        app.count(&context, &[(action, Per::Account.of(claims.user_id.as_str()))]).await?;
    }
    if !R::ROLES.contains(&claims.role) {
        refused(parts, app, &claims.school_id, Subject::user(&claims.user_id)).await;
        return Err(ApiError::new(ProblemCode::Forbidden, "Your role does not allow this."));
    }
    if R::WAITS_FOR_FACTOR && claims.factor_missing {
        let detail = "Your school wants a second factor: add one at /api/v1/auth/factors, then refresh.";
        return Err(ApiError::new(ProblemCode::SecondFactorSetupRequired, detail));
    }
    Ok(R::of(claims))
}

/// Writes down that somebody tried what they may not.
pub(super) async fn refused(parts: &mut Parts, app: &App, school: &SchoolId, caller: Subject) {
    let Ok(context) = RequestContext::from_request_parts(parts, &()).await;
    let event = app.audit(school, caller, AuditAction::AccessRefused, &context).on(route(parts));
    app.enqueue(Job::Audit { event }).await;
}

/// The route of a request, for the audit log.
pub(super) fn route(parts: &Parts) -> Subject {
    let path = parts.extensions.get::<axum::extract::MatchedPath>().map_or("unknown", |path| path.as_str());
    Subject::new(SubjectKind::Route, format!("{} {path}", parts.method))
}

pub(super) fn bearer(parts: &Parts) -> Result<&str, ApiError> {
    let value = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = value.and_then(|value| {
        let (scheme, token) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    });
    token
        .filter(|token| !token.is_empty())
        .ok_or_else(|| ApiError::new(ProblemCode::Unauthenticated, "Send `Authorization: Bearer …`."))
}

fn verified<T: TokenKind>(parts: &Parts, ring: &KeyRing, app: &App) -> Result<Verified<T>, ApiError> {
    Ok(ring.verify(bearer(parts)?, app.clock.now())?)
}

impl FromRequestParts<AppState> for GameServer {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, ApiError> {
        let Verified { claims, issued_at } = verified::<GameClaims>(parts, &app.config.game_keys, app)?;
        if app.revocations.is_ended(vec![claims.key_id.as_str()], issued_at).await? {
            return Err(ApiError::new(
                ProblemCode::InvalidToken,
                "The key of this game session was revoked.",
            ));
        }
        Ok(Self(claims))
    }
}

impl FromRequestParts<AppState> for GameKey {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, ApiError> {
        let key_hash = sha256_hex(bearer(parts)?);
        let key = game_keys::good(app.db.as_ref(), &key_hash, KeyKind::Experience, app.clock.now()).await?;
        key.filter(|key| key.may(KeyScope::Game)).map(Self).ok_or_else(|| {
            ApiError::new(ProblemCode::InvalidToken, "The key is unknown, expired or revoked.")
        })
    }
}
