//! What is done with each block. One of which nobody knows what to do fails.

use super::page::Block;

pub(crate) enum Kind<'a> {
    /// Run in the page's shell.
    Run,
    /// Compared with what the block before it printed.
    Output,
    /// Read by the loader of configurations.
    Configuration,
    /// Parsed.
    Json,
    /// Looked for in the sources.
    Source,
    /// Run by `.ci/run`, which finds it by this name.
    Ci(&'a str),
    NotRun,
}

/// A comment above a block that is run elsewhere than those without one.
const ON_THE_NEW_MACHINE: &str = "on the new machine";

/// The machine that a block is run on: the first one, or another.
pub(crate) fn machine(block: &Block) -> usize {
    usize::from(block.mark.as_deref() == Some(ON_THE_NEW_MACHINE))
}

/// What a page's blocks need beside the program.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Needs {
    Nothing,
    Engine,
    /// The same with networks, and Compose.
    Compose,
    /// A compiler for plugins, and the tool that makes one of Python.
    Compilers,
}

/// Why a block is not run: all that may be said. What a `cargo` command names is looked for all the same.
const REASONS: &[&str] = &[
    "installs packages",
    "needs systemd",
    "takes minutes; that there is such a test is checked",
    "takes minutes; that there is such a benchmark is checked",
    "builds the host once more, which takes minutes; the example is run",
    "needs cargo-fuzz and goes on until it is stopped",
];

pub(crate) fn needs(path: &str) -> Needs {
    match path {
        "docs/docker.md" => Needs::Engine,
        "README.md" | "docs/compose.md" => Needs::Compose,
        "docs/plugin-authors.md" => Needs::Compilers,
        _ => Needs::Nothing,
    }
}

pub(crate) fn kind(block: &Block) -> Kind<'_> {
    if let Some(reason) = block.mark.as_deref().and_then(|mark| mark.strip_prefix("not run: ")) {
        assert!(REASONS.contains(&reason), "line {}: `{reason}` is no reason not to run it", block.line);
        return Kind::NotRun;
    }
    if let Some(name) = block.mark.as_deref().and_then(|mark| mark.strip_prefix("ci: ")) {
        return Kind::Ci(name);
    }
    assert!(block.mark.is_none() || machine(block) > 0, "line {}: the comment above means nothing", block.line);
    match block.language.as_str() {
        "sh" => Kind::Run,
        "" => Kind::Output,
        "toml" => Kind::Configuration,
        "json" => Kind::Json,
        "rust" | "python" | "wit" => Kind::Source,
        other => panic!("line {}: nobody knows what to do with a block of `{other}`", block.line),
    }
}
