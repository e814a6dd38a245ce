//! Health: every dependency is asked, one that does not answer is seen, and asking often loads nothing.

use serde_json::json;
use toolboxai_edge::domain::health::{Dependency, REPORT_GOOD_MS};

use crate::support::{Fault, TestApp};

#[test]
fn everything_answers() {
    let app = TestApp::new();
    app.clock.advance(61_000);
    for path in ["/health", "/health/ready"] {
        let health = app.anonymous().get(path).expect(200);
        assert_eq!(
            (&health["status"], &health["service"], &health["uptime"]),
            (&json!("healthy"), &json!("toolboxai-edge"), &json!(61))
        );
        assert_eq!(health["version"], env!("CARGO_PKG_VERSION"));
        assert!(health["timestamp"].is_string());
        let checks = health["checks"].as_object().unwrap();
        assert_eq!(checks.len(), Dependency::ALL.len());
        for check in checks.values() {
            assert_eq!((&check["status"], &check["healthy"]), (&json!("healthy"), &json!(true)));
            assert!(check["duration_ms"].is_i64());
        }
    }
    assert_eq!(app.anonymous().get("/health/live").text, "ok");
}

#[test]
fn every_kind_of_object_is_asked() {
    let classes = include_str!("../../../wrangler.toml").matches("class_name = ").count();
    // Beside objects: D1, KV and the queue.
    assert_eq!(Dependency::ALL.len(), classes + 3);
}

#[test]
fn each_failure_is_seen_and_those_that_are_needed_make_it_503() {
    for dependency in Dependency::ALL {
        for (fault, told) in [(Fault::Fails, "failed"), (Fault::Hangs, "timed_out")] {
            let app = TestApp::new();
            match (dependency, fault) {
                (Dependency::Database, Fault::Fails) => app.db.fail_next(1),
                (Dependency::Database, Fault::Hangs) => continue,
                _ => {
                    app.probes.faults.lock().unwrap().insert(dependency, fault);
                }
            }
            let (code, status) = if dependency.is_needed() { (503, "unhealthy") } else { (200, "degraded") };
            let reply = app.anonymous().get("/health");
            assert!(!reply.text.contains("secret"), "causes are for the log");
            let health = reply.expect(code);
            assert_eq!(health["status"], status, "{dependency:?}");
            let check = &health["checks"][dependency.name()];
            assert_eq!((&check["healthy"], &check["error"]), (&json!(false), &json!(told)), "{dependency:?}");
            app.anonymous().get("/health/ready").expect(code);
            assert_eq!(app.anonymous().get("/health/live").text, "ok");
            let lines = app.log.0.lock().unwrap();
            let line = lines.iter().find(|line| line.contains("dependency failed")).unwrap();
            assert!(line.contains(dependency.name()) && line.contains("\"request.id\""), "{line}");
        }
    }
}

#[test]
fn it_is_well_again_when_the_failure_is_over() {
    let app = TestApp::new();
    app.db.fail_next(1);
    app.anonymous().get("/health/ready").expect(503);
    app.clock.advance(REPORT_GOOD_MS);
    app.anonymous().get("/health/ready").expect(200);
}

#[test]
fn asking_often_asks_the_dependencies_once() {
    let app = TestApp::new();
    app.anonymous().get("/health").expect(200);
    let asked = *app.probes.asked.lock().unwrap();
    app.db.take_batches();
    for _ in 0..50 {
        app.anonymous().get("/health").expect(200);
        app.anonymous().get("/health/ready").expect(200);
    }
    assert_eq!(*app.probes.asked.lock().unwrap(), asked);
    assert_eq!(app.db.take_batches(), 0);
}
