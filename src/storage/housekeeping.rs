//! What the cron deletes, and the letters that no queue could deliver.

use super::{factors, plugins, used_challenges};
use crate::domain::ids::{DeadLetterId, MailId};
use crate::domain::roblox::EVENT_IDS_KEPT_MS;
use crate::domain::time::{DAY_MS, Timestamp};
use crate::ports::{Database, DbError, Statement, Value};

/// How long an idempotency key is remembered: longer than any client retries.
const KEYS_KEPT_MS: i64 = DAY_MS;
/// How long it is remembered that a mail was sent: longer than a queue keeps a message (14 days).
const MAILS_KEPT_MS: i64 = 30 * DAY_MS;
/// How long a dead letter waits for a person to read it. It may hold an address.
const LETTERS_KEPT_MS: i64 = 30 * DAY_MS;

/// How long what has ended is kept: a refresh token that comes later is unknown, and gets nothing.
const ENDED_KEPT_MS: i64 = 7 * DAY_MS;

const FORGET_REGISTRATIONS: &str = "delete from registrations where expires_at < cast(?1 as integer)";
const FORGET_RESETS: &str = "delete from password_resets where expires_at < cast(?1 as integer)";
const FORGET_TOKENS: &str = "
    delete from refresh_tokens where expires_at < cast(?1 as integer)
      or session_id in (select id from sessions where expires_at < cast(?1 as integer))";
const FORGET_SESSIONS: &str = "
    delete from sessions where expires_at < cast(?1 as integer)";

/// How long invitations and parents' codes that came to nothing are kept to be seen.
const UNUSED_KEPT_MS: i64 = 30 * DAY_MS;

const FORGET_INVITATIONS: &str = "delete from invitations where expires_at < cast(?1 as integer)";
const FORGET_CODES: &str = "delete from guardian_codes where expires_at < cast(?1 as integer)";
const FORGET_KEYS: &str = "delete from idempotency_keys where created_at < cast(?1 as integer)";
const FORGET_REPORTS: &str = "
    delete from roblox_progress_events where taken_at < cast(?1 as integer)";
/// How long it is remembered that Roblox told something: far longer than it tells it again.
const NOTIFICATIONS_KEPT_MS: i64 = 30 * DAY_MS;
const FORGET_NOTIFICATIONS: &str = "
    delete from roblox_notifications where done_at < cast(?1 as integer)";
const FORGET_MAILS: &str = "delete from mails where created_at < cast(?1 as integer)";
const FORGET_LETTERS: &str = "delete from dead_letters where received_at < cast(?1 as integer)";
const KEEP_LETTER: &str = "
    insert into dead_letters (id, queue, body, received_at) values (?1, ?2, ?3, ?4)";
const KEEP_MAIL_LETTER: &str = "
    insert into dead_letters (id, queue, body, received_at)
    select ?1, ?2, ?3, cast(?4 as integer)
    where not exists (select 1 from mails where id = ?5 and state in ('sent', 'failed'))";

/// Deletes what nobody needs any more.
pub async fn tidy(db: &dyn Database, now: Timestamp) -> Result<(), DbError> {
    let forget = |sql, kept_ms: i64| Statement::new(sql, [now.plus_millis(-kept_ms).into()]);
    let [pairings, revoked] = plugins::forget(now);
    db.batch(vec![
        pairings,
        revoked,
        forget(FORGET_KEYS, KEYS_KEPT_MS),
        forget(FORGET_REGISTRATIONS, DAY_MS),
        forget(FORGET_RESETS, DAY_MS),
        forget(FORGET_TOKENS, ENDED_KEPT_MS),
        forget(FORGET_INVITATIONS, UNUSED_KEPT_MS),
        forget(FORGET_CODES, UNUSED_KEPT_MS),
        forget(FORGET_SESSIONS, ENDED_KEPT_MS),
        forget(FORGET_MAILS, MAILS_KEPT_MS),
        forget(FORGET_LETTERS, LETTERS_KEPT_MS),
        used_challenges::forget(now),
        forget(FORGET_REPORTS, EVENT_IDS_KEPT_MS),
        forget(FORGET_NOTIFICATIONS, NOTIFICATIONS_KEPT_MS),
        factors::forget_pending(now.plus_millis(-DAY_MS)),
    ])
    .await?;
    Ok(())
}

/// Keeps a mail that failed for good, unless it was sent or is kept already.
pub(super) fn dead_letter_unless_settled(
    id: &DeadLetterId,
    queue: &str,
    body: &str,
    now: Timestamp,
    mail: &MailId,
) -> Statement {
    let params = [Value::from(id), queue.into(), body.into(), now.into(), mail.into()];
    Statement::new(KEEP_MAIL_LETTER, params)
}

/// Keeps a message that failed for good, for a person to read and replay.
pub async fn keep_dead_letter(
    db: &dyn Database,
    id: &DeadLetterId,
    queue: &str,
    body: &str,
    now: Timestamp,
) -> Result<(), DbError> {
    let params = [Value::from(id), queue.into(), body.into(), now.into()];
    db.batch(vec![Statement::new(KEEP_LETTER, params)]).await?;
    Ok(())
}
