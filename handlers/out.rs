//! Answers in JSON.

use axum::response::{IntoResponse, Response};
use http::header;
use serde::Serialize;

use super::problem::ApiError;

/// An answer in JSON. Unlike `axum::Json` it is written as every other JSON here, into a `Vec`: so each type has one writer in the
/// wasm (docs/decisions/0004-size-and-speed.md).
pub struct Out<T>(pub T);

impl<T: Serialize> IntoResponse for Out<T> {
    fn into_response(self) -> Response {
        answer(serde_json::to_vec(&self.0))
    }
}

fn answer(json: serde_json::Result<Vec<u8>>) -> Response {
    match json {
        Ok(json) => ([(header::CONTENT_TYPE, "application/json")], json).into_response(),
        Err(error) => ApiError::internal(error.to_string()).into_response(),
    }
}
