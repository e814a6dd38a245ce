//! Watchlists: a signed-in user is told when those they watch come and go (`pusher_internal:watchlist_events`).

use serde_json::json;

use super::app::App;
use super::{Effect, SocketNo};

impl App {
    /// A user signed in on a socket: they hear who of those they watch is there, and those who watch them hear of them.
    pub(super) fn user_came(&mut self, no: SocketNo, user_id: &str, is_new: bool, effects: &mut Vec<Effect>) {
        let watched =
            self.sockets.get(no).and_then(|socket| socket.user.as_ref()).map(|user| &user.watchlist);
        let (here, away): (Vec<String>, Vec<String>) =
            watched.into_iter().flatten().cloned().partition(|id| !self.sockets.of_user(id).is_empty());
        self.tell_of(vec![no], "online", &here, effects);
        self.tell_of(vec![no], "offline", &away, effects);
        if is_new {
            let watchers = self.watchers(user_id, Some(no));
            self.tell_of(watchers, "online", &[user_id.to_owned()], effects);
        }
    }

    /// A socket of a user is gone: when it was the last one, those who watch them hear of it.
    pub(super) fn user_left(&mut self, user_id: &str, effects: &mut Vec<Effect>) {
        if self.sockets.of_user(user_id).is_empty() {
            let watchers = self.watchers(user_id, None);
            self.tell_of(watchers, "offline", &[user_id.to_owned()], effects);
        }
    }

    fn watchers(&self, user_id: &str, except: Option<SocketNo>) -> Vec<SocketNo> {
        let watches = |no: SocketNo| {
            let user = self.sockets.get(no).and_then(|socket| socket.user.as_ref());
            user.is_some_and(|user| user.watchlist.iter().any(|watched| watched == user_id))
        };
        let mut found: Vec<SocketNo> =
            self.sockets.iter().map(|(no, _)| no).filter(|no| Some(*no) != except && watches(*no)).collect();
        found.sort_unstable();
        found
    }

    fn tell_of(&mut self, to: Vec<SocketNo>, name: &str, user_ids: &[String], effects: &mut Vec<Effect>) {
        if to.is_empty() || user_ids.is_empty() {
            return;
        }
        let data = json!({"events": [{"name": name, "user_ids": user_ids}]}).to_string();
        let event = "pusher_internal:watchlist_events";
        let frame = crate::domain::pusher::ServerFrame { event, channel: None, data: &data, seq: None };
        self.send(to, frame.text(), effects);
    }
}
