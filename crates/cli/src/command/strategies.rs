//! `algoflow strategies`: lists and describes them.

use algoflow_strategies::{StrategyInfo, find, registry};
use clap::Args;
use serde_json::{Map, Value, json};

use super::print_json;
use crate::{
    error::CliError,
    suggest,
    term::{Align, Style, Table, Term},
};

#[derive(Debug, Args)]
pub(crate) struct StrategiesArgs {
    /// The strategy to describe.
    name: Option<String>,
    /// Print the JSON Schema of its parameters.
    #[arg(long, requires = "name")]
    schema: bool,
}

pub(crate) fn run(args: &StrategiesArgs, term: &Term) -> Result<(), CliError> {
    match &args.name {
        None => list(term),
        Some(name) => {
            let info = by_name(name)?;
            if args.schema { print_json(term, &info.schema()) } else { describe(info, term) }
        }
    }
}

/// The strategy of that name.
pub(crate) fn by_name(name: &str) -> Result<&'static StrategyInfo, CliError> {
    find(name).ok_or_else(|| {
        let known: Vec<&str> = registry().iter().map(|info| info.name).collect();
        CliError::usage(format!("there is no strategy `{name}`"), suggest::advice(name, "strategies", &known))
    })
}

fn list(term: &Term) -> Result<(), CliError> {
    if term.json {
        let all: Vec<Value> = registry().iter().map(document).collect();
        return print_json(term, &json!({ "strategies": all }));
    }
    let mut table = Table::new(&[("strategy", Align::Left), ("what it does", Align::Left)]);
    for info in registry() {
        table.row([info.name.to_owned(), info.summary.to_owned()]);
    }
    term.result(table.render(term));
    term.say(format!(
        "\n{}",
        term.paint(Style::Dim, "`algoflow strategies NAME` describes the parameters of one.")
    ));
    Ok(())
}

fn document(info: &StrategyInfo) -> Value {
    json!({ "name": info.name, "summary": info.summary, "defaults": info.defaults(), "schema": info.schema() })
}

fn describe(info: &StrategyInfo, term: &Term) -> Result<(), CliError> {
    if term.json {
        return print_json(term, &document(info));
    }
    term.result(format!("{}: {}\n", term.paint(Style::Bold, info.name), info.summary));
    let parameters = Parameter::all(&info.schema());
    let mut table = Table::new(&[
        ("parameter", Align::Left),
        ("type", Align::Left),
        ("default", Align::Left),
        ("what it is", Align::Left),
    ]);
    for parameter in &parameters {
        let default = match &parameter.default {
            Some(default) => toml_inline(default),
            None if parameter.required => "required".into(),
            None => "-".into(),
        };
        table.row([parameter.name.clone(), parameter.kind.clone(), default, parameter.text.clone()]);
    }
    term.result(table.render(term));
    term.say(format!("\n{}", term.paint(Style::Dim, "In a configuration:")));
    term.say(section(info, &[]));
    Ok(())
}

/// A `[[strategy]]` section with all parameters; `given` are the values of those that have no default.
pub(crate) fn section(info: &StrategyInfo, given: &[(String, Value)]) -> String {
    let mut text = format!("[[strategy]]\nname = \"{}\"\n\n[strategy.params]\n", info.name);
    for parameter in Parameter::all(&info.schema()) {
        let value = given.iter().find(|(name, _)| *name == parameter.name).map(|(_, value)| value);
        let line = match value.or(parameter.default.as_ref()) {
            Some(Value::Null) | None if !parameter.required => format!("# {} = ...", parameter.name),
            Some(value) => format!("{} = {}", parameter.name, toml_inline(value)),
            None => format!("{} = {}", parameter.name, parameter.example()),
        };
        text.push_str(&format!("# {}\n{line}\n", parameter.text));
    }
    text.trim_end().to_owned()
}

/// A parameter as its schema describes it.
#[derive(Debug)]
pub(crate) struct Parameter {
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) default: Option<Value>,
    pub(crate) required: bool,
    pub(crate) text: String,
}

impl Parameter {
    /// All parameters, those that are required first, otherwise in the order of the schema.
    pub(crate) fn all(schema: &Value) -> Vec<Self> {
        let empty = Map::new();
        let properties = schema.get("properties").and_then(Value::as_object).unwrap_or(&empty);
        let required: Vec<&str> = schema
            .get("required")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let mut all: Vec<Self> = properties
            .iter()
            .map(|(name, property)| Self {
                name: name.clone(),
                kind: kind(property, schema),
                default: property.get("default").cloned(),
                required: required.contains(&name.as_str()),
                text: text(property, schema),
            })
            .collect();
        all.sort_by_key(|parameter| !parameter.required);
        all
    }

    /// A value to show for a parameter that is required.
    fn example(&self) -> &'static str {
        match self.kind.as_str() {
            "list of text" => "[\"SYMBOL.VENUE\"]",
            kind if kind.starts_with("table") => "{ \"SYMBOL.VENUE\" = 0.5 }",
            kind if kind.starts_with("list") => "[]",
            kind if kind.contains("number") => "1",
            _ => "\"SYMBOL.VENUE\"",
        }
    }
}

/// The definition to which a schema refers, or itself.
fn resolved<'a>(property: &'a Value, root: &'a Value) -> &'a Value {
    let target =
        property.get("$ref").and_then(Value::as_str).and_then(|reference| reference.strip_prefix("#/"));
    target.and_then(|path| root.pointer(&format!("/{path}"))).unwrap_or(property)
}

/// The first paragraph of the description, in one line.
fn text(property: &Value, root: &Value) -> String {
    let own = property.get("description").or_else(|| resolved(property, root).get("description"));
    let paragraph = own.and_then(Value::as_str).unwrap_or_default().split("\n\n").next().unwrap_or_default();
    paragraph.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What can be written, in words.
fn kind(property: &Value, root: &Value) -> String {
    let schema = resolved(property, root);
    if let Some(constant) = schema.get("const") {
        return toml_inline(constant);
    }
    if let Some(words) = schema.get("enum").and_then(Value::as_array) {
        return words.iter().filter(|word| !word.is_null()).map(toml_inline).collect::<Vec<_>>().join(" or ");
    }
    for key in ["oneOf", "anyOf"] {
        if let Some(choices) = schema.get(key).and_then(Value::as_array) {
            let mut kinds: Vec<String> = Vec::new();
            for choice in
                choices.iter().filter(|choice| choice.get("type").and_then(Value::as_str) != Some("null"))
            {
                let kind = kind(choice, root);
                if !kinds.contains(&kind) {
                    kinds.push(kind);
                }
            }
            return kinds.join(" or ");
        }
    }
    let types: Vec<&str> = match schema.get("type") {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(several)) => {
            several.iter().filter_map(Value::as_str).filter(|t| *t != "null").collect()
        }
        _ => Vec::new(),
    };
    let words: Vec<String> = types.iter().map(|name| word(name, schema, root)).collect();
    if words.is_empty() { "any".into() } else { words.join(" or ") }
}

fn word(name: &str, schema: &Value, root: &Value) -> String {
    match name {
        "string" => "text".into(),
        "boolean" => "true or false".into(),
        "integer" => format!("whole number{}", bounds(schema)),
        "number" => format!("number{}", bounds(schema)),
        "array" => match schema.get("items") {
            Some(items) => format!("list of {}", kind(items, root)),
            None => "list".into(),
        },
        "object" => match schema.get("properties").and_then(Value::as_object) {
            Some(properties) => {
                let keys: Vec<String> =
                    properties.iter().map(|(key, value)| format!("{key} = {}", kind(value, root))).collect();
                format!("{{ {} }}", keys.join(", "))
            }
            None => match schema.get("additionalProperties").filter(|value| value.is_object()) {
                Some(values) => format!("table of {}", kind(values, root)),
                None => "table".into(),
            },
        },
        other => other.to_owned(),
    }
}

fn bounds(schema: &Value) -> String {
    let bound = |key| schema.get(key).and_then(Value::as_f64);
    let low = bound("minimum")
        .map(|low| format!(" from {low}"))
        .or(bound("exclusiveMinimum").map(|low| format!(" above {low}")));
    let high = bound("maximum")
        .map(|high| format!(" to {high}"))
        .or(bound("exclusiveMaximum").map(|high| format!(" below {high}")));
    format!("{}{}", low.unwrap_or_default(), high.unwrap_or_default())
}

/// A value as it is written in a configuration.
pub(crate) fn toml_inline(value: &Value) -> String {
    match value {
        Value::Null => "none".into(),
        Value::Bool(flag) => flag.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => toml::Value::from(text.as_str()).to_string(),
        Value::Array(items) => format!("[{}]", items.iter().map(toml_inline).collect::<Vec<_>>().join(", ")),
        Value::Object(entries) if entries.is_empty() => "{}".into(),
        Value::Object(entries) => {
            let entries: Vec<String> = entries
                .iter()
                .map(|(key, value)| format!("{} = {}", toml_key(key), toml_inline(value)))
                .collect();
            format!("{{ {} }}", entries.join(", "))
        }
    }
}

/// A key as it is written in a configuration: in quotes if it needs them.
fn toml_key(key: &str) -> String {
    let bare = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    if bare { key.to_owned() } else { toml::Value::from(key).to_string() }
}
