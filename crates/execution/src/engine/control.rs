//! What is asked of the engine from outside, and how venues stand: states, limits, closing of positions.

use algoflow_core::{
    command::Command,
    id::{InstrumentId, StrategyId, VenueId},
    order::CancelReason,
    state::Request,
    strategy::Strategy,
    trading::{Standing, TradingState, VenueStanding},
};

use super::{Engine, exposure::Whose};
use crate::{
    control::{Control, ControlAction, Scope},
    error::EngineError,
    input::Input,
    risk::{RiskEvent, RiskEventKind, RiskLimits},
};

/// Why something that was asked for is not done.
type Refused = (&'static str, String);

impl Engine {
    /// [`Input::Control`] without the wrapping: what somebody who watches over trading asks for. What cannot be done is written
    /// down among [`Engine::risk_events`], and changes nothing.
    ///
    /// # Errors
    /// See [`Engine::process`].
    pub fn control(&mut self, control: &Control, commands: &mut Vec<Command>) -> Result<(), EngineError> {
        self.journaled(
            || Input::Control(control.clone()),
            commands,
            |engine, commands| {
                engine.state.now = engine.state.now.max(control.at);
                if let Err((code, text)) = engine.act_on(&control.action) {
                    let what = control.action.name().to_owned();
                    engine.log_risk(Whose::All, RiskEventKind::Refused { what, code: code.to_owned(), text });
                }
                engine.settle(commands)
            },
        )
    }

    /// [`Input::Standing`] without the wrapping: a venue stands otherwise than before (RK5 of [risk](crate::risk)).
    ///
    /// # Errors
    /// See [`Engine::process`].
    pub fn standing(
        &mut self,
        standing: &VenueStanding,
        commands: &mut Vec<Command>,
    ) -> Result<(), EngineError> {
        self.journaled(
            || Input::Standing(standing.clone()),
            commands,
            |engine, commands| {
                engine.state.now = engine.state.now.max(standing.at);
                engine.take_standing(standing, commands)?;
                engine.settle(commands)
            },
        )
    }

    /// Sets the limits of the account: of what all strategies do together. After the start this is an input like others.
    ///
    /// # Errors
    /// [`EngineError::Risk`] for limits that make no sense, [`EngineError::JournalWrite`].
    pub fn set_limits(&mut self, limits: RiskLimits) -> Result<(), EngineError> {
        self.set_limits_of(None, limits)
    }

    /// Sets the limits of one strategy. After the start this is an input like others.
    ///
    /// # Errors
    /// [`EngineError::UnknownStrategy`]; [`EngineError::Risk`] for limits that make no sense; [`EngineError::JournalWrite`].
    pub fn set_strategy_limits(
        &mut self,
        strategy: StrategyId,
        limits: RiskLimits,
    ) -> Result<(), EngineError> {
        self.set_limits_of(Some(strategy), limits)
    }

    fn set_limits_of(&mut self, strategy: Option<StrategyId>, limits: RiskLimits) -> Result<(), EngineError> {
        limits.validate()?;
        let whose = self.whose(strategy);
        let whose = whose.ok_or_else(|| EngineError::UnknownStrategy {
            strategy: strategy.map_or_else(String::new, |strategy| strategy.to_string()),
        })?;
        if !self.started {
            self.take_limits(whose, limits);
            return Ok(());
        }
        let action = ControlAction::Limits { strategy, limits: Box::new(limits) };
        self.control(&Control { at: self.state.now, action }, &mut Vec::new())
    }

    /// The limits of the account, or of one strategy.
    #[must_use]
    pub fn limits(&self, strategy: Option<StrategyId>) -> Option<&RiskLimits> {
        self.book(self.whose(strategy)?).map(|book| &book.limits)
    }

    /// What may be traded: by the account if no strategy is named, else by that strategy, which is the stricter of both.
    #[must_use]
    pub fn trading_state(&self, strategy: Option<StrategyId>) -> Option<TradingState> {
        match self.whose(strategy)? {
            Whose::All => Some(self.risk.account.state),
            Whose::One(strategy) => Some(self.risk.state_of(strategy)),
        }
    }

    /// How a venue stands; `None` if it was not registered.
    #[must_use]
    pub fn standing_of(&self, venue: VenueId) -> Option<&Standing> {
        self.venues.iter().find(|known| known.id == venue).map(|known| &known.standing)
    }

    /// What risk management did, and would not do: the last [`MAX_RISK_EVENTS`](crate::risk::MAX_RISK_EVENTS), oldest first.
    pub fn risk_events(&self) -> impl DoubleEndedIterator<Item = &RiskEvent> + ExactSizeIterator {
        self.risk.log.iter()
    }

    /// Writes down what risk management did.
    #[cold]
    pub(super) fn log_risk(&mut self, whose: Whose, kind: RiskEventKind) {
        let strategy = match whose {
            Whose::All => None,
            Whose::One(strategy) => self.state.strategies.get(strategy).copied(),
        };
        self.risk.log.push(self.state.now, strategy, kind);
    }

    /// The index of a strategy; `None` if there is none of that name.
    fn whose(&self, strategy: Option<StrategyId>) -> Option<Whose> {
        match strategy {
            None => Some(Whose::All),
            Some(name) => self.state.strategies.iter().position(|known| *known == name).map(Whose::One),
        }
    }

    fn act_on(&mut self, action: &ControlAction) -> Result<(), Refused> {
        match action {
            ControlAction::Halt { strategy, cancel_all, flatten, why } => {
                let whose = self.known(*strategy)?;
                self.stop_trading(whose, TradingState::Halted, *flatten, why);
                if *cancel_all {
                    self.cancel_open(whose, None);
                }
                if *flatten {
                    self.close_all(whose, None, true);
                }
            }
            ControlAction::ReduceOnly { strategy, why } => {
                let whose = self.known(*strategy)?;
                self.stop_trading(whose, TradingState::ReduceOnly, false, why);
            }
            ControlAction::Resume { strategy, why } => self.resume(self.known(*strategy)?, why),
            ControlAction::CancelAll { scope } => {
                let (whose, instrument) = self.within_scope(scope)?;
                self.cancel_open(whose, instrument);
            }
            ControlAction::Flatten { scope } => {
                let (whose, instrument) = self.within_scope(scope)?;
                self.close_all(whose, instrument, false);
            }
            ControlAction::Limits { strategy, limits } => {
                limits.validate().map_err(|error| (error.code(), error.to_string()))?;
                let whose = self.known(*strategy)?;
                self.take_limits(whose, (**limits).clone());
                self.log_risk(whose, RiskEventKind::Limits);
            }
            ControlAction::Parameters { strategy, parameters } => {
                let whose = self.known(Some(*strategy))?;
                self.take_parameters(whose, parameters)?;
                self.log_risk(whose, RiskEventKind::Parameters);
            }
        }
        Ok(())
    }

    fn known(&self, strategy: Option<StrategyId>) -> Result<Whose, Refused> {
        self.whose(strategy).ok_or_else(|| {
            let name = strategy.map_or_else(String::new, |name| name.to_string());
            ("ENGINE_UNKNOWN_STRATEGY", format!("there is no strategy {name}"))
        })
    }

    fn within_scope(&self, scope: &Scope) -> Result<(Whose, Option<usize>), Refused> {
        let index = |id: InstrumentId| {
            let index = self.state.instruments.index(id);
            index.ok_or_else(|| ("ENGINE_UNKNOWN_INSTRUMENT", format!("there is no instrument {id}")))
        };
        Ok((self.known(scope.strategy)?, scope.instrument.map(index).transpose()?))
    }

    /// By hand: it ends by hand.
    fn stop_trading(&mut self, whose: Whose, to: TradingState, flat: bool, why: &str) {
        if let Some(book) = self.book_mut(whose) {
            book.resume_at = None;
            book.flat = flat;
        }
        self.set_state(whose, to, why);
        self.risk.trim = true;
    }

    /// RK12.
    fn resume(&mut self, whose: Whose, why: &str) {
        if let Some(book) = self.book_mut(whose) {
            book.resume_at = None;
            book.flat = false;
            book.begin_anew();
        }
        self.set_state(whose, TradingState::Active, why);
        self.stir();
    }

    /// Sets a state, and tells the strategies whose own it changes.
    pub(super) fn set_state(&mut self, whose: Whose, to: TradingState, why: &str) {
        let Some(book) = self.book_mut(whose) else { return };
        let from = std::mem::replace(&mut book.state, to);
        if from != to {
            self.log_risk(whose, RiskEventKind::State { from, to, why: why.to_owned() });
        }
        self.refresh_guard();
        for strategy in 0..self.strategies.len() {
            let now = self.risk.state_of(strategy);
            let Some(told) = self.state.trading.get_mut(strategy) else { continue };
            if std::mem::replace(told, now) != now {
                self.call(strategy, |strategy, ctx| Strategy::on_trading_state(strategy, ctx, now));
            }
        }
    }

    pub(super) fn is_to_be_guarded(&self) -> bool {
        self.risk.books().any(crate::risk::Book::is_active)
            || self.venues.iter().any(|venue| !venue.standing.is_ready())
    }

    /// Whether there is anything to check or count (RK1).
    fn refresh_guard(&mut self) {
        let was = self.guarded;
        self.guarded = self.is_to_be_guarded();
        if self.guarded && !was {
            self.begin_counting();
        }
    }

    fn take_limits(&mut self, whose: Whose, limits: RiskLimits) {
        if let Some(book) = self.book_mut(whose) {
            book.limits = limits;
        }
        self.refresh_guard();
        if self.started {
            self.stir();
        }
    }

    fn take_parameters(&mut self, whose: Whose, parameters: &serde_json::Value) -> Result<(), Refused> {
        let Whose::One(index) = whose else { return Ok(()) };
        let before = self.state.requests.len();
        let Some(slot) = self.strategies.get_mut(index) else { return Ok(()) };
        if slot.halted {
            return Err(("ENGINE_STRATEGY_HALTED", "the strategy was halted by an error".to_owned()));
        }
        let mut context = algoflow_core::context::Context::new(&mut self.state, index);
        let Err(error) = slot.strategy.set_parameters(&mut context, parameters) else { return Ok(()) };
        // All or nothing: what it asked for on the way is dropped.
        for request in self.state.requests.drain(before..) {
            if let Request::Submit(id) = request {
                self.links.to_cancel.push((id, CancelReason::Requested));
            }
        }
        Err((error.code(), error.to_string()))
    }

    /// Cancels what is open.
    fn cancel_open(&mut self, whose: Whose, instrument: Option<usize>) {
        let open = self.state.orders.open_entries().filter(|entry| {
            let of_theirs = match whose {
                Whose::All => true,
                Whose::One(strategy) => usize::from(entry.order.id.strategy) == strategy,
            };
            of_theirs && instrument.is_none_or(|instrument| entry.instrument == instrument)
        });
        self.links.to_cancel.extend(open.map(|entry| (entry.order.id, CancelReason::Requested)));
    }

    /// Closes positions; if `insist`, what is ordered meanwhile is cancelled too.
    pub(super) fn close_all(&mut self, whose: Whose, instrument: Option<usize>, insist: bool) {
        let strategies = match whose {
            Whose::All => 0..self.strategies.len(),
            Whose::One(strategy) => strategy..strategy.saturating_add(1),
        };
        let instruments = match instrument {
            None => 0..self.state.instruments.len(),
            Some(instrument) => instrument..instrument.saturating_add(1),
        };
        for strategy in strategies {
            for instrument in instruments.clone() {
                self.close_out(strategy, instrument, CancelReason::RiskLimit, insist);
            }
        }
    }

    fn take_standing(
        &mut self,
        told: &VenueStanding,
        commands: &mut Vec<Command>,
    ) -> Result<(), EngineError> {
        let Some(venue) = self.venues.iter_mut().find(|venue| venue.id == told.venue) else {
            let text = format!("there is no venue {}", told.venue);
            let (what, code) = ("standing".to_owned(), "ENGINE_UNKNOWN_VENUE".to_owned());
            self.log_risk(Whose::All, RiskEventKind::Refused { what, code, text });
            return Ok(());
        };
        if venue.standing == told.standing {
            return Ok(());
        }
        let was_down = venue.standing.is_down();
        venue.standing = told.standing.clone();
        self.forget_shown(told);
        self.log_risk(Whose::All, RiskEventKind::Standing(told.clone()));
        self.refresh_guard();
        for strategy in 0..self.strategies.len() {
            self.call(strategy, |strategy, ctx| Strategy::on_standing(strategy, ctx, told));
        }
        if was_down && !matches!(told.standing, Standing::Down { .. }) {
            // What could not be sent or changed meanwhile.
            for number in self.links.groups.keys().copied().collect::<Vec<_>>() {
                self.ask_again(number);
                self.sync_group(number, false, commands)?;
            }
        }
        Ok(())
    }
}
