//! What is asked of a provider: its discovery document and keys, which are kept, and what a code is worth.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{Method, header};
use serde_json::Value;

use crate::domain::oidc::{
    Claims, Endpoints, Expected, Flow, IdTokenError, JwkSet, Provider, TokenAuth, UnverifiedIdToken,
    redirect_uri, text,
};
use crate::domain::tokens::sha256_hex;
use crate::handlers::App;
use crate::ports::{Inbound, Outbound};

/// How long a provider may take.
const TIMEOUT_MS: u32 = 8_000;
/// Longest answer: Google's discovery document has 2 KB, a key set with certificates 20 KB.
const MAX_ANSWER: usize = 256 * 1024;
/// A discovery document or a key set is asked for again after so many seconds.
const FRESH_S: i64 = 3600;
/// A key that is not there makes us ask again, but not more often than this, in seconds.
const MISS_S: i64 = 60;
/// While a provider does not answer, the last document serves on, so many seconds at most.
const KEPT_S: u64 = 24 * 3600;

/// Why nobody came of it. For the log and the audit, never for a browser.
#[derive(Debug, thiserror::Error)]
pub(super) enum ExchangeError {
    /// The provider does not answer, or says that it cannot.
    #[error("{0}")]
    Unavailable(String),
    /// The provider does not take the code, or us.
    #[error("{0}")]
    Refused(String),
    /// The ID token is not good.
    #[error(transparent)]
    Token(#[from] IdTokenError),
}

/// Somebody whom a provider vouches for.
pub(super) struct Proven {
    /// `sub`.
    pub subject: String,
    /// What the ID token says of them.
    pub claims: Claims,
    access_token: Option<String>,
}

/// A document of a provider, read by `read`: from the cache when it is no older than that, else fetched. What cannot be read
/// never replaces what could.
async fn document<T>(
    app: &App,
    url: &str,
    max_age_s: i64,
    read: impl Fn(&[u8]) -> Result<T, &'static str>,
) -> Result<T, ExchangeError> {
    let key = format!("oidc:{}", sha256_hex(url));
    let now = app.clock.now().as_secs();
    // The second in which it was fetched, and the document behind it.
    let kept = app.cache.get(key.clone()).await;
    let kept = kept.as_deref().and_then(|text| text.split_once(' '));
    let kept = kept.and_then(|(at, text)| Some((at.parse::<i64>().ok()?, read(text.as_bytes()).ok()?)));
    if let Some((at, value)) = kept {
        if now.saturating_sub(at) < max_age_s {
            return Ok(value);
        }
        return Ok(fetch(app, &key, url, &read).await.unwrap_or(value));
    }
    fetch(app, &key, url, &read).await
}

async fn fetch<T>(
    app: &App,
    key: &str,
    url: &str,
    read: &impl Fn(&[u8]) -> Result<T, &'static str>,
) -> Result<T, ExchangeError> {
    let answer = send(app, Method::GET, url, Vec::new(), None).await?;
    let unreadable = |problem: &str| ExchangeError::Unavailable(format!("{url}: {problem}"));
    if answer.status != 200 {
        return Err(unreadable(&format!("status {}", answer.status)));
    }
    let value = read(&answer.body).map_err(unreadable)?;
    let text = String::from_utf8(answer.body).map_err(|_| unreadable("no UTF-8"))?;
    let kept = format!("{} {text}", app.clock.now().as_secs());
    app.cache.put(key.to_owned(), kept, KEPT_S).await;
    Ok(value)
}

async fn send(
    app: &App,
    method: Method,
    url: &str,
    mut headers: Vec<(&'static str, String)>,
    body: Option<String>,
) -> Result<Inbound, ExchangeError> {
    headers.push(("accept", "application/json".to_owned()));
    let request = Outbound {
        method,
        url: url.to_owned(),
        headers,
        body,
        // A code is good once.
        is_repeatable: false,
        timeout_ms: TIMEOUT_MS,
        max_bytes: MAX_ANSWER,
        counted_as: None,
    };
    app.http.send(request).await.map_err(|error| ExchangeError::Unavailable(error.to_string()))
}

/// Where the provider listens.
pub(super) async fn endpoints(app: &App, provider: &Provider) -> Result<Endpoints, ExchangeError> {
    if let Some(endpoints) = provider.configured() {
        return Ok(endpoints);
    }
    let read = |json: &[u8]| provider.discovered(json, app.config.is_local);
    document(app, &provider.discovery_url(), FRESH_S, read).await
}

async fn keys(app: &App, endpoints: &Endpoints, max_age_s: i64) -> Result<JwkSet, ExchangeError> {
    let read = |json: &[u8]| JwkSet::parse(json).ok_or("the key set cannot be read");
    document(app, &endpoints.jwks, max_age_s, read).await
}

struct Tokens {
    id_token: String,
    access_token: Option<String>,
}

fn json(answer: &Inbound) -> Value {
    crate::json::from_slice(&answer.body).unwrap_or_default()
}

/// Makes of a code who it is that came back.
pub(super) async fn redeem(
    app: &App,
    provider: &Provider,
    endpoints: &Endpoints,
    flow: &Flow,
    code: &str,
) -> Result<Proven, ExchangeError> {
    let tokens = tokens(app, provider, endpoints, flow, code).await?;
    let token = UnverifiedIdToken::parse(&tokens.id_token)?;
    let set = keys(app, endpoints, FRESH_S).await?;
    let key = match token.key(&set, &endpoints.algorithms) {
        // A provider that changed its keys: asked again once.
        Err(IdTokenError::UnknownKey) => {
            let set = keys(app, endpoints, MISS_S).await?;
            token.key(&set, &endpoints.algorithms)?.clone()
        }
        key => key?.clone(),
    };
    let is_signed = app
        .signatures
        .verify(&key, token.signed(), token.signature())
        .await
        .map_err(|error| ExchangeError::Unavailable(error.to_string()))?;
    let expected = Expected {
        issuer: &provider.issuer,
        client_id: &provider.client_id,
        nonce: &flow.nonce,
        started_at: flow.started_at,
    };
    let (subject, claims) = token.accept(is_signed, expected, app.clock.now())?;
    Ok(Proven { subject, claims, access_token: tokens.access_token })
}

/// As a form field is written (RFC 6749 appendix B), which is how id and secret stand in the header, too.
fn form_encoded(text: &str) -> String {
    let pair = serde_urlencoded::to_string([("v", text)]).unwrap_or_default();
    pair.strip_prefix("v=").map(str::to_owned).unwrap_or_default()
}

async fn tokens(
    app: &App,
    provider: &Provider,
    endpoints: &Endpoints,
    flow: &Flow,
    code: &str,
) -> Result<Tokens, ExchangeError> {
    let redirect_uri = redirect_uri(&app.config.public_url, provider);
    let secret = provider.client_secret.as_ref().map_or("", |secret| secret.expose());
    let mut form = vec![
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", &redirect_uri),
        ("code_verifier", &flow.verifier),
    ];
    let mut headers = vec![(header::CONTENT_TYPE.as_str(), "application/x-www-form-urlencoded".to_owned())];
    match endpoints.auth {
        TokenAuth::ClientSecretBasic => {
            let pair = format!("{}:{}", form_encoded(&provider.client_id), form_encoded(secret));
            headers.push((header::AUTHORIZATION.as_str(), format!("Basic {}", STANDARD.encode(pair))));
        }
        TokenAuth::ClientSecretPost => {
            form.extend([("client_id", provider.client_id.as_str()), ("client_secret", secret)]);
        }
        TokenAuth::None => form.push(("client_id", &provider.client_id)),
    }
    let body = serde_urlencoded::to_string(form).unwrap_or_default();
    let answer = send(app, Method::POST, &endpoints.token, headers, Some(body)).await?;
    let said = json(&answer);
    match answer.status {
        200 => {
            let id_token = text(&said, "id_token");
            let id_token = id_token
                .ok_or_else(|| ExchangeError::Refused("the token endpoint sent no ID token".to_owned()))?;
            Ok(Tokens { id_token, access_token: text(&said, "access_token") })
        }
        400..=499 => {
            // A word of RFC 6749 section 5.2 or nothing: what else a provider writes does not belong into a log.
            let word = text(&said, "error").unwrap_or_default();
            let word: String =
                word.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').take(40).collect();
            Err(ExchangeError::Refused(format!("the token endpoint said {} {word}", answer.status)))
        }
        status => Err(ExchangeError::Unavailable(format!("the token endpoint said {status}"))),
    }
}

/// What the provider says of a person: by the ID token and, when that lacks what was asked for, by its userinfo endpoint. Only
/// an address is worth failing for.
pub(super) async fn claims(
    app: &App,
    provider: &Provider,
    endpoints: &Endpoints,
    proven: &Proven,
) -> Result<Claims, ExchangeError> {
    let known = &proven.claims;
    let asked_for = |name: &str| provider.scopes.iter().any(|scope| scope == name);
    let lacks_email = asked_for("email") && known.email.is_none();
    let lacks_name = asked_for("profile") && known.display_name().is_none();
    let (Some(url), Some(token), true) =
        (&endpoints.userinfo, &proven.access_token, lacks_email || lacks_name)
    else {
        return Ok(known.clone());
    };
    match userinfo(app, url, token, &proven.subject).await {
        Ok(told) => Ok(known.clone().or(told)),
        Err(ExchangeError::Unavailable(_)) if !lacks_email => Ok(known.clone()),
        Err(error) => Err(error),
    }
}

/// Counts only for the same `sub` (OpenID Connect Core 1.0 section 5.3.2).
async fn userinfo(app: &App, url: &str, token: &str, subject: &str) -> Result<Claims, ExchangeError> {
    let headers = vec![(header::AUTHORIZATION.as_str(), format!("Bearer {token}"))];
    let answer = send(app, Method::GET, url, headers, None).await?;
    let info = json(&answer);
    match text(&info, "sub").filter(|_| answer.status == 200) {
        Some(sub) if sub == subject => Ok(Claims::read(&info)),
        Some(_) => Err(ExchangeError::Refused("the userinfo endpoint spoke of somebody else".to_owned())),
        None => Err(ExchangeError::Unavailable(format!("the userinfo endpoint said {}", answer.status))),
    }
}
