//! The published test results of the Stock.Indicators library for .NET: 502 daily bars.

use algoflow_indicators::{
    Adx, Aroon, AroonOutput, Atr, BollingerBands, Cci, Dema, DirectionalMovement, Donchian, DonchianWindow,
    Ema, Hma, Ichimoku, IchimokuOutput, Indicator, Kama, Keltner, LinearRegression, Macd, Mfi, Momentum, Obv,
    Ohlcv, Rma, Roc, Rsi, Sma, StdDev, StochRsi, Stochastic, SuperTrend, Tema, TrueRange, Vwap, WilliamsR,
    Wma, ZScore,
};

use crate::compare::{Tolerance, assert_same, assert_same_where_known, closes, over_bars, over_prices};
use crate::shared_data::{Archive, Table};

const TOLERANCE: Tolerance = Tolerance::relative(1e-9).or_absolute(1e-11);

struct Results {
    archive: Archive,
    bars: Vec<Ohlcv>,
    closes: Vec<f64>,
}

impl Results {
    fn open() -> Option<Self> {
        let mut archive = Archive::open("reference/stock_indicators_dotnet.zip")?;
        let bars = Table::parse(&archive.text("stock_indicators/quotes/default.csv")).bars();
        assert_eq!(bars.len(), 502);
        Some(Self { archive, closes: closes(&bars), bars })
    }

    fn column(&mut self, file: &str, field: &str) -> Vec<(usize, Option<f64>)> {
        let text = self.archive.text(&format!("stock_indicators/results/{file}.standard.json"));
        let rows: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
        assert_eq!(rows.len(), 502, "{file}");
        rows.iter().map(|row| row.get(field).expect(field).as_f64()).enumerate().collect()
    }

    fn prices<I: Indicator<Input = f64>>(
        &mut self,
        file: &str,
        field: &str,
        indicator: I,
        output: impl Fn(I::Output) -> f64,
    ) {
        let actual = over_prices(indicator, &self.closes, output);
        assert_same(&format!("{file}.{field}"), &actual, &self.column(file, field), TOLERANCE, 400);
    }

    fn bars<I: Indicator<Input = Ohlcv>>(
        &mut self,
        file: &str,
        field: &str,
        indicator: I,
        output: impl Fn(I::Output) -> f64,
    ) {
        let actual = over_bars(indicator, &self.bars, output);
        assert_same(&format!("{file}.{field}"), &actual, &self.column(file, field), TOLERANCE, 400);
    }

    /// For results that begin elsewhere: both must exist, and agree from row `first` on.
    fn agree_from(&mut self, first: usize, file: &str, field: &str, actual: &[Option<f64>]) {
        let expected: Vec<_> = self.column(file, field).into_iter().skip(first).collect();
        assert_same_where_known(&format!("{file}.{field}"), actual, &expected, TOLERANCE, expected.len());
    }
}

fn has_one_greatest(bars: &[Ohlcv], price: fn(&Ohlcv) -> f64) -> bool {
    let greatest = bars.iter().map(price).fold(f64::NEG_INFINITY, f64::max);
    bars.iter().filter(|bar| price(bar) == greatest).count() == 1
}

#[test]
fn averages() {
    let Some(mut results) = Results::open() else { return };
    results.prices("sma", "sma", Sma::new(20).unwrap(), |x| x);
    results.prices("ema", "ema", Ema::new(20).unwrap(), |x| x);
    results.prices("wma", "wma", Wma::new(14).unwrap(), |x| x);
    results.prices("smma", "smma", Rma::new(20).unwrap(), |x| x);
    results.prices("hma", "hma", Hma::new(14).unwrap(), |x| x);
    // Theirs begins one bar earlier, with the seed itself.
    let kama = over_prices(Kama::new(10).unwrap(), &results.closes, |x| x);
    results.agree_from(10, "kama", "kama", &kama);
    // Theirs begins all parts at once, which fades.
    let dema = over_prices(Dema::new(14).unwrap(), &results.closes, |x| x);
    results.agree_from(260, "dema", "dema", &dema);
    let tema = over_prices(Tema::new(20).unwrap(), &results.closes, |x| x);
    results.agree_from(380, "tema", "tema", &tema);
}

#[test]
fn oscillators() {
    let Some(mut results) = Results::open() else { return };
    results.prices("rsi", "rsi", Rsi::new(14).unwrap(), |x| x);
    results.bars("stoch", "d", Stochastic::slow(14).unwrap(), |x| x.d);
    let k = over_bars(Stochastic::slow(14).unwrap(), &results.bars, |x| x.k);
    results.agree_from(17, "stoch", "k", &k);
    results.prices("stoch-rsi", "signal", StochRsi::new(14, 14, 1, 3).unwrap(), |x| x.d);
    let k = over_prices(StochRsi::new(14, 14, 1, 3).unwrap(), &results.closes, |x| x.k);
    results.agree_from(29, "stoch-rsi", "stochRsi", &k);
    results.bars("cci", "cci", Cci::new(20).unwrap(), |x| x);
    results.bars("willr", "williamsR", WilliamsR::new(14).unwrap(), |x| x);
    results.prices("roc", "roc", Roc::new(14).unwrap(), |x| x);
    results.prices("roc", "momentum", Momentum::new(14).unwrap(), |x| x);
}

#[test]
fn volume() {
    let Some(mut results) = Results::open() else { return };
    results.bars("mfi", "mfi", Mfi::new(14).unwrap(), |x| x);
    results.bars("obv", "obv", Obv::new(), |x| x);
    results.bars("vwap", "vwap", Vwap::new(), |x| x);
}

#[test]
fn trend() {
    let Some(mut results) = Results::open() else { return };
    let macd = Macd::new(12, 26, 9).unwrap();
    results.prices("macd", "signal", macd.clone(), |x| x.signal);
    results.prices("macd", "histogram", macd.clone(), |x| x.histogram);
    let line = over_prices(macd, &results.closes, |x| x.macd);
    results.agree_from(33, "macd", "macd", &line);
    results.bars("adx", "pdi", DirectionalMovement::new(14).unwrap(), |x| x.plus_di);
    results.bars("adx", "mdi", DirectionalMovement::new(14).unwrap(), |x| x.minus_di);
    results.bars("adx", "dx", DirectionalMovement::new(14).unwrap(), |x| x.dx);
    results.bars("adx", "adx", Adx::new(14).unwrap(), |x| x.adx);
    // Of equal extremes theirs takes the earliest, ours the latest.
    let aroon = Aroon::new(25).unwrap();
    for (field, price, output) in [
        ("aroonUp", (|bar| bar.high) as fn(&Ohlcv) -> f64, (|x| x.up) as fn(AroonOutput) -> f64),
        ("aroonDown", |bar| -bar.low, |x| x.down),
    ] {
        let actual = over_bars(aroon.clone(), &results.bars, output);
        let unique = |row: usize| row < 25 || has_one_greatest(&results.bars[row - 25..=row], price);
        let unique: Vec<_> = (0..results.bars.len()).map(unique).collect();
        let expected: Vec<_> =
            results.column("aroon", field).into_iter().filter(|(row, _)| unique[*row]).collect();
        assert_same(field, &actual, &expected, TOLERANCE, 350);
    }
    results.prices("slope", "slope", LinearRegression::new(14).unwrap(), |x| x.slope);
    results.prices("slope", "rSquared", LinearRegression::new(14).unwrap(), |x| x.r_squared);
    let ichimoku = Ichimoku::new(9, 26, 52, 26).unwrap();
    results.bars("ichimoku", "senkouSpanB", ichimoku.clone(), |x| x.span_b);
    for (field, output) in [
        ("tenkanSen", (|x| x.conversion) as fn(IchimokuOutput) -> f64),
        ("kijunSen", |x| x.base),
        ("senkouSpanA", |x| x.span_a),
    ] {
        let actual = over_bars(ichimoku.clone(), &results.bars, output);
        results.agree_from(77, "ichimoku", field, &actual);
    }
}

#[test]
fn volatility() {
    let Some(mut results) = Results::open() else { return };
    results.bars("tr", "tr", TrueRange::new(), |x| x);
    results.bars("atr", "atr", Atr::new(14).unwrap(), |x| x);
    let bands = BollingerBands::new(20, 2.0).unwrap();
    results.prices("bb", "sma", bands.clone(), |x| x.middle);
    results.prices("bb", "upperBand", bands.clone(), |x| x.upper);
    results.prices("bb", "lowerBand", bands.clone(), |x| x.lower);
    results.prices("bb", "percentB", bands.clone(), |x| x.percent_b);
    results.prices("bb", "width", bands, |x| x.bandwidth);
    results.prices("bb", "zScore", ZScore::new(20).unwrap(), |x| x);
    results.prices("stdev", "stdDev", StdDev::new(14).unwrap(), |x| x);
    results.prices("stdev", "zScore", ZScore::new(14).unwrap(), |x| x);
    let keltner = Keltner::new(20, 10, 2.0).unwrap();
    results.bars("keltner", "upperBand", keltner.clone(), |x| x.upper);
    results.bars("keltner", "centerline", keltner.clone(), |x| x.middle);
    results.bars("keltner", "lowerBand", keltner.clone(), |x| x.lower);
    results.bars("keltner", "width", keltner, |x| x.width() / x.middle);
    let donchian = Donchian::with_window(20, DonchianWindow::Before).unwrap();
    results.bars("donchian", "upperBand", donchian.clone(), |x| x.upper);
    results.bars("donchian", "centerline", donchian.clone(), |x| x.middle);
    results.bars("donchian", "lowerBand", donchian, |x| x.lower);
    results.bars("supertrend", "superTrend", SuperTrend::new(10, 3.0).unwrap(), |x| x.value);
}
