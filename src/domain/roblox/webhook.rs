//! Roblox's webhooks: `roblox-signature: t=<unix>,v1=<base64 HMAC-SHA256(secret, t + "." + body)>` over the body as it came.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::Sha256;

use crate::domain::time::Timestamp;
use crate::json;

/// How far a signature's time may be off, in seconds: what Roblox's own guide calls reasonable.
const TOLERANCE_S: i64 = 600;
/// Longest header that is read.
const MAX_HEADER: usize = 512;
/// Largest notification, in bytes.
pub const MAX_NOTIFICATION_BYTES: usize = 64 * 1024;
/// Longest id of a notification.
const MAX_ID: usize = 200;
/// Longest type of an event.
const MAX_TYPE: usize = 100;
/// The most games of a request for erasure.
const MAX_GAMES: usize = 1000;

/// Why a signature does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadSignature {
    /// There is none, or it has another form.
    Malformed,
    /// It is too old, or from the future.
    Expired,
    /// Somebody else signed, or something else was signed.
    Wrong,
}

/// The header, of the right form and of this time: what can be told of it before anybody looks for the secret.
#[derive(Clone, Debug)]
pub struct Signature<'h> {
    time: &'h str,
    /// More than one while a secret is changed.
    macs: Vec<Vec<u8>>,
}

impl<'h> Signature<'h> {
    /// Reads it.
    pub fn read(header: &'h str, now: Timestamp) -> Result<Self, BadSignature> {
        if header.len() > MAX_HEADER {
            return Err(BadSignature::Malformed);
        }
        let fields = || header.split(',').filter_map(|field| field.trim().split_once('='));
        let time = fields().find(|(name, _)| *name == "t").map(|(_, value)| value);
        let time = time.ok_or(BadSignature::Malformed)?;
        let at: i64 = time.parse().map_err(|_| BadSignature::Malformed)?;
        let values = fields().filter(|(name, _)| *name == "v1").map(|(_, value)| value);
        let macs: Vec<Vec<u8>> = values.filter_map(|value| STANDARD.decode(value).ok()).collect();
        if macs.is_empty() {
            return Err(BadSignature::Malformed);
        }
        let age = now.as_secs().checked_sub(at);
        if age.is_some_and(|age| (-TOLERANCE_S..=TOLERANCE_S).contains(&age)) {
            Ok(Self { time, macs })
        } else {
            Err(BadSignature::Expired)
        }
    }

    /// Checks it against the body as it came.
    pub fn verify(&self, secret: &[u8], body: &[u8]) -> Result<(), BadSignature> {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret).map_err(|_| BadSignature::Wrong)?;
        for part in [self.time.as_bytes(), b".", body] {
            mac.update(part);
        }
        // In constant time, whatever the signature is.
        let is_one = self.macs.iter().any(|signature| mac.clone().verify_slice(signature).is_ok());
        if is_one { Ok(()) } else { Err(BadSignature::Wrong) }
    }
}

/// A notification. What Roblox adds to it is not looked at.
#[derive(Clone, Debug, PartialEq)]
pub struct Notification {
    /// The same however often it is sent.
    pub id: String,
    /// What happened.
    pub kind: String,
    /// More about it.
    payload: Value,
}

/// Somebody wants to be forgotten.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErasureRequest {
    /// The user of Roblox.
    pub user_id: String,
    /// Their ids of the games that it is about.
    pub game_ids: Vec<String>,
}

/// The type of a request to be forgotten.
pub const ERASURE: &str = "RightToErasureRequest";

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Wire {
    notification_id: String,
    event_type: String,
    #[serde(default)]
    event_payload: Value,
}

impl Notification {
    /// Reads one.
    pub fn parse(body: &[u8]) -> Option<Self> {
        let wire: Wire = json::from_slice(body).ok()?;
        let is_word = |text: &str, most: usize| {
            (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
        };
        (is_word(&wire.notification_id, MAX_ID) && is_word(&wire.event_type, MAX_TYPE)).then_some(Self {
            id: wire.notification_id,
            kind: wire.event_type,
            payload: wire.event_payload,
        })
    }

    /// Who wants to be forgotten, where it says so.
    pub fn erasure(&self) -> Option<ErasureRequest> {
        let user_id = roblox_id(self.payload.get("UserId")?)?;
        let games =
            self.payload.get("GameIds").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let game_ids = games.iter().take(MAX_GAMES).filter_map(roblox_id).collect();
        Some(ErasureRequest { user_id, game_ids })
    }
}

/// A whole number, or one as text.
fn roblox_id(value: &Value) -> Option<String> {
    let text = match value {
        Value::Number(number) => number.as_i64()?.to_string(),
        Value::String(text) => text.clone(),
        _ => return None,
    };
    super::is_roblox_id(&text).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &[u8] = b"a secret of the webhook";
    const BODY: &[u8] =
        br#"{"NotificationId":"n1","EventType":"SampleNotification","EventPayload":{"UserId":1}}"#;

    fn now() -> Timestamp {
        Timestamp::from_millis(1_795_428_000_000)
    }

    /// Computed with OpenSSL: `printf '%s' "1795428000.$BODY" | openssl dgst -sha256 -hmac "$SECRET" -binary | base64`.
    const VECTOR: &str = "a8615bz/G3VEkhUyA6bdjw81Wr/ME24mPeH7siIbH1E=";

    fn verify(header: &str, secret: &[u8], body: &[u8], now: Timestamp) -> Result<(), BadSignature> {
        Signature::read(header, now)?.verify(secret, body)
    }

    fn check(header: &str) -> Result<(), BadSignature> {
        verify(header, SECRET, BODY, now())
    }

    #[test]
    fn a_signature_that_another_program_made_holds() {
        assert_eq!(check(&format!("t=1795428000,v1={VECTOR}")), Ok(()));
        assert_eq!(check(&format!("t=1795428000, v1=AAAA, v1={VECTOR}")), Ok(()), "two secrets in a change");
    }

    #[test]
    fn what_is_not_signed_by_roblox_for_this_body_and_time_does_not_hold() {
        let wrong = [
            format!("t=1795428001,v1={VECTOR}"),
            "t=1795428000,v1=AAAA".to_owned(),
            format!("t=1795428000,v1={}", VECTOR.replacen('A', "B", 1)),
        ];
        assert_ne!(VECTOR, VECTOR.replacen('A', "B", 1));
        let lower = VECTOR.to_ascii_lowercase();
        assert!(check(&format!("t=1795428000,v1={lower}")).is_err(), "base64 has capital letters");
        for header in wrong {
            assert_eq!(check(&header), Err(BadSignature::Wrong), "{header}");
        }
        for header in
            ["", "t=1795428000", "v1=AAAA", "t=soon,v1=AAAA", "t=1795428000,v1=%", "t=1795428000,v0=AAAA"]
        {
            assert_eq!(check(header), Err(BadSignature::Malformed), "{header}");
        }
        let good = format!("t=1795428000,v1={VECTOR}");
        assert_eq!(verify(&good, SECRET, b"{}", now()), Err(BadSignature::Wrong));
        assert_eq!(verify(&good, b"another", BODY, now()), Err(BadSignature::Wrong));
        assert_eq!(check(&format!("{good}{}", " ".repeat(600))), Err(BadSignature::Malformed));
    }

    #[test]
    fn a_signature_holds_for_ten_minutes_either_way() {
        let good = format!("t=1795428000,v1={VECTOR}");
        for (millis, holds) in [(600_000, true), (601_000, false), (-600_000, true), (-601_000, false)] {
            let at = now().plus_millis(millis);
            assert_eq!(verify(&good, SECRET, BODY, at).is_ok(), holds, "{millis}");
        }
    }

    #[test]
    fn a_request_for_erasure_is_read_whether_its_ids_are_numbers_or_texts() {
        let body = br#"{"NotificationId":"n","EventType":"RightToErasureRequest","EventTime":"2023-12-30T16:24:24.2118874Z",
            "EventPayload":{"UserId":9007199254740993,"GameIds":[1234,"2345",null]},"Later":1}"#;
        let request = Notification::parse(body).unwrap().erasure().unwrap();
        assert_eq!((request.user_id.as_str(), request.game_ids.len()), ("9007199254740993", 2));
        for wrong in [
            "{}",
            "[]",
            r#"{"NotificationId":"","EventType":"x"}"#,
            r#"{"NotificationId":"n","EventType":"a b"}"#,
        ] {
            assert_eq!(Notification::parse(wrong.as_bytes()), None, "{wrong}");
        }
        let without = br#"{"NotificationId":"n","EventType":"RightToErasureRequest"}"#;
        assert_eq!(Notification::parse(without).unwrap().erasure(), None);
    }
}
