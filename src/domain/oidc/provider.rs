//! Identity providers: what is configured, and what they say of themselves (OpenID Connect Discovery 1.0).

use std::collections::HashSet;
use std::fmt;

use serde::Deserialize;
use serde_json::Value;

use super::text;
use crate::domain::signature::SignatureAlgorithm;
use crate::json;

/// More than anybody puts on one page.
const MAX_PROVIDERS: usize = 16;
/// Longest name of a provider, in characters.
const MAX_NAME: usize = 40;
/// Longest id: it stands in paths.
const MAX_ID: usize = 32;
/// Longest of any other setting.
const MAX_TEXT: usize = 1024;

/// How we prove to the token endpoint who we are (OpenID Connect Core 1.0 section 9).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenAuth {
    /// Id and secret in the `Authorization` header.
    ClientSecretBasic,
    /// Id and secret in the form.
    ClientSecretPost,
    /// No secret: PKCE alone.
    None,
}

/// A secret, which nothing prints.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// The secret itself, for the request that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// A provider as it stands in `OIDC_PROVIDERS`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provider {
    /// In our paths: lower-case letters, digits and hyphens.
    pub id: String,
    /// On the button.
    pub name: String,
    /// Who signs the ID tokens; with `sub` the key of a person there.
    pub issuer: String,
    /// We, as the provider knows us.
    pub client_id: String,
    /// Shared with the provider; a public client has none.
    #[serde(default)]
    pub client_secret: Option<Secret>,
    /// What is asked for; `openid` always is.
    pub scopes: Vec<String>,
    /// With `token_endpoint` and `jwks_uri`: nothing is discovered.
    #[serde(default)]
    authorization_endpoint: Option<String>,
    #[serde(default)]
    token_endpoint: Option<String>,
    #[serde(default)]
    jwks_uri: Option<String>,
    #[serde(default)]
    userinfo_endpoint: Option<String>,
    /// Overrules what the provider says that it takes.
    #[serde(default)]
    token_endpoint_auth_method: Option<TokenAuth>,
}

/// Where a provider listens and what it can do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoints {
    /// Where the browser goes.
    pub authorization: String,
    /// Where a code becomes tokens.
    pub token: String,
    /// Where its keys are.
    pub jwks: String,
    /// What it tells of a person beside the ID token.
    pub userinfo: Option<String>,
    /// What it signs ID tokens with, of what we verify.
    pub algorithms: Vec<SignatureAlgorithm>,
    /// How we prove who we are.
    pub auth: TokenAuth,
    /// Whether every answer of it names it (RFC 9207).
    pub names_itself: bool,
}

/// Whether a URL may be asked: https, or on one's own machine also http; without user, fragment or anything unprintable.
fn is_good_url(text: &str, is_local: bool) -> bool {
    let Ok(uri) = text.parse::<http::Uri>() else { return false };
    let scheme = uri.scheme_str();
    (scheme == Some("https") || (is_local && scheme == Some("http")))
        && uri.authority().is_some_and(|authority| !authority.as_str().contains('@'))
        && text.len() <= MAX_TEXT
        && !text.contains('#')
}

/// Reads `OIDC_PROVIDERS`. What is wrong is said without any value.
pub fn parse_providers(json: &str, is_local: bool) -> Result<Vec<Provider>, String> {
    let providers: Vec<Provider> = json::from_str(json).map_err(|error| {
        format!(
            "must be a JSON list of {{id, name, issuer, client_id, client_secret?, scopes, …}}: {} is not",
            if error.pointer().is_empty() { "it" } else { error.pointer() }
        )
    })?;
    if providers.len() > MAX_PROVIDERS {
        return Err(format!("has more than {MAX_PROVIDERS} providers"));
    }
    let (mut ids, mut issuers) = (HashSet::new(), HashSet::new());
    for (index, provider) in providers.iter().enumerate() {
        provider
            .check(is_local)
            .map_err(|problem| format!("has a provider (number {index}) whose {problem}"))?;
        if !ids.insert(&provider.id) || !issuers.insert(&provider.issuer) {
            return Err(format!("has a provider (number {index}) whose id or issuer another one has, too"));
        }
    }
    Ok(providers)
}

impl Provider {
    fn check(&self, is_local: bool) -> Result<(), &'static str> {
        let is_id = |text: &str| {
            (1..=MAX_ID).contains(&text.len())
                && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        };
        let is_text =
            |text: &str| (1..=MAX_TEXT).contains(&text.len()) && !text.chars().any(char::is_control);
        if !is_id(&self.id) {
            return Err("id is not of lower-case letters, digits and hyphens");
        }
        if self.name.trim().is_empty() || self.name.chars().count() > MAX_NAME || !is_text(&self.name) {
            return Err("name is empty or too long");
        }
        if !is_good_url(&self.issuer, is_local) || self.issuer.contains('?') {
            return Err("issuer is no https URL without query and fragment");
        }
        if !is_text(&self.client_id) || self.client_secret.as_ref().is_some_and(|secret| !is_text(&secret.0))
        {
            return Err("client_id or client_secret is empty or too long");
        }
        let is_scope = |scope: &String| is_text(scope) && scope.bytes().all(|byte| byte.is_ascii_graphic());
        if !self.scopes.iter().any(|scope| scope == "openid") || !self.scopes.iter().all(is_scope) {
            return Err("scopes lack `openid`, or one of them is no scope");
        }
        let wants_secret = !matches!(self.token_endpoint_auth_method, None | Some(TokenAuth::None));
        if wants_secret && self.client_secret.is_none() {
            return Err("token_endpoint_auth_method needs a client_secret");
        }
        let endpoints = [&self.authorization_endpoint, &self.token_endpoint, &self.jwks_uri];
        let given = endpoints.iter().filter(|endpoint| endpoint.is_some()).count();
        if given != 0 && given != endpoints.len() {
            return Err(
                "authorization_endpoint, token_endpoint and jwks_uri are not all there or all left out",
            );
        }
        let mut all = endpoints.into_iter().chain([&self.userinfo_endpoint]).flatten();
        if !all.all(|url| is_good_url(url, is_local)) {
            return Err("endpoints are not https URLs");
        }
        Ok(())
    }

    /// The endpoints, when the configuration names them.
    pub fn configured(&self) -> Option<Endpoints> {
        Some(Endpoints {
            authorization: self.authorization_endpoint.clone()?,
            token: self.token_endpoint.clone()?,
            jwks: self.jwks_uri.clone()?,
            userinfo: self.userinfo_endpoint.clone(),
            // A key is for one algorithm only, so a list that nobody narrowed confuses nothing.
            algorithms: SignatureAlgorithm::ALL.to_vec(),
            auth: self.auth(None),
            names_itself: false,
        })
    }

    /// Where the discovery document is (OpenID Connect Discovery 1.0 section 4.1).
    pub fn discovery_url(&self) -> String {
        format!("{}/.well-known/openid-configuration", self.issuer.trim_end_matches('/'))
    }

    /// Reads the discovery document. Its issuer must be the configured one to the letter, or somebody else could speak for it.
    pub fn discovered(&self, json: &[u8], is_local: bool) -> Result<Endpoints, &'static str> {
        let found: Value = json::from_slice(json).map_err(|_| "the discovery document cannot be read")?;
        if text(&found, "issuer").as_ref() != Some(&self.issuer) {
            return Err("the discovery document is of another issuer");
        }
        let url = |name: &str| {
            text(&found, name)
                .filter(|url| is_good_url(url, is_local))
                .ok_or("the discovery document has an endpoint that is no https URL")
        };
        let userinfo = match &self.userinfo_endpoint {
            None if found.get("userinfo_endpoint").is_some() => Some(url("userinfo_endpoint")?),
            configured => configured.clone(),
        };
        let list = |name: &str| found.get(name).and_then(Value::as_array);
        let names = list("id_token_signing_alg_values_supported").into_iter().flatten();
        let algorithms: Vec<_> = names.filter_map(|name| SignatureAlgorithm::of(name.as_str()?)).collect();
        if algorithms.is_empty() {
            return Err("the provider signs with nothing that is verified here");
        }
        let names_itself = found.get("authorization_response_iss_parameter_supported");
        Ok(Endpoints {
            authorization: url("authorization_endpoint")?,
            token: url("token_endpoint")?,
            jwks: url("jwks_uri")?,
            userinfo,
            algorithms,
            auth: self.auth(list("token_endpoint_auth_methods_supported")),
            names_itself: names_itself == Some(&Value::Bool(true)),
        })
    }

    /// How we prove who we are: as configured, else the header, which every provider must take (RFC 6749 section 2.3.1), unless
    /// this one says that it takes the form only.
    fn auth(&self, supported: Option<&Vec<Value>>) -> TokenAuth {
        let takes = |name: &str| supported.is_some_and(|methods| methods.iter().any(|method| method == name));
        match (self.token_endpoint_auth_method, &self.client_secret) {
            (_, None) => TokenAuth::None,
            (Some(method), _) => method,
            (None, _) if takes("client_secret_post") && !takes("client_secret_basic") => {
                TokenAuth::ClientSecretPost
            }
            (None, _) => TokenAuth::ClientSecretBasic,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn google() -> Value {
        json!({"id": "google", "name": "Google", "issuer": "https://accounts.google.com", "client_id": "c",
            "client_secret": "hunter2", "scopes": ["openid", "email", "profile"]})
    }

    fn with(field: &str, value: Value) -> Value {
        let mut provider = google();
        provider[field] = value;
        provider
    }

    fn parse(provider: &Value) -> Result<Provider, String> {
        parse_providers(&json!([provider]).to_string(), false).map(|mut all| all.remove(0))
    }

    #[test]
    fn no_provider_is_fine_and_two_of_a_kind_are_not() {
        assert!(parse_providers("[]", false).unwrap().is_empty());
        let two = json!([google(), with("issuer", json!("https://other.example"))]).to_string();
        assert!(parse_providers(&two, false).unwrap_err().contains("another one has"));
        let two = json!([google(), with("id", json!("other"))]).to_string();
        assert!(parse_providers(&two, false).unwrap_err().contains("another one has"));
    }

    #[test]
    fn a_wrong_setting_is_named_and_no_value_is_shown() {
        let cases = [
            (with("id", json!("Google")), "id is not"),
            (with("id", json!("a/b")), "id is not"),
            (with("name", json!(" ")), "name is"),
            (with("issuer", json!("http://accounts.google.com")), "issuer is"),
            (with("issuer", json!("https://me:hunter2@accounts.google.com")), "issuer is"),
            (with("issuer", json!("https://accounts.google.com?x=1")), "issuer is"),
            (with("issuer", json!("accounts.google.com")), "issuer is"),
            (with("issuer", json!("https://schüle.example")), "issuer is"),
            (with("client_id", json!("")), "client_id or"),
            (with("client_secret", json!("")), "client_id or"),
            (with("scopes", json!(["email"])), "scopes lack"),
            (with("scopes", json!(["openid", "a b"])), "scopes lack"),
            (with("client_secret", Value::Null), ""),
            (with("token_endpoint", json!("https://a.example/token")), "not all there"),
            (with("userinfo_endpoint", json!("http://a.example/me")), "endpoints are not"),
            (with("secret_key", json!("hunter2")), "must be a JSON list"),
            (with("token_endpoint_auth_method", json!("private_key_jwt")), "must be a JSON list"),
        ];
        for (provider, expected) in cases {
            match parse(&provider) {
                Ok(_) => assert_eq!(expected, "", "{provider}"),
                Err(problem) => {
                    assert!(!expected.is_empty() && problem.contains(expected), "{provider}: {problem}");
                    assert!(!problem.contains("hunter2"), "{problem}");
                }
            }
        }
        assert!(!format!("{:?}", parse(&google()).unwrap()).contains("hunter2"));
    }

    #[test]
    fn http_is_for_ones_own_machine_alone() {
        let local = json!([with("issuer", json!("http://localhost:9000"))]).to_string();
        assert!(parse_providers(&local, false).is_err());
        assert!(parse_providers(&local, true).is_ok());
    }

    fn document(provider: &Provider) -> Value {
        json!({"issuer": provider.issuer, "authorization_endpoint": "https://a.example/auth",
            "token_endpoint": "https://a.example/token", "jwks_uri": "https://a.example/keys",
            "id_token_signing_alg_values_supported": ["HS256", "none", "RS256"],
            "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"]})
    }

    #[test]
    fn discovery_takes_the_algorithms_that_both_sides_know() {
        let provider = parse(&google()).unwrap();
        let endpoints = provider.discovered(document(&provider).to_string().as_bytes(), false).unwrap();
        assert_eq!(endpoints.algorithms, [SignatureAlgorithm::Rs256]);
        assert_eq!(endpoints.auth, TokenAuth::ClientSecretBasic);
        assert_eq!((endpoints.names_itself, endpoints.userinfo), (false, None));
    }

    #[test]
    fn a_discovery_document_that_does_not_fit_is_refused() {
        let provider = parse(&google()).unwrap();
        for (field, value) in [
            ("issuer", json!("https://accounts.google.com/")),
            ("issuer", json!("https://evil.example")),
            ("token_endpoint", json!("http://a.example/token")),
            ("jwks_uri", json!("file:///etc/passwd")),
            ("userinfo_endpoint", json!("/me")),
            ("id_token_signing_alg_values_supported", json!(["none", "HS256"])),
            ("id_token_signing_alg_values_supported", json!([])),
            ("authorization_endpoint", Value::Null),
        ] {
            let mut document = document(&provider);
            document[field] = value.clone();
            assert!(provider.discovered(document.to_string().as_bytes(), false).is_err(), "{field} {value}");
        }
        assert!(provider.discovered(b"<html>", false).is_err());
    }

    #[test]
    fn the_discovery_document_of_an_issuer_with_a_path_lies_below_it() {
        let roblox = parse(&with("issuer", json!("https://apis.roblox.com/oauth/"))).unwrap();
        assert_eq!(roblox.discovery_url(), "https://apis.roblox.com/oauth/.well-known/openid-configuration");
    }

    #[test]
    fn the_client_proves_who_it_is_as_the_provider_takes_it() {
        let provider = parse(&google()).unwrap();
        let methods = |names: &[&str]| names.iter().map(|name| json!(name)).collect::<Vec<_>>();
        let of = |names: &[&str]| provider.auth(Some(&methods(names)));
        assert_eq!(provider.auth(None), TokenAuth::ClientSecretBasic);
        assert_eq!(of(&["client_secret_post"]), TokenAuth::ClientSecretPost);
        assert_eq!(of(&["client_secret_basic", "client_secret_post"]), TokenAuth::ClientSecretBasic);
        let public = parse(&with("client_secret", Value::Null)).unwrap();
        assert_eq!(public.auth(None), TokenAuth::None);
        let chosen = parse(&with("token_endpoint_auth_method", json!("client_secret_post"))).unwrap();
        assert_eq!(chosen.auth(None), TokenAuth::ClientSecretPost);
    }
}
