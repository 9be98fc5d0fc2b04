//! `[[workload.volume]]`: what a volume is called and where it says that it lives.
//!
//! Only the words are checked here. Where a source leads on the disk is for `deployer::resolve` to say, at every use.

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::Path;

use toml::Spanned;

use super::problems::Problems;
use super::raw::RawVolume;
use super::{RuntimeName, Volume, Workload, names, target};
use crate::deploy_spec::placeholders;
use crate::engine_volume;
use crate::scope::Scope;
use reforge_base::Message;
use reforge_base::escape;
use reforge_base::machine::is_never_a_volume;
use reforge_base::message;

/// Names in a volume's parent that start like this are ours.
pub(crate) const SIBLING_PREFIX: &str = ".reforge-";

pub(super) fn check_all(runtime: &RuntimeName, raw: Vec<RawVolume>, problems: &mut Problems<'_>) -> Vec<Volume> {
    let mut seen = BTreeSet::new();
    let mut volumes = Vec::new();
    for raw in raw {
        if !seen.insert(raw.name.get_ref().clone()) {
            let message = message!("a-second-volume-of-this-workload", get_ref = escape::text(raw.name.get_ref()));
            problems.say(raw.name.span(), message, message!("give-each-volume-its-own-name"));
        }
        volumes.extend(check(runtime, raw, problems));
    }
    volumes
}

fn check(runtime: &RuntimeName, raw: RawVolume, problems: &mut Problems<'_>) -> Option<Volume> {
    let at = raw.name.span();
    let name = names::check("name", raw.name, problems);
    let Some(scope) = Scope::parse(raw.scope.get_ref()) else {
        let known: Vec<&str> = Scope::ALL.iter().map(|scope| scope.as_str()).collect();
        let message = message!("scope-is-which-is-none", get_ref = escape::text(raw.scope.get_ref()));
        problems.say(raw.scope.span(), message, message!("use-one-of", known = known.join(", ")));
        return None;
    };
    match (&raw.source, scope.is_supported()) {
        (Some(source), true) => check_source(scope, source, problems),
        (None, true) => problems.say(
            at.clone(),
            message!("volume-has-no-source", name = escape::text(&name)),
            message!("a-volume-of-scope", scope = scope.as_str()),
        ),
        (_, false) => {}
    }
    if let Some(engine_volume) = &raw.engine_volume {
        engine_volume::check(runtime, scope, engine_volume, raw.source.as_ref(), problems);
    }
    if let Some(capture) = raw.capture.as_ref().filter(|_| !scope.is_supported()) {
        let message = message!("capture-means-nothing", scope = scope.as_str());
        problems.say(capture.span(), message, message!("only-directories-are-captured"));
    }
    let target = raw.target.map(|target| target::check(runtime, target, problems));
    if target.is_none() && (runtime.is_docker() || runtime.is_compose()) {
        let message = message!("volume-has-no-target", name = escape::text(&name));
        problems.say(at, message, message!("add-target-where-the-app-sees"));
    }
    Some(Volume {
        name,
        scope,
        source: raw.source.map(Spanned::into_inner),
        target,
        engine_volume: raw.engine_volume.map(Spanned::into_inner),
        capture: raw.capture.is_none_or(Spanned::into_inner),
    })
}

/// A source of project or stage scope is a relative path that goes down only; one of absolute scope is absolute.
fn check_source(scope: Scope, source: &Spanned<String>, problems: &mut Problems<'_>) {
    let text = source.get_ref();
    let mut refuse = |clause: Message, hint: Message| {
        problems.say(source.span(), message!("source-is-which", text = escape::text(text), clause), hint);
    };
    let below = match (scope, text.strip_prefix('/')) {
        (Scope::Absolute, Some(below)) => below,
        (Scope::Absolute, None) => {
            return refuse(message!("is-not-absolute"), message!("write-a-path-that-starts"));
        }
        (_, None) => text,
        (_, Some(_)) => {
            return refuse(message!("is-absolute"), message!("write-a-path-below-the-volume"));
        }
    };
    let parts = || below.split('/');
    if text.contains('\0') {
        refuse(message!("holds-a-zero-byte"), message!("remove-it"));
    } else if below.is_empty() {
        refuse(message!("names-no-directory"), message!("name-the-directory"));
    } else if parts().any(|part| part == "..") {
        refuse(message!("holds-two-dots"), message!("write-the-path-out"));
    } else if parts().any(|part| part.is_empty() || part == ".") {
        refuse(message!("holds-an-empty-part-or"), message!("write-the-path-without"));
    } else if parts().any(|part| part.starts_with(SIBLING_PREFIX)) {
        refuse(message!("holds-a-name-that-is-kept"), message!("do-not-start-a-name"));
    } else if scope == Scope::Absolute && is_never_a_volume(Path::new(text)) {
        refuse(message!("is-the-machines-own"), message!("leave-it-out-what-a-container"));
    }
}

/// Every `{volume:NAME}` names a volume that has a directory.
pub(super) fn check_placeholders(workload: &Workload, at: Range<usize>, problems: &mut Problems<'_>) {
    if workload.environment.values().any(|value| placeholders(value).next().is_some()) {
        let message = message!("the-workload-has-volume-name", id = escape::text(&workload.id));
        problems.say(at.clone(), message, message!("only-command-and-the-command"));
    }
    let health = workload.health.iter().flat_map(|health| &health.command);
    for name in workload.command.iter().chain(health).flat_map(|text| placeholders(text)).collect::<BTreeSet<_>>() {
        let known = workload.volumes.iter().find(|volume| volume.name == name);
        let clause = match known {
            Some(volume) if volume.scope.is_supported() => continue,
            Some(volume) => message!("which-has-the-scope", scope = volume.scope.as_str()),
            None => message!("which-the-workload-does-not-have"),
        };
        problems.say(
            at.clone(),
            message!(
                "the-workload-uses-the-volume",
                id = escape::text(&workload.id),
                name = escape::text(name),
                clause
            ),
            message!("add-a-workload-volume"),
        );
    }
}
