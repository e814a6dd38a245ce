//! Invitations to a school. Whether one still holds is said by the view `open_invitations`; what accepting one does stands in
//! statements that follow its claim, in one batch.

use serde::Deserialize;

use super::{Page, audit, first, rows};
use crate::domain::audit::AuditEvent;
use crate::domain::ids::{ClassId, GuardianLinkId, InvitationId, SchoolId, SeatId, UserId};
use crate::domain::invitation::InvitationState;
use crate::domain::time::Timestamp;
use crate::domain::user::{Role, Scope};
use crate::ports::{Database, DbError, Statement, Value, decode_first};

/// The most open invitations of a school.
const MAX_OPEN: i64 = 1_000;

/// An invitation, for the staff.
#[derive(Clone, Debug, Deserialize)]
pub struct InvitationRow {
    /// The invitation.
    pub id: InvitationId,
    /// Of whom.
    pub email: String,
    /// As what.
    pub role: Role,
    /// To run this class, or as a parent of a pupil in it.
    pub class_id: Option<ClassId>,
    /// The pupil.
    pub seat_id: Option<SeatId>,
    /// By whom.
    pub invited_by: UserId,
    /// How it stands.
    pub state: InvitationState,
    /// Milliseconds.
    pub created_at: i64,
    /// Milliseconds.
    pub expires_at: i64,
}

/// A new invitation.
pub struct NewInvitation<'a> {
    /// Its id.
    pub id: &'a InvitationId,
    /// The school.
    pub school_id: &'a SchoolId,
    /// SHA-256 of what the link carries, hex.
    pub token_hash: &'a str,
    /// Of whom.
    pub email: &'a str,
    /// As what.
    pub role: Role,
    /// The class.
    pub class_id: Option<&'a ClassId>,
    /// The pupil and their name.
    pub seat: Option<(&'a SeatId, &'a str)>,
    /// By whom.
    pub invited_by: &'a UserId,
    /// When.
    pub at: Timestamp,
    /// Until when.
    pub expires_at: Timestamp,
}

/// The same again takes the place of the one before.
const REPLACE: &str = "
    update invitations set withdrawn_at = cast(?6 as integer)
    where school_id = ?1 and email = ?2 and role = ?3 and class_id is ?4 and seat_id is ?5 and accepted_at is null
      and withdrawn_at is null";
const INSERT: &str = "
    insert into invitations (id, school_id, token_hash, email, role, class_id, seat_id, seat_name, invited_by, created_at, expires_at,
      last_event)
    select ?2, id, ?3, ?4, ?5, ?6, ?7, ?8, ?9, cast(?10 as integer), cast(?11 as integer), ?12 from schools
    where id = ?1 and (?5 = 'parent' or is_personal = 0) and (
      select count(*) from invitations where school_id = ?1 and accepted_at is null and withdrawn_at is null
        and expires_at > cast(?10 as integer)) < cast(?13 as integer)";
/// Who may not invite has invited nobody.
const TAKE_BACK: &str = "
    delete from invitations where school_id = ?1 and id = ?2 and not exists (
      select 1 from open_invitations o where o.school_id = ?1 and o.id = ?2)";
const BY_ID: &str = "
    select i.id, i.email, i.role, i.class_id, i.seat_id, i.invited_by, i.created_at, i.expires_at,
      case when i.accepted_at is not null then 'accepted' when i.withdrawn_at is not null then 'withdrawn'
        when i.expires_at <= cast(?3 as integer) then 'expired'
        when o.id is null then 'withdrawn' else 'open' end as state
    from invitations i left join open_invitations o on o.id = i.id
    where i.school_id = ?1 and i.id = ?2 and (?4 is null or i.invited_by = ?4)";
const LIST: &str = "
    select i.id, i.email, i.role, i.class_id, i.seat_id, i.invited_by, i.created_at, i.expires_at,
      case when i.accepted_at is not null then 'accepted' when i.withdrawn_at is not null then 'withdrawn'
        when i.expires_at <= cast(?4 as integer) then 'expired'
        when o.id is null then 'withdrawn' else 'open' end as state
    from invitations i left join open_invitations o on o.id = i.id
    where i.school_id = ?1 and (?2 is null or i.invited_by = ?2) and (?3 is null or i.id < ?3)
    order by i.id desc limit cast(?5 as integer)";
const WITHDRAW: &str = "
    update invitations set withdrawn_at = cast(?3 as integer), last_event = ?4
    where school_id = ?1 and id = ?2 and (?5 is null or invited_by = ?5) and accepted_at is null and withdrawn_at is null";
const AUDIT: &str = "
    insert into audit_events (id, school_id, at, actor_kind, actor_id, action, target_kind, target_id, reason, address, country,
      request_id, detail)
    select ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13 from invitations
    where school_id = ?2 and id = ?14 and last_event = ?1
    on conflict (id) do nothing";

/// Writes the event if it is the last one of the invitation.
fn told(event: &AuditEvent, id: &InvitationId) -> Statement {
    Statement::new(AUDIT, audit::params(event).into_iter().chain([id.into()]))
}

/// Adds an invitation. Nothing when the inviter may not, or the school has too many.
pub async fn insert(
    db: &dyn Database,
    new: &NewInvitation<'_>,
    event: &AuditEvent,
) -> Result<Option<InvitationRow>, DbError> {
    let (seat_id, seat_name) = new.seat.unzip();
    let replace = [
        Value::from(new.school_id),
        new.email.into(),
        new.role.name().into(),
        new.class_id.into(),
        seat_id.into(),
        new.at.into(),
    ];
    let insert = [
        Value::from(new.school_id),
        new.id.into(),
        new.token_hash.into(),
        new.email.into(),
        new.role.name().into(),
        new.class_id.into(),
        seat_id.into(),
        seat_name.into(),
        new.invited_by.into(),
        new.at.into(),
        new.expires_at.into(),
        (&event.id).into(),
        MAX_OPEN.into(),
    ];
    let statements = vec![
        Statement::new(REPLACE, replace),
        Statement::new(INSERT, insert),
        Statement::new(TAKE_BACK, [new.school_id.into(), new.id.into()]),
        told(event, new.id),
        Statement::new(BY_ID, [new.school_id.into(), new.id.into(), new.at.into(), Value::Null]),
    ];
    super::last_row(db, statements).await
}

/// A page of the invitations that somebody sees, newest first.
pub async fn list(
    db: &dyn Database,
    scope: &Scope,
    page: &Page,
    now: Timestamp,
) -> Result<Vec<InvitationRow>, DbError> {
    let params = vec![
        (&scope.school_id).into(),
        scope.owner_id.as_ref().into(),
        page.before.as_deref().into(),
        now.into(),
        page.limit.into(),
    ];
    rows(db, LIST, params).await
}

/// Withdraws an invitation. Gives it as it is now.
pub async fn withdraw(
    db: &dyn Database,
    scope: &Scope,
    id: &InvitationId,
    event: &AuditEvent,
) -> Result<Option<InvitationRow>, DbError> {
    let owner = || Value::from(scope.owner_id.as_ref());
    let named = || [Value::from(&scope.school_id), id.into(), event.at.into()];
    let statements = vec![
        Statement::new(WITHDRAW, named().into_iter().chain([(&event.id).into(), owner()])),
        told(event, id),
        Statement::new(BY_ID, named().into_iter().chain([owner()])),
    ];
    super::last_row(db, statements).await
}

/// An open invitation, for whoever has its link.
#[derive(Clone, Debug, Deserialize)]
pub struct PresentedInvitation {
    /// The invitation.
    pub id: InvitationId,
    /// To which school.
    pub school_id: SchoolId,
    /// The school's name.
    pub school_name: String,
    /// Of whom.
    pub email: String,
    /// As what.
    pub role: Role,
    /// The class's name.
    pub class_name: Option<String>,
    /// The pupil's name.
    pub seat_name: Option<String>,
    /// The account of the address, if there is one.
    pub user_id: Option<UserId>,
    /// Its school.
    pub user_school_id: Option<SchoolId>,
    /// Its role.
    pub user_role: Option<Role>,
    /// Its state.
    pub user_state: Option<String>,
}

const PRESENTED: &str = "
    select i.id, i.school_id, s.name as school_name, i.email, i.role, c.name as class_name, i.seat_name, u.id as user_id,
      u.school_id as user_school_id, u.role as user_role, u.state as user_state
    from invitations i
    join open_invitations o on o.id = i.id
    join schools s on s.id = i.school_id
    left join classes c on c.id = i.class_id
    left join users u on u.email = i.email and u.removed_at is null
    where i.token_hash = ?1 and i.expires_at > cast(?2 as integer)";

/// Finds an open invitation by the hash of what its link carries.
pub async fn presented(
    db: &dyn Database,
    token_hash: &str,
    now: Timestamp,
) -> Result<Option<PresentedInvitation>, DbError> {
    first(db, PRESENTED, vec![token_hash.into(), now.into()]).await
}

/// An account of the school takes it: a parent as a parent, the staff as staff.
const CLAIM: &str = "
    update invitations set accepted_at = cast(?3 as integer), accepted_by = ?4, last_event = ?5
    where school_id = ?1 and id = ?2 and expires_at > cast(?3 as integer)
      and exists (select 1 from open_invitations o where o.school_id = ?1 and o.id = ?2)
      and exists (
        select 1 from users u
        where u.school_id = ?1 and u.id = ?4 and u.email = invitations.email and u.state = 'active' and u.removed_at is null
          and (u.role = 'parent') = (invitations.role = 'parent'))";
/// Nobody has the address yet.
const CLAIM_NEW: &str = "
    update invitations set accepted_at = cast(?3 as integer), accepted_by = ?4, last_event = ?5
    where school_id = ?1 and id = ?2 and expires_at > cast(?3 as integer)
      and exists (select 1 from open_invitations o where o.school_id = ?1 and o.id = ?2)
      and not exists (select 1 from users u where u.email = invitations.email)";
const MAKE_USER: &str = "
    insert into users (id, school_id, email, display_name, role, password_hash, email_verified_at, created_at)
    select accepted_by, school_id, email, ?4, role, ?5, accepted_at, accepted_at from invitations
    where school_id = ?1 and id = ?2 and last_event = ?3";
const RAISE: &str = "
    update users set role = 'admin', last_event = ?3
    where school_id = ?1 and role = 'teacher' and id = (
      select accepted_by from invitations where school_id = ?1 and id = ?2 and last_event = ?3 and role = 'admin')";
const JOIN_CLASS: &str = "
    insert into class_teachers (class_id, user_id, school_id, added_at)
    select i.class_id, i.accepted_by, i.school_id, i.accepted_at from invitations i
    where i.school_id = ?1 and i.id = ?2 and i.last_event = ?3 and i.role = 'teacher' and i.class_id is not null
      and not exists (
        select 1 from class_staff s where s.school_id = ?1 and s.class_id = i.class_id and s.user_id = i.accepted_by)";
const JOIN_PUPIL: &str = "
    insert into guardians (id, school_id, class_id, seat_id, display_name, user_school_id, user_id, created_at, last_event)
    select ?4, i.school_id, i.class_id, i.seat_id, coalesce(i.seat_name, ''), i.school_id, i.accepted_by, i.accepted_at, ?3
    from invitations i
    where i.school_id = ?1 and i.id = ?2 and i.last_event = ?3 and i.role = 'parent' and i.class_id is not null
      and i.seat_id is not null
    on conflict (class_id, seat_id, user_id) do nothing";
const CLAIMED: &str = "
    select id from invitations where school_id = ?1 and id = ?2 and last_event = ?3";

/// Who accepts.
pub struct Accepting<'a> {
    /// The person: their account, or the one that will be theirs.
    pub user: &'a UserId,
    /// Name and password hash of a new account.
    pub new: Option<(&'a str, &'a str)>,
    /// For a parent's link to the pupil.
    pub link: &'a GuardianLinkId,
}

#[derive(Deserialize)]
struct ClaimedRow {
    #[serde(rename = "id")]
    _id: InvitationId,
}

/// Accepts an invitation, once. False when it no longer holds, or does not fit the account of the address any more.
pub async fn accept(
    db: &dyn Database,
    invitation: &PresentedInvitation,
    accepting: &Accepting<'_>,
    event: &AuditEvent,
) -> Result<bool, DbError> {
    let named = || [Value::from(&invitation.school_id), (&invitation.id).into()];
    let follow = || named().into_iter().chain([Value::from(&event.id)]);
    let claim = if accepting.new.is_some() { CLAIM_NEW } else { CLAIM };
    let claimant = [event.at.into(), accepting.user.into(), (&event.id).into()];
    let mut statements = vec![Statement::new(claim, named().into_iter().chain(claimant))];
    if let Some((name, password_hash)) = accepting.new {
        statements.push(Statement::new(MAKE_USER, follow().chain([name.into(), password_hash.into()])));
    }
    statements.extend([
        Statement::new(RAISE, follow()),
        Statement::new(JOIN_CLASS, follow()),
        Statement::new(JOIN_PUPIL, follow().chain([accepting.link.into()])),
        told(event, &invitation.id),
        Statement::new(CLAIMED, follow()),
    ]);
    let mut results = db.batch(statements).await?;
    let claimed: Option<ClaimedRow> = decode_first(results.pop().unwrap_or_default())?;
    Ok(claimed.is_some())
}
