//! Which differences between what is shown and what is printed count. Names, words, counts and order do; what no two runs
//! have in common does not: ids, digests, times, durations, sizes, and how wide a column is for them.

use regex::{Captures, Regex};
use snapbox::IntoData as _;
use snapbox::assert::Assert;

/// What stands for a figure, and how one looks. In this order.
const VARIES: &[(&str, &str)] = &[
    ("ID", r"\b\d{8}T\d{6}(\.\d{3})?Z?-[0-9a-f]{6}\b"),
    ("DIGEST", r"\b([0-9a-f]{64}|[0-9a-f]{32}|[0-9a-f]{16}|[0-9a-f]{12})\b"),
    ("TIME", r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?Z?"),
    ("SIZE", r"\b\d+(\.\d+)? ([KMGT]iB|B)\b"),
    // How long the archive is, in a descriptor.
    ("BYTES", r#"(?m)^    "bytes": \d+"#),
    // Files of a fresh PostgreSQL cluster: each version has some more or less.
    ("ENTRIES", r"\b9\d\d\b"),
    ("AGE", r"\bjust now\b|\b\d+(\.\d+)? ?(ms|s|min|h|days?)( ago)?\b"),
    ("PROCESS", r"\bprocess \d+\b"),
];

/// A machine whose first process is of a stronger user than root of a container says so in every plan.
const OF_THIS_MACHINE: &str =
    r"(?m)^ +warning: process \d+ \(`.*`\) could not be looked at, and may be using a volume\n.*\n";

pub(crate) fn compare(shown: &str, printed: &str) -> Result<(), String> {
    let (shown, printed) = (alike(shown), alike(printed));
    Assert::new().try_eq(None, printed.into_data(), shown.into_data()).map_err(|error| error.to_string())
}

/// The text with what varies replaced by what stands for it.
fn alike(text: &str) -> String {
    let mut text = Regex::new(OF_THIS_MACHINE).unwrap().replace_all(text, "").into_owned();
    for (name, pattern) in VARIES {
        text = Regex::new(pattern).unwrap().replace_all(&text, format!("<{name}>")).into_owned();
    }
    let blanks = Regex::new(r"(?m)(\S) {2,}|--+|[ \t]+$").unwrap();
    let text = blanks.replace_all(&text, |found: &Captures<'_>| match found.get(1) {
        Some(before) => format!("{}  ", before.as_str()),
        None if found[0].starts_with('-') => "--".to_owned(),
        None => String::new(),
    });
    text.trim_end().to_owned()
}

/// Ids in the order in which they first appear.
pub(crate) fn ids(text: &str) -> Vec<String> {
    let mut ids = Vec::new();
    for found in Regex::new(VARIES[0].1).unwrap().find_iter(text) {
        if !ids.iter().any(|id| id == found.as_str()) {
            ids.push(found.as_str().to_owned());
        }
    }
    ids
}
