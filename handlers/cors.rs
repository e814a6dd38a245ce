//! Pages of other origins (the Fetch standard, "HTTP-CORS protocol"): those on the list `ALLOWED_ORIGINS` may call as our own
//! pages do, with credentials; for all others there is no header at all, and so no browser shows them an answer. Never `*`.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{self, HeaderValue};
use http::{HeaderMap, Method, StatusCode};

use super::AppState;

/// What the API takes.
const METHODS: HeaderValue = HeaderValue::from_static("GET, POST, PUT, PATCH, DELETE");
/// What a page may send beside what every page may.
const REQUEST_HEADERS: HeaderValue = HeaderValue::from_static(
    "authorization, content-type, idempotency-key, if-match, traceparent, x-request-id",
);
/// What a page may read beside what every page may.
const ANSWER_HEADERS: HeaderValue = HeaderValue::from_static(
    "content-disposition, etag, link, location, ratelimit, ratelimit-policy, retry-after, x-request-id",
);
/// For so long a browser asks no second time: an origin that was taken off the list loses its answers at once all the same.
const MAX_AGE: HeaderValue = HeaderValue::from_static("600");
const TRUE: HeaderValue = HeaderValue::from_static("true");
const VARY: HeaderValue = HeaderValue::from_static("origin");

/// Answers the question of a browser before it sends, and marks answers for pages on the list. Stands outside of what
/// finishes problems: a page reads those as well.
pub(super) async fn cors(State(app): State<AppState>, request: Request, next: Next) -> Response {
    let listed = listed(request.headers(), &app.config.allowed_origins);
    let Some(origin) = listed else {
        let mut response = next.run(request).await;
        vary(&app, response.headers_mut());
        return response;
    };
    let asks = request.method() == Method::OPTIONS
        && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let mut response = if asks {
        let answer = [
            (header::ACCESS_CONTROL_ALLOW_METHODS, METHODS),
            (header::ACCESS_CONTROL_ALLOW_HEADERS, REQUEST_HEADERS),
            (header::ACCESS_CONTROL_MAX_AGE, MAX_AGE),
        ];
        (StatusCode::NO_CONTENT, answer).into_response()
    } else {
        let mut response = next.run(request).await;
        response.headers_mut().insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, ANSWER_HEADERS);
        response
    };
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, TRUE);
    vary(&app, headers);
    response
}

/// The request's origin, if it is on the list, letter by letter.
fn listed(headers: &HeaderMap, allowed: &[String]) -> Option<HeaderValue> {
    let origin = headers.get(header::ORIGIN)?;
    allowed.iter().any(|known| known.as_bytes() == origin.as_bytes()).then(|| origin.clone())
}

/// No cache may give one origin's answer to another.
fn vary(app: &AppState, headers: &mut HeaderMap) {
    if !app.config.allowed_origins.is_empty() {
        headers.append(header::VARY, VARY);
    }
}
