//! Deployments: a content becomes its game's next version.

use super::roblox::nudge;
use super::{JobError, Ports, progress};
use crate::domain::ids::{DeploymentId, SchoolId};
use crate::domain::roblox::{ContentStatus, DeploymentStatus, GameStatus};
use crate::domain::time::Timestamp;
use crate::domain::user::Scope;
use crate::ports::DbError;
use crate::rooms::{GameEvent, GameNews, RoomOp};
use crate::storage::classes;
use crate::storage::roblox::{content, deployments, games};

/// How long a deployment waits for its message before the hourly tick does it.
const DEPLOYMENT_LATE_MS: i64 = 120_000;

/// Publishes a content as its game's next version. Whatever was done before is not done again.
pub(super) async fn deploy(ports: &Ports<'_>, school: &SchoolId, id: &DeploymentId) -> Result<(), JobError> {
    let now = ports.clock.now();
    let is_open = deployments::start(ports.db, school, id, now).await?;
    let Some(row) = deployments::publish(ports.db, school, id, now).await? else { return Ok(()) };
    let scope = Scope { school_id: school.clone(), owner_id: None };
    let game = games::by_id(ports.db, &scope, &row.game_id).await?;
    if row.status == DeploymentStatus::Deploying {
        let content = content::by_id(ports.db, &scope, &row.content_id).await?;
        let is_ready = content.is_some_and(|row| row.summary.status == ContentStatus::Ready);
        let why = match &game {
            None => "there is no such game",
            Some(game) if game.status == GameStatus::Archived => "the game is archived",
            Some(_) if !is_ready => "the content is no longer ready",
            Some(_) => "a deployment that was asked for later is live already",
        };
        deployments::fail(ports.db, school, id, why, now).await?;
        progress::of_deployment(ports, school, id).await;
        return Ok(());
    }
    if is_open {
        progress::of_deployment(ports, school, id).await;
    }
    let (DeploymentStatus::Deployed, Some(game)) = (row.status, game) else { return Ok(()) };
    let Some(class_id) = &game.class_id else { return Ok(()) };
    if is_open && let Some(class) = classes::by_id(ports.db, &scope, class_id).await? {
        let news =
            GameNews { game_id: game.id.clone(), what: GameEvent::ContentReady, version: game.live_version };
        if let Err(error) = ports.rooms.call(class.facts(), RoomOp::GameNews(news)).await {
            let line =
                serde_json::json!({"message": "room not told", "level": "warn", "cause": error.to_string()});
            ports.log.line(&line.to_string());
        }
    }
    match row.completed_at {
        Some(at) if row.notify != 0 => nudge(ports, school, class_id, Timestamp::from_millis(at)).await,
        _ => Ok(()),
    }
}

/// Does the deployments that no message came for.
pub(super) async fn overdue_deployments(ports: &Ports<'_>) -> Result<(), DbError> {
    let before = ports.clock.now().plus_millis(-DEPLOYMENT_LATE_MS);
    for row in deployments::unfinished(ports.db, before).await? {
        if let Err(error) = deploy(ports, &row.school_id, &row.id).await {
            let line = serde_json::json!({"message": "deployment failed", "level": "error",
                "roblox.deployment": row.id.as_str(), "cause": error.to_string()});
            ports.log.line(&line.to_string());
        }
    }
    Ok(())
}
