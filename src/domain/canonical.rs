//! One text for one JSON value, and its hash: the key under which content is kept.
//!
//! The text is that of RFC 8785 (members sorted by UTF-16, no white space) but for numbers: those below 2^53 without a fraction
//! are written as there, all others with every digit that tells them apart. RFC 8785 itself makes one number of 2^53 and
//! 2^53 + 1, and two requests that differ in their seed would share their content.

use serde::Serialize;
use serde_json::{Number, Value};

use super::tokens::sha256_hex;

/// Numbers without a fraction below this one are the same as integers and as doubles.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// The canonical text of a value.
pub fn text<T: Serialize>(value: &T) -> Result<String, serde_json::Error> {
    let mut out = String::new();
    write(&mut out, &serde_json::to_value(value)?);
    Ok(out)
}

/// SHA-256 of the canonical text, in hex.
pub fn hash<T: Serialize>(value: &T) -> Result<String, serde_json::Error> {
    text(value).map(|text| sha256_hex(&text))
}

/// `Value` nests at most 128 deep when it was parsed; requests of ours are flat.
fn write(out: &mut String, value: &Value) {
    match value {
        Value::Array(items) => {
            out.push('[');
            for (n, item) in items.iter().enumerate() {
                if n > 0 {
                    out.push(',');
                }
                write(out, item);
            }
            out.push(']');
        }
        Value::Object(members) => {
            let mut sorted: Vec<_> = members.iter().collect();
            sorted.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
            out.push('{');
            for (n, (name, member)) in sorted.into_iter().enumerate() {
                if n > 0 {
                    out.push(',');
                }
                // A text is escaped as RFC 8785 section 3.2.2.2 says.
                write(out, &Value::from(name.as_str()));
                out.push(':');
                write(out, member);
            }
            out.push('}');
        }
        Value::Number(number) => write_number(out, number),
        scalar => out.push_str(&scalar.to_string()),
    }
}

#[expect(clippy::cast_possible_truncation, reason = "within 2^53 and without a fraction")]
fn write_number(out: &mut String, number: &Number) {
    let whole =
        number.as_f64().filter(|double| number.is_f64() && double.fract() == 0.0 && double.abs() < EXACT);
    out.push_str(&whole.map_or_else(|| number.to_string(), |double| (double as i64).to_string()));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn the_order_of_members_and_the_form_of_a_number_make_no_difference() {
        let one: Value =
            serde_json::from_str(r#"{ "b": [1.0, -0.0, 2e2], "a": {"d": null, "c": "é\u0041"} }"#).unwrap();
        let other: Value = serde_json::from_str(r#"{"a":{"c":"\u00e9A","d":null},"b":[1,0,200]}"#).unwrap();
        assert_eq!(text(&one).unwrap(), r#"{"a":{"c":"éA","d":null},"b":[1,0,200]}"#);
        assert_eq!(hash(&one).unwrap(), hash(&other).unwrap());
    }

    #[test]
    fn members_are_sorted_by_utf_16_as_rfc_8785_section_3_2_3_shows() {
        let shown =
            json!({"\u{20ac}": 1, "\r": 2, "\u{fb33}": 3, "1": 4, "\u{1f600}": 5, "\u{80}": 6, "\u{f6}": 7});
        let order: Vec<char> = text(&shown).unwrap().chars().filter(char::is_ascii_digit).collect();
        // The name "1" comes second and its value is 4.
        assert_eq!(order, ['2', '1', '4', '6', '7', '1', '5', '3']);
    }

    #[test]
    fn numbers_that_differ_never_share_a_hash() {
        let numbers = [9_007_199_254_740_992_u64, 9_007_199_254_740_993, u64::MAX, u64::MAX - 1];
        let mut hashes: Vec<String> = numbers.iter().map(|number| hash(number).unwrap()).collect();
        hashes.extend([0.1, 0.2, 1e300, 1e-300].iter().map(|number| hash(number).unwrap()));
        hashes.sort();
        hashes.dedup();
        assert_eq!(hashes.len(), 8);
    }

    /// What another implementation of RFC 8785 writes alike: all but numbers beyond 2^53 and fractions.
    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            (-9_007_199_254_740_991_i64..=9_007_199_254_740_991).prop_map(Value::from),
            any::<i32>().prop_map(|number| Value::from(f64::from(number))),
            "\\PC*|[\\x00-\\x7f]*".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 64, 8, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
                prop::collection::hash_map("\\PC*", inner, 0..8)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn another_implementation_of_rfc_8785_writes_the_same(value in values()) {
            prop_assert_eq!(text(&value).unwrap(), serde_json_canonicalizer::to_string(&value).unwrap());
        }
    }
}
