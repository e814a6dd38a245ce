//! Asks each thing behind the Worker something that costs it next to nothing.

use futures::future::BoxFuture;
use js_sys::Reflect;
use worker::send::SendFuture;
use worker::wasm_bindgen::JsValue;
use worker::{Env, Error};

use super::{
    content_cache, inbox, kv, plugin_registry, queue, rate_limiter, revocation_list, school_channel, stub,
    telemetry,
};
use crate::domain::health::Dependency;
use crate::ports::{PortError, Probes};

/// A key and an object that nothing else uses.
const NAME: &str = "health";

/// The bindings.
pub(super) struct Bindings(pub Env);

impl Bindings {
    async fn ask(&self, what: Dependency) -> worker::Result<()> {
        let binding = match what {
            // Asked by who checks, with SQL.
            Dependency::Database => return Ok(()),
            Dependency::Cache => {
                self.0.kv(kv::BINDING)?.get(NAME).text().await?;
                return Ok(());
            }
            Dependency::Queue => return self.queue(),
            Dependency::ClassRooms => super::rooms::BINDING,
            Dependency::Inboxes => inbox::BINDING,
            Dependency::RateLimiter => rate_limiter::BINDING,
            Dependency::Revocations => revocation_list::BINDING,
            Dependency::RuntimeConfig => super::runtime_config::BINDING,
            Dependency::ContentCache => content_cache::BINDING,
            Dependency::Telemetry => telemetry::BINDING,
            Dependency::PluginRegistry => plugin_registry::BINDING,
            Dependency::SchoolChannels => school_channel::BINDING,
        };
        let stub = self.0.durable_object(binding)?.get_by_name(NAME)?;
        match stub::post(stub, stub::PING, None, &JsValue::NULL).await?.status {
            200..=299 => Ok(()),
            status => Err(Error::RustError(format!("status {status}"))),
        }
    }

    /// A queue cannot be asked without sending something: that it is bound has to do.
    fn queue(&self) -> worker::Result<()> {
        let queue = Reflect::get(self.0.as_ref(), &JsValue::from_str(queue::BINDING))?;
        let send = Reflect::get(&queue, &JsValue::from_str("send"))?;
        if send.is_function() { Ok(()) } else { Err(Error::RustError("not bound".to_owned())) }
    }
}

impl Probes for Bindings {
    fn probe(&self, what: Dependency) -> BoxFuture<'_, Result<(), PortError>> {
        Box::pin(SendFuture::new(async move {
            self.ask(what).await.map_err(|error| PortError(format!("{}: {error}", what.name())))
        }))
    }
}
