//! [`MetricRegistry`]: a recorder of metrics in a bounded space, and their text for Prometheus.
//!
//! - **M1** A metric has at most [`MAX_SERIES`] combinations of label values. Those that come later share one, in which every
//!   label is `other`: sums stay right.
//! - **M2** The recorder has at most [`MAX_METRICS`] names. Those that come later are not kept, and counted.
//! - **M3** Recording takes no lock and no memory: a counter or gauge is one atomic number, a histogram one for each bucket of
//!   [`BUCKETS`](super::BUCKETS). So the space does not depend on how much is recorded or how rarely it is read.
//! - **M4** The text is in order of names and labels, and in the exposition format 0.0.4 of Prometheus.

use std::{
    collections::BTreeMap,
    fmt::{self, Write as _},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use metrics::{
    Counter, CounterFn, Gauge, GaugeFn, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder,
    SharedString, Unit,
};

use super::catalog::BUCKETS;

#[cfg(test)]
mod tests;

/// The most combinations of label values of one metric.
pub const MAX_SERIES: usize = 512;

/// The most names of metrics.
pub const MAX_METRICS: usize = 512;

/// What stands in every label of the series that takes what is over [`MAX_SERIES`].
pub const OTHER: &str = "other";

/// The labels of a series, in the order of their names.
type Labels = Vec<(String, String)>;

/// What a metric has for each combination of label values.
type SeriesOf<T> = BTreeMap<Labels, Arc<T>>;

/// The metrics of one session. Clones share them; several of them in a process do not meet.
#[derive(Clone, Default)]
pub struct MetricRegistry {
    families: Arc<Mutex<Families>>,
}

#[derive(Default)]
struct Families {
    by_name: BTreeMap<String, Family>,
    help: BTreeMap<String, String>,
    refused: u64,
}

enum Family {
    Counters(SeriesOf<Number>),
    Gauges(SeriesOf<Number>),
    Histograms(SeriesOf<Buckets>),
}

impl MetricRegistry {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How many metrics were not kept, because their name was one too many (M2) or is taken by another kind.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.families.lock().unwrap_or_else(PoisonError::into_inner).refused
    }

    /// Everything as text for Prometheus (M4).
    #[must_use]
    pub fn render(&self) -> String {
        let families = self.families.lock().unwrap_or_else(PoisonError::into_inner);
        let mut out = String::new();
        for (name, family) in &families.by_name {
            if let Some(help) = families.help.get(name) {
                let help = help.replace('\\', "\\\\").replace('\n', "\\n");
                // Writing to a string cannot fail, here and below.
                let _ = writeln!(out, "# HELP {name} {help}");
            }
            let _ = writeln!(out, "# TYPE {name} {}", family.kind());
            family.render(name, &mut out);
        }
        out
    }

    /// The series of these labels, made if there is room (M1, M2). `None` if the name is not kept.
    fn series<T: Default>(
        &self,
        key: &Key,
        new: fn(SeriesOf<T>) -> Family,
        of: fn(&mut Family) -> Option<&mut SeriesOf<T>>,
    ) -> Option<Arc<T>> {
        let mut families = self.families.lock().unwrap_or_else(PoisonError::into_inner);
        let families = &mut *families;
        let name = legal_name(key.name(), true);
        let has_room = families.by_name.len() < MAX_METRICS || families.by_name.contains_key(&name);
        let family = has_room.then(|| families.by_name.entry(name).or_insert_with(|| new(BTreeMap::new())));
        let Some(series) = family.and_then(of) else {
            families.refused = families.refused.saturating_add(1);
            return None;
        };
        let mut labels: Labels =
            key.labels().map(|label| (legal_name(label.key(), false), label.value().to_owned())).collect();
        labels.sort();
        labels.dedup_by(|a, b| a.0 == b.0);
        if series.len() >= MAX_SERIES && !series.contains_key(&labels) {
            labels.iter_mut().for_each(|(_, value)| OTHER.clone_into(value));
        }
        Some(Arc::clone(series.entry(labels).or_default()))
    }

    fn describe(&self, name: &KeyName, text: &str) {
        let mut families = self.families.lock().unwrap_or_else(PoisonError::into_inner);
        let name = legal_name(name.as_str(), true);
        if families.help.len() < MAX_METRICS || families.help.contains_key(&name) {
            families.help.insert(name, text.to_owned());
        }
    }
}

impl fmt::Debug for MetricRegistry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let families = self.families.lock().unwrap_or_else(PoisonError::into_inner);
        f.debug_struct("MetricRegistry").field("metrics", &families.by_name.len()).finish()
    }
}

/// A name as Prometheus allows it: what it does not is an underscore.
fn legal_name(name: &str, is_metric: bool) -> String {
    let is_legal = |at: usize, c: char| {
        c.is_ascii_alphabetic() || c == '_' || (is_metric && c == ':') || (at > 0 && c.is_ascii_digit())
    };
    name.chars().enumerate().map(|(at, c)| if is_legal(at, c) { c } else { '_' }).collect()
}

impl Recorder for MetricRegistry {
    fn describe_counter(&self, key: KeyName, _unit: Option<Unit>, description: SharedString) {
        self.describe(&key, &description);
    }

    fn describe_gauge(&self, key: KeyName, _unit: Option<Unit>, description: SharedString) {
        self.describe(&key, &description);
    }

    fn describe_histogram(&self, key: KeyName, _unit: Option<Unit>, description: SharedString) {
        self.describe(&key, &description);
    }

    fn register_counter(&self, key: &Key, _metadata: &Metadata<'_>) -> Counter {
        let series = self.series(key, Family::Counters, |family| match family {
            Family::Counters(series) => Some(series),
            _ => None,
        });
        series.map_or_else(Counter::noop, Counter::from_arc)
    }

    fn register_gauge(&self, key: &Key, _metadata: &Metadata<'_>) -> Gauge {
        let series = self.series(key, Family::Gauges, |family| match family {
            Family::Gauges(series) => Some(series),
            _ => None,
        });
        series.map_or_else(Gauge::noop, Gauge::from_arc)
    }

    fn register_histogram(&self, key: &Key, _metadata: &Metadata<'_>) -> Histogram {
        let series = self.series(key, Family::Histograms, |family| match family {
            Family::Histograms(series) => Some(series),
            _ => None,
        });
        series.map_or_else(Histogram::noop, Histogram::from_arc)
    }
}

/// A counter (a whole number) or a gauge (the bits of a double). Zero bits are zero in both.
#[derive(Default)]
struct Number(AtomicU64);

impl Number {
    fn update(&self, change: impl Fn(f64) -> f64) {
        let change = |bits| Some(change(f64::from_bits(bits)).to_bits());
        // It always gives a new value, so that this cannot fail.
        let _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, change);
    }
}

impl CounterFn for Number {
    fn increment(&self, value: u64) {
        self.0.fetch_add(value, Ordering::Relaxed);
    }

    fn absolute(&self, value: u64) {
        self.0.fetch_max(value, Ordering::Relaxed);
    }
}

impl GaugeFn for Number {
    fn increment(&self, value: f64) {
        self.update(|old| old + value);
    }

    fn decrement(&self, value: f64) {
        self.update(|old| old - value);
    }

    fn set(&self, value: f64) {
        self.0.store(value.to_bits(), Ordering::Relaxed);
    }
}

/// A histogram: how many values lie in each bucket (not cumulated; the last is beyond all bounds), and their sum.
struct Buckets {
    counts: [AtomicU64; BUCKETS.len() + 1],
    sum: Number,
}

impl Default for Buckets {
    fn default() -> Self {
        Self { counts: std::array::from_fn(|_| AtomicU64::new(0)), sum: Number::default() }
    }
}

impl HistogramFn for Buckets {
    fn record(&self, value: f64) {
        self.record_many(value, 1);
    }

    fn record_many(&self, value: f64, count: usize) {
        // A value that is no number is in no bucket, and would spoil the sum.
        if value.is_nan() {
            return;
        }
        let bucket = BUCKETS.partition_point(|bound| *bound < value);
        if let Some(slot) = self.counts.get(bucket) {
            slot.fetch_add(count as u64, Ordering::Relaxed);
            self.sum.update(|sum| sum + value * count as f64);
        }
    }
}

impl Family {
    const fn kind(&self) -> &'static str {
        match self {
            Self::Counters(_) => "counter",
            Self::Gauges(_) => "gauge",
            Self::Histograms(_) => "histogram",
        }
    }

    fn render(&self, name: &str, out: &mut String) {
        match self {
            Self::Counters(series) => {
                for (labels, number) in series {
                    write_sample(out, name, labels, None, &number.0.load(Ordering::Relaxed).to_string());
                }
            }
            Self::Gauges(series) => {
                for (labels, number) in series {
                    write_sample(
                        out,
                        name,
                        labels,
                        None,
                        &shown(f64::from_bits(number.0.load(Ordering::Relaxed))),
                    );
                }
            }
            Self::Histograms(series) => {
                for (labels, buckets) in series {
                    write_histogram(out, name, labels, buckets);
                }
            }
        }
    }
}

fn write_histogram(out: &mut String, name: &str, labels: &Labels, buckets: &Buckets) {
    let bucket_name = format!("{name}_bucket");
    let bounds = BUCKETS.iter().map(ToString::to_string).chain(["+Inf".to_owned()]);
    let mut total = 0_u64;
    for (count, bound) in buckets.counts.iter().zip(bounds) {
        total = total.saturating_add(count.load(Ordering::Relaxed));
        write_sample(out, &bucket_name, labels, Some(&bound), &total.to_string());
    }
    let sum = f64::from_bits(buckets.sum.0.load(Ordering::Relaxed));
    write_sample(out, &format!("{name}_sum"), labels, None, &shown(sum));
    write_sample(out, &format!("{name}_count"), labels, None, &total.to_string());
}

fn shown(value: f64) -> String {
    match value {
        f64::INFINITY => "+Inf".to_owned(),
        f64::NEG_INFINITY => "-Inf".to_owned(),
        _ => value.to_string(),
    }
}

fn write_sample(out: &mut String, name: &str, labels: &Labels, bound: Option<&str>, value: &str) {
    out.push_str(name);
    let bound = bound.map(|bound| ("le", bound));
    let labels = labels.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    for (at, (label, text)) in labels.chain(bound).enumerate() {
        let text = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
        let _ = write!(out, "{}{label}=\"{text}\"", if at == 0 { '{' } else { ',' });
    }
    if out.ends_with('"') {
        out.push('}');
    }
    let _ = writeln!(out, " {value}");
}
