//! The runtime settings, sans I/O: the versions of them in the SQLite of the one object. A version never changes; going back to
//! an old one makes a new one.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use utoipa::ToSchema;

use crate::domain::quiz::FieldError;
use crate::domain::runtime_config::{RuntimeConfig, Settings};
use crate::domain::time::Timestamp;
use crate::json;
use crate::ports::{DbError, Sql, decode, decode_first};

/// The name of the one object.
pub const OBJECT: &str = "all";
/// Versions that are kept.
const KEPT: i64 = 1_000;
/// Versions of one answer.
pub const MAX_HISTORY: i64 = 100;

const CREATE: &str = "
    create table if not exists versions (
      version integer primary key,
      config text not null,
      at integer not null,
      actor text not null,
      request_id text not null,
      rolled_back_to integer
    ) strict";
const NEWEST: &str = "
    select version, config, at, actor, request_id, rolled_back_to from versions order by version desc limit 1";
const ONE: &str = "
    select version, config, at, actor, request_id, rolled_back_to from versions where version = ?1";
const HISTORY: &str = "
    select version, config, at, actor, request_id, rolled_back_to from versions where version < ?1
    order by version desc limit ?2";
const ADD: &str = "
    insert into versions (version, config, at, actor, request_id, rolled_back_to) values (?1, ?2, ?3, ?4, ?5, ?6)";
const PRUNE: &str = "delete from versions where version <= ?1";

/// What is asked of the object.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConfigOp {
    /// The settings.
    Current,
    /// Change some.
    Change {
        /// What to; checked here.
        change: Map<String, Json>,
        /// By whom.
        by: Author,
        /// Only if this is the version.
        if_version: Option<i64>,
    },
    /// Go back to the settings of a version.
    RollBack {
        /// Which; 0 are the start values.
        to: i64,
        /// By whom.
        by: Author,
        /// Only if this is the version.
        if_version: Option<i64>,
    },
    /// The versions before this one, newest first.
    History {
        /// Behind all of them when absent.
        before: Option<i64>,
        /// At most [`MAX_HISTORY`].
        limit: i64,
    },
}

/// Who changes settings, and in which request.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Author {
    /// The operator's name.
    pub operator: String,
    /// The request.
    pub request_id: String,
}

/// What the object answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConfigAnswer {
    /// The settings.
    Current(Settings),
    /// They were changed; the same ones twice when nothing differs.
    Changed {
        /// From these.
        old: Settings,
        /// To these.
        new: Settings,
    },
    /// Fields are at fault.
    Invalid(Vec<FieldError>),
    /// Another version is there.
    Conflict(i64),
    /// No such version, or it is too old.
    NotFound,
    /// Versions.
    History(Vec<ConfigVersion>),
}

/// A version of the settings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ConfigVersion {
    /// Its number, from 1; 0 are the start values.
    pub version: i64,
    /// What it says.
    pub config: RuntimeConfig,
    /// Since when.
    pub at: Timestamp,
    /// Which operator made it.
    pub by: String,
    /// In which request.
    pub request_id: String,
    /// The version whose settings these are again.
    pub rolled_back_to: Option<i64>,
}

#[derive(Deserialize)]
struct Row {
    version: i64,
    config: String,
    at: i64,
    actor: String,
    request_id: String,
    rolled_back_to: Option<i64>,
}

impl Row {
    fn config(&self) -> Result<RuntimeConfig, DbError> {
        json::from_str(&self.config).map_err(|error| DbError::Backend(error.to_string()))
    }

    fn view(self) -> Result<ConfigVersion, DbError> {
        Ok(ConfigVersion {
            version: self.version,
            config: self.config()?,
            at: Timestamp::from_millis(self.at),
            by: self.actor,
            request_id: self.request_id,
            rolled_back_to: self.rolled_back_to,
        })
    }
}

/// Does one thing. `start` are the start values of who asks.
pub fn call(
    sql: &dyn Sql,
    now: Timestamp,
    start: RuntimeConfig,
    op: ConfigOp,
) -> Result<ConfigAnswer, DbError> {
    sql.query(CREATE, &[])?;
    let old = match decode_first::<Row>(sql.query(NEWEST, &[])?)? {
        Some(row) => Settings { version: row.version, config: row.config()? },
        None => Settings::start(start),
    };
    let (by, if_version, next, rolled_back_to) = match op {
        ConfigOp::Current => return Ok(ConfigAnswer::Current(old)),
        ConfigOp::History { before, limit } => return history(sql, before, limit),
        ConfigOp::Change { change, by, if_version } => match old.config.with(&change) {
            Ok(next) => (by, if_version, next, None),
            Err(faults) => return Ok(ConfigAnswer::Invalid(faults)),
        },
        ConfigOp::RollBack { to, by, if_version } => match version(sql, start, to)? {
            Some(next) => (by, if_version, next, Some(to)),
            None => return Ok(ConfigAnswer::NotFound),
        },
    };
    if if_version.is_some_and(|wanted| wanted != old.version) {
        return Ok(ConfigAnswer::Conflict(old.version));
    }
    if next == old.config {
        return Ok(ConfigAnswer::Changed { old, new: old });
    }
    let new = Settings { version: old.version + 1, config: next };
    let config = serde_json::to_string(&next).map_err(|error| DbError::Backend(error.to_string()))?;
    let row = [
        new.version.into(),
        config.into(),
        now.into(),
        by.operator.into(),
        by.request_id.into(),
        rolled_back_to.into(),
    ];
    sql.query(ADD, &row)?;
    sql.query(PRUNE, &[(new.version - KEPT).into()])?;
    Ok(ConfigAnswer::Changed { old, new })
}

fn version(sql: &dyn Sql, start: RuntimeConfig, version: i64) -> Result<Option<RuntimeConfig>, DbError> {
    if version == 0 {
        return Ok(Some(start));
    }
    decode_first::<Row>(sql.query(ONE, &[version.into()])?)?.map(|row| row.config()).transpose()
}

fn history(sql: &dyn Sql, before: Option<i64>, limit: i64) -> Result<ConfigAnswer, DbError> {
    let before = before.unwrap_or(crate::ports::MAX_SAFE_INTEGER);
    let rows: Vec<Row> = decode(sql.query(HISTORY, &[before.into(), limit.clamp(1, MAX_HISTORY).into()])?)?;
    rows.into_iter().map(Row::view).collect::<Result<_, _>>().map(ConfigAnswer::History)
}
