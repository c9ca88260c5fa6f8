//! What the state folder knows of a run besides its journal: the configuration that it began with, and the one that holds now.
//!
//! - **O1** The strategies of a journal are built from the parameters that it began with. Later ones are in the journal.
//! - **O2** While trading runs, only limits and parameters of strategies may change.
//! - **O3** When it goes on after a stop, how it is run may change too: `[live]` but for `mode` and `run`, `[control]`, `[report]`,
//!   connectors. The rest is what the journal was made with.
//! - **O4** What may not change is refused by its key, and then nothing is changed.

use std::{fs, io::Write, os::unix::fs::OpenOptionsExt, path::Path};

use algoflow_core::{
    id::{Asset, StrategyId},
    strategy::Strategy,
};
use algoflow_execution::{ControlAction, ErrorPolicy, risk::RiskLimits};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{error::CliError, plan::Plan};

/// The version of the record.
const VERSION: u32 = 1;

/// How large a record is at most, in bytes.
const MAX_BYTES: u64 = 16 << 20;

/// What is known of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RunRecord {
    version: u32,
    /// The number of the run.
    pub(crate) run: u32,
    /// In what everything is valued.
    pub(crate) reporting: Asset,
    /// What becomes of the positions of a strategy that fails.
    pub(crate) on_error: ErrorPolicy,
    /// `paper`, `live`, or `replay`.
    pub(crate) mode: String,
    /// The control socket, relative to the folder.
    pub(crate) socket: String,
    /// The file of the token, relative to the folder.
    pub(crate) token_file: String,
    /// The strategies that it began with.
    pub(crate) strategies: Vec<RecordedStrategy>,
    /// The configuration that holds now.
    pub(crate) applied: Value,
}

/// A strategy as it was when the journal began.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RecordedStrategy {
    label: String,
    name: String,
    params: Value,
}

/// A strategy and what it is called.
pub(crate) type Labelled = (String, Box<dyn Strategy>);

/// What is to be asked of the engine, each with its key.
pub(crate) type Actions = Vec<(String, ControlAction)>;

/// When a configuration takes the place of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When {
    /// Trading runs.
    Running,
    /// Trading goes on after a stop.
    Restarting,
}

impl RunRecord {
    /// Of a run that begins.
    pub(crate) fn new(plan: &Plan, reporting: Asset, mode: &str) -> Self {
        let written = plan.config.strategy.iter().zip(&plan.strategies);
        let strategies = written.map(|(written, planned)| RecordedStrategy {
            label: planned.label.clone(),
            name: written.name.clone(),
            params: Value::Object(planned.params.clone()),
        });
        Self {
            version: VERSION,
            run: plan.config.live.run,
            reporting,
            on_error: plan.config.backtest.on_error,
            mode: mode.to_owned(),
            socket: plan.config.control.socket.clone(),
            token_file: plan.config.control.token_file.clone(),
            strategies: strategies.collect(),
            applied: plan.written.clone(),
        }
    }

    /// The record of a run that goes on: its strategies are those that its journal began with.
    pub(crate) fn going_on(self, old: Self) -> Self {
        Self { strategies: old.strategies, ..self }
    }

    /// Reads it.
    pub(crate) fn read(path: &Path) -> Result<Self, CliError> {
        let broken = |reason: String| CliError::Run {
            message: format!("the record of the run, {}: {reason}", path.display()),
        };
        let length = fs::metadata(path).map_err(|error| broken(error.to_string()))?.len();
        if length > MAX_BYTES {
            return Err(broken(format!("it has {length} bytes, too many")));
        }
        let text = fs::read_to_string(path).map_err(|error| broken(error.to_string()))?;
        let record: Self = serde_json::from_str(&text).map_err(|error| broken(error.to_string()))?;
        if record.version != VERSION {
            return Err(broken(format!("it has version {}, only {VERSION} is known", record.version)));
        }
        Ok(record)
    }

    /// Writes it, whole or not at all.
    pub(crate) fn write(&self, path: &Path) -> Result<(), CliError> {
        let failed = |error: std::io::Error| CliError::write(path, error);
        let text = serde_json::to_vec_pretty(self).map_err(|error| CliError::write(path, error))?;
        let beside = path.with_extension("json.new");
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&beside)
            .map_err(failed)?;
        file.write_all(&text).and_then(|()| file.sync_all()).map_err(failed)?;
        fs::rename(&beside, path).map_err(failed)?;
        let folder = path.parent().unwrap_or(Path::new("."));
        fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)
    }

    /// The strategies as they were when the journal began (O1).
    pub(crate) fn strategies(&self) -> Result<Vec<Labelled>, CliError> {
        self.strategies.iter().map(RecordedStrategy::build).collect()
    }

    /// What a new configuration changes (O2 to O4): parameters first, since a strategy can refuse them.
    pub(crate) fn changes(&self, plan: &Plan, when: When) -> Result<Actions, CliError> {
        let mut keys = Vec::new();
        differences("", &self.applied, &plan.written, &mut keys);
        let connected = plan.config.venue.iter().all(|venue| venue.connector.is_some());
        let fixed: Vec<&str> =
            keys.iter().map(String::as_str).filter(|key| !may_change(key, when, connected)).collect();
        if !fixed.is_empty() {
            return Err(CliError::Fixed { keys: fixed.join(", "), running: when == When::Running });
        }
        let changed = |prefix: &str| keys.iter().any(|key| below(key, prefix));
        let (mut parameters, mut limits) = (Actions::new(), Actions::new());
        for (index, (written, planned)) in plan.config.strategy.iter().zip(&plan.strategies).enumerate() {
            let label = written.label();
            let strategy: StrategyId = label
                .parse()
                .map_err(|error| CliError::Run { message: format!("the strategy {label}: {error}") })?;
            if changed(&format!("strategy[{index}].params")) {
                let values = Value::Object(planned.params.clone());
                let action = ControlAction::Parameters { strategy, parameters: values };
                parameters.push((format!("strategy.{label}.params"), action));
            }
            if changed(&format!("strategy[{index}].risk")) {
                let new = Box::new(written.risk.limits());
                let action = ControlAction::Limits { strategy: Some(strategy), limits: new };
                limits.push((format!("strategy.{label}.risk"), action));
            }
        }
        if changed("risk") {
            let new = Box::new(plan.config.risk.limits());
            limits.push(("risk".to_owned(), ControlAction::Limits { strategy: None, limits: new }));
        }
        parameters.extend(limits);
        Ok(parameters)
    }
}

/// The limits with which a run begins.
pub(crate) fn limits(plan: &Plan) -> Result<Vec<ControlAction>, CliError> {
    let mut all = Vec::new();
    let account = plan.config.risk.limits();
    if account != RiskLimits::default() {
        all.push(ControlAction::Limits { strategy: None, limits: Box::new(account) });
    }
    for written in &plan.config.strategy {
        let limits = written.risk.limits();
        if limits == RiskLimits::default() {
            continue;
        }
        let label = written.label();
        let strategy: StrategyId = label
            .parse()
            .map_err(|error| CliError::Run { message: format!("the strategy {label}: {error}") })?;
        all.push(ControlAction::Limits { strategy: Some(strategy), limits: Box::new(limits) });
    }
    Ok(all)
}

impl RecordedStrategy {
    fn build(&self) -> Result<Labelled, CliError> {
        let failed = |reason: String| CliError::Run {
            message: format!("the strategy {} of the journal cannot be built: {reason}", self.label),
        };
        let info = algoflow_strategies::find(&self.name)
            .ok_or_else(|| failed(format!("there is no strategy `{}`", self.name)))?;
        let strategy = info.build(self.params.clone()).map_err(|error| failed(error.to_string()))?;
        Ok((self.label.clone(), strategy))
    }
}

/// Whether `key` is `prefix` or lies below it.
fn below(key: &str, prefix: &str) -> bool {
    key.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

/// Whether a key may change. With connectors, recorded data mean nothing to a journal.
fn may_change(key: &str, when: When, connected: bool) -> bool {
    let in_entry = |section: &str, inner: &str| {
        let rest = key.strip_prefix(section).and_then(|rest| rest.split_once(']')).map(|(_, rest)| rest);
        rest.and_then(|rest| rest.strip_prefix('.')).is_some_and(|rest| below(rest, inner))
    };
    let always = below(key, "risk")
        || in_entry("strategy[", "params")
        || in_entry("strategy[", "risk")
        || below(key, "report");
    let restarting = (below(key, "live") && !["live.mode", "live.run"].contains(&key))
        || ["control", "telemetry", "alerts"].iter().any(|section| below(key, section))
        || in_entry("venue[", "connector")
        || (connected && below(key, "data"));
    always || (when == When::Restarting && restarting)
}

/// The keys whose values differ, down to single values.
fn differences(at: &str, old: &Value, new: &Value, keys: &mut Vec<String>) {
    match (old, new) {
        (Value::Object(old), Value::Object(new)) => {
            let added = new.keys().filter(|key| !old.contains_key(*key));
            for key in old.keys().chain(added) {
                let path = if at.is_empty() { key.clone() } else { format!("{at}.{key}") };
                let value = |of: &serde_json::Map<String, Value>| of.get(key).cloned().unwrap_or_default();
                differences(&path, &value(old), &value(new), keys);
            }
        }
        (Value::Object(table), Value::Null) | (Value::Null, Value::Object(table)) if !table.is_empty() => {
            for (key, value) in table {
                let path = if at.is_empty() { key.clone() } else { format!("{at}.{key}") };
                differences(&path, value, &Value::Null, keys);
            }
        }
        (Value::Array(old), Value::Array(new)) if old.iter().chain(new).all(Value::is_object) => {
            for index in 0..old.len().max(new.len()) {
                match (old.get(index), new.get(index)) {
                    (Some(old), Some(new)) => differences(&format!("{at}[{index}]"), old, new, keys),
                    _ => keys.push(format!("{at}[{index}]")),
                }
            }
        }
        _ if old == new => {}
        _ => keys.push(at.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn keys(old: Value, new: Value) -> Vec<String> {
        let mut keys = Vec::new();
        differences("", &old, &new, &mut keys);
        keys
    }

    #[test]
    fn differences_are_named_by_their_keys() {
        let old =
            json!({ "risk": { "max_leverage": 1 }, "strategy": [{ "name": "a", "params": { "fast": 1 } }] });
        assert!(keys(old.clone(), old.clone()).is_empty());
        let mut new = old.clone();
        new["strategy"][0]["params"]["fast"] = json!(2);
        new["risk"] = Value::Null;
        new["venue"] = json!([{ "name": "X" }]);
        assert_eq!(keys(old, new), ["risk.max_leverage", "strategy[0].params.fast", "venue"]);
        assert_eq!(keys(json!({ "a": [{}, {}] }), json!({ "a": [{}] })), ["a[1]"]);
        assert_eq!(keys(json!({ "a": {} }), json!({})), ["a"]);
    }

    /// O2, O3.
    #[test]
    fn only_what_is_safe_may_change() {
        let allowed = |key: &str| {
            let of = |when| may_change(key, when, false);
            (of(When::Running), of(When::Restarting))
        };
        for key in [
            "risk",
            "risk.max_daily_loss.amount",
            "strategy[1].risk",
            "strategy[0].params.fast",
            "report.html",
        ] {
            assert_eq!(allowed(key), (true, true), "{key}");
        }
        for key in [
            "live.stop_within",
            "live",
            "control.socket",
            "telemetry.filter",
            "alerts.rules",
            "venue[0].connector.api_key_env",
        ] {
            assert_eq!(allowed(key), (false, true), "{key}");
        }
        for key in [
            "live.mode",
            "live.run",
            "risky",
            "strategy[0].name",
            "strategy[1]",
            "strategy[0].paramsx",
            "venue[0].fees",
            "instrument[0].id",
            "backtest.cash",
            "data[0].path",
        ] {
            assert_eq!(allowed(key), (false, false), "{key}");
        }
        assert!(may_change("data[0].path", When::Restarting, true));
        assert!(!may_change("data[0].path", When::Running, true));
    }
}
