//! How the jobs of Roblox stand, and whom it concerns.

use serde::Deserialize;

use crate::domain::ids::{ContentId, DeploymentId, GameId, SchoolId, UserId};
use crate::domain::roblox::{ContentStatus, DeploymentStatus};
use crate::ports::{Database, DbError};
use crate::storage::{first, rows};

const OF_CONTENT: &str = "
    select owner_id as user_id, status, failure from roblox_content where school_id = ?1 and id = ?2";
/// Who asked for it, and who runs the game.
const OF_DEPLOYMENT: &str = "
    select p.user_id, d.game_id, d.status, d.failure from roblox_deployments d
      join (
        select id as deployment_id, requested_by as user_id from roblox_deployments where school_id = ?1 and id = ?2
        union
        select o.id as deployment_id, t.user_id from roblox_deployments o
          join roblox_game_staff t on t.school_id = ?1 and t.game_id = o.game_id
        where o.school_id = ?1 and o.id = ?2) p on p.deployment_id = d.id
    where d.school_id = ?1 and d.id = ?2 order by p.user_id limit 20";

/// How the generation of a content stands.
#[derive(Clone, Debug, Deserialize)]
pub struct ContentProgressRow {
    /// Whose it is.
    pub user_id: UserId,
    /// Where it stands.
    pub status: ContentStatus,
    /// Why it failed.
    pub failure: Option<String>,
}

/// How a deployment stands, for one of those whom it concerns.
#[derive(Clone, Debug, Deserialize)]
pub struct DeploymentProgressRow {
    /// Whom.
    pub user_id: UserId,
    /// The game.
    pub game_id: GameId,
    /// Where it stands.
    pub status: DeploymentStatus,
    /// Why it failed.
    pub failure: Option<String>,
}

/// How the generation of a content stands.
pub async fn of_content(
    db: &dyn Database,
    school: &SchoolId,
    id: &ContentId,
) -> Result<Option<ContentProgressRow>, DbError> {
    first(db, OF_CONTENT, vec![school.into(), id.into()]).await
}

/// How a deployment stands, for each of those whom it concerns.
pub async fn of_deployment(
    db: &dyn Database,
    school: &SchoolId,
    id: &DeploymentId,
) -> Result<Vec<DeploymentProgressRow>, DbError> {
    rows(db, OF_DEPLOYMENT, vec![school.into(), id.into()]).await
}
