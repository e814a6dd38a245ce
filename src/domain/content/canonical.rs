//! One text for one value: the key of a cache is the hash of the whole request, whatever the order of its fields was.

use serde::Serialize;
use serde_json::Value;

use crate::domain::tokens::sha256_hex;

/// JSON without spaces, with the names of every object in their order (as RFC 8785, for text, whole numbers and true or false,
/// which is what requests hold).
pub fn canonical_json<T: Serialize>(value: &T) -> String {
    // Our own types serialise; were one ever not to, it has no name of its own and shares none.
    let value = serde_json::to_value(value).unwrap_or(Value::Null);
    let mut text = String::new();
    write(&value, &mut text);
    text
}

/// Its SHA-256, in hexadecimal.
pub fn canonical_hash<T: Serialize>(value: &T) -> String {
    sha256_hex(&canonical_json(value))
}

fn write(value: &Value, text: &mut String) {
    match value {
        Value::Object(fields) => {
            let mut fields: Vec<(&String, &Value)> = fields.iter().collect();
            fields.sort_unstable_by_key(|(name, _)| *name);
            text.push('{');
            for (n, (name, value)) in fields.into_iter().enumerate() {
                if n > 0 {
                    text.push(',');
                }
                text.push_str(&Value::String(name.clone()).to_string());
                text.push(':');
                write(value, text);
            }
            text.push('}');
        }
        Value::Array(items) => {
            text.push('[');
            for (n, item) in items.iter().enumerate() {
                if n > 0 {
                    text.push(',');
                }
                write(item, text);
            }
            text.push(']');
        }
        simple => text.push_str(&simple.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{canonical_hash, canonical_json};

    #[test]
    fn the_order_of_fields_does_not_matter_and_everything_else_does() {
        let read = |text: &str| -> Value { serde_json::from_str(text).unwrap() };
        let (a, b) = (
            read(r#"{"b": [1, {"d": 2, "c": "é\n"}], "a": true}"#),
            read(r#"{"a":true,"b":[1,{"c":"é\n","d":2}]}"#),
        );
        assert_eq!(canonical_json(&a), r#"{"a":true,"b":[1,{"c":"é\n","d":2}]}"#);
        assert_eq!(canonical_hash(&a), canonical_hash(&b));
        assert_ne!(canonical_hash(&json!({"a": 1})), canonical_hash(&json!({"a": "1"})));
        assert_ne!(canonical_hash(&json!([1, 2])), canonical_hash(&json!([2, 1])));
    }
}
