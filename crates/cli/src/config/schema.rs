//! The parts of the JSON Schema that describe types of other crates, which have none of their own.
//!
//! The tests read every value that is listed here with the type itself, so that the two cannot drift apart.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

/// A number that may also be written as text.
#[derive(Debug)]
pub(crate) struct Number;

impl JsonSchema for Number {
    fn schema_name() -> Cow<'static, str> {
        "Number".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A decimal number, also as text to have every digit as written.",
            "type": ["number", "string"]
        })
    }
}

/// A choice of words.
fn words(words: &[&str]) -> Schema {
    json_schema!({ "type": "string", "enum": words })
}

fn optional_words(names: &[&str]) -> Schema {
    json_schema!({ "anyOf": [words(names), { "type": "null" }] })
}

/// A table of one key, whose value says more.
fn variant(name: &str, value: Schema) -> Schema {
    json_schema!({
        "type": "object",
        "properties": { name: value },
        "required": [name],
        "additionalProperties": false
    })
}

fn amount() -> Schema {
    json_schema!({ "type": ["number", "string"] })
}

/// A table whose first `required` keys must be there.
fn table(keys: &[(&str, Schema)], required: usize) -> Schema {
    let properties: serde_json::Map<String, serde_json::Value> =
        keys.iter().map(|(name, schema)| ((*name).to_owned(), schema.clone().to_value())).collect();
    let required: Vec<&str> = keys.iter().take(required).map(|(name, _)| *name).collect();
    json_schema!({
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false
    })
}

pub(super) const ERROR_POLICIES: &[&str] = &["keep_positions", "flatten"];
pub(super) const BREACH_ACTIONS: &[&str] = &["reduce_only", "halt"];
pub(super) const BAR_FILLS: &[&str] = &["same_close", "next_open", "next_close", "next_vwap"];
pub(super) const BAR_PATHS: &[&str] = &["ohlc", "olhc", "adaptive", "worst"];
pub(super) const LIMIT_FILLS: &[&str] = &["touch", "through"];
pub(super) const TRADE_FILLS: &[&str] = &["next", "last"];
pub(super) const DEPTHS: &[&str] = &["consume", "infinite"];
pub(super) const SETTLES: &[&str] = &["cash", "physical"];
pub(super) const RIGHTS: &[&str] = &["call", "put"];
pub(super) const STYLES: &[&str] = &["european", "american"];
pub(super) const BAD_ROW: &[&str] = &["refuse", "drop"];
pub(super) const BAD_VALUE: &[&str] = &["refuse", "drop", "fix"];
pub(super) const DUPLICATE: &[&str] = &["refuse", "keep_first", "keep_last"];
pub(super) const DISORDER: &[&str] = &["refuse", "drop", "sort"];
pub(super) const TIME_UNITS: &[&str] = &["s", "ms", "us", "ns"];
pub(super) const LOCAL_TIMES: &[&str] = &["refuse", "earlier", "later"];
pub(super) const STAMPS: &[&str] = &["open", "close"];
pub(super) const COLUMNS: &[&str] = &[
    "time",
    "time_of_day",
    "received",
    "open",
    "high",
    "low",
    "close",
    "volume",
    "price",
    "quantity",
    "side",
    "buyer_maker",
    "bid",
    "bid_size",
    "ask",
    "ask_size",
    "snapshot",
    "sequence",
    "symbol",
    "time_open",
    "kind",
    "value",
];
pub(super) const EXTERNALS: &[&str] = &["adopt", "ignore", "halt"];
pub(super) const JOURNAL_FAILURES: &[&str] = &["cancel", "keep"];
pub(super) const LOG_FORMATS: &[&str] = &["pretty", "compact", "json"];
pub(super) const COLORS: &[&str] = &["auto", "always", "never"];
pub(super) const ALERT_LEVELS: &[&str] = &["info", "warning", "critical"];
pub(super) const WEBHOOK_FORMATS: &[&str] = &["json", "slack", "discord"];
pub(super) const MAIL_TLS: &[&str] = &["implicit", "starttls", "none"];
/// The repairs by key, with the values that each takes.
const REPAIRS: [(&str, &[&str]); 11] = [
    ("column_count", BAD_VALUE),
    ("unparsable", BAD_ROW),
    ("not_finite", BAD_VALUE),
    ("non_positive_price", BAD_ROW),
    ("quantity", BAD_VALUE),
    ("high_below_low", BAD_VALUE),
    ("outside_range", BAD_VALUE),
    ("crossed", BAD_VALUE),
    ("out_of_scale", BAD_VALUE),
    ("duplicate", DUPLICATE),
    ("out_of_order", DISORDER),
];

pub(super) fn error_policy(_: &mut SchemaGenerator) -> Schema {
    words(ERROR_POLICIES)
}

pub(super) fn breach_action(_: &mut SchemaGenerator) -> Schema {
    words(BREACH_ACTIONS)
}

pub(super) fn external(_: &mut SchemaGenerator) -> Schema {
    words(EXTERNALS)
}

pub(super) fn journal_failure(_: &mut SchemaGenerator) -> Schema {
    words(JOURNAL_FAILURES)
}

pub(super) fn webhook_format(_: &mut SchemaGenerator) -> Schema {
    words(WEBHOOK_FORMATS)
}

pub(super) fn mail_tls(_: &mut SchemaGenerator) -> Schema {
    words(MAIL_TLS)
}

pub(super) fn rate_limit(_: &mut SchemaGenerator) -> Schema {
    table(&[("messages", json_schema!({ "type": "integer", "minimum": 1 })), ("per", duration())], 2)
}

pub(super) fn alert_rules(_: &mut SchemaGenerator) -> Schema {
    let texts = || json_schema!({ "type": "array", "items": { "type": "string" } });
    let rule =
        [("sinks", texts()), ("codes", texts()), ("level", words(ALERT_LEVELS)), ("dedup", duration())];
    json_schema!({ "type": "array", "items": table(&rule, 1) })
}

pub(super) fn telemetry(_: &mut SchemaGenerator) -> Schema {
    let text = || json_schema!({ "type": "string" });
    let flag = || json_schema!({ "type": "boolean" });
    let rotate = json_schema!({ "anyOf": [
        words(&["daily"]),
        variant("mib", json_schema!({ "type": "integer", "minimum": 1 }))
    ] });
    let file = [
        ("path", text()),
        ("format", words(LOG_FORMATS)),
        ("rotate", rotate),
        ("keep", json_schema!({ "type": "integer", "minimum": 0 })),
    ];
    let sample = json_schema!({ "type": "number", "minimum": 0, "maximum": 1 });
    let keys = [
        ("filter", text()),
        ("format", words(LOG_FORMATS)),
        ("color", words(COLORS)),
        ("console", flag()),
        ("file", table(&file, 1)),
        ("http", table(&[("listen", text())], 0)),
        ("otlp", table(&[("endpoint", text()), ("service", text()), ("sample", sample)], 1)),
    ];
    table(&keys, 0)
}

pub(super) fn settles(_: &mut SchemaGenerator) -> Schema {
    optional_words(SETTLES)
}

pub(super) fn right(_: &mut SchemaGenerator) -> Schema {
    optional_words(RIGHTS)
}

pub(super) fn style(_: &mut SchemaGenerator) -> Schema {
    optional_words(STYLES)
}

pub(super) fn fill_policy(_: &mut SchemaGenerator) -> Schema {
    let keys = [
        ("bar", words(BAR_FILLS)),
        ("path", words(BAR_PATHS)),
        ("limit", words(LIMIT_FILLS)),
        ("trade", words(TRADE_FILLS)),
        ("depth", words(DEPTHS)),
    ];
    table(&keys, 0)
}

pub(super) fn fees(generator: &mut SchemaGenerator) -> Schema {
    let tier = table(&[("volume", amount()), ("maker", amount()), ("taker", amount())], 3);
    let per_unit = [("per_unit", amount()), ("minimum", amount()), ("maximum_fraction", amount())];
    let simple = [
        words(&["none", "instrument"]),
        variant("bps", table(&[("maker", amount()), ("taker", amount())], 2)),
        variant("per_unit", table(&per_unit, 1)),
        variant("tiered", table(&[("tiers", json_schema!({ "type": "array", "items": tier }))], 1)),
        variant("fixed", table(&[("amount", amount()), ("per", words(&["order", "fill"]))], 1)),
    ];
    // A rounded model wraps one of the others.
    let places = generator.subschema_for::<u32>();
    let inner = json_schema!({ "anyOf": simple.clone() });
    let rounded = variant("rounded", table(&[("places", places), ("fees", inner)], 2));
    let [a, b, c, d, e] = simple;
    json_schema!({ "anyOf": [a, b, c, d, e, rounded] })
}

pub(super) fn slippage(_: &mut SchemaGenerator) -> Schema {
    let float = || json_schema!({ "type": "number", "minimum": 0 });
    let ticks = || json_schema!({ "type": "integer", "minimum": 0 });
    let spread = json_schema!({ "anyOf": [variant("ticks", ticks()), variant("bps", float())] });
    json_schema!({ "anyOf": [
        words(&["none"]),
        variant("bps", float()),
        variant("ticks", ticks()),
        variant("volume_share", table(&[("impact", float()), ("max_share", float())], 2)),
        variant("square_root", table(&[("coefficient", float())], 1)),
        variant("half_spread", spread)
    ] })
}

fn duration() -> Schema {
    json_schema!({ "type": "string", "examples": ["20ms", "1h30m"] })
}

pub(super) fn latency(_: &mut SchemaGenerator) -> Schema {
    table(&[("feed", duration()), ("entry", duration()), ("ack", duration())], 0)
}

pub(super) fn reject(_: &mut SchemaGenerator) -> Schema {
    let keys = [
        ("probability", json_schema!({ "type": "number", "minimum": 0, "maximum": 1 })),
        ("code", json_schema!({ "type": "string" })),
        ("text", json_schema!({ "type": "string" })),
    ];
    json_schema!({ "anyOf": [table(&keys, 1), { "type": "null" }] })
}

pub(super) fn capabilities(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": ["object", "null"] })
}

pub(super) fn policy(_: &mut SchemaGenerator) -> Schema {
    let repairs: Vec<(&str, Schema)> = REPAIRS.iter().map(|(name, values)| (*name, words(values))).collect();
    json_schema!({ "anyOf": [words(&["strict", "drop", "repair"]), table(&repairs, 0)] })
}

pub(super) fn data_schema(_: &mut SchemaGenerator) -> Schema {
    let text = || json_schema!({ "type": "string" });
    let flag = || json_schema!({ "type": "boolean" });
    let places = || json_schema!({ "type": "integer", "minimum": 0, "maximum": 18 });
    let column = || json_schema!({ "type": ["string", "integer"] });
    let columns: Vec<(&str, Schema)> = COLUMNS.iter().map(|name| (*name, column())).collect();
    let keys = [
        ("columns", table(&columns, 0)),
        ("delimiter", json_schema!({ "type": "string", "minLength": 1, "maxLength": 1 })),
        ("header", flag()),
        ("skip_lines", json_schema!({ "type": "integer", "minimum": 0 })),
        ("decimal_comma", flag()),
        ("time_unit", words(TIME_UNITS)),
        ("time_format", text()),
        ("zone", text()),
        ("local_time", words(LOCAL_TIMES)),
        ("stamp", words(STAMPS)),
        ("session", table(&[("close", text()), ("open", text())], 1)),
        ("price_scale", places()),
        ("quantity_scale", places()),
        ("symbol", text()),
        ("any_price", flag()),
        ("entry", text()),
    ];
    table(&keys, 0)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use algoflow_data::{Schema as DataSchema, policy::Repairs};
    use serde::de::DeserializeOwned;

    use super::*;
    use crate::config::Config;

    fn reads<T: DeserializeOwned>(text: &str) -> bool {
        toml::from_str::<toml::Table>(&format!("value = {text}"))
            .ok()
            .and_then(|mut table| table.remove("value"))
            .is_some_and(|value| value.try_into::<T>().is_ok())
    }

    fn all<T: DeserializeOwned>(words: &[&str]) {
        for word in words {
            assert!(reads::<T>(&format!("{word:?}")), "{word} is not a {}", std::any::type_name::<T>());
        }
        assert!(!reads::<T>("\"nonsense\""));
    }

    #[test]
    fn every_word_is_read_by_its_type() {
        all::<algoflow_execution::ErrorPolicy>(ERROR_POLICIES);
        all::<algoflow_execution::risk::BreachAction>(BREACH_ACTIONS);
        all::<algoflow_sim::BarFill>(BAR_FILLS);
        all::<algoflow_sim::BarPath>(BAR_PATHS);
        all::<algoflow_sim::LimitFill>(LIMIT_FILLS);
        all::<algoflow_sim::TradeFill>(TRADE_FILLS);
        all::<algoflow_sim::Depth>(DEPTHS);
        all::<algoflow_core::instrument::ExpirySettlement>(SETTLES);
        all::<algoflow_core::instrument::OptionRight>(RIGHTS);
        all::<algoflow_core::instrument::OptionStyle>(STYLES);
        all::<algoflow_data::TimeUnit>(TIME_UNITS);
        all::<algoflow_data::policy::OnBadRow>(BAD_ROW);
        all::<algoflow_data::policy::OnBadValue>(BAD_VALUE);
        all::<algoflow_data::policy::OnDuplicate>(DUPLICATE);
        all::<algoflow_data::policy::OnDisorder>(DISORDER);
        all::<algoflow_data::StampIs>(STAMPS);
        all::<algoflow_data::Column>(COLUMNS);
        all::<algoflow_live::reconcile::ExternalPolicy>(EXTERNALS);
        all::<algoflow_live::session::JournalFailure>(JOURNAL_FAILURES);
        all::<algoflow_live::telemetry::LogFormat>(LOG_FORMATS);
        all::<algoflow_live::telemetry::Color>(COLORS);
        all::<algoflow_live::alerts::AlertLevel>(ALERT_LEVELS);
        all::<algoflow_live::alerts::WebhookFormat>(WEBHOOK_FORMATS);
        all::<algoflow_live::alerts::MailTls>(MAIL_TLS);
        all::<algoflow_sim::Fees>(&["none", "instrument"]);
        all::<algoflow_sim::Slippage>(&["none"]);
    }

    #[test]
    fn every_key_is_read_by_its_type() {
        for fees in [
            "{ bps = { maker = 1, taker = \"2.5\" } }",
            "{ per_unit = { per_unit = \"0.005\", minimum = 1, maximum_fraction = 0.01 } }",
            "{ tiered = { tiers = [{ volume = 0, maker = 1, taker = 2 }] } }",
            "{ fixed = { amount = 1, per = \"fill\" } }",
            "{ rounded = { places = 2, fees = \"instrument\" } }",
        ] {
            assert!(reads::<algoflow_sim::Fees>(fees), "{fees}");
        }
        for slippage in [
            "{ bps = 2 }",
            "{ ticks = 1 }",
            "{ volume_share = { impact = 0.1, max_share = 0.025 } }",
            "{ square_root = { coefficient = 0.01 } }",
            "{ half_spread = { ticks = 1 } }",
            "{ half_spread = { bps = 1.5 } }",
        ] {
            assert!(reads::<algoflow_sim::Slippage>(slippage), "{slippage}");
        }
        assert!(reads::<algoflow_sim::RejectModel>(
            "{ probability = 0.1, code = \"SIMULATED\", text = \"x\" }"
        ));
        assert!(reads::<algoflow_sim::Latency>("{ feed = \"1ms\", entry = \"2ms\", ack = \"3ms\" }"));
    }

    fn keys(value: &serde_json::Value) -> BTreeSet<&str> {
        value.as_object().unwrap().keys().map(String::as_str).collect()
    }

    #[test]
    fn the_keys_of_foreign_tables_are_complete() {
        let repairs = serde_json::to_value(Repairs::default()).unwrap();
        assert_eq!(keys(&repairs), REPAIRS.iter().map(|(name, _)| *name).collect());
        let schema = serde_json::to_value(DataSchema::default()).unwrap();
        let mut generator = SchemaGenerator::default();
        let described = data_schema(&mut generator).to_value();
        assert_eq!(keys(&schema), keys(&described["properties"]));
        let logs = serde_json::to_value(algoflow_live::telemetry::Telemetry::default()).unwrap();
        assert_eq!(keys(&logs), keys(&telemetry(&mut generator).to_value()["properties"]));
        let fill = serde_json::to_value(algoflow_sim::FillPolicy::default()).unwrap();
        assert_eq!(keys(&fill), keys(&fill_policy(&mut generator).to_value()["properties"]));
    }

    #[test]
    fn every_key_of_the_file_is_described() {
        fn descend(path: &str, value: &serde_json::Value, missing: &mut Vec<String>) {
            if let Some(properties) = value.get("properties").and_then(|p| p.as_object()) {
                for (name, property) in properties {
                    let described = property.get("description").is_some() || property.get("$ref").is_some();
                    if !described {
                        missing.push(format!("{path}.{name}"));
                    }
                }
            }
        }
        let schema = schemars::schema_for!(Config).to_value();
        let mut missing = Vec::new();
        descend("", &schema, &mut missing);
        for (name, definition) in schema["$defs"].as_object().unwrap() {
            descend(name, definition, &mut missing);
        }
        assert!(missing.is_empty(), "{missing:?}");
    }
}
