//! The paper venue keeps the rules of a venue: live data come from a venue whose market this test moves.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::sync::{Arc, Mutex};

use algoflow_core::{
    capabilities::{Capabilities, Feature},
    command::{OrderRef, Submit},
    error::VenueError,
    ledger::AccountKind,
    prelude::*,
    venue::{AccountSnapshot, Ack, EventStream, Venue, VenueEvent},
};
use algoflow_live::{
    driver::{Clock, SystemClock},
    paper::PaperVenue,
};
use algoflow_sim::{Fees, SimVenue, default_capabilities};
use algoflow_testkit::{Cannot, Conformance, Rule, Stage};
use async_trait::async_trait;
use futures_util::StreamExt;
use tokio::sync::mpsc;

/// As many events wait for a reader of the source at most; more fail the test.
const MAX_WAITING: usize = 10_000;

fn id() -> InstrumentId {
    "BTC-USD.PAPER".parse().unwrap()
}

/// What both ends of the source share.
struct Market {
    bid: Price,
    ask: Price,
    streams: Vec<mpsc::Sender<VenueEvent>>,
}

/// A venue that only has a market. Whoever sends it an order has made a mistake.
struct Source {
    capabilities: Capabilities,
    market: Mutex<Market>,
}

impl Source {
    fn quote(market: &Market) -> VenueEvent {
        let (now, size) = (SystemClock.wall(), Quantity::from_int(1_000));
        let quote = Quote {
            instrument: id(),
            ts_event: now,
            ts_recv: now,
            bid: market.bid,
            ask: market.ask,
            bid_size: size,
            ask_size: size,
        };
        VenueEvent::Market(quote.into())
    }

    fn tell(&self, events: &[VenueEvent]) {
        let mut market = self.market.lock().unwrap();
        market.streams.retain(|stream| !stream.is_closed());
        for stream in &market.streams {
            for event in events {
                stream.try_send(event.clone()).unwrap();
            }
        }
    }

    fn open_streams(&self) -> usize {
        let mut market = self.market.lock().unwrap();
        market.streams.retain(|stream| !stream.is_closed());
        market.streams.len()
    }
}

#[async_trait]
impl Venue for Source {
    fn id(&self) -> VenueId {
        id().venue()
    }
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }
    async fn instruments(&self) -> Result<Vec<Instrument>, VenueError> {
        Ok(Vec::new())
    }
    async fn subscribe(&self, _: &[Subscription]) -> Result<EventStream, VenueError> {
        let (sender, mut receiver) = mpsc::channel(MAX_WAITING);
        let mut market = self.market.lock().unwrap();
        sender.try_send(VenueEvent::Connected).unwrap();
        sender.try_send(Self::quote(&market)).unwrap();
        market.streams.push(sender);
        Ok(Box::pin(futures_util::stream::poll_fn(move |context| receiver.poll_recv(context))))
    }
    async fn submit(&self, order: &Submit) -> Result<Ack, VenueError> {
        unreachable!("{order:?} was sent to the source")
    }
    async fn cancel(&self, order: &OrderRef) -> Result<Ack, VenueError> {
        unreachable!("{order:?} was cancelled at the source")
    }
    async fn account(&self, _: Timestamp) -> Result<AccountSnapshot, VenueError> {
        unreachable!("the account of the source was asked for")
    }
    async fn time(&self) -> Result<Timestamp, VenueError> {
        Ok(SystemClock.wall())
    }
}

/// Paper trading on a market that the suite moves.
struct Paper {
    capabilities: Capabilities,
    opened: Option<(Arc<Source>, PaperVenue)>,
}

impl Paper {
    fn source(&self) -> &Source {
        &self.opened.as_ref().unwrap().0
    }
}

#[async_trait]
impl Stage for Paper {
    async fn open(&mut self) -> Result<Arc<dyn Venue>, VenueError> {
        let market =
            Market { bid: "100.00".parse().unwrap(), ask: "100.01".parse().unwrap(), streams: Vec::new() };
        let source =
            Arc::new(Source { capabilities: Capabilities::all_native(), market: Mutex::new(market) });
        let mut spot = Instrument::spot(id().as_str()).unwrap();
        (spot.price_increment, spot.quantity_increment) = ("0.01".parse().unwrap(), "0.001".parse().unwrap());
        let venue = SimVenue::new("PAPER")
            .instrument(spot)
            .fees(Fees::bps(2))
            .with_capabilities(self.capabilities.clone());
        let cash = ["1000000 USD".parse().unwrap()];
        let data = Arc::clone(&source) as Arc<dyn Venue>;
        let paper = PaperVenue::live(&venue, data, AccountKind::Cash, &cash, 1).unwrap();
        // The simulation knows the market only once somebody has read of it.
        let mut first = paper.subscribe(&self.subscriptions()).await?;
        while !matches!(first.next().await, Some(VenueEvent::Market(_))) {}
        drop(first);
        self.opened = Some((source, paper.clone()));
        Ok(Arc::new(paper))
    }

    fn instrument(&self) -> InstrumentId {
        id()
    }

    fn quantity(&self) -> Quantity {
        Quantity::ONE
    }

    fn now(&self) -> Timestamp {
        SystemClock.wall()
    }

    async fn market(&mut self) -> Result<(Price, Price), VenueError> {
        let market = self.source().market.lock().unwrap();
        Ok((market.bid, market.ask))
    }

    async fn move_market(&mut self, bid: Price, ask: Price) -> Result<(), Cannot> {
        let source = self.source();
        let quote = {
            let mut market = source.market.lock().unwrap();
            (market.bid, market.ask) = (bid, ask);
            Source::quote(&market)
        };
        source.tell(&[quote]);
        Ok(())
    }

    async fn disconnect(&mut self) -> Result<(), Cannot> {
        let gap = VenueEvent::Gap { instruments: Vec::new(), reason: "it was away".to_owned() };
        let lost = VenueEvent::Disconnected { reason: "a cable".to_owned() };
        self.source().tell(&[lost, VenueEvent::Connected, gap]);
        Ok(())
    }

    async fn reopen(&mut self) -> Result<Arc<dyn Venue>, Cannot> {
        Ok(Arc::new(self.opened.as_ref().unwrap().1.clone()))
    }

    fn open_streams(&self) -> Option<usize> {
        Some(self.source().open_streams())
    }
}

/// What a simulation on quotes does.
fn capabilities() -> Capabilities {
    let why = "quotes show no auctions";
    default_capabilities().without(Feature::AtOpen, why).without(Feature::AtClose, why)
}

async fn check(capabilities: Capabilities, skipped: &[Rule]) {
    let report = Conformance::new().run(&mut Paper { capabilities, opened: None }).await;
    println!("{report}");
    report.assert_passed();
    assert_eq!(report.skipped().collect::<Vec<_>>(), skipped, "{report}");
}

#[tokio::test(start_paused = true)]
async fn a_paper_venue_keeps_every_rule() {
    // Of reducing orders the engine takes care (P7).
    check(capabilities(), &[Rule::ReduceOnly]).await;
}

#[tokio::test(start_paused = true)]
async fn what_a_venue_does_not_do_itself_it_refuses_on_paper_too() {
    let late = "triggers late";
    let capabilities = capabilities()
        .emulating(Feature::Stop, late)
        .emulating(Feature::StopLimit, late)
        .emulating(Feature::Gtd, "ends late")
        .without(Feature::Fok, "there is no such order")
        .without(Feature::Amend, "orders do not change");
    check(capabilities, &[Rule::FillOrKill, Rule::ReduceOnly]).await;
}
