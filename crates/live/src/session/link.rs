use std::collections::{BTreeMap, BTreeSet, VecDeque};

use algoflow_core::{
    command::{OrderRef, Submit},
    id::OrderId,
    order::OrderEvent,
    time::{TimeDelta, Timestamp},
    trading::Standing,
};

use super::{
    Now, RequestId, SessionConfig, VenueFacts,
    liveness::{Doubtful, Hearing},
    warm_up::WarmUp,
};

/// Why it is not known what became of an order, and since when.
#[derive(Clone, Copy, Debug)]
pub(super) struct Doubt {
    /// When the last request for it was sent, as time the process has run.
    pub(super) sent: TimeDelta,
    /// The new order, if it is not known whether the venue has it.
    pub(super) submit: Option<Submit>,
    /// It was sent a second time (N3).
    pub(super) resent: bool,
}

/// A snapshot that was asked for.
#[derive(Clone, Debug)]
pub(super) struct Pending {
    pub(super) request: RequestId,
    /// The orders whose requests can take no effect any more since before it was asked for (Y1).
    pub(super) settled: BTreeSet<OrderId>,
}

/// What a session knows of a venue.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) facts: VenueFacts,
    /// The stream is connected.
    pub(super) up: bool,
    /// Its account is known to agree with our books.
    pub(super) ready: bool,
    /// What the engine was told of it.
    pub(super) standing: Option<Standing>,
    pub(super) snapshot: Option<Pending>,
    /// When the next snapshot is due.
    pub(super) next_snapshot: Option<TimeDelta>,
    /// How many snapshots in a row did not agree, or did not come.
    pub(super) unclean: u32,
    /// Up to where the account is known, by the venue's clock.
    pub(super) since: Timestamp,
    /// What the stream told of orders while a snapshot was on its way (N4).
    pub(super) held: Vec<OrderEvent>,
    pub(super) doubts: BTreeMap<OrderId, Doubt>,
    pub(super) newest: BTreeMap<OrderId, Timestamp>,
    pub(super) newest_fill: Option<Timestamp>,
    pub(super) missing: BTreeMap<OrderId, u32>,
    /// Cancellations that are to be sent again, with the time at which they are due and how often they were sent.
    pub(super) to_cancel: VecDeque<(TimeDelta, u32, OrderRef)>,
    /// How often cancellations were sent whose answer is not there yet.
    pub(super) cancel_tries: BTreeMap<RequestId, u32>,
    /// When it was last heard of.
    pub(super) heard: TimeDelta,
    /// The venue does not answer questions about single orders.
    pub(super) no_single_orders: bool,
    /// The venue does not tell its time.
    pub(super) no_clock: bool,
    /// When its clock is to be compared next, and how far it was ahead of ours.
    pub(super) next_clock: Option<TimeDelta>,
    pub(super) clock_skew: Option<TimeDelta>,
    /// When its subscriptions were last heard of.
    pub(super) hearing: Hearing,
    /// Why it is not relied on even though its account agrees.
    pub(super) doubtful: BTreeMap<Doubtful, String>,
    /// How far its past is known to strategies.
    pub(super) warm_up: WarmUp,
    /// Up to where they know it already, if they have begun.
    pub(super) known_until: Option<Timestamp>,
    /// The time of the last market data.
    pub(super) last_data: Option<Timestamp>,
    /// The venue does not tell of the past.
    pub(super) no_history: bool,
}

impl Link {
    pub(super) fn new(facts: VenueFacts, known_until: Option<Timestamp>) -> Self {
        Self {
            facts,
            up: false,
            ready: false,
            standing: None,
            snapshot: None,
            next_snapshot: None,
            unclean: 0,
            since: Timestamp::MIN,
            held: Vec::new(),
            doubts: BTreeMap::new(),
            newest: BTreeMap::new(),
            newest_fill: None,
            missing: BTreeMap::new(),
            to_cancel: VecDeque::new(),
            cancel_tries: BTreeMap::new(),
            heard: TimeDelta::ZERO,
            no_single_orders: false,
            no_clock: false,
            next_clock: None,
            clock_skew: None,
            hearing: Hearing::default(),
            doubtful: BTreeMap::new(),
            warm_up: WarmUp::default(),
            known_until,
            last_data: None,
            no_history: false,
        }
    }

    /// A snapshot is wanted now.
    pub(super) fn ask_soon(&mut self, now: Now) {
        self.next_snapshot = Some(self.next_snapshot.map_or(now.running, |next| next.min(now.running)));
    }

    /// How long to wait before the next snapshot.
    pub(super) fn pause(&self, config: &SessionConfig) -> TimeDelta {
        if self.unclean == 0 {
            return config.reconcile_every;
        }
        let doublings = self.unclean.saturating_sub(1).min(16);
        let nanos = config.reconcile_retry.nanos().saturating_mul(1 << doublings);
        TimeDelta::from_nanos(nanos).min(config.reconcile_every)
    }

    /// When something is due.
    pub(super) fn wakeups(&self, config: &SessionConfig) -> impl Iterator<Item = TimeDelta> {
        let snapshot = self.next_snapshot.filter(|_| self.up && self.snapshot.is_none());
        let cancel = self.to_cancel.iter().map(|(due, ..)| *due).min().filter(|_| self.up);
        let stale = config.stale_after.filter(|_| self.up && !self.facts.is_paced);
        let stale = stale.map(|after| self.heard.saturating_add(after));
        let live = self.up && !self.facts.is_paced;
        let clock = self.next_clock.filter(|_| live && !self.no_clock && config.max_clock_skew.is_some());
        let look = self.hearing.next_look.filter(|_| live && config.stale_data_after.is_some());
        [snapshot, cancel, stale, clock, look].into_iter().flatten()
    }
}
