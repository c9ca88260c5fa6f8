//! What venue connectors are built from.
