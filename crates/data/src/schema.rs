//! What the columns of a file mean: declared, or found out where that is safe.

use std::collections::BTreeMap;

use algoflow_core::number::Scale;
use serde::{Deserialize, Serialize};

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Column {
    /// The time of the record, or its date alone if [`Column::TimeOfDay`] holds the rest.
    Time,
    /// The time of day, in files that keep it apart from the date.
    TimeOfDay,
    /// When a bar began, in files that give both ends; [`Column::Time`] is its end then.
    TimeOpen,
    /// When the record was received.
    Received,
    /// The first price of a bar.
    Open,
    /// The highest price of a bar.
    High,
    /// The lowest price of a bar.
    Low,
    /// The last price of a bar.
    Close,
    /// The quantity traded in a bar.
    Volume,
    /// The price of a trade or level.
    Price,
    /// The quantity of a trade or level.
    Quantity,
    /// The side: `buy`, `b`, `bid`, `1` or `sell`, `s`, `ask`, `a`, `-1`. Of a trade, the side of the taker.
    Side,
    /// Whether the buyer was the maker, so that the seller took.
    BuyerMaker,
    /// The highest price bid.
    Bid,
    /// The quantity bid.
    BidSize,
    /// The lowest price asked.
    Ask,
    /// The quantity asked.
    AskSize,
    /// Whether a level belongs to a snapshot of the whole book.
    Snapshot,
    /// The venue's sequence number of a book record.
    Sequence,
    /// The symbol, in files with several.
    Symbol,
    /// The kind of a corporate action: `dividend` or `split`.
    Kind,
    /// The amount of a dividend or the ratio of a split.
    Value,
}

impl Column {
    /// What it is called in messages.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Time => "time",
            Self::TimeOfDay => "time of day",
            Self::TimeOpen => "time of the open",
            Self::Received => "received",
            Self::Open => "open",
            Self::High => "high",
            Self::Low => "low",
            Self::Close => "close",
            Self::Volume => "volume",
            Self::Price => "price",
            Self::Quantity => "quantity",
            Self::Side => "side",
            Self::BuyerMaker => "buyer_maker",
            Self::Bid => "bid",
            Self::BidSize => "bid size",
            Self::Ask => "ask",
            Self::AskSize => "ask size",
            Self::Snapshot => "snapshot",
            Self::Sequence => "sequence",
            Self::Symbol => "symbol",
            Self::Kind => "kind",
            Self::Value => "value",
        }
    }

    /// The spellings by which a column is known, in the order in which they are tried: lower case, without
    /// anything but letters and digits.
    pub(crate) const fn spellings(self) -> &'static [&'static str] {
        match self {
            Self::Time => &[
                "tsclosens",
                "tseventns",
                "tsclose",
                "tsns",
                "tsus",
                "tsms",
                "tss",
                "ts",
                "timestamp",
                "timestamputc",
                "tsevent",
                "datetime",
                "opentime",
                "closetime",
                "time",
                "date",
                "exdate",
                "unix",
                "unixtime",
                "epoch",
                "blocktimestamp",
                "transacttime",
                "tradetime",
                "eventtime",
            ],
            Self::TimeOfDay => &["time", "timeofday"],
            Self::TimeOpen => &["tsopenns", "tsopen"],
            Self::Received => &[
                "tsrecvns",
                "tsrecv",
                "tsinit",
                "localtimestamp",
                "localts",
                "received",
                "receivedat",
                "recvtime",
            ],
            Self::Open => &["open", "o", "openprice", "priceopen"],
            Self::High => &["high", "h", "highprice", "pricehigh"],
            Self::Low => &["low", "l", "lowprice", "pricelow"],
            Self::Close => &["close", "c", "closeprice", "priceclose"],
            Self::Volume => {
                &["volume", "vol", "v", "basevolume", "volumeusd", "amount", "qty", "quantity", "size"]
            }
            Self::Price => &["price", "p", "px", "tradeprice", "priceusd", "last"],
            Self::Quantity => {
                &["quantity", "qty", "size", "amount", "q", "volume", "vol", "tradeqty", "volumeusd"]
            }
            Self::Side => &["side", "aggressor", "aggressorside", "takerside", "direction"],
            Self::BuyerMaker => &["isbuyermaker", "buyermaker", "buyerismaker", "m"],
            Self::Bid => &["bid", "bidprice", "bestbid", "bestbidprice", "bidpx", "b"],
            Self::BidSize => {
                &["bidsize", "bidqty", "bidquantity", "bidamount", "bidvolume", "bestbidqty", "bidsz"]
            }
            Self::Ask => &["ask", "askprice", "bestask", "bestaskprice", "askpx", "offer", "a"],
            Self::AskSize => {
                &["asksize", "askqty", "askquantity", "askamount", "askvolume", "bestaskqty", "asksz"]
            }
            Self::Snapshot => &["issnapshot", "snapshot", "updatetype"],
            Self::Sequence => &["sequence", "seq", "lastupdateid", "updateid", "sequencenumber"],
            Self::Symbol => &["symbol", "ticker", "instrument", "poolid", "pair"],
            Self::Kind => &["kind", "type", "action"],
            Self::Value => &["value", "amount", "ratio"],
        }
    }
}

/// A column of a file, by its name in the header or by its place, counted from 0.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ColumnRef {
    /// The place, counted from 0.
    Index(usize),
    /// The name, exactly as in the header.
    Name(String),
}

impl From<usize> for ColumnRef {
    fn from(index: usize) -> Self {
        Self::Index(index)
    }
}
impl From<&str> for ColumnRef {
    fn from(name: &str) -> Self {
        Self::Name(name.into())
    }
}

/// The unit of times that are numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TimeUnit {
    /// Seconds since the Unix epoch; a fraction is allowed.
    #[serde(rename = "s")]
    Seconds,
    /// Milliseconds since the Unix epoch.
    #[serde(rename = "ms")]
    Millis,
    /// Microseconds since the Unix epoch.
    #[serde(rename = "us")]
    Micros,
    /// Nanoseconds since the Unix epoch.
    #[serde(rename = "ns")]
    Nanos,
}

impl TimeUnit {
    /// Nanoseconds in one unit.
    #[must_use]
    pub const fn nanos(self) -> i64 {
        match self {
            Self::Seconds => 1_000_000_000,
            Self::Millis => 1_000_000,
            Self::Micros => 1_000,
            Self::Nanos => 1,
        }
    }

    /// The unit that the size of a number suggests: seconds below 10^11 (the year 5138), then milliseconds below
    /// 10^14, microseconds below 10^17, nanoseconds above. Right for every time from 1973 to 5138.
    #[must_use]
    pub const fn by_magnitude(value: i64) -> Self {
        match value.unsigned_abs() {
            0..100_000_000_000 => Self::Seconds,
            100_000_000_000..100_000_000_000_000 => Self::Millis,
            100_000_000_000_000..100_000_000_000_000_000 => Self::Micros,
            _ => Self::Nanos,
        }
    }
}

/// Which end of a bar its time names.
///
/// Files do not say, and a wrong guess lets a strategy see a bar before it is complete, or too late. So it is never
/// guessed from the data: a column called `open_time` or `close_time` says it; otherwise [`StampIs::Close`] holds
/// unless the schema says [`StampIs::Open`]. Most exchanges stamp bars with their open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StampIs {
    /// The beginning.
    Open,
    /// The end.
    Close,
}

/// What a local time means that a change of the clocks skips or repeats.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LocalTime {
    /// It is an error.
    #[default]
    Refuse,
    /// The earlier of the two times it may mean.
    Earlier,
    /// The later one.
    Later,
}

/// When trading starts and ends on a day, for bars that are stamped with a date alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Session {
    /// The local time of the open, `09:30`; midnight if it is not given.
    pub open: Option<String>,
    /// The local time of the close, `16:00`.
    pub close: String,
}

/// What the columns of a file mean. Everything that is not declared is found out from the file, except
/// [`StampIs`].
///
/// ```
/// use algoflow_data::{Column, Schema, StampIs};
/// let schema = Schema {
///     stamp: Some(StampIs::Open),
///     zone: Some("America/New_York".into()),
///     ..Schema::default()
/// }
/// .column(Column::Close, "adj_close");
/// assert_eq!(schema.columns.len(), 1);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Schema {
    /// Which column holds what. Others are recognized by the usual spellings of their names.
    ///
    /// If `close` is mapped and the file has no open, high and low, these are taken to be the same as the close.
    pub columns: BTreeMap<Column, ColumnRef>,
    /// The character between columns: `,`, `;`, a tab or `|` if not declared. CSV only.
    pub delimiter: Option<char>,
    /// Whether the first line names the columns. If not declared: whether none of its cells is a number or a time.
    /// Without a header the columns are in the order time, open, high, low, close, volume; time, price,
    /// quantity, side; time, bid, bid size, ask, ask size; or time, side, price, quantity. CSV only.
    pub header: Option<bool>,
    /// Lines to skip before the header or the first row. CSV only.
    pub skip_lines: usize,
    /// Whether numbers are written `1,5` instead of `1.5`. Needs another delimiter than the comma. CSV only.
    pub decimal_comma: bool,
    /// The unit of times that are numbers. If not declared: what the name of the column says (`ts_ns`, `ts_us`,
    /// `ts_ms`, `ts_close_ns`, ...), or else [`TimeUnit::by_magnitude`] of the first one.
    pub time_unit: Option<TimeUnit>,
    /// The form of times that are text, in the notation of strptime: `%m/%d/%Y %H:%M`. If not declared: dates
    /// (`2024-01-02`, also with `/` or `.` and without any) and times after `T`, a space or nothing.
    pub time_format: Option<String>,
    /// The time zone of times without an offset: `America/New_York`. UTC if not declared.
    pub zone: Option<String>,
    /// What to do with local times that do not exist or exist twice.
    pub local_time: LocalTime,
    /// Which end of a bar its time names.
    pub stamp: Option<StampIs>,
    /// For bars stamped with a date: when trading starts and ends. If not declared, such a bar covers its whole day,
    /// from midnight to midnight in the zone.
    pub session: Option<Session>,
    /// The scale of prices. If not declared, the places that the prices need. What needs more is
    /// [`Problem::OutOfScale`](crate::Problem::OutOfScale).
    pub price_scale: Option<Scale>,
    /// The scale of volumes and sizes, likewise.
    pub quantity_scale: Option<Scale>,
    /// Only rows with this symbol are read; the others are counted as filtered.
    pub symbol: Option<String>,
    /// Whether prices may be zero or negative, as those of spreads may.
    pub any_price: bool,
    /// The file to read inside a zip archive. Needed only if there are several.
    pub entry: Option<String>,
}

impl Schema {
    /// The same with `column` mapped to a column of the file.
    #[must_use]
    pub fn column(mut self, column: Column, at: impl Into<ColumnRef>) -> Self {
        self.columns.insert(column, at.into());
        self
    }
}
