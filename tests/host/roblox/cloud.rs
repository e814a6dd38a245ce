//! Open Cloud, played by a script that holds every request against Roblox's own document.

use std::sync::Arc;

use serde_json::{Value, json};
use toolboxai_edge::ports::{Inbound, Outbound};

use crate::support::TestApp;

/// Roblox's document, as far as we use it.
pub fn document() -> Value {
    serde_json::from_str(include_str!("../../vectors/open-cloud.json")).unwrap()
}

/// The operation of a request, which must be as the document says.
fn operation(document: &Value, request: &Outbound) -> (String, Vec<String>) {
    let base = document["servers"][0]["url"].as_str().unwrap();
    let path =
        request.url.strip_prefix(base).unwrap_or_else(|| panic!("{} is not below {base}", request.url));
    for (template, methods) in document["paths"].as_object().unwrap() {
        let pattern = template.split(['{', '}']).collect::<Vec<_>>();
        let matched = match pattern.as_slice() {
            [whole] => (path == *whole).then(Vec::new),
            [before, _, after] => path
                .strip_prefix(before)
                .and_then(|rest| rest.strip_suffix(after))
                .filter(|value| !value.is_empty() && !value.contains('/'))
                .map(|value| vec![value.to_owned()]),
            _ => None,
        };
        if let Some(values) = matched
            && methods.get(request.method.as_str().to_lowercase()).is_some()
        {
            return (template.clone(), values);
        }
    }
    panic!("{} {} is no operation of the document", request.method, request.url)
}

/// Holds a request against the document. Gives the operation's path, its parameters and the body.
pub fn check(request: &Outbound) -> (String, Vec<String>, Value) {
    let document = document();
    let (template, values) = operation(&document, request);
    let described = &document["paths"][&template]["post"];
    let header =
        |wanted: &str| request.headers.iter().find(|(name, _)| *name == wanted).map(|(_, value)| value);
    assert_eq!(header("content-type").unwrap(), "application/json");
    let wants_key =
        described["security"].as_array().unwrap().iter().any(|it| it.get("roblox-api-key").is_some());
    let key_header = document["components"]["securitySchemes"]["roblox-api-key"]["name"].as_str().unwrap();
    assert_eq!(header(key_header).is_some(), wants_key, "{template}");
    let body: Value = serde_json::from_str(request.body.as_ref().unwrap()).unwrap();
    let mut schema = &described["requestBody"]["content"]["application/json"]["schema"];
    if let Some(reference) = schema["$ref"].as_str() {
        schema = document.pointer(&reference[1..]).unwrap();
    }
    let properties = schema["properties"].as_object().unwrap();
    for required in schema["required"].as_array().unwrap() {
        assert!(body.get(required.as_str().unwrap()).is_some(), "{required} is missing: {body}");
    }
    for (name, value) in body.as_object().unwrap() {
        assert_eq!(properties[name]["type"], "string", "{name}");
        assert!(value.is_string(), "{name}");
    }
    let limits = &document["limits"];
    let length = |field: &str| body[field].as_str().map(|text| text.chars().count() as u64);
    assert!(length("topic") <= limits["topic_characters"].as_u64() || body.get("topic").is_none());
    assert!(length("message") <= limits["message_bytes"].as_u64() || body.get("message").is_none());
    (template, values, body)
}

/// Open Cloud answers with these statuses, one a request, and then with 200.
pub fn open_cloud(app: &Arc<TestApp>, statuses: &[u16]) {
    let mut statuses: Vec<u16> = statuses.iter().rev().copied().collect();
    app.outside.answer_with(move |request| {
        let (template, ..) = check(request);
        let example = document()["paths"][&template]["post"]["responses"]["200"]["content"]["application/json"]
            ["example"]
            .clone();
        let body = if example.is_null() { Vec::new() } else { example.to_string().into_bytes() };
        Some(Inbound { status: statuses.pop().unwrap_or(200), body, retry_after_s: None })
    });
}

/// What was published: universe, topic and message.
pub fn published(app: &TestApp) -> Vec<(String, String, Value)> {
    let requests = app.outside.requests.lock().unwrap();
    let ours = requests.iter().filter(|request| request.url.ends_with(":publishMessage"));
    ours.map(|request| {
        let (_, values, body) = check(request);
        let text = |name: &str| body[name].as_str().unwrap().to_owned();
        (values[0].clone(), text("topic"), serde_json::from_str(&text("message")).unwrap())
    })
    .collect()
}

/// A good connection.
pub fn connection() -> Value {
    json!({"universe_id": "123", "api_key": "an-api-key-of-open-cloud-0123", "webhook_secret": "a-secret-of-the-webhook"})
}
