//! [`AlertSender`]: carries out what the [`AlertRouter`] decides.
//!
//! - **D1** [`AlertSender::alert`] never waits for a network or a disk: it takes a lock that is held for as long as a decision of
//!   the router takes.
//! - **D2** A failure is logged once for each sink until a message gets through again, and never leads to an alert.
//! - **D3** [`AlertSender::stop`] has the last words said and returns when all is out, at its deadline at the latest. What is not
//!   out by then is counted as failed.
//! - **D4** When the last handle is dropped without that, the task ends at once, and what waits is lost.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use algoflow_core::time::{TimeDelta, Timestamp};
use tokio::{
    sync::{Notify, oneshot},
    task::{self, JoinHandle, JoinSet},
    time::{Instant, sleep_until, timeout},
};

use super::{
    alert::Alert,
    error::AlertError,
    router::{AlertRouter, Delivery, SendOutcome, SinkCounts},
    settings::AlertSettings,
    sink::{SendFailure, Sink},
};
use crate::telemetry::{AlertOutcome, LiveMetrics, Redactor};

#[cfg(test)]
mod tests;

/// Sends alerts from a task of its own. Clones are handles of the same one.
#[derive(Clone)]
pub struct AlertSender {
    shared: Arc<Shared>,
    owner: Arc<Owner>,
}

struct Shared {
    router: Mutex<AlertRouter>,
    /// There is something new for the task.
    changed: Notify,
    clock: Clock,
    metrics: LiveMetrics,
}

/// Ends the task when it is dropped (D4).
struct Owner {
    running: Mutex<Option<Running>>,
}

impl Owner {
    fn take(&self) -> Option<Running> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        if let Some(running) = self.take() {
            running.task.abort();
        }
    }
}

struct Running {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

/// The wall clock at the start, and from there on the clock of the runtime, which does not jump.
#[derive(Clone, Copy, Debug)]
struct Clock {
    start: Timestamp,
    begun: Instant,
}

impl Clock {
    fn new() -> Self {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let start = Timestamp::from_nanos(i64::try_from(since_epoch.as_nanos()).unwrap_or(i64::MAX));
        Self { start, begun: Instant::now() }
    }

    fn now(&self) -> Timestamp {
        let nanos = i64::try_from(self.begun.elapsed().as_nanos()).unwrap_or(i64::MAX);
        self.start.saturating_add(TimeDelta::from_nanos(nanos))
    }

    fn instant(&self, at: Timestamp) -> Instant {
        let nanos = u64::try_from(at.since(self.start).nanos()).unwrap_or(0);
        self.begun.checked_add(Duration::from_nanos(nanos)).unwrap_or(self.begun)
    }
}

impl AlertSender {
    /// Checks the settings, registers their secrets, and starts the task in the current runtime.
    ///
    /// # Errors
    /// [`AlertError`], with what is wrong with which sink.
    pub fn start(
        settings: &AlertSettings,
        redactor: &Redactor,
        metrics: &LiveMetrics,
    ) -> Result<Self, AlertError> {
        let router = AlertRouter::new(settings, redactor)?;
        let sinks = Sink::all(settings, redactor)?.into_iter().map(Arc::new).collect::<Vec<_>>();
        let (stop, stopped) = oneshot::channel();
        let shared = Arc::new(Shared {
            router: Mutex::new(router),
            changed: Notify::new(),
            clock: Clock::new(),
            metrics: metrics.clone(),
        });
        let sending = Sending {
            told: vec![SinkCounts::default(); sinks.len()],
            failing: vec![false; sinks.len()],
            shared: Arc::clone(&shared),
            sinks,
            redactor: redactor.clone(),
            on_their_way: Vec::new(),
        };
        let task = tokio::spawn(sending.run(stopped));
        let owner = Arc::new(Owner { running: Mutex::new(Some(Running { stop, task })) });
        Ok(Self { shared, owner })
    }

    /// Has an alert sent to whom the rules say (D1).
    pub fn alert(&self, alert: Alert) {
        self.shared.router().alert(alert, self.shared.clock.now());
        self.shared.changed.notify_one();
    }

    /// What became of the alerts, by the name of the sink.
    #[must_use]
    pub fn counts(&self) -> Vec<(String, SinkCounts)> {
        let router = self.shared.router();
        router.sinks().iter().cloned().zip(router.counts()).collect()
    }

    /// Takes nothing more, and waits until all is out, or for `deadline` (D3). Whether all was out.
    pub async fn stop(&self, deadline: Duration) -> bool {
        let Some(Running { stop, mut task }) = self.owner.take() else { return true };
        self.shared.router().close(self.shared.clock.now());
        // If the task is gone nobody listens.
        let _ = stop.send(());
        let has_ended = timeout(deadline, &mut task).await.is_ok();
        if has_ended {
            return true;
        }
        task.abort();
        let mut router = self.shared.router();
        let given_up = router.abandon();
        for (name, messages) in router.sinks().iter().zip(given_up).filter(|(_, messages)| *messages > 0) {
            self.shared.metrics.alerts(name, AlertOutcome::Failed, messages);
        }
        false
    }
}

impl fmt::Debug for AlertSender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AlertSender").field("router", &*self.shared.router()).finish()
    }
}

impl Shared {
    fn router(&self) -> MutexGuard<'_, AlertRouter> {
        self.router.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The task.
struct Sending {
    shared: Arc<Shared>,
    sinks: Vec<Arc<Sink>>,
    redactor: Redactor,
    /// Which task sends for which sink; one for each at most.
    on_their_way: Vec<(task::Id, usize)>,
    /// What the metrics know.
    told: Vec<SinkCounts>,
    /// Sinks whose last try failed (D2).
    failing: Vec<bool>,
}

impl Sending {
    async fn run(mut self, mut stopped: oneshot::Receiver<()>) {
        let mut sends = JoinSet::new();
        let mut is_stopping = false;
        loop {
            let (deliveries, wake, is_idle) = {
                let mut router = self.shared.router();
                (router.poll(self.shared.clock.now()), router.next_wake(), router.is_idle())
            };
            for Delivery { sink: place, alert } in deliveries {
                let Some(sink) = self.sinks.get(place).map(Arc::clone) else { continue };
                let now = self.shared.clock.now();
                let id = sends.spawn(async move { sink.send(&alert, now).await }).id();
                self.on_their_way.push((id, place));
            }
            self.tell_metrics();
            if is_stopping && is_idle && sends.is_empty() {
                return;
            }
            let wake = wake.map(|at| self.shared.clock.instant(at));
            tokio::select! {
                () = self.shared.changed.notified() => {}
                Some(ended) = sends.join_next_with_id() => match ended {
                    Ok((id, result)) => self.finished(id, result),
                    Err(error) => {
                        let failure = SendFailure { outcome: SendOutcome::Refused, reason: error.to_string() };
                        self.finished(error.id(), Err(failure));
                    }
                },
                () = sleep_until(wake.unwrap_or_else(Instant::now)), if wake.is_some() => {}
                _ = &mut stopped, if !is_stopping => is_stopping = true,
            }
        }
    }

    fn finished(&mut self, id: task::Id, result: Result<(), SendFailure>) {
        let Some(at) = self.on_their_way.iter().position(|(task, _)| *task == id) else { return };
        let (_, place) = self.on_their_way.swap_remove(at);
        let outcome = match &result {
            Ok(()) => SendOutcome::Sent,
            Err(failure) => failure.outcome.clone(),
        };
        let now = self.shared.clock.now();
        let name = {
            let mut router = self.shared.router();
            router.finished(place, &outcome, now);
            router.sinks().get(place).cloned().unwrap_or_default()
        };
        let Some(is_failing) = self.failing.get_mut(place) else { return };
        match result {
            Ok(()) => *is_failing = false,
            Err(failure) if !*is_failing => {
                *is_failing = true;
                let reason = self.redactor.text(&failure.reason);
                tracing::warn!(sink = name, reason = %reason, "an alert was not sent");
            }
            Err(_) => {}
        }
    }

    fn tell_metrics(&mut self) {
        let router = self.shared.router();
        for ((name, counts), told) in router.sinks().iter().zip(router.counts()).zip(&mut self.told) {
            for (outcome, now, before) in [
                (AlertOutcome::Sent, counts.sent, told.sent),
                (AlertOutcome::Failed, counts.failed, told.failed),
                (AlertOutcome::Suppressed, counts.suppressed, told.suppressed),
                (AlertOutcome::Dropped, counts.dropped, told.dropped),
            ] {
                if now > before {
                    self.shared.metrics.alerts(name, outcome, now - before);
                }
            }
            *told = counts;
        }
    }
}
