//! The log of a room as server-sent events (HTML Standard, section 9.2 "Server-sent events"): a page of the log as text, and the
//! word to the platform that it goes on.

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, header};
use serde_json::Value;

use crate::domain::user::Identity;
use crate::inbox;
use crate::rooms::{Channel, EventPage};

/// The media type.
pub const CONTENT_TYPE: &str = "text/event-stream";
/// The header with the number of the last event that a client got.
pub const LAST_EVENT_ID: &str = "last-event-id";
/// How long a client waits before it comes back.
const RETRY_MS: u32 = 3_000;
/// A sign of life, which clients skip.
pub const HEARTBEAT: &str = ": still here\n\n";

/// In the extensions of a response: behind its body follows what the room says from now on.
#[derive(Clone, Debug)]
pub struct Follow {
    /// The room.
    pub room_key: String,
    /// The channels that are followed.
    pub channels: Vec<String>,
    /// Where the log is.
    pub path: String,
    /// Who asked, for every other question.
    pub authorization: HeaderValue,
    /// The number behind which the body ends.
    pub after: i64,
    /// Whether the log has more behind it.
    pub is_behind: bool,
}

/// Whether the caller wants a stream.
pub(super) fn is_wanted(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accept.split(',').any(|range| range.trim().starts_with(CONTENT_TYPE))
}

/// The number of the last event that a client got before it came back.
pub(super) fn last_event_id(headers: &HeaderMap) -> Option<i64> {
    headers.get(LAST_EVENT_ID)?.to_str().ok()?.parse().ok()
}

/// What a stream carries: the feed of the class, and what is meant for the caller. Who watches and the board are seen elsewhere.
pub(super) fn channels(caller: &Identity) -> Vec<String> {
    vec![Channel::Class.name().to_owned(), inbox::channel(&caller.user_id)]
}

/// One event.
pub fn text(seq: i64, name: &str, data: &Value) -> String {
    // A line break would end the field; names of server libraries may hold anything.
    let name = name.replace(['\r', '\n'], " ");
    format!("id: {seq}\nevent: {name}\ndata: {data}\n\n")
}

/// Up to which number a page of so many events reaches.
pub(super) fn end_of(page: &EventPage, limit: i64) -> i64 {
    let is_full = i64::try_from(page.items.len()).is_ok_and(|count| count >= limit);
    page.items.last().filter(|_| is_full).map_or(page.last_seq, |last| last.seq)
}

/// The beginning of the stream.
pub(super) fn begin(page: &EventPage, follow: Follow) -> Response {
    let mut body = format!("retry: {RETRY_MS}\n\n");
    for event in &page.items {
        body.push_str(&text(event.seq, &event.kind, &event.data));
    }
    let headers = [(header::CONTENT_TYPE, CONTENT_TYPE)];
    (axum::Extension(follow), headers, body).into_response()
}
