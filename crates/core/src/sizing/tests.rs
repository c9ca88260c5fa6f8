use proptest::prelude::*;

use super::*;
use crate::instrument::{InstrumentKind, OrderLimits};

fn spy() -> Instrument {
    Instrument::equity("SPY.NYSE", "USD").unwrap()
}

fn btc() -> Instrument {
    Instrument::spot("BTC-USD.X").unwrap().with_quantity_increment("0.0001".parse().unwrap())
}

fn input<'a>(instrument: &'a Instrument, price: &str) -> SizingInput<'a> {
    SizingInput::new(instrument, Decimal::from(100_000), price.parse().unwrap())
}

fn size(sizer: Sizer, input: SizingInput<'_>) -> String {
    sizer.quantity(&input).unwrap().to_string()
}

/// The expected values were computed with exact fractions in Python 3 (`fractions.Fraction`), rounded down to the step.
#[test]
fn sizes_are_those_of_the_formulas() {
    let (spy, btc) = (spy(), btc());
    let max_weight = 2.0;
    assert_eq!(
        size(Sizer::Fixed { quantity: Quantity::from_int(12), max_weight }, input(&spy, "472.65")),
        "12"
    );
    assert_eq!(size(Sizer::EquityShare { weight: 0.25, max_weight }, input(&spy, "472.65")), "52");
    let target = Sizer::VolatilityTarget { target: 0.15, max_weight };
    assert_eq!(size(target, input(&btc, "61234.56").volatility(0.22)), "1.1134");
    assert_eq!(size(target, input(&btc, "61234.56").volatility(0.05)), "3.2661", "at most twice the equity");
    let atr = Sizer::AtrRisk { risk: 0.0123, multiple: 3.0, max_weight };
    assert_eq!(size(atr, input(&spy, "94.30").atr(1.17)), "350");
    let kelly = Sizer::Kelly { fraction: 0.5, max_weight };
    assert_eq!(size(kelly, input(&spy, "50.50").odds(0.55, 1.2)), "173");
    assert_eq!(size(kelly, input(&spy, "50.50").odds(0.4, 1.2)), "0", "the odds are against it");
}

#[test]
fn multipliers_and_inverse_contracts_count() {
    let future = spy().with_multiplier(Decimal::from(50)).with_quantity_increment("0.001".parse().unwrap());
    let atr = Sizer::AtrRisk { risk: 0.01, multiple: 2.5, max_weight: 100.0 };
    assert_eq!(size(atr, input(&future, "4700").atr(37.25)), "0.214");
    let mut inverse = Instrument::perpetual("BTC-USD.X").unwrap().with_multiplier(Decimal::from(100));
    inverse.kind = InstrumentKind::Perpetual { inverse: true, funding_interval: None };
    inverse.settlement = inverse.base;
    inverse.quantity_increment = Quantity::ONE;
    // Two coins, of which 0.04 are lost when the price falls from 50000 to 49000.
    let input = SizingInput::new(&inverse, Decimal::TWO, "50000".parse().unwrap()).atr(500.0);
    let atr = Sizer::AtrRisk { risk: 0.02, multiple: 2.0, max_weight: 1.0 };
    assert_eq!(size(atr, input), "980");
    let far = Sizer::AtrRisk { risk: 0.02, multiple: 100.0, max_weight: 1.0 };
    assert_eq!(far.quantity(&input).unwrap_err().code(), "SIZING_OUT_OF_RANGE");
}

#[test]
fn the_venue_bounds_a_size() {
    let (min_quantity, max_quantity) = (Some(Quantity::from_int(10)), Some(Quantity::from_int(40)));
    let spy = spy().with_limits(OrderLimits { min_quantity, max_quantity, ..OrderLimits::default() });
    let share = |weight| Sizer::EquityShare { weight, max_weight: 1.0 };
    assert_eq!(size(share(0.5), input(&spy, "1000")), "40");
    assert_eq!(size(share(0.1), input(&spy, "1000")), "10");
    assert_eq!(size(share(0.099), input(&spy, "1000")), "0", "nine are below the least");
}

#[test]
fn what_makes_no_sense_is_said() {
    let spy = spy();
    let refused = |sizer: Sizer, input: SizingInput<'_>| sizer.quantity(&input).unwrap_err().to_string();
    let price = || input(&spy, "100");
    let kelly = |fraction| Sizer::Kelly { fraction, max_weight: 1.0 };
    assert_eq!(refused(kelly(0.5), price()), "this sizer needs the odds");
    assert_eq!(refused(kelly(1.5), price()), "fraction is 1.5; it must be above 0 and at most 1");
    assert_eq!(refused(kelly(0.5), price().odds(1.2, 1.0)), "win_rate is 1.2; it must be 0 to 1");
    assert_eq!(refused(kelly(0.5), price().odds(0.5, 0.0)), "payoff is 0; it must be above 0");
    let target = Sizer::VolatilityTarget { target: 0.1, max_weight: f64::NAN };
    assert!(refused(target, price().volatility(0.2)).starts_with("max_weight is NaN"));
    let target = Sizer::VolatilityTarget { target: 0.1, max_weight: 1.0 };
    assert_eq!(refused(target, price().volatility(0.0)), "volatility is 0; it must be above 0");
    assert_eq!(refused(target, input(&spy, "0")), "price is 0; it must be above 0");
    let broke = SizingInput::new(&spy, Decimal::NEGATIVE_ONE, "10".parse().unwrap()).volatility(0.2);
    assert_eq!(size(target, broke), "0");
}

#[test]
fn a_sizer_is_read_as_it_is_written() {
    let sizer = Sizer::Kelly { fraction: 0.5, max_weight: 0.2 };
    let text = r#"{"kelly":{"fraction":0.5,"max_weight":0.2}}"#;
    assert_eq!(serde_json::to_string(&sizer).unwrap(), text);
    assert_eq!(serde_json::from_str::<Sizer>(text).unwrap(), sizer);
    assert!(serde_json::from_str::<Sizer>(r#"{"kelly":{"fraction":0.5,"max_weight":0.2,"x":1}}"#).is_err());
}

proptest! {
    #[test]
    fn a_size_is_a_multiple_within_the_cap(
        which in 0..4usize,
        equity in 0i64..10_000_000,
        cents in 1i64..10_000_000,
        a in 0.001f64..1.0,
        b in 0.001f64..5.0,
        max_weight in 0.01f64..3.0,
    ) {
        let btc = btc();
        let sizer = match which {
            0 => Sizer::EquityShare { weight: b, max_weight },
            1 => Sizer::VolatilityTarget { target: a, max_weight },
            2 => Sizer::AtrRisk { risk: a, multiple: b, max_weight },
            _ => Sizer::Kelly { fraction: a, max_weight },
        };
        let price = Price::new(cents, Scale::new(2).unwrap());
        let input = SizingInput::new(&btc, Decimal::from(equity), price).volatility(b).atr(b).odds(a, b);
        let quantity = sizer.quantity(&input).unwrap();
        prop_assert!(!quantity.is_negative() && quantity.is_multiple_of(btc.quantity_increment));
        let worth = btc.notional(price, quantity).unwrap();
        let cap = Decimal::from(equity) * Decimal::try_from(max_weight).unwrap();
        prop_assert!(worth <= cap, "{} is worth {} of {}", quantity, worth, cap);
    }
}
