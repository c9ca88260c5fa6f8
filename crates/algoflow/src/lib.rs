//! Algoflow: composable trading libraries. Write a strategy once; run it as a backtest, on paper and live.
//!
//! This crate re-exports the others by feature, and a [`prelude`] for one `use`. Each part is a crate of its own
//! that can be used without the rest: [`algoflow-core`](https://docs.rs/algoflow-core) (types and interfaces),
//! [`algoflow-indicators`](https://docs.rs/algoflow-indicators), [`algoflow-data`](https://docs.rs/algoflow-data),
//! [`algoflow-execution`](https://docs.rs/algoflow-execution) (the engine), [`algoflow-sim`](https://docs.rs/algoflow-sim)
//! (simulated venues), [`algoflow-backtest`](https://docs.rs/algoflow-backtest),
//! [`algoflow-strategies`](https://docs.rs/algoflow-strategies),
//! [`algoflow-analytics`](https://docs.rs/algoflow-analytics), [`algoflow-live`](https://docs.rs/algoflow-live) (live and paper
//! trading), [`algoflow-net`](https://docs.rs/algoflow-net) and [`algoflow-testkit`](https://docs.rs/algoflow-testkit) (for
//! connectors).
//!
#![cfg_attr(
    all(feature = "backtest", feature = "indicators"),
    doc = r#"
```
use algoflow::prelude::*;

/// Long ten while the fast average is above the slow one, else flat.
struct Cross { instrument: InstrumentId, fast: Sma, slow: Sma }

impl Strategy for Cross {
    fn on_start(&mut self, ctx: &mut Context<'_>) -> StrategyResult {
        ctx.subscribe(Subscription::bars(self.instrument, BarSpec::day()))
    }
    fn on_bar(&mut self, ctx: &mut Context<'_>, bar: &Bar) -> StrategyResult {
        let (fast, slow) = (self.fast.update(bar.close), self.slow.update(bar.close));
        let (Some(fast), Some(slow)) = (fast, slow) else { return Ok(()) };
        ctx.target_position(self.instrument, Quantity::from_int(if fast > slow { 10 } else { 0 }))
    }
}

# fn main() -> Result<(), Box<dyn std::error::Error>> {
let spy = Instrument::equity("SPY.NYSE", "USD")?;
let csv = "date,open,high,low,close,volume\n\
           2024-01-02,100,101,99,100,1000\n\
           2024-01-03,100,103,100,102,1000\n\
           2024-01-04,102,106,102,105,1000\n\
           2024-01-05,105,107,104,106,1000\n";
let (bars, _) = CsvBars::from_bytes("spy.csv", csv.as_bytes()).instrument(spy.id).spec(BarSpec::day()).load()?;

let result = Backtest::new()
    .cash("100000 USD")
    .strategy(Cross { instrument: spy.id, fast: Sma::new(1)?, slow: Sma::new(2)? })
    .venue(SimVenue::new("NYSE").instrument(spy).fees(Fees::bps(1)))
    .data(bars)
    .run()?;
assert_eq!(result.fills.len(), 1);
# Ok(())
# }
```
"#
)]
//!
//! # Features
//!
//! | feature | default | what it adds |
//! |---|---|---|
//! | `backtest` | yes | the backtest driver, with `data`, `sim`, `execution` and `analytics` |
//! | `indicators` | yes | streaming technical indicators |
//! | `strategies` | yes | ready-made strategies, with `indicators` |
//! | `parquet` | yes | Parquet files and the catalog, if there is `data` |
//! | `data` | with `backtest` | CSV readers and writers, series, merging |
//! | `execution` | with `backtest` | the engine, for drivers of your own, and a harness to test strategies with |
//! | `sim` | with `backtest` | simulated venues |
//! | `analytics` | with `backtest` | performance statistics and tear sheets |
//! | `live` | no | live and paper trading with a durable journal, with `execution` and `sim`; needs a C compiler, for SQLite |
//! | `net` | no | what connectors to venues are built from: rate limits, WebSockets that reconnect, signing |
//! | `png` | no | tear sheets as PNG, if there is `analytics` |
//! | `samples` | no | small sets of real market data inside the binary (1.1 MB), with `data` |
//!
//! With `default-features = false` only the core types remain.

#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "analytics")]
pub use algoflow_analytics as analytics;
#[cfg(feature = "backtest")]
pub use algoflow_backtest as backtest;
pub use algoflow_core as core;
#[cfg(feature = "data")]
pub use algoflow_data as data;
#[cfg(feature = "execution")]
pub use algoflow_execution as execution;
#[cfg(feature = "indicators")]
pub use algoflow_indicators as indicators;
#[cfg(feature = "live")]
pub use algoflow_live as live;
#[cfg(feature = "net")]
pub use algoflow_net as net;
#[cfg(feature = "sim")]
pub use algoflow_sim as sim;
#[cfg(feature = "strategies")]
pub use algoflow_strategies as strategies;

#[cfg(feature = "samples")]
pub mod samples;

/// What most programs need, for one `use`.
pub mod prelude {
    pub use algoflow_core::{
        command::Command,
        error::NumberError,
        instrument::{InstrumentKind, OrderLimits},
        ledger::{AccountKind, CombinedPosition, Portfolio, Position},
        market::{CorporateAction, CorporateActionKind, CustomData, FundingRate},
        order::{CancelReason, Liquidity, OrderRole, RejectCode, algorithm, route},
        prelude::*,
    };

    #[cfg(feature = "analytics")]
    pub use algoflow_analytics::{EquityPoint, Report};
    #[cfg(feature = "backtest")]
    pub use algoflow_backtest::{Backtest, BacktestError, BacktestResult, Sweep};
    #[cfg(feature = "data")]
    pub use algoflow_data::{
        BarSeries, Column, CsvBars, CsvQuotes, CsvTrades, DataError, DataSource, QuoteSeries, Repairs,
        RowPolicy, Schema, StampIs, TradeSeries,
    };
    #[cfg(feature = "execution")]
    pub use algoflow_execution::{ErrorPolicy, Harness};
    #[cfg(feature = "indicators")]
    pub use algoflow_indicators::{
        Adx, Aroon, Atr, BollingerBands, Cci, Cross, Crossing, Dema, DirectionalMovement, Donchian, Ema, Hma,
        Ichimoku, Indicator, Kama, Keltner, LinearRegression, Macd, Mfi, Momentum, Obv, Ohlcv, ParabolicSar,
        Rma, Roc, RollingMax, RollingMin, RollingVwap, Rsi, Sma, StdDev, StochRsi, Stochastic, SuperTrend,
        Tema, TrueRange, Variance, Vwap, WilliamsR, Wma, ZScore,
    };
    #[cfg(feature = "live")]
    pub use algoflow_live::{Live, LiveConfig, paper::PaperVenue};
    #[cfg(feature = "sim")]
    pub use algoflow_sim::{
        BarFill, BarPath, FeeModel, Fees, FillContext, Latency, LimitFill, SimVenue, Slippage, SlippageModel,
    };
    #[cfg(feature = "strategies")]
    pub use algoflow_strategies::{
        DonchianBreakout, PairsReversion, Rebalance, RsiReversion, SmaCross, TrendMomentum,
    };
}

/// Compiles the example of the README.
#[cfg(all(doctest, feature = "backtest", feature = "indicators", feature = "samples"))]
#[doc = include_str!("../README.md")]
struct Readme;

/// Compiles and runs the programs of the guides that are no excerpts of examples. (They are in the repository, not in the
/// published crate.)
#[cfg(all(doctest, feature = "backtest", feature = "parquet", feature = "samples"))]
mod guides {
    #[doc = include_str!("../../../docs/guides/data-files.md")]
    struct DataFiles;

    #[doc = include_str!("../../../docs/guides/reading-the-report.md")]
    struct ReadingTheReport;
}
