//! Small sets of real market data, for examples and first steps.
//!
//! Where they come from, and their licenses, is in `samples/LICENSES.md` of this crate: daily bars of the S&P 500 and
//! the NASDAQ Composite 1999 to 2018 (package `arch`, NCSA), adjusted daily closes of twenty US shares 1990 to 2022
//! (package `skfolio`, BSD-3-Clause), and three minutes of trades and quotes of BTC, ETH and SOL on Binance spot
//! in March 2025 (crate `barter`, MIT).

/// Gzipped CSV `date,open,high,low,close,volume`: the S&P 500, daily, 1999 to 2018.
pub const SP500_DAILY: &[u8] = include_bytes!("../samples/sp500_daily.csv.gz");
/// Gzipped CSV `date,open,high,low,close,volume`: the NASDAQ Composite, daily, 1999 to 2018.
pub const NASDAQ_DAILY: &[u8] = include_bytes!("../samples/nasdaq_daily.csv.gz");
/// Gzipped CSV `date` and one column per share: adjusted closes of twenty US shares, daily, 1990 to 2022.
pub const US_STOCKS_DAILY: &[u8] = include_bytes!("../samples/us_stocks_daily.csv.gz");
/// Gzipped CSV `ts_ns,price,quantity,side`: trades of BTC-USDT.
pub const BTCUSDT_TRADES: &[u8] = include_bytes!("../samples/btcusdt_trades.csv.gz");
/// Gzipped CSV `ts_ns,bid,bid_size,ask,ask_size`: best bid and ask of BTC-USDT.
pub const BTCUSDT_QUOTES: &[u8] = include_bytes!("../samples/btcusdt_quotes.csv.gz");
/// Gzipped CSV `ts_ns,price,quantity,side`: trades of ETH-USDT.
pub const ETHUSDT_TRADES: &[u8] = include_bytes!("../samples/ethusdt_trades.csv.gz");
/// Gzipped CSV `ts_ns,bid,bid_size,ask,ask_size`: best bid and ask of ETH-USDT.
pub const ETHUSDT_QUOTES: &[u8] = include_bytes!("../samples/ethusdt_quotes.csv.gz");
/// Gzipped CSV `ts_ns,price,quantity,side`: trades of SOL-USDT.
pub const SOLUSDT_TRADES: &[u8] = include_bytes!("../samples/solusdt_trades.csv.gz");
/// Gzipped CSV `ts_ns,bid,bid_size,ask,ask_size`: best bid and ask of SOL-USDT.
pub const SOLUSDT_QUOTES: &[u8] = include_bytes!("../samples/solusdt_quotes.csv.gz");
