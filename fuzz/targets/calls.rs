//! What a server library may send: a body is a trigger, a batch, or refused with a status of the client's fault.
#![no_main]

use libfuzzer_sys::fuzz_target;
use toolboxai_edge::domain::pusher::{app_key, parse_batch, parse_trigger};

fuzz_target!(|body: &[u8]| {
    for refused in [parse_trigger(body).err(), parse_batch(body).err()].into_iter().flatten() {
        assert!((400..500).contains(&refused.status), "{refused:?}");
    }
    if let Ok(id) = std::str::from_utf8(body) {
        let _ = app_key(id);
    }
});
