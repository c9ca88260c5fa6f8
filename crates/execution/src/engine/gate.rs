//! The gate that every order and every change passes on its way out: rules RK1 to RK9 of [risk](crate::risk).

use std::fmt::Display;

use algoflow_core::{
    Decimal,
    error::AccountError,
    id::OrderId,
    number::{Price, Quantity},
    order::{OrderKind, RejectCode, Side},
    trading::{Standing, TradingState},
};

use super::{
    Engine,
    exposure::{Ask, Whose},
    submit::Refusal,
};
use crate::risk::{Book, RiskCode, RiskLimits};

const BASIS_POINTS: Decimal = Decimal::from_parts(10_000, 0, 0, false, 0);

/// Why an order does not pass: which limit, and the numbers.
type Objection = (RiskCode, String);

impl Engine {
    /// Whether the venue of an instrument is down (RK5).
    #[inline]
    pub(super) fn is_down(&self, instrument: usize) -> bool {
        self.guarded && self.standing_at(instrument).is_some_and(Standing::is_down)
    }

    pub(super) fn standing_at(&self, instrument: usize) -> Option<&Standing> {
        let venue = self.venue_of.get(instrument).and_then(|index| self.venues.get(*index));
        venue.map(|venue| &venue.standing)
    }

    /// Whether a new order may leave, or be held for a trigger.
    pub(super) fn admit(&self, id: OrderId) -> Result<(), Refusal> {
        let Some(entry) = self.state.orders.entry(id) else { return Ok(()) };
        self.reachable(entry.instrument)?;
        if self.risk.exempt == Some(id) {
            return Ok(());
        }
        let open = self.open_at_most(entry).map_err(no_value)?;
        self.examine(&Ask::of(entry, entry.order.spec.kind, open))
    }

    /// Whether a change may be asked for (RK8).
    pub(super) fn admit_change(&self, id: OrderId, kind: OrderKind, total: Quantity) -> Result<(), Refusal> {
        let Some(entry) = self.state.orders.entry(id) else { return Ok(()) };
        self.reachable(entry.instrument)?;
        let (order, spec) = (&entry.order, &entry.order.spec);
        let is_smaller = spec.quantity.base(spec.side).is_some_and(|now| total <= now);
        if spec.kind == kind && is_smaller {
            return Ok(());
        }
        let open = total.checked_sub(order.filled).map_err(|error| no_value(error.into()))?;
        self.examine(&Ask::of(entry, kind, open))
    }

    /// An order or a change was sent (RK6).
    pub(super) fn note_sent(&mut self, id: OrderId) {
        let now = self.state.now;
        self.risk.account.note_sent(now);
        if let Some(book) = self.risk.strategies.get_mut(usize::from(id.strategy)) {
            book.note_sent(now);
        }
    }

    fn reachable(&self, instrument: usize) -> Result<(), Refusal> {
        match self.standing_at(instrument) {
            Some(standing @ Standing::Down { .. }) => Err(self.not_ready(instrument, standing, "")),
            _ => Ok(()),
        }
    }

    fn not_ready(&self, instrument: usize, standing: &Standing, rest: &str) -> Refusal {
        let venue = self.state.instruments.get(instrument).map(|known| known.spec.venue());
        let venue = venue.map_or_else(String::new, |venue| venue.to_string());
        Refusal::new(RejectCode::VenueNotReady, format!("{venue} is {standing}{rest}"))
    }

    fn examine(&self, ask: &Ask) -> Result<(), Refusal> {
        let own = Whose::One(ask.strategy);
        let reduces_own = self.reduces(own, ask).map_err(no_value)?;
        let reduces_all = self.reduces(Whose::All, ask).map_err(no_value)?;
        if let Some(standing @ Standing::Uncertain { .. }) = self.standing_at(ask.instrument)
            && !reduces_all
        {
            let rest = ": only what reduces the account's position is sent";
            return Err(self.not_ready(ask.instrument, standing, rest));
        }
        self.allowed_by_state(ask, reduces_own, reduces_all).map_err(refusal)?;
        let against = || !self.against(own, ask.instrument, ask.side).is_zero();
        let is_exit = reduces_own || (ask.reduce_only && against());
        let books = [(Whose::All, Some(&self.risk.account)), (own, self.risk.strategies.get(ask.strategy))];
        for (whose, book) in books {
            let Some(book) = book else { continue };
            if is_exit {
                self.gives_nothing_away(&book.limits, ask).map_err(refusal)?;
            } else if !(whose == Whose::All && reduces_all) {
                self.within(whose, book, ask)
                    .map_err(|(code, text)| refusal((code, format!("{text} ({})", self.name_of(whose)))))?;
            }
        }
        Ok(())
    }

    pub(super) fn name_of(&self, whose: Whose) -> String {
        match whose {
            Whose::All => "the account".to_owned(),
            Whose::One(strategy) => {
                let name = self.state.strategies.get(strategy);
                name.map_or_else(|| "a strategy".to_owned(), |name| format!("strategy {name}"))
            }
        }
    }

    /// RK4.
    fn allowed_by_state(&self, ask: &Ask, reduces_own: bool, reduces_all: bool) -> Result<(), Objection> {
        let protects = ask.protects && reduces_own;
        let (code, passes) = match self.risk.state_of(ask.strategy) {
            TradingState::Active => return Ok(()),
            TradingState::ReduceOnly => {
                let of_account = self.risk.account.state == TradingState::ReduceOnly;
                (RiskCode::ReduceOnly, protects || (reduces_own && (reduces_all || !of_account)))
            }
            TradingState::Halted => (RiskCode::Halted, protects),
        };
        if passes {
            return Ok(());
        }
        let (own, all) =
            (self.held(Whose::One(ask.strategy), ask.instrument), self.held(Whose::All, ask.instrument));
        let what = match code {
            RiskCode::Halted => "trading is halted",
            _ => "only what reduces is sent",
        };
        let text = format!(
            "{what}: a {} of {}, where the strategy holds {own} and the account {all}, with what is open",
            ask.side, ask.open
        );
        Err((code, text))
    }

    /// The price collar for exits: only where they would give money away (RK3).
    fn gives_nothing_away(&self, limits: &RiskLimits, ask: &Ask) -> Result<(), Objection> {
        let (Some(most), OrderKind::Limit { price }) = (limits.price_collar_bps, ask.kind) else {
            return Ok(());
        };
        let Some(reference) = self.reference(ask.instrument) else { return Ok(()) };
        let gives = match ask.side {
            Side::Buy => price.to_decimal() > reference,
            Side::Sell => price.to_decimal() < reference,
        };
        if gives { collar(most, price, reference) } else { Ok(()) }
    }

    /// The middle of the quote, else the last price.
    fn reference(&self, instrument: usize) -> Option<Decimal> {
        let quote = self.state.instruments.get(instrument).and_then(|known| known.quote.as_ref());
        let full = quote.filter(|quote| quote.bid_size.is_positive() && quote.ask_size.is_positive());
        let middle = full.and_then(|quote| {
            quote.bid.to_decimal().checked_add(quote.ask.to_decimal())?.checked_div(Decimal::TWO)
        });
        middle.or_else(|| self.state.portfolio.mark(instrument).map(Price::to_decimal))
    }

    /// Whether an order that is no exit keeps all limits of a book.
    fn within(&self, whose: Whose, book: &Book, ask: &Ask) -> Result<(), Objection> {
        if book.limits.is_empty() && book.pause_until.is_none() {
            return Ok(());
        }
        self.not_paused(book)?;
        self.listed(&book.limits, ask)?;
        self.of_size(&book.limits, ask)?;
        self.not_too_many(whose, book, ask)?;
        self.position_within(whose, &book.limits, ask)?;
        self.exposure_within(whose, &book.limits, ask)?;
        self.losses_are_known(whose, &book.limits)
    }

    fn not_paused(&self, book: &Book) -> Result<(), Objection> {
        match book.pause_until.filter(|until| self.state.now < *until) {
            Some(until) => Err((RiskCode::CoolDown, format!("after losses nothing new until {until}"))),
            None => Ok(()),
        }
    }

    fn listed(&self, limits: &RiskLimits, ask: &Ask) -> Result<(), Objection> {
        let Some(known) = self.state.instruments.get(ask.instrument) else { return Ok(()) };
        let id = known.spec.id;
        let is_allowed = limits.allow.as_ref().is_none_or(|allowed| allowed.contains(&id));
        if is_allowed && !limits.deny.contains(&id) {
            return Ok(());
        }
        Err((RiskCode::NotAllowed, format!("{id} is not among what may be traded")))
    }

    /// RK6: quantity, worth, prices.
    fn of_size(&self, limits: &RiskLimits, ask: &Ask) -> Result<(), Objection> {
        if let Some(most) = limits.max_order_quantity.filter(|most| ask.open > *most) {
            return over(RiskCode::MaxOrderQuantity, "an order", ask.open, most);
        }
        if let Some(most) = limits.max_order_notional {
            let worth = self.worth(ask.instrument, ask.open, self.dearest(ask)).map_err(unknown)?;
            if worth > most {
                return over(RiskCode::MaxOrderNotional, "an order worth", worth, most);
            }
        }
        let Some(most) = limits.price_collar_bps else { return Ok(()) };
        let activation = match ask.kind {
            OrderKind::TrailingStop { activation, .. } => activation,
            _ => None,
        };
        for price in [ask.kind.limit_price(), ask.kind.trigger_price(), activation].into_iter().flatten() {
            let reference = self.reference(ask.instrument);
            let reference = reference
                .ok_or_else(|| (RiskCode::NoValue, format!("no price to compare {price} with is known")))?;
            collar(most, price, reference)?;
        }
        Ok(())
    }

    /// RK6: rate, open orders.
    fn not_too_many(&self, whose: Whose, book: &Book, ask: &Ask) -> Result<(), Objection> {
        if let Some(rate) = book.limits.max_order_rate {
            let sent = book.sent_within(rate.per, self.state.now);
            if sent >= rate.orders as usize {
                let text = format!("{sent} were sent within {}, the most is {}", rate.per, rate.orders);
                return Err((RiskCode::OrderRate, text));
            }
        }
        if let Some(most) = book.limits.max_open_orders {
            let open = self.open_count(whose, ask.id);
            if open >= most as usize {
                return Err((RiskCode::MaxOpenOrders, format!("{open} are open, the most is {most}")));
            }
        }
        Ok(())
    }

    /// RK7: the position in the instrument.
    fn position_within(&self, whose: Whose, limits: &RiskLimits, ask: &Ask) -> Result<(), Objection> {
        if limits.max_position_quantity.is_none() && limits.max_position_notional.is_none() {
            return Ok(());
        }
        let after = self.position_after(whose, ask).map_err(unknown)?;
        if let Some(most) = limits.max_position_quantity.filter(|most| after > *most) {
            return over(RiskCode::MaxPosition, "a position with open orders of", after, most);
        }
        if let Some(most) = limits.max_position_notional {
            let worth = self.worth(ask.instrument, after, self.dearest(ask)).map_err(unknown)?;
            if worth > most {
                let what = "a position with open orders worth";
                return over(RiskCode::MaxPositionNotional, what, worth, most);
            }
        }
        Ok(())
    }

    /// RK7: all positions, and their shares of the equity.
    fn exposure_within(&self, whose: Whose, limits: &RiskLimits, ask: &Ask) -> Result<(), Objection> {
        let of_equity = [limits.max_leverage, limits.max_instrument_share, limits.max_asset_share];
        if limits.max_exposure.is_none() && of_equity.iter().all(Option::is_none) {
            return Ok(());
        }
        let exposures = self.exposures(whose, ask).map_err(unknown)?;
        let base = |instrument: usize| self.state.instruments.get(instrument).map(|known| known.spec.base);
        let (mut all, mut one, mut same) = (Decimal::ZERO, Decimal::ZERO, Decimal::ZERO);
        for (instrument, worth) in exposures {
            all = add(all, worth)?;
            if instrument == ask.instrument {
                one = worth;
            }
            if base(instrument) == base(ask.instrument) {
                same = add(same, worth)?;
            }
        }
        if let Some(most) = limits.max_exposure.filter(|most| all > *most) {
            return over(RiskCode::MaxExposure, "positions with open orders worth", all, most);
        }
        if of_equity.iter().all(Option::is_none) {
            return Ok(());
        }
        let equity = self.state.portfolio.equity().map_err(unknown)?;
        for (code, what, worth, most) in [
            (RiskCode::MaxLeverage, "positions worth", all, limits.max_leverage),
            (RiskCode::InstrumentShare, "a position worth", one, limits.max_instrument_share),
            (RiskCode::AssetShare, "positions in one base worth", same, limits.max_asset_share),
        ] {
            let Some(most) = most else { continue };
            let bound = most.checked_mul(equity.max(Decimal::ZERO)).ok_or_else(too_large)?;
            if worth > bound {
                let text = format!("{what} {worth}, the most is {most} times the equity of {equity}");
                return Err((code, text));
            }
        }
        Ok(())
    }

    /// New risk needs to know what is lost (RK10).
    fn losses_are_known(&self, whose: Whose, limits: &RiskLimits) -> Result<(), Objection> {
        if limits.watches_losses() {
            self.value_of(whose).map_err(unknown)?;
        }
        Ok(())
    }
}

/// Whether a price is within so many basis points of a reference.
fn collar(most: u32, price: Price, reference: Decimal) -> Result<(), Objection> {
    let away = price.to_decimal().checked_sub(reference).map(|away| away.abs());
    let scaled = away.and_then(|away| away.checked_mul(BASIS_POINTS));
    let bound = reference.abs().checked_mul(Decimal::from(most));
    let (scaled, bound) = scaled.zip(bound).ok_or_else(too_large)?;
    if scaled <= bound {
        return Ok(());
    }
    let text = format!("{price} is more than {most} basis points from the market at {reference}");
    Err((RiskCode::PriceCollar, text))
}

fn over(code: RiskCode, what: &str, is: impl Display, most: impl Display) -> Result<(), Objection> {
    Err((code, format!("{what} {is}, the most is {most}")))
}

fn add(sum: Decimal, more: Decimal) -> Result<Decimal, Objection> {
    sum.checked_add(more).ok_or_else(too_large)
}

fn too_large() -> Objection {
    (RiskCode::NoValue, "a number does not fit".to_owned())
}

fn unknown(error: AccountError) -> Objection {
    (RiskCode::NoValue, error.to_string())
}

fn no_value(error: AccountError) -> Refusal {
    refusal(unknown(error))
}

fn refusal((code, text): Objection) -> Refusal {
    Refusal::new(RejectCode::RiskLimit, format!("{code}: {text}"))
}
