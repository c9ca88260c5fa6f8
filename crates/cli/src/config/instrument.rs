//! Instruments as they are written in a file.

use algoflow_core::{
    Decimal,
    error::InstrumentError,
    id::{Asset, InstrumentId},
    instrument::{
        ExpirySettlement, FeeRates, Instrument, InstrumentKind, MarginRates, OptionRight, OptionStyle,
        OrderLimits,
    },
    number::{Price, Quantity},
    time::{TimeDelta, Timestamp},
};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{schema, value};

/// What can be traded, and by which rules.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InstrumentConfig {
    /// Symbol and venue: `"SPY.NYSE"`, `"BTC-USDT.BINANCE"`.
    #[schemars(with = "String")]
    pub id: InstrumentId,
    /// What it is.
    pub kind: InstrumentType,
    /// What is bought and sold. The symbol, or its part before `-` or `/`, if not given.
    #[schemars(with = "Option<String>")]
    pub base: Option<Asset>,
    /// What the price is counted in. The part of the symbol after `-` or `/` if not given; needed where there is none.
    #[schemars(with = "Option<String>")]
    pub quote: Option<Asset>,
    /// What profit, loss and margin are paid in. The quote if not given; the base for an inverse perpetual.
    #[schemars(with = "Option<String>")]
    pub settlement: Option<Asset>,
    /// The step of prices. 0.01 if not given, 0.00001 for currency pairs.
    #[serde(default, deserialize_with = "value::optional")]
    #[schemars(with = "Option<schema::Number>")]
    pub price_increment: Option<Price>,
    /// The step of quantities. 1 if not given, 0.00000001 for spot, 0.001 for perpetuals.
    #[serde(default, deserialize_with = "value::optional")]
    #[schemars(with = "Option<schema::Number>")]
    pub quantity_increment: Option<Quantity>,
    /// Units of the base per unit of quantity: 50 for an E-mini S&P future. 1 if not given.
    #[serde(default, deserialize_with = "value::optional")]
    #[schemars(with = "Option<schema::Number>")]
    pub multiplier: Option<Decimal>,
    /// Margin as fractions of the notional: `{ initial = 0.1, maintenance = 0.05 }`. All of it if not given.
    pub margin: Option<MarginConfig>,
    /// Fees as fractions of the notional: `{ maker = 0.0002, taker = 0.0005 }`. They count where the venue's `fees` are
    /// `"instrument"`, which they are if not given.
    pub fees: Option<FeeConfig>,
    /// Bounds on orders.
    #[serde(default)]
    pub limits: LimitsConfig,
    /// What a future or an option is on. The base if not given.
    #[schemars(with = "Option<String>")]
    pub underlying: Option<Asset>,
    /// When a future or an option ends.
    #[serde(default, deserialize_with = "value::optional")]
    #[schemars(with = "Option<String>")]
    pub expiry: Option<Timestamp>,
    /// What happens then: `"cash"` (the default) or `"physical"`.
    #[serde(default)]
    #[schemars(schema_with = "schema::settles")]
    pub settles: Option<ExpirySettlement>,
    /// Whether a perpetual is counted in units of the quote and settled in the base.
    pub inverse: Option<bool>,
    /// How often a perpetual pays funding, where that is fixed: `"8h"`.
    #[schemars(with = "Option<String>")]
    pub funding_interval: Option<TimeDelta>,
    /// What an option lets its holder do: `"call"` or `"put"`.
    #[serde(default)]
    #[schemars(schema_with = "schema::right")]
    pub right: Option<OptionRight>,
    /// When an option may be used: `"european"` (the default) or `"american"`.
    #[serde(default)]
    #[schemars(schema_with = "schema::style")]
    pub style: Option<OptionStyle>,
    /// The strike of an option.
    #[serde(default, deserialize_with = "value::optional")]
    #[schemars(with = "Option<schema::Number>")]
    pub strike: Option<Price>,
}

/// What an instrument is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum InstrumentType {
    /// A share or an exchange-traded fund.
    Equity,
    /// Two assets exchanged at once.
    Spot,
    /// Two currencies.
    Fx,
    /// A contract that ends at a date.
    Future,
    /// A contract without an end.
    Perpetual,
    /// A right to buy or sell.
    Option,
}

impl InstrumentType {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Equity => "equity",
            Self::Spot => "spot",
            Self::Fx => "fx",
            Self::Future => "future",
            Self::Perpetual => "perpetual",
            Self::Option => "option",
        }
    }
}

/// Margin as fractions of the notional.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MarginConfig {
    /// To open a position.
    #[schemars(with = "schema::Number")]
    pub initial: Decimal,
    /// To keep it.
    #[schemars(with = "schema::Number")]
    pub maintenance: Decimal,
}

/// Fees as fractions of the notional: 0.001 is ten basis points. Negative is a rebate.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FeeConfig {
    /// For orders that add liquidity.
    #[schemars(with = "schema::Number")]
    pub maker: Decimal,
    /// For orders that take liquidity.
    #[schemars(with = "schema::Number")]
    pub taker: Decimal,
}

/// Bounds on orders. What is not given is not bounded.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LimitsConfig {
    /// The smallest quantity.
    #[serde(deserialize_with = "value::optional")]
    #[schemars(with = "Option<schema::Number>")]
    pub min_quantity: Option<Quantity>,
    /// The largest quantity.
    #[serde(deserialize_with = "value::optional")]
    #[schemars(with = "Option<schema::Number>")]
    pub max_quantity: Option<Quantity>,
    /// The smallest notional, in the quote asset.
    #[serde(deserialize_with = "value::optional")]
    #[schemars(with = "Option<schema::Number>")]
    pub min_notional: Option<Decimal>,
    /// The largest notional, in the quote asset.
    #[serde(deserialize_with = "value::optional")]
    #[schemars(with = "Option<schema::Number>")]
    pub max_notional: Option<Decimal>,
    /// The lowest price.
    #[serde(deserialize_with = "value::optional")]
    #[schemars(with = "Option<schema::Number>")]
    pub min_price: Option<Price>,
    /// The highest price.
    #[serde(deserialize_with = "value::optional")]
    #[schemars(with = "Option<schema::Number>")]
    pub max_price: Option<Price>,
}

/// What is wrong with an instrument: the key, the words, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct InstrumentFault {
    pub(crate) key: &'static str,
    pub(crate) message: String,
    pub(crate) help: String,
}

fn fault(key: &'static str, message: impl Into<String>, help: impl Into<String>) -> InstrumentFault {
    InstrumentFault { key, message: message.into(), help: help.into() }
}

impl InstrumentConfig {
    /// The instrument that this describes.
    pub(crate) fn instrument(&self) -> Result<Instrument, InstrumentFault> {
        self.check_keys()?;
        let symbol = self.id.symbol();
        let pair = symbol.split_once(['-', '/']);
        let asset = |name: &str| {
            Asset::new(name)
                .map_err(|error| fault("id", error.to_string(), "name the assets with `base` and `quote`"))
        };
        let base = match (self.base, pair, self.kind) {
            (Some(base), _, _) => base,
            (None, Some((base, _)), kind) if kind != InstrumentType::Equity => asset(base)?,
            (None, _, _) => asset(symbol)?,
        };
        let quote = match (self.quote, pair) {
            (Some(quote), _) => quote,
            (None, Some((_, quote))) if self.kind != InstrumentType::Equity => asset(quote)?,
            (None, _) => {
                let help = match self.kind {
                    InstrumentType::Spot | InstrumentType::Fx | InstrumentType::Perpetual => {
                        "add quote = \"USD\", or write the symbol as a pair, like BTC-USD"
                    }
                    _ => "add quote = \"USD\", or the currency in which it is priced",
                };
                return Err(fault("quote", format!("{} has no quote asset", self.id), help));
            }
        };
        let kind = self.instrument_kind(base)?;
        let step = |text: &str| text.parse::<Quantity>().unwrap_or(Quantity::ONE);
        let mut instrument = Instrument::new(self.id, kind, base, quote);
        match self.kind {
            InstrumentType::Fx => {
                instrument.price_increment = "0.00001".parse().unwrap_or(instrument.price_increment);
            }
            InstrumentType::Spot => instrument.quantity_increment = step("0.00000001"),
            InstrumentType::Perpetual => instrument.quantity_increment = step("0.001"),
            InstrumentType::Equity | InstrumentType::Future | InstrumentType::Option => {}
        }
        if self.inverse == Some(true) {
            instrument.settlement = base;
        }
        self.apply(&mut instrument);
        instrument.validate().map_err(|error| match error {
            InstrumentError::Invalid { field, reason, .. } => fault(
                field,
                format!("`{field}` of {}: {reason}", self.id),
                "correct the value or leave it out for the default",
            ),
            other => fault("id", other.to_string(), "correct the value"),
        })?;
        Ok(instrument)
    }

    fn apply(&self, instrument: &mut Instrument) {
        if let Some(settlement) = self.settlement {
            instrument.settlement = settlement;
        }
        if let Some(increment) = self.price_increment {
            instrument.price_increment = increment;
        }
        if let Some(increment) = self.quantity_increment {
            instrument.quantity_increment = increment;
        }
        if let Some(multiplier) = self.multiplier {
            instrument.multiplier = multiplier;
        }
        if let Some(MarginConfig { initial, maintenance }) = self.margin {
            instrument.margin = MarginRates { initial, maintenance };
        }
        if let Some(FeeConfig { maker, taker }) = self.fees {
            instrument.fees = FeeRates { maker, taker };
        }
        let LimitsConfig { min_quantity, max_quantity, min_notional, max_notional, min_price, max_price } =
            self.limits;
        instrument.limits =
            OrderLimits { min_quantity, max_quantity, min_notional, max_notional, min_price, max_price };
    }

    fn instrument_kind(&self, base: Asset) -> Result<InstrumentKind, InstrumentFault> {
        let needs = |key, example: &str| {
            let message = format!("{} is a {}, which needs `{key}`", self.id, self.kind.as_str());
            fault(key, message, format!("add {key} = {example}"))
        };
        let underlying = self.underlying.unwrap_or(base);
        let settles = self.settles.unwrap_or(ExpirySettlement::Cash);
        Ok(match self.kind {
            InstrumentType::Equity => InstrumentKind::Equity,
            InstrumentType::Spot => InstrumentKind::Spot,
            InstrumentType::Fx => InstrumentKind::FxPair,
            InstrumentType::Perpetual => InstrumentKind::Perpetual {
                inverse: self.inverse.unwrap_or(false),
                funding_interval: self.funding_interval,
            },
            InstrumentType::Future => InstrumentKind::Future {
                underlying,
                expiry: self.expiry.ok_or_else(|| needs("expiry", "2025-06-20"))?,
                settles,
            },
            InstrumentType::Option => InstrumentKind::Option {
                underlying,
                right: self.right.ok_or_else(|| needs("right", "\"call\" or \"put\""))?,
                style: self.style.unwrap_or(OptionStyle::European),
                strike: self.strike.ok_or_else(|| needs("strike", "100"))?,
                expiry: self.expiry.ok_or_else(|| needs("expiry", "2025-06-20"))?,
                settles,
            },
        })
    }

    /// Keys that make no sense for the kind are refused, because they would change nothing.
    fn check_keys(&self) -> Result<(), InstrumentFault> {
        use InstrumentType::{Future, Option as Opt, Perpetual};
        let given: [(&'static str, bool, &[InstrumentType]); 8] = [
            ("underlying", self.underlying.is_some(), &[Future, Opt]),
            ("expiry", self.expiry.is_some(), &[Future, Opt]),
            ("settles", self.settles.is_some(), &[Future, Opt]),
            ("inverse", self.inverse.is_some(), &[Perpetual]),
            ("funding_interval", self.funding_interval.is_some(), &[Perpetual]),
            ("right", self.right.is_some(), &[Opt]),
            ("style", self.style.is_some(), &[Opt]),
            ("strike", self.strike.is_some(), &[Opt]),
        ];
        for (key, is_given, kinds) in given {
            if is_given && !kinds.contains(&self.kind) {
                let names: Vec<&str> = kinds.iter().map(|kind| kind.as_str()).collect();
                return Err(fault(
                    key,
                    format!("`{key}` means nothing for {}, which is of kind {}", self.id, self.kind.as_str()),
                    format!("remove it; it belongs to kind = \"{}\"", names.join("\" or \"")),
                ));
            }
        }
        Ok(())
    }
}
