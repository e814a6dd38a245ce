//! Who signed what ("Auth signatures"): HMAC-SHA256 in hex under the app's secret.

use hmac::{Hmac, Mac};
use sha2::Sha256;

use super::shard::Shard;
use crate::domain::tokens::hex;

/// A socket's id from randomness: two numbers, as the server libraries check it. In a shard the first one says in which.
pub fn socket_id(random: [u8; 8], shard: Option<Shard>) -> String {
    let [a, b, c, d, rest @ ..] = random;
    let first = u32::from_be_bytes([a, b, c, d]);
    let first = shard.map_or(first, |shard| shard.mark(first));
    format!("{first}.{}", u32::from_be_bytes(rest))
}

/// Whether a text has the form of a socket's id.
pub fn is_socket_id(text: &str) -> bool {
    let digits =
        |part: &str| !part.is_empty() && part.len() <= 20 && part.bytes().all(|byte| byte.is_ascii_digit());
    text.split_once('.').is_some_and(|(a, b)| digits(a) && digits(b))
}

/// The secret of an app, from the master secret and the app's key: nothing to store, nothing to leak with a copy of the
/// database.
pub fn app_secret(master: &[u8], app_key: &str) -> String {
    sign(master, &format!("room:{app_key}"))
}

/// The secret that signs what goes to an endpoint of webhooks: its own, so that nobody needs the app's to check it.
pub fn webhook_secret(master: &[u8], webhook_id: &str) -> String {
    sign(master, &format!("webhook:{webhook_id}"))
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

/// The text that a sign-in signs.
pub fn user_text(socket_id: &str, user_data: &str) -> String {
    format!("{socket_id}::user::{user_data}")
}

/// Whether `auth` (`key:hex`) signs the text, in constant time.
pub fn verify(app_key: &str, secret: &[u8], text: &str, auth: &str) -> bool {
    auth.split_once(':').is_some_and(|(key, signature)| key == app_key && is_signed(secret, text, signature))
}

/// Whether a signature in hex is the text's, in constant time.
pub(super) fn is_signed(secret: &[u8], text: &str, signature: &str) -> bool {
    let expected = sign(secret, text);
    !expected.is_empty()
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
        let user = user_text("1234.1234", r#"{"id":"12345"}"#);
        assert_eq!(sign(SECRET, &user), "4708d583dada6a56435fb8bc611c77c359a31eebde13337c16ab43aa6de336ba");
    }

    /// The vector that Pusher's server libraries are tested with.
    #[test]
    fn a_webhook_is_signed_as_the_server_libraries_check_it() {
        let body =
            r#"{"time_ms":1403175510755,"events":[{"channel":"test_channel","name":"channel_vacated"}]}"#;
        assert_eq!(sign(b"beef", body), "df1465f5ff93f83238152fd002cb904f9562d39569e68f00a6bfa0d8ccf88334");
    }

    #[test]
    fn an_endpoint_has_a_secret_of_its_own() {
        let secrets = ["whk_1", "whk_2"].map(|id| webhook_secret(b"master", id));
        assert_ne!(secrets[0], secrets[1]);
        assert_ne!(webhook_secret(b"master", "rk1"), app_secret(b"master", "rk1"));
    }

    #[test]
    fn a_socket_id_is_two_numbers() {
        assert_eq!(socket_id([0, 0, 0, 1, 0, 0, 1, 0], None), "1.256");
        assert!(is_socket_id("123.456"));
        for wrong in ["", ".", "1", "1.", "a.b", "1.2.3"] {
            assert!(!is_socket_id(wrong), "{wrong}");
        }
    }
}
