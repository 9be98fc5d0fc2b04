//! `plugin`: which restore plugin is in use, which others there are, and whether a file keeps a plugin's promises.

use std::path::{Path, PathBuf};

use reforge_base::Failure;
use reforge_base::Phase;
use reforge_base::Result;
use reforge_base::escape;
use reforge_base::message;
use reforge_conformance::changes;
use reforge_conformance::{self as conformance, CheckedPromise, Verdict};
use reforge_documents::plugin as documents;
use reforge_host::host::Host;
use reforge_plugins::registry::install::{InstallRequest, Source};
use reforge_plugins::registry::{BUILT_IN, Installed};
use reforge_plugins::{Plugin, PluginEngine, WIT_VERSIONS};
use serde_json::json;

use super::answer::Answer;
use super::exit::Exit;
use super::session::Session;
use super::style;
use super::words::{self, say};

/// How much of a digest is shown in tables: enough to tell plugins apart and to choose one.
const DIGEST_SHOWN: usize = 12;

pub(crate) fn show(session: &Session) -> Result<Answer> {
    let plugin = session.plugin()?;
    let description = plugin.describe()?;
    let formats: Vec<String> = description.formats.iter().map(|format| escape::text(format)).collect();
    let (name, version) = (escape::text(&description.name), escape::text(&description.version));
    let reads = say!("plugin-reads", formats = formats.join(", "));
    let text = format!("{name} {version}\n{reads}\n{}", say!("plugin-digest", digest = plugin.digest()));
    let json = json!({ "name": name, "version": version, "formats": formats, "digest": plugin.digest() });
    Ok(Answer::done(text, json))
}

pub(crate) fn list(session: &Session) -> Result<Answer> {
    let host = session.looking()?;
    let registry = host.registry();
    let (installed, active) = (registry.list()?, registry.active()?.map(|one| one.digest));
    let built_in = Plugin::embedded(&session.plugin_engine()?)?;
    let description = built_in.describe()?;
    let named = session.plugin_file()?;
    let in_use = match (&named, &active) {
        (Some(_), _) => None,
        (None, Some(digest)) => Some(digest.as_str()),
        (None, None) => Some(built_in.digest()),
    };
    let mark = |digest: &str| if in_use == Some(digest) { say!("plugin-in-use") } else { String::new() };
    let mut rows = vec![vec![
        escape::text(&description.name),
        escape::text(&description.version),
        built_in.digest()[..DIGEST_SHOWN].to_owned(),
        BUILT_IN.to_owned(),
        String::new(),
        mark(built_in.digest()),
    ]];
    rows.extend(installed.iter().map(|one| {
        vec![
            escape::text(&one.name),
            escape::text(&one.version),
            one.digest[..DIGEST_SHOWN].to_owned(),
            style::instant(one.installed),
            if one.signature.is_some() { say!("plugin-signed") } else { String::new() },
            mark(&one.digest),
        ]
    }));
    let mut text = style::table(
        session.terminal.style,
        &[
            say!("head-name"),
            say!("head-version"),
            say!("head-digest"),
            say!("head-installed"),
            String::new(),
            String::new(),
        ],
        &rows,
    );
    text.push_str(&format!("\n{}", say!("loads-plugins-of-wit", versions = WIT_VERSIONS.join(", "))));
    if let Some((by, file)) = &named {
        text.push_str(&format!("\n{}", say!("none-of-these-is-used", by = words::read(by), file = escape::path(file))));
    }
    let mut document = documents::list(&installed, in_use, &built_in, &description);
    document.file = named.map(|(_, file)| file.display().to_string());
    Ok(Answer::done(text, document))
}

pub(crate) fn install(
    session: &Session,
    file: PathBuf,
    sha256: Option<String>,
    signature: Option<PathBuf>,
) -> Result<Answer> {
    let host = session.changing()?;
    let engine = session.plugin_engine()?;
    let step = |phase: Phase| session.terminal.say(&words::read(&phase.message()));
    let request = InstallRequest { source: Source::File { path: file, signature }, sha256, who: session.who() };
    let installed = changes::install(host, &engine, &step, &request)?;

    warn_if_useless(session, host, &installed)?;
    let installed_line = say!("plugin-installed", plugin = session.terminal.style.bold(&line(&installed)));
    let command = session.command(&format!("plugin use {}", &installed.digest[..DIGEST_SHOWN]));
    let text = format!("{installed_line}\n{}", say!("plugin-use-it-by", command));
    Ok(Answer::done(text, documents::installed(&installed, false)))
}

pub(crate) fn select(session: &Session, wanted: &str) -> Result<Answer> {
    let host = session.changing()?;
    let selected = changes::select(host, &session.plugin_engine()?, wanted, &session.who())?;
    if let Some(installed) = &selected {
        warn_if_useless(session, host, installed)?;
    }
    let mut text = match &selected {
        Some(installed) => say!("in-use-is", plugin = line(installed)),
        None => say!("in-use-is-the-built-in"),
    };
    let named = session.plugin_file()?;
    if let Some((by, file)) = &named {
        text.push_str(&format!("\n{}", say!("but-named-goes-before", by = words::read(by), file = escape::path(file))));
    }
    Ok(Answer::done(text, documents::selected(selected.as_ref(), named.as_ref().map(|(_, file)| file.as_path()))))
}

/// Says what a plugin is no use for.
fn warn_if_useless(session: &Session, host: &Host, installed: &Installed) -> Result<()> {
    if let Some(number) = changes::reads_none_of(host, installed)? {
        let label = session.terminal.error_style.yellow(&say!("label-warning"));
        session.beside("reads_none_of", json!(number));
        session.terminal.say(&format!("{label} {}", say!("it-reads-none-of-your-snapshots", n = number)));
        let hint = say!("to-restore-one-takes-another-plugin");
        session.terminal.say(&format!("{} {hint}", say!("label-hint")));
    }
    Ok(())
}

pub(crate) fn remove(session: &Session, wanted: &str) -> Result<Answer> {
    let host = session.changing()?;
    let removed = changes::remove(host, wanted, &session.who())?;
    Ok(Answer::done(say!("plugin-removed", plugin = line(&removed)), documents::installed(&removed, false)))
}

pub(crate) fn check(session: &Session, file: &Path, only: &[String]) -> Result<Answer> {
    // No host is needed: who writes a plugin may have none.
    let base = std::env::temp_dir();
    let plugin = Plugin::from_file(&PluginEngine::new(None)?, file)?;
    let told = |one: &CheckedPromise| session.terminal.say(&told_line(session, one));
    let checked = conformance::run(&plugin, &base, only, &told)?;
    let count = |is: fn(&Verdict) -> bool| checked.iter().filter(|one| is(&one.verdict)).count();
    let broken = count(|verdict| matches!(verdict, Verdict::Broken(_)));
    let kept = count(|verdict| *verdict == Verdict::Kept);
    let others = checked.len() - kept - broken;
    let n = checked.len();
    let text = match others {
        0 => say!("promises-checked", n, kept, broken),
        _ => say!("promises-checked-not-all", n, kept, broken, others),
    };
    let failure = (broken > 0).then(|| {
        Failure::new(reforge_base::Code::Plugin, message!("the-plugin-cannot-be-installed"))
            .hint(message!("mend-what-is-broken-above"))
    });
    let json = json!({ "digest": plugin.digest(), "promises": checked, "kept": kept, "broken": broken });
    let exit = failure.as_ref().map_or(Exit::Done, Exit::of_failure);
    Ok(Answer { text, json, failure, exit, take_back: None })
}

fn told_line(session: &Session, one: &CheckedPromise) -> String {
    let style = session.terminal.error_style;
    let [kept, broken, not_asked] = [say!("verdict-kept"), say!("verdict-broken"), say!("verdict-not-applicable")];
    let width = [&kept, &broken, &not_asked].map(|word| word.chars().count()).into_iter().max().unwrap_or_default();
    let padded = |word: String| format!("{word:<width$}");
    let (mark, why) = match &one.verdict {
        Verdict::Kept => (style.green(&padded(kept)), String::new()),
        Verdict::Broken(why) => (
            style.red(&padded(broken)),
            format!("\n{:indent$}{}", "", escape::prose(&words::read(why)), indent = width + 2),
        ),
        Verdict::NotApplicable(why) => (style.dim(&padded(not_asked)), format!(" ({})", words::read(why))),
    };
    format!("{mark}  {:<14}  {}{why}", one.name, words::read(&one.promise))
}

fn line(installed: &Installed) -> String {
    let (name, version) = (escape::text(&installed.name), escape::text(&installed.version));
    format!("{name} {version}  {}", &installed.digest[..DIGEST_SHOWN])
}
