//! How things look on a terminal: a little colour where it carries meaning, columns, and figures for people.

use std::time::Duration;

use indicatif::BinaryBytes;

/// Colours, or none: not on a terminal, or `NO_COLOR` is set.
#[derive(Clone, Copy)]
pub struct Style {
    colours: bool,
}

impl Style {
    pub fn new(is_terminal: bool) -> Style {
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        Style { colours: is_terminal && !plain && !dumb }
    }

    fn paint(self, code: &str, text: &str) -> String {
        if self.colours { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    pub fn bold(self, text: &str) -> String {
        self.paint("1", text)
    }

    pub fn dim(self, text: &str) -> String {
        self.paint("2", text)
    }

    pub fn red(self, text: &str) -> String {
        self.paint("1;31", text)
    }

    pub fn green(self, text: &str) -> String {
        self.paint("1;32", text)
    }

    pub fn yellow(self, text: &str) -> String {
        self.paint("1;33", text)
    }
}

/// Left-aligned columns, two spaces between, the first row being the heads. Nothing at a line's end.
pub fn table(style: Style, heads: &[&str], rows: &[Vec<String>]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells.chain([heads[column].chars().count()]).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..heads.len()).map(width).collect();
    let line = |cells: &[String]| {
        let padded: Vec<String> = cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        padded.join("  ").trim_end().to_owned()
    };
    let heads: Vec<String> = heads.iter().map(|head| (*head).to_owned()).collect();
    let mut lines = vec![style.dim(&line(&heads))];
    lines.extend(rows.iter().map(|row| line(row)));
    lines.join("\n")
}

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
    fn a_table_is_as_wide_as_its_widest_cells() {
        let rows = [vec!["a".to_owned(), "b".to_owned()], vec!["long".to_owned(), String::new()]];
        assert_eq!(table(Style { colours: false }, &["X", "Y"], &rows), "X     Y\na     b\nlong");
    }

    #[test]
    fn durations_have_one_figure() {
        for (seconds, shown) in
            [(0.42, "0.4 s"), (59.0, "59 s"), (600.0, "10 min"), (50_400.0, "14 h"), (86_399.0, "24 h"), (1e6, "12 d")]
        {
            assert_eq!(duration(Duration::from_secs_f64(seconds)), shown);
        }
    }
}
