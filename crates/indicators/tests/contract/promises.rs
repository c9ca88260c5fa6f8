//! Warm-up, reset, unusable inputs and finite values, on random bars.

use algoflow_indicators::{
    Aroon, BollingerBands, Donchian, DonchianWindow, Indicator, Mfi, Ohlcv, RollingMax, RollingMin,
    RollingVwap, Rsi, Sma, StochRsi, Stochastic, WilliamsR, Wma,
};
use proptest::prelude::*;

use crate::registry::all;

/// A well-formed bar; some are flat, some have no volume, so that every division by zero is met.
fn bar() -> impl Strategy<Value = Ohlcv> {
    let price = || prop_oneof![8 => 1.0..200.0_f64, 2 => Just(50.0), 1 => Just(0.0)];
    let range = || prop_oneof![1 => Just(0.0), 3 => 0.0..5.0_f64];
    let volume = prop_oneof![1 => Just(0.0), 3 => 0.0..1e9_f64];
    (price(), price(), range(), range(), volume, any::<bool>()).prop_map(
        |(open, close, up, down, volume, flat)| {
            let open = if flat { close } else { open };
            Ohlcv { open, high: open.max(close) + up, low: open.min(close) - down, close, volume }
        },
    )
}

fn bars() -> impl Strategy<Value = Vec<Ohlcv>> {
    prop::collection::vec(bar(), 90..140)
}

fn stretches_of_equal_bars() -> impl Strategy<Value = Vec<Ohlcv>> {
    prop::collection::vec((bar(), 1_usize..40), 5..9)
        .prop_map(|runs| runs.into_iter().flat_map(|(bar, count)| std::iter::repeat_n(bar, count)).collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_first_value_comes_after_exactly_the_warm_up(bars in bars(), n in 1_usize..15) {
        for (name, mut indicator) in all(n) {
            prop_assert!(bars.len() > indicator.warm_up() + 5, "{name}");
            for (updates, bar) in (1..).zip(&bars) {
                let ready = updates >= indicator.warm_up();
                let value = indicator.update(*bar);
                prop_assert_eq!(value.is_some(), ready, "{}, update {}", &name, updates);
                prop_assert_eq!(indicator.is_ready(), ready, "{}, update {}", &name, updates);
                prop_assert_eq!(indicator.value(), value, "{}, update {}", &name, updates);
            }
        }
    }

    #[test]
    fn reset_makes_it_new(before in bars(), after in bars(), n in 1_usize..15) {
        for ((name, mut used), (_, mut fresh)) in all(n).into_iter().zip(all(n)) {
            for bar in &before {
                used.update(*bar);
            }
            used.reset();
            prop_assert_eq!(used.value(), None, "{}", &name);
            for bar in &after {
                prop_assert_eq!(used.update(*bar), fresh.update(*bar), "{}", &name);
            }
        }
    }

    #[test]
    fn an_unusable_input_changes_nothing(
        bars in bars(), n in 1_usize..15, at in 0_usize..90,
        bad in prop::sample::select(vec![f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e101, -1e300]),
    ) {
        let broken = Ohlcv { open: bad, high: bad, low: bad, close: bad, volume: bad };
        for ((name, mut disturbed), (_, mut calm)) in all(n).into_iter().zip(all(n)) {
            // Integers have no unusable values.
            if name.contains("RollingSum") {
                continue;
            }
            for (i, bar) in bars.iter().enumerate() {
                if i == at {
                    let value = disturbed.value();
                    prop_assert_eq!(disturbed.update(broken), None, "{}", &name);
                    prop_assert_eq!(disturbed.value(), value, "{}", &name);
                }
                prop_assert_eq!(disturbed.update(*bar), calm.update(*bar), "{}, bar {}", &name, i);
            }
        }
    }

    #[test]
    fn values_are_finite(
        bars in prop_oneof![bars(), stretches_of_equal_bars()], n in 1_usize..15,
        scale in prop::sample::select(vec![1.0, 1e-300, 1e-9, 1e9, 1e97]),
    ) {
        for (name, mut indicator) in all(n) {
            for bar in &bars {
                let bar = Ohlcv {
                    open: bar.open * scale,
                    high: bar.high * scale,
                    low: bar.low * scale,
                    close: bar.close * scale,
                    volume: bar.volume * scale.min(1.0),
                };
                if let Some(value) = indicator.update(bar) {
                    prop_assert!(value.iter().all(|x| x.is_finite()), "{}: {:?} on {:?}", &name, value, bar);
                }
            }
        }
    }

    #[test]
    fn oscillators_stay_in_their_bounds(
        bars in prop_oneof![bars(), stretches_of_equal_bars()], n in 1_usize..15,
    ) {
        let mut rsi = Rsi::new(n).unwrap();
        let mut stochastic = Stochastic::new(n, 3, 2).unwrap();
        let mut stoch_rsi = StochRsi::new(n, 4, 2, 2).unwrap();
        let mut williams = WilliamsR::new(n).unwrap();
        let mut mfi = Mfi::new(n).unwrap();
        let mut aroon = Aroon::new(n).unwrap();
        let percent = -1e-9..=100.0 + 1e-9;
        for bar in &bars {
            prop_assert!(rsi.update(bar.close).is_none_or(|x| (0.0..=100.0).contains(&x)));
            prop_assert!(mfi.update(bar).is_none_or(|x| (0.0..=100.0).contains(&x)));
            prop_assert!(williams.update(bar).is_none_or(|x| (-100.0..=0.0).contains(&x)));
            prop_assert!(stochastic.update(bar).is_none_or(|x| percent.contains(&x.k) && percent.contains(&x.d)));
            prop_assert!(stoch_rsi.update(bar.close).is_none_or(|x| percent.contains(&x.k) && percent.contains(&x.d)));
            if let Some(x) = aroon.update(bar) {
                prop_assert!((0.0..=100.0).contains(&x.up) && (0.0..=100.0).contains(&x.down));
                prop_assert_eq!(x.oscillator, x.up - x.down);
            }
        }
    }

    #[test]
    fn averages_and_channels_contain_what_they_should(bars in bars(), n in 1_usize..15) {
        let mut donchian = Donchian::new(n).unwrap();
        let mut before = Donchian::with_window(n, DonchianWindow::Before).unwrap();
        let mut bands = BollingerBands::new(n, 2.0).unwrap();
        let mut vwap = RollingVwap::new(n).unwrap();
        let mut sma = Sma::new(n).unwrap();
        let mut wma = Wma::new(n).unwrap();
        for (i, bar) in bars.iter().enumerate() {
            let previous = donchian.value();
            prop_assert_eq!(before.update(bar), previous);
            let (channel, sma, wma) = (donchian.update(bar), sma.update(bar.close), wma.update(bar.close));
            let (bands, vwap) = (bands.update(bar.close), vwap.update(bar));
            let Some(channel) = channel else { continue };
            prop_assert!(channel.lower <= bar.low && bar.high <= channel.upper);
            let window = &bars[i + 1 - n..=i];
            let least = window.iter().map(|bar| bar.close).fold(f64::INFINITY, f64::min);
            let greatest = window.iter().map(|bar| bar.close).fold(f64::NEG_INFINITY, f64::max);
            let slack = 1e-12 * greatest.abs();
            for average in [sma.unwrap(), wma.unwrap()] {
                prop_assert!(least - slack <= average && average <= greatest + slack);
            }
            let bands = bands.unwrap();
            prop_assert!(bands.lower <= bands.middle && bands.middle <= bands.upper);
            prop_assert!(channel.lower - slack <= vwap.unwrap() && vwap.unwrap() <= channel.upper + slack);
        }
    }

    #[test]
    fn rolling_extremes_are_those_of_the_window(
        values in prop::collection::vec(prop_oneof![-3.0..3.0_f64, Just(0.0)], 1..120), n in 1_usize..20,
    ) {
        let (mut max, mut min) = (RollingMax::new(n).unwrap(), RollingMin::new(n).unwrap());
        for (i, value) in values.iter().enumerate() {
            let window = (i + 1 >= n).then(|| &values[i + 1 - n..=i]);
            prop_assert_eq!(max.update(*value), window.map(|w| w.iter().copied().fold(f64::MIN, f64::max)));
            prop_assert_eq!(min.update(*value), window.map(|w| w.iter().copied().fold(f64::MAX, f64::min)));
        }
    }

    #[test]
    fn aroon_counts_the_bars_since_the_latest_extreme(bars in bars(), n in 1_usize..20) {
        let mut aroon = Aroon::new(n).unwrap();
        for (i, bar) in bars.iter().enumerate() {
            let Some(value) = aroon.update(bar) else { continue };
            let window: Vec<_> = bars[i - n..=i].iter().rev().collect();
            let freshness = |better: fn(f64, f64) -> bool, price: fn(&Ohlcv) -> f64| {
                let mut best = 0;
                for (age, bar) in window.iter().enumerate() {
                    if better(price(bar), price(window[best])) {
                        best = age;
                    }
                }
                100.0 * (n - best) as f64 / n as f64
            };
            prop_assert_eq!(value.up, freshness(|a, b| a > b, |bar| bar.high));
            prop_assert_eq!(value.down, freshness(|a, b| a < b, |bar| bar.low));
        }
    }
}
