//! What others rely on: the API's document, the migrations, wire frames and stored documents.

use rusqlite::Connection;
use serde_json::{Value, json};
use toolboxai_edge::jobs::Job;

use crate::support::{Game, TestApp, fractions, migrations};

#[test]
fn the_committed_document_is_the_generated_one() {
    let generated = format!("{}\n", toolboxai_edge::handlers::document().to_pretty_json().unwrap());
    let committed = include_str!("../../openapi.json");
    assert!(generated == committed, "openapi.json is old: cargo run --bin openapi > openapi.json");
}

/// The document has one schema a name, so of two types with one name it would describe only the one that came last.
#[test]
fn no_two_types_share_the_name_of_a_schema() {
    assert_eq!(toolboxai_edge::handlers::shared_schema_names(), Vec::<String>::new());
}

/// A reference that leads nowhere breaks every generator of clients.
#[test]
fn every_reference_in_the_document_leads_somewhere() {
    fn references<'v>(value: &'v Value, found: &mut Vec<&'v str>) {
        match value {
            Value::Object(object) => {
                found.extend(object.get("$ref").and_then(Value::as_str));
                object.values().for_each(|value| references(value, found));
            }
            Value::Array(items) => items.iter().for_each(|value| references(value, found)),
            _ => {}
        }
    }
    let document: Value = serde_json::from_str(include_str!("../../openapi.json")).unwrap();
    let mut found = Vec::new();
    references(&document, &mut found);
    assert!(found.len() > 100);
    for reference in found {
        assert!(document.pointer(&reference[1..]).is_some(), "{reference}");
    }
}

#[test]
fn migrations_apply_in_order_to_an_empty_database_and_all_tables_are_strict() {
    let connection = Connection::open_in_memory().unwrap();
    for sql in migrations() {
        connection.execute_batch(&sql).unwrap();
    }
    let loose: i64 = connection
        .query_row("select count(*) from pragma_table_list where schema = 'main' and type = 'table' and strict = 0 and name not like 'sqlite_%'", [], |row| row.get(0))
        .unwrap();
    assert_eq!(loose, 0);
    let broken: i64 =
        connection.query_row("select count(*) from pragma_foreign_key_check", [], |row| row.get(0)).unwrap();
    assert_eq!(broken, 0);
}

#[test]
fn quiz_versions_are_immutable_in_the_database_itself() {
    let app = TestApp::new();
    app.sign_in("ada").make_quiz(&fractions());
    let changed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        app.db.execute("update quiz_versions set body = '{}'");
    }));
    assert!(changed.is_err());
}

/// No storage function without the school: each statement on a table of a school names the column.
#[test]
fn every_statement_on_a_schools_table_names_the_school() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/storage");
    // Signing in finds the school by the address; a key finds it by its hash; the housekeeping, the mails and what
    // may be used once are nobody's; a passkey finds its school by its id.
    let exceptions = [
        "where email = ?1",
        "key_hash = ?1",
        "token_hash = ?1",
        "where credential_id = ?1",
        "used_challenges",
        "confirmed_at is null and created_at <",
        "credential_id = ?1) and",
        "delete from invitations where expires_at",
        "delete from guardian_codes where expires_at",
        "delete from idempotency_keys",
        "delete from roblox_progress_events where taken_at",
        "delete from roblox_notifications where done_at",
        "registrations",
        "delete from password_resets",
        "delete from refresh_tokens",
        "delete from sessions",
        "into dead_letters",
        "into schools",
        "from dead_letters",
        "into mails",
        "update mails",
        "from mails",
        // A code is nobody's until somebody decides.
        "plugin_pairings",
    ];
    let mut seen = 0;
    let folders = [folder.to_owned(), format!("{folder}/roblox")];
    let files = folders.iter().flat_map(|folder| std::fs::read_dir(folder).unwrap());
    for path in files.map(|file| file.unwrap().path()).filter(|path| path.is_file()) {
        let text = std::fs::read_to_string(path).unwrap();
        for constant in text.split("\nconst ").skip(1).filter(|constant| constant.contains(": &str")) {
            let sql = constant.split("\";").next().unwrap();
            if exceptions.iter().any(|exception| sql.contains(exception)) {
                continue;
            }
            seen += 1;
            assert!(sql.contains("school_id"), "{sql}");
        }
    }
    assert!(seen >= 20, "{seen} statements were looked at");
}

/// Changing these would break what is stored or on its way.
#[test]
fn stored_and_sent_documents_stay_readable() {
    let job = json!({"type": "game_key_used", "key_id": format!("gk_{:026}", 1), "school_id": format!("sch_{:026}", 1),
        "at": "2026-11-23T10:00:00.000Z"});
    let read: Job = serde_json::from_value(job.clone()).unwrap();
    assert_eq!(serde_json::to_value(read).unwrap(), job);
    let seal = json!({"type": "seal_audit", "school_id": format!("sch_{:026}", 1)});
    let read: Job = serde_json::from_value(seal.clone()).unwrap();
    assert_eq!(serde_json::to_value(read).unwrap(), seal);

    let app = TestApp::new();
    let ada = app.sign_in("ada");
    let (class, quiz) = (ada.make_class(), ada.make_quiz(&fractions()));
    ada.make_session(&class, &quiz, "self");
    let mut game = Game::open(&app, &class, "job");
    let join = game.join(1);
    game.sync(&[join]);
    let room_key = class["room_key"].as_str().unwrap();
    let outcome = "select count(*) from events where id = 'job-1'
        and json_extract(outcome, '$.seat_status') = 'active' and json_extract(outcome, '$.seat_id') like 'seat_%'";
    assert_eq!(app.rooms.number(room_key, outcome), 1);
    let session = "select count(*) from sessions where json_extract(body, '$.status') = 'lobby'
        and json_extract(body, '$.pace') = 'self' and json_extract(quiz, '$.questions[0].options[0].correct') = 1";
    assert_eq!(app.rooms.number(room_key, session), 1);
}

/// The budget of DESIGN.md section 4: the hot path touches neither D1 nor KV, and takes one statement a table however many
/// events there are.
#[test]
fn a_sync_of_thirty_answers_takes_no_d1_and_six_statements_in_the_room() {
    let app = TestApp::new();
    let ada = app.sign_in("ada");
    let (class, quiz) = (ada.make_class(), ada.make_quiz(&fractions()));
    let session = ada.make_session(&class, &quiz, "self");
    ada.move_session(&session, "start").expect(200);
    let mut game = Game::open(&app, &class, "job");
    let joins: Vec<Value> = (0..30).map(|user| game.join(user)).collect();
    game.sync(&joins);
    let question = &quiz["questions"][2];
    let mut answers = |question: &Value| -> Vec<Value> {
        (0..30)
            .map(|user| game.answer(user, &session, question, crate::support::right_response(question)))
            .collect()
    };
    let (first, second) = (answers(question), answers(&quiz["questions"][0]));
    game.sync(&first);
    app.db.take_batches();
    let room_key = class["room_key"].as_str().unwrap();
    let statements = app.rooms.statements_of(room_key, || {
        game.sync(&second);
    });
    assert_eq!(app.db.take_batches(), 0);
    // Read the known events; write events, answers, the ledger, the totals and the log.
    assert_eq!(statements, 6);
}
