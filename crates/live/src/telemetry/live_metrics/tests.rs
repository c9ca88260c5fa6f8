use super::*;
use crate::telemetry::{METRICS, MetricRegistry};

fn metrics() -> (MetricRegistry, LiveMetrics) {
    let registry = MetricRegistry::new();
    let labels = MetricLabels {
        venues: vec![venue("KRAKEN"), venue("ORCA"), venue("KRAKEN")],
        queues: vec!["events", "commands"],
        currencies: vec![asset("USD")],
    };
    let metrics = LiveMetrics::new(Arc::new(registry.clone()), &labels);
    (registry, metrics)
}

fn venue(name: &str) -> VenueId {
    name.parse().unwrap()
}

fn asset(name: &str) -> Asset {
    name.parse().unwrap()
}

/// The value of a series in the text.
fn value(text: &str, series: &str) -> String {
    let line = text.lines().find(|line| line.rsplit_once(' ').is_some_and(|(name, _)| name == series));
    line.unwrap_or_else(|| panic!("{series} is missing in\n{text}")).rsplit_once(' ').unwrap().1.to_owned()
}

#[test]
fn every_call_has_its_series() {
    let (registry, metrics) = metrics();
    metrics.tick_to_order(1_500);
    metrics.decision(900);
    metrics.journal_append(1_000_000, 7);
    metrics.journal_durable_lag(3);
    metrics.queue_depth("events", 12);
    metrics.queue_depth("unknown", 5);
    metrics.events(venue("KRAKEN"), EventKind::from(&VenueEvent::Connected));
    metrics.events(venue("NOWHERE"), EventKind::Market);
    metrics.ack_latency(venue("ORCA"), 30_000_000);
    for (at, status) in OrderStatus::ALL.into_iter().enumerate() {
        metrics.orders(status, at);
    }
    metrics.equity("1000.50 USD".parse().unwrap());
    metrics.pnl("1 USD".parse().unwrap(), "-2.5 USD".parse().unwrap());
    metrics.drawdown(asset("USD"), 0.25);
    metrics.connected(venue("ORCA"), true);
    metrics.reconnects(venue("ORCA"));
    metrics.clock_skew(venue("ORCA"), -1_500_000);
    metrics.risk_state(TradingState::Halted);
    metrics.risk_state(TradingState::ReduceOnly);
    metrics.denials("RISK_ORDER_SIZE");
    metrics.stale(venue("ORCA"), "trades SOL-USDC.ORCA", true);
    metrics.reconciliations(venue("ORCA"), ReconcileOutcome::Corrected);
    metrics.alerts("telegram", AlertOutcome::Suppressed, 12);
    metrics.lost_log_lines(4);
    metrics.started("2024-01-02T00:00:00Z".parse().unwrap(), "0.1.0", "paper");
    let text = registry.render();
    for (series, expected) in [
        ("algoflow_tick_to_order_seconds_bucket{le=\"0.000001\"}", "0"),
        ("algoflow_tick_to_order_seconds_bucket{le=\"0.000002\"}", "1"),
        ("algoflow_tick_to_order_seconds_sum", "0.0000015"),
        ("algoflow_decision_seconds_count", "1"),
        ("algoflow_journal_append_seconds_count", "1"),
        ("algoflow_journal_records_total", "7"),
        ("algoflow_journal_lag_records", "3"),
        ("algoflow_queue_depth{queue=\"events\"}", "12"),
        ("algoflow_queue_depth{queue=\"commands\"}", "0"),
        ("algoflow_queue_depth{queue=\"other\"}", "5"),
        ("algoflow_events_total{kind=\"connected\",venue=\"KRAKEN\"}", "1"),
        ("algoflow_events_total{kind=\"market\",venue=\"other\"}", "1"),
        ("algoflow_ack_latency_seconds_bucket{venue=\"ORCA\",le=\"0.05\"}", "1"),
        ("algoflow_orders{status=\"partially_filled\"}", "6"),
        ("algoflow_orders{status=\"expired\"}", "13"),
        ("algoflow_equity{currency=\"USD\"}", "1000.5"),
        ("algoflow_pnl{currency=\"USD\",kind=\"realized\"}", "1"),
        ("algoflow_pnl{currency=\"USD\",kind=\"unrealized\"}", "-2.5"),
        ("algoflow_drawdown_ratio{currency=\"USD\"}", "0.25"),
        ("algoflow_connected{venue=\"ORCA\"}", "1"),
        ("algoflow_connected{venue=\"KRAKEN\"}", "0"),
        ("algoflow_reconnects_total{venue=\"ORCA\"}", "1"),
        ("algoflow_clock_skew_seconds{venue=\"ORCA\"}", "-0.0015"),
        ("algoflow_risk_state{state=\"reduce_only\"}", "1"),
        ("algoflow_risk_state{state=\"halted\"}", "0"),
        ("algoflow_denials_total{code=\"RISK_ORDER_SIZE\"}", "1"),
        ("algoflow_stale{subscription=\"trades SOL-USDC.ORCA\",venue=\"ORCA\"}", "1"),
        ("algoflow_reconciliations_total{outcome=\"corrected\",venue=\"ORCA\"}", "1"),
        ("algoflow_alerts_total{outcome=\"suppressed\",sink=\"telegram\"}", "12"),
        ("algoflow_log_lines_lost_total", "4"),
        ("algoflow_start_time_seconds", "1704153600"),
        ("algoflow_info{mode=\"paper\",version=\"0.1.0\"}", "1"),
    ] {
        assert_eq!(value(&text, series), expected, "{series}");
    }
    // The catalog has no metric that nothing tells.
    for metric in METRICS {
        assert!(
            text.contains(&format!("# TYPE {} {}\n", metric.name, metric.kind.as_str())),
            "{}",
            metric.name
        );
    }
    assert_eq!(registry.refused(), 0);
}

#[test]
fn two_sessions_in_a_process_do_not_meet() {
    let ((one, told), (two, _)) = (metrics(), metrics());
    told.reconnects(venue("ORCA"));
    assert_eq!(value(&one.render(), "algoflow_reconnects_total{venue=\"ORCA\"}"), "1");
    assert_eq!(value(&two.render(), "algoflow_reconnects_total{venue=\"ORCA\"}"), "0");
}

#[test]
fn statuses_and_kinds_are_in_the_order_of_their_handles() {
    for (at, status) in OrderStatus::ALL.into_iter().enumerate() {
        assert_eq!(status as usize, at);
    }
    for (at, kind) in EventKind::ALL.into_iter().enumerate() {
        assert_eq!(kind as usize, at);
    }
}

#[test]
fn none_takes_everything() {
    let metrics = LiveMetrics::none();
    metrics.tick_to_order(1);
    metrics.denials("X");
}
