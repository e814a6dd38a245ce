//! What callers bring along: JSON objects of their own, bounded, and texts.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::domain::quiz::{FieldError, FieldErrorCode};
use crate::json;

/// A JSON object of the caller's own. Luau writes an empty table as `[]`, so an empty list is an empty object.
#[derive(Clone, Debug, Default, PartialEq, Serialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = Object)]
pub struct Document(pub Map<String, Value>);

impl<'de> Deserialize<'de> for Document {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::Object(object) => Ok(Self(object)),
            Value::Array(items) if items.is_empty() => Ok(Self::default()),
            _ => Err(serde::de::Error::custom("a JSON object is expected")),
        }
    }
}

impl Document {
    /// As it is stored.
    pub fn text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// As it was stored. What cannot be read is empty.
    pub fn stored(text: &str) -> Self {
        json::from_str(text).unwrap_or_default()
    }
}

/// Collects the fields at fault.
#[derive(Debug, Default)]
pub struct Texts(pub Vec<FieldError>);

impl Texts {
    /// A field at fault.
    pub fn fail(&mut self, pointer: impl Into<String>, code: FieldErrorCode, detail: impl Into<String>) {
        self.0.push(FieldError::new(pointer, code, detail));
    }

    /// A text without the space around it: so many characters, no control characters but line breaks.
    pub fn text(&mut self, pointer: &str, value: &str, least: usize, most: usize) -> String {
        let text = value.trim();
        let length = text.chars().count();
        if length < least {
            let code = if length == 0 { FieldErrorCode::Required } else { FieldErrorCode::TooFew };
            self.fail(pointer, code, format!("at least {least} characters"));
        } else if length > most {
            self.fail(pointer, FieldErrorCode::TooLong, format!("at most {most} characters"));
        } else if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
            self.fail(pointer, FieldErrorCode::Malformed, "no control characters");
        }
        text.to_owned()
    }

    /// A number in a range.
    pub fn number(&mut self, pointer: &str, value: i64, least: i64, most: i64) {
        if !(least..=most).contains(&value) {
            self.fail(pointer, FieldErrorCode::OutOfRange, format!("{least} to {most}"));
        }
    }

    /// An object that is not too large.
    pub fn document(&mut self, pointer: &str, value: &Document, most_bytes: usize) {
        if value.text().len() > most_bytes {
            self.fail(pointer, FieldErrorCode::TooLong, format!("at most {most_bytes} bytes of JSON"));
        }
    }

    /// An id of Roblox: a whole number as text.
    pub fn roblox_id(&mut self, pointer: &str, value: Option<&str>) {
        if value.is_some_and(|value| !super::is_roblox_id(value)) {
            self.fail(pointer, FieldErrorCode::Malformed, "a whole number as a string is expected");
        }
    }

    /// A name by which the caller knows an event: 1 to 64 letters, digits, `_`, `-`, `.` and `:`.
    pub fn event_id(&mut self, value: &str) {
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b':');
        if !(1..=64).contains(&value.len()) || !value.bytes().all(is_name) {
            self.fail(
                "/event_id",
                FieldErrorCode::Malformed,
                "1 to 64 letters, digits, `_`, `-`, `.` and `:`",
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_luau_table_is_an_empty_object_and_a_list_is_none() {
        assert_eq!(serde_json::from_str::<Document>("[]").unwrap(), Document::default());
        assert_eq!(serde_json::from_str::<Document>("{}").unwrap(), Document::default());
        for wrong in ["[1]", "1", "\"a\"", "null"] {
            assert!(serde_json::from_str::<Document>(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_text_is_measured_in_characters_without_the_space_around_it() {
        let mut texts = Texts::default();
        assert_eq!(texts.text("/a", "  äöü ", 3, 3), "äöü");
        texts.text("/b", " ", 1, 3);
        texts.text("/c", "ab", 3, 9);
        texts.text("/d", "a\u{7}bc", 1, 9);
        texts.text("/e", "four", 1, 3);
        let codes: Vec<_> = texts.0.iter().map(|error| (error.pointer.as_str(), error.code)).collect();
        assert_eq!(
            codes,
            [
                ("/b", FieldErrorCode::Required),
                ("/c", FieldErrorCode::TooFew),
                ("/d", FieldErrorCode::Malformed),
                ("/e", FieldErrorCode::TooLong)
            ]
        );
    }
}
