//! Content for games: made by hand or from a template, changed, made ready.

use axum::extract::State;
use axum::response::IntoResponse;
use http::{StatusCode, header};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::deployments::DeploymentOut;
use super::limited::Limited;
use super::templates::check_template;
use crate::domain::class::{MAX_GRADE_LEVEL, MAX_SUBJECT};
use crate::domain::ids::{ContentId, UserId};
use crate::domain::quiz::FieldErrorCode;
use crate::domain::roblox::{
    ContentKind, ContentStatus, Document, MAX_BODY_BYTES, MAX_CONTENTS, MAX_TITLE, MIN_TITLE, Template,
    Texts, key_field,
};
use crate::domain::time::Timestamp;
use crate::handlers::auth::Teacher;
use crate::handlers::extract::{IfMatch, Json, List, PageQuery, Path, Query, etag};
use crate::handlers::idempotency::{IdempotencyKey, lost_the_race, made_before};
use crate::handlers::out::Out;
use crate::handlers::problem::{ApiError, ProblemCode, Problems, key_reused};
use crate::handlers::routing::{OpenApiRouter, routes};
use crate::handlers::{App, AppState};
use crate::storage::IdempotencyRecord;
use crate::storage::roblox::content::{
    self, Changed, ContentChange, ContentRow, ContentSummaryRow, NewContent,
};
use crate::storage::roblox::deployments;

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(create_content, list_content))
        .routes(routes!(show_content, change_content))
        .routes(routes!(show_content_status))
}

/// A new content.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ContentIn {
    /// What it is.
    kind: ContentKind,
    /// 3 to 100 characters.
    #[schema(min_length = 3, max_length = 100)]
    title: String,
    /// 1 to 50 characters.
    subject: String,
    /// 0 (kindergarten) to 13.
    grade_level: i64,
    /// A template of `/api/v1/roblox/content/templates`; its text is the body when there is none.
    #[serde(default)]
    template_id: Option<String>,
    /// What the game's servers get, as it is: at most 256 KB. No answer keys: quizzes are played as live sessions.
    #[serde(default)]
    body: Option<Document>,
    /// `draft` or `ready`; `draft` when left out.
    #[serde(default)]
    status: Option<ContentStatus>,
}

/// What changes; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ContentPatch {
    /// 3 to 100 characters.
    title: Option<String>,
    /// Takes the place of the body.
    body: Option<Document>,
    /// `draft`, `ready` or, for good, `archived`.
    status: Option<ContentStatus>,
}

/// A content without its body.
#[derive(Serialize, ToSchema)]
pub struct ContentSummary {
    /// The content.
    id: ContentId,
    /// Whose it is.
    owner_id: UserId,
    /// What it is.
    kind: ContentKind,
    /// Title. Text that people wrote: filter it before you show it.
    title: String,
    /// Subject.
    subject: String,
    /// School year.
    grade_level: i64,
    /// The template that it began with.
    template_id: Option<String>,
    /// Where it stands.
    status: ContentStatus,
    /// Why it could not be generated.
    failure: Option<String>,
    /// Counts the changes; the ETag.
    revision: i64,
    /// Made.
    created_at: Timestamp,
    /// Changed last.
    updated_at: Timestamp,
}

/// A content.
#[derive(Serialize, ToSchema)]
pub struct ContentOut {
    /// All but the body.
    #[serde(flatten)]
    summary: ContentSummary,
    /// What the game's servers get; null while it is generated.
    body: Option<Document>,
}

/// Where a content stands, and what became of its deployments.
#[derive(Serialize, ToSchema)]
pub struct ContentStatusOut {
    /// The content.
    content: ContentSummary,
    /// The newest hundred, newest first.
    deployments: Vec<DeploymentOut>,
}

impl From<ContentSummaryRow> for ContentSummary {
    fn from(row: ContentSummaryRow) -> Self {
        Self {
            id: row.id,
            owner_id: row.owner_id,
            kind: row.kind,
            title: row.title,
            subject: row.subject,
            grade_level: row.grade_level,
            template_id: row.template_id,
            status: row.status,
            failure: row.failure,
            revision: row.revision,
            created_at: Timestamp::from_millis(row.created_at),
            updated_at: Timestamp::from_millis(row.updated_at),
        }
    }
}

impl From<ContentRow> for ContentOut {
    fn from(row: ContentRow) -> Self {
        Self { body: row.body.as_deref().map(Document::stored), summary: row.summary.into() }
    }
}

/// The content, if it is the caller's or the caller is an admin.
pub(super) async fn content_of(app: &App, teacher: &Teacher, id: &ContentId) -> Result<ContentRow, ApiError> {
    let row = content::by_id(app.db.as_ref(), &teacher.scope(), id).await?;
    row.ok_or_else(|| ApiError::not_found("content"))
}

fn check_body(texts: &mut Texts, body: &Document) {
    texts.document("/body", body, MAX_BODY_BYTES);
    if let Some(field) = body.0.values().find_map(key_field).or_else(|| key_field(&body.0.clone().into())) {
        let detail =
            format!("`{field}` would tell pupils what is right: make a quiz, and play it as a live session");
        texts.fail("/body", FieldErrorCode::NotAllowed, detail);
    }
}

fn check_status(texts: &mut Texts, status: Option<ContentStatus>, allowed: &[ContentStatus]) {
    if status.is_some_and(|status| !allowed.contains(&status)) {
        let names: Vec<&str> = allowed.iter().map(|status| status.name()).collect();
        texts.fail("/status", FieldErrorCode::NotAllowed, names.join(", "));
    }
}

/// Make content
///
/// From a template, or with a body of one's own.
#[utoipa::path(post, path = "/api/v1/roblox/content", tag = "roblox", security(("access_token" = [])), request_body = ContentIn,
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key and body again give the same content.")),
    responses((status = 201, body = ContentOut), Problems))]
async fn create_content(
    State(app): State<AppState>,
    Limited(teacher): Limited<Teacher>,
    key: IdempotencyKey,
    Json { value: input, fingerprint }: Json<ContentIn>,
) -> Result<impl IntoResponse, ApiError> {
    let mut texts = Texts::default();
    let title = texts.text("/title", &input.title, MIN_TITLE, MAX_TITLE);
    let subject = texts.text("/subject", &input.subject, 1, MAX_SUBJECT);
    texts.number("/grade_level", input.grade_level, 0, MAX_GRADE_LEVEL);
    check_status(&mut texts, input.status, &[ContentStatus::Draft, ContentStatus::Ready]);
    let template = check_template(&mut texts, input.template_id.as_deref());
    let body = input.body.or_else(|| template.map(Template::body)).unwrap_or_default();
    check_body(&mut texts, &body);
    if !texts.0.is_empty() {
        return Err(ApiError::invalid(texts.0));
    }
    let now = app.clock.now();
    let new = NewContent {
        id: &ContentId::new(now, app.entropy.as_ref()),
        kind: input.kind,
        title: &title,
        subject: &subject,
        grade_level: input.grade_level,
        template_id: template.map(|template| template.id),
        body: Some(&body.text()),
        brief: None,
        status: input.status.unwrap_or(ContentStatus::Draft),
        now,
    };
    let row = insert_once(&app, &teacher, &new, key.record(&fingerprint).as_ref()).await?;
    let location = format!("/api/v1/roblox/content/{}", row.summary.id);
    let headers = [(header::LOCATION, location), etag(row.summary.revision)];
    Ok((StatusCode::CREATED, headers, Out(ContentOut::from(row))))
}

/// Adds a content, or finds what the same key made before.
pub(super) async fn insert_once(
    app: &App,
    teacher: &Teacher,
    new: &NewContent<'_>,
    record: Option<&IdempotencyRecord>,
) -> Result<ContentRow, ApiError> {
    let made = match made_before(app, &teacher.0, record).await? {
        Some(id) => ContentId::parse(&id).ok_or_else(key_reused)?,
        None => match content::insert(app.db.as_ref(), &teacher.0, new, record).await {
            Ok(true) => new.id.clone(),
            Ok(false) => {
                let detail =
                    format!("A school has {MAX_CONTENTS} contents at most. Archive those that nobody uses.");
                return Err(ApiError::new(ProblemCode::Conflict, detail));
            }
            Err(error) if lost_the_race(&error) => {
                let id = made_before(app, &teacher.0, record).await?.ok_or(error)?;
                ContentId::parse(&id).ok_or_else(key_reused)?
            }
            Err(error) => return Err(error.into()),
        },
    };
    content_of(app, teacher, &made).await
}

/// Which contents.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ContentQuery {
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
    /// 1 to 100, 50 when left out.
    limit: Option<i64>,
    /// Those that stand there.
    #[param(value_type = Option<String>)]
    status: Option<ContentStatus>,
}

/// List content
///
/// Newest first, without the bodies. A teacher gets their own, an admin the school's.
#[utoipa::path(get, path = "/api/v1/roblox/content", tag = "roblox", security(("access_token" = [])), params(ContentQuery),
    responses((status = 200, body = List<ContentSummary>), Problems))]
async fn list_content(
    State(app): State<AppState>,
    Limited(teacher): Limited<Teacher>,
    Query(query): Query<ContentQuery>,
) -> Result<Out<List<ContentSummary>>, ApiError> {
    let page = PageQuery { cursor: query.cursor, limit: query.limit }.page()?;
    let rows = content::list(app.db.as_ref(), &teacher.scope(), &page, query.status).await?;
    Ok(Out(List::of(rows, &page, |row| row.id.to_string(), ContentSummary::from)))
}

/// Show content
#[utoipa::path(get, path = "/api/v1/roblox/content/{content_id}", tag = "roblox", security(("access_token" = [])),
    params(("content_id" = String, Path)), responses((status = 200, body = ContentOut), Problems))]
async fn show_content(
    State(app): State<AppState>,
    Limited(teacher): Limited<Teacher>,
    Path(id): Path<ContentId>,
) -> Result<impl IntoResponse, ApiError> {
    let row = content_of(&app, &teacher, &id).await?;
    Ok(([etag(row.summary.revision)], Out(ContentOut::from(row))))
}

/// Change content
///
/// With `If-Match`, only if nobody else has changed it since. What was deployed stays as it was.
#[utoipa::path(patch, path = "/api/v1/roblox/content/{content_id}", tag = "roblox", security(("access_token" = [])),
    params(("content_id" = String, Path), ("If-Match" = Option<String>, Header)), request_body = ContentPatch,
    responses((status = 200, body = ContentOut), Problems))]
async fn change_content(
    State(app): State<AppState>,
    Limited(teacher): Limited<Teacher>,
    Path(id): Path<ContentId>,
    IfMatch(revision): IfMatch,
    Json { value: patch, .. }: Json<ContentPatch>,
) -> Result<impl IntoResponse, ApiError> {
    let mut texts = Texts::default();
    let title = patch.title.map(|text| texts.text("/title", &text, MIN_TITLE, MAX_TITLE));
    let allowed = [ContentStatus::Draft, ContentStatus::Ready, ContentStatus::Archived];
    check_status(&mut texts, patch.status, &allowed);
    if let Some(body) = &patch.body {
        check_body(&mut texts, body);
    }
    if !texts.0.is_empty() {
        return Err(ApiError::invalid(texts.0));
    }
    let change = ContentChange { title, body: patch.body.map(|body| body.text()), status: patch.status };
    let now = app.clock.now();
    match content::update(app.db.as_ref(), &teacher.scope(), &id, &change, revision, now).await? {
        Changed::Done(row) => Ok(([etag(row.summary.revision)], Out(ContentOut::from(*row)))),
        Changed::NotFound => Err(ApiError::not_found("content")),
        Changed::Conflict => Err(ApiError::new(
            ProblemCode::PreconditionFailed,
            "Somebody else changed the content. Load it again.",
        )),
        Changed::Fixed(status) => {
            let detail = format!("The content is {}; it cannot be changed.", status.name());
            Err(ApiError::new(ProblemCode::Conflict, detail))
        }
    }
}

/// Show where content stands
///
/// The content and its deployments, in one answer.
#[utoipa::path(get, path = "/api/v1/roblox/content/{content_id}/status", tag = "roblox",
    security(("access_token" = [])), params(("content_id" = String, Path)),
    responses((status = 200, body = ContentStatusOut), Problems))]
async fn show_content_status(
    State(app): State<AppState>,
    Limited(teacher): Limited<Teacher>,
    Path(id): Path<ContentId>,
) -> Result<Out<ContentStatusOut>, ApiError> {
    let row = content_of(&app, &teacher, &id).await?;
    let deployments = deployments::of_content(app.db.as_ref(), &teacher.scope(), &id).await?;
    let deployments = deployments.into_iter().map(DeploymentOut::from).collect();
    Ok(Out(ContentStatusOut { content: row.summary.into(), deployments }))
}
