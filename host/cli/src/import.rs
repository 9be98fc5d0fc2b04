//! `import`: what somebody else has packed becomes a snapshot, or is shown for a person to say which directory is which
//! volume.

use std::fs::File;
use std::os::fd::AsFd as _;
use std::path::Path;

use reforge_base::message;
use reforge_base::{Code, Failure, Message, Result, escape};
use reforge_documents::snapshot as documents;
use reforge_host::restore::import::program::From;
use reforge_host::restore::import::{self, Contents, How, Input, Taken};
use reforge_snapshots::format::Descriptor;
use serde_json::json;

use super::answer::Answer;
use super::args::Import;
use super::exit::Exit;
use super::progress::Display;
use super::session::Session;
use super::snapshot;
use super::style;
use super::words::say;

/// What stands for standard input.
const PIPED: &str = "-";

pub(crate) fn import(session: &Session, what: &Import) -> Result<Answer> {
    let host = session.changing()?;
    host.config.workload(&what.workload)?;
    let plugin = session.plugin()?;
    let from = what.from.as_deref().map(From::parse).transpose()?;
    let called = match (&what.from, &what.file) {
        (Some(from), _) => escape::text(from),
        (None, Some(file)) => escape::path(file),
        (None, None) => String::new(),
    };
    let how = How {
        volumes: what.volume.clone(),
        strip: what.strip,
        below: from.as_ref().and_then(From::below).map(str::to_owned),
        strict: what.strict,
        allow_set_id: !what.allow.is_empty(),
        owners_by_name: what.owners_by_name,
    };
    let request = import::Request {
        called: Message::from(called),
        workload: what.workload.clone(),
        wait: what.wait.wait,
        who: session.who(),
        how,
    };
    let display = Display::new(session);
    let progress = &display.progress;
    let taken = match (from, what.file.as_deref()) {
        (Some(from), _) => import::run_of(host, &plugin, from.open(), &request, progress),
        (None, Some(file)) if file == Path::new(PIPED) => import::run_of(host, &plugin, piped(), &request, progress),
        (None, Some(file)) => import::run(host, &plugin, file, &request, progress),
        (None, None) => Err(Failure::new(Code::Usage, message!("name-what-is-to-be-taken-in"))),
    };
    drop(display);
    Ok(match taken? {
        Taken::Snapshot(descriptor) => imported(session, &descriptor),
        Taken::Contents(contents) => to_choose_from(session, what, &contents),
    })
}

fn piped() -> Result<Input<'static>> {
    let opened = std::io::stdin().as_fd().try_clone_to_owned();
    let opened = opened.map_err(|error| Failure::io("read", Path::new(PIPED), &error).with_code(Code::Usage))?;
    Ok(Input::Stream(File::from(opened), Box::new(|| Ok(()))))
}

fn imported(session: &Session, descriptor: &Descriptor) -> Answer {
    let mut lines = vec![
        say!("snapshot-imported-as", id = session.terminal.style.bold(&descriptor.id)),
        snapshot::contents(session, descriptor),
    ];
    lines.extend(snapshot::taken_in(descriptor));
    lines.push(say!("nothing-vouches-for-what-it-holds"));
    Answer::done(lines.join("\n"), documents::summary(descriptor))
}

fn to_choose_from(session: &Session, what: &Import, contents: &Contents) -> Answer {
    let rows = contents.places.iter().map(|place| {
        let prefix = if place.prefix.is_empty() { "." } else { &place.prefix };
        vec![prefix.to_owned(), place.entries.to_string(), style::bytes(place.bytes)]
    });
    let heads = [say!("head-directory"), say!("head-entries"), say!("head-data")];
    let table = style::table(session.terminal.style, &heads, &rows.collect::<Vec<_>>());
    let source = match (&what.from, &what.file) {
        (Some(from), _) => format!("--from {}", escape::text(from)),
        (None, file) => file.as_deref().map(escape::path).unwrap_or_default(),
    };
    let words = format!("import {source} --workload {} {}", escape::text(&what.workload), contents.options);
    let command = session.command(&words);
    let lines = [
        say!("archive-holds", format = contents.format, n = contents.entries),
        table,
        say!("say-which-is-which"),
        format!("  {command}"),
    ];
    let document = json!({ "contents": contents, "command": command });
    Answer { exit: Exit::Usage, ..Answer::done(lines.join("\n"), document) }
}
