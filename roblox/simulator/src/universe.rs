//! What the game servers of an experience share, and what outlasts each of them: its data stores.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// By store and key, the value as JSON.
type Values = BTreeMap<(String, String), String>;

/// The data stores of an experience. Clones are the same stores.
#[derive(Debug, Clone, Default)]
pub struct Universe(Arc<Mutex<Values>>);

impl Universe {
    fn with<T>(&self, act: impl FnOnce(&mut Values) -> T) -> T {
        // A thread that failed while it held the lock has left whole values behind.
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The value of a key, as JSON.
    #[must_use]
    pub fn get(&self, store: &str, key: &str) -> Option<String> {
        self.with(|values| values.get(&(store.to_owned(), key.to_owned())).cloned())
    }

    /// Replaces the value of a key, given as JSON.
    pub fn set(&self, store: &str, key: &str, json: String) {
        self.with(|values| values.insert((store.to_owned(), key.to_owned()), json));
    }

    /// Removes a key.
    pub fn remove(&self, store: &str, key: &str) {
        self.with(|values| values.remove(&(store.to_owned(), key.to_owned())));
    }

    /// The keys of a store that begin with `prefix`, in order.
    #[must_use]
    pub fn keys(&self, store: &str, prefix: &str) -> Vec<String> {
        self.with(|values| {
            let here = values.keys().filter(|(name, key)| name == store && key.starts_with(prefix));
            here.map(|(_, key)| key.clone()).collect()
        })
    }
}
