//! What these tests share.

use serde_json::{Value, json};

use crate::support::Actor;

/// Where everything is.
pub const ROBLOX: &str = "/api/v1/roblox";

/// A good game.
pub fn game() -> Value {
    json!({"title": " Space station ", "subject": "Science", "grade_level": 5})
}

/// Makes a game of a class.
pub fn game_of(teacher: &Actor, class: &Value) -> Value {
    let mut body = game();
    body["class_id"] = class["id"].clone();
    teacher.post(&format!("{ROBLOX}/games"), &body).expect(201)
}

/// A path below a thing.
pub fn below(kind: &str, thing: &Value, rest: &str) -> String {
    format!("{ROBLOX}/{kind}/{}{rest}", thing["id"].as_str().unwrap())
}

/// Lets `alan` run a class beside its owner.
pub fn co_teach(app: &crate::support::TestApp, class: &Value) {
    app.db.execute(&format!(
        "insert into class_teachers (class_id, user_id, school_id, added_at)
         values ('{}', 'usr_{:026}', 'sch_{:026}', 0)",
        class["id"].as_str().unwrap(),
        1,
        1
    ));
}
