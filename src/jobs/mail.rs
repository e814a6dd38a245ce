//! Sends a mail: at least once, and twice only where the process died between sending and remembering, and then under the
//! same idempotency key.

use super::{Job, JobError, Ports, QUEUE};
use crate::domain::ids::DeadLetterId;
use crate::mail::{MailJob, is_address, render};
use crate::ports::{DbError, MailError};
use crate::storage::mails::{self, Claim, LEASE_MS};

/// The pauses after the first tries, in seconds: a hiccup, then a provider's bad hour. The last one goes on; the queue's
/// `max_retries` ends it, after about an hour and a half.
const PAUSES_S: [u32; 5] = [5, 30, 300, 1800, 3600];

/// Sends a mail, unless it was sent.
pub(super) async fn send(ports: &Ports<'_>, job: MailJob) -> Result<(), JobError> {
    let kind = job.letter.kind();
    let attempt = match mails::claim(ports.db, &job.id, kind, ports.clock.now()).await? {
        Claim::Settled => return Ok(()),
        Claim::Busy => {
            let after_s = u32::try_from(LEASE_MS / 1000).unwrap_or(u32::MAX);
            return Err(JobError::Later { after_s, cause: "the mail is being sent".to_owned() });
        }
        Claim::Ours(attempt) => attempt,
    };
    if !is_address(&job.to) {
        return Ok(bury(ports, QUEUE, job, "the address is not one").await?);
    }
    let message = render(&job, &ports.config.mail.from, &ports.config.public_url);
    match ports.mailer.send(message).await {
        Ok(()) => {
            mails::sent(ports.db, &job.id, ports.clock.now()).await?;
            let line = serde_json::json!({"message": "mail sent", "level": "info", "mail.id": job.id.as_str(),
                "mail.kind": kind, "mail.attempt": attempt});
            ports.log.line(&line.to_string());
            Ok(())
        }
        Err(MailError::Temporary(cause)) => {
            mails::release(ports.db, &job.id, attempt).await?;
            Err(JobError::Later { after_s: pause_s(attempt), cause: format!("mail {}: {cause}", job.id) })
        }
        Err(MailError::Permanent(cause)) => Ok(bury(ports, QUEUE, job, &cause).await?),
    }
}

fn pause_s(attempt: u32) -> u32 {
    let position = usize::try_from(attempt.saturating_sub(1)).unwrap_or(usize::MAX);
    let [.., last] = PAUSES_S;
    PAUSES_S.get(position).copied().unwrap_or(last)
}

/// Gives a mail up: without its links it becomes a dead letter, and the log says why.
pub(super) async fn bury(ports: &Ports<'_>, queue: &str, job: MailJob, cause: &str) -> Result<(), DbError> {
    let now = ports.clock.now();
    let (id, kind) = (job.id.clone(), job.letter.kind());
    let body = serde_json::to_string(&Job::Mail(job.without_secrets())).unwrap_or_default();
    let letter_id = DeadLetterId::new(now, ports.entropy);
    mails::bury(ports.db, &id, kind, &letter_id, queue, &body, now).await?;
    let line = serde_json::json!({"message": "mail given up", "level": "error", "mail.id": id.as_str(),
        "mail.kind": kind, "cause": cause});
    ports.log.line(&line.to_string());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pauses_grow_and_then_stay() {
        assert_eq!([1, 2, 5, 6, 900].map(pause_s), [5, 30, 3600, 3600, 3600]);
    }
}
