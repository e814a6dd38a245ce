//! Names of channels, and what they say of a channel.

use super::limits::MAX_CHANNEL_NAME;

/// The channel of a signed-in user: `#server-to-user-{id}`.
pub const USER_CHANNEL: &str = "#server-to-user-";

/// What the prefix of a name says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "prefixes combine")]
pub struct ChannelKind {
    /// A signature is needed.
    pub private: bool,
    /// Members are counted and seen.
    pub presence: bool,
    /// The data is ciphertext; clients send nothing.
    pub encrypted: bool,
    /// The last event is kept for who comes later.
    pub cache: bool,
    /// Belongs to a signed-in user.
    pub user: bool,
}

/// The channel of a user.
pub fn user_channel(user_id: &str) -> String {
    format!("{USER_CHANNEL}{user_id}")
}

impl ChannelKind {
    /// By name; nothing when it is no name.
    pub fn of(name: &str) -> Option<Self> {
        let is_user = name.strip_prefix(USER_CHANNEL).is_some_and(|id| !id.is_empty());
        let rest = if is_user { name.strip_prefix('#')? } else { name };
        let allowed = |byte: u8| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'=' | b'@' | b',' | b'.' | b';')
        };
        if rest.is_empty() || name.len() > MAX_CHANNEL_NAME || !rest.bytes().all(allowed) {
            return None;
        }
        let has = |prefix: &str| name.starts_with(prefix);
        let presence = has("presence-");
        let cache =
            ["cache-", "private-cache-", "private-encrypted-cache-", "presence-cache-"].into_iter().any(has);
        Some(Self {
            private: has("private-") || presence,
            presence,
            encrypted: has("private-encrypted-"),
            cache,
            user: is_user,
        })
    }

    /// Whether clients may send events there.
    pub const fn takes_client_events(self) -> bool {
        self.private && !self.encrypted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_what_a_channel_is() {
        let kind = |name: &str| ChannelKind::of(name).unwrap();
        assert_eq!(kind("news"), ChannelKind::default());
        assert!(kind("cache-news").cache && !kind("cache-news").private);
        assert!(kind("private-x").private && !kind("private-x").presence);
        assert!(kind("presence-x").presence && kind("presence-x").private);
        assert!(kind("presence-cache-x").cache && kind("presence-cache-x").presence);
        let sealed = kind("private-encrypted-cache-x");
        assert!(sealed.encrypted && sealed.cache && sealed.private && !sealed.takes_client_events());
        assert!(kind("#server-to-user-7").user && !kind("#server-to-user-7").private);
        assert!(!kind("news").takes_client_events() && kind("presence-x").takes_client_events());
    }

    #[test]
    fn what_is_no_name_is_no_channel() {
        let long = "a".repeat(165);
        for name in ["", "a b", "a#b", "#x", "#server-to-user-", "é", "a/b", "a:b", long.as_str()] {
            assert_eq!(ChannelKind::of(name), None, "{name}");
        }
        assert!(ChannelKind::of(&"a".repeat(164)).is_some());
        assert!(ChannelKind::of("A_-=@,.;9").is_some());
    }
}
