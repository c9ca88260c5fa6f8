//! What happened before, for strategies to know (N9).

use std::collections::BTreeMap;

use algoflow_core::{
    bar_spec::BarSpec,
    error::VenueError,
    id::InstrumentId,
    market::MarketData,
    state::Subscription,
    time::{TimeDelta, Timestamp},
    venue::HistoryRequest,
};
use algoflow_execution::Input;

use super::{Effect, Now, Phase, Request, RequestId, Session, SessionError, TimeSource};

/// How many pieces of market data of a venue wait at most until strategies know what happened before (N9). More are dropped, and that is
/// told.
pub const MAX_WAITING_DATA: usize = 65_536;

/// How far a venue's past is known to strategies.
#[derive(Debug, Default)]
pub(super) enum WarmUp {
    /// It is to be asked for.
    #[default]
    Due,
    /// It was asked for.
    Asked(Box<Past>),
    /// It is told, or there is none.
    Done,
}

/// What is known of it so far.
#[derive(Debug, Default)]
pub(super) struct Past {
    pending: BTreeMap<RequestId, HistoryRequest>,
    known: Vec<MarketData>,
    /// What came meanwhile.
    waiting: Vec<MarketData>,
    dropped: u64,
}

impl Past {
    /// The market goes on meanwhile.
    pub(super) fn wait(&mut self, data: MarketData) {
        if self.waiting.len() < MAX_WAITING_DATA {
            self.waiting.push(data);
        } else {
            self.dropped = self.dropped.saturating_add(1);
        }
    }
}

impl Session {
    /// Asks for the past of a venue once strategies run and it is there.
    pub(super) fn look_back(
        &mut self,
        venue: usize,
        now: Now,
        effects: &mut Vec<Effect>,
    ) -> Result<(), SessionError> {
        let bars = self.config.warm_up;
        let running = self.phase == Phase::Running;
        let at = self.clock(now);
        let link = self.link(venue)?;
        if !(running && link.up && matches!(link.warm_up, WarmUp::Due)) {
            return Ok(());
        }
        link.warm_up = WarmUp::Done;
        let (facts, known_until) = (link.facts, link.known_until);
        if bars == 0 || link.no_history || facts.is_paced || self.config.time == TimeSource::Data {
            return Ok(());
        }
        let wanted =
            self.engine.subscriptions().into_iter().filter(|what| what.instrument().venue() == facts.id);
        let requests: Vec<_> = wanted
            .filter_map(|subscription| {
                let Subscription::Bars { spec, .. } = subscription else { return None };
                let span = TimeDelta::from_nanos(length(spec)?.nanos().saturating_mul(i64::from(bars)));
                let from = at.saturating_sub(span).max(known_until.unwrap_or(Timestamp::MIN));
                Some(HistoryRequest { subscription, from, to: at })
            })
            .collect();
        if requests.is_empty() {
            return Ok(());
        }
        let mut past = Box::<Past>::default();
        for request in requests {
            let id = self.ask(venue, Request::History(request.clone()), now, effects);
            past.pending.insert(id, request);
        }
        self.link(venue)?.warm_up = WarmUp::Asked(past);
        Ok(())
    }

    /// A venue cannot be reached: what it does meanwhile is to be found out later.
    pub(super) fn lose_sight(&mut self, venue: usize) -> Result<(), SessionError> {
        let running = self.phase == Phase::Running;
        let link = self.link(venue)?;
        if running && matches!(link.warm_up, WarmUp::Done) {
            (link.warm_up, link.known_until) = (WarmUp::Due, link.last_data.or(link.known_until));
        }
        Ok(())
    }

    /// A venue has told of its past, or does not.
    pub(super) fn on_history(
        &mut self,
        venue: usize,
        request: RequestId,
        answer: Result<Vec<MarketData>, VenueError>,
        now: Now,
        effects: &mut Vec<Effect>,
    ) -> Result<(), SessionError> {
        let (at, most) = (self.clock(now), self.config.warm_up);
        let link = self.link(venue)?;
        let id = link.facts.id;
        let WarmUp::Asked(past) = &mut link.warm_up else { return Ok(()) };
        let Some(asked) = past.pending.remove(&request) else { return Ok(()) };
        match answer {
            Ok(data) => {
                let mut bars: Vec<_> = data.into_iter().filter(|data| belongs(data, &asked, at)).collect();
                bars.sort_by_key(ended_at);
                bars.dedup_by_key(|data| ended_at(data));
                let spare = bars.len().saturating_sub(most as usize);
                past.known.extend(bars.drain(spare..));
            }
            Err(error) => {
                link.no_history |= matches!(error, VenueError::Unsupported { .. });
                let what = asked.subscription.instrument();
                let text = format!("strategies begin without the past of {what}: {id} says {error}");
                effects.push(Effect::Alert { code: "WARM_UP_FAILED", about: what.to_string(), text });
            }
        }
        if past.pending.is_empty() { self.tell_past(venue, now, effects) } else { Ok(()) }
    }

    /// Strategies are told of the past, then of what came meanwhile.
    fn tell_past(&mut self, venue: usize, now: Now, effects: &mut Vec<Effect>) -> Result<(), SessionError> {
        let link = self.link(venue)?;
        let id = link.facts.id;
        let WarmUp::Asked(past) = std::mem::replace(&mut link.warm_up, WarmUp::Done) else { return Ok(()) };
        let Past { mut known, waiting, dropped, .. } = *past;
        known.sort_by_key(ended_at);
        let mut told: BTreeMap<(InstrumentId, i64), Timestamp> = BTreeMap::new();
        for data in known {
            if let MarketData::Bar(bar) = &data {
                told.insert((bar.instrument, length(bar.spec).map_or(0, TimeDelta::nanos)), bar.ts_close);
            }
            self.feed(Input::WarmUp(data), now, effects)?;
        }
        for data in waiting {
            let again = match &data {
                MarketData::Bar(bar) => {
                    let key = (bar.instrument, length(bar.spec).map_or(0, TimeDelta::nanos));
                    told.get(&key).is_some_and(|until| bar.ts_close <= *until)
                }
                _ => false,
            };
            if !again {
                self.feed(Input::Market(data), now, effects)?;
            }
        }
        if dropped > 0 {
            let text = format!("{dropped} pieces of market data of {id} were dropped during the warm-up");
            effects.push(Effect::Alert { code: "WARM_UP_DROPPED", about: id.to_string(), text });
        }
        Ok(())
    }
}

/// How long a bar lasts at most, if that is known.
pub(super) const fn length(spec: BarSpec) -> Option<TimeDelta> {
    match spec {
        BarSpec::Time(length) => Some(length),
        BarSpec::Week => Some(TimeDelta::days(7)),
        BarSpec::Month => Some(TimeDelta::days(31)),
        _ => None,
    }
}

/// Whether it is a bar that was asked for, and complete.
fn belongs(data: &MarketData, asked: &HistoryRequest, now: Timestamp) -> bool {
    let (MarketData::Bar(bar), Subscription::Bars { instrument, spec, .. }) = (data, asked.subscription)
    else {
        return false;
    };
    bar.instrument == instrument && bar.spec == spec && bar.ts_close > asked.from && bar.ts_close <= now
}

fn ended_at(data: &MarketData) -> Timestamp {
    match data {
        MarketData::Bar(bar) => bar.ts_close,
        other => other.ts_recv(),
    }
}
