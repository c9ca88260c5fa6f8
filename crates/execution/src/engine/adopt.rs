//! What a venue says that no order of ours explains.
//!
//! - **X1** What is not of a strategy is of [`EXTERNAL`]: a strategy of that name which asks for nothing. Its sub-ledger holds what was
//!   made elsewhere, so the strategies still add up to the account.
//! - **X2** An order that was made elsewhere and is adopted is an order like others: its fills are taken in, it can be cancelled. What
//!   it had filled before does not count. Money is set aside for it if it is there.
//! - **X3** A difference of a balance is paid in or out. A difference of a position in contracts is a fill without fee at the price
//!   given, so that the books stay exact.
//! - **X4** A report that cannot be true (an order that was never made, a step that no order can take) ends the run, unless
//!   [`Engine::tolerate`] was called: then it changes nothing and is written down as an [`Anomaly`], and an order's end that is
//!   told again is no anomaly. A backtest is strict, since there such a report is a defect; venues do repeat themselves.
//! - **X5** During a warm-up strategies are told of data; the orders that they ask for are denied, and nobody is told of that.
//! - **X6** After the end of trading what strategies ask for is denied, but for what they asked for when they were told of the end.
//!   Cancellations are carried out, and linked orders still protect what fills late. Trading can go on: strategies are not
//!   started a second time.
//! - **X7** What is told during a warm-up is past: it changes no price that is known, sets off no order, pays nothing, and counts for no limit.
//!   It only goes to strategies, to the bars that are kept for them, and to the bars that are built.

use algoflow_core::{
    command::Command,
    error::StrategyError,
    id::{ExecutionId, InstrumentId, OrderId, StrategyId, VenueId, VenueOrderId},
    number::{Money, Price, Quantity},
    order::{Fill, Liquidity, OrderEvent, OrderEventKind, OrderSpec, RejectCode, Side},
    state::Request,
    strategy::{Strategy, StrategyResult},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

use super::{Engine, submit::Refusal};
use crate::{error::EngineError, input::Input};

/// The name of the strategy that has what no other strategy has.
pub const EXTERNAL: &str = "external";

/// How many anomalies are kept; more are counted, not kept.
pub const MAX_ANOMALIES: usize = 1_024;

/// An order of the account that was made elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Adopted {
    /// The venue's id of it.
    pub venue_order: VenueOrderId,
    /// What is asked for. The quantity is what is left to fill.
    pub spec: OrderSpec,
    /// How much of it had filled before.
    #[serde(default)]
    pub filled: Quantity,
    /// The fills before: when they are told again they are known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fills: Vec<ExecutionId>,
    /// When.
    pub at: Timestamp,
}

/// A difference between our books and the venue's, which nothing explains: ours are set right.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "adjust", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Adjustment {
    /// An account holds this much more of an asset, or less.
    Balance {
        /// At which venue.
        venue: VenueId,
        /// How much more.
        money: Money,
        /// When.
        at: Timestamp,
    },
    /// A position in contracts is larger by this much, or smaller.
    Position {
        /// In what.
        instrument: InstrumentId,
        /// How much more, signed.
        quantity: Quantity,
        /// At which price it is taken into the books.
        price: Price,
        /// Names it: the same twice is taken in once for each time.
        id: ExecutionId,
        /// When.
        at: Timestamp,
    },
}

/// A report that cannot be true.
#[derive(Clone, Debug, PartialEq)]
pub struct Anomaly {
    /// The report.
    pub event: OrderEvent,
    /// The stable code of what is wrong with it.
    pub code: &'static str,
    /// What is wrong with it.
    pub reason: String,
}

/// Asks for nothing.
struct External;

impl Strategy for External {
    fn save(&self) -> Result<Option<serde_json::Value>, StrategyError> {
        Ok(Some(serde_json::Value::Null))
    }
    fn load(&mut self, _state: serde_json::Value) -> StrategyResult {
        Ok(())
    }
}

impl Engine {
    /// From now on reports of venues that cannot be true change nothing and are written down (X4), and what is made elsewhere has
    /// an owner (X1). To be called before the start, by a driver of venues that are not simulated.
    ///
    /// # Errors
    /// See [`Engine::add_strategy`].
    pub fn tolerate(&mut self) -> Result<(), EngineError> {
        let name = StrategyId::new(EXTERNAL).map_err(algoflow_core::error::InstrumentError::from)?;
        self.add_strategy(name, Box::new(External))?;
        self.anomalies = Some(Vec::new());
        Ok(())
    }

    /// The reports that could not be true since this was last asked.
    pub fn take_anomalies(&mut self) -> Vec<Anomaly> {
        self.anomalies.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Whether a fill of an order was taken in, as far back as fills are remembered
    /// ([`MAX_KNOWN_FILLS`](crate::MAX_KNOWN_FILLS)).
    #[must_use]
    pub fn knows_fill(&self, order: OrderId, fill: &ExecutionId) -> bool {
        self.state.orders.entry(order).is_some_and(|entry| self.fills.knows(entry.last_fill, fill))
    }

    /// How much of an order that was made elsewhere had filled before it was adopted: the venue counts it, our books do not.
    #[must_use]
    pub fn filled_before(&self, order: OrderId) -> Quantity {
        self.adopted.get(&order).copied().unwrap_or_default()
    }

    /// Whose it is what no strategy has.
    #[must_use]
    pub fn external(&self) -> Option<usize> {
        self.state.strategies.iter().position(|name| name.as_str() == EXTERNAL)
    }

    /// A report that cannot be true (X4).
    #[cold]
    pub(super) fn impossible(&mut self, event: &OrderEvent, error: EngineError) -> Result<(), EngineError> {
        let Some(anomalies) = &mut self.anomalies else { return Err(error) };
        if anomalies.len() < MAX_ANOMALIES {
            let (code, reason) = (error.code(), error.to_string());
            anomalies.push(Anomaly { event: event.clone(), code, reason });
        }
        Ok(())
    }

    /// Refuses what a strategy asks of orders during a warm-up (X5) and after the end (X6). False if it may be carried out.
    #[cold]
    pub(super) fn refuse_out_of_hours(
        &mut self,
        request: &Request,
        commands: &mut Vec<Command>,
    ) -> Result<bool, EngineError> {
        match request {
            Request::Submit(id) => {
                let why =
                    if self.warming { "no order is sent during a warm-up" } else { "trading has ended" };
                self.deny(*id, Refusal::new(RejectCode::VenueNotReady, why), commands)?;
                Ok(true)
            }
            Request::Cancel(_) | Request::Amend { .. } => Ok(self.warming),
            _ => Ok(false),
        }
    }

    /// [`Input::Adopt`] without the wrapping (X2).
    ///
    /// # Errors
    /// See [`Engine::process`].
    pub fn adopt(&mut self, order: &Adopted, commands: &mut Vec<Command>) -> Result<(), EngineError> {
        self.journaled(
            || Input::Adopt(order.clone()),
            commands,
            |engine, commands| {
                engine.state.now = engine.state.now.max(order.at);
                engine.take_order(order)?;
                engine.settle(commands)
            },
        )
    }

    fn take_order(&mut self, adopted: &Adopted) -> Result<(), EngineError> {
        let id = adopted.spec.instrument;
        let unknown = || EngineError::UnknownInstrument { instrument: id };
        let instrument = self.state.instruments.index(id).ok_or_else(unknown)?;
        let owner = self.external().ok_or(EngineError::NotTolerant)?;
        let mut spec = adopted.spec;
        // Its links, if it has any, are the venue's.
        spec.contingency = algoflow_core::order::Contingency::default();
        let order = self.state.orders.create(owner, instrument, spec, self.state.now);
        if adopted.filled.is_positive() {
            self.adopted.insert(order, adopted.filled);
        }
        if let Some(entry) = self.state.orders.entry_mut(order) {
            for fill in &adopted.fills {
                self.fills.is_new(&mut entry.last_fill, fill);
            }
        }
        // If there is no money to be set aside the venue knows better: it has the order.
        let _ = self.reserve(order, instrument)?;
        self.note(order, OrderEventKind::Submitted)?;
        self.note(order, OrderEventKind::Accepted { venue_order: Some(adopted.venue_order.clone()) })
    }

    /// [`Input::Adjust`] without the wrapping (X3).
    ///
    /// # Errors
    /// See [`Engine::process`].
    pub fn adjust(
        &mut self,
        adjustment: &Adjustment,
        commands: &mut Vec<Command>,
    ) -> Result<(), EngineError> {
        self.journaled(
            || Input::Adjust(adjustment.clone()),
            commands,
            |engine, commands| {
                engine.set_right(adjustment, commands)?;
                engine.settle(commands)
            },
        )
    }

    fn set_right(&mut self, adjustment: &Adjustment, commands: &mut Vec<Command>) -> Result<(), EngineError> {
        match adjustment {
            Adjustment::Balance { venue, money, at } => {
                self.state.now = self.state.now.max(*at);
                // No profit and no loss.
                Ok(self.pay(|engine| engine.state.portfolio.deposit(*venue, *money))?)
            }
            Adjustment::Position { instrument, quantity, price, id, at } => {
                self.state.now = self.state.now.max(*at);
                let unknown = || EngineError::UnknownInstrument { instrument: *instrument };
                let index = self.state.instruments.index(*instrument).ok_or_else(unknown)?;
                let owner = self.external().ok_or(EngineError::NotTolerant)?;
                let known = self.state.instruments.get(index).ok_or_else(unknown)?;
                let fee = Money::new(rust_decimal::Decimal::ZERO, known.spec.settlement);
                let side = if quantity.is_negative() { Side::Sell } else { Side::Buy };
                let fill = Fill {
                    id: id.clone(),
                    order: OrderId { run: 0, strategy: 0, sequence: 0 },
                    instrument: *instrument,
                    side,
                    price: *price,
                    quantity: quantity.checked_abs().map_err(algoflow_core::error::AccountError::from)?,
                    liquidity: Liquidity::Taker,
                    fee,
                    ts_event: *at,
                    ts_recv: *at,
                };
                if fill.quantity.is_zero() {
                    return Ok(());
                }
                let id = OrderId { strategy: u16::try_from(owner).unwrap_or(u16::MAX), ..fill.order };
                self.take_fill(id, index, &fill, false)?;
                self.shrink_reducing(index, commands)
            }
        }
    }

    /// What strategies are subscribed to, each thing once.
    #[must_use]
    pub fn subscriptions(&self) -> Vec<algoflow_core::state::Subscription> {
        let ids = self.state.instruments.iter().map(|known| known.spec.id);
        ids.enumerate().flat_map(|(index, id)| self.routes.subscriptions(index, id)).collect()
    }

    /// Counts up with every subscription.
    #[must_use]
    pub fn subscription_count(&self) -> u64 {
        self.routes.count()
    }
}
