//! Exact numbers: [`Price`], [`Quantity`] and the [`Money`] that they make.
//!
//! A price or a quantity is an `i64` mantissa with a decimal [`Scale`]: `12.34` is `1234` at scale 2. It is
//! self-describing, exact and sixteen bytes. Arithmetic is checked: what does not fit is an error, never a
//! wrap. Values compare by what they are worth (`1.0 == 1.00`), whatever their scale.

mod fixed;
mod money;
mod scale;

pub use fixed::{Price, Quantity};
pub use money::{Money, notional, product};
pub use scale::{Rounding, Scale};
