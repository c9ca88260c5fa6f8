//! Execution algorithms: how a large order becomes small ones.
//!
//! An algorithm is a state machine without I/O behind one trait, [`ExecutionAlgorithm`], the same in a backtest and live. The
//! engine tells it that something has happened ([`Occasion`]), shows it the order ([`View`]), and carries out what it asks for
//! ([`Actions`]): slices, changes of their prices, cancellations, a time at which it wants to look again. It decides
//! when and how much; that no more is out than is left, that prices and fees stay within the bounds of the order, that
//! a refusal is answered slowly and not without end, and what becomes of the order is the engine's: see the rules of
//! [algorithms](crate#execution-algorithms).
//!
//! Strategies name an algorithm with [`OrderBuilder::via`](algoflow_core::context::OrderBuilder::via). One of the user's own is
//! registered with [`Engine::add_algorithm`](crate::Engine::add_algorithm):
//!
//! ```
//! use algoflow_core::{capabilities::Capabilities, order::algorithm::Algorithm, prelude::*};
//! use algoflow_execution::{Engine, algorithm::{Actions, ExecutionAlgorithm, Occasion, Slice, View}};
//!
//! /// Sends half of what is left, each minute.
//! #[derive(Debug)]
//! struct Halves;
//!
//! impl ExecutionAlgorithm for Halves {
//!     fn step(&mut self, view: &View<'_>, occasion: Occasion<'_>, act: &mut Actions) {
//!         if matches!(occasion, Occasion::Start | Occasion::Time) {
//!             let half = view.remaining().scaled_by(0.5).unwrap_or(view.remaining());
//!             act.slice(Slice::market(half.max(view.least())));
//!             act.wake_at(view.now().saturating_add(TimeDelta::minutes(1)));
//!         }
//!     }
//! }
//!
//! let mut engine = Engine::new(1, "USD".parse()?);
//! engine.add_algorithm("halves", |_parameters| Ok(Box::new(Halves)))?;
//! // A strategy then says: ctx.buy(id, quantity).via(halves).submit()
//! let halves = Algorithm::Custom { name: "halves".into(), parameters: String::new() };
//! # let _ = halves;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod at_once;
mod chunks;
mod draws;
mod finale;
mod iceberg;
mod participation;
mod peg;
mod schedule;
mod slicing;
mod sniper;
mod view;

use std::fmt;

use algoflow_core::{
    id::OrderId,
    market::MarketRef,
    number::{Price, Quantity},
    order::{OrderEvent, algorithm::Algorithm},
    time::Timestamp,
};

pub use schedule::shortfall_weights;
pub use view::View;

pub(crate) use draws::Draws;

/// How an order is worked, as a state machine.
pub trait ExecutionAlgorithm: Send + fmt::Debug {
    /// Whether it is told of market data of its instrument.
    fn listens(&self) -> bool {
        false
    }

    /// Something has happened: what is to be done? It is not called any more once the order is to end.
    fn step(&mut self, view: &View<'_>, occasion: Occasion<'_>, act: &mut Actions);

    /// Its state as JSON, to go on with after a restart. Null if it has none.
    ///
    /// # Errors
    /// What the serializer says.
    fn save(&self) -> Result<serde_json::Value, serde_json::Error> {
        Ok(serde_json::Value::Null)
    }

    /// Takes up the state that [`ExecutionAlgorithm::save`] gave; called once, in place of [`Occasion::Start`].
    ///
    /// # Errors
    /// If it is not such a state.
    fn load(&mut self, _state: serde_json::Value) -> Result<(), serde_json::Error> {
        Ok(())
    }
}

/// Makes an algorithm of the user's own from the text of its parameters, or says what is wrong with them.
pub type AlgorithmFactory = dyn Fn(&str) -> Result<Box<dyn ExecutionAlgorithm>, String> + Send + Sync;

/// Why an algorithm is called.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Occasion<'a> {
    /// The order begins.
    Start,
    /// The time that it asked for has come, or the pause after a slice without a fill is over.
    Time,
    /// Market data of the instrument, if it listens: trades, quotes, and bars of the shortest length seen, from the venue. A price
    /// of a pool is [`MarketRef::Other`]; [`View::last`] has it.
    Market(MarketRef<'a>),
    /// Something happened to a slice. Its fills are counted already. In a backtest on bars the time of what happened inside a bar
    /// is its end, and a slice that is sent in answer acts inside the bar: what is due by the clock is better done at
    /// [`Occasion::Time`].
    Slice(&'a OrderEvent),
    /// The order has another quantity or limit price.
    Amended,
}

/// A part of the order that is to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slice {
    pub(crate) quantity: Quantity,
    pub(crate) price: Option<Price>,
    pub(crate) immediate: bool,
    pub(crate) display: Option<Quantity>,
}

impl Slice {
    /// A slice of the order's own kind: a market order (within the bounds of the order), or a limit order at its limit.
    #[must_use]
    pub const fn market(quantity: Quantity) -> Self {
        Self { quantity, price: None, immediate: false, display: None }
    }

    /// A limit order, at the bound of the order if that is nearer.
    #[must_use]
    pub const fn limit(quantity: Quantity, price: Price) -> Self {
        Self { quantity, price: Some(price), immediate: false, display: None }
    }

    /// Whether it is meant to fill at once: a limit price of its own says that it may rest.
    pub(crate) const fn takes(&self) -> bool {
        self.immediate || self.price.is_none()
    }

    /// What does not fill at once is cancelled, if the venue knows that.
    #[must_use]
    pub const fn immediate(mut self) -> Self {
        self.immediate = true;
        self
    }

    /// Only this much is shown, at a venue that does so itself.
    #[must_use]
    pub const fn display(mut self, quantity: Quantity) -> Self {
        self.display = Some(quantity);
        self
    }
}

/// What an algorithm wants done.
#[derive(Debug, Default)]
pub struct Actions {
    pub(crate) list: Vec<Action>,
    pub(crate) wake: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Action {
    Send(Slice),
    Move { order: OrderId, price: Price },
    Cancel(OrderId),
    Finish,
}

impl Actions {
    /// Sends a slice. It is cut to what is left and to what the venue takes; nothing is sent if that is nothing, or while
    /// [`View::can_send`] says no.
    pub fn slice(&mut self, slice: Slice) {
        self.list.push(Action::Send(slice));
    }

    /// Changes the price of an open slice. Where the venue does not change orders that is refused: see [`View::can_move`].
    pub fn move_to(&mut self, order: OrderId, price: Price) {
        self.list.push(Action::Move { order, price });
    }

    /// Cancels an open slice. What it does not fill is left to be sent again.
    pub fn cancel(&mut self, order: OrderId) {
        self.list.push(Action::Cancel(order));
    }

    /// Ends the order: its slices are cancelled, and then it expires.
    pub fn finish(&mut self) {
        self.list.push(Action::Finish);
    }

    /// Asks to be called again at this time, the earliest that is said during one step. It takes the place of what earlier steps
    /// asked for.
    pub fn wake_at(&mut self, at: Timestamp) {
        self.wake = Some(self.wake.map_or(at, |wake| wake.min(at)));
    }
}

/// The state machine of an algorithm that is built in; `None` for one of the user's own.
pub(crate) fn built_in(algorithm: &Algorithm, parent: OrderId) -> Option<Box<dyn ExecutionAlgorithm>> {
    Some(match algorithm {
        Algorithm::Twap(twap) => Box::new(schedule::Schedule::twap(twap, parent)),
        Algorithm::Vwap(vwap) => Box::new(schedule::Schedule::vwap(vwap.clone(), parent)),
        Algorithm::Shortfall(shortfall) => Box::new(schedule::Schedule::shortfall(shortfall)),
        Algorithm::Participation(participation) => {
            Box::new(participation::Participating::new(*participation))
        }
        Algorithm::Chunks(chunks) => Box::new(chunks::Chunking::new(*chunks, parent)),
        Algorithm::Iceberg(iceberg) => Box::new(iceberg::Floating::new(*iceberg, parent)),
        Algorithm::Sniper(sniper) => Box::new(sniper::Sniping::new(*sniper)),
        Algorithm::Peg(peg) => Box::new(peg::Pegging::new(*peg)),
        Algorithm::AtOnce => Box::new(at_once::Taking),
        _ => return None,
    })
}

/// The state of a built-in algorithm is its data.
macro_rules! saved_as_data {
    () => {
        fn save(&self) -> Result<serde_json::Value, serde_json::Error> {
            serde_json::to_value(self)
        }

        fn load(&mut self, state: serde_json::Value) -> Result<(), serde_json::Error> {
            *self = serde_json::from_value(state)?;
            Ok(())
        }
    };
}
use saved_as_data;
