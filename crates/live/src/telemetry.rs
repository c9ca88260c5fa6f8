//! What a running session tells of itself: logs, spans, metrics, health.
//!
//! - [`Telemetry`] is what the configuration says; [`Telemetry::init`] makes it the logging of the process. Lines are written by
//!   threads of their own, and dropped and counted rather than waited for.
//! - [`Redactor`] hides secrets in all of it, and in alerts.
//! - [`LiveMetrics`] has a typed call for each metric of the [`catalog`]; [`MetricRegistry`] keeps them in a bounded space.
//! - [`Health`] is whether the session lives and is ready.
//! - [`OrderTrace`] makes one trace of the way from a market event to the venue's answer.
//! - With the feature `http`, `HttpServer` shows metrics and health; with `otlp`, spans go to an OpenTelemetry collector.
//!
//! Nothing here decides anything, and nothing here is read by what does: the clock of the machine is allowed.
//!
//! ```
//! use std::sync::Arc;
//!
//! use algoflow_live::telemetry::{LiveMetrics, MetricLabels, MetricRegistry};
//!
//! let registry = MetricRegistry::new();
//! let labels = MetricLabels { queues: vec!["events"], ..MetricLabels::default() };
//! let metrics = LiveMetrics::new(Arc::new(registry.clone()), &labels);
//! metrics.queue_depth("events", 3);
//! assert!(registry.render().contains("algoflow_queue_depth{queue=\"events\"} 3\n"));
//! ```

pub mod catalog;
mod error;
mod health;
mod init;
mod live_metrics;
mod log;
#[cfg(feature = "otlp")]
mod otlp;
mod redact;
mod registry;
mod rotate;
#[cfg(feature = "http")]
mod server;
mod settings;
mod trace;
mod writer;

#[cfg(feature = "otlp")]
pub use self::otlp::{MAX_SPANS, TIMEOUT as OTLP_TIMEOUT};
#[cfg(feature = "http")]
pub use self::server::{CONNECTION_TIME, HttpServer, MAX_CONNECTIONS};
pub use self::{
    catalog::{BUCKETS, METRICS, Metric, MetricKind, catalog_markdown},
    error::TelemetryError,
    health::{Health, Liveness, MAX_CONDITIONS, Readiness},
    init::TelemetryGuard,
    live_metrics::{AlertOutcome, EventKind, LiveMetrics, MetricLabels, ReconcileOutcome, TradingState},
    log::MAX_VALUE,
    redact::{MARK, MAX_SECRETS, MIN_SECRET, PUBLIC_NAMES, Redactor},
    registry::{MAX_METRICS, MAX_SERIES, MetricRegistry, OTHER},
    settings::{
        Color, HttpSettings, LogFile, LogFormat, MAX_LOG_FILE_MIB, MAX_LOG_FILES, OtlpSettings, Rotation,
        Telemetry,
    },
    trace::{MAX_TRACED, OrderTrace, TraceOutcome},
    writer::{LogWriter, MAX_LINES},
};
