use rust_decimal::Decimal;

use super::{Portfolio, Position};
use crate::{
    error::{AccountError, NumberError},
    id::InstrumentId,
    instrument::Instrument,
};

/// Positions in several listings of one thing (accounts, wallets, exchanges), added up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CombinedPosition {
    /// The sum: quantity, cost, realized profit, income and fees are each the exact sum over the listings. What is long in one
    /// and short in another is netted: its cost is the net cost.
    pub total: Position,
    /// The average price of the net quantity: net cost by net quantity. `None` if the quantity is zero.
    pub average_price: Option<Decimal>,
    /// What closing each position at the last price of its own listing would earn or lose, before fees, in the settlement asset.
    pub unrealized: Decimal,
    /// The positions that make it up: those that are, or have been, open.
    pub parts: Vec<(InstrumentId, Position)>,
}

impl Position {
    /// Both together.
    fn plus(&self, other: &Self) -> Result<Self, NumberError> {
        Ok(Self {
            quantity: self.quantity.checked_add(other.quantity)?,
            cost: self.cost.add(other.cost)?,
            realized: self.realized.add(other.realized)?,
            income: self.income.add(other.income)?,
            fees: self.fees.add(other.fees)?,
        })
    }
}

impl Portfolio {
    /// The positions in several listings of one thing, added up: of one strategy, or of the accounts.
    ///
    /// # Errors
    /// [`AccountError::UnknownInstrument`] without an instrument, [`AccountError::NotAlike`] for listings that are not counted in
    /// the same units, [`AccountError::NoRate`] if something is held whose price is not known, [`AccountError::Number`] if a sum
    /// does not fit.
    pub fn combined(
        &self,
        strategy: Option<usize>,
        listings: &[(usize, InstrumentId)],
    ) -> Result<CombinedPosition, AccountError> {
        let mut total = Position::default();
        let (mut unrealized, mut parts) = (Decimal::ZERO, Vec::new());
        let mut first: Option<&Instrument> = None;
        for (index, id) in listings {
            let instrument =
                self.lines.get(*index).map(|line| &line.instrument).filter(|known| known.id == *id);
            let instrument = instrument.ok_or_else(|| AccountError::UnknownInstrument { instrument: *id })?;
            let first = *first.get_or_insert(instrument);
            if let Some(problem) = first.differs_from(instrument) {
                return Err(AccountError::NotAlike { one: first.id, other: *id, problem });
            }
            let position = match strategy {
                Some(strategy) => self.strategy_position(strategy, *index),
                None => self.position(*index),
            };
            if position == Position::default() {
                continue;
            }
            if !position.is_flat() {
                let no_rate = || AccountError::NoRate { asset: instrument.base, to: instrument.quote };
                let price = self.mark(*index).ok_or_else(no_rate)?;
                let part = position.unrealized(instrument, price)?;
                let overflow = NumberError::Overflow { operation: "an unrealized profit" };
                unrealized = unrealized.checked_add(part).ok_or(overflow)?;
            }
            total = total.plus(&position)?;
            parts.push((*id, position));
        }
        if total.is_flat() {
            // A flat position forgets its scale, so that flat is one value.
            total.quantity = crate::number::Quantity::ZERO;
        }
        let average_price = first.and_then(|instrument| total.average_price(instrument));
        Ok(CombinedPosition { total, average_price, unrealized, parts })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        id::ExecutionId,
        ledger::AccountKind,
        number::{Money, Price, Quantity},
        order::{Fill, Liquidity, Side},
        time::Timestamp,
    };

    fn portfolio(ids: &[&str]) -> (Portfolio, Vec<(usize, InstrumentId)>) {
        let mut portfolio = Portfolio::new("USD".parse().unwrap());
        let mut listings = Vec::new();
        for id in ids {
            let instrument = Instrument::spot(id).unwrap();
            let id = instrument.id;
            portfolio.open_account(id.venue(), AccountKind::Margin { leverage: Decimal::TEN });
            listings.push((portfolio.add_instrument(instrument), id));
        }
        portfolio.add_strategy();
        portfolio.add_strategy();
        (portfolio, listings)
    }

    fn fill(portfolio: &mut Portfolio, strategy: usize, at: (usize, InstrumentId), signed: i64, price: &str) {
        let price: Price = price.parse().unwrap();
        let fill = Fill {
            id: ExecutionId::new("x"),
            order: crate::id::OrderId { run: 1, strategy: 0, sequence: 1 },
            instrument: at.1,
            side: if signed < 0 { Side::Sell } else { Side::Buy },
            price,
            quantity: Quantity::from_int(signed.abs()),
            liquidity: Liquidity::Taker,
            fee: Money::new(Decimal::ONE, "USD".parse().unwrap()),
            ts_event: Timestamp::EPOCH,
            ts_recv: Timestamp::EPOCH,
        };
        portfolio.apply_fill(strategy, at.0, &fill).unwrap();
        portfolio.set_mark(at.0, price);
    }

    #[test]
    fn positions_add_up_over_listings_of_each_strategy_and_in_all() {
        let (mut portfolio, listings) = portfolio(&["BTC-USD.A", "BTC-USD.B", "BTC-USD.C"]);
        fill(&mut portfolio, 0, listings[0], 2, "100");
        fill(&mut portfolio, 0, listings[1], 1, "130");
        fill(&mut portfolio, 1, listings[1], 4, "140");
        let own = portfolio.combined(Some(0), &listings).unwrap();
        assert_eq!((own.total.quantity, own.total.cost()), (Quantity::from_int(3), Decimal::from(330)));
        assert_eq!(own.average_price, Some(Decimal::from(110)));
        assert_eq!((own.unrealized, own.parts.len()), (Decimal::from(10), 2), "1 at 130 is worth 140");
        let all = portfolio.combined(None, &listings).unwrap();
        assert_eq!((all.total.quantity, all.total.fees()), (Quantity::from_int(7), Decimal::from(3)));
        fill(&mut portfolio, 0, listings[2], -3, "150");
        let flat = portfolio.combined(Some(0), &listings).unwrap();
        assert_eq!((flat.total.quantity, flat.average_price), (Quantity::ZERO, None));
        assert_eq!(flat.unrealized, Decimal::from(10), "each by the price of its own listing");
    }

    #[test]
    fn what_is_not_alike_is_not_added() {
        let (portfolio, listings) = portfolio(&["BTC-USD.A", "BTC-EUR.B"]);
        let error = portfolio.combined(None, &listings).unwrap_err();
        assert!(matches!(error, AccountError::NotAlike { .. }), "{error}");
        assert!(portfolio.combined(None, &[(7, listings[0].1)]).is_err());
        assert_eq!(portfolio.combined(None, &[]).unwrap().parts, []);
    }
}
