//! The scratch directories of a preview: empty, thrown away at the next preview, and never a workload's volumes.

use std::path::{Path, PathBuf};

use std::os::unix::fs::MetadataExt as _;

use rustix::fs::StatxFlags;

use crate::config::{Config, PREVIEW_SUFFIX, Workload};
use crate::deployer::mounts::MountTable;
use crate::deployer::owner::owner;
use crate::deployer::prepare::{make_below, make_directory};
use crate::effects::effect;
use crate::escape;
use crate::failure::{Code, Failure, Result};
use crate::runtime::container::Restart;
use crate::runtime::{DeploySpec, Mount};

/// Where a workload's previews have their directories.
pub(super) fn directory(config: &Config, workload: &Workload) -> PathBuf {
    config.host.preview_dir.join(&workload.id)
}

/// What the preview's app will see as its volumes, before any of it exists.
pub(super) fn mounts(config: &Config, workload: &Workload) -> Result<Vec<Mount>> {
    let base = config.host.preview_dir.parent().unwrap_or(Path::new("/"));
    let canonical = base.canonicalize().map_err(|error| {
        Failure::io("look at", base, &error).hint("make the directory, or correct `preview_dir` in `[host]`")
    })?;
    check_reachable(&canonical, workload)?;
    let name = config.host.preview_dir.strip_prefix(base).unwrap_or(Path::new(""));
    let directory = canonical.join(name).join(&workload.id);
    let supported = workload.volumes.iter().filter(|volume| volume.scope.is_supported());
    Ok(supported
        .map(|volume| {
            let live = directory.join(&volume.name);
            Mount { volume: volume.name.clone(), target: volume.target.clone().unwrap_or_else(|| live.clone()), live }
        })
        .collect())
}

/// A preview runs beside its workload: what only one of them can have is the workload's. Nothing starts it by itself.
pub(super) fn set_apart(spec: &mut DeploySpec) {
    spec.container.ports.clear();
    spec.container.name = spec.container.name.take().map(|name| name + PREVIEW_SUFFIX);
    spec.container.restart = Restart::No;
}

/// Makes the directories of [`mounts`], all empty. The last preview must be down.
pub(super) fn make(config: &Config, workload: &Workload, mounts: &[Mount]) -> Result<()> {
    remove(config, workload)?;
    let owner = owner(workload)?;
    let preview_dir = &config.host.preview_dir;
    let base = preview_dir.parent().unwrap_or(Path::new("/"));
    let name = preview_dir.strip_prefix(base).unwrap_or(Path::new(""));
    let parent = make_below(base, &name.join(&workload.id))?;
    for mount in mounts {
        make_directory(&parent, &mount.live, mount.volume.as_ref(), owner)?;
    }
    Ok(())
}

/// Throws the last preview's directories away. Never what somebody mounted in them.
pub(super) fn remove(config: &Config, workload: &Workload) -> Result<()> {
    let directory = directory(config, workload);
    let canonical = match directory.canonicalize() {
        Ok(canonical) => canonical,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(Failure::io("look at", &directory, &error)),
    };
    let stat = rustix::fs::statx(rustix::fs::CWD, &canonical, rustix::fs::AtFlags::empty(), StatxFlags::MNT_ID)
        .map_err(|errno| Failure::io("look at", &canonical, &errno.into()))?;
    let table = MountTable::read()?;
    if directory.is_symlink() || table.mount_below(stat.stx_mnt_id, &canonical).is_some() {
        let message = format!("`{}` is a link or has something mounted in it", escape::path(&directory));
        return Err(Failure::new(Code::VolumeRefused, message).hint("unmount it, or remove it by hand"));
    }
    effect("remove-preview", || std::fs::remove_dir_all(&canonical))
        .map_err(|error| Failure::io("remove", &canonical, &error))
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
            let message = format!(
                "user {} of `{}` cannot enter `{}`",
                user.as_raw(),
                escape::text(&workload.id),
                escape::path(above)
            );
            let hint = "set `preview_dir` in `[host]` to a directory below one that every user can enter";
            return Err(Failure::new(Code::VolumeRefused, message).hint(hint));
        }
    }
    Ok(())
}
