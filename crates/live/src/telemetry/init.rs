//! Sets up what [`Telemetry`] asks for.

use std::{
    io::{self, IsTerminal as _},
    time::Duration,
};

use tracing::Subscriber;
use tracing_subscriber::{Layer, Registry, layer::SubscriberExt as _};

#[cfg(feature = "otlp")]
use super::otlp::SpanExport;
use super::{
    error::TelemetryError,
    log::{LogLayer, now},
    redact::Redactor,
    rotate::RotatingFile,
    settings::{Color, LogFormat, Telemetry},
    writer::LogWriter,
};

/// How long the end of a program waits for its last lines and spans to be written.
const FLUSH_DEADLINE: Duration = Duration::from_secs(5);

/// Holds logging up. Dropping it writes what is still waiting, for at most five seconds for each output.
#[derive(Debug)]
#[must_use = "what is still waiting to be written is lost if this is dropped at once"]
pub struct TelemetryGuard {
    writers: Vec<LogWriter>,
    #[cfg(feature = "otlp")]
    spans: Option<SpanExport>,
}

impl TelemetryGuard {
    /// Writes what is waiting; whether all of it was written in time.
    #[must_use]
    pub fn flush(&self) -> bool {
        // Not `all`: each is asked.
        let written = self.writers.iter().filter(|writer| writer.flush(FLUSH_DEADLINE)).count();
        #[cfg(feature = "otlp")]
        let exported = self.spans.as_ref().is_none_or(SpanExport::flush);
        #[cfg(not(feature = "otlp"))]
        let exported = true;
        exported && written == self.writers.len()
    }

    /// How many log lines were dropped because an output was too slow, or could not be written.
    #[must_use]
    pub fn lost_lines(&self) -> u64 {
        self.writers
            .iter()
            .map(|writer| writer.dropped().saturating_add(writer.failed()))
            .fold(0, u64::saturating_add)
    }
}

impl Drop for TelemetryGuard {
    fn drop(&mut self) {
        let _ = self.flush();
    }
}

impl Telemetry {
    /// Makes this the logging of the whole process. What `redactor` knows, now or later, is hidden.
    ///
    /// # Errors
    /// What [`Telemetry::validate`] and [`Telemetry::subscriber`] return, and [`TelemetryError::AlreadySet`].
    pub fn init(&self, redactor: &Redactor) -> Result<TelemetryGuard, TelemetryError> {
        let (subscriber, guard) = self.subscriber(redactor)?;
        tracing::subscriber::set_global_default(subscriber).map_err(|_| TelemetryError::AlreadySet)?;
        Ok(guard)
    }

    /// The same without making it that of the process: for a part of a program, and for tests.
    ///
    /// # Errors
    /// What [`Telemetry::validate`] returns, [`TelemetryError::File`], [`TelemetryError::Thread`] and [`TelemetryError::Otlp`].
    pub fn subscriber(
        &self,
        redactor: &Redactor,
    ) -> Result<(impl Subscriber + Send + Sync + 'static, TelemetryGuard), TelemetryError> {
        self.validate()?;
        let filter = self.env_filter()?;
        let mut layers: Vec<Box<dyn Layer<Registry> + Send + Sync>> = Vec::new();
        let mut writers = Vec::new();
        let mut add = |format, color, writer: LogWriter| {
            writers.push(writer.clone());
            LogLayer { format, color, redactor: redactor.clone(), writer }.boxed()
        };
        if self.console {
            let color = self.format == LogFormat::Pretty && self.has_color();
            let writer = LogWriter::new("console", io::BufWriter::new(io::stderr()))?;
            layers.push(add(self.format, color, writer));
        }
        if let Some(file) = &self.file {
            let failed = |source| TelemetryError::File { path: file.path.clone(), source };
            let output = RotatingFile::open(file, now).map_err(failed)?;
            layers.push(add(file.format, false, LogWriter::new("file", output)?));
        }
        #[cfg(feature = "otlp")]
        let spans = match &self.otlp {
            Some(settings) => {
                let export = SpanExport::new(settings, redactor)?;
                layers.push(export.layer().boxed());
                Some(export)
            }
            None => None,
        };
        let guard = TelemetryGuard {
            writers,
            #[cfg(feature = "otlp")]
            spans,
        };
        Ok((tracing_subscriber::registry().with(layers).with(filter), guard))
    }

    fn has_color(&self) -> bool {
        match self.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => {
                io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|set| set.is_empty())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::telemetry::settings::{LogFile, Rotation};

    #[test]
    fn a_file_gets_what_passes_the_filter() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.log");
        let file =
            LogFile { path: path.clone(), format: LogFormat::Compact, rotate: Rotation::default(), keep: 1 };
        let filter = "info,quiet=warn".to_owned();
        let telemetry = Telemetry { filter, console: false, file: Some(file), ..Telemetry::default() };
        let (subscriber, guard) = telemetry.subscriber(&Redactor::new()).unwrap();
        tracing::subscriber::with_default(subscriber, || {
            tracing::debug!("one");
            tracing::info!(token = "abc", "two");
            tracing::info!(target: "quiet", "three");
            tracing::warn!(target: "quiet", "four");
        });
        assert!(guard.flush());
        assert_eq!(guard.lost_lines(), 0);
        let text = fs::read_to_string(path).unwrap();
        let ends: Vec<_> = text.lines().map(|line| line.split_once(": ").unwrap().1).collect();
        assert_eq!(ends, ["two token=***", "four"]);
    }

    #[test]
    fn a_file_that_cannot_be_opened_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_owned();
        let file = LogFile { path, format: LogFormat::Json, rotate: Rotation::Daily, keep: 1 };
        let telemetry = Telemetry { console: false, file: Some(file), ..Telemetry::default() };
        let error = telemetry.subscriber(&Redactor::new()).map(|_| ()).unwrap_err();
        assert_eq!(error.code(), "TELEMETRY_FILE");
    }
}
