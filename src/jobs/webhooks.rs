//! Sends webhooks: at least once, again for some minutes while an endpoint does not take them, and then no more.

use super::{Job, JobError, Ports, QUEUE};
use crate::domain::ids::DeadLetterId;
use crate::domain::pusher::{sign, webhook_secret};
use crate::domain::time::Timestamp;
use crate::domain::webhook::is_allowed;
use crate::ports::{DbError, Outbound};
use crate::rooms::WebhookDelivery;
use crate::storage::housekeeping;
use crate::storage::webhooks::{self, WebhookRow};

/// An endpoint has so long to answer: it shall take what it gets, and work later.
const TIMEOUT_MS: u32 = 5000;
/// What it answers is not read, but a web framework's page must not make a failure of a 200.
const MAX_ANSWER_BYTES: usize = 256 * 1024;
/// Older news are told nobody. Pusher tries for five minutes as well.
const GIVEN_UP_MS: i64 = 5 * 60_000;
/// The shortest pause, in seconds, and the longest one.
const PAUSES_S: (i64, i64) = (2, 120);
/// How old the state of an endpoint may be before the same state is written again.
const STATE_KEPT_MS: i64 = 60_000;

/// Sends one. The endpoint may be deleted meanwhile: then nobody wants it.
pub(super) async fn deliver(ports: &Ports<'_>, delivery: WebhookDelivery) -> Result<(), JobError> {
    let found = webhooks::by_id(ports.db, &delivery.school_id, &delivery.webhook_id).await?;
    let Some(webhook) = found else { return Ok(()) };
    if !is_allowed(&webhook.url, ports.config.is_local) {
        return Ok(bury(ports, QUEUE, delivery, "its URL is not allowed").await?);
    }
    let answer = ports.http.send(request(ports, &webhook, &delivery)).await;
    let now = ports.clock.now();
    let status = answer.as_ref().map_or(0, |answer| answer.status);
    remember(ports, &delivery, &webhook, (now, status)).await?;
    let cause = match answer {
        Ok(answer) if (200..300).contains(&answer.status) => return Ok(()),
        Ok(answer) => format!("status {}", answer.status),
        Err(error) => error.to_string(),
    };
    let age_ms = now.millis_since(delivery.at);
    if age_ms >= GIVEN_UP_MS {
        return Ok(bury(ports, QUEUE, delivery, &cause).await?);
    }
    Err(JobError::Later { after_s: pause_s(age_ms), cause: format!("webhook {}: {cause}", webhook.id) })
}

fn request(ports: &Ports<'_>, webhook: &WebhookRow, delivery: &WebhookDelivery) -> Outbound {
    let secret = webhook_secret(&ports.config.realtime_secret, webhook.id.as_str());
    Outbound {
        method: http::Method::POST,
        url: webhook.url.clone(),
        headers: vec![
            ("content-type", "application/json".to_owned()),
            ("x-pusher-key", webhook.room_key.clone()),
            ("x-pusher-signature", sign(secret.as_bytes(), &delivery.body)),
        ],
        body: Some(delivery.body.clone()),
        is_repeatable: true,
        timeout_ms: TIMEOUT_MS,
        max_bytes: MAX_ANSWER_BYTES,
        counted_as: Some("webhooks"),
    }
}

/// Three times its age, so that the queue's five tries more take some minutes.
fn pause_s(age_ms: i64) -> u32 {
    let (shortest, longest) = PAUSES_S;
    u32::try_from((age_ms * 3 / 1000).clamp(shortest, longest)).unwrap_or(u32::MAX)
}

/// Writes what came of it for its owner to see: when it is news, or else once a minute.
async fn remember(
    ports: &Ports<'_>,
    delivery: &WebhookDelivery,
    webhook: &WebhookRow,
    (now, status): (Timestamp, u16),
) -> Result<(), DbError> {
    let age_ms = webhook.delivered_at.map(|at| now.millis_since(Timestamp::from_millis(at)));
    if webhook.delivery_status == Some(status) && age_ms.is_some_and(|age| age < STATE_KEPT_MS) {
        return Ok(());
    }
    webhooks::delivered(ports.db, &delivery.school_id, &webhook.id, now, status).await
}

/// Gives one up: it becomes a dead letter without what it told, which is of people, and the log says why.
pub(super) async fn bury(
    ports: &Ports<'_>,
    queue: &str,
    delivery: WebhookDelivery,
    cause: &str,
) -> Result<(), DbError> {
    let now = ports.clock.now();
    let line = serde_json::json!({"message": "webhook given up", "level": "warn", "webhook.id": delivery.webhook_id.as_str(),
        "cause": cause});
    ports.log.line(&line.to_string());
    let letter = Job::Webhook(WebhookDelivery { body: String::new(), ..delivery });
    let body = serde_json::to_string(&letter).unwrap_or_default();
    let id = DeadLetterId::new(now, ports.entropy);
    housekeeping::keep_dead_letter(ports.db, &id, queue, &body, now).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pauses_grow_with_the_age() {
        assert_eq!([0, 2000, 8000, 32_000, 128_000].map(pause_s), [2, 6, 24, 96, 120]);
    }
}
