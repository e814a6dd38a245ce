//! The audit log: its chain, who reads it, and as what.

use std::sync::Arc;

use futures::executor::block_on;
use serde_json::{Value, json};
use toolboxai_edge::domain::audit_chain::{Head, StoredEvent, seal};
use toolboxai_edge::domain::ids::SchoolId;
use toolboxai_edge::jobs;
use toolboxai_edge::ports::{Clock, Database, DbError, Row, Statement};
use toolboxai_edge::storage::audit_log;

use crate::support::{Actor, PASSWORD, TestApp};

fn school(n: u32) -> SchoolId {
    SchoolId::parse(&format!("sch_{n:026}")).unwrap()
}

fn seal_waiting(app: &TestApp, db: &dyn Database) {
    block_on(audit_log::seal_waiting(db, &school(1), app.clock.now())).unwrap();
}

/// Writes so many events, each a millisecond after the one before.
fn write(app: &TestApp, school_no: u32, numbers: std::ops::Range<u32>) {
    for n in numbers {
        app.db.execute(&format!(
            "insert into audit_events (id, school_id, at, actor_kind, actor_id, action, request_id)
             values ('aud_{:026}', '{}', {n}, 'user', 'usr_{:026}', 'account.changed', 'r{n}')",
            n,
            school(school_no),
            0
        ));
    }
}

/// The first school's chain as it stands, checked from its beginning; answers its length.
fn checked_chain(app: &TestApp) -> usize {
    let rows = app.db.rows(&format!(
        "select e.*, s.seq, s.previous_hash, s.hash from audit_seals s join audit_events e on e.id = s.event_id
         where s.school_id = '{}' order by s.seq",
        school(1)
    ));
    let mut head = Head::default();
    for row in &rows {
        let event: StoredEvent = serde_json::from_value(Value::Object(row.clone())).unwrap();
        let [made] = seal(&head, &[event]).try_into().ok().unwrap();
        assert_eq!((&row["seq"], &row["hash"]), (&json!(made.seq), &json!(made.hash)));
        assert_eq!(row["previous_hash"], head.hash);
        head = Head { seq: made.seq, hash: made.hash };
    }
    rows.len()
}

fn items(reply: &Value) -> &Vec<Value> {
    reply["items"].as_array().unwrap()
}

fn log(actor: &Actor, query: &str) -> Value {
    actor.get(&format!("/api/v1/audit{query}")).expect(200)
}

#[test]
fn an_admin_reads_who_did_what_and_every_event_has_its_seal() {
    let app = TestApp::new();
    let grace = app.sign_in("grace");
    app.clock.advance(1000);
    app.sign_in("ada");
    let read = log(&grace, "");
    let [newest, oldest] = &items(&read)[..] else { panic!("{read}") };
    assert_eq!((&newest["action"], &newest["actor"]["name"]), (&json!("sign_in.succeeded"), &json!("ada")));
    assert_eq!(
        (&newest["target"]["kind"], &newest["detail"]["how"]),
        (&json!("sign_in"), &json!("password"))
    );
    assert_eq!((&newest["at"], &newest["seal"]["seq"]), (&json!("2026-11-23T10:00:01.000Z"), &json!(2)));
    assert_eq!(oldest["actor"]["name"], "grace");
    assert_eq!(checked_chain(&app), 2);
    for (name, code) in [("ada", "forbidden"), ("peter", "forbidden")] {
        app.sign_in(name).get("/api/v1/audit").problem(403, code);
    }
    app.anonymous().get("/api/v1/audit").problem(401, "unauthenticated");
}

#[test]
fn a_refusal_finds_its_way_into_the_log() {
    let app = TestApp::new();
    let (grace, ada) = (app.sign_in("grace"), app.sign_in("ada"));
    ada.get("/api/v1/audit").problem(403, "forbidden");
    let wrong = json!({"email": "ada@school.example", "password": "wrong"});
    let headers = [("cf-connecting-ip", "192.0.2.1"), ("cf-ipcountry", "DE"), ("x-request-id", "req-1")];
    app.anonymous()
        .request("POST", "/api/v1/auth/login", &headers, Some(wrong.to_string()))
        .problem(401, "invalid_credentials");
    assert!(app.run_jobs().is_empty());
    let refused = log(&grace, "?action=access.refused");
    assert_eq!(items(&refused)[0]["target"], json!({"kind": "route", "id": "GET /api/v1/audit"}));
    let refused = log(&grace, "?action=sign_in.refused");
    let event = &items(&refused)[0];
    assert_eq!(
        [&event["address"], &event["country"], &event["request_id"]],
        [&json!("192.0.2.1"), &json!("DE"), &json!("req-1")]
    );
}

#[test]
fn the_log_of_another_school_is_invisible() {
    let app = TestApp::new();
    app.sign_in("eve");
    let grace = app.sign_in("grace");
    assert_eq!(items(&log(&grace, "")).len(), 1);
    let eve = format!("?actor=usr_{:026}", 4);
    assert!(items(&log(&grace, &eve)).is_empty());
    app.db.execute("update users set role = 'admin' where email = 'eve@school.example'");
    let eve = log(&app.sign_in("eve"), "");
    assert_eq!(items(&eve).len(), 2);
    assert!(items(&eve).iter().all(|event| event["actor"]["name"] == "eve"));
}

#[test]
fn the_log_is_filtered_and_goes_on_behind_its_cursor() {
    let app = TestApp::new();
    let (grace, ada) = (app.sign_in("grace"), app.sign_in("ada"));
    for name in ["Ada L", "Ada", "ada"] {
        app.clock.advance(60_000);
        let body = json!({"display_name": name}).to_string();
        ada.request("PATCH", "/api/v1/auth/me", &[], Some(body)).expect(200);
    }
    let count = |query: &str| items(&log(&grace, query)).len();
    assert_eq!(count("?action=account.changed"), 3);
    assert_eq!(count(&format!("?actor=usr_{:026}", 0)), 4);
    assert_eq!(count("?after=2026-11-23T10:02:00Z"), 2);
    assert_eq!(count("?before=2026-11-23T10:02:00Z"), 3);
    assert_eq!(count("?after=2026-11-23T10:01:00Z&before=2026-11-23T10:02:00Z"), 1);
    let session = log(&grace, &format!("?actor=usr_{:026}&action=sign_in.succeeded", 0));
    let target = items(&session)[0]["target"]["id"].as_str().unwrap();
    assert_eq!(count(&format!("?target={target}")), 1);
    let (mut seen, mut query) = (Vec::new(), "?limit=2".to_owned());
    loop {
        let page = log(&grace, &query);
        seen.extend(items(&page).iter().map(|event| event["id"].as_str().unwrap().to_owned()));
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        query = format!("?limit=2&cursor={cursor}");
    }
    let all: Vec<_> =
        items(&log(&grace, "")).iter().map(|event| event["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!((seen.len(), &seen), (5, &all));
    for wrong in ["?action=nonsense", "?after=yesterday", "?limit=101", "?cursor=x", "?who=me"] {
        grace.get(&format!("/api/v1/audit{wrong}")).problem(422, "malformed");
    }
    grace.get(&format!("/api/v1/audit?actor={}", "x".repeat(201))).problem(422, "malformed");
}

#[test]
fn a_file_of_the_log_runs_no_formula_and_is_an_event_itself() {
    let app = TestApp::new();
    let grace = app.sign_in("grace");
    let body = json!({"display_name": "=HYPERLINK(\"https://evil.example\")"}).to_string();
    app.sign_in("ada").request("PATCH", "/api/v1/auth/me", &[], Some(body)).expect(200);
    let reply = grace.request("GET", "/api/v1/audit?action=account.changed", &[("accept", "text/csv")], None);
    assert_eq!(reply.headers["content-type"], "text/csv; charset=utf-8");
    assert!(reply.headers["content-disposition"].to_str().unwrap().contains("audit.csv"));
    assert!(!reply.headers.contains_key("link"));
    let lines: Vec<&str> = reply.text.trim_end().split("\r\n").collect();
    assert!(lines[0].starts_with("at,id,action,actor_kind,"));
    assert_eq!(lines.len(), 2);
    assert!(lines[1].contains(",\"'=HYPERLINK(\"\"https://evil.example\"\")\","), "{}", lines[1]);
    let exported = log(&grace, "?action=audit.exported");
    assert_eq!(items(&exported)[0]["detail"], json!({"events": 1, "is_whole": true}));
}

#[test]
fn a_long_file_says_where_it_goes_on() {
    let app = TestApp::new();
    let grace = app.sign_in("grace");
    app.db.execute(&format!(
        "with recursive n(n) as (select 1 union all select n + 1 from n where n < 10001)
         insert into audit_events (id, school_id, at, actor_kind, actor_id, action, request_id)
         select printf('aud_%026d', n), '{}', n, 'system', '', 'account.changed', '' from n",
        school(1)
    ));
    let file = |path: &str| grace.request("GET", path, &[("accept", "text/csv")], None);
    let first = file("/api/v1/audit");
    let link = first.headers["link"].to_str().unwrap();
    let next = link.strip_prefix('<').and_then(|link| link.strip_suffix(">; rel=\"next\"")).unwrap();
    let second = file(next);
    let lines = |text: &str| text.trim_end().lines().count() - 1;
    assert_eq!((lines(&first.text), lines(&second.text)), (10_000, 2));
    assert!(!second.headers.contains_key("link"));
}

/// Lets somebody else seal between the look at the head and the writing of seals.
struct Interrupted<'a> {
    app: &'a TestApp,
    other: std::sync::Mutex<u32>,
}

impl Database for Interrupted<'_> {
    fn batch(
        &self,
        statements: Vec<Statement>,
    ) -> futures::future::BoxFuture<'_, Result<Vec<Vec<Row>>, DbError>> {
        let writes = statements.iter().any(|statement| statement.sql.contains("insert into audit_seals"));
        let others = if writes { std::mem::take(&mut *self.other.lock().unwrap()) } else { 0 };
        Box::pin(async move {
            for n in 0..others {
                write(self.app, 1, 1000 + n..1001 + n);
                audit_log::seal_waiting(self.app.db.as_ref(), &school(1), self.app.clock.now()).await?;
            }
            self.app.db.batch(statements).await
        })
    }
}

#[test]
fn two_who_seal_at_once_make_one_chain() {
    let app = TestApp::new();
    write(&app, 1, 1..8);
    let interrupted = Interrupted { app: &app, other: std::sync::Mutex::new(3) };
    seal_waiting(&app, &interrupted);
    assert_eq!(app.db.number("select count(*) from audit_waiting"), 0);
    assert_eq!(checked_chain(&app), 10);
    // Again is once.
    seal_waiting(&app, app.db.as_ref());
    assert_eq!(checked_chain(&app), 10);
}

#[test]
fn events_that_come_late_are_sealed_behind_those_that_were_there() {
    let app = TestApp::new();
    write(&app, 1, 10..12);
    seal_waiting(&app, app.db.as_ref());
    write(&app, 1, 1..3);
    seal_waiting(&app, app.db.as_ref());
    assert_eq!(checked_chain(&app), 4);
}

#[test]
fn sealing_that_dies_half_way_is_done_again() {
    let app = TestApp::new();
    write(&app, 1, 1..600);
    app.db.fail_nth(4);
    let failed = block_on(audit_log::seal_waiting(app.db.as_ref(), &school(1), app.clock.now()));
    assert!(failed.is_err());
    assert_eq!(checked_chain(&app), 250);
    seal_waiting(&app, app.db.as_ref());
    assert_eq!(checked_chain(&app), 599);
}

#[test]
fn the_tick_seals_what_nobody_asked_for_and_tells_the_heads_to_the_log() {
    let app = TestApp::new();
    write(&app, 1, 1..4);
    write(&app, 2, 4..5);
    block_on(jobs::tick(&app.ports())).unwrap();
    assert_eq!(app.db.number("select count(*) from audit_waiting"), 0);
    let heads = |app: &Arc<TestApp>| {
        let lines = std::mem::take(&mut *app.log.0.lock().unwrap());
        let lines = lines.iter().map(|line| serde_json::from_str::<Value>(line).unwrap());
        lines.filter(|line| line["message"] == "audit chain").collect::<Vec<_>>()
    };
    let [first, second] = &heads(&app)[..] else { panic!() };
    assert_eq!((&first["audit.seq"], &second["audit.seq"]), (&json!(3), &json!(1)));
    let hash = first["audit.hash"].as_str().unwrap();
    assert_eq!(app.db.number(&format!("select seq from audit_seals where hash = '{hash}'")), 3);
    app.clock.advance(3 * 3_600_000);
    block_on(jobs::tick(&app.ports())).unwrap();
    assert!(heads(&app).is_empty(), "nothing new");
}

#[test]
fn what_is_written_is_sealed_soon_and_asked_for_once_a_minute() {
    let app = TestApp::new();
    let asked = |app: &TestApp| {
        let jobs = app.jobs.0.lock().unwrap();
        jobs.iter().filter(|job| matches!(job, jobs::Job::SealAudit { .. })).count()
    };
    app.sign_in("ada");
    app.sign_in("alan");
    assert_eq!(asked(&app), 1);
    app.sign_in("eve");
    assert_eq!(asked(&app), 2, "another school");
    app.clock.advance(60_000);
    app.sign_in("ada").get("/api/v1/auth/me").expect(200);
    assert_eq!(asked(&app), 3);
    assert!(app.run_jobs().is_empty());
    assert_eq!(app.db.number("select count(*) from audit_waiting"), 0);
    assert_eq!(app.db.number("select count(*) from audit_seals"), 4);
}

#[test]
fn events_and_seals_can_neither_be_changed_nor_deleted() {
    let app = TestApp::new();
    app.sign_in("ada");
    seal_waiting(&app, app.db.as_ref());
    for sql in [
        "update audit_events set reason = 'x'",
        "delete from audit_events",
        "update audit_seals set hash = 'x'",
        "delete from audit_seals",
    ] {
        let changed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| app.db.execute(sql)));
        assert!(changed.is_err(), "{sql}");
    }
}

#[test]
fn neither_passwords_nor_tokens_nor_addresses_of_mail_are_in_the_log() {
    let app = TestApp::new();
    let grace = app.sign_in("grace");
    let wrong = json!({"email": "ada@school.example", "password": "a wrong one"});
    app.anonymous().post("/api/v1/auth/login", &wrong).problem(401, "invalid_credentials");
    assert!(app.run_jobs().is_empty());
    let text = log(&grace, "").to_string();
    for secret in [PASSWORD, "a wrong one", "school.example", "rt_"] {
        assert!(!text.contains(secret), "{secret}");
    }
}
