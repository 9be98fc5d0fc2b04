//! How the crates and files of the host depend on each other: in one direction only, and none of them without end.
//!
//! `order` compares what `cargo metadata` says with the order of the crates, `sources` finds their files, `imports` what
//! each of them names of its own crate, `circles` those that come back to where they began, `doors` what opens paths in the
//! crates that work in volumes, `limits` that host and plugin agree where each checks for itself, `messages` what they say. Each is
//! shown by a small example that it can find something wrong.

#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};

use reforge_base::Language;
use reforge_base::catalogue::{self, Value};

#[path = "structure/circles.rs"]
mod circles;
#[path = "structure/doors.rs"]
mod doors;
#[path = "structure/imports.rs"]
mod imports;
#[path = "structure/limits.rs"]
mod limits;
#[path = "structure/messages.rs"]
mod messages;
#[path = "structure/order.rs"]
mod order;
#[path = "structure/sources.rs"]
mod sources;

/// What a person can hold in mind, and what a crate is split at.
const CRATE_LINES_MAX: usize = 8000;

#[test]
fn no_crate_imports_one_that_comes_after_it() {
    let metadata = order::metadata();
    let wrong = order::against_the_order(&order::crates(&metadata));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_crate_is_longer_than_8000_lines() {
    for (name, files) in sources::crates() {
        let lines: usize = files.iter().map(|file| sources::production(&file.text).lines().count()).sum();
        assert!(
            (1..=CRATE_LINES_MAX).contains(&lines),
            "{name} has {lines} lines, and {CRATE_LINES_MAX} at most are meant"
        );
    }
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    let mut wrong = Vec::new();
    for (name, files) in sources::crates() {
        let edges = circles::edges(&files);
        // A crate of several files whose files need nothing of each other was not read.
        assert!(files.len() < 10 || edges.values().any(|needed| !needed.is_empty()), "{name}");
        wrong.extend(circles::circles(&edges).into_iter().map(|circle| format!("{name}: {}", circle.join(", "))));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Messages that a word of a document or of the system chooses: `code-busy`.
const CHOSEN_BY_A_WORD: &[&str] = &[
    "code-",
    "differs-",
    "drill-outcome-",
    "due-outcome-",
    "health-",
    "is-",
    "month-",
    "notify-kind-",
    "notify-state-",
    "outcome-",
    "phase-",
    "promise-",
    "proof-",
    "reason-",
    "role-",
    "state-",
    "stays-",
    "system-",
    "tree-",
    "usual-hint-",
    "warning-",
];

fn said() -> messages::Said {
    let mut said = messages::Said::default();
    for (_, files) in sources::crates() {
        files.iter().for_each(|file| said.read(sources::production(&file.text)));
    }
    said
}

/// Each language's catalogues as one.
fn catalogues() -> [String; 2] {
    let one = |pick: fn(&(&str, &'static str, &'static str)) -> &'static str| {
        catalogue::FILES.iter().map(pick).collect::<Vec<_>>().join("\n")
    };
    [one(|file| file.1), one(|file| file.2)]
}

#[test]
fn every_message_that_is_said_has_words_in_every_language_for_exactly_what_it_is_told() {
    let [english, russian] = catalogues().map(|source| messages::catalogue(&source));
    assert!(english.len() > 1000, "{}", english.len());
    let differ = |one: &messages::Messages, other: &messages::Messages| -> Vec<String> {
        one.iter().filter(|(id, variables)| other.get(*id) != Some(variables)).map(|(id, _)| id.clone()).collect()
    };
    assert_eq!((differ(&english, &russian), differ(&russian, &english)), (Vec::new(), Vec::new()));
    let mut wrong = BTreeSet::new();
    let said = said();
    for site in &said.sites {
        match english.get(&site.id) {
            Some(variables) if *variables == site.variables => (),
            known => _ = wrong.insert(format!("`{}` is told {:?} and takes {known:?}", site.id, site.variables)),
        }
    }
    for doing in &said.doings {
        let id = format!("doing-{}", doing.replace(' ', "-"));
        if !english.contains_key(&id) {
            wrong.insert(format!("`{id}` has no words"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Else what was being done would have no words, and no test would know.
#[test]
fn what_was_being_done_is_named_where_it_was_done() {
    let handed_on = regex::Regex::new(r#"Failure::io\(\s*[^"\s]"#).unwrap();
    for (name, files) in sources::crates() {
        for file in files.iter().filter(|file| handed_on.is_match(sources::production(&file.text))) {
            // Whoever calls it names it, and is found by that.
            assert!(file.text.contains("fn io("), "{name} {}", file.module);
        }
    }
}

/// Else it would be English whatever somebody reads. What is foreign is a variable, and what stays English is a journal's
/// or a log's.
#[test]
fn whatever_a_person_is_told_has_words_in_every_language() {
    let mut wrong = Vec::new();
    for (name, files) in sources::crates() {
        // What only tests are built of.
        for file in files.iter().filter(|_| name != "testing") {
            let unsaid = messages::unsaid(sources::production(&file.text));
            wrong.extend(unsaid.into_iter().map(|text| format!("{name} {}: {text}", file.module)));
        }
    }
    assert!(wrong.is_empty(), "no message: {wrong:#?}");
}

#[test]
fn every_message_of_the_catalogues_is_said() {
    let said = said();
    let doings: BTreeSet<String> =
        said.doings.iter().map(|doing| format!("doing-{}", doing.replace(' ', "-"))).collect();
    let sites: BTreeSet<&str> = said.sites.iter().map(|site| site.id.as_str()).collect();
    let is_said = |id: &str| {
        sites.contains(id)
            || said.texts.contains(id)
            || doings.contains(id)
            || CHOSEN_BY_A_WORD.iter().any(|beginning| id.starts_with(beginning))
    };
    let [english, _] = catalogues().map(|source| messages::catalogue(&source));
    let dead: Vec<&String> = english.keys().filter(|id| !is_said(id)).collect();
    assert!(dead.is_empty(), "what nobody says: {dead:#?}");
}

#[test]
fn every_message_is_whole_in_every_language_whatever_it_is_told() {
    let [english, _] = catalogues();
    let sources = catalogues();
    let mut counted: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (id, names) in sources.iter().flat_map(|source| messages::counted(source)) {
        counted.entry(id).or_default().extend(names);
    }
    for (id, variables) in messages::catalogue(&english) {
        let is_counted = |name: &str| counted.get(&id).is_some_and(|names| names.contains(name));
        for number in [0, 1, 2, 5, 11, 21, 1234] {
            let value = |name: &str| if is_counted(name) { Value::Integer(number) } else { Value::Text("<told>") };
            let values: Vec<_> = variables.iter().map(|name| (name.as_str(), value(name))).collect();
            for language in Language::ALL {
                let text = catalogue::format(language, &id, &values).unwrap_or_else(|| panic!("{language:?} {id}"));
                let told = variables.iter().filter(|name| !is_counted(name)).count();
                let is_whole = !text.trim().is_empty() && !text.contains("{$") && !text.contains("{ $");
                assert!(is_whole && text.matches("<told>").count() >= told, "{language:?} {id}: {text}");
                let is_russian =
                    text.chars().any(|letter| ('а'..='я').contains(&letter.to_lowercase().next().unwrap()));
                let has_words = text
                    .replace("<told>", "")
                    .split('`')
                    .step_by(2)
                    .any(|words| words.chars().filter(|letter| letter.is_ascii_alphabetic()).count() > 1);
                assert!(language == Language::English || is_russian || !has_words, "{id} is not Russian: {text}");
            }
        }
    }
}
