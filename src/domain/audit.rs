//! What the audit log says of an event: who did what, on whom, why, from where (ASVS 5.0, 16.3).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::ids::{AuditId, SchoolId, UserId};
use super::time::Timestamp;
use crate::ports::Entropy;

/// Longest reason that a person may give, in characters.
pub const MAX_REASON: usize = 500;

/// Everything that is audited. A closed set: a filter and a reader can rely on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
pub enum AuditAction {
    /// An account came to be.
    #[serde(rename = "account.registered")]
    AccountRegistered,
    /// An address was verified.
    #[serde(rename = "account.email_verified")]
    EmailVerified,
    /// Somebody's name was changed.
    #[serde(rename = "account.changed")]
    AccountChanged,
    /// Somebody signed in.
    #[serde(rename = "sign_in.succeeded")]
    SignInSucceeded,
    /// Somebody did not get in.
    #[serde(rename = "sign_in.refused")]
    SignInRefused,
    /// A sign-in was ended by its owner.
    #[serde(rename = "sign_in.ended")]
    SignInEnded,
    /// All sign-ins of a person were ended.
    #[serde(rename = "sign_in.all_ended")]
    AllSignInsEnded,
    /// An old refresh token came again: the family was ended.
    #[serde(rename = "sign_in.token_reused")]
    TokenReused,
    /// Somebody proved again who they are.
    #[serde(rename = "step_up.succeeded")]
    StepUpSucceeded,
    /// Somebody could not prove again who they are.
    #[serde(rename = "step_up.refused")]
    StepUpRefused,
    /// A request that the caller has no right to.
    #[serde(rename = "access.refused")]
    AccessRefused,
    /// A password was changed by its owner.
    #[serde(rename = "password.changed")]
    PasswordChanged,
    /// A password was set anew by a link in a mail.
    #[serde(rename = "password.reset")]
    PasswordReset,
    /// A second factor was added.
    #[serde(rename = "factor.added")]
    FactorAdded,
    /// A second factor was removed.
    #[serde(rename = "factor.removed")]
    FactorRemoved,
    /// New recovery codes were made.
    #[serde(rename = "recovery_codes.made")]
    RecoveryCodesMade,
    /// A recovery code was used.
    #[serde(rename = "recovery_codes.used")]
    RecoveryCodeUsed,
    /// An account of another provider was linked.
    #[serde(rename = "identity.linked")]
    IdentityLinked,
    /// An account of another provider was unlinked.
    #[serde(rename = "identity.unlinked")]
    IdentityUnlinked,
    /// A role was changed.
    #[serde(rename = "user.role_changed")]
    RoleChanged,
    /// Somebody was suspended.
    #[serde(rename = "user.suspended")]
    UserSuspended,
    /// Somebody was let in again.
    #[serde(rename = "user.restored")]
    UserRestored,
    /// Somebody was removed.
    #[serde(rename = "user.removed")]
    UserRemoved,
    /// A school was founded.
    #[serde(rename = "school.founded")]
    SchoolFounded,
    /// A school's settings were changed.
    #[serde(rename = "school.changed")]
    SchoolChanged,
    /// Somebody was invited.
    #[serde(rename = "invitation.sent")]
    InvitationSent,
    /// An invitation was withdrawn.
    #[serde(rename = "invitation.withdrawn")]
    InvitationWithdrawn,
    /// An invitation was accepted.
    #[serde(rename = "invitation.accepted")]
    InvitationAccepted,
    /// A co-teacher left a class.
    #[serde(rename = "class.teacher_removed")]
    TeacherRemoved,
    /// Something was announced to a class.
    #[serde(rename = "class.announced")]
    ClassAnnounced,
    /// Something was announced to a school.
    #[serde(rename = "school.announced")]
    SchoolAnnounced,
    /// An endpoint for a class's webhooks was added.
    #[serde(rename = "webhook.created")]
    WebhookCreated,
    /// An endpoint of a class's webhooks was deleted.
    #[serde(rename = "webhook.deleted")]
    WebhookDeleted,
    /// A code for a pupil's parent was made.
    #[serde(rename = "guardian.code_made")]
    GuardianCodeMade,
    /// A parent was linked to a seat.
    #[serde(rename = "guardian.linked")]
    GuardianLinked,
    /// A parent was unlinked from a seat.
    #[serde(rename = "guardian.unlinked")]
    GuardianUnlinked,
    /// A key was made.
    #[serde(rename = "key.created")]
    KeyCreated,
    /// A key was replaced by a new one.
    #[serde(rename = "key.rotated")]
    KeyRotated,
    /// A key was revoked.
    #[serde(rename = "key.revoked")]
    KeyRevoked,
    /// A key was used.
    #[serde(rename = "key.used")]
    KeyUsed,
    /// A connection to Roblox was made.
    #[serde(rename = "roblox.connected")]
    RobloxConnected,
    /// A connection to Roblox was deleted.
    #[serde(rename = "roblox.disconnected")]
    RobloxDisconnected,
    /// A user of Roblox was forgotten, as Roblox asked.
    #[serde(rename = "roblox.user_erased")]
    RobloxUserErased,
    /// A Studio plugin was paired.
    #[serde(rename = "plugin.paired")]
    PluginPaired,
    /// A Studio plugin was denied.
    #[serde(rename = "plugin.denied")]
    PluginDenied,
    /// A pairing of a Studio plugin was ended.
    #[serde(rename = "plugin.revoked")]
    PluginRevoked,
    /// The audit log was exported.
    #[serde(rename = "audit.exported")]
    AuditExported,
    /// An operator changed settings of the service.
    #[serde(rename = "config.changed")]
    ConfigChanged,
    /// An operator went back to older settings of the service.
    #[serde(rename = "config.rolled_back")]
    ConfigRolledBack,
    /// An operator cleared the content cache.
    #[serde(rename = "cache.cleared")]
    CacheCleared,
}

impl AuditAction {
    /// As stored and sent.
    pub fn name(self) -> String {
        serde_json::to_value(self).ok().and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default()
    }
}

/// What an id in the log is the id of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SubjectKind {
    /// A person.
    User,
    /// A key of an experience or integration.
    Key,
    /// The server itself.
    System,
    /// A sign-in.
    SignIn,
    /// A school.
    School,
    /// A class.
    Class,
    /// A pupil's seat.
    Seat,
    /// An invitation.
    Invitation,
    /// A second factor.
    Factor,
    /// An account of another provider.
    Identity,
    /// A connection to Roblox.
    Connection,
    /// A Studio plugin.
    Plugin,
    /// A route of the API.
    Route,
    /// An operator of the service, by the name in `OPERATOR_KEYS`.
    Operator,
}

/// Somebody or something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Subject {
    /// What kind.
    pub kind: SubjectKind,
    /// Which one.
    pub id: String,
}

impl Subject {
    /// Something by its id.
    pub fn new(kind: SubjectKind, id: impl Into<String>) -> Self {
        Self { kind, id: id.into() }
    }

    /// A person.
    pub fn user(id: &UserId) -> Self {
        Self::new(SubjectKind::User, id.as_str())
    }
}

/// Where a request came from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The client's IP address.
    pub address: Option<String>,
    /// ISO 3166-1 alpha-2.
    pub country: Option<String>,
    /// The request.
    pub request_id: String,
}

/// One event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEvent {
    /// The event.
    pub id: AuditId,
    /// The school whose log it is in.
    pub school_id: SchoolId,
    /// When.
    pub at: Timestamp,
    /// Who did it.
    pub actor: Subject,
    /// What.
    pub action: AuditAction,
    /// On whom or what.
    pub target: Option<Subject>,
    /// Why, as the actor said.
    pub reason: Option<String>,
    /// From where.
    pub origin: Origin,
    /// More, as a small JSON object. Never a secret, a name or an address of mail.
    pub detail: Option<serde_json::Value>,
}

impl AuditEvent {
    /// An event without target, reason and detail.
    pub fn new(
        now: Timestamp,
        entropy: &dyn Entropy,
        school_id: &SchoolId,
        actor: Subject,
        action: AuditAction,
        origin: &Origin,
    ) -> Self {
        Self {
            id: AuditId::new(now, entropy),
            school_id: school_id.clone(),
            at: now,
            actor,
            action,
            target: None,
            reason: None,
            origin: origin.clone(),
            detail: None,
        }
    }

    /// On whom or what.
    #[must_use]
    pub fn on(mut self, target: Subject) -> Self {
        self.target = Some(target);
        self
    }

    /// Why.
    #[must_use]
    pub fn because(mut self, reason: impl Into<String>) -> Self {
        self.reason = Some(reason.into());
        self
    }

    /// More about it.
    #[must_use]
    pub fn with(mut self, detail: serde_json::Value) -> Self {
        self.detail = Some(detail);
        self
    }
}
