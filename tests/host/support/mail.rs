//! Mail on the host: what was sent, and a provider that fails when told to.

use std::collections::VecDeque;
use std::sync::Mutex;

use futures::future::BoxFuture;
use toolboxai_edge::mail::Message;
use toolboxai_edge::ports::{MailError, Mailer};

/// Remembers what it was given.
#[derive(Default)]
pub struct MemoryMailer {
    pub sent: Mutex<Vec<Message>>,
    failures: Mutex<VecDeque<MailError>>,
}

impl MemoryMailer {
    /// The next mail is refused for now; call it twice for two.
    pub fn fail_for_now(&self) {
        self.failures.lock().unwrap().push_back(MailError::Temporary("injected for now".to_owned()));
    }

    /// The next mail is refused for good.
    pub fn fail_for_good(&self) {
        self.failures.lock().unwrap().push_back(MailError::Permanent("injected for good".to_owned()));
    }

    /// What was sent to an address, oldest first.
    pub fn to(&self, address: &str) -> Vec<Message> {
        self.sent.lock().unwrap().iter().filter(|message| message.to == address).cloned().collect()
    }

    /// The newest mail to an address; there must be one.
    pub fn newest_to(&self, address: &str) -> Message {
        self.to(address).pop().unwrap_or_else(|| panic!("no mail went to {address}"))
    }
}

impl Mailer for MemoryMailer {
    fn send(&self, message: Message) -> BoxFuture<'_, Result<(), MailError>> {
        let failure = self.failures.lock().unwrap().pop_front();
        if failure.is_none() {
            self.sent.lock().unwrap().push(message);
        }
        Box::pin(async move { failure.map_or(Ok(()), Err) })
    }
}

/// The one-time token of the first link in a mail that has one: what stands behind `#token=`.
pub fn token_in(message: &Message) -> String {
    let (_, rest) =
        message.text.split_once("#token=").unwrap_or_else(|| panic!("no token: {}", message.subject));
    rest.split(|c: char| c.is_whitespace()).next().unwrap().to_owned()
}
