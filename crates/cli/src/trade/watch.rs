//! Who watches while trading runs: logs, metrics, health, alerts.

use std::{sync::Arc, time::Duration};

use algoflow_core::id::{Asset, VenueId};
use algoflow_live::{
    alerts::AlertSender,
    driver::{Observer, QUEUES},
    telemetry::{
        Health, HttpServer, LiveMetrics, MetricLabels, MetricRegistry, Redactor, Telemetry, TelemetryError,
        TelemetryGuard,
    },
};
use tokio_util::task::AbortOnDropHandle;

use super::secrets;
use crate::{error::CliError, plan::Plan};

/// After how long without a beat of its heart a process is not alive.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long the end waits for alerts that are on their way.
const LAST_ALERTS: Duration = Duration::from_secs(10);

/// How often it is told how many log lines were lost.
const COUNT_LOST_EVERY: Duration = Duration::from_secs(5);

/// What watches.
#[derive(Debug)]
pub(crate) struct Watch {
    metrics: LiveMetrics,
    health: Health,
    server: Option<HttpServer>,
    alerts: Option<AlertSender>,
    /// The last to go: what it holds is written then.
    _lost: Option<AbortOnDropHandle<()>>,
    _logs: Option<Arc<TelemetryGuard>>,
}

fn failed(error: impl std::fmt::Display) -> CliError {
    CliError::Run { message: error.to_string() }
}

impl Watch {
    /// Sets up what the configuration asks for. What `redactor` knows, now or later, is hidden in all of it.
    pub(crate) async fn start(
        plan: &Plan,
        redactor: &Redactor,
        reporting: Asset,
        mode: &str,
    ) -> Result<Self, CliError> {
        let mut telemetry = plan.config.telemetry.clone();
        if let Some(file) = &mut telemetry.file {
            file.path = plan.path(&file.path.to_string_lossy());
        }
        let logs = match telemetry.init(redactor) {
            // A program of one's own has its own logging, and nothing else was asked for here.
            Err(TelemetryError::AlreadySet) if plan.config.telemetry == Telemetry::default() => None,
            logs => Some(Arc::new(logs.map_err(failed)?)),
        };
        let registry = MetricRegistry::new();
        let venues: Vec<VenueId> = plan.config.venue.iter().map(|venue| venue.name).collect();
        let labels = MetricLabels { venues, queues: QUEUES.to_vec(), currencies: vec![reporting] };
        let metrics = LiveMetrics::new(Arc::new(registry.clone()), &labels);
        metrics.started(super::wall(), env!("CARGO_PKG_VERSION"), mode);
        let health = Health::new(PATIENCE, redactor);
        let server = match &telemetry.http {
            Some(settings) => Some(HttpServer::start(settings, &registry, &health).await.map_err(failed)?),
            None => None,
        };
        let alerts = if plan.config.alerts.is_empty() {
            None
        } else {
            let settings = plan.config.alerts.settings(|named| secrets::one(&named, plan))?;
            Some(AlertSender::start(&settings, redactor, &metrics).map_err(failed)?)
        };
        let count = |logs: &Arc<TelemetryGuard>| {
            let (logs, counted) = (Arc::clone(logs), metrics.clone());
            AbortOnDropHandle::new(tokio::spawn(async move {
                loop {
                    counted.lost_log_lines(logs.lost_lines());
                    tokio::time::sleep(COUNT_LOST_EVERY).await;
                }
            }))
        };
        let _lost = logs.as_ref().map(count);
        Ok(Self { metrics, health, server, alerts, _lost, _logs: logs })
    }

    /// What trading tells.
    pub(crate) fn observer(&self) -> Observer {
        let observer = Observer::new(self.metrics.clone()).health(self.health.clone());
        match self.alerts.clone() {
            Some(sender) => observer.alert(move |alert| sender.alert(alert)),
            None => observer,
        }
    }

    /// Where metrics and health are shown.
    pub(crate) fn address(&self) -> Option<std::net::SocketAddr> {
        self.server.as_ref().map(HttpServer::address)
    }

    /// Sends what is to be sent, and ends. Whether every alert was out in time.
    pub(crate) async fn stop(self) -> bool {
        let told = match &self.alerts {
            Some(alerts) => alerts.stop(LAST_ALERTS).await,
            None => true,
        };
        if let Some(server) = self.server
            && let Err(error) = server.stop().await
        {
            tracing::warn!(%error, "the endpoint of metrics and health did not end well");
        }
        told
    }
}
