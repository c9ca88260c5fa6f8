/// Why an indicator could not be built.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum IndicatorError {
    /// A window length lies outside what the indicator can compute.
    #[error("{indicator}: {parameter} must lie between {min} and {max}, got {value}")]
    PeriodOutOfRange {
        /// The indicator that was asked for.
        indicator: &'static str,
        /// The name of the constructor argument.
        parameter: &'static str,
        /// The smallest length accepted.
        min: usize,
        /// The greatest length accepted.
        max: usize,
        /// The length that was given.
        value: usize,
    },
    /// A real-valued parameter is not finite or lies outside its range.
    #[error("{indicator}: {parameter} must be {requirement}, got {value}")]
    ParameterOutOfRange {
        /// The indicator that was asked for.
        indicator: &'static str,
        /// The name of the constructor argument.
        parameter: &'static str,
        /// What is accepted, in words.
        requirement: &'static str,
        /// The value that was given.
        value: f64,
    },
    /// Two parameters that must be in ascending order are not.
    #[error("{indicator}: {lower} ({lower_value}) must be less than {upper} ({upper_value})")]
    Order {
        /// The indicator that was asked for.
        indicator: &'static str,
        /// The argument that has to be the smaller one.
        lower: &'static str,
        /// The value given for it.
        lower_value: f64,
        /// The argument that has to be the greater one.
        upper: &'static str,
        /// The value given for it.
        upper_value: f64,
    },
}

impl IndicatorError {
    /// A stable, machine-readable code for this kind of error.
    ///
    /// ```
    /// use algoflow_indicators::Sma;
    ///
    /// let error = Sma::new(0).unwrap_err();
    /// assert_eq!(error.code(), "INDICATOR_PERIOD_OUT_OF_RANGE");
    /// assert_eq!(error.to_string(), "Sma: period must lie between 1 and 16777216, got 0");
    /// ```
    pub fn code(&self) -> &'static str {
        match self {
            Self::PeriodOutOfRange { .. } => "INDICATOR_PERIOD_OUT_OF_RANGE",
            Self::ParameterOutOfRange { .. } => "INDICATOR_PARAMETER_OUT_OF_RANGE",
            Self::Order { .. } => "INDICATOR_PARAMETER_ORDER",
        }
    }
}
