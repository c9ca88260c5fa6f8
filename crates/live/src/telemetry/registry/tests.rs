use metrics::{Label, Level};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder};
use proptest::prelude::*;

use super::*;

const METADATA: Metadata<'static> = Metadata::new("test", Level::INFO, None);

fn key(name: &'static str, labels: &[(&'static str, &str)]) -> Key {
    Key::from_parts(
        name,
        labels.iter().map(|(name, value)| Label::new(*name, (*value).to_owned())).collect::<Vec<_>>(),
    )
}

#[test]
fn m1_what_is_one_label_too_many_is_counted_as_other() {
    let registry = MetricRegistry::new();
    for n in 0..MAX_SERIES + 10 {
        registry.register_counter(&key("c", &[("code", &n.to_string())]), &METADATA).increment(1);
    }
    // One that is there already goes on.
    registry.register_counter(&key("c", &[("code", "0")]), &METADATA).increment(1);
    let text = registry.render();
    assert_eq!(text.lines().count(), MAX_SERIES + 2);
    assert!(text.contains("c{code=\"other\"} 10\n") && text.contains("c{code=\"0\"} 2\n"));
}

#[test]
fn m2_names_are_bounded_and_have_one_kind() {
    let registry = MetricRegistry::new();
    registry.register_counter(&key("a", &[]), &METADATA).increment(1);
    registry.register_gauge(&key("a", &[]), &METADATA).set(5.0);
    assert_eq!(registry.refused(), 1);
    assert_eq!(registry.render(), "# TYPE a counter\na 1\n");
    for n in 0..MAX_METRICS {
        let name = format!("m{n}");
        registry.register_gauge(&Key::from_name(name), &METADATA).set(1.0);
    }
    assert_eq!(registry.refused(), 2);
}

#[test]
fn m4_text_is_escaped_and_in_order() {
    let registry = MetricRegistry::new();
    registry.describe_gauge(KeyName::from_const_str("g"), None, "back\\slash\nline".into());
    registry.register_gauge(&key("g", &[("z", "1"), ("a-b", "q\"\\\n")]), &METADATA).set(f64::INFINITY);
    registry.register_gauge(&key("1bad name", &[]), &METADATA).set(f64::NAN);
    assert_eq!(
        registry.render(),
        "# TYPE _bad_name gauge\n_bad_name NaN\n# HELP g back\\\\slash\\nline\n# TYPE g gauge\n\
         g{a_b=\"q\\\"\\\\\\n\",z=\"1\"} +Inf\n"
    );
}

#[test]
fn gauges_and_counters_from_many_threads() {
    let registry = MetricRegistry::new();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let gauge = registry.register_gauge(&key("g", &[]), &METADATA);
                let histogram = registry.register_histogram(&key("h", &[]), &METADATA);
                for _ in 0..1_000 {
                    gauge.increment(2.0);
                    gauge.decrement(1.0);
                    histogram.record(0.25);
                }
            });
        }
    });
    let text = registry.render();
    assert!(
        text.contains("g 4000\n") && text.contains("h_sum 1000\n") && text.contains("h_count 4000\n"),
        "{text}"
    );
}

#[derive(Clone, Debug)]
enum Step {
    Count(u8, u32),
    Set(u8, f64),
    Add(u8, f64),
    Record(u8, f64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0..4_u8, any::<u32>()).prop_map(|(label, by)| Step::Count(label, by)),
        (0..4_u8, -1e6..1e6).prop_map(|(label, to)| Step::Set(label, to)),
        (0..4_u8, -1e3..1e3).prop_map(|(label, by)| Step::Add(label, by)),
        (0..4_u8, 0.0..20.0).prop_map(|(label, value)| Step::Record(label, value)),
    ]
}

fn apply(recorder: &dyn Recorder, steps: &[Step]) {
    let labels = |label: u8| [("l", ["", "a b", "q\"\\", "ü\n"][usize::from(label)])];
    for step in steps {
        match *step {
            Step::Count(label, by) => {
                recorder.register_counter(&key("c", &labels(label)), &METADATA).increment(u64::from(by));
            }
            Step::Set(label, to) => recorder.register_gauge(&key("g", &labels(label)), &METADATA).set(to),
            Step::Add(label, by) => {
                recorder.register_gauge(&key("g", &labels(label)), &METADATA).increment(by)
            }
            Step::Record(label, value) => {
                recorder.register_histogram(&key("h", &labels(label)), &METADATA).record(value);
            }
        }
    }
}

fn sorted(text: &str) -> Vec<&str> {
    let mut lines: Vec<_> = text.lines().filter(|line| !line.is_empty()).collect();
    lines.sort_unstable();
    lines
}

proptest! {
    /// M4: the text is that of the `metrics-exporter-prometheus` crate, but for the order.
    #[test]
    fn the_text_is_that_of_the_reference(steps in prop::collection::vec(step(), 0..60)) {
        let ours = MetricRegistry::new();
        let builder = PrometheusBuilder::new();
        let theirs = builder.set_buckets_for_metric(Matcher::Full("h".to_owned()), BUCKETS).unwrap().build_recorder();
        apply(&ours, &steps);
        apply(&theirs, &steps);
        let (ours, theirs) = (ours.render(), theirs.handle().render());
        prop_assert_eq!(sorted(&ours), sorted(&theirs));
    }
}
