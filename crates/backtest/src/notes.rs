//! What the fills of a run rest on, in words.

use algoflow_core::time::TimeDelta;
use algoflow_sim::{BarFill, BarPath, Depth, Fees, LimitFill, SimVenue, Slippage};

/// The models of a venue in one paragraph.
pub(crate) fn assumptions(venue: &SimVenue) -> String {
    let settings = venue.settings();
    let mut parts = Vec::new();
    parts.push(match settings.fill.bar {
        BarFill::SameClose => "market orders on bars fill at the close that decided".to_owned(),
        BarFill::NextOpen => "market orders on bars fill at the next open".to_owned(),
        BarFill::NextClose => "market orders on bars fill at the next close".to_owned(),
        BarFill::NextVwap => "market orders on bars fill at the next bar's typical price".to_owned(),
        other => format!("market orders on bars: {other:?}"),
    });
    parts.push(match settings.fill.path {
        BarPath::Ohlc => "inside a bar the high comes before the low".to_owned(),
        BarPath::Olhc => "inside a bar the low comes before the high".to_owned(),
        BarPath::Adaptive => "inside a bar the extreme nearer to the open comes first".to_owned(),
        BarPath::Worst => "inside a bar the extreme that is worse for us comes first".to_owned(),
        other => format!("inside a bar: {other:?}"),
    });
    parts.push(match settings.fill.limit {
        LimitFill::Touch => "resting limit orders fill when their price is touched".to_owned(),
        LimitFill::Through => {
            "resting limit orders fill when the market trades through their price".to_owned()
        }
        other => format!("resting limit orders: {other:?}"),
    });
    if settings.fill.depth == Depth::Infinite {
        parts.push("displayed sizes do not limit fills".to_owned());
    }
    parts.push(match &settings.fees {
        Fees::None => "no fees".to_owned(),
        Fees::Instrument => "fees as the instruments state".to_owned(),
        Fees::Custom(_) => "fees by a model of your own".to_owned(),
        other => format!("fees: {other:?}"),
    });
    parts.push(match &settings.slippage {
        Slippage::None => "no slippage".to_owned(),
        Slippage::Custom(_) => "slippage by a model of your own".to_owned(),
        other => format!("slippage: {other:?}"),
    });
    parts.push(match settings.participation {
        None => "fills of any size whatever the volume".to_owned(),
        Some(share) => format!("fills of at most {:.1} % of the volume", share * 100.0),
    });
    let latency = settings.latency;
    let delays = [("feed", latency.feed), ("order entry", latency.entry), ("acknowledgement", latency.ack)];
    let delays: Vec<String> = delays
        .iter()
        .filter(|(_, delay)| *delay > TimeDelta::ZERO)
        .map(|(name, delay)| format!("{name} {delay}"))
        .collect();
    parts.push(if delays.is_empty() {
        "no latency".to_owned()
    } else {
        format!("latency: {}", delays.join(", "))
    });
    if settings.reject.is_some() {
        parts.push("orders rejected at random".to_owned());
    }
    let name = venue.id().map_or_else(|_| "venue".to_owned(), |id| id.to_string());
    format!("{name}: {}.", parts.join("; "))
}
