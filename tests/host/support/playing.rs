//! A class that plays a self-paced session.

use std::sync::Arc;

use serde_json::Value;

use super::{Actor, Game, TestApp, fractions, right_response, wrong_response};

/// Ada's class in the middle of the quiz with all seven types.
pub struct Playing {
    pub app: Arc<TestApp>,
    pub ada: Actor,
    pub class: Value,
    pub quiz: Value,
    pub session: Value,
    pub game: Game,
}

/// A class that plays, with so many pupils in it; their ids count from 1.
pub fn playing(pupils: i64) -> Playing {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    let (class, quiz) = (ada.make_class(), ada.make_quiz(&fractions()));
    let session = ada.make_session(&class, &quiz, "self");
    ada.move_session(&session, "start").expect(200);
    let mut game = Game::open(&app, &class, "job");
    let joins: Vec<Value> = (1..=pupils).map(|user| game.join(user)).collect();
    game.sync(&joins);
    Playing { app, ada, class, quiz, session, game }
}

impl Playing {
    /// Every pupil's answer to every question, every third one wrong.
    pub fn answers(&mut self, pupils: i64) -> Vec<Value> {
        let mut events = Vec::new();
        for user in 1..=pupils {
            for question in self.quiz["questions"].as_array().unwrap().clone() {
                let right = (user + i64::try_from(events.len()).unwrap()) % 3 != 0;
                let response = if right { right_response(&question) } else { wrong_response(&question) };
                events.push(self.game.answer(user, &self.session, &question, response));
            }
        }
        events
    }

    /// What the teacher sees below the class's address.
    pub fn show(&self, rest: &str) -> Value {
        self.ada.get(&format!("/api/v1/classes/{}{rest}", self.class["id"].as_str().unwrap())).expect(200)
    }
}
