//! An app with more listeners than one object should hold is several objects, its shards. They share the app's key and secret;
//! which of them has a socket is said by the socket's id, so that a socket is found without asking them all.

/// The shards of such an app: 10,000 listeners are about 625 in each.
const SHARDS: u32 = 16;
const SEPARATOR: char = ':';

/// One of the shards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shard(u32);

impl Shard {
    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..SHARDS).map(Self)
    }

    /// By chance: the door knows nothing of who connects but that they are many.
    pub fn by_chance(random: [u8; 4]) -> Self {
        Self(u32::from_be_bytes(random) % SHARDS)
    }

    /// The one that has the socket.
    pub fn of_socket(socket_id: &str) -> Option<Self> {
        let number: u32 = socket_id.split_once('.')?.0.parse().ok()?;
        Some(Self(number % SHARDS))
    }

    /// The name of the object that is this shard of the app.
    pub fn object_name(self, app_key: &str) -> String {
        format!("{app_key}{SEPARATOR}{}", self.0)
    }

    /// The app's key and the shard in an object's name.
    pub fn parse(object_name: &str) -> (&str, Option<Self>) {
        match object_name.split_once(SEPARATOR) {
            Some((app_key, number)) => (app_key, number.parse().ok().filter(|no| *no < SHARDS).map(Self)),
            None => (object_name, None),
        }
    }

    /// The nearest number that says that it is of this shard.
    pub(super) const fn mark(self, number: u32) -> u32 {
        number - number % SHARDS + self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::pusher::{is_socket_id, socket_id};

    #[test]
    fn a_sockets_id_says_in_which_shard_it_is() {
        for shard in Shard::all() {
            for random in [[0; 8], [255; 8], [1, 2, 3, 4, 5, 6, 7, 8]] {
                let id = socket_id(random, Some(shard));
                assert!(is_socket_id(&id), "{id}");
                assert_eq!(Shard::of_socket(&id), Some(shard), "{id}");
            }
        }
        assert_eq!(Shard::of_socket("99999999999999999999.1"), None);
    }

    #[test]
    fn an_objects_name_is_the_apps_key_and_the_shard() {
        let shard = Shard::by_chance([0, 0, 0, 19]);
        assert_eq!(shard.object_name("sch_1"), "sch_1:3");
        assert_eq!(Shard::parse("sch_1:3"), ("sch_1", Some(shard)));
        assert_eq!(Shard::parse("sch_1:16"), ("sch_1", None));
        assert_eq!(Shard::parse("rk1"), ("rk1", None));
    }
}
