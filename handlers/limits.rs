//! Limits: how a handler spends, and what the answer says of it (draft-ietf-httpapi-ratelimit-headers-10).
//!
//! A hit is spent before the secret is looked at, and given back when it was right: guesses that come at the same moment
//! cannot slip past a counter that none of them has raised yet.

use std::sync::{Arc, Mutex, PoisonError};

use futures::future::join_all;
use http::{HeaderMap, HeaderName, HeaderValue};

use super::App;
use super::context::RequestContext;
use super::problem::ApiError;
use crate::domain::limits::{Action, Counted, Per, ScopedLimit};
use crate::domain::rate_limit::{Limit, Verdict};
use crate::domain::tokens::hex;
use crate::ports::PortError;

const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// What was spent in a request, for the answer's headers.
#[derive(Clone, Debug, Default)]
pub(super) struct Report(Arc<Mutex<Vec<Line>>>);

#[derive(Clone, Debug)]
struct Line {
    bucket: String,
    policy: String,
    limit: ScopedLimit,
    remaining: u32,
    resets_after_s: u32,
}

impl Line {
    fn new(hit: &Hit, verdict: Verdict) -> Self {
        Self {
            bucket: hit.bucket.clone(),
            policy: format!("{}/{}/{}", hit.action.name(), hit.limit.per.name(), hit.limit.window_s),
            limit: hit.limit,
            remaining: verdict.remaining,
            resets_after_s: verdict.resets_after_s,
        }
    }
}

impl Report {
    fn change(&self, change: impl FnOnce(&mut Vec<Line>)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// What an object counted by itself, in the same call as its work.
    pub fn counted(&self, policy: &str, limit: Limit, verdict: Verdict) {
        let Limit { hits, window_s } = limit;
        let line = Line {
            bucket: String::new(),
            policy: format!("{policy}/{window_s}"),
            limit: ScopedLimit { per: Per::Key, hits, window_s },
            remaining: verdict.remaining,
            resets_after_s: verdict.resets_after_s,
        };
        self.change(|lines| lines.push(line));
    }

    /// Writes the headers: each policy that counted, and what it has left.
    pub fn write(&self, headers: &mut HeaderMap) {
        let lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.is_empty() {
            return;
        }
        let list = |item: &dyn Fn(&Line) -> String| {
            HeaderValue::from_str(&lines.iter().map(item).collect::<Vec<_>>().join(", "))
        };
        let policies =
            list(&|line| format!("\"{}\";q={};w={}", line.policy, line.limit.hits, line.limit.window_s));
        let left =
            list(&|line| format!("\"{}\";r={};t={}", line.policy, line.remaining, line.resets_after_s));
        if let (Ok(policies), Ok(left)) = (policies, left) {
            headers.insert(RATE_LIMIT_POLICY, policies);
            headers.insert(RATE_LIMIT, left);
        }
    }
}

/// Hits that were counted. Give them back if they were none of those that are limited.
#[must_use = "give it back when the secret was right; what counts however it ends is for `App::count`"]
pub(super) struct Spent(Vec<Hit>);

struct Hit {
    action: Action,
    bucket: String,
    limit: ScopedLimit,
    /// Where it was counted.
    slot: i64,
}

impl Spent {
    /// The hits of this action alone; the others count.
    pub fn only(mut self, action: Action) -> Self {
        self.0.retain(|hit| hit.action == action);
        self
    }
}

impl App {
    /// Spends one hit of each limit that counts these actions by these subjects, all at once. One that is refused refuses the
    /// request, and the others get theirs back: who is stopped by one limit uses up no other.
    pub(super) async fn spend(
        &self,
        context: &RequestContext,
        hits: &[(Action, Counted)],
    ) -> Result<Spent, ApiError> {
        let mut wanted = Vec::new();
        for (action, counted) in hits {
            let limits = self.config.limits.of(*action).iter().filter(|limit| limit.per == counted.per);
            wanted.extend(limits.map(|limit| self.hit(*action, *limit, &counted.text)));
        }
        let asked = wanted.iter().map(|hit| self.rate_limits.spend(hit.bucket.clone(), hit.limit.limit()));
        let answers = join_all(asked).await;
        let (mut spent, mut refused) = (Spent(Vec::new()), None);
        let mut wait_s = None;
        for (mut hit, answer) in wanted.into_iter().zip(answers) {
            match answer {
                Ok(verdict) => {
                    context.limits.change(|lines| lines.push(Line::new(&hit, verdict)));
                    if verdict.allowed {
                        hit.slot = verdict.slot;
                        spent.0.push(hit);
                    } else {
                        wait_s = wait_s.max(Some(verdict.resets_after_s));
                    }
                }
                Err(error) => refused = self.without_limiter(hit.action, error).or(refused),
            }
        }
        match wait_s.map(ApiError::rate_limited).or(refused) {
            None => Ok(spent),
            Some(refused) => {
                self.give_back(context, spent).await;
                Err(refused)
            }
        }
    }

    /// Spends hits that count whatever comes of the request.
    pub(super) async fn count(
        &self,
        context: &RequestContext,
        hits: &[(Action, Counted)],
    ) -> Result<(), ApiError> {
        self.spend(context, hits).await.map(drop)
    }

    /// What becomes of a request while the limiter does not answer.
    fn without_limiter(&self, action: Action, error: PortError) -> Option<ApiError> {
        if !action.fails_open() {
            return Some(error.into());
        }
        self.warn("limiter did not answer; not limited", action.name(), &error);
        None
    }

    /// Takes the hits back. When that fails they count, and the window forgets them.
    pub(super) async fn give_back(&self, context: &RequestContext, spent: Spent) {
        let buckets: Vec<String> = spent.0.iter().map(|hit| hit.bucket.clone()).collect();
        let backs = spent
            .0
            .into_iter()
            .map(|hit| self.rate_limits.give_back(hit.bucket, hit.limit.limit(), hit.slot));
        for answer in join_all(backs).await {
            if let Err(error) = answer {
                self.warn("limiter did not take a hit back", "", &error);
            }
        }
        context.limits.change(|lines| {
            for line in lines.iter_mut().filter(|line| buckets.contains(&line.bucket)) {
                line.remaining += 1;
            }
        });
    }

    fn hit(&self, action: Action, limit: ScopedLimit, counted: &str) -> Hit {
        Hit { action, bucket: self.bucket(action, limit, counted), limit, slot: 0 }
    }

    /// Names a bucket so that nobody reads from it whom it is about: a MAC, because the 2^32 addresses of IPv4 are quickly
    /// hashed. A new signing key begins new buckets.
    fn bucket(&self, action: Action, limit: ScopedLimit, counted: &str) -> String {
        let text = format!("{} {} {} {counted}", action.name(), limit.per.name(), limit.window_s);
        let mac = self.config.auth_keys.macs("limit-bucket", &text).next().unwrap_or_default();
        hex(mac.get(..16).unwrap_or_default())
    }

    fn warn(&self, message: &str, action: &str, error: &PortError) {
        let line = serde_json::json!({"message": message, "level": "error", "limit.action": action,
            "cause": error.to_string()});
        self.log.line(&line.to_string());
    }
}
