//! The cookie of a browser's refresh token, and the check that only our own pages use it.

use http::header::{COOKIE, ORIGIN};
use http::{HeaderMap, HeaderValue, Uri};

use super::App;
use super::problem::{ApiError, ProblemCode};
use super::signed_in::Delivery;
use crate::domain::known_device::DEVICE_TOKEN_S;
use crate::domain::refresh::{REFRESH_TOKEN_MS, RefreshToken};

/// `__Host-`: the browser keeps it to this very host, whole path, and https (RFC 6265bis section 4.1.3.2).
const NAME: &str = "__Host-refresh";
/// What tells a browser in which somebody signed in before.
const DEVICE: &str = "__Host-device";
/// HttpOnly: no script reads it. Lax: no other site sends it along with a POST.
pub(super) const ATTRIBUTES: &str = "Path=/; HttpOnly; Secure; SameSite=Lax";

/// A cookie of the request.
pub(super) fn read<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let all = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    all.flat_map(|line| line.split(';')).find_map(|pair| {
        let (key, value) = pair.trim().split_once('=')?;
        (key == name).then_some(value)
    })
}

/// The refresh token's cookie of the request.
pub(super) fn refresh(headers: &HeaderMap) -> Option<&str> {
    read(headers, NAME).filter(|text| !text.is_empty())
}

/// `Set-Cookie` with the token.
pub(super) fn set_refresh(token: &RefreshToken) -> HeaderValue {
    let text = format!("{NAME}={}; Max-Age={}; {ATTRIBUTES}", token.as_str(), REFRESH_TOKEN_MS / 1000);
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(""))
}

/// `Set-Cookie` that takes it away.
pub(super) fn clear_refresh() -> HeaderValue {
    let text = format!("{NAME}=; Max-Age=0; {ATTRIBUTES}");
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(""))
}

/// The cookie of a browser that has been here before.
pub(super) fn device(headers: &HeaderMap) -> Option<&str> {
    read(headers, DEVICE).filter(|text| !text.is_empty())
}

/// `Set-Cookie` with what the browser shows the next time.
pub(super) fn set_device(token: &str) -> HeaderValue {
    let text = format!("{DEVICE}={token}; Max-Age={DEVICE_TOKEN_S}; {ATTRIBUTES}");
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(""))
}

/// Where a request was sent from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Site {
    /// A page of our own.
    Own,
    /// A page of somebody else's.
    Other,
    /// No browser: each of them says so on a POST.
    NoBrowser,
}

/// Reads `Sec-Fetch-Site` and `Origin` (OWASP's cross-site request forgery prevention, "Fetch Metadata" and "standard headers").
pub(super) fn site(headers: &HeaderMap, uri: &Uri, allowed: &[String]) -> Site {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let origin = headers.get(ORIGIN).map(|value| value.to_str().unwrap_or("null"));
    if let Some(origin) = origin {
        let own = uri.scheme_str().zip(uri.authority()).map(|(scheme, host)| format!("{scheme}://{host}"));
        let is_own = own.as_deref() == Some(origin) || allowed.iter().any(|known| known == origin);
        return if is_own { Site::Own } else { Site::Other };
    }
    match text("sec-fetch-site") {
        Some("same-origin") => Site::Own,
        Some(_) => Site::Other,
        None => Site::NoBrowser,
    }
}

/// The problem of a request from another site.
pub(super) fn cross_site() -> ApiError {
    ApiError::new(ProblemCode::CrossSite, "The cookie is taken from our own pages only.")
}

/// Refuses a sign-in that another site's page asks for, where it would leave a cookie.
pub(super) fn refuse_foreign(
    app: &App,
    headers: &HeaderMap,
    uri: &Uri,
    delivery: Delivery,
) -> Result<(), ApiError> {
    let is_foreign = site(headers, uri, &app.config.allowed_origins) == Site::Other;
    if delivery == Delivery::Cookie && is_foreign { Err(cross_site()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (http::HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect()
    }

    #[test]
    fn a_cookie_is_found_among_others_by_its_whole_name() {
        let found = |line| refresh(&headers(&[("cookie", line)])).map(str::to_owned);
        assert_eq!(found("a=1; __Host-refresh=rt_x; b=2"), Some("rt_x".to_owned()));
        assert_eq!(found("x__Host-refresh=rt_x"), None);
        assert_eq!(found("__Host-refresh="), None);
    }

    #[test]
    fn only_our_own_pages_and_those_on_the_list_are_our_site() {
        let uri: Uri = "https://edge.example/api/v1/auth/refresh".parse().unwrap();
        let allowed = ["https://dash.example".to_owned()];
        let of = |pairs: &[(&'static str, &'static str)]| site(&headers(pairs), &uri, &allowed);
        assert_eq!(of(&[("origin", "https://edge.example")]), Site::Own);
        assert_eq!(of(&[("origin", "https://dash.example")]), Site::Own);
        for other in
            ["http://edge.example", "https://edge.example.evil.example", "null", "https://edge.example:8443"]
        {
            assert_eq!(of(&[("origin", other)]), Site::Other, "{other}");
        }
        assert_eq!(of(&[("sec-fetch-site", "same-origin")]), Site::Own);
        for other in ["same-site", "cross-site", "none"] {
            assert_eq!(of(&[("sec-fetch-site", other)]), Site::Other, "{other}");
        }
        assert_eq!(of(&[]), Site::NoBrowser);
    }
}
