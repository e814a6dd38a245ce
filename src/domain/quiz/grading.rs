//! Right or wrong. All or nothing: a question's points are for the whole answer.

use std::collections::HashSet;

use icu_normalizer::ComposingNormalizerBorrowed;
use serde_json::Value;

use super::{Kind, Part};

/// Longest response, as JSON: ten pairs of ids take about 500 bytes, a short answer at most this.
pub const MAX_RESPONSE_BYTES: usize = 2048;

/// The response cannot be an answer to the question. It counts for nothing, so that a bug in a game costs no pupil a try.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ResponseInvalid(pub &'static str);

/// Whether a response is right.
pub fn grade(kind: &Kind, response: &Value) -> Result<bool, ResponseInvalid> {
    match kind {
        Kind::MultipleChoice(options) => {
            let chosen = text(response, "the id of an option is expected")?;
            let option = options.iter().find(|(part, _)| part.id.as_str() == chosen);
            option.map(|(_, correct)| *correct).ok_or(ResponseInvalid("no such option"))
        }
        Kind::MultipleResponse(options) => {
            let chosen = ids(response)?;
            all_known(&chosen, options.iter().map(|(part, _)| part))?;
            Ok(options.iter().all(|(part, correct)| chosen.contains(&part.id.as_str()) == *correct))
        }
        Kind::TrueFalse(correct) => response
            .as_bool()
            .map(|answer| answer == *correct)
            .ok_or(ResponseInvalid("true or false is expected")),
        Kind::Numeric { value, tolerance } => {
            let answer = response.as_f64().ok_or(ResponseInvalid("a number is expected"))?;
            Ok((answer - value).abs() <= tolerance + rounding(*value))
        }
        Kind::ShortAnswer(accept) => {
            let answer = normalise(text(response, "a text is expected")?);
            Ok(accept.iter().any(|variant| normalise(variant) == answer))
        }
        Kind::Ordering(items) => {
            let order = ids(response)?;
            all_known(&order, items.iter())?;
            if order.len() != items.len() {
                return Err(ResponseInvalid("every item is expected, once"));
            }
            Ok(order.iter().zip(items).all(|(id, item)| *id == item.id.as_str()))
        }
        Kind::Matching(pairs) => matching(pairs, response),
    }
}

/// What a double cannot tell apart near this value: 3.14 ± 0.005 must take 3.145.
fn rounding(value: f64) -> f64 {
    value.abs().max(1.0) * f64::EPSILON * 4.0
}

fn matching(pairs: &[(Part, Part)], response: &Value) -> Result<bool, ResponseInvalid> {
    const SHAPE: ResponseInvalid = ResponseInvalid("a list of [left, right] pairs is expected");
    let mut chosen = Vec::new();
    for pair in response.as_array().ok_or(SHAPE)? {
        match pair.as_array().map(Vec::as_slice) {
            Some([Value::String(left), Value::String(right)]) => chosen.push((left.as_str(), right.as_str())),
            _ => return Err(SHAPE),
        }
    }
    let lefts: Vec<&str> = chosen.iter().map(|(left, _)| *left).collect();
    let rights: Vec<&str> = chosen.iter().map(|(_, right)| *right).collect();
    no_repeats(&lefts)?;
    all_known(&lefts, pairs.iter().map(|(left, _)| left))?;
    all_known(&rights, pairs.iter().map(|(_, right)| right))?;
    Ok(pairs.iter().all(|(left, right)| chosen.contains(&(left.id.as_str(), right.id.as_str()))))
}

fn text<'v>(response: &'v Value, expected: &'static str) -> Result<&'v str, ResponseInvalid> {
    response.as_str().ok_or(ResponseInvalid(expected))
}

fn ids(response: &Value) -> Result<Vec<&str>, ResponseInvalid> {
    const SHAPE: ResponseInvalid = ResponseInvalid("a list of ids is expected");
    let ids: Option<Vec<&str>> = response.as_array().ok_or(SHAPE)?.iter().map(Value::as_str).collect();
    let ids = ids.ok_or(SHAPE)?;
    no_repeats(&ids)?;
    Ok(ids)
}

fn no_repeats(ids: &[&str]) -> Result<(), ResponseInvalid> {
    let mut seen = HashSet::new();
    if ids.iter().all(|id| seen.insert(*id)) { Ok(()) } else { Err(ResponseInvalid("an id is named twice")) }
}

fn all_known<'a>(ids: &[&str], parts: impl Iterator<Item = &'a Part>) -> Result<(), ResponseInvalid> {
    let known: HashSet<&str> = parts.map(|part| part.id.as_str()).collect();
    if ids.iter().all(|id| known.contains(id)) { Ok(()) } else { Err(ResponseInvalid("an id is unknown")) }
}

/// A text as pupils mean it: compatibility forms (NFKC), case and runs of white space do not matter.
pub(super) fn normalise(text: &str) -> String {
    let nfkc = ComposingNormalizerBorrowed::new_nfkc();
    let folded: String = nfkc.normalize(text).chars().flat_map(char::to_lowercase).collect();
    nfkc.normalize(&folded).split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::normalise;

    #[test]
    fn forms_case_and_white_space_of_a_text_do_not_matter() {
        for (written, meant) in [
            ("  Photo\u{a0}\tsynthesis\n", "photo synthesis"),
            ("Cafe\u{301}", "café"),
            ("ＡＢＣ\u{3000}１２", "abc 12"),
            ("ﬁnd x²", "find x2"),
            ("\u{1112}\u{1161}\u{11ab}", "한"),
            ("İ", "i\u{307}"),
            ("ΑΣ", "ασ"),
            ("\u{212b}", "å"),
            ("½", "1\u{2044}2"),
        ] {
            assert_eq!(normalise(written), meant, "{written}");
            assert_eq!(normalise(meant), meant, "{meant}");
        }
    }
}
