//! Constructors refuse what cannot be computed, and say why.

use algoflow_indicators::{
    Adx, Aroon, Atr, BollingerBands, Cci, Dema, DirectionalMovement, Donchian, Ema, Estimator, Hma, Ichimoku,
    IndicatorError, Kama, Keltner, LinearRegression, MAX_PERIOD, Macd, Mfi, Momentum, ParabolicSar, Rma, Roc,
    RollingMax, RollingMin, RollingSum, RollingVwap, Rsi, Sma, StdDev, StochRsi, Stochastic, SuperTrend,
    Tema, Variance, WilliamsR, Wma, ZScore,
};

fn refused<T>(made: Result<T, IndicatorError>) -> IndicatorError {
    made.err().expect("refused")
}

#[test]
fn periods_out_of_range_are_refused() {
    macro_rules! check {
        ($($name:ident),* $(; $other:expr)*) => {
            for period in [0, MAX_PERIOD + 1, usize::MAX] {
                $({
                    let error = refused($name::new(period));
                    assert_eq!(error.code(), "INDICATOR_PERIOD_OUT_OF_RANGE", concat!(stringify!($name), " {}"), period);
                    assert!(error.to_string().starts_with(concat!(stringify!($name), ": period ")), "{error}");
                    assert!(error.to_string().ends_with(&format!("got {period}")), "{error}");
                })*
                $({
                    let make: fn(usize) -> Option<IndicatorError> = $other;
                    let error = make(period).expect(stringify!($other));
                    assert_eq!(error.code(), "INDICATOR_PERIOD_OUT_OF_RANGE", "{}", stringify!($other));
                })*
            }
        };
    }
    check! {
        Sma, Ema, Rma, Wma, Dema, Tema, Hma, Kama, Rsi, Roc, Momentum, Cci, WilliamsR, Mfi, Adx, DirectionalMovement,
        Aroon, Atr, Donchian, LinearRegression, ZScore, RollingMax, RollingMin, RollingSum, RollingVwap, StdDev, Variance
        ; |n| Macd::new(n, 26, 9).err()
        ; |n| Macd::new(12, n, 9).err()
        ; |n| Macd::new(12, 26, n).err()
        ; |n| Macd::ta_lib(12, n, 9).err()
        ; |n| Kama::with_smoothing(10, n, 30).err()
        ; |n| Kama::with_smoothing(10, 2, n).err()
        ; |n| Stochastic::new(n, 3, 3).err()
        ; |n| Stochastic::new(14, n, 3).err()
        ; |n| Stochastic::fast(14, n).err()
        ; |n| StochRsi::new(n, 14, 3, 3).err()
        ; |n| StochRsi::new(14, n, 3, 3).err()
        ; |n| BollingerBands::new(n, 2.0).err()
        ; |n| Keltner::new(n, 10, 2.0).err()
        ; |n| Keltner::new(20, n, 2.0).err()
        ; |n| SuperTrend::new(n, 3.0).err()
        ; |n| Ichimoku::new(n, 26, 52, 26).err()
        ; |n| Ichimoku::new(9, n, 52, 26).err()
        ; |n| Ichimoku::new(9, 26, n, 26).err()
        ; |n| Ichimoku::new(9, 26, 52, n).err()
        ; |n| Adx::ta_lib(n).err()
        ; |n| DirectionalMovement::ta_lib(n).err()
    }
}

#[test]
fn one_value_has_no_line_and_no_sample_variance() {
    assert_eq!(
        refused(LinearRegression::new(1)).to_string(),
        "LinearRegression: period must lie between 2 and 16777216, got 1"
    );
    refused(Hma::new(1));
    refused(ZScore::new(1));
    refused(StdDev::with_estimator(1, Estimator::Sample));
    refused(Variance::with_estimator(1, Estimator::Sample));
    refused(BollingerBands::with_estimator(1, 2.0, Estimator::Sample));
}

#[test]
fn numbers_out_of_range_are_refused() {
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.0, -1.0, 1e7] {
        for error in [
            refused(BollingerBands::new(20, bad)),
            refused(Keltner::new(20, 10, bad)),
            refused(SuperTrend::new(10, bad)),
            refused(ParabolicSar::new(bad, 0.2)),
            refused(ParabolicSar::new(0.02, bad)),
            refused(Ema::with_alpha(bad)),
        ] {
            assert_eq!(error.code(), "INDICATOR_PARAMETER_OUT_OF_RANGE");
            assert!(error.to_string().ends_with(&format!("got {bad}")), "{error}");
        }
    }
}

#[test]
fn the_fast_period_is_the_shorter_one() {
    for error in [
        refused(Macd::new(26, 12, 9)),
        refused(Macd::new(12, 12, 9)),
        refused(Kama::with_smoothing(10, 30, 2)),
        refused(Ichimoku::new(26, 9, 52, 26)),
        refused(Ichimoku::new(9, 52, 52, 26)),
        refused(ParabolicSar::new(0.3, 0.2)),
    ] {
        assert_eq!(error.code(), "INDICATOR_PARAMETER_ORDER");
    }
    assert_eq!(refused(Macd::new(26, 12, 9)).to_string(), "Macd: fast (26) must be less than slow (12)");
    assert!(ParabolicSar::new(0.2, 0.2).is_ok());
}
