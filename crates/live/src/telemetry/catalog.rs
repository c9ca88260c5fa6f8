//! The metrics: one table of names, kinds, units and labels, from which everything else is made.
//!
//! A label has few values by construction: venues, queues and subscriptions come from the configuration, codes and states from
//! the program, and [`MAX_SERIES`](super::MAX_SERIES) bounds each metric whatever comes.

use metrics::{KeyName, Recorder, Unit};

/// What a metric counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MetricKind {
    /// A number that only grows.
    Counter,
    /// A number that goes up and down.
    Gauge,
    /// How often which values occurred.
    Histogram,
}

impl MetricKind {
    /// As Prometheus calls it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

/// A metric that a live session tells.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Metric {
    /// Its name in Prometheus.
    pub name: &'static str,
    /// What it counts.
    pub kind: MetricKind,
    /// In which unit.
    pub unit: Unit,
    /// The names of its labels.
    pub labels: &'static [&'static str],
    /// What it says.
    pub help: &'static str,
}

macro_rules! catalog {
    ($($constant:ident $kind:ident $unit:ident $name:literal $labels:tt $help:literal;)*) => {
        $(
            #[doc = concat!("`", $name, "`, labels ", stringify!($labels), ": ", $help)]
            pub const $constant: Metric = Metric {
                name: $name,
                kind: MetricKind::$kind,
                unit: Unit::$unit,
                labels: &$labels,
                help: $help,
            };
        )*
        /// Every metric, in the order of the documentation.
        pub const METRICS: &[Metric] = &[$($constant,)*];
    };
}

catalog! {
    TICK_TO_ORDER Histogram Seconds "algoflow_tick_to_order_seconds" []
        "From the arrival of market data to the command that it led to being handed to the venue's connector.";
    DECISION Histogram Seconds "algoflow_decision_seconds" []
        "The time that the engine took for one input.";
    ACK_LATENCY Histogram Seconds "algoflow_ack_latency_seconds" ["venue"]
        "From sending a request to the venue's answer.";
    JOURNAL_APPEND Histogram Seconds "algoflow_journal_append_seconds" []
        "From handing a group of records to the journal to its being durable.";
    JOURNAL_RECORDS Counter Count "algoflow_journal_records_total" []
        "Records that became durable.";
    JOURNAL_LAG Gauge Count "algoflow_journal_lag_records" []
        "Records that are decided and not yet durable.";
    QUEUE_DEPTH Gauge Count "algoflow_queue_depth" ["queue"]
        "Entries that wait in a queue of the driver.";
    EVENTS Counter Count "algoflow_events_total" ["venue", "kind"]
        "Events of venues: market, order, account, gap, connected, disconnected.";
    ORDERS Gauge Count "algoflow_orders" ["status"]
        "Orders that stand in a state.";
    DENIALS Counter Count "algoflow_denials_total" ["code"]
        "Orders that the engine refused, by code.";
    EQUITY Gauge Count "algoflow_equity" ["currency"]
        "The worth of the account.";
    PNL Gauge Count "algoflow_pnl" ["currency", "kind"]
        "Profit and loss since the start of the session: realized, unrealized.";
    DRAWDOWN Gauge Percent "algoflow_drawdown_ratio" ["currency"]
        "How far the equity is below its highest, as a part of that, from 0 to 1.";
    RISK_STATE Gauge Count "algoflow_risk_state" ["state"]
        "1 for the state that trading is in (active, reduce_only, halted), 0 for the others.";
    CONNECTED Gauge Count "algoflow_connected" ["venue"]
        "1 while the venue's stream is up.";
    RECONNECTS Counter Count "algoflow_reconnects_total" ["venue"]
        "How often the stream of a venue came up again.";
    STALE Gauge Count "algoflow_stale" ["venue", "subscription"]
        "1 while a connected subscription is mute.";
    CLOCK_SKEW Gauge Seconds "algoflow_clock_skew_seconds" ["venue"]
        "The venue's clock less this machine's.";
    RECONCILIATIONS Counter Count "algoflow_reconciliations_total" ["venue", "outcome"]
        "Comparisons with a venue's account: clean, corrected, failed.";
    ALERTS Counter Count "algoflow_alerts_total" ["sink", "outcome"]
        "Alerts: sent, failed, suppressed, dropped.";
    LOST_LOG_LINES Counter Count "algoflow_log_lines_lost_total" []
        "Log lines that were dropped or could not be written.";
    START_TIME Gauge Seconds "algoflow_start_time_seconds" []
        "When the session began, in seconds since 1970.";
    INFO Gauge Count "algoflow_info" ["version", "mode"]
        "Always 1: the version and the mode (live, paper, replay).";
}

/// The upper bounds of the buckets of every histogram, in seconds: 1 us to 10 s, three to a decade.
pub const BUCKETS: &[f64] = &[
    1e-6, 2e-6, 5e-6, 1e-5, 2e-5, 5e-5, 1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 1e-2, 2e-2, 5e-2, 0.1, 0.2, 0.5,
    1.0, 2.0, 5.0, 10.0,
];

/// Tells a recorder of every metric of the catalog, with unit and text.
pub fn describe(recorder: &dyn Recorder) {
    for metric in METRICS {
        let (name, unit) = (KeyName::from_const_str(metric.name), Some(metric.unit));
        match metric.kind {
            MetricKind::Counter => recorder.describe_counter(name, unit, metric.help.into()),
            MetricKind::Gauge => recorder.describe_gauge(name, unit, metric.help.into()),
            MetricKind::Histogram => recorder.describe_histogram(name, unit, metric.help.into()),
        }
    }
}

/// The catalog as a table in Markdown, as it stands in `docs/guides/observability.md`.
#[must_use]
pub fn catalog_markdown() -> String {
    let mut table = String::from("| metric | kind | labels | what it says |\n|---|---|---|---|\n");
    for Metric { name, kind, labels, help, .. } in METRICS {
        let labels: Vec<_> = labels.iter().map(|label| format!("`{label}`")).collect();
        let (kind, labels) = (kind.as_str(), labels.join(", "));
        table.push_str(&format!("| `{name}` | {kind} | {labels} | {help} |\n"));
    }
    table
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_follow_the_conventions_of_prometheus() {
        let names: BTreeSet<_> = METRICS.iter().map(|metric| metric.name).collect();
        assert_eq!(names.len(), METRICS.len());
        for metric in METRICS {
            let is_name = |c: char| c.is_ascii_lowercase() || c == '_';
            assert!(
                metric.name.starts_with("algoflow_") && metric.name.chars().all(is_name),
                "{}",
                metric.name
            );
            assert_eq!(
                metric.kind == MetricKind::Counter,
                metric.name.ends_with("_total"),
                "{}",
                metric.name
            );
            assert_eq!(metric.unit == Unit::Seconds, metric.name.ends_with("_seconds"), "{}", metric.name);
            assert!(metric.labels.iter().all(|label| label.chars().all(is_name) && *label != "le"));
            assert!(metric.help.ends_with('.') && !metric.help.contains('\n'));
        }
    }

    #[test]
    fn buckets_grow_from_a_microsecond_to_ten_seconds() {
        assert!(BUCKETS.is_sorted_by(|a, b| a < b));
        assert_eq!((BUCKETS.first(), BUCKETS.last()), (Some(&1e-6), Some(&10.0)));
    }

    #[test]
    fn the_guide_has_the_table() {
        let guide = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/guides/observability.md");
        let guide = std::fs::read_to_string(guide).unwrap();
        assert!(guide.contains(&catalog_markdown()), "the table should be\n{}", catalog_markdown());
    }

    #[test]
    fn guide_and_dashboard_know_no_other_metric() {
        for file in ["guides/observability.md", "grafana-dashboard.json"] {
            let text =
                std::fs::read_to_string(format!("{}/../../docs/{file}", env!("CARGO_MANIFEST_DIR"))).unwrap();
            let is_name = |c: char| c.is_ascii_lowercase() || c == '_';
            for (at, _) in text.match_indices("algoflow_") {
                let name: String = text[at..].chars().take_while(|c| is_name(*c)).collect();
                // Of the program, not of a metric: the crate, and the start of all names.
                if name == "algoflow_live" {
                    continue;
                }
                let bare = name.trim_end_matches("_bucket");
                assert!(METRICS.iter().any(|metric| metric.name == bare), "{name} in {file}");
            }
        }
    }
}
