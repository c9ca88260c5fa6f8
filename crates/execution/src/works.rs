//! Orders that are being worked by algorithms.

use std::{collections::BTreeMap, sync::Arc};

use algoflow_core::{
    Decimal,
    id::OrderId,
    number::{Price, Quantity},
    order::{CancelReason, OrderKind, RejectCode, algorithm::Algorithm},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

use crate::{
    algorithm::{AlgorithmFactory, ExecutionAlgorithm, built_in},
    routing::Routing,
};

/// How an order with an algorithm is to end, once none of its slices can fill any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Finish {
    Cancel(CancelReason),
    Expire,
    /// Its slices were refused too often; the last time for this reason.
    Refused {
        code: RejectCode,
        text: String,
    },
}

/// A change of the order that waits for slices that do not fit it to be gone.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Change {
    pub(crate) kind: OrderKind,
    pub(crate) quantity: Quantity,
}

/// Slices that came back without a fill, and how long none is sent after them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Pause {
    /// How many in a row were refused.
    pub(crate) refusals: u32,
    /// When one last came back without a fill.
    pub(crate) fruitless_at: Timestamp,
    /// None is sent before this.
    pub(crate) until: Timestamp,
    /// Whether the pause is for a refusal: then news of the market do not shorten it.
    pub(crate) is_refused: bool,
}

impl Pause {
    pub(crate) const NONE: Self =
        Self { refusals: 0, fruitless_at: Timestamp::MIN, until: Timestamp::MIN, is_refused: false };

    /// Whether it is too early to send another slice.
    pub(crate) fn is_on(&self, now: Timestamp, is_news: bool) -> bool {
        now < self.until && (self.is_refused || !is_news || now <= self.fruitless_at)
    }
}

/// What the engine keeps of an order that is being worked.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Work {
    pub(crate) instrument: usize,
    pub(crate) algorithm: Algorithm,
    pub(crate) started: Timestamp,
    /// The price when it began.
    pub(crate) arrival: Price,
    /// Its slices that can still fill, oldest first.
    pub(crate) slices: Vec<OrderId>,
    /// What its fills have cost, in the asset of its bound on fees; not counted if there is none.
    pub(crate) fees: Decimal,
    pub(crate) pause: Pause,
    /// Where its slices go, if not to its own instrument alone.
    pub(crate) routing: Option<Box<Routing>>,
    pub(crate) ending: Option<Finish>,
    pub(crate) change: Option<Change>,
    /// How often a venue has refused to cancel a slice since that was last asked for from outside.
    pub(crate) kept: u8,
    /// When it asked to be called.
    pub(crate) wake: Option<Timestamp>,
}

impl Work {
    pub(crate) fn new(instrument: usize, algorithm: Algorithm, started: Timestamp, arrival: Price) -> Self {
        Self {
            instrument,
            algorithm,
            started,
            arrival,
            slices: Vec::new(),
            fees: Decimal::ZERO,
            pause: Pause::NONE,
            routing: None,
            ending: None,
            change: None,
            kept: 0,
            wake: None,
        }
    }

    /// Whether slices of it may go to an instrument.
    pub(crate) fn goes_to(&self, instrument: usize) -> bool {
        self.instrument == instrument
            || self.routing.as_ref().is_some_and(|routing| routing.goes_to(instrument))
    }

    /// The pause that counts for an instrument.
    pub(crate) fn pause_mut(&mut self, instrument: usize) -> &mut Pause {
        match self.routing.as_mut().and_then(|routing| routing.leg_mut(instrument)) {
            Some(leg) => &mut leg.pause,
            None => &mut self.pause,
        }
    }
}

/// An order that is being worked, as it is written down.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct SavedWork {
    pub(crate) parent: OrderId,
    pub(crate) work: Work,
    /// What its algorithm says of itself.
    pub(crate) state: serde_json::Value,
}

/// Every order that is being worked, and what can work them.
#[derive(Default)]
pub(crate) struct Works {
    pub(crate) all: BTreeMap<OrderId, Work>,
    runners: BTreeMap<OrderId, Box<dyn ExecutionAlgorithm>>,
    /// How many of them listen to the market; a plain field, since it is read for every event.
    listening: usize,
    factories: BTreeMap<String, Arc<AlgorithmFactory>>,
}

impl std::fmt::Debug for Works {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Works").field("all", &self.all).finish_non_exhaustive()
    }
}

impl Works {
    /// Whether no algorithm wants market data.
    #[inline]
    pub(crate) fn are_deaf(&self) -> bool {
        self.listening == 0
    }

    /// Takes up an algorithm of the user's own. False if the name is taken.
    pub(crate) fn register(&mut self, name: &str, factory: Arc<AlgorithmFactory>) -> bool {
        let is_new = !self.factories.contains_key(name);
        if is_new {
            self.factories.insert(name.to_owned(), factory);
        }
        is_new
    }

    /// The state machine of an algorithm, or what is wrong with it.
    pub(crate) fn make(
        &self,
        algorithm: &Algorithm,
        parent: OrderId,
    ) -> Result<Box<dyn ExecutionAlgorithm>, (RejectCode, String)> {
        if let Some(runner) = built_in(algorithm, parent) {
            return Ok(runner);
        }
        let name = algorithm.name();
        let (Algorithm::Custom { parameters, .. }, Some(factory)) = (algorithm, self.factories.get(name))
        else {
            let text = format!("no algorithm of the name {name:?} was registered");
            return Err((RejectCode::Unsupported, text));
        };
        factory(parameters).map_err(|problem| (RejectCode::InvalidOrder, format!("{name}: {problem}")))
    }

    pub(crate) fn insert(&mut self, parent: OrderId, work: Work, runner: Box<dyn ExecutionAlgorithm>) {
        self.listening += usize::from(runner.listens());
        self.all.insert(parent, work);
        self.runners.insert(parent, runner);
    }

    pub(crate) fn remove(&mut self, parent: OrderId) {
        self.all.remove(&parent);
        if let Some(runner) = self.runners.remove(&parent) {
            self.listening = self.listening.saturating_sub(usize::from(runner.listens()));
        }
    }

    /// The state machine of an order, to be called; to be put back.
    pub(crate) fn take_runner(&mut self, parent: OrderId) -> Option<Box<dyn ExecutionAlgorithm>> {
        self.runners.remove(&parent)
    }

    pub(crate) fn put_back(&mut self, parent: OrderId, runner: Box<dyn ExecutionAlgorithm>) {
        self.runners.insert(parent, runner);
    }

    /// The orders on an instrument.
    pub(crate) fn on(&self, instrument: usize) -> Vec<OrderId> {
        let on_it = self.all.iter().filter(|(_, work)| work.goes_to(instrument));
        on_it.map(|(parent, _)| *parent).collect()
    }

    /// The orders whose algorithms listen to an instrument: their own, and those that take what is there also to the listings of
    /// their route.
    pub(crate) fn listeners(&self, instrument: usize) -> Vec<OrderId> {
        let listens = |parent: &OrderId| self.runners.get(parent).is_some_and(|runner| runner.listens());
        let heard = self.all.iter().filter(|(_, work)| {
            let hears_all = matches!(work.algorithm, Algorithm::AtOnce);
            work.instrument == instrument || (hears_all && work.goes_to(instrument))
        });
        heard.map(|(parent, _)| *parent).filter(listens).collect()
    }

    /// Everything that is being worked, to go on with after a restart.
    pub(crate) fn save(&self) -> Result<Vec<SavedWork>, serde_json::Error> {
        let Self { all, runners, listening: _, factories: _ } = self;
        let saved = all.iter().map(|(parent, work)| {
            let state = runners.get(parent).map_or(Ok(serde_json::Value::Null), |runner| runner.save())?;
            Ok(SavedWork { parent: *parent, work: work.clone(), state })
        });
        saved.collect()
    }

    /// None yet, with the same algorithms of the user's own.
    pub(crate) fn anew(&self) -> Self {
        Self { factories: self.factories.clone(), ..Self::default() }
    }

    /// Takes up what was saved. Algorithms of the user's own have to be registered before.
    pub(crate) fn restore(&mut self, saved: Vec<SavedWork>) -> Result<(), String> {
        for SavedWork { parent, work, state } in saved {
            let mut runner = self.make(&work.algorithm, parent).map_err(|(_, text)| text)?;
            runner.load(state).map_err(|error| format!("the state of order {parent}: {error}"))?;
            self.insert(parent, work, runner);
        }
        Ok(())
    }
}
