//! Extractors whose rejections are problems that say which field is at fault.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, FromRequestParts, OptionalFromRequestParts, Request};
use http::request::Parts;
use http::{HeaderMap, header};
use serde::de::DeserializeOwned;

use super::problem::{ApiError, ProblemCode};
use crate::domain::cursor;
use crate::domain::quiz::{FieldError, FieldErrorCode};
use crate::domain::tokens::sha256_hex;
use crate::json;
use crate::storage::Page;

/// The most items of a page.
const MAX_LIMIT: i64 = 100;
/// Items of a page when nobody says.
const DEFAULT_LIMIT: i64 = 50;

/// A JSON body.
pub struct Json<T> {
    /// The content.
    pub value: T,
    /// Of route and body: whether a repeated request is the same one.
    pub fingerprint: String,
}

fn has_type(headers: &HeaderMap, wanted: &str) -> bool {
    let given = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    given.split(';').next().is_some_and(|media_type| media_type.trim().eq_ignore_ascii_case(wanted))
}

/// The body's bytes, if its type is the wanted one and it is not too large.
pub(super) async fn bytes<S: Send + Sync>(
    request: Request,
    state: &S,
    wanted: &str,
) -> Result<Bytes, ApiError> {
    if !has_type(request.headers(), wanted) {
        let detail = format!("Send `Content-Type: {wanted}`.");
        return Err(ApiError::new(ProblemCode::UnsupportedMediaType, detail));
    }
    Bytes::from_request(request, state).await.map_err(|rejection| match rejection {
        BytesRejection::FailedToBufferBody(error)
            if error.status() == http::StatusCode::PAYLOAD_TOO_LARGE =>
        {
            ApiError::new(ProblemCode::PayloadTooLarge, "The body has too many bytes.")
        }
        _ => ApiError::new(ProblemCode::Malformed, "The body did not arrive whole."),
    })
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let route = format!("{} {}", request.method(), request.uri().path());
        let body = bytes(request, state, "application/json").await?;
        let value = parse(&body)?;
        let fingerprint = sha256_hex(&format!("{route}\n{}", String::from_utf8_lossy(&body)));
        Ok(Self { value, fingerprint })
    }
}

/// Reads a JSON object, or says which field is at fault.
pub(super) fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    // serde would take a list for the fields of a struct in their order.
    if body.trim_ascii_start().starts_with(b"[") {
        return Err(ApiError::new(ProblemCode::Malformed, "The body is a list; send a JSON object."));
    }
    json::from_slice(body).map_err(|error| field_error(&error))
}

fn field_error(error: &json::Error) -> ApiError {
    match error.kind() {
        json::Kind::Syntax => ApiError::new(ProblemCode::Malformed, format!("The body is not JSON: {error}")),
        json::Kind::Trailing => ApiError::new(ProblemCode::Malformed, "There is more behind the JSON value."),
        json::Kind::Data => {
            let fault = FieldError::new(error.pointer(), FieldErrorCode::Malformed, error.to_string());
            ApiError::invalid(vec![fault])
        }
    }
}

/// A form, as pusher-js sends it.
pub struct Form<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Form<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let body = bytes(request, state, "application/x-www-form-urlencoded").await?;
        json::from_form(&body).map(Self).map_err(|error| {
            ApiError::new(ProblemCode::Malformed, format!("The form cannot be read: {error}"))
        })
    }
}

/// The query string.
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        json::from_form(parts.uri.query().unwrap_or_default().as_bytes()).map(Self).map_err(|error| {
            ApiError::new(ProblemCode::Malformed, format!("The query cannot be read: {error}"))
        })
    }
}

/// Ids in the path. One that has not the form of an id names nothing: 404.
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let path = <axum::extract::Path<T> as FromRequestParts<S>>::from_request_parts(parts, state).await;
        path.map(|axum::extract::Path(value)| Self(value)).map_err(|_| ApiError::not_found("thing"))
    }
}

/// Nothing where the route has none.
impl<T: DeserializeOwned + Send + 'static, S: Send + Sync> OptionalFromRequestParts<S> for Path<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Option<Self>, ApiError> {
        let path = <axum::extract::Path<T> as OptionalFromRequestParts<S>>::from_request_parts(parts, state);
        match path.await {
            Ok(path) => Ok(path.map(|axum::extract::Path(value)| Self(value))),
            Err(_) => Err(ApiError::not_found("thing")),
        }
    }
}

/// What every list takes.
#[derive(serde::Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// The `next_cursor` of the page before.
    pub cursor: Option<String>,
    /// 1 to 100, 50 when left out.
    pub limit: Option<i64>,
}

impl PageQuery {
    /// The page: one item more than wanted is read, to know whether there is a next one.
    pub(super) fn page(&self) -> Result<Page, ApiError> {
        let limit = self.limit.unwrap_or(DEFAULT_LIMIT);
        if !(1..=MAX_LIMIT).contains(&limit) {
            return Err(ApiError::new(ProblemCode::Malformed, format!("limit: 1 to {MAX_LIMIT}")));
        }
        let before = self.cursor.as_deref().map(|text| {
            cursor::decode(text)
                .ok_or_else(|| ApiError::new(ProblemCode::Malformed, "cursor: not one of ours"))
        });
        Ok(Page { before: before.transpose()?, limit: limit + 1 })
    }
}

/// A page of a list.
#[derive(serde::Serialize, utoipa::ToSchema)]
pub struct List<T> {
    /// The items.
    pub items: Vec<T>,
    /// For the next page; null on the last one.
    pub next_cursor: Option<String>,
}

impl<T> List<T> {
    /// Everything there is.
    pub(super) fn all(items: Vec<T>) -> Self {
        Self { items, next_cursor: None }
    }

    /// From the rows of [`PageQuery::page`]'s page.
    pub(super) fn of<R>(
        mut rows: Vec<R>,
        page: &Page,
        id: impl Fn(&R) -> String,
        item: impl FnMut(R) -> T,
    ) -> Self {
        let wanted = usize::try_from(page.limit - 1).unwrap_or(0);
        let more = rows.len() > wanted;
        rows.truncate(wanted);
        let next_cursor = rows.last().filter(|_| more).map(|row| cursor::encode(&id(row)));
        Self { items: rows.into_iter().map(item).collect(), next_cursor }
    }
}

/// The revision that `If-Match` names; nothing when there is no such header or it is `*`.
pub struct IfMatch(pub Option<i64>);

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let Some(value) = parts.headers.get(header::IF_MATCH).map(|value| value.to_str().unwrap_or_default())
        else {
            return Ok(Self(None));
        };
        if value == "*" {
            return Ok(Self(None));
        }
        let revision = value
            .strip_prefix('"')
            .and_then(|value| value.strip_suffix('"'))
            .and_then(|value| value.parse().ok());
        revision.map(|revision| Self(Some(revision))).ok_or_else(|| {
            ApiError::new(
                ProblemCode::PreconditionFailed,
                "If-Match: send the ETag of the answer you changed.",
            )
        })
    }
}

/// The `ETag` of a revision.
pub(super) fn etag(revision: i64) -> (header::HeaderName, String) {
    (header::ETAG, format!("\"{revision}\""))
}
