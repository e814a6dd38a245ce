//! Asks for a nudge of a class's game servers.

use crate::domain::ids::{ClassId, SchoolId};
use crate::handlers::App;
use crate::jobs::Job;
use crate::storage::roblox::connections;

/// Something changed for the game servers of a class. Where nobody can be nudged nothing waits in the queue; not being nudged is no
/// error: the next sync brings the same.
pub async fn soon(app: &App, school: &SchoolId, class: &ClassId) {
    match connections::of_class(app.db.as_ref(), school, class).await {
        Ok(found) if found.is_empty() => {}
        Ok(_) => {
            let (school_id, class_id) = (school.clone(), class.clone());
            app.enqueue(Job::RobloxNudge { school_id, class_id, wanted_at: app.clock.now() }).await;
        }
        Err(error) => {
            let line = serde_json::json!({"message": "servers not nudged", "level": "warn",
                "cause": error.to_string()});
            app.log.line(&line.to_string());
        }
    }
}
