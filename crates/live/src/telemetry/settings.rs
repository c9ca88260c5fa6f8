//! [`Telemetry`]: what is logged where.

use std::{net::SocketAddr, path::PathBuf};

use serde::{Deserialize, Serialize};
use tracing_subscriber::EnvFilter;

use super::error::TelemetryError;

/// The most files that a rotated log keeps.
pub const MAX_LOG_FILES: usize = 1_000;

/// The largest size at which a log file is rotated, in MiB.
pub const MAX_LOG_FILE_MIB: u64 = 65_536;

/// How a log line looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// For people at a terminal: the time of day, the message first, then the fields.
    #[default]
    Pretty,
    /// For people reading a file: the full time, the spans, the message, the fields.
    Compact,
    /// For programs: one JSON object a line.
    Json,
}

/// Whether the terminal is written to in color.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Color {
    /// If standard error is a terminal and `NO_COLOR` is not set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// When a new log file is begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rotation {
    /// At midnight UTC.
    Daily,
    /// When the file has this many MiB.
    Mib(u64),
}

impl Default for Rotation {
    fn default() -> Self {
        Self::Mib(100)
    }
}

/// A log file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogFile {
    /// The file that is written. Those before it are beside it, with a number: `NAME.1` is the last one.
    pub path: PathBuf,
    /// How its lines look; JSON if nothing is said.
    #[serde(default = "json")]
    pub format: LogFormat,
    /// When a new file is begun.
    #[serde(default)]
    pub rotate: Rotation,
    /// How many files before the current one are kept, up to [`MAX_LOG_FILES`].
    #[serde(default = "kept_files")]
    pub keep: usize,
}

const fn json() -> LogFormat {
    LogFormat::Json
}

const fn kept_files() -> usize {
    14
}

/// The HTTP endpoint for `/metrics`, `/healthz` and `/readyz` (feature `http`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpSettings {
    /// Where it listens. There is no password: an address that is not of this machine is for a closed network.
    #[serde(default = "loopback")]
    pub listen: SocketAddr,
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self { listen: loopback() }
    }
}

const fn loopback() -> SocketAddr {
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 9464)
}

/// Where spans are exported to (feature `otlp`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OtlpSettings {
    /// The collector, by gRPC: `http://127.0.0.1:4317`.
    pub endpoint: String,
    /// The name of the service that the spans are of.
    #[serde(default = "service")]
    pub service: String,
    /// Which part of the traces is exported, from 0 to 1.
    #[serde(default = "all")]
    pub sample: f64,
}

fn service() -> String {
    "algoflow".to_owned()
}

const fn all() -> f64 {
    1.0
}

/// What is logged where, and what else is told of a session. The section `[telemetry]` of a configuration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Telemetry {
    /// What is logged: a level (`info`), or levels by part (`info,algoflow_live=debug`).
    pub filter: String,
    /// How lines on standard error look.
    pub format: LogFormat,
    /// Whether they have color (only [`LogFormat::Pretty`] has).
    pub color: Color,
    /// Whether standard error is written to at all.
    pub console: bool,
    /// A file besides.
    pub file: Option<LogFile>,
    /// The HTTP endpoint.
    pub http: Option<HttpSettings>,
    /// The export of spans.
    pub otlp: Option<OtlpSettings>,
}

impl Default for Telemetry {
    fn default() -> Self {
        Self {
            filter: "info".to_owned(),
            format: LogFormat::default(),
            color: Color::default(),
            console: true,
            file: None,
            http: None,
            otlp: None,
        }
    }
}

impl Telemetry {
    /// Checks everything that can be checked without opening a file or a port.
    ///
    /// # Errors
    /// [`TelemetryError::Filter`], [`TelemetryError::Setting`], and [`TelemetryError::Feature`] for a section that this build
    /// cannot serve.
    pub fn validate(&self) -> Result<(), TelemetryError> {
        self.env_filter()?;
        if let Some(file) = &self.file {
            let setting = |setting, value: String, allowed: String| {
                Err(TelemetryError::Setting { setting, value, allowed })
            };
            if file.keep > MAX_LOG_FILES {
                return setting(
                    "telemetry.file.keep",
                    file.keep.to_string(),
                    format!("at most {MAX_LOG_FILES}"),
                );
            }
            if let Rotation::Mib(mib) = file.rotate
                && !(1..=MAX_LOG_FILE_MIB).contains(&mib)
            {
                let allowed = format!("from 1 to {MAX_LOG_FILE_MIB} MiB");
                return setting("telemetry.file.rotate.mib", mib.to_string(), allowed);
            }
            if file.path.file_name().is_none() {
                let path = file.path.display().to_string();
                return setting("telemetry.file.path", path, "the path of a file".to_owned());
            }
        }
        if self.http.is_some() && !cfg!(feature = "http") {
            return Err(TelemetryError::Feature { setting: "telemetry.http", feature: "http" });
        }
        let Some(otlp) = &self.otlp else { return Ok(()) };
        if !cfg!(feature = "otlp") {
            return Err(TelemetryError::Feature { setting: "telemetry.otlp", feature: "otlp" });
        }
        if !(0.0..=1.0).contains(&otlp.sample) {
            let (value, allowed) = (otlp.sample.to_string(), "from 0 to 1".to_owned());
            return Err(TelemetryError::Setting { setting: "telemetry.otlp.sample", value, allowed });
        }
        Ok(())
    }

    pub(super) fn env_filter(&self) -> Result<EnvFilter, TelemetryError> {
        let reason = |error: &dyn std::fmt::Display| TelemetryError::Filter {
            filter: self.filter.clone(),
            reason: error.to_string(),
        };
        if self.filter.trim().is_empty() {
            return Err(reason(&"it is empty; to log nothing, write \"off\""));
        }
        EnvFilter::builder().parse(&self.filter).map_err(|error| reason(&error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<Telemetry, String> {
        let telemetry: Telemetry = serde_json::from_str(text).map_err(|error| error.to_string())?;
        telemetry.validate().map(|()| telemetry).map_err(|error| error.code().to_owned())
    }

    #[test]
    fn nothing_said_is_the_default() {
        let telemetry = parsed("{}").unwrap();
        assert_eq!(telemetry, Telemetry::default());
        assert!(telemetry.console);
        assert!(HttpSettings::default().listen.ip().is_loopback());
    }

    #[test]
    fn a_file_has_defaults() {
        let file = parsed(r#"{"file": {"path": "a.log", "rotate": "daily"}}"#).unwrap().file.unwrap();
        assert_eq!((file.format, file.rotate, file.keep), (LogFormat::Json, Rotation::Daily, 14));
        let file = parsed(r#"{"file": {"path": "a.log", "rotate": {"mib": 5}}}"#).unwrap().file.unwrap();
        assert_eq!(file.rotate, Rotation::Mib(5));
    }

    #[test]
    fn mistakes_are_refused() {
        for (text, says) in [
            (r#"{"levle": "info"}"#, "levle"),
            (r#"{"file": {"path": "a", "kepp": 1}}"#, "kepp"),
            (r#"{"format": "xml"}"#, "xml"),
            (r#"{"http": {"listen": "nowhere"}}"#, "address"),
            (r#"{"filter": "algoflow=loud"}"#, "TELEMETRY_FILTER"),
            (r#"{"filter": " "}"#, "TELEMETRY_FILTER"),
            (r#"{"file": {"path": "a", "keep": 1001}}"#, "TELEMETRY_SETTING"),
            (r#"{"file": {"path": "a", "rotate": {"mib": 0}}}"#, "TELEMETRY_SETTING"),
            (r#"{"file": {"path": "/"}}"#, "TELEMETRY_SETTING"),
        ] {
            let error = parsed(text).unwrap_err();
            assert!(error.contains(says), "{text}: {error}");
        }
    }

    #[test]
    fn a_build_says_what_it_lacks() {
        let http = parsed(r#"{"http": {}}"#).map(|_| ());
        let otlp = parsed(r#"{"otlp": {"endpoint": "http://127.0.0.1:4317"}}"#).map(|_| ());
        let lacks = Err("TELEMETRY_FEATURE".to_owned());
        assert_eq!(http, if cfg!(feature = "http") { Ok(()) } else { lacks.clone() });
        assert_eq!(otlp, if cfg!(feature = "otlp") { Ok(()) } else { lacks });
        if cfg!(feature = "otlp") {
            let error = parsed(r#"{"otlp": {"endpoint": "http://x", "sample": 1.5}}"#).unwrap_err();
            assert_eq!(error, "TELEMETRY_SETTING");
        }
    }
}
