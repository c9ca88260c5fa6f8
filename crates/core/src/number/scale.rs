use serde::{Deserialize, Serialize};

use crate::error::NumberError;

/// The number of decimal places of a fixed-point number, 0 to 18.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct Scale(Places);

/// An enum, so that an `Option` of a price or quantity needs no more room than the number itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
enum Places {
    P0,
    P1,
    P2,
    P3,
    P4,
    P5,
    P6,
    P7,
    P8,
    P9,
    P10,
    P11,
    P12,
    P13,
    P14,
    P15,
    P16,
    P17,
    P18,
}

const PLACES: [Places; 19] = {
    use Places as P;
    [
        P::P0,
        P::P1,
        P::P2,
        P::P3,
        P::P4,
        P::P5,
        P::P6,
        P::P7,
        P::P8,
        P::P9,
        P::P10,
        P::P11,
        P::P12,
        P::P13,
        P::P14,
        P::P15,
        P::P16,
        P::P17,
        P::P18,
    ]
};

impl Scale {
    /// No decimal places.
    pub const ZERO: Self = Self(Places::P0);
    /// The largest scale: 18 decimal places, as many as an `i64` can hold.
    pub const MAX: Self = Self(Places::P18);

    /// A scale of `places` decimal places.
    ///
    /// # Errors
    /// [`NumberError::Scale`] above 18.
    pub const fn new(places: u8) -> Result<Self, NumberError> {
        if (places as usize) < PLACES.len() {
            Ok(Self(PLACES[places as usize]))
        } else {
            Err(NumberError::Scale { places: places as u32 })
        }
    }

    /// The number of decimal places.
    #[must_use]
    #[inline]
    pub const fn places(self) -> u8 {
        self.0 as u8
    }

    /// Ten to the power of the scale.
    #[must_use]
    #[inline]
    pub const fn factor(self) -> i64 {
        POWERS_OF_TEN[(self.0 as u8 & 31) as usize]
    }

    /// Ten to the power of the places that this scale has more than `coarser`; one if it has not.
    #[inline]
    pub(crate) const fn factor_over(self, coarser: Self) -> i64 {
        POWERS_OF_TEN[(self.places().saturating_sub(coarser.places()) & 31) as usize]
    }

    /// Ten to the power of the scale, as a float (exact: 10^18 needs 42 bits of mantissa).
    #[must_use]
    #[inline]
    pub(crate) fn factor_f64(self) -> f64 {
        POWERS_OF_TEN_F64[(self.0 as u8 & 31) as usize]
    }
}

impl TryFrom<u8> for Scale {
    type Error = NumberError;
    fn try_from(places: u8) -> Result<Self, NumberError> {
        Self::new(places)
    }
}
impl From<Scale> for u8 {
    fn from(scale: Scale) -> Self {
        scale.places()
    }
}

/// 32 entries, so that an index of five bits needs no bounds check; those above 18 are never read.
const POWERS_OF_TEN: [i64; 32] = {
    let mut powers = [1; 32];
    let mut i = 1;
    while i <= 18 {
        powers[i] = powers[i - 1] * 10;
        i += 1;
    }
    powers
};

const POWERS_OF_TEN_F64: [f64; 32] = {
    let mut powers = [1.0; 32];
    let mut i = 1;
    while i <= 18 {
        powers[i] = POWERS_OF_TEN[i] as f64;
        i += 1;
    }
    powers
};

/// How a number that has no exact representation is rounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Rounding {
    /// To the nearest; a tie goes to the even digit.
    #[default]
    HalfEven,
    /// Towards minus infinity.
    Floor,
    /// Towards plus infinity.
    Ceil,
    /// Towards zero.
    Truncate,
    /// Away from zero.
    AwayFromZero,
}

impl Rounding {
    /// `numerator / denominator` rounded to an integer; `None` for a zero denominator or on overflow.
    pub(crate) fn div_i128(self, numerator: i128, denominator: i128) -> Option<i128> {
        let quotient = numerator.checked_div(denominator)?;
        let rest = numerator.checked_rem(denominator)?;
        if rest == 0 {
            return Some(quotient);
        }
        let away = if (rest < 0) == (denominator < 0) { 1 } else { -1 };
        let step = match self {
            Self::Truncate => 0,
            Self::AwayFromZero => away,
            Self::Floor => away.min(0),
            Self::Ceil => away.max(0),
            Self::HalfEven => {
                // |rest| < |denominator|, so the subtraction cannot overflow where doubling might.
                let (rest, whole) = (rest.unsigned_abs(), denominator.unsigned_abs());
                match rest.cmp(&(whole - rest)) {
                    std::cmp::Ordering::Less => 0,
                    std::cmp::Ordering::Greater => away,
                    std::cmp::Ordering::Equal => away * (quotient & 1).abs(),
                }
            }
        };
        quotient.checked_add(step)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn division_rounds_as_named() {
        let cases = [(7, 2), (-7, 2), (5, 2), (-5, 2), (7, -2), (1, 3), (-1, 3), (6, 3)];
        let table = [
            (Rounding::HalfEven, [4, -4, 2, -2, -4, 0, 0, 2]),
            (Rounding::Floor, [3, -4, 2, -3, -4, 0, -1, 2]),
            (Rounding::Ceil, [4, -3, 3, -2, -3, 1, 0, 2]),
            (Rounding::Truncate, [3, -3, 2, -2, -3, 0, 0, 2]),
            (Rounding::AwayFromZero, [4, -4, 3, -3, -4, 1, -1, 2]),
        ];
        for (rounding, expected) in table {
            for ((n, d), want) in cases.iter().zip(expected) {
                assert_eq!(rounding.div_i128(*n, *d), Some(want), "{rounding:?} {n}/{d}");
            }
        }
        assert_eq!(Rounding::Floor.div_i128(1, 0), None);
    }
}
