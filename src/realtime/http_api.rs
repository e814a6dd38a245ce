//! The HTTP API of an app, as Pusher's server libraries call it. The signature was checked outside; here is what is done.

use serde_json::{Map, Value as Json, json};

use super::app::{App, Channel};
use super::log::NewEvent;
use super::{Appended, Context, Effect, Feed, kept};
use crate::domain::pusher::{
    ApiRefusal, ChannelKind, Info, ServerFrame, Trigger, USER_CHANNEL, parse_batch, parse_trigger,
};
use crate::ports::DbError;

/// What a call gets: a JSON document, or a refusal.
pub type ApiAnswer = Result<Json, ApiRefusal>;

/// A call.
#[derive(Clone, Copy, Debug)]
pub struct ApiCall<'a> {
    /// `GET` or `POST`.
    pub method: &'a str,
    /// What follows `/apps/{app_id}`.
    pub path: &'a str,
    /// The decoded query.
    pub query: &'a [(String, String)],
    /// The body.
    pub body: &'a [u8],
}

impl ApiCall<'_> {
    fn param(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    fn info(&self) -> Info {
        self.param("info").map(Info::parse).unwrap_or_default()
    }
}

impl App {
    /// Answers a call. It is done whole or not at all: after an error its writes are to be taken back, and the app loaded anew.
    pub fn api(
        &mut self,
        ctx: Context<'_>,
        feed: &mut dyn Feed,
        call: &ApiCall<'_>,
    ) -> Result<(ApiAnswer, Vec<Effect>), DbError> {
        let done = self.answer(ctx, feed, call);
        if done.is_err() {
            feed.forget();
        }
        done
    }

    fn answer(
        &mut self,
        ctx: Context<'_>,
        feed: &mut dyn Feed,
        call: &ApiCall<'_>,
    ) -> Result<(ApiAnswer, Vec<Effect>), DbError> {
        let mut effects = Vec::new();
        let parts: Vec<&str> = call.path.split('/').skip(1).collect();
        let answer = match (call.method, parts.as_slice()) {
            ("POST", ["events"]) => self.trigger_one(ctx, feed, call.body, &mut effects)?,
            ("POST", ["batch_events"]) => self.trigger_batch(ctx, feed, call.body, &mut effects)?,
            ("GET", ["channels"]) => self.list_channels(call),
            ("GET", ["channels", name]) => self.describe(ctx, name, call.info())?,
            ("GET", ["channels", name, "users"]) => self.list_users(name),
            ("POST", ["users", user_id, "terminate_connections"]) => {
                self.terminate(ctx, user_id, &mut effects)?;
                Ok(json!({}))
            }
            _ => Err(ApiRefusal::new(404, "No such call")),
        };
        self.drop_slow(ctx, &mut effects)?;
        Ok((answer, effects))
    }

    fn trigger_one(
        &mut self,
        ctx: Context<'_>,
        feed: &mut dyn Feed,
        body: &[u8],
        effects: &mut Vec<Effect>,
    ) -> Result<ApiAnswer, DbError> {
        let trigger = match parse_trigger(body) {
            Ok(trigger) => trigger,
            Err(refusal) => return Ok(Err(refusal)),
        };
        self.trigger(ctx, feed, &trigger, effects)?;
        if trigger.info == Info::default() {
            return Ok(Ok(json!({})));
        }
        let facts = |name: &String| (name.clone(), Json::Object(self.facts(name, trigger.info)));
        Ok(Ok(json!({"channels": trigger.channels.iter().map(facts).collect::<Map<_, _>>()})))
    }

    fn trigger_batch(
        &mut self,
        ctx: Context<'_>,
        feed: &mut dyn Feed,
        body: &[u8],
        effects: &mut Vec<Effect>,
    ) -> Result<ApiAnswer, DbError> {
        let batch = match parse_batch(body) {
            Ok(batch) => batch,
            Err(refusal) => return Ok(Err(refusal)),
        };
        for trigger in &batch {
            self.trigger(ctx, feed, trigger, effects)?;
        }
        if batch.iter().all(|trigger| trigger.info == Info::default()) {
            return Ok(Ok(json!({})));
        }
        let facts = |trigger: &Trigger| {
            let name = trigger.channels.first().map(String::as_str).unwrap_or_default();
            Json::Object(self.facts(name, trigger.info))
        };
        Ok(Ok(json!({"batch": batch.iter().map(facts).collect::<Vec<_>>()})))
    }

    /// Numbers an event, keeps it where it is to be kept, and sends it.
    fn trigger(
        &mut self,
        ctx: Context<'_>,
        feed: &mut dyn Feed,
        trigger: &Trigger,
        effects: &mut Vec<Effect>,
    ) -> Result<(), DbError> {
        let Trigger { name, data, channels, socket_id, .. } = trigger;
        let Appended { seq, wake } = feed.append(ctx, &NewEvent { name, data, channels })?;
        effects.extend(wake.map(Effect::Wake));
        self.fan_out(ctx, (seq, name, data), channels, socket_id.as_deref(), effects)
    }

    /// Keeps an event that has its number where it is to be kept, and sends it.
    pub fn fan_out(
        &mut self,
        ctx: Context<'_>,
        (seq, name, data): (i64, &str, &str),
        channels: &[String],
        except: Option<&str>,
        effects: &mut Vec<Effect>,
    ) -> Result<(), DbError> {
        for channel in channels {
            if ChannelKind::of(channel).is_some_and(|kind| kind.cache) {
                self.ensure_tables(ctx.sql)?;
                kept::keep(ctx, channel, (seq, name, data))?;
            }
            let frame = ServerFrame { event: name, channel: Some(channel), data, seq: Some(seq) };
            if let Some(user_id) = channel.strip_prefix(USER_CHANNEL) {
                // Whoever signed in as the user gets it, whether or not the client asked for the channel as pusher-js does.
                let to = self.sockets.of_user(user_id);
                self.send(to, frame.text(), effects);
            } else if self.channels.contains_key(channel.as_str()) {
                self.publish(ctx, channel, frame.text(), except, effects)?;
            }
        }
        Ok(())
    }

    fn facts(&self, name: &str, info: Info) -> Map<String, Json> {
        let channel = self.channels.get(name);
        let mut facts = Map::new();
        if info.user_count && ChannelKind::of(name).is_some_and(|kind| kind.presence) {
            let count = channel.map_or(0, |channel| channel.members.len());
            facts.insert("user_count".to_owned(), count.into());
        }
        if info.subscription_count {
            let count = channel.map_or(0, |channel| channel.subscribers.len());
            facts.insert("subscription_count".to_owned(), count.into());
        }
        facts
    }

    fn list_channels(&self, call: &ApiCall<'_>) -> ApiAnswer {
        let prefix = call.param("filter_by_prefix").unwrap_or_default();
        let info = call.info();
        if info.user_count && !prefix.starts_with("presence-") {
            return Err(ApiRefusal::new(400, "user_count needs filter_by_prefix=presence-"));
        }
        let mut names: Vec<&str> =
            self.channels.keys().map(|name| &**name).filter(|name| name.starts_with(prefix)).collect();
        names.sort_unstable();
        let listed: Map<String, Json> =
            names.into_iter().map(|name| (name.to_owned(), Json::Object(self.facts(name, info)))).collect();
        Ok(json!({"channels": listed}))
    }

    fn describe(&self, ctx: Context<'_>, name: &str, info: Info) -> Result<ApiAnswer, DbError> {
        let Some(kind) = ChannelKind::of(name) else {
            return Ok(Err(ApiRefusal::new(400, format!("Invalid channel name: {name}"))));
        };
        if info.user_count && !kind.presence {
            return Ok(Err(ApiRefusal::new(400, "user_count is for presence channels")));
        }
        let mut facts = self.facts(name, info);
        facts.insert("occupied".to_owned(), self.channels.contains_key(name).into());
        if info.cache
            && kind.cache
            && self.has_tables
            && let Some((data, ttl_s)) = kept::data(ctx, name)?
        {
            facts.insert("cache".to_owned(), json!({"data": data, "ttl": ttl_s}));
        }
        Ok(Ok(Json::Object(facts)))
    }

    fn list_users(&self, name: &str) -> ApiAnswer {
        if !ChannelKind::of(name).is_some_and(|kind| kind.presence) {
            return Err(ApiRefusal::new(400, "Users are known on presence channels only"));
        }
        let ids = |channel: &Channel| channel.members.ids().map(|id| json!({"id": id})).collect::<Vec<_>>();
        Ok(json!({"users": self.channels.get(name).map(ids).unwrap_or_default()}))
    }
}
