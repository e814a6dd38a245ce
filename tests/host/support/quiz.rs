//! A quiz with a question of each type, and what pupils answer to it.

use serde_json::{Value, json};

/// All seven types.
pub fn fractions() -> Value {
    json!({"title": "Fractions 1", "subject": "Mathematics", "grade_level": 5, "questions": [
        {"type": "multiple_choice", "prompt": "1/2 + 1/4 = ?", "points": 10, "explanation": "Quarters",
            "options": [{"text": "3/4", "correct": true}, {"text": "2/6"}, {"text": "1/6"}]},
        {"type": "multiple_response", "prompt": "Even?",
            "options": [{"text": "2", "correct": true}, {"text": "3"}, {"text": "4", "correct": true}]},
        {"type": "true_false", "prompt": "0.5 = 1/2", "correct": true},
        {"type": "numeric", "prompt": "e to 1 place", "value": 2.7, "tolerance": 0.05},
        {"type": "short_answer", "prompt": "Capital of France?", "accept": ["Paris"]},
        {"type": "ordering", "prompt": "Smallest first", "items": ["1/4", "1/3", "1/2"]},
        {"type": "matching", "prompt": "Match",
            "pairs": [{"left": "1/2", "right": "50 %"}, {"left": "1/4", "right": "25 %"}]}]})
}

fn ids(parts: &Value, wanted: impl Fn(&Value) -> bool) -> Vec<Value> {
    parts.as_array().unwrap().iter().filter(|part| wanted(part)).map(|part| part["id"].clone()).collect()
}

/// The right response to a question of the author's view.
pub fn right_response(question: &Value) -> Value {
    let correct = |part: &Value| part["correct"] == true;
    match question["type"].as_str().unwrap() {
        "multiple_choice" => ids(&question["options"], correct)[0].clone(),
        "multiple_response" => ids(&question["options"], correct).into(),
        "true_false" => question["correct"].clone(),
        "numeric" => question["value"].clone(),
        "short_answer" => format!("  {} ", question["accept"][0].as_str().unwrap().to_uppercase()).into(),
        "ordering" => ids(&question["items"], |_| true).into(),
        _ => {
            let pairs = question["pairs"].as_array().unwrap().iter();
            pairs.map(|pair| json!([pair["left"]["id"], pair["right"]["id"]])).collect::<Vec<_>>().into()
        }
    }
}

/// A wrong one.
pub fn wrong_response(question: &Value) -> Value {
    match question["type"].as_str().unwrap() {
        "multiple_choice" => ids(&question["options"], |part| part["correct"] != true)[0].clone(),
        "multiple_response" => json!([]),
        "true_false" => json!(!question["correct"].as_bool().unwrap()),
        "numeric" => json!(question["value"].as_f64().unwrap() + 1.0),
        "short_answer" => json!("London"),
        "ordering" => {
            let mut order = ids(&question["items"], |_| true);
            order.reverse();
            order.into()
        }
        _ => json!([[question["pairs"][0]["left"]["id"], question["pairs"][1]["right"]["id"]]]),
    }
}
