//! How a frame reaches the sockets of a channel, and what happens with those that do not read.
//!
//! Nothing on Workers tells how much of what was sent has arrived. So a socket that got much is asked by `pusher:ping`, which
//! every client answers in order: what came before the ping was read when the pong is here. Who gets far more before
//! answering is dropped with 4201, comes back, and asks for what it missed.

use super::app::App;
use super::{Context, Effect, SocketNo};
use crate::domain::pusher::{CloseCode, PING};
use crate::ports::DbError;

/// A socket that got so much since it was last known to read is asked.
const ASK_AFTER: Amount = Amount { frames: 256, bytes: 256 * 1024 };
/// A socket that got so much without answering is dropped.
const DROP_AFTER: Amount = Amount { frames: 2048, bytes: 2 * 1024 * 1024 };

#[derive(Clone, Copy, Default)]
struct Amount {
    frames: u32,
    bytes: u32,
}

impl Amount {
    const fn reaches(self, limit: Self) -> bool {
        self.frames >= limit.frames || self.bytes >= limit.bytes
    }
}

/// What was sent to a socket since it was last known to have read all.
#[derive(Clone, Copy, Default)]
pub(super) struct Unread {
    sent: Amount,
    /// What of it came before the ping that is not answered yet.
    asked_at: Option<Amount>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Reader {
    Fine,
    Ask,
    Drop,
}

impl Unread {
    fn sent(&mut self, bytes: usize) -> Reader {
        self.sent.frames = self.sent.frames.saturating_add(1);
        self.sent.bytes = self.sent.bytes.saturating_add(u32::try_from(bytes).unwrap_or(u32::MAX));
        if self.asked_at.is_some() {
            return if self.sent.reaches(DROP_AFTER) { Reader::Drop } else { Reader::Fine };
        }
        if self.sent.reaches(ASK_AFTER) {
            self.asked_at = Some(self.sent);
            return Reader::Ask;
        }
        Reader::Fine
    }

    /// The pong is here.
    pub fn answered(&mut self) {
        if let Some(read) = self.asked_at.take() {
            self.sent.frames = self.sent.frames.saturating_sub(read.frames);
            self.sent.bytes = self.sent.bytes.saturating_sub(read.bytes);
        }
    }
}

impl App {
    /// Sends a frame to who is subscribed to the channel, but not to the socket of the id `except`.
    pub fn publish(
        &mut self,
        ctx: Context<'_>,
        channel: &str,
        frame: String,
        except: Option<&str>,
        effects: &mut Vec<Effect>,
    ) -> Result<(), DbError> {
        let except = except.and_then(|id| self.sockets.number(id));
        self.send_to_channel(channel, frame, except, effects);
        self.drop_slow(ctx, effects)
    }

    pub(super) fn send_to_channel(
        &mut self,
        channel: &str,
        frame: String,
        except: Option<SocketNo>,
        effects: &mut Vec<Effect>,
    ) {
        let Some(subscribers) = self.channels.get(channel).map(|channel| &channel.subscribers) else {
            return;
        };
        let to: Vec<SocketNo> = subscribers.iter().copied().filter(|no| Some(*no) != except).collect();
        self.send(to, frame, effects);
    }

    /// Sends a frame to sockets, and marks those that do not read.
    pub(super) fn send(&mut self, to: Vec<SocketNo>, frame: String, effects: &mut Vec<Effect>) {
        if to.is_empty() {
            return;
        }
        let mut asked = Vec::new();
        for no in &to {
            match self.sockets.get_mut(*no).map(|socket| socket.unread.sent(frame.len())) {
                Some(Reader::Ask) => asked.push(*no),
                Some(Reader::Drop) if !self.slow.contains(no) => self.slow.push(*no),
                Some(_) | None => {}
            }
        }
        effects.push(Effect::Send { to, frame });
        if !asked.is_empty() {
            effects.push(Effect::Send { to: asked, frame: PING.to_owned() });
        }
    }

    /// Closes those that did not read. Others see them leave, which may make more of them.
    pub(super) fn drop_slow(&mut self, ctx: Context<'_>, effects: &mut Vec<Effect>) -> Result<(), DbError> {
        while let Some(no) = self.slow.pop() {
            self.close(ctx, no, CloseCode::TooSlow, effects)?;
        }
        Ok(())
    }
}
