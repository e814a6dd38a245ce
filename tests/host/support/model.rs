//! Who writes content: the built-in provider, until a test lets it fail.

use std::sync::Mutex;

use futures::future::BoxFuture;
use toolboxai_edge::model::{Brief, Builtin, Draft, Model, ModelError};

/// Counts what is asked of it, and fails when told to.
#[derive(Default)]
pub struct SwitchModel {
    pub fails: Mutex<Option<ModelError>>,
    pub briefs: Mutex<Vec<Brief>>,
}

impl Model for SwitchModel {
    fn write(&self, brief: Brief) -> BoxFuture<'_, Result<Draft, ModelError>> {
        self.briefs.lock().unwrap().push(brief.clone());
        match self.fails.lock().unwrap().clone() {
            Some(error) => Box::pin(async move { Err(error) }),
            None => Builtin.write(brief),
        }
    }
}
