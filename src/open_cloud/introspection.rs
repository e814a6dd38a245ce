//! What Open Cloud tells of an API key (`POST /api-keys/v1/introspect`).

use serde::Deserialize;

use crate::domain::time::Timestamp;

/// The scope that publishes messages, and its operation.
const MESSAGING: (&str, &str) = ("universe-messaging-service", "publish");

/// A key.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Introspection {
    /// What it may do.
    #[serde(default)]
    pub scopes: Vec<KeyScope>,
    /// Whether its owner has it switched on.
    #[serde(default)]
    pub enabled: bool,
    /// Whether its time is over, or it was not used for 60 days.
    #[serde(default)]
    pub expired: bool,
    /// When it ends by itself.
    #[serde(default)]
    pub expiration_time_utc: Option<Timestamp>,
}

/// A scope of a key.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyScope {
    /// Of what.
    pub name: String,
    /// What it may do there.
    #[serde(default)]
    pub operations: Vec<String>,
    /// Where: `*` is everywhere. Absent where a scope is not bound to universes.
    #[serde(default)]
    pub universe_ids: Option<Vec<String>>,
}

impl Introspection {
    /// Whether the key may publish messages to a universe.
    pub fn may_publish(&self, universe_id: &str) -> bool {
        let (name, operation) = MESSAGING;
        self.scopes.iter().any(|scope| {
            let is_there = |ids: &Vec<String>| ids.iter().any(|id| id == "*" || id == universe_id);
            scope.name == name
                && scope.operations.iter().any(|known| known == operation)
                && scope.universe_ids.as_ref().is_none_or(is_there)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_publishes_where_its_scope_says_and_nowhere_else() {
        let json = r#"{"name": "test key", "authorizedUserId": 234, "scopes": [
            {"name": "asset", "operations": ["write"], "groupIds": ["*"], "userIds": ["*"]},
            {"name": "universe-messaging-service", "operations": ["publish"], "universeIds": ["123"]}],
            "enabled": true, "expired": false, "expirationTimeUtc": "2026-01-01T12:00:00.000Z"}"#;
        let key: Introspection = serde_json::from_str(json).unwrap();
        assert!(key.enabled && !key.expired && key.expiration_time_utc.is_some());
        assert!(key.may_publish("123"));
        assert!(!key.may_publish("124"));
        let everywhere = json.replace(r#"["123"]"#, r#"["*"]"#);
        assert!(serde_json::from_str::<Introspection>(&everywhere).unwrap().may_publish("124"));
        let other = json.replace("publish", "read");
        assert!(!serde_json::from_str::<Introspection>(&other).unwrap().may_publish("123"));
        assert!(!serde_json::from_str::<Introspection>("{}").unwrap().may_publish("123"));
    }
}
