use algoflow_core::capabilities::Capabilities;
use serde::{Deserialize, Serialize};

use crate::{Fees, FillPolicy, Latency, RejectModel, SimError, Slippage};

/// The settings of a simulated venue, as they stand in a configuration file. Custom models cannot be written in a
/// file; everything else can.
///
/// ```
/// # fn main() -> Result<(), toml::de::Error> {
/// use algoflow_sim::{BarFill, SimConfig};
/// let config: SimConfig = toml::from_str(
///     r#"
///     participation = 0.1
///     fees = { bps = { maker = "0.5", taker = "2" } }
///     slippage = { ticks = 1 }
///     fill = { bar = "same_close", limit = "touch" }
///     latency = { entry = "20ms" }
///     "#,
/// )?;
/// assert_eq!(config.fill.bar, BarFill::SameClose);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SimConfig {
    /// How orders fill.
    pub fill: FillPolicy,
    /// What the venue takes.
    pub fees: Fees,
    /// How much worse than the market a taker fills.
    pub slippage: Slippage,
    /// The part of a bar's volume, of a displayed size or of a trade that our fills may take, 0 to 1. Without it,
    /// bars have no cap, and sizes and trades count in full.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub participation: Option<f64>,
    /// How long messages travel.
    pub latency: Latency,
    /// Orders refused at random.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reject: Option<RejectModel>,
    /// What the venue can do; [`crate::default_capabilities`] if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capabilities: Option<Capabilities>,
}

impl SimConfig {
    pub(crate) fn validate(&self) -> Result<(), SimError> {
        if let Some(part) = self.participation
            && !(0.0..=1.0).contains(&part)
        {
            return Err(SimError::setting("participation", part, "it must be between 0 and 1"));
        }
        if let Some(reject) = &self.reject {
            reject.validate()?;
        }
        self.latency.validate()
    }
}
