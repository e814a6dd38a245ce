//! Tokens that were good and must not be any more: a short list of ended sign-ins, people and keys. It only has to remember
//! for as long as the longest token lives; each isolate keeps a copy of it.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::time::Timestamp;

/// A copy is taken as it is for so long.
pub const FRESH_MS: i64 = 5_000;
/// After so long nobody may rely on it: an end is felt within this time everywhere.
pub const STALE_MS: i64 = 10_000;
/// When the list cannot be had, the copy is served for so long; then requests wait for it. An outage of one object must
/// not be an outage of everything at once.
pub const OUTAGE_MS: i64 = 60_000;

/// An entry outlives the last of its tokens by so much, in seconds: clocks differ.
const CLOCK_SKEW_S: i64 = 60;

/// Somebody or something whose tokens are ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revocation {
    /// The id of a sign-in, a person or a key.
    pub subject: String,
    /// Only tokens of this second or earlier; all of them when absent.
    pub issued_until: Option<i64>,
    /// When no such token can be alive any more.
    pub until: Timestamp,
}

impl Revocation {
    /// Ends all tokens of a subject, which live no longer than that.
    pub fn of(subject: &str, token_s: i64, now: Timestamp) -> Self {
        let until = now.plus_millis((token_s + CLOCK_SKEW_S) * 1000);
        Self { subject: subject.to_owned(), issued_until: None, until }
    }

    /// Ends those alone that are out until now.
    #[must_use]
    pub fn issued_until_now(mut self, now: Timestamp) -> Self {
        self.issued_until = Some(now.as_secs());
        self
    }
}

/// How good a copy is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// As good as new.
    Fresh,
    /// Good while it is fetched again.
    Stale,
    /// Not good.
    Old,
}

/// A copy of the list.
#[derive(Clone, Debug)]
pub struct RevocationCopy {
    entries: HashMap<String, Option<i64>>,
    fetched_at: Timestamp,
}

impl RevocationCopy {
    /// The list as it was at that time.
    pub fn new(list: Vec<Revocation>, fetched_at: Timestamp) -> Self {
        let mut copy = Self { entries: HashMap::with_capacity(list.len()), fetched_at };
        copy.add(list);
        copy
    }

    /// What this isolate has ended itself is known to it at once.
    pub fn add(&mut self, list: Vec<Revocation>) {
        for entry in list {
            let known = self.entries.entry(entry.subject).or_insert(entry.issued_until);
            // No limit is the widest; otherwise the later one.
            *known = match (*known, entry.issued_until) {
                (Some(one), Some(other)) => Some(one.max(other)),
                _ => None,
            };
        }
    }

    /// How good it is now.
    pub fn freshness(&self, now: Timestamp) -> Freshness {
        match now.millis_since(self.fetched_at) {
            // A clock that was set back: what was fetched "in the future" cannot be trusted to be new.
            age if age < 0 => Freshness::Old,
            age if age <= FRESH_MS => Freshness::Fresh,
            age if age <= STALE_MS => Freshness::Stale,
            _ => Freshness::Old,
        }
    }

    /// Whether it may be served although the list cannot be had.
    pub fn is_usable_in_an_outage(&self, now: Timestamp) -> bool {
        (0..=OUTAGE_MS).contains(&now.millis_since(self.fetched_at))
    }

    /// Whether a token of any of these, issued in that second, is ended.
    pub fn ends(&self, subjects: &[&str], issued_at: i64) -> bool {
        subjects.iter().any(|subject| {
            self.entries.get(*subject).is_some_and(|limit| limit.is_none_or(|limit| issued_at <= limit))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(subject: &str, issued_until: Option<i64>) -> Revocation {
        Revocation { subject: subject.to_owned(), issued_until, until: Timestamp::from_millis(0) }
    }

    #[test]
    fn a_copy_ages_from_fresh_over_stale_to_old() {
        let copy = RevocationCopy::new(Vec::new(), Timestamp::from_millis(100_000));
        let at = |age: i64| copy.freshness(Timestamp::from_millis(100_000 + age));
        assert_eq!(
            [at(0), at(5_000), at(5_001), at(10_000), at(10_001), at(-1)],
            [
                Freshness::Fresh,
                Freshness::Fresh,
                Freshness::Stale,
                Freshness::Stale,
                Freshness::Old,
                Freshness::Old
            ]
        );
    }

    #[test]
    fn an_ended_sign_in_ends_all_its_tokens_and_a_person_those_until_then() {
        let list = vec![ended("sid_1", None), ended("usr_1", Some(50)), ended("usr_1", Some(40))];
        let copy = RevocationCopy::new(list, Timestamp::from_millis(0));
        assert!(copy.ends(&["usr_2", "sid_1"], 1_000));
        assert!(copy.ends(&["usr_1", "sid_2"], 50));
        assert!(!copy.ends(&["usr_1", "sid_2"], 51));
        assert!(!copy.ends(&["usr_2", "sid_2"], 0));
    }

    #[test]
    fn an_end_without_a_limit_is_never_narrowed() {
        let list = vec![ended("gk_1", None), ended("gk_1", Some(5))];
        assert!(RevocationCopy::new(list, Timestamp::from_millis(0)).ends(&["gk_1"], 6));
    }
}
