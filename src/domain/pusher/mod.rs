//! The Pusher Channels protocol, version 7: what is said on the wire, and by whom.
//!
//! Source: pusher.com/docs/channels, "Pusher WebSocket protocol", "Auth signatures", "HTTP API", "Webhooks".

mod app_id;
mod channel;
mod close;
mod frame;
mod http_api;
mod limits;
mod shard;
mod signature;

pub use app_id::{app_id, app_key};
pub use channel::{ChannelKind, USER_CHANNEL, user_channel};
pub use close::CloseCode;
pub use frame::{ClientFrame, PING, PONG, ServerFrame, client_event_frame, error_frame, parse_frame};
pub use http_api::{ApiRefusal, Info, Trigger, body_matches, check_signed, parse_batch, parse_trigger};
pub use limits::{
    ACTIVITY_TIMEOUT_S, CACHED_MS, CLIENT_EVENTS_PER_S, MAX_API_BODY_BYTES, MAX_BATCH, MAX_CHANNEL_NAME,
    MAX_CHANNELS_PER_SOCKET, MAX_DATA_BYTES, MAX_EVENT_NAME, MAX_FRAME_BYTES, MAX_MEMBERS,
    MAX_TRIGGER_CHANNELS, MAX_USER_ID, MAX_USER_INFO_BYTES, MAX_WATCHLIST,
};
pub use shard::Shard;
pub use signature::{
    app_secret, is_socket_id, sign, socket_id, subscription_text, user_text, verify, webhook_secret,
};
