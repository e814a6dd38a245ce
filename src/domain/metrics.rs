//! What is measured: a closed set of counters, gauges and histograms, with labels of which there are only so many, how they are
//! added up, and how Prometheus and people read them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The bounds of the buckets of a duration, in seconds.
pub const BUCKETS: [f64; 11] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
/// The most series. Routes, methods and statuses of the whole contract are about 1,000; beyond, new ones are only counted.
pub const MAX_SERIES: usize = 5_000;
/// Longest value of a label.
const MAX_LABEL: usize = 100;

/// What kind of number it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Only grows.
    Counter,
    /// Is what it was set to last.
    Gauge,
    /// Durations by buckets.
    Histogram,
}

macro_rules! metrics {
    ($($variant:ident = $name:literal, $kind:ident, $help:literal;)+) => {
        /// Everything that is measured.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Metric {
            $(#[doc = $help] #[serde(rename = $name)] $variant,)+
        }

        impl Metric {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// Its name.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// What it says.
            pub const fn help(self) -> &'static str {
                match self { $(Self::$variant => $help,)+ }
            }

            /// What kind of number it is.
            pub const fn kind(self) -> Kind {
                match self { $(Self::$variant => Kind::$kind,)+ }
            }
        }
    };
}

metrics! {
    PluginsRegistered = "plugins_registered", Counter, "Plugins that registered.";
    PluginRegistrationErrors = "plugin_registration_errors", Counter, "Registrations of plugins that were refused.";
    HeartbeatsReceived = "heartbeats_received", Counter, "Heartbeats of plugins.";
    RateLimitExceeded = "rate_limit_exceeded", Counter, "Requests that came too often.";
    CacheHits = "cache_hits", Counter, "Content that was in the cache.";
    CacheMisses = "cache_misses", Counter, "Content that was not in the cache.";
    CacheCleared = "cache_cleared", Counter, "How often the cache was cleared.";
    ContentGenerated = "content_generated", Counter, "Content that was generated.";
    CacheSize = "cache_size", Gauge, "Entries in the content cache.";
    CacheBytes = "cache_bytes", Gauge, "Bytes in the content cache.";
    HttpRequests = "http_requests_total", Counter, "Requests by route, method and status.";
    HttpRequestDuration = "http_request_duration_seconds", Histogram, "How long requests took.";
    RoomSyncs = "room_syncs_total", Counter, "Syncs of game servers by outcome.";
    Jobs = "jobs_total", Counter, "Messages of the queue by outcome.";
    OutboundRequests = "outbound_requests_total", Counter, "Requests to other people's servers by outcome.";
    SeriesDropped = "telemetry_series_dropped", Counter, "Measurements that were dropped because there are too many series.";
}

/// Labels of a measurement, in the order of their names.
pub type Labels = Vec<(String, String)>;

/// Labels from pairs. A value that is too long is cut.
pub fn labels<const N: usize>(pairs: [(&str, &str); N]) -> Labels {
    let mut labels: Labels =
        pairs.map(|(name, value)| (name.to_owned(), value.chars().take(MAX_LABEL).collect())).into();
    labels.sort();
    labels
}

/// The number of a series.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Amount {
    /// Of a counter: so many more.
    Added(u64),
    /// Of a gauge: this.
    Set(f64),
    /// Of a histogram: how many in each bucket, the last being beyond all bounds, and their sum.
    Observed {
        /// In each bucket by itself.
        counts: Vec<u64>,
        /// In seconds.
        sum: f64,
    },
}

impl Amount {
    /// One observation.
    pub fn observed(seconds: f64) -> Self {
        let mut counts = vec![0; BUCKETS.len() + 1];
        let bucket = BUCKETS.iter().position(|bound| seconds <= *bound).unwrap_or(BUCKETS.len());
        if let Some(count) = counts.get_mut(bucket) {
            *count = 1;
        }
        Self::Observed { counts, sum: seconds }
    }

    /// Whether the metric has numbers of this kind.
    fn fits(&self, metric: Metric) -> bool {
        match self {
            Self::Added(_) => metric.kind() == Kind::Counter,
            Self::Set(value) => metric.kind() == Kind::Gauge && value.is_finite(),
            Self::Observed { counts, sum } => {
                metric.kind() == Kind::Histogram && counts.len() == BUCKETS.len() + 1 && sum.is_finite()
            }
        }
    }

    /// Takes in what came later.
    fn merge(&mut self, later: Self) {
        match (self, later) {
            (Self::Added(sum), Self::Added(more)) => *sum = sum.saturating_add(more),
            (Self::Observed { counts, sum }, Self::Observed { counts: more, sum: more_sum }) => {
                for (count, more) in counts.iter_mut().zip(more) {
                    *count = count.saturating_add(more);
                }
                *sum += more_sum;
            }
            (own, later) => *own = later,
        }
    }
}

/// A measurement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// Of what.
    pub metric: Metric,
    /// Which of them.
    pub labels: Labels,
    /// How much.
    pub amount: Amount,
}

/// Measurements, added up.
#[derive(Clone, Debug, Default)]
pub struct Registry(BTreeMap<(Metric, Labels), Amount>);

impl Registry {
    /// Takes one in. Says whether there was room for it.
    pub fn take(&mut self, Sample { metric, labels, amount }: Sample) -> bool {
        if !amount.fits(metric) {
            return false;
        }
        let len = self.0.len();
        match self.0.entry((metric, labels)) {
            std::collections::btree_map::Entry::Occupied(mut known) => known.get_mut().merge(amount),
            std::collections::btree_map::Entry::Vacant(new) if len < MAX_SERIES => {
                new.insert(amount);
            }
            std::collections::btree_map::Entry::Vacant(_) => {
                let dropped = (Metric::SeriesDropped, Labels::new());
                self.0.entry(dropped).or_insert(Amount::Added(0)).merge(Amount::Added(1));
                return false;
            }
        }
        true
    }

    /// Everything, in order.
    pub fn samples(&self) -> Vec<Sample> {
        let sample = |((metric, labels), amount): (&(Metric, Labels), &Amount)| Sample {
            metric: *metric,
            labels: labels.clone(),
            amount: amount.clone(),
        };
        self.0.iter().map(sample).collect()
    }

    /// The number of one series.
    pub fn get(&self, metric: Metric, labels: &Labels) -> Option<&Amount> {
        self.0.get(&(metric, labels.clone()))
    }

    /// How many series there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The text format of Prometheus, version 0.0.4.
    pub fn prometheus(&self) -> String {
        let mut out = String::new();
        for metric in Metric::ALL {
            let mut series = self.0.iter().filter(|((of, _), _)| of == metric).peekable();
            if series.peek().is_none() {
                continue;
            }
            let (name, kind) = (metric.name(), kind_name(metric.kind()));
            out.extend(["# HELP ", name, " ", metric.help(), "\n# TYPE ", name, " ", kind, "\n"]);
            for ((_, labels), amount) in series {
                write_series(&mut out, name, labels, amount);
            }
        }
        out
    }

    /// For people and programs that read JSON: by kind, then by name and labels.
    pub fn json(&self) -> serde_json::Value {
        let mut groups =
            [Kind::Counter, Kind::Gauge, Kind::Histogram].map(|kind| (kind, serde_json::Map::new()));
        for ((metric, labels), amount) in &self.0 {
            let value = match amount {
                Amount::Added(count) => (*count).into(),
                Amount::Set(value) => (*value).into(),
                Amount::Observed { counts, sum } => histogram_json(counts, *sum),
            };
            for (_, group) in groups.iter_mut().filter(|(kind, _)| *kind == metric.kind()) {
                group.insert(format!("{}{}", metric.name(), label_text(labels, None)), value.clone());
            }
        }
        let [(_, counters), (_, gauges), (_, histograms)] = groups;
        serde_json::json!({"counters": counters, "gauges": gauges, "histograms": histograms})
    }
}

const fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Counter => "counter",
        Kind::Gauge => "gauge",
        Kind::Histogram => "histogram",
    }
}

fn write_series(out: &mut String, name: &str, labels: &Labels, amount: &Amount) {
    let mut line = |suffix, labels: String, value: String| {
        out.extend([name, suffix, &labels, " ", &value, "\n"]);
    };
    match amount {
        Amount::Added(count) => line("", label_text(labels, None), count.to_string()),
        Amount::Set(value) => line("", label_text(labels, None), value.to_string()),
        Amount::Observed { counts, sum } => {
            let mut below = 0;
            let bounds = BUCKETS.iter().map(ToString::to_string).chain(["+Inf".to_owned()]);
            for (bound, count) in bounds.zip(counts) {
                below += count;
                line("_bucket", label_text(labels, Some(&bound)), below.to_string());
            }
            line("_sum", label_text(labels, None), sum.to_string());
            line("_count", label_text(labels, None), below.to_string());
        }
    }
}

fn label_text(labels: &Labels, bound: Option<&str>) -> String {
    let escape = |value: &str| value.replace('\\', r"\\").replace('"', "\\\"").replace('\n', r"\n");
    let pairs = labels.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let pairs = pairs.chain(bound.map(|bound| ("le", bound)));
    let pairs: Vec<String> = pairs.map(|(name, value)| format!("{name}=\"{}\"", escape(value))).collect();
    if pairs.is_empty() { String::new() } else { format!("{{{}}}", pairs.join(",")) }
}

#[expect(clippy::cast_precision_loss, reason = "an average")]
fn histogram_json(counts: &[u64], sum: f64) -> serde_json::Value {
    let count: u64 = counts.iter().sum();
    let average = if count == 0 { 0.0 } else { sum / count as f64 };
    serde_json::json!({"count": count, "sum": sum, "avg": average, "bounds": BUCKETS, "counts": counts})
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add(registry: &mut Registry, metric: Metric, labels: Labels, amount: Amount) -> bool {
        registry.take(Sample { metric, labels, amount })
    }

    #[test]
    fn counters_add_up_gauges_are_the_last_and_histograms_are_cumulative() {
        let mut registry = Registry::default();
        for n in [1, 2] {
            assert!(add(&mut registry, Metric::CacheHits, Labels::new(), Amount::Added(n)));
        }
        for size in [5.0, 3.0] {
            assert!(add(&mut registry, Metric::CacheSize, Labels::new(), Amount::Set(size)));
        }
        let route = || labels([("route", "/a\"b\\")]);
        for seconds in [0.005, 0.02, 60.0] {
            assert!(add(&mut registry, Metric::HttpRequestDuration, route(), Amount::observed(seconds)));
        }
        let text = registry.prometheus();
        for line in [
            "# TYPE cache_hits counter",
            "cache_hits 3",
            "cache_size 3",
            r#"http_request_duration_seconds_bucket{route="/a\"b\\",le="0.005"} 1"#,
            r#"http_request_duration_seconds_bucket{route="/a\"b\\",le="0.025"} 2"#,
            r#"http_request_duration_seconds_bucket{route="/a\"b\\",le="10"} 2"#,
            r#"http_request_duration_seconds_bucket{route="/a\"b\\",le="+Inf"} 3"#,
            r#"http_request_duration_seconds_count{route="/a\"b\\"} 3"#,
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
        assert_eq!(registry.json()["histograms"].as_object().unwrap().len(), 1);
    }

    #[test]
    fn a_number_of_another_kind_is_not_taken() {
        let mut registry = Registry::default();
        assert!(!add(&mut registry, Metric::CacheHits, Labels::new(), Amount::Set(1.0)));
        assert!(!add(&mut registry, Metric::CacheSize, Labels::new(), Amount::Set(f64::NAN)));
        let short = Amount::Observed { counts: vec![1], sum: 1.0 };
        assert!(!add(&mut registry, Metric::HttpRequestDuration, Labels::new(), short));
        assert!(registry.is_empty());
    }

    #[test]
    fn there_are_only_so_many_series_and_the_rest_is_counted() {
        let mut registry = Registry::default();
        for n in 0..MAX_SERIES + 3 {
            add(&mut registry, Metric::HttpRequests, labels([("route", &n.to_string())]), Amount::Added(1));
        }
        assert_eq!(registry.len(), MAX_SERIES + 1);
        assert_eq!(registry.get(Metric::SeriesDropped, &Labels::new()), Some(&Amount::Added(3)));
    }

    #[test]
    fn names_and_help_are_what_prometheus_takes() {
        for metric in Metric::ALL {
            assert!(metric.name().bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'));
            assert!(!metric.help().contains(['\n', '\\']));
        }
    }
}
