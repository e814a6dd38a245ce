//! Events, analytics, and where one signs in with Roblox.

use serde_json::{Value, json};

use super::support::{ROBLOX, below, game_of};
use crate::support::{TestApp, playing};

#[test]
fn events_are_kept_once_and_counted_by_session() {
    let mut class = playing(2);
    let game = game_of(&class.ada, &class.class);
    let session = class.session["id"].as_str().unwrap().to_owned();
    let path = format!("{ROBLOX}/analytics/event");
    let event = |id: &str, kind: &str| {
        json!({"event_id": id, "event_type": kind, "game_id": game["id"], "student_id": "1", "session_id": session,
            "event_data": {"at": id}})
    };
    for (id, kind) in [("a", "quiz_start"), ("b", "quiz_complete"), ("c", "quiz_start")] {
        let kept = class.game.server.post(&path, &event(id, kind)).expect(201);
        assert_eq!((&kept["event_id"], &kept["is_duplicate"]), (&json!(id), &json!(false)));
        assert!(kept["student_id"].as_str().unwrap().starts_with("seat_"));
    }
    let again = class.game.server.post(&path, &event("a", "quiz_start")).expect(201);
    assert_eq!(again["is_duplicate"], true);
    class.game.server.post(&path, &event("a", "quiz_complete")).problem(422, "invalid");
    class.ada.post(&path, &event("d", "achievement_unlock")).expect(201);
    for (field, value) in [
        ("event_type", json!("explosion")),
        ("event_data", json!({"x": "y".repeat(5000)})),
        ("timestamp", json!("2026-01-01T00:00:00Z")),
        ("event_id", json!("")),
        ("student_id", json!("ada")),
    ] {
        let mut wrong = event("e", "quiz_start");
        wrong[field] = value;
        let problem = class.ada.post(&path, &wrong).problem(422, "invalid");
        assert_eq!(problem["errors"][0]["pointer"], format!("/{field}"));
    }
    class.app.anonymous().post(&path, &event("e", "quiz_start")).problem(401, "unauthenticated");
    for stranger in ["alan", "eve"] {
        class.app.sign_in(stranger).post(&path, &event("e", "quiz_start")).problem(404, "not_found");
    }
    let answers = class.answers(1);
    class.game.sync(&answers);
    let shown = class.ada.get(&format!("{ROBLOX}/analytics/session/{session}")).expect(200);
    let events = json!({"achievement_unlock": 1, "quiz_complete": 1, "quiz_start": 2});
    assert_eq!(shown["events"], events);
}

#[test]
fn the_analytics_of_a_session_are_computed_from_its_answers() {
    let mut class = playing(2);
    let session = class.session["id"].as_str().unwrap().to_owned();
    let path = format!("{ROBLOX}/analytics/session/{session}");
    let nothing = class.ada.get(&path).expect(200);
    assert_eq!((&nothing["participants"], &nothing["accuracy"]), (&json!(0), &Value::Null));
    assert_eq!(nothing["completion_rate"], 0.0);
    class.app.clock.advance(90_000);
    let answers = class.answers(1);
    let results = class.game.sync(&answers)["results"].clone();
    let right = results.as_array().unwrap().iter().filter(|it| it["result"]["correct"] == true).count();
    class.ada.move_session(&class.session, "end").expect(200);
    class.app.clock.advance(600_000);
    let shown = class.ada.get(&path).expect(200);
    assert_eq!((&shown["student_count"], &shown["participants"]), (&json!(2), &json!(1)));
    assert_eq!((&shown["participation_rate"], &shown["completion_rate"]), (&json!(0.5), &json!(0.5)));
    let right = f64::from(u32::try_from(right).unwrap());
    assert!((shown["accuracy"].as_f64().unwrap() - right / 7.0).abs() < 1e-9);
    assert_eq!((&shown["duration_minutes"], &shown["status"]), (&json!(1.5), &json!("ended")));
    let outcomes = shown["learning_outcomes"].as_array().unwrap();
    assert_eq!((outcomes.len(), &outcomes[0]["answered"]), (7, &json!(1)));
    for stranger in ["alan", "eve"] {
        class.app.sign_in(stranger).get(&path).problem(404, "not_found");
    }
    class.app.sign_in("peter").get(&path).problem(403, "forbidden");
    class.ada.get(&format!("{ROBLOX}/analytics/session/ses_{:026}", 99)).problem(404, "not_found");
}

#[test]
fn performance_counts_what_is_stored_and_invents_nothing() {
    let app = TestApp::new();
    let (ada, grace) = (app.sign_in("ada"), app.sign_in("grace"));
    let path = format!("{ROBLOX}/analytics/performance");
    let empty = grace.get(&path).expect(200);
    assert_eq!((&empty["games"], &empty["average_deployment_s"]), (&json!({}), &Value::Null));
    let class = ada.make_class();
    let game = game_of(&ada, &class);
    let content = json!({"kind": "lesson", "title": "Orbit", "subject": "Science", "grade_level": 6, "status": "ready"});
    let content = ada.post(&format!("{ROBLOX}/content"), &content).expect(201);
    let deploy = json!({"content_id": content["id"], "game_id": game["id"]});
    ada.post(&format!("{ROBLOX}/content/deploy"), &deploy).expect(202);
    app.clock.advance(4000);
    assert!(app.run_jobs().is_empty());
    let quiz = ada.make_quiz(&crate::support::fractions());
    ada.make_session(&class, &quiz, "self");
    let shown = grace.get(&path).expect(200);
    assert_eq!((&shown["games"], &shown["open_sessions"]), (&json!({"active": 1}), &json!(1)));
    assert_eq!(
        (&shown["deployments"], &shown["average_deployment_s"]),
        (&json!({"deployed": 1}), &json!(4.0))
    );
    assert_eq!((&shown["average_acknowledgement_s"], &shown["reports"]), (&Value::Null, &json!(0)));
    ada.get(&path).problem(403, "forbidden");
    app.db.execute("update users set role = 'admin' where email = 'eve@school.example'");
    assert_eq!(app.sign_in("eve").get(&path).expect(200)["games"], json!({}), "another school's");
    ada.delete(&below("games", &game, "")).expect(204);
    assert_eq!(grace.get(&path).expect(200)["games"], json!({"archived": 1}));
}

#[test]
fn signing_in_with_roblox_is_where_the_provider_is_set_up() {
    let path = format!("{ROBLOX}/auth/login");
    TestApp::new().anonymous().get(&path).problem(404, "not_found");
    let providers = json!([{"id": "roblox", "name": "Roblox", "issuer": "https://apis.roblox.com/oauth/",
        "client_id": "1", "client_secret": "secret", "scopes": ["openid", "profile"]}])
    .to_string();
    let app = TestApp::with_settings(&[("OIDC_PROVIDERS", &providers)]);
    let reply = app.anonymous().get(&path).expect(200);
    assert_eq!(reply, json!({"oauth_url": "https://edge.example/api/v1/auth/oidc/roblox/start"}));
}

#[test]
fn an_achievement_that_has_a_name_is_told_to_the_class_once() {
    let class = playing(1);
    let game = game_of(&class.ada, &class.class);
    let path = format!("{ROBLOX}/analytics/event");
    let event = |id: &str, data: Value| {
        json!({"event_id": id, "event_type": "achievement_unlock", "game_id": game["id"], "student_id": "1",
            "event_data": data})
    };
    let named = event("a", json!({"title": " First flight "}));
    let kept = class.game.server.post(&path, &named).expect(201);
    class.game.server.post(&path, &named).expect(201);
    class.game.server.post(&path, &event("b", json!({}))).expect(201);
    let mut nobody = event("c", json!({"title": "Nobody's"}));
    nobody.as_object_mut().unwrap().remove("student_id");
    class.game.server.post(&path, &nobody).expect(201);
    let log =
        class.ada.get(&format!("/api/v1/classes/{}/events?after=0", class.class["id"].as_str().unwrap()));
    let log = log.expect(200);
    let told: Vec<&Value> = log["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|item| item["type"] == "achievement_unlocked")
        .collect();
    assert_eq!(told.len(), 1);
    let data = json!({"seq": told[0]["seq"], "seat_id": kept["student_id"], "title": "First flight"});
    assert_eq!(told[0]["data"], data);
}
