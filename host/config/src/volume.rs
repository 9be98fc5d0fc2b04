//! `[[workload.volume]]`: what a volume is called and where it says that it lives.
//!
//! Only the words are checked here. Where a source leads on the disk is for `deployer::resolve` to say, at every use.

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::{Component, Path, PathBuf};

use toml::Spanned;

use super::problems::Problems;
use super::raw::RawVolume;
use super::{RuntimeName, Volume, Workload, names};
use crate::deploy_spec::placeholders;
use crate::scope::Scope;
use reforge_base::escape;

/// Names in a volume's parent that start like this are ours.
pub(crate) const SIBLING_PREFIX: &str = ".reforge-";

pub(super) fn check_all(runtime: &RuntimeName, raw: Vec<RawVolume>, problems: &mut Problems<'_>) -> Vec<Volume> {
    let mut seen = BTreeSet::new();
    let mut volumes = Vec::new();
    for raw in raw {
        if !seen.insert(raw.name.get_ref().clone()) {
            let message = format!("a second volume of this workload is named `{}`", escape::text(raw.name.get_ref()));
            problems.say(raw.name.span(), message, "give each volume its own `name`");
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
        let message = format!("`scope` is `{}`, which is none", escape::text(raw.scope.get_ref()));
        problems.say(raw.scope.span(), message, format!("use one of {}", known.join(", ")));
        return None;
    };
    match (&raw.source, scope.is_supported()) {
        (Some(source), true) => check_source(scope, source, problems),
        (None, true) => problems.say(
            at.clone(),
            format!("volume `{}` has no `source`", escape::text(&name)),
            format!("a volume of scope `{}` is a directory: add `source = …`", scope.as_str()),
        ),
        (_, false) => {}
    }
    let target = raw.target.map(|target| check_target(target, problems));
    if target.is_none() && runtime.is_docker() {
        let message = format!("volume `{}` has no `target`", escape::text(&name));
        problems.say(at, message, "add `target = …`: where the app sees the volume");
    }
    Some(Volume { name, scope, source: raw.source.map(Spanned::into_inner), target })
}

/// A source of project or stage scope is a relative path that goes down only; one of absolute scope is absolute.
fn check_source(scope: Scope, source: &Spanned<String>, problems: &mut Problems<'_>) {
    let text = source.get_ref();
    let mut refuse = |clause: &str, hint: &str| {
        problems.say(source.span(), format!("`source` is `{}`, which {clause}", escape::text(text)), hint);
    };
    let below = match (scope, text.strip_prefix('/')) {
        (Scope::Absolute, Some(below)) => below,
        (Scope::Absolute, None) => {
            return refuse("is not absolute", "write a path that starts with `/`, or use the scope `project`");
        }
        (_, None) => text,
        (_, Some(_)) => {
            return refuse("is absolute", "write a path below the volume root, or use the scope `absolute`");
        }
    };
    let parts = || below.split('/');
    if text.contains('\0') {
        refuse("holds a zero byte", "remove it");
    } else if below.is_empty() {
        refuse("names no directory", "name the directory");
    } else if parts().any(|part| part == "..") {
        refuse("holds `..`", "write the path out");
    } else if parts().any(|part| part.is_empty() || part == ".") {
        refuse("holds an empty part or `.`", "write the path without `//`, `.` and a `/` at the end");
    } else if parts().any(|part| part.starts_with(SIBLING_PREFIX)) {
        refuse("holds a name that is kept for restores", "do not start a name with `.reforge-`");
    }
}

fn check_target(target: Spanned<String>, problems: &mut Problems<'_>) -> PathBuf {
    let path = Path::new(target.get_ref());
    let plain = path.components().skip(1).all(|part| matches!(part, Component::Normal(_)));
    if !path.is_absolute() || !plain || path.components().count() < 2 || target.get_ref().contains(['\0', ':']) {
        let message = format!("`target` is `{}`, which is no place in an app", escape::text(target.get_ref()));
        problems.say(target.span(), message, "write an absolute path without `..` and `:`");
    }
    path.to_owned()
}

/// Every `{volume:NAME}` names a volume that has a directory.
pub(super) fn check_placeholders(workload: &Workload, at: Range<usize>, problems: &mut Problems<'_>) {
    if workload.environment.values().any(|value| placeholders(value).next().is_some()) {
        let message =
            format!("the workload `{}` has `{{volume:NAME}}` in its `environment`", escape::text(&workload.id));
        problems.say(at.clone(), message, "only `command` and the command of `health` can hold it");
    }
    let health = workload.health.iter().flat_map(|health| &health.command);
    for name in workload.command.iter().chain(health).flat_map(|text| placeholders(text)).collect::<BTreeSet<_>>() {
        let known = workload.volumes.iter().find(|volume| volume.name == name);
        let clause = match known {
            Some(volume) if volume.scope.is_supported() => continue,
            Some(volume) => format!("which has the scope `{}` and no directory of ours", volume.scope.as_str()),
            None => "which the workload does not have".to_owned(),
        };
        problems.say(
            at.clone(),
            format!("the workload `{}` uses the volume `{}`, {clause}", escape::text(&workload.id), escape::text(name)),
            "add a `[[workload.volume]]` of that name, or correct `{volume:NAME}`",
        );
    }
}
