//! Every indicator of the crate behind one face: bars in, numbers out.

use algoflow_indicators::{
    Adx, Aroon, Atr, BollingerBands, Cci, Dema, DirectionalMovement, Donchian, DonchianWindow, Ema,
    Estimator, FirstBar, Hma, Ichimoku, Indicator, Kama, Keltner, LinearRegression, Macd, Mfi, Momentum, Obv,
    ObvStart, Ohlcv, ParabolicSar, Rma, Roc, RollingMax, RollingMin, RollingSum, RollingVwap, Rsi, Seed, Sma,
    StdDev, StochRsi, Stochastic, SuperTrend, Tema, Trend, TrueRange, Variance, Vwap, WilliamsR, Wma, ZScore,
};

pub(crate) type Entry = (String, Box<dyn Indicator<Input = Ohlcv, Output = [f64; 7]>>);

/// Feeds an indicator of another input with bars and shows its output as numbers.
struct Face<I: Indicator> {
    indicator: I,
    input: fn(Ohlcv) -> I::Input,
    output: fn(I::Output) -> [f64; 7],
}

impl<I: Indicator> Indicator for Face<I> {
    type Input = Ohlcv;
    type Output = [f64; 7];

    fn update(&mut self, bar: Ohlcv) -> Option<[f64; 7]> {
        self.indicator.update((self.input)(bar)).map(self.output)
    }

    fn value(&self) -> Option<[f64; 7]> {
        self.indicator.value().map(self.output)
    }

    fn warm_up(&self) -> usize {
        self.indicator.warm_up()
    }

    fn reset(&mut self) {
        self.indicator.reset();
    }
}

fn numbers<const N: usize>(fields: [f64; N]) -> [f64; 7] {
    let mut all = [0.0; 7];
    all[..N].copy_from_slice(&fields);
    all
}

fn side(trend: Trend) -> f64 {
    match trend {
        Trend::Up => 1.0,
        Trend::Down => -1.0,
    }
}

/// All indicators, with windows of about `n`.
pub(crate) fn all(n: usize) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    macro_rules! scalars {
        ($($indicator:expr, $output:expr;)*) => {$(
            entries.push((
                stringify!($indicator).to_owned(),
                Box::new(Face { indicator: $indicator, input: |bar| bar.close, output: $output }),
            ));
        )*};
    }
    scalars! {
        Sma::new(n).unwrap(), |x| numbers([x]);
        Ema::new(n).unwrap(), |x| numbers([x]);
        Ema::with_seed(n, Seed::First).unwrap(), |x| numbers([x]);
        Ema::with_alpha(0.3).unwrap(), |x| numbers([x]);
        Rma::new(n).unwrap(), |x| numbers([x]);
        Rma::with_seed(n, Seed::First).unwrap(), |x| numbers([x]);
        Wma::new(n).unwrap(), |x| numbers([x]);
        Dema::new(n).unwrap(), |x| numbers([x]);
        Dema::with_seed(n, Seed::First).unwrap(), |x| numbers([x]);
        Tema::new(n).unwrap(), |x| numbers([x]);
        Tema::with_seed(n, Seed::First).unwrap(), |x| numbers([x]);
        Hma::new(n + 1).unwrap(), |x| numbers([x]);
        Kama::new(n).unwrap(), |x| numbers([x]);
        Kama::with_smoothing(n, 3, 20).unwrap(), |x| numbers([x]);
        Macd::new(n, n + 3, 4).unwrap(), |x| numbers([x.macd, x.signal, x.histogram]);
        Macd::ta_lib(n, n + 3, 4).unwrap(), |x| numbers([x.macd, x.signal, x.histogram]);
        Macd::with_seed(n, n + 3, 4, Seed::First).unwrap(), |x| numbers([x.macd, x.signal, x.histogram]);
        Rsi::new(n).unwrap(), |x| numbers([x]);
        StochRsi::new(n, 5, 3, 2).unwrap(), |x| numbers([x.k, x.d]);
        Roc::new(n).unwrap(), |x| numbers([x]);
        Momentum::new(n).unwrap(), |x| numbers([x]);
        BollingerBands::new(n, 2.0).unwrap(), |x| numbers([x.upper, x.middle, x.lower, x.bandwidth, x.percent_b]);
        LinearRegression::new(n + 1).unwrap(),
            |x| numbers([x.value, x.slope, x.intercept, x.forecast, x.r_squared, x.angle()]);
        ZScore::new(n + 1).unwrap(), |x| numbers([x]);
        ZScore::with_estimator(n + 1, Estimator::Sample).unwrap(), |x| numbers([x]);
        StdDev::new(n).unwrap(), |x| numbers([x]);
        Variance::with_estimator(n + 1, Estimator::Sample).unwrap(), |x| numbers([x]);
        RollingMax::new(n).unwrap(), |x| numbers([x]);
        RollingMin::new(n).unwrap(), |x| numbers([x]);
        Rsi::new(n).unwrap().then(Ema::new(4).unwrap()), |x| numbers([x]);
        Macd::new(n, n + 2, 3).unwrap().map(|x| x.histogram).then(Sma::new(3).unwrap()), |x| numbers([x]);
    }
    macro_rules! bars {
        ($($indicator:expr, $output:expr;)*) => {$(
            entries.push((
                stringify!($indicator).to_owned(),
                Box::new(Face { indicator: $indicator, input: |bar| bar, output: $output }),
            ));
        )*};
    }
    bars! {
        TrueRange::new(), |x| numbers([x]);
        TrueRange::with_first_bar(FirstBar::HighLow), |x| numbers([x]);
        Atr::new(n).unwrap(), |x| numbers([x]);
        Atr::with_first_bar(n, FirstBar::HighLow).unwrap(), |x| numbers([x]);
        Stochastic::new(n, 3, 2).unwrap(), |x| numbers([x.k, x.d]);
        Stochastic::fast(n, 3).unwrap(), |x| numbers([x.k, x.d]);
        Cci::new(n).unwrap(), |x| numbers([x]);
        WilliamsR::new(n).unwrap(), |x| numbers([x]);
        Mfi::new(n).unwrap(), |x| numbers([x]);
        Obv::new(), |x| numbers([x]);
        Obv::with_start(ObvStart::FirstVolume), |x| numbers([x]);
        Vwap::new(), |x| numbers([x]);
        RollingVwap::new(n).unwrap(), |x| numbers([x]);
        DirectionalMovement::new(n).unwrap(), |x| numbers([x.plus_di, x.minus_di, x.dx]);
        DirectionalMovement::ta_lib(n).unwrap(), |x| numbers([x.plus_di, x.minus_di, x.dx]);
        Adx::new(n).unwrap(), |x| numbers([x.plus_di, x.minus_di, x.dx, x.adx]);
        Adx::ta_lib(n).unwrap(), |x| numbers([x.plus_di, x.minus_di, x.dx, x.adx]);
        Aroon::new(n).unwrap(), |x| numbers([x.up, x.down, x.oscillator]);
        Keltner::new(n, 5, 2.0).unwrap(), |x| numbers([x.upper, x.middle, x.lower]);
        Donchian::new(n).unwrap(), |x| numbers([x.upper, x.middle, x.lower]);
        Donchian::with_window(n, DonchianWindow::Before).unwrap(), |x| numbers([x.upper, x.middle, x.lower]);
        SuperTrend::new(n, 2.0).unwrap(), |x| numbers([x.value, side(x.trend)]);
        SuperTrend::with_first_bar(n, 2.0, FirstBar::HighLow).unwrap(), |x| numbers([x.value, side(x.trend)]);
        ParabolicSar::new(0.02, 0.2).unwrap(), |x| numbers([x.sar, side(x.trend), f64::from(u8::from(x.reversal))]);
        Ichimoku::new(n, n + 2, n + 5, 3).unwrap(), |x| numbers([
            x.conversion, x.base, x.span_a, x.span_b, x.leading_span_a, x.leading_span_b, x.lagging_span,
        ]);
    }
    entries.push((
        "RollingSum::new(n)".to_owned(),
        Box::new(Face {
            indicator: RollingSum::new(n).unwrap(),
            input: |bar| (bar.close * 100.0) as i64,
            output: |x| numbers([x as f64]),
        }),
    ));
    entries
}
