use std::fmt;

macro_rules! rules {
    ($($name:ident $number:literal $short:literal $statement:literal;)*) => {
        /// A rule that a venue keeps, and the case that checks it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Rule {$(
            #[doc = concat!("**V", stringify!($number), "** ", $statement)]
            $name,
        )*}

        impl Rule {
            /// Every rule, by number.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Its number, which stays the same between versions.
            #[must_use]
            pub const fn number(self) -> u32 {
                match self {$(Self::$name => $number,)*}
            }

            /// Its name in a few words.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {$(Self::$name => $short,)*}
            }

            /// What must hold.
            #[must_use]
            pub const fn statement(self) -> &'static str {
                match self {$(Self::$name => $statement,)*}
            }
        }
    };
}

rules! {
    Instruments 1 "instruments"
        "Each instrument is of the venue, makes sense, and is listed once; the one that is traded is among them.";
    Reasons 2 "reasons"
        "What the venue does not do itself it says why or at which risk; requests have a lifetime above zero.";
    NativeAccepted 3 "native features"
        "An order that asks for a native feature is taken.";
    OthersRefused 4 "other features"
        "An order that asks for anything else is surely refused: never taken and changed, never of unknown outcome.";
    ClientId 5 "client ids"
        "A client id comes back as it was, in the stream, in the snapshot and when the order is asked for, with the terms that were asked for.";
    OneOrder 6 "one order an id"
        "The same client id twice makes one order.";
    LegalSteps 7 "legal steps"
        "The events of an order are a legal sequence of its states, wherever the acknowledgement comes.";
    Fills 8 "fills"
        "Fills have ids of their own, sum up to what has filled, are of the order's instrument and side, and are the same in stream and snapshot; fees are counted in a known asset.";
    CancelUnknown 9 "cancel of an unknown order"
        "The cancellation of an order that the venue never had is surely refused.";
    CancelFinished 10 "cancel of a finished order"
        "The cancellation of an order that has filled, or was cancelled, is surely refused.";
    CancelOpen 11 "cancel"
        "A cancelled order is told to be cancelled, is open no more, and does not fill.";
    Amend 12 "amend"
        "Where amendments are native, the new price and total hold, in stream and snapshot; elsewhere they are surely refused, and the order stays.";
    ImmediateOrCancel 13 "immediate or cancel"
        "What does not fill at once of an IOC order is gone.";
    FillOrKill 14 "fill or kill"
        "A FOK order that cannot fill in full does not fill at all and is gone; one that can, fills in full.";
    PostOnly 15 "post only"
        "A post-only order that would take does not fill as a taker; one that would not, rests.";
    ReduceOnly 16 "reduce only"
        "A reduce-only order never opens a position nor turns one around.";
    LimitPrice 17 "limit price"
        "A limit order that rests fills when the market comes to it, at its price or better.";
    Watermark 18 "watermark"
        "The watermark never goes back, nothing in the snapshot is after it, and it is complete from before it on.";
    Balances 19 "balances"
        "Balances and positions change by what the fills say, fees included; what is set aside is between zero and the total.";
    TwoSubscribers 20 "two subscribers"
        "Two streams tell the same of an order.";
    DroppedStream 21 "dropped streams"
        "A stream that is dropped stops, and the others go on.";
    Disconnect 22 "disconnects"
        "A lost connection is told as Disconnected, then Connected and a Gap; the stream goes on, and so does trading.";
    UnknownInstrument 23 "unknown instrument"
        "An order for an instrument that the venue does not have is surely refused.";
    MarketData 24 "market data"
        "What is subscribed to comes when the market moves: of that instrument, and not known before it happened.";
    Reconnected 25 "restarts"
        "Another connection to the account has the orders of the first, by their client ids.";
    Increments 26 "increments"
        "An order between the steps of price or quantity, or of no quantity, is surely refused, never rounded.";
    Clock 27 "clock"
        "The venue's clock does not run backwards; where it has none, it says so.";
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("V{}", self.number()))
    }
}
