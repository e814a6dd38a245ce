//! A Pusher app, sans I/O: sockets, channels, members, users, kept events. A frame or a call comes in with the object's SQL and
//! the time, and effects go out. Class rooms, inboxes and school channels each are one; `platform/sockets.rs` performs the
//! effects.
//!
//! The truth is in SQL: what each socket is subscribed to, who signed in, what cache channels keep. [`App`] is a projection
//! of it, loaded at the first frame after the object woke; sockets that went meanwhile are taken out then, and the others
//! see them leave.

mod app;
mod client_event;
mod count;
mod deliver;
mod http_api;
mod kept;
pub mod log;
mod news;
mod presence;
mod schema;
mod sign_in;
mod socket;
mod subscribe;
mod watch;

pub use app::{App, MAX_SOCKETS, unknown_app};
pub use http_api::{ApiAnswer, ApiCall};
pub use kept::forget as forget_kept_events;
pub use log::{EventLog, Logged, NewEvent, Replay};
pub use news::{KeptNews, News, NewsKeeper};

use crate::domain::pusher::CloseCode;
use crate::domain::time::Timestamp;
use crate::ports::{DbError, Entropy, Sql};

/// A socket, as the glue numbers it while the object is awake.
pub type SocketNo = u32;

/// What an app is given for one call.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The object's own SQLite.
    pub sql: &'a dyn Sql,
    /// Now.
    pub now: Timestamp,
    /// Randomness for ids.
    pub entropy: &'a dyn Entropy,
    /// The app's key, which is its id as well.
    pub key: &'a str,
    /// The app's secret.
    pub secret: &'a str,
}

/// What the glue does after a call, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Sends one frame to these sockets.
    Send {
        /// Those that are gone are skipped.
        to: Vec<SocketNo>,
        /// The whole frame.
        frame: String,
    },
    /// Closes a socket; [`App::closed`] was done already.
    Close {
        /// The socket.
        socket: SocketNo,
        /// Why.
        code: CloseCode,
    },
    /// Wakes the object at this time (an alarm), or earlier.
    Wake(Timestamp),
    /// Something that a server may want to be told of.
    Tell(News),
}

impl Effect {
    /// What a server may want to be told of.
    pub const fn news(&self) -> Option<&News> {
        match self {
            Self::Tell(news) => Some(news),
            _ => None,
        }
    }
}

/// An event that has its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Appended {
    /// The number.
    pub seq: i64,
    /// When the object is to wake for it, no later.
    pub wake: Option<Timestamp>,
}

/// Who numbers the events of the app and keeps them: the room of a class, or [`EventLog`].
pub trait Feed {
    /// Appends an event and gives its number. It is not delivered yet.
    fn append(&mut self, ctx: Context<'_>, event: &NewEvent<'_>) -> Result<Appended, DbError>;
    /// What a channel carried behind a number.
    fn replay(&mut self, ctx: Context<'_>, channel: &str, after: i64) -> Result<Replay, DbError>;
    /// Forgets what it remembers of SQL, for a write that came after its own was taken back.
    fn forget(&mut self);
    /// The frame that a cache channel of the feed's own has for who comes; nothing when the channel is not the feed's own,
    /// `Some(None)` when it is empty.
    fn kept(&mut self, ctx: Context<'_>, channel: &str) -> Result<Option<Option<String>>, DbError>;
    /// Whether clients may tell each other anything.
    fn takes_client_events(&self) -> bool {
        true
    }
}
