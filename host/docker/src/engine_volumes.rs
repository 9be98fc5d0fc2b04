//! The engine's own volumes: which directory of this machine each stands for, if it is one.
//!
//! Of the `local` driver `_data` is a directory like any other, unless the volume was made with options: with `o=bind` it
//! stands for the `device`, and with a file system of its own (`nfs`, `cifs`, `tmpfs`) the engine mounts that over it for each
//! app. Looks only.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use bollard::models::{MountPoint, Volume};
use bollard::query_parameters::ListContainersOptions;

use super::View;
use super::client::Client;
use super::container::Found;
use super::errors::refused;
use reforge_base::escape;
use reforge_base::failure::{Failure, Result};
use reforge_base::machine::is_never_a_volume;
use reforge_base::message;
use reforge_base::not_captured::{NotCaptured, WhyNot};
use reforge_base::spec::{DeploySpec, Mount};
use reforge_volumes::identity::Identity;
use reforge_volumes::syscalls;

/// The driver whose volumes are directories.
const LOCAL: &str = "local";

/// What the engine gives an anonymous volume that was made by a container, from 23.0 on; before, only the name tells.
const ANONYMOUS: &str = "com.docker.volume.anonymous";
const ANONYMOUS_NAME_LENGTH: usize = 64;

/// What one is.
pub(crate) struct EngineVolume {
    /// The directory that it stands for, as the engine names it.
    pub path: PathBuf,
    /// Whether somebody gave it a name.
    pub is_named: bool,
    /// Why that is no directory of this machine with the app's data in it, if it is none, and what it is.
    pub elsewhere: Option<(WhyNot, String)>,
}

impl EngineVolume {
    /// Whether it is a directory that can be captured and has a name.
    pub(crate) fn is_volume(&self) -> bool {
        self.is_named && self.elsewhere.is_none()
    }
}

/// One by its name; none if the engine has none of that name.
pub(crate) fn look(client: &Client, name: &str) -> Result<Option<EngineVolume>> {
    match client.ask(|docker| docker.inspect_volume(name)) {
        Ok(volume) => Ok(Some(classify(&volume, &has_project_id))),
        Err(error) if error.is_gone() => Ok(None),
        Err(error) => Err(client.failed(message!("look-at-the-volume", name = escape::text(name)))(error)),
    }
}

/// Whether a directory has a project id: by that the kernel limits its size, and a restore gives it to what it restores.
fn has_project_id(directory: &Path) -> bool {
    let opened = std::fs::File::open(directory);
    opened.is_ok_and(|opened| syscalls::extended(&opened).is_ok_and(|extended| extended.project != 0))
}

fn classify(volume: &Volume, has_project_id: &dyn Fn(&Path) -> bool) -> EngineVolume {
    let option = |name: &str| volume.options.get(name).map(String::as_str).unwrap_or_default();
    let (kind, device) = (option("type"), option("device"));
    let is_bind = option("o").split(',').any(|option| option == "bind" || option == "rbind");
    let is_local = volume.driver == LOCAL;
    let stands_for = if is_local && is_bind && device.starts_with('/') { device } else { &volume.mountpoint };
    let elsewhere = match (is_local, is_bind || (kind.is_empty() && device.is_empty())) {
        (false, _) => Some((WhyNot::OtherDriver, volume.driver.clone())),
        (true, true) if !option("size").is_empty() && !has_project_id(stands_for.as_ref()) => {
            Some((WhyNot::Limited, option("size").to_owned()))
        }
        (true, true) => None,
        (true, false) => Some((WhyNot::MountedOver, (if kind.is_empty() { device } else { kind }).to_owned())),
    };
    EngineVolume { path: stands_for.into(), is_named: !is_anonymous(volume), elsewhere }
}

pub(crate) fn is_anonymous(volume: &Volume) -> bool {
    let is_number =
        volume.name.len() == ANONYMOUS_NAME_LENGTH && volume.name.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_number || volume.labels.contains_key(ANONYMOUS)
}

/// The directory of this machine that a mount of a container leads to, as far as it is one.
pub(crate) fn source(client: &Client, point: &MountPoint) -> Result<Option<PathBuf>> {
    let named = point.name.as_deref().filter(|_| point.typ.as_deref() == Some("volume"));
    match named.map(|name| look(client, name)).transpose()?.flatten() {
        Some(volume) => Ok(Some(volume.path)),
        None => Ok(point.source.as_ref().map(PathBuf::from)),
    }
}

/// See [`reforge_runtime::Runtime::own_mounts`]: a volume that stands for a directory is mounted on its `_data` as long as a
/// container that has it runs. One that somebody else's has, too, would stay when the app is down, with the previous data.
pub(crate) fn own_mounts(client: &Client, own: &[&Found]) -> Result<Vec<PathBuf>> {
    let up = own.iter().filter(|found| found.is_up());
    let points = up.flat_map(|found| found.inspect.mounts.iter().flatten());
    let mut mounts = Vec::new();
    for point in points.filter(|point| point.typ.as_deref() == Some("volume")) {
        let (Some(name), Some(at)) = (&point.name, &point.source) else { continue };
        let stands_for = look(client, name)?.map(|volume| volume.path);
        if stands_for.is_some_and(|path| path != Path::new(at)) && are_alone_with(client, own, name)? {
            mounts.push(PathBuf::from(at));
        }
    }
    Ok(mounts)
}

/// Whether no container of somebody else's that runs has a volume.
fn are_alone_with(client: &Client, own: &[&Found], volume: &str) -> Result<bool> {
    let filters = Some(HashMap::from([("volume".to_owned(), vec![volume.to_owned()])]));
    let options = ListContainersOptions { filters, ..Default::default() };
    let listed = client.ask(|docker| docker.list_containers(Some(options)));
    let listed = listed.map_err(client.failed(message!("list-all-containers")))?;
    Ok(listed.iter().all(|up| own.iter().any(|ours| up.id.as_ref() == Some(&ours.id))))
}

impl View<'_> {
    /// What stands in the way of giving a container its volumes by name: one that is not there would be made empty.
    pub(crate) fn engine_volumes_unmet(&self, spec: &DeploySpec) -> Result<Vec<Failure>> {
        let mut unmet = Vec::new();
        for mount in &spec.mounts {
            let Some(name) = &mount.engine_volume else { continue };
            unmet.extend(unmet_by(mount, name, look(&self.client, name)?)?);
        }
        Ok(unmet)
    }

    /// See [`own_mounts`].
    pub(crate) fn own_mounts(&self) -> Result<Vec<PathBuf>> {
        own_mounts(&self.client, &self.found.iter().collect::<Vec<_>>())
    }

    /// See [`reforge_runtime::Runtime::not_captured`].
    pub(crate) fn not_captured(&self) -> Result<Vec<NotCaptured>> {
        let Some(current) = self.current() else { return Ok(Vec::new()) };
        let volumes = self.spec_of(current)?.mounts;
        let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let lives: Vec<PathBuf> = volumes.iter().map(|mount| real(&mount.live)).collect();
        let is_volume = |target: &str| volumes.iter().any(|mount| mount.target == Path::new(target));
        let mut found = Vec::new();
        for point in current.inspect.mounts.iter().flatten() {
            let Some(target) = point.destination.as_deref().filter(|target| !is_volume(target)) else { continue };
            // A second place of one that is.
            if source(&self.client, point)?.is_some_and(|source| lives.contains(&real(&source))) {
                continue;
            }
            found.extend(self.why_not(point, target)?);
        }
        found.sort();
        Ok(found)
    }

    /// What a mount is that is no volume of the workload; none if it holds no data.
    fn why_not(&self, point: &MountPoint, target: &str) -> Result<Option<NotCaptured>> {
        let is_read_only = point.rw == Some(false);
        let directory = if is_read_only { WhyNot::ReadOnly } else { WhyNot::NotAVolume };
        let (kind, name, source) = (point.typ.as_deref(), point.name.as_deref(), point.source.as_deref());
        Ok(match (kind, name, source) {
            (Some("volume"), Some(name), _) => match look(&self.client, name)? {
                Some(EngineVolume { elsewhere: Some((why, detail)), .. }) => {
                    Some(NotCaptured::new(target, name, why).because_of(&detail))
                }
                Some(EngineVolume { is_named: false, .. }) => Some(NotCaptured::new(target, name, WhyNot::Anonymous)),
                Some(_) => Some(NotCaptured::new(target, name, directory)),
                None => None,
            },
            (Some("bind"), _, Some(source)) if !is_never_a_volume(Path::new(source)) => {
                let facts = std::fs::metadata(source).map(|facts| facts.file_type());
                match facts {
                    Ok(kind) if kind.is_file() => Some(NotCaptured::new(target, source, WhyNot::SingleFile)),
                    Ok(kind) if kind.is_dir() => Some(NotCaptured::new(target, source, directory)),
                    // A socket or a device holds no data.
                    Ok(_) => None,
                    Err(_) => Some(NotCaptured::new(target, source, directory)),
                }
            }
            _ => None,
        })
    }
}

fn unmet_by(mount: &Mount, name: &str, found: Option<EngineVolume>) -> Result<Option<Failure>> {
    let (volume, shown) = (escape::text(&mount.volume), escape::text(name));
    let failure = match found {
        None => refused(message!("the-engine-has-no-volume", volume, shown)).hint(message!("its-data-would-be-empty")),
        Some(EngineVolume { path, .. }) if is_same(&path, &mount.live)? => return Ok(None),
        Some(EngineVolume { path, .. }) => {
            let (there, live) = (escape::path(&path), escape::path(&mount.live));
            refused(message!("the-engine-has-the-volume-elsewhere", volume, shown, there, live))
                .hint(message!("write-it-as-source", there))
        }
    };
    Ok(Some(failure))
}

fn is_same(one: &Path, other: &Path) -> Result<bool> {
    if one == other {
        return Ok(true);
    }
    let identity = Identity::at(one)?;
    Ok(identity.is_some() && identity == Identity::at(other)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn volume(driver: &str, name: &str, options: &[(&str, &str)]) -> Volume {
        let options = options.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let mountpoint = "/var/lib/docker/volumes/v/_data".to_owned();
        Volume { driver: driver.to_owned(), name: name.to_owned(), options, mountpoint, ..Volume::default() }
    }

    #[test]
    fn a_volume_of_the_engine_is_a_directory_unless_something_is_mounted_over_it() {
        let nobodys = "0123456789abcdef".repeat(4);
        let data = "/var/lib/docker/volumes/v/_data";
        for (volume, is) in [
            (volume("local", "v", &[]), format!("{data} true")),
            (volume("local", &nobodys, &[]), format!("{data} false")),
            (volume("local", "v", &[("size", "1G")]), format!("{data} true")),
            (volume("local", "v", &[("type", "none"), ("o", "bind"), ("device", "/srv/x")]), "/srv/x true".to_owned()),
            (
                volume("local", "v", &[("type", "none"), ("o", "rw,rbind"), ("device", "/srv/x")]),
                "/srv/x true".to_owned(),
            ),
            (
                volume("local", "v", &[("type", "nfs"), ("o", "addr=nas"), ("device", ":/x")]),
                "MountedOver nfs".to_owned(),
            ),
            (volume("local", "v", &[("type", "tmpfs"), ("device", "tmpfs")]), "MountedOver tmpfs".to_owned()),
            (volume("local", "v", &[("device", "/dev/sdb1")]), "MountedOver /dev/sdb1".to_owned()),
            (volume("rclone", "v", &[]), "OtherDriver rclone".to_owned()),
        ] {
            let found = match classify(&volume, &|_| true) {
                EngineVolume { path, is_named, elsewhere: None } => format!("{} {is_named}", path.display()),
                EngineVolume { elsewhere: Some((why, detail)), .. } => format!("{why:?} {detail}"),
            };
            assert_eq!(found, is, "{volume:?}");
        }
    }

    #[test]
    fn a_volume_whose_limit_a_restore_could_not_keep_is_not_captured() {
        let limited = volume("local", "v", &[("size", "1G")]);
        let why = |has_id: bool| classify(&limited, &|_| has_id).elsewhere;
        assert_eq!((why(true), why(false)), (None, Some((WhyNot::Limited, "1G".to_owned()))));
    }
}
