//! Who gets in where, observed: every operation of the contract is called as everybody, and what the gate says is compared
//! with `docs/security/rights.csv`. A new route needs `UPDATE_RIGHTS=1 cargo test --test host rights` and a look at what
//! the file gained.

mod bodies;
mod world;

use std::collections::BTreeSet;
use std::fmt::Write;

use bodies::Call;
use serde_json::Value;
use world::{CALLERS, Caller, World};

use crate::support::Reply;

const TABLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/security/rights.csv");

/// What a gate may say. Whatever else comes back, the caller was let in.
const REFUSALS: [&str; 7] = [
    "unauthenticated",
    "invalid_token",
    "token_expired",
    "forbidden",
    "step_up_required",
    "second_factor_setup_required",
    "not_found",
];
/// What tells that a call was not good enough to find out what stands behind the gate.
const BAD_CALLS: [&str; 5] =
    ["malformed", "invalid", "unsupported_media_type", "precondition_required", "method_not_allowed"];
/// Protected operations whose good call needs what no schema tells, like what an authenticator signed. `invalid` is as far as
/// this test comes, and far enough: it stands behind the gate.
const SECRETIVE: [&str; 1] = ["POST /api/v1/auth/passkeys"];

/// What the document says of an operation.
struct Operation<'d> {
    document: &'d Value,
    name: String,
    method: String,
    path: &'d str,
    described: &'d Value,
}

impl Operation<'_> {
    /// Who may come, by the document: the names of the security schemes.
    fn schemes(&self) -> BTreeSet<&str> {
        let schemes = self.described["security"].as_array().into_iter().flatten();
        schemes.flat_map(|scheme| scheme.as_object().unwrap().keys()).map(String::as_str).collect()
    }
}

fn document() -> Value {
    serde_json::to_value(toolboxai_edge::handlers::document()).unwrap()
}

fn operations(document: &Value) -> Vec<Operation<'_>> {
    let mut operations = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, described) in methods.as_object().unwrap() {
            let method = method.to_uppercase();
            let name = format!("{method} {path}");
            operations.push(Operation { document, name, method, path, described });
        }
    }
    operations.sort_by(|a, b| (a.path, &a.method).cmp(&(b.path, &b.method)));
    operations
}

/// What the gate said.
fn outcome(operation: &Operation<'_>, reply: &Reply) -> String {
    let status = reply.status.as_u16();
    assert!(status != 429 && status < 500, "{}: {}", operation.name, reply.text);
    let code = code(reply);
    if REFUSALS.contains(&code.as_str()) { code } else { "in".to_owned() }
}

fn code(reply: &Reply) -> String {
    let problem: Option<Value> = serde_json::from_str(&reply.text).ok();
    let code = problem
        .filter(|_| reply.status.as_u16() >= 400)
        .and_then(|it| it["code"].as_str().map(str::to_owned));
    code.unwrap_or_default()
}

/// One row of the table, and whether some call was good enough to pass everything that comes before the work.
struct Row {
    cells: Vec<String>,
    was_done: bool,
    /// What the last call that was not good enough was told.
    told: String,
}

fn observe(operation: &Operation<'_>, world: &mut World) -> Row {
    let mut row = Row { cells: Vec::new(), was_done: false, told: String::new() };
    for caller in CALLERS {
        let mut seen = Vec::new();
        for is_recent in [true, false] {
            if !is_recent && !caller.is_person() {
                continue;
            }
            let mut call = Call::new(operation, world);
            let mut reply = call.send(world, caller, is_recent);
            if reply.status.as_u16() == 429 {
                *world = World::new();
                call = Call::new(operation, world);
                reply = call.send(world, caller, is_recent);
            }
            let said = outcome(operation, &reply);
            assert!(
                !(caller.is_elsewhere()
                    && call.names_something
                    && said == "in"
                    && !operation.schemes().is_empty()),
                "{}: {} of another school got in: {} {}",
                operation.name,
                caller.name(),
                reply.status,
                reply.text
            );
            if said == "in" && BAD_CALLS.contains(&code(&reply).as_str()) {
                row.told.clone_from(&reply.text);
            } else {
                row.was_done |= said == "in";
            }
            if reply.status.is_success() && operation.method != "GET" {
                *world = World::new();
            }
            seen.push(said);
        }
        row.cells.push(match seen.as_slice() {
            [recent, stale] if stale == "step_up_required" && recent != stale => format!("step_up: {recent}"),
            [recent, stale] if recent != stale => format!("{recent}/{stale}"),
            _ => seen.swap_remove(0),
        });
    }
    row
}

#[test]
fn everybody_gets_in_where_the_table_says_and_nowhere_else() {
    let document = document();
    let mut world = World::new();
    let mut table = "method,path".to_owned();
    for caller in CALLERS {
        write!(table, ",{}", caller.name()).unwrap();
    }
    for operation in operations(&document) {
        let row = observe(&operation, &mut world);
        assert!(
            row.was_done || operation.schemes().is_empty() || SECRETIVE.contains(&operation.name.as_str()),
            "{}: nobody's call was good enough. Give it what it wants in tests/host/rights/bodies.rs (or a right id in \
             world.rs); it said {:?} {}",
            operation.name,
            row.cells,
            row.told
        );
        check_schemes(&operation, &row);
        write!(table, "\n{},{},{}", operation.method, operation.path, row.cells.join(",")).unwrap();
    }
    table.push('\n');
    if std::env::var_os("UPDATE_RIGHTS").is_some() {
        std::fs::write(TABLE, &table).unwrap();
    }
    let committed = std::fs::read_to_string(TABLE).unwrap_or_default();
    for (now, before) in table.lines().zip(committed.lines().chain(std::iter::repeat(""))) {
        assert_eq!(
            now, before,
            "who may do what has changed: UPDATE_RIGHTS=1 cargo test --test host rights, then look"
        );
    }
    assert_eq!(table.lines().count(), committed.lines().count(), "a route is gone: UPDATE_RIGHTS=1 …");
}

/// The document names who comes in, and nobody else does.
fn check_schemes(operation: &Operation<'_>, row: &Row) {
    let schemes = operation.schemes();
    for (caller, cell) in CALLERS.iter().zip(&row.cells) {
        let is_welcome = schemes.is_empty() || caller.scheme().is_some_and(|scheme| schemes.contains(scheme));
        let expected = match (caller, is_welcome) {
            (Caller::Anonymous, false) => cell == "unauthenticated",
            (_, false) => cell == "invalid_token",
            (_, true) => !["unauthenticated", "invalid_token"].contains(&cell.as_str()),
        };
        assert!(
            expected,
            "{}: {} was answered {cell}, the document says {schemes:?}",
            operation.name,
            caller.name()
        );
    }
}

/// Before the body, the query or the ids are looked at.
#[test]
fn a_protected_route_wants_a_token_before_anything_else() {
    let document = document();
    let world = World::new();
    for operation in operations(&document) {
        let path = operation.path.replace(['{', '}'], "");
        let body = Some("{".to_owned());
        let reply = world.app.anonymous().request(&operation.method, &path, &[], body);
        assert_eq!(code(&reply) == "unauthenticated", !operation.schemes().is_empty(), "{}", operation.name);
    }
}

/// Ended: signed out, suspended, or the key revoked.
#[test]
fn an_ended_or_expired_token_gets_in_nowhere() {
    let document = document();
    let ended = World::new();
    ended.end_everybody();
    let late = World::new();
    late.app.clock.advance(24 * 3600 * 1000 + 1000);
    for operation in operations(&document) {
        for caller in
            CALLERS.into_iter().filter(|caller| caller.scheme().is_some_and(|it| it.ends_with("token")))
        {
            for (world, wanted) in [(&ended, "invalid_token"), (&late, "token_expired")] {
                if !operation.schemes().contains(caller.scheme().unwrap()) {
                    continue;
                }
                let reply = Call::new(&operation, world).send(world, caller, true);
                assert_eq!(code(&reply), wanted, "{} as {}", operation.name, caller.name());
            }
        }
    }
}
