use std::sync::LazyLock;

use algoflow_core::{
    capabilities::{Capabilities, Feature, Support},
    id::VenueId,
    instrument::Instrument,
};

use crate::{
    BarFill, BarPath, Depth, Fees, FillPolicy, Latency, LimitFill, RejectModel, SimConfig, SimError,
    SimExchange, Slippage, TradeFill,
};

/// What this simulation leaves to the engine, and what that means.
const ENGINE_DOES: [(Feature, &str); 3] = [
    (
        Feature::ReduceOnly,
        "the simulated venue knows no positions, so the engine keeps orders from growing one",
    ),
    (
        Feature::Oto,
        "the engine sends the dependent order when it hears of the parent's fill, one latency later",
    ),
    (Feature::Oco, "the engine cancels the other order when it hears of a fill, one latency later"),
];

/// What nobody does here.
const NOT_SIMULATED: [(Feature, &str); 3] = [
    (Feature::Display, "bars, quotes and trades do not show the queue in which a displayed part would wait"),
    (Feature::ExactIn, "only liquidity pools swap an exact amount in"),
    (Feature::ExactOut, "only liquidity pools swap an exact amount out"),
];

static DEFAULT: LazyLock<Capabilities> = LazyLock::new(|| {
    let mut table = Capabilities::all_native();
    for (feature, risk) in ENGINE_DOES {
        table = table.emulating(feature, risk);
    }
    NOT_SIMULATED.into_iter().fold(table, |table, (feature, why)| table.without(feature, why))
});

/// What a simulated venue can do unless told otherwise: everything itself, except reduce-only, one-triggers-other and
/// one-cancels-other, which the engine does, and display quantities and swaps with an exact amount in or out, which
/// bars, quotes and trades cannot show.
#[must_use]
pub fn default_capabilities() -> Capabilities {
    DEFAULT.clone()
}

/// A simulated venue before it starts: its instruments and the models by which it fills.
///
/// Every setter takes what it is given; what makes no sense comes out of [`SimVenue::start`].
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use algoflow_core::instrument::Instrument;
/// use algoflow_sim::{BarFill, Fees, SimVenue, Slippage};
///
/// let venue = SimVenue::new("NYSE")
///     .instrument(Instrument::equity("SPY.NYSE", "USD")?)
///     .fees(Fees::bps(1))
///     .slippage(Slippage::half_spread())
///     .bar_fill(BarFill::NextOpen)
///     .participation(0.1);
/// let exchange = venue.start(42)?;
/// assert_eq!(exchange.id().as_str(), "NYSE");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct SimVenue {
    name: String,
    instruments: Vec<Instrument>,
    config: SimConfig,
}

impl SimVenue {
    /// A venue without instruments: fills at the next open, fees of the instruments, no slippage, no latency.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), instruments: Vec::new(), config: SimConfig::default() }
    }

    /// With all settings, as read from a file.
    #[must_use]
    pub fn config(mut self, config: SimConfig) -> Self {
        self.config = config;
        self
    }

    /// With one more instrument.
    #[must_use]
    pub fn instrument(mut self, instrument: Instrument) -> Self {
        self.instruments.push(instrument);
        self
    }

    /// With more instruments.
    #[must_use]
    pub fn with_instruments(mut self, instruments: impl IntoIterator<Item = Instrument>) -> Self {
        self.instruments.extend(instruments);
        self
    }

    /// With this fee model.
    #[must_use]
    pub fn fees(mut self, fees: Fees) -> Self {
        self.config.fees = fees;
        self
    }

    /// With this slippage model.
    #[must_use]
    pub fn slippage(mut self, slippage: Slippage) -> Self {
        self.config.slippage = slippage;
        self
    }

    /// With these fill rules.
    #[must_use]
    pub fn fill_policy(mut self, policy: FillPolicy) -> Self {
        self.config.fill = policy;
        self
    }

    /// With market orders on bars filled there.
    #[must_use]
    pub fn bar_fill(mut self, fill: BarFill) -> Self {
        self.config.fill.bar = fill;
        self
    }

    /// With bars that run through their extremes in this order.
    #[must_use]
    pub fn bar_path(mut self, path: BarPath) -> Self {
        self.config.fill.path = path;
        self
    }

    /// With resting limit orders filled then.
    #[must_use]
    pub fn limit_fill(mut self, fill: LimitFill) -> Self {
        self.config.fill.limit = fill;
        self
    }

    /// With takers on trades filled there.
    #[must_use]
    pub fn trade_fill(mut self, fill: TradeFill) -> Self {
        self.config.fill.trade = fill;
        self
    }

    /// With displayed liquidity used up, or not.
    #[must_use]
    pub fn depth(mut self, depth: Depth) -> Self {
        self.config.fill.depth = depth;
        self
    }

    /// With fills limited to this part of a bar's volume, a displayed size or a trade, 0 to 1.
    #[must_use]
    pub fn participation(mut self, fraction: f64) -> Self {
        self.config.participation = Some(fraction);
        self
    }

    /// With messages that travel this long.
    #[must_use]
    pub fn latency(mut self, latency: Latency) -> Self {
        self.config.latency = latency;
        self
    }

    /// With orders refused at random.
    #[must_use]
    pub fn reject(mut self, model: RejectModel) -> Self {
        self.config.reject = Some(model);
        self
    }

    /// With other capabilities: those of the real venue, so that a backtest cannot use what that one lacks.
    #[must_use]
    pub fn with_capabilities(mut self, capabilities: Capabilities) -> Self {
        self.config.capabilities = Some(capabilities);
        self
    }

    /// The venue's name.
    ///
    /// # Errors
    /// [`SimError::VenueName`] if the name given is not one.
    pub fn id(&self) -> Result<VenueId, SimError> {
        Ok(VenueId::new(&self.name)?)
    }

    /// What trades here.
    #[must_use]
    pub fn instruments(&self) -> &[Instrument] {
        &self.instruments
    }

    /// What the venue can do.
    #[must_use]
    pub fn capabilities(&self) -> &Capabilities {
        self.config.capabilities.as_ref().unwrap_or_else(|| &DEFAULT)
    }

    /// The settings.
    #[must_use]
    pub fn settings(&self) -> &SimConfig {
        &self.config
    }

    /// Starts the venue, empty of orders and data. The seed is that of the reject model.
    ///
    /// # Errors
    /// [`SimError`] naming the setting, the instrument or the capability that makes no sense.
    pub fn start(&self, seed: u64) -> Result<SimExchange, SimError> {
        let venue = self.id()?;
        self.config.validate()?;
        self.check_capabilities()?;
        for (i, instrument) in self.instruments.iter().enumerate() {
            instrument.validate()?;
            if instrument.venue() != venue {
                return Err(SimError::WrongVenue { instrument: instrument.id, venue });
            }
            if self.instruments.iter().take(i).any(|other| other.id == instrument.id) {
                return Err(SimError::DuplicateInstrument { instrument: instrument.id });
            }
        }
        SimExchange::new(venue, &self.instruments, self.capabilities().clone(), &self.config, seed)
    }

    /// A capability that is claimed must be had.
    fn check_capabilities(&self) -> Result<(), SimError> {
        let table = self.capabilities();
        for (feature, reason) in ENGINE_DOES.into_iter().chain(NOT_SIMULATED) {
            if matches!(table.support(feature), Some(Support::Native)) {
                return Err(SimError::Capability { feature, reason });
            }
        }
        Ok(())
    }
}
