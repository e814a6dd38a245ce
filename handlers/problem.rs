//! Everything that can go wrong, as RFC 9457 problems with a closed set of codes. Causes go to the log, never to a client.

use std::collections::BTreeMap;

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::{ContentBuilder, Ref, RefOr, ResponseBuilder};

use crate::domain::quiz::FieldError;
use crate::domain::tokens::TokenError;
use crate::hashing::HashingError;
use crate::ports::{DbError, PortError};
use crate::rooms::Refusal;
use crate::storage::used_challenges;

/// What went wrong, for programs. Part of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProblemCode {
    /// The address or the password is wrong.
    InvalidCredentials,
    /// There is no token.
    Unauthenticated,
    /// The token or key is not good.
    InvalidToken,
    /// The token was good once.
    TokenExpired,
    /// The refresh token is not good, or its sign-in was ended.
    InvalidRefreshToken,
    /// The challenge is not good, used or too old.
    InvalidChallenge,
    /// The code is wrong, used or too old.
    InvalidCode,
    /// The address is not verified yet.
    EmailNotVerified,
    /// Not with this role.
    Forbidden,
    /// Prove again who you are.
    StepUpRequired,
    /// The school wants a second factor first.
    SecondFactorSetupRequired,
    /// A browser sent it from another site.
    CrossSite,
    /// There is no such thing here, or not for this caller.
    NotFound,
    /// Not with this method.
    MethodNotAllowed,
    /// Not this `Content-Type`.
    UnsupportedMediaType,
    /// Too many bytes.
    PayloadTooLarge,
    /// The body, the query or a header is not what it should be.
    Malformed,
    /// Fields are at fault; `errors` says which.
    Invalid,
    /// `If-Match` is missing.
    PreconditionRequired,
    /// Somebody else changed it.
    PreconditionFailed,
    /// The session's state does not allow this.
    MoveNotAllowed,
    /// The last question is open already.
    NoMoreQuestions,
    /// Another session of the class has not ended.
    SessionExists,
    /// The quiz has no published version.
    QuizNotPublished,
    /// All seats are taken.
    ClassFull,
    /// A school has at least one admin.
    LastAdmin,
    /// What is there does not allow it.
    Conflict,
    /// The link or code was used or is too old.
    TokenUsed,
    /// The idempotency key was used with another body.
    IdempotencyKeyReused,
    /// The log no longer reaches back so far.
    EventsGone,
    /// More than 200 events.
    TooManyEvents,
    /// Too often.
    RateLimited,
    /// Something behind us does not answer.
    Unavailable,
    /// What is asked for cannot be made; `detail` says why.
    ContentRefused,
    /// What writes content for us answered with something of no use.
    UpstreamFailed,
    /// A setting is missing or wrong; nothing works until it is mended.
    Misconfigured,
    /// Our fault.
    Internal,
}

/// What a client gets (RFC 9457).
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Problem {
    /// A name for the kind of problem.
    #[serde(rename = "type")]
    kind: String,
    /// The kind, for people.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// The kind, for programs.
    code: ProblemCode,
    /// This very case, for people.
    detail: String,
    /// To find the log line by.
    request_id: String,
    /// The fields at fault.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldError>,
    /// For old Studio plugins, on the routes at the root.
    #[serde(flatten)]
    #[schema(ignore)]
    old: Option<OldProblem>,
}

/// What old Studio plugins look for in an answer.
#[derive(Clone, Debug, Serialize)]
struct OldProblem {
    success: bool,
    error: &'static str,
    message: String,
}

/// In the contract: every route may answer with a problem.
pub struct Problems;

impl utoipa::IntoResponses for Problems {
    fn responses() -> BTreeMap<String, RefOr<utoipa::openapi::Response>> {
        let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
        let response = ResponseBuilder::new()
            .description("A problem (RFC 9457); `code` says which.")
            .content("application/problem+json", content)
            .build();
        BTreeMap::from([("default".to_owned(), response.into())])
    }
}

/// Why a request is not answered as wished.
#[derive(Clone, Debug)]
pub struct ApiError {
    code: ProblemCode,
    detail: String,
    errors: Vec<FieldError>,
    retry_after_s: Option<u32>,
    /// For the log only.
    cause: Option<String>,
    /// Whether an old Studio plugin asked.
    is_old: bool,
}

impl ApiError {
    /// A problem with a sentence that a client may read.
    pub fn new(code: ProblemCode, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
            errors: Vec::new(),
            retry_after_s: None,
            cause: None,
            is_old: false,
        }
    }

    /// Nothing of that name, or not for this caller: the same answer for both.
    pub fn not_found(what: &str) -> Self {
        Self::new(ProblemCode::NotFound, format!("There is no such {what}."))
    }

    /// Fields are at fault.
    pub fn invalid(errors: Vec<FieldError>) -> Self {
        let detail = match errors.as_slice() {
            [only] => format!("{}: {}", only.pointer, only.detail),
            many => format!("{} fields need to be changed.", many.len()),
        };
        Self { errors, ..Self::new(ProblemCode::Invalid, detail) }
    }

    /// Too often.
    pub fn rate_limited(retry_after_s: u32) -> Self {
        let detail = format!("Too many attempts. Try again in {retry_after_s} s.");
        Self { retry_after_s: Some(retry_after_s), ..Self::new(ProblemCode::RateLimited, detail) }
    }

    /// Something behind us does not answer.
    pub fn unavailable(cause: impl Into<String>) -> Self {
        let detail = "Something behind this server does not answer. Try again in a moment.";
        Self {
            retry_after_s: Some(2),
            cause: Some(cause.into()),
            ..Self::new(ProblemCode::Unavailable, detail)
        }
    }

    /// Something behind us answered, with something of no use.
    pub fn upstream(cause: impl Into<String>) -> Self {
        let detail = "What writes content for this server gave an answer of no use. Try again in a moment.";
        Self {
            retry_after_s: Some(2),
            cause: Some(cause.into()),
            ..Self::new(ProblemCode::UpstreamFailed, detail)
        }
    }

    /// Our fault.
    pub fn internal(cause: impl Into<String>) -> Self {
        let detail = "Something went wrong on our side. The request id helps us to find it.";
        Self { cause: Some(cause.into()), ..Self::new(ProblemCode::Internal, detail) }
    }

    /// Status and title of each code.
    const fn kind(&self) -> (StatusCode, &'static str) {
        use ProblemCode as C;
        match self.code {
            C::InvalidCredentials => (StatusCode::UNAUTHORIZED, "The address or the password is wrong"),
            C::Unauthenticated => (StatusCode::UNAUTHORIZED, "A token is needed"),
            C::InvalidToken => (StatusCode::UNAUTHORIZED, "The token is not valid"),
            C::TokenExpired => (StatusCode::UNAUTHORIZED, "The token has expired"),
            C::InvalidRefreshToken => (StatusCode::UNAUTHORIZED, "The refresh token is not valid"),
            C::InvalidChallenge => (StatusCode::UNAUTHORIZED, "The challenge is not valid"),
            C::InvalidCode => (StatusCode::UNAUTHORIZED, "The code is not valid"),
            C::EmailNotVerified => (StatusCode::FORBIDDEN, "The address is not verified"),
            C::StepUpRequired => (StatusCode::FORBIDDEN, "Prove again who you are"),
            C::SecondFactorSetupRequired => (StatusCode::FORBIDDEN, "A second factor is needed"),
            C::CrossSite => (StatusCode::FORBIDDEN, "Not from another site"),
            C::Forbidden => (StatusCode::FORBIDDEN, "Not with this role"),
            C::NotFound => (StatusCode::NOT_FOUND, "Not found"),
            C::MethodNotAllowed => (StatusCode::METHOD_NOT_ALLOWED, "Not with this method"),
            C::UnsupportedMediaType => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "Not this media type"),
            C::PayloadTooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "Too large"),
            C::Malformed => (StatusCode::UNPROCESSABLE_ENTITY, "The request cannot be read"),
            C::Invalid => (StatusCode::UNPROCESSABLE_ENTITY, "Some fields are not valid"),
            C::PreconditionRequired => (StatusCode::PRECONDITION_REQUIRED, "If-Match is needed"),
            C::PreconditionFailed => (StatusCode::PRECONDITION_FAILED, "Somebody else changed it"),
            C::MoveNotAllowed => (StatusCode::CONFLICT, "The session's state does not allow this"),
            C::NoMoreQuestions => (StatusCode::CONFLICT, "There are no more questions"),
            C::SessionExists => (StatusCode::CONFLICT, "Another session has not ended"),
            C::QuizNotPublished => (StatusCode::CONFLICT, "The quiz is not published"),
            C::LastAdmin => (StatusCode::CONFLICT, "A school has at least one admin"),
            C::Conflict => (StatusCode::CONFLICT, "Not in this state"),
            C::TokenUsed => (StatusCode::GONE, "Used or too old"),
            C::ClassFull => (StatusCode::CONFLICT, "All seats are taken"),
            C::IdempotencyKeyReused => {
                (StatusCode::UNPROCESSABLE_ENTITY, "The idempotency key was used before")
            }
            C::EventsGone => (StatusCode::GONE, "The log no longer reaches back so far"),
            C::TooManyEvents => (StatusCode::UNPROCESSABLE_ENTITY, "Too many events in one call"),
            C::RateLimited => (StatusCode::TOO_MANY_REQUESTS, "Too many requests"),
            C::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "Not available right now"),
            C::ContentRefused => (StatusCode::UNPROCESSABLE_ENTITY, "This cannot be made"),
            C::UpstreamFailed => (StatusCode::BAD_GATEWAY, "What stands behind us failed"),
            C::Misconfigured => (StatusCode::INTERNAL_SERVER_ERROR, "This server is not set up"),
            C::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "Something went wrong"),
        }
    }

    /// The code, and the sentence that a client may read.
    pub fn told(&self) -> (ProblemCode, &str) {
        (self.code, &self.detail)
    }

    /// What the log says beside the code.
    pub fn cause(&self) -> Option<&str> {
        self.cause.as_deref()
    }

    /// How long to wait, if it came too often.
    pub fn wait_s(&self) -> Option<u32> {
        self.retry_after_s.filter(|_| self.code == ProblemCode::RateLimited)
    }

    /// The sentence that a client may read.
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// The code.
    pub const fn code(&self) -> ProblemCode {
        self.code
    }

    /// For an old Studio plugin: with the members that it looks for.
    #[must_use]
    pub fn for_old_plugins(mut self, is_old: bool) -> Self {
        self.is_old = is_old;
        self
    }

    /// The answer, with the id by which its log line is found.
    pub fn into_response_for(self, request_id: &str) -> Response {
        let (status, title) = self.kind();
        let code = serde_json::to_value(self.code).unwrap_or_default();
        let old =
            self.is_old.then(|| OldProblem { success: false, error: title, message: self.detail.clone() });
        let problem = Problem {
            old,
            kind: format!("/docs/problems#{}", code.as_str().unwrap_or_default()),
            title,
            status: status.as_u16(),
            code: self.code,
            detail: self.detail,
            request_id: request_id.to_owned(),
            errors: self.errors,
        };
        let body = serde_json::to_vec(&problem).unwrap_or_default();
        let mut response =
            (status, [(header::CONTENT_TYPE, "application/problem+json")], body).into_response();
        let headers = response.headers_mut();
        if let Some(seconds) = self.retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}

/// The layer `observe` finishes the answer: it alone knows the request's id.
impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let (status, _) = self.kind();
        let mut response = status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<DbError> for ApiError {
    fn from(error: DbError) -> Self {
        if used_challenges::is_refusal(&error) {
            let detail = "What works once was used already; start again.";
            return Self::new(ProblemCode::InvalidChallenge, detail);
        }
        Self::unavailable(error.to_string())
    }
}

impl From<PortError> for ApiError {
    fn from(error: PortError) -> Self {
        Self::unavailable(error.to_string())
    }
}

impl From<HashingError> for ApiError {
    fn from(error: HashingError) -> Self {
        match error {
            HashingError::Busy(busy) => {
                Self { retry_after_s: Some(busy.retry_after_s), ..Self::unavailable(error.to_string()) }
            }
            HashingError::Failed(error) => Self::internal(error.to_string()),
        }
    }
}

impl From<TokenError> for ApiError {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::Invalid => Self::new(ProblemCode::InvalidToken, "The token is not valid."),
            TokenError::Expired => {
                Self::new(ProblemCode::TokenExpired, "The token has expired; get a new one.")
            }
        }
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        use ProblemCode as C;
        let (code, detail) = match refusal {
            Refusal::NotFound => (C::NotFound, "There is no such thing in this class."),
            Refusal::MoveNotAllowed => {
                (C::MoveNotAllowed, "The session is not in a state that allows this move.")
            }
            Refusal::NoMoreQuestions => {
                (C::NoMoreQuestions, "The last question is open already; end the session.")
            }
            Refusal::SessionExists => {
                (C::SessionExists, "End the session that is on before you make another one.")
            }
            Refusal::IdempotencyMismatch => return key_reused(),
            Refusal::ClassFull => (C::ClassFull, "All seats are taken; raise the capacity or remove a seat."),
            Refusal::EventsGone => {
                (C::EventsGone, "Load the page anew; the log no longer reaches back so far.")
            }
        };
        Self::new(code, detail)
    }
}

/// The same key with another body.
pub(super) fn key_reused() -> ApiError {
    ApiError::new(ProblemCode::IdempotencyKeyReused, "This Idempotency-Key came with another request before.")
}

/// No route.
pub(super) async fn unknown_route() -> ApiError {
    ApiError::not_found("route")
}

/// A route, but not with this method.
pub(super) async fn wrong_method() -> ApiError {
    ApiError::new(ProblemCode::MethodNotAllowed, "This route does not take this method.")
}

/// What every request gets while a setting is missing or wrong.
pub fn misconfigured(error: &crate::config::ConfigError, request_id: &str) -> Response {
    ApiError::new(ProblemCode::Misconfigured, error.to_string()).into_response_for(request_id)
}
