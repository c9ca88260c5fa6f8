//! The configuration file: its types, which are also what `algoflow schema` describes.
//!
//! Every table refuses keys that it does not know. Numbers can be written as numbers or, to have every digit as written,
//! as text: `0.01` or `"0.01"`. Times are `2024-01-02` (midnight UTC) or `2024-01-02T09:30:00Z`, with or without quotes;
//! lengths of time are text like `"1h30m"`. Relative paths are relative to the configuration file.

mod instrument;
mod live;
mod observe;
mod risk;
mod schema;
mod value;

use std::collections::BTreeMap;

use algoflow_core::{
    Decimal,
    bar_spec::BarSpec,
    capabilities::Capabilities,
    id::{Asset, InstrumentId, VenueId},
    number::Money,
    time::{TimeDelta, Timestamp},
};
use algoflow_execution::ErrorPolicy;
use algoflow_live::telemetry::Telemetry;
use algoflow_sim::{Fees, FillPolicy, Latency, RejectModel, SimConfig, Slippage};
use schemars::JsonSchema;
use serde::Deserialize;

pub(crate) use self::live::NamedSecret;
pub use self::{
    instrument::{InstrumentConfig, InstrumentType},
    live::{ConnectorConfig, ControlSection, LiveSection, Mode},
    observe::{AlertsSection, EmailConfig, TelegramConfig, WebhookConfig},
    risk::{CoolDownConfig, LossConfig, RateConfig, RiskConfig},
    value::{DataPolicy, PolicyWord},
};

/// A backtest, or trading, as it is written in a file.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(title = "Algoflow configuration")]
pub struct Config {
    /// What concerns the run as a whole.
    pub backtest: BacktestConfig,
    /// The simulated venues. At least one.
    pub venue: Vec<VenueConfig>,
    /// The instruments. At least one.
    pub instrument: Vec<InstrumentConfig>,
    /// The data. At least one.
    pub data: Vec<DataConfig>,
    /// The strategies. At least one.
    pub strategy: Vec<StrategyConfig>,
    /// What all strategies together may risk. Nothing is limited if not given.
    pub risk: RiskConfig,
    /// What is written about the run.
    pub report: ReportConfig,
    /// How trading is run, live or on paper. Backtests do without.
    pub live: LiveSection,
    /// How a running process is asked and steered.
    pub control: ControlSection,
    /// What is logged where while trading runs, and where its metrics and its health are shown.
    #[schemars(schema_with = "schema::telemetry")]
    pub telemetry: Telemetry,
    /// Who is told when something is wrong while trading runs.
    pub alerts: AlertsSection,
}

/// What concerns the run as a whole.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct BacktestConfig {
    /// The seed of everything that is drawn at random. The same seed gives the same run.
    pub seed: u64,
    /// What is paid into the account of the first venue: `["100000 USD"]`.
    #[serde(deserialize_with = "value::list")]
    #[schemars(with = "Vec<String>")]
    pub cash: Vec<Money>,
    /// The asset in which results are counted: `"USD"`. That of the first cash if not given.
    #[schemars(with = "Option<String>")]
    pub report_in: Option<Asset>,
    /// The run begins with the first data that could be known at this time or later.
    #[serde(deserialize_with = "value::optional")]
    #[schemars(with = "Option<String>")]
    pub from: Option<Timestamp>,
    /// The run ends before the first data that could only be known at this time or later.
    #[serde(deserialize_with = "value::optional")]
    #[schemars(with = "Option<String>")]
    pub to: Option<Timestamp>,
    /// The equity curve takes the last point in each interval of this length: `"1h"`. If not given it begins with minutes and
    /// goes over to longer intervals so that it never has more than 32,768 points.
    #[schemars(with = "Option<String>")]
    pub sample_equity_every: Option<TimeDelta>,
    /// What becomes of the positions of a strategy that fails: `"keep_positions"` or `"flatten"`.
    #[schemars(schema_with = "schema::error_policy")]
    pub on_error: ErrorPolicy,
}

/// A simulated venue.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VenueConfig {
    /// Its name, which is the last part of the ids of its instruments: `"NYSE"` for `SPY.NYSE`.
    #[schemars(with = "String")]
    pub name: VenueId,
    /// What the account may do with money that it does not have.
    #[serde(default)]
    pub account: AccountType,
    /// How many times its equity a margin account may hold, 1 or more. 1 if not given.
    #[serde(default, deserialize_with = "value::optional")]
    #[schemars(with = "Option<f64>")]
    pub leverage: Option<Decimal>,
    /// What is paid into this venue's account, in addition to the cash of `[backtest]` at the first venue.
    #[serde(default, deserialize_with = "value::list")]
    #[schemars(with = "Vec<String>")]
    pub cash: Vec<Money>,
    /// How orders fill.
    #[serde(default)]
    #[schemars(schema_with = "schema::fill_policy")]
    pub fill: FillPolicy,
    /// What the venue takes: `"none"`, `"instrument"`, `{ bps = { maker = 1, taker = 2 } }`,
    /// `{ per_unit = { per_unit = "0.005", minimum = 1 } }`, `{ tiered = .. }`, `{ fixed = { amount = 1 } }`.
    #[serde(default)]
    #[schemars(schema_with = "schema::fees")]
    pub fees: Fees,
    /// How much worse than the market a taker fills: `"none"`, `{ bps = 2 }`, `{ ticks = 1 }`,
    /// `{ volume_share = { impact = 0.1, max_share = 0.025 } }`, `{ square_root = { coefficient = 0.01 } }`,
    /// `{ half_spread = { ticks = 1 } }`.
    #[serde(default)]
    #[schemars(schema_with = "schema::slippage")]
    pub slippage: Slippage,
    /// The part of a bar's volume, of a displayed size or of a trade that our fills may take, 0 to 1. No cap if not
    /// given.
    pub participation: Option<f64>,
    /// How long messages travel: `{ feed = "1ms", entry = "20ms", ack = "20ms" }`.
    #[serde(default)]
    #[schemars(schema_with = "schema::latency")]
    pub latency: Latency,
    /// Orders refused at random: `{ probability = 0.01 }`.
    #[serde(default)]
    #[schemars(schema_with = "schema::reject")]
    pub reject: Option<RejectModel>,
    /// What the venue can do, feature by feature, if it is not everything that the simulation can.
    #[serde(default)]
    #[schemars(schema_with = "schema::capabilities")]
    pub capabilities: Option<Capabilities>,
    /// How the real venue is reached, whose data and, in live mode, whose account are used.
    pub connector: Option<ConnectorConfig>,
}

impl VenueConfig {
    /// The settings of the simulation.
    #[must_use]
    pub fn simulation(&self) -> SimConfig {
        SimConfig {
            fill: self.fill,
            fees: self.fees.clone(),
            slippage: self.slippage.clone(),
            participation: self.participation,
            latency: self.latency,
            reject: self.reject.clone(),
            capabilities: self.capabilities.clone(),
        }
    }
}

/// What an account may do with money that it does not have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AccountType {
    /// Nothing is sold short, nothing bought on credit.
    #[default]
    Cash,
    /// It may borrow and sell short, up to its `leverage`.
    Margin,
}

/// What a file or a part of a catalog holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum DataKind {
    /// Open, high, low, close, volume.
    Bars,
    /// Single trades.
    Trades,
    /// The best bid and ask.
    Quotes,
    /// Price levels of an order book.
    Depth,
    /// Dividends and splits: a date, `dividend` or `split`, and the amount per share or the ratio. Not in a catalog.
    Actions,
}

impl DataKind {
    /// As it is written in a configuration.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bars => "bars",
            Self::Trades => "trades",
            Self::Quotes => "quotes",
            Self::Depth => "depth",
            Self::Actions => "actions",
        }
    }

    /// As a catalog names it. `None` for bars without a spec, and for what a catalog does not hold.
    pub(crate) fn stored(self, bars: Option<BarSpec>) -> Option<algoflow_data::DataKind> {
        match self {
            Self::Bars => bars.map(algoflow_data::DataKind::Bars),
            Self::Trades => Some(algoflow_data::DataKind::Trades),
            Self::Quotes => Some(algoflow_data::DataKind::Quotes),
            Self::Depth => Some(algoflow_data::DataKind::Depth),
            Self::Actions => None,
        }
    }
}

/// Data of one instrument, from files or from a catalog.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DataConfig {
    /// A CSV or Parquet file, also compressed (`.gz`, `.zip`), or several by a pattern with `*` and `?` in the file name,
    /// which are read in the order of their names.
    pub path: Option<String>,
    /// The folder of a catalog, instead of `path`.
    pub catalog: Option<String>,
    /// What the data are.
    pub kind: DataKind,
    /// Of which instrument.
    #[schemars(with = "String")]
    pub instrument: InstrumentId,
    /// What a bar covers: `"1m"`, `"4h"`, `"1d"`, `"1w"`, `"1mo"`, `"100t"`. Found out from a file if not given; needed for
    /// bars of a catalog.
    #[schemars(with = "Option<String>")]
    pub bars: Option<BarSpec>,
    /// What the columns mean. What is not declared is found out from the file.
    #[serde(default)]
    #[schemars(schema_with = "schema::data_schema")]
    pub schema: algoflow_data::Schema,
    /// What to do with rows that make no sense.
    #[serde(default)]
    #[schemars(schema_with = "schema::policy")]
    pub policy: DataPolicy,
    /// How long after it happened each record could be known: `"250ms"`. Not for a catalog, which holds both times.
    #[schemars(with = "Option<String>")]
    pub delay: Option<TimeDelta>,
}

/// A strategy and its parameters.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StrategyConfig {
    /// Which strategy: `algoflow strategies` lists them.
    pub name: String,
    /// What it is called in results. The name if not given; needed where a strategy is used twice.
    pub label: Option<String>,
    /// Its parameters: `algoflow strategies NAME` describes them.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, serde_json::Value>")]
    pub params: toml::Table,
    /// What it may risk. Nothing is limited if not given.
    #[serde(default)]
    pub risk: RiskConfig,
}

impl StrategyConfig {
    /// What it is called in results.
    #[must_use]
    pub fn label(&self) -> &str {
        self.label.as_deref().unwrap_or(&self.name)
    }
}

/// What is written about the run.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ReportConfig {
    /// Where to write the tear sheet as one HTML file.
    pub html: Option<String>,
    /// Where to write it as an SVG picture.
    pub svg: Option<String>,
    /// Where to write it as a PNG picture.
    pub png: Option<String>,
    /// An instrument with bars: buying and holding it is what the run is compared with.
    #[schemars(with = "Option<String>")]
    pub benchmark: Option<InstrumentId>,
    /// The risk-free rate per year, compounded: 0.02 is two percent.
    pub risk_free: f64,
    /// Periods per year, by which figures are annualized: 252 for daily returns of exchanges that close. Derived from
    /// the data if not given.
    pub periods_per_year: Option<f64>,
}

/// The JSON Schema of the configuration file.
#[must_use]
pub fn json_schema() -> schemars::Schema {
    schemars::schema_for!(Config)
}
