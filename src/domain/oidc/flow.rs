//! One sign-in on its way: what is sent to the provider, what is remembered meanwhile, and what is taken when the browser comes
//! back.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::{Endpoints, Provider};
use crate::domain::ids::{SchoolId, SignInId, UserId};
use crate::domain::time::Timestamp;
use crate::domain::tokens::TokenKind;
use crate::ports::Entropy;

/// How long a person may take at the provider, in seconds: a forgotten password included.
pub const FLOW_S: i64 = 600;
/// Longest code that is passed on.
const MAX_CODE: usize = 4096;

/// Whose account the provider's one is to be linked to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkIntent {
    /// The person.
    pub user_id: UserId,
    /// Their school.
    pub school_id: SchoolId,
    /// The sign-in that asked for it: ended meanwhile, it links nothing.
    pub sign_in_id: SignInId,
}

/// What the browser keeps, signed, while the person is at the provider: nothing of it lies on the server, so it works on every
/// isolate. The person's own browser may read the verifier: it protects against who steals a code, and such a one has no
/// cookie of theirs (docs/decisions/0014-openid-connect.md).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flow {
    /// The provider's id.
    pub provider: String,
    /// Comes back with the code: the answer belongs to this browser.
    pub state: String,
    /// Comes back in the ID token: the token belongs to this flow.
    pub nonce: String,
    /// Who sends the code to the token endpoint is who asked for it.
    pub verifier: String,
    /// Where the person goes afterwards; [`super::local_path`] has seen it.
    pub return_to: String,
    /// In seconds since 1970.
    pub started_at: i64,
    /// Not a sign-in, but a link.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<LinkIntent>,
}

impl TokenKind for Flow {
    const AUDIENCE: &'static str = "oidc_flow";
}

/// What a flow starts from.
#[derive(Clone, Debug)]
pub struct Start<'s> {
    /// The provider's id.
    pub provider: &'s str,
    /// A path of ours.
    pub return_to: &'s str,
    /// For a link.
    pub link: Option<LinkIntent>,
}

/// 256 random bits, as the verifier must be written (RFC 7636 section 4.1).
fn random(entropy: &dyn Entropy) -> String {
    let mut bytes = [0; 32];
    entropy.fill(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}

impl Flow {
    /// A new one: state, nonce and verifier of 256 random bits each.
    pub fn new(start: Start<'_>, now: Timestamp, entropy: &dyn Entropy) -> Self {
        Self {
            provider: start.provider.to_owned(),
            state: random(entropy),
            nonce: random(entropy),
            verifier: random(entropy),
            return_to: start.return_to.to_owned(),
            started_at: now.as_secs(),
            link: start.link,
        }
    }

    /// Takes the code out of the provider's answer, if it is the answer to this flow.
    pub fn take(
        &self,
        answer: CallbackQuery,
        provider: &Provider,
        endpoints: &Endpoints,
    ) -> Result<Authorization, FlowError> {
        let is_state: bool = self.state.as_bytes().ct_eq(answer.state.unwrap_or_default().as_bytes()).into();
        if self.provider != provider.id || !is_state {
            return Err(FlowError::Mismatch);
        }
        // RFC 9207 section 2.4: before anything else of the answer is believed.
        match &answer.iss {
            Some(issuer) if *issuer != provider.issuer => return Err(FlowError::WrongIssuer),
            None if endpoints.names_itself => return Err(FlowError::WrongIssuer),
            _ => {}
        }
        match (answer.error.as_deref(), answer.code) {
            (Some("access_denied"), _) => Err(FlowError::Denied),
            (None, Some(code)) if (1..=MAX_CODE).contains(&code.len()) => Ok(Authorization { code }),
            _ => Err(FlowError::Refused),
        }
    }
}

/// What the provider's redirect brings. Providers add members of their own.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct CallbackQuery {
    /// What becomes tokens.
    pub code: Option<String>,
    /// As it was sent.
    pub state: Option<String>,
    /// Who answers (RFC 9207).
    pub iss: Option<String>,
    /// Why there is no code.
    pub error: Option<String>,
}

/// A code that belongs to this flow.
#[derive(Clone, PartialEq, Eq)]
pub struct Authorization {
    /// For the token endpoint, once.
    pub code: String,
}

/// Why an answer is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FlowError {
    /// Another flow's, or another browser's.
    #[error("the answer belongs to another flow")]
    Mismatch,
    /// Another provider's (RFC 9207).
    #[error("the answer is of another issuer")]
    WrongIssuer,
    /// The person did not agree.
    #[error("the person did not agree")]
    Denied,
    /// The provider did not agree, or sent no code.
    #[error("the provider refused")]
    Refused,
}

/// The PKCE challenge of a verifier: SHA-256 in base64url, not in hex (RFC 7636 section 4.2).
pub fn challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()))
}

/// The one address to which a provider sends people back; compared to the letter there.
pub fn redirect_uri(public_url: &str, provider: &Provider) -> String {
    format!("{public_url}/api/v1/auth/oidc/{}/callback", provider.id)
}

/// Where the browser goes.
pub fn authorization_url(
    provider: &Provider,
    endpoints: &Endpoints,
    public_url: &str,
    flow: &Flow,
) -> String {
    let scope = provider.scopes.join(" ");
    let (redirect_uri, challenge) = (redirect_uri(public_url, provider), challenge(&flow.verifier));
    let query = [
        ("response_type", "code"),
        ("client_id", &provider.client_id),
        ("redirect_uri", &redirect_uri),
        ("scope", &scope),
        ("state", &flow.state),
        ("nonce", &flow.nonce),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
    ];
    let query = serde_urlencoded::to_string(query).unwrap_or_default();
    let separator = if endpoints.authorization.contains('?') { '&' } else { '?' };
    format!("{}{separator}{query}", endpoints.authorization)
}

#[cfg(test)]
pub(super) mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::domain::oidc::parse_providers;
    use crate::domain::tokens::KeyRing;

    const NOW: Timestamp = Timestamp::from_millis(1_795_000_000_000);

    struct Counting(std::sync::atomic::AtomicU8);
    impl Entropy for Counting {
        fn fill(&self, buffer: &mut [u8]) {
            for byte in buffer {
                *byte = self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            }
        }
    }

    pub fn provider() -> Provider {
        let json = r#"[{"id": "google", "name": "Google", "issuer": "https://op.example", "client_id": "me & you",
            "client_secret": "hunter2", "scopes": ["openid", "email"],
            "authorization_endpoint": "https://op.example/auth?tenant=1", "token_endpoint": "https://op.example/token",
            "jwks_uri": "https://op.example/keys"}]"#;
        parse_providers(json, false).unwrap().remove(0)
    }

    fn flow() -> Flow {
        let start = Start { provider: "google", return_to: "/classes", link: None };
        Flow::new(start, NOW, &Counting(0.into()))
    }

    fn answer(flow: &Flow) -> CallbackQuery {
        CallbackQuery {
            code: Some("code".to_owned()),
            state: Some(flow.state.clone()),
            iss: None,
            error: None,
        }
    }

    /// RFC 7636 appendix B.
    #[test]
    fn the_challenge_is_that_of_the_specification_and_no_hex() {
        let challenge = challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
        assert_eq!(challenge, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }

    #[test]
    fn state_nonce_and_verifier_are_long_random_and_different() {
        let flow = flow();
        for secret in [&flow.state, &flow.nonce, &flow.verifier] {
            assert_eq!(secret.len(), 43, "256 bits, and at least the 43 characters of RFC 7636");
        }
        assert!(flow.state != flow.nonce && flow.nonce != flow.verifier && flow.verifier != flow.state);
    }

    #[test]
    fn the_browser_is_sent_with_everything_but_the_verifier() {
        let (provider, flow) = (provider(), flow());
        let endpoints = provider.configured().unwrap();
        let url = authorization_url(&provider, &endpoints, "https://edge.example", &flow);
        let (endpoint, query) = url.split_once('?').unwrap();
        let query: HashMap<String, String> = serde_urlencoded::from_str(query).unwrap();
        assert_eq!(endpoint, "https://op.example/auth");
        let challenge = challenge(&flow.verifier);
        let expected = [
            ("tenant", "1"),
            ("response_type", "code"),
            ("client_id", "me & you"),
            ("redirect_uri", "https://edge.example/api/v1/auth/oidc/google/callback"),
            ("scope", "openid email"),
            ("state", &flow.state),
            ("nonce", &flow.nonce),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ];
        assert_eq!(query, expected.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
        assert!(!url.contains(&flow.verifier) && !url.contains("hunter2"));
    }

    #[test]
    fn the_code_of_this_flow_is_taken() {
        let (provider, flow) = (provider(), flow());
        let mut endpoints = provider.configured().unwrap();
        let code = Ok(Authorization { code: "code".to_owned() });
        assert!(flow.take(answer(&flow), &provider, &endpoints) == code);
        endpoints.names_itself = true;
        let named = CallbackQuery { iss: Some("https://op.example".to_owned()), ..answer(&flow) };
        assert!(flow.take(named, &provider, &endpoints) == code);
    }

    #[test]
    fn an_answer_that_is_not_for_this_flow_is_refused() {
        let (provider, flow) = (provider(), flow());
        let quiet = provider.configured().unwrap();
        let named = Endpoints { names_itself: true, ..quiet.clone() };
        let good = || answer(&flow);
        let text = |text: &str| Some(text.to_owned());
        let cases = [
            (CallbackQuery { state: None, ..good() }, &quiet, FlowError::Mismatch),
            (CallbackQuery { state: text(""), ..good() }, &quiet, FlowError::Mismatch),
            (CallbackQuery { state: text(&flow.nonce), ..good() }, &quiet, FlowError::Mismatch),
            (CallbackQuery { state: text(&flow.state[1..]), ..good() }, &quiet, FlowError::Mismatch),
            (CallbackQuery { iss: text("https://evil.example"), ..good() }, &quiet, FlowError::WrongIssuer),
            (CallbackQuery { iss: text("https://op.example/"), ..good() }, &quiet, FlowError::WrongIssuer),
            (good(), &named, FlowError::WrongIssuer),
            (CallbackQuery { error: text("access_denied"), code: None, ..good() }, &quiet, FlowError::Denied),
            (CallbackQuery { error: text("server_error"), ..good() }, &quiet, FlowError::Refused),
            (CallbackQuery { code: None, ..good() }, &quiet, FlowError::Refused),
            (CallbackQuery { code: text(""), ..good() }, &quiet, FlowError::Refused),
            (CallbackQuery { code: text(&"x".repeat(4097)), ..good() }, &quiet, FlowError::Refused),
            // Only who knows the state is told that a provider refused.
            (
                CallbackQuery { error: text("access_denied"), state: None, ..good() },
                &quiet,
                FlowError::Mismatch,
            ),
        ];
        for (answer, endpoints, error) in cases {
            let described = format!("{answer:?}");
            assert_eq!(flow.take(answer, &provider, endpoints).err(), Some(error), "{described}");
        }
        let other = Flow { provider: "roblox".to_owned(), ..flow.clone() };
        assert_eq!(other.take(good(), &provider, &quiet).err(), Some(FlowError::Mismatch));
    }

    #[test]
    fn a_sealed_flow_is_good_for_ten_minutes_and_no_other_token_is_one() {
        let ring = KeyRing::parse("a:AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA").unwrap();
        let sealed = ring.sign(&flow(), NOW, FLOW_S).unwrap();
        assert!(sealed.len() < 1024, "{} bytes", sealed.len());
        assert!(ring.verify::<Flow>(&sealed, NOW.plus_millis(599_000)).is_ok());
        assert!(ring.verify::<Flow>(&sealed, NOW.plus_millis(600_000)).is_err());
        assert!(ring.verify::<crate::domain::user::Identity>(&sealed, NOW).is_err());
        let mut changed = sealed.clone().into_bytes();
        changed[60] ^= 1;
        assert!(ring.verify::<Flow>(&String::from_utf8(changed).unwrap(), NOW).is_err());
    }
}
