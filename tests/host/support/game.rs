//! A game server.

use serde_json::{Value, json};

use super::app::{Actor, GAME_KEY, Reply, TestApp};
use std::sync::Arc;

/// A game server with its token and cursor.
pub struct Game {
    pub server: Actor,
    pub cursor: String,
    next_event: usize,
    job_id: String,
}

impl Game {
    /// Opens a game session in the class.
    pub fn open(app: &Arc<TestApp>, class: &Value, job_id: &str) -> Self {
        let body = json!({"place_id": "123", "job_id": job_id, "class_code": class["join_code"]});
        let session = app.with_token(GAME_KEY).post("/api/v1/game/sessions", &body).expect(201);
        let server = app.with_token(session["token"].as_str().unwrap());
        Self { server, cursor: "0".to_owned(), next_event: 0, job_id: job_id.to_owned() }
    }

    /// An event with an id that was not used before.
    pub fn event(&mut self, kind: &str, user_id: i64, more: Value) -> Value {
        self.next_event += 1;
        let mut event = json!({
            "id": format!("{}-{}", self.job_id, self.next_event),
            "type": kind,
            "player": {"user_id": user_id.to_string()},
        });
        for (name, value) in more.as_object().unwrap() {
            event[name] = value.clone();
        }
        event
    }

    /// A join.
    pub fn join(&mut self, user_id: i64) -> Value {
        let player = json!({"user_id": user_id.to_string(), "display_name": format!("Pupil {user_id:02}")});
        self.event("join", user_id, json!({"player": player}))
    }

    /// An answer.
    pub fn answer(&mut self, user_id: i64, session: &Value, question: &Value, response: Value) -> Value {
        let more = json!({"session_id": session["id"], "question_id": question["id"], "response": response});
        self.event("answer", user_id, more)
    }

    /// Sends the events as they are.
    pub fn send(&self, events: &[Value]) -> Reply {
        self.server.post("/api/v1/game/sync", &json!({"cursor": self.cursor, "events": events}))
    }

    /// Sends the events and takes over the cursor.
    pub fn sync(&mut self, events: &[Value]) -> Value {
        let answer = self.send(events).expect(200);
        answer["cursor"].as_str().unwrap().clone_into(&mut self.cursor);
        answer
    }

    /// Sends one event and gives its result.
    pub fn one(&mut self, event: &Value) -> Value {
        self.sync(std::slice::from_ref(event))["results"][0].clone()
    }
}
