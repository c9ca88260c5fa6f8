use algoflow_core::{id::VenueId, number::Money, state::State, time::Timestamp};
use algoflow_execution::{ControlAction, Halt, Input, risk::RiskEvent};
use tokio::sync::{mpsc, oneshot, watch};

use super::{
    LiveError, View,
    wish::{Reply, Wish},
};
use crate::session::{Event, Phase};

/// How trading stands, for those who watch.
#[derive(Clone, Debug, PartialEq)]
pub struct Status {
    /// Where the session stands.
    pub phase: Phase,
    /// The engine's time.
    pub now: Timestamp,
    /// The last entry of the journal, and the last that is durable.
    pub sequence: u64,
    /// The last entry that is durable.
    pub durable: u64,
    /// Each venue, and whether its account is known to agree with our books.
    pub venues: Vec<(VenueId, bool)>,
    /// How many orders are open.
    pub open_orders: usize,
    /// Of how many orders it is not known what became of them.
    pub in_doubt: usize,
    /// What everything is worth, if every price is known.
    pub equity: Option<Money>,
}

/// How trading ended.
#[derive(Debug)]
pub struct Outcome {
    /// Whether nothing was left in doubt.
    pub clean: bool,
    /// The last entry of the journal.
    pub sequence: u64,
    /// Orders, positions, accounts.
    pub state: State,
    /// Strategies that were halted by an error.
    pub halts: Vec<Halt>,
}

/// What came of something that an operator asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Controlled {
    /// The entry of the journal that holds it.
    pub sequence: u64,
    /// What risk management did.
    pub events: Vec<RiskEvent>,
}

/// Steers trading that runs.
#[derive(Clone, Debug)]
pub struct Handle {
    pub(super) controls: mpsc::Sender<Wish>,
    pub(super) status: watch::Receiver<Option<Status>>,
}

impl Handle {
    /// Ends trading: strategies are told, orders are cancelled if the settings say so.
    ///
    /// # Errors
    /// [`LiveError::Gone`] if it has ended.
    pub async fn stop(&self) -> Result<(), LiveError> {
        self.controls.send(Wish::Event(Event::Stop)).await.map_err(|_| LiveError::Gone)
    }

    /// Gives the engine an input, which is written into the journal like any other.
    ///
    /// # Errors
    /// [`LiveError::Gone`] if trading has ended.
    pub async fn input(&self, input: Input) -> Result<(), LiveError> {
        self.controls.send(Wish::Event(Event::Input(Box::new(input)))).await.map_err(|_| LiveError::Gone)
    }

    /// Asks the engine for something, at the time that it is there, and says what came of it. It is an input like any other, and
    /// in the journal.
    ///
    /// # Errors
    /// [`LiveError::Refused`] if it is not done, [`LiveError::Gone`] if trading has ended.
    pub async fn control(&self, action: ControlAction) -> Result<Controlled, LiveError> {
        let (reply, answer) = oneshot::channel();
        let wish = Wish::Control(Box::new(action), Reply(reply));
        self.controls.send(wish).await.map_err(|_| LiveError::Gone)?;
        answer.await.map_err(|_| LiveError::Gone)?
    }

    /// Looks at what trading knows, between two decisions. Nothing is decided while it looks, so it should only copy.
    ///
    /// # Errors
    /// [`LiveError::Gone`] if trading has ended.
    pub async fn look<T: Send + 'static>(
        &self,
        look: impl FnOnce(View<'_>) -> T + Send + 'static,
    ) -> Result<T, LiveError> {
        let (reply, answer) = oneshot::channel();
        let wish = Wish::Look(Box::new(move |view| {
            // Whoever asked may have gone.
            let _ = reply.send(look(view));
        }));
        self.controls.send(wish).await.map_err(|_| LiveError::Gone)?;
        answer.await.map_err(|_| LiveError::Gone)
    }

    /// How trading stood when something last changed; `None` before it began.
    #[must_use]
    pub fn status(&self) -> Option<Status> {
        self.status.borrow().clone()
    }

    /// Waits for the status to change.
    ///
    /// # Errors
    /// [`LiveError::Gone`] if trading has ended.
    pub async fn changed(&mut self) -> Result<(), LiveError> {
        self.status.changed().await.map_err(|_| LiveError::Gone)
    }
}
