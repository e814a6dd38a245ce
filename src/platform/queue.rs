//! The queue behind the `Jobs` port.

use futures::future::BoxFuture;
use worker::send::SendFuture;
use worker::wasm_bindgen::JsValue;
use worker::{Env, Queue, QueueContentType, RawMessageBuilder};

use crate::jobs::{self, Job};
use crate::ports::{Jobs, PortError};

/// The binding.
pub(super) const BINDING: &str = "JOBS";

/// The queue.
pub(super) struct JobQueue(Queue);

impl JobQueue {
    /// The bound queue.
    pub fn of(env: &Env) -> worker::Result<Self> {
        env.queue(BINDING).map(Self)
    }
}

impl Jobs for JobQueue {
    fn send(&self, job: Job) -> BoxFuture<'_, Result<(), PortError>> {
        let text = jobs::encode(&job).map_err(|error| PortError(error.to_string()));
        Box::pin(SendFuture::new(async move {
            let message = RawMessageBuilder::new(JsValue::from_str(&text?))
                .build_with_content_type(QueueContentType::Text);
            self.0.send_raw(message).await.map_err(|error| PortError(error.to_string()))
        }))
    }
}

/// A message as text, whatever it is.
pub(super) fn text(body: &JsValue) -> String {
    body.as_string().unwrap_or_else(|| {
        js_sys::JSON::stringify(body).ok().and_then(|text| text.as_string()).unwrap_or_default()
    })
}
