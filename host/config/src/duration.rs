//! Durations as people write them: `10s`, `24h`, `1m 30s`, `7d`.

use reforge_base::Message;
use reforge_base::message;
use std::time::Duration;

use jiff::SpanRelativeTo;
use jiff::fmt::friendly::SpanParser;

/// Longest duration that is taken for meant: ten years.
const DURATION_SECONDS_MAX: u64 = 10 * 366 * 24 * 3600;

/// Reads a duration; a day is 24 hours. The error is one clause about the text.
pub fn parse(text: &str) -> Result<Duration, Message> {
    let unclear = || message!("is-not-a-duration");
    let span = SpanParser::new().parse_span(text).map_err(|_| unclear())?;
    let duration = span.to_duration(SpanRelativeTo::days_are_24_hours()).map_err(|_| unclear())?;
    let duration = Duration::try_from(duration).map_err(|_| message!("is-negative"))?;
    if duration.as_secs() > DURATION_SECONDS_MAX {
        return Err(message!("is-longer-than-ten-years"));
    }
    Ok(duration)
}

/// A duration as [`parse`] reads it.
pub fn text(duration: Duration) -> String {
    match duration.subsec_millis() {
        0 => format!("{}s", duration.as_secs()),
        _ => format!("{}ms", duration.as_millis()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_written_as_they_are_read() {
        for millis in [0, 250, 1000, 90_000, 86_400_000] {
            assert_eq!(parse(&text(Duration::from_millis(millis))), Ok(Duration::from_millis(millis)));
        }
    }

    #[test]
    fn durations_are_read_as_people_write_them() {
        for (text, seconds) in
            [("10s", 10), ("24h", 86_400), ("1m 30s", 90), ("7d", 604_800), ("2 hours", 7_200), ("0s", 0)]
        {
            assert_eq!(parse(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        assert_eq!(parse("250ms"), Ok(Duration::from_millis(250)));
    }

    #[test]
    fn what_is_not_a_duration_is_refused() {
        for (text, clause) in [
            ("", "is not a duration"),
            ("10", "is not a duration"),
            ("soon", "is not a duration"),
            ("1 month", "is not a duration"),
            ("-5s", "is negative"),
            ("5s ago", "is negative"),
            ("11y", "is not a duration"),
            ("100000h", "is longer than ten years"),
        ] {
            assert_eq!(parse(text), Err(Message::from(clause)), "{text}");
        }
    }
}
