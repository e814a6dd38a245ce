//! What a plugin does, once it was let in: its token is the newest, and it does not call too often.

use super::mail::WhenFull;
use super::op::{Act, ActRefusal, Acted, Beat, Caller, Synced};
use super::sessions::{end_session, end_sessions, newest_progress, sessions};
use super::{Context, GONE_MS, Registry};
use crate::domain::ids::PluginId;
use crate::domain::plugin::Registration;
use crate::domain::rate_limit::{Verdict, spend};
use crate::ports::DbError;

/// The most acts of one batch.
pub const MAX_BATCH: usize = 100;

type Outcome = Result<Acted, ActRefusal>;

impl Registry {
    /// Lets the caller in and does it. A batch counts as one call.
    pub(super) fn act(
        &mut self,
        ctx: Context<'_>,
        caller: &Caller,
        act: Act,
    ) -> Result<(Option<Verdict>, Outcome), DbError> {
        let id = &caller.plugin_id;
        let Some(live) = self.live_mut(id) else {
            // Saying goodbye twice is saying it once.
            let is_goodbye = matches!(act, Act::Unregister);
            return Ok((None, if is_goodbye { Ok(Acted::Done) } else { Err(ActRefusal::UnknownPlugin) }));
        };
        if !live.knows(caller, ctx.now) {
            return Ok((None, Err(ActRefusal::OldToken)));
        }
        let (counters, verdict) = spend(&live.counters, caller.limit, ctx.now);
        live.counters = counters;
        if !verdict.allowed {
            return Ok((Some(verdict), Err(ActRefusal::RateLimited)));
        }
        if !matches!(act, Act::Unregister) {
            self.touch(ctx, id)?;
        }
        Ok((Some(verdict), self.perform(ctx, caller, act)?))
    }

    fn perform(&mut self, ctx: Context<'_>, caller: &Caller, act: Act) -> Result<Outcome, DbError> {
        let id = &caller.plugin_id;
        Ok(Ok(match act {
            Act::Admit => Acted::Done,
            Act::Heartbeat => self.beat(id),
            Act::Show => {
                Acted::Plugins(self.live(id).map(|live| live.view(id, ctx.now)).into_iter().collect())
            }
            Act::List => Acted::Plugins(self.own(ctx, id)),
            Act::Refresh(registration) => return self.refresh(ctx, caller, registration),
            Act::Unregister => {
                self.goodbye(ctx, id)?;
                Acted::Done
            }
            Act::Poll { after } => Acted::Messages(self.poll(ctx, id, after)?),
            Act::Send(sent) => return self.send(ctx, id, sent),
            Act::StartSession { id: session, source, body } => {
                return self.start_session(ctx, id, &session, &source, &body);
            }
            Act::EndSession(session) => return end_session(ctx, id, &session),
            Act::Progress(progress) => {
                self.keep_progress(ctx, id, &progress)?;
                Acted::Done
            }
            Act::Sync { after } => return self.sync(ctx, id, after),
            Act::Batch(acts) => {
                let mut outcomes = Vec::with_capacity(acts.len());
                for act in acts.into_iter().take(MAX_BATCH) {
                    outcomes.push(self.perform(ctx, caller, act)?);
                }
                Acted::Batch(outcomes)
            }
        }))
    }

    /// Counts from what is written, so that it holds whatever happens.
    fn beat(&self, id: &PluginId) -> Acted {
        let live = self.live(id);
        let written = live.and_then(|live| live.stored_seen);
        Acted::Beat(Beat {
            registered_until: written
                .map_or(crate::domain::time::Timestamp::from_millis(0), |at| at.plus_millis(GONE_MS)),
            paired: live.and_then(|live| live.record.paired.clone()),
            waiting: live.map_or(0, |live| live.waiting),
        })
    }

    /// The plugins of whoever paired this one.
    fn own(&self, ctx: Context<'_>, id: &PluginId) -> Vec<super::PluginView> {
        let owner = self.live(id).and_then(|live| live.record.owner.as_ref()).map(|owner| &owner.user_id);
        let Some(owner) = owner else {
            return self.live(id).map(|live| live.view(id, ctx.now)).into_iter().collect();
        };
        self.views(ctx.now, |live| live.record.owner.as_ref().is_some_and(|it| it.user_id == *owner))
    }

    /// Raises the generation; once for a token that comes again within its grace.
    fn refresh(
        &mut self,
        ctx: Context<'_>,
        caller: &Caller,
        registration: Option<Registration>,
    ) -> Result<Outcome, DbError> {
        let id = &caller.plugin_id;
        let Some(live) = self.live_mut(id) else { return Ok(Err(ActRefusal::UnknownPlugin)) };
        if caller.generation == live.record.generation {
            live.record.generation = live.record.generation.saturating_add(1);
            live.record.replaced_at = Some(ctx.now);
            live.record.refreshed_at = ctx.now;
        }
        if let Some(registration) = registration {
            live.record.registration = registration;
            live.record.registered_at = ctx.now;
        }
        let standing = live.standing(id);
        self.write(ctx, id)?;
        Ok(Ok(Acted::Refreshed(standing)))
    }

    /// One that nobody paired is forgotten. A paired one stays paired: Studio was closed, not the pairing.
    fn goodbye(&mut self, ctx: Context<'_>, id: &PluginId) -> Result<(), DbError> {
        if !ctx.is_school {
            return self.remove(ctx, id);
        }
        end_sessions(ctx, id)?;
        if let Some(live) = self.live_mut(id) {
            live.seen_at = None;
        }
        self.write(ctx, id)
    }

    fn sync(&mut self, ctx: Context<'_>, id: &PluginId, after: i64) -> Result<Outcome, DbError> {
        let mail = self.poll(ctx, id, after)?;
        let sessions = sessions(ctx, id)?;
        let progress = newest_progress(ctx, id)?;
        let Some(plugin) = self.live(id).map(|live| live.view(id, ctx.now)) else {
            return Ok(Err(ActRefusal::UnknownPlugin));
        };
        Ok(Ok(Acted::Synced(Box::new(Synced { plugin, mail, sessions, progress }))))
    }

    /// Takes a plugin's message for itself or for another plugin of the same teacher.
    fn send(&mut self, ctx: Context<'_>, id: &PluginId, sent: super::Sent) -> Result<Outcome, DbError> {
        let to = sent.to.unwrap_or_else(|| id.clone());
        let owner = |id: &PluginId| {
            self.live(id).and_then(|live| live.record.owner.as_ref()).map(|owner| owner.user_id.clone())
        };
        let is_known = to == *id || owner(id).is_some_and(|sender| owner(&to) == Some(sender));
        if !is_known {
            return Ok(Err(ActRefusal::UnknownRecipient));
        }
        let source = format!("{id}/{}", sent.id);
        let taken =
            self.enqueue(ctx, &to, (&source, Some(id)), (&sent.kind, &sent.data), WhenFull::Refuse)?;
        Ok(match taken {
            Some(taken) => Ok(Acted::Sent { id: taken.no, is_repeat: taken.is_repeat }),
            None => Err(ActRefusal::QueueFull),
        })
    }
}
