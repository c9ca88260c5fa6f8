//! [`AlertRouter`]: which alert goes where and when, without a clock or a network.
//!
//! - **A1** An alert goes to the sinks of every rule that matches it, to each sink once. The longest `dedup` of the rules that
//!   name the sink holds there.
//! - **A2** Within the window after an alert, others of its key are counted and not sent, unless the level is higher: then they
//!   are sent, and the window begins anew.
//! - **A3** At the end of a window one message says how many were counted ("12 more of X in 5m"), and the window begins anew.
//!   A window in which nothing was counted ends without a message.
//! - **A4** A sink gets at most as many messages as its limit says in any interval of that length. Critical alerts that are over
//!   it wait. Others are held back, and one message says how many of which code, once there is room.
//! - **A5** What waits is sent by level, the highest first, then by age. One message of a sink is on its way at a time.
//! - **A6** At most [`MAX_WAITING`] alerts wait for a sink. One more and the oldest of the lowest level is dropped (which may be
//!   the new one); the next message says how many were.
//! - **A7** A message that could not be sent for now is tried again after 1 s, 2 s, 4 s up to [`MAX_BACKOFF`], or when the
//!   receiver said, at most [`MAX_TRIES`] times in all. Then, or when the receiver refused it, it is given up.
//! - **A8** Secrets are hidden and lengths bounded before anything is kept.
//! - **A9** At most [`MAX_KEYS`] keys have a window at once. One more ends the window that would end first, with its message.
//! - **A10** After [`AlertRouter::close`] nothing new is taken, all windows end, what was held back is told, and limits no longer
//!   hold, so that the last words are out before the deadline of who waits. What is given up by [`AlertRouter::abandon`] then is
//!   counted as failed.

use std::collections::{BTreeMap, VecDeque};

use algoflow_core::time::{TimeDelta, Timestamp};

use super::{
    alert::{Alert, AlertLevel},
    error::AlertError,
    settings::{AlertRule, AlertSettings, RateLimit},
};
use crate::telemetry::Redactor;

mod outbox;
#[cfg(test)]
mod tests;

use outbox::Outbox;

/// The most alerts that wait for a sink.
pub const MAX_WAITING: usize = 256;

/// The most keys that have a window at once.
pub const MAX_KEYS: usize = 1_024;

/// The most tries to send a message.
pub const MAX_TRIES: u32 = 6;

/// The longest time between two tries, also if the receiver asks for more.
pub const MAX_BACKOFF: TimeDelta = TimeDelta::minutes(5);

/// The most codes that are told apart in what was held back; the others are summed up.
pub const MAX_HELD_CODES: usize = 32;

/// How the sending of a message ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SendOutcome {
    /// The receiver has it.
    Sent,
    /// Not for now; another try may help.
    TryAgain {
        /// When, if the receiver said.
        after: Option<TimeDelta>,
    },
    /// The receiver refused it, and will again.
    Refused,
}

/// A message that is to be sent now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The sink, by its place in [`AlertRouter::sinks`].
    pub sink: usize,
    /// What to send.
    pub alert: Alert,
}

/// What became of the alerts for a sink.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SinkCounts {
    /// Messages that the receiver has.
    pub sent: u64,
    /// Messages that were given up.
    pub failed: u64,
    /// Alerts that were only counted (A2, A4).
    pub suppressed: u64,
    /// Alerts for which there was no room (A6).
    pub dropped: u64,
}

/// The window of a key at a sink.
struct Window {
    end: Timestamp,
    length: TimeDelta,
    level: AlertLevel,
    counted: u64,
    /// What the window began with, for the words of the summary.
    title: String,
    code: String,
}

/// Decides which alert goes where and when. Times are handed in.
pub struct AlertRouter {
    rules: Vec<(AlertRule, Vec<usize>)>,
    dedup: TimeDelta,
    sinks: Vec<String>,
    outboxes: Vec<Outbox>,
    windows: BTreeMap<(usize, String), Window>,
    redactor: Redactor,
    unrouted: u64,
    is_closed: bool,
}

impl AlertRouter {
    /// A router without alerts.
    ///
    /// # Errors
    /// What [`AlertSettings::validate`] returns.
    pub fn new(settings: &AlertSettings, redactor: &Redactor) -> Result<Self, AlertError> {
        settings.validate()?;
        let limits = settings.limits();
        let sinks: Vec<String> = limits.iter().map(|(name, _)| (*name).to_owned()).collect();
        let outboxes = limits.iter().map(|(_, limit)| Outbox::new(*limit)).collect();
        let rules = settings.rules.iter().map(|rule| {
            let places = rule.sinks.iter().filter_map(|name| sinks.iter().position(|sink| sink == name));
            (rule.clone(), places.collect())
        });
        Ok(Self {
            rules: rules.collect(),
            dedup: settings.dedup,
            outboxes,
            windows: BTreeMap::new(),
            redactor: redactor.clone(),
            unrouted: 0,
            is_closed: false,
            sinks,
        })
    }

    /// The names of the sinks.
    #[must_use]
    pub fn sinks(&self) -> &[String] {
        &self.sinks
    }

    /// What became of the alerts for each sink, in the order of [`AlertRouter::sinks`].
    pub fn counts(&self) -> impl Iterator<Item = SinkCounts> + '_ {
        self.outboxes.iter().map(|outbox| outbox.counts)
    }

    /// How many alerts no rule matched.
    #[must_use]
    pub const fn unrouted(&self) -> u64 {
        self.unrouted
    }

    /// Takes an alert (A1, A2).
    pub fn alert(&mut self, alert: Alert, now: Timestamp) {
        if self.is_closed {
            return;
        }
        let mut wanted: BTreeMap<usize, TimeDelta> = BTreeMap::new();
        for (rule, places) in &self.rules {
            if rule.matches(&alert.code, alert.level) {
                let window = rule.dedup.unwrap_or(self.dedup);
                for place in places {
                    let longest = wanted.entry(*place).or_insert(window);
                    *longest = window.max(*longest);
                }
            }
        }
        if wanted.is_empty() {
            self.unrouted = self.unrouted.saturating_add(1);
            return;
        }
        wanted.retain(|sink, _| !self.is_counted(*sink, &alert, now));
        if wanted.is_empty() {
            return;
        }
        let key = alert.key.clone();
        let alert = alert.cleaned(&self.redactor);
        for (sink, length) in wanted {
            self.open_window(sink, key.clone(), length, &alert, now);
            if let Some(outbox) = self.outboxes.get_mut(sink) {
                outbox.push(alert.clone(), now);
            }
        }
    }

    /// Whether the alert is only counted at a sink (A2).
    fn is_counted(&mut self, sink: usize, alert: &Alert, now: Timestamp) -> bool {
        let Some(window) = self.windows.get_mut(&(sink, alert.key.clone())) else { return false };
        if now >= window.end || alert.level > window.level {
            return false;
        }
        window.counted = window.counted.saturating_add(1);
        if let Some(outbox) = self.outboxes.get_mut(sink) {
            outbox.counts.suppressed = outbox.counts.suppressed.saturating_add(1);
        }
        true
    }

    fn open_window(&mut self, sink: usize, key: String, length: TimeDelta, alert: &Alert, now: Timestamp) {
        if let Some(old) = self.windows.remove(&(sink, key.clone())) {
            self.summarize(sink, &key, &old, now);
        }
        if length <= TimeDelta::ZERO {
            return;
        }
        if self.windows.len() >= MAX_KEYS {
            let first = self.windows.iter().min_by_key(|(_, window)| window.end).map(|(key, _)| key.clone());
            if let Some((sink, key)) = first
                && let Some(window) = self.windows.remove(&(sink, key.clone()))
            {
                self.summarize(sink, &key, &window, now);
            }
        }
        let (title, code) = (alert.title.clone(), alert.code.clone().into_owned());
        let window =
            Window { end: now.saturating_add(length), length, level: alert.level, counted: 0, title, code };
        self.windows.insert((sink, key), window);
    }

    /// Says how many were counted in a window that ends (A3).
    fn summarize(&mut self, sink: usize, key: &str, window: &Window, now: Timestamp) {
        if window.counted == 0 {
            return;
        }
        let start = window.end.saturating_sub(window.length);
        let whole = now.min(window.end).since(start);
        let title = format!("{} more of {} in {}", window.counted, window.code, rounded(whole));
        let alert =
            Alert::new(now, window.level, window.code.clone(), title).key(key).text(window.title.clone());
        if let Some(outbox) = self.outboxes.get_mut(sink) {
            outbox.push(alert.cleaned(&self.redactor), now);
        }
    }

    /// Ends the windows whose time is over (A3).
    fn end_windows(&mut self, now: Timestamp) {
        let ended: Vec<_> =
            self.windows.iter().filter(|(_, window)| window.end <= now).map(|(key, _)| key.clone()).collect();
        for (sink, key) in ended {
            let Some(window) = self.windows.remove(&(sink, key.clone())) else { continue };
            self.summarize(sink, &key, &window, now);
            if window.counted > 0 && !self.is_closed {
                let window = Window { end: now.saturating_add(window.length), counted: 0, ..window };
                self.windows.insert((sink, key), window);
            }
        }
    }

    /// What is to be sent now. Each has to be answered by [`AlertRouter::finished`].
    pub fn poll(&mut self, now: Timestamp) -> Vec<Delivery> {
        self.end_windows(now);
        let is_closed = self.is_closed;
        let outboxes = self.outboxes.iter_mut().enumerate();
        outboxes
            .filter_map(|(sink, outbox)| outbox.next(now, is_closed).map(|alert| Delivery { sink, alert }))
            .collect()
    }

    /// The sending of the message of a sink has ended (A7).
    pub fn finished(&mut self, sink: usize, outcome: &SendOutcome, now: Timestamp) {
        if let Some(outbox) = self.outboxes.get_mut(sink) {
            outbox.finished(outcome, now);
        }
    }

    /// When [`AlertRouter::poll`] has something to do without a new alert or answer, if ever.
    #[must_use]
    pub fn next_wake(&self) -> Option<Timestamp> {
        let windows = self.windows.values().map(|window| window.end);
        let outboxes = self.outboxes.iter().filter_map(|outbox| outbox.next_wake(self.is_closed));
        windows.chain(outboxes).min()
    }

    /// Takes no more alerts, and has the last words said (A10).
    pub fn close(&mut self, now: Timestamp) {
        self.is_closed = true;
        for ((sink, key), window) in std::mem::take(&mut self.windows) {
            self.summarize(sink, &key, &window, now);
        }
    }

    /// Gives up what waits and what is on its way; how many messages that were for each sink.
    pub fn abandon(&mut self) -> Vec<u64> {
        self.outboxes.iter_mut().map(Outbox::abandon).collect()
    }

    /// Whether nothing waits and nothing is on its way.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.outboxes.iter().all(Outbox::is_idle)
    }
}

impl std::fmt::Debug for AlertRouter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AlertRouter")
            .field("sinks", &self.sinks)
            .field("windows", &self.windows.len())
            .finish()
    }
}

/// A length of time to the second, if it is longer than one.
fn rounded(time: TimeDelta) -> TimeDelta {
    const SECOND: i64 = 1_000_000_000;
    let seconds = time.nanos().saturating_add(SECOND / 2).div_euclid(SECOND);
    if seconds > 0 { TimeDelta::seconds(seconds) } else { time }
}
