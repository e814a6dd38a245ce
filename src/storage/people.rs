//! The people of a school, as its admins see and change them.
//!
//! Who may change whom stands in each statement: an active admin of the school, and never oneself. So there is always another
//! admin left, whoever else acts at the same moment.

use serde::Deserialize;

use super::{Page, audit, factors, first, rows};
use crate::domain::audit::AuditEvent;
use crate::domain::ids::{AuditId, SchoolId, SignInId, UserId};
use crate::domain::tokens::ACCESS_TOKEN_S;
use crate::domain::user::{PersonState, Role};
use crate::ports::{Database, DbError, Statement, Value, decode, decode_first};

/// A person of a school.
#[derive(Clone, Debug, Deserialize)]
pub struct PersonRow {
    /// The person.
    pub id: UserId,
    /// Their address.
    pub email: String,
    /// Their name.
    pub display_name: String,
    /// Their role.
    pub role: Role,
    /// Whether they may come in.
    pub state: PersonState,
    /// Milliseconds.
    pub created_at: i64,
    /// Milliseconds.
    pub last_seen_at: Option<i64>,
    /// Confirmed second factors.
    pub factors: i64,
    /// Milliseconds.
    pub removed_at: Option<i64>,
    last_event: Option<AuditId>,
}

/// Which people.
#[derive(Clone, Debug, Default)]
pub struct PeopleFilter {
    /// A part of the name or address. Letters of ASCII match in any case.
    pub search: Option<String>,
    /// Of this role.
    pub role: Option<Role>,
    /// In this state.
    pub state: Option<PersonState>,
}

/// `instr` and not `like`: nothing needs to be escaped, and D1 takes no longer pattern than 50 bytes.
const LIST: &str = "
    select id, email, display_name, role, state, created_at, last_seen_at, factors, removed_at, last_event
    from (
      select u.id, u.email, u.display_name, u.role, u.created_at, u.last_seen_at, u.removed_at, u.last_event,
        (select count(*) from factors f
          where f.school_id = u.school_id and f.user_id = u.id and f.confirmed_at is not null) as factors,
        case when u.state = 'suspended' then 'suspended' when u.email_verified_at is null then 'unverified' else 'active' end as state
      from users u where u.school_id = ?1 and u.removed_at is null and (?2 is null or u.id < ?2))
    where (?3 is null or instr(lower(display_name), ?3) > 0 or instr(lower(email), ?3) > 0)
      and (?4 is null or role = ?4) and (?5 is null or state = ?5)
    order by id desc limit cast(?6 as integer)";
/// Removed ones too.
const BY_ID: &str = "
    select u.id, u.email, u.display_name, u.role, u.created_at, u.last_seen_at, u.removed_at, u.last_event,
        (select count(*) from factors f
          where f.school_id = u.school_id and f.user_id = u.id and f.confirmed_at is not null) as factors,
      case when u.state = 'suspended' then 'suspended' when u.email_verified_at is null then 'unverified' else 'active' end as state
    from users u where u.school_id = ?1 and u.id = ?2";

/// A page of the people of a school, newest first.
pub async fn list(
    db: &dyn Database,
    school: &SchoolId,
    filter: &PeopleFilter,
    page: &Page,
) -> Result<Vec<PersonRow>, DbError> {
    let params = vec![
        school.into(),
        page.before.as_deref().into(),
        filter.search.as_deref().map(str::to_ascii_lowercase).into(),
        filter.role.map(Role::name).into(),
        filter.state.map(PersonState::name).into(),
        page.limit.into(),
    ];
    rows(db, LIST, params).await
}

/// One person of a school; not a removed one.
pub async fn by_id(db: &dyn Database, school: &SchoolId, id: &UserId) -> Result<Option<PersonRow>, DbError> {
    let row: Option<PersonRow> = first(db, BY_ID, vec![school.into(), id.into()]).await?;
    Ok(row.filter(|row| row.removed_at.is_none()))
}

const OTHER_ADMIN: &str = "
    select id from users
    where school_id = ?1 and id <> ?2 and role = 'admin' and state = 'active' and removed_at is null limit 1";

/// Whether the school has an active admin beside this one.
pub async fn has_other_admin(db: &dyn Database, school: &SchoolId, id: &UserId) -> Result<bool, DbError> {
    let results = db.batch(vec![Statement::new(OTHER_ADMIN, [school.into(), id.into()])]).await?;
    Ok(results.first().is_some_and(|rows| !rows.is_empty()))
}

/// What an admin does to a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Gives another role.
    Role(Role),
    /// Shuts the person out.
    Suspend,
    /// Lets the person in again.
    Restore,
    /// Erases the person. What they made stays with the school.
    Remove,
}

impl Change {
    /// Whether it is done already.
    fn holds(self, row: &PersonRow) -> bool {
        match self {
            Self::Role(role) => row.role == role,
            Self::Suspend => row.state == PersonState::Suspended,
            Self::Restore => row.state != PersonState::Suspended,
            Self::Remove => row.removed_at.is_some(),
        }
    }
}

const SET_ROLE: &str = "
    update users set role = ?5, last_event = ?4
    where school_id = ?1 and id = ?2 and removed_at is null and role <> ?5 and exists (
      select 1 from users a
      where a.school_id = ?1 and a.id = ?3 and a.id <> ?2 and a.role = 'admin' and a.state = 'active' and a.removed_at is null)";
const SUSPEND: &str = "
    update users set state = 'suspended', last_event = ?4
    where school_id = ?1 and id = ?2 and removed_at is null and state = 'active' and exists (
      select 1 from users a
      where a.school_id = ?1 and a.id = ?3 and a.id <> ?2 and a.role = 'admin' and a.state = 'active' and a.removed_at is null)";
const RESTORE: &str = "
    update users set state = 'active', last_event = ?4
    where school_id = ?1 and id = ?2 and removed_at is null and state = 'suspended' and exists (
      select 1 from users a
      where a.school_id = ?1 and a.id = ?3 and a.id <> ?2 and a.role = 'admin' and a.state = 'active' and a.removed_at is null)";
const REMOVE: &str = "
    update users set removed_at = cast(?5 as integer), email = 'removed:' || id, display_name = '', password_hash = '',
      email_verified_at = null, last_event = ?4
    where school_id = ?1 and id = ?2 and removed_at is null and exists (
      select 1 from users a
      where a.school_id = ?1 and a.id = ?3 and a.id <> ?2 and a.role = 'admin' and a.state = 'active' and a.removed_at is null)";
/// What goes with a removed person.
const FORGET_RESETS: &str = "
    delete from password_resets where school_id = ?1 and user_id = (
      select id from users where school_id = ?1 and id = ?2 and removed_at is not null)";
const FORGET_IDENTITIES: &str = "
    delete from identities where school_id = ?1 and user_id = (
      select id from users where school_id = ?1 and id = ?2 and removed_at is not null)";
const LEAVE_CLASSES: &str = "
    delete from class_teachers where school_id = ?1 and user_id = (
      select id from users where school_id = ?1 and id = ?2 and removed_at is not null)";
const LEAVE_PUPILS: &str = "
    delete from guardians where user_school_id = ?1 and user_id = (
      select id from users where school_id = ?1 and id = ?2 and removed_at is not null)";
const FORGET_INVITATIONS: &str = "
    delete from invitations where school_id = ?1 and accepted_by = (
      select id from users where school_id = ?1 and id = ?2 and removed_at is not null)";
/// All sign-ins of somebody who may not come in.
const END_SIGN_INS: &str = "
    update sessions set ended_at = cast(?3 as integer), ended_why = ?4
    where school_id = ?1 and user_id = ?2 and ended_at is null and exists (
      select 1 from users where school_id = ?1 and id = ?2 and (state = 'suspended' or removed_at is not null))";
/// Those whose access tokens may be alive still, whoever ended them: a repeated request tells the list of them again.
const ENDED_LATELY: &str = "
    select id from sessions
    where school_id = ?1 and user_id = ?2 and ended_at > cast(?3 as integer)";
const AUDIT: &str = "
    insert into audit_events (id, school_id, at, actor_kind, actor_id, action, target_kind, target_id, reason, address, country,
      request_id, detail)
    select ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13 from users
    where school_id = ?2 and id = ?14 and last_event = ?1
    on conflict (id) do nothing";

/// Writes the event if it is the last one of the person.
pub(super) fn told(event: &AuditEvent, id: &UserId) -> Statement {
    Statement::new(AUDIT, audit::params(event).into_iter().chain([id.into()]))
}

/// What became of a change.
pub enum Changed {
    /// It is done, now or before.
    Done {
        /// The person.
        person: PersonRow,
        /// Their sign-ins that ended lately.
        ended: Vec<SignInId>,
        /// Whether this very call did it.
        is_new: bool,
    },
    /// There is no such person in the school.
    NotFound,
    /// The caller is no longer an admin.
    NotAdmin,
}

#[derive(Deserialize)]
struct IdRow {
    id: SignInId,
}

/// Changes a person, and ends their sign-ins if they may not come in any more.
pub async fn change(
    db: &dyn Database,
    (school, actor, target): (&SchoolId, &UserId, &UserId),
    change: Change,
    event: &AuditEvent,
) -> Result<Changed, DbError> {
    let named = || [Value::from(school), target.into()];
    let (sql, more): (&'static str, Option<Value>) = match change {
        Change::Role(role) => (SET_ROLE, Some(role.name().into())),
        Change::Suspend => (SUSPEND, None),
        Change::Restore => (RESTORE, None),
        Change::Remove => (REMOVE, Some(event.at.into())),
    };
    let write = named().into_iter().chain([actor.into(), (&event.id).into()]).chain(more);
    let mut statements = vec![Statement::new(sql, write), told(event, target)];
    if matches!(change, Change::Suspend | Change::Remove) {
        let why = if change == Change::Remove { "removed" } else { "suspended" };
        statements
            .push(Statement::new(END_SIGN_INS, named().into_iter().chain([event.at.into(), why.into()])));
    }
    if change == Change::Remove {
        let forget = [FORGET_RESETS, FORGET_IDENTITIES, LEAVE_CLASSES, LEAVE_PUPILS, FORGET_INVITATIONS];
        statements.extend(forget.map(|sql| Statement::new(sql, named())));
        statements.extend(factors::forget(school, target));
    }
    let since = event.at.plus_millis(-(ACCESS_TOKEN_S + 60) * 1000);
    statements.push(Statement::new(ENDED_LATELY, named().into_iter().chain([since.into()])));
    statements.push(Statement::new(BY_ID, named()));
    let mut results = db.batch(statements).await?;
    let person: Option<PersonRow> = decode_first(results.pop().unwrap_or_default())?;
    let ended: Vec<IdRow> = decode(results.pop().unwrap_or_default())?;
    Ok(match person {
        Some(person)
            if change.holds(&person) && (person.removed_at.is_none() || change == Change::Remove) =>
        {
            let is_new = person.last_event.as_ref() == Some(&event.id);
            Changed::Done { person, ended: ended.into_iter().map(|row| row.id).collect(), is_new }
        }
        Some(person) if person.removed_at.is_none() => Changed::NotAdmin,
        _ => Changed::NotFound,
    })
}
