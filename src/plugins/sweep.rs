//! What goes by itself, by alarm: plugins that are gone, sessions that nobody ended, messages that nobody took.

use serde::Deserialize;

use super::mail::MAX_AGE_MS;
use super::sessions::end_sessions;
use super::{Context, GONE_MS, Registry};
use crate::domain::ids::PluginId;
use crate::domain::plugin::MAX_TOKEN_HOURS;
use crate::domain::time::DAY_MS;
use crate::ports::{DbError, decode};

/// How long reported progress is kept.
const PROGRESS_KEPT_MS: i64 = 7 * DAY_MS;
/// After so long no token of a plugin can be alive: it must be paired again, and nothing needs to be known of it.
const TOKENS_DEAD_MS: i64 = (MAX_TOKEN_HOURS + 1) * 3_600_000;

const OLD_MESSAGES: &str = "
    select plugin_id, count(*) as lost from messages where at < ?1 and body is not null group by plugin_id";
const FORGET_MESSAGES: &str = "delete from messages where at < ?1";
const FORGET_SESSIONS: &str = "delete from sessions where ended_at < ?1";
const FORGET_PROGRESS: &str = "delete from progress where at < ?1";

#[derive(Deserialize)]
struct Lost {
    plugin_id: PluginId,
    lost: i64,
}

impl Registry {
    /// Sweeps. Says whether there is anything left that another sweep may find.
    pub fn sweep(&mut self, ctx: Context<'_>) -> Result<bool, DbError> {
        self.load(ctx)?;
        let mut leaving: Vec<PluginId> = Vec::new();
        let mut silent: Vec<PluginId> = Vec::new();
        for (id, live) in self.all().filter(|(_, live)| live.is_gone(ctx.now)) {
            let is_over = ctx.now.millis_since(live.record.refreshed_at) > TOKENS_DEAD_MS;
            if !ctx.is_school || is_over { leaving.push(id.clone()) } else { silent.push(id.clone()) }
        }
        leaving.iter().try_for_each(|id| self.remove(ctx, id))?;
        silent.iter().try_for_each(|id| end_sessions(ctx, id))?;
        let before = |age: i64| [ctx.now.plus_millis(-age).into()];
        let lost: Vec<Lost> = decode(ctx.sql.query(OLD_MESSAGES, &before(MAX_AGE_MS))?)?;
        ctx.sql.query(FORGET_MESSAGES, &before(MAX_AGE_MS))?;
        ctx.sql.query(FORGET_SESSIONS, &before(GONE_MS))?;
        ctx.sql.query(FORGET_PROGRESS, &before(PROGRESS_KEPT_MS))?;
        for Lost { plugin_id, lost } in lost {
            if let Some(live) = self.live_mut(&plugin_id) {
                live.record.dropped += lost;
            }
            self.measure(ctx, &plugin_id)?;
            self.write(ctx, &plugin_id)?;
        }
        Ok(!self.is_empty())
    }
}
