use proptest::prelude::*;

use super::*;

fn price(text: &str) -> Price {
    text.parse().unwrap()
}

fn any_price() -> impl Strategy<Value = Price> {
    (any::<i64>(), 0u8..=18).prop_map(|(m, s)| Price::new(m, Scale::new(s).unwrap()))
}

#[test]
fn text_keeps_the_places_written() {
    for text in ["0", "1", "-1", "0.05", "-0.05", "123.4500", "9223372036854775807", "-9223372036854775808"] {
        assert_eq!(price(text).to_string(), text);
    }
    assert_eq!(price("+2.5e-7").to_string(), "0.00000025");
    assert_eq!(price("1.5e3").to_string(), "1500");
    assert_eq!(price(".5").to_string(), "0.5");
    assert_eq!(price("5.").to_string(), "5");
    assert_eq!(price("0.1000000000000000000000").to_string(), "0.100000000000000000");
}

#[test]
fn bad_text_is_refused() {
    for bad in ["", "-", ".", "abc", "1.2.3", "1e", "e5", "1,000", " 1", "NaN", "inf", "0x10"] {
        assert!(matches!(bad.parse::<Price>(), Err(NumberError::Parse { .. })), "{bad:?}");
    }
    assert!(matches!("9223372036854775808".parse::<Price>(), Err(NumberError::Overflow { .. })));
    assert!(matches!("0.1234567890123456789".parse::<Price>(), Err(NumberError::Scale { .. })));
    assert!("1e999999999999".parse::<Price>().is_err());
    assert!("9".repeat(400).parse::<Price>().is_err());
}

#[test]
fn floats_round_by_their_exact_value() {
    let two = Scale::new(2).unwrap();
    assert_eq!(Price::from_f64(1.005, two).unwrap(), price("1.00"), "the double lies below 1.005");
    assert_eq!(Price::from_f64(0.125, two).unwrap(), price("0.12"), "a true tie goes to the even digit");
    assert_eq!(Price::from_f64(0.375, two).unwrap(), price("0.38"));
    assert_eq!(Price::from_f64(-0.125, two).unwrap(), price("-0.12"));
    assert_eq!(Price::from_f64(5e-324, Scale::MAX).unwrap(), Price::ZERO);
    assert!(Price::from_f64(f64::NAN, two).is_err());
    assert!(Price::from_f64(1e300, two).is_err());
    assert!(Price::from_f64(1e17, two).is_err());
}

#[test]
fn increments_round_in_the_direction_asked() {
    let tick = price("0.25");
    assert_eq!(price("1.30").round_to(tick, Rounding::Floor).unwrap(), price("1.25"));
    assert_eq!(price("1.30").round_to(tick, Rounding::Ceil).unwrap(), price("1.50"));
    assert_eq!(price("-1.30").round_to(tick, Rounding::Floor).unwrap(), price("-1.50"));
    assert_eq!(price("1.375").round_to(tick, Rounding::HalfEven).unwrap(), price("1.50"));
    assert_eq!(price("100").round_to(tick, Rounding::HalfEven).unwrap().to_string(), "100.00");
    assert!(price("1").round_to(Price::ZERO, Rounding::Floor).is_err());
    assert!(price("1.5").is_multiple_of(tick) && !price("1.30").is_multiple_of(tick));
}

#[test]
fn arithmetic_reports_overflow() {
    let max = Price::from_int(i64::MAX);
    assert!(max.checked_add(Price::ONE).is_err());
    assert!(Price::from_int(i64::MIN).checked_neg().is_err());
    assert!(max.checked_add(price("0.1")).is_err());
    assert!(max.rescale(Scale::new(1).unwrap(), Rounding::Floor).is_err());
}

proptest! {
    #[test]
    fn text_round_trips(p in any_price()) {
        let back: Price = p.to_string().parse().unwrap();
        prop_assert_eq!((back.mantissa, back.scale), (p.mantissa, p.scale));
    }

    #[test]
    fn order_agrees_with_decimal(a in any_price(), b in any_price()) {
        prop_assert_eq!(a.cmp(&b), a.to_decimal().cmp(&b.to_decimal()));
        prop_assert_eq!(a == b, a.normalized().mantissa == b.normalized().mantissa && a.normalized().scale == b.normalized().scale);
    }

    #[test]
    fn sums_agree_with_decimal(a in any_price(), b in any_price()) {
        if let Ok(sum) = a.checked_add(b) {
            prop_assert_eq!(Some(sum.to_decimal()), a.to_decimal().checked_add(b.to_decimal()));
            // Back again, unless the value does not fit at the finer scale.
            if let Ok(back) = sum.checked_sub(b) {
                prop_assert_eq!(back, a);
            }
        }
    }

    #[test]
    fn float_is_the_nearest_and_comes_back(p in any_price()) {
        // The standard parser is correctly rounded; so must we be.
        prop_assert_eq!(p.to_f64(), p.to_string().parse::<f64>().unwrap());
        if p.mantissa.unsigned_abs() < 1_000_000_000_000_000 {
            prop_assert_eq!(Price::from_f64(p.to_f64(), p.scale).unwrap(), p);
        }
    }

    #[test]
    fn float_rounding_matches_the_standard_formatter(x in -1e12f64..1e12, s in 0u8..6) {
        // `format!("{:.N}")` rounds the exact value half to even.
        let text = format!("{x:.*}", usize::from(s));
        prop_assert_eq!(Price::from_f64(x, Scale::new(s).unwrap()).unwrap(), price(&text));
    }

    #[test]
    fn decimals_round_trip(p in any_price()) {
        prop_assert_eq!(Price::from_decimal(p.to_decimal()).unwrap(), p);
    }

    #[test]
    fn rounding_to_an_increment_is_near(m in -1_000_000i64..1_000_000, inc in 1i64..500) {
        let (value, inc) = (Price::new(m, Scale::new(4).unwrap()), Price::new(inc, Scale::new(3).unwrap()));
        let down = value.round_to(inc, Rounding::Floor).unwrap();
        let up = value.round_to(inc, Rounding::Ceil).unwrap();
        prop_assert!(down <= value && value <= up && down.is_multiple_of(inc) && up.is_multiple_of(inc));
        prop_assert!(up.checked_sub(down).unwrap() <= inc);
    }

    #[test]
    fn parser_never_panics(text in "\\PC*") {
        let _ = text.parse::<Quantity>();
    }
}

#[test]
fn an_optional_price_is_as_small_as_a_price() {
    assert_eq!((size_of::<Price>(), size_of::<Option<Price>>()), (16, 16));
}

#[test]
fn exponents_without_end_are_refused() {
    for text in ["0e-9223372036854775808", "1e9223372036854775807", "0e65", "1e-65"] {
        assert!(text.parse::<Price>().is_err(), "{text}");
    }
}
