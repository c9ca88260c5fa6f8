//! Spans to an OpenTelemetry collector by gRPC (feature `otlp`).
//!
//! - **T1** At most [`MAX_SPANS`] ended spans wait for export; what comes when they are full is dropped by the exporter.
//! - **T2** Names, attributes, events and states of spans pass the [`Redactor`] before they leave.
//! - **T3** A trace is exported whole or not at all: the part is that of the settings.
//! - **T4** Requests are sent from a thread of their own. The program waits for it at its end, for at most [`TIMEOUT`].

use std::{borrow::Cow, fmt, thread, time::Duration};

use opentelemetry::{
    KeyValue, Value,
    trace::{Status, TracerProvider as _},
};
use opentelemetry_otlp::{
    WithExportConfig as _, WithTonicConfig as _, tonic_types::transport::ClientTlsConfig,
};
use opentelemetry_sdk::{
    Resource,
    error::OTelSdkResult,
    trace::{
        BatchConfigBuilder, BatchSpanProcessor, Sampler, SdkTracer, SdkTracerProvider, SpanData, SpanExporter,
    },
};
use tokio::sync::oneshot;
use tracing::Subscriber;
use tracing_opentelemetry::OpenTelemetryLayer;
use tracing_subscriber::registry::LookupSpan;

use super::{error::TelemetryError, redact::Redactor, settings::OtlpSettings};

/// The most ended spans that wait for export.
pub const MAX_SPANS: usize = 8_192;

/// The most spans in one request.
const MAX_BATCH: usize = 512;

/// How long one request may take.
pub const TIMEOUT: Duration = Duration::from_secs(5);

pub(super) struct SpanExport {
    provider: SdkTracerProvider,
    tracer: SdkTracer,
    /// Dropping it ends the thread.
    stop: Option<oneshot::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl SpanExport {
    pub(super) fn new(settings: &OtlpSettings, redactor: &Redactor) -> Result<Self, TelemetryError> {
        let failed = |reason: &dyn fmt::Display| TelemetryError::Otlp {
            endpoint: redactor.text(&settings.endpoint).into_owned(),
            reason: redactor.text(&reason.to_string()).into_owned(),
        };
        if !(settings.endpoint.starts_with("http://") || settings.endpoint.starts_with("https://")) {
            return Err(failed(&"it must start with http:// or https://"));
        }
        // Its own runtime (T4): who flushes waits for requests that another thread sends.
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| failed(&error))?;
        let handle = runtime.handle().clone();
        let (stop, stopped) = oneshot::channel::<()>();
        let run = move || {
            // The sender is dropped, never used.
            let _ = runtime.block_on(stopped);
        };
        let thread =
            thread::Builder::new().name("otlp".to_owned()).spawn(run).map_err(|error| failed(&error))?;
        let entered = handle.enter();
        let mut builder = opentelemetry_otlp::SpanExporter::builder()
            .with_tonic()
            .with_endpoint(settings.endpoint.as_str())
            .with_timeout(TIMEOUT);
        if settings.endpoint.starts_with("https://") {
            builder = builder.with_tls_config(ClientTlsConfig::new().with_enabled_roots());
        }
        let exporter = builder.build().map_err(|error| failed(&error))?;
        drop(entered);
        let batch = BatchConfigBuilder::default()
            .with_max_queue_size(MAX_SPANS)
            .with_max_export_batch_size(MAX_BATCH);
        let exporter = Redacting { inner: exporter, redactor: redactor.clone() };
        let processor = BatchSpanProcessor::builder(exporter).with_batch_config(batch.build()).build();
        let resource = Resource::builder().with_service_name(settings.service.clone()).build();
        let provider = SdkTracerProvider::builder()
            .with_span_processor(processor)
            .with_sampler(Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(settings.sample))))
            .with_resource(resource)
            .build();
        let tracer = provider.tracer("algoflow");
        Ok(Self { provider, tracer, stop: Some(stop), thread: Some(thread) })
    }

    pub(super) fn layer<S: Subscriber + for<'a> LookupSpan<'a>>(&self) -> OpenTelemetryLayer<S, SdkTracer> {
        tracing_opentelemetry::layer().with_tracer(self.tracer.clone())
    }

    pub(super) fn flush(&self) -> bool {
        self.provider.force_flush().is_ok()
    }
}

impl Drop for SpanExport {
    fn drop(&mut self) {
        // What is not exported by then is lost; there is nobody left to tell.
        let _ = self.provider.shutdown_with_timeout(TIMEOUT);
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl fmt::Debug for SpanExport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SpanExport").finish_non_exhaustive()
    }
}

/// An exporter that hides secrets first (T2).
#[derive(Debug)]
struct Redacting<E> {
    inner: E,
    redactor: Redactor,
}

impl<E: SpanExporter> SpanExporter for Redacting<E> {
    async fn export(&self, mut batch: Vec<SpanData>) -> OTelSdkResult {
        for span in &mut batch {
            redact(span, &self.redactor);
        }
        self.inner.export(batch).await
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.inner.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.inner.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.inner.set_resource(resource);
    }
}

fn redact(span: &mut SpanData, redactor: &Redactor) {
    if let Cow::Owned(name) = redactor.text(&span.name) {
        span.name = Cow::Owned(name);
    }
    redact_attributes(&mut span.attributes, redactor);
    for event in &mut span.events.events {
        if let Cow::Owned(name) = redactor.text(&event.name) {
            event.name = Cow::Owned(name);
        }
        redact_attributes(&mut event.attributes, redactor);
    }
    for link in &mut span.links.links {
        redact_attributes(&mut link.attributes, redactor);
    }
    if let Status::Error { description } = &mut span.status
        && let Cow::Owned(text) = redactor.text(description)
    {
        *description = Cow::Owned(text);
    }
}

fn redact_attributes(attributes: &mut [KeyValue], redactor: &Redactor) {
    for attribute in attributes {
        let name = attribute.key.as_str();
        let text = attribute.value.as_str();
        if Redactor::is_secret_name(name) || matches!(redactor.text(&text), Cow::Owned(_)) {
            let hidden = redactor.field(name, &text).into_owned();
            attribute.value = Value::String(hidden.into());
        }
    }
}

#[cfg(test)]
mod tests;
