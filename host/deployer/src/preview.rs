//! The scratch directories of a preview: empty, thrown away at the next preview, and never a workload's volumes.
//!
//! What is thrown away is known by its identity, which is durable in the workload's record of deployments before
//! anything is put into it: never by its name, and never what somebody else made or mounted there. A directory that was
//! made and not recorded yet is empty, and only `rmdir` may take it. The directory of all previews holds nothing else and
//! meets no volume of any workload.

use std::ffi::OsString;
use std::io;
use std::os::fd::AsFd as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use cap_std::fs::Dir;

use crate::overlap;
use crate::owner::owner;
use crate::prepare::{make_below, make_directory};
use reforge_base::escape;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_base::mounts::MountTable;
use reforge_base::spec::Restart;
use reforge_base::spec::{DeploySpec, Mount};
use reforge_config::{Config, PREVIEW_SUFFIX, Workload};
use reforge_transaction::deployments::{Deployments, History, PreviewDirectory};
use reforge_transaction::lease::Lease;
use reforge_volumes::identity::Identity;
use reforge_volumes::parent::Parent;
use reforge_volumes::{ambient, remove};

/// What the preview's app will see as its volumes, before any of it exists. Changes nothing.
pub(super) fn mounts(config: &Config, history: &History, workload: &Workload) -> Result<Vec<Mount>> {
    let (base, name) = place(config)?;
    check_reachable(&base, workload)?;
    let all = base.join(name);
    overlap::refuse_volumes_at(config, &all, &MountTable::read()?)?;
    refuse_foreign(history, &all)?;
    let directory = all.join(&workload.id);
    let supported = workload.volumes.iter().filter(|volume| volume.scope.is_supported());
    Ok(supported
        .map(|volume| {
            let live = directory.join(&volume.name);
            Mount::new(&volume.name, &live, volume.target.as_ref().unwrap_or(&live))
        })
        .collect())
}

/// The directory that must be there for previews, links resolved, and the name in it of the one of all previews.
fn place(config: &Config) -> Result<(PathBuf, &Path)> {
    let base = config.host.preview_dir.parent().unwrap_or(Path::new("/"));
    let canonical = base.canonicalize().map_err(|error| {
        Failure::io("look at", base, &error).hint(message!("make-the-directory-or-correct-preview"))
    })?;
    Ok((canonical, config.host.preview_dir.strip_prefix(base).unwrap_or(Path::new(""))))
}

/// A preview runs beside its workload: what only one of them can have is the workload's. Nothing starts it by itself.
pub(super) fn isolate(spec: &mut DeploySpec) {
    spec.container.ports.clear();
    spec.container.name = spec.container.name.take().map(|name| name + PREVIEW_SUFFIX);
    spec.container.restart = Restart::No;
}

/// Makes the directories of [`mounts`], all empty, and records them. The last preview must be down.
pub(super) fn make(
    config: &Config,
    history: &History,
    lease: &Lease,
    workload: &Workload,
    spec: &DeploySpec,
) -> Result<()> {
    remove(history, lease, workload)?;
    let owner = owner(workload)?;
    let (base, name) = place(config)?;
    let all = make_below(&base, name)?;
    let path = base.join(name).join(&workload.id);
    let parent = Parent::open(&base.join(name))?;
    if parent.is_empty_directory(&workload.id)? {
        parent.remove_empty(&workload.id)?;
    }
    let host = (rustix::process::geteuid(), rustix::process::getegid());
    let directory = make_directory(&all, &path, workload.id.as_ref(), host)?;
    let identity = Identity::of_open(directory.as_fd(), &path)?;
    let mut record = history.read(&workload.id)?;
    record.preview_directory = Some(PreviewDirectory { path, identity });
    history.write(lease, &record)?;
    for mount in &spec.mounts {
        make_directory(&directory, &mount.live, mount.volume.as_ref(), owner)?;
    }
    record.preview = Some(spec.clone());
    history.write(lease, &record)
}

/// Throws the last preview's directories away and forgets it. Never what somebody mounted in them, and nothing but what
/// this host made for it.
pub(super) fn remove(history: &History, lease: &Lease, workload: &Workload) -> Result<()> {
    let mut record = history.read(&workload.id)?;
    if let Some(made) = made(&record)? {
        remove_recorded(&made)?;
    }
    if record.preview.take().is_some() | record.preview_directory.take().is_some() {
        history.write(lease, &record)?;
    }
    Ok(())
}

fn remove_recorded(made: &PreviewDirectory) -> Result<()> {
    let Some((parent, name)) = parent_of(&made.path)? else { return Ok(()) };
    match parent.identity(&name) {
        Ok(Some(found)) if found == made.identity => {}
        // Gone, or something of another's has come in its place.
        Ok(_) => return Ok(()),
        Err(failure) if failure.code == Code::VolumeRefused => return Ok(()),
        Err(failure) => return Err(failure),
    }
    if MountTable::read()?.mount_below(parent.mount_of(&name)?, &made.path).is_some() {
        let message = message!("has-something-mounted-in-it", path = escape::path(&made.path));
        return Err(Failure::new(Code::VolumeRefused, message).hint(message!("unmount-it-or-remove")));
    }
    let removal = remove::remove_tree(&parent, &name)?;
    parent.sync()?;
    match removal.unremoved_names.first() {
        None if removal.is_complete() => Ok(()),
        unremoved => {
            let (path, reason) = unremoved.map_or((made.path.clone(), message!("it-is-not-empty")), |unremoved| {
                (made.path.with_file_name(&unremoved.path), unremoved.reason.clone())
            });
            let message = message!("cannot-be-removed", path = escape::path(&path), reason);
            Err(Failure::new(Code::VolumeRefused, message).hint(message!("unmount-it-or-remove")))
        }
    }
}

/// What was made for the preview of a record: as it was recorded, or as the mounts of a preview tell it that a version
/// without that record made. Of the latter only what holds nothing but those mounts is taken for it.
fn made(record: &Deployments) -> Result<Option<PreviewDirectory>> {
    if let Some(recorded) = &record.preview_directory {
        return Ok(Some(recorded.clone()));
    }
    let Some(spec) = &record.preview else { return Ok(None) };
    let Some(path) = spec.mounts.first().and_then(|mount| mount.live.parent()) else { return Ok(None) };
    if spec.mounts.iter().any(|mount| mount.live.parent() != Some(path)) {
        return Ok(None);
    }
    let Some((parent, name)) = parent_of(path)? else { return Ok(None) };
    let Ok(Some(identity)) = parent.identity(&name) else { return Ok(None) };
    let is_a_mount = |entry: &str| spec.mounts.iter().any(|mount| mount.volume == entry);
    let foreign = names(path)?.into_iter().find(|entry| !entry.to_str().is_some_and(is_a_mount));
    Ok(foreign.is_none().then(|| PreviewDirectory { path: path.to_owned(), identity }))
}

/// None if nothing can be there any more.
fn parent_of(path: &Path) -> Result<Option<(Parent, OsString)>> {
    let (Some(above), Some(name)) = (path.parent(), path.file_name()) else { return Ok(None) };
    match Parent::open(above) {
        Ok(parent) => Ok(Some((parent, name.to_owned()))),
        Err(failure) if matches!(failure.code, Code::NotFound | Code::VolumeRefused) => Ok(None),
        Err(failure) => Err(failure),
    }
}

/// The names in a directory; none if it is gone.
fn names(path: &Path) -> Result<Vec<OsString>> {
    opened(path)?.map_or(Ok(Vec::new()), |directory| listed(&directory, path))
}

fn opened(path: &Path) -> Result<Option<Dir>> {
    match ambient::follow(path) {
        Ok(directory) => Ok(Some(directory)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Failure::io("list", path, &error)),
    }
}

fn listed(directory: &Dir, path: &Path) -> Result<Vec<OsString>> {
    let failed = |error: io::Error| Failure::io("list", path, &error);
    let entries = match directory.entries() {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(error)),
    };
    entries.map(|entry| Ok(entry.map_err(failed)?.file_name())).collect()
}

/// The directory of all previews may hold what this host made in it, and what is empty, and nothing else.
fn refuse_foreign(history: &History, all: &Path) -> Result<()> {
    let Some(directory) = opened(all)? else { return Ok(()) };
    for name in listed(&directory, all)? {
        let path = all.join(&name);
        let is_directory = directory.symlink_metadata(&name).is_ok_and(|found| found.is_dir());
        let is_empty = is_directory && names(&path)?.is_empty();
        if is_empty || is_a_preview(history, &path)? {
            continue;
        }
        let message = message!("is-in-the-directory-of-previews", path = escape::path(&path));
        return Err(Failure::new(Code::VolumeRefused, message).hint(message!("move-it-away-or-set-preview")));
    }
    Ok(())
}

fn is_a_preview(history: &History, path: &Path) -> Result<bool> {
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else { return Ok(false) };
    let record = match history.read(name) {
        Ok(record) => record,
        // What is wrong with another workload's record is that one's.
        Err(failure) if failure.code == Code::NeedsOperator => return Ok(true),
        Err(failure) => return Err(failure),
    };
    let Some(made) = made(&record)? else { return Ok(false) };
    let Some((parent, name)) = parent_of(path)? else { return Ok(false) };
    Ok(made.path == path && parent.identity(&name).is_ok_and(|found| found.as_ref() == Some(&made.identity)))
}

/// An app with a user of its own must be able to enter: it cannot pass a state directory.
fn check_reachable(base: &Path, workload: &Workload) -> Result<()> {
    let (user, _) = owner(workload)?;
    if user.is_root() || user == rustix::process::geteuid() {
        return Ok(());
    }
    for above in base.ancestors() {
        let metadata = std::fs::metadata(above).map_err(|error| Failure::io("look at", above, &error))?;
        if metadata.mode() & 0o001 == 0 {
            let message = message!(
                "user-of-cannot-enter",
                as_raw = user.as_raw(),
                id = escape::text(&workload.id),
                above = escape::path(above)
            );
            let hint = message!("set-preview-dir-in-host");
            return Err(Failure::new(Code::VolumeRefused, message).hint(hint));
        }
    }
    Ok(())
}
