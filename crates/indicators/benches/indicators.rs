//! Nanoseconds per update over 1,000,000 synthetic bars: `cargo bench -p algoflow-indicators`.
//!
//! Criterion reports the throughput in elements (updates) per second.

#![allow(clippy::unwrap_used, reason = "the parameters are constants")]
#![allow(missing_docs, reason = "criterion generates the items")]

use algoflow_indicators::{
    Adx, Aroon, Atr, BollingerBands, Cci, Donchian, Ema, Hma, Ichimoku, Indicator, Kama, Keltner,
    LinearRegression, Macd, Mfi, Obv, Ohlcv, ParabolicSar, RollingVwap, Rsi, Sma, StochRsi, Stochastic,
    SuperTrend, Tema, Vwap, WilliamsR, Wma, ZScore,
};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

const BARS: usize = 1_000_000;

/// A random walk from a fixed seed (xorshift64), with prices in cents.
fn bars() -> Vec<Ohlcv> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut uniform = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    let cents = |price: f64| (price * 100.0).round() / 100.0;
    let mut close = 100.0_f64;
    (0..BARS)
        .map(|_| {
            let open = close;
            close = cents((open + uniform() - 0.5).clamp(20.0, 500.0));
            let high = cents(open.max(close) + 0.3 * uniform());
            let low = cents(open.min(close) - 0.3 * uniform());
            Ohlcv { open, high, low, close, volume: (uniform() * 10_000.0).round() }
        })
        .collect()
}

/// Feeds all inputs and adds up every field of every output, so that none of the work can be left out.
fn checksum<I: Indicator>(indicator: &mut I, inputs: &[I::Input], fields: impl Fn(I::Output) -> f64) -> f64
where
    I::Input: Copy,
{
    indicator.reset();
    inputs.iter().filter_map(|input| indicator.update(*input)).map(fields).sum()
}

fn indicators(criterion: &mut Criterion) {
    let bars = bars();
    let prices: Vec<f64> = bars.iter().map(|bar| bar.close).collect();
    let mut group = criterion.benchmark_group("indicators");
    group.throughput(Throughput::Elements(BARS as u64)).sample_size(20);

    macro_rules! measure {
        ($inputs:expr; $($name:literal => $indicator:expr, $fields:expr;)*) => {$(
            group.bench_function($name, |bencher| {
                let mut indicator = $indicator.unwrap();
                bencher.iter(|| checksum(&mut indicator, $inputs, $fields));
            });
        )*};
    }

    measure! { &prices;
        "sma_30" => Sma::new(30), |x| x;
        "ema_30" => Ema::new(30), |x| x;
        "wma_30" => Wma::new(30), |x| x;
        "tema_30" => Tema::new(30), |x| x;
        "hma_30" => Hma::new(30), |x| x;
        "kama_10" => Kama::new(10), |x| x;
        "rsi_14" => Rsi::new(14), |x| x;
        "macd_12_26_9" => Macd::new(12, 26, 9), |x| x.macd + x.signal + x.histogram;
        "stoch_rsi_14_14_3_3" => StochRsi::new(14, 14, 3, 3), |x| x.k + x.d;
        "bollinger_20" => BollingerBands::new(20, 2.0), |x| x.upper + x.middle + x.lower + x.bandwidth + x.percent_b;
        "z_score_20" => ZScore::new(20), |x| x;
        "linear_regression_14" => LinearRegression::new(14), |x| x.value + x.intercept + x.forecast + x.r_squared;
    }
    measure! { &bars;
        "atr_14" => Atr::new(14), |x| x;
        "adx_14" => Adx::new(14), |x| x.plus_di + x.minus_di + x.dx + x.adx;
        "stochastic_14_3_3" => Stochastic::slow(14), |x| x.k + x.d;
        "williams_r_14" => WilliamsR::new(14), |x| x;
        "cci_20" => Cci::new(20), |x| x;
        "mfi_14" => Mfi::new(14), |x| x;
        "obv" => Ok::<_, ()>(Obv::new()), |x| x;
        "vwap" => Ok::<_, ()>(Vwap::new()), |x| x;
        "rolling_vwap_20" => RollingVwap::new(20), |x| x;
        "aroon_25" => Aroon::new(25), |x| x.up + x.down + x.oscillator;
        "donchian_20" => Donchian::new(20), |x| x.upper + x.middle + x.lower;
        "keltner_20_10" => Keltner::new(20, 10, 2.0), |x| x.upper + x.middle + x.lower;
        "super_trend_10" => SuperTrend::new(10, 3.0), |x| x.value;
        "parabolic_sar" => ParabolicSar::new(0.02, 0.2), |x| x.sar;
        "ichimoku_9_26_52" => Ichimoku::new(9, 26, 52, 26), |x| x.conversion + x.base + x.span_a + x.span_b;
    }
    group.finish();
}

criterion_group!(benches, indicators);
criterion_main!(benches);
