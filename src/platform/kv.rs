//! KV behind the `Cache` port.

use futures::future::BoxFuture;
use worker::send::SendFuture;
use worker::{Env, KvStore};

use crate::ports::Cache;

/// The binding.
pub(super) const BINDING: &str = "CACHE";

/// KV.
pub(super) struct Kv(KvStore);

impl Kv {
    /// The bound namespace.
    pub fn of(env: &Env) -> worker::Result<Self> {
        env.kv(BINDING).map(Self)
    }
}

impl Cache for Kv {
    fn get(&self, key: String) -> BoxFuture<'_, Option<String>> {
        Box::pin(SendFuture::new(async move { self.0.get(&key).text().await.ok().flatten() }))
    }

    fn put(&self, key: String, value: String, ttl_s: u64) -> BoxFuture<'_, ()> {
        Box::pin(SendFuture::new(async move {
            if let Ok(put) = self.0.put(&key, value.as_str()) {
                // A failing cache is an empty one.
                drop(put.expiration_ttl(ttl_s).execute().await);
            }
        }))
    }
}
