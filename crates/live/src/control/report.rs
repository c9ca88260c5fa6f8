//! What a process tells of itself. Amounts are text, with every digit.

use algoflow_core::{
    Decimal,
    id::{Asset, InstrumentId, OrderId, StrategyId, VenueId},
    number::{Money, Price, Quantity},
    order::{Fill, Liquidity, Order, OrderKind, OrderStatus, Side},
    state::State,
    time::Timestamp,
    trading::TradingState,
};
use algoflow_execution::{Engine, risk::RiskLimits};
use serde::{Deserialize, Serialize};

use crate::{driver::View, session::Phase};

/// How many orders or fills an answer lists at most. How many were left out is said.
pub const MAX_ROWS: usize = 1_000;

/// How trading stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StatusReport {
    /// The version of the software.
    pub software: String,
    /// The number of the process.
    pub pid: u32,
    /// `starting`, `running`, `stopping` or `stopped`.
    pub phase: String,
    /// The engine's time.
    pub now: Timestamp,
    /// The last entry of the journal.
    pub sequence: u64,
    /// The last that is durable.
    pub durable: u64,
    /// What may be traded by the account.
    pub trading: TradingState,
    /// What everything is worth, if every price is known.
    pub equity: Option<Money>,
    /// How many orders are open.
    pub open_orders: usize,
    /// Of how many orders it is not known what became of them.
    pub in_doubt: usize,
    /// The venues.
    pub venues: Vec<VenueRow>,
    /// The strategies.
    pub strategies: Vec<StrategyRow>,
    /// The limits of the account.
    pub limits: RiskLimits,
}

/// A venue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VenueRow {
    /// Its name.
    pub venue: VenueId,
    /// Whether its account is known to agree with our books.
    pub ready: bool,
}

/// A strategy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StrategyRow {
    /// Its name.
    pub strategy: StrategyId,
    /// What it may trade.
    pub trading: TradingState,
    /// By which error of its own it was halted.
    pub halted: Option<String>,
}

/// Orders, newest first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OrdersReport {
    /// The orders.
    pub orders: Vec<OrderRow>,
    /// How many more there are.
    pub left_out: usize,
}

/// An order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OrderRow {
    /// Its id.
    pub order: OrderId,
    /// The venue's.
    pub venue_order: Option<String>,
    /// Whose it is, if that strategy is there.
    pub strategy: Option<StrategyId>,
    /// What is traded.
    pub instrument: InstrumentId,
    /// Bought or sold.
    pub side: Side,
    /// Which kind of order, with its prices.
    pub kind: OrderKind,
    /// How much was asked for, in whatever the order counts.
    pub quantity: Quantity,
    /// How much has filled, in units of the base.
    pub filled: Quantity,
    /// Where it stands.
    pub status: OrderStatus,
    /// When it was made.
    pub created: Timestamp,
    /// When it last changed.
    pub updated: Timestamp,
}

/// Positions and balances.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PositionsReport {
    /// Positions that are open, by strategy.
    pub positions: Vec<PositionRow>,
    /// What the accounts hold.
    pub balances: Vec<BalanceRow>,
}

/// A position of a strategy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PositionRow {
    /// Whose.
    pub strategy: StrategyId,
    /// In what.
    pub instrument: InstrumentId,
    /// How much, negative if short.
    pub quantity: Quantity,
    /// At which price on average.
    pub average_price: Option<Decimal>,
    /// The last price.
    pub mark: Option<Price>,
    /// What closing it at that price would earn, in the settlement asset.
    pub unrealized: Option<Decimal>,
    /// What was earned by closing, before fees, in the settlement asset.
    pub realized: Decimal,
}

/// What an account holds of an asset.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BalanceRow {
    /// Where.
    pub venue: VenueId,
    /// Of what.
    pub asset: Asset,
    /// How much.
    pub total: Decimal,
    /// How much of it is kept for open orders.
    pub reserved: Decimal,
}

/// Fills, newest first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FillsReport {
    /// The fills.
    pub fills: Vec<FillRow>,
    /// How many more are remembered. The journal has them all.
    pub left_out: usize,
}

/// A fill.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FillRow {
    /// Of which order.
    pub order: OrderId,
    /// Whose it was, if that strategy is there.
    pub strategy: Option<StrategyId>,
    /// What was traded.
    pub instrument: InstrumentId,
    /// Bought or sold.
    pub side: Side,
    /// How much, in units of the base.
    pub quantity: Quantity,
    /// At which price.
    pub price: Price,
    /// What the venue took for it.
    pub fee: Money,
    /// Whether it added or took liquidity.
    pub liquidity: Liquidity,
    /// When it happened.
    pub at: Timestamp,
}

fn phase_name(phase: Phase) -> &'static str {
    match phase {
        Phase::Starting => "starting",
        Phase::Running => "running",
        Phase::Stopping { .. } => "stopping",
        Phase::Stopped => "stopped",
    }
}

/// Whose order it is: the index of the strategy is in its id.
fn strategy_of(state: &State, order: OrderId) -> Option<StrategyId> {
    state.strategies.get(usize::from(order.strategy)).copied()
}

impl StatusReport {
    /// Of what is seen.
    #[must_use]
    pub fn of(view: View<'_>) -> Self {
        let (status, engine) = (view.status, view.engine);
        let venues = status.venues.iter().map(|(venue, ready)| VenueRow { venue: *venue, ready: *ready });
        Self {
            software: env!("CARGO_PKG_VERSION").to_owned(),
            pid: std::process::id(),
            phase: phase_name(status.phase).to_owned(),
            now: status.now,
            sequence: status.sequence,
            durable: status.durable,
            trading: engine.trading_state(None).unwrap_or_default(),
            equity: status.equity,
            open_orders: status.open_orders,
            in_doubt: status.in_doubt,
            venues: venues.collect(),
            strategies: engine.state().strategies.iter().map(|name| StrategyRow::of(*name, engine)).collect(),
            limits: engine.limits(None).cloned().unwrap_or_default(),
        }
    }
}

impl StrategyRow {
    fn of(strategy: StrategyId, engine: &Engine) -> Self {
        let halt = engine.halts().iter().find(|halt| halt.strategy == strategy);
        Self {
            strategy,
            trading: engine.trading_state(Some(strategy)).unwrap_or_default(),
            halted: halt.map(|halt| format!("{}: {}", halt.code, halt.reason)),
        }
    }
}

impl OrdersReport {
    /// Those that are open, or all that are still known; `limit` of them at most.
    #[must_use]
    pub fn of(view: View<'_>, all: bool, limit: Option<usize>) -> Self {
        let state = view.engine.state();
        let limit = limit.unwrap_or(MAX_ROWS).min(MAX_ROWS);
        let (orders, count) = if all {
            let newest = state.orders.iter().rev().take(limit);
            (newest.map(|order| OrderRow::of(&order, state)).collect(), state.orders.len())
        } else {
            let newest = state.orders.open().rev().take(limit);
            (newest.map(|order| OrderRow::of(order, state)).collect::<Vec<_>>(), state.orders.open().count())
        };
        let left_out = count.saturating_sub(orders.len());
        Self { orders, left_out }
    }
}

impl OrderRow {
    fn of(order: &Order, state: &State) -> Self {
        Self {
            order: order.id,
            venue_order: order.venue_order.as_ref().map(|id| id.to_string()),
            strategy: strategy_of(state, order.id),
            instrument: order.spec.instrument,
            side: order.spec.side,
            kind: order.spec.kind,
            quantity: order.spec.quantity.value(),
            filled: order.filled,
            status: order.status,
            created: order.ts_created,
            updated: order.ts_updated,
        }
    }
}

impl PositionsReport {
    /// Of what is seen.
    #[must_use]
    pub fn of(view: View<'_>) -> Self {
        let state = view.engine.state();
        let portfolio = &state.portfolio;
        let mut positions = Vec::new();
        for (owner, strategy) in state.strategies.iter().enumerate() {
            for (index, listed) in state.instruments.iter().enumerate() {
                let position = portfolio.strategy_position(owner, index);
                if position.is_flat() {
                    continue;
                }
                let (spec, mark) = (&listed.spec, portfolio.mark(index));
                positions.push(PositionRow {
                    strategy: *strategy,
                    instrument: spec.id,
                    quantity: position.quantity,
                    average_price: position.average_price(spec),
                    mark,
                    unrealized: mark.and_then(|mark| position.unrealized(spec, mark).ok()),
                    realized: position.realized(),
                });
            }
        }
        let balances = portfolio.balances().map(|(venue, asset, balance)| BalanceRow {
            venue,
            asset,
            total: balance.total,
            reserved: balance.reserved,
        });
        Self { positions, balances: balances.collect() }
    }
}

impl FillsReport {
    /// `limit` of them at most.
    #[must_use]
    pub fn of(view: View<'_>, limit: Option<usize>) -> Self {
        let state = view.engine.state();
        let limit = limit.unwrap_or(MAX_ROWS).min(MAX_ROWS);
        let fills: Vec<_> =
            view.fills.iter().rev().take(limit).map(|fill| FillRow::of(fill, state)).collect();
        let left_out = view.fills.iter().len().saturating_sub(fills.len());
        Self { fills, left_out }
    }
}

impl FillRow {
    fn of(fill: &Fill, state: &State) -> Self {
        Self {
            order: fill.order,
            strategy: strategy_of(state, fill.order),
            instrument: fill.instrument,
            side: fill.side,
            quantity: fill.quantity,
            price: fill.price,
            fee: fill.fee,
            liquidity: fill.liquidity,
            at: fill.ts_event,
        }
    }
}
