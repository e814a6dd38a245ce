//! Letters to people: what happened, as data, and the message that says so in words.
//!
//! A language says things (one function from a letter to a [`Content`], plain text only); the layout makes a text and an
//! HTML body of it. So a translation never touches markup, and nothing that a person typed reaches a body unescaped. Names are
//! cleaned before a language sees them.

mod clean;
mod english;
mod layout;
mod mailbox;
mod provider;
mod settings;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::ids::MailId;
use crate::domain::user::Role;

pub use mailbox::{Mailbox, is_address};
pub use provider::{http_body, http_verdict, send_email_verdict};
pub use settings::{MailSettings, Provider};

/// The product's name, as mails say it.
pub const PRODUCT: &str = "ToolboxAI Edge";

/// A mail to send, as it waits in the queue.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailJob {
    /// Twice the same id is one mail.
    pub id: MailId,
    /// The address.
    pub to: String,
    /// How to greet the person; may be empty where no name is known.
    pub display_name: String,
    /// The language.
    #[serde(default)]
    pub locale: Locale,
    /// What to say.
    pub letter: Letter,
}

/// What a mail says. In JSON the kind is the outer name: as a field within, like the type of a job, serde would buffer the
/// letter a second time to find it, at some kilobytes of wasm (docs/decisions/0012-mail.md).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Letter {
    /// Proves that the address is theirs.
    VerifyEmail {
        /// With the one-time token.
        link: String,
    },
    /// Somebody registered with an address that has an account.
    AlreadyRegistered {
        /// Where one signs in.
        sign_in_link: String,
        /// With the one-time token of a reset.
        reset_link: String,
    },
    /// Lets a person set a new password.
    PasswordReset {
        /// With the one-time token.
        link: String,
    },
    /// The password was changed.
    PasswordChanged,
    /// A refresh token was used that had been used before: the session was ended.
    SessionStolen {
        /// The device that used it.
        device: String,
        /// Where it was; may be empty.
        place: String,
    },
    /// A sign-in from a device that was not seen before.
    SignInFromNewDevice {
        /// The device.
        device: String,
        /// Where it was; may be empty.
        place: String,
    },
    /// A second factor was added.
    FactorAdded {
        /// Its name.
        name: String,
    },
    /// A second factor was removed.
    FactorRemoved {
        /// Its name.
        name: String,
    },
    /// A recovery code was used.
    RecoveryCodeUsed {
        /// How many are left.
        left: u32,
    },
    /// Somebody is invited to a school.
    Invitation {
        /// The school.
        school_name: String,
        /// Who invites.
        inviter_name: String,
        /// As what.
        role: Role,
        /// With the one-time token.
        link: String,
    },
    /// An admin suspended the account.
    AccountSuspended {
        /// The school.
        school_name: String,
    },
}

/// The language of a mail. Another one is a variant here, a file beside `english.rs`, and a line in each `match` below.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Locale {
    /// English.
    #[default]
    En,
}

impl Locale {
    /// As HTML names it (BCP 47).
    const fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
        }
    }

    fn content(self, letter: &Letter, name: &str, public_url: &str) -> Content {
        match self {
            Self::En => english::content(letter, name, public_url),
        }
    }
}

/// What a mail says in a language: plain text throughout.
struct Content {
    /// One line.
    subject: String,
    /// `Hello Ada,`
    greeting: String,
    /// Paragraphs before the actions.
    before: Vec<String>,
    /// Where to go; the first is what the mail is for.
    actions: Vec<Action>,
    /// What says, between a button and its address, that both lead to the same place.
    link_hint: &'static str,
    /// Paragraphs after the actions.
    after: Vec<String>,
    /// Why the person gets this.
    footer: String,
}

/// A link with its words.
struct Action {
    label: &'static str,
    link: String,
}

/// A message, ready to send.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    /// The sender.
    pub from: Mailbox,
    /// The recipient's address.
    pub to: String,
    /// One line.
    pub subject: String,
    /// The body as text.
    pub text: String,
    /// The body as HTML.
    pub html: String,
    /// The same key is the same message: a provider that knows keys sends it once.
    pub idempotency_key: String,
}

/// Says a letter in words.
pub fn render(job: &MailJob, from: &Mailbox, public_url: &str) -> Message {
    let name = clean::name(&job.display_name);
    let content = job.locale.content(&job.letter.with_clean_names(), &name, public_url);
    Message {
        from: from.clone(),
        to: job.to.clone(),
        subject: clean::line(&content.subject),
        text: layout::text(&content, public_url),
        html: layout::html(&content, job.locale.tag(), public_url),
        idempotency_key: job.id.to_string(),
    }
}

impl MailJob {
    /// The same without what opens an account: for a record that people read. What is left of a link leads to the page
    /// where a new one can be asked for.
    #[must_use]
    pub fn without_secrets(mut self) -> Self {
        for link in self.letter.links_mut() {
            let end = link.find('#').unwrap_or(link.len());
            link.truncate(end);
        }
        self
    }
}

impl Letter {
    /// The name of its kind, for the log and the record.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::VerifyEmail { .. } => "verify_email",
            Self::AlreadyRegistered { .. } => "already_registered",
            Self::PasswordReset { .. } => "password_reset",
            Self::PasswordChanged => "password_changed",
            Self::SessionStolen { .. } => "session_stolen",
            Self::SignInFromNewDevice { .. } => "sign_in_from_new_device",
            Self::FactorAdded { .. } => "factor_added",
            Self::FactorRemoved { .. } => "factor_removed",
            Self::RecoveryCodeUsed { .. } => "recovery_code_used",
            Self::Invitation { .. } => "invitation",
            Self::AccountSuspended { .. } => "account_suspended",
        }
    }

    fn links_mut(&mut self) -> Vec<&mut String> {
        match self {
            Self::VerifyEmail { link } | Self::PasswordReset { link } | Self::Invitation { link, .. } => {
                vec![link]
            }
            Self::AlreadyRegistered { sign_in_link, reset_link } => vec![sign_in_link, reset_link],
            Self::PasswordChanged
            | Self::SessionStolen { .. }
            | Self::SignInFromNewDevice { .. }
            | Self::FactorAdded { .. }
            | Self::FactorRemoved { .. }
            | Self::RecoveryCodeUsed { .. }
            | Self::AccountSuspended { .. } => Vec::new(),
        }
    }

    fn names_mut(&mut self) -> Vec<&mut String> {
        match self {
            Self::SessionStolen { device, place } | Self::SignInFromNewDevice { device, place } => {
                vec![device, place]
            }
            Self::FactorAdded { name } | Self::FactorRemoved { name } => vec![name],
            Self::Invitation { school_name, inviter_name, .. } => vec![school_name, inviter_name],
            Self::AccountSuspended { school_name } => vec![school_name],
            Self::VerifyEmail { .. }
            | Self::AlreadyRegistered { .. }
            | Self::PasswordReset { .. }
            | Self::PasswordChanged
            | Self::RecoveryCodeUsed { .. } => Vec::new(),
        }
    }

    fn with_clean_names(&self) -> Self {
        let mut letter = self.clone();
        for name in letter.names_mut() {
            *name = clean::name(name);
        }
        letter
    }
}

/// Says which, never to whom nor with what link: these end up in logs and in failed assertions.
impl fmt::Debug for MailJob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MailJob({}, {})", self.id, self.letter.kind())
    }
}
impl fmt::Debug for Letter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind())
    }
}
impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Message({})", self.idempotency_key)
    }
}

#[cfg(test)]
mod tests;
