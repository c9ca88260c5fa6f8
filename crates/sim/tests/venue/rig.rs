//! A venue with one instrument, driven by short texts.
//!
//! Times are seconds. Bars last 60 seconds: bar 0 covers 0 to 60, and so on. An order is written
//! `side quantity kind [options]`; reports come back as texts like `take 10@101`.

use std::str::FromStr;

use algoflow_core::{
    bar_spec::BarSpec,
    command::{Amend, Command, OrderRef, Submit},
    id::OrderId,
    instrument::Instrument,
    market::{Bar, MarketData, Quote, Trade},
    number::{Price, Quantity},
    order::{
        CancelReason, Liquidity, Order, OrderEvent, OrderEventKind, OrderKind, OrderQuantity, OrderSpec,
        Side, TimeInForce, TrailingOffset, TriggerBy,
    },
    time::Timestamp,
};
use algoflow_sim::{BarFill, BarPath, Depth, Fees, LimitFill, SimExchange, SimVenue, Slippage, TradeFill};

pub(crate) fn spy() -> Instrument {
    Instrument::equity("SPY.NYSE", "USD").unwrap()
}

pub(crate) fn parse<T: FromStr>(text: &str) -> T {
    text.parse().ok().unwrap_or_else(|| panic!("cannot read {text:?}"))
}

pub(crate) fn at(seconds: f64) -> Timestamp {
    Timestamp::from_nanos((seconds * 1e9).round() as i64)
}

pub(crate) fn venue() -> SimVenue {
    SimVenue::new("NYSE").instrument(spy()).fees(Fees::None)
}

/// A venue with the settings named.
pub(crate) fn venue_with(settings: &str) -> SimVenue {
    settings.split_whitespace().fold(venue(), |venue, setting| match setting.split_once('=') {
        Some(("cap", part)) => venue.participation(parse(part)),
        Some(("ticks", count)) => venue.slippage(Slippage::Ticks(parse(count))),
        Some(("fee", bps)) => venue.fees(Fees::bps(parse::<i32>(bps))),
        Some(_) => panic!("unknown setting {setting}"),
        None => match setting {
            "same_close" => venue.bar_fill(BarFill::SameClose),
            "next_open" => venue.bar_fill(BarFill::NextOpen),
            "next_close" => venue.bar_fill(BarFill::NextClose),
            "next_vwap" => venue.bar_fill(BarFill::NextVwap),
            "ohlc" => venue.bar_path(BarPath::Ohlc),
            "olhc" => venue.bar_path(BarPath::Olhc),
            "adaptive" => venue.bar_path(BarPath::Adaptive),
            "worst" => venue.bar_path(BarPath::Worst),
            "touch" => venue.limit_fill(LimitFill::Touch),
            "through" => venue.limit_fill(LimitFill::Through),
            "next" => venue.trade_fill(TradeFill::Next),
            "last" => venue.trade_fill(TradeFill::Last),
            "infinite" => venue.depth(Depth::Infinite),
            _ => panic!("unknown setting {setting}"),
        },
    })
}

/// `buy 10 market`, `sell 5 limit 101 ioc`, `buy $1000 market`, `sell 10 stop 98`, `sell 10 stop 98 limit 97`,
/// `buy 10 touch 98`, `sell 10 trail 2 from 103`, `sell 10 trail 100bp`; options: a time in force (`gtd=90`),
/// `post`, `bidask`, `worst=101`, `slip=50` (basis points), `fee=0.5` (USD).
pub(crate) fn order(text: &str) -> OrderSpec {
    let mut words = text.split_whitespace().peekable();
    let side: Side = parse(words.next().unwrap());
    let amount = words.next().unwrap();
    let quantity = match amount.strip_prefix('$') {
        Some(amount) => OrderQuantity::Quote(parse(amount)),
        None => OrderQuantity::Base(parse(amount)),
    };
    let mut spec = OrderSpec::market(spy().id, side, quantity);
    let word = words.next().unwrap();
    let mut number = |after: &str| {
        if words.peek() == Some(&after) {
            words.next();
        } else if !after.is_empty() {
            return None;
        }
        words.next()
    };
    let price = |text: Option<&str>| parse::<Price>(text.unwrap());
    spec.kind = match word {
        "market" => OrderKind::Market,
        "limit" => OrderKind::Limit { price: price(number("")) },
        "stop" | "touch" => {
            let trigger = price(number(""));
            match (number("limit"), word) {
                (Some(limit), "stop") => OrderKind::StopLimit { trigger, price: parse(limit) },
                (None, "stop") => OrderKind::Stop { trigger },
                (Some(limit), _) => OrderKind::LimitIfTouched { trigger, price: parse(limit) },
                (None, _) => OrderKind::MarketIfTouched { trigger },
            }
        }
        "trail" => {
            let distance = number("").unwrap();
            let offset = match distance.strip_suffix("bp") {
                Some(points) => TrailingOffset::BasisPoints(parse(points)),
                None => TrailingOffset::Price(parse(distance)),
            };
            OrderKind::TrailingStop { offset, activation: number("from").map(parse) }
        }
        _ => panic!("unknown kind {word}"),
    };
    for word in words {
        match word.split_once('=').unwrap_or((word, "")) {
            ("gtc", _) => spec.time_in_force = TimeInForce::Gtc,
            ("ioc", _) => spec.time_in_force = TimeInForce::Ioc,
            ("fok", _) => spec.time_in_force = TimeInForce::Fok,
            ("day", _) => spec.time_in_force = TimeInForce::Day,
            ("at_open", _) => spec.time_in_force = TimeInForce::AtOpen,
            ("at_close", _) => spec.time_in_force = TimeInForce::AtClose,
            ("gtd", until) => spec.time_in_force = TimeInForce::Gtd(at(parse(until))),
            ("post", _) => spec.flags.post_only = true,
            ("bidask", _) => spec.trigger_by = TriggerBy::BidAsk,
            ("worst", price) => spec.protection.worst_price = Some(parse(price)),
            ("slip", points) => spec.protection.max_slippage_bps = Some(parse(points)),
            ("fee", amount) => spec.protection.max_fee = Some(parse(&format!("{amount} USD"))),
            _ => panic!("unknown option {word}"),
        }
    }
    spec
}

/// `open high low close [volume]`: bar number `index` of `seconds` each.
pub(crate) fn bar_of(index: usize, text: &str, seconds: i64) -> Bar {
    let words: Vec<&str> = text.split_whitespace().collect();
    let start = index as f64 * 60.0;
    Bar {
        instrument: spy().id,
        spec: BarSpec::seconds(seconds),
        ts_open: at(start + 60.0 - seconds as f64),
        ts_close: at(start + 60.0),
        ts_recv: at(start + 60.0),
        open: parse(words[0]),
        high: parse(words[1]),
        low: parse(words[2]),
        close: parse(words[3]),
        volume: words.get(4).map_or(Quantity::ZERO, |v| parse(v)),
    }
}

pub(crate) fn bar(index: usize, text: &str) -> Bar {
    bar_of(index, text, 60)
}

/// `bid x size / ask x size`: `99x10/101x20`.
pub(crate) fn quote(seconds: f64, text: &str) -> Quote {
    let (bid, ask) = text.split_once('/').unwrap();
    let side = |text: &str| {
        let (price, size) = text.split_once('x').unwrap();
        (parse::<Price>(price), parse::<Quantity>(size))
    };
    let ((bid, bid_size), (ask, ask_size)) = (side(bid), side(ask));
    Quote { instrument: spy().id, ts_event: at(seconds), ts_recv: at(seconds), bid, bid_size, ask, ask_size }
}

/// `quantity@price`, with `b` or `s` behind it for the side of the taker.
pub(crate) fn trade(seconds: f64, text: &str) -> Trade {
    let aggressor = match text.chars().last() {
        Some('b') => Some(Side::Buy),
        Some('s') => Some(Side::Sell),
        _ => None,
    };
    let (quantity, price) = text.trim_end_matches(['b', 's']).split_once('@').unwrap();
    Trade {
        instrument: spy().id,
        ts_event: at(seconds),
        ts_recv: at(seconds),
        price: parse(price),
        quantity: parse(quantity),
        aggressor,
    }
}

pub(crate) fn id(sequence: u64) -> OrderId {
    OrderId { run: 1, strategy: 0, sequence }
}

/// Prices without the zeros that a scale carries.
fn plain(number: impl ToString) -> String {
    let text = number.to_string();
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

pub(crate) fn describe(event: &OrderEvent) -> String {
    let what = match &event.kind {
        OrderEventKind::Accepted { venue_order } => {
            format!("accepted {}", venue_order.as_deref().unwrap_or("-"))
        }
        OrderEventKind::Rejected { code, .. } => format!("rejected {code}"),
        OrderEventKind::Triggered => "set off".to_owned(),
        OrderEventKind::Filled(fill) => {
            let how = if fill.liquidity == Liquidity::Maker { "make" } else { "take" };
            format!("{how} {}@{}", plain(fill.quantity), plain(fill.price))
        }
        OrderEventKind::Amended { quantity, .. } => format!("amended {}", plain(quantity)),
        OrderEventKind::AmendRejected { code, .. } => format!("amend refused {code}"),
        OrderEventKind::Cancelled { reason } => match reason {
            CancelReason::Requested => "cancelled".to_owned(),
            CancelReason::NotFilledAtOnce => "cancelled unfilled".to_owned(),
            CancelReason::Protection => "cancelled protection".to_owned(),
            CancelReason::Venue => "cancelled venue".to_owned(),
            other => format!("cancelled {other:?}"),
        },
        OrderEventKind::CancelRejected { code, .. } => format!("cancel refused {code}"),
        OrderEventKind::Expired => "expired".to_owned(),
        other => panic!("a venue does not report {other:?}"),
    };
    format!("{} {what}", event.order.sequence)
}

/// A venue and the engine's view of the orders sent to it. Every report must be legal for that view.
pub(crate) struct Rig {
    pub(crate) exchange: SimExchange,
    pub(crate) now: Timestamp,
    pub(crate) orders: Vec<Order>,
    pub(crate) events: Vec<OrderEvent>,
}

impl Rig {
    pub(crate) fn new(venue: &SimVenue) -> Self {
        Self {
            exchange: venue.start(7).unwrap(),
            now: Timestamp::EPOCH,
            orders: Vec::new(),
            events: Vec::new(),
        }
    }

    pub(crate) fn with(settings: &str) -> Self {
        Self::new(&venue_with(settings))
    }

    /// The next report, taken in by the engine's view.
    pub(crate) fn poll(&mut self) -> Option<String> {
        let event = self.exchange.poll().unwrap()?.clone();
        assert!(event.ts_recv <= self.now, "{event:?} is not due at {}", self.now);
        if let Some(order) = self.orders.iter_mut().find(|order| order.id == event.order) {
            order.apply(&event).unwrap();
        }
        let text = describe(&event);
        self.events.push(event);
        Some(text)
    }

    /// All reports that are due, acceptances left out.
    pub(crate) fn drain(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.poll()).filter(|text| !text.contains("accepted")).collect()
    }

    pub(crate) fn send(&mut self, spec: OrderSpec) -> OrderId {
        let order = id(self.orders.len() as u64 + 1);
        let mut view = Order::new(order, spec, self.now);
        let submitted = OrderEvent {
            order,
            instrument: spec.instrument,
            ts_event: self.now,
            ts_recv: self.now,
            kind: OrderEventKind::Submitted,
        };
        view.apply(&submitted).unwrap();
        self.orders.push(view);
        self.exchange.execute(&Command::Submit(Submit { order, spec }), self.now).unwrap();
        order
    }

    /// Sends an order and gives the reports that come at once, acceptances left out.
    pub(crate) fn place(&mut self, text: &str) -> Vec<String> {
        self.send(order(text));
        self.drain()
    }

    pub(crate) fn cancel(&mut self, sequence: u64) -> Vec<String> {
        let order = OrderRef { order: id(sequence), venue_order: None, instrument: spy().id };
        self.exchange.execute(&Command::Cancel(order), self.now).unwrap();
        self.drain()
    }

    /// Changes an order to what the text says.
    pub(crate) fn amend(&mut self, sequence: u64, text: &str) -> Vec<String> {
        let spec = order(text);
        let quantity = spec.quantity.value();
        let (instrument, kind) = (spec.instrument, spec.kind);
        let amend = Amend { order: id(sequence), venue_order: None, instrument, kind, quantity };
        self.exchange.execute(&Command::Amend(amend), self.now).unwrap();
        self.drain()
    }

    pub(crate) fn feed(&mut self, data: impl Into<MarketData>) -> Vec<String> {
        let data = data.into();
        self.now = data.ts_recv();
        self.exchange.on_market(&data).unwrap();
        self.drain()
    }

    pub(crate) fn bar(&mut self, index: usize, text: &str) -> Vec<String> {
        self.feed(bar(index, text))
    }

    pub(crate) fn quote(&mut self, seconds: f64, text: &str) -> Vec<String> {
        self.feed(quote(seconds, text))
    }

    pub(crate) fn trade(&mut self, seconds: f64, text: &str) -> Vec<String> {
        self.feed(trade(seconds, text))
    }

    pub(crate) fn advance(&mut self, seconds: f64) -> Vec<String> {
        self.now = at(seconds);
        self.exchange.advance(self.now).unwrap();
        self.drain()
    }
}
