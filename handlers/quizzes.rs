//! Quizzes: drafts that their author edits, and immutable versions that classes play.

use std::collections::BTreeSet;

use axum::extract::State;
use axum::response::IntoResponse;
use http::{StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;

use super::auth::Teacher;
use super::extract::{IfMatch, Json, List, PageQuery, Path, Query, etag};
use super::idempotency::{IdempotencyKey, lost_the_race, made_before};
use super::out::Out;
use super::problem::{ApiError, ProblemCode, Problems};
use super::reader::{QuizzesRead, Reader};
use super::routing::{OpenApiRouter, routes};
use super::{App, AppState};
use crate::domain::ids::QuizId;
use crate::domain::quiz::{AuthorQuiz, Quiz, check};
use crate::domain::time::Timestamp;
use crate::domain::user::Scope;
use crate::json;
use crate::storage::Written;
use crate::storage::quizzes::{self, NewQuiz, QuizRow, QuizSummaryRow};

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(create_quiz, list_quizzes))
        .routes(routes!(show_quiz, replace_quiz))
        .routes(routes!(publish_quiz))
}

/// A quiz without its questions.
#[derive(Serialize, ToSchema)]
pub struct QuizSummary {
    /// The quiz.
    id: QuizId,
    /// Title.
    title: String,
    /// Subject.
    subject: String,
    /// School year.
    grade_level: i64,
    /// How many questions.
    question_count: i64,
    /// Counts the changes; the ETag.
    revision: i64,
    /// The newest published version; null when there is none.
    published_version: Option<i64>,
    /// Whether the draft has changed since it was published.
    has_unpublished_changes: bool,
    /// Made.
    created_at: Timestamp,
    /// Changed last.
    updated_at: Timestamp,
}

/// A quiz with its keys, for its author.
#[derive(Serialize, ToSchema)]
pub struct QuizOut {
    /// All but the content.
    #[serde(flatten)]
    summary: QuizSummary,
    /// The questions, with their keys.
    questions: Vec<crate::domain::quiz::AuthorQuestion>,
}

/// What was published.
#[derive(Serialize, ToSchema)]
pub struct PublishOut {
    /// The version's number; the same again when nothing changed.
    version: i64,
}

impl From<QuizSummaryRow> for QuizSummary {
    fn from(row: QuizSummaryRow) -> Self {
        Self {
            id: row.id,
            title: row.title,
            subject: row.subject,
            grade_level: row.grade_level,
            question_count: row.question_count,
            revision: row.revision,
            published_version: row.published_version,
            has_unpublished_changes: row.published_revision != Some(row.revision),
            created_at: Timestamp::from_millis(row.created_at),
            updated_at: Timestamp::from_millis(row.updated_at),
        }
    }
}

fn author_view(row: QuizRow) -> Result<impl IntoResponse, ApiError> {
    let content: AuthorQuiz =
        json::from_str(&row.body).map_err(|error| ApiError::internal(format!("a stored quiz: {error}")))?;
    let tag = etag(row.summary.revision);
    Ok(([tag], Out(QuizOut { summary: row.summary.into(), questions: content.questions })))
}

async fn quiz_of(app: &App, teacher: &Teacher, id: &QuizId) -> Result<QuizRow, ApiError> {
    quiz_in(app, &teacher.scope(), id).await
}

async fn quiz_in(app: &App, scope: &Scope, id: &QuizId) -> Result<QuizRow, ApiError> {
    let quiz = quizzes::by_id(app.db.as_ref(), scope, id).await?;
    quiz.ok_or_else(|| ApiError::not_found("quiz"))
}

fn checked(app: &App, quiz: AuthorQuiz, known: &BTreeSet<String>) -> Result<Quiz, ApiError> {
    check(quiz, known, app.clock.now(), app.entropy.as_ref()).map_err(ApiError::invalid)
}

/// Make a quiz
#[utoipa::path(post, path = "/api/v1/quizzes", tag = "quizzes", security(("access_token" = [])), request_body = AuthorQuiz,
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key and body again give the same quiz.")),
    responses((status = 201, body = QuizOut), Problems))]
async fn create_quiz(
    State(app): State<AppState>,
    teacher: Teacher,
    key: IdempotencyKey,
    Json { value, fingerprint }: Json<AuthorQuiz>,
) -> Result<impl IntoResponse, ApiError> {
    let quiz = checked(&app, value, &BTreeSet::new())?;
    let record = key.record(&fingerprint);
    let id = match made_before(&app, &teacher.0, record.as_ref()).await? {
        Some(id) => id,
        None => insert_quiz(&app, &teacher, &quiz, record.as_ref()).await?,
    };
    let id = QuizId::parse(&id).ok_or_else(super::problem::key_reused)?;
    let row = quiz_of(&app, &teacher, &id).await?;
    Ok((StatusCode::CREATED, [(header::LOCATION, format!("/api/v1/quizzes/{id}"))], author_view(row)?))
}

async fn insert_quiz(
    app: &App,
    teacher: &Teacher,
    quiz: &Quiz,
    record: Option<&crate::storage::IdempotencyRecord>,
) -> Result<String, ApiError> {
    let now = app.clock.now();
    let id = QuizId::new(now, app.entropy.as_ref());
    match quizzes::insert(app.db.as_ref(), &teacher.0, &NewQuiz { id: &id, quiz, now }, record).await {
        Ok(()) => Ok(id.to_string()),
        Err(error) if lost_the_race(&error) => {
            Ok(made_before(app, &teacher.0, record).await?.ok_or(error)?)
        }
        Err(error) => Err(error.into()),
    }
}

/// List quizzes
///
/// Newest first, without their questions.
#[utoipa::path(get, path = "/api/v1/quizzes", tag = "quizzes",
    security(("access_token" = []), ("integration_key" = [])), params(PageQuery),
    responses((status = 200, body = List<QuizSummary>), Problems))]
async fn list_quizzes(
    State(app): State<AppState>,
    reader: Reader<QuizzesRead>,
    Query(query): Query<PageQuery>,
) -> Result<Out<List<QuizSummary>>, ApiError> {
    let page = query.page()?;
    let rows = quizzes::list(app.db.as_ref(), &reader.scope, &page).await?;
    Ok(Out(List::of(rows, &page, |row| row.id.to_string(), QuizSummary::from)))
}

/// Show a quiz
///
/// With its keys: for its author and for admins of the school.
#[utoipa::path(get, path = "/api/v1/quizzes/{quiz_id}", tag = "quizzes",
    security(("access_token" = []), ("integration_key" = [])),
    params(("quiz_id" = String, Path)), responses((status = 200, body = QuizOut), Problems))]
async fn show_quiz(
    State(app): State<AppState>,
    reader: Reader<QuizzesRead>,
    Path(id): Path<QuizId>,
) -> Result<impl IntoResponse, ApiError> {
    author_view(quiz_in(&app, &reader.scope, &id).await?)
}

/// Replace a quiz
///
/// Wants `If-Match`. Ids that the quiz has may be sent back and are kept; parts without an id are new.
#[utoipa::path(put, path = "/api/v1/quizzes/{quiz_id}", tag = "quizzes", security(("access_token" = [])),
    params(("quiz_id" = String, Path), ("If-Match" = String, Header)), request_body = AuthorQuiz,
    responses((status = 200, body = QuizOut), Problems))]
async fn replace_quiz(
    State(app): State<AppState>,
    teacher: Teacher,
    Path(id): Path<QuizId>,
    IfMatch(revision): IfMatch,
    Json { value, .. }: Json<AuthorQuiz>,
) -> Result<impl IntoResponse, ApiError> {
    let before = quiz_of(&app, &teacher, &id).await?;
    let revision = revision.ok_or_else(|| {
        ApiError::new(
            ProblemCode::PreconditionRequired,
            "Send the ETag of the quiz that you changed as If-Match.",
        )
    })?;
    // Before the body: who has missed a change may name ids that are gone (RFC 9110 section 13.2.1).
    if revision != before.summary.revision {
        return Err(changed_meanwhile());
    }
    let known: AuthorQuiz = json::from_str(&before.body)
        .map_err(|error| ApiError::internal(format!("a stored quiz: {error}")))?;
    let quiz = checked(&app, value, &known.ids())?;
    match quizzes::update(app.db.as_ref(), &teacher.scope(), &id, &quiz, revision, app.clock.now()).await? {
        Written::Done(row) => author_view(row),
        Written::NotFound | Written::Conflict => Err(changed_meanwhile()),
    }
}

fn changed_meanwhile() -> ApiError {
    ApiError::new(ProblemCode::PreconditionFailed, "Somebody else changed the quiz. Load it again.")
}

/// Publish a quiz
///
/// Makes an immutable version of the draft. Again without a change gives the same version.
#[utoipa::path(post, path = "/api/v1/quizzes/{quiz_id}/publish", tag = "quizzes", security(("access_token" = [])),
    params(("quiz_id" = String, Path)), responses((status = 200, body = PublishOut), Problems))]
async fn publish_quiz(
    State(app): State<AppState>,
    teacher: Teacher,
    Path(id): Path<QuizId>,
) -> Result<Out<PublishOut>, ApiError> {
    let version = quizzes::publish(app.db.as_ref(), &teacher.scope(), &id, app.clock.now()).await?;
    version.map(|version| Out(PublishOut { version })).ok_or_else(|| ApiError::not_found("quiz"))
}
