//! Limits, as Pusher publishes them where it does.

/// Seconds of silence after which a client sends `pusher:ping`; answered by the platform without waking the room.
pub const ACTIVITY_TIMEOUT_S: u32 = 120;
/// Longest frame from a client: a client event with its data, escaped once more.
pub const MAX_FRAME_BYTES: usize = 24 * 1024;
/// Longest data of an event.
pub const MAX_DATA_BYTES: usize = 10 * 1024;
/// Longest name of an event.
pub const MAX_EVENT_NAME: usize = 200;
/// Longest name of a channel.
pub const MAX_CHANNEL_NAME: usize = 164;
/// The most channels of one event.
pub const MAX_TRIGGER_CHANNELS: usize = 100;
/// The most events of a batch.
pub const MAX_BATCH: usize = 10;
/// Longest body of a call to the HTTP API: a batch of the longest events, escaped.
pub const MAX_API_BODY_BYTES: usize = 256 * 1024;
/// The most members of a presence channel.
pub const MAX_MEMBERS: usize = 100;
/// Longest id of a user.
pub const MAX_USER_ID: usize = 128;
/// Longest `user_info` of a member or a user.
pub const MAX_USER_INFO_BYTES: usize = 1024;
/// The most people whom a user may watch.
pub const MAX_WATCHLIST: usize = 100;
/// Client events that a connection may send within a second.
pub const CLIENT_EVENTS_PER_S: u32 = 10;
/// How long a cache channel keeps its last event: 30 minutes, in milliseconds.
pub const CACHED_MS: i64 = 30 * 60 * 1000;
/// The most channels of one connection. Pusher has no such limit; without one a single socket fills a room.
pub const MAX_CHANNELS_PER_SOCKET: usize = 100;
