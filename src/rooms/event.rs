//! One event of a sync, read from text that nobody has checked.

use std::borrow::Cow;

use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use super::Progress;
use crate::domain::quiz::MAX_RESPONSE_BYTES;
use crate::domain::tokens::hex;

/// Longest id of an event.
const MAX_EVENT_ID: usize = 64;
/// Longest name of a pupil, in characters. Roblox allows 20.
const MAX_DISPLAY_NAME: usize = 100;
/// Longest label of a progress.
const MAX_LABEL: usize = 100;

/// Why an event was not applied. It changed nothing and may be sent again under the same id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RejectCode {
    /// Not an event.
    Malformed,
    /// The same id with other content.
    EventIdReused,
    /// The pupil has not joined.
    SeatUnknown,
    /// The pupil waits for the teacher.
    SeatPending,
    /// The teacher removed the pupil.
    SeatRemoved,
    /// All seats are taken.
    ClassFull,
    /// No such session, or not the newest one.
    SessionUnknown,
    /// Still in the lobby.
    SessionNotStarted,
    /// The clock stands still.
    SessionPaused,
    /// Over.
    SessionEnded,
    /// No such question.
    QuestionUnknown,
    /// Another question is open.
    QuestionClosed,
    /// Answered right, or no tries left.
    AlreadyAnswered,
    /// Cannot be an answer to this question.
    ResponseInvalid,
}

/// A rejection, with a sentence for who debugs the game.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reject {
    pub code: RejectCode,
    pub detail: Cow<'static, str>,
}

impl Reject {
    pub fn new(code: RejectCode, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { code, detail: detail.into() }
    }
}

fn malformed(detail: impl Into<Cow<'static, str>>) -> Reject {
    Reject::new(RejectCode::Malformed, detail)
}

/// An event that has the form of one.
pub(super) struct Event {
    pub id: String,
    pub user_id: String,
    /// Of all content but `at`: the same id must come with the same fingerprint.
    pub fingerprint: String,
    pub body: Body,
}

/// What happened.
pub(super) enum Body {
    Join { display_name: String },
    Leave,
    Answer { session_id: String, question_id: String, response: Value, elapsed_ms: Option<i64> },
    Progress(Progress),
}

/// An object that Luau encodes as `[]` when it is empty.
#[derive(Default)]
struct MaybeEmpty<T>(T);

impl<'de, T: Deserialize<'de> + Default> Deserialize<'de> for MaybeEmpty<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either<T>(std::marker::PhantomData<T>);
        impl<'de, T: Deserialize<'de> + Default> Visitor<'de> for Either<T> {
            type Value = T;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
                T::deserialize(serde::de::value::MapAccessDeserializer::new(map))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<T, A::Error> {
                match seq.next_element::<serde::de::IgnoredAny>()? {
                    None => Ok(T::default()),
                    Some(_) => Err(serde::de::Error::custom("an object is expected, not a list")),
                }
            }
        }
        deserializer.deserialize_any(Either(std::marker::PhantomData)).map(Self)
    }
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct RawPlayer {
    user_id: Option<String>,
    display_name: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawEvent<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    #[serde(default)]
    at: Option<serde::de::IgnoredAny>,
    #[serde(default)]
    player: MaybeEmpty<RawPlayer>,
    session_id: Option<String>,
    question_id: Option<String>,
    #[serde(borrow)]
    response: Option<&'a RawValue>,
    elapsed_ms: Option<f64>,
    progress: Option<MaybeEmpty<Progress>>,
}

#[derive(Deserialize)]
struct IdOnly {
    id: Option<Value>,
}

/// The id alone, of an event that is otherwise broken, so that the game knows which one it was.
pub(super) fn id_of(raw: &str) -> Option<String> {
    let id = serde_json::from_str::<IdOnly>(raw).ok()?.id?;
    id.as_str().filter(|id| is_event_id(id)).map(str::to_owned)
}

fn is_event_id(id: &str) -> bool {
    (1..=MAX_EVENT_ID).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}

/// A Roblox user id: a 64-bit number as text. Studio's test players have negative ones.
fn is_user_id(id: &str) -> bool {
    let digits = id.strip_prefix('-').unwrap_or(id);
    (1..=19).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// Reads one event.
pub(super) fn parse(raw: &str) -> Result<Event, Reject> {
    let event: RawEvent<'_> =
        serde_json::from_str(raw).map_err(|error| malformed(without_position(&error)))?;
    let _ = event.at;
    if !is_event_id(&event.id) {
        return Err(malformed("id: 1 to 64 letters, digits, _ and -"));
    }
    let user_id = event.player.0.user_id.unwrap_or_default();
    if !is_user_id(&user_id) {
        return Err(malformed("player.user_id: a whole number as a string is expected"));
    }
    let mut hash = Sha256::new();
    for part in [event.kind.as_ref(), &user_id] {
        hash.update(part);
        hash.update([0]);
    }
    let body = match event.kind.as_ref() {
        "join" => join(event.player.0.display_name, &mut hash)?,
        "leave" => Body::Leave,
        "answer" => {
            let question = (event.session_id, event.question_id);
            answer(question, event.response, event.elapsed_ms, &mut hash)?
        }
        "progress" => progress(event.progress.unwrap_or_default().0, &mut hash)?,
        _ => return Err(malformed("type: join, leave, answer or progress")),
    };
    let digest = hash.finalize();
    let fingerprint = hex(digest.get(..8).unwrap_or_default());
    Ok(Event { id: event.id.into_owned(), user_id, fingerprint, body })
}

/// serde_json's sentence; its position counts within the event, which tells nobody anything.
fn without_position(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split_once(" at line ").map_or(text.clone(), |(sentence, _)| sentence.to_owned())
}

fn join(display_name: Option<String>, hash: &mut Sha256) -> Result<Body, Reject> {
    let name: String = display_name.unwrap_or_default().chars().filter(|c| !c.is_control()).collect();
    let name = name.trim().to_owned();
    if name.is_empty() || name.chars().count() > MAX_DISPLAY_NAME {
        return Err(malformed("player.display_name: 1 to 100 characters"));
    }
    hash.update(&name);
    Ok(Body::Join { display_name: name })
}

fn answer(
    (session_id, question_id): (Option<String>, Option<String>),
    response: Option<&RawValue>,
    elapsed_ms: Option<f64>,
    hash: &mut Sha256,
) -> Result<Body, Reject> {
    let session_id = session_id.ok_or_else(|| malformed("session_id is missing"))?;
    let question_id = question_id.ok_or_else(|| malformed("question_id is missing"))?;
    let raw = response.map_or("null", RawValue::get);
    if raw.len() > MAX_RESPONSE_BYTES {
        return Err(Reject::new(RejectCode::ResponseInvalid, "the response is too long"));
    }
    let response: Value = serde_json::from_str(raw).map_err(|error| malformed(without_position(&error)))?;
    let elapsed_ms = elapsed_ms.map(whole_ms).transpose()?;
    let canonical = serde_json::json!([session_id, question_id, response, elapsed_ms]);
    hash.update(canonical.to_string());
    Ok(Body::Answer { session_id, question_id, response, elapsed_ms })
}

#[expect(clippy::cast_possible_truncation, reason = "a day in milliseconds at most")]
fn whole_ms(ms: f64) -> Result<i64, Reject> {
    if (0.0..=86_400_000.0).contains(&ms) {
        Ok(ms.round() as i64)
    } else {
        Err(malformed("elapsed_ms: 0 to 86400000"))
    }
}

fn progress(progress: Progress, hash: &mut Sha256) -> Result<Body, Reject> {
    if progress.label.as_ref().is_some_and(|label| label.chars().count() > MAX_LABEL) {
        return Err(malformed("progress.label: at most 100 characters"));
    }
    if progress.percent.is_some_and(|percent| percent > 100) {
        return Err(malformed("progress.percent: 0 to 100"));
    }
    hash.update(serde_json::json!([progress.label, progress.percent]).to_string());
    Ok(Body::Progress(progress))
}
