//! After a million updates a window gives what a fresh computation over it gives.

use algoflow_indicators::{
    BollingerBands, Indicator, Kama, LinearRegression, Mfi, Ohlcv, RollingVwap, Sma, StdDev, Wma, ZScore,
};

const UPDATES: usize = 1_000_000;

/// A random walk with rare spikes up to a million times its level, from a fixed seed.
struct Prices {
    state: u64,
    level: f64,
    spikes: bool,
}

impl Prices {
    fn new(spikes: bool) -> Self {
        Self { state: 0x2545_F491_4F6C_DD1D, level: 123.456_789, spikes }
    }

    fn uniform(&mut self) -> f64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        (self.state >> 11) as f64 / (1_u64 << 53) as f64
    }
}

impl Iterator for Prices {
    type Item = f64;

    fn next(&mut self) -> Option<f64> {
        self.level = (self.level + (self.uniform() - 0.5) * 0.01).clamp(50.0, 500.0);
        let spike = self.spikes && self.uniform() < 1e-4;
        Some(if spike { self.level * 1e6 * self.uniform() } else { self.level })
    }
}

fn assert_close(name: &str, actual: f64, expected: f64, relative: f64) {
    let error = (actual - expected).abs();
    assert!(error <= relative * expected.abs(), "{name}: {actual} instead of {expected}, off by {error:e}");
}

/// Runs an indicator over a million prices and compares it, at the end and on the way, with a new one that has seen
/// only the window.
fn compare_with_fresh<I>(
    name: &str,
    window: usize,
    make: impl Fn() -> I,
    field: impl Fn(I::Output) -> f64,
    spikes: bool,
) where
    I: Indicator<Input = f64>,
{
    let prices: Vec<f64> = Prices::new(spikes).take(UPDATES).collect();
    let mut long = make();
    for (i, price) in prices.iter().enumerate() {
        let value = long.update(*price);
        if i > window && (i % 99_991 == 0 || i + 1 == UPDATES) {
            let mut fresh = make();
            for price in &prices[i + 1 - window..=i] {
                fresh.update(*price);
            }
            assert_close(name, field(value.unwrap()), field(fresh.value().unwrap()), 1e-9);
        }
    }
}

#[test]
fn sma_equals_a_plain_sum() {
    for spikes in [false, true] {
        let prices: Vec<f64> = Prices::new(spikes).take(UPDATES).collect();
        let mut sma = Sma::new(30).unwrap();
        for (i, price) in prices.iter().enumerate() {
            if let (Some(value), true) = (sma.update(*price), i % 1_009 == 0) {
                let plain = prices[i - 29..=i].iter().sum::<f64>() / 30.0;
                assert_close("Sma", value, plain, 1e-12);
            }
        }
    }
}

#[test]
fn windows_do_not_drift() {
    for spikes in [false, true] {
        compare_with_fresh("Sma", 50, || Sma::new(50).unwrap(), |x| x, spikes);
        compare_with_fresh("Wma", 50, || Wma::new(50).unwrap(), |x| x, spikes);
        compare_with_fresh("StdDev", 50, || StdDev::new(50).unwrap(), |x| x, spikes);
        compare_with_fresh(
            "BollingerBands",
            50,
            || BollingerBands::new(50, 2.0).unwrap(),
            |x| x.upper,
            spikes,
        );
        compare_with_fresh(
            "LinearRegression",
            50,
            || LinearRegression::new(50).unwrap(),
            |x| x.value,
            spikes,
        );
        compare_with_fresh("slope", 50, || LinearRegression::new(50).unwrap(), |x| x.slope, spikes);
        compare_with_fresh("r squared", 50, || LinearRegression::new(50).unwrap(), |x| x.r_squared, spikes);
    }
    compare_with_fresh("ZScore", 50, || ZScore::new(50).unwrap(), |x| x, false);
    // A fresh average has not converged yet after twice its window, but its smoothing has after 5000 values.
    compare_with_fresh("Kama", 5_000, || Kama::new(10).unwrap(), |x| x, true);
}

#[test]
fn flows_do_not_drift() {
    let mut prices = Prices::new(false);
    let bars: Vec<_> = (0..UPDATES)
        .map(|_| {
            let close = prices.next().unwrap();
            let volume = if prices.uniform() < 1e-4 { 1e15 } else { (prices.uniform() * 1e6).round() };
            Ohlcv { volume, ..Ohlcv::from(close) }
        })
        .collect();
    let (mut mfi, mut vwap) = (Mfi::new(14).unwrap(), RollingVwap::new(14).unwrap());
    for bar in &bars {
        mfi.update(bar);
        vwap.update(bar);
    }
    let (mut fresh_mfi, mut fresh_vwap) = (Mfi::new(14).unwrap(), RollingVwap::new(14).unwrap());
    for bar in &bars[UPDATES - 15..] {
        fresh_mfi.update(bar);
        fresh_vwap.update(bar);
    }
    assert_close("Mfi", mfi.value().unwrap(), fresh_mfi.value().unwrap(), 1e-9);
    assert_close("RollingVwap", vwap.value().unwrap(), fresh_vwap.value().unwrap(), 1e-9);
}

#[test]
fn a_small_spread_of_large_values_is_not_lost() {
    // Steps of 1/64 are exact beside 2^40, so the deviations are known exactly.
    let base = (1_u64 << 40) as f64;
    let mut deviation = StdDev::new(4).unwrap();
    let mut line = LinearRegression::new(4).unwrap();
    for i in 0..1_001 {
        deviation.update(base + f64::from(i % 4) / 64.0);
        line.update(base + f64::from(i) / 64.0);
    }
    assert_close("StdDev", deviation.value().unwrap(), 1.25_f64.sqrt() / 64.0, 1e-15);
    assert_eq!(line.value().unwrap().slope, 1.0 / 64.0);
}

#[test]
fn a_flat_market_is_flat_after_a_spike() {
    let (mut short, mut long) = (Sma::new(7).unwrap(), Sma::new(10).unwrap());
    let mut deviation = StdDev::new(10).unwrap();
    let mut score = ZScore::new(10).unwrap();
    let mut line = LinearRegression::new(10).unwrap();
    let spike = [0.1, 1e12, -7e11, 0.3, 1e-5];
    for price in spike.into_iter().chain(std::iter::repeat_n(100.1, 10)) {
        short.update(price);
        long.update(price);
        deviation.update(price);
        score.update(price);
        line.update(price);
    }
    assert_eq!((short.value(), long.value()), (Some(100.1), Some(100.1)));
    assert_eq!((deviation.value(), score.value()), (Some(0.0), Some(0.0)));
    let line = line.value().unwrap();
    assert_eq!((line.slope, line.value, line.r_squared), (0.0, 100.1, 0.0));
}
