//! How many are on a channel (`pusher_internal:subscription_count`): told to those who are on it, but for presence channels, at
//! most once a second, or every five when they are many.

use serde_json::json;

use super::app::{App, Channel};
use super::{Context, Effect};
use crate::domain::pusher::ServerFrame;
use crate::domain::time::Timestamp;
use crate::ports::DbError;

const MANY: usize = 100;
const EVERY_MS: i64 = 1000;
const EVERY_MS_OF_MANY: i64 = 5000;

/// What a channel's subscribers know of their number.
#[derive(Default)]
pub(super) struct Count {
    changed: bool,
    sent_at: Option<Timestamp>,
}

fn due_at(channel: &Channel) -> Option<Timestamp> {
    let every = if channel.subscribers.len() > MANY { EVERY_MS_OF_MANY } else { EVERY_MS };
    channel.count.sent_at.map(|at| at.plus_millis(every))
}

impl App {
    /// The alarm rang: what was put off is done.
    pub fn due(&mut self, ctx: Context<'_>) -> Result<Vec<Effect>, DbError> {
        let mut effects = Vec::new();
        self.send_counts(ctx, &mut effects);
        self.drop_slow(ctx, &mut effects)?;
        Ok(effects)
    }

    /// Sends the number, or sees to it that it is sent soon.
    pub(super) fn count_changed(&mut self, now: Timestamp, name: &str, effects: &mut Vec<Effect>) {
        let Some(channel) = self.channels.get_mut(name) else { return };
        if channel.kind.presence || channel.kind.user {
            return;
        }
        let was_changed = std::mem::replace(&mut channel.count.changed, true);
        match due_at(channel).filter(|at| *at > now) {
            Some(at) if !was_changed => effects.push(Effect::Wake(at)),
            Some(_) => {}
            None => self.send_count(now, name, effects),
        }
    }

    fn send_count(&mut self, now: Timestamp, name: &str, effects: &mut Vec<Effect>) {
        let Some(channel) = self.channels.get_mut(name) else { return };
        channel.count.changed = false;
        channel.count.sent_at = Some(now);
        let data = json!({"subscription_count": channel.subscribers.len()}).to_string();
        let event = "pusher_internal:subscription_count";
        let frame = ServerFrame { event, channel: Some(name), data: &data, seq: None };
        self.send_to_channel(name, frame.text(), None, effects);
    }

    /// Sends the numbers that are due. After waking all are: what had been put off is not known any more.
    fn send_counts(&mut self, ctx: Context<'_>, effects: &mut Vec<Effect>) {
        let all = std::mem::take(&mut self.is_fresh);
        let counted =
            self.channels.iter().filter(|(_, channel)| !channel.kind.presence && !channel.kind.user);
        let changed: Vec<(String, Option<Timestamp>)> = counted
            .filter(|(_, channel)| all || channel.count.changed)
            .map(|(name, channel)| (name.to_string(), due_at(channel)))
            .collect();
        for (name, due_at) in changed {
            match due_at.filter(|at| *at > ctx.now) {
                Some(at) => effects.push(Effect::Wake(at)),
                None => self.send_count(ctx.now, &name, effects),
            }
        }
    }
}
