//! The app: its sockets and channels, how they come, speak and go.

use std::collections::HashMap;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::json;

use super::client_event::REFUSED;
use super::count::Count;
use super::presence::{Member, Members};
use super::socket::{Socket, Sockets, User};
use super::{Context, Effect, Feed, News, SocketNo, schema};
use crate::domain::pusher::{
    self, ChannelKind, ClientFrame, CloseCode, PONG, ServerFrame, Shard, error_frame,
};
use crate::ports::{DbError, Sql, decode};

/// The most sockets of one object. The platform takes 32,768; with a tenth of its memory this many are held.
pub const MAX_SOCKETS: usize = 10_000;
/// A client spreads its coming back over so many milliseconds, so that a deploy is no storm. An addition to the protocol.
const RECONNECT_JITTER_MS: u32 = 2000;

const ALL_SUBSCRIPTIONS: &str = "
    select socket_id, channel, user_id, user_info from subscriptions order by socket_id, channel";
const ALL_SIGNED_IN: &str = "select socket_id, user_id, watchlist from signed_in";
const FORGET_SOCKET: &str = "delete from subscriptions where socket_id = ?1";
const FORGET_SIGN_IN: &str = "delete from signed_in where socket_id = ?1";

/// See the module of `realtime`.
pub struct App {
    pub(super) sockets: Sockets,
    pub(super) channels: HashMap<Arc<str>, Channel>,
    /// Whether the tables are there.
    pub(super) has_tables: bool,
    /// Those that did not read what they were sent, to be closed.
    pub(super) slow: Vec<SocketNo>,
    /// Whether the projection is as SQL had it: what had been put off before may never have been sent.
    pub(super) is_fresh: bool,
}

/// A channel that somebody is on.
pub(super) struct Channel {
    pub kind: ChannelKind,
    pub subscribers: Vec<SocketNo>,
    pub members: Members,
    pub count: Count,
}

#[derive(Deserialize)]
struct SubscriptionRow {
    socket_id: String,
    channel: String,
    user_id: Option<String>,
    user_info: Option<String>,
}

#[derive(Deserialize)]
struct SignedInRow {
    socket_id: String,
    user_id: String,
    watchlist: String,
}

impl App {
    /// What SQL says of the sockets that are open. Those that are not open any more are taken out, and the others see it.
    pub fn load(ctx: Context<'_>, open: &[(SocketNo, String)]) -> Result<(Self, Vec<Effect>), DbError> {
        let mut app = Self {
            sockets: Sockets::default(),
            channels: HashMap::new(),
            has_tables: schema::exists(ctx.sql)?,
            slow: Vec::new(),
            is_fresh: true,
        };
        for (no, id) in open {
            app.sockets.insert(*no, Socket::new(id));
        }
        let mut effects = Vec::new();
        if app.has_tables {
            let gone = app.load_rows(ctx.sql, open)?;
            for no in gone {
                app.leave(ctx, no, &mut effects)?;
            }
            app.drop_slow(ctx, &mut effects)?;
        }
        Ok((app, effects))
    }

    /// Gives the numbers of those that SQL knows and that are not open: they are in the projection as if they were.
    fn load_rows(&mut self, sql: &dyn Sql, open: &[(SocketNo, String)]) -> Result<Vec<SocketNo>, DbError> {
        let mut gone = Vec::new();
        let mut next = open.iter().map(|(no, _)| no + 1).max().unwrap_or(0);
        let mut number = |app: &mut Self, id: &str| {
            app.sockets.number(id).unwrap_or_else(|| {
                let no = next;
                next += 1;
                app.sockets.insert(no, Socket::new(id));
                gone.push(no);
                no
            })
        };
        for row in decode::<SubscriptionRow>(sql.query(ALL_SUBSCRIPTIONS, &[])?)? {
            let no = number(self, &row.socket_id);
            let member = row.user_id.map(|user_id| Member { user_id, info: row.user_info });
            self.put(no, &row.channel, member);
        }
        for row in decode::<SignedInRow>(sql.query(ALL_SIGNED_IN, &[])?)? {
            let no = number(self, &row.socket_id);
            if let Some(socket) = self.sockets.get_mut(no) {
                let watchlist = serde_json::from_str(&row.watchlist).unwrap_or_default();
                socket.user = Some(User { id: Arc::from(row.user_id), watchlist });
            }
        }
        Ok(gone)
    }

    /// A socket opened, in a shard where the app has shards. `query` is that of its address. Gives its id, or nothing when it is
    /// refused.
    pub fn opened(
        &mut self,
        ctx: Context<'_>,
        no: SocketNo,
        (query, shard): (&str, Option<Shard>),
        effects: &mut Vec<Effect>,
    ) -> Option<String> {
        let refusal = if self.sockets.len() >= MAX_SOCKETS {
            Some(CloseCode::OverCapacity)
        } else {
            CloseCode::of_version(query)
        };
        if let Some(code) = refusal {
            refuse(no, code, effects);
            return None;
        }
        let mut random = [0; 8];
        ctx.entropy.fill(&mut random);
        let id = pusher::socket_id(random, shard);
        let data = json!({
            "socket_id": id, "activity_timeout": pusher::ACTIVITY_TIMEOUT_S,
            "reconnect_jitter_ms": RECONNECT_JITTER_MS,
        });
        self.sockets.insert(no, Socket::new(&id));
        self.reply(no, "pusher:connection_established", None, &data.to_string(), effects);
        Some(id)
    }

    /// A socket spoke.
    pub fn frame(
        &mut self,
        ctx: Context<'_>,
        feed: &mut dyn Feed,
        no: SocketNo,
        text: &str,
    ) -> Result<Vec<Effect>, DbError> {
        let mut effects = Vec::new();
        match pusher::parse_frame(text) {
            None => {
                self.error(no, 4300, "The frame is not of the Pusher protocol, or too long", &mut effects);
            }
            Some(ClientFrame::Ping) => self.send(vec![no], PONG.to_owned(), &mut effects),
            Some(ClientFrame::Pong) => {
                if let Some(socket) = self.sockets.get_mut(no) {
                    socket.unread.answered();
                }
            }
            Some(ClientFrame::Unknown) => {}
            Some(ClientFrame::Unsubscribe { channel }) => {
                self.unsubscribe(ctx, no, &channel, &mut effects)?;
            }
            Some(ClientFrame::Subscribe { channel, auth, channel_data, resume_after }) => {
                let wanted = super::subscribe::Wanted {
                    channel: &channel,
                    auth: auth.as_deref(),
                    channel_data: channel_data.as_deref(),
                    resume_after,
                };
                self.subscribe(ctx, feed, no, &wanted, &mut effects)?;
            }
            Some(ClientFrame::SignIn { auth, user_data }) => {
                self.sign_in(ctx, no, &auth, &user_data, &mut effects)?;
            }
            Some(ClientFrame::ClientEvent { event, channel, data }) => {
                if feed.takes_client_events() {
                    self.client_event(ctx, no, (&event, &channel, &data), &mut effects);
                } else {
                    self.error(no, REFUSED, "This app takes no client events", &mut effects);
                }
            }
        }
        self.drop_slow(ctx, &mut effects)?;
        Ok(effects)
    }

    /// A socket is gone.
    pub fn closed(&mut self, ctx: Context<'_>, no: SocketNo) -> Result<Vec<Effect>, DbError> {
        let mut effects = Vec::new();
        self.leave(ctx, no, &mut effects)?;
        self.drop_slow(ctx, &mut effects)?;
        Ok(effects)
    }

    /// Closes the sockets of these ids; those that are gone are no error.
    pub fn close_sockets(
        &mut self,
        ctx: Context<'_>,
        ids: &[String],
        code: CloseCode,
    ) -> Result<Vec<Effect>, DbError> {
        let mut effects = Vec::new();
        for id in ids {
            if let Some(no) = self.sockets.number(id) {
                self.close(ctx, no, code, &mut effects)?;
            }
        }
        self.drop_slow(ctx, &mut effects)?;
        Ok(effects)
    }

    /// The number of a socket, by its id.
    pub fn number(&self, id: &str) -> Option<SocketNo> {
        self.sockets.number(id)
    }

    /// Whether nobody is connected.
    pub fn is_empty(&self) -> bool {
        self.sockets.len() == 0
    }

    /// Takes from the socket what it is before closing it, so that a client that does not answer the close is nobody either.
    pub(super) fn close(
        &mut self,
        ctx: Context<'_>,
        no: SocketNo,
        code: CloseCode,
        effects: &mut Vec<Effect>,
    ) -> Result<(), DbError> {
        refuse(no, code, effects);
        self.leave(ctx, no, effects)
    }

    /// Takes a socket out of everything.
    fn leave(&mut self, ctx: Context<'_>, no: SocketNo, effects: &mut Vec<Effect>) -> Result<(), DbError> {
        let Some(mut gone) = self.sockets.remove(no) else { return Ok(()) };
        // In an order that is the same whether or not the projection was loaded anew since they came.
        gone.channels.sort_unstable();
        self.slow.retain(|slow| *slow != no);
        if !gone.channels.is_empty() {
            ctx.sql.query(FORGET_SOCKET, &[(&*gone.id).into()])?;
        }
        for channel in &gone.channels {
            self.take_out(ctx, no, channel, effects);
        }
        if let Some(user) = gone.user {
            ctx.sql.query(FORGET_SIGN_IN, &[(&*gone.id).into()])?;
            self.user_left(&user.id, effects);
        }
        Ok(())
    }

    /// Puts a socket on a channel. Gives whether it is the first one, and whether the member is new there.
    pub(super) fn put(&mut self, no: SocketNo, name: &str, member: Option<Member>) -> (bool, bool) {
        let name: Arc<str> =
            self.channels.get_key_value(name).map_or_else(|| Arc::from(name), |(key, _)| key.clone());
        let channel = self.channels.entry(name.clone()).or_insert_with(|| Channel {
            kind: ChannelKind::of(&name).unwrap_or_default(),
            subscribers: Vec::new(),
            members: Members::default(),
            count: Count::default(),
        });
        let is_first = channel.subscribers.is_empty();
        channel.subscribers.push(no);
        let is_new = member.is_some_and(|member| channel.members.add(no, member));
        if let Some(socket) = self.sockets.get_mut(no) {
            socket.channels.push(name);
        }
        (is_first, is_new)
    }

    /// Takes a socket off a channel, and tells the others what it means for them.
    pub(super) fn take_out(&mut self, ctx: Context<'_>, no: SocketNo, name: &str, effects: &mut Vec<Effect>) {
        let Some(channel) = self.channels.get_mut(name) else { return };
        channel.subscribers.retain(|subscriber| *subscriber != no);
        let left = channel.members.remove(no);
        let is_empty = channel.subscribers.is_empty();
        if let Some(user_id) = left {
            self.member_left(name, &user_id, effects);
        }
        if is_empty {
            self.channels.remove(name);
            effects.push(Effect::Tell(News::Vacated(name.to_owned())));
        } else {
            self.count_changed(ctx.now, name, effects);
        }
    }

    /// Makes the tables, once.
    pub(super) fn ensure_tables(&mut self, sql: &dyn Sql) -> Result<(), DbError> {
        if !self.has_tables {
            schema::create(sql)?;
            self.has_tables = true;
        }
        Ok(())
    }

    pub(super) fn reply(
        &mut self,
        no: SocketNo,
        event: &str,
        channel: Option<&str>,
        data: &str,
        effects: &mut Vec<Effect>,
    ) {
        self.send(vec![no], ServerFrame { event, channel, data, seq: None }.text(), effects);
    }

    pub(super) fn error(&mut self, no: SocketNo, code: u16, message: &str, effects: &mut Vec<Effect>) {
        self.send(vec![no], error_frame(code, message), effects);
    }
}

/// Says why, and closes.
fn refuse(no: SocketNo, code: CloseCode, effects: &mut Vec<Effect>) {
    effects.push(Effect::Send { to: vec![no], frame: error_frame(code as u16, code.reason()) });
    effects.push(Effect::Close { socket: no, code });
}

/// There is no app behind this key.
pub fn unknown_app(no: SocketNo) -> Vec<Effect> {
    let mut effects = Vec::new();
    refuse(no, CloseCode::AppNotFound, &mut effects);
    effects
}
