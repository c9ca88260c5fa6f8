//! Paper trading through the whole live stack, without a network: a strategy over recorded quotes, stopped in the middle, and gone on with
//! from its journal as if nothing had been.
//!
//! `cargo run --release --example paper_trading --features live [FOLDER]`

use std::{env, error::Error, fs, path::Path, path::PathBuf, sync::Arc, time::Duration};

use algoflow::live::{
    driver::{Observer, Outcome, QUEUES},
    journal::{Location, SqlStore},
    paper::PaperError,
    session::TimeSource,
    telemetry::{LiveMetrics, MetricLabels, MetricRegistry},
};
use algoflow::prelude::*;
use algoflow::strategies::SmaCrossParams;

/// Three minutes of quotes.
fn quotes(instrument: InstrumentId) -> Result<QuoteSeries, Box<dyn Error>> {
    let (quotes, _) = CsvQuotes::from_bytes("solusdt_quotes.csv.gz", algoflow::samples::SOLUSDT_QUOTES)
        .instrument(instrument)
        .load()?;
    Ok(quotes)
}

/// A simulated venue that plays the quotes back: at `speed` times the pace at which they came, or as fast as they are decided on.
fn paper(sol: &Instrument, speed: Option<f64>) -> Result<PaperVenue, Box<dyn Error>> {
    let venue = SimVenue::new("BINANCE").instrument(sol.clone()).fees(Fees::bps(1));
    let cash = ["10000 USDT".parse()?];
    let quotes = quotes(sol.id)?;
    let tape: Vec<MarketData> = quotes.iter().map(MarketData::from).collect();
    let data = tape.into_iter().map(Ok::<_, PaperError>);
    let paper = PaperVenue::replay(&venue, data, AccountKind::Cash, &cash, 1)?;
    Ok(match speed {
        Some(speed) => paper.at_speed(speed),
        None => paper,
    })
}

/// Everything that one process needs. The journal is what the next one goes on from.
async fn trading(
    sol: &Instrument,
    journal: &Path,
    speed: Option<f64>,
    metrics: &MetricRegistry,
) -> Result<Live, Box<dyn Error>> {
    let mut config = LiveConfig::new("USDT".parse()?);
    // Time is in the data here. With live data it is `TimeSource::Clock`, the default.
    config.session.time = TimeSource::Data;
    config.session.cancel_on_stop = false;
    let labels = MetricLabels {
        venues: vec![sol.venue()],
        queues: QUEUES.to_vec(),
        currencies: vec![config.reporting],
    };
    let observer = Observer::new(LiveMetrics::new(Arc::new(metrics.clone()), &labels));
    Ok(Live::new(config)
        .store(SqlStore::open(&Location::sqlite(journal)).await?)
        .paper(paper(sol, speed)?)
        .observe(observer)
        .strategy("cross", SmaCross::from_params(params(sol.id))?))
}

/// Five seconds against twenty.
fn params(instrument: InstrumentId) -> SmaCrossParams {
    SmaCrossParams { bars: BarSpec::seconds(1), fast: 5, slow: 20, ..SmaCrossParams::new(instrument) }
}

fn tell(what: &str, outcome: &Outcome) -> Result<(), Box<dyn Error>> {
    let portfolio = &outcome.state.portfolio;
    println!(
        "{what}: {} orders, worth {:.2} {}, {} entries in the journal, {}",
        outcome.state.orders.len(),
        portfolio.equity()?,
        portfolio.reporting_asset(),
        outcome.sequence,
        if outcome.clean { "nothing in doubt" } else { "something in doubt" },
    );
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = env::args().nth(1).map_or_else(|| PathBuf::from("target/paper_trading"), PathBuf::from);
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    let sol = Instrument::spot("SOL-USDT.BINANCE")?
        .with_price_increment("0.01".parse()?)
        .with_quantity_increment("0.001".parse()?);
    let metrics = MetricRegistry::new();

    // Undisturbed: three minutes of quotes in less than a second.
    let outcome = trading(&sol, &folder.join("whole.db"), None, &metrics).await?.run().await?;
    tell("Undisturbed", &outcome)?;
    let whole = outcome.state.portfolio.equity()?;

    // The same at a hundred times the pace, until somebody stops it.
    let journal = folder.join("journal.db");
    let ready = trading(&sol, &journal, Some(100.0), &metrics).await?.ready().await?;
    let handle = ready.handle();
    let stop = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let orders = handle.look(|view| view.engine.state().orders.len()).await?;
        println!("Stopped after {orders} orders, to go on later");
        handle.stop().await
    };
    let (outcome, stopped) = tokio::join!(ready.run(), stop);
    stopped?;
    tell("The first process", &outcome?)?;

    // The next process reads the journal, finds out where the venue stands, and trades on.
    let outcome = trading(&sol, &journal, None, &metrics).await?.run().await?;
    tell("The second process", &outcome)?;
    let equity = outcome.state.portfolio.equity()?;
    println!("Without the pause it was worth {whole:.2}, with it {equity:.2}");

    println!("\nWhat a monitor would have seen:");
    for line in metrics.render().lines().filter(|line| line.starts_with("algoflow_events_total")) {
        println!("  {line}");
    }
    Ok(())
}
