//! The world as it is: the machine's clock, and requests over real connections.

use std::io::ErrorKind;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use ureq::http::{Request, Response};
use ureq::{Agent, Body};

use crate::world::{Completion, HttpRequest, HttpResponse, TransportError, World};

/// More than any answer of the API; what is longer is cut off as an error.
const MAX_RESPONSE_BYTES: u64 = 16 * 1024 * 1024;

/// Real time and real connections, kept open between requests. Each request runs in a thread of its own, so that the
/// scripts of a game server go on meanwhile.
pub struct RealWorld {
    started: Instant,
    agent: Agent,
    sender: Sender<Completion>,
    receiver: Receiver<Completion>,
}

impl Default for RealWorld {
    fn default() -> Self {
        Self::new()
    }
}

impl RealWorld {
    /// Its time begins now.
    #[must_use]
    pub fn new() -> Self {
        let (sender, receiver) = channel();
        let agent = Agent::config_builder().http_status_as_error(false).build().into();
        Self { started: Instant::now(), agent, sender, receiver }
    }
}

impl World for RealWorld {
    fn now(&self) -> Duration {
        self.started.elapsed()
    }

    fn unix_millis(&self) -> i64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    }

    fn send(&self, id: u64, request: HttpRequest) {
        let agent = self.agent.clone();
        let sender = self.sender.clone();
        thread::spawn(move || {
            let outcome = exchange(&agent, request);
            // The game server may have ended meanwhile: then nobody waits for this.
            let _ = sender.send(Completion { id, outcome });
        });
    }

    fn wait(&self, until: Option<Duration>) -> Option<Completion> {
        let Some(until) = until else { return self.receiver.recv().ok() };
        // The sender lives as long as `self`: an error means that the time has come.
        self.receiver.recv_timeout(until.saturating_sub(self.now())).ok()
    }
}

fn exchange(agent: &Agent, request: HttpRequest) -> Result<HttpResponse, TransportError> {
    let mut builder = Request::builder().method(request.method.as_str()).uri(&request.url);
    for (name, value) in &request.headers {
        builder = builder.header(name, value);
    }
    let timeout = Some(request.timeout);
    let answer = if let Some(body) = request.body {
        let built = builder.body(body).map_err(|_| TransportError::NetFail)?;
        agent.run(agent.configure_request(built).timeout_global(timeout).build())
    } else {
        let built = builder.body(()).map_err(|_| TransportError::NetFail)?;
        agent.run(agent.configure_request(built).timeout_global(timeout).build())
    };
    answer.and_then(read).map_err(|error| classify(&error))
}

fn read(mut answer: Response<Body>) -> Result<HttpResponse, ureq::Error> {
    let body = answer.body_mut().with_config().limit(MAX_RESPONSE_BYTES).read_to_vec()?;
    let headers = answer
        .headers()
        .iter()
        .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect();
    Ok(HttpResponse {
        status: answer.status().as_u16(),
        reason: answer.status().canonical_reason().unwrap_or_default().to_owned(),
        headers,
        body,
    })
}

fn classify(error: &ureq::Error) -> TransportError {
    match error {
        ureq::Error::HostNotFound => TransportError::DnsResolve,
        ureq::Error::ConnectionFailed => TransportError::ConnectFail,
        ureq::Error::Timeout(_) => TransportError::TimedOut,
        ureq::Error::Protocol(_) => TransportError::ServerProtocolError,
        ureq::Error::Io(error) => match error.kind() {
            ErrorKind::ConnectionRefused => TransportError::ConnectFail,
            ErrorKind::ConnectionReset
            | ErrorKind::ConnectionAborted
            | ErrorKind::BrokenPipe
            | ErrorKind::UnexpectedEof => TransportError::ConnectionClosed,
            ErrorKind::TimedOut => TransportError::TimedOut,
            _ => TransportError::NetFail,
        },
        _ => TransportError::NetFail,
    }
}
