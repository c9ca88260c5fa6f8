//! The lines, bars and markers that the page draws, thinned and rounded to what can be seen.

use std::collections::BTreeMap;

use algoflow_core::{id::InstrumentId, order::Side, time::Timestamp};
use rust_decimal::{Decimal, prelude::ToPrimitive};
use serde::Serialize;

use super::{
    Report,
    downsample::{MAX_POINTS, join_bars, min_max},
};
use crate::{drawdown, measure, rolling, trade::RoundTrip};

/// The most bars of a price chart, and of all price charts of a page together; each may have [`MIN_BARS`].
const MAX_BARS: usize = 10_000;
const MAX_BARS_TOGETHER: usize = 40_000;
const MIN_BARS: usize = 500;
/// The most trades that the page lists, and the most fills that it marks. The last ones are kept.
pub(super) const MAX_TRADES: usize = 5_000;

/// A line: times in seconds since 1970 and values; `of` says how many points it was thinned from.
#[derive(Serialize)]
pub(super) struct Line {
    pub(super) t: Vec<f64>,
    pub(super) v: Vec<f64>,
    pub(super) of: usize,
}

#[derive(Serialize)]
pub(super) struct Rolling {
    pub(super) window: usize,
    pub(super) line: Line,
    /// The indices of points that are not joined with the point before them: between the two it is not defined.
    pub(super) breaks: Vec<usize>,
}

/// The price chart of an instrument. Fills are `[time, price, signed quantity]`.
#[derive(Serialize)]
struct Prices {
    instrument: InstrumentId,
    t: Vec<f64>,
    o: Vec<f64>,
    h: Vec<f64>,
    l: Vec<f64>,
    c: Vec<f64>,
    of: usize,
    fills: Vec<[f64; 3]>,
}

/// A closed trade, as the table shows it.
#[derive(Serialize)]
struct TradeRow {
    instrument: InstrumentId,
    long: bool,
    quantity: f64,
    entry: f64,
    exit: f64,
    entry_price: Option<f64>,
    exit_price: Option<f64>,
    pnl: Option<f64>,
    fees: Option<f64>,
    asset: algoflow_core::id::Asset,
    ret: Option<f64>,
    mae: Option<f64>,
    mfe: Option<f64>,
}

/// All that the page draws.
#[derive(Serialize)]
pub(super) struct Plots {
    daily: bool,
    equity: Line,
    benchmark: Option<Line>,
    benchmark_name: Option<String>,
    drawdown: Line,
    rolling: Option<Rolling>,
    prices: Vec<Prices>,
    trades: Vec<TradeRow>,
}

fn seconds(ts: Timestamp) -> f64 {
    // Whole milliseconds are enough for a picture.
    (ts.nanos() as f64 / 1e6).round() / 1e3
}

/// The value to seven significant digits, which is finer than any screen.
fn short(value: f64) -> f64 {
    format!("{value:.6e}").parse().unwrap_or(value)
}

fn decimal(value: Decimal) -> Option<f64> {
    value.to_f64()
}

fn line(times: &[Timestamp], values: &[f64]) -> Line {
    let kept = min_max(values, MAX_POINTS);
    let t = kept.iter().filter_map(|index| times.get(*index)).map(|ts| seconds(*ts)).collect();
    let v = kept.iter().filter_map(|index| values.get(*index)).map(|value| short(*value)).collect();
    Line { t, v, of: values.len() }
}

/// The equity as given.
pub(super) fn equity(report: &Report) -> Line {
    let (times, values): (Vec<_>, Vec<_>) =
        report.equity.iter().map(|point| (point.ts, point.equity)).unzip();
    line(&times, &values)
}

/// The benchmark over the time of the run, scaled so that it begins with the equity of the run.
pub(super) fn benchmark(report: &Report) -> Option<Line> {
    let points = &report.benchmark.as_ref()?.equity;
    let (first, last) = (report.equity.first()?, report.equity.last()?);
    // From the last point at or before the start, so that the two lines begin together where they can.
    let from = points.partition_point(|point| point.ts <= first.ts).saturating_sub(1);
    let inside: Vec<_> = points.iter().skip(from).take_while(|point| point.ts <= last.ts).collect();
    let base = inside.first()?;
    // A benchmark that begins later joins the equity where it begins.
    let joined = report.equity.partition_point(|point| point.ts <= base.ts).saturating_sub(1);
    let scale = measure::ratio(report.equity.get(joined)?.equity, base.equity)?;
    let times: Vec<_> = inside.iter().map(|point| point.ts.max(first.ts)).collect();
    let values: Vec<_> = inside.iter().map(|point| point.equity * scale).collect();
    Some(line(&times, &values))
}

/// The drawdown at every point, zero or below.
pub(super) fn underwater(report: &Report) -> Line {
    let times: Vec<_> =
        std::iter::once(report.path.start()).chain(report.path.times().iter().copied()).collect();
    let depths = drawdown::drawdown_series(report.path.values());
    // Negated by subtraction, which gives zero where negation gives minus zero.
    let values: Vec<_> = std::iter::once(0.0).chain(depths.into_iter().map(|depth| 0.0 - depth)).collect();
    line(&times, &values)
}

/// The Sharpe ratio over half a year, or a quarter of the data if that is less; none for fewer than 20 returns.
pub(super) fn rolling_sharpe(report: &Report) -> Option<Rolling> {
    let (s, returns) = (&report.statistics, report.returns.values());
    let half_year = (s.periods_per_year / 2.0).round().max(2.0);
    let window = (returns.len() / 4).min(half_year as usize);
    if window < 5 {
        return None;
    }
    let risk_free = measure::per_period(s.risk_free, s.periods_per_year);
    let values = rolling::rolling_sharpe(returns, window, risk_free, s.periods_per_year);
    let defined: Vec<(usize, f64)> =
        values.iter().enumerate().filter_map(|(index, value)| Some((index, (*value)?))).collect();
    if defined.len() < 2 {
        return None;
    }
    let kept = min_max(&defined.iter().map(|(_, value)| *value).collect::<Vec<_>>(), MAX_POINTS);
    let mut rolling = Rolling {
        window,
        line: Line { t: Vec::new(), v: Vec::new(), of: defined.len() },
        breaks: Vec::new(),
    };
    // The place among the defined values and the place among all: where they part, values between are not defined.
    let mut last: Option<(usize, usize)> = None;
    for place in kept {
        let Some(&(index, value)) = defined.get(place) else { continue };
        let Some(ts) = report.returns.times().get(index + window - 1) else { continue };
        if last.is_some_and(|(before, at)| index - at > place - before) {
            rolling.breaks.push(rolling.line.t.len());
        }
        last = Some((place, index));
        rolling.line.t.push(seconds(*ts));
        rolling.line.v.push(short(value));
    }
    Some(rolling)
}

/// The last fills of each instrument as `[time, price, signed quantity]`.
fn fills(report: &Report) -> BTreeMap<InstrumentId, Vec<[f64; 3]>> {
    let mut fills: BTreeMap<InstrumentId, Vec<[f64; 3]>> = BTreeMap::new();
    for fill in report.fills.iter().skip(report.fills.len().saturating_sub(MAX_TRADES)) {
        let sign = if fill.side == Side::Buy { 1.0 } else { -1.0 };
        let mark = [seconds(fill.ts_event), fill.price.to_f64(), sign * fill.quantity.to_f64()];
        fills.entry(fill.instrument).or_default().push(mark);
    }
    fills
}

/// The instrument with the most fills of those whose prices are known: its closes in the time of the run, and its fills.
pub(super) fn most_traded(report: &Report) -> Option<(InstrumentId, Line, Vec<[f64; 3]>)> {
    let mut fills = fills(report);
    let count = |id: InstrumentId| fills.get(&id).map_or(0, Vec::len);
    // Of equal ones the first, which `max_by_key` gives of the reversed.
    let series = report.prices.iter().rev().max_by_key(|series| count(series.instrument()))?;
    let marks = fills.remove(&series.instrument())?;
    let (first, last) = (report.equity.first()?.ts, report.equity.last()?.ts);
    let bars = series.bars().iter().filter(|bar| (first..=last).contains(&bar.ts));
    let (times, closes): (Vec<_>, Vec<_>) = bars.map(|bar| (bar.ts, bar.close)).unzip();
    (!times.is_empty()).then(|| (series.instrument(), line(&times, &closes), marks))
}

fn prices(report: &Report) -> Vec<Prices> {
    let cap = (MAX_BARS_TOGETHER / report.prices.len().max(1)).clamp(MIN_BARS, MAX_BARS);
    let mut fills = fills(report);
    report
        .prices
        .iter()
        .map(|series| {
            let bars = join_bars(series.bars(), cap);
            let column =
                |f: fn(&crate::trade::PriceBar) -> f64| bars.iter().map(|bar| short(f(bar))).collect();
            Prices {
                instrument: series.instrument(),
                t: bars.iter().map(|bar| seconds(bar.ts)).collect(),
                o: column(|bar| bar.open),
                h: column(|bar| bar.high),
                l: column(|bar| bar.low),
                c: column(|bar| bar.close),
                of: series.bars().len(),
                fills: fills.remove(&series.instrument()).unwrap_or_default(),
            }
        })
        .collect()
}

fn trade_row(trade: &RoundTrip) -> TradeRow {
    TradeRow {
        instrument: trade.instrument,
        long: trade.is_long(),
        quantity: trade.quantity.to_f64(),
        entry: seconds(trade.entry_time),
        exit: seconds(trade.exit_time),
        entry_price: decimal(trade.entry_price),
        exit_price: decimal(trade.exit_price),
        pnl: decimal(trade.net_pnl),
        fees: decimal(trade.fees),
        asset: trade.settlement,
        ret: trade.net_return().map(short),
        mae: trade.excursion.map(|excursion| short(excursion.adverse)),
        mfe: trade.excursion.map(|excursion| short(excursion.favorable)),
    }
}

impl Plots {
    pub(super) fn new(report: &Report) -> Self {
        let closed = &report.trades.closed;
        Self {
            daily: report.is_daily(),
            equity: equity(report),
            benchmark: benchmark(report),
            benchmark_name: report.benchmark.as_ref().map(|benchmark| benchmark.name.clone()),
            drawdown: underwater(report),
            rolling: rolling_sharpe(report),
            prices: prices(report),
            trades: closed.iter().skip(closed.len().saturating_sub(MAX_TRADES)).map(trade_row).collect(),
        }
    }

    /// Whether there is a benchmark to draw.
    pub(super) const fn has_benchmark(&self) -> bool {
        self.benchmark.is_some()
    }

    /// The rolling Sharpe ratio, if there is enough data.
    pub(super) const fn rolling(&self) -> Option<&Rolling> {
        self.rolling.as_ref()
    }

    /// Whether anything was thinned.
    pub(super) fn is_thinned(&self) -> bool {
        let lines = [Some(&self.equity), self.benchmark.as_ref(), Some(&self.drawdown)];
        lines.into_iter().flatten().any(|line| line.of > line.t.len())
            || self.prices.iter().any(|prices| prices.of > prices.t.len())
    }
}
