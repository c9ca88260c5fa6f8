use super::Context;
use crate::{
    error::{OrderError, StrategyError},
    id::OrderId,
    number::{Money, Price, Quantity},
    order::{
        OrderKind, OrderRole, OrderSpec, TimeInForce, TrailingOffset, TriggerBy, algorithm::Algorithm,
        route::Route,
    },
};

/// An order in the making. Nothing is sent before [`OrderBuilder::submit`].
///
/// A market order, good till cancelled, unless a method says otherwise.
#[derive(Debug)]
#[must_use = "an order is only sent by `submit`"]
pub struct OrderBuilder<'c, 'a> {
    context: &'c mut Context<'a>,
    spec: OrderSpec,
    bracket: Option<Bracket>,
    /// What does not go together, if something does not; [`OrderBuilder::submit`] says it.
    conflict: Option<&'static str>,
}

#[derive(Clone, Copy, Debug)]
struct Bracket {
    take_profit: Option<Price>,
    stop: Option<OrderKind>,
}

impl<'c, 'a> OrderBuilder<'c, 'a> {
    #[inline]
    pub(super) fn new(context: &'c mut Context<'a>, spec: OrderSpec) -> Self {
        Self { context, spec, bracket: None, conflict: None }
    }

    /// At `price` or better. After [`OrderBuilder::stop`] or [`OrderBuilder::if_touched`]: a limit order once the trigger
    /// is reached.
    pub fn limit(mut self, price: Price) -> Self {
        self.refuse_trailing();
        self.spec.kind = match self.spec.kind {
            OrderKind::Stop { trigger } | OrderKind::StopLimit { trigger, .. } => {
                OrderKind::StopLimit { trigger, price }
            }
            OrderKind::MarketIfTouched { trigger } | OrderKind::LimitIfTouched { trigger, .. } => {
                OrderKind::LimitIfTouched { trigger, price }
            }
            _ => OrderKind::Limit { price },
        };
        self
    }

    /// Only once the price is at `trigger` or worse.
    pub fn stop(mut self, trigger: Price) -> Self {
        self.refuse_trailing();
        self.spec.kind = match self.spec.kind.limit_price() {
            Some(price) => OrderKind::StopLimit { trigger, price },
            None => OrderKind::Stop { trigger },
        };
        self
    }

    /// Only once the price is at `trigger` or better.
    pub fn if_touched(mut self, trigger: Price) -> Self {
        self.refuse_trailing();
        self.spec.kind = match self.spec.kind.limit_price() {
            Some(price) => OrderKind::LimitIfTouched { trigger, price },
            None => OrderKind::MarketIfTouched { trigger },
        };
        self
    }

    /// A stop that follows the price at a distance.
    pub fn trailing(mut self, offset: TrailingOffset) -> Self {
        if self.spec.kind != OrderKind::Market {
            self.conflict = Some("a trailing stop has no other trigger and no limit price");
        }
        self.spec.kind = OrderKind::TrailingStop { offset, activation: None };
        self
    }

    /// For a trailing stop, after [`OrderBuilder::trailing`]: follow only once the price has reached this.
    pub fn activate_at(mut self, price: Price) -> Self {
        match self.spec.kind {
            OrderKind::TrailingStop { offset, .. } => {
                self.spec.kind = OrderKind::TrailingStop { offset, activation: Some(price) };
            }
            _ => self.conflict = Some("only a trailing stop has an activation price; say `trailing` first"),
        }
        self
    }

    fn refuse_trailing(&mut self) {
        if matches!(self.spec.kind, OrderKind::TrailingStop { .. }) {
            self.conflict = Some("a trailing stop has no other trigger and no limit price");
        }
    }

    /// How long the order stays.
    pub fn tif(mut self, time_in_force: TimeInForce) -> Self {
        self.spec.time_in_force = time_in_force;
        self
    }

    /// Which price sets it off.
    pub fn trigger_by(mut self, trigger_by: TriggerBy) -> Self {
        self.spec.trigger_by = trigger_by;
        self
    }

    /// Only add liquidity.
    pub fn post_only(mut self) -> Self {
        self.spec.flags.post_only = true;
        self
    }

    /// Only make the position smaller.
    pub fn reduce_only(mut self) -> Self {
        self.spec.flags.reduce_only = true;
        self
    }

    /// Show only this much at a time.
    pub fn display(mut self, quantity: Quantity) -> Self {
        self.spec.flags.display = Some(quantity);
        self
    }

    /// Not more than this many basis points away from the price at submission.
    pub fn max_slippage(mut self, basis_points: u32) -> Self {
        self.spec.protection.max_slippage_bps = Some(basis_points);
        self
    }

    /// Not at a worse price than this.
    pub fn worst_price(mut self, price: Price) -> Self {
        self.spec.protection.worst_price = Some(price);
        self
    }

    /// Not for a higher fee than this.
    pub fn max_fee(mut self, fee: Money) -> Self {
        self.spec.protection.max_fee = Some(fee);
        self
    }

    /// Once it fills, protect what filled: a limit order that takes the profit and a stop that bounds the loss. What one
    /// of them fills the other loses; they cancel each other.
    pub fn bracket(mut self, take_profit: Price, stop_loss: Price) -> Self {
        self.bracket = Some(Bracket {
            take_profit: Some(take_profit),
            stop: Some(OrderKind::Stop { trigger: stop_loss }),
        });
        self
    }

    /// Once it fills, a limit order that takes the profit.
    pub fn take_profit(mut self, price: Price) -> Self {
        let stop = self.bracket.and_then(|bracket| bracket.stop);
        self.bracket = Some(Bracket { take_profit: Some(price), stop });
        self
    }

    /// Once it fills, a stop that bounds the loss.
    pub fn stop_loss(mut self, trigger: Price) -> Self {
        let take_profit = self.bracket.and_then(|bracket| bracket.take_profit);
        self.bracket = Some(Bracket { take_profit, stop: Some(OrderKind::Stop { trigger }) });
        self
    }

    /// Once it fills, a stop that follows the price.
    pub fn trailing_stop_loss(mut self, offset: TrailingOffset) -> Self {
        let take_profit = self.bracket.and_then(|bracket| bracket.take_profit);
        let stop = OrderKind::TrailingStop { offset, activation: None };
        self.bracket = Some(Bracket { take_profit, stop: Some(stop) });
        self
    }

    /// Only once the parent order has filled, and for as much as it has filled (one triggers other).
    pub fn after(mut self, parent: OrderId) -> Self {
        self.spec.contingency.parent = Some(parent);
        self
    }

    /// One of a group that shares one quantity: what one fills the others lose (one cancels other). Groups come from
    /// [`Context::new_group`].
    pub fn one_cancels_other(mut self, group: u64) -> Self {
        self.spec.contingency.group = Some(group);
        self
    }

    /// Worked by an execution algorithm: the engine sends slices of it, and it never reaches the venue itself. To be said
    /// last, before [`WorkedOrder::submit`]. See [`Algorithm`] for what there is.
    pub fn via(self, algorithm: impl Into<Algorithm>) -> WorkedOrder<'c, 'a> {
        WorkedOrder { order: self, algorithm: Box::new(algorithm.into()), route: None }
    }

    /// Spread over several listings. Without an algorithm, what can be had is taken at once ([`Algorithm::AtOnce`]). To be said last,
    /// before [`WorkedOrder::submit`]; [`WorkedOrder::via`] may follow.
    pub fn route(self, route: Route) -> WorkedOrder<'c, 'a> {
        self.via(Algorithm::AtOnce).route(route)
    }

    /// Hands the order to the engine, which checks it when the callback returns. A refusal comes as an event
    /// ([`OrderEventKind::Denied`](crate::order::OrderEventKind::Denied)).
    ///
    /// # Errors
    /// [`StrategyError::UnknownInstrument`]; [`StrategyError::OrderNotOpen`] if the parent order is not open;
    /// [`StrategyError::Order`] if terms were given that do not go together.
    #[inline]
    pub fn submit(self) -> Result<OrderId, StrategyError> {
        let Self { context, mut spec, bracket, conflict } = self;
        if let Some(what) = conflict {
            return Err(OrderError::Conflict { what }.into());
        }
        let instrument = context.state.instruments.require(spec.instrument)?;
        if let Some(parent) = spec.contingency.parent {
            context.open_order(parent)?;
        }
        let Some(bracket) = bracket else {
            return Ok(context.push_order(instrument, spec));
        };
        spec.contingency.role = OrderRole::Entry;
        let entry = context.push_order(instrument, spec);
        context.push_exits(instrument, entry, &spec, bracket);
        Ok(entry)
    }
}

/// An order in the making that an execution algorithm is to work, or that is spread over several listings: see
/// [`OrderBuilder::via`] and [`OrderBuilder::route`].
#[derive(Debug)]
#[must_use = "an order is only sent by `submit`"]
pub struct WorkedOrder<'c, 'a> {
    order: OrderBuilder<'c, 'a>,
    algorithm: Box<Algorithm>,
    route: Option<Box<Route>>,
}

impl WorkedOrder<'_, '_> {
    /// Worked by an execution algorithm: it says when and how much, the route where.
    pub fn via(mut self, algorithm: impl Into<Algorithm>) -> Self {
        *self.algorithm = algorithm.into();
        self
    }

    /// Spread over several listings.
    pub fn route(mut self, route: Route) -> Self {
        self.route = Some(Box::new(route));
        self
    }

    /// Hands the order to the engine, which checks it when the callback returns, and works it. A refusal comes as an event
    /// ([`OrderEventKind::Denied`](crate::order::OrderEventKind::Denied)).
    ///
    /// # Errors
    /// [`StrategyError::UnknownInstrument`]; [`StrategyError::Order`] for parameters that make no sense, and terms that do not
    /// go together.
    pub fn submit(self) -> Result<OrderId, StrategyError> {
        let OrderBuilder { context, mut spec, bracket, conflict } = self.order;
        if let Some(what) = conflict {
            return Err(OrderError::Conflict { what }.into());
        }
        let instrument = context.state.instruments.require(spec.instrument)?;
        self.algorithm.validate(&spec, context.instrument(spec.instrument)?)?;
        if let Some(route) = &self.route {
            route.validate(&spec, |id| context.instrument(id).ok())?;
        }
        if bracket.is_some() {
            spec.contingency.role = OrderRole::Entry;
        }
        let entry = context.push_work(instrument, spec, self.algorithm, self.route);
        if let Some(bracket) = bracket {
            context.push_exits(instrument, entry, &spec, bracket);
        }
        Ok(entry)
    }
}

impl Context<'_> {
    /// The number of a new one-cancels-other group, for [`OrderBuilder::one_cancels_other`].
    pub fn new_group(&mut self) -> u64 {
        self.state.orders.new_group(self.strategy, None)
    }

    /// Makes the exits of a bracket, which wait for its entry.
    fn push_exits(&mut self, instrument: usize, entry: OrderId, spec: &OrderSpec, bracket: Bracket) {
        let group = self.state.orders.new_group(self.strategy, Some(entry));
        let legs = [
            (bracket.take_profit.map(|price| OrderKind::Limit { price }), OrderRole::TakeProfit),
            (bracket.stop, OrderRole::StopLoss),
        ];
        for (kind, role) in legs {
            let Some(kind) = kind else { continue };
            let mut leg = OrderSpec::market(spec.instrument, spec.side.opposite(), spec.quantity);
            leg.kind = kind;
            leg.trigger_by = spec.trigger_by;
            leg.contingency.parent = Some(entry);
            leg.contingency.group = Some(group);
            leg.contingency.role = role;
            self.push_order(instrument, leg);
        }
    }
}
