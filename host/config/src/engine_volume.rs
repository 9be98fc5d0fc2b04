//! `engine_volume`: a volume that a container engine has under a name of its own, and the directory that it stands for.
//!
//! Such a volume is exchanged in the engine's own directory of it, `volumes/NAME`, whose `_data` is what apps see. Nothing of
//! ours may ever lie in `volumes/` itself: an engine takes every directory there for a volume at its next start. Only the
//! words are checked here.

use std::path::Path;

use toml::Spanned;

use super::RuntimeName;
use super::problems::Problems;
use crate::scope::Scope;
use reforge_base::escape;
use reforge_base::message;

/// What apps see of a volume, in the engine's directory of it.
const DATA: &str = "_data";

/// The directory of an engine's root in which each volume has its own.
const VOLUMES: &str = "volumes";

pub(crate) fn check(
    runtime: &RuntimeName,
    scope: Scope,
    name: &Spanned<String>,
    source: Option<&Spanned<String>>,
    problems: &mut Problems<'_>,
) {
    let shown = escape::text(name.get_ref());
    if runtime.is_process() {
        return problems.say(
            name.span(),
            message!("engine-volume-of-a-process", shown),
            message!("only-a-container-has-one"),
        );
    }
    if !is_engines_name(name.get_ref()) {
        let message = message!("engine-volume-is-no-name", shown);
        problems.say(name.span(), message, message!("write-the-name-that-docker-volume-ls-shows"));
    }
    if scope != Scope::Absolute {
        let message = message!("engine-volume-has-the-scope", shown, scope = scope.as_str());
        return problems.say(name.span(), message, message!("write-scope-absolute-and-its-directory"));
    }
    let Some(source) = source else { return };
    if let Some(of) = volume_of_its_directory(Path::new(source.get_ref()))
        && of != name.get_ref()
    {
        let message = message!("source-is-of-another-engine-volume", shown, of = escape::text(of));
        problems.say(source.span(), message, message!("write-what-docker-volume-inspect-says", shown));
    }
    if is_a_volumes_directory(Path::new(source.get_ref()), name.get_ref()) {
        let text = escape::text(source.get_ref());
        let message =
            message!("source-is-which", text, clause = message!("is-the-engines-own-directory-of-the-volume"));
        problems.say(source.span(), message, message!("write-its-data-directory", text));
    }
}

/// The volume whose `_data` in an engine's root a path is.
fn volume_of_its_directory(source: &Path) -> Option<&str> {
    let is_called = |path: &Path, name: &str| path.file_name().is_some_and(|found| found == name);
    let own = source.parent().filter(|_| is_called(source, DATA))?;
    own.file_name()?.to_str().filter(|_| own.parent().is_some_and(|above| is_called(above, VOLUMES)))
}

/// Whether a path is `volumes/NAME` itself, beside which a sibling would be taken for a volume.
fn is_a_volumes_directory(source: &Path, name: &str) -> bool {
    let above = source.parent().and_then(Path::file_name);
    above.is_some_and(|above| above == VOLUMES) && source.file_name().is_some_and(|found| found == name)
}

/// As an engine names volumes.
fn is_engines_name(name: &str) -> bool {
    let rest = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    name.len() > 1 && name.as_bytes()[0].is_ascii_alphanumeric() && name.bytes().all(rest)
}
