//! The open end of a stream of server-sent events: a Pusher client in the Worker, which the caller's own token lets in.
//!
//! A room with a stream of its own would have to stay awake for it. Its socket hibernates, so a stream that is silent costs the
//! room nothing; and whatever ends a socket (access that ended, a client that does not read) ends the stream.

use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use futures::channel::mpsc::{Sender, channel};
use futures::future::{Either, select};
use futures::stream::{FuturesUnordered, once, select as merge};
use futures::{FutureExt, SinkExt, StreamExt};
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use serde::Deserialize;
use serde_json::{Value, json};
use tower::ServiceExt;
use worker::{Delay, Env, Error, Headers, Request, RequestInit, WebSocket, WebsocketEvent};

use super::rooms;
use super::system::System;
use crate::domain::pusher::PONG;
use crate::domain::time::Timestamp;
use crate::handlers::event_stream::{self, Follow, HEARTBEAT, LAST_EVENT_ID, text};
use crate::ports::Clock;

/// Proxies end a connection that is silent for a minute or less.
const HEARTBEAT_EVERY: Duration = Duration::from_secs(20);
/// Then the client comes back, with a token that is good.
const LIFE_MS: i64 = 600_000;
/// Texts that wait for the client.
const WAITING: usize = 16;

/// A frame of the room.
#[derive(Deserialize)]
struct Frame {
    event: String,
    /// JSON in a text, but for a ping.
    #[serde(default)]
    data: Value,
    seq: Option<i64>,
}

impl Frame {
    fn text(&self) -> &str {
        self.data.as_str().unwrap_or_default()
    }
}

#[derive(Deserialize)]
struct Connected {
    socket_id: String,
}

#[derive(Deserialize)]
struct Signed {
    auth: String,
}

/// The stream of a response that begins with `first`.
pub(super) fn body(
    env: Env,
    router: Router,
    follow: Follow,
    first: Vec<u8>,
) -> impl futures::Stream<Item = Result<Vec<u8>, Error>> {
    let (out, texts) = channel(WAITING);
    let work = async move {
        let client = Client { router, until: System.now().plus_millis(LIFE_MS), follow, out, subscribed: 0 };
        // A stream that breaks off is one that the client opens again.
        drop(client.run(&env).await);
    };
    // Each has a waker of its own there: that of a timer outlives the reading that it was set in.
    let work: FuturesUnordered<_> = std::iter::once(work.boxed_local()).collect();
    let work = work.filter_map(|()| futures::future::ready(None));
    let first = once(futures::future::ready(Ok(first)));
    first.chain(merge(texts.map(|text: String| Ok(text.into_bytes())), work))
}

/// Closed with the stream, also when the client went and nothing of this is run to its end.
struct Socket(WebSocket);

impl Drop for Socket {
    fn drop(&mut self) {
        // One that the room closed is closed already.
        drop(self.0.close(Some(1000), Some("the stream has ended")));
    }
}

struct Client {
    router: Router,
    follow: Follow,
    out: Sender<String>,
    until: Timestamp,
    /// On how many channels it is.
    subscribed: usize,
}

impl Client {
    async fn run(mut self, env: &Env) -> Result<(), Error> {
        let socket = Socket(self.connect(env).await?);
        self.listen(&socket.0).await
    }

    async fn connect(&self, env: &Env) -> Result<WebSocket, Error> {
        let headers = Headers::new();
        headers.set("upgrade", "websocket")?;
        let mut init = RequestInit::new();
        init.with_headers(headers);
        let url = format!("https://object/app/{}?protocol=7&client=event-stream", self.follow.room_key);
        let room = env.durable_object(rooms::BINDING)?.get_by_name(&self.follow.room_key)?;
        let answer = room.fetch_with_request(Request::new_with_init(&url, &init)?).await?;
        answer.websocket().ok_or_else(|| failure("the room gave no socket"))
    }

    async fn listen(&mut self, socket: &WebSocket) -> Result<(), Error> {
        let mut events = socket.events()?;
        socket.accept()?;
        while System.now() < self.until {
            match select(events.next(), Delay::from(HEARTBEAT_EVERY)).await {
                Either::Left((Some(Ok(WebsocketEvent::Message(message))), _)) => {
                    let frame = message.text().and_then(|text| serde_json::from_str(&text).ok());
                    if let Some(frame) = frame {
                        self.take(socket, frame).await?;
                    }
                }
                Either::Left(_) => return Ok(()),
                Either::Right(_) => self.say(HEARTBEAT.to_owned()).await?,
            }
        }
        Ok(())
    }

    async fn take(&mut self, socket: &WebSocket, frame: Frame) -> Result<(), Error> {
        match (frame.event.as_str(), frame.seq) {
            ("pusher:connection_established", _) => {
                let Connected { socket_id } = serde_json::from_str(frame.text())?;
                self.subscribe(socket, &socket_id).await
            }
            ("pusher_internal:subscription_succeeded", _) => {
                self.subscribed += 1;
                // What is said from now on comes by the socket; what was said before is in the log.
                if self.subscribed == self.follow.channels.len() { self.catch_up().await } else { Ok(()) }
            }
            ("pusher:ping", _) => socket.send_with_str(PONG),
            ("pusher:subscription_error", _) => Err(failure("not let in")),
            (_, Some(seq)) if seq > self.follow.after && self.subscribed == self.follow.channels.len() => {
                // What the room says is JSON; what a server library sent may be any text.
                let data = serde_json::from_str(frame.text()).unwrap_or(frame.data);
                self.follow.after = seq;
                self.say(text(seq, &frame.event, &data)).await
            }
            _ => Ok(()),
        }
    }

    async fn subscribe(&self, socket: &WebSocket, socket_id: &str) -> Result<(), Error> {
        for channel in &self.follow.channels {
            let form =
                format!("socket_id={socket_id}&channel_name={channel}&app_key={}", self.follow.room_key);
            let request = http::Request::post("/api/v1/realtime/auth")
                .header(CONTENT_TYPE, "application/x-www-form-urlencoded");
            let answer = whole(self.ask(request, Body::from(form)).await?).await?;
            let Signed { auth } = serde_json::from_slice(&answer)?;
            let data = json!({"channel": channel, "auth": auth});
            socket.send_with_str(json!({"event": "pusher:subscribe", "data": data}).to_string())?;
        }
        Ok(())
    }

    /// The same route tells what there is by now, as it told the beginning.
    async fn catch_up(&mut self) -> Result<(), Error> {
        loop {
            let request = http::Request::get(&self.follow.path)
                .header(ACCEPT, event_stream::CONTENT_TYPE)
                .header(LAST_EVENT_ID, self.follow.after);
            let mut answer = self.ask(request, Body::empty()).await?;
            let next = answer.extensions_mut().remove::<Follow>();
            self.follow = next.ok_or_else(|| failure("the log gave no stream"))?;
            let text = whole(answer).await?;
            self.say(String::from_utf8_lossy(&text).into_owned()).await?;
            if !self.follow.is_behind {
                return Ok(());
            }
        }
    }

    async fn say(&mut self, text: String) -> Result<(), Error> {
        self.out.send(text).await.map_err(|_| failure("nobody reads any more"))
    }

    /// Asks the API in the caller's name.
    async fn ask(&self, request: http::request::Builder, body: Body) -> Result<http::Response<Body>, Error> {
        let request = request.header(AUTHORIZATION, &self.follow.authorization).body(body);
        let answer = self.router.clone().oneshot(request.map_err(failure)?).await;
        let answer = answer.unwrap_or_else(|never| match never {});
        if answer.status().is_success() {
            Ok(answer)
        } else {
            Err(failure(format!("the API answered {}", answer.status())))
        }
    }
}

async fn whole(answer: http::Response<Body>) -> Result<Bytes, Error> {
    to_bytes(answer.into_body(), usize::MAX).await.map_err(failure)
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn failure(cause: impl ToString) -> Error {
    Error::RustError(cause.to_string())
}
