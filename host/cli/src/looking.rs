//! `snapshot browse`, `cat`, `extract`, `diff`, `versions`: looks into snapshots. Changes nothing but what `extract` makes.

use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message::Bytes;
use reforge_base::{escape, message};
use reforge_documents::looking as documents;
use reforge_documents::looking::{ChangedName, ChangedNames, Entries, Entry, EntryFacts, NAMES_MAX};
use reforge_host::restore::run::Planned;
use reforge_looking::diff::{self, Direction, Page};
use reforge_looking::place::Asked;
use reforge_looking::{Look, Looked, place};
use reforge_plugins::Plugin;
use serde_json::json;

use super::answer::Answer;
use super::args::{Named, Within};
use super::progress::Display;
use super::session::Session;
use super::style;
use super::terminal::Terminal;
use super::words::{self, say};

/// What goes into a document whole.
const DOCUMENT_BYTES_MAX: u64 = 1 << 20;

/// What is looked for, somebody being shown how far it is.
fn looking<T>(session: &Session, act: impl FnOnce(&Look<'_>) -> Result<T>) -> Result<T> {
    let host = session.looking()?;
    let display = Display::new(session);
    let plugin = || -> Result<Plugin> { session.plugin() };
    act(&Look { host, plugin: &plugin, progress: &display.progress, who: &session.who() })
}

fn page(from: u64) -> Page {
    Page { from, most: NAMES_MAX }
}

/// A path in a volume, if that is said.
fn asked<'a>(within: &'a Within, path: &'a OsStr) -> Asked<'a> {
    Asked { volume: within.volume.as_deref(), path: path.as_bytes() }
}

pub(crate) fn browse(
    session: &Session,
    named: &Named,
    within: &Within,
    path: Option<&OsStr>,
    from: u64,
) -> Result<Answer> {
    let told = looking(session, |look| {
        let looked = look.open(&named.workload, &named.snapshot)?;
        // A volume alone is its root.
        let path = path.or_else(|| within.volume.is_some().then_some(OsStr::new("")));
        let Some(path) = path else {
            // Of several volumes their names; of one what it holds.
            return match looked.list.volume(1) {
                Some(_) => documents::volumes(&looked),
                None => root(&looked, from),
            };
        };
        let (number, entry) = place::find(&look.host.config, &looked, asked(within, path))?;
        documents::children(&looked, number, &entry, page(from))
    })?;
    Ok(Answer::done(listed(session, &told), &told))
}

fn root(looked: &Looked, from: u64) -> Result<Entries> {
    match looked.list.get(0)? {
        Some(root) => documents::children(looked, 0, &root, page(from)),
        None => documents::volumes(looked),
    }
}

fn listed(session: &Session, told: &Entries) -> String {
    let of_volumes = told.under.is_none();
    let shown: Vec<&Entry> = match &told.under {
        // Anything but a directory is shown itself.
        Some(under) if under.facts.kind != "directory" => vec![under],
        _ => told.entries.iter().collect(),
    };
    if shown.is_empty() {
        return say!("nothing-is-in-it");
    }
    let rows: Vec<Vec<String>> = shown.iter().map(|entry| row(entry, of_volumes)).collect();
    let heads = [say!("head-mode"), say!("head-owner"), say!("head-size"), say!("head-modified"), say!("head-name")];
    let mut text = style::table(session.terminal.style, &heads, &rows);
    let behind = told.from + told.entries.len() as u64;
    if behind < told.total {
        text.push_str(&format!("\n{}", say!("so-many-more-from", n = told.total - behind, from = behind)));
    }
    text
}

fn row(entry: &Entry, is_volume: bool) -> Vec<String> {
    let name = match is_volume || entry.path.is_empty() {
        true => entry.volume.as_str(),
        false => entry.path.rsplit('/').next().unwrap_or_default(),
    };
    let facts = &entry.facts;
    let name = match (facts.kind.as_str(), &facts.target) {
        ("directory", _) => format!("{name}/"),
        ("symlink", Some(target)) => format!("{name} -> {target}"),
        ("hard-link", Some(leader)) => format!("{name} = {leader}"),
        _ => name.to_owned(),
    };
    vec![facts.mode.clone(), format!("{}:{}", facts.uid, facts.gid), size(facts), modified(facts), name]
}

fn size(facts: &EntryFacts) -> String {
    if facts.kind == "file" { style::bytes(facts.bytes) } else { "-".to_owned() }
}

fn modified(facts: &EntryFacts) -> String {
    facts.modified.map_or_else(|| "-".to_owned(), style::instant)
}

pub(crate) fn cat(session: &Session, named: &Named, within: &Within, path: &OsStr, stretch: Stretch) -> Result<Answer> {
    let called = message!("standard-output");
    looking(session, |look| {
        let looked = look.open(&named.workload, &named.snapshot)?;
        let (number, entry) = place::find(&look.host.config, &looked, asked(within, path))?;
        let content = looked.content(number)?;
        if !session.terminal.json {
            let mut out = Stretched::of(stretch, ToTerminal(&session.terminal));
            look.write_content(&looked, &content, &mut out, &called)?;
            return Ok(Answer::done("", json!({})));
        }
        let wanted = content.size.saturating_sub(stretch.offset).min(stretch.count.unwrap_or(u64::MAX));
        if wanted > DOCUMENT_BYTES_MAX {
            let message = message!("a-document-holds-no-such-file", limit = DOCUMENT_BYTES_MAX);
            let next = stretch.offset + DOCUMENT_BYTES_MAX;
            return Err(Failure::new(Code::TooLarge, message).hint(message!(
                "ask-without-json",
                limit = DOCUMENT_BYTES_MAX,
                offset = stretch.offset,
                next
            )));
        }
        let mut out = Stretched::of(stretch, Vec::new());
        look.write_content(&looked, &content, &mut out, &called)?;
        let bytes = out.into;
        let volume = looked.list.volume_of(number).and_then(|index| looked.volume_names().nth(index));
        let entry = documents::entry(volume.unwrap_or_default(), number, &entry);
        let hex = hex::encode(&bytes);
        Ok(Answer::done(
            "",
            json!({ "entry": entry, "offset": stretch.offset, "text": String::from_utf8(bytes).ok(), "hex": hex }),
        ))
    })
}

/// Which bytes of a file are wanted.
#[derive(Clone, Copy)]
pub(crate) struct Stretch {
    pub offset: u64,
    /// None: all that follow.
    pub count: Option<u64>,
}

/// Lets a stretch through. All of the file goes by: only then is it known to be what the snapshot held.
struct Stretched<W> {
    /// Bytes to pass over, and to let through, from here on.
    skip: u64,
    left: u64,
    into: W,
}

impl<W: Write> Stretched<W> {
    fn of(stretch: Stretch, into: W) -> Stretched<W> {
        Stretched { skip: stretch.offset, left: stretch.count.unwrap_or(u64::MAX), into }
    }
}

impl<W: Write> Write for Stretched<W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let skipped = self.skip.min(bytes.len() as u64);
        let taken = self.left.min(bytes.len() as u64 - skipped);
        self.into.write_all(&bytes[skipped as usize..(skipped + taken) as usize])?;
        (self.skip, self.left) = (self.skip - skipped, self.left - taken);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.into.flush()
    }
}

/// What is told as it comes, however long that takes.
struct ToTerminal<'a>(&'a Terminal);

impl Write for ToTerminal<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.answer_bytes(bytes).map(|()| bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

pub(crate) fn extract(
    session: &Session,
    named: &Named,
    within: &Within,
    paths: &[OsString],
    to: &Path,
) -> Result<Answer> {
    let paths: Vec<Asked<'_>> = paths.iter().map(|path| asked(within, path)).collect();
    let told = looking(session, |look| {
        let looked = look.open(&named.workload, &named.snapshot)?;
        let done = look.extract(&looked, &paths, to)?;
        Ok(documents::extracted(&looked.descriptor().id, &done))
    })?;
    let entries = style::entries_in_words(told.entries);
    let mut lines =
        vec![say!("extracted-to", to = escape::path(Path::new(&told.to)), entries, size = Bytes(told.bytes))];
    lines.extend(told.left_out_names.iter().map(|name| say!("left-out-by-policy", name)));
    let unnamed = told.left_out - told.left_out_names.len() as u64;
    lines.extend((unnamed > 0).then(|| say!("so-many-more-left-out", n = unnamed)));
    lines.extend(told.without_flags_names.iter().map(|name| say!("without-its-flags", name)));
    let unnamed = told.without_flags - told.without_flags_names.len() as u64;
    lines.extend((unnamed > 0).then(|| say!("so-many-more-without-flags", n = unnamed)));
    Ok(Answer::done(lines.join("\n"), &told))
}

pub(crate) fn diff(session: &Session, named: &Named, other: Option<&str>, from: u64) -> Result<Answer> {
    let page = page(from);
    let told = looking(session, |look| {
        let before = look.open(&named.workload, &named.snapshot)?;
        let id = &before.descriptor().id;
        match other {
            Some(other) => {
                let after = look.open(&named.workload, other)?;
                let found = diff::of_snapshots(&before, &after, page)?;
                Ok(documents::diff(&named.workload, id, &after.descriptor().id, &found, page))
            }
            None => {
                let volumes = diff::live_volumes(&look.host.config, &before);
                let found = diff::of_live(&before, &volumes, Direction::ToLive, page)?;
                Ok(documents::diff(&named.workload, id, documents::LIVE, &found, page))
            }
        }
    })?;
    Ok(Answer::done(changed(&told.names), &told))
}

/// Some of the names that a plan's restore would change.
pub(crate) fn of_plan(session: &Session, planned: &Planned, workload: &str, from: u64) -> Result<ChangedNames> {
    let page = page(from);
    looking(session, |look| Ok(documents::names(&diff::of_plan(look, planned, workload, page)?, page)))
}

/// The names that differ, for a person.
pub(crate) fn changed(names: &ChangedNames) -> String {
    let mut lines: Vec<String> = names.names.iter().map(changed_name).collect();
    let behind = names.from + names.names.len() as u64;
    let total = names.added + names.removed + names.changed;
    if behind < total {
        lines.push(say!("so-many-more-from", n = total - behind, from = behind));
    }
    let (added, removed, changed) = (names.added, names.removed, names.changed);
    lines.push(say!("plan-changes", added, removed, changed, same = names.same));
    lines.extend((names.by_size_and_time > 0).then(|| say!("compared-by-size-and-time", n = names.by_size_and_time)));
    lines.join("\n")
}

fn changed_name(name: &ChangedName) -> String {
    let mark = match name.change.as_str() {
        "added" => "+",
        "removed" => "-",
        _ => "~",
    };
    let path = if name.path.is_empty() { name.volume.clone() } else { format!("{}/{}", name.volume, name.path) };
    match name.differs.is_empty() {
        true => format!("{mark} {path}"),
        false => {
            let aspects = name.differs.iter().map(|aspect| words::word("differs", aspect)).collect::<Vec<_>>();
            format!("{mark} {path}  ({})", aspects.join(", "))
        }
    }
}

pub(crate) fn versions(session: &Session, workload: &str, within: &Within, path: &OsStr) -> Result<Answer> {
    let told = looking(session, |look| {
        Ok(documents::versions(workload, path.as_bytes(), look.versions(workload, asked(within, path))?))
    })?;
    if !told.versions.iter().any(|version| version.entry.is_some() || version.error.is_some()) {
        let message = message!("no-snapshot-holds", path = told.path);
        return Err(Failure::new(Code::NotFound, message).hint(message!("browse-one-of-them")));
    }
    let rows: Vec<Vec<String>> = told
        .versions
        .iter()
        .map(|version| {
            let none = || "-".to_owned();
            let facts = version.entry.as_ref().map(|entry| &entry.facts);
            let size = |facts: &EntryFacts| if facts.kind == "directory" { none() } else { style::bytes(facts.bytes) };
            let content = match (&version.error, facts, version.same_as_before) {
                (Some(failure), ..) => words::read(&failure.message),
                (None, None, _) => say!("version-not-there"),
                (None, Some(_), Some(true)) => say!("version-as-before"),
                (None, Some(_), Some(false)) => say!("version-changed"),
                (None, Some(_), None) => none(),
            };
            vec![
                escape::text(&version.snapshot),
                version.created.map_or_else(none, style::age),
                facts.map_or_else(none, size),
                facts.map_or_else(none, modified),
                content,
            ]
        })
        .collect();
    let heads =
        [say!("head-snapshot"), say!("head-taken"), say!("head-size"), say!("head-modified"), say!("head-content")];
    Ok(Answer::done(style::table(session.terminal.style, &heads, &rows), &told))
}
