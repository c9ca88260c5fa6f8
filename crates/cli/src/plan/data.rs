//! Checks where data come from.

use std::path::PathBuf;

use algoflow_core::id::InstrumentId;

use super::Checker;
use crate::{
    config::{DataConfig, DataKind},
    document::KeyPath,
    files, suggest,
};

/// Where the data of a section come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// Files, in the order in which they are read.
    Files(Vec<PathBuf>),
    /// A catalog.
    Catalog(PathBuf),
}

impl Checker<'_, '_> {
    /// Checks the data sections. Where one is wrong, its origin is empty.
    pub(super) fn data(&mut self, needed: bool) -> Vec<Origin> {
        let all = &self.config.data;
        let section = KeyPath::top("data");
        if all.is_empty() && needed {
            self.absent(
                "CONFIG_NO_DATA",
                "there is no [[data]]",
                "add one: [[data]] with path = \"FILE.csv\", kind = \"bars\", instrument = \"SPY.NYSE\"; `algoflow data inspect FILE` writes it for you",
            );
        }
        let listed: Vec<InstrumentId> =
            self.config.instrument.iter().map(|instrument| instrument.id).collect();
        let known: Vec<&str> = listed.iter().map(|id| id.as_str()).collect();
        let mut origins = Vec::new();
        for (index, written) in all.iter().enumerate() {
            let at = section.index(index);
            if !listed.is_empty() && !listed.contains(&written.instrument) {
                self.value(
                    &at.key("instrument"),
                    "CONFIG_UNKNOWN_INSTRUMENT",
                    format!("the data are of {}, but there is no such [[instrument]]", written.instrument),
                    suggest::advice(written.instrument.as_str(), "instruments", &known),
                );
            }
            self.data_keys(&at, written);
            origins.push(self.origin(&at, written));
        }
        origins
    }

    /// Keys that make no sense together.
    fn data_keys(&mut self, at: &KeyPath, written: &DataConfig) {
        if written.bars.is_some() && written.kind != DataKind::Bars {
            self.key(
                &at.key("bars"),
                "CONFIG_DATA_KEY",
                format!("`bars` means nothing for {}", written.kind.as_str()),
                "remove it; strategies make bars of the size that they subscribe to",
            );
        }
        if written.delay.is_some_and(|delay| delay.nanos() < 0) {
            self.value(
                &at.key("delay"),
                "CONFIG_SETTING",
                "`delay` is negative: nothing is known before it happens",
                "write a length of time like \"250ms\"",
            );
        }
        if written.catalog.is_some() {
            let set = self.document.keys(at);
            for key in
                ["schema", "policy", "delay"].into_iter().filter(|key| set.iter().any(|given| given == key))
            {
                self.key(
                    &at.key(key),
                    "CONFIG_DATA_KEY",
                    format!(
                        "`{key}` means nothing for a catalog, whose data were checked when they were imported"
                    ),
                    "remove it",
                );
            }
            if written.kind == DataKind::Actions {
                self.key(
                    &at.key("catalog"),
                    "CONFIG_DATA_KEY",
                    "a catalog holds no corporate actions",
                    "name the file with them: path = \"actions.csv\"",
                );
            }
            if written.kind == DataKind::Bars && written.bars.is_none() {
                self.key(
                    &at.key("catalog"),
                    "CONFIG_DATA_KEY",
                    "bars of a catalog need `bars`",
                    "add bars = \"1d\"; `algoflow data list --catalog DIR` shows what is there",
                );
            }
        }
    }

    fn origin(&mut self, at: &KeyPath, written: &DataConfig) -> Origin {
        let none = Origin::Files(Vec::new());
        match (&written.path, &written.catalog) {
            (Some(path), None) => match files::find(&self.base.join(path)) {
                Ok(found) => Origin::Files(found),
                Err(fault) => {
                    self.value(&at.key("path"), fault.code, fault.message, fault.help);
                    none
                }
            },
            (None, Some(catalog)) => {
                let folder = self.base.join(catalog);
                if !folder.is_dir() {
                    self.value(
                        &at.key("catalog"),
                        "CONFIG_NO_CATALOG",
                        format!("there is no catalog {}", folder.display()),
                        "`algoflow data import FILES --catalog DIR ...` makes one; paths are relative to the configuration file",
                    );
                }
                Origin::Catalog(folder)
            }
            (Some(_), Some(_)) => {
                self.key(
                    &at.key("catalog"),
                    "CONFIG_DATA_KEY",
                    "`path` and `catalog` exclude each other",
                    "keep one of the two",
                );
                none
            }
            (None, None) => {
                self.key(
                    at,
                    "CONFIG_MISSING_KEY",
                    "neither `path` nor `catalog` says where the data are",
                    "add path = \"FILE.csv\", or catalog = \"DIR\"",
                );
                none
            }
        }
    }
}
