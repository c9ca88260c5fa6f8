//! What the fills of a run rest on, in words.

use algoflow_core::time::TimeDelta;
use algoflow_sim::{Depth, SimVenue};

/// The models of a venue in one paragraph.
pub(crate) fn assumptions(venue: &SimVenue) -> String {
    let settings = venue.settings();
    let mut parts = vec![
        format!("market orders on bars fill {}", settings.fill.bar),
        format!("inside a bar {}", settings.fill.path),
        format!("resting limit orders fill {}", settings.fill.limit),
    ];
    if settings.fill.depth == Depth::Infinite {
        parts.push("displayed sizes do not limit fills".to_owned());
    }
    parts.push(settings.fees.to_string());
    parts.push(settings.slippage.to_string());
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
    if let Some(reject) = &settings.reject {
        parts.push(format!("{:.1} % of new orders rejected at random", reject.probability * 100.0));
    }
    let name = venue.id().map_or_else(|_| "venue".to_owned(), |id| id.to_string());
    format!("{name}: {}.", parts.join("; "))
}

/// `1 order`, `2 orders`.
pub(crate) fn orders(count: usize) -> String {
    format!("{count} order{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use algoflow_sim::{Fees, Latency, RejectModel, Slippage};

    use super::*;

    #[test]
    fn the_models_of_a_venue_are_words() {
        let venue = SimVenue::new("NYSE")
            .fees(Fees::bps(1))
            .slippage(Slippage::bps(2.0))
            .participation(0.1)
            .latency(Latency::new(TimeDelta::ZERO, TimeDelta::millis(20), TimeDelta::ZERO))
            .reject(RejectModel::new(0.05));
        assert_eq!(
            assumptions(&venue),
            "NYSE: market orders on bars fill at the next open; inside a bar the extreme nearer to the open comes \
             first; resting limit orders fill when the market trades through their price; fees of 1 basis point of \
             the value; slippage of 2 basis points; fills of at most 10.0 % of the volume; latency: order entry \
             20ms; 5.0 % of new orders rejected at random."
        );
        assert!(assumptions(&SimVenue::new("FREE").fees(Fees::None)).contains("; no fees; no slippage; "));
    }
}
