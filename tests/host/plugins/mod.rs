//! Studio plugins: coming, staying alive, pairing, messages, sessions, going.

mod capacity;
mod life;
mod messages;
mod old_routes;
mod pairing;

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

/// A plugin that somebody paired, with all capabilities: its id, and itself with its token.
pub fn paired(app: &Arc<TestApp>, teacher: &Actor, studio_id: &str) -> (String, Actor) {
    let made = app.anonymous().post("/register_plugin", &old_plugin(studio_id)).expect(200);
    let code = json!({"user_code": made["pairing"]["user_code"]});
    teacher.post("/api/v1/plugins/pairings/approve", &code).expect(200);
    let plugin = app.with_token(made["token"].as_str().unwrap());
    let refreshed = plugin.post("/api/v1/plugins/refresh", &json!({})).expect(200);
    (made["plugin_id"].as_str().unwrap().to_owned(), app.with_token(refreshed["token"].as_str().unwrap()))
}

/// The same, without its id.
pub fn pair(app: &Arc<TestApp>, teacher: &Actor, studio_id: &str) -> Actor {
    paired(app, teacher, studio_id).1
}
