//! What a queue message, a cron tick and a room's report do.

mod account;
mod announcements;
mod deployments;
mod generation;
mod mail;
mod message;
mod progress;
mod roblox;
mod sealing;
mod webhooks;

use serde::{Deserialize, Serialize};

use crate::config::Config;
use crate::domain::audit::AuditEvent;
use crate::domain::ids::{ClassId, ConnectionId, ContentId, DeadLetterId, DeploymentId, GameKeyId, SchoolId};
use crate::domain::time::Timestamp;
use crate::inbox::InboxOp;
use crate::mail::MailJob;
use crate::model::Model;
use crate::ports::{
    Clock, Database, DbError, Entropy, Http, Inboxes, Jobs, Log, Mailer, PortError, Rooms, SchoolChannels,
};
use crate::rooms::{DueNews, Report, WebhookDelivery};
pub use account::{AccountJob, Wish};
pub use message::{encode, ids};

use crate::storage::{audit, audit_log, classes, game_keys, housekeeping, reports};

/// The queue of jobs.
pub const QUEUE: &str = "toolboxai-jobs";
/// The queue whose messages failed for good.
pub const DEAD_LETTER_QUEUE: &str = "toolboxai-jobs-dead";

/// Work that waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Job {
    /// A game opened a session: remember when its key was used last. In the queue, so that opening costs no write.
    GameKeyUsed {
        /// The key.
        key_id: GameKeyId,
        /// Its school.
        school_id: SchoolId,
        /// When.
        at: Timestamp,
    },
    /// Something happened that is no write of D1: a refusal, a failed sign-in, the use of a key.
    Audit {
        /// What.
        event: AuditEvent,
    },
    /// Seal what waits in a school's audit log.
    SealAudit {
        /// The school.
        school_id: SchoolId,
    },
    /// Somebody wants something for an address. What they get, and whether there is an account, is found out here and told by
    /// mail alone: the request that asked cannot tell known addresses from unknown ones, not even by its time.
    Account(AccountJob),
    /// Send a mail.
    Mail(MailJob),
    /// A user of Roblox wants to be forgotten.
    RobloxErasure {
        /// The school.
        school_id: SchoolId,
        /// The connection that told it.
        connection_id: ConnectionId,
        /// Roblox's notification, which says who.
        notification_id: String,
    },
    /// A content shall become its game's next version.
    RobloxDeploy {
        /// The school.
        school_id: SchoolId,
        /// The deployment.
        deployment_id: DeploymentId,
    },
    /// A content shall be written.
    RobloxGenerate {
        /// The school.
        school_id: SchoolId,
        /// The content.
        content_id: ContentId,
    },
    /// A school said something to all its people.
    SchoolAnnounced {
        /// The school.
        school_id: SchoolId,
    },
    /// Something changed for the game servers of a class.
    RobloxNudge {
        /// The school.
        school_id: SchoolId,
        /// The class.
        class_id: ClassId,
        /// When it changed.
        wanted_at: Timestamp,
    },
    /// Something happened on channels that a server wants to know.
    Webhook(WebhookDelivery),
}

/// What jobs work with.
#[derive(Clone, Copy)]
pub struct Ports<'a> {
    /// D1.
    pub db: &'a dyn Database,
    /// The class rooms.
    pub rooms: &'a dyn Rooms,
    /// People's inboxes.
    pub inboxes: &'a dyn Inboxes,
    /// The channels of schools.
    pub school_channels: &'a dyn SchoolChannels,
    /// Other people's servers.
    pub http: &'a dyn Http,
    /// Writes content.
    pub model: &'a dyn Model,
    /// Sends mail.
    pub mailer: &'a dyn Mailer,
    /// The time.
    pub clock: &'a dyn Clock,
    /// Randomness.
    pub entropy: &'a dyn Entropy,
    /// The log.
    pub log: &'a dyn Log,
    /// The settings.
    pub config: &'a Config,
}

/// The pause before a message comes again, when the job knows no better.
const RETRY_S: u32 = 30;

/// Why a message is not done.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// It is no job; it never will be.
    #[error("not a job: {0}")]
    Malformed(String),
    /// Perhaps the next time.
    #[error(transparent)]
    Database(#[from] DbError),
    /// Not before so many seconds.
    #[error("{cause}")]
    Later {
        /// The pause.
        after_s: u32,
        /// Why; for the log.
        cause: String,
    },
}

impl JobError {
    /// How long the message shall wait before it comes again.
    pub const fn retry_after_s(&self) -> u32 {
        match self {
            Self::Later { after_s, .. } => *after_s,
            Self::Malformed(_) | Self::Database(_) => RETRY_S,
        }
    }
}

/// Does one message. A message that comes twice counts once.
pub async fn run(ports: &Ports<'_>, message: &str) -> Result<(), JobError> {
    match message::decode(message)? {
        Job::GameKeyUsed { key_id, school_id, at } => {
            game_keys::touch(ports.db, &school_id, &key_id, at).await?;
        }
        Job::Audit { event } => {
            ports.db.batch(vec![audit::insert(&event)]).await?;
        }
        Job::SealAudit { school_id } => {
            audit_log::seal_waiting(ports.db, &school_id, ports.clock.now()).await?;
        }
        Job::Account(job) => account::run(ports, job).await?,
        Job::Mail(job) => mail::send(ports, job).await?,
        Job::RobloxErasure { school_id, connection_id, notification_id } => {
            roblox::erase(ports, &school_id, &connection_id, &notification_id).await?;
        }
        Job::RobloxDeploy { school_id, deployment_id } => {
            deployments::deploy(ports, &school_id, &deployment_id).await?;
        }
        Job::RobloxGenerate { school_id, content_id } => {
            generation::generate(ports, &school_id, &content_id).await?;
        }
        Job::SchoolAnnounced { school_id } => announcements::tell(ports, &school_id).await?,
        Job::RobloxNudge { school_id, class_id, wanted_at } => {
            roblox::nudge(ports, &school_id, &class_id, wanted_at).await?;
        }
        Job::Webhook(delivery) => webhooks::deliver(ports, delivery).await?,
    }
    Ok(())
}

/// Takes a room's report to where it belongs. Twice or late is the same as once, so a half of it is simply done again.
pub async fn deliver(db: &dyn Database, inboxes: &dyn Inboxes, report: &Report) -> Result<(), PortError> {
    reports::apply(db, report).await.map_err(|error| PortError(error.to_string()))?;
    if report.wants_approval && !report.seats.is_empty() {
        let op = InboxOp::Seats {
            class_id: report.class_id.clone(),
            class_name: report.class_name.clone(),
            seats: report.seats.clone(),
        };
        let staff = classes::staff(db, &report.school_id, &report.class_id).await;
        for teacher in staff.map_err(|error| PortError(error.to_string()))? {
            inboxes.call(teacher.user_id, op.clone()).await?;
        }
    }
    Ok(())
}

/// Hands what a room's webhooks tell to the queue. A half of it is simply done again.
pub async fn send_webhooks(jobs: &dyn Jobs, news: &DueNews) -> Result<(), PortError> {
    for delivery in &news.deliveries {
        jobs.send(Job::Webhook(delivery.clone())).await?;
    }
    Ok(())
}

/// Keeps a message that failed for good.
pub async fn bury(ports: &Ports<'_>, queue: &str, message: &str) -> Result<(), DbError> {
    match message::decode(message) {
        Ok(Job::Mail(job)) => return mail::bury(ports, queue, job, "it was tried too often").await,
        Ok(Job::Webhook(delivery)) => {
            return webhooks::bury(ports, queue, delivery, "it was tried too often").await;
        }
        _ => {}
    }
    let now = ports.clock.now();
    let id = DeadLetterId::new(now, ports.entropy);
    housekeeping::keep_dead_letter(ports.db, &id, queue, message, now).await
}

/// The hourly tick.
pub async fn tick(ports: &Ports<'_>) -> Result<(), DbError> {
    sealing::round(ports).await?;
    roblox::overdue_erasures(ports).await?;
    deployments::overdue_deployments(ports).await?;
    generation::overdue(ports).await?;
    announcements::overdue(ports).await?;
    housekeeping::tidy(ports.db, ports.clock.now()).await
}
