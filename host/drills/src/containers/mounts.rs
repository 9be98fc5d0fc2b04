//! What a drilled container sees in the place of each thing that the deployed one sees of this machine.
//!
//! A volume is the drill's own directory. Anything else is an empty directory, a new volume of the engine, or a copy of a single
//! file; read-only the real one where a person said so. Never a live directory, a socket or a device.

use std::collections::BTreeMap;
use std::fs::{File, Metadata};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use reforge_base::effects::effect;
use reforge_base::failure::{Failure, Result};
use reforge_base::{Message, escape, message};
use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, openat2};
use serde_json::{Map, Value, json};

use super::parts::Part;
use crate::app::{DrillSpec, DrillVolume};

/// What each container has itself: nothing is put over it.
const OF_THE_KERNEL: [&str; 3] = ["/dev", "/proc", "/sys"];
/// Nobody is shown these, whoever asks.
const OF_THE_MACHINE: [&str; 5] = ["/dev", "/proc", "/run", "/sys", "/var/run"];
/// Sockets of engines, whichever is used here.
const ENGINES: [&str; 3] = ["docker.sock", "containerd.sock", "podman.sock"];
/// A single file above that is not copied.
const FILE_BYTES_MAX: u64 = 16 << 20;

/// What the parts of one drill get, each thing once however many see it.
pub(crate) struct Places<'a> {
    pub spec: &'a DrillSpec,
    /// The directory that a volume of the engine stands for; none if it has no such volume.
    pub directory_of: &'a dyn Fn(&str) -> Result<Option<PathBuf>>,
    /// In front of the names of all that is made.
    pub prefix: String,
    pub labels: Map<String, Value>,
    made: BTreeMap<PathBuf, PathBuf>,
    volumes: BTreeMap<String, String>,
}

/// One thing that a part sees.
struct Seen<'a> {
    part: &'a Part,
    target: &'a str,
    read_only: bool,
}

impl Places<'_> {
    pub(crate) fn new<'a>(
        spec: &'a DrillSpec,
        directory_of: &'a dyn Fn(&str) -> Result<Option<PathBuf>>,
        prefix: &str,
        labels: Map<String, Value>,
    ) -> Places<'a> {
        let (made, volumes) = (BTreeMap::new(), BTreeMap::new());
        Places { spec, directory_of, prefix: prefix.to_owned(), labels, made, volumes }
    }

    /// The mounts of a part, in the engine's words, and what is told of them. `image` is what the engine says of its image.
    pub(crate) fn of(&mut self, part: &Part, image: &Value) -> Result<(Vec<Value>, Vec<Message>)> {
        let (mut mounts, mut told) = (Vec::new(), Vec::new());
        for mount in part.host("Mounts").as_array().into_iter().flatten() {
            let Some(target) = mount["Target"].as_str().filter(|target| !is_of_the_kernel(target)) else { continue };
            let seen = Seen { part, target, read_only: mount["ReadOnly"] == true };
            let source = mount["Source"].as_str().unwrap_or_default();
            match mount["Type"].as_str() {
                Some("bind") => mounts.extend(self.of_bind(&seen, Path::new(source), &mut told)?),
                Some("volume") => mounts.push(self.of_volume(&seen, source, &mut told)?),
                Some("tmpfs") => {
                    mounts.push(json!({ "Type": "tmpfs", "Target": target, "TmpfsOptions": mount["TmpfsOptions"] }))
                }
                _ => told.push(withheld(&seen, source)),
            }
        }
        // What the image calls a volume would be made by the engine, without a name by which it is found again.
        let asked = [part.request.get("Volumes"), Some(&image["Config"]["Volumes"])];
        for target in asked.into_iter().flatten().filter_map(Value::as_object).flat_map(Map::keys) {
            let is_there =
                mounts.iter().any(|mount| mount["Target"] == target.as_str()) || !part.host("Tmpfs")[target].is_null();
            if !is_there {
                let volume = self.new_volume(&format!("{}:{target}", part.name));
                mounts.push(self.volume(&Seen { part, target, read_only: false }, &volume));
            }
        }
        Ok((mounts, told))
    }

    fn of_bind(&mut self, seen: &Seen<'_>, source: &Path, told: &mut Vec<Message>) -> Result<Option<Value>> {
        if let Some(volume) = self.volume_at(source) {
            return Ok(Some(bind(&volume.directory, seen.target, seen.read_only)));
        }
        let facts = match source.metadata() {
            Ok(facts) => facts,
            Err(_) => {
                told.push(withheld(seen, &shown(source)));
                return Ok(None);
            }
        };
        if self.is_permitted(source, &facts) {
            told.push(message!("drilled-sees-read-only", part = seen.part.shown(), source = escape::path(source)));
            return Ok(Some(bind(source, seen.target, true)));
        }
        if facts.is_dir() {
            let (part, source_shown, target) = (seen.part.shown(), escape::path(source), escape::text(seen.target));
            told.push(message!("drilled-sees-an-empty-directory", part, source = source_shown, target));
            return Ok(Some(bind(&self.empty_directory(source, &facts)?, seen.target, seen.read_only)));
        }
        match self.copy(source, &facts)? {
            Some((copy, of_snapshot)) => {
                let (part, source) = (seen.part.shown(), escape::path(source));
                told.push(match of_snapshot {
                    true => message!("drilled-has-a-copy-of-the-snapshot", part, source),
                    false => message!("drilled-has-a-copy-of-today", part, source),
                });
                Ok(Some(bind(&copy, seen.target, true)))
            }
            None => {
                told.push(withheld(seen, &shown(source)));
                Ok(None)
            }
        }
    }

    fn of_volume(&mut self, seen: &Seen<'_>, name: &str, told: &mut Vec<Message>) -> Result<Value> {
        let directory = (self.directory_of)(name)?;
        let by_name = self.spec.observed.spec.iter().flat_map(|spec| &spec.mounts);
        let by_name = by_name
            .filter(|mount| mount.engine_volume.as_deref() == Some(name))
            .find_map(|mount| self.drilled(&mount.volume));
        let volume = by_name.or_else(|| directory.as_deref().and_then(|directory| self.volume_at(directory)));
        if let Some(volume) = volume {
            return Ok(match volume.is_new {
                true => {
                    let new = format!("{}-{}", self.prefix, plain(&volume.name));
                    self.volume(seen, &new)
                }
                false => bind(&volume.directory, seen.target, seen.read_only),
            });
        }
        if let Some(directory) = &directory
            && directory.metadata().is_ok_and(|facts| self.is_permitted(directory, &facts))
        {
            told.push(message!("drilled-sees-read-only", part = seen.part.shown(), source = escape::text(name)));
            return Ok(bind(directory, seen.target, true));
        }
        let (part, target) = (seen.part.shown(), escape::text(seen.target));
        told.push(message!("drilled-has-a-new-volume", part, name = escape::text(name), target));
        let new = self.new_volume(name);
        Ok(self.volume(seen, &new))
    }

    /// What stands in the place of the volume whose live directory this is.
    fn volume_at(&self, source: &Path) -> Option<DrillVolume> {
        let mut mounts = self.spec.observed.spec.iter().flat_map(|spec| &spec.mounts);
        let found = mounts.find(|mount| real(&mount.live) == real(source))?;
        self.drilled(&found.volume)
    }

    fn drilled(&self, name: &str) -> Option<DrillVolume> {
        self.spec.volumes.iter().find(|volume| volume.name == *name).cloned()
    }

    /// Whether a person said that the app may see it, and nothing live is in it.
    fn is_permitted(&self, source: &Path, facts: &Metadata) -> bool {
        let (source, asked) = (real(source), &self.spec.read_only);
        let is_live = |live: &PathBuf| real(live).starts_with(&source) || source.starts_with(real(live));
        (facts.is_dir() || facts.is_file())
            && asked.iter().any(|asked| real(asked) == source)
            && source.parent().is_some()
            && !OF_THE_MACHINE.iter().any(|of| source.starts_with(of) || source.starts_with(real(Path::new(of))))
            && !self.spec.live.iter().any(is_live)
    }

    fn new_volume(&mut self, of: &str) -> String {
        let number = self.volumes.len();
        self.volumes.entry(of.to_owned()).or_insert_with(|| format!("{}.{number}", self.prefix)).clone()
    }

    fn volume(&self, seen: &Seen<'_>, name: &str) -> Value {
        let options = json!({ "Labels": self.labels });
        json!({ "Type": "volume", "Source": name, "Target": seen.target, "ReadOnly": seen.read_only, "VolumeOptions": options })
    }

    /// With the owner and mode of the one that is kept away, so that the app can write to it.
    fn empty_directory(&mut self, source: &Path, facts: &Metadata) -> Result<PathBuf> {
        if let Some(made) = self.made.get(source) {
            return Ok(made.clone());
        }
        let path = self.fresh("empty");
        let make = || {
            std::fs::create_dir(&path)?;
            own(&path, facts)
        };
        effect("drill-place", make).map_err(|error| Failure::io("make the directory", &path, &error))?;
        self.made.insert(source.to_owned(), path.clone());
        Ok(path)
    }

    /// Of a regular file: the snapshot's if it is in a volume. Answers whether it is that one; none of what is no small file.
    fn copy(&mut self, source: &Path, facts: &Metadata) -> Result<Option<(PathBuf, bool)>> {
        let of_snapshot = self.in_a_volume(source);
        let opened = match of_snapshot {
            Some(ref file) => file.try_clone(),
            None if !facts.is_file() || is_of_the_kernel(&shown(source)) => return Ok(None),
            None => std::fs::OpenOptions::new().read(true).custom_flags(libc_nonblock()).open(source),
        };
        let read = opened.and_then(|mut file| {
            let facts = file.metadata()?;
            let mut bytes = Vec::new();
            if facts.is_file() && facts.len() <= FILE_BYTES_MAX {
                (&mut file).take(FILE_BYTES_MAX).read_to_end(&mut bytes)?;
                return Ok(Some((bytes, facts)));
            }
            Ok(None)
        });
        let read = read.map_err(|error| Failure::io("read", source, &error))?;
        let Some((bytes, facts)) = read else { return Ok(None) };
        let path = self.fresh("file");
        let write = || {
            std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?.write_all(&bytes)?;
            own(&path, &facts)
        };
        effect("drill-place", write).map_err(|error| Failure::io("write", &path, &error))?;
        self.made.insert(path.clone(), path.clone());
        Ok(Some((path, of_snapshot.is_some())))
    }

    /// A file of a volume as the snapshot has it, reached without following a link.
    fn in_a_volume(&self, source: &Path) -> Option<File> {
        let source = real(source);
        let mounts = self.spec.observed.spec.iter().flat_map(|spec| &spec.mounts);
        let mut inside = mounts
            .filter_map(|mount| Some((self.drilled(&mount.volume)?, source.strip_prefix(real(&mount.live)).ok()?)));
        let (volume, below) = inside.next()?;
        let directory =
            File::from(rustix::fs::openat(CWD, &volume.directory, OFlags::PATH | OFlags::CLOEXEC, Mode::empty()).ok()?);
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
        openat2(&directory, below, flags, Mode::empty(), ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS)
            .ok()
            .map(File::from)
    }

    fn fresh(&self, what: &str) -> PathBuf {
        self.spec.directory.join(format!("{what}-{}", self.made.len()))
    }
}

/// The engine's socket, if a part has it.
pub(crate) fn engine_socket(part: &Part, socket: &Path) -> Option<String> {
    let is_engines = |source: &Path| {
        let is_socket = source.metadata().is_ok_and(|facts| facts.file_type().is_socket());
        let is_named = source.file_name().is_some_and(|name| ENGINES.iter().any(|known| name == *known));
        real(source) == real(socket) || (is_named && (is_socket || !source.exists()))
    };
    let binds = part.host("Mounts").as_array().into_iter().flatten().filter(|mount| mount["Type"] == "bind");
    let mut sources = binds.filter_map(|mount| mount["Source"].as_str());
    sources.find(|source| is_engines(Path::new(source))).map(str::to_owned)
}

/// A name as an engine takes it.
pub(crate) fn plain(name: &str) -> String {
    let is_taken = |character: char| character.is_ascii_alphanumeric() || "_.-".contains(character);
    name.chars().map(|character| if is_taken(character) { character } else { '-' }).collect()
}

fn bind(source: &Path, target: &str, read_only: bool) -> Value {
    // What is mounted below is not shown: there a mount that is read-only may be written to.
    let options = json!({ "NonRecursive": true, "Propagation": "rprivate" });
    json!({ "Type": "bind", "Source": source, "Target": target, "ReadOnly": read_only, "BindOptions": options })
}

fn withheld(seen: &Seen<'_>, source: &str) -> Message {
    let (part, target) = (seen.part.shown(), escape::text(seen.target));
    message!("drilled-does-not-see", part, source = escape::text(source), target)
}

fn own(path: &Path, facts: &Metadata) -> std::io::Result<()> {
    std::os::unix::fs::chown(path, Some(facts.uid()), Some(facts.gid()))?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(facts.mode() & 0o1777))
}

fn is_of_the_kernel(path: &str) -> bool {
    OF_THE_KERNEL.iter().any(|of| Path::new(path).starts_with(of))
}

fn libc_nonblock() -> i32 {
    i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or_default()
}

fn real(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}
