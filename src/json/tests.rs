use std::collections::BTreeMap;

use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Error, Kind, from_form, from_slice, from_str, from_value};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Class {
    name: String,
    #[serde(default)]
    seats: Vec<Seat>,
    note: Option<String>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Seat {
    no: u32,
    share: f64,
    state: State,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Free,
    Taken { by: i64 },
    Kept(String),
    Pair(i64, bool),
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Op {
    List,
    Put { class: Class },
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Open {
    id: i64,
    #[serde(flatten)]
    rest: BTreeMap<String, Value>,
}

/// Other members are not looked at.
#[derive(Debug, PartialEq, Deserialize)]
struct Ignored {
    id: i64,
}

fn class(text: &str) -> Result<Class, Error> {
    from_str(text)
}

#[test]
fn what_serde_json_reads_is_read_the_same() {
    let text = r#"{"name":"4\u0062","seats":[{"no":1,"share":0.5,"state":"free"},{"no":2,"share":1,"state":{"taken":{"by":-7}}},
        {"no":3,"share":-2,"state":{"kept":"é\n"}},{"no":4,"share":1e300,"state":{"pair":[9,true]}}],"note":null}"#;
    assert_eq!(class(text).unwrap(), serde_json::from_str::<Class>(text).unwrap());
    for op in [Op::List, Op::Put { class: class(text).unwrap() }] {
        assert_eq!(from_value::<Op>(serde_json::to_value(&op).unwrap()).unwrap(), op);
    }
    let row = json!({"id": 9_007_199_254_740_993_i64, "b": {"c": [1, "x", null, 2.5]}, "a": true});
    assert_eq!(from_value::<Open>(row.clone()).unwrap(), serde_json::from_value::<Open>(row).unwrap());
    assert_eq!(
        from_str::<Option<Vec<(u8, Value)>>>(r#"[[1, {"a": []}]]"#).unwrap(),
        Some(vec![(1, json!({"a": []}))])
    );
    assert_eq!(from_str::<BTreeMap<u8, char>>(r#"{"7": "x"}"#).unwrap(), BTreeMap::from([(7, 'x')]));
    assert_eq!(
        from_str::<BTreeMap<State, bool>>(r#"{"free": true}"#).unwrap(),
        BTreeMap::from([(State::Free, true)])
    );
}

#[test]
fn integers_are_exact_to_the_ends_of_their_type() {
    for text in ["9223372036854775807", "-9223372036854775808"] {
        assert_eq!(from_str::<i64>(text).unwrap().to_string(), text);
    }
    assert_eq!(from_str::<u64>("18446744073709551615").unwrap(), u64::MAX);
    assert!(from_str::<i64>("9223372036854775808").is_err());
    assert!(from_str::<u64>("18446744073709551616").is_err());
    assert!(from_str::<u8>("256").is_err());
    assert!(from_str::<u8>("1.0").is_err());
    assert!(from_str::<f64>("-0").unwrap().is_sign_negative());
}

#[test]
fn a_fault_is_told_with_its_place() {
    for (text, pointer, sentence) in [
        (r"{}", "", "missing field `name`"),
        (r#"{"name": 5}"#, "/name", "invalid type: integer `5`, expected a string"),
        (r#"{"name": null}"#, "/name", "invalid type: null, expected a string"),
        (r#"{"name": 1.5}"#, "/name", "invalid type: floating point `1.5`, expected a string"),
        (r#"{"name": "a", "name": "b"}"#, "", "duplicate field `name`"),
        (
            r#"{"a~/b": 1, "name": "a"}"#,
            "/a~0~1b",
            "unknown field `a~/b`, expected one of `name`, `seats`, `note`",
        ),
        (r#"{"name": "a", "seats": {}}"#, "/seats", "invalid type: map, expected a sequence"),
        (r#"{"name": "a", "seats": [["1"]]}"#, "/seats/0", "invalid type: sequence, expected struct Seat"),
        (
            r#"{"name": "a", "seats": [{"no": 1, "share": 1, "state": "free"}, {"no": -1}]}"#,
            "/seats/1/no",
            "invalid value: integer `-1`, expected u32",
        ),
        (
            r#"{"name": "a", "seats": [{"no": 1, "share": 1, "state": "gone"}]}"#,
            "/seats/0/state",
            "unknown variant `gone`, expected one of `free`, `taken`, `kept`, `pair`",
        ),
        (
            r#"{"name": "a", "seats": [{"no": 1, "share": 1, "state": {"taken": {"by": "x"}}}]}"#,
            "/seats/0/state/by",
            "invalid type: string \"x\", expected i64",
        ),
    ] {
        let error = class(text).unwrap_err();
        assert_eq!(
            (error.kind(), error.pointer(), error.to_string().as_str()),
            (Kind::Data, pointer, sentence),
            "{text}"
        );
    }
}

#[test]
fn an_enum_takes_a_name_or_one_member_of_the_right_form() {
    for wrong in [
        "1",
        "[]",
        "{}",
        r#"{"free": null, "kept": "a"}"#,
        r#"{"free": 1}"#,
        r#""kept""#,
        r#"{"taken": [1]}"#,
        r#"{"pair": [1, true, 2]}"#,
    ] {
        assert!(from_str::<State>(wrong).is_err(), "{wrong}");
    }
    assert_eq!(from_str::<State>(r#"{"free": null}"#).unwrap(), State::Free);
}

#[test]
fn a_member_may_have_two_names() {
    #[derive(Debug, PartialEq, Deserialize)]
    struct Named {
        #[serde(alias = "a")]
        z: i64,
        b: i64,
    }
    assert_eq!(from_str::<Named>(r#"{"b": 1, "a": 2}"#).unwrap(), Named { z: 2, b: 1 });
    assert_eq!(from_str::<Named>(r#"{"b": 1, "z": 2}"#).unwrap(), Named { z: 2, b: 1 });
    assert_eq!(
        from_str::<Named>(r#"{"b": 1, "z": 2, "a": 3}"#).unwrap_err().to_string(),
        "duplicate field `z`"
    );
}

#[test]
fn what_comes_twice_counts_once_only_where_no_type_knows_it() {
    assert_eq!(from_str::<Ignored>(r#"{"x": 1, "x": [2], "id": 3}"#).unwrap(), Ignored { id: 3 });
    assert_eq!(from_str::<Ignored>(r#"{"id": 3, "id": 3}"#).unwrap_err().to_string(), "duplicate field `id`");
    assert_eq!(from_str::<Value>(r#"{"a": 1, "b": 2, "a": 3}"#).unwrap(), json!({"a": 3, "b": 2}));
    assert_eq!(from_str::<State>(r#"{"free": null, "free": null}"#).unwrap_err().kind(), Kind::Data);
}

#[test]
fn an_enum_that_takes_others_takes_them() {
    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Kind {
        Known,
        #[serde(other)]
        Other,
    }
    assert_eq!(from_str::<Vec<Kind>>(r#"["known", "new"]"#).unwrap(), [Kind::Known, Kind::Other]);
}

#[test]
fn what_is_no_json_is_told_from_what_is_too_much() {
    for text in [
        "",
        "{",
        "nul",
        r#"{"name": "a",}"#,
        "{\"name\": \"\u{1}\"}",
        r#"{"name": "\ud800"}"#,
        "[1 2]",
        "01",
        "1e400",
        r#"{"a\q": 1}"#,
    ] {
        assert_eq!(class(text).unwrap_err().kind(), Kind::Syntax, "{text}");
    }
    assert_eq!(from_slice::<String>(b"\"\xff\"").unwrap_err().kind(), Kind::Syntax);
    assert_eq!(class(r#"{"name": "a"} {}"#).unwrap_err().kind(), Kind::Trailing);
}

#[test]
fn depth_has_a_bound_also_where_nobody_looks() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(from_str::<Value>(&nested(127)).is_ok());
    assert_eq!(from_str::<Value>(&nested(128)).unwrap_err().kind(), Kind::Syntax);
    assert_eq!(from_str::<Value>(&nested(100_000)).unwrap_err().kind(), Kind::Syntax);
    let objects = format!("{}1{}", r#"{"id":"#.repeat(100_000), "}".repeat(100_000));
    assert_eq!(from_str::<Ignored>(&objects).unwrap_err().kind(), Kind::Syntax);
    let unread = format!(r#"{{"id": 1, "unread": {}}}"#, nested(100_000));
    assert_eq!(from_str::<Ignored>(&unread).unwrap_err().kind(), Kind::Syntax);
}

#[test]
fn numbers_and_truth_values_are_texts_in_a_form_and_nowhere_else() {
    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Query {
        limit: Option<i64>,
        all: Option<bool>,
        text: Option<String>,
        state: Option<State>,
    }
    let read = |text: &str| from_form::<Query>(text.as_bytes());
    let whole =
        Query { limit: Some(-5), all: Some(true), text: Some("5 é".to_owned()), state: Some(State::Free) };
    assert_eq!(read("limit=-5&all=true&text=5+%C3%A9&state=free").unwrap(), whole);
    assert_eq!(read("").unwrap(), Query { limit: None, all: None, text: None, state: None });
    for (wrong, sentence) in [
        ("limit=", "cannot parse integer from empty string"),
        ("limit=ten", "invalid digit found in string"),
        ("all=1", "provided string was not `true` or `false`"),
        ("text=a&text=b", "duplicate field `text`"),
        ("x=", "unknown field `x`, expected one of `limit`, `all`, `text`, `state`"),
    ] {
        assert_eq!(read(wrong).unwrap_err().to_string(), sentence, "{wrong}");
    }
    assert!(from_str::<Query>(r#"{"limit": "5"}"#).is_err());
    assert!(from_str::<Query>(r#"{"all": "true"}"#).is_err());
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-1e300..1e300).prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(".{0,4}", inner, 0..4).prop_map(|map| map.into_iter().collect()),
        ]
    })
}

proptest! {
    #[test]
    fn every_value_comes_back_as_it_was(value in any_value()) {
        prop_assert_eq!(&from_str::<Value>(&value.to_string()).unwrap(), &value);
        prop_assert_eq!(&from_value::<Value>(value.clone()).unwrap(), &value);
    }

    #[test]
    fn it_takes_no_class_that_serde_json_refuses(text in "\\PC{0,40}|\\{\"name\":[^{}]{0,12}\\}|\\{\"seats\":\\[\\{[^{}]{0,20}\\}\\]\\}") {
        if let Ok(read) = class(&text) {
            prop_assert_eq!(read, serde_json::from_str::<Class>(&text).unwrap());
        }
    }
}
