//! README and `docs/`, held against the program: every block is run, parsed or compared, or says why not.
//!
//! `page` finds the blocks, `classify` says what is done with each, `stage` is where they are run, `shell` runs them,
//! `likeness` says which differences count, `guide` has what the guide for plugin authors needs; `reality` compares
//! tables with what the program says of itself. Never here: a block that is passed over in silence.

#![allow(clippy::unwrap_used, clippy::print_stderr)]

#[path = "docs/classify.rs"]
mod classify;
#[path = "support/engine.rs"]
#[allow(dead_code, reason = "it is what other tests are made with, and this needs little of it")]
mod engine;
#[path = "docs/likeness.rs"]
mod likeness;
#[path = "docs/page.rs"]
mod page;
#[path = "docs/reality.rs"]
mod reality;
#[path = "docs/shell.rs"]
mod shell;
#[path = "docs/stage.rs"]
mod stage;

use classify::Kind;
use page::Page;
use stage::Stage;

/// Runs the blocks of a page in one shell and compares what they print.
#[track_caller]
fn run(path: &str) {
    let page = Page::read(path);
    let needs = classify::needs(path);
    // What is carried from one machine to the other.
    let stick = tempfile::tempdir().unwrap();
    let mut stages = vec![Stage::new(needs, stick.path())];
    let mut on = 0;
    let mut wrong = Vec::new();
    // As elsewhere where snapshots are compared.
    let overwrite = std::env::var("SNAPSHOTS").is_ok_and(|value| value == "overwrite");
    let mut printed_instead = Vec::new();
    let mut printed = None;
    for block in &page.blocks {
        match classify::kind(block) {
            Kind::Run => {
                on = classify::machine(block);
                if on == stages.len() {
                    stages.push(Stage::new(needs, stick.path()));
                }
                match stages[on].run(&block.text) {
                    Ok(output) => printed = Some(output),
                    Err(why) => {
                        wrong.push(format!("{path}:{}: {why}", block.line));
                        break;
                    }
                }
            }
            Kind::Output => {
                let output = printed.take().unwrap_or_else(|| panic!("{path}:{}: of what?", block.line));
                stages[on].learn(&block.text, &output);
                if let Err(difference) = likeness::compare(&block.text, &output) {
                    printed_instead.push((block.line, stages[on].as_shown(&output)));
                    wrong.push(format!("{path}:{}: {difference}\nprinted:\n{output}", block.line));
                }
            }
            Kind::Configuration => stages[0].reads(&block.text),
            Kind::Json => drop(serde_json::from_str::<serde_json::Value>(&block.text).unwrap()),
            Kind::Source => reality::is_in_the_sources(path, block),
            Kind::Ci(_) => {}
            Kind::NotRun => reality::names_what_there_is(path, block),
        }
    }
    if overwrite {
        page.overwrite(&printed_instead);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn every_block_has_its_kind() {
    for path in page::all() {
        Page::read(&path).blocks.iter().for_each(|block| _ = classify::kind(block));
    }
}

#[test]
fn the_readme_is_short_and_has_what_ci_reads() {
    let page = Page::read("README.md");
    assert!(page.lines <= 250, "README.md has {} lines", page.lines);
    let marks = page.blocks.iter().filter_map(|block| match classify::kind(block) {
        Kind::Ci(name) => Some(name),
        _ => None,
    });
    assert_eq!(marks.collect::<Vec<_>>(), ["test"]);
}

#[test]
fn every_link_leads_somewhere() {
    for path in page::all() {
        let page = Page::read(&path);
        for target in page.links() {
            assert!(page.leads_to(target).exists(), "{path}: `{target}` leads nowhere");
        }
    }
}

macro_rules! pages {
    ($($name:ident: $path:literal,)*) => {
        $(#[test] fn $name() { run($path) })*

        #[test]
        fn every_page_with_blocks_is_run() {
            let run = [$($path),*];
            for path in page::all() {
                let runs = run.contains(&path.as_str());
                assert_eq!(runs, !Page::read(&path).blocks.is_empty(), "{path}");
            }
        }
    };
}

pages! {
    readme: "README.md",
    api: "docs/api.md",
    compose: "docs/compose.md",
    configuration: "docs/configuration.md",
    consistency: "docs/consistency.md",
    development: "docs/development.md",
    docker: "docs/docker.md",
    embedding: "docs/embedding.md",
    import: "docs/import.md",
    looking_into: "docs/looking-into.md",
    drills: "docs/drills.md",
    notifications: "docs/notifications.md",
    operating: "docs/operating.md",
    performance: "docs/performance.md",
    plugin_authors: "docs/plugin-authors.md",
    processes: "docs/processes.md",
    reliability: "docs/reliability.md",
    snapshot_format: "docs/snapshot-format.md",
}
