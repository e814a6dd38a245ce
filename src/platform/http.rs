//! Requests and responses between JavaScript and the router, bodies whole: reading a body chunk by chunk through a stream
//! cost a sync more than its SQL did (docs/decisions/0005-the-cost-of-a-sync.md). The headers of a request cross as one text, as
//! each crossing costs more than the header.

use axum::body::{Body, to_bytes};
use http::{HeaderMap, HeaderName, HeaderValue};
use js_sys::{Array, Uint8Array};
use worker::wasm_bindgen_futures::JsFuture;
use worker::worker_sys::web_sys;
use worker::{Error, Headers, Response, ResponseBuilder, Result};

/// A request for the router.
pub(super) async fn to_http(request: &web_sys::Request) -> Result<http::Request<Body>> {
    let method = request.method();
    let body = match method.as_str() {
        "GET" | "HEAD" => Body::empty(),
        _ => Body::from(Uint8Array::new(&JsFuture::from(request.array_buffer()?).await?).to_vec()),
    };
    let converted = http::Request::builder().method(method.as_str()).uri(request.url()).body(body);
    let mut converted = converted.map_err(|error| Error::RustError(error.to_string()))?;
    *converted.headers_mut() = headers_of(&request.headers());
    Ok(converted)
}

/// A line each, `name,value`: no name has a comma, no value a line break.
fn headers_of(headers: &web_sys::Headers) -> HeaderMap {
    let lines = String::from(Array::from(headers).join("\n"));
    let entry = |line: &str| {
        let (name, value) = line.split_once(',')?;
        Some((HeaderName::from_bytes(name.as_bytes()).ok()?, HeaderValue::from_str(value).ok()?))
    };
    let mut map = HeaderMap::with_capacity(16);
    for (name, value) in lines.lines().filter_map(entry) {
        map.append(name, value);
    }
    map
}

/// The router's response.
pub(super) async fn from_http(response: http::Response<Body>) -> Result<Response> {
    let (builder, bytes) = parts(response).await?;
    Ok(if bytes.is_empty() { builder.empty() } else { builder.fixed(bytes) })
}

/// The router's response, whose body is the beginning of a stream.
pub(super) async fn from_http_with<S>(
    response: http::Response<Body>,
    go_on: impl FnOnce(Vec<u8>) -> S,
) -> Result<Response>
where
    S: futures::Stream<Item = Result<Vec<u8>>> + 'static,
{
    let (builder, first) = parts(response).await?;
    builder.from_stream(go_on(first))
}

async fn parts(response: http::Response<Body>) -> Result<(ResponseBuilder, Vec<u8>)> {
    let (parts, body) = response.into_parts();
    // One by one: workerd takes longer over a list of them.
    let headers = Headers::new();
    for (name, value) in &parts.headers {
        headers.append(name.as_str(), &String::from_utf8_lossy(value.as_bytes()))?;
    }
    let bytes = to_bytes(body, usize::MAX).await.map_err(|error| Error::RustError(error.to_string()))?;
    let builder = ResponseBuilder::new().with_status(parts.status.as_u16()).with_headers(headers);
    Ok((builder, bytes.into()))
}
