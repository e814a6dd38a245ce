//! Every SQL statement of D1, one file a context: consts, row structs, one function a question. Each function takes the
//! school, or finds it where nothing else is known yet (an e-mail address, a join code, a key).

pub mod audit;
pub mod audit_log;
pub mod classes;
pub mod factors;
pub mod game_keys;
pub mod guardians;
pub mod housekeeping;
pub mod identities;
pub mod invitations;
pub mod mails;
pub mod passwords;
pub mod people;
pub mod plugins;
pub mod quizzes;
pub mod recovery_codes;
pub mod registrations;
pub mod reports;
pub mod roblox;
pub mod school_announcements;
pub mod schools;
pub mod sessions;
pub mod used_challenges;
pub mod users;
pub mod webhooks;

use serde::de::DeserializeOwned;

use crate::ports::{Database, DbError, Statement, Value, decode, decode_first};

/// What a creating POST with an `Idempotency-Key` keeps.
#[derive(Clone, Debug)]
pub struct IdempotencyRecord {
    /// The caller's key.
    pub key: String,
    /// Of the route and the body.
    pub fingerprint: String,
}

/// One page of a list.
#[derive(Clone, Debug)]
pub struct Page {
    /// The id behind which it starts.
    pub before: Option<String>,
    /// The most items.
    pub limit: i64,
}

/// What became of a guarded write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Written<T> {
    /// It was done.
    Done(T),
    /// There is no such thing in the caller's scope.
    NotFound,
    /// It has another revision than the caller saw.
    Conflict,
}

async fn rows<T: DeserializeOwned>(
    db: &dyn Database,
    sql: &'static str,
    params: Vec<Value>,
) -> Result<Vec<T>, DbError> {
    let results = db.batch(vec![Statement { sql, params }]).await?;
    decode(results.into_iter().next().unwrap_or_default())
}

async fn first<T: DeserializeOwned>(
    db: &dyn Database,
    sql: &'static str,
    params: Vec<Value>,
) -> Result<Option<T>, DbError> {
    let results = db.batch(vec![Statement { sql, params }]).await?;
    decode_first(results.into_iter().next().unwrap_or_default())
}

/// The last statement's first row of a batch that ends with a `returning` or a select.
async fn last_row<T: DeserializeOwned>(
    db: &dyn Database,
    statements: Vec<Statement>,
) -> Result<Option<T>, DbError> {
    let results = db.batch(statements).await?;
    decode_first(results.into_iter().next_back().unwrap_or_default())
}

/// Keeps an idempotency key together with what it made. A second use of the key fails the whole batch.
const KEEP_KEY: &str = "
    insert into idempotency_keys (user_id, key, school_id, fingerprint, resource_id, created_at)
    values (?1, ?2, ?3, ?4, ?5, ?6)";

const FIND_KEY: &str = "
    select fingerprint, resource_id from idempotency_keys where school_id = ?1 and user_id = ?2 and key = ?3";

/// What a key made before.
#[derive(Debug, serde::Deserialize)]
pub struct KeptKey {
    /// Of the request that used it.
    pub fingerprint: String,
    /// What it made.
    pub resource_id: String,
}

/// The earlier use of a key.
pub async fn find_key(
    db: &dyn Database,
    caller: &crate::domain::user::Identity,
    key: &str,
) -> Result<Option<KeptKey>, DbError> {
    first(db, FIND_KEY, vec![(&caller.school_id).into(), (&caller.user_id).into(), key.into()]).await
}

fn keep_key(
    caller: &crate::domain::user::Identity,
    record: &IdempotencyRecord,
    resource_id: Value,
    now: crate::domain::time::Timestamp,
) -> Statement {
    let params = [
        Value::from(&caller.user_id),
        record.key.as_str().into(),
        (&caller.school_id).into(),
        record.fingerprint.as_str().into(),
        resource_id,
        now.into(),
    ];
    Statement::new(KEEP_KEY, params)
}
