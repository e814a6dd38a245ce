//! What is limited, by what it is counted, and how often: defaults, over which the variable `LIMITS` is laid.

use std::collections::HashMap;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::rate_limit::Limit;
use crate::json;

/// The most hits that a limit may allow.
const MAX_HITS: u32 = 100_000;
/// The longest window, a day.
const MAX_WINDOW_S: u32 = 86_400;
/// The most limits of one action: each is a call of an object.
const MAX_LIMITS: usize = 4;

/// What is limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Trying to sign in, however it ends.
    Login,
    /// Trying to sign in with a wrong password.
    LoginFailure,
    /// A wrong second factor: code, recovery code or passkey.
    SecondFactor,
    /// A wrong password or second factor of somebody who is signed in.
    StepUp,
    /// Getting a challenge: of a passkey, of another provider.
    Challenge,
    /// Refreshing a session, and signing out.
    Refresh,
    /// Registering an account.
    Register,
    /// Asking for a mail: to verify the address, to reset a password.
    Mail,
    /// Presenting what a link in a mail carries.
    OneTimeToken,
    /// Any other request under `/api/v1/auth/` of somebody who is signed in.
    Account,
    /// Inviting somebody.
    Invite,
    /// A wrong code of a pupil's parent.
    GuardianCode,
    /// A wrong join code.
    JoinCode,
    /// A request with the key of an integration.
    Integration,
    /// Asking for content.
    Generate,
    /// Registering a Studio plugin, with or without a code to pair it.
    PluginRegistration,
    /// Asking whether a Studio plugin was paired.
    PluginToken,
    /// A wrong code of a Studio plugin.
    PairingCode,
    /// Any request under `/api/v1/roblox/` of somebody who is signed in.
    Roblox,
    /// One of them that changes something.
    RobloxChange,
    /// A request under `/api/v1/roblox/` of a game server.
    RobloxServer,
    /// A webhook that is signed by nobody we know.
    RobloxWebhook,
    /// Announcing something to a class.
    Announcement,
}

/// By what hits are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Per {
    /// The client's IP address; of IPv6 the network.
    Address,
    /// The account that is meant, by its mail address or its id.
    Account,
    /// The account and a browser that its owner signed in with before.
    Device,
    /// The mail address that something is sent to.
    Mail,
    /// The token that was presented.
    Token,
    /// The key.
    Key,
}

impl Per {
    /// As in `LIMITS`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::Account => "account",
            Self::Device => "device",
            Self::Mail => "mail",
            Self::Token => "token",
            Self::Key => "key",
        }
    }

    /// A hit that is counted by this very address, account, key …
    pub fn of(self, text: &str) -> Counted {
        let text = if self == Self::Address { network(text) } else { text.to_owned() };
        Counted { per: self, text }
    }
}

/// What a hit is counted by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted {
    /// By what.
    pub per: Per,
    /// Which address, account, key …
    pub text: String,
}

/// An IPv6 address stands for the 64 bits of its network: everybody at home has 2^64 of them (RFC 4291 section 2.5.4).
fn network(address: &str) -> String {
    match address.parse() {
        Ok(IpAddr::V6(address)) => match address.to_ipv4_mapped() {
            Some(address) => address.to_string(),
            None => format!("{:x}/64", u128::from(address) >> 64),
        },
        _ => address.to_owned(),
    }
}

/// So many hits in so long, counted by this.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScopedLimit {
    /// By what.
    pub per: Per,
    /// The most hits in any window.
    pub hits: u32,
    /// The window, in seconds.
    pub window_s: u32,
}

impl ScopedLimit {
    const fn new(per: Per, hits: u32, window_s: u32) -> Self {
        Self { per, hits, window_s }
    }

    /// Without what it is counted by.
    pub const fn limit(self) -> Limit {
        Limit { hits: self.hits, window_s: self.window_s }
    }
}

const MINUTE: u32 = 60;
const QUARTER: u32 = 900;
const HOUR: u32 = 3600;

impl Action {
    /// All there are.
    pub const ALL: [Self; 23] = [
        Self::Login,
        Self::LoginFailure,
        Self::SecondFactor,
        Self::StepUp,
        Self::Challenge,
        Self::Refresh,
        Self::Register,
        Self::Mail,
        Self::OneTimeToken,
        Self::Account,
        Self::Invite,
        Self::GuardianCode,
        Self::JoinCode,
        Self::Integration,
        Self::Generate,
        Self::PluginRegistration,
        Self::PluginToken,
        Self::PairingCode,
        Self::Roblox,
        Self::RobloxChange,
        Self::RobloxServer,
        Self::RobloxWebhook,
        Self::Announcement,
    ];

    /// As in `LIMITS`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::LoginFailure => "login_failure",
            Self::SecondFactor => "second_factor",
            Self::StepUp => "step_up",
            Self::Challenge => "challenge",
            Self::Refresh => "refresh",
            Self::Register => "register",
            Self::Mail => "mail",
            Self::OneTimeToken => "one_time_token",
            Self::Account => "account",
            Self::Invite => "invite",
            Self::GuardianCode => "guardian_code",
            Self::JoinCode => "join_code",
            Self::Integration => "integration",
            Self::Generate => "generate",
            Self::PluginRegistration => "plugin_registration",
            Self::PluginToken => "plugin_token",
            Self::PairingCode => "pairing_code",
            Self::Roblox => "roblox",
            Self::RobloxChange => "roblox_change",
            Self::RobloxServer => "roblox_server",
            Self::RobloxWebhook => "roblox_webhook",
            Self::Announcement => "announcement",
        }
    }

    /// By what it can be counted: what its routes know before they do anything.
    pub const fn scopes(self) -> &'static [Per] {
        match self {
            Self::LoginFailure => &[Per::Account, Per::Device, Per::Address],
            Self::Refresh => &[Per::Token, Per::Address],
            Self::Register | Self::Mail => &[Per::Mail, Per::Address],
            Self::SecondFactor
            | Self::StepUp
            | Self::Account
            | Self::Invite
            | Self::GuardianCode
            | Self::Generate
            | Self::PairingCode
            | Self::Roblox
            | Self::RobloxChange
            | Self::Announcement => &[Per::Account],
            Self::RobloxServer => &[Per::Token],
            Self::Login
            | Self::Challenge
            | Self::OneTimeToken
            | Self::PluginRegistration
            | Self::PluginToken
            | Self::RobloxWebhook => &[Per::Address],
            Self::JoinCode | Self::Integration => &[Per::Key],
        }
    }

    /// Unless `LIMITS` says otherwise. Limits by address are wide: a school with its staff room and its classes is one.
    const fn defaults(self) -> &'static [ScopedLimit] {
        const fn per(scope: Per, hits: u32, window_s: u32) -> ScopedLimit {
            ScopedLimit::new(scope, hits, window_s)
        }
        match self {
            // What hashing passwords may cost for one address: a staff room of 200 at eight o'clock.
            Self::Login => const { &[per(Per::Address, 200, 5 * MINUTE)] },
            // Going to another provider and coming back are two; a staff room of 60 opens Studio five times in five minutes.
            Self::Challenge | Self::PluginRegistration => const { &[per(Per::Address, 300, 5 * MINUTE)] },
            // 40 guesses an hour at one account (ASVS 4.0, 2.2.1 allows 100), by all strangers together.
            Self::LoginFailure => {
                const {
                    &[
                        per(Per::Account, 10, QUARTER),
                        per(Per::Device, 10, QUARTER),
                        per(Per::Address, 60, QUARTER),
                    ]
                }
            }
            // Five of a million codes.
            Self::SecondFactor | Self::StepUp => const { &[per(Per::Account, 5, QUARTER)] },
            // A token is good once, and again for tabs that race.
            Self::Refresh => const { &[per(Per::Token, 20, MINUTE), per(Per::Address, 600, 5 * MINUTE)] },
            // A whole school registers on its training day.
            Self::Register | Self::Mail => const { &[per(Per::Mail, 3, HOUR), per(Per::Address, 100, HOUR)] },
            Self::OneTimeToken => const { &[per(Per::Address, 100, 5 * MINUTE)] },
            Self::Account => const { &[per(Per::Account, 300, 5 * MINUTE)] },
            // An admin invites the staff in one go.
            Self::Invite => const { &[per(Per::Account, 100, HOUR)] },
            // Ten of 2.6 · 10^10 codes of plugins or 10^12 of parents, of which few are good at a time.
            Self::GuardianCode | Self::PairingCode => const { &[per(Per::Account, 10, QUARTER)] },
            Self::JoinCode => const { &[per(Per::Key, 60, MINUTE)] },
            Self::Generate => const { &[per(Per::Account, 30, MINUTE)] },
            Self::Integration => const { &[per(Per::Key, 600, MINUTE)] },
            // Each asks every five seconds while its teacher types the code: thirty at once.
            Self::PluginToken => const { &[per(Per::Address, 1800, 5 * MINUTE)] },
            // A page asks for five things, and asks again every few seconds while a deployment runs.
            Self::Roblox => const { &[per(Per::Account, 600, 5 * MINUTE)] },
            Self::RobloxChange => const { &[per(Per::Account, 120, MINUTE)] },
            // As many as Roblox lets one server send.
            Self::RobloxServer => const { &[per(Per::Token, 500, MINUTE)] },
            // Roblox sends for all schools from few addresses, and one of them may have changed its secret.
            Self::RobloxWebhook => const { &[per(Per::Address, 400, 5 * MINUTE)] },
            // Each stands in front of every pupil.
            Self::Announcement => const { &[per(Per::Account, 20, 5 * MINUTE)] },
        }
    }

    /// Whether requests go on while the limiter does not answer. Not where a secret can be guessed or a mail be sent;
    /// but nobody who is signed in is thrown out by it, and nobody guesses a signature of 256 bits.
    pub const fn fails_open(self) -> bool {
        matches!(
            self,
            Self::Refresh
                | Self::Account
                | Self::Integration
                | Self::Generate
                | Self::Roblox
                | Self::RobloxChange
                | Self::RobloxServer
                | Self::RobloxWebhook
                | Self::Announcement
        )
    }
}

/// The limits of every action.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Limits(HashMap<Action, Vec<ScopedLimit>>);

impl Limits {
    /// Reads `{"login_failure": [{"per": "account", "hits": 10, "window_s": 900}, …], …}`. An action that is named gets
    /// these limits alone, none with an empty list; the others keep their defaults.
    pub fn parse(json: &str) -> Result<Self, String> {
        let given: HashMap<Action, Vec<ScopedLimit>> =
            json::from_str(json).map_err(|error| format!("is not what it should be: {error}"))?;
        let mut actions: Vec<_> = given.iter().collect();
        actions.sort_by_key(|(action, _)| action.name());
        for (action, limits) in actions {
            check(*action, limits).map_err(|problem| format!("{}: {problem}", action.name()))?;
        }
        Ok(Self(given))
    }

    /// The limits of an action.
    pub fn of(&self, action: Action) -> &[ScopedLimit] {
        self.0.get(&action).map_or(action.defaults(), Vec::as_slice)
    }
}

fn check(action: Action, limits: &[ScopedLimit]) -> Result<(), String> {
    if limits.len() > MAX_LIMITS {
        return Err(format!("has more than {MAX_LIMITS} limits"));
    }
    for (at, limit) in limits.iter().enumerate() {
        let ScopedLimit { per, hits, window_s } = *limit;
        if !action.scopes().contains(&per) {
            let scopes: Vec<_> = action.scopes().iter().map(|scope| scope.name()).collect();
            return Err(format!("cannot be counted per {}, only per {}", per.name(), scopes.join(" or ")));
        }
        if !(1..=MAX_HITS).contains(&hits) {
            return Err(format!("hits: {hits} is not from 1 to {MAX_HITS}"));
        }
        if !(1..=MAX_WINDOW_S).contains(&window_s) {
            return Err(format!("window_s: {window_s} is not from 1 to {MAX_WINDOW_S}"));
        }
        let is_same = |other: &&ScopedLimit| other.per == per && other.window_s == window_s;
        if limits.iter().take(at).any(|other| is_same(&other)) {
            return Err(format!("two limits per {} of {window_s} s", per.name()));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_keep_their_own_rules() {
        for action in Action::ALL {
            assert_eq!(check(action, action.defaults()), Ok(()), "{}", action.name());
            assert!(!action.defaults().is_empty());
            assert_eq!(serde_json::to_value(action).unwrap(), action.name());
        }
    }

    #[test]
    fn limits_are_laid_over_the_defaults_action_by_action() {
        let json = r#"{"login_failure": [{"per": "account", "hits": 3, "window_s": 60}], "refresh": []}"#;
        let limits = Limits::parse(json).unwrap();
        assert_eq!(limits.of(Action::LoginFailure), [ScopedLimit::new(Per::Account, 3, 60)]);
        assert_eq!(limits.of(Action::Refresh), []);
        assert_eq!(limits.of(Action::Login), Action::Login.defaults());
    }

    #[test]
    fn what_is_wrong_is_named() {
        let one = |fields: &str| format!(r#"{{"login": [{{{fields}}}]}}"#);
        let twice = r#"{"login": [{"per": "address", "hits": 1, "window_s": 1}, {"per": "address", "hits": 2, "window_s": 1}]}"#;
        for (json, word) in [
            ("[]".to_owned(), "invalid type"),
            (r#"{"logon": []}"#.to_owned(), "`logon`"),
            (one(r#""per": "planet", "hits": 1, "window_s": 1"#), "`planet`"),
            (
                one(r#""per": "key", "hits": 1, "window_s": 1"#),
                "login: cannot be counted per key, only per address",
            ),
            (one(r#""per": "address", "hits": 0, "window_s": 1"#), "login: hits: 0"),
            (one(r#""per": "address", "hits": 1, "window_s": 86401"#), "login: window_s: 86401"),
            (one(r#""per": "address", "hits": 1"#), "`window_s`"),
            (one(r#""per": "address", "hits": 1, "window_s": 1, "burst": 1"#), "`burst`"),
            (twice.to_owned(), "login: two limits per address of 1 s"),
        ] {
            let problem = Limits::parse(&json).unwrap_err();
            assert!(problem.contains(word), "{problem}");
        }
    }

    #[test]
    fn an_ipv6_address_counts_as_its_network() {
        let of = |address| Per::Address.of(address).text;
        assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff::9"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
        assert_eq!(of("unknown"), "unknown");
        assert_eq!(Per::Mail.of("2001:db8::1").text, "2001:db8::1");
    }
}
