use super::{NumberError, codes};

/// A position that cannot be sized.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SizingError {
    /// A value that makes no sense.
    #[error("{name} is {value}; it must be {wanted}")]
    OutOfRange {
        /// Which.
        name: &'static str,
        /// The value.
        value: f64,
        /// What it must be.
        wanted: &'static str,
    },
    /// A value that the sizer needs.
    #[error("this sizer needs the {name}")]
    Missing {
        /// Which.
        name: &'static str,
    },
    /// A number that does not fit.
    #[error(transparent)]
    Number(#[from] NumberError),
}

codes!(SizingError {
    OutOfRange => "SIZING_OUT_OF_RANGE",
    Missing => "SIZING_MISSING",
    Number => "SIZING_NUMBER",
});
