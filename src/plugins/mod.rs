//! The registry of Studio plugins, sans I/O: who is registered, who is alive, what waits for whom. One Durable Object a school
//! for its paired plugins, and sixteen lobbies for those that nobody has paired yet.
//!
//! A call of a plugin is one request: whether its token is the newest one, whether it calls too often, and what it wants are
//! settled together. Who is registered is kept in memory as well as in SQLite. When a plugin was heard of last is written at
//! most once a minute: a crash sets it back by that minute at most, and what a heartbeat is answered
//! ([`Beat::registered_until`]) counts from what is written. Counters of the limits are in memory alone: a crash forgets a
//! minute of them. Everything else that is acknowledged is written.

mod act;
mod mail;
mod op;
mod roster;
mod schema;
mod sessions;
mod sweep;

use std::collections::BTreeMap;

pub use op::{
    Act, ActRefusal, Acted, Beat, Caller, Mailbag, MessageView, Owner, PluginProgress, PluginStatus,
    PluginView, RegistryAnswer, RegistryOp, Sent, SessionView, Standing, Synced, Told,
};
use roster::Live;

use crate::domain::ids::PluginId;
use crate::domain::time::Timestamp;
use crate::ports::{DbError, Entropy, Sql};

/// After so long without a word a plugin is stale: twenty heartbeats of the old plugin.
pub const STALE_MS: i64 = 600_000;
/// After so long it is gone from its lobby, and offline in its school.
pub const GONE_MS: i64 = 3_600_000;
/// How often a lobby looks for who is gone.
pub const LOBBY_SWEEP_MS: i64 = 300_000;
/// How often a school's registry does: there are few, and nothing hurries.
pub const SCHOOL_SWEEP_MS: i64 = 3_600_000;

/// What a call is done with.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The object's own tables.
    pub sql: &'a dyn Sql,
    /// The time.
    pub now: Timestamp,
    /// Randomness.
    pub entropy: &'a dyn Entropy,
    /// Whether it is a school's registry, not a lobby.
    pub is_school: bool,
}

impl Context<'_> {
    /// How long until the next sweep.
    pub const fn sweep_ms(&self) -> i64 {
        if self.is_school { SCHOOL_SWEEP_MS } else { LOBBY_SWEEP_MS }
    }
}

/// What an object has in memory. Forget it when a call failed: what it says never happened.
#[derive(Default)]
pub struct Registry {
    /// Nothing before the first call.
    plugins: Option<BTreeMap<PluginId, Live>>,
}

impl Registry {
    /// Does one thing.
    pub fn call(&mut self, ctx: Context<'_>, op: RegistryOp) -> Result<RegistryAnswer, DbError> {
        self.load(ctx)?;
        match op {
            RegistryOp::Register(registration) => {
                self.register(ctx, registration).map(RegistryAnswer::Registered)
            }
            RegistryOp::Adopt { plugin_id, registration, owner } => {
                self.adopt(ctx, &plugin_id, registration, owner).map(RegistryAnswer::Registered)
            }
            RegistryOp::Paired { plugin_id, epoch, school_id } => {
                self.paired(ctx, &plugin_id, epoch, school_id).map(|()| RegistryAnswer::Done)
            }
            RegistryOp::Act { caller, act } => {
                let (verdict, result) = self.act(ctx, &caller, act)?;
                Ok(RegistryAnswer::Acted { verdict, result })
            }
            RegistryOp::List => Ok(RegistryAnswer::Plugins(self.views(ctx.now, |_| true))),
            RegistryOp::Tell { to, message } => self.tell(ctx, to, &message).map(|()| RegistryAnswer::Done),
            RegistryOp::Remove(ids) => {
                ids.iter().try_for_each(|id| self.remove(ctx, id)).map(|()| RegistryAnswer::Done)
            }
        }
    }

    /// Whether there is anything that a sweep may find one day.
    pub fn is_empty(&self) -> bool {
        self.plugins.as_ref().is_none_or(BTreeMap::is_empty)
    }

    fn live(&self, id: &PluginId) -> Option<&Live> {
        self.plugins.as_ref().and_then(|plugins| plugins.get(id))
    }

    fn live_mut(&mut self, id: &PluginId) -> Option<&mut Live> {
        self.plugins.as_mut().and_then(|plugins| plugins.get_mut(id))
    }

    fn all(&self) -> impl Iterator<Item = (&PluginId, &Live)> {
        self.plugins.iter().flatten()
    }

    fn views(&self, now: Timestamp, which: impl Fn(&Live) -> bool) -> Vec<PluginView> {
        self.all().filter(|(_, live)| which(live)).map(|(id, live)| live.view(id, now)).collect()
    }
}
