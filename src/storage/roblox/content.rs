//! Content for games.

use serde::Deserialize;

use super::{keep_key, scoped};
use crate::domain::ids::{ContentId, SchoolId, UserId};
use crate::domain::roblox::{ContentKind, ContentStatus, MAX_CONTENTS};
use crate::domain::time::Timestamp;
use crate::domain::user::{Identity, Scope};
use crate::ports::{Database, DbError, Statement, Value, decode_first};
use crate::storage::{IdempotencyRecord, Page, first, rows};

/// A content without its body.
#[derive(Clone, Debug, Deserialize)]
pub struct ContentSummaryRow {
    /// The content.
    pub id: ContentId,
    /// Whose it is.
    pub owner_id: UserId,
    /// What it is.
    pub kind: ContentKind,
    /// Title.
    pub title: String,
    /// Subject.
    pub subject: String,
    /// School year.
    pub grade_level: i64,
    /// The template that it began with.
    pub template_id: Option<String>,
    /// Where it stands.
    pub status: ContentStatus,
    /// Why it could not be generated.
    pub failure: Option<String>,
    /// Counts the changes.
    pub revision: i64,
    /// Milliseconds.
    pub created_at: i64,
    /// Milliseconds.
    pub updated_at: i64,
}

/// A content.
#[derive(Clone, Debug, Deserialize)]
pub struct ContentRow {
    /// All but the body.
    #[serde(flatten)]
    pub summary: ContentSummaryRow,
    /// A JSON object; none while it is generated.
    pub body: Option<String>,
}

/// What may change in a content; absent stays.
#[derive(Clone, Debug, Default)]
pub struct ContentChange {
    /// Title.
    pub title: Option<String>,
    /// A JSON object.
    pub body: Option<String>,
    /// Draft, ready or archived.
    pub status: Option<ContentStatus>,
}

const INSERT: &str = "
    insert into roblox_content (id, school_id, owner_id, kind, title, subject, grade_level, template_id, body, brief, status,
      created_at, updated_at)
    select ?2, ?1, ?3, ?4, ?5, ?6, cast(?7 as integer), ?8, ?9, ?10, ?11, cast(?12 as integer), cast(?12 as integer)
    where (select count(*) from roblox_content where school_id = ?1 and status <> 'archived') < cast(?13 as integer)
    returning id";
const KEEP_KEY: &str = "
    insert into idempotency_keys (user_id, key, school_id, fingerprint, resource_id, created_at)
    select ?1, ?2, ?3, ?4, ?5, cast(?6 as integer)
    where exists (select 1 from roblox_content where school_id = ?3 and id = ?5)";
const LIST: &str = "
    select id, owner_id, kind, title, subject, grade_level, template_id, status, failure, revision, created_at, updated_at
    from roblox_content where school_id = ?1 and (?2 is null or owner_id = ?2) and (?3 is null or id < ?3)
      and (?5 is null or status = ?5)
    order by id desc limit cast(?4 as integer)";
const BY_ID: &str = "
    select id, owner_id, kind, title, subject, grade_level, template_id, status, failure, revision, created_at, updated_at, body
    from roblox_content where school_id = ?1 and (?2 is null or owner_id = ?2) and id = ?3";
/// What is being generated is nobody's to change.
const UPDATE: &str = "
    update roblox_content set title = coalesce(?4, title), body = coalesce(?5, body), status = coalesce(?6, status),
      revision = revision + 1, updated_at = cast(?7 as integer)
    where school_id = ?1 and (?2 is null or owner_id = ?2) and id = ?3 and (?8 is null or revision = cast(?8 as integer))
      and status in ('draft', 'ready')
    returning id, owner_id, kind, title, subject, grade_level, template_id, status, failure, revision, created_at, updated_at,
      body";
const USES: &str = "
    select template_id, count(*) as uses from (
      select template_id from roblox_content where school_id = ?1
      union all select template_id from roblox_games where school_id = ?1) where template_id is not null
    group by template_id";

/// A content to be added.
pub struct NewContent<'a> {
    /// Its id.
    pub id: &'a ContentId,
    /// What it is.
    pub kind: ContentKind,
    /// Title.
    pub title: &'a str,
    /// Subject.
    pub subject: &'a str,
    /// School year.
    pub grade_level: i64,
    /// The template that it begins with.
    pub template_id: Option<&'a str>,
    /// A JSON object.
    pub body: Option<&'a str>,
    /// What is to be generated, as JSON.
    pub brief: Option<&'a str>,
    /// Where it stands.
    pub status: ContentStatus,
    /// Now.
    pub now: Timestamp,
}

/// Adds a content. Nothing when the school has too many.
pub async fn insert(
    db: &dyn Database,
    caller: &Identity,
    new: &NewContent<'_>,
    idempotency: Option<&IdempotencyRecord>,
) -> Result<bool, DbError> {
    let params = [
        Value::from(&caller.school_id),
        new.id.into(),
        (&caller.user_id).into(),
        new.kind.name().into(),
        new.title.into(),
        new.subject.into(),
        new.grade_level.into(),
        new.template_id.into(),
        new.body.into(),
        new.brief.into(),
        new.status.name().into(),
        new.now.into(),
        MAX_CONTENTS.into(),
    ];
    let mut statements = vec![Statement::new(INSERT, params)];
    if let Some(record) = idempotency {
        statements.push(keep_key(KEEP_KEY, caller, record, new.id.into(), new.now.as_millis()));
    }
    let results = db.batch(statements).await?;
    Ok(results.first().is_some_and(|rows| !rows.is_empty()))
}

/// A page of the contents in a scope, newest first.
pub async fn list(
    db: &dyn Database,
    scope: &Scope,
    page: &Page,
    status: Option<ContentStatus>,
) -> Result<Vec<ContentSummaryRow>, DbError> {
    let [school, owner] = scoped(scope);
    let status = status.map(ContentStatus::name);
    rows(db, LIST, vec![school, owner, page.before.as_deref().into(), page.limit.into(), status.into()]).await
}

/// One content.
pub async fn by_id(db: &dyn Database, scope: &Scope, id: &ContentId) -> Result<Option<ContentRow>, DbError> {
    let [school, owner] = scoped(scope);
    first(db, BY_ID, vec![school, owner, id.into()]).await
}

/// What became of a change.
#[derive(Debug)]
pub enum Changed {
    /// It was done.
    Done(Box<ContentRow>),
    /// There is no such content in the caller's scope.
    NotFound,
    /// It has another revision than the caller saw.
    Conflict,
    /// It is archived, or being generated.
    Fixed(ContentStatus),
}

/// Changes a content, if it still has the revision that the caller saw.
pub async fn update(
    db: &dyn Database,
    scope: &Scope,
    id: &ContentId,
    change: &ContentChange,
    revision: Option<i64>,
    now: Timestamp,
) -> Result<Changed, DbError> {
    let [school, owner] = scoped(scope);
    let params = [
        school.clone(),
        owner.clone(),
        id.into(),
        change.title.as_deref().into(),
        change.body.as_deref().into(),
        change.status.map(ContentStatus::name).into(),
        now.into(),
        revision.into(),
    ];
    let before = Statement::new(BY_ID, [school, owner, id.into()]);
    let mut results = db.batch(vec![before, Statement::new(UPDATE, params)]).await?.into_iter();
    let before: Option<ContentRow> = decode_first(results.next().unwrap_or_default())?;
    let after: Option<ContentRow> = decode_first(results.next().unwrap_or_default())?;
    Ok(match (before, after) {
        (_, Some(row)) => Changed::Done(Box::new(row)),
        (None, None) => Changed::NotFound,
        (Some(row), None) => match row.summary.status {
            ContentStatus::Draft | ContentStatus::Ready => Changed::Conflict,
            status => Changed::Fixed(status),
        },
    })
}

/// How often a template was used.
#[derive(Clone, Debug, Deserialize)]
pub struct UseRow {
    /// The template.
    pub template_id: String,
    /// How often.
    pub uses: i64,
}

/// How often a school used each template, for content and for games.
pub async fn uses(db: &dyn Database, school: &SchoolId) -> Result<Vec<UseRow>, DbError> {
    rows(db, USES, vec![school.into()]).await
}
