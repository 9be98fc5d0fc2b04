//! Sizes, durations and instants in the form of each language.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use maud::{Markup, html};

use std::time::Duration;

use reforge_base::formatting;

use super::messages::Messages;
use super::told::no_break;

impl Messages {
    /// `1.5 GiB`, `1,5 ГиБ`.
    pub(super) fn bytes(&self, bytes: u64) -> String {
        no_break(&formatting::bytes(self.language, bytes))
    }

    /// One figure: `0.4 s`, `12 s`, `3 min`, `14 h`, `9 days`.
    pub(super) fn duration(&self, milliseconds: u64) -> String {
        no_break(&formatting::duration(self.language, Duration::from_millis(milliseconds)))
    }

    /// How long something is still possible, in two figures.
    pub(super) fn remaining(&self, milliseconds: u64) -> String {
        no_break(&formatting::remaining(self.language, Duration::from_millis(milliseconds)))
    }

    /// How long ago.
    pub(super) fn ago(&self, at: Timestamp, now: Timestamp) -> String {
        formatting::ago(self.language, at, now)
    }

    /// In Greenwich's time, which the page turns into the browser's.
    pub(super) fn instant(&self, at: Timestamp) -> Markup {
        html! { time datetime=(at.to_string()) { (self.instant_text(at)) } }
    }

    pub(super) fn instant_text(&self, at: Timestamp) -> String {
        let at = at.to_zoned(TimeZone::UTC);
        let month = self.text(&format!("month-{}", at.month()));
        let (day, year) = (at.day().to_string(), at.year().to_string());
        let time = format!("{:02}:{:02}", at.hour(), at.minute());
        let values = [("day", day.into()), ("month", month.into()), ("year", year.into()), ("time", time.into())];
        self.with("instant", values)
    }
}

#[cfg(test)]
mod tests {
    use super::super::language::Language;
    use super::super::messages::of;
    use super::*;

    #[test]
    fn instants_and_ages_have_the_form_of_the_language() {
        let (english, russian) = (of(Language::English), of(Language::Russian));
        let at: Timestamp = "2026-11-04T09:05:59Z".parse().unwrap();
        assert_eq!(english.instant_text(at), "4 Nov 2026, 09:05 UTC");
        assert_eq!(russian.instant_text(at), "4 нояб. 2026 г., 09:05 UTC");
        for (seconds, one, other) in [
            (-5, "just now", "только что"),
            (59, "just now", "только что"),
            (60, "1 minute ago", "1 минуту назад"),
            (180, "3 minutes ago", "3 минуты назад"),
            (7200, "2 hours ago", "2 часа назад"),
            (21 * 3600, "21 hours ago", "21 час назад"),
            (5 * 86_400, "5 days ago", "5 дней назад"),
        ] {
            let now = at + jiff::SignedDuration::from_secs(seconds);
            assert_eq!((english.ago(at, now), russian.ago(at, now)), (one.into(), other.into()));
        }
    }
}
