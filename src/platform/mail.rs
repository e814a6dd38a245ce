//! The `Mailer` port: Cloudflare's `send_email` binding, or a provider's HTTP API.

use futures::future::BoxFuture;
use js_sys::{Promise, Reflect, Uint8Array};
use wasm_bindgen::prelude::wasm_bindgen;
use worker::send::SendFuture;
use worker::wasm_bindgen::{JsCast, JsValue};
use worker::wasm_bindgen_futures::JsFuture;
use worker::worker_sys::web_sys::{AbortSignal, Headers, RequestInit, RequestRedirect, Response};
use worker::{EmailAddress, Env, SendEmail, SendEmailBuilder};

use crate::mail::{MailSettings, Message, Provider, http_body, http_verdict, send_email_verdict};
use crate::ports::{MailError, Mailer};

/// The binding.
const BINDING: &str = "EMAIL";
/// How long a provider is waited for; well under the lease of a try (`storage::mails::LEASE_MS`).
const TIMEOUT_MS: u32 = 10_000;

/// The mailer of the settings.
pub(super) fn mailer(env: &Env, settings: &MailSettings) -> worker::Result<Box<dyn Mailer>> {
    Ok(match &settings.provider {
        Provider::Cloudflare => Box::new(Cloudflare(env.send_email(BINDING)?)),
        Provider::Http { url, key } => Box::new(Http { url: url.to_string(), key: key.to_string() }),
    })
}

/// Cloudflare. It takes fields, so no MIME is made here; it knows no idempotency keys.
struct Cloudflare(SendEmail);

impl Mailer for Cloudflare {
    fn send(&self, message: Message) -> BoxFuture<'_, Result<(), MailError>> {
        Box::pin(SendFuture::new(async move {
            let from = EmailAddress::new(&message.from.name, &message.from.address);
            let mail =
                SendEmailBuilder::builder_with_email_address_and_str(&from, &message.to, &message.subject)
                    .text(&message.text)
                    .html(&message.html)
                    .build();
            self.0.send_with_builder(&mail).await.map(drop).map_err(|error| {
                let code = Reflect::get(&error, &JsValue::from_str("code")).ok();
                send_email_verdict(&code.and_then(|code| code.as_string()).unwrap_or_default())
            })
        }))
    }
}

/// A provider with a JSON API.
struct Http {
    url: String,
    key: String,
}

#[wasm_bindgen]
extern "C" {
    /// The global `fetch`. `worker::Fetch` brings a `Request` with every property of Cloudflare's own into the wasm.
    #[wasm_bindgen(catch)]
    fn fetch(url: &str, init: &RequestInit) -> Result<Promise, JsValue>;
}

impl Http {
    async fn post(&self, message: &Message) -> Result<(u16, Vec<u8>), JsValue> {
        let headers = Headers::new()?;
        headers.set("authorization", &format!("Bearer {}", self.key))?;
        headers.set("content-type", "application/json")?;
        headers.set("idempotency-key", &message.idempotency_key)?;
        let init = RequestInit::new();
        init.set_method("POST");
        init.set_headers(&headers);
        init.set_body(&JsValue::from_str(&http_body(message)));
        // Followed, a redirect would carry the mail to an address that nobody configured.
        init.set_redirect(RequestRedirect::Manual);
        init.set_signal(Some(&AbortSignal::timeout_with_u32(TIMEOUT_MS)));
        let response: Response = JsFuture::from(fetch(&self.url, &init)?).await?.dyn_into()?;
        let bytes = JsFuture::from(response.array_buffer()?).await?;
        Ok((response.status(), Uint8Array::new(&bytes).to_vec()))
    }
}

impl Mailer for Http {
    fn send(&self, message: Message) -> BoxFuture<'_, Result<(), MailError>> {
        Box::pin(SendFuture::new(async move {
            let (status, body) = self.post(&message).await.map_err(|error| unreachable(&error))?;
            http_verdict(status, &body)
        }))
    }
}

/// A failed fetch by the name of its error alone: its message may hold what was sent.
fn unreachable(error: &JsValue) -> MailError {
    let name = error.dyn_ref::<js_sys::Error>().and_then(|error| error.name().as_string());
    MailError::Temporary(format!("the provider did not answer: {}", name.as_deref().unwrap_or("unknown")))
}
