//! Looks for answer keys in everything that left the server: at the end of every test, in every body that did not go to a
//! quiz's own author, and in every frame.

use serde_json::Value;
use toolboxai_edge::rooms::Effect;

use super::app::TestApp;

/// Fields that only a key has.
const KEY_FIELDS: [&str; 4] = ["accept", "tolerance", "explanation", "pairs"];

fn find_key(value: &Value) -> Option<String> {
    match value {
        Value::Object(object) => {
            if let Some(field) = KEY_FIELDS.iter().find(|field| object.contains_key(**field)) {
                return Some((*field).to_owned());
            }
            if object.contains_key("text") && object.contains_key("correct") {
                return Some("an option that says whether it is correct".to_owned());
            }
            if object.contains_key("prompt")
                && (object.contains_key("correct") || object.contains_key("value"))
            {
                return Some("a question with its key".to_owned());
            }
            object.values().find_map(find_key)
        }
        Value::Array(items) => items.iter().find_map(find_key),
        Value::String(text) if text.starts_with('{') => {
            serde_json::from_str(text).ok().as_ref().and_then(find_key)
        }
        _ => None,
    }
}

/// The key in a text, if there is one.
pub fn key_in(text: &str) -> Option<String> {
    serde_json::from_str(text).ok().as_ref().and_then(find_key)
}

impl Drop for TestApp {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        for body in self.bodies.lock().unwrap().iter() {
            assert_eq!(key_in(body), None, "a key left the server: {body}");
        }
        for effect in self.rooms.effects.lock().unwrap().iter() {
            if let Effect::Publish { frame, .. } = effect {
                assert_eq!(key_in(frame), None, "a key left the server: {frame}");
            }
        }
    }
}
