//! What webhooks tell (Pusher, "Webhooks"), and who keeps it until it is told.

use serde_json::json;

use super::Context;
use crate::domain::time::Timestamp;
use crate::domain::webhook::WebhookEvent;
use crate::ports::DbError;

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// Somebody is on a channel where nobody was.
    Occupied(String),
    /// Nobody is left on a channel.
    Vacated(String),
    /// A user came to a presence channel.
    MemberAdded {
        /// The channel.
        channel: String,
        /// The user.
        user_id: String,
    },
    /// A user left a presence channel with the last socket.
    MemberRemoved {
        /// The channel.
        channel: String,
        /// The user.
        user_id: String,
    },
    /// A client sent an event.
    ClientEvent {
        /// The channel.
        channel: String,
        /// `client-…`.
        event: String,
        /// As it came.
        data: String,
        /// Who sent it.
        socket_id: String,
        /// On a presence channel, the user.
        user_id: Option<String>,
    },
    /// A cache channel had nothing for a subscriber.
    CacheMiss(String),
}

impl News {
    /// Which event of a webhook it is.
    pub const fn event(&self) -> WebhookEvent {
        match self {
            Self::Occupied(_) => WebhookEvent::ChannelOccupied,
            Self::Vacated(_) => WebhookEvent::ChannelVacated,
            Self::MemberAdded { .. } => WebhookEvent::MemberAdded,
            Self::MemberRemoved { .. } => WebhookEvent::MemberRemoved,
            Self::ClientEvent { .. } => WebhookEvent::ClientEvent,
            Self::CacheMiss(_) => WebhookEvent::CacheMiss,
        }
    }

    /// What it is about: the same for what undoes it. No channel has a line break in its name.
    pub fn subject(&self) -> String {
        match self {
            Self::Occupied(channel)
            | Self::Vacated(channel)
            | Self::CacheMiss(channel)
            | Self::ClientEvent { channel, .. } => channel.clone(),
            Self::MemberAdded { channel, user_id } | Self::MemberRemoved { channel, user_id } => {
                format!("{channel}\n{user_id}")
            }
        }
    }

    /// The event as a webhook has it, in JSON.
    pub fn json(&self) -> String {
        let name = self.event().name();
        let event = match self {
            Self::Occupied(channel) | Self::Vacated(channel) | Self::CacheMiss(channel) => {
                json!({"name": name, "channel": channel})
            }
            Self::MemberAdded { channel, user_id } | Self::MemberRemoved { channel, user_id } => {
                json!({"name": name, "channel": channel, "user_id": user_id})
            }
            Self::ClientEvent { channel, event, data, socket_id, user_id } => {
                let mut json = json!({"name": name, "channel": channel, "event": event, "data": data, "socket_id": socket_id});
                if let (Some(user_id), Some(json)) = (user_id, json.as_object_mut()) {
                    json.insert("user_id".to_owned(), user_id.as_str().into());
                }
                json
            }
        };
        event.to_string()
    }
}

/// What became of news.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeptNews {
    /// When the object is to wake, no later, to tell them.
    pub wake: Option<Timestamp>,
    /// How many older ones were thrown away, for there were too many.
    pub dropped: usize,
}

/// Keeps news until servers are told of them: the room of a class.
pub trait NewsKeeper {
    /// Keeps those that some webhook wants.
    fn keep_news(&mut self, ctx: Context<'_>, news: &[&News]) -> Result<KeptNews, DbError>;
}
