//! What holds for every draft, whatever was asked.

use std::collections::{BTreeSet, HashSet};

use proptest::prelude::{Strategy, any, prop, prop_assert, prop_assert_eq, proptest};
use serde_json::{Map, Value, json};

use super::question::signature;
use super::{Refusal, content_request, counted, quiz_request, write};
use crate::domain::quiz::{AuthorPart, AuthorQuiz, Kind, QuestionType, Quiz, check, grade};
use crate::domain::time::Timestamp;
use crate::model::{Brief, Draft};
use crate::ports::Entropy;

/// Every call gives other bytes.
struct Counter(std::sync::atomic::AtomicU64);

impl Entropy for Counter {
    fn fill(&self, buffer: &mut [u8]) {
        let next = self.0.fetch_add(1, std::sync::atomic::Ordering::SeqCst).to_be_bytes();
        for (byte, value) in buffer.iter_mut().zip(next.iter().cycle()) {
            *byte = *value;
        }
    }
}

fn checked(quiz: &AuthorQuiz) -> Quiz {
    let entropy = Counter(1.into());
    check(quiz.clone(), &BTreeSet::new(), Timestamp::from_millis(0), &entropy)
        .unwrap_or_else(|errors| panic!("{errors:?} in {quiz:#?}"))
}

fn body(value: &Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

fn quiz_of(request: &Value) -> AuthorQuiz {
    let draft = write(&quiz_request(&body(request)).unwrap()).unwrap();
    draft.quiz.unwrap()
}

/// Ten sentences with definitions, years, steps and names.
const TEXT: &str = "Photosynthesis is a process by which plants make sugar out of light. \
Chlorophyll is a green pigment that catches the light of the sun. In 1779, Jan Ingenhousz found that plants need light to give off oxygen. \
In 1804, Nicolas de Saussure measured how much water the plants of his garden took in. Melvin Calvin followed the carbon through the leaf in 1950. \
A stoma is a small opening in the skin of a leaf. A chloroplast is the part of a cell in which photosynthesis happens.\n\
To see it yourself you need a water plant and a lamp.\n\
1. Put the plant into a glass of water.\n2. Turn the lamp towards the glass.\n3. Count the bubbles of oxygen for 5 minutes.\n\
4. Move the lamp away and count the bubbles again.\n\
Plants of the desert open their stomata at night, because the air is cooler then. Farmers give greenhouses more carbon dioxide, which makes tomatoes grow faster.";

/// The right response, and wrong ones, by the ids that the quiz has.
fn responses(kind: &Kind) -> (Value, Vec<Value>) {
    match kind {
        Kind::MultipleChoice(options) => {
            let id = |right: bool| {
                options.iter().filter(move |(_, is)| *is == right).map(|(part, _)| json!(part.id))
            };
            (id(true).next().unwrap(), id(false).collect())
        }
        Kind::MultipleResponse(options) => {
            let ids = |right: bool| -> Vec<_> {
                options.iter().filter(|(_, is)| *is == right).map(|(part, _)| &part.id).collect()
            };
            (json!(ids(true)), vec![json!(ids(false)), json!([])])
        }
        Kind::TrueFalse(correct) => (json!(correct), vec![json!(!correct)]),
        Kind::Numeric { value, .. } => {
            (json!(value), vec![json!(value + 1.0), json!(value - 1.0), json!(value * 10.0 + 1.0)])
        }
        Kind::ShortAnswer(accept) => (json!(accept[0]), vec![json!("?"), json!(format!("{}1", accept[0]))]),
        Kind::Ordering(items) => {
            let ids: Vec<_> = items.iter().map(|item| &item.id).collect();
            (json!(ids), vec![json!(ids.iter().rev().collect::<Vec<_>>())])
        }
        Kind::Matching(pairs) => {
            let right: Vec<_> = pairs.iter().map(|(left, right)| json!([left.id, right.id])).collect();
            (json!(right), vec![json!([[pairs[0].0.id, pairs[1].1.id]])])
        }
    }
}

/// Everything that must hold for a quiz.
fn holds(quiz: &AuthorQuiz) {
    let checked = checked(quiz);
    let mut seen = HashSet::new();
    for (author, question) in quiz.questions.iter().zip(&checked.questions) {
        assert!(seen.insert(signature(author)), "twice: {author:#?}");
        assert!(author.explanation.as_ref().is_some_and(|text| text.len() > 3), "{author:#?}");
        let (right, wrong) = responses(&question.kind);
        assert_eq!(grade(&question.kind, &right), Ok(true), "{author:#?}");
        assert!(!wrong.is_empty());
        for response in wrong {
            assert_eq!(grade(&question.kind, &response), Ok(false), "{response} for {author:#?}");
        }
        let delivered = serde_json::to_value(question.deliver("seed")).unwrap();
        let names: Vec<&str> = delivered.as_object().unwrap().keys().map(String::as_str).collect();
        let allowed = ["id", "type", "prompt", "points", "options", "items", "lefts", "rights"];
        assert!(names.iter().all(|name| allowed.contains(name)), "{names:?}");
        let is_gap = author.prompt.contains("____");
        if let (true, Some(accept)) = (is_gap, &author.accept) {
            let shown = delivered["prompt"].as_str().unwrap().split_once('“').unwrap().1.to_lowercase();
            assert!(!shown.contains(&accept[0].to_lowercase()), "{shown} tells {accept:?}");
        }
    }
}

const TOPICS: [&str; 22] = [
    "General",
    "Addition",
    "subtract",
    "Multiplication",
    "division facts",
    "Fractions",
    "Adding fractions",
    "subtracting fractions",
    "multiply fractions",
    "divide fractions",
    "Simplify fractions",
    "Compare fractions",
    "order fractions",
    "Percentages",
    "Linear equations",
    "Perimeter",
    "Area of shapes",
    "Volume",
    "Angles",
    "Pythagoras",
    "Geometry",
    "four operations",
];

const DIFFICULTIES: [&str; 5] = ["easy", "medium", "hard", "expert", "advanced"];

fn math_requests() -> impl Strategy<Value = Value> {
    let topic = prop::sample::select(TOPICS.to_vec());
    let difficulty = prop::sample::select(DIFFICULTIES.to_vec());
    (topic, difficulty, 1i64..=12, 1i64..=50, 0u64..1 << 53).prop_map(|(topic, difficulty, grade, count, seed)| {
        json!({"topic": topic, "difficulty": difficulty, "grade_level": grade, "num_questions": count, "seed": seed})
    })
}

/// Words of a small world, so that sentences repeat terms.
fn texts() -> impl Strategy<Value = String> {
    let words = vec![
        "Rome",
        "Caesar",
        "bridge",
        "rivers",
        "is",
        "a",
        "the",
        "in",
        "1969",
        "42",
        "moon",
        "of",
        "water",
        "First,",
        "Then",
        "are",
        "gravity",
        "planets",
        "(x)",
        "\"moon\"",
        "well-known",
        "3.5",
        "Élan",
        "地球",
        "means",
    ];
    let sentence = prop::collection::vec(prop::sample::select(words), 1..30)
        .prop_map(|words| format!("{}.", words.join(" ")));
    let breaks = prop::sample::select(vec![" ", "\n", "\n\n", "\n1. ", "\n- "]);
    prop::collection::vec((sentence, breaks), 1..40)
        .prop_map(|parts| parts.into_iter().map(|(sentence, gap)| sentence + gap).collect())
}

proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(200))]

    #[test]
    fn mathematics_grades_right_and_repeats_nothing(request in math_requests()) {
        let quiz = quiz_of(&request);
        prop_assert_eq!(u64::try_from(quiz.questions.len()).unwrap(), request["num_questions"].as_u64().unwrap(), "{}", request);
        holds(&quiz);
    }

    #[test]
    fn the_same_brief_gives_the_same_draft_byte_for_byte_and_another_seed_another(request in math_requests()) {
        let draft = |request: &Value| serde_json::to_string(&write(&content_request(&body(request), false).unwrap()).unwrap()).unwrap();
        prop_assert_eq!(draft(&request), draft(&request));
        let mut other = request.clone();
        other["seed"] = json!(request["seed"].as_u64().unwrap() ^ 1);
        prop_assert!(draft(&request) != draft(&other));
    }

    #[test]
    fn questions_from_any_text_grade_right_and_tell_no_key(text in texts(), seed in 0u64..1 << 53) {
        let request = json!({"subject": "History", "text": text, "num_questions": 20, "seed": seed});
        match write(&quiz_request(&body(&request)).unwrap()) {
            Ok(Draft { quiz: Some(quiz), .. }) => holds(&quiz),
            Ok(_) => panic!("a quiz was asked for"),
            Err(Refusal(reason)) => prop_assert!(reason.starts_with("No question can be made"), "{}", reason),
        }
    }

    #[test]
    fn no_text_breaks_the_reader(text in "\\PC{0,400}", more in any::<String>()) {
        let request = json!({"text": format!("{text}\n{more}"), "num_questions": 5});
        if let Ok(brief) = quiz_request(&body(&request)) {
            let draft = write(&brief);
            if let Ok(Draft { quiz: Some(quiz), .. }) = draft {
                holds(&quiz);
            }
        }
    }
}

fn types(quiz: &AuthorQuiz) -> BTreeSet<String> {
    quiz.questions.iter().map(|question| format!("{:?}", question.question_type)).collect()
}

#[test]
fn all_seven_types_appear_in_mathematics_and_from_a_text() {
    let math = quiz_of(&json!({"topic": "fractions, percentages", "grade_level": 6, "num_questions": 30}));
    assert_eq!(types(&math).len(), 7, "{:?}", types(&math));
    let text = quiz_of(&json!({"subject": "Biology", "text": TEXT, "num_questions": 14}));
    assert_eq!(types(&text).len(), 7, "{text:#?}");
    holds(&text);
}

#[test]
fn a_text_gives_its_definitions_dates_and_steps() {
    let quiz = quiz_of(
        &json!({"subject": "Biology", "text": TEXT, "num_questions": 4, "question_types": ["ordering", "matching"]}),
    );
    let all = format!("{quiz:?}");
    assert!(all.contains("Stoma") && all.contains("a small opening in the skin of a leaf"), "{all}");
    let items = |n: usize| -> Vec<&str> {
        let orders =
            quiz.questions.iter().filter(|question| question.question_type == QuestionType::Ordering);
        orders
            .map(|question| question.items.as_ref().unwrap())
            .nth(n)
            .unwrap()
            .iter()
            .map(AuthorPart::text)
            .collect()
    };
    assert_eq!(
        items(0),
        [
            "Put the plant into a glass of water.",
            "Turn the lamp towards the glass.",
            "Count the bubbles of oxygen for 5 minutes.",
            "Move the lamp away and count the bubbles again."
        ]
    );
    assert_eq!(items(1)[0], "Jan Ingenhousz found that plants need light to give off oxygen.");
}

#[test]
fn what_it_knows_nothing_of_is_refused_with_a_reason() {
    let reason = |request: &Value| write(&quiz_request(&body(request)).unwrap()).unwrap_err().0;
    assert!(reason(&json!({"subject": "History", "topic": "Rome"})).contains("knows nothing of History"));
    assert!(reason(&json!({"topic": "Quadratic equations"})).contains("does not know “Quadratic equations”"));
    assert!(reason(&json!({"topic": "Photosynthesis"})).contains("In Mathematics it knows: addition"));
    assert!(reason(&json!({"text": "Too short."})).contains("No question can be made from this text"));
    let types = json!({"topic": "Compare fractions", "question_types": ["numeric"]});
    assert!(reason(&types).contains("None of the types"));
}

#[test]
fn a_lesson_without_a_quiz_that_cannot_be_says_why() {
    let lesson = |more: Value| {
        let mut request =
            json!({"subject": "History", "learning_objectives": ["Name three emperors of Rome"]});
        request.as_object_mut().unwrap().extend(body(&more));
        write(&content_request(&body(&request), false).unwrap())
    };
    let draft = lesson(json!({})).unwrap();
    assert!(draft.quiz.is_none() && draft.notes[0].starts_with("There is no quiz."), "{:?}", draft.notes);
    assert_eq!(draft.lesson.unwrap().steps.len(), 3);
    assert!(lesson(json!({"include_quiz": true})).unwrap_err().0.contains("Send `text`"));
    assert!(lesson(json!({"include_quiz": false})).unwrap().notes.is_empty());
    let with_text = lesson(json!({"text": TEXT, "include_quiz": true})).unwrap();
    assert_eq!(with_text.lesson.unwrap().key_terms.len(), 8);
}

#[test]
fn another_brief_without_a_seed_has_another_seed() {
    let seed = |request: &Value| write(&quiz_request(&body(request)).unwrap()).unwrap().seed;
    let (a, b) = (json!({"topic": "Area"}), json!({"topic": "Area", "grade_level": 6}));
    assert_eq!(seed(&a), seed(&a));
    assert_ne!(seed(&a), seed(&b));
    assert!(seed(&a) < 1 << 53);
}

/// The largest brief that is taken: 20,000 characters, 50 questions, 20 objectives, the largest terrain. A step is a word looked
/// at, a candidate tried or a number drawn: each a few hundred machine instructions at most, so that 200,000 are far below the
/// 200 ms that an answer may take. Ten times the text is at most about ten times the work.
#[test]
fn the_largest_brief_takes_a_bounded_number_of_steps() {
    let largest = |text: Option<String>| -> Brief {
        let objectives: Vec<String> = (0..20).map(|n| format!("Add fractions {n}")).collect();
        let request = json!({"text": text, "num_questions": 50, "learning_objectives": objectives, "terrain_size": "xlarge",
            "environment_type": "ocean", "include_quiz": true, "grade_level": 1, "difficulty": "easy",
            "features": ["river", "lake", "mountain", "trees", "road", "plaza", "cave", "volcano", "beach", "hills", "craters", "waterfall"]});
        content_request(&body(&request), false).unwrap()
    };
    let of_length = |most: usize| TEXT.chars().cycle().take(most).collect::<String>();
    let words =
        (0..).map(|n| format!("Word{n} is a thing of the number {n} in the year {}. ", 1000 + n % 1100));
    let varied: String = words
        .scan(0, |length, sentence| {
            *length += sentence.len();
            (*length <= 20_000).then_some(sentence)
        })
        .collect();
    for text in [None, Some(of_length(20_000)), Some(varied)] {
        let (draft, steps) = counted(&largest(text));
        assert!(draft.is_ok());
        assert!(steps < 200_000, "{steps}");
    }
    let (short, long) =
        (counted(&largest(Some(of_length(2_000)))).1, counted(&largest(Some(of_length(20_000)))).1);
    assert!(long < short * 12, "{short} and {long}");
}

#[test]
fn a_draft_is_not_larger_than_a_cache_takes() {
    let request = json!({"text": TEXT.chars().cycle().take(20_000).collect::<String>(), "num_questions": 50, "terrain_size": "xlarge"});
    let draft = write(&content_request(&body(&request), false).unwrap()).unwrap();
    assert!(serde_json::to_vec(&draft).unwrap().len() < 256 * 1024);
}
