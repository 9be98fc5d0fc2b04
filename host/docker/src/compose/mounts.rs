//! What of this machine the members see: directories that can be volumes, and what cannot, with the reason.
//!
//! A volume of the engine's `local` driver is a directory of this machine: `_data` in its own directory, or the one that it
//! stands for (`type=none,o=bind`). Two places of one directory are one volume.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use bollard::models::{MountPoint, Volume};

use super::unit::Unit;
use super::{place, unit};
use crate::client::Client;
use crate::container::Found;
use reforge_base::Message;
use reforge_base::escape;
use reforge_base::failure::Result;
use reforge_base::message;

/// Bytes of the name of a volume that nobody named, in hexadecimal.
const ANONYMOUS_BYTES: usize = 64;

/// Directories of this machine, or what holds them, that are no app's.
const MACHINES: [&str; 5] = ["/", "/dev", "/proc", "/run", "/sys"];

/// All members' together.
#[derive(Clone, Debug, Default)]
pub(crate) struct UnitMounts {
    pub directories: Vec<UnitDirectory>,
    pub not_captured: Vec<NotCaptured>,
}

/// A directory that members may write to.
#[derive(Clone, Debug)]
pub(crate) struct UnitDirectory {
    pub source: PathBuf,
    /// Where members see it, in order.
    pub places: Vec<String>,
    /// The engine's volume, if it is one.
    pub engine_volume: Option<String>,
    /// Members that see it, by their numbers in the unit, and where each does.
    pub seen_by: Vec<(usize, PathBuf)>,
}

/// Something that a member has and no snapshot holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotCaptured {
    /// `SERVICE:PATH`.
    pub place: String,
    pub why: Message,
}

/// A directory that one container sees.
#[derive(Clone, Debug)]
pub(crate) struct Directory {
    pub target: PathBuf,
    pub source: PathBuf,
    pub engine_volume: Option<String>,
    pub writable: bool,
}

/// What the members of a project have.
pub(crate) fn of(client: &Client, unit: &Unit) -> Result<UnitMounts> {
    let mut volumes = Volumes { client, known: BTreeMap::new() };
    let root = engine_root(client)?;
    let mut all = UnitMounts::default();
    for (number, member) in unit.members.iter().enumerate() {
        for point in member.found.inspect.mounts.iter().flatten() {
            let target = point.destination.clone().unwrap_or_default();
            let place = place(&member.service, &target);
            match volumes.directory(point, &root)? {
                Ok(directory) if directory.writable => all.add(directory, place, number),
                Ok(directory) => all.not_captured(place, read_only(&directory)),
                Err(why) => all.not_captured(place, why),
            }
        }
        for target in tmpfs(&member.found) {
            all.not_captured(place(&member.service, &target), message!("left-in-memory"));
        }
    }
    // What one member may write to is captured, whoever else only reads it.
    let captured: Vec<String> = all.directories.iter().flat_map(|one| one.places.clone()).collect();
    all.not_captured.retain(|left| !captured.contains(&left.place));
    all.directories.sort_by(|one, other| one.places.cmp(&other.places));
    Ok(all)
}

/// Every directory that a container sees, whoever may write.
pub(crate) fn directories(client: &Client, found: &Found) -> Result<Vec<Directory>> {
    let mut volumes = Volumes { client, known: BTreeMap::new() };
    let mut directories = Vec::new();
    for point in found.inspect.mounts.iter().flatten() {
        directories.extend(volumes.directory(point, Path::new("/nowhere"))?.ok());
    }
    Ok(directories)
}

/// Where the engine keeps everything.
pub(crate) fn engine_root(client: &Client) -> Result<PathBuf> {
    let info = client.ask(|docker| docker.info());
    let info = info.map_err(client.failed(message!("ask-the-engine-about-its-machine")))?;
    Ok(info.docker_root_dir.unwrap_or_else(|| "/var/lib/docker".to_owned()).into())
}

impl UnitMounts {
    fn add(&mut self, directory: Directory, place: String, number: usize) {
        let Directory { target, source, engine_volume, .. } = directory;
        let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let known = self.directories.iter_mut().find(|known| real(&known.source) == real(&source));
        match known {
            Some(known) => {
                known.engine_volume = known.engine_volume.take().or(engine_volume);
                known.seen_by.push((number, target));
                if !known.places.contains(&place) {
                    known.places.push(place);
                    known.places.sort();
                }
            }
            None => self.directories.push(UnitDirectory {
                source,
                places: vec![place],
                engine_volume,
                seen_by: vec![(number, target)],
            }),
        }
    }

    fn not_captured(&mut self, place: String, why: Message) {
        if self.not_captured.iter().all(|left| left.place != place) {
            self.not_captured.push(NotCaptured { place, why });
        }
    }
}

/// The engine's volumes, each asked for once.
struct Volumes<'a> {
    client: &'a Client,
    known: BTreeMap<String, Option<Volume>>,
}

impl Volumes<'_> {
    /// The directory that a mount leads to, or why there is none that could be captured.
    fn directory(&mut self, point: &MountPoint, engine_root: &Path) -> Result<Result<Directory, Message>> {
        let source = point.source.clone().unwrap_or_default();
        let (source, engine_volume) = match point.typ.as_deref() {
            Some("bind") => (PathBuf::from(source), None),
            Some("volume") => {
                let name = point.name.clone().unwrap_or_default();
                match self.of_volume(&name, &source)? {
                    Ok(directory) => (directory, Some(name)),
                    Err(why) => return Ok(Err(why)),
                }
            }
            kind => return Ok(Err(message!("left-of-another-kind", kind = escape::text(kind.unwrap_or("?"))))),
        };
        if let Some(why) = no_volume(&source, engine_volume.is_some(), engine_root) {
            return Ok(Err(why));
        }
        Ok(Ok(Directory {
            target: point.destination.clone().unwrap_or_default().into(),
            writable: point.rw != Some(false),
            source,
            engine_volume,
        }))
    }

    fn of_volume(&mut self, name: &str, mounted: &str) -> Result<Result<PathBuf, Message>> {
        if !self.known.contains_key(name) {
            let volume = match self.client.ask(|docker| docker.inspect_volume(name)) {
                Ok(volume) => Some(volume),
                Err(error) if error.is_gone() => None,
                Err(error) => {
                    return Err(self.client.failed(message!("look-at-the-volume", name = escape::text(name)))(error));
                }
            };
            self.known.insert(name.to_owned(), volume);
        }
        let shown = escape::text(name);
        let Some(Some(volume)) = self.known.get(name) else {
            return Ok(Err(message!("left-volume-is-gone", shown)));
        };
        if volume.driver != "local" {
            let driver = escape::text(&volume.driver);
            return Ok(Err(message!("left-volume-of-another-driver", shown, driver)));
        }
        if name.len() == ANONYMOUS_BYTES && name.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Ok(Err(message!("left-volume-without-a-name")));
        }
        let option = |key: &str| volume.options.get(key).map(String::as_str).unwrap_or_default();
        let is_bind = option("o").split(',').any(|word| word == "bind" || word == "rbind");
        Ok(match volume.options.is_empty() {
            true if mounted.is_empty() => Ok(PathBuf::from(&volume.mountpoint)),
            true => Ok(PathBuf::from(mounted)),
            false if is_bind && ["none", ""].contains(&option("type")) => Ok(PathBuf::from(option("device"))),
            false => {
                let options: BTreeMap<_, _> = volume.options.iter().collect();
                let said: Vec<String> = options.iter().map(|(key, value)| format!("{key}={value}")).collect();
                Err(message!("left-volume-with-options", shown, options = escape::text(&said.join(" "))))
            }
        })
    }
}

/// Why a directory is no app's data.
fn no_volume(source: &Path, is_engine_volume: bool, engine_root: &Path) -> Option<Message> {
    let shown = escape::path(source);
    match source.metadata() {
        Ok(metadata) if metadata.is_dir() => {}
        Ok(_) => return Some(message!("left-single-file", shown)),
        Err(_) => return Some(message!("left-source-is-not-there", shown)),
    }
    let real = source.canonicalize().unwrap_or_else(|_| source.to_owned());
    let is_machines = MACHINES.iter().any(|path| real == Path::new(path))
        || ["/dev", "/proc", "/sys"].iter().any(|path| real.starts_with(path));
    let is_engines = !is_engine_volume && (engine_root.starts_with(&real) || real.starts_with(engine_root));
    (is_machines || is_engines).then(|| message!("left-directory-of-the-machine", shown))
}

fn read_only(directory: &Directory) -> Message {
    message!("left-read-only", shown = escape::path(&directory.source))
}

fn tmpfs(found: &Found) -> Vec<String> {
    let host = found.inspect.host_config.as_ref();
    let mut targets: Vec<String> =
        host.and_then(|host| host.tmpfs.as_ref()).into_iter().flatten().map(|(target, _)| target.clone()).collect();
    targets.sort();
    targets
}

impl UnitDirectory {
    /// What a member that runs sees there now.
    pub(crate) fn seen(&self, unit: &unit::Unit) -> Vec<reforge_volumes::identity::Identity> {
        let given = |(number, target): &(usize, PathBuf)| crate::deployed::given(&unit.members[*number].found, target);
        self.seen_by.iter().filter_map(given).collect()
    }
}
