//! The Pusher Channels protocol, version 7: frames, channel names, signatures.
//! Source: pusher/docs, "Pusher WebSocket protocol" and "Auth signatures".

use hmac::{Hmac, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use super::tokens::hex;

/// Seconds of silence after which a client sends `pusher:ping`; answered by the platform without waking the room.
pub const ACTIVITY_TIMEOUT_S: u32 = 120;
/// Longest frame from a client: a subscription with its `channel_data` (1 KB of user info) and signature.
pub const MAX_FRAME_BYTES: usize = 4096;

/// The exact text of pusher-js's ping, and its answer.
pub const PING: &str = r#"{"event":"pusher:ping","data":{}}"#;
/// See [`PING`].
pub const PONG: &str = r#"{"event":"pusher:pong","data":{}}"#;

/// Why a connection ends, and by its range whether the client comes back: 4000–4099 never, 4100–4199 after a pause,
/// 4200–4299 at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CloseCode {
    /// No such app.
    AppNotFound = 4001,
    /// Who holds it may not any more.
    NotAuthorized = 4009,
    /// The room holds as many sockets as it may.
    OverCapacity = 4100,
    /// What it was signed for has changed.
    Reconnect = 4200,
}

impl CloseCode {
    /// For people who debug.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::AppNotFound => "App key not in this cluster",
            Self::NotAuthorized => "not authorized",
            Self::OverCapacity => "The room is over capacity",
            Self::Reconnect => "please reconnect",
        }
    }
}

/// A channel of a class room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Channel {
    /// Who watches.
    #[serde(rename = "presence-class")]
    Presence,
    /// The teacher's feed.
    #[serde(rename = "private-class")]
    Class,
    /// The board, kept for who comes later.
    #[serde(rename = "private-cache-leaderboard")]
    Leaderboard,
    /// The session's state, kept for who comes later.
    #[serde(rename = "private-cache-session")]
    Session,
}

impl Channel {
    /// By name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Presence, Self::Class, Self::Leaderboard, Self::Session]
            .into_iter()
            .find(|channel| channel.name() == name)
    }

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Presence => "presence-class",
            Self::Class => "private-class",
            Self::Leaderboard => "private-cache-leaderboard",
            Self::Session => "private-cache-session",
        }
    }
}

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
    },
    /// Leaves a channel.
    Unsubscribe {
        /// Its name as given.
        channel: String,
    },
    /// Is alive.
    Ping,
    /// Anything else.
    Unknown,
}

#[derive(Deserialize)]
struct RawFrame {
    event: String,
    #[serde(default)]
    data: serde_json::Value,
}

#[derive(Deserialize)]
struct SubscribeData {
    channel: String,
    auth: Option<String>,
    channel_data: Option<String>,
}

/// Reads a client's frame. `data` may be an object or a string that holds one.
pub fn parse_frame(text: &str) -> Option<ClientFrame> {
    if text.len() > MAX_FRAME_BYTES {
        return None;
    }
    let frame: RawFrame = serde_json::from_str(text).ok()?;
    let data = match frame.data {
        serde_json::Value::String(inner) => serde_json::from_str(&inner).unwrap_or(serde_json::Value::Null),
        other => other,
    };
    match frame.event.as_str() {
        "pusher:ping" => Some(ClientFrame::Ping),
        "pusher:subscribe" => {
            let data: SubscribeData = serde_json::from_value(data).ok()?;
            Some(ClientFrame::Subscribe {
                channel: data.channel,
                auth: data.auth,
                channel_data: data.channel_data,
            })
        }
        "pusher:unsubscribe" => {
            let channel = data.get("channel")?.as_str()?.to_owned();
            Some(ClientFrame::Unsubscribe { channel })
        }
        _ => Some(ClientFrame::Unknown),
    }
}

#[derive(Serialize)]
struct ServerFrame<'a> {
    event: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    channel: Option<&'a str>,
    data: &'a str,
}

/// A frame to a client. `data` is JSON and travels as a string (the protocol's double encoding).
pub fn frame(event: &str, channel: Option<Channel>, data: &str) -> String {
    named_frame(event, channel.map(Channel::name), data)
}

/// Like [`frame`], for a channel name that need not be one of ours.
pub fn named_frame(event: &str, channel: Option<&str>, data: &str) -> String {
    serde_json::to_string(&ServerFrame { event, channel, data }).unwrap_or_default()
}

/// `pusher:error`, whose data is an object.
pub fn error_frame(code: u16, message: &str) -> String {
    serde_json::json!({"event": "pusher:error", "data": {"code": code, "message": message}}).to_string()
}

/// A socket's id from randomness: two numbers, as the server libraries check it.
pub fn socket_id(random: [u8; 8]) -> String {
    let number = u64::from_be_bytes(random);
    format!("{}.{}", number >> 32, number & u64::from(u32::MAX))
}

/// Whether a text has the form of a socket's id.
pub fn is_socket_id(text: &str) -> bool {
    let digits =
        |part: &str| !part.is_empty() && part.len() <= 20 && part.bytes().all(|byte| byte.is_ascii_digit());
    text.split_once('.').is_some_and(|(a, b)| digits(a) && digits(b))
}

/// The secret of a room's app, from the master secret and the room's key: nothing to store, nothing to leak with a copy
/// of the database.
pub fn app_secret(master: &[u8], room_key: &str) -> String {
    sign(master, &format!("room:{room_key}"))
}

/// HMAC-SHA256, hex.
pub fn sign(secret: &[u8], text: &str) -> String {
    mac(secret, text).map(|mac| hex(&mac.finalize().into_bytes())).unwrap_or_default()
}

/// The text that a subscription signs.
pub fn subscription_text(socket_id: &str, channel: &str, channel_data: Option<&str>) -> String {
    match channel_data {
        Some(data) => format!("{socket_id}:{channel}:{data}"),
        None => format!("{socket_id}:{channel}"),
    }
}

/// Whether `auth` (`key:hex`) signs the text, in constant time.
pub fn verify(app_key: &str, secret: &[u8], text: &str, auth: &str) -> bool {
    let Some((key, signature)) = auth.split_once(':') else { return false };
    let expected = sign(secret, text);
    key == app_key
        && !expected.is_empty()
        && bool::from(subtle::ConstantTimeEq::ct_eq(expected.as_bytes(), signature.as_bytes()))
}

fn mac(secret: &[u8], text: &str) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).ok()?;
    mac.update(text.as_bytes());
    Some(mac)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "278d425bdf160c739803";
    const SECRET: &[u8] = b"7ad3773142a6692b25b8";

    /// The vectors of Pusher's own documentation.
    #[test]
    fn signatures_are_those_of_the_specification() {
        let private = subscription_text("1234.1234", "private-foobar", None);
        assert_eq!(
            sign(SECRET, &private),
            "58df8b0c36d6982b82c3ecf6b4662e34fe8c25bba48f5369f135bf843651c3a4"
        );
        let data = r#"{"user_id":10,"user_info":{"name":"Mr. Channels"}}"#;
        let presence = subscription_text("1234.1234", "presence-foobar", Some(data));
        let signature = "31935e7d86dba64c2a90aed31fdc61869f9b22ba9d8863bba239c03ca481bc80";
        assert!(verify(KEY, SECRET, &presence, &format!("{KEY}:{signature}")));
        assert!(!verify(KEY, SECRET, &presence, &format!("other:{signature}")));
        assert!(!verify(KEY, SECRET, &private, &format!("{KEY}:{signature}")));
        assert!(!verify(KEY, SECRET, &private, "no colon"));
    }

    #[test]
    fn data_is_read_as_an_object_or_as_a_string_that_holds_one() {
        let expected = ClientFrame::Subscribe {
            channel: "private-class".to_owned(),
            auth: Some("k:s".to_owned()),
            channel_data: None,
        };
        let object = r#"{"event":"pusher:subscribe","data":{"channel":"private-class","auth":"k:s"}}"#;
        let string =
            r#"{"event":"pusher:subscribe","data":"{\"channel\":\"private-class\",\"auth\":\"k:s\"}"}"#;
        assert_eq!(parse_frame(object).as_ref(), Some(&expected));
        assert_eq!(parse_frame(string).as_ref(), Some(&expected));
        assert_eq!(parse_frame(PING), Some(ClientFrame::Ping));
    }

    #[test]
    fn a_foreign_frame_is_no_frame() {
        for foreign in ["", "[]", "{}", r#"{"event":"pusher:subscribe","data":{}}"#, r#"{"event":3}"#] {
            assert_eq!(parse_frame(foreign), None, "{foreign}");
        }
        assert_eq!(parse_frame(&format!(r#"{{"event":"{}"}}"#, "x".repeat(5000))), None);
        assert_eq!(parse_frame(r#"{"event":"client-x","data":{}}"#), Some(ClientFrame::Unknown));
    }

    #[test]
    fn a_socket_id_is_two_numbers() {
        assert_eq!(socket_id([0, 0, 0, 1, 0, 0, 1, 0]), "1.256");
        assert!(is_socket_id("123.456"));
        for wrong in ["", ".", "1", "1.", "a.b", "1.2.3"] {
            assert!(!is_socket_id(wrong), "{wrong}");
        }
    }
}
