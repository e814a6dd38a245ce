//! The channels of a class room.

use crate::domain::user::Role;

/// A channel on which the room itself speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Channel {
    /// The teacher's feed.
    Class,
    /// The board, kept for who comes later.
    Leaderboard,
    /// The session's state, kept for who comes later.
    Session,
}

impl Channel {
    /// By name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Class, Self::Leaderboard, Self::Session].into_iter().find(|channel| channel.name() == name)
    }

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Class => "private-class",
            Self::Leaderboard => "private-cache-leaderboard",
            Self::Session => "private-cache-session",
        }
    }
}

/// Who watches.
const PRESENCE: &str = "presence-class";

/// The channels that somebody who may see the class may join: those of the room, who watches, their own role and their own.
pub fn channels_of(user_id: &str, role: Role) -> Vec<String> {
    let rooms =
        [Channel::Class, Channel::Leaderboard, Channel::Session].map(|channel| channel.name().to_owned());
    let own = [PRESENCE.to_owned(), format!("presence-{}", role.name()), format!("private-user-{user_id}")];
    rooms.into_iter().chain(own).collect()
}
