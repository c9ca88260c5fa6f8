use std::{
    io::{self, Write},
    sync::{Arc, Mutex},
    time::Duration,
};

use proptest::prelude::*;
use secrecy::SecretString;
use tracing_subscriber::layer::SubscriberExt as _;

use super::*;

#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);
impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What is written while `act` runs.
fn logged(format: LogFormat, color: bool, redactor: &Redactor, act: impl FnOnce()) -> String {
    let shared = Shared::default();
    let writer = LogWriter::new("test", shared.clone()).unwrap();
    let layer = LogLayer { format, color, redactor: redactor.clone(), writer: writer.clone() };
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), act);
    assert!(writer.flush(Duration::from_secs(30)));
    let bytes = shared.0.lock().unwrap().clone();
    String::from_utf8(bytes).unwrap()
}

#[derive(Debug, thiserror::Error)]
#[error("request failed")]
struct Failed(#[source] io::Error);

fn example() {
    let span = tracing::info_span!("order", order = "r1-s0-7", venue = tracing::field::Empty).entered();
    span.record("venue", "KRAKEN");
    let error = Failed(io::Error::other("no answer"));
    let error: &dyn std::error::Error = &error;
    tracing::warn!(target: "algoflow_live::x", error, count = 3, share = f64::NAN, "not\nsent to {}", "KRAKEN");
}

#[test]
fn json_is_one_object_a_line() {
    let text = logged(LogFormat::Json, true, &Redactor::new(), example);
    let line: Value = serde_json::from_str(text.strip_suffix('\n').unwrap()).unwrap();
    assert!(line["timestamp"].as_str().unwrap().parse::<Timestamp>().unwrap() > Timestamp::EPOCH);
    assert_eq!(line["level"], "WARN");
    assert_eq!(line["target"], "algoflow_live::x");
    assert_eq!(line["message"], "not\nsent to KRAKEN");
    let fields = serde_json::json!({ "error": "request failed: no answer", "count": 3, "share": "NaN" });
    assert_eq!(line["fields"], fields);
    let spans = serde_json::json!([{ "name": "order", "fields": { "order": "r1-s0-7", "venue": "KRAKEN" } }]);
    assert_eq!(line["spans"], spans);
}

#[test]
fn compact_and_pretty_are_one_line() {
    let compact = logged(LogFormat::Compact, true, &Redactor::new(), example);
    let (time, rest) = compact.split_once(' ').unwrap();
    assert!(time.parse::<Timestamp>().is_ok());
    assert_eq!(
        rest,
        "WARN  algoflow_live::x order{order=r1-s0-7 venue=KRAKEN}: not\\nsent to KRAKEN \
         error=\"request failed: no answer\" count=3 share=NaN\n"
    );
    let pretty = logged(LogFormat::Pretty, false, &Redactor::new(), example);
    assert_eq!(
        &pretty[13..],
        "WARN  not\\nsent to KRAKEN error=\"request failed: no answer\" count=3 share=NaN  algoflow_live::x \
         order{order=r1-s0-7 venue=KRAKEN}\n"
    );
    assert!(logged(LogFormat::Pretty, true, &Redactor::new(), example).contains("\u{1b}[33mWARN"));
}

#[test]
fn g1_a_number_can_be_secret() {
    let redactor = Redactor::new();
    redactor.register(&SecretString::from("87654321")).unwrap();
    let text = logged(LogFormat::Compact, false, &redactor, || {
        tracing::info!(pin = 87_654_321_u64, password = 1, seed = 42, ok = true, "numbers");
    });
    assert!(text.ends_with("numbers pin=*** password=*** seed=42 ok=true\n"), "{text}");
}

#[test]
fn g2_a_long_text_is_cut_after_it_was_redacted() {
    let redactor = Redactor::new();
    redactor.register(&SecretString::from("the secret one")).unwrap();
    // The secret lies across the cut.
    let long = format!("{}the secret one{}", "x".repeat(MAX_VALUE - 5), "y".repeat(100));
    let text = logged(LogFormat::Compact, false, &redactor, || tracing::info!(long, "cut"));
    assert!(text.len() < MAX_VALUE + 200);
    assert!(!text.contains("the s"), "{}", &text[MAX_VALUE..]);
    assert!(text.ends_with("bytes more)\"\n"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// S1, G1: a registered secret is in no line, however it came to be there.
    #[test]
    fn no_secret_is_logged(secret in "[!-~äß€]{8,40}", around in "\\PC{0,20}") {
        prop_assume!(!secret.contains("***"));
        let redactor = Redactor::new();
        redactor.register(&SecretString::from(secret.as_str())).unwrap();
        let text = format!("{around}{secret}{around}");
        let json = serde_json::json!({ "outer": { "inner": text } }).to_string();
        for format in [LogFormat::Json, LogFormat::Compact, LogFormat::Pretty] {
            let shown = logged(format, false, &redactor, || {
                let _span = tracing::info_span!("venue", url = %text, body = ?json).entered();
                let error = Failed(io::Error::other(format!("GET {text}")));
                let error: &dyn std::error::Error = &error;
                tracing::error!(error, plain = text, quoted = ?text, json, json_quoted = ?json, "said {text} and {json:?}");
            });
            prop_assert_eq!(shown.lines().count(), 1);
            prop_assert!(!shown.contains(&secret), "{}", shown);
            let quoted = format!("{secret:?}");
            prop_assert!(!shown.contains(quoted.trim_matches('"')), "{}", shown);
            if format == LogFormat::Json {
                let parsed: Value = serde_json::from_str(&shown).unwrap();
                let parsed = format!("{parsed:?}");
                prop_assert!(!parsed.contains(&secret));
            }
        }
    }
}
