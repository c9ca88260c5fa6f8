use super::*;

fn at(text: &str, equity: f64) -> EquityPoint {
    EquityPoint::new(text.parse().unwrap(), equity)
}

fn daily(first: &str, equity: &[f64]) -> ReturnSeries {
    let start: Timestamp = first.parse().unwrap();
    let points: Vec<EquityPoint> = equity
        .iter()
        .zip(0..)
        .map(|(equity, day)| EquityPoint::new(start.saturating_add(TimeDelta::days(day)), *equity))
        .collect();
    ReturnSeries::from_equity(&points, Period::Daily).unwrap()
}

#[test]
fn the_last_point_of_a_day_counts() {
    let points = [
        at("2024-01-02T09:30:00Z", 100.0),
        at("2024-01-02T21:00:00Z", 110.0),
        at("2024-01-03T15:00:00Z", 1.0),
        at("2024-01-03T21:00:00Z", 121.0),
        at("2024-01-08T21:00:00Z", 60.5),
    ];
    let series = ReturnSeries::from_equity(&points, Period::Daily).unwrap();
    assert_eq!(series.start(), points[0].ts);
    assert_eq!(series.times(), [points[1].ts, points[3].ts, points[4].ts]);
    let expected = [0.1, 0.1, -0.5];
    assert!(
        series.values().iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-15),
        "{:?}",
        series.values()
    );
    let monthly = ReturnSeries::from_equity(&points, Period::Monthly).unwrap();
    assert_eq!(monthly.len(), 1, "one month, from the first point to its last");
    assert!((monthly.values()[0] + 0.395).abs() < 1e-15);
    let weekly = ReturnSeries::from_equity(&points, Period::Weekly).unwrap();
    assert_eq!(weekly.times(), [points[3].ts, points[4].ts], "Monday the 8th begins a week");
}

#[test]
fn a_single_first_point_is_the_base() {
    let series = daily("2024-01-01", &[100.0, 110.0, 99.0]);
    assert_eq!((series.len(), series.start().to_string().as_str()), (2, "2024-01-01T00:00:00Z"));
    assert_eq!(series.wealth().len(), 3);
    assert!((series.wealth()[2] - 0.99).abs() < 1e-15);
}

#[test]
fn of_equal_times_the_last_counts() {
    let points =
        [at("2024-01-01", 50.0), at("2024-01-01", 100.0), at("2024-01-02", 7.0), at("2024-01-02", 101.0)];
    let series = ReturnSeries::from_equity(&points, Period::AsGiven).unwrap();
    assert_eq!(series.len(), 1);
    assert!((series.values()[0] - 0.01).abs() < 1e-15);
}

#[test]
fn ruin_ends_the_series() {
    let series = daily("2024-01-01", &[100.0, 50.0, -20.0, 300.0]);
    assert_eq!(series.values(), [-0.5, -1.0]);
    assert_eq!(series.ruined(), Some(series.end()));
    let times = series.times().to_vec();
    let again = ReturnSeries::from_returns(series.start(), times, vec![-1.0, 0.5], Period::Daily).unwrap();
    assert_eq!((again.len(), again.ruined()), (1, Some(again.end())));
}

#[test]
fn bad_input_is_refused() {
    let one_day = [at("2024-01-01", 1.0), at("2024-01-01", 2.0)];
    let code = |result: Result<ReturnSeries>| result.unwrap_err().code();
    assert_eq!(code(ReturnSeries::from_equity(&one_day, Period::Daily)), "ANALYTICS_TOO_FEW_POINTS");
    let two = [at("2024-01-01", 1.0), at("2024-01-02", 2.0)];
    let zero = Period::Every(TimeDelta::ZERO);
    assert_eq!(code(ReturnSeries::from_equity(&two, zero)), "ANALYTICS_INVALID_OPTION");
    let start = two[0].ts;
    let from = |times: Vec<Timestamp>, values: Vec<f64>| {
        code(ReturnSeries::from_returns(start, times, values, Period::Daily))
    };
    assert_eq!(from(vec![two[1].ts], vec![]), "ANALYTICS_LENGTH_MISMATCH");
    assert_eq!(from(vec![], vec![]), "ANALYTICS_TOO_FEW_POINTS");
    assert_eq!(from(vec![start], vec![0.1]), "ANALYTICS_TIME_ORDER");
    assert_eq!(from(vec![two[1].ts], vec![-1.5]), "ANALYTICS_INVALID_RETURN");
    assert_eq!(from(vec![two[1].ts], vec![f64::INFINITY]), "ANALYTICS_INVALID_RETURN");
}

#[test]
fn periods_per_year_are_observed() {
    let weekdays: Vec<EquityPoint> = (0..520)
        .filter(|day| (day + 3) % 7 < 5)
        .map(|day| EquityPoint::new(Timestamp::from_nanos(TimeDelta::days(day).nanos()), 100.0 + day as f64))
        .collect();
    let observed = |points: &[EquityPoint], period| {
        ReturnSeries::from_equity(points, period).unwrap().observed_periods_per_year()
    };
    assert_eq!(observed(&weekdays, Period::Daily), 252.0, "261 weekdays are within 5 % of 252");
    assert_eq!(observed(&weekdays, Period::Weekly), 52.0);
    assert_eq!(observed(&weekdays, Period::Monthly), 12.0);
    assert_eq!(daily("2024-01-01", &[1.0; 400]).observed_periods_per_year(), 365.0);
    let every_third: Vec<EquityPoint> = (0..100)
        .map(|i| EquityPoint::new(Timestamp::from_nanos(TimeDelta::days(3 * i).nanos()), 1.0))
        .collect();
    let odd = observed(&every_third, Period::Daily);
    assert!((odd - 365.2425 / 3.0).abs() < 1e-9, "no convention is near {odd}");
}

#[test]
fn auto_is_daily_with_ten_days() {
    let points: Vec<EquityPoint> = (0..48 * 9)
        .map(|i| EquityPoint::new(Timestamp::from_nanos(TimeDelta::minutes(30 * i).nanos()), 100.0))
        .collect();
    assert_eq!(Period::Auto.resolve(&points), Period::AsGiven);
    let longer =
        [points, vec![EquityPoint::new(Timestamp::from_nanos(TimeDelta::days(9).nanos()), 1.0)]].concat();
    assert_eq!(Period::Auto.resolve(&longer), Period::Daily);
}

#[test]
fn a_benchmark_is_valued_as_of_each_period() {
    let own = daily("2024-01-01", &[100.0, 101.0, 102.0, 103.0, 104.0]);
    // Stamped in the evening, without the third day, and over before the last.
    let other = ReturnSeries::from_equity(
        &[
            at("2024-01-01T20:00:00Z", 10.0),
            at("2024-01-02T20:00:00Z", 11.0),
            at("2024-01-04T20:00:00Z", 22.0),
        ],
        Period::Daily,
    )
    .unwrap();
    let paired = own.pair_with(&other);
    assert_eq!(paired.times, own.times()[..3]);
    assert_eq!(paired.own, own.values()[..3]);
    let expected = [0.1, 0.0, 1.0];
    assert!(paired.other.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-15), "{:?}", paired.other);
    let later = daily("2024-01-03", &[10.0, 11.0]);
    assert_eq!(own.pair_with(&later).times, own.times()[2..3], "from where both have a base");
}
