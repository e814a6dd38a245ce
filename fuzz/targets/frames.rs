//! What a client may send over a socket: any text is a frame or none, and what is passed on is a frame again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use toolboxai_edge::domain::pusher::{ChannelKind, ClientFrame, client_event_frame, parse_frame};

fuzz_target!(|text: &str| {
    let Some(frame) = parse_frame(text) else { return };
    match frame {
        ClientFrame::ClientEvent { event, channel, data } => {
            let passed_on =
                client_event_frame(&event, &channel, &data, None).expect("data of a frame is JSON");
            let passed_on: Value = serde_json::from_str(&passed_on).expect("what is passed on is JSON");
            assert_eq!((&passed_on["event"], &passed_on["channel"]), (&event.into(), &channel.into()));
        }
        ClientFrame::Subscribe { channel, .. } | ClientFrame::Unsubscribe { channel } => {
            let _ = ChannelKind::of(&channel);
        }
        _ => {}
    }
});
