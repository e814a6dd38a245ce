//! Invitations: who may send which, what the link does, once.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::support::{Actor, Game, TestApp, token_in};

const INVITATIONS: &str = "/api/v1/invitations";
const PREVIEW: &str = "/api/v1/invitations/preview";
const ACCEPT: &str = "/api/v1/invitations/accept";
const NEW_PASSWORD: &str = "purple staple engine";

fn teacher(email: &str, class: &Value) -> Value {
    json!({"email": email, "role": "teacher", "class_id": class["id"]})
}

fn token_to(app: &TestApp, email: &str) -> String {
    assert!(app.run_jobs().is_empty());
    token_in(&app.mailer.newest_to(email))
}

/// Sends it and gives what its link carries.
fn invited(app: &TestApp, actor: &Actor, body: &Value) -> String {
    actor.post(INVITATIONS, body).expect(201);
    token_to(app, body["email"].as_str().unwrap())
}

fn accept_new(app: &Arc<TestApp>, token: &str) -> crate::support::Reply {
    let body = json!({"token": token, "display_name": "Hypatia", "password": NEW_PASSWORD});
    app.anonymous().post(ACCEPT, &body)
}

fn accept(app: &Arc<TestApp>, token: &str) -> crate::support::Reply {
    app.anonymous().post(ACCEPT, &json!({"token": token}))
}

fn sign_in(app: &Arc<TestApp>, email: &str) -> Actor {
    let login = json!({"email": email, "password": NEW_PASSWORD});
    let login = app.anonymous().post("/api/v1/auth/login", &login).expect(200);
    app.with_token(login["access_token"].as_str().unwrap())
}

fn seat_in(app: &Arc<TestApp>, class: &Value) -> String {
    let mut game = Game::open(app, class, "job");
    let join = game.join(1);
    game.one(&join)["seat_id"].as_str().unwrap().to_owned()
}

#[test]
fn an_invited_teacher_gets_an_account_whose_address_is_proved_by_the_link() {
    let app = TestApp::new();
    let grace = app.sign_in("grace");
    let sent =
        grace.post(INVITATIONS, &json!({"email": " New@School.example ", "role": "teacher"})).expect(201);
    assert_eq!((&sent["email"], &sent["state"]), (&json!("new@school.example"), &json!("open")));
    let token = token_to(&app, "new@school.example");
    assert!(!format!("{:?}", app.db.rows("select * from invitations")).contains(&token));
    let preview = app.anonymous().post(PREVIEW, &json!({"token": token})).expect(200);
    assert_eq!(
        preview,
        json!({"school_name": "School 1", "role": "teacher", "email": "new@school.example", "class_name": null,
            "pupil_name": null, "needs_account": true})
    );
    assert_eq!(accept_new(&app, &token).expect(200), json!({"status": "accepted"}));
    let me = sign_in(&app, "new@school.example").get("/api/v1/auth/me").expect(200);
    assert_eq!(
        (&me["role"], &me["display_name"], &me["school"]["name"], &me["email_verified"]),
        (&json!("teacher"), &json!("Hypatia"), &json!("School 1"), &json!(true))
    );
    accept_new(&app, &token).problem(410, "token_used");
    app.anonymous().post(PREVIEW, &json!({"token": token})).problem(410, "token_used");
    assert_eq!((app.audited("invitation.sent"), app.audited("invitation.accepted")), (1, 1));
    let listed = grace.get(INVITATIONS).expect(200);
    assert_eq!(listed["items"][0]["state"], "accepted");
    grace.delete(&format!("{INVITATIONS}/{}", sent["id"].as_str().unwrap())).problem(409, "conflict");
}

#[test]
fn a_new_account_needs_a_name_and_a_good_password_and_the_invitation_waits_for_them() {
    let app = TestApp::new();
    let token =
        invited(&app, &app.sign_in("grace"), &json!({"email": "new@school.example", "role": "admin"}));
    let cases = [
        (json!({"token": token}), vec!["/display_name", "/password"]),
        (json!({"token": token, "display_name": " ", "password": NEW_PASSWORD}), vec!["/display_name"]),
        (json!({"token": token, "display_name": "Hypatia", "password": "short"}), vec!["/password"]),
        (json!({"token": token, "display_name": "Hypatia", "password": "hypatia123"}), vec!["/password"]),
    ];
    for (body, pointers) in cases {
        let problem = app.anonymous().post(ACCEPT, &body).problem(422, "invalid");
        let found: Vec<&str> =
            problem["errors"].as_array().unwrap().iter().map(|e| e["pointer"].as_str().unwrap()).collect();
        assert_eq!(found, pointers);
    }
    accept_new(&app, &token).expect(200);
    sign_in(&app, "new@school.example").get("/api/v1/users").expect(200);
}

#[test]
fn teachers_invite_to_their_own_classes_and_admins_to_the_school() {
    let app = TestApp::new();
    let (ada, alan, grace) = (app.sign_in("ada"), app.sign_in("alan"), app.sign_in("grace"));
    let class = ada.make_class();
    for role in ["admin", "teacher"] {
        ada.post(INVITATIONS, &json!({"email": "x@y.example", "role": role})).problem(403, "forbidden");
    }
    alan.post(INVITATIONS, &teacher("x@y.example", &class)).problem(404, "not_found");
    app.sign_in("eve").post(INVITATIONS, &teacher("x@y.example", &class)).problem(404, "not_found");
    let peter = app.sign_in("peter");
    peter.post(INVITATIONS, &teacher("x@y.example", &class)).problem(403, "forbidden");
    peter.get(INVITATIONS).problem(403, "forbidden");
    app.anonymous().post(INVITATIONS, &teacher("x@y.example", &class)).problem(401, "unauthenticated");
    let sent = ada.post(INVITATIONS, &teacher("x@y.example", &class)).expect(201);
    let path = format!("{INVITATIONS}/{}", sent["id"].as_str().unwrap());
    for stranger in [&alan, &app.sign_in("eve")] {
        stranger.delete(&path).problem(404, "not_found");
        assert_eq!(stranger.get(INVITATIONS).expect(200)["items"], json!([]));
    }
    assert_eq!(grace.get(INVITATIONS).expect(200)["items"].as_array().unwrap().len(), 1);
    app.clock.advance(600_000);
    ada.post(INVITATIONS, &teacher("x@y.example", &class)).problem(403, "step_up_required");
}

#[test]
fn what_does_not_fit_together_is_said() {
    let app = TestApp::new();
    let (ada, grace) = (app.sign_in("ada"), app.sign_in("grace"));
    let class = ada.make_class();
    let seat = seat_in(&app, &class);
    let (class_id, email) = (&class["id"], "x@y.example");
    let cases = [
        (json!({"email": "nonsense", "role": "teacher"}), "/email"),
        (json!({"email": email, "role": "student"}), "/role"),
        (json!({"email": email, "role": "boss"}), "/role"),
        (json!({"email": email, "role": "admin", "class_id": class_id}), "/class_id"),
        (json!({"email": email, "role": "teacher", "class_id": class_id, "seat_id": seat}), "/seat_id"),
        (json!({"email": email, "role": "parent", "seat_id": seat}), "/class_id"),
        (json!({"email": email, "role": "parent", "class_id": class_id}), "/class_id"),
        (json!({"email": email, "role": "teacher", "class_id": "x"}), "/class_id"),
    ];
    for (body, pointer) in cases {
        assert_eq!(
            grace.post(INVITATIONS, &body).problem(422, "invalid")["errors"][0]["pointer"],
            pointer,
            "{body}"
        );
    }
    let unknown =
        json!({"email": email, "role": "parent", "class_id": class_id, "seat_id": format!("seat_{:026}", 9)});
    grace.post(INVITATIONS, &unknown).problem(404, "not_found");
    for known in ["ada@school.example", "peter@school.example"] {
        grace.post(INVITATIONS, &json!({"email": known, "role": "teacher"})).problem(409, "conflict");
    }
    grace
        .post(INVITATIONS, &json!({"email": "ada@school.example", "role": "parent"}))
        .problem(409, "conflict");
    grace.post(INVITATIONS, &teacher("ada@school.example", &class)).problem(409, "conflict");
    assert_eq!(app.db.number("select count(*) from invitations"), 0);
}

#[test]
fn a_colleague_with_an_account_gets_the_class_without_a_password() {
    let app = TestApp::new();
    let (ada, alan) = (app.sign_in("ada"), app.sign_in("alan"));
    let class = ada.make_class();
    let token = invited(&app, &ada, &teacher("alan@school.example", &class));
    let preview = app.anonymous().post(PREVIEW, &json!({"token": token})).expect(200);
    assert_eq!((&preview["needs_account"], &preview["class_name"]), (&json!(false), &json!("5a")));
    let path = format!("/api/v1/classes/{}", class["id"].as_str().unwrap());
    alan.get(&path).problem(404, "not_found");
    accept(&app, &token).expect(200);
    alan.get(&path).expect(200);
    accept(&app, &token).problem(410, "token_used");
}

#[test]
fn an_address_with_an_account_in_another_school_is_told_what_to_do() {
    let app = TestApp::new();
    let token =
        invited(&app, &app.sign_in("grace"), &json!({"email": "eve@school.example", "role": "teacher"}));
    let problem = accept(&app, &token).problem(409, "conflict");
    assert!(problem["detail"].as_str().unwrap().contains("another school"));
    app.anonymous().post(PREVIEW, &json!({"token": token})).problem(409, "conflict");
    let eve = format!(
        "select count(*) from users where email = 'eve@school.example' and school_id = 'sch_{:026}'",
        2
    );
    assert_eq!(app.db.number(&eve), 1);
}

#[test]
fn a_link_that_is_old_withdrawn_replaced_or_made_up_is_dead() {
    let app = TestApp::new();
    let grace = app.sign_in("grace");
    let body = json!({"email": "new@school.example", "role": "teacher"});
    let first = invited(&app, &grace, &body);
    app.clock.advance(1_000);
    let second = invited(&app, &grace, &body);
    assert_ne!(first, second);
    accept_new(&app, &first).problem(410, "token_used");
    let open = grace.get(INVITATIONS).expect(200);
    assert_eq!(
        (&open["items"][0]["state"], &open["items"][1]["state"]),
        (&json!("open"), &json!("withdrawn"))
    );
    let path = format!("{INVITATIONS}/{}", open["items"][0]["id"].as_str().unwrap());
    for _ in 0..2 {
        grace.delete(&path).expect(204);
        accept_new(&app, &second).problem(410, "token_used");
    }
    assert_eq!(app.audited("invitation.withdrawn"), 1);
    let third = invited(&app, &grace, &body);
    app.clock.advance(7 * 86_400_000);
    accept_new(&app, &third).problem(410, "token_used");
    assert_eq!(app.sign_in("grace").get(INVITATIONS).expect(200)["items"][0]["state"], "expired");
    for made_up in ["", "x", &"x".repeat(500)] {
        accept_new(&app, made_up).problem(410, "token_used");
    }
    grace.delete(&format!("{INVITATIONS}/inv_{:026}", 9)).problem(401, "token_expired");
    app.sign_in("grace").delete(&format!("{INVITATIONS}/inv_{:026}", 9)).problem(404, "not_found");
    assert_eq!(app.db.number("select count(*) from users"), 5);
}

#[test]
fn who_lost_the_right_to_invite_has_invited_nobody() {
    let app = TestApp::new();
    let (ada, grace) = (app.sign_in("ada"), app.sign_in("grace"));
    let class = ada.make_class();
    let token = invited(&app, &ada, &teacher("new@school.example", &class));
    let suspend = format!("/api/v1/users/usr_{:026}/suspend", 0);
    grace.post(&suspend, &json!({"reason": "left"})).expect(200);
    accept_new(&app, &token).problem(410, "token_used");
    assert_eq!(grace.get(INVITATIONS).expect(200)["items"][0]["state"], "withdrawn");
    // A token that still says admin, ten seconds long.
    app.db.execute("update users set role = 'teacher' where email = 'grace@school.example'");
    grace.post(INVITATIONS, &json!({"email": "x@y.example", "role": "admin"})).problem(409, "conflict");
    assert_eq!(app.db.number("select count(*) from invitations where role = 'admin'"), 0);
    assert_eq!(app.audited("invitation.sent"), 1);
}

#[test]
fn an_invited_parent_is_linked_to_the_pupil() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    let class = ada.make_class();
    let seat = seat_in(&app, &class);
    let parent =
        |email: &str| json!({"email": email, "role": "parent", "class_id": class["id"], "seat_id": seat});
    let token = invited(&app, &ada, &parent("new@home.example"));
    let preview = app.anonymous().post(PREVIEW, &json!({"token": token})).expect(200);
    assert_eq!(preview["pupil_name"], "Pupil 01");
    accept_new(&app, &token).expect(200);
    let links = |actor: &Actor| actor.get("/api/v1/guardians/links").expect(200)["items"].clone();
    assert_eq!(links(&sign_in(&app, "new@home.example"))[0]["seat_id"], seat);
    let token = invited(&app, &ada, &parent("peter@school.example"));
    accept(&app, &token).expect(200);
    assert_eq!(links(&app.sign_in("peter"))[0]["display_name"], "Pupil 01");
}

#[test]
fn a_teacher_on_their_own_founds_a_school_before_inviting_staff() {
    let app = TestApp::new();
    app.db.execute(&format!("update schools set is_personal = 1 where id = 'sch_{:026}'", 2));
    let eve = app.sign_in("eve");
    let class = eve.make_class();
    eve.post(INVITATIONS, &teacher("x@y.example", &class)).problem(409, "conflict");
}

#[test]
fn nobody_sends_mail_without_end() {
    let app = TestApp::new();
    let grace = app.sign_in("grace");
    for n in 0..100 {
        grace.post(INVITATIONS, &json!({"email": format!("n{n}@y.example"), "role": "teacher"})).expect(201);
    }
    grace.post(INVITATIONS, &json!({"email": "n@y.example", "role": "teacher"})).problem(429, "rate_limited");
}
