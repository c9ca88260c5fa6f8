//! Streams that are mute, and clocks that differ (N8, N10).

use std::collections::{BTreeMap, BTreeSet};

use algoflow_core::{
    bar_spec::BarSpec,
    error::VenueError,
    id::InstrumentId,
    market::{MarketData, TradingStatus},
    state::Subscription,
    time::{TimeDelta, Timestamp},
    trading::Standing,
};

use super::{Asked, Effect, Now, Phase, Request, Session, SessionError, TimeSource};

/// How often subscriptions are looked at, as a part of the time after which they are stale.
const LOOKS: i64 = 4;

/// A kind of data of an instrument that should never be mute for long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Quotes,
    Book,
    /// Bars of this many nanoseconds.
    Bars(i64),
}

/// When each subscription of a venue was last heard of, as time the process has run.
#[derive(Debug, Default)]
pub(super) struct Hearing {
    last: BTreeMap<(InstrumentId, Kind), TimeDelta>,
    /// Those that were found mute, until they are heard again.
    mute: BTreeSet<(InstrumentId, Kind)>,
    pub(super) next_look: Option<TimeDelta>,
}

impl Hearing {
    /// Quotes and books are expected from the subscription on, bars once the venue has shown that it gives them.
    pub(super) fn expect(&mut self, wanted: &[Subscription], now: Now) {
        let kind = |what: &Subscription| match what {
            Subscription::Quotes(id) => Some((*id, Kind::Quotes)),
            Subscription::Book(id) => Some((*id, Kind::Book)),
            _ => None,
        };
        for key in wanted.iter().filter_map(kind) {
            self.last.entry(key).or_insert(now.running);
        }
        self.next_look = self.next_look.or(Some(now.running));
    }

    /// A connection is new.
    pub(super) fn begin_anew(&mut self, now: Now) {
        self.last.values_mut().for_each(|heard| *heard = now.running);
    }

    /// Something was heard; whether it was mute before.
    fn hear(&mut self, data: &MarketData, now: Now) -> bool {
        let kind = match data {
            MarketData::Quote(_) => Kind::Quotes,
            MarketData::Depth(_) | MarketData::BookOrder(_) => Kind::Book,
            MarketData::Bar(bar) => match bar.spec {
                BarSpec::Time(length) => Kind::Bars(length.nanos()),
                _ => return false,
            },
            _ => return false,
        };
        let key = (data.instrument(), kind);
        match self.last.get_mut(&key) {
            Some(heard) => *heard = now.running,
            None if matches!(kind, Kind::Bars(_)) => drop(self.last.insert(key, now.running)),
            None => {}
        }
        !self.mute.is_empty() && self.mute.remove(&key)
    }
}

/// Why a venue is not relied on even though its account agrees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Doubtful {
    Clock,
    Mute,
}

impl Session {
    /// Market data came from a venue.
    pub(super) fn hear(&mut self, venue: usize, data: &MarketData, now: Now) -> Result<(), SessionError> {
        if self.config.stale_data_after.is_none() {
            return Ok(());
        }
        let link = self.link(venue)?;
        if !link.facts.is_paced && link.hearing.hear(data, now) && link.hearing.mute.is_empty() {
            link.doubtful.remove(&Doubtful::Mute);
            link.ask_soon(now);
        }
        Ok(())
    }

    /// Looks for subscriptions that are mute although the connection is up.
    pub(super) fn listen(
        &mut self,
        venue: usize,
        now: Now,
        effects: &mut Vec<Effect>,
    ) -> Result<(), SessionError> {
        let Some(after) = self.config.stale_data_after else { return Ok(()) };
        let running = self.phase == Phase::Running;
        let link = self.link(venue)?;
        let due = link.hearing.next_look.is_some_and(|due| due <= now.running);
        if !(link.up && due) || link.facts.is_paced {
            return Ok(());
        }
        link.hearing.next_look =
            Some(now.running.saturating_add(TimeDelta::from_nanos(after.nanos() / LOOKS)));
        if !running {
            return Ok(());
        }
        let is_mute = |(key, heard): (&(InstrumentId, Kind), &TimeDelta)| {
            let usual = match key.1 {
                Kind::Bars(length) => length,
                _ => 0,
            };
            let silence = now.running.nanos().saturating_sub(heard.nanos());
            (silence >= after.nanos().saturating_add(usual)).then_some((*key, TimeDelta::from_nanos(silence)))
        };
        let mute: Vec<_> = link.hearing.last.iter().filter_map(is_mute).collect();
        // A market that has closed has a reason to be mute.
        let known = link.hearing.mute.iter().map(|(id, _)| *id);
        let closed: BTreeSet<_> = known.chain(mute.iter().map(|((id, _), _)| *id)).collect();
        let closed: BTreeSet<_> = closed.into_iter().filter(|id| !self.is_open(*id)).collect();
        let link = self.link(venue)?;
        link.hearing.mute.retain(|(id, _)| !closed.contains(id));
        let mut found = Vec::new();
        for (key, silence) in mute {
            if !closed.contains(&key.0) && link.hearing.mute.insert(key) {
                found.push((key, silence));
            }
        }
        if link.hearing.mute.is_empty() && link.doubtful.remove(&Doubtful::Mute).is_some() {
            link.ask_soon(now);
        }
        if found.is_empty() {
            return Ok(());
        }
        for ((id, kind), silence) in &found {
            let what = match kind {
                Kind::Quotes => "quotes".to_owned(),
                Kind::Book => "the book".to_owned(),
                Kind::Bars(length) => format!("bars of {}", TimeDelta::from_nanos(*length)),
            };
            let text = format!("{what} of {id} have been mute for {silence} though the connection is up");
            effects.push(Effect::Alert { code: "SUBSCRIPTION_STALE", about: id.to_string(), text });
        }
        let count = found.len();
        let why = format!("{count} of its subscriptions are mute though the connection is up");
        link.doubtful.insert(Doubtful::Mute, why.clone());
        self.stand(venue, Standing::Uncertain { why }, now, effects)?;
        self.subscribe(venue, now, effects);
        Ok(())
    }

    fn is_open(&self, id: InstrumentId) -> bool {
        let known = self.engine.state().instruments.iter().find(|known| known.spec.id == id);
        known.is_some_and(|known| known.status == TradingStatus::Open)
    }

    /// Asks a venue for its time now and then.
    pub(super) fn compare_clocks(
        &mut self,
        venue: usize,
        now: Now,
        effects: &mut Vec<Effect>,
    ) -> Result<(), SessionError> {
        let every = self.config.reconcile_every;
        if self.config.max_clock_skew.is_none() || self.config.time == TimeSource::Data {
            return Ok(());
        }
        let link = self.link(venue)?;
        let due = link.next_clock.is_none_or(|due| due <= now.running);
        if link.facts.is_paced || link.no_clock || !link.up || !due {
            return Ok(());
        }
        link.next_clock = Some(now.running.saturating_add(every));
        self.ask(venue, Request::Time, now, effects);
        Ok(())
    }

    /// What a venue's clock said, somewhere between question and answer: so it is off by at least the offset from the middle less
    /// half the way there and back.
    pub(super) fn on_time(
        &mut self,
        venue: usize,
        asked: &Asked,
        answer: Result<Timestamp, VenueError>,
        now: Now,
        effects: &mut Vec<Effect>,
    ) -> Result<(), SessionError> {
        let Some(most) = self.config.max_clock_skew else { return Ok(()) };
        let link = self.link(venue)?;
        let theirs = match answer {
            Ok(theirs) => theirs,
            Err(error) => {
                link.no_clock = matches!(error, VenueError::Unsupported { .. });
                return Ok(());
            }
        };
        let half = now.running.nanos().saturating_sub(asked.sent.nanos()).max(0) / 2;
        let ours = now.wall.saturating_sub(TimeDelta::from_nanos(half));
        let skew = theirs.since(ours);
        link.clock_skew = Some(skew);
        let surely = skew.nanos().unsigned_abs().saturating_sub(half.unsigned_abs());
        if surely <= most.nanos().unsigned_abs() {
            if link.doubtful.remove(&Doubtful::Clock).is_some() {
                link.ask_soon(now);
            }
            return Ok(());
        }
        let why = format!("the clock of {} is {skew} from ours, more than {most}", link.facts.id);
        if link.doubtful.insert(Doubtful::Clock, why.clone()).is_none() {
            effects.push(Effect::Alert {
                code: "CLOCK_SKEW",
                about: link.facts.id.to_string(),
                text: why.clone(),
            });
        }
        self.stand(venue, Standing::Uncertain { why }, now, effects)
    }

    /// How far the venue's clock is ahead of ours, as it was measured last.
    #[must_use]
    pub fn clock_skew(&self, venue: usize) -> Option<TimeDelta> {
        self.links.get(venue)?.clock_skew
    }

    /// Whether the stream of a venue is connected.
    #[must_use]
    pub fn is_up(&self, venue: usize) -> bool {
        self.links.get(venue).is_some_and(|link| link.up)
    }

    /// The instruments of a venue of which subscriptions are mute though its connection is up.
    pub fn mute(&self, venue: usize) -> impl Iterator<Item = InstrumentId> + '_ {
        self.links.get(venue).into_iter().flat_map(|link| link.hearing.mute.iter().map(|(id, _)| *id))
    }
}
