//! What is mounted where, from `mountinfo`, in bytes (protocol, rules 8 and 9). Changes nothing.
//!
//! A rename of a directory that contains a mount succeeds, so nobody may trust a path that has a mount below it. The same
//! directory can be seen at several paths, so what is compared is its [`DevicePath`] inside its file system. Never guesses: a
//! line that makes no sense is an error.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};

use crate::failure::{Failure, Result};
use crate::message;

mod location;
mod table;

pub use location::{Location, Relation};
pub use table::MountTable;

/// Major and minor number of a file system's device: one per file system, also when it is mounted several times.
pub type Device = (u32, u32);

const OWN: &str = "/proc/self/mountinfo";

/// A directory or file inside its file system, the same at whatever path it is seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DevicePath {
    pub device: Device,
    /// From the file system's own root.
    pub inside: PathBuf,
}

impl DevicePath {
    /// Whether this is `other` or stands below it.
    pub fn is_within(&self, other: &DevicePath) -> bool {
        self.device == other.device && self.inside.starts_with(&other.inside)
    }
}

/// One line of `mountinfo`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    pub id: u64,
    pub parent: u64,
    pub device: Device,
    /// Which directory of the file system is mounted.
    pub root: PathBuf,
    /// Where, as the process whose `mountinfo` it is sees it.
    pub mount_point: PathBuf,
    /// Per-mount options, `ro` or `rw` first.
    pub options: String,
    pub file_system: String,
    pub source: OsString,
    /// Options of the file system itself, as the kernel writes them: a comma in a value is escaped.
    pub super_options: OsString,
}

impl Mount {
    /// What of the file system is mounted.
    pub fn top(&self) -> DevicePath {
        DevicePath { device: self.device, inside: self.root.clone() }
    }

    /// The place of a resolved path that is reached through this mount; none if the path is not below it.
    pub fn device_path(&self, path: &Path) -> Option<DevicePath> {
        let below = path.strip_prefix(&self.mount_point).ok()?;
        let inside = if below.as_os_str().is_empty() { self.root.clone() } else { self.root.join(below) };
        Some(DevicePath { device: self.device, inside })
    }

    /// Whether something can be written through it.
    pub fn is_writable(&self) -> bool {
        let read_only = |options: &[u8]| options.split(|byte| *byte == b',').any(|option| option == b"ro");
        !read_only(self.options.as_bytes()) && !read_only(self.super_options.as_bytes())
    }

    /// What it goes on using besides a device, as whoever mounted it called it: the layers of an overlay, the directory
    /// or file below a stacked file system.
    pub fn stands_on(&self) -> Vec<PathBuf> {
        if self.file_system != "overlay" {
            let source = self.source.as_bytes();
            // Union file systems have several.
            let several = source.split(|byte| *byte == b':').filter(|part| source.len() > part.len() && is_path(part));
            let whole = is_path(source).then_some(source);
            return several.chain(whole).map(to_path).collect();
        }
        let mut layers = Vec::new();
        for option in self.super_options.as_bytes().split(|byte| *byte == b',') {
            let Some(at) = option.iter().position(|byte| *byte == b'=') else { continue };
            let value = path(&option[at + 1..]);
            let value = value.as_os_str().as_bytes();
            match &option[..at] {
                // Whoever mounted it may have escaped what the name holds, and then it reads so here.
                b"upperdir" | b"workdir" | b"lowerdir+" | b"datadir+" => {
                    layers.extend([value.to_owned(), unescaped_parts(value).join(&b':')]);
                }
                b"lowerdir" => layers.extend(unescaped_parts(value)),
                _ => {}
            }
        }
        layers.retain(|layer| !layer.is_empty());
        layers.sort();
        layers.dedup();
        layers.into_iter().map(|layer| OsString::from_vec(layer).into()).collect()
    }
}

/// The mounts of this process.
pub fn own() -> Result<Vec<Mount>> {
    read(OWN).map_err(|error| Failure::io("read", Path::new(OWN), &error))
}

/// The mounts of another process. One that is gone is an error.
pub fn of_process(pid: i32) -> std::io::Result<Vec<Mount>> {
    read(&format!("/proc/{pid}/mountinfo"))
}

fn read(path: &str) -> std::io::Result<Vec<Mount>> {
    let bytes = std::fs::read(path)?;
    parse(&bytes).ok_or_else(|| std::io::Error::new(std::io::ErrorKind::InvalidData, message!("a-line-that")))
}

/// The mounts of this process at `path` or anywhere below it. The path is absolute and resolved.
pub fn mounts_inside(path: &Path) -> Result<Vec<Mount>> {
    Ok(own()?.into_iter().filter(|mount| mount.mount_point.starts_with(path)).collect())
}

/// All lines, or none if one of them makes no sense: a mount that is overlooked is data lost.
pub fn parse(mountinfo: &[u8]) -> Option<Vec<Mount>> {
    mountinfo.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).map(parse_line).collect()
}

fn parse_line(line: &[u8]) -> Option<Mount> {
    let mut fields = line.split(|byte| *byte == b' ');
    let id = number(fields.next()?)?;
    let parent = number(fields.next()?)?;
    let (major, minor) = std::str::from_utf8(fields.next()?).ok()?.split_once(':')?;
    let root = path(fields.next()?);
    let mount_point = path(fields.next()?);
    let options = text(fields.next()?);
    // Any number of tags, then a dash.
    fields.by_ref().find(|field| *field == b"-")?;
    let file_system = text(fields.next()?);
    let source = path(fields.next()?).into_os_string();
    let super_options = OsString::from_vec(fields.next()?.to_owned());
    let device = (major.parse().ok()?, minor.parse().ok()?);
    Some(Mount { id, parent, device, root, mount_point, options, file_system, source, super_options })
}

fn is_path(bytes: &[u8]) -> bool {
    bytes.first() == Some(&b'/')
}

fn to_path(bytes: &[u8]) -> PathBuf {
    OsString::from_vec(bytes.to_owned()).into()
}

/// What colons separate, a backslash taking its meaning from the byte behind it.
fn unescaped_parts(list: &[u8]) -> Vec<Vec<u8>> {
    let mut parts = vec![Vec::new()];
    let mut bytes = list.iter();
    while let Some(byte) = bytes.next() {
        match (byte, parts.last_mut()) {
            (b':', _) => parts.push(Vec::new()),
            (b'\\', Some(part)) => part.extend(bytes.next()),
            (byte, Some(part)) => part.push(*byte),
            (_, None) => {}
        }
    }
    parts
}

fn number(field: &[u8]) -> Option<u64> {
    std::str::from_utf8(field).ok()?.parse().ok()
}

fn text(field: &[u8]) -> String {
    String::from_utf8_lossy(path(field).as_os_str().as_bytes()).into_owned()
}

/// Undoes the escapes of `mountinfo` and `maps`: the kernel writes blanks, tabs, line ends, `#` and backslashes as
/// three octal digits.
pub fn path(field: &[u8]) -> PathBuf {
    let mut bytes = Vec::with_capacity(field.len());
    let mut rest = field;
    while let Some((first, behind)) = rest.split_first() {
        let octal = behind.get(..3).filter(|digits| *first == b'\\' && digits.iter().all(|d| matches!(d, b'0'..=b'7')));
        let value = octal.map(|digits| digits.iter().fold(0u32, |value, digit| value * 8 + u32::from(digit - b'0')));
        match value.and_then(|value| u8::try_from(value).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &behind[3..];
            }
            None => {
                bytes.push(*first);
                rest = behind;
            }
        }
    }
    OsString::from_vec(bytes).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_blanks_backslashes_and_foreign_bytes_are_read_back() {
        let line = b"36 35 98:0 /mnt\\0401 /mnt/a\\011b\\134\xff rw,noatime master:1 propagate_from:2 - ext3 /dev/r\\040t rw,errors=continue\n\
            37 36 0:5 / / ro - tmpfs  rw\n";
        let mounts = parse(line).unwrap();
        assert_eq!(mounts[0].mount_point.as_os_str().as_bytes(), b"/mnt/a\tb\\\xff");
        assert_eq!((mounts[0].root.as_path(), mounts[0].device), (Path::new("/mnt 1"), (98, 0)));
        assert_eq!((mounts[0].file_system.as_str(), mounts[0].source.as_bytes()), ("ext3", &b"/dev/r t"[..]));
        assert_eq!((mounts[0].is_writable(), mounts[1].is_writable()), (true, false));
        assert_eq!(mounts[1].source.as_bytes(), b"");
    }

    #[test]
    fn one_line_that_makes_no_sense_spoils_the_list() {
        for line in ["36", "36 35 98 / / rw - a b c", "36 35 98:0 / / rw master:1", "x 35 98:0 / / rw - a b c"] {
            assert_eq!(parse(line.as_bytes()), None, "{line}");
        }
    }

    #[test]
    fn the_mounts_of_this_process_are_seen() {
        let mounts = own().unwrap();
        assert!(mounts.iter().any(|mount| mount.mount_point == Path::new("/")));
        assert_eq!(of_process(std::process::id() as i32).unwrap().len(), mounts.len());
        assert!(mounts_inside(Path::new("/proc")).unwrap().iter().any(|mount| mount.file_system == "proc"));
    }

    #[test]
    fn a_path_below_a_bind_mount_leads_to_its_place_in_the_file_system() {
        let line = br"36 35 98:0 /srv/my\040data /mnt/a\040b rw,noatime master:1 - ext4 /dev/x rw,errors=continue";
        let mount = &parse(line).unwrap()[0];
        let device_path = |path: &str| mount.device_path(Path::new(path));
        assert_eq!(device_path("/mnt/a b/c").unwrap().inside, Path::new("/srv/my data/c"));
        assert_eq!(device_path("/mnt/a b"), Some(mount.top()));
        assert_eq!(device_path("/mnt/a bc"), None, "components, not letters");
        assert!(device_path("/mnt/a b/c").unwrap().is_within(&mount.top()));
        assert!(!mount.top().is_within(&DevicePath { device: (98, 1), ..mount.top() }), "another file system");
    }

    #[test]
    fn an_overlay_stands_on_its_layers_and_a_stacked_file_system_on_its_source() {
        for (line, wanted) in [
            (
                &br"1 0 0:9 / /m rw - overlay x rw,lowerdir=/a:/b\134:c,upperdir=/u\054v,workdir=/w\040x,index=off"[..],
                vec!["/a", "/b:c", "/u,v", "/w x"],
            ),
            (b"1 0 0:9 / /m rw - overlay overlay ro,lowerdir+=/a,lowerdir+=/b,datadir+=l/c", vec!["/a", "/b", "l/c"]),
            (b"1 0 0:9 / /m rw - fuse.bindfs /srv/a rw", vec!["/srv/a"]),
            (b"1 0 0:9 / /m rw - fuse.union /a:/b rw", vec!["/a", "/b", "/a:/b"]),
            (b"1 0 0:9 / /m rw - tmpfs tmpfs rw,size=9k", vec![]),
        ] {
            let wanted: Vec<PathBuf> = wanted.into_iter().map(PathBuf::from).collect();
            assert_eq!(parse(line).unwrap()[0].stands_on(), wanted, "{}", String::from_utf8_lossy(line));
        }
    }

    #[test]
    fn a_mount_is_read_only_by_its_own_options_or_its_file_system() {
        for (line, writable) in [
            (&b"1 0 8:1 / / ro - ext4 /dev/x rw"[..], false),
            (b"1 0 8:1 / / rw shared:1 - ext4 /dev/x ro,quota", false),
            (b"1 0 8:1 / / rw - ext4 /dev/x rw,errors=remount-ro", true),
        ] {
            assert_eq!(parse(line).unwrap()[0].is_writable(), writable);
        }
    }
}
