//! Requests to other people's servers that survive their bad days: tried again where that is safe, with pauses of random length,
//! and not sent at all for a while to a host that keeps failing.
//!
//! What is known of hosts, and how many requests are open, is an isolate's own. Waiting is by timers: a request of one caller must
//! not wake another's.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use futures::future::BoxFuture;
use http::Method;

use crate::domain::breaker::Breaker;
use crate::domain::metrics::Metric;
use crate::domain::time::Timestamp;
use crate::ports::{Clock, Entropy, Http, Inbound, Metrics, Outbound, Pause, PortError, RuntimeSettings};

/// The first time and two more.
const TRIES: u32 = 3;
/// The first pause is up to so long, each further one up to twice as long.
const FIRST_PAUSE_MS: u32 = 250;
/// A host that wants a longer pause than this gets no further try: whoever asks would wait too long.
const LONGEST_PAUSE_MS: u32 = 5_000;
/// How often somebody who waits for a place looks for one.
const LOOK_MS: u32 = 25;
/// Nobody waits longer for a place.
const LONGEST_WAIT_MS: u32 = 5_000;
/// Hosts that are remembered. Those that callers name are few: providers, mail, Roblox.
const MAX_HOSTS: usize = 200;

/// What it works with.
pub struct Outgoing {
    /// Sends for real.
    pub http: Arc<dyn Http>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Timers.
    pub pause: Arc<dyn Pause>,
    /// Randomness for the pauses.
    pub entropy: Arc<dyn Entropy>,
    /// How many requests may be open at once.
    pub settings: Arc<dyn RuntimeSettings>,
    /// What came of them.
    pub metrics: Arc<dyn Metrics>,
}

/// See the module.
pub struct Resilient {
    with: Outgoing,
    breakers: Mutex<HashMap<String, Breaker>>,
    open: AtomicI64,
}

/// A place among the open requests; it is free again when this goes.
struct Place<'a>(&'a AtomicI64);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// What one try says.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// An answer, whatever it says.
    Answered,
    /// Not now, but the host is well.
    Later,
    /// The host cannot.
    Failed,
}

impl Verdict {
    const fn name(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Later => "later",
            Self::Failed => "failed",
        }
    }
}

fn verdict(result: &Result<Inbound, PortError>) -> Verdict {
    match result.as_ref().map(|answer| answer.status) {
        Ok(429) => Verdict::Later,
        Ok(500 | 502 | 503 | 504) | Err(_) => Verdict::Failed,
        Ok(_) => Verdict::Answered,
    }
}

/// Whether it does no harm twice.
fn is_repeatable(request: &Outbound) -> bool {
    let has_key = || request.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("idempotency-key"));
    let by_method = || matches!(request.method, Method::GET | Method::HEAD | Method::PUT | Method::DELETE);
    request.is_repeatable || by_method() || has_key()
}

fn host(url: &str) -> &str {
    url.split('/').nth(2).unwrap_or_default()
}

impl Resilient {
    /// With these.
    pub fn new(with: Outgoing) -> Self {
        Self { with, breakers: Mutex::default(), open: AtomicI64::new(0) }
    }

    fn breaker<T>(&self, host: &str, ask: impl FnOnce(&mut Breaker, Timestamp) -> T) -> T {
        let mut breakers = self.breakers.lock().unwrap_or_else(PoisonError::into_inner);
        if breakers.len() >= MAX_HOSTS && !breakers.contains_key(host) {
            breakers.retain(|_, breaker| *breaker != Breaker::default());
            if breakers.len() >= MAX_HOSTS {
                breakers.clear();
            }
        }
        ask(breakers.entry(host.to_owned()).or_default(), self.with.clock.now())
    }

    /// Waits for a place among the open requests.
    async fn place(&self) -> Result<Place<'_>, PortError> {
        for _ in 0..=LONGEST_WAIT_MS / LOOK_MS {
            let most = self.with.settings.current().await.config.thread_pool_size;
            if self.open.fetch_add(1, Ordering::SeqCst) < most {
                return Ok(Place(&self.open));
            }
            self.open.fetch_sub(1, Ordering::SeqCst);
            self.with.pause.pause(LOOK_MS).await;
        }
        Err(PortError("too many requests to others are open".to_owned()))
    }

    /// A pause before the next try, at random up to its length ("full jitter"), and at least as long as the host wishes. Nothing
    /// when the host wishes too long a one.
    fn pause_ms(&self, done: u32, answer: &Result<Inbound, PortError>) -> Option<u32> {
        let wished = answer.as_ref().ok().and_then(|answer| answer.retry_after_s).unwrap_or(0);
        let wished = wished.saturating_mul(1000);
        let mut random = [0; 4];
        self.with.entropy.fill(&mut random);
        let longest = FIRST_PAUSE_MS << (done - 1);
        let pause = wished.saturating_add(u32::from_le_bytes(random) % (longest + 1));
        (wished <= LONGEST_PAUSE_MS).then_some(pause)
    }

    /// All tries of one request. The last of them says how the host does.
    async fn exchange(&self, request: Outbound) -> Result<Inbound, PortError> {
        let host = host(&request.url).to_owned();
        let admitted = |breaker: &mut Breaker, now| breaker.admit(now).then_some(*breaker);
        let Some(breaker) = self.breaker(&host, admitted) else {
            self.count(request.counted_as.unwrap_or(&host), "not_sent");
            return Err(PortError(format!("{host}: not asked, it failed too often")));
        };
        // A host that is on trial gets one try.
        let is_patient = matches!(breaker, Breaker::Closed { .. }) && is_repeatable(&request);
        let (answer, verdict) = self.attempt(&request, &host, if is_patient { TRIES } else { 1 }).await?;
        match verdict {
            Verdict::Failed => self.breaker(&host, Breaker::failed),
            Verdict::Answered | Verdict::Later => self.breaker(&host, |breaker, _| breaker.succeeded()),
        }
        answer
    }

    /// Tries until there is an answer. All tries together take not much longer than the caller was ready to wait for one. An error
    /// here is our own: nobody was asked.
    async fn attempt(
        &self,
        request: &Outbound,
        host: &str,
        tries: u32,
    ) -> Result<(Result<Inbound, PortError>, Verdict), PortError> {
        let start = self.with.clock.now();
        let mut done = 0;
        loop {
            let place = self.place().await?;
            let answer = self.with.http.send(request.clone()).await;
            drop(place);
            done += 1;
            let verdict = verdict(&answer);
            self.count(request.counted_as.unwrap_or(host), verdict.name());
            let spent = self.with.clock.now().millis_since(start);
            let is_last = done >= tries || spent >= i64::from(request.timeout_ms);
            let is_enough = verdict == Verdict::Answered || is_last;
            let pause = if is_enough { None } else { self.pause_ms(done, &answer) };
            let Some(pause) = pause else { return Ok((answer, verdict)) };
            self.with.pause.pause(pause).await;
        }
    }

    fn count(&self, host: &str, outcome: &str) {
        self.with.metrics.count(Metric::OutboundRequests, [("host", host), ("outcome", outcome)]);
    }
}

impl Http for Resilient {
    fn send(&self, request: Outbound) -> BoxFuture<'_, Result<Inbound, PortError>> {
        Box::pin(self.exchange(request))
    }
}
