//! Real connections, on loopback.

#![allow(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use simulator::{HttpRequest, RealWorld, TransportError, World};

fn request(port: u16, method: &str, body: Option<&str>) -> HttpRequest {
    HttpRequest {
        url: format!("http://127.0.0.1:{port}/sync"),
        method: method.to_owned(),
        headers: vec![("Authorization".to_owned(), "Bearer token".to_owned())],
        body: body.map(|body| body.as_bytes().to_vec()),
        timeout: Duration::from_secs(10),
    }
}

/// Reads one request and returns its head and body.
fn read_request(stream: &mut TcpStream) -> (String, String) {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert_ne!(reader.read_line(&mut head).unwrap(), 0, "the request broke off");
    }
    let length = head
        .lines()
        .filter_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ").map(str::to_owned))
        .map(|length| length.parse().unwrap())
        .next()
        .unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    (head, String::from_utf8(body).unwrap())
}

#[test]
fn a_request_and_its_answer_cross_the_wire() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let received = read_request(&mut stream);
        let answer = "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 3\r\nContent-Length: 2\r\n\r\n{}";
        stream.write_all(answer.as_bytes()).unwrap();
        received
    });
    let world = RealWorld::new();
    world.send(5, request(port, "POST", Some(r#"{"cursor":"0"}"#)));
    let completion = world.wait(None).unwrap();
    let response = completion.outcome.unwrap();
    assert_eq!((completion.id, response.status, response.body.as_slice()), (5, 429, b"{}".as_slice()));
    assert!(
        response.headers.iter().any(|(name, value)| name.eq_ignore_ascii_case("retry-after") && value == "3")
    );
    let (head, body) = server.join().unwrap();
    assert!(head.starts_with("POST /sync HTTP/1.1\r\n"), "{head}");
    assert!(head.to_ascii_lowercase().contains("authorization: bearer token\r\n"), "{head}");
    assert_eq!(body, r#"{"cursor":"0"}"#);
}

#[test]
fn nobody_there_is_a_failed_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let world = RealWorld::new();
    world.send(1, request(port, "GET", None));
    assert_eq!(world.wait(None).unwrap().outcome.unwrap_err(), TransportError::ConnectFail);
}

#[test]
fn a_connection_that_breaks_off_is_told_from_a_refusal() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        read_request(&mut stream);
    });
    let world = RealWorld::new();
    world.send(1, request(port, "POST", Some("{}")));
    let error = world.wait(None).unwrap().outcome.unwrap_err();
    assert_ne!(error, TransportError::ConnectFail);
    assert_ne!(error, TransportError::TimedOut);
}

#[test]
fn waiting_ends_at_its_time() {
    let world = RealWorld::new();
    assert!(world.wait(Some(world.now())).is_none());
}
