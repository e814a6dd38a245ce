//! Games: made, listed, changed, archived.

use serde_json::{Value, json};

use super::support::{ROBLOX, below, co_teach, game, game_of};
use crate::support::{Game, TestApp};

fn games() -> String {
    format!("{ROBLOX}/games")
}

#[test]
fn a_game_is_active_at_once_and_no_id_of_roblox_is_invented() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    let reply = ada.post(&games(), &game());
    assert_eq!(reply.headers["etag"], "\"1\"");
    let location = reply.headers["location"].to_str().unwrap().to_owned();
    let made = reply.expect(201);
    assert!(made["id"].as_str().unwrap().starts_with("game_"), "{made}");
    assert_eq!((&made["title"], &made["status"]), (&json!("Space station"), &json!("active")));
    assert_eq!((&made["max_players"], &made["settings"]), (&json!(30), &json!({})));
    for absent in ["universe_id", "place_id", "join_url", "class_id", "content_version"] {
        assert_eq!(made[absent], Value::Null, "{absent}");
    }
    let shown = ada.get(&location).expect(200);
    assert_eq!((&shown["id"], &shown["current_players"]), (&made["id"], &Value::Null));
    let change = json!({"universe_id": "9007199254740993", "place_id": "42"});
    let changed = ada.patch(&below("games", &made, "/settings"), &change).expect(200);
    assert_eq!(changed["universe_id"], "9007199254740993", "exact beyond 2^53");
    assert_eq!(changed["join_url"], "https://www.roblox.com/games/start?placeId=42");
}

#[test]
fn the_players_of_a_game_are_the_pupils_of_its_class_who_are_in_a_server() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    let class = ada.make_class();
    let made = game_of(&ada, &class);
    let players = || ada.get(&below("games", &made, "")).expect(200)["current_players"].clone();
    assert_eq!(players(), 0);
    let mut server = Game::open(&app, &class, "job");
    let joins = [server.join(1), server.join(2)];
    server.sync(&joins);
    assert_eq!(players(), 2);
    let leave = server.event("leave", 1, json!({}));
    server.sync(&[leave]);
    assert_eq!(players(), 1);
}

#[test]
fn the_same_key_makes_one_game_and_another_body_is_refused() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    let post =
        |body: &Value| ada.request("POST", &games(), &[("idempotency-key", "a")], Some(body.to_string()));
    let first = post(&game()).expect(201);
    assert_eq!(post(&game()).expect(201)["id"], first["id"]);
    let mut other = game();
    other["title"] = json!("Another");
    post(&other).problem(422, "idempotency_key_reused");
    assert_eq!(app.db.number("select count(*) from roblox_games"), 1);
}

#[test]
fn what_is_wrong_with_a_game_is_said_field_by_field() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    let cases = [
        ("title", json!("ab")),
        ("title", json!("x".repeat(101))),
        ("description", json!("x".repeat(501))),
        ("subject", json!(" ")),
        ("grade_level", json!(14)),
        ("max_players", json!(0)),
        ("max_players", json!(51)),
        ("universe_id", json!("12a")),
        ("place_id", json!("0")),
        ("place_id", json!(12)),
        ("settings", json!({"text": "x".repeat(8200)})),
        ("settings", json!([1])),
        ("class_id", json!("cls_1")),
    ];
    for (field, value) in cases {
        let mut body = game();
        body[field] = value;
        let problem = ada.post(&games(), &body).problem(422, "invalid");
        assert_eq!(problem["errors"][0]["pointer"], format!("/{field}"), "{body}");
    }
    let all = json!({"title": "a", "subject": "", "grade_level": -1});
    assert_eq!(ada.post(&games(), &all).problem(422, "invalid")["errors"].as_array().unwrap().len(), 3);
    let mut unknown = game();
    unknown["roblox_place_id"] = json!("1");
    ada.post(&games(), &unknown).problem(422, "invalid");
    app.anonymous().post(&games(), &game()).problem(401, "unauthenticated");
    app.sign_in("peter").post(&games(), &game()).problem(403, "forbidden");
}

#[test]
fn a_game_is_its_owners_its_class_teachers_and_its_schools_admins() {
    let app = TestApp::new();
    let (ada, alan, grace, eve) =
        (app.sign_in("ada"), app.sign_in("alan"), app.sign_in("grace"), app.sign_in("eve"));
    let class = ada.make_class();
    let made = game_of(&ada, &class);
    let (show, change) = (below("games", &made, ""), below("games", &made, "/settings"));
    for stranger in [&alan, &eve] {
        stranger.get(&show).problem(404, "not_found");
        stranger.patch(&change, &json!({"title": "Mine"})).problem(404, "not_found");
        stranger.delete(&show).problem(404, "not_found");
        assert_eq!(stranger.get(&games()).expect(200)["items"], json!([]));
        let mut theirs = game();
        theirs["class_id"] = class["id"].clone();
        stranger.post(&games(), &theirs).problem(404, "not_found");
    }
    grace.get(&show).expect(200);
    co_teach(&app, &class);
    alan.get(&show).expect(200);
    alan.patch(&change, &json!({"title": "Ours"})).expect(200);
    assert_eq!(alan.get(&games()).expect(200)["items"][0]["title"], "Ours");
    // A game of a colleague's that is bound to no class stays theirs.
    let private = ada.post(&games(), &game()).expect(201);
    alan.get(&below("games", &private, "")).problem(404, "not_found");
    let foreign = eve.make_class();
    ada.patch(&below("games", &private, "/settings"), &json!({"class_id": foreign["id"]}))
        .problem(404, "not_found");
}

#[test]
fn settings_are_merged_and_a_null_takes_one_away() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    let mut body = game();
    body["settings"] = json!({"music": true, "world": {"gravity": 196.2, "fog": 1}});
    let made = ada.post(&games(), &body).expect(201);
    let path = below("games", &made, "/settings");
    let change = json!({"settings": {"world": {"fog": null, "sky": "night"}, "hints": 3}});
    let changed = ada.patch(&path, &change).expect(200);
    let wanted = json!({"music": true, "world": {"gravity": 196.2, "sky": "night"}, "hints": 3});
    assert_eq!(changed["settings"], wanted);
    assert_eq!(changed["revision"], 2);
    // An empty table of Luau.
    assert_eq!(ada.patch(&path, &json!({"settings": []})).expect(200)["settings"], wanted);
    ada.patch(&path, &json!({"settings": {"a": "x".repeat(5000)}})).expect(200);
    let problem = ada.patch(&path, &json!({"settings": {"b": "x".repeat(5000)}})).problem(422, "invalid");
    assert_eq!(problem["errors"][0]["pointer"], "/settings");
    ada.patch(&path, &json!({"status": "archived"})).problem(422, "invalid");
    assert_eq!(ada.patch(&path, &json!({"status": "paused"})).expect(200)["status"], "paused");
}

#[test]
fn who_has_missed_a_change_is_told_so() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    let made = ada.post(&games(), &game()).expect(201);
    let patch = |tag: &str| {
        let body = json!({"title": "Changed"}).to_string();
        ada.request("PATCH", &below("games", &made, "/settings"), &[("if-match", tag)], Some(body))
    };
    assert_eq!(patch("\"1\"").headers["etag"], "\"2\"");
    patch("\"1\"").problem(412, "precondition_failed");
    patch("\"2\"").expect(200);
    patch("*").expect(200);
}

#[test]
fn an_archived_game_is_read_and_not_changed() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    let class = ada.make_class();
    let made = game_of(&ada, &class);
    let mut server = Game::open(&app, &class, "job");
    let join = server.join(1);
    server.sync(&[join]);
    for _ in 0..2 {
        ada.delete(&below("games", &made, "")).expect(204);
    }
    let shown = ada.get(&below("games", &made, "")).expect(200);
    assert_eq!(shown["status"], "archived");
    assert!(shown["archived_at"].is_string());
    ada.patch(&below("games", &made, "/settings"), &json!({"title": "Again"})).problem(409, "conflict");
    let heard = server.sync(&[])["messages"].clone();
    assert_eq!(heard.as_array().unwrap().len(), 1, "told once: {heard}");
    assert_eq!((&heard[0]["type"], &heard[0]["data"]["game_id"]), (&json!("game_archived"), &made["id"]));
    assert_eq!(ada.get(&format!("{}?status=active", games())).expect(200)["items"], json!([]));
    ada.delete(&format!("{}/game_{:026}", games(), 99)).problem(404, "not_found");
}

#[test]
fn games_are_listed_page_by_page_and_by_class() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    let class = ada.make_class();
    let of_class = game_of(&ada, &class);
    for _ in 0..2 {
        app.clock.advance(1);
        ada.post(&games(), &game()).expect(201);
    }
    let page = ada.get(&format!("{}?limit=2", games())).expect(200);
    assert_eq!(page["items"].as_array().unwrap().len(), 2);
    let next = page["next_cursor"].as_str().unwrap();
    let rest = ada.get(&format!("{}?limit=2&cursor={next}", games())).expect(200);
    assert_eq!((&rest["items"][0]["id"], &rest["next_cursor"]), (&of_class["id"], &Value::Null));
    let filtered = ada.get(&format!("{}?class_id={}", games(), class["id"].as_str().unwrap())).expect(200);
    assert_eq!(filtered["items"].as_array().unwrap().len(), 1);
    ada.get(&format!("{}?status=lost", games())).problem(422, "malformed");
}

#[test]
fn a_failing_database_makes_no_half_of_a_game() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    app.db.fail_next(1);
    ada.post(&games(), &game()).problem(503, "unavailable");
    assert_eq!(app.db.number("select count(*) from roblox_games"), 0);
    let made = ada.post(&games(), &game()).expect(201);
    app.db.fail_next(1);
    ada.patch(&below("games", &made, "/settings"), &json!({"title": "Other"})).problem(503, "unavailable");
    assert_eq!(ada.get(&below("games", &made, "")).expect(200)["revision"], 1);
}

#[test]
fn a_person_and_a_game_server_are_each_limited_and_nobody_else_with_them() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    let class = ada.make_class();
    let path = below("games", &game_of(&ada, &class), "");
    let archive = |who: &crate::support::Actor| who.delete(&path);
    for _ in 1..120 {
        archive(&ada).expect(204);
    }
    let refused = archive(&ada);
    let limits = refused.headers["ratelimit"].to_str().unwrap().to_owned();
    assert!(limits.contains("\"roblox_change/account/60\";r=0"), "{limits}");
    refused.problem(429, "rate_limited");
    ada.get(&path).expect(200);
    archive(&app.sign_in("grace")).expect(204);
    let server = Game::open(&app, &class, "one").server;
    let list = |server: &crate::support::Actor| server.get(&format!("{ROBLOX}/server/games"));
    for _ in 0..500 {
        list(&server).expect(200);
    }
    list(&server).problem(429, "rate_limited");
    list(&Game::open(&app, &class, "two").server).expect(200);
    app.limits.is_down.store(true, std::sync::atomic::Ordering::SeqCst);
    archive(&ada).expect(204);
    list(&server).expect(200);
}
