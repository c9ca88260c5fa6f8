use super::*;

fn points(minutes: &[(i64, f64)]) -> Vec<EquityPoint> {
    let ts = |minute: i64| Timestamp::from_nanos(TimeDelta::minutes(minute).nanos());
    minutes.iter().map(|(minute, equity)| EquityPoint::new(ts(*minute), *equity)).collect()
}

#[test]
fn drawdowns_within_a_day_are_seen() {
    // Day 0: 100 falls to 60 and ends at 100; day 1 ends at 110.
    let equity = points(&[(0, 100.0), (600, 60.0), (1_200, 100.0), (2_000, 110.0)]);
    let options = Options { period: Period::Daily, periods_per_year: Some(365.0), ..Options::default() };
    let seen = Statistics::from_equity(&equity, &options).unwrap();
    assert!((seen.max_drawdown - 0.4).abs() < 1e-15);
    assert_eq!(seen.longest_drawdown, TimeDelta::minutes(1_200));
    assert_eq!(seen.time_under_water, Some(0.6));
    let returns = ReturnSeries::from_equity(&equity, Period::Daily).unwrap();
    let daily = Statistics::from_returns(&returns, &options).unwrap();
    assert_eq!(daily.max_drawdown, 0.0);
    assert_eq!((seen.total_return, seen.observations), (daily.total_return, 2));
}

#[test]
fn options_are_checked() {
    let equity = points(&[(0, 100.0), (1_440, 110.0)]);
    for options in [
        Options { periods_per_year: Some(0.0), ..Options::default() },
        Options { periods_per_year: Some(f64::NAN), ..Options::default() },
        Options { risk_free: -1.0, ..Options::default() },
        Options { target: f64::INFINITY, ..Options::default() },
        Options { confidence: 1.0, ..Options::default() },
    ] {
        let error = Statistics::from_equity(&equity, &options).unwrap_err();
        assert_eq!(error.code(), "ANALYTICS_INVALID_OPTION", "{options:?}");
    }
}

#[test]
fn rates_are_per_year() {
    let equity: Vec<(i64, f64)> =
        [100.0, 102.0, 101.0, 104.0, 103.0].into_iter().zip(0..).map(|(e, i)| (i * 1_440, e)).collect();
    let options =
        Options { periods_per_year: Some(2.0), risk_free: 0.21, target: 0.21, ..Options::default() };
    let returns = ReturnSeries::from_equity(&points(&equity), Period::Daily).unwrap();
    let s = Statistics::from_returns(&returns, &options).unwrap();
    // 21 % a year is 10 % a half year.
    let r = returns.values();
    let near = |a: Option<f64>, b: Option<f64>| (a.unwrap() - b.unwrap()).abs() < 1e-12;
    assert!(near(s.sharpe, measure::sharpe(r, 0.1, 2.0)));
    assert!(near(s.sortino, measure::sortino(r, 0.1, 2.0)));
    assert!(!s.periods_per_year_derived);
}

#[test]
fn ruin_is_reported_and_nothing_is_infinite() {
    let equity = points(&[(0, 100.0), (1_440, -5.0), (2_880, 10.0)]);
    let s =
        Statistics::from_equity(&equity, &Options { period: Period::Daily, ..Options::default() }).unwrap();
    assert_eq!(s.ruined, Some(equity[1].ts));
    assert_eq!((s.total_return, s.cagr, s.max_drawdown), (Some(-1.0), Some(-1.0), 1.0));
    assert_eq!((s.sharpe, s.stability), (None, None));
    let json = serde_json::to_string(&s).unwrap();
    assert_eq!(serde_json::from_str::<Statistics>(&json).unwrap(), s);
}

#[test]
fn against_itself_beta_is_one() {
    let equity: Vec<(i64, f64)> =
        [100.0, 102.0, 101.0, 104.0, 103.0].into_iter().zip(0..).map(|(e, i)| (i * 1_440, e)).collect();
    let returns = ReturnSeries::from_equity(&points(&equity), Period::Daily).unwrap();
    let options = Options { periods_per_year: Some(365.0), ..Options::default() };
    let s = Statistics::from_returns(&returns, &options).unwrap().with_benchmark(&returns, &returns);
    let b = s.benchmark.unwrap();
    assert!((b.beta.unwrap() - 1.0).abs() < 1e-12 && b.alpha.unwrap().abs() < 1e-12);
    assert!((b.up_capture.unwrap() - 1.0).abs() < 1e-12 && (b.down_capture.unwrap() - 1.0).abs() < 1e-12);
    assert_eq!((b.tracking_error, b.information_ratio), (Some(0.0), None));
    assert_eq!((b.cagr, b.sharpe, b.max_drawdown), (s.cagr, s.sharpe, s.max_drawdown));
}
