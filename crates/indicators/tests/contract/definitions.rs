//! What the documentation says about single indicators where no reference series would show it.

use algoflow_indicators::{
    Adx, Atr, BollingerBands, Cci, DirectionalMovement, Ema, Kama, Macd, Mfi, Ohlcv, ParabolicSar, Rma, Roc,
    RollingVwap, Rsi, StochRsi, Stochastic, Trend, Vwap, WilliamsR,
};

fn flat(price: f64) -> Ohlcv {
    Ohlcv::from(price)
}

#[test]
fn a_flat_market_gives_the_neutral_value() {
    let mut rsi = Rsi::new(3).unwrap();
    let mut stochastic = Stochastic::slow(3).unwrap();
    let mut stoch_rsi = StochRsi::new(3, 3, 1, 1).unwrap();
    let mut williams = WilliamsR::new(3).unwrap();
    let mut cci = Cci::new(3).unwrap();
    let mut mfi = Mfi::new(3).unwrap();
    let mut adx = Adx::new(3).unwrap();
    let mut atr = Atr::new(3).unwrap();
    let mut bands = BollingerBands::new(3, 2.0).unwrap();
    for _ in 0..20 {
        rsi.update(7.3);
        stochastic.update(flat(7.3));
        stoch_rsi.update(7.3);
        williams.update(flat(7.3));
        cci.update(flat(7.3));
        mfi.update(flat(7.3));
        adx.update(flat(7.3));
        atr.update(flat(7.3));
        bands.update(7.3);
    }
    assert_eq!(rsi.value(), Some(50.0));
    assert_eq!(stochastic.value().map(|x| (x.k, x.d)), Some((50.0, 50.0)));
    assert_eq!(stoch_rsi.value().map(|x| (x.k, x.d)), Some((50.0, 50.0)));
    assert_eq!(williams.value(), Some(-50.0));
    assert_eq!(cci.value(), Some(0.0));
    assert_eq!(mfi.value(), Some(50.0));
    assert_eq!(adx.value().map(|x| (x.plus_di, x.minus_di, x.dx, x.adx)), Some((0.0, 0.0, 0.0, 0.0)));
    assert_eq!(atr.value(), Some(0.0));
    let bands = bands.value().unwrap();
    assert_eq!((bands.lower, bands.upper, bands.bandwidth, bands.percent_b), (7.3, 7.3, 0.0, 0.5));
}

#[test]
fn exponential_averages_preserve_a_constant_exactly() {
    let (mut ema, mut rma, mut macd) =
        (Ema::new(8).unwrap(), Rma::new(8).unwrap(), Macd::new(4, 8, 2).unwrap());
    for _ in 0..100 {
        ema.update(0.125);
        rma.update(0.125);
        macd.update(0.125);
    }
    assert_eq!((ema.value(), rma.value()), (Some(0.125), Some(0.125)));
    assert_eq!(macd.value().map(|x| (x.macd, x.signal, x.histogram)), Some((0.0, 0.0, 0.0)));
}

#[test]
fn kama_stands_still_in_a_flat_market() {
    let mut kama = Kama::new(3).unwrap();
    for price in [10.0, 12.0, 12.0, 12.0] {
        kama.update(price);
    }
    let before = kama.value().unwrap();
    let after = kama.update(12.0).unwrap();
    let slow = 2.0 / 31.0;
    assert!((after - (before + slow * slow * (12.0 - before))).abs() < 1e-12);
}

#[test]
fn a_change_from_nothing_is_no_rate() {
    let mut roc = Roc::new(1).unwrap();
    roc.update(0.0);
    assert_eq!(roc.update(5.0), Some(0.0));
}

#[test]
fn without_volume_the_average_price_is_the_latest() {
    let (mut vwap, mut rolling) = (Vwap::new(), RollingVwap::new(2).unwrap());
    assert_eq!(vwap.update(flat(3.0)), Some(3.0));
    assert_eq!(vwap.update(flat(4.0)), Some(4.0));
    rolling.update(flat(3.0));
    assert_eq!(rolling.update(flat(4.0)), Some(4.0));
}

#[test]
fn a_negative_volume_is_refused() {
    let bar = Ohlcv { volume: -1.0, ..flat(5.0) };
    assert_eq!(Vwap::new().update(bar), None);
    assert_eq!(RollingVwap::new(1).unwrap().update(bar), None);
    assert!(Atr::new(1).unwrap().update(bar).is_none());
}

#[test]
fn unread_fields_may_be_missing() {
    let bar = |close: f64| Ohlcv { open: f64::NAN, volume: f64::NAN, ..flat(close) };
    let mut atr = Atr::new(1).unwrap();
    atr.update(bar(5.0));
    assert_eq!(atr.update(bar(6.0)), Some(1.0));
}

#[test]
fn the_way_of_beginning_fades() {
    let bars: Vec<_> = (0..600)
        .map(|i| {
            let close = 100.0 + f64::from(i * 7919 % 101) / 10.0;
            Ohlcv { open: close, high: close + 1.0, low: close - 1.5, close, volume: 1.0 }
        })
        .collect();
    let (mut wilder, mut ta_lib) =
        (DirectionalMovement::new(14).unwrap(), DirectionalMovement::ta_lib(14).unwrap());
    let mut differed = false;
    for bar in &bars {
        if let (Some(wilder), Some(ta_lib)) = (wilder.update(bar), ta_lib.update(bar)) {
            differed |= (wilder.plus_di - ta_lib.plus_di).abs() > 1e-3;
        }
    }
    let (wilder, ta_lib) = (wilder.value().unwrap(), ta_lib.value().unwrap());
    assert!(differed && (wilder.plus_di - ta_lib.plus_di).abs() < 1e-9);
}

#[test]
fn the_stop_never_enters_the_latest_bars() {
    let mut sar = ParabolicSar::new(0.1, 0.5).unwrap();
    let mut previous: Option<Ohlcv> = None;
    let mut reversals = 0;
    for i in 0..2_000_i32 {
        let low = 50.0 + f64::from(i * i % 37) + f64::from(i % 90);
        let bar = Ohlcv { open: low, high: low + 2.0, low, close: low + 1.0, volume: 0.0 };
        if let (Some(value), Some(before)) = (sar.update(bar), previous) {
            match value.trend {
                Trend::Up => assert!(value.sar <= bar.low && (i < 2 || value.sar <= before.low)),
                Trend::Down => assert!(value.sar >= bar.high && (i < 2 || value.sar >= before.high)),
            }
            reversals += i32::from(value.reversal);
        }
        previous = Some(bar);
    }
    assert!(reversals > 10);
}
