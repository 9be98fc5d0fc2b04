//! Where a workload's volumes are, from the CURRENT configuration and nothing else: never from a path in a manifest.
//!
//! Implements the refusals of rules 3, 9 and 10 that need no engine: what could not be exchanged, would be followed
//! out of its root, or holds what a restore must not touch, is refused here, every problem at once. Looks only; a
//! directory that could be made is made by `prepare`, for a deploy.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use crate::about::About;
use crate::configured::{Home, configured_mount, configured_path, home};
use crate::forbidden;
use crate::live;
use crate::overlap;
use reforge_base::escape;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_base::mounts::MountTable;
use reforge_base::spec::Mount;
use reforge_config::scope::Scope;
use reforge_config::{Config, Volume, Workload};
use reforge_snapshots::format::SkippedVolume;

/// A volume of a supported scope, where it really is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolvedVolume {
    pub name: String,
    pub scope: Scope,
    /// As configured, for people.
    pub source: String,
    /// Where the app sees it: the live directory itself for a process.
    pub target: PathBuf,
    /// `parent` and `live` in one.
    pub path: PathBuf,
    /// Canonical.
    pub parent: PathBuf,
    pub live: OsString,
    pub exists: bool,
    /// What a container engine calls it.
    pub engine_volume: Option<String>,
}

/// Every volume of a workload, and everything that stands in the way of using them.
#[derive(Clone, Debug, Default)]
pub struct Resolution {
    /// Those that can be used, in the configuration's order.
    pub volumes: Vec<ResolvedVolume>,
    /// Volumes of other scopes.
    pub skipped: Vec<SkippedVolume>,
    /// Volumes that are only mounted (`capture = false`). What is there is never looked at.
    pub uncaptured: Vec<Mount>,
    /// One per problem, with the code `volume-refused`.
    pub refusals: Vec<Failure>,
    /// How many of the refusals only say that a parent below the volume root was not made yet.
    parents_to_make: usize,
}

impl Resolution {
    /// Whether all that stands in the way are parents that a deploy makes.
    pub(super) fn lacks_only_parents(&self) -> bool {
        self.parents_to_make > 0 && self.refusals.len() == self.parents_to_make
    }

    /// The volumes, if nothing stands in the way; else one failure that says everything.
    pub fn accept(self) -> Result<Vec<ResolvedVolume>> {
        Failure::of_all(&self.refusals).map_or(Ok(self.volumes), Err)
    }

    /// Names of the volumes that no snapshot holds and no restore touches.
    pub fn left(&self) -> Vec<String> {
        let skipped = self.skipped.iter().map(|volume| volume.name.clone());
        skipped.chain(self.uncaptured.iter().map(|mount| mount.volume.clone())).collect()
    }
}

impl ResolvedVolume {
    pub fn mount(&self) -> Mount {
        Mount::new(&self.name, &self.path, &self.target).with_engine_volume(self.engine_volume.clone())
    }
}

/// Looks at every volume of a workload.
pub fn resolve(config: &Config, workload: &Workload) -> Resolution {
    let mut resolution = Resolution::default();
    let mounts = match MountTable::read() {
        Ok(mounts) => mounts,
        Err(failure) => {
            resolution.refusals.push(failure.with_code(Code::VolumeRefused).hint(message!("mount-proc")));
            return resolution;
        }
    };
    for volume in &workload.volumes {
        if !volume.scope.is_supported() {
            let scope = volume.scope.as_str().to_owned();
            resolution.skipped.push(SkippedVolume { name: volume.name.clone(), scope });
            continue;
        }
        if !volume.capture {
            match uncaptured(config, workload, volume) {
                Ok(mount) => resolution.uncaptured.push(mount),
                Err(failure) => resolution.refusals.push(failure),
            }
            continue;
        }
        match resolve_volume(config, workload, volume, &mounts) {
            Ok(volume) => resolution.volumes.push(volume),
            Err(Refused::NoParentYet(failure)) => {
                resolution.parents_to_make += 1;
                resolution.refusals.push(failure);
            }
            Err(Refused::Because(failures)) => resolution.refusals.extend(failures),
        }
    }
    resolution.refusals.extend(overlap::refusals(config, workload, &mounts));
    resolution
}

enum Refused {
    NoParentYet(Failure),
    Because(Vec<Failure>),
}

impl From<Failure> for Refused {
    fn from(failure: Failure) -> Self {
        Refused::Because(vec![failure])
    }
}

/// Every volume of a workload that is only mounted, as configured.
pub fn only_mounted(config: &Config, workload: &Workload) -> Vec<Mount> {
    let volumes = workload.volumes.iter().filter(|volume| volume.scope.is_supported() && !volume.capture);
    volumes.filter_map(|volume| configured_mount(config, workload, volume)).collect()
}

/// Where one is that is only mounted. It may be what could not be exchanged, and lie anywhere but where no volume may.
fn uncaptured(config: &Config, workload: &Workload, volume: &Volume) -> Result<Mount> {
    let mount = configured_mount(config, workload, volume);
    let path = mount.as_ref().map_or(Path::new(""), |mount| &mount.live);
    let about = About { workload: &workload.id, volume: &volume.name, path };
    let no_place = || about.refuse(message!("has-no-directory"), message!("correct-its-source-and-set-volume"));
    let mount = mount.as_ref().ok_or_else(no_place)?;
    forbidden::refusal(config, &about, volume).map_or_else(|| Ok(mount.clone()), Err)
}

fn resolve_volume(
    config: &Config,
    workload: &Workload,
    volume: &Volume,
    mounts: &MountTable,
) -> Result<ResolvedVolume, Refused> {
    let path = configured_path(config, workload, volume);
    let path = path.as_deref().unwrap_or(Path::new(""));
    let about = About { workload: &workload.id, volume: &volume.name, path };
    let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(about.refuse(message!("has-no-directory"), message!("correct-its-source-and-set-volume")).into());
    };
    if let Some(refusal) = forbidden::refusal(config, &about, volume) {
        return Err(refusal.into());
    }
    let home = home(config, workload, volume.scope);
    let roots = canonical_roots(&home, &about)?;
    let parent = match parent.canonicalize() {
        Ok(parent) => parent,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let clause = message!("has-no-parent-directory", parent = escape::path(parent));
            let refused = |hint| about.refuse(&clause, hint);
            return Err(match home {
                Home::Below { .. } => Refused::NoParentYet(refused(message!("deploy-the-workload-once-which-makes"))),
                _ => refused(message!("make-the-directory-or-mount")).into(),
            });
        }
        Err(error) => {
            let failure = Failure::io("look at", parent, &error);
            let clause = message!("has-a-parent-directory-that-cannot", message = failure.message);
            return Err(about.refuse(clause, message!("correct-source-or-the-rights")).into());
        }
    };
    let path = parent.join(name);
    // A root allows itself, too: what stands in the machine's own directories needs no wider one.
    let is_root = matches!(home, Home::Allowed(_)) && roots.contains(&path);
    if !is_root && !roots.iter().any(|root| parent.starts_with(root)) {
        return Err(outside(&home, &roots, &parent, &about).into());
    }
    let exists = live::check(&about, &parent, name, &path, mounts).map_err(Refused::Because)?;
    Ok(ResolvedVolume {
        name: volume.name.clone(),
        scope: volume.scope,
        source: volume.source.clone().unwrap_or_default(),
        target: volume.target.clone().unwrap_or_else(|| path.clone()),
        path,
        parent,
        live: name.to_owned(),
        exists,
        engine_volume: volume.engine_volume.clone(),
    })
}

/// The directories that the parent may be or stand below, links resolved.
fn canonical_roots(home: &Home<'_>, about: &About<'_>) -> Result<Vec<PathBuf>> {
    let canonical = |root: &Path| root.canonicalize().map_err(|error| Failure::io("look at", root, &error));
    match home {
        Home::Nowhere => Err(about.refuse(message!("has-no-volume-root"), message!("add-volume-root-to-host"))),
        Home::Below { root, names } => {
            let root = canonical(root).map_err(|failure| {
                let clause = message!("has-no-volume-root-because", message = failure.message);
                about.refuse(clause, message!("make-the-directory-or-mount"))
            })?;
            Ok(vec![names.iter().fold(root, |path, name| path.join(name))])
        }
        // One whose disk is not there says nothing about volumes below the others.
        Home::Allowed(roots) => {
            Ok(roots.iter().filter_map(|root| canonical(root).ok().or_else(|| absent(root))).collect())
        }
    }
}

/// A root that is a volume may be missing, as any volume may.
fn absent(root: &Path) -> Option<PathBuf> {
    let gone = root.symlink_metadata().is_err_and(|error| error.kind() == io::ErrorKind::NotFound);
    let (parent, name) = (root.parent().filter(|_| gone)?, root.file_name()?);
    Some(parent.canonicalize().ok()?.join(name))
}

fn outside(home: &Home<'_>, roots: &[PathBuf], parent: &Path, about: &About<'_>) -> Failure {
    match (home, roots.first()) {
        (Home::Below { .. }, Some(root)) => about.refuse(
            message!("leads-outside-its-parent-is-really", root = escape::path(root), parent = escape::path(parent)),
            message!("remove-the-link-or-give"),
        ),
        _ => about.refuse(
            message!("does-not-lie-below-an-allowed", parent = escape::path(parent)),
            message!("add-a-directory-above"),
        ),
    }
}

#[cfg(test)]
#[path = "resolve_tests.rs"]
mod tests;
