use std::collections::BTreeMap;

use algoflow_core::time::{TimeDelta, Timestamp};

use super::Dropped;
use crate::error::NetError;

/// How many streams of one connection are watched at most.
pub const MAX_WATCHED: usize = 4_096;

/// What is due on a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Due {
    /// A ping is to be sent (W1).
    Ping,
    /// The protocol's own heartbeat is to be sent (W3).
    Heartbeat,
    /// The connection is to be dropped (W1, W2).
    Drop(Dropped),
}

#[derive(Clone, Copy, Debug)]
struct Watched {
    longest: TimeDelta,
    heard: Timestamp,
}

/// Whether a connection is alive, by rules W1 to W3 of the [module](super). It is told what happened and when, and never reads a clock.
#[derive(Clone, Debug)]
pub struct Liveness {
    ping_after: TimeDelta,
    dead_after: TimeDelta,
    heartbeat: Option<TimeDelta>,
    heard: Timestamp,
    pinged: Timestamp,
    beaten: Timestamp,
    streams: BTreeMap<String, Watched>,
}

impl Liveness {
    /// A connection that came up at `now`.
    #[must_use]
    pub const fn new(
        ping_after: TimeDelta,
        dead_after: TimeDelta,
        heartbeat: Option<TimeDelta>,
        now: Timestamp,
    ) -> Self {
        let streams = BTreeMap::new();
        Self { ping_after, dead_after, heartbeat, heard: now, pinged: now, beaten: now, streams }
    }

    /// A new connection came up: all silence counts from now. The streams that are watched stay.
    pub fn connected(&mut self, now: Timestamp) {
        (self.pinged, self.beaten) = (now, now);
        self.excuse(now);
    }

    /// Nothing was read for a reason of our own: silence counts from now.
    pub fn excuse(&mut self, now: Timestamp) {
        self.heard = now;
        self.streams.values_mut().for_each(|stream| stream.heard = now);
    }

    /// Something came, be it an answer to a ping.
    pub fn heard(&mut self, now: Timestamp) {
        self.heard = self.heard.max(now);
    }

    /// A message of a stream came.
    pub fn heard_of(&mut self, stream: &str, now: Timestamp) {
        if let Some(watched) = self.streams.get_mut(stream) {
            watched.heard = watched.heard.max(now);
        }
    }

    /// Watches a stream that may be silent for `longest`.
    ///
    /// # Errors
    /// [`NetError::TooManyStreams`] beyond [`MAX_WATCHED`], [`NetError::Setting`] if `longest` is not above zero.
    pub fn watch(&mut self, stream: &str, longest: TimeDelta, now: Timestamp) -> Result<(), NetError> {
        if longest <= TimeDelta::ZERO {
            return Err(NetError::setting("the longest silence", longest, "it must be above zero"));
        }
        if self.streams.len() >= MAX_WATCHED && !self.streams.contains_key(stream) {
            return Err(NetError::TooManyStreams { stream: stream.to_owned(), most: MAX_WATCHED });
        }
        self.streams.insert(stream.to_owned(), Watched { longest, heard: now });
        Ok(())
    }

    /// Watches a stream no more.
    pub fn unwatch(&mut self, stream: &str) {
        self.streams.remove(stream);
    }

    /// What is due at `now`, and is taken to be done then. The worst first.
    pub fn due(&mut self, now: Timestamp) -> Option<Due> {
        let silence = now.since(self.heard);
        if silence >= self.dead_after {
            return Some(Due::Drop(Dropped::Silent { silence }));
        }
        let stale = self.streams.iter().find(|(_, watched)| now.since(watched.heard) >= watched.longest);
        if let Some((stream, watched)) = stale {
            let (stream, silence) = (stream.clone(), now.since(watched.heard));
            return Some(Due::Drop(Dropped::Stale { stream, silence }));
        }
        if self.heartbeat.is_some_and(|interval| now.since(self.beaten) >= interval) {
            self.beaten = now;
            return Some(Due::Heartbeat);
        }
        if now >= self.next_ping() {
            self.pinged = now;
            return Some(Due::Ping);
        }
        None
    }

    /// When something may be due next.
    #[must_use]
    pub fn next_due(&self) -> Timestamp {
        let dead = self.heard.saturating_add(self.dead_after);
        let beat = self.heartbeat.map(|interval| self.beaten.saturating_add(interval));
        let stale = self.streams.values().map(|watched| watched.heard.saturating_add(watched.longest));
        stale.chain(beat).chain([dead, self.next_ping()]).min().unwrap_or(dead)
    }

    /// One ping for each stretch of silence, and not again before the next has gone by.
    fn next_ping(&self) -> Timestamp {
        self.heard.max(self.pinged).saturating_add(self.ping_after)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds).unwrap()
    }

    fn liveness(heartbeat: Option<i64>) -> Liveness {
        let heartbeat = heartbeat.map(TimeDelta::seconds);
        Liveness::new(TimeDelta::seconds(10), TimeDelta::seconds(25), heartbeat, at(0))
    }

    #[test]
    fn w1_silence_is_pinged_and_then_dropped() {
        let mut connection = liveness(None);
        assert_eq!((connection.due(at(9)), connection.next_due()), (None, at(10)));
        assert_eq!(connection.due(at(10)), Some(Due::Ping));
        assert_eq!((connection.due(at(10)), connection.next_due()), (None, at(20)));
        connection.heard(at(12));
        assert_eq!(connection.due(at(21)), None);
        assert_eq!(connection.due(at(22)), Some(Due::Ping));
        assert_eq!(connection.due(at(32)), Some(Due::Ping));
        assert_eq!((connection.due(at(36)), connection.next_due()), (None, at(37)));
        let silence = TimeDelta::seconds(25);
        assert_eq!(connection.due(at(37)), Some(Due::Drop(Dropped::Silent { silence })));
    }

    #[test]
    fn w2_a_mute_stream_is_stale_though_the_connection_lives() {
        let mut connection = liveness(None);
        connection.watch("book", TimeDelta::seconds(5), at(1)).unwrap();
        connection.watch("trades", TimeDelta::hours(1), at(1)).unwrap();
        connection.heard_of("book", at(4));
        connection.heard(at(8));
        connection.heard_of("trades", at(8));
        assert_eq!((connection.due(at(8)), connection.next_due()), (None, at(9)));
        let stale = Dropped::Stale { stream: "book".to_owned(), silence: TimeDelta::seconds(5) };
        assert_eq!(connection.due(at(9)), Some(Due::Drop(stale)));
        connection.connected(at(9));
        assert_eq!(connection.due(at(13)), None, "silence counts from the connection");
        connection.unwatch("book");
        assert_eq!(connection.due(at(14)), None);
    }

    #[test]
    fn w3_the_protocols_heartbeat_comes_whatever_is_heard() {
        let mut connection = liveness(Some(3));
        connection.heard(at(3));
        assert_eq!((connection.due(at(3)), connection.due(at(3))), (Some(Due::Heartbeat), None));
        assert_eq!(connection.next_due(), at(6));
    }

    #[test]
    fn watches_are_bounded() {
        let mut connection = liveness(None);
        for stream in 0..MAX_WATCHED {
            connection.watch(&stream.to_string(), TimeDelta::seconds(1), at(0)).unwrap();
        }
        let error = connection.watch("one more", TimeDelta::seconds(1), at(0)).unwrap_err();
        assert_eq!(error.code(), "NET_TOO_MANY_STREAMS");
        assert!(connection.watch("0", TimeDelta::seconds(2), at(0)).is_ok(), "known ones can be changed");
        assert!(connection.watch("0", TimeDelta::ZERO, at(0)).is_err());
    }

    proptest! {
        /// Nothing is due before `next_due`, and something is at it: so a shell that sleeps until then misses nothing and never spins.
        #[test]
        fn next_due_is_when_something_is_due(steps in prop::collection::vec((1_i64..40, 0_u8..4), 1..100)) {
            let mut connection = liveness(Some(7));
            connection.watch("s", TimeDelta::seconds(30), at(0)).unwrap();
            let mut now = at(0);
            for (pause, what) in steps {
                let next = connection.next_due();
                prop_assert!(next > now);
                let later = now.saturating_add(TimeDelta::seconds(pause));
                if later < next {
                    now = later;
                    prop_assert_eq!(connection.due(now), None);
                } else {
                    now = next;
                    prop_assert!(connection.due(now).is_some());
                    // A drop stays due until there is a new connection; whatever else is due at once is taken, too.
                    while let Some(due) = connection.due(now) {
                        if matches!(due, Due::Drop(_)) {
                            connection.connected(now);
                        }
                    }
                    if connection.next_due() <= now {
                        connection.connected(now);
                    }
                }
                match what {
                    0 => connection.heard(now),
                    1 => connection.heard_of("s", now),
                    _ => {}
                }
            }
        }
    }
}
