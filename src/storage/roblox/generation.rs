//! Content that is being generated.

use serde::Deserialize;

use crate::domain::ids::{ContentId, QuizId, SchoolId, UserId};
use crate::domain::quiz::Quiz;
use crate::domain::time::Timestamp;
use crate::ports::{Database, DbError, Statement, Value, decode_first};
use crate::storage::quizzes::{self, NewQuiz};
use crate::storage::rows;

/// A content that is to be generated.
#[derive(Clone, Debug, Deserialize)]
pub struct Claimed {
    /// Whose it is.
    pub owner_id: UserId,
    /// A `model::Brief` as JSON.
    pub brief: String,
    /// Milliseconds.
    pub created_at: i64,
}

/// What was written.
pub struct Written<'a> {
    /// A JSON object.
    pub body: &'a str,
    /// The quiz that goes with it.
    pub quiz: Option<(&'a QuizId, &'a Quiz)>,
    /// Now.
    pub now: Timestamp,
}

const CLAIM: &str = "
    update roblox_content set status = 'generating', updated_at = cast(?3 as integer)
    where school_id = ?1 and id = ?2 and status in ('queued', 'generating') and brief is not null
    returning owner_id, brief, created_at";
const FINISH: &str = "
    update roblox_content set status = 'ready', body = ?4, failure = null, revision = revision + 1, updated_at = cast(?3 as integer)
    where school_id = ?1 and id = ?2 and status = 'generating'";
const FAIL: &str = "
    update roblox_content set status = 'failed', failure = ?4, revision = revision + 1, updated_at = cast(?3 as integer)
    where school_id = ?1 and id = ?2 and status in ('queued', 'generating')";
const UNFINISHED: &str = "
    select id, school_id from roblox_content
    where status in ('queued', 'generating') and updated_at < cast(?1 as integer) order by updated_at limit 20";

/// Takes a content up; again after a try that ended.
pub async fn claim(
    db: &dyn Database,
    school: &SchoolId,
    id: &ContentId,
    now: Timestamp,
) -> Result<Option<Claimed>, DbError> {
    let results = db.batch(vec![Statement::new(CLAIM, [school.into(), id.into(), now.into()])]).await?;
    decode_first(results.into_iter().next().unwrap_or_default())
}

/// Keeps what was written, and its quiz, once.
pub async fn finish(
    db: &dyn Database,
    school: &SchoolId,
    id: &ContentId,
    claimed: &Claimed,
    written: &Written<'_>,
) -> Result<(), DbError> {
    let mut statements = Vec::new();
    if let Some((quiz_id, quiz)) = written.quiz {
        let new = NewQuiz { id: quiz_id, quiz, now: written.now };
        statements.push(quizzes::insert_unless_there(school, &claimed.owner_id, &new)?);
    }
    let params = [Value::from(school), id.into(), written.now.into(), written.body.into()];
    statements.push(Statement::new(FINISH, params));
    db.batch(statements).await?;
    Ok(())
}

/// Gives a generation up.
pub async fn fail(
    db: &dyn Database,
    school: &SchoolId,
    id: &ContentId,
    why: &str,
    now: Timestamp,
) -> Result<(), DbError> {
    db.batch(vec![Statement::new(FAIL, [school.into(), id.into(), now.into(), why.into()])]).await?;
    Ok(())
}

/// A generation that should be done by now.
#[derive(Clone, Debug, Deserialize)]
pub struct UnfinishedRow {
    /// The content.
    pub id: ContentId,
    /// Its school.
    pub school_id: SchoolId,
}

/// Generations that should be done by now.
pub async fn unfinished(db: &dyn Database, before: Timestamp) -> Result<Vec<UnfinishedRow>, DbError> {
    rows(db, UNFINISHED, vec![before.into()]).await
}
