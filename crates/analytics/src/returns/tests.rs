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
        [points, vec![EquityPoint::new(Timestamp::from_nanos(TimeDelta::days(9).nanos() + 1), 1.0)]].concat();
    assert_eq!(Period::Auto.resolve(&longer), Period::Daily);
    assert_eq!(Period::Auto.resolve(&[]), Period::AsGiven);
}

#[test]
fn midnight_ends_a_period() {
    // Daily bars from Thursday on, over a weekend and the end of a month: each closes at the midnight after its day.
    let points = [
        at("2024-02-29", 100.0),
        at("2024-03-01", 110.0),
        at("2024-03-02", 121.0),
        at("2024-03-05", 60.5),
        at("2024-03-05T00:00:01Z", 121.0),
    ];
    let lengths = |period| ReturnSeries::from_equity(&points, period).unwrap().len();
    let daily = ReturnSeries::from_equity(&points, Period::Daily).unwrap();
    assert_eq!(daily.times(), [points[1].ts, points[2].ts, points[3].ts, points[4].ts]);
    assert_eq!(lengths(Period::Weekly), 2, "up to the midnight of Saturday, and from Monday on");
    let monthly = ReturnSeries::from_equity(&points, Period::Monthly).unwrap();
    assert_eq!(monthly.times(), [points[1].ts, points[4].ts]);
    assert!((monthly.values()[0] - 0.1).abs() < 1e-15, "the close of the 29th is February's");
    assert_eq!(lengths(Period::Every(TimeDelta::days(1))), 4, "steps end like days");
}

/// Six weeks of daily closes at midnight after each weekday, from Monday on, and when they were.
fn weekdays() -> (Vec<EquityPoint>, Vec<Timestamp>) {
    let monday: Timestamp = "2024-01-01".parse().unwrap();
    let mut points = vec![EquityPoint::new(monday, 100.0)];
    for day in (0..42).filter(|day| day % 7 < 5) {
        let height = 100.0 + ((day * 37) % 11) as f64;
        points.push(EquityPoint::new(monday.saturating_add(TimeDelta::days(day + 1)), height));
    }
    let market = points.iter().skip(1).map(|point| point.ts).collect();
    (points, market)
}

#[test]
fn days_without_a_market_have_no_return() {
    let (points, market) = weekdays();
    let plain = ReturnSeries::from_equity(&points, Period::Daily).unwrap();
    // An event that changes nothing at noon of four Saturdays.
    let mut more = points.clone();
    for saturday in [5, 12, 19, 26] {
        let ts = points[0].ts.saturating_add(TimeDelta::hours(24 * saturday + 12));
        let place = more.partition_point(|point| point.ts <= ts);
        more.insert(place, EquityPoint::new(ts, more[place - 1].equity));
    }
    assert_eq!(ReturnSeries::from_equity(&more, Period::Daily).unwrap().len(), plain.len() + 4);
    let of =
        |points: &[EquityPoint]| ReturnSeries::from_equity_on_market(points, Period::Daily, &market).unwrap();
    assert_eq!(of(&more), plain);
    assert_eq!(of(&points), plain);

    // On a Sunday, and as far off as can be: it is part of what is there on Monday.
    let sunday = points[0].ts.saturating_add(TimeDelta::days(34));
    more.insert(more.partition_point(|point| point.ts <= sunday), EquityPoint::new(sunday, 7.0));
    assert_eq!(of(&more), plain);
    more.push(EquityPoint::new(points[0].ts.saturating_add(TimeDelta::days(45)), 50.0));
    let last = of(&more);
    assert_eq!((last.len(), last.end()), (plain.len(), plain.end()));
    let total = crate::measure::total_return(last.values()).unwrap();
    assert!((total + 0.5).abs() < 1e-15, "what came after the last close is in the last return");
}

#[test]
fn a_late_point_counts_for_the_day_of_its_news() {
    let (points, market) = weekdays();
    let plain = ReturnSeries::from_equity(&points, Period::Daily).unwrap();
    let late: Vec<EquityPoint> = points
        .iter()
        .map(|point| EquityPoint::new(point.ts.saturating_add(TimeDelta::minutes(10)), point.equity))
        .collect();
    let series = ReturnSeries::from_equity_on_market(&late, Period::Daily, &market).unwrap();
    assert_eq!((series.times(), series.values()), (plain.times(), plain.values()));
    // Twice in one time: the last counts, with news or without.
    let twice: Vec<EquityPoint> =
        points.iter().flat_map(|point| [EquityPoint::new(point.ts, 1.0), *point]).collect();
    assert_eq!(ReturnSeries::from_equity_on_market(&twice, Period::Daily, &market).unwrap(), plain);
}

#[test]
fn two_calendars_make_the_days_of_both() {
    // Shares move on weekdays, coins on all days.
    let monday: Timestamp = "2024-01-01".parse().unwrap();
    let close = |day: i64| monday.saturating_add(TimeDelta::days(day));
    let points: Vec<EquityPoint> =
        (0..=364).map(|day| EquityPoint::new(close(day), 100.0 + (day % 13) as f64)).collect();
    let shares: Vec<Timestamp> = (1..=364).filter(|day| (day - 1) % 7 < 5).map(close).collect();
    let coins: Vec<Timestamp> = (1..=364).map(close).collect();
    let of = |market: &[Timestamp]| {
        let series = ReturnSeries::from_equity_on_market(&points, Period::Daily, market).unwrap();
        (series.len(), series.observed_periods_per_year())
    };
    assert_eq!(of(&shares), (260, 252.0));
    let mut both = [shares.clone(), coins.clone()].concat();
    both.sort_unstable();
    assert_eq!((of(&coins), of(&both)), ((364, 365.0), (364, 365.0)));
}

#[test]
fn a_market_that_says_nothing_is_refused() {
    let (points, market) = weekdays();
    let code = |market: &[Timestamp]| {
        ReturnSeries::from_equity_on_market(&points, Period::Daily, market).unwrap_err().code()
    };
    assert_eq!(code(&[]), "ANALYTICS_TOO_FEW_POINTS");
    assert_eq!(code(&[points[0].ts]), "ANALYTICS_TOO_FEW_POINTS");
    assert_eq!(code(&[market[1], market[0]]), "ANALYTICS_TIME_ORDER");
}

#[test]
fn a_benchmark_is_valued_as_of_each_period() {
    let own = daily("2024-01-01T21:00:00Z", &[100.0, 101.0, 102.0, 103.0, 104.0]);
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
    let later = daily("2024-01-03T21:00:00Z", &[10.0, 11.0]);
    assert_eq!(own.pair_with(&later).times, own.times()[2..3], "from where both have a base");
}
