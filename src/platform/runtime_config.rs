//! The Durable Object of the runtime settings, and each isolate's copy of them.

use std::cell::{Cell, RefCell};

use futures::future::{BoxFuture, ready};
use serde::{Deserialize, Serialize};
use worker::send::SendFuture;
use worker::{DurableObject, Env, Error, ObjectNamespace, Request, Response, State, durable_object};

use super::object_sql::ObjectSql;
use super::system::System;
use super::{background, stub, transaction};
use crate::domain::revocation::Freshness;
use crate::domain::runtime_config::{RuntimeConfig as Config, Settings, SettingsCopy};
use crate::domain::time::Timestamp;
use crate::json;
use crate::ports::{Clock, Log, PortError, RuntimeSettings};
use crate::runtime_config::{self, ConfigAnswer, ConfigOp};

/// The binding.
pub(super) const BINDING: &str = "RUNTIME_CONFIG";

thread_local! {
    static COPY: RefCell<Option<SettingsCopy>> = const { RefCell::new(None) };
    static IS_FETCHING: Cell<bool> = const { Cell::new(false) };
}

/// What is asked of the object.
#[derive(Serialize, Deserialize)]
struct Call {
    start: Config,
    op: ConfigOp,
}

/// The object behind its port.
#[derive(Clone)]
pub(super) struct RuntimeConfigObject {
    namespace: ObjectNamespace,
    start: Config,
}

impl RuntimeConfigObject {
    /// The bound namespace, and the start values.
    pub fn of(env: &Env, start: Config) -> worker::Result<Self> {
        Ok(Self { namespace: env.durable_object(BINDING)?, start })
    }

    async fn ask(&self, op: ConfigOp) -> worker::Result<ConfigAnswer> {
        let asked_at = System.now();
        let stub = self.namespace.get_by_name(runtime_config::OBJECT)?;
        let call = serde_json::to_string(&Call { start: self.start, op })?;
        let answer = stub::post(stub, "/call", None, &call.into()).await?;
        if answer.status != 200 {
            return Err(Error::RustError(format!("status {}", answer.status)));
        }
        let answer: ConfigAnswer = json::from_slice(&answer.body)?;
        if let ConfigAnswer::Current(settings) | ConfigAnswer::Changed { new: settings, .. } = &answer {
            remember(*settings, asked_at);
        }
        Ok(answer)
    }

    /// Fetches the copy anew. When that fails, the one that is there has to do.
    async fn refresh(&self) {
        let fetched = self.ask(ConfigOp::Current).await;
        IS_FETCHING.set(false);
        if let Err(error) = fetched {
            let line = serde_json::json!({"message": "settings not fetched", "level": "error", "cause": error.to_string()});
            System.line(&line.to_string());
        }
    }
}

/// Versions only grow: an answer that was overtaken changes nothing.
fn remember(settings: Settings, fetched_at: Timestamp) {
    COPY.with_borrow_mut(|copy| {
        if copy.is_none_or(|copy| copy.settings.version <= settings.version) {
            *copy = Some(SettingsCopy { settings, fetched_at });
        }
    });
}

impl RuntimeSettings for RuntimeConfigObject {
    fn current(&self) -> BoxFuture<'_, Settings> {
        let copy = COPY.with_borrow(|copy| *copy);
        let freshness = copy.map(|copy| copy.freshness(System.now()));
        match (copy, freshness) {
            (Some(copy), Some(Freshness::Fresh)) => Box::pin(ready(copy.settings)),
            (Some(copy), Some(Freshness::Stale)) => {
                if !IS_FETCHING.replace(true) {
                    let object = self.clone();
                    background::run(async move { object.refresh().await });
                }
                Box::pin(ready(copy.settings))
            }
            _ => Box::pin(SendFuture::new(async move {
                self.refresh().await;
                COPY.with_borrow(|copy| copy.map_or(Settings::start(self.start), |copy| copy.settings))
            })),
        }
    }

    fn call(&self, op: ConfigOp) -> BoxFuture<'_, Result<ConfigAnswer, PortError>> {
        Box::pin(SendFuture::new(async move {
            self.ask(op).await.map_err(|error| PortError(format!("runtime settings: {error}")))
        }))
    }
}

/// The object.
#[durable_object(fetch)]
pub struct RuntimeConfig {
    state: State,
}

impl DurableObject for RuntimeConfig {
    fn new(state: State, _: Env) -> Self {
        Self { state }
    }

    async fn fetch(&self, mut request: Request) -> worker::Result<Response> {
        if stub::is_ping(&request) {
            return Response::empty();
        }
        let Call { start, op } = stub::read(&mut request).await?;
        let storage = self.state.storage();
        let sql = ObjectSql(storage.sql());
        let answer = transaction::run(&storage, || runtime_config::call(&sql, System.now(), start, op))?;
        Response::from_json(&answer)
    }
}
