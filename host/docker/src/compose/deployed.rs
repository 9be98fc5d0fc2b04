//! Which directories a project has, under the names that its volumes were given when it was adopted.

use std::collections::BTreeSet;

use super::mounts::{self, UnitDirectory};
use super::{View, adopt, mount};
use reforge_base::failure::Result;
use reforge_base::spec::Mount;
use reforge_runtime::DeployedMount;
use reforge_volumes::identity::Identity;

/// As a spec has them.
pub(crate) fn mounts(view: &View<'_>) -> Result<Vec<Mount>> {
    let directories = mounts::of(&view.client, &view.unit)?.directories;
    let names = names(view, &directories);
    let mounts = directories.into_iter().zip(names);
    Ok(mounts.map(|(directory, name)| mount(&name, directory.source, &directory.places[0])).collect())
}

/// With what members that run have. Where one has another directory than is there now, that one counts.
pub(crate) fn with_given(view: &View<'_>) -> Result<Vec<DeployedMount>> {
    let directories = mounts::of(&view.client, &view.unit)?.directories;
    let names = names(view, &directories);
    let mut mounts = Vec::new();
    for (directory, volume) in directories.into_iter().zip(names) {
        let there = Identity::at(&directory.source)?;
        let seen = directory.seen(&view.unit);
        let given = seen.iter().find(|seen| Some(*seen) != there.as_ref()).or(seen.first()).cloned();
        mounts.push(DeployedMount { volume, live: directory.source, given });
    }
    Ok(mounts)
}

/// One for each: what was given at adoption, else one that is made from its place.
fn names(view: &View<'_>, directories: &[UnitDirectory]) -> Vec<String> {
    let mut taken = BTreeSet::new();
    let given = |directory: &UnitDirectory| {
        let is_it = |places: &Vec<String>| places.iter().any(|place| directory.places.contains(place));
        view.record.volumes.iter().find(|(_, places)| is_it(places)).map(|(name, _)| name.clone())
    };
    let mut names: Vec<Option<String>> = Vec::new();
    for directory in directories {
        names.push(given(directory).filter(|name| taken.insert(name.clone())));
    }
    let named = names.into_iter().zip(directories);
    named
        .map(|(name, directory)| name.unwrap_or_else(|| adopt::free_name(&view.project, directory, &mut taken)))
        .collect()
}
