//! Quizzes and their versions.

use crate::support::{TestApp, fractions};
use serde_json::{Value, json};

fn path(quiz: &Value, rest: &str) -> String {
    format!("/api/v1/quizzes/{}{rest}", quiz["id"].as_str().unwrap())
}

/// Only what an author writes.
fn content(quiz: &Value) -> Value {
    json!({"title": quiz["title"], "subject": quiz["subject"], "grade_level": quiz["grade_level"],
        "questions": quiz["questions"]})
}

#[test]
fn a_quiz_of_all_types_comes_back_with_ids_on_every_part() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    let quiz = ada.post("/api/v1/quizzes", &fractions()).expect(201);
    let questions = quiz["questions"].as_array().unwrap();
    assert_eq!(questions.len(), 7);
    assert!(questions.iter().all(|question| question["id"].as_str().unwrap().starts_with("q_")));
    assert_eq!(questions[0]["options"][0]["correct"], true);
    assert!(questions[5]["items"][0]["id"].as_str().unwrap().starts_with("itm_"));
    assert!(questions[6]["pairs"][0]["right"]["id"].as_str().unwrap().starts_with("rgt_"));
    assert_eq!(questions[1]["points"], 10, "when the author does not say");
    assert_eq!(ada.get(&path(&quiz, "")).expect(200), quiz);
    let summary = &ada.get("/api/v1/quizzes").expect(200)["items"][0];
    assert_eq!((&summary["question_count"], &summary["published_version"]), (&json!(7), &Value::Null));
    assert!(summary.get("questions").is_none());
}

#[test]
fn a_broken_quiz_is_refused_with_a_pointer_to_each_field_at_fault() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    let quiz = json!({"title": "", "subject": "Mathematics", "grade_level": 5, "questions": [
        {"type": "multiple_choice", "prompt": "?", "options": [{"text": "a", "correct": true}, {"text": "b", "correct": true}]},
        {"type": "multiple_choice", "prompt": "?", "options": [{"text": "a", "correct": true}]},
        {"type": "multiple_response", "prompt": "?", "options": [{"text": "a"}, {"text": " A "}]},
        {"type": "true_false", "prompt": "x".repeat(501), "correct": true, "points": 101},
        {"type": "numeric", "prompt": "?", "tolerance": -1},
        {"type": "short_answer", "prompt": "?", "accept": []},
        {"type": "ordering", "prompt": "?", "items": ["a"], "options": []},
        {"type": "matching", "prompt": "?", "pairs": [{"left": "a", "right": "x"}, {"left": "b", "right": "x"}]},
        {"type": "true_false", "prompt": "?"}]});
    let problem = ada.post("/api/v1/quizzes", &quiz).problem(422, "invalid");
    let errors: Vec<(&str, &str)> = problem["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| (error["pointer"].as_str().unwrap(), error["code"].as_str().unwrap()))
        .collect();
    assert_eq!(
        errors,
        [
            ("/title", "required"),
            ("/questions/0/options", "wrong_key"),
            ("/questions/1/options", "too_few"),
            ("/questions/2/options", "wrong_key"),
            ("/questions/2/options/1/text", "duplicate"),
            ("/questions/3/prompt", "too_long"),
            ("/questions/3/points", "out_of_range"),
            ("/questions/4/value", "required"),
            ("/questions/4/tolerance", "out_of_range"),
            ("/questions/5/accept", "too_few"),
            ("/questions/6/options", "not_allowed"),
            ("/questions/6/items", "too_few"),
            ("/questions/7/pairs/1/right", "duplicate"),
            ("/questions/8/correct", "required"),
        ]
    );
    let empty = json!({"title": "t", "subject": "s", "grade_level": 5, "questions": []});
    assert_eq!(
        ada.post("/api/v1/quizzes", &empty).problem(422, "invalid")["errors"][0]["pointer"],
        "/questions"
    );
    let mut wrong_type = fractions();
    wrong_type["questions"][3]["value"] = json!("three");
    let problem = ada.post("/api/v1/quizzes", &wrong_type).problem(422, "invalid");
    assert_eq!(problem["errors"][0]["pointer"], "/questions/3/value");
    assert_eq!(app.db.number("select count(*) from quizzes"), 0);
}

#[test]
fn a_quiz_that_is_sent_back_keeps_its_ids() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    let quiz = ada.post("/api/v1/quizzes", &fractions()).expect(201);
    let put = |etag: &str, body: &Value| {
        ada.request("PUT", &path(&quiz, ""), &[("if-match", etag)], Some(body.to_string()))
    };
    let mut changed = content(&quiz);
    changed["title"] = json!("Fractions 2");
    changed["questions"]
        .as_array_mut()
        .unwrap()
        .push(json!({"type": "true_false", "prompt": "New", "correct": false}));
    let after = put("\"1\"", &changed).expect(200);
    assert_eq!(after["revision"], 2);
    assert_eq!(after["questions"].as_array().unwrap()[..7], quiz["questions"].as_array().unwrap()[..]);
    put("\"1\"", &changed).problem(412, "precondition_failed");
    put("\"1\"", &fractions()).problem(412, "precondition_failed");
    ada.request("PUT", &path(&quiz, ""), &[], Some(changed.to_string()))
        .problem(428, "precondition_required");
    changed["questions"][0]["id"] = json!(format!("q_{:026}", 1));
    assert_eq!(put("\"2\"", &changed).problem(422, "invalid")["errors"][0]["pointer"], "/questions/0/id");
}

#[test]
fn a_published_version_never_changes() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    let quiz = ada.post("/api/v1/quizzes", &fractions()).expect(201);
    let publish = || ada.post(&path(&quiz, "/publish"), &json!({})).expect(200)["version"].clone();
    assert_eq!((publish(), publish()), (json!(1), json!(1)), "again without a change");
    let mut changed = content(&quiz);
    changed["title"] = json!("Fractions 2");
    ada.request("PUT", &path(&quiz, ""), &[("if-match", "\"1\"")], Some(changed.to_string())).expect(200);
    assert_eq!(ada.get(&path(&quiz, "")).expect(200)["has_unpublished_changes"], true);
    assert_eq!(publish(), 2);
    let titles = app.db.rows("select body ->> 'title' as title from quiz_versions order by version");
    assert_eq!(
        titles.iter().map(|row| row["title"].as_str().unwrap()).collect::<Vec<_>>(),
        ["Fractions 1", "Fractions 2"]
    );
}

#[test]
fn nobody_sees_the_quizzes_of_others_but_the_admin_of_the_school() {
    let app = TestApp::new();
    let (ada, alan, grace, eve) =
        (app.sign_in("ada"), app.sign_in("alan"), app.sign_in("grace"), app.sign_in("eve"));
    let quiz = ada.make_quiz(&fractions());
    let class = alan.make_class();
    grace.get(&path(&quiz, "")).expect(200);
    for stranger in [&alan, &eve] {
        stranger.get(&path(&quiz, "")).problem(404, "not_found");
        stranger.post(&path(&quiz, "/publish"), &json!({})).problem(404, "not_found");
        let put = content(&quiz).to_string();
        stranger
            .request("PUT", &path(&quiz, ""), &[("if-match", "\"1\"")], Some(put))
            .problem(404, "not_found");
        assert_eq!(stranger.get("/api/v1/quizzes").expect(200)["items"], json!([]));
    }
    let live = format!("/api/v1/classes/{}/live-sessions", class["id"].as_str().unwrap());
    alan.post(&live, &json!({"quiz_id": quiz["id"], "pace": "self"})).problem(404, "not_found");
}

#[test]
fn the_same_idempotency_key_makes_one_quiz() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    let post = || {
        ada.request("POST", "/api/v1/quizzes", &[("idempotency-key", "k")], Some(fractions().to_string()))
            .expect(201)
    };
    assert_eq!(post(), post());
    assert_eq!(app.db.number("select count(*) from quizzes"), 1);
}
