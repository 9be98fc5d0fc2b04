//! Sizes, durations and instants in the form of each language.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use maud::{Markup, html};

use super::language::Language;
use super::messages::Messages;
use super::numbers::{NO_BREAK, decimal, number};

impl Messages {
    /// `1.5 GiB`, `1,5 ГиБ`.
    pub(super) fn bytes(&self, bytes: u64) -> String {
        let units: [&str; 6] = match self.language {
            Language::English => ["B", "KiB", "MiB", "GiB", "TiB", "PiB"],
            Language::Russian => ["Б", "КиБ", "МиБ", "ГиБ", "ТиБ", "ПиБ"],
        };
        let mut scaled = bytes as f64;
        let mut unit = 0;
        while scaled >= 1024.0 && unit + 1 < units.len() {
            scaled /= 1024.0;
            unit += 1;
        }
        let figure = match unit {
            0 => bytes.to_string(),
            _ if scaled >= 99.95 => number(self.language, scaled.round() as u64),
            _ => decimal(self.language, scaled),
        };
        format!("{figure}{NO_BREAK}{}", units[unit])
    }

    /// One figure: `0.4 s`, `12 s`, `3 min`, `14 h`, `9 days`. The shortest is `0.1 s`: nothing is lost or takes no time
    /// at all.
    pub(super) fn duration(&self, milliseconds: u64) -> String {
        let seconds = milliseconds / 1000;
        let rounded = |unit: u64| (seconds + unit / 2) / unit;
        match seconds {
            0..10 => {
                let exact = decimal(self.language, milliseconds.max(100) as f64 / 1000.0);
                self.with("seconds", [("n", exact.into())])
            }
            10..120 => self.with("seconds", [("n", seconds.into())]),
            120..7200 => self.with("minutes", [("n", rounded(60).into())]),
            7200..172_800 => self.with("hours", [("n", rounded(3600).into())]),
            _ => self.with("days", [("n", rounded(86_400).into())]),
        }
    }

    /// How long something is still possible, in two figures and never more than it is: `23 h 59 min`, `2 days 12 h`.
    pub(super) fn remaining(&self, milliseconds: u64) -> String {
        let minutes = milliseconds / 60_000;
        let (hours, days) = (minutes / 60, minutes / 1440);
        let figure = |name: &str, n: u64| self.with(name, [("n", n.into())]);
        match minutes {
            0 => figure("seconds", milliseconds / 1000),
            1..60 => figure("minutes", minutes),
            60..2880 => format!("{} {}", figure("hours", hours), figure("minutes", minutes % 60)),
            _ => format!("{} {}", figure("days", days), figure("hours", hours % 24)),
        }
    }

    /// How long ago.
    pub(super) fn ago(&self, at: Timestamp, now: Timestamp) -> String {
        let seconds = now.duration_since(at).as_secs().max(0) as u64;
        match seconds {
            0..60 => self.text("just-now"),
            60..7200 => self.with("minutes-ago", [("n", (seconds / 60).into())]),
            7200..172_800 => self.with("hours-ago", [("n", (seconds / 3600).into())]),
            _ => self.with("days-ago", [("n", (seconds / 86_400).into())]),
        }
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
    use super::super::messages::of;
    use super::*;

    #[test]
    fn figures_have_the_form_of_the_language() {
        let (english, russian) = (of(Language::English), of(Language::Russian));
        for (bytes, one, other) in [
            (0, "0 B", "0 Б"),
            (1023, "1023 B", "1023 Б"),
            (1536, "1.5 KiB", "1,5 КиБ"),
            (150 << 20, "150 MiB", "150 МиБ"),
            (1023 << 30, "1,023 GiB", "1 023 ГиБ"),
            (u64::MAX, "16,384 PiB", "16 384 ПиБ"),
        ] {
            let plain = |text: String| text.replace(NO_BREAK, " ");
            assert_eq!((plain(english.bytes(bytes)).as_str(), plain(russian.bytes(bytes)).as_str()), (one, other));
        }
        for (milliseconds, one, other) in [
            (3, "0.1 s", "0,1 с"),
            (420, "0.4 s", "0,4 с"),
            (59_999, "59 s", "59 с"),
            (600_000, "10 min", "10 мин"),
            (50_400_000, "14 h", "14 ч"),
            (172_800_000, "2 days", "2 дня"),
            (1_000_000_000, "12 days", "12 дней"),
        ] {
            assert_eq!((english.duration(milliseconds), russian.duration(milliseconds)), (one.into(), other.into()));
        }
    }

    #[test]
    fn what_remains_is_never_said_to_be_more() {
        let russian = of(Language::Russian);
        for (milliseconds, text) in [
            (0, "0 с"),
            (59_999, "59 с"),
            (3_599_999, "59 мин"),
            (86_399_999, "23 ч 59 мин"),
            (86_400_000, "24 ч 0 мин"),
            (216_000_000, "2 дня 12 ч"),
        ] {
            assert_eq!(russian.remaining(milliseconds), text);
        }
    }

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
