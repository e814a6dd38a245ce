//! Parents: the code, the link, the results of one pupil.

use std::sync::Arc;

use futures::executor::block_on;
use serde_json::{Value, json};

use crate::support::{Actor, Playing, TestApp, playing};

const LINKS: &str = "/api/v1/guardians/links";

fn class_path(class: &Value, rest: &str) -> String {
    format!("/api/v1/classes/{}{rest}", class["id"].as_str().unwrap())
}

fn seats(actor: &Actor, class: &Value) -> Vec<String> {
    let seats = actor.get(&class_path(class, "/seats")).expect(200);
    seats["items"].as_array().unwrap().iter().map(|seat| seat["id"].as_str().unwrap().to_owned()).collect()
}

fn code(actor: &Actor, class: &Value, seat: &str) -> String {
    let made =
        actor.post(&class_path(class, &format!("/seats/{seat}/guardian-code")), &json!({})).expect(201);
    made["code"].as_str().unwrap().to_owned()
}

fn link(parent: &Actor, code: &str) -> crate::support::Reply {
    parent.post(LINKS, &json!({"code": code}))
}

/// Another parent, with an account in another school.
fn pauline(app: &Arc<TestApp>) -> Actor {
    app.db.execute(&format!(
        "insert into users (id, school_id, email, display_name, role, password_hash, email_verified_at, created_at)
         select 'usr_{:026}', 'sch_{:026}', 'pauline@school.example', 'pauline', 'parent', password_hash, 0, 0 from users
         where email = 'peter@school.example'",
        9, 2
    ));
    app.sign_in("pauline")
}

#[test]
fn a_code_links_one_parent_once() {
    let Playing { app, ada, class, .. } = playing(2);
    let (peter, pauline) = (app.sign_in("peter"), pauline(&app));
    let seat = seats(&ada, &class)[0].clone();
    let code = code(&ada, &class, &seat);
    assert_eq!(code.len(), 9);
    assert!(!format!("{:?}", app.db.rows("select * from guardian_codes")).contains(&code.replace('-', "")));
    let typed = code.to_lowercase().replace('-', " ");
    let made = link(&peter, &typed).expect(201);
    assert_eq!(
        (&made["class_name"], &made["seat_id"], &made["display_name"]),
        (&json!("5a"), &json!(seat), &json!("Pupil 01"))
    );
    assert_eq!(link(&peter, &code).expect(201), made, "an answer that was lost comes again");
    link(&pauline, &code).problem(410, "token_used");
    assert_eq!(peter.get(LINKS).expect(200)["items"], json!([made]));
    assert_eq!(pauline.get(LINKS).expect(200)["items"], json!([]));
    assert_eq!((app.audited("guardian.code_made"), app.audited("guardian.linked")), (1, 1));
}

#[test]
fn a_parent_may_have_children_in_several_schools() {
    let Playing { app, ada, class, .. } = playing(1);
    let pauline = pauline(&app);
    let code = code(&ada, &class, &seats(&ada, &class)[0]);
    let made = link(&pauline, &code).expect(201);
    assert_eq!(pauline.get(LINKS).expect(200)["items"][0]["id"], made["id"]);
    // The log of the school that the pupil is in tells of it.
    let events = app.db.rows("select school_id from audit_events where action = 'guardian.linked'");
    assert_eq!(events[0]["school_id"], format!("sch_{:026}", 1));
}

#[test]
fn codes_are_made_by_who_runs_the_class_and_entered_by_parents() {
    let Playing { app, ada, class, .. } = playing(1);
    let seat = seats(&ada, &class)[0].clone();
    let path = class_path(&class, &format!("/seats/{seat}/guardian-code"));
    for name in ["alan", "eve"] {
        app.sign_in(name).post(&path, &json!({})).problem(404, "not_found");
        app.sign_in(name).get(&class_path(&class, "/guardians")).problem(404, "not_found");
    }
    let peter = app.sign_in("peter");
    peter.post(&path, &json!({})).problem(403, "forbidden");
    peter.get(&class_path(&class, "/guardians")).problem(403, "forbidden");
    app.sign_in("grace").post(&path, &json!({})).expect(201);
    let unknown = class_path(&class, &format!("/seats/seat_{:026}/guardian-code", 9));
    ada.post(&unknown, &json!({})).problem(404, "not_found");
    let code = code(&ada, &class, &seat);
    for staff in ["ada", "grace", "eve"] {
        let actor = app.sign_in(staff);
        link(&actor, &code).problem(403, "forbidden");
        actor.get(LINKS).problem(403, "forbidden");
    }
    app.anonymous().post(LINKS, &json!({"code": code})).problem(401, "unauthenticated");
    ada.post(&class_path(&class, &format!("/seats/{seat}/remove")), &json!({})).expect(200);
    ada.post(&path, &json!({})).problem(404, "not_found");
}

#[test]
fn an_old_code_and_the_oldest_of_too_many_are_worth_nothing() {
    let Playing { app, ada, class, .. } = playing(1);
    let peter = app.sign_in("peter");
    let seat = seats(&ada, &class)[0].clone();
    let codes: Vec<String> = (0..5)
        .map(|_| {
            app.clock.advance(1);
            code(&ada, &class, &seat)
        })
        .collect();
    link(&peter, &codes[0]).problem(404, "not_found");
    link(&peter, &codes[1]).expect(201);
    app.clock.advance(14 * 86_400_000);
    link(&app.sign_in("peter"), &codes[2]).problem(410, "token_used");
}

#[test]
fn guessing_codes_is_slow() {
    let app = TestApp::new();
    let peter = app.sign_in("peter");
    for wrong in ["", "x", "AAAA-AAAA", "UUUU-UUUU", "0000-0000"].iter().cycle().take(10) {
        link(&peter, wrong).problem(404, "not_found");
    }
    link(&peter, "AAAA-AAAA").problem(429, "rate_limited");
    peter.post(LINKS, &json!({})).problem(422, "invalid");
}

#[test]
fn a_parent_sees_the_results_of_their_child_and_nothing_of_others() {
    let mut playing = playing(3);
    let events = playing.answers(3);
    for batch in events.chunks(21) {
        playing.game.sync(batch);
    }
    playing.app.clock.advance(31_000);
    assert!(block_on(playing.app.rooms.ring()));
    let expected = playing.show("/results")["rows"][1].clone();
    let Playing { app, ada, class, session, .. } = playing;
    let (peter, pauline) = (app.sign_in("peter"), pauline(&app));
    let code = code(&ada, &class, expected["seat_id"].as_str().unwrap());
    let made = link(&peter, &code).expect(201);
    let path = format!("{LINKS}/{}/results", made["id"].as_str().unwrap());
    let results = peter.get(&path).expect(200);
    let [own] = results["items"].as_array().unwrap().as_slice() else { panic!("{results}") };
    assert_eq!(own["session_id"], session["id"]);
    for field in ["points", "correct", "answered"] {
        assert_eq!(own[field], expected[field], "{field}");
    }
    assert_eq!(own["question_count"], 7);
    assert!(!results.to_string().contains("Pupil"), "no name, neither the child's nor another's");
    pauline.get(&path).problem(404, "not_found");
    ada.get(&path).problem(403, "forbidden");
    peter.get(&class_path(&class, "/results")).problem(403, "forbidden");
    peter.get(&format!("{LINKS}/gdn_{:026}/results", 9)).problem(404, "not_found");
}

#[test]
fn a_link_is_ended_by_the_parent_or_by_who_runs_the_class_and_the_used_code_does_not_bring_it_back() {
    let Playing { app, ada, class, .. } = playing(2);
    let (peter, pauline) = (app.sign_in("peter"), pauline(&app));
    let seats = seats(&ada, &class);
    let first = code(&ada, &class, &seats[0]);
    let one = link(&peter, &first).expect(201);
    app.clock.advance(1);
    let two = link(&peter, &code(&ada, &class, &seats[1])).expect(201);
    let path = |link: &Value| format!("{LINKS}/{}", link["id"].as_str().unwrap());
    for stranger in [&pauline, &app.sign_in("alan"), &app.sign_in("eve")] {
        stranger.delete(&path(&one)).problem(404, "not_found");
    }
    let listed = ada.get(&class_path(&class, "/guardians")).expect(200);
    assert_eq!(listed["items"].as_array().unwrap().len(), 2);
    assert_eq!(
        (&listed["items"][1]["id"], &listed["items"][1]["guardian_name"]),
        (&one["id"], &json!("peter"))
    );
    ada.delete(&path(&one)).expect(204);
    ada.delete(&path(&one)).problem(404, "not_found");
    peter.get(&format!("{}/results", path(&one))).problem(404, "not_found");
    link(&peter, &first).problem(410, "token_used");
    peter.delete(&path(&two)).expect(204);
    assert_eq!(peter.get(LINKS).expect(200)["items"], json!([]));
    assert_eq!(app.audited("guardian.unlinked"), 2);
}
