//! Generated content: asked for here, written by the queue.

use axum::extract::State;
use axum::response::IntoResponse;
use http::{StatusCode, header};
use serde_json::{Map, Value};

use super::content::{ContentOut, insert_once};
use super::limited::Limited;
use crate::domain::class::MAX_SUBJECT;
use crate::domain::content::{ContentRequest, content_request};
use crate::domain::ids::ContentId;
use crate::domain::limits::{Action, Per};
use crate::domain::roblox::{ContentKind, ContentStatus, MAX_TITLE};
use crate::handlers::AppState;
use crate::handlers::auth::Teacher;
use crate::handlers::context::RequestContext;
use crate::handlers::extract::Json;
use crate::handlers::idempotency::IdempotencyKey;
use crate::handlers::out::Out;
use crate::handlers::problem::{ApiError, Problems};
use crate::handlers::routing::{OpenApiRouter, routes};
use crate::jobs::Job;
use crate::model::{Brief, BriefKind};
use crate::storage::roblox::content::NewContent;

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(generate_content))
}

const fn kind(brief: &Brief) -> ContentKind {
    match brief.kind {
        BriefKind::Lesson => ContentKind::Lesson,
        BriefKind::Quiz => ContentKind::Quiz,
        BriefKind::Terrain => ContentKind::Terrain,
        BriefKind::Script => ContentKind::Script,
        BriefKind::Activity => ContentKind::Activity,
    }
}

fn title(brief: &Brief) -> String {
    let title = brief.topic.as_ref().map_or_else(
        || format!("{} {}", brief.subject, kind(brief).name()),
        |topic| format!("{}: {topic}", brief.subject),
    );
    title.chars().take(MAX_TITLE).collect()
}

/// Generate content
///
/// Answers at once with content that is `queued`; then it is `generating`, and then `ready`, or `failed` with its reason:
/// `GET /api/v1/roblox/content/{content_id}/status` tells. A quiz becomes a draft of the caller's quizzes, which the content
/// names by `quiz_id`: no answer key goes to a game.
#[utoipa::path(post, path = "/api/v1/roblox/content/generate", tag = "roblox", security(("access_token" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key and body again give the same content.")),
    request_body = ContentRequest, responses((status = 202, body = ContentOut), Problems))]
async fn generate_content(
    State(app): State<AppState>,
    Limited(teacher): Limited<Teacher>,
    context: RequestContext,
    key: IdempotencyKey,
    Json { value: input, fingerprint }: Json<Map<String, Value>>,
) -> Result<impl IntoResponse, ApiError> {
    app.count(&context, &[(Action::Generate, Per::Account.of(teacher.0.user_id.as_str()))]).await?;
    let brief = content_request(&input, true).map_err(ApiError::invalid)?;
    let text = serde_json::to_string(&brief).map_err(|error| ApiError::internal(error.to_string()))?;
    let now = app.clock.now();
    let subject: String = brief.subject.chars().take(MAX_SUBJECT).collect();
    let new = NewContent {
        id: &ContentId::new(now, app.entropy.as_ref()),
        kind: kind(&brief),
        title: &title(&brief),
        subject: &subject,
        grade_level: brief.grade_level,
        template_id: None,
        body: None,
        brief: Some(&text),
        status: ContentStatus::Queued,
        now,
    };
    let row = insert_once(&app, &teacher, &new, key.record(&fingerprint).as_ref()).await?;
    if row.summary.status == ContentStatus::Queued {
        // Should the message be lost, the hourly tick does it.
        let school_id = teacher.0.school_id.clone();
        app.enqueue(Job::RobloxGenerate { school_id, content_id: row.summary.id.clone() }).await;
    }
    let location = format!("/api/v1/roblox/content/{}/status", row.summary.id);
    Ok((StatusCode::ACCEPTED, [(header::LOCATION, location)], Out(ContentOut::from(row))))
}
