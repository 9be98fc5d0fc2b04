//! What a restore plugin promises, as a suite that anybody can run against a file: real volumes in a temporary
//! directory, a host as in service, and an app that does what a script says.
//!
//! In reading order: [`promises`] the table of what is checked, [`scene`] one throwaway deployment, [`app`] the runtime
//! that follows a script, [`archives`] good and hostile archives; [`changes`] installs what keeps them. The host's own rules hold all the while: a plugin that
//! breaks every promise harms nothing here either.
//!
//! What a plugin is given are snapshots of this host. One that reads only other formats cannot be judged by those, and
//! must refuse them cleanly.

pub mod app;
mod archives;
pub mod changes;
mod promises;
mod scene;

use std::path::Path;

use serde::Serialize;

use self::promises::{PROMISES, Promise};
use self::scene::Lab;
use reforge_base::Message;
use reforge_base::escape;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_plugins::Plugin;

/// The format of this host's snapshots, as plugins name it.
pub const OUR_FORMAT: &str = "reforge tar 1";

/// How one promise was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "verdict", content = "why")]
pub enum Verdict {
    Kept,
    Broken(Message),
    /// It cannot be asked of this plugin.
    NotApplicable(Message),
}

/// One line of the result.
#[derive(Clone, Debug, Serialize)]
pub struct CheckedPromise {
    pub name: &'static str,
    /// What is promised, as a sentence.
    pub promise: Message,
    #[serde(flatten)]
    pub verdict: Verdict,
}

/// What became of a check that was made: a promise that was broken, or a check that could not be made.
enum Stop {
    Broken(Message),
    Failed(Failure),
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Stop {
        Stop::Failed(failure)
    }
}

/// The names of everything that is checked.
pub fn names() -> Vec<&'static str> {
    PROMISES.iter().map(|promise| promise.name).collect()
}

/// Checks a plugin in a directory of its own below `base`, which must be on a file system that can hold volumes. `only`
/// are the names of promises, none for all; `told` hears each as it is judged.
pub fn run(
    plugin: &Plugin,
    base: &Path,
    only: &[String],
    told: &dyn Fn(&CheckedPromise),
) -> Result<Vec<CheckedPromise>> {
    if let Some(unknown) = only.iter().find(|name| !names().contains(&name.as_str())) {
        let message = message!("there-is-no-promise", unknown = escape::text(unknown));
        return Err(Failure::new(Code::Usage, message).hint(message!("there-are", names = names().join(", "))));
    }
    let lab = Lab::new(plugin, base)?;
    let wanted = |promise: &&Promise| only.is_empty() || only.iter().any(|name| name == promise.name);
    let mut checked = Vec::new();
    for promise in PROMISES.iter().filter(wanted) {
        let one = CheckedPromise { name: promise.name, promise: promise.sentence(), verdict: check(promise, &lab)? };
        told(&one);
        checked.push(one);
    }
    Ok(checked)
}

/// Refuses a plugin that breaks a promise.
pub fn require(plugin: &Plugin, base: &Path) -> Result<()> {
    scene::sweep(base)?;
    let checked = run(plugin, base, &[], &|_| {})?;
    let broken = checked.iter().filter_map(|one| match &one.verdict {
        Verdict::Broken(why) => Some(message!("promise-because", promise = one.promise, why)),
        _ => None,
    });
    let broken: Vec<Message> = broken.collect();
    match broken.first() {
        None => Ok(()),
        Some(first) => {
            let message = message!("the-plugin-breaks-of-promises-first", n = broken.len(), n_2 = checked.len(), first);
            Err(Failure::new(Code::Plugin, message).hint(message!("reforge-plugin-check-file-shows-all")))
        }
    }
}

fn check(promise: &Promise, lab: &Lab<'_>) -> Result<Verdict> {
    if promise.reads_ours && !lab.reads_ours {
        return Ok(Verdict::NotApplicable(message!("the-plugin-does-not-read", format = OUR_FORMAT)));
    }
    match (promise.check)(lab) {
        Ok(()) => Ok(Verdict::Kept),
        Err(Stop::Broken(why)) => Ok(Verdict::Broken(why)),
        Err(Stop::Failed(failure)) => Err(failure.context(message!("could-not-be-checked", name = promise.name))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_promise_and_every_archive_is_called_something_in_every_language() {
        let sentences = PROMISES.iter().map(Promise::sentence);
        for message in sentences.chain(archives::called()) {
            let russian = message.in_language(reforge_base::Language::Russian);
            assert!(message.source().is_some() && russian != *message, "{message}");
        }
    }
}
