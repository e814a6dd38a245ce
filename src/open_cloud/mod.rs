//! Roblox Open Cloud: what we ask of it, over the `Http` port.
//!
//! tests/vectors/open-cloud.json has the operations as Roblox's own document describes them; a test holds the requests
//! against it.

mod introspection;

use serde::Serialize;

pub use introspection::{Introspection, KeyScope};

use crate::domain::roblox::is_roblox_id;
use crate::json;
use crate::ports::{Http, Outbound, PortError};

/// Where it is.
pub const OPEN_CLOUD_URL: &str = "https://apis.roblox.com";
/// Longest topic, in characters.
pub const MAX_TOPIC: usize = 80;
/// Longest message, in bytes.
pub const MAX_MESSAGE: usize = 1024;
/// Nobody waits longer for a nudge than for the next sync.
const TIMEOUT_MS: u32 = 5000;
/// An introspection names every universe of a key.
const MAX_ANSWER_BYTES: usize = 64 * 1024;

/// Why Open Cloud did not do it. Holds no key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CloudError {
    /// It did not answer, or is not well.
    #[error("Open Cloud does not answer: {0}")]
    Unavailable(String),
    /// Too often, or not now.
    #[error("Open Cloud was asked too often")]
    TooOften,
    /// The key may not, or what it is about is not there.
    #[error("Open Cloud refused with {0}")]
    Refused(u16),
    /// Not sent: it would be refused.
    #[error("{0}")]
    Malformed(&'static str),
}

impl From<PortError> for CloudError {
    fn from(error: PortError) -> Self {
        Self::Unavailable(error.to_string())
    }
}

/// The client.
#[derive(Clone, Copy)]
pub struct OpenCloud<'a> {
    /// Other people's servers.
    pub http: &'a dyn Http,
    /// Where Open Cloud is: [`OPEN_CLOUD_URL`] but in tests.
    pub base_url: &'a str,
}

#[derive(Serialize)]
struct PublishMessage<'a> {
    topic: &'a str,
    message: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Introspect<'a> {
    api_key: &'a str,
}

impl OpenCloud<'_> {
    /// Publishes a message to the live servers of a universe (`universe-messaging-service:publish`).
    pub async fn publish_message(
        &self,
        api_key: &str,
        universe_id: &str,
        topic: &str,
        message: &str,
    ) -> Result<(), CloudError> {
        if !is_roblox_id(universe_id) {
            return Err(CloudError::Malformed("the universe's id is not a whole number"));
        }
        if topic.is_empty() || topic.chars().count() > MAX_TOPIC || message.len() > MAX_MESSAGE {
            return Err(CloudError::Malformed("the topic or the message is too long"));
        }
        let path = format!("/cloud/v2/universes/{universe_id}:publishMessage");
        self.post(path, Some(api_key), &PublishMessage { topic, message }).await.map(|_| ())
    }

    /// What a key may do.
    pub async fn introspect(&self, api_key: &str) -> Result<Introspection, CloudError> {
        let path = "/api-keys/v1/introspect".to_owned();
        let body = self.post(path, None, &Introspect { api_key }).await?;
        json::from_slice(&body).map_err(|error| {
            CloudError::Unavailable(format!("an introspection does not decode: {:?}", error.kind()))
        })
    }

    async fn post(
        &self,
        path: String,
        api_key: Option<&str>,
        body: &impl Serialize,
    ) -> Result<Vec<u8>, CloudError> {
        let body = serde_json::to_string(body).map_err(|_| CloudError::Malformed("does not serialise"))?;
        let mut headers = vec![("content-type", "application/json".to_owned())];
        headers.extend(api_key.map(|key| ("x-api-key", key.to_owned())));
        let request = Outbound {
            method: http::Method::POST,
            url: format!("{}{path}", self.base_url),
            headers,
            body: Some(body),
            // Asking changes nothing, and a nudge says twice what it says once.
            is_repeatable: true,
            timeout_ms: TIMEOUT_MS,
            max_bytes: MAX_ANSWER_BYTES,
            counted_as: None,
        };
        let answer = self.http.send(request).await?;
        match answer.status {
            200..=299 => Ok(answer.body),
            429 => Err(CloudError::TooOften),
            408 | 500..=599 => Err(CloudError::Unavailable(format!("status {}", answer.status))),
            status => Err(CloudError::Refused(status)),
        }
    }
}
