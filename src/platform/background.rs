//! Work that goes on when the answer is out.

use std::future::Future;

use js_sys::Promise;
use wasm_bindgen::prelude::wasm_bindgen;
use worker::wasm_bindgen::JsValue;
use worker::wasm_bindgen_futures::future_to_promise;

use crate::request_ids;

#[wasm_bindgen(module = "cloudflare:workers")]
extern "C" {
    /// Of whatever request runs now.
    #[wasm_bindgen(catch, js_name = waitUntil)]
    fn wait_until(promise: &Promise) -> Result<(), JsValue>;
}

/// Starts the work; the platform waits for it after the answer. Where there is nothing to wait with, it ends with the request.
pub(super) fn run(work: impl Future<Output = ()> + 'static) {
    // Now, and not when the work is first polled: nobody's turn it is then.
    let ids = request_ids::current();
    let promise = future_to_promise(async move {
        match ids {
            Some(ids) => request_ids::scope(ids, work).await,
            None => work.await,
        }
        Ok(JsValue::UNDEFINED)
    });
    drop(wait_until(&promise));
}
