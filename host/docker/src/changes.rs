//! What an app has written into its container instead of a volume: a recreation loses it. Looks only.

use std::collections::BTreeSet;

use bollard::models::ChangeType;

use super::client::Client;
use super::container::Found;
use reforge_base::escape;
use reforge_base::failure::{Failure, Result};
use reforge_base::message;

/// How many paths are named.
const NAMED_MAX: usize = 5;

/// Says so if there is something.
pub(crate) fn warning(client: &Client, found: &Found) -> Result<Option<Failure>> {
    let doing = message!("ask-what-the-container-has-changed", shown = found.shown());

    let changes = match client.ask(|docker| docker.container_changes(&found.id)) {
        Ok(changes) => changes.unwrap_or_default(),
        Err(error) if error.is_gone() => return Ok(None),
        Err(error) => return Err(client.failed(&doing)(error)),
    };
    let all: BTreeSet<&str> = changes.iter().map(|change| change.path.as_str()).collect();
    let mounted: Vec<&str> =
        found.inspect.mounts.iter().flatten().filter_map(|point| point.destination.as_deref()).collect();
    // The engine makes the places that it mounts at, and a directory changes with what is in it.
    let matters = |change: &&bollard::models::FilesystemChange| {
        let is_above = |path: &&str| is_within(path, &change.path);
        let only_holds = change.kind == ChangeType::_0 && all.iter().any(|path| *path != change.path && is_above(path));
        !mounted.iter().any(is_above) && !only_holds
    };
    let mut paths: Vec<&str> = changes.iter().filter(matters).map(|change| change.path.as_str()).collect();
    // What lies below something new is not named besides.
    let whole: Vec<&str> = paths.clone();
    paths.retain(|path| !whole.iter().any(|above| above != path && is_within(path, above)));
    if paths.is_empty() {
        return Ok(None);
    }
    let named: Vec<String> = paths.iter().take(NAMED_MAX).map(|path| format!("`{}`", escape::text(path))).collect();
    let (shown, named) = (found.shown(), named.join(", "));
    let message = match paths.len().saturating_sub(NAMED_MAX) {
        0 => message!("the-container-has-changed-files-outside", shown, named),
        n => message!("the-container-has-changed-more-files-outside", shown, named, n),
    };
    Ok(Some(Failure::warning("changed-outside", message).hint(message!("a-restore-creates-it-anew-without"))))
}

/// Whether a path is another or lies below it, by components.
fn is_within(path: &str, above: &str) -> bool {
    std::path::Path::new(path).starts_with(above)
}
