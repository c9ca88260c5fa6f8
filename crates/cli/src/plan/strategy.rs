//! Checks strategies and their parameters, and what uses what.

use algoflow_core::{error::StrategyError, id::InstrumentId, instrument::Instrument};
use algoflow_strategies::{StrategyInfo, find, registry};
use serde_json::{Map, Value};

use super::{Checker, PlannedStrategy};
use crate::{
    config::StrategyConfig,
    document::{KeyPath, parameter_words},
    suggest,
};

impl Checker<'_, '_> {
    /// Checks and builds the strategies. One that is wrong is left out.
    pub(super) fn strategies(&mut self) -> Vec<PlannedStrategy> {
        let all = &self.config.strategy;
        let section = KeyPath::top("strategy");
        if all.is_empty() {
            self.absent(
                "CONFIG_NO_STRATEGY",
                "there is no [[strategy]]",
                "add one: [[strategy]] with name = \"sma_cross\" and params = { instrument = \"SPY.NYSE\" }",
            );
        }
        let labels: Vec<&str> = all.iter().map(StrategyConfig::label).collect();
        if let Some((index, first)) = Self::repeated(&labels) {
            self.key(
                &section.index(index).key("name"),
                "CONFIG_DUPLICATE_STRATEGY",
                format!(
                    "two strategies are called `{}`, first strategy[{first}]",
                    labels.get(index).unwrap_or(&"")
                ),
                "give each a `label` of its own",
            );
        }
        all.iter()
            .enumerate()
            .filter_map(|(index, written)| self.strategy(&section.index(index), written))
            .collect()
    }

    fn strategy(&mut self, at: &KeyPath, written: &StrategyConfig) -> Option<PlannedStrategy> {
        if algoflow_core::id::StrategyId::new(written.label()).is_err() {
            self.value(
                &at.key("label"),
                "CONFIG_STRATEGY_LABEL",
                format!("{:?} cannot be the name of a strategy", written.label()),
                "use 1 to 128 bytes without white space",
            );
        }
        let Some(info) = find(&written.name) else {
            let known: Vec<&str> = registry().iter().map(|info| info.name).collect();
            self.value(
                &at.key("name"),
                "CONFIG_UNKNOWN_STRATEGY",
                format!("there is no strategy `{}`", written.name),
                suggest::advice(&written.name, "strategies", &known),
            );
            return None;
        };
        let params = json(&written.params);
        if !self.known_parameters(at, info, &params) {
            return None;
        }
        let built = info.build(Value::Object(params.clone()));
        let instruments = info.instruments(&Value::Object(params.clone()));
        match (built, instruments) {
            (Ok(strategy), Ok(instruments)) => {
                let mut all = match info.defaults() {
                    Value::Object(defaults) => defaults,
                    _ => Map::new(),
                };
                all.extend(params);
                Some(PlannedStrategy {
                    label: written.label().to_owned(),
                    strategy,
                    instruments,
                    params: all,
                })
            }
            (Err(error), _) | (_, Err(error)) => {
                self.parameter(at, info, &error);
                None
            }
        }
    }

    /// Refuses parameters that the strategy does not have, and says which one was meant.
    fn known_parameters(&mut self, at: &KeyPath, info: &StrategyInfo, params: &Map<String, Value>) -> bool {
        let schema = info.schema();
        let properties = schema.get("properties").and_then(Value::as_object);
        let known: Vec<&str> = properties.into_iter().flatten().map(|(name, _)| name.as_str()).collect();
        let unknown: Vec<&String> = params.keys().filter(|name| !known.contains(&name.as_str())).collect();
        for name in &unknown {
            self.key(
                &at.key("params").key(name),
                "CONFIG_UNKNOWN_PARAMETER",
                format!("{} has no parameter `{name}`", info.name),
                suggest::advice(name, "parameters", &known),
            );
        }
        unknown.is_empty()
    }

    /// What a strategy says of its parameters.
    fn parameter(&mut self, at: &KeyPath, info: &StrategyInfo, error: &StrategyError) {
        let help = format!("`algoflow strategies {}` describes the parameters", info.name);
        match error {
            StrategyError::Parameter { name, reason } if name == info.name => {
                let written = self.document.keys(at).iter().any(|key| key == "params");
                let path = if written { at.key("params") } else { at.key("name") };
                let message = match reason.strip_prefix("missing field ") {
                    Some(missing) => format!("{} needs the parameter {missing}", info.name),
                    None => format!("{}: {}", info.name, parameter_words(reason)),
                };
                self.key(&path, "CONFIG_PARAMETER", message, help);
            }
            StrategyError::Parameter { name, reason } => {
                let path = at.key("params").key(name);
                let message = format!("{}, parameter `{name}`: {}", info.name, parameter_words(reason));
                self.value(&path, "CONFIG_PARAMETER", message, help);
            }
            other => self.key(&at.key("params"), "CONFIG_PARAMETER", format!("{}: {other}", info.name), help),
        }
    }

    /// Checks that what a strategy trades is there and has data.
    pub(super) fn usage(
        &mut self,
        strategies: &[PlannedStrategy],
        instruments: &[Instrument],
        needs_data: bool,
    ) {
        let known: Vec<&str> =
            self.config.instrument.iter().map(|instrument| instrument.id.as_str()).collect();
        let with_data: Vec<InstrumentId> = self.config.data.iter().map(|data| data.instrument).collect();
        // Where data of unknown instruments are, those that are missed may be meant.
        let complete =
            needs_data && !with_data.is_empty() && with_data.iter().all(|id| known.contains(&id.as_str()));
        for planned in strategies {
            let position = self.config.strategy.iter().position(|written| written.label() == planned.label);
            let at = KeyPath::top("strategy").index(position.unwrap_or(0)).key("params");
            for id in &planned.instruments {
                let key =
                    parameter_with(&planned.params, *id).map_or_else(|| at.clone(), |name| at.key(name));
                if !known.contains(&id.as_str()) {
                    self.value(
                        &key,
                        "CONFIG_UNKNOWN_INSTRUMENT",
                        format!("{} trades {id}, but there is no such [[instrument]]", planned.label),
                        suggest::advice(id.as_str(), "instruments", &known),
                    );
                } else if complete && !with_data.contains(id) {
                    self.value(
                        &key,
                        "CONFIG_NO_DATA",
                        format!("{} trades {id}, but there is no [[data]] of it", planned.label),
                        format!("add [[data]] with path = \"...\", kind = \"bars\", instrument = \"{id}\""),
                    );
                }
            }
        }
        for instrument in instruments {
            let used = strategies.iter().any(|planned| planned.instruments.contains(&instrument.id));
            if !used && !with_data.contains(&instrument.id) {
                self.warnings
                    .push(format!("{} is listed, but has no data and no strategy trades it", instrument.id));
            }
        }
    }
}

/// The parameter in which an instrument is named.
fn parameter_with(params: &Map<String, Value>, id: InstrumentId) -> Option<&str> {
    fn names(value: &Value, id: &str) -> bool {
        match value {
            Value::String(text) => text == id,
            Value::Array(items) => items.iter().any(|item| names(item, id)),
            Value::Object(entries) => entries.iter().any(|(key, value)| key == id || names(value, id)),
            _ => false,
        }
    }
    params.iter().find(|(_, value)| names(value, id.as_str())).map(|(name, _)| name.as_str())
}

/// Parameters as JSON; a date becomes its text.
fn json(table: &toml::Table) -> Map<String, Value> {
    table.iter().map(|(key, value)| (key.clone(), json_value(value))).collect()
}

fn json_value(value: &toml::Value) -> Value {
    match value {
        toml::Value::String(text) => Value::from(text.clone()),
        toml::Value::Integer(number) => Value::from(*number),
        toml::Value::Float(number) => Value::from(*number),
        toml::Value::Boolean(flag) => Value::from(*flag),
        toml::Value::Datetime(time) => Value::from(time.to_string()),
        toml::Value::Array(items) => items.iter().map(json_value).collect(),
        toml::Value::Table(table) => Value::Object(json(table)),
    }
}
