//! D1 behind the `Database` port.

use futures::future::BoxFuture;
use worker::send::SendFuture;
use worker::wasm_bindgen::JsValue;
use worker::{D1Database, Env, Error};

use crate::ports::{Database, DbError, MAX_SAFE_INTEGER, Row, Statement, Value};

/// D1.
pub(super) struct D1(D1Database);

impl D1 {
    /// The bound database.
    pub fn of(env: &Env) -> worker::Result<Self> {
        env.d1(super::DB).map(Self)
    }

    async fn run(&self, statements: Vec<Statement>) -> Result<Vec<Vec<Row>>, DbError> {
        // D1 refuses an empty batch.
        if statements.is_empty() {
            return Ok(Vec::new());
        }
        let mut prepared = Vec::with_capacity(statements.len());
        for statement in statements {
            let values: Vec<JsValue> = statement.params.iter().map(js_value).collect::<Result<_, _>>()?;
            prepared.push(self.0.prepare(statement.sql).bind(&values).map_err(|error| db_error(&error))?);
        }
        let results = self.0.batch(prepared).await.map_err(|error| db_error(&error))?;
        results.iter().map(|result| result.results::<Row>().map_err(|error| db_error(&error))).collect()
    }
}

impl Database for D1 {
    fn batch(&self, statements: Vec<Statement>) -> BoxFuture<'_, Result<Vec<Vec<Row>>, DbError>> {
        Box::pin(SendFuture::new(self.run(statements)))
    }
}

/// Numbers bind as doubles, which hold whole numbers up to 2^53.
#[expect(clippy::cast_precision_loss, reason = "checked against MAX_SAFE_INTEGER")]
pub(super) fn js_value(value: &Value) -> Result<JsValue, DbError> {
    match value {
        Value::Null => Ok(JsValue::NULL),
        Value::Integer(number) if number.abs() > MAX_SAFE_INTEGER => {
            Err(DbError::Backend("a number beyond 2^53 must be bound as text".to_owned()))
        }
        Value::Integer(number) => Ok(JsValue::from_f64(*number as f64)),
        Value::Text(text) => Ok(JsValue::from_str(text)),
    }
}

/// D1's error; its `Display` is a debug dump, its cause is SQLite's message.
pub(super) fn db_error(error: &Error) -> DbError {
    let message = match error {
        Error::D1(inner) => inner.cause(),
        other => other.to_string(),
    };
    DbError::from_message(&message)
}
