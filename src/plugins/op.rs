//! What is asked of a registry, and what it answers: what goes over the wire between the Worker and the object.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::domain::ids::{PluginId, PluginSessionId, SchoolId, UserId};
use crate::domain::plugin::{Capability, ConnectionPreferences, Registration};
use crate::domain::rate_limit::{Limit, Verdict};
use crate::domain::time::Timestamp;

/// Who calls, as the token says, and how often it may.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caller {
    /// The plugin.
    pub plugin_id: PluginId,
    /// Of its token.
    pub generation: u32,
    /// Of the runtime settings.
    pub limit: Limit,
}

/// Whose a paired plugin is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// Who paired it.
    pub user_id: UserId,
    /// What it may do.
    pub capabilities: Vec<Capability>,
}

/// What is asked of a registry.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RegistryOp {
    /// A plugin that nobody knows comes into a lobby. The same Studio at the same place again is the same plugin, but its
    /// earlier tokens and codes are good no more: nobody but the last one who registered can be paired.
    Register(Registration),
    /// A school's teacher paired it: it moves into the school's registry. Again is the same as once.
    Adopt {
        /// The plugin.
        plugin_id: PluginId,
        /// As it registered.
        registration: Registration,
        /// Whose it is.
        owner: Owner,
    },
    /// In its lobby it is known that it was paired: its next heartbeat says so.
    Paired {
        /// The plugin.
        plugin_id: PluginId,
        /// The registration that was paired.
        epoch: u32,
        /// The school.
        school_id: SchoolId,
    },
    /// A plugin does something.
    Act {
        /// Which.
        caller: Caller,
        /// What.
        act: Act,
    },
    /// All plugins, for the school's people.
    List,
    /// A message from our side.
    Tell {
        /// To these; to all when absent.
        to: Option<Vec<PluginId>>,
        /// The message.
        message: Told,
    },
    /// These are out: their tokens open nothing from now on.
    Remove(Vec<PluginId>),
}

/// A message from our side, such as `content_ready`, `paired` or `config_change`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// Told once a plugin, however often it is sent.
    pub source: String,
    /// What kind.
    pub kind: String,
    /// What.
    pub data: Value,
}

/// What a plugin does.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// Something that is done elsewhere: only whether it may come in.
    Admit,
    /// Says that it lives.
    Heartbeat,
    /// Itself.
    Show,
    /// Its teacher's plugins; itself alone while it is unpaired.
    List,
    /// A new token; perhaps it registers anew at the same time.
    Refresh(Option<Registration>),
    /// Goes.
    Unregister,
    /// Takes what waits behind a message.
    Poll {
        /// The last message that it has.
        after: i64,
    },
    /// Sends a message.
    Send(Sent),
    /// Starts a session.
    StartSession {
        /// The id that it gets, if it is a new one.
        id: PluginSessionId,
        /// The same again is the same session.
        source: String,
        /// What the plugin says of it.
        body: Value,
    },
    /// Ends a session.
    EndSession(PluginSessionId),
    /// Reports progress.
    Progress(PluginProgress),
    /// Everything that it should know.
    Sync {
        /// The last message that it has.
        after: i64,
    },
    /// Several, each by itself.
    Batch(Vec<Act>),
}

/// A message of a plugin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    /// To which plugin; to itself, for when it comes again, when absent.
    pub to: Option<PluginId>,
    /// The sender's own id of the message: the same again is the same message.
    pub id: String,
    /// What kind.
    pub kind: String,
    /// What.
    pub data: Value,
}

/// How far somebody is with a lesson.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PluginProgress {
    /// The pupil, as the plugin calls them.
    pub student_id: String,
    /// The lesson, as the plugin calls it.
    pub lesson_id: String,
    /// Whatever the plugin says of it.
    pub body: Value,
    /// When it was reported.
    pub at: Timestamp,
}

/// How a plugin does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PluginStatus {
    /// Was heard of within ten minutes.
    Active,
    /// Was not.
    Stale,
    /// Has said goodbye, or was not heard of for an hour.
    Offline,
}

/// A plugin, as it may be seen: never with a token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PluginView {
    /// The plugin.
    pub plugin_id: PluginId,
    /// Studio's own id of the installation.
    pub studio_id: String,
    /// The place that is open.
    pub place_id: Option<String>,
    /// Where it listens.
    pub port: u16,
    /// Its version.
    pub version: String,
    /// The Roblox user.
    pub studio_user_id: Option<String>,
    /// What it says that it can do.
    pub features: Vec<String>,
    /// How it would like to talk.
    pub connection_preferences: Option<ConnectionPreferences>,
    /// How it does.
    pub status: PluginStatus,
    /// Since when it is here.
    pub registered_at: Timestamp,
    /// When it was heard of last.
    pub last_heartbeat: Option<Timestamp>,
    /// Who paired it.
    pub paired_by: Option<UserId>,
    /// What it may do.
    pub capabilities: Vec<Capability>,
}

/// A message that waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MessageView {
    /// Higher than that of every message before it: the next `last_message_id`.
    pub id: i64,
    /// What kind.
    #[serde(rename = "type")]
    pub kind: String,
    /// What.
    #[schema(value_type = Object)]
    pub data: Value,
    /// The plugin that sent it; nothing where it comes from the server.
    pub from: Option<PluginId>,
    /// When it was sent.
    pub at: Timestamp,
}

/// What waits.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Mailbag {
    /// The oldest first.
    pub messages: Vec<MessageView>,
    /// Whether there is more behind them: poll again at once.
    pub more: bool,
    /// How many were thrown away unread, ever, because too many waited or for too long.
    pub dropped: i64,
}

/// A session of a plugin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SessionView {
    /// The session.
    pub session_id: PluginSessionId,
    /// `active` or `ended`.
    pub status: String,
    /// When it was started.
    pub started_at: Timestamp,
    /// When it was ended.
    pub ended_at: Option<Timestamp>,
    /// What the plugin said of it.
    #[schema(value_type = Object)]
    pub data: Value,
}

/// What a heartbeat is answered. Everything in it survives a crash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Beat {
    /// The plugin stays registered until then, whatever happens.
    pub registered_until: Timestamp,
    /// The school that has paired it since its token was made.
    pub paired: Option<SchoolId>,
    /// Messages that wait.
    pub waiting: i64,
}

/// What a plugin's act gave.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Acted {
    /// Nothing more to say.
    Done,
    /// A heartbeat.
    Beat(Beat),
    /// Plugins.
    Plugins(Vec<PluginView>),
    /// A token may be made.
    Refreshed(Standing),
    /// Messages.
    Messages(Mailbag),
    /// A message was taken.
    Sent {
        /// Its number in the queue that it went to.
        id: i64,
        /// It had been taken before.
        is_repeat: bool,
    },
    /// A session.
    Session(SessionView),
    /// Everything.
    Synced(Box<Synced>),
    /// One for each act, in order.
    Batch(Vec<Result<Acted, ActRefusal>>),
}

/// Everything that a plugin should know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Synced {
    /// Itself.
    pub plugin: PluginView,
    /// What waits.
    #[serde(flatten)]
    pub mail: Mailbag,
    /// Its sessions.
    pub sessions: Vec<SessionView>,
    /// The newest progress that it reported.
    pub progress: Vec<PluginProgress>,
}

/// How a registered plugin stands: what its token says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// The plugin.
    pub plugin_id: PluginId,
    /// The newest.
    pub generation: u32,
    /// Which of the registrations of this plugin it is.
    pub epoch: u32,
    /// Whose it is.
    pub owner: Option<Owner>,
    /// As it registered.
    pub registration: Registration,
}

/// Why an act was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActRefusal {
    /// No such plugin here: it was swept, or removed.
    UnknownPlugin,
    /// The token was replaced by a newer one.
    OldToken,
    /// Too often.
    RateLimited,
    /// The plugin that it is for is none of the same teacher's.
    UnknownRecipient,
    /// As many messages wait as may.
    QueueFull,
    /// As many sessions are on as may be.
    TooManySessions,
    /// No such session.
    UnknownSession,
}

/// What a registry answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RegistryAnswer {
    /// Done.
    Done,
    /// A plugin came in.
    Registered(Standing),
    /// Plugins.
    Plugins(Vec<PluginView>),
    /// A plugin acted.
    Acted {
        /// How often it still may; nothing where it was not counted.
        verdict: Option<Verdict>,
        /// What it gave.
        result: Result<Acted, ActRefusal>,
    },
}
