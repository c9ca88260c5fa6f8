//! Checks venues and instruments.

use algoflow_core::{Decimal, id::VenueId, instrument::Instrument, ledger::AccountKind};
use algoflow_sim::{SimError, SimVenue};

use super::Checker;
use crate::{
    config::{AccountType, VenueConfig},
    document::KeyPath,
    suggest,
};

impl Checker<'_, '_> {
    /// Checks the instruments. One that is wrong is left out.
    pub(super) fn instruments(&mut self) -> Vec<Instrument> {
        let all = &self.config.instrument;
        let section = KeyPath::top("instrument");
        if all.is_empty() {
            self.absent(
                "CONFIG_NO_INSTRUMENT",
                "there is no [[instrument]]",
                "add one: [[instrument]] with id = \"SPY.NYSE\", kind = \"equity\", quote = \"USD\"",
            );
        }
        let ids: Vec<_> = all.iter().map(|instrument| instrument.id).collect();
        if let Some((index, first)) = Self::repeated(&ids) {
            self.value(
                &section.index(index).key("id"),
                "CONFIG_DUPLICATE_INSTRUMENT",
                format!(
                    "{} is listed twice, first as instrument[{first}]",
                    ids.get(index).map_or("", |id| id.as_str())
                ),
                "remove one of the two",
            );
        }
        let names: Vec<VenueId> = self.config.venue.iter().map(|venue| venue.name).collect();
        let mut instruments = Vec::new();
        for (index, written) in all.iter().enumerate() {
            let at = section.index(index);
            match written.instrument() {
                Ok(instrument) => instruments.push(instrument),
                Err(fault) => {
                    let key = at.key(fault.key);
                    self.value(&key, "CONFIG_INSTRUMENT", fault.message, fault.help);
                }
            }
            if !names.is_empty() && !names.contains(&written.id.venue()) {
                let known: Vec<&str> = names.iter().map(|name| name.as_str()).collect();
                self.value(
                    &at.key("id"),
                    "CONFIG_UNKNOWN_VENUE",
                    format!(
                        "{} trades at {}, but there is no such [[venue]]",
                        written.id,
                        written.id.venue()
                    ),
                    format!(
                        "{}; or add [[venue]] with name = \"{}\"",
                        suggest::advice(written.id.venue().as_str(), "venues", &known),
                        written.id.venue()
                    ),
                );
            }
        }
        instruments
    }

    /// Checks the venues and gives them their instruments.
    pub(super) fn venues(&mut self, instruments: &[Instrument]) -> Vec<(SimVenue, AccountKind)> {
        let all = &self.config.venue;
        let section = KeyPath::top("venue");
        if all.is_empty() {
            self.absent("CONFIG_NO_VENUE", "there is no [[venue]]", "add one: [[venue]] with name = \"SIM\"");
        }
        let names: Vec<VenueId> = all.iter().map(|venue| venue.name).collect();
        if let Some((index, first)) = Self::repeated(&names) {
            self.value(
                &section.index(index).key("name"),
                "CONFIG_DUPLICATE_VENUE",
                format!(
                    "there are two venues named {}, first as venue[{first}]",
                    names.get(index).map_or("", |name| name.as_str())
                ),
                "give one of them another name; it is the last part of the ids of its instruments",
            );
        }
        let mut venues = Vec::new();
        for (index, written) in all.iter().enumerate() {
            let at = section.index(index);
            let own = instruments.iter().filter(|instrument| instrument.venue() == written.name).cloned();
            let venue =
                SimVenue::new(written.name.as_str()).config(written.simulation()).with_instruments(own);
            if let Err(error) = venue.start(self.config.backtest.seed) {
                self.simulation(&at, &error);
            }
            let account = self.account(&at, written);
            venues.push((venue, account));
        }
        venues
    }

    /// What the simulation says of its settings.
    fn simulation(&mut self, at: &KeyPath, error: &SimError) {
        match error {
            SimError::Setting { name, value, reason } => {
                let path = name.split('.').fold(at.clone(), |path, key| path.key(key));
                self.value(
                    &path,
                    "CONFIG_SETTING",
                    format!("`{name}` is {value}, but {reason}"),
                    "correct the value",
                );
            }
            // Said already, where the instruments are checked.
            SimError::DuplicateInstrument { .. } => {}
            other => {
                let message = other.to_string();
                self.key(at, "CONFIG_VENUE", message, "`algoflow schema` describes every key");
            }
        }
    }

    fn account(&mut self, at: &KeyPath, written: &VenueConfig) -> AccountKind {
        let leverage = at.key("leverage");
        match (written.account, written.leverage) {
            (AccountType::Cash, None) => AccountKind::Cash,
            (AccountType::Margin, None) => AccountKind::Margin { leverage: Decimal::ONE },
            (AccountType::Margin, Some(times)) => {
                if times < Decimal::ONE {
                    self.value(
                        &leverage,
                        "CONFIG_LEVERAGE",
                        format!("a leverage of {times} is below 1"),
                        "1 holds as much as the equity, 2 twice as much",
                    );
                }
                AccountKind::Margin { leverage: times }
            }
            (AccountType::Cash, Some(_)) => {
                self.value(
                    &leverage,
                    "CONFIG_LEVERAGE",
                    "a cash account has no leverage",
                    "write account = \"margin\", or remove the leverage",
                );
                AccountKind::Cash
            }
        }
    }
}
