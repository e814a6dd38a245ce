//! A call of a Durable Object: one `fetch`, bodies whole. `worker`'s own way makes a `Request` first, reads six of its fields
//! and takes the answer through a stream; on the hot path that was a third of what a sync cost.

use js_sys::{Promise, Uint8Array};
use serde::de::DeserializeOwned;
use wasm_bindgen::prelude::wasm_bindgen;
use worker::wasm_bindgen::{JsCast, JsValue};
use worker::wasm_bindgen_futures::JsFuture;
use worker::worker_sys::web_sys::{self, Headers, RequestInit};
use worker::{Error, Request, Stub};

use crate::json;

#[wasm_bindgen]
extern "C" {
    /// A stub as JavaScript sees it.
    type Fetcher;

    #[wasm_bindgen(method, catch)]
    fn fetch(this: &Fetcher, url: &str, init: &RequestInit) -> Result<Promise, JsValue>;
}

/// The path on which every object says that it is there, without touching its storage.
pub(super) const PING: &str = "/ping";

/// Whether an object is only asked if it is there.
pub(super) fn is_ping(request: &worker::Request) -> bool {
    request.path() == PING
}

/// Reads what an object is called with.
pub(super) async fn read<T: DeserializeOwned>(request: &mut Request) -> Result<T, Error> {
    Ok(json::from_slice(&request.bytes().await?)?)
}

impl From<json::Error> for Error {
    fn from(error: json::Error) -> Self {
        Self::RustError(error.to_string())
    }
}

/// What an object answered.
pub(super) struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
}

/// Posts a body to a path of the object, with one header.
pub(super) async fn post(
    stub: Stub,
    path: &str,
    header: Option<(&str, &str)>,
    body: &JsValue,
) -> Result<Answer, Error> {
    let init = RequestInit::new();
    init.set_method("POST");
    init.set_body(body);
    if let Some((name, value)) = header {
        let headers = Headers::new()?;
        headers.set(name, value)?;
        init.set_headers(&headers);
    }
    let fetcher: Fetcher = stub.into_rpc();
    let response = JsFuture::from(fetcher.fetch(&format!("https://object{path}"), &init)?).await?;
    let response: web_sys::Response = response.dyn_into()?;
    let bytes = JsFuture::from(response.array_buffer()?).await?;
    Ok(Answer { status: response.status(), body: Uint8Array::new(&bytes).to_vec() })
}
