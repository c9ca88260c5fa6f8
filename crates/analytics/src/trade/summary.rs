use algoflow_core::{id::Asset, order::Side, time::TimeDelta};
use rust_decimal::{Decimal, prelude::ToPrimitive};
use serde::{Deserialize, Serialize};

use super::RoundTrip;
use crate::measure;

/// The figures of a set of trades. What is won or lost is after fees.
///
/// Amounts of money are in the settlement asset; they are `None` where trades settle in different assets, since these
/// do not add up. A figure is `None` where it is not defined.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TradeSummary {
    /// The number of trades.
    pub count: usize,
    /// Trades with a profit.
    pub wins: usize,
    /// Trades with a loss.
    pub losses: usize,
    /// What amounts are counted in: the one settlement asset of all trades.
    pub settlement: Option<Asset>,
    /// Winning trades over all trades.
    pub win_rate: Option<f64>,
    /// The sum of profits and losses.
    pub net_profit: Option<Decimal>,
    /// The sum of the profits of winning trades.
    pub gross_profit: Option<Decimal>,
    /// The sum of the losses of losing trades, zero or less.
    pub gross_loss: Option<Decimal>,
    /// The sum of the fees.
    pub fees: Option<Decimal>,
    /// Gross profit over gross loss. `None` without a loss.
    pub profit_factor: Option<f64>,
    /// The mean profit per trade.
    pub expectancy: Option<f64>,
    /// The mean return per trade on the value of its entry, as a fraction.
    pub average_return: Option<f64>,
    /// The mean profit of winning trades.
    pub average_win: Option<f64>,
    /// The mean loss of losing trades, below zero.
    pub average_loss: Option<f64>,
    /// The average win over the size of the average loss.
    pub payoff_ratio: Option<f64>,
    /// The largest profit.
    pub largest_win: Option<Decimal>,
    /// The largest loss, below zero.
    pub largest_loss: Option<Decimal>,
    /// The longest runs of winning and of losing trades, in order of their exit.
    pub streaks: measure::Streaks,
    /// The mean time for which trades were open.
    pub average_holding: Option<TimeDelta>,
    /// The median time for which trades were open.
    pub median_holding: Option<TimeDelta>,
    /// The mean maximum adverse excursion, as a fraction of the entry price, of trades whose prices are known.
    pub average_mae: Option<f64>,
    /// The mean maximum favorable excursion, likewise.
    pub average_mfe: Option<f64>,
}

/// The figures of all trades, and of the long and the short ones among them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TradeStatistics {
    /// All trades.
    pub all: TradeSummary,
    /// Those that were opened with a buy.
    pub long: TradeSummary,
    /// Those that were opened with a sell.
    pub short: TradeSummary,
}

impl TradeStatistics {
    /// The figures of closed trades.
    #[must_use]
    pub fn new(trades: &[RoundTrip]) -> Self {
        let of = |side: Side| TradeSummary::new(trades.iter().filter(|trade| trade.side == side));
        Self { all: TradeSummary::new(trades), long: of(Side::Buy), short: of(Side::Sell) }
    }
}

fn sum<'a>(amounts: impl Iterator<Item = &'a Decimal>) -> Option<Decimal> {
    amounts.copied().try_fold(Decimal::ZERO, Decimal::checked_add)
}

fn over(total: Option<Decimal>, count: usize) -> Option<f64> {
    measure::ratio(total?.to_f64()?, count as f64)
}

impl TradeSummary {
    /// The figures of the trades, in order of their exit.
    #[must_use]
    pub fn new<'a>(trades: impl IntoIterator<Item = &'a RoundTrip>) -> Self {
        let trades: Vec<&RoundTrip> = trades.into_iter().collect();
        let settlement = trades.first().map(|trade| trade.settlement);
        let settlement = settlement.filter(|asset| trades.iter().all(|trade| trade.settlement == *asset));
        let profits: Vec<Decimal> =
            trades.iter().map(|trade| trade.net_pnl).filter(|_| settlement.is_some()).collect();
        let net: Vec<f64> = trades.iter().filter_map(|trade| trade.net_pnl.to_f64()).collect();
        let wins = trades.iter().filter(|trade| trade.net_pnl > Decimal::ZERO).count();
        let losses = trades.iter().filter(|trade| trade.net_pnl < Decimal::ZERO).count();
        let total = |keep: fn(&&Decimal) -> bool| settlement.and_then(|_| sum(profits.iter().filter(keep)));
        let gross_profit = total(|profit| **profit > Decimal::ZERO);
        let gross_loss = total(|profit| **profit < Decimal::ZERO);
        let (average_win, average_loss) = (over(gross_profit, wins), over(gross_loss, losses));
        let returns: Vec<f64> = trades.iter().filter_map(|trade| trade.net_return()).collect();
        let holding: Vec<f64> = trades.iter().map(|trade| trade.holding_time().nanos() as f64).collect();
        let time = |nanos: Option<f64>| nanos.map(|nanos| TimeDelta::from_nanos(nanos as i64));
        let excursions = || trades.iter().filter_map(|trade| trade.excursion);
        let mean = |values: Vec<f64>| measure::mean(&values);
        let net_profit = total(|_| true);
        Self {
            count: trades.len(),
            wins,
            losses,
            settlement,
            win_rate: measure::ratio(wins as f64, trades.len() as f64),
            net_profit,
            gross_profit,
            gross_loss,
            fees: settlement.and_then(|_| sum(trades.iter().map(|trade| &trade.fees))),
            profit_factor: over(gross_profit, 1)
                .zip(over(gross_loss, 1))
                .and_then(|(profit, loss)| measure::ratio(profit, -loss)),
            expectancy: over(net_profit, trades.len()),
            average_return: mean(returns),
            average_win,
            average_loss,
            payoff_ratio: average_win.zip(average_loss).and_then(|(win, loss)| measure::ratio(win, -loss)),
            largest_win: profits.iter().copied().max().filter(|profit| *profit > Decimal::ZERO),
            largest_loss: profits.iter().copied().min().filter(|profit| *profit < Decimal::ZERO),
            streaks: measure::streaks(net),
            average_holding: time(measure::mean(&holding)),
            median_holding: time(measure::median(&holding)),
            average_mae: mean(excursions().map(|excursion| excursion.adverse).collect()),
            average_mfe: mean(excursions().map(|excursion| excursion.favorable).collect()),
        }
    }
}
