//! Who may read by the API: a person, or the key of an integration with the scope. `Reader<ClassesRead>` and so on are the
//! rights of GET routes.
//!
//! A person costs no storage read, as everywhere. A key costs one read of D1 a request, by its hash, and so is revoked at
//! once and everywhere: integrations poll by the minute, and a copy in each isolate would spare little and forget late.

use std::marker::PhantomData;

use axum::extract::FromRequestParts;
use http::request::Parts;

use super::auth::{Admin, Right, Teacher, bearer, refused, right, route};
use super::context::RequestContext;
use super::problem::{ApiError, ProblemCode};
use super::{App, AppState};
use crate::domain::audit::{AuditAction, Subject, SubjectKind};
use crate::domain::key::{KeyKind, KeyScope};
use crate::domain::limits::{Action, Per};
use crate::domain::tokens::sha256_hex;
use crate::domain::user::{Role, Scope};
use crate::jobs::Job;
use crate::storage::game_keys::{self, GameKeyRow};

/// How often the use of an integration key is written down at most: its last use and one line of the audit log.
const USE_WRITTEN_EVERY_MS: i64 = 300_000;

/// A scope of integration keys, and the people who need no key for the same.
pub trait ReadScope {
    /// The scope.
    const SCOPE: KeyScope;
    /// The people.
    type Person: Right;
}

macro_rules! read_scope {
    ($(#[$doc:meta])* $name:ident, $person:ty) => {
        $(#[$doc])*
        pub struct $name;

        impl ReadScope for $name {
            const SCOPE: KeyScope = KeyScope::$name;
            type Person = $person;
        }
    };
}

read_scope!(
    /// Classes and seats.
    ClassesRead,
    Teacher
);
read_scope!(
    /// Live sessions, boards and results.
    ResultsRead,
    Teacher
);
read_scope!(
    /// Quizzes.
    QuizzesRead,
    Teacher
);
read_scope!(
    /// The audit log.
    AuditRead,
    Admin
);

/// Somebody or something that may read.
pub struct Reader<S> {
    /// The part of the school: a teacher's own, or all of it for admins and keys.
    pub scope: Scope,
    /// Who it is, for the audit log.
    pub actor: Subject,
    scope_type: PhantomData<fn() -> S>,
}

impl<S: ReadScope> FromRequestParts<AppState> for Reader<S> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, ApiError> {
        let key = bearer(parts)?.starts_with(KeyKind::Integration.prefix());
        let (scope, actor) =
            if key { by_key(parts, app, S::SCOPE).await? } else { person::<S>(parts, app).await? };
        Ok(Self { scope, actor, scope_type: PhantomData })
    }
}

async fn person<S: ReadScope>(parts: &mut Parts, app: &App) -> Result<(Scope, Subject), ApiError> {
    let person: S::Person = right(parts, app).await?;
    let identity = person.identity();
    let owner_id = (identity.role != Role::Admin).then(|| identity.user_id.clone());
    Ok((Scope { school_id: identity.school_id.clone(), owner_id }, Subject::user(&identity.user_id)))
}

async fn by_key(parts: &mut Parts, app: &App, scope: KeyScope) -> Result<(Scope, Subject), ApiError> {
    let now = app.clock.now();
    let key_hash = sha256_hex(bearer(parts)?);
    let key = game_keys::good(app.db.as_ref(), &key_hash, KeyKind::Integration, now).await?;
    let key = key
        .ok_or_else(|| ApiError::new(ProblemCode::InvalidToken, "The key is unknown, expired or revoked."))?;
    let actor = Subject::new(SubjectKind::Key, key.id.as_str());
    let Ok(context) = RequestContext::from_request_parts(parts, &()).await;
    app.count(&context, &[(Action::Integration, Per::Key.of(key.id.as_str()))]).await?;
    if !key.may(scope) {
        refused(parts, app, &key.school_id, actor).await;
        return Err(ApiError::new(ProblemCode::Forbidden, "The key has not the scope for this."));
    }
    if key.last_used_at.is_none_or(|at| now.as_millis() - at >= USE_WRITTEN_EVERY_MS) {
        write_down(parts, app, &key, actor.clone()).await;
    }
    Ok((Scope { school_id: key.school_id, owner_id: None }, actor))
}

async fn write_down(parts: &mut Parts, app: &App, key: &GameKeyRow, actor: Subject) {
    let Ok(context) = RequestContext::from_request_parts(parts, &()).await;
    let event = app.audit(&key.school_id, actor, AuditAction::KeyUsed, &context).on(route(parts));
    app.enqueue(Job::Audit { event }).await;
    let used =
        Job::GameKeyUsed { key_id: key.id.clone(), school_id: key.school_id.clone(), at: app.clock.now() };
    app.enqueue(used).await;
}
