//! Checks what concerns the run as a whole, and the report.

use algoflow_core::{ledger::AccountKind, number::Money};
use algoflow_execution::risk::RiskError;
use algoflow_sim::SimVenue;

use super::Checker;
use crate::{
    config::{DataKind, RiskConfig},
    document::KeyPath,
    suggest,
};

impl Checker<'_, '_> {
    /// Checks cash and range.
    pub(super) fn run(&mut self, venues: &[(SimVenue, AccountKind)]) {
        let run = &self.config.backtest;
        let section = KeyPath::top("backtest");
        if let (Some(from), Some(to)) = (run.from, run.to)
            && from >= to
        {
            self.value(
                &section.key("to"),
                "CONFIG_EMPTY_RANGE",
                format!("the range is empty: from {from} to {to}"),
                "`to` must be later than `from`",
            );
        }
        if run.sample_equity_every.is_some_and(|every| every.nanos() < 0) {
            self.value(
                &section.key("sample_equity_every"),
                "CONFIG_SETTING",
                "`sample_equity_every` is negative",
                "write a length of time like \"1h\"; \"0s\" takes a point whenever something happens",
            );
        }
        self.deposits(&section.key("cash"), &run.cash);
        for (index, venue) in self.config.venue.iter().enumerate() {
            self.deposits(&KeyPath::top("venue").index(index).key("cash"), &venue.cash);
        }
        if run.cash.is_empty() && self.config.venue.iter().all(|venue| venue.cash.is_empty()) {
            self.absent(
                "CONFIG_NO_CASH",
                "no cash is paid in",
                "add cash = [\"100000 USD\"] to [backtest], or to a [[venue]]",
            );
        }
        self.priced_in_cash(venues);
        self.limits(&KeyPath::top("risk"), &self.config.risk);
        for (index, strategy) in self.config.strategy.iter().enumerate() {
            self.limits(&KeyPath::top("strategy").index(index).key("risk"), &strategy.risk);
        }
    }

    /// Checks risk limits, and that the instruments that they name are there.
    fn limits(&mut self, section: &KeyPath, risk: &RiskConfig) {
        if let Err(RiskError::Limit { name, value, reason }) = risk.limits().validate() {
            let path = name.split('.').fold(section.clone(), |path, key| path.key(key));
            let message = format!("`{name}` is {value}, which {reason}");
            self.value(&path, "CONFIG_RISK", message, "a limit that is left out does not limit anything");
        }
        let known: Vec<&str> = self.config.instrument.iter().map(|known| known.id.as_str()).collect();
        for (name, list) in [("allow", risk.allow.as_deref().unwrap_or_default()), ("deny", &risk.deny)] {
            for (index, id) in list.iter().enumerate() {
                if !known.contains(&id.as_str()) {
                    self.value(
                        &section.key(name).index(index),
                        "CONFIG_RISK",
                        format!("there is no instrument {id}"),
                        suggest::advice(id.as_str(), "instruments", &known),
                    );
                }
            }
        }
    }

    fn deposits(&mut self, path: &KeyPath, cash: &[Money]) {
        for (index, money) in cash.iter().enumerate() {
            if money.amount.is_sign_negative() || money.amount.is_zero() {
                self.value(
                    &path.index(index),
                    "CONFIG_CASH",
                    format!("cash of {money} is not above zero"),
                    "pay in a positive amount; debt is what a margin account takes by itself",
                );
            }
        }
    }

    /// A cash account can only buy what it can pay.
    fn priced_in_cash(&mut self, venues: &[(SimVenue, AccountKind)]) {
        for (index, ((venue, account), written)) in venues.iter().zip(&self.config.venue).enumerate() {
            let first = if index == 0 { self.config.backtest.cash.as_slice() } else { &[] };
            let assets: Vec<_> = first.iter().chain(&written.cash).map(|money| money.asset).collect();
            if *account != AccountKind::Cash {
                continue;
            }
            for instrument in venue.instruments() {
                if !assets.contains(&instrument.quote) && !assets.contains(&instrument.base) {
                    self.warnings.push(format!(
                        "{} is priced in {}, but the cash account at {} holds neither {} nor {}: it can neither buy nor sell it",
                        instrument.id, instrument.quote, written.name, instrument.quote, instrument.base
                    ));
                }
            }
        }
    }

    /// Checks the report.
    pub(super) fn report(&mut self) {
        let report = &self.config.report;
        let section = KeyPath::top("report");
        if !report.risk_free.is_finite() || report.risk_free <= -1.0 {
            self.value(
                &section.key("risk_free"),
                "CONFIG_SETTING",
                format!("`risk_free` is {}, which is no rate per year", report.risk_free),
                "write a fraction: 0.02 is two percent",
            );
        }
        if report.periods_per_year.is_some_and(|periods| !periods.is_finite() || periods <= 0.0) {
            self.value(
                &section.key("periods_per_year"),
                "CONFIG_SETTING",
                "`periods_per_year` is not above zero",
                "write 252 for daily returns of exchanges that close, 365 for those that never do",
            );
        }
        if let Some(benchmark) = report.benchmark {
            let mut known: Vec<&str> = Vec::new();
            for data in self.config.data.iter().filter(|data| data.kind == DataKind::Bars) {
                if !known.contains(&data.instrument.as_str()) {
                    known.push(data.instrument.as_str());
                }
            }
            if !known.contains(&benchmark.as_str()) {
                self.value(
                    &section.key("benchmark"),
                    "CONFIG_BENCHMARK",
                    format!("the benchmark {benchmark} has no [[data]] of kind \"bars\""),
                    suggest::advice(benchmark.as_str(), "instruments with bars", &known),
                );
            }
        }
    }
}
