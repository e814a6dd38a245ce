//! Metrics of all isolates together, sans I/O: what the one object keeps, and what an isolate holds until it hands it over.
//!
//! An isolate hands its measurements over within [`buffer::FLUSH_MS`] after the first of them, or at once when there are many; the
//! object has them in SQLite before it answers. A crash of an isolate loses what it had not handed over, at most those few
//! seconds; a crash of the object loses nothing that it took. What could not be handed over is dropped and not sent again: a
//! measurement may be lost and is never counted twice.

pub mod buffer;

use serde::{Deserialize, Serialize};

use crate::domain::metrics::{Amount, Labels, Metric, Registry, Sample};
use crate::json;
use crate::ports::{DbError, Sql, decode};

/// The name of the one object.
pub const OBJECT: &str = "all";
/// The most samples of one call: what an isolate holds at most.
pub const MAX_SAMPLES: usize = 2_000;
/// Samples that are written by one statement.
const STEP: usize = 200;

const CREATE: &str = "
    create table if not exists series (
      metric text not null, labels text not null, amount text not null, primary key (metric, labels)
    ) strict, without rowid";
const ALL: &str = "select metric, labels, amount from series";
const WRITE: &str = "
    insert into series (metric, labels, amount)
    select value ->> 'metric', value ->> 'labels', value ->> 'amount' from json_each(?1) where true
    on conflict (metric, labels) do update set amount = excluded.amount";

/// What is asked of the object.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TelemetryOp {
    /// Take these in.
    Record(Vec<Sample>),
    /// Everything there is.
    Read,
}

/// A series as it is stored; labels and amount are JSON texts.
#[derive(Serialize, Deserialize)]
struct Row {
    metric: String,
    labels: String,
    amount: String,
}

/// The object, as far as it is in memory.
#[derive(Default)]
pub struct Telemetry {
    registry: Option<Registry>,
}

impl Telemetry {
    /// Does one thing; reading answers everything, recording nothing. After an error forget this: its memory may say what was
    /// not written.
    pub fn call(&mut self, sql: &dyn Sql, op: TelemetryOp) -> Result<Vec<Sample>, DbError> {
        let registry = self.registry(sql)?;
        let samples = match op {
            TelemetryOp::Read => return Ok(registry.samples()),
            TelemetryOp::Record(samples) => samples,
        };
        let mut changed: Vec<(Metric, Labels)> = Vec::new();
        for sample in samples.into_iter().take(MAX_SAMPLES) {
            let series = (sample.metric, sample.labels.clone());
            changed.push(if registry.take(sample) { series } else { (Metric::SeriesDropped, Labels::new()) });
        }
        changed.sort();
        changed.dedup();
        for step in changed.chunks(STEP) {
            let rows = step.iter().filter_map(|(metric, labels)| {
                registry.get(*metric, labels).map(|amount| row(*metric, labels, amount))
            });
            let rows: Vec<Row> = rows.collect::<Result<_, _>>()?;
            sql.query(WRITE, &[text(&rows)?.into()])?;
        }
        Ok(Vec::new())
    }

    fn registry(&mut self, sql: &dyn Sql) -> Result<&mut Registry, DbError> {
        if self.registry.is_none() {
            sql.query(CREATE, &[])?;
            let mut registry = Registry::default();
            let rows: Vec<Row> = decode(sql.query(ALL, &[])?)?;
            // A metric that this version does not know is left where it is.
            for sample in rows.into_iter().filter_map(|row| row.sample().ok()) {
                registry.take(sample);
            }
            self.registry = Some(registry);
        }
        self.registry.as_mut().ok_or_else(|| DbError::Backend("no registry".to_owned()))
    }
}

impl Row {
    fn sample(self) -> Result<Sample, json::Error> {
        Ok(Sample {
            metric: json::from_value(self.metric.into())?,
            labels: json::from_str(&self.labels)?,
            amount: json::from_str(&self.amount)?,
        })
    }
}

fn row(metric: Metric, labels: &Labels, amount: &Amount) -> Result<Row, DbError> {
    Ok(Row { metric: metric.name().to_owned(), labels: text(labels)?, amount: text(amount)? })
}

fn text<T: Serialize>(value: &T) -> Result<String, DbError> {
    serde_json::to_string(value).map_err(|error| DbError::Backend(error.to_string()))
}
