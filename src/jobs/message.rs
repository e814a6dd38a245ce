//! A job as it travels in the queue: with the ids of the request that asked for it, so that the lines of both are found together.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{Job, JobError};
use crate::json;
use crate::request_ids::{self, Ids};

/// Who asked.
#[derive(Serialize, Deserialize)]
struct Asked {
    request_id: String,
    trace_id: String,
}

#[derive(Serialize)]
struct Outgoing<'a> {
    job: &'a Job,
    #[serde(skip_serializing_if = "Option::is_none")]
    asked: Option<Asked>,
}

#[derive(Deserialize)]
struct Incoming<'a> {
    #[serde(borrow)]
    job: &'a RawValue,
    #[serde(default)]
    asked: Option<Asked>,
}

/// The message for a job that is wanted now.
pub fn encode(job: &Job) -> Result<String, serde_json::Error> {
    let asked = request_ids::current().map(|ids| {
        let (request_id, trace_id) = (ids.request_id.clone(), ids.trace_id.clone());
        Asked { request_id, trace_id }
    });
    serde_json::to_string(&Outgoing { job, asked })
}

/// In whose name the message is done: of who asked, or of itself where nobody did. `message_id` is the queue's.
pub fn ids(message: &str, message_id: &str) -> Ids {
    let id: String = message_id.chars().filter(char::is_ascii_alphanumeric).take(40).collect();
    let asked = serde_json::from_str::<Incoming<'_>>(message).ok().and_then(|incoming| incoming.asked);
    let asked =
        asked.filter(|asked| request_ids::is_id(&asked.request_id) && request_ids::is_id(&asked.trace_id));
    let asked = asked.unwrap_or_else(|| Asked { request_id: format!("job-{id}"), trace_id: id.clone() });
    Ids { request_id: asked.request_id, trace_id: asked.trace_id, job_id: Some(id) }
}

/// Reads a message; one of before, which was the job alone, too. What is wrong with one is told by its type alone: serde's own words
/// may quote an address.
pub(super) fn decode(message: &str) -> Result<Job, JobError> {
    #[derive(Deserialize)]
    struct Typed {
        r#type: String,
    }
    let job = serde_json::from_str::<Incoming<'_>>(message).map_or(message, |incoming| incoming.job.get());
    json::from_str(job).map_err(|error| {
        let is_name =
            |name: &String| name.len() < 40 && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        let kind = json::from_str(job).ok().map(|Typed { r#type }| r#type).filter(is_name);
        let kind = kind.as_deref().unwrap_or("unknown");
        JobError::Malformed(format!("{:?} error in one of type {kind}", error.kind()))
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    const SEAL: &str = r#"{"type":"seal_audit","school_id":"sch_00000000000000000000000001"}"#;

    #[test]
    fn a_message_says_who_asked_for_it() {
        let job = decode(SEAL).unwrap();
        let asked = Ids { request_id: "req-1".to_owned(), trace_id: "abc".to_owned(), job_id: None };
        let message = request_ids::enter(&Arc::new(asked.clone()), || encode(&job).unwrap());
        assert_eq!(message, format!(r#"{{"job":{SEAL},"asked":{{"request_id":"req-1","trace_id":"abc"}}}}"#));
        assert_eq!(ids(&message, "m-1"), Ids { job_id: Some("m1".to_owned()), ..asked });
        assert_eq!(decode(&message).unwrap(), job);
    }

    #[test]
    fn what_nobody_asked_for_or_was_sent_before_speaks_in_its_own_name() {
        let job = decode(SEAL).unwrap();
        let own =
            Ids { request_id: "job-m1".to_owned(), trace_id: "m1".to_owned(), job_id: Some("m1".to_owned()) };
        let forged = format!(r#"{{"job":{SEAL},"asked":{{"request_id":"a\" b","trace_id":"abc"}}}}"#);
        for message in [&encode(&job).unwrap(), SEAL, &forged] {
            assert_eq!(ids(message, "m-1"), own, "{message}");
            assert_eq!(decode(message).unwrap(), job, "{message}");
        }
        assert_eq!(ids("no json", "m-1"), own);
    }
}
