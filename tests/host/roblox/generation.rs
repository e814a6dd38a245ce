//! Generated content.

use std::sync::Arc;

use futures::executor::block_on;
use serde_json::{Value, json};
use toolboxai_edge::model::ModelError;

use super::support::{ROBLOX, below, game_of};
use crate::support::{Actor, Game, TestApp};

fn ask(teacher: &Actor, body: &Value) -> Value {
    teacher.post(&format!("{ROBLOX}/content/generate"), body).expect(202)
}

fn lesson() -> Value {
    json!({"kind": "lesson", "subject": "Mathematics", "topic": "Fractions", "grade_level": 5,
        "learning_objectives": ["Add fractions with unlike denominators"], "include_quiz": true, "seed": 7})
}

fn stands(teacher: &Actor, content: &Value) -> Value {
    teacher.get(&below("content", content, "/status")).expect(200)["content"].clone()
}

#[test]
fn generated_content_is_queued_then_ready_and_can_be_deployed() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    let asked = ask(&ada, &lesson());
    assert_eq!((&asked["status"], &asked["body"]), (&json!("queued"), &Value::Null));
    assert_eq!(asked["title"], "Mathematics: Fractions");
    let class = ada.make_class();
    let game = game_of(&ada, &class);
    let deploy = json!({"content_id": asked["id"], "game_id": game["id"]});
    ada.post(&format!("{ROBLOX}/content/deploy"), &deploy).problem(409, "conflict");
    ada.patch(&below("content", &asked, ""), &json!({"title": "Mine"})).problem(409, "conflict");
    assert!(app.run_jobs().is_empty());
    assert_eq!(stands(&ada, &asked)["status"], "ready");
    let made = ada.get(&below("content", &asked, "")).expect(200);
    assert!(made["body"]["lesson"]["steps"].as_array().unwrap().len() > 1);
    // The quiz with its keys is a draft of the author's; the content names it.
    let quiz = made["body"]["quiz_id"].as_str().unwrap();
    let quiz = ada.get(&format!("/api/v1/quizzes/{quiz}")).expect(200);
    assert!(!quiz["questions"].as_array().unwrap().is_empty());
    ada.post(&format!("{ROBLOX}/content/deploy"), &deploy).expect(202);
    assert!(app.run_jobs().is_empty());
    let server = Game::open(&app, &class, "job").server;
    let live = server.get(&below("games", &game, "/content")).expect(200);
    assert_eq!(live["body"]["quiz_id"], quiz["id"]);
    assert!(live["body"].get("scripts").is_none(), "the script of a quiz holds its keys");
}

#[test]
fn terrain_and_scripts_without_a_quiz_are_whole() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    let asked = ask(&ada, &json!({"kind": "terrain", "theme": "forest"}));
    assert!(app.run_jobs().is_empty());
    let made = ada.get(&below("content", &asked, "")).expect(200);
    assert_eq!((&made["status"], &made["kind"]), (&json!("ready"), &json!("terrain")));
    assert!(!made["body"]["scripts"].as_array().unwrap().is_empty());
    assert!(!made["body"]["terrain"]["regions"].as_array().unwrap().is_empty());
}

#[test]
fn every_field_at_fault_is_said_and_nobody_but_teachers_asks() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    let path = format!("{ROBLOX}/content/generate");
    let wrong = json!({"grade_level": 13, "duration_minutes": 1, "moon": true});
    assert_eq!(ada.post(&path, &wrong).problem(422, "invalid")["errors"].as_array().unwrap().len(), 3);
    app.anonymous().post(&path, &lesson()).problem(401, "unauthenticated");
    app.sign_in("peter").post(&path, &lesson()).problem(403, "forbidden");
    let asked = ask(&ada, &lesson());
    for stranger in ["alan", "eve"] {
        app.sign_in(stranger).get(&below("content", &asked, "/status")).problem(404, "not_found");
    }
    let post =
        || ada.request("POST", &path, &[("idempotency-key", "a")], Some(lesson().to_string())).expect(202);
    assert_eq!(post()["id"], post()["id"]);
}

fn failing(error: Option<ModelError>) -> (Arc<TestApp>, Actor, Value) {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    let asked = ask(&ada, &lesson());
    *app.model.fails.lock().unwrap() = error;
    (app, ada, asked)
}

#[test]
fn a_model_that_cannot_fails_the_content_and_says_why() {
    let (app, ada, asked) = failing(Some(ModelError::Refused("no text to ask about".to_owned())));
    assert!(app.run_jobs().is_empty());
    let failed = stands(&ada, &asked);
    assert_eq!((&failed["status"], &failed["failure"]), (&json!("failed"), &json!("no text to ask about")));
    let (app, ada, asked) = failing(Some(ModelError::Upstream("<html>".to_owned())));
    assert!(app.run_jobs().is_empty());
    let failed = stands(&ada, &asked).to_string();
    assert!(failed.contains("of no use") && !failed.contains("html"));
}

#[test]
fn a_model_that_does_not_answer_is_asked_again_and_given_up_in_the_end() {
    let down = || ModelError::Unavailable("refused".to_owned());
    let (app, ada, asked) = failing(Some(down()));
    assert_eq!(app.run_jobs()[0].retry_after_s(), 60);
    assert_eq!(stands(&ada, &asked)["status"], "generating");
    *app.model.fails.lock().unwrap() = None;
    assert!(app.run_jobs().is_empty());
    assert_eq!(stands(&ada, &asked)["status"], "ready");
    let (app, ada, asked) = failing(Some(down()));
    app.jobs.0.lock().unwrap().clear();
    app.clock.advance(3 * 3_600_000);
    block_on(toolboxai_edge::jobs::tick(&app.ports())).unwrap();
    let ada = {
        drop(ada);
        app.sign_in("ada")
    };
    assert_eq!(stands(&ada, &asked)["failure"], "the model does not answer");
}

#[test]
fn a_generation_that_comes_twice_or_ends_in_its_middle_makes_one_quiz() {
    for nth in 1..=2 {
        let (app, ada, asked) = failing(None);
        app.db.fail_nth(nth);
        assert_eq!(app.run_jobs().len(), 1);
        let message = json!(app.jobs.0.lock().unwrap()[0]).to_string();
        assert!(app.run_jobs().is_empty());
        app.run_job(&message).unwrap();
        let ready = stands(&ada, &asked);
        assert_eq!((&ready["status"], &ready["revision"]), (&json!("ready"), &json!(2)));
        assert_eq!(app.db.number("select count(*) from quizzes"), 1);
    }
}

#[test]
fn a_generation_whose_message_is_lost_is_done_by_the_tick() {
    let (app, ada, asked) = failing(None);
    app.jobs.0.lock().unwrap().clear();
    app.clock.advance(130_000);
    block_on(toolboxai_edge::jobs::tick(&app.ports())).unwrap();
    assert_eq!(stands(&ada, &asked)["status"], "ready");
}

/// What the inboxes were told of jobs: whose, and what.
fn told(app: &TestApp) -> Vec<(String, Value)> {
    let published = std::mem::take(&mut *app.rooms.inboxes.published.lock().unwrap());
    let jobs = published.into_iter().filter(|(_, name, _)| *name == "job_progress");
    jobs.map(|(user, _, data)| (user, data)).collect()
}

#[test]
fn who_asked_hears_how_the_generation_goes_and_everybody_who_runs_the_game_how_the_deployment_goes() {
    let app = TestApp::new();
    let (ada, grace) = (app.sign_in("ada"), app.sign_in("grace"));
    let user = |n: usize| format!("usr_{n:026}");
    let asked = ask(&ada, &lesson());
    assert!(app.run_jobs().is_empty());
    let generation = |status: &str| json!({"job": "generation", "content_id": asked["id"], "status": status, "failure": null});
    assert_eq!(told(&app), [(user(0), generation("generating")), (user(0), generation("ready"))]);

    let class = ada.make_class();
    let game = game_of(&ada, &class);
    let deploy = json!({"content_id": asked["id"], "game_id": game["id"]});
    let deployment = grace.post(&format!("{ROBLOX}/content/deploy"), &deploy).expect(202);
    assert!(app.run_jobs().is_empty());
    let deployed = json!({"job": "deployment", "deployment_id": deployment["id"], "game_id": game["id"],
        "status": "deployed", "failure": null});
    assert_eq!(told(&app), [(user(0), deployed.clone()), (user(2), deployed)]);
}

#[test]
fn a_generation_that_fails_is_told_with_its_reason() {
    let (app, _, _) = failing(Some(ModelError::Refused("too dark".to_owned())));
    app.run_jobs();
    let last = told(&app).pop().unwrap().1;
    assert_eq!((&last["status"], &last["failure"]), (&json!("failed"), &json!("too dark")));
}
