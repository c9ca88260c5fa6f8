//! Where secrets are found: in the environment or in files, as the configuration names them.

use std::{collections::BTreeMap, fs, os::unix::fs::MetadataExt, path::PathBuf};

use secrecy::SecretString;

use crate::{
    config::{ConnectorConfig, NamedSecret},
    error::CliError,
    plan::Plan,
};

/// The largest file of a secret, in bytes: keys of every kind are smaller.
const MAX_SECRET_BYTES: u64 = 64 << 10;

/// The bits of a mode that let others in.
const OTHERS: u32 = 0o077;

/// Where a secret is.
enum Place {
    Env(String),
    File(PathBuf),
}

fn place(secret: &NamedSecret<'_>, plan: &Plan) -> Option<Place> {
    match (secret.env, secret.file) {
        (Some(name), _) => Some(Place::Env(name.to_owned())),
        (None, Some(path)) => Some(Place::File(plan.path(path))),
        (None, None) => None,
    }
}

/// The secrets of a connector.
pub(crate) fn secrets(
    connector: &ConnectorConfig,
    plan: &Plan,
) -> Result<BTreeMap<&'static str, SecretString>, CliError> {
    let mut all = BTreeMap::new();
    for secret in connector.secrets() {
        if let Some(place) = place(&secret, plan) {
            all.insert(secret.name, read(secret.name, &place)?);
        }
    }
    Ok(all)
}

/// A secret, if it is named.
pub(super) fn one(secret: &NamedSecret<'_>, plan: &Plan) -> Result<Option<SecretString>, CliError> {
    place(secret, plan).map(|place| read(secret.name, &place)).transpose()
}

fn read(name: &str, place: &Place) -> Result<SecretString, CliError> {
    let text = match place {
        Place::Env(variable) => std::env::var(variable).map_err(|_| {
            let help = format!("set it: export {variable}=.., or name a file with {name}_file");
            CliError::usage(
                format!("the environment variable {variable}, which holds the {name}, is not set"),
                help,
            )
        })?,
        Place::File(path) => {
            let shown = path.display();
            let failed = |reason: String| {
                let help = "a file of mode 0600 that holds the secret and nothing else";
                CliError::usage(format!("the file {shown}, which holds the {name}: {reason}"), help)
            };
            let metadata = fs::metadata(path).map_err(|error| failed(error.to_string()))?;
            if metadata.mode() & OTHERS != 0 {
                return Err(failed(format!("others can read it (mode {:o})", metadata.mode() & 0o777)));
            }
            if metadata.len() > MAX_SECRET_BYTES {
                return Err(failed(format!("it has {} bytes, too many", metadata.len())));
            }
            fs::read_to_string(path).map_err(|error| failed(error.to_string()))?
        }
    };
    let text = text.trim();
    if text.is_empty() {
        return Err(CliError::usage(format!("the {name} is empty"), "write the secret and nothing else"));
    }
    Ok(text.to_owned().into())
}

/// Which secrets are there, without what they are: `venue[0] api_key: BINANCE_KEY is set`.
pub(crate) fn described(plan: &Plan) -> Vec<(String, bool)> {
    let mut all = Vec::new();
    let mut describe = |whose: &str, secret: &NamedSecret<'_>| {
        let Some(place) = place(secret, plan) else { return };
        let at = match &place {
            Place::Env(variable) => format!("the environment variable {variable}"),
            Place::File(path) => format!("the file {}", path.display()),
        };
        let is_there = read(secret.name, &place).is_ok();
        all.push((format!("{whose} {} in {at}", secret.name), is_there));
    };
    for venue in &plan.config.venue {
        for secret in venue.connector.iter().flat_map(ConnectorConfig::secrets) {
            describe(venue.name.as_str(), &secret);
        }
    }
    for (table, name, secret, _) in plan.config.alerts.secrets() {
        describe(&format!("alerts.{table}.{name}"), &secret);
    }
    all
}
