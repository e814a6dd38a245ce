//! Co-teachers: they see and run the class like its owner, until they are taken off it.

use std::sync::Arc;

use futures::executor::block_on;
use serde_json::{Value, json};
use toolboxai_edge::domain::pusher::CloseCode;
use toolboxai_edge::rooms::Effect;

use crate::realtime::authorize;
use crate::support::{Actor, Game, TestApp, fractions, token_in};

fn path(class: &Value, rest: &str) -> String {
    format!("/api/v1/classes/{}{rest}", class["id"].as_str().unwrap())
}

/// Ada's class, which Alan runs as well.
fn shared() -> (Arc<TestApp>, Actor, Actor, Value) {
    let app = TestApp::new();
    let (ada, alan) = (app.sign_in("ada"), app.sign_in("alan"));
    let class = json!({"name": "5a", "subject": "Mathematics", "grade_level": 5, "join_policy": "approval"});
    let class = ada.post("/api/v1/classes", &class).expect(201);
    let body = json!({"email": "alan@school.example", "role": "teacher", "class_id": class["id"]});
    ada.post("/api/v1/invitations", &body).expect(201);
    app.run_jobs();
    let token = token_in(&app.mailer.newest_to("alan@school.example"));
    app.anonymous().post("/api/v1/invitations/accept", &json!({"token": token})).expect(200);
    (app, ada, alan, class)
}

#[test]
fn a_co_teacher_sees_and_runs_the_class_like_its_owner() {
    let (_, ada, alan, class) = shared();
    assert_eq!(alan.get("/api/v1/classes").expect(200)["items"][0]["id"], class["id"]);
    for rest in ["", "/seats", "/leaderboard", "/events?after=0", "/live-sessions", "/teachers", "/guardians"]
    {
        alan.get(&path(&class, rest)).expect(200);
    }
    alan.patch(&path(&class, ""), &json!({"capacity": 20})).expect(200);
    alan.post(&path(&class, "/join-code"), &json!({})).expect(200);
    let quiz = alan.make_quiz(&fractions());
    let session = alan.make_session(&class, &quiz, "self");
    alan.move_session(&session, "start").expect(200);
    ada.move_session(&session, "pause").expect(200);
    alan.get(&format!("/api/v1/live-sessions/{}", session["id"].as_str().unwrap())).expect(200);
    authorize(&alan, &class, "private-class", "1.1").expect(200);
    // Quizzes stay their author's.
    ada.get(&format!("/api/v1/quizzes/{}", quiz["id"].as_str().unwrap())).problem(404, "not_found");
}

#[test]
fn a_class_that_one_runs_opens_no_other_class() {
    let (app, ada, alan, _) = shared();
    let other = ada.make_class();
    alan.get(&path(&other, "")).problem(404, "not_found");
    alan.get(&path(&other, "/teachers")).problem(404, "not_found");
    authorize(&alan, &other, "private-class", "1.1").problem(404, "not_found");
    assert_eq!(alan.get("/api/v1/classes").expect(200)["items"].as_array().unwrap().len(), 1);
    app.sign_in("eve").get(&path(&other, "/teachers")).problem(404, "not_found");
    app.sign_in("peter").get(&path(&other, "/teachers")).problem(403, "forbidden");
}

#[test]
fn everybody_who_runs_a_class_hears_of_a_pupil_who_waits() {
    let (app, ada, alan, class) = shared();
    let mut game = Game::open(&app, &class, "job");
    let join = game.join(1);
    game.sync(&[join]);
    app.clock.advance(1_000);
    assert!(block_on(app.rooms.ring()));
    for teacher in [&ada, &alan] {
        assert_eq!(teacher.get("/api/v1/notifications").expect(200)["unread"], 1);
    }
    assert_eq!(app.sign_in("grace").get("/api/v1/notifications").expect(200)["unread"], 0);
}

#[test]
fn a_co_teacher_who_is_taken_off_is_out_of_the_room_at_once() {
    let (app, ada, alan, class) = shared();
    let own = alan.make_class();
    authorize(&alan, &class, "private-class", "1.1").expect(200);
    authorize(&alan, &own, "private-class", "2.1").expect(200);
    let listed = ada.get(&path(&class, "/teachers")).expect(200);
    let names: Vec<(&str, bool)> = listed["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| (item["display_name"].as_str().unwrap(), item["is_owner"].as_bool().unwrap()))
        .collect();
    assert_eq!(names, [("ada", true), ("alan", false)]);
    let teacher = |n: usize| path(&class, &format!("/teachers/usr_{n:026}"));
    alan.delete(&teacher(0)).problem(409, "conflict");
    app.sign_in("eve").delete(&teacher(1)).problem(404, "not_found");
    app.sign_in("peter").delete(&teacher(1)).problem(403, "forbidden");
    for unknown in [4, 99] {
        ada.delete(&teacher(unknown)).problem(404, "not_found");
    }
    app.rooms.effects.lock().unwrap().clear();
    for _ in 0..2 {
        ada.delete(&teacher(1)).expect(204);
        alan.get(&path(&class, "")).problem(404, "not_found");
        authorize(&alan, &class, "private-class", "1.2").problem(404, "not_found");
    }
    let effects = app.rooms.effects.lock().unwrap();
    let closed: Vec<_> =
        effects.iter().filter(|effect| matches!(effect, Effect::CloseSockets { .. })).collect();
    let ids = |list: &[&str]| list.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
    let close = |list| Effect::CloseSockets { socket_ids: ids(list), code: CloseCode::NotAuthorized };
    // The second time closes the socket that was refused: it may not be, but nobody knows.
    assert_eq!(closed, [&close(&["1.1"]), &close(&["1.2"])]);
    drop(effects);
    alan.get(&path(&own, "")).expect(200);
    assert_eq!(app.audited("class.teacher_removed"), 1);
}

#[test]
fn a_co_teacher_may_leave() {
    let (_, _, alan, class) = shared();
    alan.delete(&path(&class, &format!("/teachers/usr_{:026}", 1))).expect(204);
    alan.get(&path(&class, "")).problem(404, "not_found");
}
