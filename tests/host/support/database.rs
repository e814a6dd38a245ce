//! D1 on the host: rusqlite with the files of `d1-migrations/` applied. As unkind as D1: whole numbers are bound as doubles,
//! 100 parameters at most, numbers beyond 2^53 refused.

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::future::BoxFuture;
use rusqlite::types::{ToSqlOutput, Value as SqlValue, ValueRef};
use rusqlite::{Connection, params_from_iter};
use toolboxai_edge::ports::{Database, DbError, MAX_SAFE_INTEGER, Row, Statement, Value};

/// D1's limit of bound parameters.
const MAX_PARAMS: usize = 100;

/// A database that counts its batches and fails when told to.
pub struct HostDatabase {
    connection: Mutex<Connection>,
    batches: AtomicUsize,
    sparing: AtomicUsize,
    failing: AtomicUsize,
}

impl HostDatabase {
    /// An empty database at the newest migration.
    pub fn new() -> Self {
        let connection = Connection::open_in_memory().unwrap();
        connection.pragma_update(None, "foreign_keys", true).unwrap();
        for sql in migrations() {
            connection.execute_batch(&sql).unwrap();
        }
        Self {
            connection: Mutex::new(connection),
            batches: AtomicUsize::new(0),
            sparing: AtomicUsize::new(0),
            failing: AtomicUsize::new(0),
        }
    }

    /// The next so many batches fail.
    pub fn fail_next(&self, batches: usize) {
        self.failing.store(batches, Ordering::SeqCst);
    }

    /// The batch of this number from now on fails, counted from 1.
    pub fn fail_nth(&self, nth: usize) {
        self.sparing.store(nth - 1, Ordering::SeqCst);
        self.failing.store(1, Ordering::SeqCst);
    }

    /// Batches since the last call.
    pub fn take_batches(&self) -> usize {
        self.batches.swap(0, Ordering::SeqCst)
    }

    /// Runs SQL of a test's own.
    pub fn execute(&self, sql: &str) {
        self.connection.lock().unwrap().execute_batch(sql).unwrap();
    }

    /// Rows of a test's own query.
    pub fn rows(&self, sql: &str) -> Vec<Row> {
        query(&self.connection.lock().unwrap(), sql, &[], bind_as_double).unwrap()
    }

    /// One number of a test's own query.
    pub fn number(&self, sql: &str) -> i64 {
        self.connection.lock().unwrap().query_row(sql, [], |row| row.get(0)).unwrap()
    }
}

/// The migrations' texts, in order.
pub fn migrations() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("d1-migrations");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    files.iter().map(|file| std::fs::read_to_string(file).unwrap()).collect()
}

#[expect(clippy::cast_precision_loss, reason = "below 2^53")]
pub fn bind_as_double(number: i64) -> SqlValue {
    SqlValue::Real(number as f64)
}

fn bound(value: &Value, number: fn(i64) -> SqlValue) -> Result<ToSqlOutput<'static>, DbError> {
    Ok(ToSqlOutput::Owned(match value {
        Value::Null => SqlValue::Null,
        Value::Integer(whole) if whole.abs() > MAX_SAFE_INTEGER => {
            return Err(DbError::Backend("beyond 2^53".to_owned()));
        }
        Value::Integer(whole) => number(*whole),
        Value::Text(text) => SqlValue::Text(text.clone()),
    }))
}

/// Runs one statement and gives its rows as JSON.
pub fn query(
    connection: &Connection,
    sql: &str,
    params: &[Value],
    number: fn(i64) -> SqlValue,
) -> Result<Vec<Row>, DbError> {
    assert!(params.len() <= MAX_PARAMS, "D1 takes {MAX_PARAMS} parameters at most");
    let failed = |error: rusqlite::Error| DbError::from_message(&error.to_string());
    let mut statement = connection.prepare_cached(sql).map_err(failed)?;
    let params: Vec<ToSqlOutput<'_>> =
        params.iter().map(|value| bound(value, number)).collect::<Result<_, _>>()?;
    let names: Vec<String> = statement.column_names().into_iter().map(str::to_owned).collect();
    let mut rows = statement.query(params_from_iter(params)).map_err(failed)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next().map_err(failed)? {
        let mut object = Row::new();
        for (index, name) in names.iter().enumerate() {
            object.insert(name.clone(), json(row.get_ref(index).map_err(failed)?));
        }
        found.push(object);
    }
    Ok(found)
}

fn json(value: ValueRef<'_>) -> serde_json::Value {
    match value {
        ValueRef::Null => serde_json::Value::Null,
        ValueRef::Integer(number) => number.into(),
        ValueRef::Real(number) => number.into(),
        ValueRef::Text(text) => String::from_utf8(text.to_vec()).unwrap().into(),
        ValueRef::Blob(_) => unreachable!("no blobs here"),
    }
}

impl Database for HostDatabase {
    fn batch(&self, statements: Vec<Statement>) -> BoxFuture<'_, Result<Vec<Vec<Row>>, DbError>> {
        Box::pin(async move {
            self.batches.fetch_add(1, Ordering::SeqCst);
            let take_one = |left: usize| left.checked_sub(1);
            let is_spared = self.sparing.fetch_update(Ordering::SeqCst, Ordering::SeqCst, take_one).is_ok();
            if !is_spared && self.failing.fetch_update(Ordering::SeqCst, Ordering::SeqCst, take_one).is_ok() {
                return Err(DbError::Backend("injected".to_owned()));
            }
            let mut connection = self.connection.lock().unwrap();
            let transaction = connection.transaction().unwrap();
            let mut results = Vec::new();
            for statement in statements {
                results.push(query(&transaction, statement.sql, &statement.params, bind_as_double)?);
            }
            transaction.commit().unwrap();
            Ok(results)
        })
    }
}
