//! Bodies as Luau sends them: none at all where there is nothing to say, and an empty table as an empty list.

use axum::extract::{FromRequest, Request};
use http::{Method, header};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::domain::quiz::{FieldError, FieldErrorCode};
use crate::handlers::extract::{bytes, parse};
use crate::handlers::problem::{ApiError, ProblemCode};

/// Largest body of a plugin: a batch of a hundred operations of 2.5 KB.
pub(super) const MAX_BODY_BYTES: usize = 256 * 1024;
/// Largest message, session or report of progress, as JSON.
pub(in crate::handlers) const MAX_DATA_BYTES: usize = 16 * 1024;

/// A JSON object.
pub(in crate::handlers) struct PluginBody<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for PluginBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let has_type = request.headers().contains_key(header::CONTENT_TYPE);
        let is_empty = request.headers().get(header::CONTENT_LENGTH).is_none_or(|length| length == "0");
        if request.method() != Method::POST || (!has_type && is_empty) {
            return parse(b"{}").map(Self);
        }
        let body = bytes(request, state, "application/json").await?;
        if body.len() > MAX_BODY_BYTES {
            return Err(ApiError::new(ProblemCode::PayloadTooLarge, "A plugin sends at most 256 KB."));
        }
        match body.trim_ascii() {
            b"" | b"[]" => parse(b"{}").map(Self),
            body => parse(body).map(Self),
        }
    }
}

/// Free data of a plugin, if it is not too large.
pub(super) fn checked_data(data: Value, pointer: &str) -> Result<Value, FieldError> {
    let size = data.to_string().len();
    if size <= MAX_DATA_BYTES {
        return Ok(data);
    }
    Err(FieldError::new(pointer, FieldErrorCode::TooLong, format!("at most {MAX_DATA_BYTES} bytes of JSON")))
}

/// A text of so many characters, none of them a control character.
pub(super) fn checked_text(text: &str, max: usize, pointer: &str) -> Result<String, FieldError> {
    let text = text.trim();
    if (1..=max).contains(&text.chars().count()) && !text.chars().any(char::is_control) {
        return Ok(text.to_owned());
    }
    let detail = format!("1 to {max} characters, none of them a control character");
    Err(FieldError::new(pointer, FieldErrorCode::Malformed, detail))
}

/// A cursor, as a number or as text; anything else is the beginning.
pub(super) fn cursor(value: Option<&Value>) -> i64 {
    let number = match value {
        Some(Value::Number(number)) => number.as_f64(),
        Some(Value::String(text)) => text.trim().parse().ok(),
        _ => None,
    };
    let whole = number.filter(|number| (0.0..9_007_199_254_740_992.0).contains(number));
    #[expect(clippy::cast_possible_truncation, reason = "below 2^53")]
    whole.map_or(0, |number| number as i64)
}
