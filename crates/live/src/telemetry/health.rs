//! [`Health`]: whether a session is alive, and whether it is ready to trade.
//!
//! - **H1** It is ready when every condition that was registered is met. A session with no condition is not ready: it has not
//!   said yet what it waits for.
//! - **H2** It is alive as long as its heart beats: [`Health::beat`] was called within the time that was set. A session that has
//!   never beaten is alive, so that a long start is not taken for a hang.
//! - **H3** There are at most [`MAX_CONDITIONS`] conditions. One more cannot be registered, and makes the session not ready.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use serde::Serialize;

use super::redact::Redactor;

/// The most conditions of a session.
pub const MAX_CONDITIONS: usize = 256;

/// Whether a session is well, as its driver says. Clones share it.
#[derive(Clone, Debug)]
pub struct Health {
    inner: Arc<Mutex<Inner>>,
    /// When the heart beat last, in nanoseconds after `begun`; zero if it never did.
    beat: Arc<AtomicU64>,
    begun: Instant,
    redactor: Redactor,
    patience: Duration,
}

#[derive(Debug, Default)]
struct Inner {
    /// What is not met has a reason.
    conditions: BTreeMap<String, Option<String>>,
    refused: u64,
}

/// What is known of a session's readiness.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Readiness {
    /// Whether it may trade.
    pub ready: bool,
    /// Each condition that is not met, with the reason.
    pub waiting_for: BTreeMap<String, String>,
    /// The conditions that are met.
    pub met: Vec<String>,
}

/// What is known of whether a session lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Liveness {
    /// Whether it lives.
    pub alive: bool,
    /// How long ago its heart beat, in milliseconds, if it ever did.
    pub last_beat_ms: Option<u64>,
}

impl Health {
    /// One that has said nothing. It is dead once its heart has not beaten for `patience`; reasons are redacted.
    #[must_use]
    pub fn new(patience: Duration, redactor: &Redactor) -> Self {
        let (inner, beat) = (Arc::default(), Arc::default());
        Self { inner, beat, begun: Instant::now(), redactor: redactor.clone(), patience }
    }

    /// From now on this has to be met before the session is ready (H1); if it is there already, it is not met any more.
    pub fn waits_for(&self, condition: &str, reason: &str) {
        self.set(condition, Some(self.redactor.text(reason).into_owned()));
    }

    /// The condition is met.
    pub fn is_met(&self, condition: &str) {
        self.set(condition, None);
    }

    /// The condition is gone: a venue that was removed.
    pub fn forget(&self, condition: &str) {
        self.lock().conditions.remove(condition);
    }

    /// The decision loop has come around. Takes no lock.
    pub fn beat(&self) {
        self.beat.store(self.nanos().max(1), Ordering::Relaxed);
    }

    fn nanos(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    /// Whether it is ready, and if not, why.
    #[must_use]
    pub fn readiness(&self) -> Readiness {
        let inner = self.lock();
        let mut waiting_for = BTreeMap::new();
        let mut met = Vec::new();
        for (condition, reason) in &inner.conditions {
            match reason {
                Some(reason) => {
                    waiting_for.insert(condition.clone(), reason.clone());
                }
                None => met.push(condition.clone()),
            }
        }
        if inner.conditions.is_empty() {
            waiting_for
                .insert("start".to_owned(), "the session has not said yet what it waits for".to_owned());
        }
        if inner.refused > 0 {
            let reason = format!("more than {MAX_CONDITIONS} conditions were registered");
            waiting_for.insert("conditions".to_owned(), reason);
        }
        Readiness { ready: waiting_for.is_empty(), waiting_for, met }
    }

    /// Whether it lives (H2).
    #[must_use]
    pub fn liveness(&self) -> Liveness {
        let beat = Some(self.beat.load(Ordering::Relaxed)).filter(|beat| *beat > 0);
        let since = beat.map(|beat| self.nanos().saturating_sub(beat));
        let alive = since.is_none_or(|since| Duration::from_nanos(since) <= self.patience);
        Liveness { alive, last_beat_ms: since.map(|since| since / 1_000_000) }
    }

    fn set(&self, condition: &str, reason: Option<String>) {
        let mut inner = self.lock();
        if inner.conditions.len() >= MAX_CONDITIONS && !inner.conditions.contains_key(condition) {
            inner.refused = inner.refused.saturating_add(1);
        } else {
            inner.conditions.insert(condition.to_owned(), reason);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn health() -> Health {
        Health::new(Duration::from_secs(3_600), &Redactor::new())
    }

    #[test]
    fn h1_ready_when_all_is_met() {
        let health = health();
        assert!(!health.readiness().ready);
        health.waits_for("venue KRAKEN", "connecting with api_key=abc");
        health.waits_for("journal", "opening");
        health.is_met("journal");
        let readiness = health.readiness();
        assert!(!readiness.ready);
        assert_eq!(readiness.waiting_for["venue KRAKEN"], "connecting with api_key=***");
        assert_eq!(readiness.met, ["journal"]);
        health.is_met("venue KRAKEN");
        assert!(health.readiness().ready);
        health.waits_for("venue KRAKEN", "stale");
        assert!(!health.clone().readiness().ready);
        health.forget("venue KRAKEN");
        assert!(health.readiness().ready);
    }

    #[test]
    fn h2_alive_while_the_heart_beats() {
        let health = Health::new(Duration::ZERO, &Redactor::new());
        assert_eq!(health.liveness(), Liveness { alive: true, last_beat_ms: None });
        health.beat();
        std::thread::sleep(Duration::from_millis(2));
        assert!(!health.liveness().alive);
        let patient = self::health();
        patient.beat();
        assert!(patient.liveness().alive);
    }

    #[test]
    fn h3_conditions_are_bounded() {
        let health = health();
        for n in 0..=MAX_CONDITIONS {
            health.is_met(&n.to_string());
        }
        assert!(health.readiness().waiting_for.contains_key("conditions"));
    }
}
