//! Eight US shares in one portfolio: three ways to hold them, compared.
//!
//! `cargo run --release --example portfolio [REPORT.html]`

use std::{collections::BTreeMap, env, error::Error, fs, path::PathBuf, sync::Arc};

use algoflow::{
    prelude::*,
    strategies::{RebalanceParams, Schedule},
};

const SHARES: [&str; 8] = ["AAPL", "CVX", "HD", "JNJ", "KO", "MSFT", "PG", "WMT"];

/// Buys equal parts at the first opportunity and never trades again.
struct BuyAndHold {
    shares: Vec<InstrumentId>,
    bought: bool,
}

impl Strategy for BuyAndHold {
    fn on_start(&mut self, ctx: &mut Context<'_>) -> StrategyResult {
        self.shares.iter().try_for_each(|id| ctx.subscribe(Subscription::bars(*id, BarSpec::day())))
    }

    fn on_bar(&mut self, ctx: &mut Context<'_>, _bar: &Bar) -> StrategyResult {
        // One call for each share. A timer for "now" goes off once, after all the bars of this time, so that the
        // decision does not depend on which share comes first.
        if !self.bought {
            ctx.schedule("buy", ctx.now());
        }
        Ok(())
    }

    fn on_timer(&mut self, ctx: &mut Context<'_>, _timer: &Timer) -> StrategyResult {
        self.bought = true;
        let weight = 0.98 / self.shares.len() as f64;
        self.shares.iter().try_for_each(|id| ctx.target_weight(*id, weight))
    }
}

/// The file holds a column of closes for each share: read once for each, with that column as the close.
fn load(shares: &[Instrument]) -> Result<Vec<Arc<BarSeries>>, DataError> {
    let read = |share: &Instrument| {
        let schema = Schema::default().column(Column::Close, share.id.symbol());
        let file = CsvBars::from_bytes("us_stocks_daily.csv.gz", algoflow::samples::US_STOCKS_DAILY);
        let (bars, _) = file.instrument(share.id).spec(BarSpec::day()).schema(schema).load()?;
        Ok(Arc::new(bars))
    };
    shares.iter().map(read).collect()
}

fn run<S: Strategy + 'static>(
    name: &str,
    strategy: S,
    shares: &[Instrument],
    data: &[Arc<BarSeries>],
) -> Result<BacktestResult, BacktestError> {
    let venue =
        SimVenue::new("US").with_instruments(shares.to_vec()).fees(Fees::bps(1)).slippage(Slippage::bps(2.0));
    let mut backtest = Backtest::new().cash("100000 USD").named_strategy(name, strategy).venue(venue);
    for bars in data {
        // Shared, not copied: all three runs read the same memory.
        backtest = backtest.data(bars);
    }
    backtest.run()
}

/// What part of the equity each share is at the end.
fn weights(result: &BacktestResult) -> BTreeMap<InstrumentId, f64> {
    let equity = result.final_equity.map_or(Decimal::ONE, |money| money.amount);
    let last = |id| result.prices.iter().find(|bars| bars.instrument() == id)?.last();
    let worth = |(id, position): (InstrumentId, &Position)| {
        let value = position.quantity.to_decimal() * last(id)?.close.to_decimal();
        Some((id, f64::try_from(value / equity).ok()?))
    };
    result.portfolio.positions().filter_map(worth).collect()
}

fn main() -> Result<(), Box<dyn Error>> {
    let share = |symbol: &&str| {
        let share = Instrument::equity(&format!("{symbol}.US"), "USD")?;
        // Adjusted closes have three decimals: 0.264 for AAPL in 1990.
        Ok::<_, Box<dyn Error>>(share.with_price_increment("0.001".parse()?))
    };
    let shares: Vec<Instrument> = SHARES.iter().map(share).collect::<Result<_, _>>()?;
    let ids: Vec<InstrumentId> = shares.iter().map(|share| share.id).collect();
    let data = load(&shares)?;

    let part = 0.98 / ids.len() as f64;
    let equal = ids.iter().map(|id| (*id, part));
    let monthly = Rebalance::from_params(RebalanceParams {
        schedule: Schedule::Monthly,
        drift_band: 0.005,
        ..RebalanceParams::new(equal)
    })?;
    let results = [
        run("Hold", BuyAndHold { shares: ids.clone(), bought: false }, &shares, &data)?,
        run("Monthly", monthly, &shares, &data)?,
        run("Momentum", TrendMomentum::new(ids.iter().copied(), 252)?, &shares, &data)?,
    ];

    println!("Eight US shares, 1990 to 2022, 100,000 USD\n");
    println!(
        "{:<10}{:>16}{:>8}{:>9}{:>10}{:>8}{:>10}",
        "", "final equity", "CAGR", "Sharpe", "drawdown", "fills", "turnover"
    );
    for result in &results {
        let report = result.report()?;
        let figures = report.statistics();
        println!(
            "{:<10}{:>16.0}{:>7.1}%{:>9.2}{:>9.1}%{:>8}{:>9.2}x",
            result.strategies.first().map_or("", |name| name.as_str()),
            result.final_equity.map_or(Decimal::ZERO, |money| money.amount),
            figures.cagr.unwrap_or(f64::NAN) * 100.0,
            figures.sharpe.unwrap_or(f64::NAN),
            figures.max_drawdown * 100.0,
            result.fills.len(),
            report.turnover().unwrap_or(f64::NAN),
        );
    }
    println!("\nTurnover is what was traded in a year over the mean equity.\n\nWeights at the end:");
    let weights: Vec<_> = results.iter().map(weights).collect();
    println!("{:<10}{:>10}{:>10}{:>10}", "", "Hold", "Monthly", "Momentum");
    for id in &ids {
        print!("{:<10}", id.symbol());
        for weights in &weights {
            print!("{:>9.1}%", weights.get(id).copied().unwrap_or(0.0) * 100.0);
        }
        println!();
    }

    let [hold, monthly, _] = &results;
    let path =
        env::args().nth(1).map_or_else(|| PathBuf::from("target/reports/portfolio.html"), PathBuf::from);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    monthly.report_builder()?.benchmark("Buy and hold", hold.equity.clone()).build()?.write_html(&path)?;
    println!("\nThe tear sheet of Monthly against Hold is {}.", path.display());
    println!(
        "\nThese eight are companies that did well: who chose them in 1990? See the guide on survivorship."
    );
    Ok(())
}
