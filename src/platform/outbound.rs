//! `fetch` behind the `Http` port: no redirects followed, a deadline for the whole answer, and no more of it read than allowed.

use std::cell::OnceCell;
use std::sync::Arc;

use futures::future::BoxFuture;
use js_sys::{Promise, Reflect, Uint8Array};
use wasm_bindgen::prelude::wasm_bindgen;
use worker::send::SendFuture;
use worker::wasm_bindgen::{JsCast, JsValue};
use worker::wasm_bindgen_futures::JsFuture;
use worker::worker_sys::web_sys::{
    AbortSignal, Headers, ReadableStream, ReadableStreamDefaultReader, RequestInit, RequestRedirect, Response,
};

use super::system::System;
use crate::outbound::{Outgoing, Resilient};
use crate::ports::{Http, Inbound, Metrics, Outbound, PortError, RuntimeSettings};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_name = fetch)]
    fn global_fetch(url: &str, init: &RequestInit) -> Result<Promise, JsValue>;
}

thread_local! {
    /// One an isolate: requests and jobs share what is known of hosts, and how many requests are open.
    static RESILIENT: OnceCell<Arc<Resilient>> = const { OnceCell::new() };
}

/// The way outside that everybody takes.
pub(super) fn resilient(settings: Arc<dyn RuntimeSettings>, metrics: Arc<dyn Metrics>) -> Arc<Resilient> {
    let make = || {
        Arc::new(Resilient::new(Outgoing {
            http: Arc::new(Outside),
            clock: Arc::new(System),
            pause: Arc::new(System),
            entropy: Arc::new(System),
            settings,
            metrics,
        }))
    };
    RESILIENT.with(|cell| cell.get_or_init(make).clone())
}

/// The world outside.
struct Outside;

impl Http for Outside {
    fn send(&self, request: Outbound) -> BoxFuture<'_, Result<Inbound, PortError>> {
        Box::pin(SendFuture::new(async move {
            // The host is enough to find the fault by; a path or a query may hold a secret.
            let host = request.url.split('/').nth(2).unwrap_or_default().to_owned();
            let answer = exchange(request).await;
            answer.map_err(|error| PortError(format!("{host}: {}", describe(&error))))
        }))
    }
}

async fn exchange(request: Outbound) -> Result<Inbound, JsValue> {
    let headers = Headers::new()?;
    for (name, value) in &request.headers {
        headers.set(name, value)?;
    }
    let init = RequestInit::new();
    init.set_method(request.method.as_str());
    init.set_headers(&headers);
    init.set_redirect(RequestRedirect::Manual);
    init.set_signal(Some(&AbortSignal::timeout_with_u32(request.timeout_ms)));
    if let Some(body) = &request.body {
        init.set_body(&JsValue::from_str(body));
    }
    let response = JsFuture::from(global_fetch(&request.url, &init)?).await?;
    let response: Response = response.dyn_into()?;
    let body = match response.body() {
        Some(stream) => read(&stream, request.max_bytes).await?,
        None => Vec::new(),
    };
    let retry_after = response.headers().get("retry-after")?;
    let retry_after_s = retry_after.and_then(|seconds| seconds.trim().parse().ok());
    Ok(Inbound { status: response.status(), body, retry_after_s })
}

async fn read(stream: &ReadableStream, max_bytes: usize) -> Result<Vec<u8>, JsValue> {
    let reader: ReadableStreamDefaultReader = stream.get_reader().unchecked_into();
    let mut bytes = Vec::new();
    loop {
        let chunk = JsFuture::from(reader.read()).await?;
        if Reflect::get(&chunk, &JsValue::from_str("done"))?.is_truthy() {
            return Ok(bytes);
        }
        let chunk: Uint8Array = Reflect::get(&chunk, &JsValue::from_str("value"))?.dyn_into()?;
        if bytes.len().saturating_add(chunk.length() as usize) > max_bytes {
            // Nobody waits for what the cancelling says.
            drop(reader.cancel());
            return Err(JsValue::from_str("the answer is too long"));
        }
        bytes.extend_from_slice(&chunk.to_vec());
    }
}

fn describe(error: &JsValue) -> String {
    let message = error.dyn_ref::<js_sys::Error>().map(|error| String::from(error.message()));
    message.or_else(|| error.as_string()).unwrap_or_else(|| "no answer".to_owned())
}
