//! The people of a school, as its admins see and change them.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::support::{Actor, PASSWORD, TestApp};

const USERS: &str = "/api/v1/users";

/// ada 0, alan 1, grace 2 (admin), peter 3, eve 4 (other school).
fn path(n: usize, rest: &str) -> String {
    format!("{USERS}/usr_{n:026}{rest}")
}

fn names(list: &Value) -> Vec<&str> {
    list["items"].as_array().unwrap().iter().map(|item| item["display_name"].as_str().unwrap()).collect()
}

fn second_admin(app: &Arc<TestApp>) -> Actor {
    app.db.execute("update users set role = 'admin' where email = 'alan@school.example'");
    app.sign_in("alan")
}

fn suspend(actor: &Actor, n: usize) -> crate::support::Reply {
    actor.post(&path(n, "/suspend"), &json!({"reason": " left the school "}))
}

#[test]
fn an_admin_lists_searches_and_filters_the_people_of_the_school() {
    let app = TestApp::new();
    let grace = app.sign_in("grace");
    assert_eq!(names(&grace.get(USERS).expect(200)), ["peter", "grace", "alan", "ada"]);
    let find = |query: &str| grace.get(&format!("{USERS}?{query}")).expect(200);
    assert_eq!(names(&find("search=ALA")), ["alan"]);
    assert_eq!(names(&find("search=ada%40school")), ["ada"]);
    assert_eq!(names(&find("search=eve")), [""; 0]);
    for literal in ["search=%25", "search=_", "search=a%25a"] {
        assert_eq!(names(&find(literal)), [""; 0], "{literal}");
    }
    assert_eq!(names(&find(&format!("search={}", "x".repeat(254)))), [""; 0]);
    assert_eq!(names(&find("role=parent")), ["peter"]);
    suspend(&grace, 0).expect(200);
    app.db.execute("update users set email_verified_at = null where email = 'alan@school.example'");
    assert_eq!(names(&find("state=suspended")), ["ada"]);
    assert_eq!(names(&find("state=unverified")), ["alan"]);
    assert_eq!(names(&find("state=active&role=admin")), ["grace"]);
    let first = find("limit=3");
    assert_eq!(names(&first), ["peter", "grace", "alan"]);
    let rest = find(&format!("limit=3&cursor={}", first["next_cursor"].as_str().unwrap()));
    assert_eq!((names(&rest), &rest["next_cursor"]), (vec!["ada"], &Value::Null));
    for wrong in
        ["role=boss", "state=gone", "limit=0", "cursor=x", "page=1", &format!("search={}", "x".repeat(255))]
    {
        grace.get(&format!("{USERS}?{wrong}")).problem(422, "malformed");
    }
}

#[test]
fn a_person_is_shown_without_anything_secret() {
    let app = TestApp::new();
    let ada = app.sign_in("grace").get(&path(0, "")).expect(200);
    assert_eq!(
        (&ada["email"], &ada["role"], &ada["state"], &ada["has_second_factor"]),
        (&json!("ada@school.example"), &json!("teacher"), &json!("active"), &json!(false))
    );
    assert!(!ada.to_string().contains("argon2"));
}

#[test]
fn only_admins_of_the_very_school_who_proved_lately_who_they_are_change_people() {
    let app = TestApp::new();
    let grace = app.sign_in("grace");
    let requests = |actor: &Actor, n: usize| {
        [
            actor.patch(&path(n, ""), &json!({"role": "parent"})),
            suspend(actor, n),
            actor.post(&path(n, "/restore"), &json!({})),
            actor.delete(&path(n, "")),
        ]
    };
    for name in ["ada", "peter", "eve"] {
        let actor = app.sign_in(name);
        actor.get(USERS).problem(403, "forbidden");
        actor.get(&path(1, "")).problem(403, "forbidden");
        for reply in requests(&actor, 1) {
            reply.problem(403, "forbidden");
        }
    }
    grace.get(&path(4, "")).problem(404, "not_found");
    for n in [4, 99] {
        for reply in requests(&grace, n) {
            reply.problem(404, "not_found");
        }
    }
    grace.get(&format!("{USERS}/nonsense")).problem(404, "not_found");
    app.clock.advance(600_000);
    for reply in requests(&grace, 1) {
        reply.problem(403, "step_up_required");
    }
    let eve = "select count(*) from users where state = 'active' and removed_at is null and role = 'teacher'";
    assert_eq!(app.db.number(eve), 3);
}

#[test]
fn a_suspended_person_is_out_at_once_and_comes_back_only_when_restored() {
    let app = TestApp::new();
    let grace = app.sign_in("grace");
    let login = json!({"email": "ada@school.example", "password": PASSWORD, "refresh_token_in": "body"});
    let tokens = app.anonymous().post("/api/v1/auth/login", &login).expect(200);
    let ada = app.with_token(tokens["access_token"].as_str().unwrap());
    ada.get("/api/v1/classes").expect(200);
    for _ in 0..2 {
        assert_eq!(suspend(&grace, 0).expect(200)["state"], "suspended");
        ada.get("/api/v1/classes").problem(401, "invalid_token");
        ada.get("/api/v1/auth/me").problem(401, "invalid_token");
    }
    let refresh = json!({"refresh_token": tokens["refresh_token"]});
    app.anonymous().post("/api/v1/auth/refresh", &refresh).problem(401, "invalid_refresh_token");
    app.anonymous().post("/api/v1/auth/login", &login).problem(401, "invalid_credentials");
    for _ in 0..2 {
        assert_eq!(grace.post(&path(0, "/restore"), &json!({})).expect(200)["state"], "active");
    }
    app.clock.advance(1_000);
    app.anonymous().post("/api/v1/auth/refresh", &refresh).problem(401, "invalid_refresh_token");
    app.sign_in("ada").get("/api/v1/classes").expect(200);
    assert_eq!((app.audited("user.suspended"), app.audited("user.restored")), (1, 1));
    let events = app.db.rows("select reason, target_id from audit_events where action = 'user.suspended'");
    assert_eq!(events[0]["reason"], "left the school");
    assert_eq!(events[0]["target_id"], format!("usr_{:026}", 0));
}

/// The request died after the database: the next one finds nothing to change, and still tells the list.
#[test]
fn a_repeated_suspension_tells_the_list_again() {
    let app = TestApp::new();
    let (grace, ada) = (app.sign_in("grace"), app.sign_in("ada"));
    suspend(&grace, 0).expect(200);
    app.revocations.0.lock().unwrap().clear();
    suspend(&grace, 0).expect(200);
    let subjects: Vec<String> =
        app.revocations.0.lock().unwrap().iter().map(|entry| entry.subject.clone()).collect();
    assert_eq!(subjects.len(), 2);
    assert!(subjects.contains(&format!("usr_{:026}", 0)) && subjects.iter().any(|id| id.starts_with("sid_")));
    ada.get("/api/v1/classes").problem(401, "invalid_token");
}

#[test]
fn a_suspension_is_told_by_mail_once() {
    let app = TestApp::new();
    let grace = app.sign_in("grace");
    suspend(&grace, 0).expect(200);
    suspend(&grace, 0).expect(200);
    let jobs = app.jobs.0.lock().unwrap();
    let mails = jobs.iter().filter(|job| serde_json::to_string(job).unwrap().contains("account_suspended"));
    assert_eq!(mails.count(), 1);
}

#[test]
fn a_changed_role_ends_old_tokens_and_the_next_refresh_has_it() {
    let app = TestApp::new();
    let grace = app.sign_in("grace");
    let login = json!({"email": "ada@school.example", "password": PASSWORD, "refresh_token_in": "body"});
    let tokens = app.anonymous().post("/api/v1/auth/login", &login).expect(200);
    let ada = app.with_token(tokens["access_token"].as_str().unwrap());
    for _ in 0..2 {
        let changed = grace.patch(&path(0, ""), &json!({"role": "admin", "reason": "new head"})).expect(200);
        assert_eq!(changed["role"], "admin");
        ada.get("/api/v1/auth/me").problem(401, "invalid_token");
    }
    app.clock.advance(1_000);
    let refreshed =
        app.anonymous().post("/api/v1/auth/refresh", &json!({"refresh_token": tokens["refresh_token"]}));
    let refreshed = refreshed.expect(200);
    assert_eq!(refreshed["user"]["role"], "admin");
    app.with_token(refreshed["access_token"].as_str().unwrap()).get(USERS).expect(200);
    assert_eq!(app.audited("user.role_changed"), 1);
    let event = app.db.rows("select reason, detail from audit_events where action = 'user.role_changed'");
    assert_eq!(
        (&event[0]["reason"], &event[0]["detail"]),
        (&json!("new head"), &json!("{\"role\":\"admin\"}"))
    );
}

#[test]
fn a_removed_person_leaves_no_name_and_no_address_and_their_classes_stay() {
    let app = TestApp::new();
    let (grace, ada) = (app.sign_in("grace"), app.sign_in("ada"));
    let class = ada.make_class();
    for _ in 0..2 {
        grace.delete(&path(0, "")).expect(204);
        ada.get("/api/v1/classes").problem(401, "invalid_token");
    }
    grace.get(&path(0, "")).problem(404, "not_found");
    grace.post(&path(0, "/restore"), &json!({})).problem(404, "not_found");
    grace.patch(&path(0, ""), &json!({"role": "admin"})).problem(404, "not_found");
    assert_eq!(names(&grace.get(USERS).expect(200)), ["peter", "grace", "alan"]);
    let left = format!("{:?}", app.db.rows("select * from users where removed_at is not null"));
    assert!(!left.contains("ada") && !left.contains("argon2"), "{left}");
    grace.get(&format!("/api/v1/classes/{}", class["id"].as_str().unwrap())).expect(200);
    let login = json!({"email": "ada@school.example", "password": PASSWORD});
    app.anonymous().post("/api/v1/auth/login", &login).problem(401, "invalid_credentials");
    assert_eq!(app.audited("user.removed"), 1);
}

#[test]
fn nobody_changes_themselves_and_the_last_admin_is_told_why() {
    let app = TestApp::new();
    let grace = app.sign_in("grace");
    let requests = |actor: &Actor| {
        [
            actor.patch(&path(2, ""), &json!({"role": "teacher"})),
            suspend(actor, 2),
            actor.delete(&path(2, "")),
        ]
    };
    for reply in requests(&grace) {
        reply.problem(409, "last_admin");
    }
    second_admin(&app);
    for reply in requests(&grace) {
        reply.problem(409, "conflict");
    }
}

/// Both tokens say admin; the database knows better.
#[test]
fn of_two_admins_who_end_each_other_at_once_one_stays() {
    let app = TestApp::new();
    let (grace, alan) = (app.sign_in("grace"), second_admin(&app));
    grace.delete(&path(1, "")).expect(204);
    app.revocations.0.lock().unwrap().clear();
    alan.delete(&path(2, "")).problem(403, "forbidden");
    suspend(&alan, 0).problem(403, "forbidden");
    alan.patch(&path(2, ""), &json!({"role": "teacher"})).problem(403, "forbidden");
    assert_eq!(app.audited("user.removed"), 1);
    app.sign_in("ada").get("/api/v1/classes").expect(200);
}

#[test]
fn a_reason_is_wanted_and_bounded_and_nobody_becomes_a_pupil() {
    let app = TestApp::new();
    let grace = app.sign_in("grace");
    for reason in ["", "  ", &"x".repeat(501), "a\u{0}b"] {
        grace.post(&path(0, "/suspend"), &json!({"reason": reason})).problem(422, "invalid");
    }
    grace.post(&path(0, "/suspend"), &json!({})).problem(422, "invalid");
    for body in [
        json!({"role": "student"}),
        json!({"role": "boss"}),
        json!({}),
        json!({"role": "admin", "state": "x"}),
    ] {
        grace.patch(&path(0, ""), &body).problem(422, "invalid");
    }
}
