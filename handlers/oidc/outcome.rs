//! What the browser gets when it comes back: a redirect to a path of ours, and cookies.

use axum::response::{IntoResponse, Response};
use http::header::{LOCATION, RETRY_AFTER, SET_COOKIE};
use http::{HeaderValue, StatusCode};

use crate::domain::oidc::{FLOW_S, Flow, FlowError};
use crate::handlers::cookies::ATTRIBUTES;

/// The cookie of the flow. `__Host-`: no other host, not even one below ours, can plant one.
pub(super) const FLOW_COOKIE: &str = "__Host-oidc";

/// `Set-Cookie` with the sealed flow. Lax: the provider's redirect, a GET of the whole page, brings it along.
pub(super) fn set_flow(sealed: &str) -> HeaderValue {
    let text = format!("{FLOW_COOKIE}={sealed}; Max-Age={FLOW_S}; {ATTRIBUTES}");
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(""))
}

/// `Set-Cookie` that takes it away.
pub(super) fn forget_flow() -> HeaderValue {
    let text = format!("{FLOW_COOKIE}=; Max-Age=0; {ATTRIBUTES}");
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(""))
}

/// Leads on, with cookies.
pub(super) fn redirect(to: &str, cookies: impl IntoIterator<Item = HeaderValue>) -> Response {
    let mut response = StatusCode::FOUND.into_response();
    let headers = response.headers_mut();
    headers.insert(LOCATION, HeaderValue::from_str(to).unwrap_or(HeaderValue::from_static("/")));
    for cookie in cookies {
        headers.append(SET_COOKIE, cookie);
    }
    response
}

/// Why nobody is signed in, as the dashboard is told. A closed set: it has a sentence for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// The address belongs to an account: sign in there and link.
    LinkFirst,
    /// The provider vouches for no address: sign in otherwise and link.
    NoEmailLinkFirst,
    /// The person did not agree at the provider.
    AccessDenied,
    /// The provider, its answer or its token is not good.
    BadAnswer,
    /// The provider does not answer.
    ProviderUnavailable,
    /// No flow of this browser, or one that is too old.
    Expired,
    /// The answer belongs to another flow or browser.
    Mismatch,
    /// The account is suspended.
    AccountSuspended,
    /// To be linked, but it is somebody else's.
    IdentityTaken,
    /// To be linked, but whoever asked for it is signed out.
    SignedOut,
    /// Too many from this address; in so many seconds again.
    RateLimited(u32),
    /// Something behind us does not answer.
    Unavailable,
}

impl From<FlowError> for Refused {
    fn from(error: FlowError) -> Self {
        match error {
            FlowError::Mismatch | FlowError::WrongIssuer => Self::Mismatch,
            FlowError::Denied => Self::AccessDenied,
            FlowError::Refused => Self::BadAnswer,
        }
    }
}

impl Refused {
    const fn code(self) -> &'static str {
        match self {
            Self::LinkFirst => "link_first",
            Self::NoEmailLinkFirst => "no_email_link_first",
            Self::AccessDenied => "access_denied",
            Self::BadAnswer => "provider_refused",
            Self::ProviderUnavailable => "provider_unavailable",
            Self::Expired => "flow_expired",
            Self::Mismatch => "flow_mismatch",
            Self::AccountSuspended => "account_suspended",
            Self::IdentityTaken => "identity_taken",
            Self::SignedOut => "signed_out",
            Self::RateLimited(_) => "rate_limited",
            Self::Unavailable => "unavailable",
        }
    }

    /// Leads to the sign-in page, or, for a link, back to where it was asked for; with the reason.
    pub fn response(self, flow: Option<&Flow>) -> Response {
        let page = match flow {
            Some(flow) if flow.link.is_some() => flow.return_to.as_str(),
            _ => "/sign-in",
        };
        // An answer to another flow must not end this one.
        let ended = flow.is_some() && self != Self::Mismatch;
        let mut response = redirect(&with_query(page, "error", self.code()), ended.then(forget_flow));
        if let Self::RateLimited(seconds) = self {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// The path with one more member in its query; name and value are of our own making.
pub(super) fn with_query(path: &str, name: &str, value: &str) -> String {
    let (path, fragment) = match path.split_once('#') {
        Some((path, fragment)) => (path, format!("#{fragment}")),
        None => (path, String::new()),
    };
    let separator = if path.contains('?') { '&' } else { '?' };
    format!("{path}{separator}{name}={value}{fragment}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_goes_into_the_query_wherever_there_is_one() {
        assert_eq!(with_query("/sign-in", "error", "x"), "/sign-in?error=x");
        assert_eq!(with_query("/account?tab=1#top", "linked", "google"), "/account?tab=1&linked=google#top");
    }

    #[test]
    fn the_flows_cookie_is_kept_to_this_host_and_from_scripts() {
        let cookie = set_flow("a.b.c");
        assert_eq!(cookie, "__Host-oidc=a.b.c; Max-Age=600; Path=/; HttpOnly; Secure; SameSite=Lax");
    }
}
