use super::*;
use crate::{bar_spec::BarSpec, market::Bar, number::Price, order::Side, time::Timestamp};

fn acme() -> Instrument {
    Instrument::equity("ACME.NYSE", "USD").unwrap()
}

fn market(quantity: i64) -> OrderSpec {
    OrderSpec::market(acme().id, Side::Buy, Quantity::from_int(quantity))
}

fn limit(quantity: i64) -> OrderSpec {
    OrderSpec::limit(acme().id, Side::Buy, Quantity::from_int(quantity), Price::from_int(10))
}

fn q(units: i64) -> Quantity {
    Quantity::from_int(units)
}

fn all() -> Vec<(Algorithm, OrderSpec)> {
    let hour = TimeDelta::hours(1);
    let profile = VolumeProfile::new(TimeDelta::hours(6), vec![1.0, 2.0, 3.0, 4.0]).unwrap();
    vec![
        (Twap::new(hour, 10).jitter(0.1, 0.2).seed(3).at_end(AtEnd::Take).into(), market(100)),
        (Vwap::new(hour, 10, profile).jitter(0.1, 0.0).into(), market(100)),
        (Participation::new(0.1).within(hour).min_slice(q(1)).max_slice(q(5)).unseen().into(), market(100)),
        (Shortfall::new(hour, 10, 1e-6, 0.95, 2.5e-6).permanent_impact(2.5e-7).into(), market(100)),
        (Chunks::count(7, TimeDelta::seconds(5)).jitter(0.5, 0.5).into(), market(100)),
        (Chunks::of(q(7), TimeDelta::ZERO).into(), limit(100)),
        (Iceberg::new(q(10)).jitter(0.3).seed(1).into(), limit(100)),
        (Sniper::new().min_size(q(5)).max_slice(q(20)).into(), limit(100)),
        (
            Peg::new(PegTo::Mid).offset(Price::ONE).threshold(Price::ONE).within(hour).every(hour).into(),
            market(100),
        ),
        (Algorithm::Custom { name: "mine".into(), parameters: "{}".into() }, limit(100)),
    ]
}

#[test]
fn all_are_valid_and_round_trip_as_json() {
    for (algorithm, spec) in all() {
        algorithm.validate(&spec, &acme()).unwrap();
        let json = serde_json::to_string(&algorithm).unwrap();
        assert_eq!(serde_json::from_str::<Algorithm>(&json).unwrap(), algorithm, "{json}");
        if !matches!(algorithm, Algorithm::Custom { .. }) {
            assert!(json.contains(&format!("{:?}:{:?}", "algorithm", algorithm.name())), "{json}");
        }
    }
}

#[test]
fn what_is_wrong_is_named() {
    let hour = TimeDelta::hours(1);
    let cases: Vec<(Algorithm, OrderSpec, &str)> = vec![
        (Twap::new(TimeDelta::ZERO, 1).into(), market(1), "twap: duration must be above zero, not 0s"),
        (Twap::new(hour, 0).into(), market(1), "twap: slices must be 1 to 10000, not 0"),
        (Twap::new(hour, MAX_SLICES + 1).into(), market(1), "twap: slices must be 1 to 10000, not 10001"),
        (Twap::new(hour, 1).jitter(1.0, 0.0).into(), market(1), "twap: jitter.size must be 0 or more"),
        (Twap::new(hour, 1).jitter(0.0, f64::NAN).into(), market(1), "twap: jitter.delay must be 0 or more"),
        (
            Participation::new(0.0).into(),
            market(1),
            "participation: rate must be above 0 and at most 1, not 0",
        ),
        (
            Participation::new(0.1).max_slice(q(0)).into(),
            market(1),
            "participation: max_slice must be at least 1",
        ),
        (
            Participation::new(0.1).min_slice(q(2)).max_slice(q(1)).into(),
            market(1),
            "participation: max_slice must be at least min_slice, 2, not 1",
        ),
        (
            Shortfall::new(hour, 1, -1.0, 1.0, 1.0).into(),
            market(1),
            "shortfall: risk_aversion must be zero or",
        ),
        (
            Shortfall::new(TimeDelta::days(2), 1, 1.0, 1.0, 1.0).permanent_impact(1.0).into(),
            market(1),
            "shortfall: temporary_impact less half the permanent impact of an interval it must be above zero",
        ),
        (Chunks::count(1, TimeDelta::seconds(-1)).into(), market(1), "chunks: delay must not be negative"),
        (Iceberg::new(q(1)).into(), market(1), "an iceberg needs a limit price"),
        (Iceberg::new("0.5".parse().unwrap()).into(), limit(1), "iceberg: display must be at least 1"),
        (Sniper::new().into(), market(1), "a sniper needs a limit price"),
        (Sniper::new().min_size(q(0)).into(), limit(1), "sniper: min_size must be above zero, not 0"),
        (Peg::new(PegTo::Own).threshold(Price::from_int(-1)).into(), market(1), "peg: threshold must not be"),
        (Peg::new(PegTo::Own).max_chase(Price::from_int(-1)).into(), market(1), "peg: max_chase must not be"),
    ];
    for (algorithm, spec, text) in cases {
        let error = algorithm.validate(&spec, &acme()).unwrap_err().to_string();
        assert!(error.starts_with(text), "{error}");
    }
}

#[test]
fn an_order_that_cannot_be_worked_is_refused() {
    let twap = Algorithm::from(Twap::new(TimeDelta::hours(1), 2));
    let refused = |change: fn(&mut OrderSpec), text: &str| {
        let mut spec = market(10);
        change(&mut spec);
        let error = twap.validate(&spec, &acme()).unwrap_err().to_string();
        assert!(error.contains(text), "{error}");
    };
    refused(|spec| spec.quantity = super::super::OrderQuantity::Quote(Quantity::ONE), "units of the base");
    refused(|spec| spec.kind = OrderKind::Stop { trigger: Price::ONE }, "a market or a limit order");
    refused(|spec| spec.time_in_force = TimeInForce::Ioc, "good till cancelled");
    refused(|spec| spec.contingency.group = Some(1), "waits for no other");
    refused(|spec| spec.flags.display = Some(Quantity::ONE), "iceberg");
    refused(|spec| spec.flags.post_only = true, "post-only");
}

fn bar(hour: i64, hours: i64, volume: i64) -> Bar {
    let at = |hour| Timestamp::from_nanos(TimeDelta::hours(hour).nanos());
    Bar {
        instrument: acme().id,
        spec: BarSpec::Time(TimeDelta::hours(hours)),
        ts_open: at(hour),
        ts_close: at(hour + hours),
        ts_recv: at(hour + hours),
        open: Price::ONE,
        high: Price::ONE,
        low: Price::ONE,
        close: Price::ONE,
        volume: q(volume),
    }
}

#[test]
fn a_profile_is_the_volume_by_time_of_the_day() {
    // Two days; the bar from 5 to 7 lies half in the first part and half in the second.
    let bars = [bar(0, 5, 10), bar(5, 2, 8), bar(24 + 6, 6, 100), bar(24 + 20, 8, 16), bar(48, 24, 1_000)];
    let profile = VolumeProfile::from_bars(&bars, TimeDelta::hours(6)).unwrap();
    assert_eq!(profile.weights(), [10.0 + 4.0 + 8.0, 4.0 + 100.0, 0.0, 8.0]);
    let at = |hour| Timestamp::from_nanos(TimeDelta::hours(hour).nanos());
    assert_eq!(profile.between(at(0), at(24)), 134.0);
    assert_eq!(profile.between(at(3), at(9)), 11.0 + 52.0);
    assert_eq!(profile.between(at(-6), at(54)), 2.0 * 134.0 + 8.0 + 22.0);
    assert_eq!((profile.between(at(5), at(5)), profile.between(at(5), at(4))), (0.0, 0.0));
}

#[test]
fn a_profile_that_is_none_is_refused() {
    let hours = TimeDelta::hours;
    assert!(VolumeProfile::new(hours(5), vec![1.0; 5]).is_err());
    assert!(VolumeProfile::new(hours(-6), vec![1.0; 4]).is_err());
    assert!(VolumeProfile::new(TimeDelta::millis(1), Vec::new()).is_err(), "too many parts");
    assert!(VolumeProfile::new(hours(6), vec![1.0; 3]).is_err());
    assert!(VolumeProfile::new(hours(12), vec![1.0, f64::NAN]).is_err());
    assert!(VolumeProfile::new(hours(12), vec![1.0, -1.0]).is_err());
    assert!(VolumeProfile::new(hours(12), vec![f64::MAX, f64::MAX]).is_err());
    assert!(serde_json::from_str::<VolumeProfile>(r#"{"bin":"12h","weights":[1.0]}"#).is_err());
}
