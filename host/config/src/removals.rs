//! A configuration's text with one workload less. All else stays, byte for byte: this only ever finds what to leave out.
//!
//! Comments are whose they stand at: those on a workload's own lines, those between its tables, those right below it, and
//! those right above its header with a blank line before them. Wherever somebody else could mean one, it stays. Whoever
//! uses this reads the result back and compares what it means.

use std::ops::Range;

use toml_edit::{Array, Document, Item, Table};

use reforge_base::Message;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;

/// The text without the workload of that number.
pub(super) fn workload(text: &str, number: usize) -> Result<String> {
    let document =
        Document::parse(text).map_err(|error| unclear(Message::from(reforge_base::escape::text(error.message()))))?;
    let mut left_out = match document.get("workload") {
        Some(Item::ArrayOfTables(tables)) => {
            let table = tables.get(number).ok_or_else(|| unclear(message!("it-has-no-such-list")))?;
            Sections::of(text, &document)?.of_table(table)?
        }
        Some(Item::Value(value)) => {
            let list = value.as_array().ok_or_else(|| unclear(message!("workload-is-not-a-list")))?;
            let (value, comma) = of_list(text, list, number)?;
            std::iter::once(value).chain(comma).collect()
        }
        _ => return Err(unclear(message!("it-has-no-such-list"))),
    };
    left_out.sort_by_key(|part| part.start);
    let mut rest = String::with_capacity(text.len());
    let mut from = 0;
    for part in left_out {
        rest.push_str(&text[from..part.start.max(from)]);
        from = part.end.max(from);
    }
    rest.push_str(&text[from..]);
    Ok(rest)
}

/// Where each header and each value of a text stands.
struct Sections<'a> {
    text: &'a str,
    headers: Vec<usize>,
    /// Where headers and values end.
    ends: Vec<usize>,
}

impl<'a> Sections<'a> {
    fn of(text: &'a str, document: &Document<&str>) -> Result<Sections<'a>> {
        let (mut headers, mut ends) = (Vec::new(), Vec::new());
        headers_below(document.as_table(), &mut headers)?;
        ends_below(document.as_table(), &mut ends);
        headers.sort_unstable();
        ends.sort_unstable();
        Ok(Sections { text, headers, ends })
    }

    /// All that a table of a list takes up: its header, those of the tables in it, and what stands below each.
    fn of_table(&self, table: &Table) -> Result<Vec<Range<usize>>> {
        let mut own = vec![span(table.span())?.start];
        headers_below(table, &mut own)?;
        own.sort_unstable();
        let mut parts: Vec<Range<usize>> = Vec::new();
        for header in &own {
            let next = self.headers.iter().copied().find(|other| other > header);
            let is_own = next.is_some_and(|next| own.contains(&next));
            let begins = line_start(self.text, *header);
            let ends = match next {
                Some(next) if is_own => line_start(self.text, next),
                _ => self.end(next),
            };
            match parts.last_mut() {
                Some(last) if last.end == begins => last.end = ends,
                _ => parts.push(begins..ends),
            }
        }
        Ok(parts.into_iter().map(|part| self.with_comments_above(part)).map(|part| self.without_gap(part)).collect())
    }

    /// Where the last section of a table ends, which another one follows, or nothing.
    fn end(&self, next: Option<usize>) -> usize {
        let limit = next.map_or(self.text.len(), |next| line_start(self.text, next));
        let code = self.ends.iter().copied().rfind(|end| *end <= limit).unwrap_or_default();
        let mut at = line_end(self.text, code);
        let attached: usize = self.text[at..limit].split_inclusive('\n').take_while(is_not_blank).map(str::len).sum();
        // Right above another's header it may be the other's.
        if at + attached < limit || next.is_none() {
            at += attached;
        }
        at
    }

    fn with_comments_above(&self, part: Range<usize>) -> Range<usize> {
        let floor = self.floor(part.start);
        let above: usize =
            self.text[floor..part.start].split_inclusive('\n').rev().take_while(is_not_blank).map(str::len).sum();
        // At the beginning it is of the whole file, and right below another's lines it may be the other's.
        let begins = part.start - above;
        if begins > floor { begins..part.end } else { part }
    }

    /// Of two gaps that become one, one goes.
    fn without_gap(&self, part: Range<usize>) -> Range<usize> {
        let floor = self.floor(part.start);
        let gap = self.text[floor..part.start].split_inclusive('\n').next_back().filter(|line| !is_not_blank(line));
        let below = self.text[part.end..].split_inclusive('\n').next();
        match (gap, below.is_none_or(|line| !is_not_blank(&line))) {
            (Some(gap), true) => part.start - gap.len()..part.end,
            _ => part,
        }
    }

    /// The line below the last header or value before a place.
    fn floor(&self, at: usize) -> usize {
        let before = self.ends.iter().copied().rfind(|end| *end <= at);
        before.map_or(0, |end| line_end(self.text, end).min(at))
    }
}

/// A value of a list, with the comma that goes with it, or that comma by itself.
fn of_list(text: &str, list: &Array, number: usize) -> Result<(Range<usize>, Option<Range<usize>>)> {
    let value = list.get(number).ok_or_else(|| unclear(message!("it-has-no-such-list")))?;
    let value = span(value.span())?;
    let close = span(list.span())?.end - 1;
    let begins = line_start(text, value.start);
    let comma = comma(&text[value.end..close]).map(|at| value.end + at + 1);
    let ends = comma.unwrap_or(value.end);
    let line = line_end(text, ends);
    let rest = text[ends..line].trim();
    let is_alone = text[begins..value.start].trim().is_empty() && (rest.is_empty() || rest.starts_with('#'));
    let on_one_line = line_end(text, value.end) == line;
    Ok(match comma {
        _ if is_alone && on_one_line && line <= close => (begins..line, None),
        Some(comma) if on_one_line => {
            let blanks = text[comma..close].chars().take_while(|letter| [' ', '\t'].contains(letter)).count();
            (value.start..comma + blanks, None)
        }
        // What stands between them may be about the next.
        Some(comma) => (value, Some(comma - 1..comma)),
        None => {
            let before = number.checked_sub(1).and_then(|before| list.get(before));
            let before = before.map(|before| span(before.span())).transpose()?.map(|before| before.end);
            let plain = before.filter(|end| text[*end..value.start].trim() == ",");
            (plain.unwrap_or(value.start)..value.end, None)
        }
    })
}

/// Where the first comma outside of comments stands.
fn comma(between: &str) -> Option<usize> {
    let mut at = 0;
    for line in between.split_inclusive('\n') {
        if let Some(found) = line.split('#').next().and_then(|code| code.find(',')) {
            return Some(at + found);
        }
        at += line.len();
    }
    None
}

/// The headers of the tables in a table, without its own.
fn headers_below(table: &Table, headers: &mut Vec<usize>) -> Result<()> {
    let mut below = |table: &Table| {
        if !table.is_implicit() && !table.is_dotted() {
            headers.push(span(table.span())?.start);
        }
        headers_below(table, headers)
    };
    for (_, item) in table {
        match item {
            Item::Table(table) => below(table)?,
            Item::ArrayOfTables(tables) => tables.iter().try_for_each(&mut below)?,
            _ => {}
        }
    }
    Ok(())
}

/// Where headers and values in a table end.
fn ends_below(table: &Table, ends: &mut Vec<usize>) {
    for (_, item) in table {
        let tables: Vec<&Table> = match item {
            Item::Table(table) => vec![table],
            Item::ArrayOfTables(tables) => tables.iter().collect(),
            _ => {
                ends.extend(item.span().map(|span| span.end));
                continue;
            }
        };
        for table in tables {
            ends.extend(table.span().filter(|_| !table.is_implicit() && !table.is_dotted()).map(|span| span.end));
            ends_below(table, ends);
        }
    }
}

fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |end| end + 1)
}

/// Behind the line's end.
fn line_end(text: &str, at: usize) -> usize {
    text[at..].find('\n').map_or(text.len(), |end| at + end + 1)
}

fn is_not_blank(line: &&str) -> bool {
    !line.trim().is_empty()
}

fn span(found: Option<Range<usize>>) -> Result<Range<usize>> {
    found.ok_or_else(|| unclear(message!("a-value-has-no-place")))
}

fn unclear(why: Message) -> Failure {
    Failure::new(Code::Usage, message!("nothing-can-be-taken-out", why)).hint(message!("take-the-workload-out-by-hand"))
}

#[cfg(test)]
#[path = "removals_tests.rs"]
mod tests;
