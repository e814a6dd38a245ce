//! Settings that operators change while the service runs: eight numbers, each with a range, changed all at once or not at all.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::quiz::{FieldError, FieldErrorCode};
use super::revocation::Freshness;
use super::time::Timestamp;

/// A copy is as good as new for so long: a change is felt everywhere within seconds.
const FRESH_MS: i64 = 5_000;
/// And good while it is fetched again for so long; an older one is waited for.
const STALE_MS: i64 = 10_000;

macro_rules! settings {
    ($($(#[doc = $doc:literal])+ $name:ident: $variable:literal, $default:tt, $min:tt..=$max:tt;)+) => {
        /// The settings.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
        #[serde(deny_unknown_fields)]
        pub struct RuntimeConfig {
            $($(#[doc = $doc])+ #[schema(minimum = $min, maximum = $max)] pub $name: i64,)+
        }

        impl Default for RuntimeConfig {
            fn default() -> Self {
                Self { $($name: $default,)+ }
            }
        }

        /// A change: what is absent stays.
        #[derive(Debug, ToSchema)]
        #[expect(dead_code, reason = "only describes what `RuntimeConfig::with` reads")]
        pub struct RuntimeConfigPatch {
            $($(#[doc = $doc])+ #[schema(minimum = $min, maximum = $max)] $name: Option<i64>,)+
        }

        /// Each setting: its name, its variable, its range.
        pub const SETTINGS: &[Setting] = &[$(Setting {
            name: stringify!($name), variable: $variable, min: $min, max: $max,
        },)+];

        impl RuntimeConfig {
            fn field(&mut self, name: &str) -> Option<&mut i64> {
                match name {
                    $(stringify!($name) => Some(&mut self.$name),)+
                    _ => None,
                }
            }
        }
    };
}

settings! {
    /// Calls to other people's servers that one isolate has open at once; further ones wait. (The Worker has no threads: what it
    /// does at once is what it waits for.)
    thread_pool_size: "CONFIG_THREAD_POOL_SIZE", 5, 1..=50;
    /// Entries of the content cache.
    cache_max_size: "CONFIG_CACHE_MAX_SIZE", 1000, 100..=10_000;
    /// Seconds that generated content is kept.
    cache_ttl: "CONFIG_CACHE_TTL", 300, 60..=3_600;
    /// Requests of one plugin within the window.
    rate_limit_requests: "CONFIG_RATE_LIMIT_REQUESTS", 60, 10..=1_000;
    /// The window, in seconds.
    rate_limit_window: "CONFIG_RATE_LIMIT_WINDOW", 60, 10..=300;
    /// Megabytes of the content cache.
    max_memory_mb: "CONFIG_MAX_MEMORY_MB", 100, 50..=1_000;
    /// Seconds between two snapshots of what objects hold in memory only.
    backup_interval: "CONFIG_BACKUP_INTERVAL", 300, 60..=3_600;
    /// Hours that a plugin's token lives.
    token_expiry_hours: "CONFIG_TOKEN_EXPIRY_HOURS", 24, 1..=168;
}

/// What is known of a setting.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// Its name.
    pub name: &'static str,
    /// The variable with its start value.
    pub variable: &'static str,
    /// The least.
    pub min: i64,
    /// The most.
    pub max: i64,
}

impl Setting {
    fn check(&self, value: i64) -> Result<i64, String> {
        if (self.min..=self.max).contains(&value) {
            Ok(value)
        } else {
            Err(format!("must be a whole number from {} to {}", self.min, self.max))
        }
    }
}

impl RuntimeConfig {
    /// The start values: the defaults, over which the variables are laid. Every fault at once: variable and sentence.
    pub fn start(get: &dyn Fn(&str) -> Option<String>) -> Result<Self, Vec<(&'static str, String)>> {
        let mut config = Self::default();
        let mut faults = Vec::new();
        for setting in SETTINGS {
            let Some(text) = get(setting.variable) else { continue };
            let number = text.trim().parse().map_err(|_| "must be a whole number".to_owned());
            match number.and_then(|number| setting.check(number)) {
                Ok(value) => config.set(setting.name, value),
                Err(fault) => faults.push((setting.variable, fault)),
            }
        }
        if faults.is_empty() { Ok(config) } else { Err(faults) }
    }

    /// With a change, or every fault in it.
    pub fn with(mut self, change: &Map<String, Value>) -> Result<Self, Vec<FieldError>> {
        let mut faults = Vec::new();
        if change.is_empty() {
            faults.push(FieldError::new("", FieldErrorCode::Required, "name at least one setting"));
        }
        for (name, value) in change {
            let pointer = format!("/{}", name.replace('~', "~0").replace('/', "~1"));
            let Some(setting) = SETTINGS.iter().find(|setting| setting.name == name) else {
                faults.push(FieldError::new(pointer, FieldErrorCode::NotAllowed, "there is no such setting"));
                continue;
            };
            match value.as_i64().map(|value| setting.check(value)) {
                Some(Ok(value)) => self.set(setting.name, value),
                Some(Err(fault)) => {
                    faults.push(FieldError::new(pointer, FieldErrorCode::OutOfRange, fault));
                }
                None => {
                    faults.push(FieldError::new(
                        pointer,
                        FieldErrorCode::Malformed,
                        "must be a whole number",
                    ));
                }
            }
        }
        faults.sort_by(|a, b| a.pointer.cmp(&b.pointer));
        if faults.is_empty() { Ok(self) } else { Err(faults) }
    }

    fn set(&mut self, name: &str, value: i64) {
        if let Some(field) = self.field(name) {
            *field = value;
        }
    }
}

/// The settings and which version they are: 0 are the start values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// The version.
    pub version: i64,
    /// What they say.
    pub config: RuntimeConfig,
}

impl Settings {
    /// Before anybody changed any.
    pub const fn start(config: RuntimeConfig) -> Self {
        Self { version: 0, config }
    }
}

/// An isolate's copy.
#[derive(Clone, Copy, Debug)]
pub struct SettingsCopy {
    /// What was fetched.
    pub settings: Settings,
    /// When it was asked for.
    pub fetched_at: Timestamp,
}

impl SettingsCopy {
    /// How good it is now.
    pub fn freshness(&self, now: Timestamp) -> Freshness {
        match now.millis_since(self.fetched_at) {
            age if (0..=FRESH_MS).contains(&age) => Freshness::Fresh,
            age if (0..=STALE_MS).contains(&age) => Freshness::Stale,
            _ => Freshness::Old,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn map(value: &Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn each_bound_is_inside_and_what_is_beyond_is_not() {
        for setting in SETTINGS {
            for (value, is_good) in
                [(setting.min, true), (setting.max, true), (setting.min - 1, false), (setting.max + 1, false)]
            {
                let changed = RuntimeConfig::default().with(&map(&json!({setting.name: value})));
                assert_eq!(changed.is_ok(), is_good, "{} {value}", setting.name);
                let text = value.to_string();
                let started = RuntimeConfig::start(&|name| (name == setting.variable).then(|| text.clone()));
                assert_eq!(started.is_ok(), is_good, "{} {value}", setting.variable);
            }
        }
    }

    #[test]
    fn every_fault_is_told_at_once_and_nothing_is_changed() {
        let change = json!({"cache_ttl": 59, "thread_pool_size": true, "a/b": 1, "max_memory_mb": 1.5, "cache_max_size": 200});
        let faults = RuntimeConfig::default().with(&map(&change)).unwrap_err();
        let told: Vec<_> = faults.iter().map(|fault| (fault.pointer.as_str(), fault.code)).collect();
        assert_eq!(
            told,
            [
                ("/a~1b", FieldErrorCode::NotAllowed),
                ("/cache_ttl", FieldErrorCode::OutOfRange),
                ("/max_memory_mb", FieldErrorCode::Malformed),
                ("/thread_pool_size", FieldErrorCode::Malformed),
            ]
        );
        assert!(RuntimeConfig::default().with(&Map::new()).is_err());
    }

    #[test]
    fn every_wrong_variable_is_named() {
        let wrong = |name: &str| {
            ["CONFIG_CACHE_TTL", "CONFIG_MAX_MEMORY_MB"].contains(&name).then(|| "soon".to_owned())
        };
        let faults = RuntimeConfig::start(&wrong).unwrap_err();
        assert_eq!(
            faults.iter().map(|fault| fault.0).collect::<Vec<_>>(),
            ["CONFIG_CACHE_TTL", "CONFIG_MAX_MEMORY_MB"]
        );
    }

    #[test]
    fn a_copy_is_fetched_again_after_five_seconds_and_waited_for_after_ten() {
        let settings = Settings::start(RuntimeConfig::default());
        let copy = SettingsCopy { settings, fetched_at: Timestamp::from_millis(1_000) };
        let at = |millis: i64| copy.freshness(Timestamp::from_millis(1_000 + millis));
        assert_eq!(
            [at(5_000), at(5_001), at(10_000), at(10_001), at(-1)],
            [Freshness::Fresh, Freshness::Stale, Freshness::Stale, Freshness::Old, Freshness::Old]
        );
    }
}
