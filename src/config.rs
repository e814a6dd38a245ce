//! Configuration, read once an isolate. Outside local development a missing or weak secret refuses to start.

use std::sync::Arc;

use crate::domain::factor_keys::FactorKeys;
use crate::domain::limits::Limits;
use crate::domain::oidc::{Provider, parse_providers};
use crate::domain::operator::Operators;
use crate::domain::runtime_config::RuntimeConfig;
use crate::domain::tokens::{KeyRing, KeyRingError, parse_secret};
use crate::domain::webauthn::RelyingParty;
use crate::mail::{MailSettings, PRODUCT};
use crate::open_cloud::OPEN_CLOUD_URL;

/// How long a game's token lives when nobody says otherwise.
const GAME_TOKEN_S: i64 = 3 * 3600;
/// The most.
pub const MAX_GAME_TOKEN_S: i64 = 24 * 3600;

/// What the Worker runs with.
#[derive(Clone)]
pub struct Config {
    /// On somebody's own machine.
    pub is_local: bool,
    /// The origin that people open, for the links in mails: `https://edge.example`, without a slash at its end.
    pub public_url: Arc<str>,
    /// What sends mail.
    pub mail: MailSettings,
    /// Sign and verify people's access tokens.
    pub auth_keys: KeyRing,
    /// Sign and verify game servers' tokens.
    pub game_keys: KeyRing,
    /// Sign and verify Studio plugins' tokens.
    pub plugin_keys: KeyRing,
    /// Who passkeys are for; nobody where browsers have none.
    pub relying_party: Option<RelyingParty>,
    /// The secrets of second factors come from these.
    pub factor_keys: FactorKeys,
    /// The secrets of the rooms' Pusher apps come from this one.
    pub realtime_secret: Arc<[u8]>,
    /// Seconds that a game's token lives.
    pub game_token_s: i64,
    /// Origins of other pages of ours that may call with cookies; exact, like `https://dash.example`.
    pub allowed_origins: Vec<String>,
    /// Where people may sign in beside here.
    pub oidc_providers: Arc<[Provider]>,
    /// Who may watch and set the service.
    pub operators: Operators,
    /// The runtime settings until an operator changes them.
    pub runtime: RuntimeConfig,
    /// How often what may be done.
    pub limits: Limits,
    /// Where Roblox's Open Cloud is.
    pub open_cloud_url: Arc<str>,
}

/// A setting that is missing or wrong. Says which, never its value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name} {problem}")]
pub struct ConfigError {
    /// The variable or secret.
    pub name: &'static str,
    /// What is wrong, and what to do.
    pub problem: String,
}

/// Gives a variable or a secret by its name.
pub type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

impl Config {
    /// Reads variables and secrets.
    pub fn read(get: Lookup<'_>) -> Result<Self, ConfigError> {
        let ring = |name: &'static str| {
            let text = secret(get, name)?;
            KeyRing::parse(&text).map_err(|error| weak(name, error))
        };
        let realtime_secret =
            parse_secret(&secret(get, "REALTIME_SECRET")?).map_err(|error| weak("REALTIME_SECRET", error))?;
        let game_token_s = match get("GAME_TOKEN_SECONDS") {
            None => GAME_TOKEN_S,
            Some(text) => {
                text.parse().ok().filter(|s| (60..=MAX_GAME_TOKEN_S).contains(s)).ok_or(ConfigError {
                    name: "GAME_TOKEN_SECONDS",
                    problem: format!("must be a whole number from 60 to {MAX_GAME_TOKEN_S}"),
                })?
            }
        };
        let is_local = get("ENVIRONMENT").as_deref() == Some("local");
        let public_url = public_url(get, is_local)?;
        Ok(Self {
            is_local,
            auth_keys: ring("AUTH_KEYS")?,
            game_keys: ring("GAME_KEYS")?,
            plugin_keys: ring("PLUGIN_KEYS")?,
            relying_party: RelyingParty::of(&public_url, PRODUCT),
            public_url,
            mail: MailSettings::read(get, is_local)?,
            factor_keys: FactorKeys::parse(&secret(get, "FACTOR_KEYS")?)
                .map_err(|error| weak("FACTOR_KEYS", error))?,
            realtime_secret: realtime_secret.into(),
            game_token_s,
            operators: operators(get)?,
            runtime: runtime(get)?,
            allowed_origins: origins(get)?,
            oidc_providers: oidc_providers(get, is_local)?,
            limits: limits(get)?,
            open_cloud_url: open_cloud_url(get, is_local)?,
        })
    }
}

/// `OPEN_CLOUD_URL`: Roblox's own when nobody says; another one is for tests, so on one's own machine only.
fn open_cloud_url(get: Lookup<'_>, is_local: bool) -> Result<Arc<str>, ConfigError> {
    match get("OPEN_CLOUD_URL").filter(|text| !text.trim().is_empty()) {
        None => Ok(OPEN_CLOUD_URL.into()),
        Some(url) if is_local && url.starts_with("http://127.0.0.1:") => Ok(url.into()),
        Some(_) => Err(ConfigError {
            name: "OPEN_CLOUD_URL",
            problem: "is for tests on one's own machine; leave it out".to_owned(),
        }),
    }
}

/// `LIMITS`: JSON, laid over the defaults.
fn limits(get: Lookup<'_>) -> Result<Limits, ConfigError> {
    let Some(json) = get("LIMITS").filter(|json| !json.trim().is_empty()) else {
        return Ok(Limits::default());
    };
    Limits::parse(&json).map_err(|problem| ConfigError { name: "LIMITS", problem })
}

/// `ALLOWED_ORIGINS`: comma-separated, exact.
fn origins(get: &dyn Fn(&str) -> Option<String>) -> Result<Vec<String>, ConfigError> {
    let text = get("ALLOWED_ORIGINS").unwrap_or_default();
    let origins: Vec<String> =
        text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect();
    let is_origin = |text: &String| {
        text.split_once("://").is_some_and(|(scheme, host)| {
            matches!(scheme, "https" | "http")
                && !host.is_empty()
                && !host.contains(['/', '*', '?', '#', '@'])
        })
    };
    if origins.iter().all(is_origin) {
        return Ok(origins);
    }
    Err(ConfigError {
        name: "ALLOWED_ORIGINS",
        problem: "must be a comma-separated list of origins like https://dash.example, without path or *"
            .to_owned(),
    })
}

/// An origin as browsers write it: scheme, host and no default port. https everywhere but on one's own machine.
fn public_url(get: Lookup<'_>, is_local: bool) -> Result<Arc<str>, ConfigError> {
    let text = variable(get, "PUBLIC_URL")?;
    let uri: Option<http::Uri> = text.parse().ok();
    let is_origin = uri.is_some_and(|uri| match (uri.scheme_str(), uri.authority()) {
        (Some(scheme), Some(authority)) => {
            let default_port = if scheme == "https" { 443 } else { 80 };
            (scheme == "https" || (is_local && scheme == "http"))
                && text == format!("{scheme}://{authority}")
                && text == text.to_ascii_lowercase()
                && !authority.as_str().contains('@')
                && authority.port_u16() != Some(default_port)
        }
        _ => false,
    });
    if is_origin {
        return Ok(text.into());
    }
    Err(ConfigError {
        name: "PUBLIC_URL",
        problem:
            "must be an https origin, such as https://edge.example, without a path or a slash at its end"
                .to_owned(),
    })
}

/// `OIDC_PROVIDERS`: a secret as a whole, for the client secrets in it. None at all is no provider.
fn oidc_providers(get: Lookup<'_>, is_local: bool) -> Result<Arc<[Provider]>, ConfigError> {
    let text = get("OIDC_PROVIDERS").filter(|text| !text.trim().is_empty());
    let providers = parse_providers(text.as_deref().unwrap_or("[]"), is_local);
    providers.map(Into::into).map_err(|problem| ConfigError { name: "OIDC_PROVIDERS", problem })
}

/// Nobody is an operator where the secret is not set.
fn operators(get: Lookup<'_>) -> Result<Operators, ConfigError> {
    let parsed = Operators::parse(get("OPERATOR_KEYS").as_deref().unwrap_or_default());
    parsed.map_err(|problem| ConfigError { name: "OPERATOR_KEYS", problem: problem.to_owned() })
}

fn runtime(get: Lookup<'_>) -> Result<RuntimeConfig, ConfigError> {
    RuntimeConfig::start(get).map_err(|faults| {
        let name = faults.first().map_or("CONFIG_*", |(name, _)| name);
        let told: Vec<String> = faults.iter().map(|(name, fault)| format!("{name} {fault}")).collect();
        let problem = told.join("; ");
        let problem = problem.strip_prefix(name).map(str::trim_start).unwrap_or_default().to_owned();
        ConfigError { name, problem }
    })
}

/// A setting that is no secret.
pub(crate) fn variable(get: Lookup<'_>, name: &'static str) -> Result<String, ConfigError> {
    get(name).filter(|text| !text.trim().is_empty()).ok_or_else(|| ConfigError {
        name,
        problem: "is not set; set it under `[vars]` in wrangler.toml".to_owned(),
    })
}

/// A secret.
pub(crate) fn secret(get: Lookup<'_>, name: &'static str) -> Result<String, ConfigError> {
    get(name).filter(|text| !text.trim().is_empty()).ok_or_else(|| ConfigError {
        name,
        problem: format!("is not set; run `npx wrangler secret put {name}`"),
    })
}

fn weak(name: &'static str, error: KeyRingError) -> ConfigError {
    ConfigError { name, problem: format!("{error}; run `npx wrangler secret put {name}`") }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA";

    fn read(overrides: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let ring = format!("k1:{GOOD}");
        let good = [
            ("AUTH_KEYS", ring.as_str()),
            ("GAME_KEYS", &ring),
            ("PLUGIN_KEYS", &ring),
            ("FACTOR_KEYS", &ring),
            ("REALTIME_SECRET", GOOD),
            ("PUBLIC_URL", "https://edge.example"),
            ("MAIL_PROVIDER", "cloudflare"),
            ("MAIL_FROM", "no-reply@edge.example"),
        ];
        let vars: std::collections::HashMap<&str, &str> =
            good.into_iter().chain(overrides.iter().copied()).collect();
        Config::read(&|name| vars.get(name).map(|value| (*value).to_owned()))
    }

    #[test]
    fn a_missing_or_weak_secret_is_named_and_never_shown() {
        for name in ["AUTH_KEYS", "GAME_KEYS", "PLUGIN_KEYS", "FACTOR_KEYS", "REALTIME_SECRET"] {
            let error = read(&[(name, " ")]).err().unwrap();
            assert_eq!(error.name, name);
            assert!(error.problem.starts_with("is not set"));
            let error = read(&[(name, "k1:hunter2")]).err().unwrap();
            assert_eq!(error.name, name);
            assert!(!error.to_string().contains("hunter2"));
        }
    }

    #[test]
    fn production_is_what_nobody_says() {
        assert!(!read(&[]).unwrap().is_local);
        assert!(read(&[("ENVIRONMENT", "local")]).unwrap().is_local);
    }

    #[test]
    fn the_public_url_is_an_exact_origin_and_https_outside_ones_own_machine() {
        assert_eq!(
            &*read(&[("PUBLIC_URL", "https://edge.example:8443")]).unwrap().public_url,
            "https://edge.example:8443"
        );
        for wrong in [
            "",
            "edge.example",
            "https://edge.example/",
            "https://edge.example/app",
            "https://edge.example?x",
            "https://me@edge.example",
            "https://Edge.example",
            "https://edge.example:443",
            "http://edge.example",
            "javascript:alert(1)",
        ] {
            assert_eq!(read(&[("PUBLIC_URL", wrong)]).err().unwrap().name, "PUBLIC_URL", "{wrong}");
        }
        let local = [("ENVIRONMENT", "local"), ("PUBLIC_URL", "http://localhost:8787")];
        assert_eq!(&*read(&local).unwrap().public_url, "http://localhost:8787");
    }

    #[test]
    fn a_wrong_identity_provider_refuses_to_start_and_its_secret_is_not_shown() {
        assert!(read(&[("OIDC_PROVIDERS", " ")]).unwrap().oidc_providers.is_empty());
        for wrong in [
            r#"{"client_secret":"hunter2"}"#,
            r#"[{"client_secret":"hunter2"}]"#,
            r#"[{"id":"x","name":"X","issuer":"http://x.example","client_id":"c","client_secret":"hunter2","scopes":["openid"]}]"#,
        ] {
            let error = read(&[("OIDC_PROVIDERS", wrong)]).err().unwrap();
            assert_eq!(error.name, "OIDC_PROVIDERS");
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn keys_of_open_cloud_go_nowhere_but_to_roblox() {
        assert_eq!(&*read(&[]).unwrap().open_cloud_url, "https://apis.roblox.com");
        let own = [("ENVIRONMENT", "local"), ("OPEN_CLOUD_URL", "http://127.0.0.1:9")];
        assert_eq!(&*read(&own).unwrap().open_cloud_url, "http://127.0.0.1:9");
        for wrong in [&own[1..], &[("ENVIRONMENT", "local"), ("OPEN_CLOUD_URL", "https://evil.example")]] {
            assert_eq!(read(wrong).err().unwrap().name, "OPEN_CLOUD_URL");
        }
    }

    #[test]
    fn limits_that_make_no_sense_refuse_to_start() {
        assert_eq!(read(&[]).unwrap().limits, Limits::default());
        let error =
            read(&[("LIMITS", r#"{"login": [{"per": "key", "hits": 1, "window_s": 1}]}"#)]).err().unwrap();
        assert_eq!(error.to_string(), "LIMITS login: cannot be counted per key, only per address");
    }

    #[test]
    fn every_wrong_start_value_of_the_runtime_settings_is_named_at_once() {
        assert_eq!(read(&[("CONFIG_CACHE_TTL", "60")]).unwrap().runtime.cache_ttl, 60);
        let wrong = [("CONFIG_CACHE_TTL", "1"), ("CONFIG_MAX_MEMORY_MB", "much")];
        assert_eq!(
            read(&wrong).err().unwrap().to_string(),
            "CONFIG_CACHE_TTL must be a whole number from 60 to 3600; CONFIG_MAX_MEMORY_MB must be a whole number"
        );
    }

    #[test]
    fn operators_are_known_by_the_hashes_of_their_keys() {
        assert_eq!(read(&[("OPERATOR_KEYS", "ann:op_secret")]).err().unwrap().name, "OPERATOR_KEYS");
        assert!(!read(&[("OPERATOR_KEYS", "ann:op_secret")]).err().unwrap().to_string().contains("secret"));
        assert_eq!(read(&[]).unwrap().operators.who("op_ann"), None);
    }

    #[test]
    fn a_game_token_lives_a_day_at_most() {
        assert_eq!(read(&[("GAME_TOKEN_SECONDS", "86400")]).unwrap().game_token_s, 86_400);
        for wrong in ["86401", "59", "-1", "soon"] {
            assert_eq!(read(&[("GAME_TOKEN_SECONDS", wrong)]).err().unwrap().name, "GAME_TOKEN_SECONDS");
        }
    }
}
