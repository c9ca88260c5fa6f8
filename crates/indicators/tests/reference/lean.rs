//! The test data of the LEAN engine: series exported from charting programs and TA-Lib.

use algoflow_indicators::{
    Adx, Aroon, Atr, BollingerBands, Cci, Dema, DirectionalMovement, Donchian, Ema, FirstBar, Hma, Indicator,
    Kama, LinearRegression, Mfi, Obv, ObvStart, Ohlcv, ParabolicSar, Roc, RollingMax, RollingMin, Rsi, Sma,
    StochRsi, Stochastic, SuperTrend, Tema, TrueRange, Variance, WilliamsR,
};

use crate::compare::{Tolerance, assert_same_where_known, over_bars, over_prices};
use crate::shared_data::{Archive, Table, rows_from};

/// For columns that were written with all digits.
const EXACT: Tolerance = Tolerance::relative(1e-9).or_absolute(1e-9);

/// For columns that were written with seven significant digits.
const SEVEN_DIGITS: Tolerance = Tolerance::relative(1e-6).or_absolute(1e-6);

struct Lean(Archive);

impl Lean {
    fn open() -> Option<Self> {
        Archive::open("reference/lean_indicators.zip").map(Self)
    }

    fn table(&mut self, file: &str) -> Table {
        Table::parse(&self.0.text(&format!("lean_indicators/{file}")))
    }

    fn prices<I: Indicator<Input = f64>>(
        &mut self,
        (file, column): (&str, &str),
        first: usize,
        indicator: I,
        output: impl Fn(I::Output) -> f64,
        tolerance: Tolerance,
    ) {
        let table = self.table(file);
        let actual = over_prices(indicator, &table.numbers("close"), output);
        let expected = rows_from(first, table.column(column));
        assert_same_where_known(&format!("{file} {column}"), &actual, &expected, tolerance, 200);
    }

    fn bars<I: Indicator<Input = Ohlcv>>(
        &mut self,
        (file, column): (&str, &str),
        first: usize,
        indicator: I,
        output: impl Fn(I::Output) -> f64,
        tolerance: Tolerance,
    ) {
        let table = self.table(file);
        let actual = over_bars(indicator, &table.bars(), output);
        let expected = rows_from(first, table.column(column));
        assert_same_where_known(&format!("{file} {column}"), &actual, &expected, tolerance, 60);
    }
}

#[test]
fn averages() {
    let Some(mut lean) = Lean::open() else { return };
    lean.prices(("spy_with_indicators.txt", "SMA14"), 0, Sma::new(14).unwrap(), |x| x, SEVEN_DIGITS);
    lean.prices(("spy_with_indicators.txt", "EMA14"), 0, Ema::new(14).unwrap(), |x| x, SEVEN_DIGITS);
    lean.prices(("spy_ema.csv", "EMA14"), 0, Ema::new(14).unwrap(), |x| x, EXACT);
    lean.prices(("spy_dema.txt", "DEMA_5"), 0, Dema::new(5).unwrap(), |x| x, EXACT);
    lean.prices(("spy_tema.txt", "TEMA_5"), 0, Tema::new(5).unwrap(), |x| x, EXACT);
    lean.prices(("spy_hma.txt", "HMA_16"), 0, Hma::new(16).unwrap(), |x| x, SEVEN_DIGITS);
    lean.prices(("spy_kama.txt", "KAMA_5"), 0, Kama::new(5).unwrap(), |x| x, EXACT);
}

#[test]
fn oscillators() {
    let Some(mut lean) = Lean::open() else { return };
    lean.prices(("spy_with_indicators.txt", "RSI 14 Wilder"), 0, Rsi::new(14).unwrap(), |x| x, SEVEN_DIGITS);
    lean.prices(("spy_with_StochRSI.csv", "k"), 0, StochRsi::new(14, 14, 3, 3).unwrap(), |x| x.k, EXACT);
    lean.prices(("spy_with_StochRSI.csv", "d"), 0, StochRsi::new(14, 14, 3, 3).unwrap(), |x| x.d, EXACT);
    // The bars of this file are rounded, its results are not.
    let rounded = Tolerance::absolute(1e-3);
    let stochastic = Stochastic::new(12, 3, 5).unwrap();
    lean.bars(("spy_with_stoch12k3.txt", "Stochastics 12 %K 3"), 0, stochastic.clone(), |x| x.k, rounded);
    lean.bars(("spy_with_stoch12k3.txt", "%D 5"), 0, stochastic, |x| x.d, rounded);
    let column = "Commodity Channel Index (CCI) 14";
    lean.bars(("spy_with_cci.txt", column), 0, Cci::new(14).unwrap(), |x| x, SEVEN_DIGITS.or_absolute(1e-2));
    lean.bars(("spy_with_williamsR14.txt", "Williams %R 14"), 0, WilliamsR::new(14).unwrap(), |x| x, rounded);
    lean.prices(("spy_with_rocp50.txt", "Rate of Change % 50"), 0, Roc::new(50).unwrap(), |x| x, rounded);
}

#[test]
fn volume() {
    let Some(mut lean) = Lean::open() else { return };
    lean.bars(
        ("spy_mfi.txt", "Money Flow Index 20"),
        0,
        Mfi::new(20).unwrap(),
        |x| x,
        SEVEN_DIGITS.or_absolute(1e-4),
    );
    let obv = Obv::with_start(ObvStart::FirstVolume);
    lean.bars(("spy_with_obv.txt", "OBV"), 0, obv, |x| x, SEVEN_DIGITS.or_absolute(2e4));
}

#[test]
fn trend() {
    let Some(mut lean) = Lean::open() else { return };
    // The bars of this file have four decimals, its results were computed with more.
    let rounded = Tolerance::absolute(1e-2);
    lean.bars(
        ("spy_with_adx.txt", "+DI14"),
        0,
        DirectionalMovement::new(14).unwrap(),
        |x| x.plus_di,
        rounded,
    );
    lean.bars(
        ("spy_with_adx.txt", "-DI14"),
        0,
        DirectionalMovement::new(14).unwrap(),
        |x| x.minus_di,
        rounded,
    );
    lean.bars(("spy_with_adx.txt", "ADX 14"), 0, Adx::new(14).unwrap(), |x| x.adx, rounded);
    let aroon = Aroon::new(14).unwrap();
    lean.bars(("spy_aroon_oscillator.txt", "Aroon Oscillator 14"), 0, aroon, |x| x.oscillator, SEVEN_DIGITS);
    lean.bars(("spy_sarext.txt", "SAR"), 0, ParabolicSar::new(0.02, 0.2).unwrap(), |x| x.sar, EXACT);
    lean.bars(
        ("dwac_supertrend.txt", "Super"),
        10,
        SuperTrend::with_first_bar(10, 3.0, FirstBar::HighLow).unwrap(),
        |x| x.value,
        SEVEN_DIGITS,
    );
    lean.prices(("spy_tsf.csv", "tsf"), 5, LinearRegression::new(5).unwrap(), |x| x.forecast, EXACT);
}

#[test]
fn volatility() {
    let Some(mut lean) = Lean::open() else { return };
    lean.bars(("spy_tr.txt", "TR"), 0, TrueRange::new(), |x| x, EXACT);
    let atr = Atr::with_first_bar(14, FirstBar::HighLow).unwrap();
    lean.bars(("spy_atr_wilder.txt", "Average True Range 14"), 13, atr, |x| x, Tolerance::absolute(1e-5));
    let bands = BollingerBands::new(20, 2.0).unwrap();
    let decimals = Tolerance::absolute(2e-4);
    let file = "spy_bollinger_bands.txt";
    lean.prices((file, "Moving Average 20"), 0, bands.clone(), |x| x.middle, decimals);
    lean.prices((file, "BandWidth"), 0, bands.clone(), |x| 100.0 * x.bandwidth, decimals);
    lean.prices((file, "%B"), 0, bands, |x| x.percent_b, decimals);
    // The first rows of this file span the bars that there are.
    let donchian = Donchian::new(50).unwrap();
    lean.bars(("spy_with_don50.txt", "Donchian Channels 50 Top"), 49, donchian.clone(), |x| x.upper, EXACT);
    lean.bars(("spy_with_don50.txt", "Donchian Channels 50 Bottom"), 49, donchian, |x| x.lower, EXACT);
    lean.prices(("spy_max.txt", "MAX_5"), 0, RollingMax::new(5).unwrap(), |x| x, EXACT);
    lean.prices(("spy_min.txt", "MIN_5"), 0, RollingMin::new(5).unwrap(), |x| x, EXACT);
    // Written by a formula that loses digits to cancellation.
    lean.prices(("spy_var.txt", "Var"), 0, Variance::new(10).unwrap(), |x| x, Tolerance::absolute(1e-8));
}
