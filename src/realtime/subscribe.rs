//! How a socket comes to a channel, and leaves it.

use serde_json::json;

use super::app::App;
use super::log::Replay;
use super::presence::{Member, parse_member};
use super::{Context, Effect, Feed, News, SocketNo, kept};
use crate::domain::pusher::{
    self, ChannelKind, MAX_CHANNELS_PER_SOCKET, MAX_MEMBERS, ServerFrame, USER_CHANNEL,
};
use crate::ports::DbError;

const ADD: &str = "
    insert into subscriptions (socket_id, channel, user_id, user_info) values (?1, ?2, ?3, ?4)
    on conflict (socket_id, channel) do update set user_id = excluded.user_id, user_info = excluded.user_info";
const REMOVE: &str = "delete from subscriptions where socket_id = ?1 and channel = ?2";

/// What a client asks for.
pub(super) struct Wanted<'a> {
    pub channel: &'a str,
    pub auth: Option<&'a str>,
    pub channel_data: Option<&'a str>,
    pub resume_after: Option<i64>,
}

/// Why it does not get it: Pusher's `type`, the status, and what is wrong.
type Refusal = (&'static str, u16, &'static str);

impl App {
    pub(super) fn subscribe(
        &mut self,
        ctx: Context<'_>,
        feed: &mut dyn Feed,
        no: SocketNo,
        wanted: &Wanted<'_>,
        effects: &mut Vec<Effect>,
    ) -> Result<(), DbError> {
        let (kind, member) = match self.may_subscribe(ctx, no, wanted) {
            Ok(allowed) => allowed,
            Err((kind, status, error)) => {
                let data = json!({"type": kind, "error": error, "status": status}).to_string();
                self.reply(no, "pusher:subscription_error", Some(wanted.channel), &data, effects);
                return Ok(());
            }
        };
        self.join(ctx, no, wanted.channel, member, effects)?;
        if kind.cache {
            self.send_kept(ctx, feed, no, wanted.channel, effects)?;
        }
        if let Some(after) = wanted.resume_after {
            self.resume(ctx, feed, no, (wanted.channel, after), effects)?;
        }
        Ok(())
    }

    fn may_subscribe(
        &self,
        ctx: Context<'_>,
        no: SocketNo,
        wanted: &Wanted<'_>,
    ) -> Result<(ChannelKind, Option<Member>), Refusal> {
        let name = wanted.channel;
        let kind = ChannelKind::of(name).ok_or(("InvalidChannel", 400, "no such channel can be"))?;
        let socket = self.sockets.get(no).ok_or(("AuthError", 401, "the socket is not connected"))?;
        if socket.channels.len() >= MAX_CHANNELS_PER_SOCKET && !socket.is_on(name) {
            return Err(("LimitReached", 4004, "this connection is on as many channels as it may be"));
        }
        if kind.user {
            let user = socket.user.as_ref().map(|user| &*user.id);
            let is_theirs = name.strip_prefix(USER_CHANNEL) == user;
            return if is_theirs {
                Ok((kind, None))
            } else {
                Err(("AuthError", 401, "another user's channel"))
            };
        }
        if !kind.private {
            return Ok((kind, None));
        }
        let text = pusher::subscription_text(&socket.id, name, wanted.channel_data);
        if !wanted.auth.is_some_and(|auth| pusher::verify(ctx.key, ctx.secret.as_bytes(), &text, auth)) {
            return Err(("AuthError", 401, "the signature does not fit"));
        }
        if !kind.presence {
            return Ok((kind, None));
        }
        let data = wanted.channel_data.ok_or(("AuthError", 400, "channel_data must hold a user_id"))?;
        let member = parse_member(data).map_err(|error| ("AuthError", 400, error))?;
        let members = self.channels.get(name).map(|channel| &channel.members);
        let is_full =
            members.is_some_and(|members| members.len() >= MAX_MEMBERS && !members.contains(&member.user_id));
        if is_full {
            return Err(("LimitReached", 4004, "the channel has as many members as it may have"));
        }
        Ok((kind, Some(member)))
    }

    /// Again is the same as once: who is on the channel already is told so.
    fn join(
        &mut self,
        ctx: Context<'_>,
        no: SocketNo,
        name: &str,
        member: Option<Member>,
        effects: &mut Vec<Effect>,
    ) -> Result<(), DbError> {
        let Some(socket) = self.sockets.get(no) else { return Ok(()) };
        let is_on = socket.is_on(name);
        let (mut is_first, mut is_new) = (false, false);
        if !is_on {
            let id = socket.id.clone();
            self.ensure_tables(ctx.sql)?;
            let (user_id, info) = member
                .as_ref()
                .map_or((None, None), |member| (Some(&*member.user_id), member.info.as_deref()));
            ctx.sql.query(ADD, &[(&*id).into(), name.into(), user_id.into(), info.into()])?;
            (is_first, is_new) = self.put(no, name, member.clone());
        }
        let roster = self.channels.get(name).filter(|channel| channel.kind.presence);
        let data = roster.map_or_else(|| "{}".to_owned(), |channel| channel.members.roster());
        self.reply(no, "pusher_internal:subscription_succeeded", Some(name), &data, effects);
        if is_first {
            effects.push(Effect::Tell(News::Occupied(name.to_owned())));
        }
        if let Some(member) = member.filter(|_| is_new) {
            self.member_came(name, no, &member, effects);
        }
        if !is_on {
            self.count_changed(ctx.now, name, effects);
        }
        Ok(())
    }

    fn send_kept(
        &mut self,
        ctx: Context<'_>,
        feed: &mut dyn Feed,
        no: SocketNo,
        name: &str,
        effects: &mut Vec<Effect>,
    ) -> Result<(), DbError> {
        let event = match feed.kept(ctx, name)? {
            Some(own) => own,
            None => kept::frame(ctx, name)?,
        };
        if let Some(frame) = event {
            self.send(vec![no], frame, effects);
        } else {
            self.reply(no, "pusher:cache_miss", Some(name), "{}", effects);
            effects.push(Effect::Tell(News::CacheMiss(name.to_owned())));
        }
        Ok(())
    }

    /// Sends what the channel carried since, in order, and says that it is all; or says that it cannot. (Additions to the
    /// protocol: `resume` in the subscription, `edge:resume_succeeded` and `edge:resume_failed` as the answer.)
    fn resume(
        &mut self,
        ctx: Context<'_>,
        feed: &mut dyn Feed,
        no: SocketNo,
        (name, after): (&str, i64),
        effects: &mut Vec<Effect>,
    ) -> Result<(), DbError> {
        match feed.replay(ctx, name, after)? {
            Replay::Events(events) => {
                for event in &events {
                    let (seq, channel) = (Some(event.seq), Some(name));
                    let frame = ServerFrame { event: &event.name, channel, data: &event.data, seq };
                    self.send(vec![no], frame.text(), effects);
                }
                let data = json!({"after": after, "events": events.len()}).to_string();
                self.reply(no, "edge:resume_succeeded", Some(name), &data, effects);
            }
            Replay::Gap { oldest_seq, last_seq } => {
                let data =
                    json!({"after": after, "oldest_seq": oldest_seq, "last_seq": last_seq}).to_string();
                self.reply(no, "edge:resume_failed", Some(name), &data, effects);
            }
        }
        Ok(())
    }

    pub(super) fn unsubscribe(
        &mut self,
        ctx: Context<'_>,
        no: SocketNo,
        name: &str,
        effects: &mut Vec<Effect>,
    ) -> Result<(), DbError> {
        let Some(socket) = self.sockets.get_mut(no).filter(|socket| socket.is_on(name)) else {
            return Ok(());
        };
        socket.channels.retain(|channel| &**channel != name);
        let id = socket.id.clone();
        ctx.sql.query(REMOVE, &[(&*id).into(), name.into()])?;
        self.take_out(ctx, no, name, effects);
        Ok(())
    }
}
