//! What a plugin says of itself, or everything that is wrong with it. Old plugins send what they always sent; what they send
//! beyond that is ignored.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::domain::quiz::{FieldError, FieldErrorCode};

/// Where a plugin listens when it does not say.
const DEFAULT_PORT: u16 = 64_989;
/// Below are the ports of systems, not of Studio.
const MIN_PORT: i64 = 1024;
const DEFAULT_VERSION: &str = "1.0.0";
/// Characters of a version.
const MAX_VERSION: usize = 20;
/// Characters of a Studio's id.
const STUDIO_ID: std::ops::RangeInclusive<usize> = 5..=100;
/// Digits of a Roblox id: 2^63 has 19.
const MAX_ROBLOX_ID: usize = 19;
/// What a plugin says that it can do: the old one has six.
const MAX_FEATURES: usize = 20;
/// Characters of one of them, and of a method of connection.
const MAX_WORD: usize = 50;
/// Seconds between two polls.
const POLLING_INTERVAL: std::ops::RangeInclusive<i64> = 1..=3600;

/// A plugin, as it says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registration {
    /// Studio's own id of the installation.
    pub studio_id: String,
    /// The place that is open, as text.
    pub place_id: Option<String>,
    /// Where it listens.
    pub port: u16,
    /// Its version.
    pub version: String,
    /// The Roblox user, as text.
    pub studio_user_id: Option<String>,
    /// What it says that it can do.
    pub features: Vec<String>,
    /// How it would like to talk.
    pub connection_preferences: Option<ConnectionPreferences>,
}

/// How a plugin would like to talk.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ConnectionPreferences {
    /// Such as `websocket`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preferred_method: Option<String>,
    /// Such as `http_polling`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fallback_method: Option<String>,
    /// Seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub polling_interval: Option<i64>,
}

impl Registration {
    /// Reads it, or says of every field what is wrong with it.
    pub fn parse(fields: &Map<String, Value>) -> Result<Self, Vec<FieldError>> {
        let mut reader = Reader { fields, errors: Vec::new() };
        let registration = Self {
            studio_id: reader.studio_id().unwrap_or_default(),
            place_id: reader.roblox_id("place_id"),
            port: reader.port(),
            version: reader.version(),
            studio_user_id: reader.roblox_id("studio_user_id"),
            features: reader.features(),
            connection_preferences: reader.preferences(),
        };
        if reader.errors.is_empty() { Ok(registration) } else { Err(reader.errors) }
    }
}

struct Reader<'a> {
    fields: &'a Map<String, Value>,
    errors: Vec<FieldError>,
}

/// A whole number, also one that came as text. A truth value is none.
fn whole(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => {
            number.as_i64().or_else(|| number.as_f64().filter(|n| n.fract() == 0.0).and_then(whole_f64))
        }
        Value::String(text) if text.len() <= MAX_ROBLOX_ID => text.trim().parse().ok(),
        _ => None,
    }
}

/// Luau has doubles only.
#[expect(clippy::cast_possible_truncation, reason = "below 2^53")]
fn whole_f64(number: f64) -> Option<i64> {
    (number.abs() <= 9_007_199_254_740_991.0).then_some(number as i64)
}

fn is_word(text: &str) -> bool {
    (1..=MAX_WORD).contains(&text.chars().count()) && !text.chars().any(char::is_control)
}

impl Reader<'_> {
    /// A field that is there; Luau's `nil` is none.
    fn get(&self, name: &str) -> Option<&Value> {
        self.fields.get(name).filter(|value| !value.is_null())
    }

    fn fault(&mut self, name: &str, code: FieldErrorCode, detail: impl Into<String>) {
        self.errors.push(FieldError::new(format!("/{name}"), code, detail.into()));
    }

    fn studio_id(&mut self) -> Option<String> {
        const NAME: &str = "studio_id";
        let Some(value) = self.get(NAME) else {
            self.fault(NAME, FieldErrorCode::Required, "Studio's id of this installation is needed");
            return None;
        };
        let id = value.as_str().map(|text| text.trim().to_owned());
        let is_good = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        match id {
            Some(id) if STUDIO_ID.contains(&id.len()) && id.bytes().all(is_good) => Some(id),
            _ => {
                self.fault(NAME, FieldErrorCode::Malformed, "5 to 100 letters, digits, `_` and `-`");
                None
            }
        }
    }

    fn port(&mut self) -> u16 {
        let Some(value) = self.get("port") else { return DEFAULT_PORT };
        let port = whole(value).filter(|port| *port >= MIN_PORT).and_then(|port| u16::try_from(port).ok());
        port.unwrap_or_else(|| {
            self.fault("port", FieldErrorCode::OutOfRange, "a whole number from 1024 to 65535");
            DEFAULT_PORT
        })
    }

    fn version(&mut self) -> String {
        let Some(value) = self.get("version") else { return DEFAULT_VERSION.to_owned() };
        let version = value.as_str().map(str::trim).filter(|text| {
            (1..=MAX_VERSION).contains(&text.chars().count()) && !text.chars().any(char::is_control)
        });
        let Some(version) = version else {
            self.fault("version", FieldErrorCode::Malformed, "1 to 20 characters, such as 1.1.0");
            return DEFAULT_VERSION.to_owned();
        };
        version.to_owned()
    }

    /// Roblox's own ids, as text because they outgrow a double; as numbers they come from old plugins.
    fn roblox_id(&mut self, name: &'static str) -> Option<String> {
        let value = self.get(name)?;
        let id = match value {
            Value::String(text) => Some(text.trim().to_owned()),
            other => whole(other).map(|number| number.to_string()),
        };
        let is_good = |id: &String| {
            (1..=MAX_ROBLOX_ID).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_digit())
        };
        let id = id.filter(is_good);
        if id.is_none() {
            self.fault(name, FieldErrorCode::Malformed, "a whole number, best as text");
        }
        id
    }

    fn features(&mut self) -> Vec<String> {
        const NAME: &str = "capabilities";
        let Some(value) = self.get(NAME) else { return Vec::new() };
        let words = value.as_array().and_then(|list| {
            let words = list.iter().map(|word| word.as_str().filter(|word| is_word(word)).map(str::to_owned));
            words.collect::<Option<Vec<_>>>()
        });
        match words {
            Some(words) if words.len() <= MAX_FEATURES => words,
            Some(_) => {
                self.fault(NAME, FieldErrorCode::TooMany, "at most 20");
                Vec::new()
            }
            None => {
                self.fault(NAME, FieldErrorCode::Malformed, "a list of texts of 1 to 50 characters");
                Vec::new()
            }
        }
    }

    fn preferences(&mut self) -> Option<ConnectionPreferences> {
        const NAME: &str = "connection_preferences";
        let fields = match self.get(NAME)? {
            Value::Object(fields) => fields.clone(),
            // What Luau makes of an empty table.
            Value::Array(list) if list.is_empty() => Map::new(),
            _ => {
                self.fault(NAME, FieldErrorCode::Malformed, "an object is expected");
                return None;
            }
        };
        let present = |name: &str| fields.get(name).filter(|value| !value.is_null());
        let mut method = |name: &'static str| {
            let value = present(name)?;
            let word = value.as_str().filter(|word| is_word(word)).map(str::to_owned);
            if word.is_none() {
                let pointer = format!("{NAME}/{name}");
                self.fault(&pointer, FieldErrorCode::Malformed, "1 to 50 characters");
            }
            word
        };
        let (preferred_method, fallback_method) = (method("preferred_method"), method("fallback_method"));
        let interval = present("polling_interval").map(whole);
        let polling_interval = interval.flatten().filter(|seconds| POLLING_INTERVAL.contains(seconds));
        if interval.is_some() && polling_interval.is_none() {
            let pointer = format!("{NAME}/polling_interval");
            self.fault(&pointer, FieldErrorCode::OutOfRange, "whole seconds from 1 to 3600");
        }
        Some(ConnectionPreferences { preferred_method, fallback_method, polling_interval })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn parse(value: &Value) -> Result<Registration, Vec<String>> {
        let faults = |errors: Vec<FieldError>| errors.into_iter().map(|error| error.pointer).collect();
        Registration::parse(value.as_object().unwrap()).map_err(faults)
    }

    #[test]
    fn an_old_plugin_registers_with_what_it_always_sent() {
        let sent = json!({"port": 64989, "version": "1.1.0", "studio_user_id": 123_456_789, "studio_id": "A1b2-C3d4_e5",
            "capabilities": ["terrain_generation", "script_creation", "ui_building", "quiz_system", "websocket", "http_polling"],
            "connection_preferences": {"preferred_method": "websocket", "fallback_method": "http_polling", "polling_interval": 2}});
        let registration = parse(&sent).unwrap();
        assert_eq!(registration.studio_user_id.as_deref(), Some("123456789"));
        assert_eq!((registration.port, registration.features.len()), (64989, 6));
        assert_eq!(registration.connection_preferences.unwrap().polling_interval, Some(2));
    }

    #[test]
    fn all_but_the_studio_has_a_default() {
        let registration = parse(&json!({"studio_id": " studio ", "port": null})).unwrap();
        assert_eq!((registration.studio_id.as_str(), registration.port), ("studio", 64989));
        assert_eq!(registration.version, "1.0.0");
        assert_eq!(parse(&json!({"studio_id": "studio", "port": "2000"})).unwrap().port, 2000);
        assert_eq!(parse(&json!({"studio_id": "studio", "port": 2000.0})).unwrap().port, 2000);
        assert_eq!(
            parse(&json!({"studio_id": "studio", "connection_preferences": []}))
                .unwrap()
                .connection_preferences,
            Some(ConnectionPreferences::default())
        );
    }

    #[test]
    fn every_field_at_fault_is_named_at_once() {
        let sent = json!({"studio_id": "no spaces", "port": true, "version": "", "studio_user_id": -1, "place_id": "x",
            "capabilities": [1], "connection_preferences": {"preferred_method": 1, "polling_interval": 0}});
        let mut faults = parse(&sent).unwrap_err();
        faults.sort();
        assert_eq!(
            faults,
            [
                "/capabilities",
                "/connection_preferences/polling_interval",
                "/connection_preferences/preferred_method",
                "/place_id",
                "/port",
                "/studio_id",
                "/studio_user_id",
                "/version"
            ]
        );
    }

    #[test]
    fn limits_hold_at_their_edges() {
        let studio = |id: &str| parse(&json!({"studio_id": id})).is_ok();
        assert!(studio("abcde") && studio(&"x".repeat(100)));
        assert!(!studio("abcd") && !studio(&"x".repeat(101)) && !studio("abcde\0") && !studio("äbcde"));
        let port = |port: i64| parse(&json!({"studio_id": "studio", "port": port})).is_ok();
        assert!(port(1024) && port(65_535) && !port(1023) && !port(65_536));
        let version =
            |length: usize| parse(&json!({"studio_id": "studio", "version": "1".repeat(length)})).is_ok();
        assert!(version(20) && !version(21));
        assert_eq!(parse(&json!({})).unwrap_err(), ["/studio_id"]);
    }
}
