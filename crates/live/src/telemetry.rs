//! What a running session tells of itself: logs, spans, metrics, health.

mod error;
mod init;
mod log;
#[cfg(feature = "otlp")]
mod otlp;
mod redact;
mod rotate;
mod settings;
mod writer;

#[cfg(feature = "otlp")]
pub use self::otlp::{MAX_SPANS, TIMEOUT as OTLP_TIMEOUT};
pub use self::{
    error::TelemetryError,
    init::TelemetryGuard,
    log::MAX_VALUE,
    redact::{MARK, MAX_SECRETS, MIN_SECRET, PUBLIC_NAMES, Redactor},
    settings::{
        Color, HttpSettings, LogFile, LogFormat, MAX_LOG_FILE_MIB, MAX_LOG_FILES, OtlpSettings, Rotation,
        Telemetry,
    },
    writer::{LogWriter, MAX_LINES},
};
