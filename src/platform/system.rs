//! The clock, randomness and the log of the platform.

use std::time::Duration;

use futures::future::BoxFuture;
use worker::send::SendFuture;
use worker::{Date, Delay, console_log};

use crate::domain::time::Timestamp;
use crate::ports::{Clock, Entropy, Log, Pause};
use crate::request_ids;

/// All three.
#[derive(Clone, Copy)]
pub(super) struct System;

impl Clock for System {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(i64::try_from(Date::now().as_millis()).unwrap_or(i64::MAX))
    }
}

impl Pause for System {
    fn pause(&self, millis: u32) -> BoxFuture<'_, ()> {
        Box::pin(SendFuture::new(Delay::from(Duration::from_millis(u64::from(millis)))))
    }
}

impl Entropy for System {
    #[expect(clippy::expect_used, reason = "without randomness nothing here may go on")]
    fn fill(&self, buffer: &mut [u8]) {
        getrandom::fill(buffer).expect("crypto.getRandomValues works");
    }
}

impl Log for System {
    fn line(&self, json: &str) {
        console_log!("{}", request_ids::tag(json));
    }
}
