//! Makes the directories that a deploy's volumes lack. The only place where a volume's directory comes into being
//! outside a restore, and only by `mkdir` in a parent that is held open: nothing that exists is changed or followed.

use std::ffi::OsStr;
use std::os::fd::AsFd as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use cap_std::fs::Dir;
use rustix::fs::{Gid, Uid};
use rustix::io::Errno;

use crate::about::About;
use crate::configured::{Home, configured_mount, home};
use crate::owner::owner;
use crate::resolve::{ResolvedVolume, resolve};
use reforge_base::durable;
use reforge_base::effects::effect;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_base::spec::Mount;
use reforge_config::{Config, Workload};
use reforge_volumes::beneath::{self, Name};
use reforge_volumes::{ambient, syscalls};

/// Of directories that are made: everybody may look in, the owner may write.
const DIRECTORY_MODE: u32 = 0o755;

/// The workload's volumes, all of them there.
pub(super) struct Prepared {
    pub volumes: Vec<ResolvedVolume>,
    /// Those, and what is only mounted.
    pub mounts: Vec<Mount>,
    pub made: Vec<Made>,
}

/// A directory that was made for a volume, empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    pub volume: String,
    pub path: PathBuf,
}

/// Where each volume is or will be, unless something stands in the way that no directory mends. Makes nothing.
pub(super) fn planned(config: &Config, workload: &Workload) -> Result<Vec<Mount>> {
    let resolution = resolve(config, workload);
    if resolution.lacks_only_parents() {
        return Ok(workload.volumes.iter().filter_map(|volume| configured_mount(config, workload, volume)).collect());
    }
    let uncaptured = resolution.uncaptured.clone();
    let mounts = resolution.accept()?.iter().map(ResolvedVolume::mount).collect();
    Ok(in_order(workload, mounts, uncaptured))
}

/// All that the app gets, in the configuration's order.
fn in_order(workload: &Workload, mut mounts: Vec<Mount>, uncaptured: Vec<Mount>) -> Vec<Mount> {
    mounts.extend(uncaptured);
    mounts.sort_by_key(|mount| workload.volumes.iter().position(|volume| volume.name == mount.volume));
    mounts
}

/// Makes what is missing. Nothing is made unless nothing else stands in the way.
pub(super) fn volumes(config: &Config, workload: &Workload) -> Result<Prepared> {
    let owner = owner(workload)?;
    let mut resolution = resolve(config, workload);
    if resolution.lacks_only_parents() {
        make_parents(config, workload)?;
        resolution = resolve(config, workload);
    }
    let uncaptured = std::mem::take(&mut resolution.uncaptured);
    let mut volumes = resolution.accept()?;
    uncaptured.iter().try_for_each(|mount| refuse_missing(workload, mount))?;
    if let Some(missing) = volumes.iter().find(|volume| !volume.exists && volume.engine_volume.is_some()) {
        return Err(missing_of_the_engine(workload, missing));
    }
    let mut made = Vec::new();
    for volume in volumes.iter_mut().filter(|volume| !volume.exists) {
        make_directory(&open(&volume.parent)?, &volume.path, &volume.live, owner)?;
        volume.exists = true;
        made.push(Made { volume: volume.name.clone(), path: volume.path.clone() });
    }
    let mounts = in_order(workload, volumes.iter().map(ResolvedVolume::mount).collect(), uncaptured);
    Ok(Prepared { volumes, mounts, made })
}

/// What is only mounted is nobody's to make: an empty directory in its place would hide that its disk is not there.
fn refuse_missing(workload: &Workload, mount: &Mount) -> Result<()> {
    match ambient::look(&mount.live) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let about = About { workload: &workload.id, volume: &mount.volume, path: &mount.live };
            Err(about.refuse(message!("is-only-mounted-and-not-there"), message!("make-the-directory-or-mount")))
        }
        // One that cannot be looked at may be there.
        _ => Ok(()),
    }
}

/// The engine alone makes what it names: a directory of ours there would be none of its volumes.
fn missing_of_the_engine(workload: &Workload, volume: &ResolvedVolume) -> Failure {
    let about = About { workload: &workload.id, volume: &volume.name, path: &volume.path };
    let name = volume.engine_volume.as_deref().map(reforge_base::escape::text).unwrap_or_default();
    about.refuse(message!("is-of-an-engine-volume-and-not-there"), message!("docker-volume-create-it", name))
}

/// Directories between the volume root, which must be there, and the volumes of project and stage scope.
fn make_parents(config: &Config, workload: &Workload) -> Result<()> {
    for volume in &workload.volumes {
        let (Home::Below { root, names }, Some(source)) = (home(config, workload, volume.scope), &volume.source) else {
            continue;
        };
        let below: PathBuf = names.into_iter().map(Path::new).chain(Path::new(source).parent()).collect();
        make_below(root, &below)?;
    }
    Ok(())
}

/// Makes what is missing of `below` in `root`, owned by the host's user, and opens it. Never goes through a link.
pub(super) fn make_below(root: &Path, below: &Path) -> Result<Dir> {
    let mut path = root.canonicalize().map_err(|error| Failure::io("look at", root, &error))?;
    let mut directory = open(&path)?;
    for name in below.components() {
        path.push(name);
        let host = (rustix::process::geteuid(), rustix::process::getegid());
        match name_of(name.as_os_str()).and_then(|name| beneath::directory(&directory, name)) {
            Ok(next) => directory = next,
            Err(Errno::NOENT) => directory = make_directory(&directory, &path, name.as_os_str(), host)?,
            Err(errno) => return Err(refused(&path, errno)),
        }
    }
    Ok(directory)
}

/// Makes one directory in an open parent, gives it to its owner, and makes both durable.
pub(super) fn make_directory(parent: &Dir, path: &Path, name: &OsStr, owner: (Uid, Gid)) -> Result<Dir> {
    let name = name_of(name).map_err(|errno| refused(path, errno))?;
    // Closed to all until it has its owner.
    let made = effect("make-directory", || Ok(beneath::make_directory(parent, name)?));
    made.map_err(|error| not_made(path, &error))?;
    let finished = effect("give-directory", || {
        let directory = beneath::directory(parent, name)?;
        // Also undoes an inherited set-gid bit and whatever the umask took away.
        syscalls::set_owner(&directory, owner.0.as_raw(), owner.1.as_raw())?;
        syscalls::set_mode(&directory, DIRECTORY_MODE)?;
        Ok(directory)
    });
    let directory = finished.map_err(|error| {
        // Empty, and ours since a moment ago; if it stays, the next deploy finds it with the wrong owner and the app
        // says so.
        let _ = effect("remove-empty", || Ok(beneath::remove_directory(parent, name)?));
        not_made(path, &error)
    })?;
    durable::sync_open_directory(directory.as_fd(), path)?;
    durable::sync_open_directory(parent.as_fd(), path.parent().unwrap_or(path))?;
    Ok(directory)
}

/// Opens a canonical path, which has no link in it unless somebody put one there since.
fn open(path: &Path) -> Result<Dir> {
    ambient::directory(path).map_err(|errno| refused(path, errno))
}

fn name_of(name: &OsStr) -> rustix::io::Result<Name<'_>> {
    Name::from_bytes(name.as_bytes())
}

fn not_made(path: &Path, error: &std::io::Error) -> Failure {
    refused(path, Errno::from_io_error(error).unwrap_or(Errno::IO))
}

fn refused(path: &Path, errno: Errno) -> Failure {
    let failure = Failure::io("make the directory", path, &errno.into());
    match errno {
        Errno::EXIST => failure.with_code(Code::Drift).hint(message!("it-appeared-just-now-try-again")),
        Errno::NOTDIR | Errno::LOOP => {
            failure.with_code(Code::VolumeRefused).hint(message!("something-that-is-not-a-directory"))
        }
        _ => failure.hint(message!("check-the-rights-and-the-room")),
    }
}
