//! The SQLite of a Durable Object behind the `Sql` port.

use worker::SqlStorage;
use worker::wasm_bindgen::JsValue;

use super::d1::{db_error, js_value};
use crate::ports::{DbError, Row, Sql, Value};

/// The SQLite of one object.
pub(super) struct ObjectSql(pub SqlStorage);

impl Sql for ObjectSql {
    fn query(&self, sql: &'static str, params: &[Value]) -> Result<Vec<Row>, DbError> {
        let values: Vec<JsValue> = params.iter().map(js_value).collect::<Result<_, _>>()?;
        let cursor = self.0.exec_raw(sql, values).map_err(|error| db_error(&error))?;
        // Asking a write for its rows would be one more call into JavaScript, six times a sync.
        if sql.trim_start().starts_with("select") || sql.contains("returning") {
            cursor.to_array().map_err(|error| db_error(&error))
        } else {
            Ok(Vec::new())
        }
    }
}
