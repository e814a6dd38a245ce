//! A call of an operation that is good enough to get to what stands behind the gate: ids that are there, and the smallest
//! body that the schema allows.

use serde_json::{Map, Value, json};

use super::Operation;
use super::world::{Caller, World};
use crate::support::{PASSWORD, Reply, fractions};

/// One request.
pub struct Call {
    method: String,
    path: String,
    headers: Vec<(&'static str, String)>,
    body: Option<String>,
    /// Whether it says the id of something that is the first school's.
    pub names_something: bool,
}

impl Call {
    pub fn new(operation: &Operation<'_>, world: &World) -> Self {
        let mut maker = Maker { document: operation.document, world, names_something: false };
        let path = maker.path(operation);
        let (body, content_type) = maker.body(operation);
        let wants_revision = parameters(operation, "header").any(|it| it["name"] == "If-Match");
        let revision = wants_revision.then(|| ("if-match", "\"1\"".to_owned()));
        let headers = content_type.map(|it| ("content-type", it)).into_iter().chain(revision).collect();
        let names_something = maker.names_something;
        Self { method: operation.method.clone(), path, headers, body, names_something }
    }

    pub fn send(&self, world: &World, caller: Caller, is_recent: bool) -> Reply {
        let address = world.address();
        let mut headers: Vec<_> = self.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        headers.push(("cf-connecting-ip", &address));
        world.actor(caller, is_recent).request(&self.method, &self.path, &headers, self.body.clone())
    }
}

struct Maker<'m> {
    document: &'m Value,
    world: &'m World,
    names_something: bool,
}

/// Fields that may be left out, and without which a call is not good enough.
const WANTED: [&str; 3] = ["cache_ttl", "current_password", "password"];

/// Texts that no schema tells, by the field's name.
fn text(name: &str) -> &'static str {
    match name {
        "email" => "new@school.example",
        "password" | "current_password" => PASSWORD,
        "new_password" => "another horse battery",
        "socket_id" => "1.1",
        "channel_name" => "presence-class",
        "cursor" => "0",
        "provider" => "google",
        "place_id" | "universe_id" => "123",
        "event_type" => "content_request",
        "api_key" => "an-api-key-of-open-cloud",
        _ => "text",
    }
}

impl Maker<'_> {
    fn path(&mut self, operation: &Operation<'_>) -> String {
        let mut path = String::new();
        let mut before = "";
        for segment in operation.path.split('/').skip(1) {
            path.push('/');
            match segment.strip_prefix('{').and_then(|it| it.strip_suffix('}')) {
                Some(name) => path.push_str(&self.path_value(operation, before, name)),
                None => path.push_str(segment),
            }
            before = segment;
        }
        let mut separator = '?';
        for parameter in parameters(operation, "query").filter(|it| it["required"] == true) {
            let name = parameter["name"].as_str().unwrap();
            let value = self.named(name, &parameter["schema"]);
            path.push(separator);
            path.push_str(&serde_urlencoded::to_string([(name, plain(&value))]).unwrap());
            separator = '&';
        }
        path
    }

    fn path_value(&mut self, operation: &Operation<'_>, before: &str, name: &str) -> String {
        if let Some(id) = self.world.id(before, name) {
            self.names_something = true;
            return id;
        }
        let parameter = parameters(operation, "path").find(|it| it["name"] == name).unwrap();
        let value = self.value(&parameter["schema"], name);
        assert!(
            value != "text",
            "{}: what is the {{{name}}} behind `{before}`? Make one in World::furnish and name it in World::id \
             (tests/host/rights/world.rs).",
            operation.name
        );
        plain(&value)
    }

    fn body(&mut self, operation: &Operation<'_>) -> (Option<String>, Option<String>) {
        let content = operation.described["requestBody"]["content"].as_object();
        let Some((content_type, described)) = content.and_then(|content| content.iter().next()) else {
            return (None, None);
        };
        let value = self.value(&described["schema"], "");
        let text = if content_type == "application/x-www-form-urlencoded" {
            let fields = value.as_object().unwrap().iter().map(|(name, value)| (name, plain(value)));
            serde_urlencoded::to_string(fields.collect::<Vec<_>>()).unwrap()
        } else {
            value.to_string()
        };
        (Some(text), Some(content_type.clone()))
    }

    /// Bodies whose fields must fit each other.
    fn special(&mut self, schema: &str) -> Option<Value> {
        match schema {
            "AuthorQuiz" => Some(fractions()),
            "UserCodeIn" => Some(json!({"user_code": self.world.user_code()})),
            // Names that a plugin makes up.
            "PluginProgressIn" => Some(json!({"student_id": "pupil", "lesson_id": "lesson"})),
            "QueryIn" => {
                self.names_something = true;
                let content = self.world.id("", "content_id");
                Some(json!({"query_type": "get_lesson_content", "lesson_id": content}))
            }
            "ClassWebhookIn" => Some(json!({"url": "https://hooks.example/new", "events": ["cache_miss"]})),
            "CommunicateIn" => Some(json!({"action": "sync_data"})),
            "LinkCodeIn" => Some(json!({"code": self.world.guardian_code})),
            "InvitationIn" => {
                self.names_something = true;
                let [class_id, seat_id] = ["class_id", "seat_id"].map(|name| self.world.id("", name));
                let email = "new@school.example";
                Some(json!({"email": email, "role": "parent", "class_id": class_id, "seat_id": seat_id}))
            }
            _ => None,
        }
    }

    fn named(&mut self, name: &str, schema: &Value) -> Value {
        match self.world.id("", name) {
            Some(id) => {
                self.names_something = true;
                id.into()
            }
            None => self.value(schema, name),
        }
    }

    /// The smallest value of a schema. What may be left out is, but for ids.
    fn value(&mut self, schema: &Value, name: &str) -> Value {
        if let Some(reference) = schema["$ref"].as_str() {
            let of = reference.rsplit('/').next().unwrap();
            let document = self.document;
            return self
                .special(of)
                .unwrap_or_else(|| self.value(&document["components"]["schemas"][of], name));
        }
        for choice in ["oneOf", "anyOf"] {
            if let Some(first) = schema[choice].as_array().and_then(|choices| choices.first()) {
                return self.value(first, name);
            }
        }
        if let Some(parts) = schema["allOf"].as_array() {
            let mut whole = Map::new();
            for part in parts {
                whole.extend(self.value(part, name).as_object().unwrap().clone());
            }
            return whole.into();
        }
        if let Some(first) = schema["enum"].as_array().and_then(|values| values.first()) {
            return first.clone();
        }
        let kind = schema["type"].as_str().or_else(|| schema["type"][0].as_str()).unwrap_or("object");
        match kind {
            "string" if schema["format"] == "date-time" => json!("2026-12-24T12:00:00Z"),
            "string" => json!(text(name)),
            "integer" | "number" => schema["minimum"].as_i64().unwrap_or(1).max(1).into(),
            "boolean" => json!(true),
            "array" => self.items(schema, name),
            _ => self.object(schema),
        }
    }

    fn items(&mut self, schema: &Value, name: &str) -> Value {
        let wanted = schema["minItems"].as_u64().unwrap_or(0);
        (0..wanted).map(|_| self.value(&schema["items"], name)).collect::<Vec<_>>().into()
    }

    fn object(&mut self, schema: &Value) -> Value {
        let is_required =
            |name: &str| schema["required"].as_array().is_some_and(|it| it.iter().any(|it| it == name));
        let mut object = Map::new();
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            let is_wanted = WANTED.contains(&name.as_str()) || self.world.id("", name).is_some();
            if is_required(name) || is_wanted {
                object.insert(name.clone(), self.named(name, property));
            }
        }
        object.into()
    }
}

fn parameters<'o>(operation: &'o Operation<'_>, place: &'static str) -> impl Iterator<Item = &'o Value> {
    operation.described["parameters"].as_array().into_iter().flatten().filter(move |it| it["in"] == place)
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
