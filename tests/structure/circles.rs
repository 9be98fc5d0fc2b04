//! Which files of one crate need each other, and where that goes round. A module and those below it may need each other.

use std::collections::{BTreeMap, BTreeSet};

use super::imports::imports;
use super::sources::File;

/// Per module the modules that it needs.
pub(crate) type Edges = BTreeMap<String, BTreeSet<String>>;

pub(crate) fn edges(files: &[File]) -> Edges {
    let modules: BTreeSet<&str> = files.iter().map(|file| file.module.as_str()).collect();
    let needed = |file: &File| {
        let paths = imports(&file.text, &file.module);
        let named = paths.iter().map(|path| file_of(path, &modules));
        named
            .filter(|other| !is_within(other, &file.module) && !is_within(&file.module, other))
            .map(str::to_owned)
            .collect()
    };
    files.iter().map(|file| (file.module.clone(), needed(file))).collect()
}

/// The modules that come back to themselves, those of one circle together.
pub(crate) fn circles(edges: &Edges) -> Vec<Vec<String>> {
    let reached: BTreeMap<&str, BTreeSet<&str>> =
        edges.keys().map(|from| (from.as_str(), reached(edges, from))).collect();
    let circle = |from: &&str| -> Vec<String> {
        let back = reached[from].iter().filter(|to| reached.get(**to).is_some_and(|there| there.contains(from)));
        back.map(|name| (*name).to_owned()).collect()
    };
    let circles: BTreeSet<Vec<String>> = reached.keys().map(circle).filter(|circle| !circle.is_empty()).collect();
    circles.into_iter().collect()
}

fn reached<'a>(edges: &'a Edges, from: &str) -> BTreeSet<&'a str> {
    let (mut reached, mut waiting) = (BTreeSet::new(), vec![from]);
    while let Some(next) = waiting.pop() {
        for to in edges.get(next).into_iter().flatten() {
            if reached.insert(to.as_str()) {
                waiting.push(to);
            }
        }
    }
    reached
}

/// The file in which a path ends: the longest beginning of it that is one.
fn file_of<'a>(path: &'a str, modules: &BTreeSet<&str>) -> &'a str {
    let ends = path.match_indices("::").map(|(end, _)| end).chain([path.len()]);
    ends.map(|end| &path[..end]).filter(|beginning| modules.contains(beginning)).last().unwrap_or_default()
}

/// Whether a module is another one or below it.
fn is_within(module: &str, other: &str) -> bool {
    let rest = module.strip_prefix(other);
    other.is_empty() || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

#[cfg(test)]
fn found(files: &[(&str, &str)]) -> Vec<Vec<String>> {
    let file = |(module, text): &(&str, &str)| File { module: (*module).to_owned(), text: (*text).to_owned() };
    circles(&edges(&files.iter().map(file).collect::<Vec<_>>()))
}

#[test]
fn a_circle_is_found_however_it_is_written() {
    let (one, two) = ("use super::b::B;", "fn f() { crate::a::f() }");
    assert_eq!(found(&[("", "mod a; mod b;"), ("a", one), ("b", two)]), [["a", "b"]]);
    let three = [("a", "use crate::b;"), ("b", "use super::c::{D, E};"), ("c", "use super::{a, x};"), ("x", "")];
    assert_eq!(found(&three), [["a", "b", "c"]]);
    let deep = [("p", "mod q;"), ("p::q", "use crate::r::R;"), ("r", "use crate::p::q;"), ("s", "use crate::r;")];
    assert_eq!(found(&deep), [["p::q", "r"]]);
    let two_of_them = [("a", "use super::b;"), ("b", "use super::a;"), ("c", "use super::d;"), ("d", "use super::c;")];
    assert_eq!(found(&two_of_them), [["a", "b"], ["c", "d"]]);
}

#[test]
fn what_goes_one_way_only_is_no_circle() {
    let parent =
        [("", "use self::a::A;"), ("a", "use super::R; use self::b::B;"), ("a::b", "use super::C; use crate::R;")];
    assert!(found(&parent).is_empty());
    let down = [
        ("a", "use super::b; use super::c;"),
        ("b", "use super::c;"),
        ("c", "#[cfg(test)] mod tests { use crate::a; }"),
    ];
    assert!(found(&down).is_empty());
    // A name that only begins as another module does is not below it.
    assert!(found(&[("a", "use super::ab;"), ("ab", "")]).is_empty());
    assert_eq!(found(&[("a", "use super::ab;"), ("ab", "use super::a;")]), [["a", "ab"]]);
}
