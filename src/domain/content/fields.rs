//! Reads the fields of a request and keeps every fault, so that all are answered at once.

use serde_json::{Map, Value};

use crate::domain::quiz::{FieldError, FieldErrorCode};

/// The fields of a request, and what is wrong with those that were read.
pub struct Fields<'r> {
    /// The request.
    root: &'r Map<String, Value>,
    /// `parameters`, whose fields go before those of the request.
    inner: Option<&'r Map<String, Value>>,
    errors: Vec<FieldError>,
}

impl<'r> Fields<'r> {
    /// Of a request.
    pub fn new(root: &'r Map<String, Value>) -> Self {
        Self { root, inner: None, errors: Vec::new() }
    }

    /// From here on the fields of this member go first.
    pub fn go_into(&mut self, name: &str) {
        match self.root.get(name) {
            None | Some(Value::Null) => {}
            Some(Value::Object(inner)) => self.inner = Some(inner),
            Some(_) => self.fail(&format!("/{name}"), FieldErrorCode::Malformed, "an object is expected"),
        }
    }

    /// What was wrong.
    pub fn errors(self) -> Vec<FieldError> {
        self.errors
    }

    /// Adds a fault.
    pub fn fail(&mut self, pointer: &str, code: FieldErrorCode, detail: &str) {
        self.errors.push(FieldError::new(pointer, code, detail));
    }

    /// Faults every field that has another name than these.
    pub fn only(&mut self, names: &[&str]) {
        for name in self.root.keys().filter(|name| !names.contains(&name.as_str())) {
            let pointer = format!("/{}", name.replace('~', "~0").replace('/', "~1"));
            self.errors.push(FieldError::new(pointer, FieldErrorCode::NotAllowed, "is not known here"));
        }
    }

    /// The first of these names that is there, and where. Null is as good as not there.
    fn get(&self, names: &[&str]) -> Option<(String, &'r Value)> {
        let inner = self.inner.into_iter().map(|inner| (inner, "/parameters"));
        inner.chain([(self.root, "")]).find_map(|(map, at)| {
            names.iter().find_map(|name| {
                let value = map.get(*name).filter(|value| !value.is_null())?;
                Some((format!("{at}/{name}"), value))
            })
        })
    }

    /// A trimmed text of at most so many characters; nothing when it is empty.
    pub fn text(&mut self, names: &[&str], most: usize) -> Option<String> {
        let (pointer, value) = self.get(names)?;
        self.checked_text(&pointer, value, most)
    }

    fn checked_text(&mut self, pointer: &str, value: &Value, most: usize) -> Option<String> {
        let Some(text) = value.as_str() else {
            self.fail(pointer, FieldErrorCode::Malformed, "a text is expected");
            return None;
        };
        let text = text.replace('\0', "").trim().to_owned();
        if text.chars().count() > most {
            self.fail(pointer, FieldErrorCode::TooLong, &format!("at most {most} characters"));
            return None;
        }
        if text.chars().any(|c| c.is_control() && !matches!(c, '\t' | '\n' | '\r')) {
            self.fail(pointer, FieldErrorCode::Malformed, "control characters are not allowed");
            return None;
        }
        (!text.is_empty()).then_some(text)
    }

    /// Like a text, of letters and underscores alone.
    pub fn word(&mut self, names: &[&str], most: usize) -> Option<String> {
        let (pointer, value) = self.get(names)?;
        let text = self.checked_text(&pointer, value, most)?;
        if text.chars().all(|c| c.is_ascii_alphabetic() || c == '_') {
            return Some(text.to_lowercase());
        }
        self.fail(&pointer, FieldErrorCode::Malformed, "letters and underscores alone");
        None
    }

    /// A whole number within the range. Texts of digits are taken too, as a query has them.
    pub fn integer(&mut self, names: &[&str], range: (i64, i64), default: i64) -> i64 {
        let Some((pointer, value)) = self.get(names) else { return default };
        let number = match value {
            Value::String(text) => text.trim().parse().ok(),
            // 5.0 is 5, as JSON does not tell them apart.
            _ => value.as_i64().or_else(|| value.to_string().strip_suffix(".0")?.parse().ok()),
        };
        match number {
            Some(number) if (range.0..=range.1).contains(&number) => return number,
            Some(_) => {
                self.fail(&pointer, FieldErrorCode::OutOfRange, &format!("{} to {}", range.0, range.1));
            }
            None => self.fail(&pointer, FieldErrorCode::Malformed, "a whole number is expected"),
        }
        default
    }

    /// True or false.
    pub fn boolean(&mut self, name: &str) -> Option<bool> {
        let (pointer, value) = self.get(&[name])?;
        let boolean = match value {
            Value::String(text) => text.trim().to_lowercase().parse().ok(),
            _ => value.as_bool(),
        };
        if boolean.is_none() {
            self.fail(&pointer, FieldErrorCode::Malformed, "true or false is expected");
        }
        boolean
    }

    /// One of a few words.
    pub fn choice<T>(&mut self, names: &[&str], words: &str, read: impl Fn(&str) -> Option<T>) -> Option<T> {
        let (pointer, value) = self.get(names)?;
        let read = value.as_str().and_then(|word| read(&word.trim().to_lowercase()));
        if read.is_none() {
            self.fail(&pointer, FieldErrorCode::Malformed, &format!("one of {words}"));
        }
        read
    }

    /// A list of at most so many, each read with its pointer.
    pub fn list<T>(
        &mut self,
        names: &[&str],
        most: usize,
        mut read: impl FnMut(&mut Self, &str, &'r Value) -> Option<T>,
    ) -> Vec<T> {
        let Some((pointer, value)) = self.get(names) else { return Vec::new() };
        let Some(items) = value.as_array() else {
            self.fail(&pointer, FieldErrorCode::Malformed, "a list is expected");
            return Vec::new();
        };
        if items.len() > most {
            self.fail(&pointer, FieldErrorCode::TooMany, &format!("at most {most}"));
        }
        let items = items.iter().take(most).enumerate();
        items.filter_map(|(n, item)| read(self, &format!("{pointer}/{n}"), item)).collect()
    }

    /// A list of texts that are not empty.
    pub fn texts(&mut self, names: &[&str], most: usize, longest: usize) -> Vec<String> {
        self.list(names, most, |fields, pointer, item| fields.required_text(pointer, item, longest))
    }

    /// A text that must not be empty.
    pub fn required_text(&mut self, pointer: &str, value: &Value, most: usize) -> Option<String> {
        let before = self.errors.len();
        let text = self.checked_text(pointer, value, most);
        if text.is_none() && self.errors.len() == before {
            self.fail(pointer, FieldErrorCode::Required, "must not be empty");
        }
        text
    }
}
