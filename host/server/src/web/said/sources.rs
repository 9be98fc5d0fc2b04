//! The sentences that stand in the sources: what a test holds the catalogue against.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Every piece of text that looks like a sentence, in its normal form, with the place where it stands.
pub(super) fn sentences(below: &Path, is_left_out: impl Fn(&str) -> bool) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for (place, source) in texts(below, is_left_out) {
        for text in literals(&source) {
            let normal = normal(&text);
            if is_sentence(&normal) {
                found.entry(normal).or_insert_with(|| place.clone());
            }
        }
    }
    found
}

/// Every source without its tests, with its place.
pub(super) fn texts(below: &Path, is_left_out: impl Fn(&str) -> bool) -> Vec<(String, String)> {
    let place = |path: &PathBuf| path.strip_prefix(below).unwrap().display().to_string();
    let read = |path: PathBuf| {
        let source = std::fs::read_to_string(&path).unwrap();
        (place(&path), source.split("#[cfg(test)]\nmod tests {").next().unwrap().to_owned())
    };
    files(below).into_iter().filter(|path| !is_left_out(&place(path))).map(read).collect()
}

fn files(below: &Path) -> Vec<PathBuf> {
    let (mut found, mut directories) = (Vec::new(), vec![below.to_owned()]);
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            match path.is_dir() {
                _ if name == "tests" || name.ends_with("_tests") || name == "fixture" => (),
                true => directories.push(path),
                false if path.extension().is_some_and(|extension| extension == "rs") => found.push(path),
                false => (),
            }
        }
    }
    found.sort();
    found
}

/// Places without their names, and without what joins a sentence to another one.
pub(super) fn normal(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('{') {
        out.push_str(&rest[..at]);
        match rest[at + 1..].split_once('}') {
            Some((inside, after)) if !inside.starts_with('{') => {
                if !out.ends_with("{}") {
                    out.push_str("{}");
                }
                rest = after;
            }
            _ => {
                out.push_str("{{");
                rest = rest[at + 1..].trim_start_matches('{');
            }
        }
    }
    out.push_str(rest);
    out.trim_matches(super::JOINTS).to_owned()
}

fn is_sentence(text: &str) -> bool {
    let words = text.replace("{}", "");
    text.contains(' ')
        && !text.contains('\n')
        && words.chars().filter(|character| character.is_alphabetic()).count() > 1
}

/// The text literals of a source, but for those of attributes and of what can not happen.
fn literals(source: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = source;
    let mut before = String::new();
    let mut attribute = 0;
    while let Some(first) = rest.chars().next() {
        if rest.starts_with("//") {
            rest = rest.split_once('\n').map_or("", |(_, after)| after);
            continue;
        }
        if let Some((text, after)) = literal(rest) {
            let is_shown = ![".expect(", "b"].iter().any(|start| before.ends_with(start));
            if attribute == 0 && is_shown {
                found.push(text);
            }
            before.clear();
            rest = after;
            continue;
        }
        if let Some(after) = character(rest) {
            rest = after;
            continue;
        }
        attribute = match first {
            '[' if attribute > 0 || before.ends_with('#') || before.ends_with("#!") => attribute + 1,
            ']' if attribute > 0 => attribute - 1,
            _ => attribute,
        };
        if !first.is_whitespace() {
            before.push(first);
        }
        rest = &rest[first.len_utf8()..];
    }
    found
}

/// A text literal at the beginning, with its escapes resolved, and what comes after it.
fn literal(source: &str) -> Option<(String, &str)> {
    for hashes in ["##", "#", ""] {
        if let Some(raw) = source.strip_prefix(&format!("r{hashes}\"")) {
            let (text, after) = raw.split_once(&format!("\"{hashes}"))?;
            return Some((text.to_owned(), after));
        }
    }
    let mut text = String::new();
    let mut rest = source.strip_prefix('"')?;
    loop {
        let mut characters = rest.chars();
        match characters.next()? {
            '"' => return Some((text, characters.as_str())),
            '\\' => match characters.next()? {
                '\n' => {
                    rest = characters.as_str().trim_start();
                    continue;
                }
                'n' => text.push('\n'),
                other => text.push(other),
            },
            other => text.push(other),
        }
        rest = characters.as_str();
    }
}

/// What comes after a character literal.
fn character(source: &str) -> Option<&str> {
    let inside = source.strip_prefix('\'')?;
    let mut characters = inside.chars();
    match characters.next()? {
        '\\' => inside[2..].split_once('\'').map(|(_, after)| after),
        _ => characters.as_str().strip_prefix('\''),
    }
}
