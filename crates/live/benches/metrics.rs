//! What the metrics of the hot path cost a call: `cargo bench -p algoflow-live --no-default-features --bench metrics`.

#![allow(missing_docs, reason = "criterion generates the items")]

use std::{hint::black_box, sync::Arc};

use algoflow_core::{id::VenueId, order::OrderStatus};
use algoflow_live::telemetry::{EventKind, LiveMetrics, MetricLabels, MetricRegistry, OrderTrace};
use criterion::{Criterion, criterion_group, criterion_main};

fn calls(criterion: &mut Criterion) {
    let venues: Vec<VenueId> =
        ["KRAKEN", "ORCA", "JUPITER"].iter().filter_map(|name| name.parse().ok()).collect();
    let Some(last) = venues.last().copied() else { return };
    let labels =
        MetricLabels { venues, queues: vec!["events", "commands", "journal"], currencies: Vec::new() };
    let registry = MetricRegistry::new();
    let metrics = LiveMetrics::new(Arc::new(registry.clone()), &labels);
    let mut group = criterion.benchmark_group("metrics");
    let mut nanos = 0_u64;
    group.bench_function("tick_to_order", |bencher| {
        bencher.iter(|| {
            nanos = nanos.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            metrics.tick_to_order(black_box(nanos >> 44));
        });
    });
    group.bench_function("ack_latency", |bencher| {
        bencher.iter(|| metrics.ack_latency(black_box(last), 1_000))
    });
    group.bench_function("events", |bencher| {
        bencher.iter(|| metrics.events(black_box(last), EventKind::Market))
    });
    group.bench_function("queue_depth", |bencher| {
        bencher.iter(|| metrics.queue_depth(black_box("journal"), 3))
    });
    group.bench_function("orders", |bencher| {
        bencher.iter(|| metrics.orders(black_box(OrderStatus::Accepted), 3))
    });
    group
        .bench_function("denials (cold)", |bencher| bencher.iter(|| metrics.denials(black_box("RISK_SIZE"))));
    group.bench_function("render", |bencher| bencher.iter(|| registry.render()));
    // No subscriber: what a session without spans pays.
    group.bench_function("span switched off", |bencher| {
        bencher.iter(|| OrderTrace::decide(&OrderTrace::event(black_box(last), "market", None)));
    });
    group.finish();
}

criterion_group!(benches, calls);
criterion_main!(benches);
