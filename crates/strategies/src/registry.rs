use algoflow_core::prelude::*;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::{
    DonchianBreakoutParams, PairsReversionParams, RebalanceParams, RsiReversionParams, SmaCrossParams,
    TrendMomentumParams,
};

/// The parameters of a strategy that can be built by name.
pub(crate) trait Parameters: DeserializeOwned + JsonSchema {
    /// In snake case.
    const NAME: &'static str;
    /// One line.
    const SUMMARY: &'static str;
    type Strategy: Strategy + 'static;

    fn instruments(&self) -> Vec<InstrumentId>;
    fn build(self) -> Result<Self::Strategy, StrategyError>;
}

/// A strategy that can be built by name from parameters in JSON.
#[derive(Clone, Copy, Debug)]
pub struct StrategyInfo {
    /// Its name, in snake case.
    pub name: &'static str,
    /// What it does, in one line.
    pub summary: &'static str,
    schema: fn() -> Value,
    build: fn(Value) -> Result<Box<dyn Strategy>, StrategyError>,
    instruments: fn(Value) -> Result<Vec<InstrumentId>, StrategyError>,
}

impl StrategyInfo {
    const fn of<P: Parameters>() -> Self {
        Self {
            name: P::NAME,
            summary: P::SUMMARY,
            schema: || schemars::schema_for!(P).to_value(),
            build: |params| Ok(Box::new(read::<P>(params)?.build()?)),
            instruments: |params| Ok(read::<P>(params)?.instruments()),
        }
    }

    /// The JSON schema (draft 2020-12) of the parameters: types, units, defaults, which ones are required.
    #[must_use]
    pub fn schema(&self) -> Value {
        (self.schema)()
    }

    /// The parameters that need not be given, with their values: an object.
    #[must_use]
    pub fn defaults(&self) -> Value {
        let schema = self.schema();
        let properties = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
        let defaults =
            properties.filter_map(|(name, property)| Some((name.clone(), property.get("default")?.clone())));
        Value::Object(defaults.collect())
    }

    /// Builds the strategy. Parameters that are not given have their defaults.
    ///
    /// # Errors
    /// [`StrategyError::Parameter`] naming the parameter that is missing, unknown or makes no sense.
    pub fn build(&self, params: Value) -> Result<Box<dyn Strategy>, StrategyError> {
        (self.build)(params)
    }

    /// The instruments that a strategy with these parameters trades.
    ///
    /// # Errors
    /// [`StrategyError::Parameter`] if the parameters cannot be read.
    pub fn instruments(&self, params: &Value) -> Result<Vec<InstrumentId>, StrategyError> {
        (self.instruments)(params.clone())
    }
}

/// Every strategy of this crate, by name.
#[must_use]
pub fn registry() -> &'static [StrategyInfo] {
    static REGISTRY: [StrategyInfo; 6] = [
        StrategyInfo::of::<DonchianBreakoutParams>(),
        StrategyInfo::of::<PairsReversionParams>(),
        StrategyInfo::of::<RebalanceParams>(),
        StrategyInfo::of::<RsiReversionParams>(),
        StrategyInfo::of::<SmaCrossParams>(),
        StrategyInfo::of::<TrendMomentumParams>(),
    ];
    &REGISTRY
}

/// The strategy of this name.
#[must_use]
pub fn find(name: &str) -> Option<&'static StrategyInfo> {
    registry().iter().find(|info| info.name == name)
}

fn read<P: Parameters>(params: Value) -> Result<P, StrategyError> {
    let error = match P::deserialize(&params) {
        Ok(read) => return Ok(read),
        Err(error) => error.to_string(),
    };
    let Value::Object(params) = params else {
        return Err(StrategyError::parameter(P::NAME, "its parameters must be an object (a table)"));
    };
    let name = culprit::<P>(&params, &error).unwrap_or(P::NAME);
    Err(StrategyError::parameter(name, error))
}

/// Which parameter the error is about: without it, there is no error or another one. The reader itself does
/// not say.
fn culprit<'p, P: Parameters>(params: &'p Map<String, Value>, error: &str) -> Option<&'p str> {
    let changes = |name: &&String| {
        let mut without = params.clone();
        without.remove(name.as_str());
        P::deserialize(&Value::Object(without)).err().is_none_or(|other| other.to_string() != error)
    };
    params.keys().find(changes).map(String::as_str)
}
