//! Quizzes and their immutable versions.

use serde::Deserialize;

use super::{IdempotencyRecord, Page, Written, first, keep_key, rows};
use crate::domain::ids::{QuizId, SchoolId, UserId};
use crate::domain::quiz::Quiz;
use crate::domain::time::Timestamp;
use crate::domain::user::{Identity, Scope};
use crate::ports::{Database, DbError, Statement, Value};

/// A quiz without its questions.
#[derive(Clone, Debug, Deserialize)]
pub struct QuizSummaryRow {
    /// The quiz.
    pub id: QuizId,
    /// Title.
    pub title: String,
    /// Subject.
    pub subject: String,
    /// School year.
    pub grade_level: i64,
    /// How many questions.
    pub question_count: i64,
    /// Counts the changes of the draft.
    pub revision: i64,
    /// The newest published version.
    pub published_version: Option<i64>,
    /// The draft's revision that it was made of.
    pub published_revision: Option<i64>,
    /// Milliseconds.
    pub created_at: i64,
    /// Milliseconds.
    pub updated_at: i64,
}

/// A quiz with its questions and keys.
#[derive(Clone, Debug, Deserialize)]
pub struct QuizRow {
    /// All but the questions.
    #[serde(flatten)]
    pub summary: QuizSummaryRow,
    /// An `AuthorQuiz` as JSON.
    pub body: String,
}

/// A quiz to be added.
pub struct NewQuiz<'a> {
    /// Its id.
    pub id: &'a QuizId,
    /// Its content.
    pub quiz: &'a Quiz,
    /// Now.
    pub now: Timestamp,
}

#[derive(Deserialize)]
struct VersionRow {
    version: i64,
}

#[derive(Deserialize)]
struct BodyRow {
    body: String,
}

const INSERT: &str = "
    insert into quizzes (id, school_id, owner_id, title, subject, grade_level, body, question_count, created_at, updated_at)
    values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9)";
const INSERT_UNLESS_THERE: &str = "
    insert into quizzes (id, school_id, owner_id, title, subject, grade_level, body, question_count, created_at, updated_at)
    values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9) on conflict (id) do nothing";
const LIST: &str = "
    select id, title, subject, grade_level, question_count, revision, published_version, published_revision, created_at,
      updated_at
    from quizzes
    where school_id = ?1 and (?2 is null or owner_id = ?2) and (?3 is null or id < ?3)
    order by id desc limit cast(?4 as integer)";
const BY_ID: &str = "
    select id, title, subject, grade_level, question_count, revision, published_version, published_revision, created_at,
      updated_at, body
    from quizzes where school_id = ?1 and (?2 is null or owner_id = ?2) and id = ?3";
const UPDATE: &str = "
    update quizzes set title = ?4, subject = ?5, grade_level = ?6, body = ?7, question_count = ?8,
      revision = revision + 1, updated_at = ?9
    where school_id = ?1 and (?2 is null or owner_id = ?2) and id = ?3 and revision = ?10
    returning id, title, subject, grade_level, question_count, revision, published_version, published_revision, created_at,
      updated_at, body";
/// A draft that was published already gives no second version.
const INSERT_VERSION: &str = "
    insert into quiz_versions (quiz_id, version, school_id, body, published_at)
    select id, coalesce(published_version, 0) + 1, school_id, body, ?4 from quizzes
    where school_id = ?1 and (?2 is null or owner_id = ?2) and id = ?3
      and (published_revision is null or published_revision <> revision)";
const MARK_PUBLISHED: &str = "
    update quizzes set published_version = coalesce(published_version, 0) + 1, published_revision = revision
    where school_id = ?1 and (?2 is null or owner_id = ?2) and id = ?3
      and (published_revision is null or published_revision <> revision)";
const PUBLISHED: &str = "
    select published_version as version from quizzes
    where school_id = ?1 and (?2 is null or owner_id = ?2) and id = ?3 and published_version is not null";
const VERSION_BODY: &str = "
    select body from quiz_versions where school_id = ?1 and quiz_id = ?2 and version = ?3";

fn scoped(scope: &Scope) -> [Value; 2] {
    [(&scope.school_id).into(), scope.owner_id.as_ref().map_or(Value::Null, Value::from)]
}

/// The author's view as JSON: how a quiz is stored.
fn stored(quiz: &Quiz) -> Result<String, DbError> {
    serde_json::to_string(&quiz.to_author()).map_err(|error| DbError::Backend(error.to_string()))
}

fn question_count(quiz: &Quiz) -> i64 {
    i64::try_from(quiz.questions.len()).unwrap_or(i64::MAX)
}

fn inserted(school: &SchoolId, owner: &UserId, new: &NewQuiz<'_>) -> Result<[Value; 9], DbError> {
    Ok([
        Value::from(new.id),
        school.into(),
        owner.into(),
        new.quiz.title.as_str().into(),
        new.quiz.subject.as_str().into(),
        new.quiz.grade_level.into(),
        stored(new.quiz)?.into(),
        question_count(new.quiz).into(),
        new.now.into(),
    ])
}

/// Adds a quiz, for the batch of what it belongs to. Twice is once.
pub(super) fn insert_unless_there(
    school: &SchoolId,
    owner: &UserId,
    new: &NewQuiz<'_>,
) -> Result<Statement, DbError> {
    Ok(Statement::new(INSERT_UNLESS_THERE, inserted(school, owner, new)?))
}

/// Adds a quiz.
pub async fn insert(
    db: &dyn Database,
    caller: &Identity,
    new: &NewQuiz<'_>,
    idempotency: Option<&IdempotencyRecord>,
) -> Result<(), DbError> {
    let params = inserted(&caller.school_id, &caller.user_id, new)?;
    let mut statements = vec![Statement::new(INSERT, params)];
    if let Some(record) = idempotency {
        statements.push(keep_key(caller, record, new.id.into(), new.now));
    }
    db.batch(statements).await?;
    Ok(())
}

/// A page of the quizzes in a scope, newest first.
pub async fn list(db: &dyn Database, scope: &Scope, page: &Page) -> Result<Vec<QuizSummaryRow>, DbError> {
    let [school, owner] = scoped(scope);
    rows(db, LIST, vec![school, owner, page.before.as_deref().into(), page.limit.into()]).await
}

/// One quiz.
pub async fn by_id(db: &dyn Database, scope: &Scope, id: &QuizId) -> Result<Option<QuizRow>, DbError> {
    let [school, owner] = scoped(scope);
    first(db, BY_ID, vec![school, owner, id.into()]).await
}

/// Replaces a quiz that still has the revision which the caller saw.
pub async fn update(
    db: &dyn Database,
    scope: &Scope,
    id: &QuizId,
    quiz: &Quiz,
    revision: i64,
    now: Timestamp,
) -> Result<Written<QuizRow>, DbError> {
    let [school, owner] = scoped(scope);
    let params = [
        school,
        owner,
        id.into(),
        quiz.title.as_str().into(),
        quiz.subject.as_str().into(),
        quiz.grade_level.into(),
        stored(quiz)?.into(),
        question_count(quiz).into(),
        now.into(),
        revision.into(),
    ];
    let row: Option<QuizRow> = super::last_row(db, vec![Statement::new(UPDATE, params)]).await?;
    Ok(row.map_or(Written::Conflict, Written::Done))
}

/// Makes the draft a version, unless it is one already. Gives the newest version; nothing when there is no such quiz.
pub async fn publish(
    db: &dyn Database,
    scope: &Scope,
    id: &QuizId,
    now: Timestamp,
) -> Result<Option<i64>, DbError> {
    let [school, owner] = scoped(scope);
    let named = || vec![school.clone(), owner.clone(), Value::from(id)];
    let mut with_time = named();
    with_time.push(now.into());
    let statements = vec![
        Statement::new(INSERT_VERSION, with_time),
        Statement::new(MARK_PUBLISHED, named()),
        Statement::new(PUBLISHED, named()),
    ];
    let row: Option<VersionRow> = super::last_row(db, statements).await?;
    Ok(row.map(|row| row.version))
}

/// The content of a version, with its keys.
pub async fn version_body(
    db: &dyn Database,
    school: &SchoolId,
    id: &QuizId,
    version: i64,
) -> Result<Option<String>, DbError> {
    let row: Option<BodyRow> =
        first(db, VERSION_BODY, vec![school.into(), id.into(), version.into()]).await?;
    Ok(row.map(|row| row.body))
}
