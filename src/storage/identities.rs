//! Accounts of other providers that people sign in with. Every rule that two requests could race for stands in a statement.

use serde::Deserialize;

use super::users::{self, UserRow};
use super::{audit, rows};
use crate::domain::audit::AuditEvent;
use crate::domain::ids::{IdentityId, SchoolId, SignInId, UserId};
use crate::domain::time::Timestamp;
use crate::ports::{Database, DbError, Statement, Value, decode_first};

/// An account of another provider, new here.
pub struct NewIdentity<'a> {
    /// Its id here.
    pub id: &'a IdentityId,
    /// With `subject` its key.
    pub issuer: &'a str,
    /// Who it is there.
    pub subject: &'a str,
    /// The provider's id in the configuration.
    pub provider: &'a str,
    /// What the person knows it by.
    pub account: Option<&'a str>,
    /// When.
    pub at: Timestamp,
}

/// Somebody who comes for the first time, by an address that their provider vouches for.
pub struct NewPerson<'a> {
    /// The person.
    pub user_id: &'a UserId,
    /// A school of their own.
    pub school_id: &'a SchoolId,
    /// The verified address.
    pub email: &'a str,
    /// Their name, and their school's.
    pub display_name: &'a str,
}

const NEW_SCHOOL: &str = "
    insert into schools (id, name, created_at, is_personal)
    select ?1, ?2, cast(?3 as integer), 1
    where not exists (select 1 from users where email = ?4)
      and not exists (select 1 from identities where issuer = ?5 and subject = ?6)";
const NEW_USER: &str = "
    insert into users (id, school_id, email, display_name, role, password_hash, created_at, email_verified_at)
    select ?1, id, ?3, ?4, 'teacher', '', cast(?5 as integer), cast(?5 as integer) from schools as own
    where own.id = ?2 and not exists (select 1 from users where school_id = ?2)";
const NEW_IDENTITY: &str = "
    insert into identities (id, school_id, user_id, issuer, subject, provider, account, created_at)
    select ?1, school_id, id, ?4, ?5, ?6, ?7, cast(?8 as integer) from users where school_id = ?2 and id = ?3";

/// Makes an account in a school of its own and gives who now belongs to the identity; nobody when the address belongs to
/// somebody else. A second request of the same person finds what the first one made.
pub async fn register(
    db: &dyn Database,
    person: &NewPerson<'_>,
    new: &NewIdentity<'_>,
    event: &AuditEvent,
) -> Result<Option<UserRow>, DbError> {
    let school = [
        person.school_id.into(),
        person.display_name.into(),
        new.at.into(),
        person.email.into(),
        new.issuer.into(),
        new.subject.into(),
    ];
    let user = [
        person.user_id.into(),
        person.school_id.into(),
        person.email.into(),
        person.display_name.into(),
        new.at.into(),
    ];
    let statements = vec![
        Statement::new(NEW_SCHOOL, school),
        Statement::new(NEW_USER, user),
        Statement::new(NEW_IDENTITY, identity(new, person.school_id, person.user_id)),
        event_if_linked(event, new.id),
        users::identity_owner(new.issuer, new.subject),
    ];
    let results = db.batch(statements).await?;
    decode_first(results.into_iter().next_back().unwrap_or_default())
}

fn identity(new: &NewIdentity<'_>, school: &SchoolId, user: &UserId) -> [Value; 8] {
    [
        new.id.into(),
        school.into(),
        user.into(),
        new.issuer.into(),
        new.subject.into(),
        new.provider.into(),
        new.account.into(),
        new.at.into(),
    ]
}

const EVENT_IF_LINKED: &str = "
    insert into audit_events (id, school_id, at, actor_kind, actor_id, action, target_kind, target_id, reason, address, country,
      request_id, detail)
    select ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13 from identities where school_id = ?2 and id = ?14
    on conflict (id) do nothing";

fn event_if_linked(event: &AuditEvent, id: &IdentityId) -> Statement {
    Statement::new(EVENT_IF_LINKED, audit::params(event).into_iter().chain([id.into()]))
}

const LINK: &str = "
    insert into identities (id, school_id, user_id, issuer, subject, provider, account, created_at)
    select ?1, u.school_id, u.id, ?4, ?5, ?6, ?7, cast(?8 as integer)
    from users u join sessions s on s.user_id = u.id
    where u.school_id = ?2 and u.id = ?3 and u.state = 'active' and u.removed_at is null
      and s.school_id = ?2 and s.id = ?9 and s.ended_at is null and s.expires_at > cast(?8 as integer)
    on conflict (issuer, subject) do nothing";
const OWNER: &str = "
    select i.user_id as user_id from identities i join users u on u.id = i.user_id and u.school_id = i.school_id
    where i.issuer = ?1 and i.subject = ?2";

/// What became of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Linked {
    /// It is this person's, now or before.
    Done,
    /// It is somebody else's.
    Taken,
    /// Whoever asked for it is signed out or suspended by now.
    Ended,
}

/// Whose account it is to be.
pub struct LinkFor<'a> {
    /// The school.
    pub school_id: &'a SchoolId,
    /// The person.
    pub user_id: &'a UserId,
    /// The sign-in that asked for it.
    pub sign_in_id: &'a SignInId,
}

#[derive(Deserialize)]
struct OwnerRow {
    user_id: UserId,
}

/// Links an account of another provider to a person, as long as the sign-in that asked for it lives.
pub async fn link(
    db: &dyn Database,
    owner: &LinkFor<'_>,
    new: &NewIdentity<'_>,
    event: &AuditEvent,
) -> Result<Linked, DbError> {
    let params = identity(new, owner.school_id, owner.user_id).into_iter().chain([owner.sign_in_id.into()]);
    let statements = vec![
        Statement::new(LINK, params),
        event_if_linked(event, new.id),
        Statement::new(OWNER, [new.issuer.into(), new.subject.into()]),
    ];
    let results = db.batch(statements).await?;
    let found: Option<OwnerRow> = decode_first(results.into_iter().next_back().unwrap_or_default())?;
    Ok(match found {
        Some(found) if found.user_id == *owner.user_id => Linked::Done,
        Some(_) => Linked::Taken,
        None => Linked::Ended,
    })
}

const USED: &str = "
    update identities set last_used_at = cast(?4 as integer)
    where issuer = ?1 and subject = ?2 and school_id = ?3";

/// Remembers that somebody signed in with it; for the batch that makes the session.
pub fn used(issuer: &str, subject: &str, school: &SchoolId, now: Timestamp) -> Statement {
    Statement::new(USED, [issuer.into(), subject.into(), school.into(), now.into()])
}

/// An account of another provider, as its owner sees it.
#[derive(Clone, Debug, Deserialize)]
pub struct IdentityRow {
    /// Its id here.
    pub id: IdentityId,
    /// The provider's id in the configuration.
    pub provider: String,
    /// What the person knows it by.
    pub account: Option<String>,
    /// When it was linked.
    pub created_at: i64,
    /// When somebody signed in with it last.
    pub last_used_at: Option<i64>,
}

const LIST: &str = "
    select id, provider, account, created_at, last_used_at from identities
    where school_id = ?1 and user_id = ?2 order by id limit 50";

/// Those of one person.
pub async fn list(db: &dyn Database, school: &SchoolId, user: &UserId) -> Result<Vec<IdentityRow>, DbError> {
    rows(db, LIST, vec![school.into(), user.into()]).await
}

const IS_THERE: &str = "
    select id from identities where school_id = ?1 and user_id = ?2 and id = ?3";
/// Not the only way in: there is a password, or another account of this kind.
const UNLINK: &str = "
    delete from identities
    where school_id = ?1 and user_id = ?2 and id = ?3 and (
      exists (select 1 from users where school_id = ?1 and id = ?2 and password_hash <> '')
      or exists (select 1 from identities where school_id = ?1 and user_id = ?2 and id <> ?3))
    returning id";
/// Before the deed, and under the same condition.
const EVENT_IF_UNLINKABLE: &str = "
    insert into audit_events (id, school_id, at, actor_kind, actor_id, action, target_kind, target_id, reason, address, country,
      request_id, detail)
    select ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13 from identities
    where school_id = ?2 and user_id = ?14 and id = ?15 and (
      exists (select 1 from users where school_id = ?2 and id = ?14 and password_hash <> '')
      or exists (select 1 from identities where school_id = ?2 and user_id = ?14 and id <> ?15))
    on conflict (id) do nothing";

/// What became of an unlinking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unlinked {
    /// It is gone.
    Done,
    /// The person has no such account.
    NotFound,
    /// It is their only way in.
    OnlyWayIn,
}

/// Takes an account of another provider away from a person.
pub async fn unlink(
    db: &dyn Database,
    school: &SchoolId,
    user: &UserId,
    id: &IdentityId,
    event: &AuditEvent,
) -> Result<Unlinked, DbError> {
    let key = || [school.into(), user.into(), id.into()];
    let told = audit::params(event).into_iter().chain([user.into(), id.into()]);
    let statements = vec![
        Statement::new(IS_THERE, key()),
        Statement::new(EVENT_IF_UNLINKABLE, told),
        Statement::new(UNLINK, key()),
    ];
    let results = db.batch(statements).await?;
    let is_there = results.first().is_some_and(|rows| !rows.is_empty());
    let is_gone = results.last().is_some_and(|rows| !rows.is_empty());
    Ok(match (is_there, is_gone) {
        (_, true) => Unlinked::Done,
        (true, false) => Unlinked::OnlyWayIn,
        (false, false) => Unlinked::NotFound,
    })
}
