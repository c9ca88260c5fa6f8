//! Which column of a file is which.

use crate::{
    error::DataError,
    rows::{Slots, Wanted},
    schema::{Column, ColumnRef, Schema, StampIs, TimeUnit},
};

/// The columns in use, by the place that they have in the file.
#[derive(Clone, Debug)]
pub(crate) struct Resolved {
    pub(crate) columns: Vec<(Column, usize)>,
    pub(crate) symbol: Option<usize>,
    /// What the name of the time column says about it.
    pub(crate) stamp: Option<StampIs>,
    /// What it says about the unit.
    pub(crate) unit: Option<TimeUnit>,
}

impl Resolved {
    pub(crate) fn slots(&self) -> Slots {
        Slots::new(self.columns.clone())
    }

    /// `role=name` for each column in use.
    pub(crate) fn describe(&self, names: &[String]) -> Vec<String> {
        let name = |at: &usize| names.get(*at).map_or("?", String::as_str);
        self.columns.iter().map(|(column, at)| format!("{}={}", column.as_str(), name(at))).collect()
    }
}

/// Lower case, letters and digits only: how spellings are compared.
fn normal(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Finds the columns by the declared mapping, then by the usual spellings of `names`.
pub(crate) fn by_name(
    file: &str,
    names: &[String],
    wanted: Wanted,
    schema: &Schema,
) -> Result<Resolved, DataError> {
    let normal_names: Vec<String> = names.iter().map(|name| normal(name)).collect();
    let mut used: Vec<(Column, usize)> = declared(file, names, schema)?;
    let has = |used: &[(Column, usize)], column| used.iter().any(|(c, _)| *c == column);
    let place = |name: &str| normal_names.iter().position(|n| n == name);
    let only = |column: Column, at: usize| {
        let name = normal_names.get(at);
        let same = names.iter().zip(&normal_names).filter(|(_, normal)| Some(*normal) == name);
        only_one(file, column, &same.map(|(name, _)| name.as_str()).collect::<Vec<_>>())
    };
    // A date and a time in columns of their own.
    if !has(&used, Column::Time)
        && let (Some(date), Some(time)) = (place("date"), place("time"))
        && wanted.optional.contains(&Column::TimeOfDay)
    {
        only(Column::Time, date)?;
        only(Column::TimeOfDay, time)?;
        used.push((Column::Time, date));
        used.push((Column::TimeOfDay, time));
    }
    let symbol = if schema.symbol.is_some() { &[Column::Symbol][..] } else { &[] };
    for column in wanted.required.iter().chain(wanted.optional).chain(symbol) {
        if has(&used, *column) || *column == Column::TimeOfDay {
            continue;
        }
        let found = column.spellings().iter().find_map(|spelling| {
            let at = place(spelling)?;
            (!used.iter().any(|(_, other)| *other == at)).then_some(at)
        });
        if let Some(at) = found {
            only(*column, at)?;
            used.push((*column, at));
        }
    }
    close_for_all(schema, &mut used);
    finish(file, names, &normal_names, wanted, schema, used)
}

/// Takes the columns in the order that files without a header have.
pub(crate) fn by_place(
    file: &str,
    names: &[String],
    wanted: Wanted,
    schema: &Schema,
) -> Result<Resolved, DataError> {
    let mut used = declared(file, names, schema)?;
    // A mapping replaces the usual order altogether: nothing says where the rest would be.
    if used.is_empty() {
        used = wanted.positional.iter().copied().zip(0..names.len()).collect();
    }
    close_for_all(schema, &mut used);
    finish(file, names, &[], wanted, schema, used)
}

/// Refuses a role that several columns may hold, as their names are the same.
fn only_one(file: &str, column: Column, same: &[&str]) -> Result<(), DataError> {
    if same.len() < 2 {
        return Ok(());
    }
    let (role, count) = (column.as_str(), same.len());
    let reason = format!(
        "{count} columns may be the {role} ({}); rename them, or map {role} by the index of its column",
        same.join(", ")
    );
    Err(DataError::format(file, reason))
}

/// The columns that the schema maps, each of which can hold one thing.
fn declared(file: &str, names: &[String], schema: &Schema) -> Result<Vec<(Column, usize)>, DataError> {
    let mut used: Vec<(Column, usize)> = Vec::new();
    for (column, reference) in &schema.columns {
        let found = match reference {
            ColumnRef::Index(index) => Some(*index).filter(|index| *index < names.len()),
            ColumnRef::Name(name) => {
                let same: Vec<&str> = names.iter().filter(|n| *n == name).map(String::as_str).collect();
                only_one(file, *column, &same)?;
                names.iter().position(|n| n == name)
            }
        };
        let at = found.ok_or_else(|| DataError::MissingColumn {
            file: file.into(),
            role: column.as_str(),
            found: match reference {
                ColumnRef::Index(index) => format!("{} columns: there is no index {index}", names.len()),
                ColumnRef::Name(name) => format!("{}: there is no {name:?}", names.join(", ")),
            },
        })?;
        if let Some((other, _)) = used.iter().find(|(_, place)| *place == at) {
            let (name, one, two) = (names.get(at), other.as_str(), column.as_str());
            let name = name.map_or("?", String::as_str);
            return Err(DataError::option("columns", format!("{one} and {two} are both mapped to {name:?}")));
        }
        used.push((*column, at));
    }
    Ok(used)
}

/// A declared close is open, high and low too where the file has none of these.
fn close_for_all(schema: &Schema, used: &mut Vec<(Column, usize)>) {
    let others = [Column::Open, Column::High, Column::Low];
    if schema.columns.contains_key(&Column::Close)
        && !used.iter().any(|(column, _)| others.contains(column))
        && let Some(close) = used.iter().find(|(c, _)| *c == Column::Close).map(|(_, at)| *at)
    {
        used.extend(others.map(|column| (column, close)));
    }
}

fn finish(
    file: &str,
    names: &[String],
    normal_names: &[String],
    wanted: Wanted,
    schema: &Schema,
    used: Vec<(Column, usize)>,
) -> Result<Resolved, DataError> {
    let known = |column: &Column| wanted.required.contains(column) || wanted.optional.contains(column);
    if let Some((column, _)) = used.iter().find(|(column, _)| !known(column) && *column != Column::Symbol) {
        let reason = format!("{} is mapped, but records of this kind have none", column.as_str());
        return Err(DataError::option("columns", reason));
    }
    let missing = |role: &Column| DataError::MissingColumn {
        file: file.into(),
        role: role.as_str(),
        found: if names.is_empty() { "no columns".into() } else { names.join(", ") },
    };
    let at = |column: Column| used.iter().find(|(c, _)| *c == column).map(|(_, at)| *at);
    if let Some(role) = wanted.required.iter().find(|column| at(**column).is_none()) {
        return Err(missing(role));
    }
    let symbol = at(Column::Symbol);
    if schema.symbol.is_some() && symbol.is_none() {
        return Err(missing(&Column::Symbol));
    }
    let time_name = at(Column::Time).and_then(|at| normal_names.get(at)).map_or("", String::as_str);
    let stamp = match time_name {
        "opentime" => Some(StampIs::Open),
        "closetime" | "tsclose" | "tsclosens" => Some(StampIs::Close),
        _ => None,
    };
    let unit = match time_name {
        "tsns" | "tsclosens" | "tseventns" => Some(TimeUnit::Nanos),
        "tsus" => Some(TimeUnit::Micros),
        "tsms" => Some(TimeUnit::Millis),
        "tss" => Some(TimeUnit::Seconds),
        _ => None,
    };
    Ok(Resolved { columns: used, symbol, stamp, unit })
}
