//! `[workload.compose]`: which Compose project a workload is. What its containers are made of is Compose's to say, so every key
//! that says so here is refused.

use std::path::{Path, PathBuf};

use toml::Spanned;

use super::problems::Problems;
use super::raw::{RawCompose, RawSettings};
use super::{RuntimeName, container};
use reforge_base::escape;
use reforge_base::message;
use reforge_base::spec::ComposeProject;

pub(super) fn check(
    runtime: &RuntimeName,
    settings: &RawSettings,
    problems: &mut Problems<'_>,
) -> Option<ComposeProject> {
    let id = escape::text(settings.id.get_ref());
    match (&settings.compose, runtime.is_compose()) {
        (Some(compose), true) => Some(project(compose.get_ref(), problems)),
        (Some(compose), false) => {
            let message = message!("the-workload-is-no-compose-project", id);
            problems.say(compose.span(), message, message!("set-runtime-to-compose"));
            None
        }
        (None, true) => {
            let message = message!("the-workload-has-no-compose-project", id);
            problems.say(settings.id.span(), message, message!("add-workload-compose-or-adopt"));
            None
        }
        (None, false) => None,
    }
}

/// A key that would be read and mean nothing.
pub(super) fn refuse_others(settings: &RawSettings, problems: &mut Problems<'_>) {
    let at = |key, span: Option<std::ops::Range<usize>>| span.map(|span| (key, span));
    let said = [
        at("image", settings.image.as_ref().map(Spanned::span)),
        at("command", settings.command.as_ref().map(Spanned::span)),
        at("user", settings.user.as_ref().map(Spanned::span)),
        at("environment", settings.environment.as_ref().map(Spanned::span)),
        at("stop_signal", settings.stop_signal.as_ref().map(Spanned::span)),
        at("stop_timeout", settings.stop_timeout.as_ref().map(Spanned::span)),
    ];
    let of_container = container::keys(settings).into_iter().filter(|(key, _)| *key != "allow_containers");
    for (key, span) in said.into_iter().flatten().chain(of_container) {
        let id = escape::text(settings.id.get_ref());
        let message = message!("the-workload-is-a-compose-project", id, key);
        problems.say(span, message, message!("its-compose-files-say-that"));
    }
}

fn project(raw: &RawCompose, problems: &mut Problems<'_>) -> ComposeProject {
    let name = raw.project.get_ref();
    if name.is_empty() || name.contains(['\0', '=']) || name.contains(char::is_whitespace) {
        let message = message!("project-is-which-is-no-project", name = escape::text(name));
        problems.say(raw.project.span(), message, message!("write-what-docker-compose-ls-shows"));
    }
    if raw.config_files.is_empty() {
        problems.say(
            raw.project.span(),
            message!("config-files-is-empty"),
            message!("write-the-paths-of-the-compose-files"),
        );
    }
    for path in std::iter::once(&raw.working_dir).chain(&raw.config_files) {
        if !Path::new(path.get_ref()).is_absolute() || path.get_ref().contains('\0') {
            let message = message!("path-of-compose-is-not-absolute", path = escape::text(path.get_ref()));
            problems.say(path.span(), message, message!("write-a-path-that-starts"));
        }
    }
    let files = raw.config_files.iter().map(|file| PathBuf::from(file.get_ref()));
    ComposeProject::new(name, raw.working_dir.get_ref(), files.collect())
}
