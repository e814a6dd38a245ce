//! Why a connection ends.

use serde::{Deserialize, Serialize};

/// By its range it tells whether the client comes back: 4000–4099 never, 4100–4199 after a pause, 4200–4299 at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CloseCode {
    /// No such app.
    AppNotFound = 4001,
    /// The address asks for a protocol version that is no number.
    InvalidVersion = 4006,
    /// A version that nobody speaks any more, or does yet.
    UnsupportedVersion = 4007,
    /// The address names no version.
    NoVersion = 4008,
    /// Who holds it may not any more.
    NotAuthorized = 4009,
    /// The room holds as many sockets as it may.
    OverCapacity = 4100,
    /// What it was signed for has changed, or the service is replaced.
    Reconnect = 4200,
    /// What was sent was not read in time.
    TooSlow = 4201,
}

impl CloseCode {
    /// For people who debug.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::AppNotFound => "App key not in this cluster. Did you forget to specify the cluster?",
            Self::InvalidVersion => "Invalid version string format",
            Self::UnsupportedVersion => "Unsupported protocol version",
            Self::NoVersion => "No protocol version supplied",
            Self::NotAuthorized => "Connection not authorized",
            Self::OverCapacity => "The room is over capacity",
            Self::Reconnect => "Please reconnect",
            Self::TooSlow => "Pong reply not received in time",
        }
    }

    /// The check of the address's `protocol=`: 5 to 7 are the same but for what clients send.
    pub fn of_version(query: &str) -> Option<Self> {
        let version = query.split('&').find_map(|pair| pair.strip_prefix("protocol="));
        match version {
            None | Some("") => Some(Self::NoVersion),
            Some(text) => match text.parse::<u32>() {
                Ok(5..=7) => None,
                Ok(_) => Some(Self::UnsupportedVersion),
                Err(_) => Some(Self::InvalidVersion),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::CloseCode;

    #[test]
    fn a_version_that_is_not_spoken_is_refused_with_its_own_code() {
        for (query, code) in [
            ("protocol=7&client=js", None),
            ("client=js&protocol=5", None),
            ("client=js", Some(CloseCode::NoVersion)),
            ("protocol=", Some(CloseCode::NoVersion)),
            ("protocol=seven", Some(CloseCode::InvalidVersion)),
            ("protocol=3", Some(CloseCode::UnsupportedVersion)),
            ("protocol=8", Some(CloseCode::UnsupportedVersion)),
        ] {
            assert_eq!(CloseCode::of_version(query), code, "{query}");
        }
    }
}
