use algoflow_core::{error::VenueError, order::RejectCode, time::TimeDelta};
use bytes::Bytes;

use super::Effect;

/// How long to wait after a 429 that does not say.
pub const DEFAULT_RETRY_AFTER: TimeDelta = TimeDelta::seconds(1);

/// How long to wait after a 418 that does not say: the address is banned.
pub const DEFAULT_BAN: TimeDelta = TimeDelta::minutes(2);

/// No `Retry-After` is believed beyond this.
pub const MAX_RETRY_AFTER: TimeDelta = TimeDelta::days(7);

/// How many characters of a body are quoted in an error.
pub const MAX_WORDS: usize = 256;

/// A whole answer of a venue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// The headers: names in lower case, values that are text.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Bytes,
}

impl Response {
    /// The first header of this name, which is in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Whether the status is of success.
    #[must_use]
    pub const fn is_success(&self) -> bool {
        matches!(self.status, 200..=299)
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// [`VenueError::Protocol`] if it is not what was expected.
    pub fn json<'a, T: serde::Deserialize<'a>>(&'a self) -> Result<T, VenueError> {
        serde_json::from_slice(&self.body).map_err(|error| VenueError::Protocol {
            reason: format!("{error} in an answer of {} bytes: {}", self.body.len(), self.words()),
        })
    }

    /// The beginning of the body, for people.
    #[must_use]
    pub fn words(&self) -> String {
        words(&self.body)
    }
}

/// The beginning of what a venue says, for people.
pub(crate) fn words(body: &[u8]) -> String {
    // A character has four bytes at most.
    let start = body.get(..MAX_WORDS * 4).unwrap_or(body);
    String::from_utf8_lossy(start).chars().filter(|c| !c.is_control()).take(MAX_WORDS).collect()
}

/// What a venue means by an answer: maps its error bodies to outcomes (O3). `None` is no opinion.
pub type Judge = fn(&Response) -> Option<VenueError>;

/// What became of a request whose whole answer is `response` (O3 to O7).
pub(super) fn judge(
    response: Response,
    effect: Effect,
    judge: Option<Judge>,
) -> Result<Response, VenueError> {
    if let Some(error) = judge.and_then(|judge| judge(&response)) {
        return Err(error);
    }
    let status = response.status;
    match status {
        200..=299 => Ok(response),
        418 | 429 => Err(VenueError::RateLimited { retry_after: retry_after(&response) }),
        401 | 403 => {
            Err(VenueError::Authentication { reason: format!("status {status}: {}", response.words()) })
        }
        408 => Err(unanswered(effect, format!("status {status}: {}", response.words()))),
        400..=499 => Err(VenueError::Rejected {
            code: RejectCode::Other,
            text: format!("status {status}: {}", response.words()),
        }),
        _ => Err(unanswered(effect, format!("status {status}: {}", response.words()))),
    }
}

/// What became of a request that was sent, and got no answer that says so (O2).
pub(super) fn unanswered(effect: Effect, evidence: String) -> VenueError {
    match effect {
        Effect::Possible => VenueError::Unknown { evidence },
        Effect::None => VenueError::Connection { reason: evidence },
    }
}

/// When the venue wants to be asked again (O4).
pub(super) fn retry_after(response: &Response) -> TimeDelta {
    match response.header("retry-after").and_then(wait_from_header) {
        Some(wait) => wait,
        None if response.status == 418 => DEFAULT_BAN,
        None => DEFAULT_RETRY_AFTER,
    }
}

/// The value of a `Retry-After` header in seconds; its other form, a date, is not used by venues.
pub(crate) fn wait_from_header(text: &str) -> Option<TimeDelta> {
    let seconds: u32 = text.trim().parse().ok()?;
    Some(TimeDelta::seconds(i64::from(seconds)).min(MAX_RETRY_AFTER))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, headers: &[(&str, &str)], body: &'static str) -> Response {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Response { status, headers, body: Bytes::from_static(body.as_bytes()) }
    }

    fn code(status: u16, effect: Effect) -> &'static str {
        judge(answer(status, &[], "words"), effect, None).map_or_else(|error| error.code(), |_| "OK")
    }

    #[test]
    fn o4_to_o7_outcomes_by_status() {
        let cases = [
            (200, "OK", "OK"),
            (301, "VENUE_OUTCOME_UNKNOWN", "VENUE_CONNECTION"),
            (400, "VENUE_REJECTED", "VENUE_REJECTED"),
            (401, "VENUE_AUTHENTICATION", "VENUE_AUTHENTICATION"),
            (403, "VENUE_AUTHENTICATION", "VENUE_AUTHENTICATION"),
            (404, "VENUE_REJECTED", "VENUE_REJECTED"),
            (408, "VENUE_OUTCOME_UNKNOWN", "VENUE_CONNECTION"),
            (418, "VENUE_RATE_LIMITED", "VENUE_RATE_LIMITED"),
            (429, "VENUE_RATE_LIMITED", "VENUE_RATE_LIMITED"),
            (500, "VENUE_OUTCOME_UNKNOWN", "VENUE_CONNECTION"),
            (503, "VENUE_OUTCOME_UNKNOWN", "VENUE_CONNECTION"),
            (504, "VENUE_OUTCOME_UNKNOWN", "VENUE_CONNECTION"),
            (999, "VENUE_OUTCOME_UNKNOWN", "VENUE_CONNECTION"),
        ];
        for (status, changes, reads) in cases {
            assert_eq!(
                (code(status, Effect::Possible), code(status, Effect::None)),
                (changes, reads),
                "{status}"
            );
        }
    }

    #[test]
    fn o4_the_time_to_wait() {
        let wait = |status, value| retry_after(&answer(status, &[("retry-after", value)], ""));
        assert_eq!(wait(429, " 7 "), TimeDelta::seconds(7));
        assert_eq!(wait(429, "4000000000"), MAX_RETRY_AFTER);
        assert_eq!(wait(429, "-5"), DEFAULT_RETRY_AFTER);
        assert_eq!(wait(429, "Wed, 21 Oct 2015 07:28:00 GMT"), DEFAULT_RETRY_AFTER);
        assert_eq!(retry_after(&answer(418, &[], "")), DEFAULT_BAN);
    }

    #[test]
    fn o3_the_venue_judges_first() {
        fn venue(response: &Response) -> Option<VenueError> {
            let code = RejectCode::InsufficientFunds;
            response.words().contains("-2010").then(|| VenueError::Rejected { code, text: response.words() })
        }
        let outcome = judge(answer(200, &[], "code -2010"), Effect::Possible, Some(venue));
        assert!(matches!(outcome, Err(VenueError::Rejected { code: RejectCode::InsufficientFunds, .. })));
        let outcome = judge(answer(400, &[], "other"), Effect::Possible, Some(venue));
        let text = "status 400: other".to_owned();
        assert_eq!(outcome, Err(VenueError::Rejected { code: RejectCode::Other, text }));
    }

    #[test]
    fn words_are_short_and_printable() {
        let long: &'static str = Box::leak("\u{1b}[31mß".repeat(10_000).into_boxed_str());
        let words = answer(500, &[], long).words();
        assert_eq!(words.chars().count(), MAX_WORDS);
        assert!(words.starts_with("[31mß[31m"));
        let error = answer(200, &[], "no json").json::<u32>().unwrap_err();
        assert_eq!(error.code(), "VENUE_PROTOCOL");
    }
}
