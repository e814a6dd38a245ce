//! The chain of seals: each holds the hash of the one before it and of its event, so that an event that was changed, taken out
//! or moved breaks the chain where it stood. `scripts/lib/audit-chain.mjs` says the same in another language.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::ids::SchoolId;
use super::time::Timestamp;
use super::tokens::sha256_hex;

/// What the first seal of a school goes on from.
pub const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// An event as it is stored, column by column: nothing is read into it, so whatever stands there can be sealed.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct StoredEvent {
    /// The event.
    pub id: String,
    /// The school.
    pub school_id: String,
    /// When, in milliseconds.
    pub at: i64,
    /// What kind of actor.
    pub actor_kind: String,
    /// Who did it.
    pub actor_id: String,
    /// What.
    pub action: String,
    /// What kind of target.
    pub target_kind: Option<String>,
    /// On whom or what.
    pub target_id: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// From which IP address.
    pub address: Option<String>,
    /// From which country.
    pub country: Option<String>,
    /// In which request.
    pub request_id: String,
    /// More, as JSON text.
    pub detail: Option<String>,
}

impl StoredEvent {
    /// The columns in the order of the table as a JSON array without white space. Texts are escaped as RFC 8785 section
    /// 3.2.2.2 says, which is what both serde_json and `JSON.stringify` do.
    pub fn canonical(&self) -> String {
        let columns = serde_json::json!([
            self.id,
            self.school_id,
            self.at,
            self.actor_kind,
            self.actor_id,
            self.action,
            self.target_kind,
            self.target_id,
            self.reason,
            self.address,
            self.country,
            self.request_id,
            self.detail,
        ]);
        columns.to_string()
    }
}

/// The newest seal of a school.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Head {
    /// Its number, from 1; 0 before there is one.
    pub seq: i64,
    /// Its hash.
    pub hash: String,
}

impl Default for Head {
    fn default() -> Self {
        Self { seq: 0, hash: GENESIS.to_owned() }
    }
}

/// A seal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Seal {
    /// Its number within the school.
    pub seq: i64,
    /// What it seals.
    pub event_id: String,
    /// The hash of the seal before it.
    pub previous_hash: String,
    /// SHA-256 of the hash before, the number and the event, in hex.
    pub hash: String,
}

/// Seals events, in this order, behind the head.
pub fn seal(head: &Head, events: &[StoredEvent]) -> Vec<Seal> {
    let mut seals = Vec::with_capacity(events.len());
    let Head { mut seq, hash: mut previous_hash } = head.clone();
    for event in events {
        seq += 1;
        let hash = sha256_hex(&format!("{previous_hash}\n{seq}\n{}", event.canonical()));
        seals.push(Seal { seq, event_id: event.id.clone(), previous_hash, hash: hash.clone() });
        previous_hash = hash;
    }
    seals
}

/// A school asks for its seals at most so often from one isolate.
const PACE_MS: i64 = 60_000;
/// More schools than one isolate serves in a minute; beyond, all are asked for anew.
const MAX_PACED: usize = 2_000;

/// When which school asked for its seals last.
#[derive(Debug, Default)]
pub struct SealPace(HashMap<SchoolId, Timestamp>);

impl SealPace {
    /// Whether to ask now; remembers that it was.
    pub fn is_due(&mut self, school: &SchoolId, now: Timestamp) -> bool {
        if self.0.get(school).is_some_and(|last| now.millis_since(*last) < PACE_MS) {
            return false;
        }
        if self.0.len() >= MAX_PACED {
            self.0.clear();
        }
        self.0.insert(school.clone(), now);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Vector {
        events: Vec<StoredEvent>,
        canonical: Vec<String>,
        hashes: Vec<String>,
    }

    /// Changing this would break every chain that there is. The script reads the same file.
    #[test]
    fn the_chain_is_the_pinned_one() {
        let vector: Vector =
            serde_json::from_str(include_str!("../../tests/vectors/audit-chain.json")).unwrap();
        let canonical: Vec<_> = vector.events.iter().map(StoredEvent::canonical).collect();
        assert_eq!(canonical, vector.canonical);
        let seals = seal(&Head::default(), &vector.events);
        let hashes: Vec<_> = seals.iter().map(|seal| seal.hash.clone()).collect();
        assert_eq!(hashes, vector.hashes);
        assert_eq!(seals[0].previous_hash, GENESIS);
        // In two steps the chain is the same.
        let head = Head { seq: 1, hash: seals[0].hash.clone() };
        assert_eq!(seal(&head, &vector.events[1..]), seals[1..]);
    }

    #[test]
    fn a_school_asks_for_its_seals_once_a_minute() {
        let school = |n: u32| SchoolId::parse(&format!("sch_{n:026}")).unwrap();
        let (mut pace, now) = (SealPace::default(), Timestamp::from_millis(1_795_000_000_000));
        assert!(pace.is_due(&school(1), now));
        assert!(!pace.is_due(&school(1), now.plus_millis(59_999)));
        assert!(pace.is_due(&school(2), now));
        assert!(pace.is_due(&school(1), now.plus_millis(60_000)));
    }
}
