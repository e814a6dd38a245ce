//! Studio plugins: coming, staying alive, pairing, messages, sessions, going.

mod life;

use std::sync::Arc;

use serde_json::{Value, json};

use crate::support::{Actor, TestApp};

/// What the old plugin sends when it registers.
pub fn old_plugin(studio_id: &str) -> Value {
    json!({
        "port": 64989,
        "version": "1.1.0",
        "studio_user_id": 123_456_789,
        "studio_id": studio_id,
        "capabilities": ["terrain_generation", "script_creation", "ui_building", "quiz_system", "websocket", "http_polling"],
        "connection_preferences": {
            "preferred_method": "websocket", "fallback_method": "http_polling", "polling_interval": 2
        }
    })
}

/// A registered plugin: its id, and itself with its token.
pub fn register(app: &Arc<TestApp>, studio_id: &str) -> (String, Actor) {
    let made = app.anonymous().post("/register_plugin", &old_plugin(studio_id)).expect(200);
    let token = made["token"].as_str().unwrap();
    (made["plugin_id"].as_str().unwrap().to_owned(), app.with_token(token))
}
