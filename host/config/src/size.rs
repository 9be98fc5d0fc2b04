//! Sizes as people write them: `512 MiB`, `20 GiB`.

use toml::Spanned;

use super::problems::Problems;
use reforge_base::{escape, message};

const UNITS: [(&str, u64); 4] = [("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("TiB", 1 << 40)];

/// Bytes; none if the text is no size.
pub(super) fn parse(text: &str) -> Option<u64> {
    let (number, unit) = UNITS.iter().find_map(|(suffix, unit)| Some((text.strip_suffix(suffix)?, unit)))?;
    number.trim().parse::<u64>().ok()?.checked_mul(*unit)
}

/// A size, or a problem.
pub(super) fn check_size(key: &str, raw: Option<Spanned<String>>, problems: &mut Problems<'_>) -> Option<u64> {
    let raw = raw?;
    let bytes = parse(raw.get_ref());
    if bytes.is_none() {
        let message = message!("key-is-which-is-no-size", key, text = escape::text(raw.get_ref()));
        problems.say(raw.span(), message, message!("write-for-example-20-gib"));
    }
    bytes
}

/// A size as [`parse`] reads it. It may only be one that was read.
pub(super) fn text(bytes: u64) -> String {
    let (suffix, unit) = UNITS.iter().rev().find(|(_, unit)| bytes.is_multiple_of(*unit)).unwrap_or(&UNITS[0]);
    format!("{} {suffix}", bytes / unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_people_write_them_and_written_as_they_are_read() {
        for (written, bytes, again) in [
            ("512 MiB", 512 << 20, "512 MiB"),
            ("1024MiB", 1 << 30, "1 GiB"),
            ("3 TiB", 3 << 40, "3 TiB"),
            ("1 KiB", 1 << 10, "1 KiB"),
        ] {
            assert_eq!(parse(written), Some(bytes), "{written}");
            assert_eq!(text(bytes), again);
            assert_eq!(parse(&text(bytes)), Some(bytes));
        }
        for none in ["", "5", "5 GB", "-1 MiB", "MiB", "1.5 GiB", "99999999999999 TiB"] {
            assert_eq!(parse(none), None, "{none}");
        }
    }
}
