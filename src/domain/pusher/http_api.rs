//! The HTTP API that server libraries call: who signed a call, and what it says.

use md5::{Digest, Md5};
use serde::Deserialize;

use super::channel::ChannelKind;
use super::limits::{MAX_BATCH, MAX_DATA_BYTES, MAX_EVENT_NAME, MAX_TRIGGER_CHANNELS};
use super::signature::{is_signed, is_socket_id};
use crate::domain::time::Timestamp;
use crate::domain::tokens::hex;

/// How far the caller's clock may be off: 600 seconds.
const TOLERANCE_S: i64 = 600;
/// Pairs in a query; the libraries send ten.
const MAX_PAIRS: usize = 30;

/// Why a call is not done: an HTTP status and a text for people who debug.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiRefusal {
    /// 400, 401, 404 or 413.
    pub status: u16,
    /// What is wrong.
    pub message: String,
}

impl ApiRefusal {
    /// A refusal.
    pub fn new(status: u16, message: impl Into<String>) -> Self {
        Self { status, message: message.into() }
    }
}

/// Checks the signature in the query: `METHOD\npath\nsorted pairs`, HMAC-SHA256 under the app's secret. The body is not
/// needed for it: [`body_matches`] compares it with the signed `body_md5`. Gives the decoded pairs.
pub fn check_signed(
    app_key: &str,
    secret: &[u8],
    (method, path, query): (&str, &str, &str),
    now: Timestamp,
) -> Result<Vec<(String, String)>, ApiRefusal> {
    let refuse = |message: &str| Err(ApiRefusal::new(401, message));
    if query.split('&').count() > MAX_PAIRS {
        return refuse("Too many parameters");
    }
    let pairs: Vec<(String, String)> = serde_urlencoded::from_str(query)
        .map_err(|_| ApiRefusal::new(400, "The query is not form-encoded"))?;
    let get = |name: &str| pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    if get("auth_key") != Some(app_key) {
        return refuse("Unknown auth_key");
    }
    if get("auth_version") != Some("1.0") {
        return refuse("auth_version must be 1.0");
    }
    let Some(at) = get("auth_timestamp").and_then(|text| text.parse::<i64>().ok()) else {
        return refuse("auth_timestamp must be seconds since 1970");
    };
    if now.as_secs().abs_diff(at) > TOLERANCE_S.unsigned_abs() {
        return refuse(&format!("Timestamp expired: given {at}, server time {}", now.as_secs()));
    }
    let Some(signature) = get("auth_signature") else { return refuse("auth_signature is missing") };
    let mut signed: Vec<(String, &str)> = pairs
        .iter()
        .filter(|(key, _)| key != "auth_signature")
        .map(|(key, value)| (key.to_ascii_lowercase(), value.as_str()))
        .collect();
    signed.sort();
    let listed: Vec<String> = signed.iter().map(|(key, value)| format!("{key}={value}")).collect();
    let text = format!("{method}\n{path}\n{}", listed.join("&"));
    if !is_signed(secret, &text, signature) {
        return refuse("Invalid signature: check the app's secret and what is signed");
    }
    Ok(pairs)
}

/// Whether the body is the one whose MD5 was signed. (MD5 binds the body to the signature because the protocol says so.)
pub fn body_matches(pairs: &[(String, String)], body: &[u8]) -> bool {
    match pairs.iter().find(|(key, _)| key == "body_md5") {
        Some((_, digest)) => hex(&Md5::digest(body)) == *digest,
        None => body.is_empty(),
    }
}

/// What a caller wants to know of the channels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Info {
    /// Members of a presence channel.
    pub user_count: bool,
    /// Subscribed sockets.
    pub subscription_count: bool,
    /// The kept event of a cache channel.
    pub cache: bool,
}

impl Info {
    /// From `user_count,subscription_count`; what is unknown is skipped, as Pusher does.
    pub fn parse(text: &str) -> Self {
        let has = |name: &str| text.split(',').any(|item| item.trim() == name);
        Self {
            user_count: has("user_count"),
            subscription_count: has("subscription_count"),
            cache: has("cache"),
        }
    }
}

/// An event for channels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trigger {
    /// Its name.
    pub name: String,
    /// Its data: JSON, or any text.
    pub data: String,
    /// Where it goes.
    pub channels: Vec<String>,
    /// Who does not get it.
    pub socket_id: Option<String>,
    /// What the caller wants to know of the channels.
    pub info: Info,
}

#[derive(Deserialize)]
struct TriggerBody {
    name: String,
    data: serde_json::Value,
    channel: Option<String>,
    channels: Option<Vec<String>>,
    socket_id: Option<String>,
    info: Option<String>,
}

#[derive(Deserialize)]
struct BatchBody {
    batch: Vec<TriggerBody>,
}

/// Reads the body of `POST …/events`.
pub fn parse_trigger(body: &[u8]) -> Result<Trigger, ApiRefusal> {
    json::<TriggerBody>(body)?.check()
}

/// Reads the body of `POST …/batch_events`: all of it is good, or none of it is done.
pub fn parse_batch(body: &[u8]) -> Result<Vec<Trigger>, ApiRefusal> {
    let BatchBody { batch } = json(body)?;
    if batch.len() > MAX_BATCH {
        return Err(ApiRefusal::new(400, format!("A batch takes at most {MAX_BATCH} events")));
    }
    batch.into_iter().map(TriggerBody::check).collect()
}

fn json<T: for<'de> Deserialize<'de>>(body: &[u8]) -> Result<T, ApiRefusal> {
    serde_json::from_slice(body)
        .map_err(|error| ApiRefusal::new(400, format!("The body does not fit: {error}")))
}

impl TriggerBody {
    fn check(self) -> Result<Trigger, ApiRefusal> {
        let refuse = |message: String| Err(ApiRefusal::new(400, message));
        if self.name.is_empty() || self.name.len() > MAX_EVENT_NAME {
            return refuse(format!("The event's name must have 1 to {MAX_EVENT_NAME} bytes"));
        }
        if self.name.starts_with("pusher:") || self.name.starts_with("pusher_internal:") {
            return refuse("Event names that begin with pusher: are the protocol's own".to_owned());
        }
        let data = match self.data {
            serde_json::Value::String(text) => text,
            other => other.to_string(),
        };
        if data.len() > MAX_DATA_BYTES {
            let message =
                format!("The data of this event exceeds the allowed maximum ({MAX_DATA_BYTES} bytes)");
            return Err(ApiRefusal::new(413, message));
        }
        let channels = match (self.channels, self.channel) {
            (Some(channels), None) => channels,
            (None, Some(channel)) => vec![channel],
            _ => return refuse("Give either channels or channel".to_owned()),
        };
        if channels.is_empty() || channels.len() > MAX_TRIGGER_CHANNELS {
            return refuse(format!("An event goes to 1 to {MAX_TRIGGER_CHANNELS} channels"));
        }
        for name in &channels {
            match ChannelKind::of(name) {
                None => return refuse(format!("Invalid channel name: {name}")),
                Some(kind) if kind.encrypted && channels.len() > 1 => {
                    return refuse("An event of an encrypted channel goes to that channel only".to_owned());
                }
                Some(_) => {}
            }
        }
        if self.socket_id.as_deref().is_some_and(|id| !is_socket_id(id)) {
            return refuse("Invalid socket_id".to_owned());
        }
        let info = self.info.as_deref().map(Info::parse).unwrap_or_default();
        Ok(Trigger { name: self.name, data, channels, socket_id: self.socket_id, info })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "278d425bdf160c739803";
    const SECRET: &[u8] = b"7ad3773142a6692b25b8";
    const NOW: Timestamp = Timestamp::from_millis(1_353_088_179_000);
    const BODY: &str = r#"{"name":"foo","channels":["project-3"],"data":"{\"some\":\"data\"}"}"#;
    const QUERY: &str = "auth_key=278d425bdf160c739803&auth_timestamp=1353088179&auth_version=1.0\
        &body_md5=ec365a775a4cd0599faeb73354201b6f\
        &auth_signature=da454824c97ba181a32ccc17a72625ba02771f50b50e1e7430e47a1f3f457e6c";

    fn check(method: &str, path: &str, query: &str, now: Timestamp) -> Result<(), u16> {
        check_signed(KEY, SECRET, (method, path, query), now).map(|_| ()).map_err(|refusal| refusal.status)
    }

    /// The vector of Pusher's own documentation.
    #[test]
    fn a_call_is_signed_as_the_specification_says() {
        assert_eq!(check("POST", "/apps/3/events", QUERY, NOW), Ok(()));
        let pairs = check_signed(KEY, SECRET, ("POST", "/apps/3/events", QUERY), NOW).unwrap();
        assert!(body_matches(&pairs, BODY.as_bytes()));
        assert!(!body_matches(&pairs, b"{}"));
        assert!(body_matches(&[], b"") && !body_matches(&[], b"{}"));
    }

    #[test]
    fn what_was_not_signed_is_refused() {
        let with = |from: &str, to: &str| QUERY.replace(from, to);
        assert_eq!(check("GET", "/apps/3/events", QUERY, NOW), Err(401));
        assert_eq!(check("POST", "/apps/4/events", QUERY, NOW), Err(401));
        for query in [
            with("auth_version=1.0", "auth_version=1.1"),
            with("body_md5=e", "body_md5=f"),
            with("278d", "378d"),
            with("da45", "db45"),
            with("1353088179", "now"),
            format!("{QUERY}&extra=1"),
            String::new(),
        ] {
            assert_eq!(check("POST", "/apps/3/events", &query, NOW), Err(401), "{query}");
        }
        for off in [-601_000, 601_000] {
            assert_eq!(check("POST", "/apps/3/events", QUERY, NOW.plus_millis(off)), Err(401));
        }
        for off in [-600_000, 600_000] {
            assert_eq!(check("POST", "/apps/3/events", QUERY, NOW.plus_millis(off)), Ok(()));
        }
    }

    fn status(body: &str) -> u16 {
        parse_trigger(body.as_bytes()).map_or_else(|refusal| refusal.status, |_| 200)
    }

    #[test]
    fn an_event_is_taken_or_refused_with_a_status() {
        let trigger = parse_trigger(BODY.as_bytes()).unwrap();
        assert_eq!((trigger.name.as_str(), trigger.data.as_str()), ("foo", r#"{"some":"data"}"#));
        assert_eq!(trigger.channels, ["project-3"]);
        let many: Vec<String> = (0..101).map(|n| format!("c{n}")).collect();
        let event = |name: &str, channels: &serde_json::Value, data: &str| {
            serde_json::json!({"name": name, "channels": channels, "data": data}).to_string()
        };
        let one = serde_json::json!(["a"]);
        for (body, expected) in [
            (event("e", &one, &"x".repeat(10_240)), 200),
            (event("e", &one, &"x".repeat(10_241)), 413),
            (event("e", &serde_json::json!(many), ""), 400),
            (event("e", &serde_json::json!([]), ""), 400),
            (event("e", &serde_json::json!(["a b"]), ""), 400),
            (event("e", &serde_json::json!(["private-encrypted-a", "b"]), ""), 400),
            (event("", &one, ""), 400),
            (event(&"n".repeat(201), &one, ""), 400),
            (event("pusher:x", &one, ""), 400),
            (r#"{"name":"e","channel":"a","data":{"n":1}}"#.to_owned(), 200),
            (r#"{"name":"e","channel":"a","channels":["a"],"data":""}"#.to_owned(), 400),
            (r#"{"name":"e","channel":"a","data":"","socket_id":"x"}"#.to_owned(), 400),
            ("[]".to_owned(), 400),
        ] {
            assert_eq!(status(&body), expected, "{body:.80}");
        }
    }

    #[test]
    fn a_batch_is_whole_and_bounded() {
        let batch = |count: usize| {
            let event =
                serde_json::json!({"name": "e", "channel": "a", "data": "1", "info": "subscription_count,x"});
            serde_json::json!({"batch": vec![event; count]}).to_string()
        };
        let parsed = parse_batch(batch(10).as_bytes()).unwrap();
        assert_eq!(parsed.len(), 10);
        assert!(parsed[0].info.subscription_count && !parsed[0].info.user_count);
        assert_eq!(parse_batch(batch(11).as_bytes()).map_err(|refusal| refusal.status), Err(400));
        let bad = r#"{"batch":[{"name":"e","channel":"a","data":""},{"name":"","channel":"a","data":""}]}"#;
        assert!(parse_batch(bad.as_bytes()).is_err());
    }
}
