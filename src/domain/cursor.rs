//! Opaque page cursors: what a list was sorted by, at the last item. Versioned, so that a change of order is noticed.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

const VERSION: &str = "1:";

/// Makes the cursor that goes on behind this id.
pub fn encode(last_id: &str) -> String {
    URL_SAFE_NO_PAD.encode(format!("{VERSION}{last_id}"))
}

/// The id behind which to go on, or nothing when it is no cursor of ours.
pub fn decode(cursor: &str) -> Option<String> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
    String::from_utf8(bytes).ok()?.strip_prefix(VERSION).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_gives_back_its_id_and_nothing_else_decodes() {
        assert_eq!(decode(&encode("cls_1")), Some("cls_1".to_owned()));
        for foreign in ["", "cls_1", "MjpjbHNfMQ", "%%%"] {
            assert_eq!(decode(foreign), None, "{foreign}");
        }
    }
}
