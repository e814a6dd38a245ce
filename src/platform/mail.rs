//! The `Mailer` port: Cloudflare's `send_email` binding, or a provider's HTTP API.

use futures::future::BoxFuture;
use js_sys::Reflect;
use worker::send::SendFuture;
use worker::wasm_bindgen::JsValue;
use worker::worker_sys::web_sys;
use worker::{
    AbortSignal, EmailAddress, Env, Error, Fetch, Headers, Method, Request, RequestInit, RequestRedirect,
    SendEmail, SendEmailBuilder,
};

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

impl Http {
    async fn post(&self, message: &Message) -> worker::Result<(u16, Vec<u8>)> {
        let headers = Headers::new();
        headers.set("authorization", &format!("Bearer {}", self.key))?;
        headers.set("content-type", "application/json")?;
        headers.set("idempotency-key", &message.idempotency_key)?;
        let mut init = RequestInit::new();
        // Followed, a redirect would carry the mail to an address that nobody configured.
        init.with_method(Method::Post)
            .with_headers(headers)
            .with_redirect(RequestRedirect::Manual)
            .with_body(Some(JsValue::from_str(&http_body(message))));
        let request = Request::new_with_init(&self.url, &init)?;
        let signal = AbortSignal::from(web_sys::AbortSignal::timeout_with_u32(TIMEOUT_MS));
        let mut response = Fetch::Request(request).send_with_signal(&signal).await?;
        Ok((response.status_code(), response.bytes().await?))
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
fn unreachable(error: &Error) -> MailError {
    let name = match error {
        Error::UnknownJsError { name: Some(name), .. } => name.as_str(),
        _ => "error",
    };
    MailError::Temporary(format!("the provider did not answer: {name}"))
}
