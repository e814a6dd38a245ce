//! Studio plugins: what one may do, what its token says, where it is registered.

mod registration;
mod user_code;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

pub use registration::{ConnectionPreferences, Registration};
pub use user_code::{USER_CODE_LENGTH, new_user_code, parse_user_code, shown_user_code};

use super::ids::{PluginId, SchoolId, UserId};
use super::rate_limit::Limit;
use super::tokens::TokenKind;

/// Calls of one plugin in any minute unless the runtime settings say otherwise: two heartbeats and thirty polls, twice over.
pub const DEFAULT_LIMIT: Limit = Limit { hits: 60, window_s: 60 };
/// Hours that a plugin's token lives unless the runtime settings say otherwise.
pub const DEFAULT_TOKEN_HOURS: i64 = 24;
/// The most that the runtime settings may say: a week.
pub const MAX_TOKEN_HOURS: i64 = 168;
/// A token may lie so far ahead of our clock, for isolates whose clocks differ; one that lies further ahead is forged.
pub const CLOCK_SKEW_S: i64 = 5;
/// The most plugins of a school that may come in: several places of each of a large school's teachers.
pub const MAX_PAIRED: i64 = 200;
/// Lobbies: where plugins wait that nobody has paired yet. Each is one object.
const LOBBIES: u8 = 16;

/// What a paired plugin may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
pub enum Capability {
    /// Read generated and published content.
    #[serde(rename = "content:read")]
    ContentRead,
    /// Generate content.
    #[serde(rename = "content:generate")]
    ContentGenerate,
    /// Read script templates.
    #[serde(rename = "script:read")]
    ScriptRead,
    /// Report progress, start and end sessions.
    #[serde(rename = "progress:write")]
    ProgressWrite,
}

impl Capability {
    /// All there are: what a plugin gets that asks for nothing in particular.
    pub const ALL: [Self; 4] =
        [Self::ContentRead, Self::ContentGenerate, Self::ScriptRead, Self::ProgressWrite];

    /// As sent and stored.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ContentRead => "content:read",
            Self::ContentGenerate => "content:generate",
            Self::ScriptRead => "script:read",
            Self::ProgressWrite => "progress:write",
        }
    }

    /// Reads a scope as OAuth writes it: names with spaces between (RFC 6749 section 3.3). None at all is everything; an
    /// unknown name makes the whole scope unknown.
    pub fn parse_scope(scope: &str) -> Option<Vec<Self>> {
        let mut capabilities = Vec::new();
        for name in scope.split(' ').filter(|name| !name.is_empty()) {
            let capability = Self::ALL.into_iter().find(|capability| capability.name() == name)?;
            if !capabilities.contains(&capability) {
                capabilities.push(capability);
            }
        }
        Some(if capabilities.is_empty() { Self::ALL.to_vec() } else { capabilities })
    }

    /// The other way round.
    pub fn scope(capabilities: &[Self]) -> String {
        capabilities.iter().map(|capability| capability.name()).collect::<Vec<_>>().join(" ")
    }
}

/// Where a plugin is registered: the name of its object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct RegistryName(String);

impl RegistryName {
    /// Where a plugin waits that nobody has paired: the same Studio at the same place always in the same lobby.
    pub fn lobby(registration: &Registration) -> Self {
        let place = registration.place_id.as_deref().unwrap_or_default();
        let digest = Sha256::digest(format!("{}\n{place}", registration.studio_id));
        Self(format!("lobby:{}", digest.first().copied().unwrap_or_default() % LOBBIES))
    }

    /// Where the plugins of a school are.
    pub fn school(school: &SchoolId) -> Self {
        Self(format!("school:{school}"))
    }

    /// Whether it is one of a school.
    pub fn is_school(&self) -> bool {
        self.0.starts_with("school:")
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn parse(text: String) -> Option<Self> {
        let is_lobby = text.strip_prefix("lobby:").is_some_and(|no| {
            no.parse::<u8>().is_ok_and(|number| number < LOBBIES && number.to_string() == no)
        });
        let is_school = text.strip_prefix("school:").is_some_and(|id| SchoolId::parse(id).is_some());
        (is_lobby || is_school).then_some(Self(text))
    }
}

impl<'de> Deserialize<'de> for RegistryName {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(text).ok_or_else(|| serde::de::Error::custom("not the name of a registry"))
    }
}

/// What a plugin's token says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PluginClaims {
    /// The plugin.
    pub plugin_id: PluginId,
    /// Where it is registered.
    pub registry: RegistryName,
    /// The school, once it is paired.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub school_id: Option<SchoolId>,
    /// Who paired it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<UserId>,
    /// What it may do: nothing before it is paired.
    pub capabilities: Vec<Capability>,
    /// How often the token was replaced: the registry knows the newest.
    pub generation: u32,
}

impl TokenKind for PluginClaims {
    const AUDIENCE: &'static str = "plugin";
}

impl PluginClaims {
    /// School and person, once it is paired.
    pub fn owner(&self) -> Option<(&SchoolId, &UserId)> {
        self.school_id.as_ref().zip(self.user_id.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_is_a_list_of_known_names() {
        assert_eq!(Capability::parse_scope(""), Some(Capability::ALL.to_vec()));
        let two = vec![Capability::ScriptRead, Capability::ContentRead];
        assert_eq!(Capability::parse_scope("script:read content:read script:read"), Some(two.clone()));
        assert_eq!(Capability::scope(&two), "script:read content:read");
        assert_eq!(Capability::parse_scope("content:read admin"), None);
        for capability in Capability::ALL {
            assert_eq!(serde_json::to_value(capability).unwrap(), capability.name());
        }
    }

    #[test]
    fn a_registry_has_one_name_and_nobody_else_has() {
        for good in ["lobby:0".to_owned(), "lobby:15".to_owned(), format!("school:sch_{:026}", 1)] {
            assert_eq!(RegistryName::parse(good.clone()).unwrap().as_str(), good);
        }
        for wrong in ["", "lobby:", "lobby:16", "lobby:01", "lobby:+1", "school:x", "all"] {
            assert_eq!(RegistryName::parse(wrong.to_owned()), None, "{wrong}");
        }
    }

    /// Tokens that are out live for a week: changing this would throw every plugin out.
    #[test]
    fn claims_stay_readable() {
        let claims = PluginClaims {
            plugin_id: PluginId::parse(&format!("plg_{:026}", 1)).unwrap(),
            registry: RegistryName::school(&SchoolId::parse(&format!("sch_{:026}", 2)).unwrap()),
            school_id: SchoolId::parse(&format!("sch_{:026}", 2)),
            user_id: UserId::parse(&format!("usr_{:026}", 3)),
            capabilities: vec![Capability::ContentRead],
            generation: 4,
        };
        let json = format!(
            r#"{{"plugin_id":"plg_{:026}","registry":"school:sch_{:026}","school_id":"sch_{:026}","user_id":"usr_{:026}","capabilities":["content:read"],"generation":4}}"#,
            1, 2, 2, 3
        );
        assert_eq!(serde_json::to_string(&claims).unwrap(), json);
        assert_eq!(serde_json::from_str::<PluginClaims>(&json).unwrap(), claims);
    }
}
