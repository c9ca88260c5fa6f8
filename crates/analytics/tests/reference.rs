//! Every figure against what published packages compute from the same prices (see `fixtures/README.md`).

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod market;

use algoflow_analytics::{
    EquityPoint, MonthlyTable, Options, Period, ReturnSeries, Statistics, drawdown, measure, rolling,
    trade::{Matching, TradeStatistics, round_trips},
};
use algoflow_core::{
    instrument::Instrument,
    number::{Price, Scale},
    order::Side,
    time::{TimeDelta, Timestamp},
};
use rust_decimal::Decimal;
use serde_json::Value;

const YEAR: f64 = 252.0;
/// The rate per day of the keys that end in `_rate_0.0001`.
const RATE: f64 = 0.0001;

fn reference() -> Value {
    serde_json::from_str(&std::fs::read_to_string(market::fixture("reference.json")).unwrap()).unwrap()
}

fn prices(name: &str) -> Vec<EquityPoint> {
    market::closes(if name == "SP500" { "sp500.csv" } else { "stocks.csv" }, name)
}

fn returns(name: &str) -> ReturnSeries {
    ReturnSeries::from_equity(&prices(name), Period::Daily).unwrap()
}

/// Relative to 1e-9, and absolute to 1e-12 for small differences of large sums.
fn same(what: &str, actual: f64, expected: f64) {
    let tolerance = 1e-9 * expected.abs() + 1e-12;
    assert!((actual - expected).abs() <= tolerance, "{what}: {actual:e} is not {expected:e}");
}

/// When the day of a date of the reference closed.
fn close(date: &str) -> Timestamp {
    EquityPoint::at_close_of(date.parse().unwrap(), 0.0).ts
}

fn day(text: &Value) -> Timestamp {
    close(text.as_str().unwrap())
}

fn for_each_series(check: impl Fn(&str, &ReturnSeries, &Value)) {
    let reference = reference();
    let series = reference["series"].as_object().unwrap();
    assert_eq!(series.len(), 4);
    for (name, entry) in series {
        let returns = returns(name);
        assert_eq!(returns.len() as u64, entry["returns"].as_u64().unwrap(), "{name}");
        check(name, &returns, entry);
    }
}

#[test]
fn figures_equal_the_packages() {
    for_each_series(|name, series, entry| {
        let r = series.values();
        let s = Statistics::from_returns(
            series,
            &Options { periods_per_year: Some(YEAR), period: Period::Daily, ..Options::default() },
        )
        .unwrap();
        let five = measure::per_period(0.05, YEAR);
        let gains: Vec<f64> = r.iter().copied().filter(|value| *value > 0.0).collect();
        let losses: Vec<f64> = r.iter().copied().filter(|value| *value < 0.0).collect();
        let figures = [
            ("total_return", s.total_return),
            ("cagr_252", s.cagr),
            ("annual_volatility", s.volatility),
            ("sharpe", s.sharpe),
            ("sharpe_rate_0.0001", measure::sharpe(r, RATE, YEAR)),
            ("downside_deviation", s.downside_deviation),
            ("sortino", s.sortino),
            ("sortino_rate_0.0001", measure::sortino(r, RATE, YEAR)),
            ("calmar", s.calmar),
            ("omega", s.omega),
            ("omega_required_0.05", measure::omega(r, five)),
            ("stability", s.stability),
            ("tail_ratio", s.tail_ratio),
            ("skew", s.skewness),
            ("skew_biased", measure::population_skewness(r)),
            ("excess_kurtosis", s.kurtosis),
            ("excess_kurtosis_biased", measure::population_kurtosis(r)),
            // Losses are positive here and negative there.
            ("var_95_empyrical", s.value_at_risk.map(|loss| -loss)),
            ("var_99_empyrical", measure::value_at_risk(r, 0.99).map(|loss| -loss)),
            ("cvar_95_empyrical", s.conditional_value_at_risk.map(|loss| -loss)),
            ("cvar_99_empyrical", measure::conditional_value_at_risk(r, 0.99).map(|loss| -loss)),
            ("win_rate", s.positive_periods),
            ("average_win", measure::mean(&gains)),
            ("average_loss", measure::mean(&losses)),
            // Profit factor over periods is omega at zero.
            ("profit_factor", measure::omega(r, 0.0)),
            ("best_day", s.best_period),
            ("worst_day", s.worst_period),
            ("probabilistic_sharpe_0.0_skfolio", s.probabilistic_sharpe),
            ("probabilistic_sharpe_0.03_skfolio", measure::probabilistic_sharpe(r, 0.0, 0.03)),
            ("max_drawdown", Some(-s.max_drawdown)),
            ("ulcer_index_skfolio", s.ulcer_index),
            ("average_drawdown", s.pain_index.map(|depth| -depth)),
            ("drawdown_count", Some(drawdown::drawdowns(series).len() as f64)),
            ("longest_drawdown_days", Some(s.longest_drawdown.as_seconds_f64() / 86_400.0)),
        ];
        for (key, actual) in figures {
            let expected = entry["values"][key].as_f64().unwrap_or_else(|| panic!("no {key}"));
            same(&format!("{name} {key}"), actual.unwrap(), expected);
        }
    });
}

/// Each day a trade: what it won per unit put in is the return of the day, so that the figures of trades are those that
/// the packages compute of days.
#[test]
fn figures_of_trades_equal_the_packages() {
    const STAKE: f64 = 100_000.0;
    for_each_series(|name, series, entry| {
        let instrument = Instrument::equity("ONE.NYSE", "USD").unwrap();
        let price = |value: f64| Price::from_f64(value, Scale::new(9).unwrap()).unwrap();
        let mut fills = Vec::new();
        for (ts, r) in series.times().iter().zip(series.values()) {
            fills.push(market::fill(fills.len(), &instrument, Side::Buy, price(STAKE), 1, *ts));
            fills.push(market::fill(fills.len(), &instrument, Side::Sell, price(STAKE * (1.0 + r)), 1, *ts));
        }
        for fill in &mut fills {
            fill.fee.amount = Decimal::ZERO;
        }
        let trades = round_trips(&fills, &[instrument], Matching::AverageCost, &()).unwrap();
        let all = TradeStatistics::new(&trades.closed).all;
        assert_eq!((all.count, trades.open.len()), (series.len(), 0), "{name}");
        let moved = (all.wins + all.losses) as f64 / all.count as f64;
        let figures = [
            ("win_rate_of_all", all.win_rate),
            ("win_rate", all.win_rate.map(|rate| rate / moved)),
            ("profit_factor", all.profit_factor),
            ("payoff_ratio", all.payoff_ratio),
            ("average_win", all.average_win.map(|win| win / STAKE)),
            ("average_loss", all.average_loss.map(|loss| loss / STAKE)),
            // The package leaves out days without a change.
            ("expectancy", all.expectancy.map(|mean| mean / STAKE / moved)),
            ("best_day", all.largest_win.map(|win| win.to_string().parse::<f64>().unwrap() / STAKE)),
            ("worst_day", all.largest_loss.map(|loss| loss.to_string().parse::<f64>().unwrap() / STAKE)),
        ];
        for (key, actual) in figures {
            same(&format!("{name} {key}"), actual.unwrap(), entry["values"][key].as_f64().unwrap());
        }
    });
}

/// A dividend that is booked on a Sunday, an account that is looked at on Saturdays: with the times of the market the
/// figures stay those of the packages; without, there are more days, and what is annualized with 252 is too small.
#[test]
fn days_off_do_not_change_the_figures() {
    for_each_series(|name, series, entry| {
        let closes = prices(name);
        let market: Vec<Timestamp> = closes.iter().map(|point| point.ts).collect();
        let mut sampled = Vec::new();
        for pair in closes.windows(2) {
            sampled.push(pair[0]);
            if pair[1].ts.since(pair[0].ts) > TimeDelta::days(2) {
                sampled
                    .push(EquityPoint::new(pair[0].ts.saturating_add(TimeDelta::hours(12)), pair[0].equity));
            }
        }
        sampled.extend(closes.last());
        let known = ReturnSeries::from_equity_on_market(&sampled, Period::Daily, &market).unwrap();
        assert_eq!(&known, series, "{name}");
        let expected = entry["values"]["sharpe"].as_f64().unwrap();
        same(&format!("{name} sharpe"), measure::sharpe(known.values(), 0.0, YEAR).unwrap(), expected);

        let unknown = ReturnSeries::from_equity(&sampled, Period::Daily).unwrap();
        assert!(unknown.len() > series.len() * 6 / 5, "{name}");
        assert!(
            measure::sharpe(unknown.values(), 0.0, YEAR).unwrap().abs() < 0.95 * expected.abs(),
            "{name}"
        );
    });
}

/// Where packages differ, ours differs from the other definition by exactly what its documentation says.
#[test]
fn other_definitions_differ_as_documented() {
    for_each_series(|name, series, entry| {
        let (r, n) = (series.values(), series.len() as f64);
        let other = |key: &str| entry["values"][key].as_f64().unwrap();
        // The other divides by n - 1.
        let ulcer = drawdown::ulcer_index(r).unwrap() * (n / (n - 1.0)).sqrt();
        same(&format!("{name} ulcer"), ulcer, other("ulcer_index_quantstats"));
        // The other counts days without a change too.
        let gains = r.iter().filter(|value| **value > 0.0).count() as f64;
        same(&format!("{name} win rate"), gains / n, other("win_rate_of_all"));
        // The other counts time on the calendar.
        let total = measure::total_return(r).unwrap();
        let years = series.end().since(series.start()).as_seconds_f64() / (365.25 * 86_400.0);
        same(&format!("{name} cagr"), (1.0 + total).powf(1.0 / years) - 1.0, other("cagr_calendar"));
    });
}

#[test]
fn drawdowns_equal_the_packages() {
    for_each_series(|name, series, entry| {
        let expected = entry["drawdowns"].as_array().unwrap();
        let actual = drawdown::worst_drawdowns(series, expected.len());
        assert_eq!(actual.len(), expected.len());
        for (fall, expected) in actual.iter().zip(expected) {
            assert_eq!(fall.start, day(&expected["peak"]), "{name}");
            assert_eq!(fall.valley, day(&expected["valley"]), "{name}");
            assert_eq!(fall.recovery, expected["recovery"].as_str().map(close), "{name}");
            same(name, -fall.depth, expected["depth"].as_f64().unwrap());
            let days = fall.length.as_seconds_f64() / 86_400.0;
            assert_eq!(days, expected["days"].as_f64().unwrap(), "{name}");
        }
    });
}

#[test]
fn calendar_returns_equal_the_packages() {
    for_each_series(|name, series, entry| {
        let table = MonthlyTable::from_returns(series);
        let months = entry["monthly_returns"].as_object().unwrap();
        assert_eq!(table.months().count(), months.len(), "{name}");
        for (year, month, value) in table.months() {
            let key = format!("{year}-{month:02}");
            same(&format!("{name} {key}"), value, months[&key].as_f64().unwrap());
        }
        let years = entry["yearly_returns"].as_object().unwrap();
        assert_eq!(table.years.len(), years.len(), "{name}");
        for row in &table.years {
            same(&format!("{name} {}", row.year), row.total, years[&row.year.to_string()].as_f64().unwrap());
        }
        if name == "SP500" {
            assert_eq!(table.years.len(), 20);
        }
    });
}

#[test]
fn rolling_sharpe_equals_the_packages() {
    const WINDOW: usize = 126;
    for_each_series(|name, series, entry| {
        let rolled = rolling::rolling_sharpe(series.values(), WINDOW, 0.0, YEAR);
        let expected = entry["rolling_sharpe_126"].as_object().unwrap();
        assert!(!expected.is_empty());
        for (date, expected) in expected {
            let index = series.times().binary_search(&close(date)).unwrap();
            same(&format!("{name} {date}"), rolled[index + 1 - WINDOW].unwrap(), expected.as_f64().unwrap());
        }
    });
}

#[test]
fn relative_figures_equal_the_packages() {
    let reference = reference();
    let benchmark = returns(reference["benchmark"].as_str().unwrap());
    let stocks = reference["against_benchmark"].as_object().unwrap();
    assert_eq!(stocks.len(), 3);
    for (name, entry) in stocks {
        let paired = returns(name).pair_with(&benchmark);
        assert_eq!(paired.times.len() as u64, entry["returns"].as_u64().unwrap(), "{name}");
        assert_eq!(paired.times.last().copied(), Some(day(&entry["last"])), "{name}");
        let (r, b) = (&paired.own[..], &paired.other[..]);
        let information = measure::information_ratio(r, b, YEAR);
        let (up, down) = (measure::up_capture(r, b, YEAR), measure::down_capture(r, b, YEAR));
        let figures = [
            ("beta", measure::beta(r, b)),
            ("alpha_per_day", measure::alpha(r, b, 0.0, 1.0)),
            ("alpha_compounded", measure::alpha(r, b, 0.0, YEAR)),
            ("alpha_times_252", measure::alpha(r, b, 0.0, 1.0).map(|alpha| alpha * YEAR)),
            ("alpha_compounded_rate_0.0001", measure::alpha(r, b, RATE, YEAR)),
            ("correlation", measure::correlation(r, b)),
            ("r_squared", measure::correlation(r, b).map(|c| c * c)),
            ("tracking_error", measure::tracking_error(r, b, YEAR)),
            ("information_ratio", information),
            ("information_ratio_per_day", information.map(|ratio| ratio / YEAR.sqrt())),
            ("up_capture", up),
            ("down_capture", down),
            ("up_down_capture", up.zip(down).map(|(up, down)| up / down)),
        ];
        for (key, actual) in figures {
            same(&format!("{name} {key}"), actual.unwrap(), entry["values"][key].as_f64().unwrap());
        }
    }
}
