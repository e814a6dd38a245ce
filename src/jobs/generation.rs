//! Generation: a brief becomes content, by whatever stands behind the `Model` port.

use super::{JobError, Ports, progress};
use crate::domain::ids::{ContentId, QuizId, SchoolId};
use crate::domain::quiz::check;
use crate::domain::roblox::{Document, MAX_BODY_BYTES};
use crate::json;
use crate::model::{Brief, Draft, ModelError};
use crate::ports::DbError;
use crate::storage::roblox::generation::{self, Claimed, Written};

/// The pause after a model did not answer, in seconds.
const MODEL_PAUSE_S: u32 = 60;
/// How long a generation waits for its message before the hourly tick does it.
const LATE_MS: i64 = 120_000;
/// How long a model may not answer before the generation fails.
const GIVEN_UP_MS: i64 = 2 * 3_600_000;

/// Generates a content. Whatever was done before is not done again.
pub(super) async fn generate(ports: &Ports<'_>, school: &SchoolId, id: &ContentId) -> Result<(), JobError> {
    let now = ports.clock.now();
    let Some(claimed) = generation::claim(ports.db, school, id, now).await? else { return Ok(()) };
    progress::of_content(ports, school, id).await;
    write(ports, school, id, &claimed).await?;
    progress::of_content(ports, school, id).await;
    Ok(())
}

async fn write(
    ports: &Ports<'_>,
    school: &SchoolId,
    id: &ContentId,
    claimed: &Claimed,
) -> Result<(), JobError> {
    let now = ports.clock.now();
    let brief: Result<Brief, _> = json::from_str(&claimed.brief);
    let Ok(brief) = brief else {
        return Ok(generation::fail(ports.db, school, id, "the brief cannot be read any more", now).await?);
    };
    match ports.model.write(brief).await {
        Ok(draft) => Ok(finish(ports, school, id, claimed, draft).await?),
        Err(ModelError::Refused(why)) => Ok(generation::fail(ports.db, school, id, &why, now).await?),
        Err(ModelError::Upstream(cause)) => {
            log(ports, id, &cause);
            let why = "the model answered with something of no use";
            Ok(generation::fail(ports.db, school, id, why, now).await?)
        }
        Err(ModelError::Unavailable(cause)) if now.as_millis() - claimed.created_at > GIVEN_UP_MS => {
            log(ports, id, &cause);
            Ok(generation::fail(ports.db, school, id, "the model does not answer", now).await?)
        }
        Err(error @ ModelError::Unavailable(_)) => {
            Err(JobError::Later { after_s: MODEL_PAUSE_S, cause: error.to_string() })
        }
    }
}

fn log(ports: &Ports<'_>, id: &ContentId, cause: &str) {
    let line = serde_json::json!({"message": "generation failed", "level": "warn", "roblox.content": id.as_str(),
        "cause": cause});
    ports.log.line(&line.to_string());
}

/// The quiz with its keys becomes a draft of the owner's; the content names it, and goes to games without any key. Scripts stay
/// out beside a quiz, for the one that asks it holds the keys.
async fn finish(
    ports: &Ports<'_>,
    school: &SchoolId,
    id: &ContentId,
    claimed: &Claimed,
    draft: Draft,
) -> Result<(), DbError> {
    let now = ports.clock.now();
    let quiz = match draft
        .quiz
        .clone()
        .map(|quiz| check(quiz, &std::collections::BTreeSet::new(), now, ports.entropy))
    {
        Some(Err(_)) => {
            let why = "the model's quiz is not a good one";
            return generation::fail(ports.db, school, id, why, now).await;
        }
        Some(Ok(quiz)) => Some((QuizId::of_content(id), quiz)),
        None => None,
    };
    let mut body = serde_json::json!({"generator": draft.generator, "about": draft.about, "notes": draft.notes,
        "seed": draft.seed, "lesson": draft.lesson, "terrain": draft.terrain});
    if let Some(object) = body.as_object_mut() {
        match &quiz {
            Some((quiz_id, _)) => object.insert("quiz_id".to_owned(), serde_json::json!(quiz_id)),
            None => object.insert("scripts".to_owned(), serde_json::json!(draft.scripts)),
        };
        object.retain(|_, value| !value.is_null());
    }
    let body = Document(body.as_object().cloned().unwrap_or_default()).text();
    if body.len() > MAX_BODY_BYTES {
        return generation::fail(ports.db, school, id, "the draft is too large", now).await;
    }
    let written = Written { body: &body, quiz: quiz.as_ref().map(|(id, quiz)| (id, quiz)), now };
    generation::finish(ports.db, school, id, claimed, &written).await
}

/// Does the generations that no message came for.
pub(super) async fn overdue(ports: &Ports<'_>) -> Result<(), DbError> {
    for row in generation::unfinished(ports.db, ports.clock.now().plus_millis(-LATE_MS)).await? {
        if let Err(error) = generate(ports, &row.school_id, &row.id).await {
            log(ports, &row.id, &error.to_string());
        }
    }
    Ok(())
}
