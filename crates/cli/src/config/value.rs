//! Values that can be written in several ways.

use std::{fmt, marker::PhantomData, str::FromStr};

use algoflow_data::{RowPolicy, policy::Repairs};
use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, Unexpected, Visitor, value::MapAccessDeserializer},
};
use toml::value::Datetime;

/// A value that is written as text, as a number or as a date.
pub(super) fn optional<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
where
    T: FromStr<Err: fmt::Display>,
    D: Deserializer<'de>,
{
    Written::deserialize(deserializer).map(|Written(value)| Some(value))
}

/// A list of such values.
pub(super) fn list<'de, T, D>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    T: FromStr<Err: fmt::Display>,
    D: Deserializer<'de>,
{
    let all = Vec::<Written<T>>::deserialize(deserializer)?;
    Ok(all.into_iter().map(|Written(value)| value).collect())
}

/// One such value.
struct Written<T>(T);

impl<'de, T: FromStr<Err: fmt::Display>> Deserialize<'de> for Written<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(WrittenVisitor(PhantomData))
    }
}

struct WrittenVisitor<T>(PhantomData<T>);

impl<'de, T: FromStr<Err: fmt::Display>> Visitor<'de> for WrittenVisitor<T> {
    type Value = Written<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("one value")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Written<T>, E> {
        text.parse().map(Written).map_err(E::custom)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Written<T>, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Written<T>, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Written<T>, E> {
        // The shortest text that reads back as the same number is what was written, up to 15 digits; never with an
        // exponent.
        self.visit_str(&number.to_string())
    }

    /// A date of TOML comes as a map of its own kind.
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Written<T>, A::Error> {
        let time = Datetime::deserialize(MapAccessDeserializer::new(map))
            .map_err(|_| A::Error::invalid_type(Unexpected::Map, &self))?;
        self.visit_str(&time.to_string())
    }
}

/// What to do with rows that make no sense.
///
/// Written `"strict"`, `"drop"` or `"repair"`, or as a table that names what happens to each kind:
/// `{ duplicate = "keep_last", out_of_order = "sort" }`; kinds that it does not name are dropped.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DataPolicy(pub RowPolicy);

/// A [`DataPolicy`] in one word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PolicyWord {
    /// The first bad row is an error that says where and why.
    #[default]
    Strict,
    /// Bad rows are left out and counted; no value is changed.
    Drop,
    /// What can be mended is mended, rows are sorted by time, the rest is dropped; all is counted.
    Repair,
}

impl PolicyWord {
    /// The policy.
    #[must_use]
    pub fn policy(self) -> DataPolicy {
        DataPolicy(match self {
            Self::Strict => RowPolicy::Strict,
            Self::Drop => RowPolicy::Repair(Repairs::drop_all()),
            Self::Repair => RowPolicy::Repair(Repairs::fix_all()),
        })
    }
}

struct PolicyVisitor;

impl<'de> Visitor<'de> for PolicyVisitor {
    type Value = DataPolicy;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"strict\", \"drop\", \"repair\" or a table of repairs")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<DataPolicy, E> {
        let word = PolicyWord::deserialize(serde::de::value::StrDeserializer::<E>::new(text))?;
        Ok(word.policy())
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<DataPolicy, A::Error> {
        let repairs = Repairs::deserialize(MapAccessDeserializer::new(map))?;
        Ok(DataPolicy(RowPolicy::Repair(repairs)))
    }
}

impl<'de> Deserialize<'de> for DataPolicy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PolicyVisitor)
    }
}
