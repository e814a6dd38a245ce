//! Sign-in by another provider: OpenID Connect Core 1.0 with the authorization code flow and PKCE (RFC 7636), as RFC 9700
//! wants it. Nothing here sends anything: settings, texts and times go in, decisions come out.

mod claims;
mod flow;
mod id_token;
mod provider;
mod return_to;

pub use claims::Claims;
pub use flow::{
    Authorization, CallbackQuery, FLOW_S, Flow, FlowError, LinkIntent, Start, authorization_url, challenge,
    redirect_uri,
};
pub use id_token::{Expected, IdTokenError, JwkSet, UnverifiedIdToken};
pub use provider::{Endpoints, Provider, Secret, TokenAuth, parse_providers};
pub use return_to::local_path;

/// A member of what a provider sent, if it is a text. Such documents are read member by member: a type with a derived reader
/// for each of them would cost the wasm 25 KB.
pub(crate) fn text(json: &serde_json::Value, name: &str) -> Option<String> {
    json.get(name)?.as_str().map(str::to_owned)
}
