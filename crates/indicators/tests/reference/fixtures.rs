//! TA-Lib and formulas written out in pandas, on S&P 500 bars of 2008 and 2009: see `tests/fixtures/README.md`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use algoflow_indicators::{
    Adx, Aroon, Atr, BollingerBands, Cci, Dema, DirectionalMovement, Donchian, DonchianWindow, Ema,
    Estimator, FirstBar, Hma, Ichimoku, Indicator, Kama, Keltner, LinearRegression, Macd, Mfi, Momentum, Obv,
    ObvStart, Ohlcv, ParabolicSar, Rma, Roc, RollingMax, RollingMin, RollingVwap, Rsi, Seed, Sma, StdDev,
    StochRsi, Stochastic, SuperTrend, Tema, Trend, TrueRange, Variance, Vwap, WilliamsR, Wma, ZScore,
};

use crate::compare::{Tolerance, assert_same, closes, over_bars, over_prices};

/// Differences of prices of about 1000 carry rounding errors of about 1e-13, which is all that is left where the
/// result is close to zero.
const TOLERANCE: Tolerance = Tolerance::relative(1e-9).or_absolute(1e-11);

struct Fixture {
    bars: Vec<Ohlcv>,
    closes: Vec<f64>,
    columns: BTreeMap<String, Vec<(usize, Option<f64>)>>,
}

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

fn bars() -> Vec<Ohlcv> {
    let mut reader = csv::Reader::from_path(path("sp500.csv")).unwrap();
    let parse = |record: csv::StringRecord| {
        let field = |i: usize| record[i].parse::<f64>().unwrap();
        Ohlcv { open: field(1), high: field(2), low: field(3), close: field(4), volume: field(5) }
    };
    reader.records().map(|record| parse(record.unwrap())).collect()
}

impl Fixture {
    fn load(name: &str) -> Self {
        let mut reader = csv::Reader::from_path(path(name)).unwrap();
        let names: Vec<_> = reader.headers().unwrap().iter().map(str::to_owned).collect();
        let mut columns: BTreeMap<String, Vec<_>> = BTreeMap::new();
        for record in reader.records() {
            let record = record.unwrap();
            let row: usize = record[0].parse().unwrap();
            for (name, text) in names.iter().zip(&record).skip(1) {
                let value = (!text.is_empty()).then(|| text.parse().unwrap());
                columns.entry(name.clone()).or_default().push((row, value));
            }
        }
        let bars = bars();
        assert_eq!(bars.len(), 500);
        Self { closes: closes(&bars), bars, columns }
    }

    /// Compares one column, which is then used up.
    fn check(&mut self, column: &str, actual: &[Option<f64>]) {
        let expected = self.columns.remove(column).unwrap_or_else(|| panic!("no column {column}"));
        assert_same(column, actual, &expected, TOLERANCE, 100);
    }

    fn prices<I: Indicator<Input = f64>>(
        &mut self,
        column: &str,
        indicator: I,
        field: impl Fn(I::Output) -> f64,
    ) {
        let actual = over_prices(indicator, &self.closes, field);
        self.check(column, &actual);
    }

    fn bars<I: Indicator<Input = Ohlcv>>(
        &mut self,
        column: &str,
        indicator: I,
        field: impl Fn(I::Output) -> f64,
    ) {
        let actual = over_bars(indicator, &self.bars, field);
        self.check(column, &actual);
    }

    fn finish(self) {
        assert!(self.columns.is_empty(), "not compared: {:?}", self.columns.keys().collect::<Vec<_>>());
    }
}

#[test]
fn averages() {
    let mut fixture = Fixture::load("averages.csv");
    fixture.prices("sma_20", Sma::new(20).unwrap(), |x| x);
    fixture.prices("ema_20", Ema::new(20).unwrap(), |x| x);
    fixture.prices("ema_first_20", Ema::with_seed(20, Seed::First).unwrap(), |x| x);
    fixture.prices("wma_20", Wma::new(20).unwrap(), |x| x);
    fixture.prices("dema_20", Dema::new(20).unwrap(), |x| x);
    fixture.prices("tema_20", Tema::new(20).unwrap(), |x| x);
    fixture.prices("kama_10", Kama::new(10).unwrap(), |x| x);
    fixture.prices("hma_16", Hma::new(16).unwrap(), |x| x);
    fixture.prices("hma_21", Hma::new(21).unwrap(), |x| x);
    fixture.prices("rma_14", Rma::new(14).unwrap(), |x| x);
    fixture.prices("rma_first_14", Rma::with_seed(14, Seed::First).unwrap(), |x| x);
    fixture.finish();
}

#[test]
fn momentum() {
    let mut fixture = Fixture::load("momentum.csv");
    fixture.prices("rsi_14", Rsi::new(14).unwrap(), |x| x);
    fixture.bars("stoch_14_3_3_k", Stochastic::slow(14).unwrap(), |x| x.k);
    fixture.bars("stoch_14_3_3_d", Stochastic::slow(14).unwrap(), |x| x.d);
    fixture.bars("stoch_14_1_3_k", Stochastic::fast(14, 3).unwrap(), |x| x.k);
    fixture.bars("stoch_14_1_3_d", Stochastic::fast(14, 3).unwrap(), |x| x.d);
    fixture.prices("stochrsi_14_14_1_3_k", StochRsi::new(14, 14, 1, 3).unwrap(), |x| x.k);
    fixture.prices("stochrsi_14_14_1_3_d", StochRsi::new(14, 14, 1, 3).unwrap(), |x| x.d);
    fixture.prices("stochrsi_14_14_3_3_k", StochRsi::new(14, 14, 3, 3).unwrap(), |x| x.k);
    fixture.prices("stochrsi_14_14_3_3_d", StochRsi::new(14, 14, 3, 3).unwrap(), |x| x.d);
    fixture.bars("cci_20", Cci::new(20).unwrap(), |x| x);
    fixture.bars("willr_14", WilliamsR::new(14).unwrap(), |x| x);
    fixture.prices("roc_10", Roc::new(10).unwrap(), |x| x);
    fixture.prices("mom_10", Momentum::new(10).unwrap(), |x| x);
    fixture.finish();
}

#[test]
fn trend() {
    let mut fixture = Fixture::load("trend.csv");
    fixture.prices("macd_talib_macd", Macd::ta_lib(12, 26, 9).unwrap(), |x| x.macd);
    fixture.prices("macd_talib_signal", Macd::ta_lib(12, 26, 9).unwrap(), |x| x.signal);
    fixture.prices("macd_talib_histogram", Macd::ta_lib(12, 26, 9).unwrap(), |x| x.histogram);
    fixture.prices("macd_macd", Macd::new(12, 26, 9).unwrap(), |x| x.macd);
    fixture.prices("macd_signal", Macd::new(12, 26, 9).unwrap(), |x| x.signal);
    fixture.prices("macd_histogram", Macd::new(12, 26, 9).unwrap(), |x| x.histogram);
    fixture.bars("dmi_talib_plus_di", DirectionalMovement::ta_lib(14).unwrap(), |x| x.plus_di);
    fixture.bars("dmi_talib_minus_di", DirectionalMovement::ta_lib(14).unwrap(), |x| x.minus_di);
    fixture.bars("dmi_talib_dx", DirectionalMovement::ta_lib(14).unwrap(), |x| x.dx);
    fixture.bars("adx_talib", Adx::ta_lib(14).unwrap(), |x| x.adx);
    fixture.bars("dmi_plus_di", DirectionalMovement::new(14).unwrap(), |x| x.plus_di);
    fixture.bars("dmi_minus_di", DirectionalMovement::new(14).unwrap(), |x| x.minus_di);
    fixture.bars("dmi_dx", DirectionalMovement::new(14).unwrap(), |x| x.dx);
    fixture.bars("adx", Adx::new(14).unwrap(), |x| x.adx);
    fixture.bars("aroon_up", Aroon::new(25).unwrap(), |x| x.up);
    fixture.bars("aroon_down", Aroon::new(25).unwrap(), |x| x.down);
    fixture.bars("aroon_oscillator", Aroon::new(25).unwrap(), |x| x.oscillator);
    fixture.bars("sar", ParabolicSar::new(0.02, 0.2).unwrap(), |x| x.sar);
    fixture.prices("linreg_value", LinearRegression::new(14).unwrap(), |x| x.value);
    fixture.prices("linreg_slope", LinearRegression::new(14).unwrap(), |x| x.slope);
    fixture.prices("linreg_intercept", LinearRegression::new(14).unwrap(), |x| x.intercept);
    fixture.prices("linreg_angle", LinearRegression::new(14).unwrap(), |x| x.angle());
    fixture.prices("linreg_forecast", LinearRegression::new(14).unwrap(), |x| x.forecast);
    fixture.prices("linreg_r_squared", LinearRegression::new(14).unwrap(), |x| x.r_squared);
    let sign = |trend| if trend == Trend::Up { 1.0 } else { -1.0 };
    fixture.bars("supertrend_value", SuperTrend::new(10, 3.0).unwrap(), |x| x.value);
    fixture.bars("supertrend_direction", SuperTrend::new(10, 3.0).unwrap(), |x| sign(x.trend));
    let ichimoku = Ichimoku::new(9, 26, 52, 26).unwrap();
    fixture.bars("ichimoku_conversion", ichimoku.clone(), |x| x.conversion);
    fixture.bars("ichimoku_base", ichimoku.clone(), |x| x.base);
    fixture.bars("ichimoku_span_a", ichimoku.clone(), |x| x.span_a);
    fixture.bars("ichimoku_span_b", ichimoku, |x| x.span_b);
    fixture.finish();
}

#[test]
fn volatility() {
    let mut fixture = Fixture::load("volatility.csv");
    fixture.bars("true_range", TrueRange::new(), |x| x);
    fixture.bars("atr_14", Atr::new(14).unwrap(), |x| x);
    fixture.bars("atr_first_bar_14", Atr::with_first_bar(14, FirstBar::HighLow).unwrap(), |x| x);
    let bands = BollingerBands::new(20, 2.0).unwrap();
    fixture.prices("bb_upper", bands.clone(), |x| x.upper);
    fixture.prices("bb_middle", bands.clone(), |x| x.middle);
    fixture.prices("bb_lower", bands.clone(), |x| x.lower);
    fixture.prices("bb_bandwidth", bands.clone(), |x| x.bandwidth);
    fixture.prices("bb_percent_b", bands, |x| x.percent_b);
    let sample = BollingerBands::with_estimator(20, 2.0, Estimator::Sample).unwrap();
    fixture.prices("bb_sample_upper", sample, |x| x.upper);
    fixture.prices("stddev_20", StdDev::new(20).unwrap(), |x| x);
    fixture.prices("var_20", Variance::new(20).unwrap(), |x| x);
    fixture.prices("var_sample_20", Variance::with_estimator(20, Estimator::Sample).unwrap(), |x| x);
    fixture.prices("zscore_20", ZScore::new(20).unwrap(), |x| x);
    fixture.prices("zscore_sample_20", ZScore::with_estimator(20, Estimator::Sample).unwrap(), |x| x);
    let keltner = Keltner::new(20, 10, 2.0).unwrap();
    fixture.bars("keltner_upper", keltner.clone(), |x| x.upper);
    fixture.bars("keltner_middle", keltner.clone(), |x| x.middle);
    fixture.bars("keltner_lower", keltner, |x| x.lower);
    fixture.prices("max_20", RollingMax::new(20).unwrap(), |x| x);
    fixture.prices("min_20", RollingMin::new(20).unwrap(), |x| x);
    fixture.bars("donchian_upper", Donchian::new(20).unwrap(), |x| x.upper);
    fixture.bars("donchian_middle", Donchian::new(20).unwrap(), |x| x.middle);
    fixture.bars("donchian_lower", Donchian::new(20).unwrap(), |x| x.lower);
    let before = Donchian::with_window(20, DonchianWindow::Before).unwrap();
    fixture.bars("donchian_before_upper", before.clone(), |x| x.upper);
    fixture.bars("donchian_before_lower", before, |x| x.lower);
    fixture.finish();
}

#[test]
fn volume() {
    let mut fixture = Fixture::load("volume.csv");
    fixture.bars("mfi_14", Mfi::new(14).unwrap(), |x| x);
    fixture.bars("obv_talib", Obv::with_start(ObvStart::FirstVolume), |x| x);
    fixture.bars("obv", Obv::new(), |x| x);
    fixture.bars("vwap", Vwap::new(), |x| x);
    fixture.bars("vwap_rolling_20", RollingVwap::new(20).unwrap(), |x| x);
    let mut vwap = Vwap::new();
    let mut by_session = Vec::new();
    for session in fixture.bars.chunks(21) {
        vwap.start_session();
        by_session.extend(session.iter().map(|bar| vwap.update(bar)));
    }
    fixture.check("vwap_session", &by_session);
    fixture.finish();
}
