//! The ids of the request, the job or the alarm that the code runs for: every log line that is written meanwhile carries them.
//!
//! Many requests take turns in one isolate, so whose turn it is is said at every poll.

use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;

use crate::domain::tokens::hex;
use crate::ports::Entropy;

/// Longest id that is taken over from others.
const MAX_ID: usize = 64;

thread_local! {
    static CURRENT: RefCell<Option<Arc<Ids>>> = const { RefCell::new(None) };
}

/// Who the lines are about. All are letters, digits, `-`, `_` and `.`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ids {
    /// The request; of a job the one that asked for it; of what nobody asked for an id of its own.
    pub request_id: String,
    /// The trace that it is part of.
    pub trace_id: String,
    /// The message of the queue.
    pub job_id: Option<String>,
}

impl Ids {
    /// Of something that nobody asked for, like an alarm.
    pub fn of_its_own(what: &str, entropy: &dyn Entropy) -> Self {
        let mut bytes = [0; 16];
        entropy.fill(&mut bytes);
        let trace_id = hex(&bytes);
        Self { request_id: format!("{what}-{trace_id}"), trace_id, job_id: None }
    }
}

/// Whether a text can be an id: one that could forge a log line cannot.
pub fn is_id(text: &str) -> bool {
    (1..=MAX_ID).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}

/// Does the work in the name of these.
pub async fn scope<F: Future>(ids: Arc<Ids>, work: F) -> F::Output {
    let mut work = pin!(work);
    poll_fn(|context| enter(&ids, || work.as_mut().poll(context))).await
}

/// Does work that waits for nothing in the name of these.
pub fn enter<T>(ids: &Arc<Ids>, work: impl FnOnce() -> T) -> T {
    let outer = CURRENT.replace(Some(ids.clone()));
    let done = work();
    CURRENT.set(outer);
    done
}

/// In whose name the code runs.
pub fn current() -> Option<Arc<Ids>> {
    CURRENT.with_borrow(Clone::clone)
}

/// The line with the ids of the request that it is written in, unless it names them itself.
pub fn tag(json: &str) -> String {
    let open = json.trim_end().strip_suffix('}');
    match (open, current()) {
        (Some(open), Some(ids)) if !json.contains("\"request.id\"") => {
            let comma = if open.trim_end().ends_with('{') { "" } else { "," };
            let job = ids.job_id.as_ref().map_or_else(String::new, |id| format!(r#","job.id":"{id}""#));
            let (request, trace) = (&ids.request_id, &ids.trace_id);
            format!(r#"{open}{comma}"request.id":"{request}","trace.id":"{trace}"{job}}}"#)
        }
        _ => json.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use futures::executor::block_on;
    use futures::future::join;

    use super::*;

    fn ids(name: &str) -> Arc<Ids> {
        Arc::new(Ids { request_id: name.to_owned(), trace_id: format!("t-{name}"), job_id: None })
    }

    /// Lets others have a turn.
    async fn yield_now() {
        let mut yielded = false;
        poll_fn(|context| {
            if std::mem::replace(&mut yielded, true) {
                return std::task::Poll::Ready(());
            }
            context.waker().wake_by_ref();
            std::task::Poll::Pending
        })
        .await;
    }

    #[test]
    fn requests_that_take_turns_keep_their_ids() {
        let work = async {
            let before = current();
            yield_now().await;
            assert_eq!(before, current());
            current().unwrap().request_id.clone()
        };
        let again = async {
            yield_now().await;
            yield_now().await;
            current().unwrap().request_id.clone()
        };
        let both = block_on(join(scope(ids("a"), work), scope(ids("b"), again)));
        assert_eq!(both, ("a".to_owned(), "b".to_owned()));
        assert_eq!(current(), None);
    }

    #[test]
    fn an_id_that_could_forge_a_log_line_is_none() {
        assert!(is_id("abc-123_4.5"));
        for wrong in ["", "a b", "a\"b", "a\nb", &"x".repeat(65)] {
            assert!(!is_id(wrong), "{wrong}");
        }
    }

    #[test]
    fn a_line_gets_the_ids_once_and_stays_json() {
        let tagged = |line: &'static str| block_on(scope(ids("a"), async move { tag(line) }));
        assert_eq!(tagged(r#"{"message":"x"}"#), r#"{"message":"x","request.id":"a","trace.id":"t-a"}"#);
        assert_eq!(tagged("{}"), r#"{"request.id":"a","trace.id":"t-a"}"#);
        assert_eq!(tagged(r#"{"request.id":"own"}"#), r#"{"request.id":"own"}"#);
        assert_eq!(tag(r#"{"message":"x"}"#), r#"{"message":"x"}"#);
        let of_a_job = Ids { job_id: Some("j".to_owned()), ..(*ids("a")).clone() };
        let line = enter(&Arc::new(of_a_job), || tag("{}"));
        assert_eq!(line, r#"{"request.id":"a","trace.id":"t-a","job.id":"j"}"#);
    }
}
