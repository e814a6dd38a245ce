//! What somebody wants for an address: an account, the link again, a new password.

use serde::{Deserialize, Serialize};

use super::{JobError, Ports, mail};
use crate::domain::account::{LinkPurpose, link_tokens};
use crate::domain::ids::MailId;
use crate::domain::tokens::sha256_hex;
use crate::mail::{Letter, Locale, MailJob};
use crate::storage::users::{self, UserRow};
use crate::storage::{passwords, registrations};

/// Somebody wants something for an address.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountJob {
    /// The mail that will come of it.
    pub id: MailId,
    /// The address.
    pub email: String,
    /// What.
    pub wish: Wish,
}

impl std::fmt::Debug for AccountJob {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AccountJob").field("id", &self.id).field("wish", &self.wish).finish_non_exhaustive()
    }
}

/// What somebody wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wish {
    /// An account, or the link of its registration again.
    Register,
    /// A new password.
    ResetPassword,
}

/// Writes the mail that fits.
pub(super) async fn run(ports: &Ports<'_>, job: AccountJob) -> Result<(), JobError> {
    let user = users::by_email(ports.db, &job.email).await?;
    let letter = match (user.filter(UserRow::is_active), job.wish) {
        (Some(user), wish) => {
            let reset_link = reset_link(ports, &job, &user).await?;
            let letter = match wish {
                Wish::Register => {
                    let sign_in_link = format!("{}/sign-in", ports.config.public_url);
                    Letter::AlreadyRegistered { sign_in_link, reset_link }
                }
                Wish::ResetPassword => Letter::PasswordReset { link: reset_link },
            };
            Some((user.display_name, letter))
        }
        (None, Wish::Register) => verification(ports, &job.email).await?,
        (None, Wish::ResetPassword) => None,
    };
    let Some((display_name, letter)) = letter else { return Ok(()) };
    let mail = MailJob { id: job.id, to: job.email, display_name, locale: Locale::default(), letter };
    mail::send(ports, mail).await
}

async fn reset_link(ports: &Ports<'_>, job: &AccountJob, user: &UserRow) -> Result<String, JobError> {
    let tokens = link_tokens(&ports.config.auth_keys, LinkPurpose::ResetPassword, job.id.as_str());
    let token = tokens.first().map(String::as_str).unwrap_or_default();
    let now = ports.clock.now();
    passwords::add_reset(ports.db, &sha256_hex(token), &user.school_id, &user.id, now).await?;
    Ok(format!("{}/reset-password#token={token}", ports.config.public_url))
}

/// The link of the newest registration of an address without an account.
async fn verification(ports: &Ports<'_>, email: &str) -> Result<Option<(String, Letter)>, JobError> {
    let newest = registrations::newest_of(ports.db, email, ports.clock.now()).await?;
    let Some(row) = newest else { return Ok(None) };
    let tokens = link_tokens(&ports.config.auth_keys, LinkPurpose::VerifyEmail, row.id.as_str());
    let token = tokens.into_iter().find(|token| sha256_hex(token) == row.token_hash);
    Ok(token.map(|token| {
        let link = format!("{}/verify-email#token={token}", ports.config.public_url);
        (row.display_name, Letter::VerifyEmail { link })
    }))
}
