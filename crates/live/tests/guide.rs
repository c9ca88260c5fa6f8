//! The configuration in `docs/guides/observability.md` is one that is taken.

#![allow(clippy::unwrap_used, clippy::panic)]

use algoflow_live::{
    alerts::{AlertRouter, AlertSettings},
    telemetry::{Redactor, Telemetry},
};
use serde::Deserialize;

/// The sections that the guide is about.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sections {
    telemetry: Option<Telemetry>,
    alerts: Option<AlertSettings>,
}

/// Each block of TOML in the guide.
fn sections() -> Vec<Sections> {
    let guide = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/guides/observability.md");
    let guide = std::fs::read_to_string(guide).unwrap();
    let blocks = guide.split("```toml\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    blocks.map(|block| toml::from_str(block).unwrap_or_else(|error| panic!("{error} in\n{block}"))).collect()
}

#[test]
fn every_block_is_understood() {
    let sections = sections();
    let count = |is: fn(&Sections) -> bool| sections.iter().filter(|block| is(block)).count();
    assert_eq!((count(|block| block.telemetry.is_some()), count(|block| block.alerts.is_some())), (3, 1));
    for alerts in sections.iter().filter_map(|block| block.alerts.as_ref()) {
        let router = AlertRouter::new(alerts, &Redactor::new()).unwrap();
        assert_eq!(router.sinks(), ["own", "slack", "phone", "mail"]);
    }
}

#[cfg(all(feature = "http", feature = "otlp"))]
#[test]
fn every_telemetry_is_valid() {
    let telemetry: Vec<_> = sections().into_iter().filter_map(|block| block.telemetry).collect();
    for telemetry in &telemetry {
        telemetry.validate().unwrap();
    }
    assert!(telemetry.iter().any(|telemetry| telemetry.file.is_some()));
    assert!(telemetry.iter().any(|telemetry| telemetry.http.is_some()));
    assert!(telemetry.iter().any(|telemetry| telemetry.otlp.is_some()));
}
