//! What stands around every handler: ids in and out, one log line a request, headers that keep browsers careful.

use std::borrow::Cow;
use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use serde::Serialize;

use super::context::{Audited, RequestId};
use super::limits::Report;
use super::problem::{ApiError, ProblemCode};
use super::{App, AppState};
use crate::domain::metrics::Metric;
use crate::domain::tokens::hex;
use crate::request_ids::{self, Ids};

const REQUEST_ID: &str = "x-request-id";
const TRACEPARENT: &str = "traceparent";

/// One line a request. Never in it: bodies, query strings, tokens, names, addresses.
#[derive(Serialize)]
struct RequestLog<'a> {
    message: &'static str,
    level: &'static str,
    #[serde(rename = "http.method")]
    method: &'a str,
    #[serde(rename = "http.route")]
    route: &'a str,
    #[serde(rename = "http.status")]
    status: u16,
    #[serde(rename = "request.id")]
    request_id: &'a str,
    #[serde(rename = "trace.id")]
    trace_id: &'a str,
    duration_ms: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<ProblemCode>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<Cow<'a, str>>,
}

/// The ids of a request.
struct TraceIds {
    request_id: String,
    trace_id: String,
    traceparent: String,
}

impl TraceIds {
    fn of(headers: &HeaderMap, app: &App) -> Self {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        // All three at once: each call crosses over to JavaScript.
        let mut random = [0; 40];
        app.entropy.fill(&mut random);
        let (request, trace, parent) = (&random[..16], &random[16..32], &random[32..]);
        let given = text(REQUEST_ID).filter(|id| request_ids::is_id(id));
        let request_id = given.map_or_else(|| hex(request), str::to_owned);
        let trace_id = text(TRACEPARENT).and_then(trace_id).map_or_else(|| hex(trace), str::to_owned);
        let traceparent = format!("00-{trace_id}-{}-01", hex(parent));
        Self { request_id, trace_id, traceparent }
    }
}

/// The trace id of a `traceparent` (W3C Trace Context, version 00).
fn trace_id(traceparent: &str) -> Option<&str> {
    let mut parts = traceparent.split('-');
    let (version, trace, parent) = (parts.next()?, parts.next()?, parts.next()?);
    let is_hex = |text: &str, length| {
        text.len() == length
            && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
            && text.bytes().any(|byte| byte != b'0')
    };
    (version == "00" && is_hex(trace, 32) && is_hex(parent, 16)).then_some(trace)
}

/// Gives the request its ids, finishes problems, writes the log line.
pub(super) async fn observe(State(app): State<AppState>, mut request: Request, next: Next) -> Response {
    let ids = TraceIds::of(request.headers(), &app);
    request.extensions_mut().insert(RequestId(ids.request_id.clone()));
    let limits = Report::default();
    request.extensions_mut().insert(limits.clone());
    let audited = Audited::default();
    request.extensions_mut().insert(audited.clone());
    let method = request.method().clone();
    // Everything outside of it is called by Studio plugins as they always did.
    let is_old = !request.uri().path().starts_with("/api/");
    let route = request.extensions().get::<MatchedPath>().cloned();
    let start = app.clock.now();
    let (request_id, trace_id) = (ids.request_id.clone(), ids.trace_id.clone());
    let scope = Arc::new(Ids { request_id, trace_id, job_id: None });
    let work = async {
        let response = next.run(request).await;
        if let Some(school) = audited.0.get() {
            app.seal_soon(school.clone()).await;
        }
        response
    };
    let mut response = request_ids::scope(scope.clone(), work).await;
    let error = response.extensions_mut().remove::<ApiError>();
    let (code, cause) = error.as_ref().map_or((None, None), |error| {
        (Some(error.code()), error.cause().map(|cause| Cow::Owned(cause.to_owned())))
    });
    if let Some(error) = error {
        response = error.for_old_plugins(is_old).into_response_for(&ids.request_id);
    }
    limits.write(response.headers_mut());
    let duration_ms = app.clock.now().millis_since(start);
    let route = route.as_ref().map_or("unknown", |route| route.as_str());
    // Its flush later is part of this request as well, so its lines carry the ids too.
    request_ids::enter(&scope, || measure(&app, &method, route, response.status(), duration_ms));
    let line = RequestLog {
        message: "request",
        level: if response.status().is_server_error() { "error" } else { "info" },
        method: method.as_str(),
        route,
        status: response.status().as_u16(),
        request_id: &ids.request_id,
        trace_id: &ids.trace_id,
        duration_ms,
        code,
        cause,
    };
    app.log.line(&serde_json::to_string(&line).unwrap_or_default());
    for (name, value) in [(REQUEST_ID, &ids.request_id), (TRACEPARENT, &ids.traceparent)] {
        if let Ok(value) = HeaderValue::from_str(value) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// Counts the request. All labels are of closed sets: the contract's routes, the usual methods, the statuses.
fn measure(app: &App, method: &Method, route: &str, status: StatusCode, duration_ms: i64) {
    let method = match *method {
        Method::GET
        | Method::HEAD
        | Method::POST
        | Method::PUT
        | Method::PATCH
        | Method::DELETE
        | Method::OPTIONS => method.as_str(),
        _ => "other",
    };
    let labels = [("route", route), ("method", method), ("status", status.as_str())];
    app.metrics.count(Metric::HttpRequests, labels);
    app.metrics.observe(Metric::HttpRequestDuration, [("route", route), ("method", method)], duration_ms);
    if status == StatusCode::TOO_MANY_REQUESTS {
        app.metrics.count(Metric::RateLimitExceeded, []);
    }
}

/// Answers of the API are data: nothing in them may run, be framed, be guessed at or be kept.
pub(super) async fn security_headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"),
    );
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_goes_on_only_when_it_is_one() {
        let trace = "0af7651916cd43dd8448eb211c80319c";
        assert_eq!(trace_id(&format!("00-{trace}-b7ad6b7169203331-01")), Some(trace));
        for wrong in [
            "",
            "00-0-0-0",
            "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            &format!("00-{}-b7ad6b7169203331-01", "0".repeat(32)),
        ] {
            assert_eq!(trace_id(wrong), None, "{wrong}");
        }
    }
}
