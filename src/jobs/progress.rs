//! Tells people how their jobs go, in their inboxes. What cannot be told is seen by asking: no job fails by it.

use super::Ports;
use crate::domain::ids::{ContentId, DeploymentId, SchoolId, UserId};
use crate::inbox::{InboxOp, JobProgress};
use crate::ports::PortError;
use crate::storage::roblox::job_progress;

/// How the generation of a content stands now.
pub(super) async fn of_content(ports: &Ports<'_>, school: &SchoolId, id: &ContentId) {
    let told = async {
        let row = job_progress::of_content(ports.db, school, id).await.map_err(port_error)?;
        let Some(row) = row else { return Ok(()) };
        let content_id = id.clone();
        let progress = JobProgress::Generation { content_id, status: row.status, failure: row.failure };
        tell(ports, row.user_id, progress).await
    };
    log(ports, told.await);
}

/// How a deployment stands now.
pub(super) async fn of_deployment(ports: &Ports<'_>, school: &SchoolId, id: &DeploymentId) {
    let told = async {
        for row in job_progress::of_deployment(ports.db, school, id).await.map_err(port_error)? {
            let (deployment_id, game_id) = (id.clone(), row.game_id);
            let (status, failure) = (row.status, row.failure);
            let progress = JobProgress::Deployment { deployment_id, game_id, status, failure };
            tell(ports, row.user_id, progress).await?;
        }
        Ok(())
    };
    log(ports, told.await);
}

async fn tell(ports: &Ports<'_>, user: UserId, progress: JobProgress) -> Result<(), PortError> {
    ports.inboxes.call(user, InboxOp::Progress(progress)).await.map(|_| ())
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn port_error(error: impl ToString) -> PortError {
    PortError(error.to_string())
}

fn log(ports: &Ports<'_>, told: Result<(), PortError>) {
    if let Err(error) = told {
        let line =
            serde_json::json!({"message": "progress not told", "level": "warn", "cause": error.to_string()});
        ports.log.line(&line.to_string());
    }
}
