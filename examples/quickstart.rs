//! Twenty years of the S&P 500 under a moving-average cross: a table here, a tear sheet in a file.
//!
//! `cargo run --release --example quickstart [REPORT.html]`

use std::{env, error::Error, fs, path::PathBuf};

use algoflow::prelude::*;

const FAST: usize = 50;
const SLOW: usize = 200;

fn main() -> Result<(), Box<dyn Error>> {
    // What is traded, and where. Data, orders and fills name the instrument by its id, `SPX.INDEX`.
    let spx = Instrument::equity("SPX.INDEX", "USD")?;

    // 5,031 daily bars that are part of the library. A file of your own: `CsvBars::open("spy.csv")?`.
    let (bars, read) = CsvBars::from_bytes("sp500_daily.csv.gz", algoflow::samples::SP500_DAILY)
        .instrument(spx.id)
        .spec(BarSpec::day())
        .load()?;
    println!("{} bars of {}, rows with problems: {}\n", bars.len(), spx.id, read.problems.len());

    // What the strategy has to beat: the index itself, bought on the first day and held.
    let held = bars.iter().map(|bar| EquityPoint { ts: bar.ts_close, equity: bar.close.to_f64() }).collect();

    let result = Backtest::new()
        .cash("100000 USD")
        .strategy(SmaCross::new(spx.id, FAST, SLOW)?)
        // Without these two lines trading would be free, and every strategy would look better than it is.
        .venue(SimVenue::new("INDEX").instrument(spx).fees(Fees::bps(1)).slippage(Slippage::bps(2.0)))
        .data(bars)
        .run()?;

    let report = result
        .report_builder()?
        .benchmark("Buy and hold", held)
        .parameter("fast", FAST.to_string())
        .parameter("slow", SLOW.to_string())
        .build()?;
    println!("{}", report.summary());

    println!("What these figures rest on:");
    for note in result.notes() {
        println!("  {note}");
    }

    let path =
        env::args().nth(1).map_or_else(|| PathBuf::from("target/reports/quickstart.html"), PathBuf::from);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    report.write_html(&path)?;
    println!("\nThe tear sheet is {}: open it in a browser.", path.display());
    Ok(())
}
