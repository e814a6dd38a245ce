//! What mail providers take and what their answers mean.
//!
//! Permanent is what is wrong with this mail: it never gets better. Everything else is temporary: also a refused key or an
//! unknown sender, as that is about our settings, which somebody mends while the mail waits. A cause goes to the log, so it
//! is made of statuses and codes, never of a provider's sentences: those quote addresses.

use serde::{Deserialize, Serialize};

use super::Message;
use crate::json;
use crate::ports::MailError;

/// A code that a provider gives an error; anything longer or stranger is not one.
const MAX_CODE: usize = 64;

/// What Cloudflare's binding says of a mail that it will never take. (Its other codes are about the sender's domain, limits
/// and failures of its own.)
const NEVER_SENT: [&str; 11] = [
    "E_VALIDATION_ERROR",
    "E_FIELD_MISSING",
    "E_TOO_MANY_RECIPIENTS",
    "E_RECIPIENT_NOT_ALLOWED",
    "RCPT_NOT_ALLOWED",
    "E_RECIPIENT_SUPPRESSED",
    "E_CONTENT_TOO_LARGE",
    "E_HEADER_NOT_ALLOWED",
    "E_HEADER_VALUE_INVALID",
    "E_HEADER_VALUE_TOO_LONG",
    "E_HEADERS_TOO_LARGE",
];

#[derive(Serialize)]
struct HttpMail<'m> {
    from: String,
    to: [&'m str; 1],
    subject: &'m str,
    text: &'m str,
    html: &'m str,
}

/// The body of `POST /emails` as Resend and those that follow it take it. The idempotency key goes into a header.
pub fn http_body(message: &Message) -> String {
    let mail = HttpMail {
        from: message.from.to_string(),
        to: [&message.to],
        subject: &message.subject,
        text: &message.text,
        html: &message.html,
    };
    // A struct of strings always serialises.
    serde_json::to_string(&mail).unwrap_or_default()
}

/// What such a provider's answer means.
pub fn http_verdict(status: u16, body: &[u8]) -> Result<(), MailError> {
    #[derive(Deserialize)]
    struct Problem {
        name: String,
    }
    if (200..300).contains(&status) {
        return Ok(());
    }
    let name = json::from_slice::<Problem>(body).map(|problem| problem.name).unwrap_or_default();
    // The key was used for a mail that read otherwise: this one was sent, and a deploy changed its words since.
    if status == 409 && name == "invalid_idempotent_request" {
        return Ok(());
    }
    let cause = format!("the provider answered {status} {}", code(&name));
    Err(if matches!(status, 400 | 413 | 422) {
        MailError::Permanent(cause)
    } else {
        MailError::Temporary(cause)
    })
}

/// What an error of Cloudflare's `send_email` binding means, by its `code`.
pub fn send_email_verdict(code_given: &str) -> MailError {
    let cause = format!("send_email refused with {}", code(code_given));
    if NEVER_SENT.contains(&code_given) { MailError::Permanent(cause) } else { MailError::Temporary(cause) }
}

/// A code fit for the log.
fn code(text: &str) -> &str {
    let is_code = (1..=MAX_CODE).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    if is_code { text } else { "(no code)" }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(status: u16, name: &str) -> Result<(), MailError> {
        let body = format!(
            r#"{{"statusCode":{status},"name":"{name}","message":"Invalid `to`: ada@school.example"}}"#
        );
        http_verdict(status, body.as_bytes())
    }

    #[test]
    fn only_what_is_wrong_with_the_mail_itself_is_permanent() {
        assert_eq!(http_verdict(200, br#"{"id":"x"}"#), Ok(()));
        for status in [400, 413, 422] {
            assert!(matches!(problem(status, "validation_error"), Err(MailError::Permanent(_))), "{status}");
        }
        for status in [302, 401, 403, 404, 408, 409, 429, 500, 503] {
            assert!(matches!(problem(status, "x"), Err(MailError::Temporary(_))), "{status}");
        }
        assert!(matches!(send_email_verdict("E_RECIPIENT_SUPPRESSED"), MailError::Permanent(_)));
        for code in ["E_RATE_LIMIT_EXCEEDED", "E_SENDER_NOT_VERIFIED", "E_NEW_ONE", ""] {
            assert!(matches!(send_email_verdict(code), MailError::Temporary(_)), "{code}");
        }
    }

    #[test]
    fn a_key_that_was_used_for_other_words_means_that_the_mail_was_sent() {
        assert_eq!(problem(409, "invalid_idempotent_request"), Ok(()));
        assert!(problem(409, "concurrent_idempotent_requests").is_err());
    }

    #[test]
    fn a_cause_holds_codes_and_never_a_providers_sentence() {
        let Err(error) = problem(422, "validation_error") else { panic!("a 422 is an error") };
        assert_eq!(error.to_string(), "the provider answered 422 validation_error");
        let Err(error) = problem(500, "no such mailbox: ada@school.example") else {
            panic!("a 500 is an error")
        };
        assert_eq!(error.to_string(), "the provider answered 500 (no code)");
        assert!(!send_email_verdict("ada@school.example").to_string().contains("ada"));
    }
}
