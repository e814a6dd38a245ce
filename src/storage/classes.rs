//! Classes.

use serde::Deserialize;

use super::{IdempotencyRecord, Page, Written, audit, first, keep_key, last_row, rows, sessions};
use crate::domain::audit::AuditEvent;
use crate::domain::class::JoinPolicy;
use crate::domain::ids::{ClassId, SchoolId, SessionId, UserId};
use crate::domain::time::Timestamp;
use crate::domain::user::{Identity, Scope};
use crate::ports::{Database, DbError, Statement, Value};
use crate::rooms::ClassFacts;

/// A class.
#[derive(Clone, Debug, Deserialize)]
pub struct ClassRow {
    /// The class.
    pub id: ClassId,
    /// Its school.
    pub school_id: SchoolId,
    /// Who teaches it.
    pub teacher_id: UserId,
    /// Name.
    pub name: String,
    /// Subject.
    pub subject: String,
    /// School year.
    pub grade_level: i64,
    /// The most seats.
    pub capacity: i64,
    /// How pupils come in.
    pub join_policy: JoinPolicy,
    /// What pupils type; none while it is closed.
    pub join_code: Option<String>,
    /// The room's name.
    pub room_key: String,
    /// What the room knows of its webhooks, as JSON.
    pub webhooks: String,
    /// Counts the changes.
    pub revision: i64,
    /// Milliseconds.
    pub created_at: i64,
    /// Milliseconds.
    pub updated_at: i64,
}

impl ClassRow {
    /// What the room must know.
    pub fn facts(&self) -> ClassFacts {
        ClassFacts {
            class_id: self.id.clone(),
            school_id: self.school_id.clone(),
            teacher_id: self.teacher_id.clone(),
            room_key: self.room_key.clone(),
            name: self.name.clone(),
            capacity: self.capacity,
            join_policy: self.join_policy,
            // What cannot be read is told nobody.
            webhooks: serde_json::from_str(&self.webhooks).unwrap_or_default(),
            revision: self.revision,
        }
    }
}

/// What may change in a class; absent stays.
#[derive(Clone, Debug, Default)]
pub struct ClassChange {
    /// Name.
    pub name: Option<String>,
    /// Subject.
    pub subject: Option<String>,
    /// School year.
    pub grade_level: Option<i64>,
    /// The most seats.
    pub capacity: Option<i64>,
    /// How pupils come in.
    pub join_policy: Option<JoinPolicy>,
}

const INSERT: &str = "
    insert into classes (id, school_id, teacher_id, name, subject, grade_level, capacity, join_policy, join_code, room_key,
      created_at, updated_at)
    values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?11)";
const LIST: &str = "
    select id, school_id, teacher_id, name, subject, grade_level, capacity, join_policy, join_code, room_key, webhooks, revision,
      created_at, updated_at
    from classes
    where school_id = ?1 and (?2 is null or exists (
      select 1 from class_staff t where t.school_id = ?1 and t.class_id = classes.id and t.user_id = ?2)) and (?3 is null or id < ?3)
    order by id desc limit cast(?4 as integer)";
const BY_ID: &str = "
    select id, school_id, teacher_id, name, subject, grade_level, capacity, join_policy, join_code, room_key, webhooks, revision,
      created_at, updated_at
    from classes where school_id = ?1 and (?2 is null or exists (
      select 1 from class_staff t where t.school_id = ?1 and t.class_id = classes.id and t.user_id = ?2)) and id = ?3";
const BY_ROOM_KEY: &str = "
    select id, school_id, teacher_id, name, subject, grade_level, capacity, join_policy, join_code, room_key, webhooks, revision,
      created_at, updated_at
    from classes where school_id = ?1 and (?2 is null or exists (
      select 1 from class_staff t where t.school_id = ?1 and t.class_id = classes.id and t.user_id = ?2)) and room_key = ?3";
const BY_ROOM_KEYS: &str = "
    select id, school_id, teacher_id, name, subject, grade_level, capacity, join_policy, join_code, room_key, webhooks, revision,
      created_at, updated_at
    from classes where school_id = ?1 and room_key in (select value from json_each(?2))";
const BY_SESSION: &str = "
    select c.id, c.school_id, c.teacher_id, c.name, c.subject, c.grade_level, c.capacity, c.join_policy, c.join_code,
      c.room_key, c.webhooks, c.revision, c.created_at, c.updated_at
    from live_sessions s join classes c on c.id = s.class_id
    where c.school_id = ?1 and (?2 is null or exists (
      select 1 from class_staff t where t.school_id = ?1 and t.class_id = c.id and t.user_id = ?2)) and s.id = ?3";
const BY_JOIN_CODE: &str = "
    select id, school_id, teacher_id, name, subject, grade_level, capacity, join_policy, join_code, room_key, webhooks, revision,
      created_at, updated_at
    from classes where school_id = ?1 and join_code = ?2";
const UPDATE: &str = "
    update classes set name = coalesce(?4, name), subject = coalesce(?5, subject),
      grade_level = coalesce(?6, grade_level), capacity = coalesce(?7, capacity), join_policy = coalesce(?8, join_policy),
      revision = revision + 1, updated_at = ?9
    where school_id = ?1 and (?2 is null or exists (
      select 1 from class_staff t where t.school_id = ?1 and t.class_id = classes.id and t.user_id = ?2)) and id = ?3 and (?10 is null or revision = ?10)
    returning id, school_id, teacher_id, name, subject, grade_level, capacity, join_policy, join_code, room_key, webhooks, revision,
      created_at, updated_at";
const SET_CODE: &str = "
    update classes set join_code = ?4, revision = revision + 1, updated_at = ?5
    where school_id = ?1 and (?2 is null or exists (
      select 1 from class_staff t where t.school_id = ?1 and t.class_id = classes.id and t.user_id = ?2)) and id = ?3
    returning id, school_id, teacher_id, name, subject, grade_level, capacity, join_policy, join_code, room_key, webhooks, revision,
      created_at, updated_at";

fn scoped(scope: &Scope) -> [Value; 2] {
    [(&scope.school_id).into(), scope.owner_id.as_ref().map_or(Value::Null, Value::from)]
}

/// Adds a class. `DbError::Unique("classes.join_code")`: draw another code.
pub async fn insert(
    db: &dyn Database,
    class: &ClassRow,
    caller: &Identity,
    idempotency: Option<&IdempotencyRecord>,
) -> Result<(), DbError> {
    let params = [
        Value::from(&class.id),
        (&class.school_id).into(),
        (&class.teacher_id).into(),
        class.name.as_str().into(),
        class.subject.as_str().into(),
        class.grade_level.into(),
        class.capacity.into(),
        class.join_policy.as_str().into(),
        class.join_code.as_deref().into(),
        class.room_key.as_str().into(),
        class.created_at.into(),
    ];
    let mut statements = vec![Statement::new(INSERT, params)];
    if let Some(record) = idempotency {
        statements.push(keep_key(
            caller,
            record,
            (&class.id).into(),
            Timestamp::from_millis(class.created_at),
        ));
    }
    db.batch(statements).await?;
    Ok(())
}

/// A page of the classes in a scope, newest first.
pub async fn list(db: &dyn Database, scope: &Scope, page: &Page) -> Result<Vec<ClassRow>, DbError> {
    let [school, owner] = scoped(scope);
    rows(db, LIST, vec![school, owner, page.before.as_deref().into(), page.limit.into()]).await
}

/// One class.
pub async fn by_id(db: &dyn Database, scope: &Scope, id: &ClassId) -> Result<Option<ClassRow>, DbError> {
    let [school, owner] = scoped(scope);
    first(db, BY_ID, vec![school, owner, id.into()]).await
}

/// The class of a room, and whether what the caller's token says still holds: the answer outlives the token.
pub async fn by_room_key(
    db: &dyn Database,
    scope: &Scope,
    room_key: &str,
    caller: &Identity,
) -> Result<(Option<ClassRow>, bool), DbError> {
    let [school, owner] = scoped(scope);
    let class = Statement::new(BY_ROOM_KEY, [school, owner, room_key.into()]);
    let mut results = db.batch(vec![class, sessions::holds(caller)]).await?.into_iter();
    let class = crate::ports::decode_first(results.next().unwrap_or_default())?;
    Ok((class, results.next().is_some_and(|rows| !rows.is_empty())))
}

/// The classes of some rooms, as far as they are the school's.
pub async fn by_room_keys(
    db: &dyn Database,
    school: &SchoolId,
    room_keys: &[&str],
) -> Result<Vec<ClassRow>, DbError> {
    rows(db, BY_ROOM_KEYS, vec![school.into(), serde_json::json!(room_keys).to_string().into()]).await
}

/// The class that a live session belongs to.
pub async fn by_session(
    db: &dyn Database,
    scope: &Scope,
    id: &SessionId,
) -> Result<Option<ClassRow>, DbError> {
    let [school, owner] = scoped(scope);
    first(db, BY_SESSION, vec![school, owner, id.into()]).await
}

/// The class that a code opens, in the school that the key belongs to.
pub async fn by_join_code(
    db: &dyn Database,
    school: &SchoolId,
    code: &str,
) -> Result<Option<ClassRow>, DbError> {
    first(db, BY_JOIN_CODE, vec![school.into(), code.into()]).await
}

/// Changes a class, if it still has the revision that the caller saw.
pub async fn update(
    db: &dyn Database,
    scope: &Scope,
    id: &ClassId,
    change: &ClassChange,
    revision: Option<i64>,
    now: Timestamp,
) -> Result<Written<ClassRow>, DbError> {
    let [school, owner] = scoped(scope);
    let params = [
        school.clone(),
        owner.clone(),
        id.into(),
        change.name.as_deref().into(),
        change.subject.as_deref().into(),
        change.grade_level.into(),
        change.capacity.into(),
        change.join_policy.map(JoinPolicy::as_str).into(),
        now.into(),
        revision.into(),
    ];
    let diagnosis = Statement::new(BY_ID, [school, owner, id.into()]);
    let mut results = db.batch(vec![diagnosis, Statement::new(UPDATE, params)]).await?.into_iter();
    let before: Option<ClassRow> = crate::ports::decode_first(results.next().unwrap_or_default())?;
    let after: Option<ClassRow> = crate::ports::decode_first(results.next().unwrap_or_default())?;
    Ok(match (before, after) {
        (_, Some(class)) => Written::Done(class),
        (Some(_), None) => Written::Conflict,
        (None, None) => Written::NotFound,
    })
}

/// Gives a class another code, or none.
pub async fn set_join_code(
    db: &dyn Database,
    scope: &Scope,
    id: &ClassId,
    code: Option<&str>,
    now: Timestamp,
) -> Result<Option<ClassRow>, DbError> {
    let [school, owner] = scoped(scope);
    last_row(db, vec![Statement::new(SET_CODE, [school, owner, id.into(), code.into(), now.into()])]).await
}

/// Somebody who runs a class.
#[derive(Clone, Debug, Deserialize)]
pub struct StaffRow {
    /// The person.
    pub user_id: UserId,
    /// Their name.
    pub display_name: String,
    /// Their address.
    pub email: String,
    /// Whether the class is theirs.
    pub is_owner: i64,
    /// Milliseconds.
    pub since: i64,
}

const STAFF: &str = "
    select s.user_id, u.display_name, u.email, s.is_owner, s.since
    from class_staff s join users u on u.id = s.user_id
    where s.school_id = ?1 and s.class_id = ?2 and u.removed_at is null
    order by s.is_owner desc, s.since, s.user_id";
/// The event is written before what it tells of, while it can be seen whether that is there.
const AUDIT_REMOVAL: &str = "
    insert into audit_events (id, school_id, at, actor_kind, actor_id, action, target_kind, target_id, reason, address, country,
      request_id, detail)
    select ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13 from class_teachers
    where school_id = ?2 and class_id = ?14 and user_id = ?15
    on conflict (id) do nothing";
const REMOVE_TEACHER: &str = "
    delete from class_teachers where school_id = ?1 and class_id = ?2 and user_id = ?3";

/// Who runs a class: the owner first.
pub async fn staff(db: &dyn Database, school: &SchoolId, class: &ClassId) -> Result<Vec<StaffRow>, DbError> {
    rows(db, STAFF, vec![school.into(), class.into()]).await
}

/// Takes a co-teacher off a class; the event is written if they were on it.
pub async fn remove_teacher(
    db: &dyn Database,
    school: &SchoolId,
    class: &ClassId,
    user: &UserId,
    event: &AuditEvent,
) -> Result<(), DbError> {
    let told = audit::params(event).into_iter().chain([class.into(), user.into()]);
    let statements = vec![
        Statement::new(AUDIT_REMOVAL, told),
        Statement::new(REMOVE_TEACHER, [school.into(), class.into(), user.into()]),
    ];
    db.batch(statements).await?;
    Ok(())
}
