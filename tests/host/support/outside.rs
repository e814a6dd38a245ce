//! Other people's servers, scripted by a test: whatever it puts in answers. Without a script nobody is there.

use std::sync::Mutex;

use futures::future::BoxFuture;
use toolboxai_edge::ports::{Http, Inbound, Outbound, PortError};

/// What answers a request; nothing: nobody is there.
pub type Script = Box<dyn FnMut(&Outbound) -> Option<Inbound> + Send>;

/// The world outside.
#[derive(Default)]
pub struct Outside {
    script: Mutex<Option<Script>>,
    /// Every request that was sent.
    pub requests: Mutex<Vec<Outbound>>,
}

impl Outside {
    /// From now on this answers.
    pub fn answer_with(&self, script: impl FnMut(&Outbound) -> Option<Inbound> + Send + 'static) {
        *self.script.lock().unwrap() = Some(Box::new(script));
    }
}

impl Http for Outside {
    fn send(&self, request: Outbound) -> BoxFuture<'_, Result<Inbound, PortError>> {
        let answer = self.script.lock().unwrap().as_mut().and_then(|script| script(&request));
        let answer = answer
            .filter(|answer| answer.body.len() <= request.max_bytes)
            .ok_or_else(|| PortError("no answer".to_owned()));
        self.requests.lock().unwrap().push(request);
        Box::pin(async move { answer })
    }
}
