//! What waits for one sink.

use std::fmt::Write as _;

use super::*;

/// An alert that waits or is on its way.
pub(super) struct Waiting {
    pub(super) alert: Alert,
    tries: u32,
}

pub(super) struct Outbox {
    limit: RateLimit,
    /// By age.
    pub(super) waiting: VecDeque<Waiting>,
    on_its_way: Option<Waiting>,
    /// Not before this time, after a failure.
    not_before: Option<Timestamp>,
    /// When the last messages were handed out; at most as many as the limit says.
    handed_out: VecDeque<Timestamp>,
    /// What was held back, by code, with the highest level and the first time.
    held: BTreeMap<String, u64>,
    held_level: AlertLevel,
    /// Dropped since the last message said so.
    untold_drops: u64,
    pub(super) counts: SinkCounts,
}

impl Outbox {
    pub(super) fn new(limit: RateLimit) -> Self {
        Self {
            limit,
            waiting: VecDeque::new(),
            on_its_way: None,
            not_before: None,
            handed_out: VecDeque::new(),
            held: BTreeMap::new(),
            held_level: AlertLevel::Info,
            untold_drops: 0,
            counts: SinkCounts::default(),
        }
    }

    /// Takes an alert, or holds it back (A4), or drops one (A6).
    pub(super) fn push(&mut self, alert: Alert, now: Timestamp) {
        if alert.level < AlertLevel::Critical && self.free(now) <= self.waiting.len() {
            self.hold_back(&alert);
            return;
        }
        self.waiting.push_back(Waiting { alert, tries: 0 });
        if self.waiting.len() > MAX_WAITING {
            let lowest =
                self.waiting.iter().enumerate().min_by_key(|(at, waiting)| (waiting.alert.level, *at));
            let lowest = lowest.map(|(at, _)| at);
            lowest.and_then(|at| self.waiting.remove(at));
            self.counts.dropped = self.counts.dropped.saturating_add(1);
            self.untold_drops = self.untold_drops.saturating_add(1);
        }
    }

    fn hold_back(&mut self, alert: &Alert) {
        const OTHERS: &str = "others";
        self.counts.suppressed = self.counts.suppressed.saturating_add(1);
        self.held_level = if self.held.is_empty() { alert.level } else { self.held_level.max(alert.level) };
        let has_room = self.held.len() < MAX_HELD_CODES || self.held.contains_key(alert.code.as_ref());
        let code = if has_room { alert.code.as_ref() } else { OTHERS };
        let count = self.held.entry(code.to_owned()).or_insert(0);
        *count = count.saturating_add(1);
    }

    /// How many messages the limit leaves now.
    fn free(&self, now: Timestamp) -> usize {
        let since = now.saturating_sub(self.limit.per);
        let recent = self.handed_out.iter().filter(|at| **at > since).count();
        self.limit.messages.saturating_sub(recent)
    }

    /// The next message, if one is due (A4, A5, A10).
    pub(super) fn next(&mut self, now: Timestamp, is_closed: bool) -> Option<Alert> {
        let has_room = is_closed || self.free(now) > 0;
        if self.on_its_way.is_some() || !has_room || self.not_before.is_some_and(|at| now < at) {
            return None;
        }
        self.not_before = None;
        let first = self
            .waiting
            .iter()
            .enumerate()
            .max_by_key(|(at, waiting)| (waiting.alert.level, std::cmp::Reverse(*at)));
        let first = first.map(|(at, _)| at).and_then(|at| self.waiting.remove(at));
        let mut next = first.or_else(|| self.told_held(now))?;
        if self.untold_drops > 0 {
            // Writing to a string cannot fail.
            let _ = write!(
                next.alert.text,
                "\n{} alerts before this were dropped: too many waited.",
                self.untold_drops
            );
            self.untold_drops = 0;
        }
        self.handed_out.push_back(now);
        while self.handed_out.len() > self.limit.messages {
            self.handed_out.pop_front();
        }
        let alert = next.alert.clone();
        self.on_its_way = Some(next);
        Some(alert)
    }

    /// The message of what was held back.
    fn told_held(&mut self, now: Timestamp) -> Option<Waiting> {
        if self.held.is_empty() {
            return None;
        }
        let held = std::mem::take(&mut self.held);
        let total = held.values().fold(0_u64, |sum, count| sum.saturating_add(*count));
        let lines: Vec<_> = held.iter().map(|(code, count)| format!("{count} of {code}")).collect();
        let title = format!("{total} alerts were held back by the limit of this receiver");
        let alert = Alert::new(now, self.held_level, "ALERTS_HELD_BACK", title).text(lines.join("\n"));
        Some(Waiting { alert, tries: 0 })
    }

    pub(super) fn finished(&mut self, outcome: &SendOutcome, now: Timestamp) {
        let Some(mut waiting) = self.on_its_way.take() else { return };
        waiting.tries = waiting.tries.saturating_add(1);
        match outcome {
            SendOutcome::Sent => self.counts.sent = self.counts.sent.saturating_add(1),
            SendOutcome::TryAgain { after } if waiting.tries < MAX_TRIES => {
                let doubled = 1_i64.checked_shl(waiting.tries.saturating_sub(1)).unwrap_or(i64::MAX);
                let pause = after.unwrap_or(TimeDelta::seconds(doubled)).clamp(TimeDelta::ZERO, MAX_BACKOFF);
                self.not_before = Some(now.saturating_add(pause));
                self.waiting.push_front(waiting);
            }
            SendOutcome::TryAgain { .. } | SendOutcome::Refused => {
                self.counts.failed = self.counts.failed.saturating_add(1);
            }
        }
    }

    /// When [`Outbox::next`] has something without anything else happening.
    pub(super) fn next_wake(&self, is_closed: bool) -> Option<Timestamp> {
        if self.on_its_way.is_some() || (self.waiting.is_empty() && self.held.is_empty()) {
            return None;
        }
        let is_full = self.handed_out.len() >= self.limit.messages;
        let oldest = self.handed_out.front().filter(|_| is_full && !is_closed);
        let has_room = oldest.map(|at| at.saturating_add(self.limit.per));
        // With neither it is due at once.
        Some(has_room.max(self.not_before).unwrap_or(Timestamp::MIN))
    }

    /// Gives up everything: how many messages that were.
    pub(super) fn abandon(&mut self) -> u64 {
        let held = u64::from(!std::mem::take(&mut self.held).is_empty());
        let on_its_way = u64::from(self.on_its_way.take().is_some());
        let given_up =
            (self.waiting.drain(..).count() as u64).saturating_add(held).saturating_add(on_its_way);
        self.counts.failed = self.counts.failed.saturating_add(given_up);
        given_up
    }

    pub(super) fn is_idle(&self) -> bool {
        self.on_its_way.is_none() && self.waiting.is_empty() && self.held.is_empty()
    }
}
