//! Figures and times as people read them.

use std::time::Duration;

use indicatif::BinaryBytes;

/// `1.50 GiB`.
pub fn bytes(bytes: u64) -> String {
    BinaryBytes(bytes).to_string()
}

/// `1 entry`, `2 entries`.
pub fn count(number: u64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// `0.4 s`, `12 s`, `3 min`, `14 h`, `9 d`: one figure, two digits.
pub fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let rounded = |unit: u64| (seconds + unit / 2) / unit;
    match seconds {
        0..10 => format!("{:.1} s", duration.as_secs_f64()),
        10..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", rounded(60)),
        7200..172_800 => format!("{} h", rounded(3600)),
        _ => format!("{} d", rounded(86_400)),
    }
}

/// How long ago, in the same words.
pub fn age(at: jiff::Timestamp) -> String {
    let passed = jiff::Timestamp::now().duration_since(at);
    match Duration::try_from(passed) {
        Ok(passed) if passed < Duration::from_secs(1) => "just now".to_owned(),
        Ok(passed) => format!("{} ago", duration(passed)),
        Err(_) => "in the future".to_owned(),
    }
}

/// An instant in the local zone, to the second.
pub fn instant(at: jiff::Timestamp) -> String {
    at.to_zoned(jiff::tz::TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_one_figure() {
        for (seconds, shown) in
            [(0.42, "0.4 s"), (59.0, "59 s"), (600.0, "10 min"), (50_400.0, "14 h"), (86_399.0, "24 h"), (1e6, "12 d")]
        {
            assert_eq!(duration(Duration::from_secs_f64(seconds)), shown);
        }
    }
}
