//! `POST /api/v1/content/generate`.

use serde_json::{Value, json};
use toolboxai_edge::model::ModelError;

use crate::support::TestApp;

const ROUTE: &str = "/api/v1/content/generate";

fn question_types(quiz: &Value) -> Vec<&str> {
    quiz["questions"].as_array().unwrap().iter().map(|question| question["type"].as_str().unwrap()).collect()
}

#[test]
fn a_teacher_saves_a_generated_quiz_as_it_came() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    let request =
        json!({"kind": "quiz", "topic": "Fractions, percentages", "grade_level": 6, "num_questions": 30});
    let made = ada.post(ROUTE, &request).expect(200);
    assert_eq!(made["content"]["generator"], "builtin");
    assert!(made["content"]["about"].as_str().unwrap().contains("without a language model"));
    let saved = ada.post("/api/v1/quizzes", &made["quiz"]).expect(201);
    assert_eq!(question_types(&saved), question_types(&made["quiz"]));
    assert_eq!(saved["question_count"], 30);
}

#[test]
fn a_lesson_has_the_shape_that_plugins_know() {
    let app = TestApp::new();
    let request = json!({"subject": "math", "grade_level": 5, "learning_objectives": [
        "Add fractions", {"title": "Compare fractions", "description": "", "bloom_level": "analyze"}],
        "environment_type": "space_station", "include_quiz": true, "difficulty_level": "advanced", "max_students": 12});
    let reply = app.sign_in("ada").post(ROUTE, &request);
    let request_id = reply.headers["x-request-id"].to_str().unwrap().to_owned();
    let made = reply.expect(200);
    assert_eq!((&made["success"], &made["status"]), (&json!(true), &json!("success")));
    assert_eq!(made["request_id"], request_id);
    assert_eq!(made["timestamp"], "2026-11-23T10:00:00.000Z");
    assert!(made["content_id"].as_str().unwrap().starts_with("cnt_"));
    let steps = made["content"]["lesson"]["steps"].as_array().unwrap();
    let minutes: i64 = steps.iter().map(|step| step["minutes"].as_i64().unwrap()).sum();
    assert_eq!((minutes, &steps[2]["activity"]), (30, &json!("sort")));
    assert_eq!(made["terrain"]["theme"], "space_station");
    let names: Vec<&str> =
        made["scripts"].as_array().unwrap().iter().map(|script| script["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["Terrain", "Board", "Quiz", "QuizUi"]);
    assert_eq!(
        made["game_mechanics"],
        json!({"movement": true, "chat": true, "collision": true, "gravity": true, "respawn": true, "team_mode": false})
    );
    assert_eq!(made["resource_requirements"]["players"], 12);
    assert_eq!(made["resource_requirements"]["scripts"], 4);
    assert!(made["estimated_build_time"].as_i64().unwrap() >= 5);
}

#[test]
fn every_field_at_fault_is_named_and_an_unknown_one_is_a_fault() {
    let app = TestApp::new();
    let request = json!({"kind": "song", "grade_level": 13, "difficulty_level": "brutal", "learning_objectives": [{"title": ""}],
        "colour": "red", "text": "x".repeat(20_001), "num_questions": 51});
    let problem = app.sign_in("ada").post(ROUTE, &request).problem(422, "invalid");
    let mut pointers: Vec<&str> = problem["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["pointer"].as_str().unwrap())
        .collect();
    pointers.sort_unstable();
    assert_eq!(
        pointers,
        [
            "/colour",
            "/difficulty_level",
            "/grade_level",
            "/kind",
            "/learning_objectives/0/title",
            "/num_questions",
            "/text"
        ]
    );
    assert!(app.model.briefs.lock().unwrap().is_empty());
}

#[test]
fn only_teachers_and_admins_generate() {
    let app = TestApp::new();
    app.anonymous().post(ROUTE, &json!({})).problem(401, "unauthenticated");
    app.sign_in("peter").post(ROUTE, &json!({})).problem(403, "forbidden");
    app.sign_in("grace").post(ROUTE, &json!({})).expect(200);
    app.sign_in("eve").post(ROUTE, &json!({})).expect(200);
}

#[test]
fn what_cannot_be_made_is_refused_with_the_reason() {
    let app = TestApp::new();
    let request = json!({"kind": "quiz", "subject": "History", "topic": "Rome"});
    let problem = app.sign_in("ada").post(ROUTE, &request).problem(422, "content_refused");
    assert!(problem["detail"].as_str().unwrap().contains("Send `text`"), "{problem}");
}

#[test]
fn a_model_that_fails_is_never_a_success() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    *app.model.fails.lock().unwrap() = Some(ModelError::Unavailable("10.0.0.1 refused".to_owned()));
    let reply = ada.post(ROUTE, &json!({}));
    assert!(reply.headers.contains_key("retry-after"));
    assert!(!reply.problem(503, "unavailable").to_string().contains("10.0.0.1"));
    *app.model.fails.lock().unwrap() = Some(ModelError::Upstream("not JSON".to_owned()));
    assert!(!ada.post(ROUTE, &json!({})).problem(502, "upstream_failed").to_string().contains("not JSON"));
    *app.model.fails.lock().unwrap() = None;
    ada.post(ROUTE, &json!({})).expect(200);
}

/// The key is the whole request: another objective, difficulty or wish for a quiz is other content.
#[test]
fn the_same_request_in_another_order_comes_from_the_cache_and_any_other_does_not() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    let ask = |text: &str| -> Value {
        let reply = ada.request("POST", ROUTE, &[], Some(text.to_owned()));
        let mut made = reply.expect(200);
        made["request_id"].take();
        made
    };
    let first = ask(r#"{"learning_objectives": ["Add fractions"], "grade_level": 5}"#);
    assert_eq!(
        ask(r#"{"grade_level": 5, "subject": "maths", "learning_objectives": [" Add fractions"]}"#),
        first
    );
    assert_eq!(app.model.briefs.lock().unwrap().len(), 1);
    for other in [
        r#"{"learning_objectives": ["Subtract fractions"], "grade_level": 5}"#,
        r#"{"learning_objectives": ["Add fractions"], "grade_level": 5, "difficulty_level": "hard"}"#,
        r#"{"learning_objectives": ["Add fractions"], "grade_level": 5, "include_quiz": false}"#,
        r#"{"learning_objectives": ["Add fractions"], "grade_level": 5, "seed": 1}"#,
    ] {
        assert_ne!(ask(other)["content_id"], first["content_id"], "{other}");
    }
    assert_eq!(app.model.briefs.lock().unwrap().len(), 5);
}

#[test]
fn who_asks_too_often_waits() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    for _ in 0..30 {
        ada.post(ROUTE, &json!({"kind": "terrain"})).expect(200);
    }
    ada.post(ROUTE, &json!({"kind": "terrain"})).problem(429, "rate_limited");
    app.sign_in("alan").post(ROUTE, &json!({"kind": "terrain"})).expect(200);
}
