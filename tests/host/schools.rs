//! Founding a school, and its settings.

use serde_json::json;

use crate::support::{PASSWORD, TestApp};

const SCHOOLS: &str = "/api/v1/schools";
const CURRENT: &str = "/api/v1/schools/current";

#[test]
fn a_teacher_on_their_own_founds_a_school_and_becomes_its_admin() {
    let app = TestApp::new();
    app.db.execute(&format!("update schools set is_personal = 1 where id = 'sch_{:026}'", 2));
    let login = json!({"email": "eve@school.example", "password": PASSWORD, "refresh_token_in": "body"});
    let tokens = app.anonymous().post("/api/v1/auth/login", &login).expect(200);
    let eve = app.with_token(tokens["access_token"].as_str().unwrap());
    for _ in 0..2 {
        let school = eve.post(SCHOOLS, &json!({"name": " Lyceum "})).expect(201);
        assert_eq!((&school["name"], &school["is_personal"]), (&json!("Lyceum"), &json!(false)));
    }
    eve.post(SCHOOLS, &json!({"name": "Another"})).problem(409, "conflict");
    let refresh = json!({"refresh_token": tokens["refresh_token"]});
    let refreshed = app.anonymous().post("/api/v1/auth/refresh", &refresh).expect(200);
    assert_eq!(refreshed["user"]["role"], "admin");
    let eve = app.with_token(refreshed["access_token"].as_str().unwrap());
    eve.get("/api/v1/users").expect(200);
    assert_eq!(app.audited("school.founded"), 1);
}

#[test]
fn who_belongs_to_a_school_founds_none() {
    let app = TestApp::new();
    for name in ["ada", "grace"] {
        app.sign_in(name).post(SCHOOLS, &json!({"name": "Lyceum"})).problem(409, "conflict");
    }
    app.sign_in("peter").post(SCHOOLS, &json!({"name": "Lyceum"})).problem(403, "forbidden");
    assert_eq!(app.audited("school.founded"), 0);
    let ada = app.sign_in("ada");
    ada.post(SCHOOLS, &json!({"name": " "})).problem(422, "invalid");
    ada.post(SCHOOLS, &json!({})).problem(422, "invalid");
    app.clock.advance(600_000);
    ada.post(SCHOOLS, &json!({"name": "Lyceum"})).problem(403, "step_up_required");
}

#[test]
fn everybody_sees_their_school_and_admins_change_it() {
    let app = TestApp::new();
    let (ada, grace, eve) = (app.sign_in("ada"), app.sign_in("grace"), app.sign_in("eve"));
    for actor in [&ada, &app.sign_in("peter")] {
        assert_eq!(actor.get(CURRENT).expect(200)["name"], "School 1");
        actor.patch(CURRENT, &json!({"name": "Mine"})).problem(403, "forbidden");
    }
    let changed = grace.patch(CURRENT, &json!({"require_second_factor": true})).expect(200);
    assert_eq!((&changed["name"], &changed["require_second_factor"]), (&json!("School 1"), &json!(true)));
    let changed =
        grace.patch(CURRENT, &json!({"name": "Lyceum", "require_second_factor": false})).expect(200);
    assert_eq!((&changed["name"], &changed["require_second_factor"]), (&json!("Lyceum"), &json!(false)));
    assert_eq!(eve.get(CURRENT).expect(200)["name"], "School 2");
    for wrong in [json!({"name": ""}), json!({"name": "x".repeat(101)}), json!({"id": "x"})] {
        grace.patch(CURRENT, &wrong).problem(422, "invalid");
    }
    assert_eq!(app.audited("school.changed"), 2);
    app.clock.advance(600_000);
    grace.patch(CURRENT, &json!({"name": "Mine"})).problem(403, "step_up_required");
}
