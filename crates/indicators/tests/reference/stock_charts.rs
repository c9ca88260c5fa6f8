//! Expected values from the StockCharts spreadsheets, written with about six decimals.

use algoflow_indicators::{
    Adx, Atr, BollingerBands, Cci, DirectionalMovement, Donchian, FirstBar, Indicator, Kama, Macd, Mfi, Obv,
    Ohlcv, Roc, RollingVwap, Seed, Stochastic, TrueRange, WilliamsR, Wma,
};

use crate::compare::{Tolerance, assert_same_where_known, over_bars, over_prices};
use crate::shared_data::{Table, find, rows_from};

struct Sheet {
    name: &'static str,
    table: Table,
}

impl Sheet {
    fn open(name: &'static str) -> Option<Self> {
        let path = find(&format!("reference/ta_stockcharts/cs-{name}.csv"))?;
        Some(Self { name, table: Table::parse(&std::fs::read_to_string(path).unwrap()) })
    }

    fn compare(&self, column: &str, actual: &[Option<f64>], first: usize, tolerance: f64, least: usize) {
        let expected = rows_from(first, self.table.column(column));
        let name = format!("{} {column}", self.name);
        assert_same_where_known(&name, actual, &expected, Tolerance::absolute(tolerance), least);
    }

    fn prices<I: Indicator<Input = f64>>(
        &self,
        column: &str,
        indicator: I,
        output: impl Fn(I::Output) -> f64,
        tolerance: f64,
        least: usize,
    ) {
        let actual = over_prices(indicator, &self.table.numbers("close"), output);
        self.compare(column, &actual, 0, tolerance, least);
    }

    fn bars<I: Indicator<Input = Ohlcv>>(
        &self,
        column: &str,
        indicator: I,
        output: impl Fn(I::Output) -> f64,
        tolerance: f64,
        least: usize,
    ) {
        let actual = over_bars(indicator, &self.table.bars(), output);
        self.compare(column, &actual, 0, tolerance, least);
    }
}

#[test]
fn averages_of_closes() {
    let Some(sheet) = Sheet::open("wma") else { return };
    sheet.prices("WMA", Wma::new(9).unwrap(), |x| x, 1e-4, 30);
    let Some(sheet) = Sheet::open("kama") else { return };
    sheet.prices("KAMA", Kama::new(10).unwrap(), |x| x, 1e-6, 30);
    let Some(sheet) = Sheet::open("macd") else { return };
    let macd = Macd::with_seed(12, 26, 9, Seed::First).unwrap();
    sheet.prices("MACD_line", macd.clone(), |x| x.macd, 1e-6, 90);
    // Theirs begins the signal late, which fades.
    let signal = over_prices(macd, &sheet.table.numbers("close"), |x| x.signal);
    sheet.compare("MACD_signal", &signal, 90, 1e-6, 20);
}

#[test]
fn oscillators() {
    let Some(sheet) = Sheet::open("soo") else { return };
    sheet.bars("SO", Stochastic::fast(14, 3).unwrap(), |x| x.k, 1e-5, 12);
    sheet.bars("SO_SIG", Stochastic::fast(14, 3).unwrap(), |x| x.d, 1e-5, 12);
    let Some(sheet) = Sheet::open("cci") else { return };
    sheet.bars("CCI", Cci::new(20).unwrap(), |x| x, 0.2, 11);
    let Some(sheet) = Sheet::open("percentr") else { return };
    sheet.bars("Williams_%R", WilliamsR::new(14).unwrap(), |x| x, 1e-5, 14);
    let Some(sheet) = Sheet::open("roc") else { return };
    sheet.prices("ROC", Roc::new(12).unwrap(), |x| x, 1e-7, 5);
}

#[test]
fn volume() {
    let Some(sheet) = Sheet::open("mfi") else { return };
    sheet.bars("MFI", Mfi::new(14).unwrap(), |x| x, 1e-2, 14);
    let Some(sheet) = Sheet::open("vwap") else { return };
    sheet.bars("vwap", RollingVwap::new(14).unwrap(), |x| x, 1e-5, 15);
    let Some(sheet) = Sheet::open("obv") else { return };
    let volume = sheet.table.column("volume").into_iter().map(|volume| volume.unwrap_or(0.0));
    let bars: Vec<_> = std::iter::zip(sheet.table.numbers("close"), volume)
        .map(|(close, volume)| Ohlcv { volume, ..Ohlcv::from(close) })
        .collect();
    sheet.compare("OBV", &over_bars(Obv::new(), &bars, |x| x), 0, 0.0, 20);
}

#[test]
fn ranges_and_bands() {
    let Some(sheet) = Sheet::open("atr2") else { return };
    sheet.bars("TR", TrueRange::with_first_bar(FirstBar::HighLow), |x| x, 1e-12, 30);
    let Some(sheet) = Sheet::open("bbands") else { return };
    let bands = BollingerBands::new(20, 2.0).unwrap();
    sheet.prices("MiddleBand", bands.clone(), |x| x.middle, 1e-6, 20);
    sheet.prices("HighBand", bands.clone(), |x| x.upper, 1e-6, 20);
    sheet.prices("LowBand", bands.clone(), |x| x.lower, 1e-6, 20);
    sheet.prices("WidthBand", bands.clone(), |x| 100.0 * x.bandwidth, 1e-5, 20);
    sheet.prices("PercentageBand", bands, |x| x.percent_b, 1e-6, 20);
    let Some(sheet) = Sheet::open("dc") else { return };
    let donchian = Donchian::new(20).unwrap();
    sheet.bars("upper_band", donchian.clone(), |x| x.upper, 1e-9, 10);
    sheet.bars("lower_band", donchian.clone(), |x| x.lower, 1e-9, 10);
    sheet.bars("middle_band", donchian, |x| x.middle, 1e-2, 10);
    let Some(sheet) = Sheet::open("atr") else { return };
    let atr = over_bars(Atr::with_first_bar(14, FirstBar::HighLow).unwrap(), &sheet.table.bars(), |x| x);
    sheet.compare("ATR", &atr, 13, 1e-8, 15);
}

#[test]
fn directional_movement() {
    let Some(sheet) = Sheet::open("adx") else { return };
    let movement = DirectionalMovement::new(14).unwrap();
    sheet.bars("+DI14", movement.clone(), |x| x.plus_di, 1e-5, 400);
    sheet.bars("-DI14", movement.clone(), |x| x.minus_di, 1e-5, 400);
    sheet.bars("DX", movement, |x| x.dx, 1e-5, 400);
    sheet.bars("ADX", Adx::new(14).unwrap(), |x| x.adx, 1e-5, 400);
}
