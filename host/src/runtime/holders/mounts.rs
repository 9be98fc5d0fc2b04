//! The mounts that all processes see, by mount id, and the way from a path as `/proc` shows it to a path within a
//! file system.
//!
//! Mount ids are unique on the machine. `mountinfo` is relative to the root of the process that it is asked of, and
//! leaves out what that root cannot reach; links in `/proc` are relative to *our* root, or to the top of their
//! namespace where our root cannot reach them. A process's own root, read as a link, is what joins the two.

use std::collections::{HashMap, HashSet};
use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use super::super::proc_stat::ProcStat;

/// Major and minor number.
pub type Device = (u32, u32);

/// A path within a file system, without a leading `/`, whatever it is mounted on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub device: Device,
    pub inside: PathBuf,
}

/// One mount as one namespace shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    pub id: u64,
    /// What of the file system is mounted.
    pub root: Place,
    /// Where, in the words that links in `/proc` use.
    pub point: PathBuf,
    pub read_only: bool,
}

/// The mounts of one namespace and a process that lives in it.
pub struct Namespace {
    pub process: ProcStat,
    pub mounts: Vec<Mount>,
}

/// Every mount that a readable process sees.
#[derive(Default)]
pub struct MountTable {
    by_id: HashMap<u64, Vec<Mount>>,
    pub namespaces: HashMap<OsString, Namespace>,
    learned: HashSet<(OsString, PathBuf)>,
}

impl MountTable {
    /// Adds what `process` sees unless a process with the same namespace and root was asked before. One that cannot be
    /// read adds nothing: it is counted when it is scanned, and what it holds on live's device cannot be told.
    pub fn learn(&mut self, process: &ProcStat) {
        self.learn_unless(process, |learned, key| learned.contains(key));
    }

    /// Adds what `process` sees now, whoever was asked before: it may have entered another namespace since, or
    /// something was mounted.
    pub fn learn_again(&mut self, process: &ProcStat) {
        self.learn_unless(process, |_, _| false);
    }

    fn learn_unless(
        &mut self,
        process: &ProcStat,
        known: impl Fn(&HashSet<(OsString, PathBuf)>, &(OsString, PathBuf)) -> bool,
    ) {
        let pid = process.pid;
        let Ok(namespace) = std::fs::read_link(format!("/proc/{pid}/ns/mnt")) else { return };
        let Ok(root) = std::fs::read_link(format!("/proc/{pid}/root")) else { return };
        let namespace = namespace.into_os_string();
        let key = (namespace.clone(), root.clone());
        if known(&self.learned, &key) {
            return;
        }
        let Ok(text) = std::fs::read(format!("/proc/{pid}/mountinfo")) else { return };
        self.learned.insert(key);
        let known = self
            .namespaces
            .entry(namespace)
            .or_insert_with(|| Namespace { process: process.clone(), mounts: Vec::new() });
        for mount in text.split(|byte| *byte == b'\n').filter_map(|line| parse(line, &root)) {
            let same = self.by_id.entry(mount.id).or_default();
            if !same.contains(&mount) {
                same.push(mount.clone());
                known.mounts.push(mount);
            }
        }
    }

    /// Whether any namespace shows this mount, and on which device.
    pub fn device(&self, id: u64) -> Option<Device> {
        self.by_id.get(&id).and_then(|mounts| mounts.first()).map(|mount| mount.root.device)
    }

    /// Where a path reached through a mount is within its file system: more than one answer if namespaces differ in
    /// what they call the mount. None if it cannot be told.
    pub fn places(&self, id: u64, text: &Path) -> Option<Vec<Place>> {
        let places: Vec<Place> = self.by_id.get(&id)?.iter().filter_map(|mount| mount.place(text)).collect();
        (!places.is_empty()).then_some(places)
    }

    /// Every place that a path could be if it is on `device`, for want of a mount id.
    pub fn possible_places(&self, device: Device, text: &Path) -> Vec<Place> {
        let mounts = self.by_id.values().flatten().filter(|mount| mount.root.device == device);
        mounts.filter_map(|mount| mount.place(text)).collect()
    }
}

impl Mount {
    fn place(&self, text: &Path) -> Option<Place> {
        let rest = text.strip_prefix(&self.point).ok()?;
        let inside = if rest.as_os_str().is_empty() { self.root.inside.clone() } else { self.root.inside.join(rest) };
        Some(Place { device: self.root.device, inside })
    }
}

/// One line of `mountinfo`: id, parent, device, root, mount point, options, optional fields, `-`, type, source, options.
fn parse(line: &[u8], process_root: &Path) -> Option<Mount> {
    let fields: Vec<&[u8]> = line.split(|byte| *byte == b' ').collect();
    let number = |field: &[u8]| std::str::from_utf8(field).ok()?.parse::<u64>().ok();
    let colon = fields.get(2)?.iter().position(|byte| *byte == b':')?;
    let major = number(&fields[2][..colon])?;
    let minor = number(&fields[2][colon + 1..])?;
    let dash = fields.iter().position(|field| *field == b"-")?;
    let is_read_only = |options: &[u8]| options.split(|byte| *byte == b',').any(|option| option == b"ro");
    let device = (u32::try_from(major).ok()?, u32::try_from(minor).ok()?);
    Some(Mount {
        id: number(fields.first()?)?,
        root: Place { device, inside: below_slash(&unescape(fields.get(3)?)).to_owned() },
        point: process_root.join(below_slash(&unescape(fields.get(4)?))),
        read_only: is_read_only(fields.get(5)?) || is_read_only(fields.get(dash + 3)?),
    })
}

fn below_slash(path: &Path) -> &Path {
    path.strip_prefix("/").unwrap_or(path)
}

/// Undoes the octal escapes (`\040`) of `mountinfo` and `maps`.
pub fn unescape(field: &[u8]) -> PathBuf {
    let mut out = Vec::with_capacity(field.len());
    let mut rest = field;
    while let Some((first, behind)) = rest.split_first() {
        let digits =
            behind.get(..3).filter(|digits| *first == b'\\' && digits.iter().all(|d| (b'0'..=b'7').contains(d)));
        if let Some(digits) = digits {
            let value = digits.iter().fold(0u32, |value, digit| value * 8 + u32::from(digit - b'0'));
            out.push(value as u8);
            rest = &behind[3..];
        } else {
            out.push(*first);
            rest = behind;
        }
    }
    PathBuf::from(OsString::from_vec(out))
}

/// Bytes of a path, for escaping.
pub fn raw(path: &Path) -> &[u8] {
    path.as_os_str().as_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bind_mount_with_a_blank_in_its_name_leads_to_the_path_within_the_file_system() {
        let line = br"36 35 98:0 /srv/my\040data /mnt/a\040b rw,noatime master:1 - ext4 /dev/x rw,errors=continue";
        let mount = parse(line, Path::new("/jail")).expect("parses");
        assert_eq!((mount.id, mount.root.device, mount.read_only), (36, (98, 0), false));
        assert_eq!(mount.point, Path::new("/jail/mnt/a b"));
        let place = mount.place(Path::new("/jail/mnt/a b/c")).expect("is below");
        assert_eq!(place.inside, Path::new("srv/my data/c"));
        assert_eq!(mount.place(Path::new("/jail/mnt/a bc")), None);
    }

    #[test]
    fn a_mount_is_read_only_by_its_own_options_or_its_file_system() {
        for (line, read_only) in [
            (&b"1 0 8:1 / / ro - ext4 /dev/x rw"[..], true),
            (b"1 0 8:1 / / rw shared:1 - ext4 /dev/x ro,quota", true),
            (b"1 0 8:1 / / rw - ext4 /dev/x rw,errors=remount-ro", false),
        ] {
            assert_eq!(parse(line, Path::new("/")).expect("parses").read_only, read_only);
        }
    }
}
