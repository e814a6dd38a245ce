//! The rules that Roblox's `HttpService` puts on `RequestAsync`: what a script may send, where to, and how often.

use std::collections::VecDeque;
use std::time::Duration;

use mlua::{Table, Value};
use ureq::http::Uri;

use crate::secret::Secret;
use crate::world::{HttpRequest, HttpResponse, TransportError};

/// Roblox: 500 requests a minute for each game server.
pub const REQUESTS_A_MINUTE: usize = 500;
/// 1 MB, as Roblox states it for bodies.
const MAX_BODY_BYTES: usize = 1024 * 1024;
/// What Roblox waits for when the script asks for nothing shorter.
const DEFAULT_TIMEOUT: Duration = Duration::from_mins(1);

const METHODS: [&str; 8] = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"];

/// Headers that are Roblox's own business.
const LOCKED_HEADERS: [&str; 16] = [
    "accept-encoding",
    "connection",
    "content-length",
    "expect",
    "forwarded",
    "host",
    "proxy-connection",
    "roblox-id",
    "user-agent",
    "via",
    "x-att-deviceid",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-wap-profile",
    "upgrade",
];

const USER_AGENT: &str = "RobloxGameCloud/1.0 (+http://www.roblox.com)";

/// Counts the requests of the last minute.
#[derive(Debug, Default)]
pub struct Allowance {
    sent: VecDeque<Duration>,
}

impl Allowance {
    /// Takes one request, if the minute has room for it.
    pub fn take(&mut self, now: Duration) -> Result<(), String> {
        while self.sent.front().is_some_and(|&at| now.saturating_sub(at) >= Duration::from_mins(1)) {
            self.sent.pop_front();
        }
        if self.sent.len() >= REQUESTS_A_MINUTE {
            return Err("Number of requests exceeded limit".to_owned());
        }
        self.sent.push_back(now);
        Ok(())
    }
}

/// Text, or a secret where Roblox allows one.
fn text_or_secret(value: &Value) -> Option<String> {
    match value {
        Value::UserData(data) => data.borrow::<Secret>().ok().map(|secret| secret.expose().to_owned()),
        Value::String(text) => text.to_str().ok().map(|text| text.to_owned()),
        Value::Integer(number) => Some(number.to_string()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn field(options: &Table, name: &str) -> Result<Value, String> {
    options.raw_get(name).map_err(|error| error.to_string())
}

/// Checks what a script passes to `RequestAsync`.
pub fn prepare(options: &Table, place_id: &str) -> Result<HttpRequest, String> {
    let url = text_or_secret(&field(options, "Url")?).ok_or("HttpError: InvalidUrl")?;
    check_url(&url)?;
    let method = match field(options, "Method")? {
        Value::Nil => "GET".to_owned(),
        given => text_or_secret(&given).unwrap_or_default(),
    };
    if !METHODS.contains(&method.as_str()) {
        return Err(format!("Method \"{method}\" is not allowed!"));
    }
    Ok(HttpRequest {
        url,
        headers: headers(&field(options, "Headers")?, place_id)?,
        body: body(&field(options, "Body")?, &method)?,
        timeout: timeout(&field(options, "Timeout")?)?,
        method,
    })
}

fn check_url(url: &str) -> Result<(), String> {
    let parsed: Uri = url.parse().map_err(|_| "HttpError: InvalidUrl")?;
    if !matches!(parsed.scheme_str(), Some("http" | "https")) || parsed.host().is_none() {
        return Err("HttpError: InvalidUrl".to_owned());
    }
    match parsed.port_u16() {
        None | Some(80 | 443) => Ok(()),
        Some(port) if port < 1024 || port == 1194 => {
            Err(format!("ERR_ACCESS_DENIED: port {port} is blocked"))
        }
        Some(_) => Ok(()),
    }
}

fn headers(given: &Value, place_id: &str) -> Result<Vec<(String, String)>, String> {
    let mut headers = vec![
        ("User-Agent".to_owned(), USER_AGENT.to_owned()),
        ("Roblox-Id".to_owned(), place_id.to_owned()),
        ("Cache-Control".to_owned(), "no-cache".to_owned()),
    ];
    let Value::Table(given) = given else { return Ok(headers) };
    for pair in given.pairs::<String, Value>() {
        let (name, value) = pair.map_err(|_| "Headers must be a table of strings")?;
        if LOCKED_HEADERS.contains(&name.to_ascii_lowercase().as_str()) {
            return Err(format!("Header \"{name}\" is not allowed!"));
        }
        let value = text_or_secret(&value).ok_or_else(|| format!("Header \"{name}\" has no text"))?;
        headers.retain(|(known, _)| !known.eq_ignore_ascii_case(&name));
        headers.push((name, value));
    }
    Ok(headers)
}

fn body(given: &Value, method: &str) -> Result<Option<Vec<u8>>, String> {
    let bytes = match given {
        Value::Nil => return Ok(None),
        Value::String(text) => text.as_bytes().to_vec(),
        // A secret lands here: Roblox takes none in a body.
        other => return Err(format!("Body must be a string, not {}", other.type_name())),
    };
    if matches!(method, "GET" | "HEAD") {
        return Err(format!("{method} requests cannot have a body"));
    }
    if bytes.len() > MAX_BODY_BYTES {
        return Err("Post data too large. Limit: 1024 KB".to_owned());
    }
    Ok(Some(bytes))
}

/// A script can only shorten the wait.
fn timeout(given: &Value) -> Result<Duration, String> {
    let seconds = match given {
        Value::Nil => return Ok(DEFAULT_TIMEOUT),
        Value::Integer(seconds) => f64::from(i32::try_from(*seconds).unwrap_or(i32::MAX)),
        Value::Number(seconds) => *seconds,
        _ => return Err("Timeout must be a number".to_owned()),
    };
    Duration::try_from_secs_f64(seconds)
        .map(|asked| asked.min(DEFAULT_TIMEOUT))
        .map_err(|_| "Timeout must not be negative".to_owned())
}

/// What a script gets to see of an answer.
pub fn response_table(lua: &mlua::Lua, response: &HttpResponse) -> mlua::Result<Table> {
    let headers = lua.create_table()?;
    for (name, value) in &response.headers {
        headers.raw_set(name.to_ascii_lowercase(), value.as_str())?;
    }
    let table = lua.create_table()?;
    table.raw_set("Success", (200..300).contains(&response.status))?;
    table.raw_set("StatusCode", response.status)?;
    table.raw_set("StatusMessage", response.reason.as_str())?;
    table.raw_set("Headers", headers)?;
    table.raw_set("Body", lua.create_string(&response.body)?)?;
    Ok(table)
}

/// What `RequestAsync` raises when no answer came.
pub fn error_message(error: TransportError) -> String {
    let name = match error {
        TransportError::TimedOut => "Timedout".to_owned(),
        other => format!("{other:?}"),
    };
    format!("HttpError: {name}")
}
