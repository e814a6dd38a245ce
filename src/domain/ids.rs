//! Identifiers: a prefix that says of what, and a ULID (https://github.com/ulid/spec) that says which.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};
use sha2::{Digest, Sha256};
use ulid::Ulid;
use utoipa::ToSchema;

use super::time::Timestamp;
use crate::ports::Entropy;

/// Crockford's base 32, as ULIDs are written.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Whether the text is `prefix_` and then `length` characters of Crockford's base 32.
fn is_id(text: &str, prefix: &str, length: usize) -> bool {
    text.strip_prefix(prefix)
        .and_then(|rest| rest.strip_prefix('_'))
        .is_some_and(|rest| rest.len() == length && rest.bytes().all(|byte| ALPHABET.contains(&byte)))
}

/// A new ULID: 48 bits of time, 80 bits of randomness.
fn new_ulid(now: Timestamp, entropy: &dyn Entropy) -> Ulid {
    let mut random = [0; 16];
    entropy.fill(&mut random);
    Ulid::from_parts(u64::try_from(now.as_millis()).unwrap_or(0), u128::from_be_bytes(random))
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, ToSchema)]
        #[serde(transparent)]
        #[schema(value_type = String)]
        pub struct $name(String);

        impl $name {
            /// A new one.
            pub fn new(now: Timestamp, entropy: &dyn Entropy) -> Self {
                Self(format!(concat!($prefix, "_{}"), new_ulid(now, entropy)))
            }

            /// Takes a text that has the form of one.
            pub fn parse(text: &str) -> Option<Self> {
                is_id(text, $prefix, 26).then(|| Self(text.to_owned()))
            }

            /// As text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                Self::parse(&text)
                    .ok_or_else(|| serde::de::Error::custom(concat!("an id `", $prefix, "_…` is expected")))
            }
        }

        impl From<&$name> for crate::ports::Value {
            fn from(id: &$name) -> Self {
                Self::Text(id.0.clone())
            }
        }
    };
}

id!(
    /// A school.
    SchoolId, "sch"
);
impl SchoolId {
    /// No school: the log of what operators do, who belong to none, is kept under it. No ULID that is ever made is this one.
    pub fn platform() -> Self {
        Self(format!("sch_{}", "0".repeat(26)))
    }
}

id!(
    /// A person with an account.
    UserId, "usr"
);
id!(
    /// A class.
    ClassId, "cls"
);
id!(
    /// A quiz.
    QuizId, "qz"
);
id!(
    /// A question of a quiz.
    QuestionId, "q"
);
id!(
    /// A live session.
    SessionId, "ses"
);
id!(
    /// A pupil's seat in a class.
    SeatId, "seat"
);
id!(
    /// The key of an experience.
    GameKeyId, "gk"
);
id!(
    /// A sign-in: the family of its refresh tokens.
    SignInId, "sid"
);
id!(
    /// Somebody who wants an account.
    RegistrationId, "reg"
);
id!(
    /// An announcement to a class.
    AnnouncementId, "ann"
);
id!(
    /// An event of the audit log.
    AuditId, "aud"
);
impl AuditId {
    /// Of the one event that tells of an announcement, however often it is told.
    pub fn of_announcement(id: &AnnouncementId) -> Self {
        Self(id.as_str().replacen("ann_", "aud_", 1))
    }
}

id!(
    /// An account of another provider.
    IdentityId, "idn"
);
id!(
    /// A second factor of a person.
    FactorId, "fac"
);
id!(
    /// An invitation.
    InvitationId, "inv"
);
id!(
    /// That somebody is a pupil's parent.
    GuardianLinkId, "gdn"
);
id!(
    /// A notification.
    NotificationId, "ntf"
);
id!(
    /// A dead letter.
    DeadLetterId, "dl"
);
id!(
    /// A mail.
    MailId, "mail"
);
id!(
    /// A game in Roblox.
    GameId, "game"
);
id!(
    /// Content for games.
    ContentId, "content"
);
id!(
    /// A deployment of content to a game.
    DeploymentId, "dep"
);
id!(
    /// A pupil's checkpoint in a game.
    CheckpointId, "chk"
);
id!(
    /// A connection to a universe by Open Cloud.
    ConnectionId, "con"
);
id!(
    /// An endpoint of a class's webhooks.
    WebhookId, "whk"
);
id!(
    /// A Studio plugin.
    PluginId, "plg"
);
id!(
    /// A session of a Studio plugin.
    PluginSessionId, "pse"
);

impl MailId {
    /// The mail that follows from something: the same cause gives the same id, so that work that is done twice sends one
    /// mail. The cause has a kind and an id (`password_changed`, `job_…`), so that two kinds never meet. 130 bits of
    /// SHA-256.
    pub fn following(kind: &str, cause: &str) -> Self {
        let digest = Sha256::digest(format!("{kind}\n{cause}"));
        let letters = digest.iter().take(26).filter_map(|byte| ALPHABET.get(usize::from(byte & 31)));
        Self(format!("mail_{}", letters.copied().map(char::from).collect::<String>()))
    }
}

impl QuizId {
    /// The quiz of a generated content: the same content gives the same id, so that work that is done twice makes one quiz.
    pub fn of_content(id: &ContentId) -> Self {
        Self(format!("qz_{}", id.as_str().trim_start_matches("content_")))
    }
}

impl AuditId {
    /// Not behind any event of this time or later, and behind every earlier one.
    pub fn first_at(time: Timestamp) -> Self {
        let ulid = Ulid::from_parts(u64::try_from(time.as_millis()).unwrap_or(0), 0);
        Self(format!("aud_{ulid}"))
    }
}

/// What kind of part of a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartKind {
    /// An option of a choice.
    Option,
    /// An item to put in order.
    Item,
    /// The left side of a pair.
    Left,
    /// The right side of a pair.
    Right,
}

impl PartKind {
    const fn prefix(self) -> &'static str {
        match self {
            Self::Option => "opt",
            Self::Item => "itm",
            Self::Left => "lft",
            Self::Right => "rgt",
        }
    }
}

/// An option, item or side of a pair. Its 80 bits are random alone: the time in a ULID would tell in which order the
/// author wrote the items, and that is the key of an ordering question.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = String, example = "opt_8V6W2X9Y5K7R1ABC")]
pub struct PartId(String);

impl PartId {
    /// A new one.
    pub fn new(kind: PartKind, entropy: &dyn Entropy) -> Self {
        Self(format!("{}_{}", kind.prefix(), random_text(entropy, ALPHABET, 16)))
    }

    /// Whether it has the form of an id of this kind.
    pub fn is(&self, kind: PartKind) -> bool {
        is_id(&self.0, kind.prefix(), 16)
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Letters and digits that nobody mistakes for each other on a projector: no 0 O, 1 I L, 5 S, 8 B, 2 Z, U V.
const JOIN_CODE_ALPHABET: &[u8] = b"34679ACDEFGHJKMNPQRTWXY";
/// 23^6 = 148 million codes, tried against a rate limit.
pub const JOIN_CODE_LENGTH: usize = 6;

/// A code that pupils type to come into a class.
pub fn new_join_code(entropy: &dyn Entropy) -> String {
    random_text(entropy, JOIN_CODE_ALPHABET, JOIN_CODE_LENGTH)
}

/// Reads a code as people type it: any case, spaces and hyphens ignored.
pub fn parse_join_code(text: &str) -> Option<String> {
    let code: String = text
        .chars()
        .filter(|c| !c.is_whitespace() && *c != '-')
        .take(JOIN_CODE_LENGTH + 1)
        .map(|c| c.to_ascii_uppercase())
        .collect();
    (code.len() == JOIN_CODE_LENGTH && code.bytes().all(|byte| JOIN_CODE_ALPHABET.contains(&byte)))
        .then_some(code)
}

/// 32^8 = 1.1 · 10^12 codes for parents, tried against a rate limit.
pub const GUARDIAN_CODE_LENGTH: usize = 8;

/// A code that a pupil's parent types, as `XXXX-XXXX`.
pub fn new_guardian_code(entropy: &dyn Entropy) -> String {
    random_text(entropy, ALPHABET, GUARDIAN_CODE_LENGTH)
}

/// Reads a code as people type it: any case, spaces and hyphens ignored, O for 0, I and L for 1 (Crockford's base 32).
pub fn parse_guardian_code(text: &str) -> Option<String> {
    let code: String = text
        .chars()
        .filter(|c| !c.is_whitespace() && *c != '-')
        .take(GUARDIAN_CODE_LENGTH + 1)
        .map(|c| match c.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        })
        .collect();
    (code.len() == GUARDIAN_CODE_LENGTH && code.bytes().all(|byte| ALPHABET.contains(&byte))).then_some(code)
}

/// The public name of a class's room: the app key of its Pusher app. 130 bits, so nobody finds one by trying.
pub fn new_room_key(entropy: &dyn Entropy) -> String {
    format!("rk{}", random_text(entropy, ALPHABET, 26).to_ascii_lowercase())
}

/// Whether a text has the form of a room key.
pub fn is_room_key(text: &str) -> bool {
    text.strip_prefix("rk").is_some_and(|rest| {
        rest.len() == 26 && rest.bytes().all(|byte| ALPHABET.contains(&byte.to_ascii_uppercase()))
    })
}

/// So many characters of Crockford's base 32, 5 random bits each.
pub fn new_crockford(entropy: &dyn Entropy, length: usize) -> String {
    random_text(entropy, ALPHABET, length)
}

/// Reads so many characters as Crockford's base 32 is meant to be read: any case, hyphens and spaces ignored, and letters
/// that look like a digit for that digit.
pub fn parse_crockford(text: &str, length: usize) -> Option<String> {
    let code: String = text
        .chars()
        .filter(|c| !c.is_whitespace() && *c != '-')
        .take(length.saturating_add(1))
        .map(|c| match c.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        })
        .collect();
    (code.len() == length && code.bytes().all(|byte| ALPHABET.contains(&byte))).then_some(code)
}

/// `length` characters of the alphabet, each equally likely: bytes beyond the last whole multiple are thrown away.
pub(super) fn random_text(entropy: &dyn Entropy, alphabet: &[u8], length: usize) -> String {
    let bound = 256 - 256 % alphabet.len();
    let mut text = String::with_capacity(length);
    let mut buffer = [0; 32];
    while text.len() < length {
        entropy.fill(&mut buffer);
        for byte in buffer.into_iter().map(usize::from).filter(|byte| *byte < bound) {
            if let Some(letter) = alphabet.get(byte % alphabet.len()).filter(|_| text.len() < length) {
                text.push(char::from(*letter));
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Counting(std::sync::atomic::AtomicU8);
    impl Entropy for Counting {
        fn fill(&self, buffer: &mut [u8]) {
            for byte in buffer {
                *byte = self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            }
        }
    }

    #[test]
    fn an_id_is_its_prefix_and_a_ulid() {
        let id = ClassId::new(Timestamp::from_millis(1_795_000_000_000), &Counting(0.into()));
        assert_eq!(ClassId::parse(id.as_str()), Some(id.clone()));
        assert_eq!(QuizId::parse(id.as_str()), None);
        assert_eq!(ClassId::parse("cls_01JD3ZQ4T0M8V6W2X9Y5K7R1A'"), None);
    }

    #[test]
    fn the_same_cause_gives_the_same_mail_and_another_kind_another() {
        let id = MailId::following("password_changed", "usr_1");
        assert_eq!(id, MailId::following("password_changed", "usr_1"));
        assert_ne!(id, MailId::following("password_reset", "usr_1"));
        assert_eq!(MailId::parse(id.as_str()), Some(id));
    }

    #[test]
    fn later_ids_sort_later() {
        let entropy = Counting(0.into());
        let earlier = ClassId::new(Timestamp::from_millis(1_795_000_000_000), &entropy);
        let later = ClassId::new(Timestamp::from_millis(1_795_000_000_001), &entropy);
        assert!(earlier < later);
    }

    #[test]
    fn a_join_code_reads_as_people_type_it() {
        assert_eq!(parse_join_code(" k7m-3qx "), Some("K7M3QX".to_owned()));
        for wrong in ["K7M3Q", "K7M3QXX", "K7M3Q0", "K7M3QÖ", ""] {
            assert_eq!(parse_join_code(wrong), None, "{wrong}");
        }
        let code = new_join_code(&Counting(200.into()));
        assert_eq!(parse_join_code(&code), Some(code.clone()));
    }

    #[test]
    fn a_parents_code_reads_as_people_type_it() {
        assert_eq!(parse_guardian_code(" k7oi-3qxl "), Some("K7013QX1".to_owned()));
        for wrong in ["K7M3QX0", "K7M3QX000", "K7M3QXU0", "K7M3QXÖ0", ""] {
            assert_eq!(parse_guardian_code(wrong), None, "{wrong}");
        }
        let code = new_guardian_code(&Counting(200.into()));
        assert_eq!(parse_guardian_code(&code), Some(code.clone()));
    }

    #[test]
    fn a_room_key_knows_its_form() {
        let key = new_room_key(&Counting(7.into()));
        assert!(is_room_key(&key));
        assert!(!is_room_key("rk"));
        assert!(!is_room_key("../../etc"));
    }
}
