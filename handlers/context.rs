//! Where a request came from.

use std::convert::Infallible;
use std::sync::{Arc, OnceLock};

use axum::extract::FromRequestParts;
use http::HeaderMap;
use http::header::USER_AGENT;
use http::request::Parts;

use super::cookies;
use super::limits::Report;

use crate::domain::audit::Origin;
use crate::domain::device;
use crate::domain::ids::SchoolId;

/// Longest address that is kept: an IPv6 address with an embedded IPv4 one.
const MAX_ADDRESS: usize = 45;

/// The id that the layer `observe` gave the request.
#[derive(Clone)]
pub(super) struct RequestId(pub String);

/// The school whose audit log a request writes to.
#[derive(Clone, Default)]
pub(super) struct Audited(pub Arc<OnceLock<SchoolId>>);

/// Where a request came from, for the audit log, the limits and the list of sign-ins.
#[derive(Clone)]
pub struct RequestContext {
    /// Address, country and request id.
    pub origin: Origin,
    /// The device in words, like `Chrome on Windows`.
    pub device: String,
    /// What a browser shows that has been here before.
    pub(super) device_cookie: Option<String>,
    /// Whose audit log the request writes to.
    audited: Audited,
    /// What the request spends.
    pub(super) limits: Report,
}

impl RequestContext {
    /// Remembers that the request writes to the audit log of the school.
    pub(super) fn writes_audit(&self, school: &SchoolId) {
        self.audited.0.get_or_init(|| school.clone());
    }

    /// The client's address, or that there is none: what the limits count by.
    pub fn address(&self) -> &str {
        self.origin.address.as_deref().unwrap_or("unknown")
    }
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}

impl<S: Sync> FromRequestParts<S> for RequestContext {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        // Cloudflare sets both and takes them from nobody else.
        let address = text(&parts.headers, "cf-connecting-ip").filter(|text| text.len() <= MAX_ADDRESS);
        let country = text(&parts.headers, "cf-ipcountry").filter(|text| text.len() == 2);
        let request_id = parts.extensions.get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default();
        let agent = text(&parts.headers, USER_AGENT.as_str()).unwrap_or_default();
        Ok(Self {
            origin: Origin { address, country, request_id },
            device: device::name(&agent),
            device_cookie: cookies::device(&parts.headers).map(str::to_owned),
            audited: parts.extensions.get::<Audited>().cloned().unwrap_or_default(),
            limits: parts.extensions.get::<Report>().cloned().unwrap_or_default(),
        })
    }
}
