use std::{
    collections::VecDeque,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

use futures_core::Stream;
use tokio_util::sync::CancellationToken;

use super::{Event, Message};

/// How many events other than messages wait to be read at most (W6).
pub const MAX_NOTICES: usize = 64;

/// What happens to a message when as many wait as may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overflow {
    /// Nothing is read from the connection until there is room: the venue will notice, and may close it.
    Wait,
    /// The oldest message that waits is lost, and [`Event::Lost`] tells how many were. For streams of which only the latest matters.
    DropOldest,
    /// The connection is dropped and made anew: the reader gets what waits, then the drop. For streams that must be complete.
    Reconnect,
}

/// What became of a message that was put into the queue.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Put {
    Done,
    /// There is no room, and the policy is to wait: here it is back.
    Wait(Message),
    /// There is no room for it, and so many wait; the policy is to reconnect.
    Overflow(usize),
}

#[derive(Debug)]
struct State {
    events: VecDeque<Event>,
    messages: usize,
    lost: u64,
    ended: bool,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

/// The events that wait to be read.
#[derive(Debug)]
pub(super) struct Queue {
    state: Mutex<State>,
    most: usize,
    overflow: Overflow,
}

impl Queue {
    pub(super) fn new(most: usize, overflow: Overflow) -> Self {
        let state =
            State { events: VecDeque::new(), messages: 0, lost: 0, ended: false, reader: None, writer: None };
        Self { state: Mutex::new(state), most, overflow }
    }

    pub(super) fn message(&self, message: Message) -> Put {
        let mut state = self.lock();
        if state.messages >= self.most {
            match self.overflow {
                Overflow::Wait => return Put::Wait(message),
                Overflow::Reconnect => return Put::Overflow(state.messages),
                Overflow::DropOldest => {
                    let oldest = state.events.iter().position(|event| matches!(event, Event::Message(_)));
                    if let Some(oldest) = oldest {
                        state.events.remove(oldest);
                        state.messages -= 1;
                        state.lost += 1;
                    }
                }
            }
        }
        state.messages += 1;
        state.events.push_back(Event::Message(message));
        wake(state.reader.take());
        Put::Done
    }

    /// Puts in an event that is no message. There is room: no attempt to connect begins without [`Queue::room_for_notices`].
    pub(super) fn notice(&self, event: Event) {
        let mut state = self.lock();
        state.events.push_back(event);
        wake(state.reader.take());
    }

    pub(super) fn end(&self) {
        let mut state = self.lock();
        state.ended = true;
        wake(state.reader.take());
    }

    /// Waits until a message fits.
    pub(super) async fn room_for_message(&self) {
        self.room(|state| state.messages < self.most).await;
    }

    /// Waits until the events of one more connection fit: that it is up, and that it is lost.
    pub(super) async fn room_for_notices(&self) {
        self.room(|state| state.events.len() - state.messages + 2 <= MAX_NOTICES).await;
    }

    async fn room(&self, fits: impl Fn(&State) -> bool) {
        std::future::poll_fn(|cx| {
            let mut state = self.lock();
            if fits(&state) {
                return Poll::Ready(());
            }
            state.writer = Some(cx.waker().clone());
            Poll::Pending
        })
        .await;
    }

    fn poll_next(&self, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        let mut state = self.lock();
        let lost = std::mem::take(&mut state.lost);
        if lost > 0 {
            return Poll::Ready(Some(Event::Lost { count: lost }));
        }
        match state.events.pop_front() {
            Some(event) => {
                state.messages -= usize::from(matches!(event, Event::Message(_)));
                wake(state.writer.take());
                Poll::Ready(Some(event))
            }
            None if state.ended => Poll::Ready(None),
            None => {
                state.reader = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        waker.wake();
    }
}

/// The events of a [`WebSocket`](super::WebSocket), in order. It ends when the connection is closed for good; dropping it closes the
/// connection.
#[derive(Debug)]
pub struct Events {
    pub(super) queue: Arc<Queue>,
    pub(super) closing: CancellationToken,
}

impl Stream for Events {
    type Item = Event;
    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        self.queue.poll_next(cx)
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        self.closing.cancel();
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    fn next(queue: &Queue) -> Option<Event> {
        std::future::poll_fn(|cx| queue.poll_next(cx)).now_or_never().flatten()
    }

    fn message(text: &str) -> Message {
        Message::text(text)
    }

    #[test]
    fn w6_the_oldest_is_lost_and_told() {
        let queue = Queue::new(2, Overflow::DropOldest);
        queue.notice(Event::Connected { attempts: 1 });
        for text in ["a", "b", "c", "d"] {
            assert_eq!(queue.message(message(text)), Put::Done);
        }
        let events: Vec<_> = std::iter::from_fn(|| next(&queue)).collect();
        let kept = ["c", "d"].map(|text| Event::Message(message(text)));
        let told = [Event::Lost { count: 2 }, Event::Connected { attempts: 1 }];
        assert_eq!(events, [told.as_slice(), kept.as_slice()].concat());
    }

    #[test]
    fn w6_or_it_waits_or_the_connection_is_dropped() {
        let queue = Queue::new(1, Overflow::Wait);
        assert_eq!(queue.message(message("a")), Put::Done);
        assert_eq!(queue.message(message("b")), Put::Wait(message("b")));
        assert!(queue.room_for_message().now_or_never().is_none());
        assert!(next(&queue).is_some());
        assert!(queue.room_for_message().now_or_never().is_some());

        let queue = Queue::new(1, Overflow::Reconnect);
        queue.message(message("a"));
        assert_eq!(queue.message(message("b")), Put::Overflow(1));
    }

    #[test]
    fn w6_no_attempt_without_room_for_its_events() {
        let queue = Queue::new(1, Overflow::Wait);
        for attempts in 1..MAX_NOTICES as u32 {
            queue.notice(Event::Connected { attempts });
        }
        assert!(queue.room_for_notices().now_or_never().is_none());
        next(&queue);
        assert!(queue.room_for_notices().now_or_never().is_some());
        queue.end();
        assert_eq!(std::iter::from_fn(|| next(&queue)).count(), MAX_NOTICES - 2);
    }
}
