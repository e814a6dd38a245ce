//! Keys of experiences.

use serde::Deserialize;

use super::first;
use crate::domain::ids::{GameKeyId, SchoolId};
use crate::domain::time::Timestamp;
use crate::ports::{Database, DbError, Statement};

/// A key that is good.
#[derive(Clone, Debug, Deserialize)]
pub struct GameKeyRow {
    /// The key's id.
    pub id: GameKeyId,
    /// The school whose classes it opens.
    pub school_id: SchoolId,
}

const GOOD: &str = "
    select id, school_id from game_keys
    where key_hash = ?1 and revoked_at is null and (expires_at is null or expires_at > cast(?2 as integer))";
const TOUCH: &str = "
    update game_keys set last_used_at = max(coalesce(last_used_at, 0), cast(?3 as integer))
    where school_id = ?1 and id = ?2";

/// Finds a key by its hash, unless it is revoked or expired.
pub async fn good(db: &dyn Database, key_hash: &str, now: Timestamp) -> Result<Option<GameKeyRow>, DbError> {
    first(db, GOOD, vec![key_hash.into(), now.into()]).await
}

/// Remembers that a key was used. Late and repeated news change nothing.
pub async fn touch(
    db: &dyn Database,
    school: &SchoolId,
    id: &GameKeyId,
    at: Timestamp,
) -> Result<(), DbError> {
    db.batch(vec![Statement::new(TOUCH, [school.into(), id.into(), at.into()])]).await?;
    Ok(())
}
