//! What holds for every input.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use algoflow_analytics::{
    EquityPoint, MonthlyTable, Options, Period, Report, ReturnSeries, Statistics,
    distribution::Histogram,
    drawdown, measure, rolling,
    trade::{self, Matching},
};
use algoflow_core::{
    id::OrderId,
    instrument::Instrument,
    number::{Money, Price, Quantity, Scale},
    order::{Fill, Liquidity, Side},
    time::Timestamp,
};
use proptest::{collection::vec, prelude::*};
use rust_decimal::Decimal;
use serde_json::Value;

fn series() -> impl Strategy<Value = Vec<f64>> {
    vec(-0.3..0.3_f64, 1..300)
}

/// Points of any height, zero and below too, seconds to months apart, but with capital at first.
fn equity() -> impl Strategy<Value = Vec<EquityPoint>> {
    points(prop_oneof![
        8 => 10.0..1e6_f64,
        1 => 1e-6..1e-3_f64,
        1 => Just(0.0),
        1 => -1e5..0.0_f64,
        1 => 1e12..1e15_f64
    ])
}

fn points(height: impl Strategy<Value = f64>) -> impl Strategy<Value = Vec<EquityPoint>> {
    let step = prop_oneof![0..3_i64, 60..7_200_i64, 80_000..100_000_i64, 2_000_000..3_000_000_i64];
    (10.0..1e6_f64, vec((step, height), 1..80)).prop_map(|(first, steps)| {
        let mut seconds = 1_600_000_000;
        let mut points = vec![EquityPoint::new(Timestamp::from_seconds(seconds).unwrap(), first)];
        for (step, height) in steps {
            seconds += step;
            points.push(EquityPoint::new(Timestamp::from_seconds(seconds).unwrap(), height));
        }
        points
    })
}

fn days(equity: &[f64]) -> Vec<EquityPoint> {
    let day = |index: i64| Timestamp::from_seconds(1_600_000_000 + index * 86_400).unwrap();
    equity.iter().zip(0..).map(|(equity, index)| EquityPoint::new(day(index), *equity)).collect()
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * a.abs().max(b.abs()) + 1e-12
}

/// Whether a copy through JSON is equal: NaN is not equal to itself, and infinities have no JSON.
fn all_finite(statistics: &Statistics) -> bool {
    let json = serde_json::to_string(statistics).unwrap();
    serde_json::from_str::<Statistics>(&json).is_ok_and(|copy| copy == *statistics)
}

proptest! {
    #[test]
    fn drawdowns_are_fractions(r in series()) {
        let depths = drawdown::drawdown_series(&r);
        prop_assert!(depths.iter().all(|depth| (0.0..=1.0).contains(depth)));
        let worst = drawdown::max_drawdown(&r);
        prop_assert!(depths.iter().all(|depth| *depth <= worst));
        prop_assert!(drawdown::ulcer_index(&r).unwrap() <= worst + 1e-12);
        prop_assert!(drawdown::pain_index(&r).unwrap() <= drawdown::ulcer_index(&r).unwrap() + 1e-12);
    }

    #[test]
    fn the_tail_beyond_is_no_better_than_its_edge(r in series(), level in 0.5..0.999_f64) {
        let edge = measure::value_at_risk(&r, level).unwrap();
        let beyond = measure::conditional_value_at_risk(&r, level).unwrap();
        prop_assert!(beyond >= edge - 1e-15, "{beyond} is less than {edge}");
        let further = measure::value_at_risk(&r, level + 0.001).unwrap();
        prop_assert!(further >= edge - 1e-15);
    }

    #[test]
    fn figures_do_not_depend_on_the_unit_of_money(r in series(), factor in 1e-3..1e6_f64) {
        let mut equity = vec![1_000.0];
        for value in &r {
            equity.push(equity[equity.len() - 1] * (1.0 + value));
        }
        let scaled: Vec<f64> = equity.iter().map(|value| value * factor).collect();
        let options = Options { periods_per_year: Some(365.0), ..Options::default() };
        let a = Statistics::from_equity(&days(&equity), &options).unwrap();
        let b = Statistics::from_equity(&days(&scaled), &options).unwrap();
        for (a, b) in [(a.total_return, b.total_return), (a.sharpe, b.sharpe), (a.volatility, b.volatility), (a.value_at_risk, b.value_at_risk), (a.ulcer_index, b.ulcer_index)] {
            match (a, b) {
                (Some(a), Some(b)) => prop_assert!((a - b).abs() <= 1e-6 * a.abs() + 1e-9, "{a} is not {b}"),
                (a, b) => prop_assert_eq!(a, b),
            }
        }
        prop_assert!(near(a.max_drawdown, b.max_drawdown));
    }

    // A fall to a trillionth leaves no digits in a return near -1, so here heights stay within a few orders of magnitude.
    #[test]
    fn months_and_years_compound_to_the_total(points in points(100.0..10_000.0_f64)) {
        let Ok(returns) = ReturnSeries::from_equity(&points, Period::AsGiven) else { return Ok(()) };
        let table = MonthlyTable::from_returns(&returns);
        let total = measure::total_return(returns.values()).unwrap();
        prop_assert!(near(1.0 + table.total(), 1.0 + total));
        for row in &table.years {
            let year = row.months.iter().flatten().fold(1.0, |wealth, month| wealth * (1.0 + month));
            prop_assert!(near(year, 1.0 + row.total));
        }
    }

    #[test]
    fn returns_of_any_period_compound_to_the_same(points in points(100.0..10_000.0_f64)) {
        let daily = ReturnSeries::from_equity(&points, Period::Daily);
        let given = ReturnSeries::from_equity(&points, Period::AsGiven);
        let (Ok(daily), Ok(given)) = (daily, given) else { return Ok(()) };
        // As given, the base is the last point of the first time.
        if points[0].ts != points[1].ts {
            let (a, b) = (measure::total_return(daily.values()).unwrap(), measure::total_return(given.values()).unwrap());
            prop_assert!(near(1.0 + a, 1.0 + b), "{a} is not {b}");
        }
    }

    #[test]
    fn nothing_is_ever_nan(points in equity(), benchmark in equity(), risk_free in -0.5..2.0_f64) {
        for period in [Period::Auto, Period::AsGiven, Period::Daily, Period::Weekly, Period::Monthly] {
            let options = Options { period, risk_free, ..Options::default() };
            let Ok(statistics) = Statistics::from_equity(&points, &options) else { continue };
            prop_assert!(all_finite(&statistics), "{statistics:?}");
            let returns = ReturnSeries::from_equity(&points, period).unwrap();
            if let Ok(benchmark) = ReturnSeries::from_equity(&benchmark, period) {
                let statistics = statistics.with_benchmark(&returns, &benchmark);
                prop_assert!(all_finite(&statistics), "{statistics:?}");
            }
        }
    }

    #[test]
    fn reports_are_made_of_anything_valid(points in equity(), benchmark in equity(), title in ".{0,40}") {
        let report = Report::builder(title, points).benchmark("b", benchmark).build();
        let Ok(report) = report else { return Ok(()) };
        let (html, svg) = (report.to_html().unwrap(), report.to_svg());
        for text in [&html, &svg, &report.summary()] {
            prop_assert!(!text.contains("NaN") && !text.contains(">inf"), "{text}");
        }
        let json: Value = serde_json::from_str(&report.to_json().unwrap()).unwrap();
        prop_assert!(json["statistics"]["max_drawdown"].is_number());
    }

    #[test]
    fn windows_equal_their_slices(r in vec(-0.1..0.1_f64, 2..200), window in 2_usize..40) {
        let rolled = rolling::rolling_volatility(&r, window, 252.0);
        prop_assert_eq!(rolled.len(), (r.len() + 1).saturating_sub(window));
        for (value, slice) in rolled.iter().zip(r.windows(window)) {
            let expected = measure::volatility(slice, 252.0).unwrap();
            prop_assert!((value.unwrap() - expected).abs() < 1e-6, "{value:?} is not {expected}");
        }
    }

    #[test]
    fn histograms_count_every_value(r in series()) {
        if let Some(histogram) = Histogram::new(&r) {
            prop_assert_eq!(histogram.counts.iter().sum::<usize>(), r.len());
            prop_assert!(histogram.counts.len() <= 82, "{}", histogram.counts.len());
            let low = r.iter().copied().fold(f64::INFINITY, f64::min);
            prop_assert!(histogram.start <= low + 1e-12);
        }
    }
}

/// Fills of one instrument with odd prices, quantities and fees.
fn fills() -> impl Strategy<Value = Vec<Fill>> {
    let one = (any::<bool>(), 1..2_000_i64, 1..50_i64, 0..500_i64);
    vec(one, 1..60).prop_map(|drawn| {
        let instrument = Instrument::equity("SPY.NYSE", "USD").unwrap();
        let asset = instrument.quote;
        drawn
            .into_iter()
            .zip(1..)
            .map(|((buy, price, quantity, fee), index)| Fill {
                id: format!("f{index}").into(),
                order: OrderId { run: 1, strategy: 0, sequence: index },
                instrument: instrument.id,
                side: if buy { Side::Buy } else { Side::Sell },
                price: Price::new(price, Scale::new(2).unwrap()),
                quantity: Quantity::new(quantity, Scale::new(1).unwrap()),
                liquidity: Liquidity::Taker,
                fee: Money::new(Decimal::new(fee, 3), asset),
                ts_event: Timestamp::from_nanos(index as i64),
                ts_recv: Timestamp::from_nanos(index as i64),
            })
            .collect()
    })
}

proptest! {
    /// What was won on closed trades, what was won on open ones, and the cost of what is open are the cash that flowed.
    #[test]
    fn matching_conserves_money(fills in fills()) {
        let instruments = [Instrument::equity("SPY.NYSE", "USD").unwrap()];
        let cash: Decimal = fills
            .iter()
            .map(|fill| -fill.price.to_decimal() * fill.quantity.to_decimal() * Decimal::from(fill.side.sign()))
            .sum();
        let fees: Decimal = fills.iter().map(|fill| fill.fee.amount).sum();
        let held: Decimal = fills.iter().map(|fill| fill.quantity.to_decimal() * Decimal::from(fill.side.sign())).sum();
        for matching in [Matching::AverageCost, Matching::Fifo] {
            let trades = trade::round_trips(&fills, &instruments, matching, &()).unwrap();
            let sign = |side: Side| Decimal::from(side.sign());
            let gross: Decimal = trades.closed.iter().map(|trip| trip.gross_pnl).sum();
            let open_cost: Decimal =
                trades.open.iter().map(|open| open.entry_price * open.quantity.to_decimal() * sign(open.side)).sum();
            let realized: Decimal = trades.open.iter().map(|open| open.realized_pnl).sum();
            let difference = (gross + realized - open_cost - cash).abs();
            prop_assert!(difference < Decimal::new(1, 15), "{matching:?} {difference}");
            let paid: Decimal = trades.closed.iter().map(|trip| trip.fees).chain(trades.open.iter().map(|open| open.fees)).sum();
            prop_assert!((paid - fees).abs() < Decimal::new(1, 20), "{matching:?} {paid} {fees}");
            let open: Decimal = trades.open.iter().map(|open| open.quantity.to_decimal() * sign(open.side)).sum();
            prop_assert_eq!(open, held);
            for trip in &trades.closed {
                prop_assert!(trip.quantity.is_positive() && trip.entry_time <= trip.exit_time);
                prop_assert_eq!(trip.net_pnl, trip.gross_pnl - trip.fees);
            }
        }
    }

    #[test]
    fn exposure_is_a_share(fills in fills(), from in 0..80_i64, length in 0..80_i64) {
        let (start, end) = (Timestamp::from_nanos(from), Timestamp::from_nanos(from + length));
        if let Some(share) = trade::exposure(&fills, start, end).unwrap() {
            prop_assert!((0.0..=1.0 + 1e-12).contains(&share), "{share}");
        }
    }
}
