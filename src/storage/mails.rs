//! What became of each mail. They belong to addresses, not to schools.

use serde::Deserialize;

use super::housekeeping::dead_letter_unless_settled;
use crate::domain::ids::{DeadLetterId, MailId};
use crate::domain::time::Timestamp;
use crate::ports::{Database, DbError, Statement, decode_first};

/// How long one try has for itself: longer than a provider is waited for.
pub const LEASE_MS: i64 = 60_000;

/// Whether this try may send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// Yes; it is the try of this number, from 1.
    Ours(u32),
    /// Another try is under way, or died less than [`LEASE_MS`] ago.
    Busy,
    /// It was sent, or failed for good.
    Settled,
}

const CLAIM: &str = "
    insert into mails (id, kind, state, attempts, claimed_until, created_at)
    values (?1, ?2, 'sending', 1, cast(?4 as integer), cast(?3 as integer))
    on conflict (id) do update set
      state = 'sending', attempts = mails.attempts + 1, claimed_until = excluded.claimed_until
    where mails.state = 'waiting'
      or (mails.state = 'sending' and mails.claimed_until <= cast(?3 as integer))
    returning attempts";
const STATE: &str = "select state from mails where id = ?1";
const SENT: &str = "
    update mails set state = 'sent', sent_at = cast(?2 as integer) where id = ?1";
const RELEASE: &str = "
    update mails set state = 'waiting', claimed_until = 0
    where id = ?1 and state = 'sending' and attempts = cast(?2 as integer)";
const FAIL: &str = "
    insert into mails (id, kind, state, attempts, claimed_until, created_at)
    values (?1, ?2, 'failed', 0, 0, cast(?3 as integer))
    on conflict (id) do update set state = 'failed' where mails.state <> 'sent'";

#[derive(Deserialize)]
struct Attempt {
    attempts: u32,
}

#[derive(Deserialize)]
struct State {
    state: String,
}

/// Takes a mail for this try, unless it is settled or somebody else's.
pub async fn claim(db: &dyn Database, id: &MailId, kind: &str, now: Timestamp) -> Result<Claim, DbError> {
    let until = now.plus_millis(LEASE_MS);
    let claim = Statement::new(CLAIM, [id.into(), kind.into(), now.into(), until.into()]);
    let mut results = db.batch(vec![claim, Statement::new(STATE, [id.into()])]).await?.into_iter();
    if let Some(Attempt { attempts }) = decode_first(results.next().unwrap_or_default())? {
        return Ok(Claim::Ours(attempts));
    }
    let state: Option<State> = decode_first(results.next().unwrap_or_default())?;
    Ok(if state.is_some_and(|row| row.state == "sending") { Claim::Busy } else { Claim::Settled })
}

/// Remembers that it was sent, whichever try did it.
pub async fn sent(db: &dyn Database, id: &MailId, now: Timestamp) -> Result<(), DbError> {
    db.batch(vec![Statement::new(SENT, [id.into(), now.into()])]).await?;
    Ok(())
}

/// Gives it back, so that the next try need not wait.
pub async fn release(db: &dyn Database, id: &MailId, attempt: u32) -> Result<(), DbError> {
    db.batch(vec![Statement::new(RELEASE, [id.into(), i64::from(attempt).into()])]).await?;
    Ok(())
}

/// Gives it up: the dead letter and the state in one transaction, once.
pub async fn bury(
    db: &dyn Database,
    id: &MailId,
    kind: &str,
    letter_id: &DeadLetterId,
    queue: &str,
    body: &str,
    now: Timestamp,
) -> Result<(), DbError> {
    let letter = dead_letter_unless_settled(letter_id, queue, body, now, id);
    db.batch(vec![letter, Statement::new(FAIL, [id.into(), kind.into(), now.into()])]).await?;
    Ok(())
}
