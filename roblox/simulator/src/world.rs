//! What lies outside a game server: time and the network.

use std::time::Duration;

/// An HTTP request that has passed Roblox's rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpRequest {
    /// Absolute, `http` or `https`.
    pub url: String,
    /// One of the methods that Roblox allows.
    pub method: String,
    /// As they go out, with those that Roblox adds.
    pub headers: Vec<(String, String)>,
    /// Never there for GET and HEAD.
    pub body: Option<Vec<u8>>,
    /// How long the script is willing to wait.
    pub timeout: Duration,
}

impl HttpRequest {
    /// The value of a header, whatever the case of its name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// An answer of any status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpResponse {
    /// 200 and so on.
    pub status: u16,
    /// "OK" and so on.
    pub reason: String,
    /// As they came.
    pub headers: Vec<(String, String)>,
    /// Decompressed.
    pub body: Vec<u8>,
}

/// No answer came. Named like Roblox's `HttpError`, which is what scripts see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransportError {
    /// The host's name has no address.
    DnsResolve,
    /// Nobody listens there.
    ConnectFail,
    /// The connection ended before the answer.
    ConnectionClosed,
    /// The answer did not come in time.
    TimedOut,
    /// The other side does not speak HTTP.
    ServerProtocolError,
    /// Something else on the way.
    NetFail,
}

/// A request that is over.
#[derive(Debug)]
pub struct Completion {
    /// The number that [`World::send`] was given.
    pub id: u64,
    /// What came of it.
    pub outcome: Result<HttpResponse, TransportError>,
}

/// Time and network as one game server sees them. A game server is single-threaded, and so is its view of the world;
/// the methods take `&self` because a script that runs inside `wait` may ask for the time.
pub trait World {
    /// Time since the server started. Never runs backwards.
    fn now(&self) -> Duration;

    /// Milliseconds since 1970.
    fn unix_millis(&self) -> i64;

    /// Starts a request; its [`Completion`] comes out of a later [`World::wait`].
    fn send(&self, id: u64, request: HttpRequest);

    /// Waits for a completion, at the longest until `until`. `None` means that the time has come. Is only called without
    /// `until` while a request is under way.
    fn wait(&self, until: Option<Duration>) -> Option<Completion>;
}
