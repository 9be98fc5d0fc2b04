//! Figures and times as people read them, in the form of each language. A page puts no-break spaces where these have
//! spaces.

use std::time::Duration;

use crate::catalogue::{self, Value};
use crate::language::Language;
use crate::numbers::{decimal, number};

/// `1.5 GiB`, `1,5 ГиБ`: three digits at most.
pub fn bytes(language: Language, bytes: u64) -> String {
    let units: [&str; 6] = match language {
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
        _ if scaled >= 99.95 => number(language, scaled.round() as u64),
        _ => decimal(language, scaled),
    };
    format!("{figure} {}", units[unit])
}

/// `0.4 s`, `12 s`, `3 min`, `14 h`, `9 days`: one figure, two digits. The shortest is `0.1 s`: nothing takes no time at
/// all.
pub fn duration(language: Language, duration: Duration) -> String {
    let seconds = duration.as_secs();
    let rounded = |unit: u64| (seconds + unit / 2) / unit;
    match seconds {
        0..10 => {
            let exact = decimal(language, duration.as_secs_f64().max(0.1));
            figure(language, "seconds", Value::Text(&exact))
        }
        10..120 => figure(language, "seconds", Value::Count(seconds as i64)),
        120..7200 => figure(language, "minutes", Value::Count(rounded(60) as i64)),
        7200..172_800 => figure(language, "hours", Value::Count(rounded(3600) as i64)),
        _ => figure(language, "days", Value::Count(rounded(86_400) as i64)),
    }
}

/// How long something is still possible, in two figures and never more than it is: `23 h 59 min`, `2 days 12 h`.
pub fn remaining(language: Language, left: Duration) -> String {
    let minutes = left.as_secs() / 60;
    let (hours, days) = (minutes / 60, minutes / 1440);
    let figure = |name, n: u64| figure(language, name, Value::Count(n as i64));
    match minutes {
        0 => figure("seconds", left.as_secs()),
        1..60 => figure("minutes", minutes),
        60..2880 => format!("{} {}", figure("hours", hours), figure("minutes", minutes % 60)),
        _ => format!("{} {}", figure("days", days), figure("hours", hours % 24)),
    }
}

/// How long ago.
pub fn ago(language: Language, at: jiff::Timestamp, now: jiff::Timestamp) -> String {
    let seconds = now.duration_since(at).as_secs();
    match seconds {
        ..-60 => figure(language, "in-the-future", Value::Count(0)),
        -60..60 => figure(language, "just-now", Value::Count(0)),
        60..7200 => figure(language, "minutes-ago", Value::Count(seconds / 60)),
        7200..172_800 => figure(language, "hours-ago", Value::Count(seconds / 3600)),
        _ => figure(language, "days-ago", Value::Count(seconds / 86_400)),
    }
}

/// An instant in the local zone, to the second.
pub fn instant(at: jiff::Timestamp) -> String {
    at.to_zoned(jiff::tz::TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

fn figure(language: Language, id: &str, n: Value<'_>) -> String {
    catalogue::format(language, id, &[("n", n)]).unwrap_or_else(|| id.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOTH: [Language; 2] = Language::ALL;

    #[test]
    fn figures_have_the_form_of_the_language() {
        for (count, said) in [
            (0, ["0 B", "0 Б"]),
            (1023, ["1023 B", "1023 Б"]),
            (1536, ["1.5 KiB", "1,5 КиБ"]),
            (150 << 20, ["150 MiB", "150 МиБ"]),
            (1023 << 30, ["1,023 GiB", "1\u{a0}023 ГиБ"]),
            (u64::MAX, ["16,384 PiB", "16\u{a0}384 ПиБ"]),
        ] {
            assert_eq!(BOTH.map(|language| bytes(language, count)), said);
        }
        for (milliseconds, said) in [
            (3, ["0.1 s", "0,1 с"]),
            (420, ["0.4 s", "0,4 с"]),
            (59_999, ["59 s", "59 с"]),
            (600_000, ["10 min", "10 мин"]),
            (50_400_000, ["14 h", "14 ч"]),
            (172_800_000, ["2 days", "2 дня"]),
            (1_000_000_000, ["12 days", "12 дней"]),
        ] {
            assert_eq!(BOTH.map(|language| duration(language, Duration::from_millis(milliseconds))), said);
        }
    }

    #[test]
    fn what_remains_is_never_said_to_be_more() {
        for (milliseconds, text) in [
            (0, "0 с"),
            (59_999, "59 с"),
            (3_599_999, "59 мин"),
            (86_399_999, "23 ч 59 мин"),
            (86_400_000, "24 ч 0 мин"),
            (216_000_000, "2 дня 12 ч"),
        ] {
            assert_eq!(remaining(Language::Russian, Duration::from_millis(milliseconds)), text);
        }
    }

    #[test]
    fn ages_have_the_form_of_the_language() {
        let at: jiff::Timestamp = "2026-11-04T09:05:59Z".parse().unwrap();
        for (seconds, said) in [
            (-61, ["in the future", "в будущем"]),
            (-5, ["just now", "только что"]),
            (59, ["just now", "только что"]),
            (60, ["1 minute ago", "1 минуту назад"]),
            (180, ["3 minutes ago", "3 минуты назад"]),
            (7200, ["2 hours ago", "2 часа назад"]),
            (21 * 3600, ["21 hours ago", "21 час назад"]),
            (5 * 86_400, ["5 days ago", "5 дней назад"]),
        ] {
            let now = at + jiff::SignedDuration::from_secs(seconds);
            assert_eq!(BOTH.map(|language| ago(language, at, now)), said);
        }
    }
}
