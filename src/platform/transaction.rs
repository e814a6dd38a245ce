//! `transactionSync` of an object's storage, which `worker` 0.8.7 does not offer: all writes of a call or none, without a
//! promise in between. (Its asynchronous sibling commits on the object's own thread and was two fifths of a sync's CPU time.)

use worker::wasm_bindgen::JsCast;
use worker::wasm_bindgen::prelude::{JsValue, wasm_bindgen};
use worker::{Error, Storage};

use crate::ports::DbError;

#[wasm_bindgen]
extern "C" {
    /// The storage as JavaScript sees it.
    type SyncStorage;

    #[wasm_bindgen(method, catch, js_name = transactionSync)]
    fn transaction_sync(
        this: &SyncStorage,
        callback: &mut dyn FnMut() -> Result<JsValue, JsValue>,
    ) -> Result<JsValue, JsValue>;
}

/// Runs the writes; an error takes them all back.
pub(super) fn run<T>(storage: &Storage, writes: impl FnOnce() -> Result<T, DbError>) -> Result<T, Error> {
    let mut writes = Some(writes);
    let mut outcome = None;
    let mut callback = || {
        let Some(writes) = writes.take() else { return Ok(JsValue::NULL) };
        let result = writes();
        let thrown = result.as_ref().err().map(|error| JsValue::from_str(&error.to_string()));
        outcome = Some(result);
        thrown.map_or(Ok(JsValue::NULL), Err)
    };
    let raw: &JsValue = storage.as_raw().as_ref();
    let done = raw.unchecked_ref::<SyncStorage>().transaction_sync(&mut callback);
    match (done, outcome) {
        (Ok(_), Some(Ok(value))) => Ok(value),
        (_, Some(Err(error))) => Err(Error::RustError(error.to_string())),
        (Err(error), _) => Err(error.into()),
        (Ok(_), None) => Err(Error::RustError("the transaction did not run".to_owned())),
    }
}
