//! Webhooks of a class: where its room's app tells servers what happens on channels (pusher.com/docs/channels, "Webhooks").

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::ids::WebhookId;

/// The most endpoints of a class: one a server that wants to know, and some to move from one to another.
pub const MAX_WEBHOOKS: i64 = 5;
/// Longest URL.
pub const MAX_URL: usize = 500;
/// Ends of host names that are nobody's on the internet (RFC 6761, RFC 6762, RFC 8375, ICANN's `.internal`).
const PRIVATE_ENDS: [&str; 6] = ["localhost", "local", "internal", "invalid", "test", "arpa"];

/// What is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WebhookEvent {
    /// Somebody is on a channel where nobody was.
    ChannelOccupied,
    /// Nobody is left on a channel.
    ChannelVacated,
    /// A user came to a presence channel.
    MemberAdded,
    /// A user left a presence channel with the last socket.
    MemberRemoved,
    /// A cache channel had nothing for a subscriber.
    CacheMiss,
    /// A client sent an event.
    ClientEvent,
}

impl WebhookEvent {
    /// As Pusher names it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ChannelOccupied => "channel_occupied",
            Self::ChannelVacated => "channel_vacated",
            Self::MemberAdded => "member_added",
            Self::MemberRemoved => "member_removed",
            Self::CacheMiss => "cache_miss",
            Self::ClientEvent => "client_event",
        }
    }

    /// The event that undoes it.
    pub const fn opposite(self) -> Option<Self> {
        match self {
            Self::ChannelOccupied => Some(Self::ChannelVacated),
            Self::ChannelVacated => Some(Self::ChannelOccupied),
            Self::MemberAdded => Some(Self::MemberRemoved),
            Self::MemberRemoved => Some(Self::MemberAdded),
            Self::CacheMiss | Self::ClientEvent => None,
        }
    }
}

/// What a room knows of an endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Webhook {
    /// The endpoint.
    pub id: WebhookId,
    /// What it is told.
    pub events: Vec<WebhookEvent>,
}

/// Whether a webhook may go there: https to a name of the public internet; in development also http to this machine itself. An address
/// instead of a name is refused in every spelling, for the last label of a name has a letter, and none of these has one.
pub fn is_allowed(url: &str, is_local: bool) -> bool {
    let Some(uri) = url.parse::<http::Uri>().ok().filter(|_| url.len() <= MAX_URL && !url.contains('#'))
    else {
        return false;
    };
    let Some(authority) = uri.authority().filter(|authority| !authority.as_str().contains('@')) else {
        return false;
    };
    match uri.scheme_str() {
        Some("https") => is_public_name(authority.host()),
        Some("http") => is_local && matches!(authority.host(), "localhost" | "127.0.0.1" | "[::1]"),
        _ => false,
    }
}

fn is_public_name(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    let Some((_, end)) = host.rsplit_once('.') else { return false };
    let is_top_level = end.starts_with("xn--") || end.bytes().all(|byte| byte.is_ascii_lowercase());
    host.len() <= 253 && host.split('.').all(is_label) && is_top_level && !PRIVATE_ENDS.contains(&end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_webhook_goes_to_https_on_the_public_internet() {
        for good in
            ["https://hooks.example/a?b=c", "https://a.b-c.example:8443/", "https://xn--bcher-kva.xn--p1ai/x"]
        {
            assert!(is_allowed(good, false), "{good}");
        }
        let long = format!("https://hooks.example/{}", "x".repeat(MAX_URL));
        for wrong in [
            "",
            "hooks.example",
            "/webhooks",
            "http://hooks.example/",
            "ftp://hooks.example/",
            "https://me:secret@hooks.example/",
            "https://hooks.example/#part",
            "https://hooks..example/",
            "https://hooks.example./",
            "https://hooks_.example/",
            "https://",
            &long,
        ] {
            assert!(!is_allowed(wrong, false), "{wrong}");
        }
    }

    #[test]
    fn a_private_or_bare_address_is_refused_in_every_spelling() {
        for host in [
            "localhost",
            "a.localhost",
            "printer.local",
            "metadata.google.internal",
            "router.home.arpa",
            "intranet",
            "127.0.0.1",
            "10.0.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "8.8.8.8",
            "2130706433",
            "0x7f000001",
            "0x7f.1",
            "127.1",
            "0177.0.0.1",
            "127.0.0.0x1",
            "[::1]",
            "[fd00::1]",
            "[::ffff:127.0.0.1]",
            "%6cocalhost.example",
            "１２７.0.0.1",
            "127。0。0。1",
        ] {
            for is_local in [true, false] {
                assert!(!is_allowed(&format!("https://{host}/"), is_local), "{host}");
            }
        }
    }

    #[test]
    fn this_machine_is_reached_in_development_only() {
        for url in ["http://127.0.0.1:9/x", "http://localhost:9/x", "http://[::1]:9/x"] {
            assert!(is_allowed(url, true), "{url}");
            assert!(!is_allowed(url, false), "{url}");
        }
        for url in ["http://127.0.0.1.example/", "http://10.0.0.1/", "http://127.0.0.1@hooks.example/"] {
            assert!(!is_allowed(url, true), "{url}");
        }
    }

    #[test]
    fn events_have_the_names_of_the_protocol() {
        for event in [WebhookEvent::ChannelOccupied, WebhookEvent::MemberRemoved, WebhookEvent::CacheMiss] {
            assert_eq!(serde_json::to_value(event).unwrap(), event.name());
            assert_eq!(event.opposite().and_then(WebhookEvent::opposite), event.opposite().map(|_| event));
        }
    }
}
