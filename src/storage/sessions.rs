//! Sign-ins and their refresh tokens. Every rule that two requests could race for stands in a statement.

use serde::Deserialize;

use super::{audit, rows};
use crate::domain::audit::AuditEvent;
use crate::domain::ids::{SchoolId, SignInId, UserId};
use crate::domain::refresh::{Facts, GRACE_MS, REFRESH_TOKEN_MS, SESSION_MS};
use crate::domain::time::Timestamp;
use crate::domain::user::{Identity, Role};
use crate::ports::{Database, DbError, Statement, Value, decode, decode_first};

/// The most sign-ins of a person at a time; the oldest one gives way.
const MAX_SESSIONS: i64 = 20;

/// A new sign-in.
pub struct NewSession<'a> {
    /// Its id.
    pub id: &'a SignInId,
    /// The school.
    pub school_id: &'a SchoolId,
    /// Whose.
    pub user_id: &'a UserId,
    /// Hash of the first refresh token.
    pub token_hash: &'a str,
    /// The device in words.
    pub device: &'a str,
    /// The country, if known.
    pub country: Option<&'a str>,
    /// When.
    pub at: Timestamp,
}

const CREATE: &str = "
    insert into sessions (id, school_id, user_id, device, country, created_at, authenticated_at, last_used_at, expires_at)
    select ?1, ?2, ?3, ?4, ?5, cast(?6 as integer), cast(?6 as integer), cast(?6 as integer), cast(?7 as integer)
    from users
    where school_id = ?2 and id = ?3 and state = 'active' and removed_at is null and email_verified_at is not null
    returning id";
const FIRST_TOKEN: &str = "
    insert into refresh_tokens (token_hash, session_id, school_id, issued_at, expires_at)
    select ?1, id, school_id, cast(?4 as integer), cast(?5 as integer) from sessions where school_id = ?2 and id = ?3";
const GIVE_WAY: &str = "
    update sessions set ended_at = cast(?3 as integer), ended_why = 'ended_elsewhere'
    where school_id = ?1 and id in (
      select id from sessions where school_id = ?1 and user_id = ?2 and ended_at is null
      order by last_used_at desc, id desc limit -1 offset cast(?4 as integer))
    returning id";
const SEEN: &str = "
    update users set last_seen_at = cast(?3 as integer) where school_id = ?1 and id = ?2";

#[derive(Deserialize)]
struct IdRow {
    id: SignInId,
}

fn ids(rows: Vec<crate::ports::Row>) -> Result<Vec<SignInId>, DbError> {
    Ok(decode::<IdRow>(rows)?.into_iter().map(|row| row.id).collect())
}

/// What became of a sign-in.
pub struct Created {
    /// Whether the person may sign in: suspended and removed ones may not.
    pub is_created: bool,
    /// Older sign-ins that gave way.
    pub ended: Vec<SignInId>,
}

/// Starts a sign-in, with `also` in the same batch. Nothing happens for somebody who may not sign in.
pub async fn create(
    db: &dyn Database,
    new: &NewSession<'_>,
    event: &AuditEvent,
    also: Vec<Statement>,
) -> Result<Created, DbError> {
    let expires = |ms| new.at.plus_millis(ms);
    let create = [
        new.id.into(),
        new.school_id.into(),
        new.user_id.into(),
        new.device.into(),
        new.country.into(),
        new.at.into(),
        expires(SESSION_MS).into(),
    ];
    let token = [
        new.token_hash.into(),
        new.school_id.into(),
        new.id.into(),
        new.at.into(),
        expires(REFRESH_TOKEN_MS).into(),
    ];
    let give_way = [new.school_id.into(), new.user_id.into(), new.at.into(), MAX_SESSIONS.into()];
    let mut statements = vec![
        Statement::new(CREATE, create),
        Statement::new(GIVE_WAY, give_way),
        Statement::new(FIRST_TOKEN, token),
        Statement::new(SEEN, [new.school_id.into(), new.user_id.into(), new.at.into()]),
        audit::insert_if_session(event, new.id),
    ];
    statements.extend(also);
    let mut results = db.batch(statements).await?.into_iter();
    let created = ids(results.next().unwrap_or_default())?;
    Ok(Created { is_created: !created.is_empty(), ended: ids(results.next().unwrap_or_default())? })
}

/// A presented token and all that hangs on it.
#[derive(Clone, Debug, Deserialize)]
pub struct PresentedRow {
    /// The sign-in.
    pub session_id: SignInId,
    /// The school.
    pub school_id: SchoolId,
    /// Whose.
    pub user_id: UserId,
    /// Their address.
    pub email: String,
    /// Their name, as it is now.
    pub display_name: String,
    /// Their role, as it is now.
    pub role: Role,
    /// When they last proved who they are.
    pub authenticated_at: i64,
    /// Whether their school wants a second factor of its staff.
    pub require_second_factor: i64,
    /// Confirmed second factors.
    pub factors: i64,
    /// The device in words.
    pub device: String,
    /// The country of the sign-in.
    pub country: Option<String>,
    replaced_by: Option<String>,
    replaced_at: Option<i64>,
    is_successor_replaced: i64,
    session_expires_at: i64,
    is_ended: i64,
    is_stolen: i64,
    is_owner_active: i64,
}

impl PresentedRow {
    /// Whether the family was ended because an old token of it came again, now or before.
    pub const fn is_stolen(&self) -> bool {
        self.is_stolen != 0
    }

    /// What the decision needs.
    pub fn facts(&self) -> Facts {
        Facts {
            replaced_by: self.replaced_by.clone(),
            replaced_at: self.replaced_at.map(Timestamp::from_millis),
            is_successor_replaced: self.is_successor_replaced != 0,
            session_expires_at: Timestamp::from_millis(self.session_expires_at),
            is_ended: self.is_ended != 0,
            is_owner_active: self.is_owner_active != 0,
        }
    }
}

/// An old token that comes after the grace ends its family. The tombstone stays, so the next try fails too.
const END_IF_REUSED: &str = "
    update sessions set ended_at = cast(?2 as integer), ended_why = 'token_reused'
    where ended_at is null and id = (
      select session_id from refresh_tokens
      where token_hash = ?1 and replaced_at is not null and replaced_at < cast(?2 as integer) - cast(?3 as integer))
    returning id";
const REPLACE: &str = "
    update refresh_tokens set replaced_by = ?2, replaced_at = cast(?3 as integer)
    where token_hash = ?1 and replaced_by is null and expires_at > cast(?3 as integer) and exists (
      select 1 from sessions s join users u on u.id = s.user_id
      where s.id = session_id and s.ended_at is null and s.expires_at > cast(?3 as integer)
        and u.state = 'active' and u.removed_at is null)";
const SUCCEED: &str = "
    insert into refresh_tokens (token_hash, session_id, school_id, issued_at, expires_at)
    select ?2, session_id, school_id, cast(?3 as integer), cast(?4 as integer) from refresh_tokens
    where token_hash = ?1 and replaced_by = ?2 and replaced_at = cast(?3 as integer)
    on conflict (token_hash) do nothing";
const TOUCH: &str = "
    update sessions set last_used_at = max(last_used_at, cast(?3 as integer))
    where id = (
      select session_id from refresh_tokens where token_hash = ?1 and replaced_by = ?2 and replaced_at = cast(?3 as integer))";
const PRESENTED: &str = "
    select s.id as session_id, s.school_id, s.user_id, u.email, u.display_name, u.role, s.authenticated_at, s.device,
      s.country, c.require_second_factor, t.replaced_by, t.replaced_at,
      coalesce(n.replaced_by is not null, 0) as is_successor_replaced, s.expires_at as session_expires_at,
      (select count(*) from factors f
        where f.school_id = u.school_id and f.user_id = u.id and f.confirmed_at is not null) as factors,
      s.ended_at is not null as is_ended, coalesce(s.ended_why = 'token_reused', 0) as is_stolen, u.state = 'active' and u.removed_at is null as is_owner_active
    from refresh_tokens t
    join sessions s on s.id = t.session_id
    join users u on u.id = s.user_id
    join schools c on c.id = s.school_id
    left join refresh_tokens n on n.token_hash = t.replaced_by
    where t.token_hash = ?1";

/// What one batch did with a presented token.
pub struct Presented {
    /// The token, if there is one of this hash.
    pub row: Option<PresentedRow>,
    /// This very call ended the family.
    pub has_ended: bool,
}

/// Presents a token: ends its family if it is an old one, replaces it if it is the live one, and says how it stands.
pub async fn present(
    db: &dyn Database,
    token_hash: &str,
    successor_hash: &str,
    now: Timestamp,
) -> Result<Presented, DbError> {
    let pair = || [Value::from(token_hash), successor_hash.into(), now.into()];
    let succeed = pair().into_iter().chain([now.plus_millis(REFRESH_TOKEN_MS).into()]);
    let statements = vec![
        Statement::new(END_IF_REUSED, [token_hash.into(), now.into(), GRACE_MS.into()]),
        Statement::new(REPLACE, pair()),
        Statement::new(SUCCEED, succeed),
        Statement::new(TOUCH, pair()),
        Statement::new(PRESENTED, [token_hash.into()]),
    ];
    let mut results = db.batch(statements).await?;
    let row = decode_first(results.pop().unwrap_or_default())?;
    Ok(Presented { row, has_ended: results.first().is_some_and(|ended| !ended.is_empty()) })
}

/// Why sign-ins end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndedWhy {
    /// Their owner signed out.
    SignedOut,
    /// Their owner ended them from another one.
    EndedElsewhere,
    /// The person was suspended.
    Suspended,
    /// The person was removed.
    Removed,
}

impl EndedWhy {
    const fn name(self) -> &'static str {
        match self {
            Self::SignedOut => "signed_out",
            Self::EndedElsewhere => "ended_elsewhere",
            Self::Suspended => "suspended",
            Self::Removed => "removed",
        }
    }
}

const END_ONE: &str = "
    update sessions set ended_at = cast(?4 as integer), ended_why = ?5
    where school_id = ?1 and user_id = ?2 and id = ?3 and ended_at is null
    returning id";
const END_ALL: &str = "
    update sessions set ended_at = cast(?4 as integer), ended_why = ?5
    where school_id = ?1 and user_id = ?2 and id is not ?3 and ended_at is null
    returning id";

/// Ends one sign-in of a person. Its rows are the ids that were ended.
pub fn end_one(school: &SchoolId, user: &UserId, id: &SignInId, why: EndedWhy, now: Timestamp) -> Statement {
    Statement::new(END_ONE, [school.into(), user.into(), id.into(), now.into(), why.name().into()])
}

/// Ends all sign-ins of a person, but one. Its rows are the ids that were ended.
pub fn end_all(
    school: &SchoolId,
    user: &UserId,
    but: Option<&SignInId>,
    why: EndedWhy,
    now: Timestamp,
) -> Statement {
    Statement::new(END_ALL, [school.into(), user.into(), but.into(), now.into(), why.name().into()])
}

/// Runs a statement of `end_one` or `end_all` with its event, and gives the sign-ins that it ended.
pub async fn end(db: &dyn Database, end: Statement, event: &AuditEvent) -> Result<Vec<SignInId>, DbError> {
    let results = db.batch(vec![end, audit::insert(event)]).await?;
    ids(results.into_iter().next().unwrap_or_default())
}

/// A sign-in, for the list of its owner.
#[derive(Clone, Debug, Deserialize)]
pub struct SessionRow {
    /// The sign-in.
    pub id: SignInId,
    /// The device in words.
    pub device: String,
    /// The country, if known.
    pub country: Option<String>,
    /// When.
    pub created_at: i64,
    /// When it was refreshed last.
    pub last_used_at: i64,
}

const LIST: &str = "
    select s.id, s.device, s.country, s.created_at, s.last_used_at from sessions s
    where s.school_id = ?1 and s.user_id = ?2 and s.ended_at is null and s.expires_at > cast(?3 as integer) and exists (
      select 1 from refresh_tokens t
      where t.session_id = s.id and t.replaced_by is null and t.expires_at > cast(?3 as integer))
    order by s.last_used_at desc, s.id desc";

/// The living sign-ins of a person, the last used first.
pub async fn list(
    db: &dyn Database,
    school: &SchoolId,
    user: &UserId,
    now: Timestamp,
) -> Result<Vec<SessionRow>, DbError> {
    rows(db, LIST, vec![school.into(), user.into(), now.into()]).await
}

const BY_TOKEN: &str = "
    select s.id, s.school_id, s.user_id from sessions s join refresh_tokens t on t.session_id = s.id
    where t.token_hash = ?1";

/// The sign-in of a refresh token, living or not.
#[derive(Clone, Debug, Deserialize)]
pub struct OwnedSession {
    /// The sign-in.
    pub id: SignInId,
    /// The school.
    pub school_id: SchoolId,
    /// Whose.
    pub user_id: UserId,
}

/// Finds the sign-in of a refresh token.
pub async fn by_token(db: &dyn Database, token_hash: &str) -> Result<Option<OwnedSession>, DbError> {
    super::first(db, BY_TOKEN, vec![token_hash.into()]).await
}

const OWNED: &str = "
    select id, school_id, user_id from sessions where school_id = ?1 and user_id = ?2 and id = ?3";

/// One sign-in of a person, living or not.
pub async fn owned(
    db: &dyn Database,
    school: &SchoolId,
    user: &UserId,
    id: &SignInId,
) -> Result<Option<OwnedSession>, DbError> {
    super::first(db, OWNED, vec![school.into(), user.into(), id.into()]).await
}

const HOLDS: &str = "
    select s.id from sessions s join users u on u.id = s.user_id
    where s.school_id = ?1 and s.user_id = ?2 and s.id = ?3 and s.ended_at is null
      and u.role = ?4 and u.state = 'active' and u.removed_at is null";

/// Whether what an access token says still holds: for what outlives the token.
pub async fn is_held(db: &dyn Database, caller: &Identity) -> Result<bool, DbError> {
    let rows = db.batch(vec![holds(caller)]).await?;
    Ok(rows.first().is_some_and(|rows| !rows.is_empty()))
}

/// Gives a row while what an access token says still holds.
pub(super) fn holds(caller: &Identity) -> Statement {
    let Identity { school_id, user_id, sign_in_id, role, .. } = caller;
    Statement::new(HOLDS, [school_id.into(), user_id.into(), sign_in_id.into(), role.name().into()])
}

const PROVED: &str = "
    update sessions set authenticated_at = max(authenticated_at, cast(?4 as integer))
    where school_id = ?1 and user_id = ?2 and id = ?3 and ended_at is null";

/// The person proved again who they are; `also` happens with it or not at all.
pub async fn proved(
    db: &dyn Database,
    caller: &Identity,
    event: &AuditEvent,
    now: Timestamp,
    also: Vec<Statement>,
) -> Result<(), DbError> {
    let params =
        [(&caller.school_id).into(), (&caller.user_id).into(), (&caller.sign_in_id).into(), now.into()];
    let mut statements = vec![Statement::new(PROVED, params), audit::insert(event)];
    statements.extend(also);
    db.batch(statements).await?;
    Ok(())
}
