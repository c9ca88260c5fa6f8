//! The real prices that come with the command.

/// A file of daily bars.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    /// The file, below the folder of the configuration.
    pub(crate) path: &'static str,
    /// Its bytes: CSV, compressed with gzip.
    pub(crate) bytes: &'static [u8],
    /// The instrument that it is about.
    pub(crate) instrument: &'static str,
    /// What it is, in words.
    pub(crate) name: &'static str,
}

/// Daily bars of two stock indices, 1999 to 2018. Origin and license: `LICENSES.md` beside the files.
pub(crate) const SAMPLES: [Sample; 2] = [
    Sample {
        path: "data/sp500_daily.csv.gz",
        bytes: include_bytes!("../sample/sp500_daily.csv.gz"),
        instrument: "SPX.SIM",
        name: "the S&P 500 index",
    },
    Sample {
        path: "data/nasdaq_daily.csv.gz",
        bytes: include_bytes!("../sample/nasdaq_daily.csv.gz"),
        instrument: "COMP.SIM",
        name: "the NASDAQ Composite index",
    },
];

/// Where the files come from, and their license.
pub(crate) const LICENSES: &str = include_str!("../sample/LICENSES.md");
