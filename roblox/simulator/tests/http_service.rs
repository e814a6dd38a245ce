//! What Roblox's `HttpService` allows and what it refuses.

mod support;

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use simulator::TransportError;
use support::{KEY, Scene, answer, play};

/// Plays one `RequestAsync` and returns the message that it raised.
fn refusal(options: &str) -> String {
    let log = play(&format!(
        "local http = game:GetService('HttpService')
         local key = http:GetSecret('toolboxai_game_key')
         local ok, why = pcall(http.RequestAsync, http, {options})
         print(ok, why)"
    ));
    let line = log.join("\n");
    line.strip_prefix("print: false ").unwrap_or_else(|| panic!("was not refused: {line}")).to_owned()
}

#[test]
fn five_hundred_requests_a_minute_and_no_more() {
    let log = play(
        "local http = game:GetService('HttpService')
         local function get() return pcall(http.RequestAsync, http, { Url = 'http://class.test/' }) end
         local sent = 0
         for _ = 1, 500 do task.spawn(function() if get() then sent += 1 end end) end
         print(get())
         task.wait(1)
         print(sent)
         task.wait(60)
         print((get()))",
    );
    assert_eq!(log, ["print: false Number of requests exceeded limit", "print: 500", "print: true"]);
}

#[test]
fn locked_headers_are_refused_whatever_their_case() {
    for name in ["User-Agent", "roblox-id", "Content-Length", "Host", "X-Forwarded-For"] {
        let why = refusal(&format!("{{ Url = 'http://class.test/', Headers = {{ ['{name}'] = 'x' }} }}"));
        assert_eq!(why, format!("Header \"{name}\" is not allowed!"));
    }
}

#[test]
fn blocked_ports_are_refused_and_others_not() {
    for port in [22, 25, 1023, 1194] {
        let why = refusal(&format!("{{ Url = 'http://class.test:{port}/' }}"));
        assert!(why.contains("ERR_ACCESS_DENIED"), "{why}");
    }
    for port in [80, 443, 1024, 8787] {
        let log = play(&format!(
            "print(game:GetService('HttpService'):RequestAsync({{ Url = 'http://127.0.0.1:{port}/' }}).StatusCode)"
        ));
        assert_eq!(log, ["print: 200"]);
    }
}

#[test]
fn requests_that_roblox_would_not_send_are_refused() {
    assert!(refusal("{ Url = 'ftp://class.test/' }").contains("InvalidUrl"));
    assert!(refusal("{ Url = 'class' }").contains("InvalidUrl"));
    assert!(refusal("{ Url = 'http://class.test/', Method = 'BREW' }").contains("not allowed"));
    assert!(
        refusal("{ Url = 'http://class.test/', Method = 'GET', Body = 'x' }").contains("cannot have a body")
    );
    let large = "{ Url = 'http://class.test/', Method = 'POST', Body = string.rep('x', 1024 * 1024 + 1) }";
    assert!(refusal(large).contains("Post data too large"));
}

#[test]
fn a_secret_goes_into_a_header_and_a_url_and_nowhere_else() {
    let scene = Scene::new(Vec::new());
    let seen = Rc::new(RefCell::new(Vec::new()));
    let seeing = seen.clone();
    scene.world.respond(move |request| {
        seeing.borrow_mut().push((request.url.clone(), request.header("authorization").map(str::to_owned)));
        (Duration::ZERO, Ok(answer(200, "{}")))
    });
    let log = scene.play(
        "local http = game:GetService('HttpService')
         local key = http:GetSecret('toolboxai_game_key')
         http:RequestAsync({ Url = key:AddPrefix('http://class.test/'), Headers = { Authorization = key:AddPrefix('Bearer ') } })
         print(key, tostring(key:AddSuffix('!')), typeof(key))
         print(pcall(http.JSONEncode, http, { key = key }))
         print((pcall(function() return 'Bearer ' .. key end)))
         print((pcall(http.RequestAsync, http, { Url = 'http://class.test/', Method = 'POST', Body = key })))
         print((pcall(http.GetSecret, http, 'unknown')))",
    );
    assert_eq!(
        *seen.borrow(),
        [(format!("http://class.test/{KEY}"), Some(format!("Bearer {KEY}")))],
        "one request was sent"
    );
    assert_eq!(log[0], "print: Secret Secret Secret");
    assert!(log[1].starts_with("print: false Can't convert to JSON"), "{}", log[1]);
    assert_eq!(log[2..], ["print: false"; 3]);
    assert!(!log.join("\n").contains(KEY));
}

#[test]
fn roblox_adds_headers_of_its_own() {
    let scene = Scene::new(Vec::new());
    scene.world.respond(|request| {
        assert_eq!(request.header("roblox-id"), Some("42"));
        assert_eq!(request.header("user-agent"), Some("RobloxGameCloud/1.0 (+http://www.roblox.com)"));
        (Duration::ZERO, Ok(answer(200, "{}")))
    });
    let log = scene.play("game:GetService('HttpService'):RequestAsync({ Url = 'http://class.test/' })");
    assert!(log.is_empty(), "{log:?}");
}

#[test]
fn only_a_missing_answer_raises() {
    let scene = Scene::new(Vec::new());
    scene.world.respond(|request| {
        let outcome = match request.url.as_str() {
            "http://class.test/missing" => {
                let mut response = answer(404, "no such page");
                response.headers.push(("Retry-After".to_owned(), "7".to_owned()));
                Ok(response)
            }
            "http://class.test/slow" => return (Duration::from_secs(20), Ok(answer(200, "{}"))),
            _ => Err(TransportError::ConnectFail),
        };
        (Duration::ZERO, outcome)
    });
    let log = scene.play(
        "local http = game:GetService('HttpService')
         local missing = http:RequestAsync({ Url = 'http://class.test/missing' })
         print(missing.Success, missing.StatusCode, missing.Body, missing.Headers['retry-after'])
         print(pcall(http.RequestAsync, http, { Url = 'http://class.test/down' }))
         print(pcall(http.RequestAsync, http, { Url = 'http://class.test/slow', Timeout = 5 }))
         print(os.clock())",
    );
    assert_eq!(
        log,
        [
            "print: false 404 no such page 7",
            "print: false HttpError: ConnectFail",
            "print: false HttpError: Timedout",
            "print: 5",
        ]
    );
}

#[test]
fn guids_are_unlike_each_other_and_in_braces_unless_asked() {
    let log = play(
        "local http = game:GetService('HttpService')
         local pattern = '^%x+%-%x%x%x%x%-4%x%x%x%-[89AB]%x%x%x%-%x+$'
         local one, other = http:GenerateGUID(false), http:GenerateGUID(false)
         print(one ~= other, #one, string.match(one, pattern) ~= nil, string.sub(http:GenerateGUID(), 1, 1))",
    );
    assert_eq!(log, ["print: true 36 true {"]);
}
