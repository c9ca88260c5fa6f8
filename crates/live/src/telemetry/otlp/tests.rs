use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    time::Instant,
};

use opentelemetry_sdk::trace::SimpleSpanProcessor;
use secrecy::SecretString;
use tracing_subscriber::layer::SubscriberExt as _;

use super::*;
use crate::telemetry::Telemetry;

#[derive(Clone, Debug, Default)]
struct Kept(Arc<Mutex<Vec<SpanData>>>);
impl SpanExporter for Kept {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        self.0.lock().unwrap().extend(batch);
        Ok(())
    }
}

#[test]
fn t2_secrets_do_not_leave_with_spans() {
    let redactor = Redactor::new();
    redactor.register(&SecretString::from("hunter2-hunter2")).unwrap();
    let kept = Kept::default();
    let exporter = Redacting { inner: kept.clone(), redactor };
    let processor = SimpleSpanProcessor::new(exporter);
    let provider = SdkTracerProvider::builder().with_span_processor(processor).build();
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("test"));
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
        let _span =
            tracing::info_span!("request", url = "https://x/hunter2-hunter2", api_key = 12, venue = "KRAKEN")
                .entered();
        tracing::error!(password = "abc", "refused: hunter2-hunter2");
    });
    let spans = kept.0.lock().unwrap();
    assert_eq!(spans.len(), 1);
    let text = format!("{spans:?}");
    assert!(!text.contains("hunter2") && !text.contains("abc\""), "{text}");
    assert!(
        text.contains("https://x/***") && text.contains("KRAKEN") && text.contains("refused: ***"),
        "{text}"
    );
    let key = spans[0].attributes.iter().find(|attribute| attribute.key.as_str() == "api_key").unwrap();
    assert_eq!(key.value.as_str(), "***");
}

/// Reads from an HTTP/2 connection until it has seen all of these, answering with empty settings.
fn sees(mut stream: TcpStream, wanted: &[&[u8]]) -> bool {
    // The frame: length 0, type 4 (settings), no flags, stream 0.
    stream.write_all(&[0, 0, 0, 4, 0, 0, 0, 0, 0]).unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
    let (mut seen, mut buffer) = (Vec::new(), [0; 4_096]);
    let end = Instant::now() + Duration::from_secs(20);
    while Instant::now() < end {
        match stream.read(&mut buffer) {
            Ok(0) => break,
            Ok(length) => seen.extend_from_slice(&buffer[..length]),
            Err(_) => {}
        }
        let has = |part: &[u8]| seen.windows(part.len()).any(|window| window == part);
        if wanted.iter().all(|part| has(part)) {
            return true;
        }
    }
    false
}

#[test]
fn a_collector_gets_the_spans_by_http2() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let collector = std::thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        // The preface, then the message: text stands in it as it is.
        sees(stream, &[b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"the-service", b"the-span", b"KRAKEN"])
    });
    let otlp = OtlpSettings { endpoint, service: "the-service".to_owned(), sample: 1.0 };
    let telemetry = Telemetry { console: false, otlp: Some(otlp), ..Telemetry::default() };
    let (subscriber, guard) = telemetry.subscriber(&Redactor::new()).unwrap();
    tracing::subscriber::with_default(subscriber, || {
        let _span = tracing::info_span!("the-span", venue = "KRAKEN").entered();
    });
    // The listener never confirms, so that it fails in the end: what counts is what was seen.
    drop(guard);
    assert!(collector.join().unwrap());
}

#[test]
fn an_endpoint_without_scheme_is_refused() {
    let settings =
        OtlpSettings { endpoint: "127.0.0.1:4317".to_owned(), service: "x".to_owned(), sample: 1.0 };
    assert_eq!(SpanExport::new(&settings, &Redactor::new()).unwrap_err().code(), "TELEMETRY_OTLP");
}

#[test]
fn an_endpoint_with_tls_is_taken() {
    let settings =
        OtlpSettings { endpoint: "https://127.0.0.1:1".to_owned(), service: "x".to_owned(), sample: 1.0 };
    drop(SpanExport::new(&settings, &Redactor::new()).unwrap());
}
