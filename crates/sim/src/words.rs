//! The models in plain words, for notes and reports: each continues a sentence and has no full stop.

use std::fmt;

use rust_decimal::Decimal;

use crate::{BarFill, BarPath, FeePer, Fees, LimitFill, Slippage, Spread};

/// `1 tick`, `2 ticks`.
fn counted(count: impl fmt::Display, unit: &str) -> String {
    let count = count.to_string();
    let s = if count == "1" { "" } else { "s" };
    format!("{count} {unit}{s}")
}

/// Rates in basis points: one if both are the same.
fn rates(maker: Decimal, taker: Decimal) -> String {
    let (maker, taker) = (maker.normalize(), taker.normalize());
    if maker == taker {
        counted(maker, "basis point")
    } else {
        format!("{maker} (maker) and {taker} (taker) basis points")
    }
}

/// A fraction as a percentage without zeros at the end.
fn percent(fraction: f64) -> String {
    let text = format!("{:.4}", fraction * 100.0);
    format!("{} %", text.trim_end_matches('0').trim_end_matches('.'))
}

impl fmt::Display for Fees {
    /// `fees of 1 basis point of the value`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("no fees"),
            Self::Instrument => f.write_str("fees as the instruments state"),
            Self::Bps { maker, taker } => write!(f, "fees of {} of the value", rates(*maker, *taker)),
            Self::PerUnit { per_unit, minimum, maximum_fraction } => {
                write!(f, "fees of {} per unit", per_unit.normalize())?;
                if !minimum.is_zero() {
                    write!(f, ", at least {} per order", minimum.normalize())?;
                }
                match maximum_fraction {
                    Some(most) => {
                        let share = most.checked_mul(Decimal::ONE_HUNDRED).unwrap_or(Decimal::MAX);
                        write!(f, ", at most {} % of its value", share.normalize())
                    }
                    None => Ok(()),
                }
            }
            Self::Tiered { tiers } => {
                f.write_str("fees by the volume of 30 days")?;
                for (index, tier) in tiers.iter().enumerate() {
                    f.write_str(if index == 0 { ": " } else { ", " })?;
                    write!(f, "{} from {} on", rates(tier.maker, tier.taker), tier.volume.normalize())?;
                }
                Ok(())
            }
            Self::Fixed { amount, per: FeePer::Order } => {
                write!(f, "a fee of {} per order", amount.normalize())
            }
            Self::Fixed { amount, per: FeePer::Fill } => {
                write!(f, "a fee of {} per fill", amount.normalize())
            }
            Self::Rounded { places, fees } => {
                write!(f, "{fees}, rounded to {}", counted(places, "decimal place"))
            }
            Self::Custom(_) => f.write_str("fees by a model of your own"),
        }
    }
}

impl fmt::Display for Spread {
    /// `2 ticks`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ticks(count) => f.write_str(&counted(count, "tick")),
            Self::Bps(points) => f.write_str(&counted(points, "basis point")),
        }
    }
}

impl fmt::Display for Slippage {
    /// `slippage of 2 basis points`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("no slippage"),
            Self::Bps(points) => write!(f, "slippage of {}", counted(points, "basis point")),
            Self::Ticks(count) => write!(f, "slippage of {}", counted(count, "tick")),
            Self::VolumeShare { impact, max_share } => write!(
                f,
                "slippage of {impact} times the price times the square of the share of the volume, of which at most {} counts",
                percent(*max_share)
            ),
            Self::SquareRoot { coefficient } => {
                write!(
                    f,
                    "slippage of {coefficient} times the price times the square root of the share of the volume"
                )
            }
            Self::HalfSpread(spread) => {
                write!(f, "slippage of half a spread of {spread} where no quotes show one")
            }
            Self::Custom(_) => f.write_str("slippage by a model of your own"),
        }
    }
}

impl fmt::Display for BarFill {
    /// `at the next open`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SameClose => "at the close that decided",
            Self::NextOpen => "at the next open",
            Self::NextClose => "at the next close",
            Self::NextVwap => "at the next bar's typical price",
        })
    }
}

impl fmt::Display for BarPath {
    /// `the high comes before the low`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ohlc => "the high comes before the low",
            Self::Olhc => "the low comes before the high",
            Self::Adaptive => "the extreme nearer to the open comes first",
            Self::Worst => "the extreme that is worse for us comes first",
        })
    }
}

impl fmt::Display for LimitFill {
    /// `when their price is touched`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Touch => "when their price is touched",
            Self::Through => "when the market trades through their price",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FeeTier;

    fn dec(text: &str) -> Decimal {
        Decimal::from_str_exact(text).unwrap()
    }

    #[test]
    fn fees_read_as_words() {
        let tier = |volume: &str, maker: &str, taker: &str| FeeTier {
            volume: dec(volume),
            maker: dec(maker),
            taker: dec(taker),
        };
        let per_unit = Fees::PerUnit {
            per_unit: dec("0.0050"),
            minimum: dec("1.00"),
            maximum_fraction: Some(dec("0.01")),
        };
        for (fees, words) in [
            (Fees::None, "no fees"),
            (Fees::Instrument, "fees as the instruments state"),
            (Fees::bps(1), "fees of 1 basis point of the value"),
            (Fees::bps(dec("2.50")), "fees of 2.5 basis points of the value"),
            (Fees::maker_taker(-1, 5), "fees of -1 (maker) and 5 (taker) basis points of the value"),
            (Fees::per_unit(dec("0.01")), "fees of 0.01 per unit"),
            (per_unit, "fees of 0.005 per unit, at least 1 per order, at most 1 % of its value"),
            (
                Fees::Tiered { tiers: vec![tier("0", "10", "10"), tier("1000000", "6", "8")] },
                "fees by the volume of 30 days: 10 basis points from 0 on, \
                 6 (maker) and 8 (taker) basis points from 1000000 on",
            ),
            (Fees::per_order(1), "a fee of 1 per order"),
            (Fees::Fixed { amount: dec("0.3"), per: FeePer::Fill }, "a fee of 0.3 per fill"),
            (Fees::bps(1).rounded(2), "fees of 1 basis point of the value, rounded to 2 decimal places"),
        ] {
            assert_eq!(fees.to_string(), words);
        }
    }

    #[test]
    fn slippage_reads_as_words() {
        for (slippage, words) in [
            (Slippage::None, "no slippage"),
            (Slippage::bps(2.0), "slippage of 2 basis points"),
            (Slippage::bps(0.5), "slippage of 0.5 basis points"),
            (Slippage::Ticks(1), "slippage of 1 tick"),
            (Slippage::half_spread(), "slippage of half a spread of 1 tick where no quotes show one"),
            (
                Slippage::HalfSpread(Spread::Bps(4.0)),
                "slippage of half a spread of 4 basis points where no quotes show one",
            ),
            (
                Slippage::VolumeShare { impact: 0.1, max_share: 0.025 },
                "slippage of 0.1 times the price times the square of the share of the volume, of which at most 2.5 % counts",
            ),
            (
                Slippage::SquareRoot { coefficient: 0.02 },
                "slippage of 0.02 times the price times the square root of the share of the volume",
            ),
        ] {
            assert_eq!(slippage.to_string(), words);
        }
    }
}
