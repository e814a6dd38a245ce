//! Requests to others: what is tried again, how often, and when nobody is asked any more.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use futures::executor::block_on;
use futures::future::{BoxFuture, join_all};
use http::Method;
use toolboxai_edge::domain::breaker::{FAILURES, OPEN_MS};
use toolboxai_edge::outbound::{Outgoing, Resilient};
use toolboxai_edge::ports::{Http, Inbound, Outbound, Pause, PortError};

use crate::support::TestApp;

/// Remembers how long it was asked to wait, and lets others have a turn.
#[derive(Default)]
struct Pauses(Mutex<Vec<u32>>);

impl Pause for Pauses {
    fn pause(&self, millis: u32) -> BoxFuture<'_, ()> {
        self.0.lock().unwrap().push(millis);
        Box::pin(turn())
    }
}

async fn turn() {
    let mut yielded = false;
    std::future::poll_fn(|context| {
        if std::mem::replace(&mut yielded, true) {
            return std::task::Poll::Ready(());
        }
        context.waker().wake_by_ref();
        std::task::Poll::Pending
    })
    .await;
}

struct World {
    app: Arc<TestApp>,
    pauses: Arc<Pauses>,
    http: Resilient,
}

impl World {
    fn over(http: Arc<dyn Http>, app: Arc<TestApp>) -> Self {
        let pauses = Arc::new(Pauses::default());
        let http = Resilient::new(Outgoing {
            http,
            clock: app.clock.clone(),
            pause: pauses.clone(),
            entropy: app.entropy.clone(),
            settings: app.settings.clone(),
            metrics: app.metrics.clone(),
        });
        Self { app, pauses, http }
    }

    /// Where these statuses are answered one after the other, 0 being no answer at all, and the last for ever.
    fn answering(statuses: &'static [u16], retry_after_s: Option<u32>) -> Self {
        let app = TestApp::new();
        let mut next = statuses.iter().copied();
        let mut status = 0;
        app.outside.answer_with(move |_| {
            status = next.next().unwrap_or(status);
            (status > 0).then(|| Inbound { status, body: Vec::new(), retry_after_s })
        });
        Self::over(app.outside.clone(), app)
    }

    fn send(&self, method: Method, headers: Vec<(&'static str, String)>) -> Result<Inbound, PortError> {
        block_on(self.http.send(request(method, headers)))
    }

    fn get(&self) -> Result<u16, PortError> {
        self.send(Method::GET, Vec::new()).map(|answer| answer.status)
    }

    fn sent(&self) -> usize {
        self.app.outside.requests.lock().unwrap().len()
    }
}

fn request(method: Method, headers: Vec<(&'static str, String)>) -> Outbound {
    let url = "https://other.example/path?secret".to_owned();
    Outbound {
        method,
        url,
        headers,
        body: None,
        is_repeatable: false,
        timeout_ms: 8_000,
        max_bytes: 1_000,
        counted_as: None,
    }
}

#[test]
fn what_fails_is_tried_again_twice_with_pauses_that_grow() {
    for status in [0, 429, 500, 502, 503, 504] {
        let world = World::answering(Box::leak(Box::new([status, status, 200])), None);
        assert_eq!(world.get(), Ok(200), "{status}");
        assert_eq!(world.sent(), 3);
        let pauses = world.pauses.0.lock().unwrap();
        assert!(pauses.len() == 2 && pauses[0] <= 250 && pauses[1] <= 500, "{pauses:?}");
    }
    let world = World::answering(&[503], None);
    assert_eq!(world.get(), Ok(503));
    assert_eq!(world.sent(), 3);
}

#[test]
fn an_answer_is_an_answer() {
    for status in [200, 302, 400, 401, 404, 409, 501] {
        let world = World::answering(Box::leak(Box::new([status])), None);
        assert_eq!(world.get(), Ok(status));
        assert_eq!(world.sent(), 1, "{status}");
    }
}

#[test]
fn what_might_count_twice_is_sent_once() {
    let world = World::answering(&[503], None);
    assert_eq!(world.send(Method::POST, Vec::new()).unwrap().status, 503);
    assert_eq!(world.sent(), 1);
    world.send(Method::POST, vec![("idempotency-key", "k1".to_owned())]).unwrap();
    assert_eq!(world.sent(), 4, "with a key it may be repeated");
}

#[test]
fn a_pause_that_the_host_wishes_is_kept_and_one_that_is_too_long_is_the_end() {
    let world = World::answering(&[429, 200], Some(2));
    assert_eq!(world.get(), Ok(200));
    assert!(world.pauses.0.lock().unwrap()[0] >= 2_000);
    let world = World::answering(&[429], Some(60));
    assert_eq!(world.get(), Ok(429));
    assert_eq!(world.sent(), 1);
}

#[test]
fn a_host_that_keeps_failing_is_not_asked_for_a_while_and_then_once() {
    let world = World::answering(&[0], None);
    for _ in 0..FAILURES + 3 {
        let error = world.get().unwrap_err();
        assert!(!error.to_string().contains("secret"), "{error}");
    }
    let sent = 3 * FAILURES as usize;
    assert_eq!(world.sent(), sent);
    world.app.clock.advance(OPEN_MS);
    assert!(world.get().is_err());
    assert!(world.get().is_err());
    assert_eq!(world.sent(), sent + 1, "one try, and it failed");
    world.app.outside.answer_with(|_| Some(Inbound { status: 200, body: Vec::new(), retry_after_s: None }));
    world.app.clock.advance(OPEN_MS);
    assert_eq!(world.get(), Ok(200));
    assert_eq!(world.get(), Ok(200));
}

/// Answers after some turns; remembers how many were open at once.
#[derive(Default)]
struct Slow {
    open: AtomicUsize,
    most: AtomicUsize,
}

impl Http for Slow {
    fn send(&self, _: Outbound) -> BoxFuture<'_, Result<Inbound, PortError>> {
        Box::pin(async {
            let open = self.open.fetch_add(1, Ordering::SeqCst) + 1;
            self.most.fetch_max(open, Ordering::SeqCst);
            for _ in 0..3 {
                turn().await;
            }
            self.open.fetch_sub(1, Ordering::SeqCst);
            Ok(Inbound { status: 200, body: Vec::new(), retry_after_s: None })
        })
    }
}

#[test]
fn only_so_many_are_open_at_once_and_the_others_wait() {
    let slow = Arc::new(Slow::default());
    let world = World::over(slow.clone(), TestApp::with_settings(&[("CONFIG_THREAD_POOL_SIZE", "3")]));
    let answers = block_on(join_all((0..20).map(|_| world.http.send(request(Method::GET, Vec::new())))));
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(slow.most.load(Ordering::SeqCst), 3);
}
