//! How things look on a terminal: a little colour where it carries meaning, columns, and the figures for people.

use super::words::{self, say};
use std::time::Duration;

use reforge_base::formatting;
pub(crate) use reforge_base::formatting::instant;

/// `1.5 GiB`.
pub(crate) fn bytes(bytes: u64) -> String {
    formatting::bytes(words::language(), bytes)
}

/// `12 s`.
pub(crate) fn duration(duration: Duration) -> String {
    formatting::duration(words::language(), duration)
}

/// `3 minutes ago`.
pub(crate) fn age(at: jiff::Timestamp) -> String {
    formatting::ago(words::language(), at, jiff::Timestamp::now())
}

/// `1 entry`, `2 entries`.
pub(crate) fn entries_in_words(n: u64) -> String {
    say!("entries", n)
}

/// Colours, or none: not on a terminal, or `NO_COLOR` is set.
#[derive(Clone, Copy)]
pub(crate) struct Style {
    colours: bool,
}

impl Style {
    pub(crate) fn new(is_terminal: bool) -> Style {
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        Style { colours: is_terminal && !plain && !dumb }
    }

    /// What clap has coloured.
    pub(crate) fn of(self, text: &clap::builder::StyledStr) -> String {
        if self.colours { text.ansi().to_string() } else { text.to_string() }
    }

    fn paint(self, code: &str, text: &str) -> String {
        if self.colours { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    pub(crate) fn bold(self, text: &str) -> String {
        self.paint("1", text)
    }

    pub(crate) fn dim(self, text: &str) -> String {
        self.paint("2", text)
    }

    pub(crate) fn red(self, text: &str) -> String {
        self.paint("1;31", text)
    }

    pub(crate) fn green(self, text: &str) -> String {
        self.paint("1;32", text)
    }

    pub(crate) fn yellow(self, text: &str) -> String {
        self.paint("1;33", text)
    }
}

/// Left-aligned columns, two spaces between, the first row being the heads. Nothing at a line's end.
pub(crate) fn table(style: Style, heads: &[String], rows: &[Vec<String>]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells.chain([heads[column].chars().count()]).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..heads.len()).map(width).collect();
    let line = |cells: &[String]| {
        let padded: Vec<String> = cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        padded.join("  ").trim_end().to_owned()
    };
    let mut lines = vec![style.dim(&line(heads))];
    lines.extend(rows.iter().map(|row| line(row)));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_as_wide_as_its_widest_cells() {
        let rows = [vec!["a".to_owned(), "b".to_owned()], vec!["long".to_owned(), String::new()]];
        assert_eq!(table(Style { colours: false }, &["X".to_owned(), "Y".to_owned()], &rows), "X     Y\na     b\nlong");
    }
}
