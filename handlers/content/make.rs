//! Makes content, or takes it out of the cache.

use super::answer::{ContentResponse, Facts};
use crate::content_cache::CacheKey;
use crate::domain::canonical;
use crate::domain::quiz::FieldError;
use crate::handlers::App;
use crate::handlers::context::RequestContext;
use crate::handlers::problem::{ApiError, ProblemCode};
use crate::json;
use crate::model::{Brief, BriefKind, Draft, ModelError};

/// Of drafts as they are kept: another one forgets all that were kept before.
const VERSION: u32 = 1;

impl From<ModelError> for ApiError {
    fn from(error: ModelError) -> Self {
        match error {
            ModelError::Unavailable(_) => Self::unavailable(error.to_string()),
            ModelError::Upstream(_) => Self::upstream(error.to_string()),
            ModelError::Refused(reason) => Self::new(ProblemCode::ContentRefused, reason),
        }
    }
}

/// The content of a request that was read, or every field at fault.
pub(super) async fn make(
    app: &App,
    context: &RequestContext,
    brief: Result<Brief, Vec<FieldError>>,
) -> Result<ContentResponse, ApiError> {
    let brief = brief.map_err(ApiError::invalid)?;
    let wanted = (VERSION, &brief);
    let hash = canonical::hash(&wanted).map_err(|error| ApiError::internal(error.to_string()))?;
    let facts = Facts {
        timestamp: app.clock.now(),
        request_id: context.origin.request_id.clone(),
        content_id: format!("cnt_{}", hash.get(..32).unwrap_or_default()),
        max_students: brief.max_students,
        is_script: brief.kind == BriefKind::Script,
    };
    let key = CacheKey::of(&wanted).map_err(|error| ApiError::internal(error.to_string()))?;
    if let Some(draft) = kept(app, &key).await {
        return Ok(ContentResponse::new(draft, facts));
    }
    let draft = app.model.write(brief).await?;
    keep(app, key, &draft).await;
    Ok(ContentResponse::new(draft, facts))
}

/// A cache that fails is an empty one.
async fn kept(app: &App, key: &CacheKey) -> Option<Draft> {
    match app.content_cache.get(key.clone()).await {
        Ok(text) => json::from_str(&text?).ok(),
        Err(error) => {
            warn(app, "content cache did not answer", &error.to_string());
            None
        }
    }
}

async fn keep(app: &App, key: CacheKey, draft: &Draft) {
    let Ok(text) = serde_json::to_string(draft) else { return };
    if let Err(error) = app.content_cache.put(key, text).await {
        warn(app, "content was not kept", &error.to_string());
    }
}

fn warn(app: &App, message: &str, cause: &str) {
    let line = serde_json::json!({"message": message, "level": "error", "cause": cause});
    app.log.line(&line.to_string());
}
