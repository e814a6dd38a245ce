//! Frames of the socket. What a server sends as `data` is JSON in a string (the protocol's double encoding); what a client
//! sends may be either.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::limits::MAX_FRAME_BYTES;

/// The exact text of pusher-js's ping, and its answer.
pub const PING: &str = r#"{"event":"pusher:ping","data":{}}"#;
/// See [`PING`].
pub const PONG: &str = r#"{"event":"pusher:pong","data":{}}"#;

/// What a client says.
#[derive(Debug, PartialEq, Eq)]
pub enum ClientFrame {
    /// Wants a channel.
    Subscribe {
        /// Its name as given.
        channel: String,
        /// `key:signature`.
        auth: Option<String>,
        /// The signed text of a presence channel.
        channel_data: Option<String>,
        /// The last event that it knows: what came since is wanted first. An addition to the protocol.
        resume_after: Option<i64>,
    },
    /// Leaves a channel.
    Unsubscribe {
        /// Its name as given.
        channel: String,
    },
    /// Says who it is.
    SignIn {
        /// `key:signature`.
        auth: String,
        /// The signed text.
        user_data: String,
    },
    /// An event for the others.
    ClientEvent {
        /// `client-…`.
        event: String,
        /// Its channel.
        channel: String,
        /// The data as it came: JSON.
        data: String,
    },
    /// Is alive.
    Ping,
    /// Has read what came before the server's ping.
    Pong,
    /// Anything else.
    Unknown,
}

#[derive(Deserialize)]
struct RawFrame<'a> {
    event: String,
    channel: Option<String>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct SubscribeData {
    channel: String,
    auth: Option<String>,
    channel_data: Option<String>,
    resume: Option<Resume>,
}

#[derive(Deserialize)]
struct Resume {
    after: i64,
}

#[derive(Deserialize)]
struct UnsubscribeData {
    channel: String,
}

#[derive(Deserialize)]
struct SignInData {
    auth: String,
    user_data: String,
}

/// An object, or a string that holds one.
fn data<T: for<'de> Deserialize<'de>>(raw: &str) -> Option<T> {
    if raw.starts_with('"') {
        let inner: String = serde_json::from_str(raw).ok()?;
        return serde_json::from_str(&inner).ok();
    }
    serde_json::from_str(raw).ok()
}

/// Reads a client's frame; nothing when it is none.
pub fn parse_frame(text: &str) -> Option<ClientFrame> {
    if text.len() > MAX_FRAME_BYTES {
        return None;
    }
    let frame: RawFrame<'_> = serde_json::from_str(text).ok()?;
    let raw = frame.data.map_or("{}", RawValue::get);
    match frame.event.as_str() {
        "pusher:ping" => Some(ClientFrame::Ping),
        "pusher:pong" => Some(ClientFrame::Pong),
        "pusher:subscribe" => {
            let SubscribeData { channel, auth, channel_data, resume } = data(raw)?;
            let resume_after = resume.map(|resume| resume.after);
            Some(ClientFrame::Subscribe { channel, auth, channel_data, resume_after })
        }
        "pusher:unsubscribe" => {
            data(raw).map(|UnsubscribeData { channel }| ClientFrame::Unsubscribe { channel })
        }
        "pusher:signin" => {
            data(raw).map(|SignInData { auth, user_data }| ClientFrame::SignIn { auth, user_data })
        }
        event if event.starts_with("client-") => Some(ClientFrame::ClientEvent {
            event: event.to_owned(),
            channel: frame.channel?,
            data: raw.to_owned(),
        }),
        // The protocol's own names: one that it does not have is a mistake.
        event if event.starts_with("pusher:") || event.starts_with("pusher_internal:") => None,
        _ => Some(ClientFrame::Unknown),
    }
}

/// A frame to a client.
#[derive(Serialize)]
pub struct ServerFrame<'a> {
    /// The event's name.
    pub event: &'a str,
    /// Its channel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<&'a str>,
    /// JSON, or any text that a publisher gave.
    pub data: &'a str,
    /// The number of a logged event. An addition to the protocol; clients that do not know it skip it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seq: Option<i64>,
}

impl ServerFrame<'_> {
    /// Its text.
    pub fn text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

#[derive(Serialize)]
struct ClientEventFrame<'a> {
    event: &'a str,
    channel: &'a str,
    data: &'a RawValue,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<&'a str>,
}

/// A client's event for the others, with the sender's id where members are known. Nothing when the data is no JSON.
pub fn client_event_frame(event: &str, channel: &str, data: &str, user_id: Option<&str>) -> Option<String> {
    let data = serde_json::from_str(data).ok()?;
    serde_json::to_string(&ClientEventFrame { event, channel, data, user_id }).ok()
}

/// `pusher:error`, whose data is an object.
pub fn error_frame(code: u16, message: &str) -> String {
    serde_json::json!({"event": "pusher:error", "data": {"code": code, "message": message}}).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_is_read_as_an_object_or_as_a_string_that_holds_one() {
        let expected = ClientFrame::Subscribe {
            channel: "private-class".to_owned(),
            auth: Some("k:s".to_owned()),
            channel_data: None,
            resume_after: Some(7),
        };
        let object = r#"{"event":"pusher:subscribe","data":{"channel":"private-class","auth":"k:s","resume":{"after":7}}}"#;
        let string = r#"{"event":"pusher:subscribe","data":"{\"channel\":\"private-class\",\"auth\":\"k:s\",\"resume\":{\"after\":7}}"}"#;
        assert_eq!(parse_frame(object).as_ref(), Some(&expected));
        assert_eq!(parse_frame(string).as_ref(), Some(&expected));
        assert_eq!(parse_frame(PING), Some(ClientFrame::Ping));
        assert_eq!(parse_frame(PONG), Some(ClientFrame::Pong));
    }

    #[test]
    fn the_data_of_a_client_event_is_kept_as_it_came() {
        let frame = parse_frame(r#"{"event":"client-x","channel":"private-a","data":{ "n": 1.0 }}"#).unwrap();
        let ClientFrame::ClientEvent { event, channel, data } = frame else { panic!("{frame:?}") };
        assert_eq!(
            (event.as_str(), channel.as_str(), data.as_str()),
            ("client-x", "private-a", r#"{ "n": 1.0 }"#)
        );
        let text = client_event_frame(&event, &channel, &data, Some("7")).unwrap();
        assert_eq!(text, r#"{"event":"client-x","channel":"private-a","data":{ "n": 1.0 },"user_id":"7"}"#);
    }

    #[test]
    fn a_foreign_frame_is_no_frame() {
        for foreign in [
            "",
            "[]",
            "{}",
            r#"{"event":"pusher:subscribe","data":{}}"#,
            r#"{"event":"pusher:signin","data":"x"}"#,
            r#"{"event":"client-x","data":{}}"#,
            r#"{"event":3}"#,
            r#"{"event":"pusher:dance","data":{}}"#,
        ] {
            assert_eq!(parse_frame(foreign), None, "{foreign}");
        }
        assert_eq!(parse_frame(&format!(r#"{{"event":"{}"}}"#, "x".repeat(30_000))), None);
        assert_eq!(parse_frame(r#"{"event":"other","data":[]}"#), Some(ClientFrame::Unknown));
    }

    #[test]
    fn a_servers_data_is_a_string() {
        let frame = ServerFrame { event: "e", channel: Some("c"), data: r#"{"a":1}"#, seq: Some(3) };
        assert_eq!(frame.text(), r#"{"event":"e","channel":"c","data":"{\"a\":1}","seq":3}"#);
        let frame = ServerFrame { event: "e", channel: None, data: "{}", seq: None };
        assert_eq!(frame.text(), r#"{"event":"e","data":"{}"}"#);
    }
}
