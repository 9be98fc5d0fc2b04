//! Tables of the pages against what the program says of itself, in both directions.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use super::page::{Block, Page, all, root};
use super::stage::REFORGE;

/// Options that are described once for all commands.
const OF_ALL: &[&str] = &["--config", "--plugin", "--json", "--lang", "--help", "--version", "--yes", "--wait"];

fn help(words: &[&str]) -> String {
    let output = Command::new(REFORGE).args(words).arg("--help").output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// Commands below these words, without `help`.
fn below(words: &[&str]) -> Vec<String> {
    let text = help(words);
    let Some((_, list)) = text.split_once("\nCommands:\n") else { return Vec::new() };
    let lines = list.lines().take_while(|line| !line.is_empty());
    let names = lines.filter_map(|line| line.split_whitespace().next());
    names.filter(|name| *name != "help").map(str::to_owned).collect()
}

fn options(text: &str) -> BTreeSet<&str> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
    words.filter(|word| word.len() > 2 && word.starts_with("--")).collect()
}

#[test]
fn every_command_and_option_is_in_the_table_and_the_other_way_round() {
    let mut commands = Vec::new();
    for command in below(&[]) {
        match below(&[&command]) {
            inner if inner.is_empty() => commands.push(command),
            inner => commands.extend(inner.iter().map(|name| format!("{command} {name}"))),
        }
    }
    let page = Page::read("docs/operating.md");
    let mut shown = Vec::new();
    for row in page.rows().filter(|row| row[0].starts_with("`reforge ")) {
        let call = row[0].trim_matches('`').strip_prefix("reforge ").unwrap();
        let words = call.split(' ').take_while(|word| word.starts_with(|c: char| c.is_ascii_lowercase()));
        let command = words.collect::<Vec<_>>().join(" ");
        let words: Vec<&str> = command.split(' ').collect();
        let (said, text) = (row.join(" "), help(&words));
        // What is only mentioned in a description of another option is no option.
        let heads: String = text.lines().filter(|line| line.trim_start().starts_with('-')).map(head).collect();
        let mut there = options(&heads);
        // There it means something else.
        there.retain(|option| !OF_ALL.contains(option) || (command == "serve" && *option == "--wait"));
        assert_eq!(options(&said), there, "`reforge {command}`");
        shown.push(command);
    }
    assert_eq!(shown.iter().collect::<BTreeSet<_>>(), commands.iter().collect::<BTreeSet<_>>());
    assert_eq!(shown.len(), commands.len(), "a command is there twice");
    OF_ALL.iter().for_each(|option| assert!(page.text().contains(option), "{option}"));
}

/// An option with its value, without what it means.
fn head(line: &str) -> String {
    format!("{} ", line.trim_start().split("  ").next().unwrap())
}

#[test]
fn exit_codes_are_those_that_the_help_tells() {
    let text = help(&[]);
    let codes = text.split_once("Exit codes: ").unwrap().1.split_once(".\n").unwrap().0;
    let told: Vec<&str> = codes.split(", ").map(|code| code.split(' ').next().unwrap()).collect();
    let page = Page::read("docs/operating.md");
    let shown: Vec<&str> = page.rows().map(|row| row[0]).filter(|cell| cell.parse::<u8>().is_ok()).collect();
    assert_eq!(shown, told);
}

/// Keys that the loader names when it is given one that it does not know.
fn known_keys(configuration: &str) -> BTreeSet<String> {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("reforge.toml");
    std::fs::write(&file, configuration).unwrap();
    let output = Command::new(REFORGE).arg("--config").arg(&file).args(["workload", "list"]).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    let list = said.rsplit_once("the keys here are ").unwrap_or_else(|| panic!("{said}")).1;
    list.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn every_key_of_the_configuration_is_in_a_table_and_the_other_way_round() {
    let page = Page::read("docs/configuration.md");
    let shown = |section: &str, head: &str| {
        let (_, text) = page.text().split_once(&format!("\n## `{section}`\n")).unwrap();
        let text = text.split("\n## ").next().unwrap();
        let (mut keys, mut wanted) = (BTreeSet::new(), false);
        for line in text.lines().filter(|line| line.starts_with('|')) {
            let first = line.split('|').nth(1).unwrap().trim();
            match first.strip_prefix('`').and_then(|rest| rest.strip_suffix('`')) {
                Some(key) if wanted => assert!(keys.insert(key.to_owned()), "`{key}` is there twice"),
                None if !first.starts_with('-') => wanted = first == head,
                _ => {}
            }
        }
        keys
    };
    for (section, head, unknown) in [
        ("[host]", "key", "[host]\n\"0\" = 1\n"),
        ("[api]", "key", "[host]\nstate_dir = \"s\"\n[api]\n\"0\" = 1\n"),
        ("[[workload]]", "key", "[host]\nstate_dir = \"s\"\n[[workload]]\n\"0\" = 1\n"),
        ("[[workload]]", "key of `health`", "[host]\nstate_dir = \"s\"\n[[workload]]\nhealth = { \"0\" = 1 }\n"),
        ("[[workload]]", "key of `schedule`", "[host]\nstate_dir = \"s\"\n[[workload]]\nschedule = { \"0\" = 1 }\n"),
        ("[[workload]]", "key of `keep`", "[host]\nstate_dir = \"s\"\n[[workload]]\nkeep = { \"0\" = 1 }\n"),
        ("[[workload]]", "key of `compose`", "[host]\nstate_dir = \"s\"\n[[workload]]\ncompose = { \"0\" = 1 }\n"),
        ("[[notify]]", "key", "[host]\nstate_dir = \"s\"\n[[notify]]\n\"0\" = 1\n"),
        ("[[workload.volume]]", "key", "[host]\nstate_dir = \"s\"\n[[workload]]\n[[workload.volume]]\n\"0\" = 1\n"),
    ] {
        assert_eq!(shown(section, head), known_keys(unknown), "{section}, {head}");
    }
}

/// What every file of sources holds, tests and benchmarks included.
fn sources() -> String {
    fn walk(directory: &Path, into: &mut String) {
        for entry in std::fs::read_dir(directory).unwrap().flatten() {
            let (path, name) = (entry.path(), entry.file_name().into_string().unwrap());
            if path.is_dir() && name != "target" && name != "docs" {
                walk(&path, into);
            } else if [".rs", ".py", ".wit", "Cargo.toml", "run"].iter().any(|end| name.ends_with(end)) {
                into.push_str(&std::fs::read_to_string(&path).unwrap());
            }
        }
    }
    let mut text = String::new();
    for name in ["host", "plugin", "tests", "wit", ".ci"] {
        walk(&root().join(name), &mut text);
    }
    text
}

#[test]
fn every_variable_is_one_that_the_sources_know() {
    let sources = sources();
    for path in all() {
        let page = Page::read(&path);
        for word in page.text().split(|c: char| !(c.is_ascii_uppercase() || c == '_')) {
            if word.starts_with("REFORGE_") || ["COMPONENTIZE_PY", "SCHEMATHESIS", "AXE_CORE"].contains(&word) {
                assert!(sources.contains(&format!("\"{word}\"")), "{path}: `{word}` is read nowhere");
            }
        }
    }
}

#[test]
fn every_failure_code_is_in_the_guide_and_the_other_way_round() {
    let sources = sources();
    let (_, table) = sources.split_once("const TABLE: &'static [(Code, &'static str)] = &[").unwrap();
    let table = table.split("];").next().unwrap();
    let codes: BTreeSet<&str> = table.split('"').skip(1).step_by(2).collect();
    let page = Page::read("docs/plugin-authors.md");
    let (_, section) = page.text().split_once("\n## Failures\n").unwrap();
    let section = section.split("\n## ").next().unwrap();
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `"));
    let shown: BTreeSet<&str> = rows.map(|row| row.split('`').next().unwrap()).collect();
    assert_eq!(shown, codes);
}

/// The lines of a block stand in a source, one after the other, however far they are indented there.
pub(crate) fn is_in_the_sources(path: &str, block: &Block) {
    let plain = |text: &str| text.lines().map(str::trim).collect::<Vec<_>>().join("\n");
    assert!(plain(&sources()).contains(&plain(&block.text)), "{path}:{}: this is in no source", block.line);
}

/// What a `cargo` command of a block names exists: tests, benchmarks, and what is chosen of them.
pub(crate) fn names_what_there_is(path: &str, block: &Block) {
    let sources = sources();
    for line in block.text.lines().filter(|line| line.contains("cargo test") || line.contains("cargo bench")) {
        let line = line.split(" #").next().unwrap();
        let (command, chosen) = line.split_once(" -- ").unwrap_or((line, ""));
        let words: Vec<&str> = command.split_whitespace().collect();
        for pair in words.windows(2).filter(|pair| ["--test", "--bench"].contains(&pair[0])) {
            let declared = sources.contains(&format!("name = \"{}\"", pair[1]));
            let plain = ["host/tests", "host/cli/tests", "host/docker/tests", "host/host/tests"];
            let file = plain.iter().any(|tests| root().join(tests).join(format!("{}.rs", pair[1])).exists());
            assert!(declared || file, "{path}: there is no `{}`", pair[1]);
        }
        for word in chosen.split_whitespace().filter(|word| !word.starts_with('-')) {
            let there = ["fn ", "mod ", "_", "\""].iter().any(|before| sources.contains(&format!("{before}{word}")));
            assert!(there, "{path}: nothing is called `{word}`");
        }
    }
    for line in block.text.lines() {
        if let Some(target) = line.strip_prefix("tests/fuzz/run ") {
            assert!(root().join("tests/fuzz/targets").join(target).with_extension("rs").exists(), "{path}: {target}");
        }
    }
}

#[test]
fn every_record_of_the_journal_is_in_the_protocol() {
    let sources = sources();
    let (_, names) = sources.split_once("Event::Begin { .. } => \"begin\"").unwrap();
    let names = names.split("\n        }\n").next().unwrap();
    let page = Page::read("docs/protocol.md");
    let known: Vec<&str> = ["begin"].into_iter().chain(names.split('"').skip(1).step_by(2)).collect();
    assert!(known.len() > 15, "{known:?}");
    known.iter().for_each(|name| assert!(page.text().contains(&format!("`{name}`")), "`{name}`"));
}

/// What pages say of a bound, and the constant that it is.
const BOUNDS: &[(&str, &str, &str)] = &[
    ("docs/limits.md", "| 1024, or half of the files", "CONNECTIONS_MAX: u64 = 1024;"),
    ("docs/limits.md", "16 that look, 4 that plan or verify, 8 that work", "LOOKS_MAX: u32 = 16;"),
    ("docs/limits.md", "16 that look, 4 that plan or verify, 8 that work", "STUDIES_MAX: u32 = 4;"),
    ("docs/limits.md", "16 that look, 4 that plan or verify, 8 that work", "WORKS_MAX: u32 = 8;"),
    ("docs/limits.md", "the rest wait 10 s", "PATIENCE: Duration = Duration::from_secs(10);"),
    ("docs/limits.md", "| the head of a request | 10 s |", "HEAD_TIME: Duration = Duration::from_secs(10);"),
    ("docs/limits.md", "| 64 KiB, and 10 s more |", "JSON_BYTES_MAX: usize = 64 << 10;"),
    ("docs/limits.md", "| 64 KiB, and 10 s more |", "JSON_TIME: Duration = Duration::from_secs(10);"),
    ("docs/limits.md", "| a client that takes nothing | 30 s |", "WRITE_TIME: Duration = Duration::from_secs(30);"),
    ("docs/limits.md", "| 10, and one more every 6 s |", "BURST: u32 = 10;"),
    ("docs/limits.md", "| 10, and one more every 6 s |", "INTERVAL: Duration = Duration::from_secs(6);"),
    ("docs/limits.md", "| tokens | 256 |", "TOKENS_MAX: usize = 256;"),
    ("docs/limits.md", "uploads and downloads at once | 32 |", "CARRIES_MAX: u32 = 32;"),
    ("docs/limits.md", "after 30 s without a piece", "PIECE_TIME: Duration = Duration::from_secs(30);"),
    ("docs/limits.md", "below 4 KiB/s", "RATE_BYTES_MIN: u64 = 4 << 10;"),
    ("docs/limits.md", "| 64 MiB and 10 s |", "DISCARDED_BYTES_MAX: usize = 64 << 20;"),
    ("docs/limits.md", "| 64 MiB and 10 s |", "DISCARD_TIME: Duration = Duration::from_secs(10);"),
    ("docs/limits.md", "the last 1024, and", "TAKEN_MAX: usize = 1024;"),
    ("docs/limits.md", "1 MiB for a workload's own", "DELIVERY_BYTES_MAX: usize = 1 << 20;"),
    ("docs/limits.md", "a reserve of 64 MiB", "RESERVE_BYTES: u64 = 64 << 20;"),
    ("docs/limits.md", "paths over 4096 bytes", "PATH_BYTES_MAX: usize = 4096;"),
    ("docs/limits.md", "names over 255", "NAME_BYTES_MAX: usize = 255;"),
    ("docs/limits.md", "more than 128 levels", "DEPTH_MAX: usize = 128;"),
    ("docs/limits.md", "come to more than 1 GiB", "LISTED_BYTES_MAX: u64 = 1 << 30;"),
    ("docs/limits.md", "may hold a million entries", "INSPECTED_ENTRIES_MAX: u64 = 1_000_000;"),
    ("docs/limits.md", "with 256 MiB of names", "INSPECTED_NAME_BYTES_MAX: u64 = 256 << 20;"),
    ("docs/limits.md", "and 16 TiB", "FOREIGN_BYTES_MAX: u64 = 16 << 40;"),
    ("docs/limits.md", "may unpack to 200 times", "FOREIGN_RATIO_MAX: u64 = 200;"),
    ("docs/limits.md", "gets 256 MiB of memory", "MEMORY_BYTES_MAX: usize = 256 << 20;"),
    ("docs/limits.md", "4096 handles", "HANDLES_MAX: usize = 4096;"),
    ("docs/limits.md", "2 MiB per call", "HOST_CALL_BYTES_MAX: usize = 2 * PIECE_BYTES_MAX;"),
    ("docs/limits.md", "with 4 GiB of memory and 300 s", "COMPILE_BYTES_MAX: u64 = 4 << 30;"),
    ("docs/limits.md", "with 4 GiB of memory and 300 s", "COMPILE_TIME_MAX: Duration = Duration::from_secs(300);"),
    ("docs/limits.md", "has at most 128 MiB", "PLUGIN_BYTES_MAX: usize = 128 << 20;"),
    ("docs/operating.md", "two files of at most 16 MiB", "LOG_BYTES_MAX: u64 = 16 << 20;"),
    ("docs/operating.md", "kept for 30 days", "PRUNE_AFTER_DAYS: i64 = 30;"),
    ("docs/operating.md", "The last three of those are kept", "SAFETY_KEPT: usize = 3;"),
    ("docs/protocol.md", "Writes are waited for 10 s", "LANDING_MAX: Duration = Duration::from_secs(10);"),
    ("docs/plugin-authors.md", "| 256 MiB (CPython", "MEMORY_BYTES_MAX: usize = 256 << 20;"),
    ("docs/plugin-authors.md", "| stack | 1 MiB |", "STACK_BYTES_MAX: usize = 1 << 20;"),
    ("docs/plugin-authors.md", "| handles at once | 4096 |", "HANDLES_MAX: usize = 4096;"),
    ("docs/plugin-authors.md", "| 200,000; 100, 32, 8 |", "TABLE_ELEMENTS_MAX: usize = 200_000;"),
    ("docs/plugin-authors.md", "one piece of a file | 1 MiB |", "PIECE_BYTES_MAX: usize = 1 << 20;"),
    ("docs/plugin-authors.md", "| live entries of one call | 4096 |", "LIVE_ENTRIES_MAX: u32 = 4096;"),
    ("docs/plugin-authors.md", "| 1 KiB; 64 KiB |", "NOTE_BYTES_MAX: usize = 1 << 10;"),
    ("docs/configuration.md", "| `stop_timeout` | `10s` |", "STOP_TIMEOUT: Duration = Duration::from_secs(10);"),
    ("docs/configuration.md", "| `interval` | `1s` |", "HEALTH_INTERVAL: Duration = Duration::from_secs(1);"),
    ("docs/configuration.md", "| `limit` | `60s` |", "HEALTH_LIMIT: Duration = Duration::from_secs(60);"),
    ("docs/configuration.md", "| `undo_window` | `24h` |", "UNDO_WINDOW: Duration = Duration::from_secs(24 * 3600);"),
    ("docs/configuration.md", "| `plugin_stall_limit` | `60s` |", "STALL_LIMIT: Duration = Duration::from_secs(60);"),
    ("docs/configuration.md", "| `max_instances` | `5` |", "INSTANCES_MAX: u32 = 5;"),
    ("docs/configuration.md", "| `wait` | `1h` |", "WAIT: Duration = Duration::from_secs(3600);"),
    ("docs/configuration.md", "| `snapshots_at_once` | `1` |", "SNAPSHOTS_AT_ONCE: u32 = 1;"),
    ("docs/operating.md", "two hours at most", "PATIENCE_MAX: SignedDuration = SignedDuration::from_hours(2);"),
    ("docs/operating.md", "looks every 5 s", "LOOK_INTERVAL: Duration = Duration::from_secs(5);"),
    ("docs/operating.md", "more than an hour before", "MISSED_AFTER: SignedDuration = SignedDuration::from_hours(1);"),
    ("docs/reliability.md", "24 such cuts for each file system", "CUTS: usize = 12;"),
    ("docs/reliability.md", "plays 500 rounds", "ROUNDS: u64 = 500;"),
    ("docs/configuration.md", "for 120 s at most", "LIMIT: Duration = Duration::from_secs(120);"),
];

#[test]
fn every_bound_is_the_constant_of_the_sources() {
    let sources = sources();
    for (path, said, constant) in BOUNDS {
        let page = Page::read(path);
        let text = page.text().split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains(said), "{path}: `{said}`");
        assert!(sources.contains(constant), "{path}: `{said}`, but there is no `{constant}`");
    }
}

#[test]
fn what_the_tests_count_is_what_is_told() {
    let read = |path: &str| std::fs::read_to_string(root().join(path)).unwrap();
    let page = Page::read("docs/reliability.md");
    let orders = read("tests/model/claims.rs").matches("_caught() {").count();
    assert!(page.text().contains(&format!("{orders} wrong orders are each found")), "{orders}");
    let fuzz = read("tests/fuzz.rs");
    let counts = fuzz.split("    fuzz(\"").skip(1).map(|call| call.split(", ").nth(1).unwrap().replace('_', ""));
    let mutants: u64 = counts.map(|count| count.parse::<u64>().unwrap()).sum();
    assert!(page.text().contains(&format!("{},{:03} mutants", mutants / 1000, mutants % 1000)), "{mutants}");
}
