//! What an app knows of one socket.

use std::collections::HashMap;
use std::sync::Arc;

use super::SocketNo;
use super::deliver::Unread;
use crate::domain::pusher::CLIENT_EVENTS_PER_S;
use crate::domain::time::Timestamp;

/// A socket.
pub(super) struct Socket {
    /// Two numbers, `123.456`.
    pub id: Arc<str>,
    /// What it is subscribed to.
    pub channels: Vec<Arc<str>>,
    /// Who signed in on it.
    pub user: Option<User>,
    /// What was sent and perhaps not read.
    pub unread: Unread,
    /// When the second of its client events began, and how many there were.
    window: (Timestamp, u32),
}

/// Who signed in on a socket.
pub(super) struct User {
    pub id: Arc<str>,
    /// Whom they watch.
    pub watchlist: Vec<String>,
}

impl Socket {
    pub fn new(id: &str) -> Self {
        Self {
            id: Arc::from(id),
            channels: Vec::new(),
            user: None,
            unread: Unread::default(),
            window: (Timestamp::from_millis(0), 0),
        }
    }

    pub fn is_on(&self, channel: &str) -> bool {
        self.channels.iter().any(|name| &**name == channel)
    }

    /// Whether one more client event is within the pace; it counts when it is.
    pub fn may_send(&mut self, now: Timestamp) -> bool {
        if now.millis_since(self.window.0) >= 1000 {
            self.window = (now, 0);
        }
        self.window.1 += 1;
        self.window.1 <= CLIENT_EVENTS_PER_S
    }
}

/// All sockets, by number and by id.
#[derive(Default)]
pub(super) struct Sockets {
    all: HashMap<SocketNo, Socket>,
    by_id: HashMap<Arc<str>, SocketNo>,
}

impl Sockets {
    pub fn insert(&mut self, no: SocketNo, socket: Socket) {
        self.by_id.insert(socket.id.clone(), no);
        self.all.insert(no, socket);
    }

    pub fn remove(&mut self, no: SocketNo) -> Option<Socket> {
        let gone = self.all.remove(&no)?;
        self.by_id.remove(&gone.id);
        Some(gone)
    }

    pub fn get(&self, no: SocketNo) -> Option<&Socket> {
        self.all.get(&no)
    }

    pub fn get_mut(&mut self, no: SocketNo) -> Option<&mut Socket> {
        self.all.get_mut(&no)
    }

    pub fn number(&self, id: &str) -> Option<SocketNo> {
        self.by_id.get(id).copied()
    }

    pub fn len(&self) -> usize {
        self.all.len()
    }

    pub fn iter(&self) -> impl Iterator<Item = (SocketNo, &Socket)> {
        self.all.iter().map(|(no, socket)| (*no, socket))
    }

    /// Those of a user who signed in, in order.
    pub fn of_user(&self, user_id: &str) -> Vec<SocketNo> {
        let is_theirs = |socket: &Socket| socket.user.as_ref().is_some_and(|user| &*user.id == user_id);
        let mut found: Vec<SocketNo> =
            self.iter().filter(|(_, socket)| is_theirs(socket)).map(|(no, _)| no).collect();
        found.sort_unstable();
        found
    }
}
