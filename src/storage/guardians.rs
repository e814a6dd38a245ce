//! Parents of pupils: the codes that link them, the links, and what a parent may see of a pupil.

use serde::Deserialize;
use serde_json::json;

use super::{Page, audit, first, rows};
use crate::domain::audit::AuditEvent;
use crate::domain::ids::{ClassId, GuardianLinkId, SchoolId, SeatId, SessionId, UserId};
use crate::domain::time::Timestamp;
use crate::domain::user::{Identity, Scope};
use crate::ports::{Database, DbError, Statement, Value};

/// The most unused codes of a pupil: one for each grown-up of a household; older ones give way.
const MAX_CODES: i64 = 4;

/// A new code.
pub struct NewCode<'a> {
    /// Its MAC, hex.
    pub code_hash: &'a str,
    /// The school.
    pub school_id: &'a SchoolId,
    /// The class.
    pub class_id: &'a ClassId,
    /// The pupil.
    pub seat_id: &'a SeatId,
    /// The pupil's name.
    pub display_name: &'a str,
    /// When.
    pub at: Timestamp,
    /// Until when.
    pub expires_at: Timestamp,
}

const ADD_CODE: &str = "
    insert into guardian_codes (code_hash, school_id, class_id, seat_id, display_name, created_at, expires_at)
    values (?1, ?2, ?3, ?4, ?5, cast(?6 as integer), cast(?7 as integer))";
const DROP_OLD_CODES: &str = "
    delete from guardian_codes
    where school_id = ?1 and class_id = ?2 and seat_id = ?3 and used_at is null and code_hash not in (
      select code_hash from guardian_codes where school_id = ?1 and class_id = ?2 and seat_id = ?3 and used_at is null
      order by created_at desc, code_hash limit cast(?4 as integer))";

/// Adds a code.
pub async fn add_code(db: &dyn Database, new: &NewCode<'_>, event: &AuditEvent) -> Result<(), DbError> {
    let seat = || [Value::from(new.school_id), new.class_id.into(), new.seat_id.into()];
    let add = [Value::from(new.code_hash)].into_iter().chain(seat()).chain([
        new.display_name.into(),
        new.at.into(),
        new.expires_at.into(),
    ]);
    let statements = vec![
        Statement::new(ADD_CODE, add),
        Statement::new(DROP_OLD_CODES, seat().into_iter().chain([MAX_CODES.into()])),
        audit::insert(event),
    ];
    db.batch(statements).await?;
    Ok(())
}

/// A code, used or not.
#[derive(Clone, Debug, Deserialize)]
pub struct CodeRow {
    /// Its MAC.
    pub code_hash: String,
    /// The school.
    pub school_id: SchoolId,
    /// The class.
    pub class_id: ClassId,
    /// The pupil.
    pub seat_id: SeatId,
    /// By whom.
    pub used_by: Option<UserId>,
    /// Milliseconds.
    pub expires_at: i64,
}

const BY_CODE: &str = "
    select code_hash, school_id, class_id, seat_id, used_by, expires_at from guardian_codes
    where code_hash in (select value from json_each(?1))";

/// Finds a code by its MACs under the keys that there are.
pub async fn by_code(db: &dyn Database, hashes: &[String]) -> Result<Option<CodeRow>, DbError> {
    first(db, BY_CODE, vec![json!(hashes).to_string().into()]).await
}

/// That somebody is a pupil's parent.
#[derive(Clone, Debug, Deserialize)]
pub struct LinkRow {
    /// The link.
    pub id: GuardianLinkId,
    /// The school of the class.
    pub school_id: SchoolId,
    /// The class.
    pub class_id: ClassId,
    /// Its name.
    pub class_name: String,
    /// The pupil.
    pub seat_id: SeatId,
    /// The pupil's name.
    pub display_name: String,
    /// The parent's name.
    pub guardian_name: String,
    /// Milliseconds.
    pub created_at: i64,
}

const USE_CODE: &str = "
    update guardian_codes set used_at = cast(?3 as integer), used_by = ?4
    where school_id = ?1 and code_hash = ?2 and used_at is null and expires_at > cast(?3 as integer) and exists (
      select 1 from users u
      where u.school_id = ?5 and u.id = ?4 and u.role = 'parent' and u.state = 'active' and u.removed_at is null)";
/// Only the very call that used the code: a used one never links again.
const LINK: &str = "
    insert into guardians (id, school_id, class_id, seat_id, display_name, user_school_id, user_id, created_at, last_event)
    select ?6, school_id, class_id, seat_id, display_name, ?5, ?4, used_at, ?7 from guardian_codes
    where school_id = ?1 and code_hash = ?2 and used_at = cast(?3 as integer) and used_by = ?4
    on conflict (class_id, seat_id, user_id) do nothing";
const AUDIT: &str = "
    insert into audit_events (id, school_id, at, actor_kind, actor_id, action, target_kind, target_id, reason, address, country,
      request_id, detail)
    select ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13 from guardians
    where school_id = ?2 and id = ?14 and last_event = ?1
    on conflict (id) do nothing";
const OF_PARENT_AND_SEAT: &str = "
    select g.id, g.school_id, g.class_id, c.name as class_name, g.seat_id, coalesce(s.display_name, g.display_name) as display_name,
      u.display_name as guardian_name, g.created_at
    from guardians g join classes c on c.id = g.class_id join users u on u.id = g.user_id
    left join seats s on s.class_id = g.class_id and s.seat_id = g.seat_id
    where g.user_school_id = ?1 and g.user_id = ?2 and g.class_id = ?3 and g.seat_id = ?4";

/// Uses a code for a parent. Gives the link that the parent has now: also when this very parent used the code before.
pub async fn link(
    db: &dyn Database,
    code: &CodeRow,
    parent: &Identity,
    id: &GuardianLinkId,
    event: &AuditEvent,
) -> Result<Option<LinkRow>, DbError> {
    let using = || {
        [
            Value::from(&code.school_id),
            code.code_hash.as_str().into(),
            event.at.into(),
            (&parent.user_id).into(),
            (&parent.school_id).into(),
        ]
    };
    let find = [
        Value::from(&parent.school_id),
        (&parent.user_id).into(),
        (&code.class_id).into(),
        (&code.seat_id).into(),
    ];
    let statements = vec![
        Statement::new(USE_CODE, using()),
        Statement::new(LINK, using().into_iter().chain([id.into(), (&event.id).into()])),
        Statement::new(AUDIT, audit::params(event).into_iter().chain([id.into()])),
        Statement::new(OF_PARENT_AND_SEAT, find),
    ];
    super::last_row(db, statements).await
}

const OF_PARENT: &str = "
    select g.id, g.school_id, g.class_id, c.name as class_name, g.seat_id, coalesce(s.display_name, g.display_name) as display_name,
      u.display_name as guardian_name, g.created_at
    from guardians g join classes c on c.id = g.class_id join users u on u.id = g.user_id
    left join seats s on s.class_id = g.class_id and s.seat_id = g.seat_id
    where g.user_school_id = ?1 and g.user_id = ?2 and (?3 is null or g.id < ?3) and (?4 is null or g.id = ?4)
    order by g.id desc limit cast(?5 as integer)";
const OF_CLASS: &str = "
    select g.id, g.school_id, g.class_id, c.name as class_name, g.seat_id, coalesce(s.display_name, g.display_name) as display_name,
      u.display_name as guardian_name, g.created_at
    from guardians g join classes c on c.id = g.class_id join users u on u.id = g.user_id
    left join seats s on s.class_id = g.class_id and s.seat_id = g.seat_id
    where g.school_id = ?1 and g.class_id = ?2 and (?3 is null or g.id < ?3)
    order by g.id desc limit cast(?4 as integer)";
/// Of a class that the caller runs.
const OF_STAFF: &str = "
    select g.id, g.school_id, g.class_id, c.name as class_name, g.seat_id, coalesce(s.display_name, g.display_name) as display_name,
      u.display_name as guardian_name, g.created_at
    from guardians g join classes c on c.id = g.class_id join users u on u.id = g.user_id
    left join seats s on s.class_id = g.class_id and s.seat_id = g.seat_id
    where g.school_id = ?1 and g.id = ?3 and (?2 is null or exists (
      select 1 from class_staff t where t.school_id = ?1 and t.class_id = g.class_id and t.user_id = ?2))";

/// A page of the links of a parent, newest first.
pub async fn of_parent(db: &dyn Database, parent: &Identity, page: &Page) -> Result<Vec<LinkRow>, DbError> {
    let params = vec![
        (&parent.school_id).into(),
        (&parent.user_id).into(),
        page.before.as_deref().into(),
        Value::Null,
        page.limit.into(),
    ];
    rows(db, OF_PARENT, params).await
}

/// One link of a parent.
pub async fn one_of_parent(
    db: &dyn Database,
    parent: &Identity,
    id: &GuardianLinkId,
) -> Result<Option<LinkRow>, DbError> {
    let params = vec![(&parent.school_id).into(), (&parent.user_id).into(), Value::Null, id.into(), 1.into()];
    first(db, OF_PARENT, params).await
}

/// A page of the links of a class, newest first.
pub async fn of_class(
    db: &dyn Database,
    school: &SchoolId,
    class: &ClassId,
    page: &Page,
) -> Result<Vec<LinkRow>, DbError> {
    let params = vec![school.into(), class.into(), page.before.as_deref().into(), page.limit.into()];
    rows(db, OF_CLASS, params).await
}

/// One link of a class that a teacher runs.
pub async fn one_of_staff(
    db: &dyn Database,
    scope: &Scope,
    id: &GuardianLinkId,
) -> Result<Option<LinkRow>, DbError> {
    let params = vec![(&scope.school_id).into(), scope.owner_id.as_ref().into(), id.into()];
    first(db, OF_STAFF, params).await
}

const MARK: &str = "
    update guardians set last_event = ?3 where school_id = ?1 and id = ?2";
const UNLINK: &str = "
    delete from guardians where school_id = ?1 and id = ?2 and last_event = ?3";

/// Takes a link away; the event is written if it was there.
pub async fn unlink(
    db: &dyn Database,
    school: &SchoolId,
    id: &GuardianLinkId,
    event: &AuditEvent,
) -> Result<(), DbError> {
    let named = || [Value::from(school), id.into(), (&event.id).into()];
    let statements = vec![
        Statement::new(MARK, named()),
        Statement::new(AUDIT, audit::params(event).into_iter().chain([id.into()])),
        Statement::new(UNLINK, named()),
    ];
    db.batch(statements).await?;
    Ok(())
}

/// A pupil's part of a session: as JSON, the head of the sheet and the pupil's own row.
#[derive(Clone, Debug, Deserialize)]
pub struct PupilSheetRow {
    /// The session.
    pub id: SessionId,
    /// A `SheetHead`.
    pub head: String,
    /// A `SheetRow`.
    pub row: String,
}

/// Nothing of another pupil leaves the database.
const SHEETS: &str = "
    select l.id, l.body as head, pupil.value as row
    from live_sessions l join session_sheets p on p.session_id = l.id, json_each(p.body) pupil
    where l.school_id = ?1 and l.class_id = ?2 and p.school_id = ?1 and pupil.value ->> 'seat_id' = ?3
      and (?4 is null or l.id < ?4)
    order by l.id desc limit cast(?5 as integer)";

/// A page of a pupil's own results, newest first, as the room reported them.
pub async fn sheets(
    db: &dyn Database,
    school: &SchoolId,
    class: &ClassId,
    seat: &SeatId,
    page: &Page,
) -> Result<Vec<PupilSheetRow>, DbError> {
    let params =
        vec![school.into(), class.into(), seat.into(), page.before.as_deref().into(), page.limit.into()];
    rows(db, SHEETS, params).await
}
