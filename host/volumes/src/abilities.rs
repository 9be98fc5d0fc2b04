//! What a file system can hold, asked of itself with a file that has no name: nobody sees it, and nothing is changed.

use std::ffi::OsStr;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use cap_std::fs::Dir;
use rustix::fs::{Timespec, Timestamps, UTIME_OMIT};
use rustix::io::Errno;

use super::{ambient, syscalls};
use reforge_base::Message;
use reforge_base::demands::{Asked, Demands, Size};
use reforge_base::failure::{Code, Failure};
use reforge_base::limits::{XATTR_NAME_BYTES_MAX, XATTR_VALUE_BYTES_MAX, XATTRS_MAX};
use reforge_base::{escape, message};

/// What Linux takes of one attribute at most.
const ATTRIBUTE_BYTES_MAX: u64 = 64 << 10;
/// A time in which each digit of the nanoseconds tells.
const ODD_NANOSECONDS: u32 = 123_456_789;
/// What a unit of time may be, in nanoseconds, the finest first.
const UNITS: [u32; 5] = [1, 100, 1_000, 1_000_000, 1_000_000_000];

const ACCESS_LIST: &str = "system.posix_acl_access";
const ACCESS_LISTS: &str = "system.posix_acl_";
const CAPABILITY: &str = "security.capability";
/// An access list that says what a mode says: version 2, then tag, permissions and nobody for owner, group and others.
const PLAIN_ACCESS_LIST: [u8; 28] =
    [2, 0, 0, 0, 1, 0, 6, 0, 255, 255, 255, 255, 4, 0, 4, 0, 255, 255, 255, 255, 32, 0, 4, 0, 255, 255, 255, 255];
/// Capabilities of version 2, none of them given.
const NO_CAPABILITY: [u8; 20] = [0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

/// Times in seconds, attributes in bytes. Where a file system cannot be asked it is believed to hold everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Abilities {
    pub earliest: i64,
    pub latest: i64,
    /// Of a time, in nanoseconds.
    pub unit: u32,
    /// Of one value. 0 if it takes no attributes of users at all.
    pub attribute_bytes_max: u64,
    /// Of all names and values of one entry, if they have a common bound.
    pub attributes_bytes_max: Option<u64>,
    pub access_lists: bool,
}

impl Default for Abilities {
    fn default() -> Abilities {
        Abilities {
            earliest: i64::MIN,
            latest: i64::MAX,
            unit: 1,
            attribute_bytes_max: ATTRIBUTE_BYTES_MAX,
            attributes_bytes_max: None,
            access_lists: true,
        }
    }
}

impl Abilities {
    /// Of the file system that a directory lies on.
    pub fn of(directory: &Dir) -> Abilities {
        let any = Abilities::default();
        let Ok(file) = syscalls::unnamed_file(directory) else { return any };
        // The kernel moves a time to the nearest that can be held, and says which.
        let kept = |tv_sec: i64, tv_nsec: u32| {
            let last_modification = Timespec { tv_sec, tv_nsec: tv_nsec.into() };
            let last_access = Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT };
            syscalls::set_times(&file, &Timestamps { last_access, last_modification }).ok()?;
            Some(syscalls::facts(&file).ok()?.stx_mtime)
        };
        let unit = kept(1, ODD_NANOSECONDS)
            .and_then(|kept| UNITS.into_iter().find(|unit| kept.tv_nsec == ODD_NANOSECONDS - ODD_NANOSECONDS % unit));
        let attribute_bytes_max = attribute_bytes_max(&file, any.attribute_bytes_max);
        // Where two of the largest do not fit, all of one entry share their room.
        let again = vec![1; attribute_bytes_max as usize];
        let shared = attribute_bytes_max > 0
            && matches!(
                syscalls::set_attribute(&file, OsStr::new("user.reforge2"), &again),
                Err(Errno::NOSPC | Errno::TOOBIG | Errno::RANGE)
            );
        Abilities {
            earliest: kept(i64::MIN, 0).map_or(any.earliest, |kept| kept.tv_sec),
            latest: kept(i64::MAX, 0).map_or(any.latest, |kept| kept.tv_sec),
            unit: unit.unwrap_or(any.unit),
            attribute_bytes_max,
            attributes_bytes_max: shared.then_some(attribute_bytes_max),
            access_lists: syscalls::set_attribute(&file, OsStr::new(ACCESS_LIST), &PLAIN_ACCESS_LIST)
                != Err(Errno::NOTSUP),
        }
    }

    /// What the rules of an import have no field for, in words of a policy.
    pub fn words(&self) -> Vec<String> {
        let unit = (self.unit > 1).then(|| format!("time-unit={}", self.unit));
        let most = if self.attribute_bytes_max == 0 { Some(0) } else { self.attributes_bytes_max };
        let access_lists = (!self.access_lists).then(|| "no-access-lists".to_owned());
        unit.into_iter().chain(most.map(|most| format!("attributes={most}"))).chain(access_lists).collect()
    }

    /// What both can hold.
    pub fn and(self, other: Abilities) -> Abilities {
        let bounds = [self.attributes_bytes_max, other.attributes_bytes_max];
        Abilities {
            earliest: self.earliest.max(other.earliest),
            latest: self.latest.min(other.latest),
            unit: self.unit.max(other.unit),
            attribute_bytes_max: self.attribute_bytes_max.min(other.attribute_bytes_max),
            attributes_bytes_max: bounds.into_iter().flatten().min(),
            access_lists: self.access_lists && other.access_lists,
        }
    }
}

fn attribute_bytes_max(file: &OwnedFd, unknown: u64) -> u64 {
    let tried = |size: u64| syscalls::set_attribute(file, OsStr::new("user.reforge"), &vec![1; size as usize]);
    match tried(ATTRIBUTE_BYTES_MAX) {
        Ok(()) => return ATTRIBUTE_BYTES_MAX,
        Err(Errno::NOTSUP) => return 0,
        Err(_) => {}
    }
    let (mut fits, mut not) = (0, ATTRIBUTE_BYTES_MAX);
    while not - fits > 1 {
        let middle = fits + (not - fits) / 2;
        *if tried(middle).is_ok() { &mut fits } else { &mut not } = middle;
    }
    // Without a right to try, what cannot be set is said when it is. The last one that fits stays set.
    if fits > 0 && tried(fits).is_ok() { fits } else { unknown }
}

/// Why a volume below this directory could not hold what its entries ask for: one refusal for each kind of thing, with the
/// first entry. Nothing if the directory cannot be asked.
pub fn refusals(volume: &str, directory: &Path, demands: &Demands) -> Vec<Failure> {
    let Ok(opened) = ambient::directory(directory) else { return Vec::new() };
    let abilities = Abilities::of(&opened);
    let times = times(abilities, demands);
    let attributes = demands.kinds.iter().filter_map(|kind| lacks_kind(&opened, kind));
    let rows = [&demands.attributes, &demands.longest].into_iter().flatten();
    // One whose kind is not taken has its refusal.
    let sizes = rows.filter(|_| abilities.attribute_bytes_max > 0).find_map(|sizes| lacks_room(&opened, sizes));
    let about = |message: Message| {
        Failure::new(Code::VolumeRefused, message)
            .context(message!("volume-named", name = escape::text(volume)))
            .hint(message!("use-another-file-system-or-import-again"))
    };
    times.into_iter().chain(attributes).chain(sizes).map(about).collect()
}

fn times(abilities: Abilities, demands: &Demands) -> Vec<Message> {
    let mut lacks = Vec::new();
    if let Some(Asked { value, path }) = demands.earliest.as_ref().filter(|asked| asked.value < abilities.earliest) {
        let (bound, time, path) = (instant(abilities.earliest), instant(*value), escape::prose(path));
        lacks.push(message!("its-file-system-keeps-no-time-before", bound, path, time));
    }
    if let Some(Asked { value, path }) = demands.latest.as_ref().filter(|asked| asked.value > abilities.latest) {
        let (bound, time, path) = (instant(abilities.latest), instant(*value), escape::prose(path));
        lacks.push(message!("its-file-system-keeps-no-time-after", bound, path, time));
    }
    if let Some(Asked { path, .. }) = demands.unit.as_ref().filter(|asked| asked.value < abilities.unit) {
        lacks.push(message!("its-file-system-keeps-times-only-to", unit = abilities.unit, path = escape::prose(path)));
    }
    lacks
}

fn lacks_kind(directory: &Dir, kind: &Asked<String>) -> Option<Message> {
    let file = syscalls::unnamed_file(directory).ok()?;
    let Asked { value, path } = kind;
    let tried = |name: &str, value: &[u8]| syscalls::set_attribute(&file, OsStr::new(name), value);
    let tried = match &**value {
        CAPABILITY => tried(CAPABILITY, &NO_CAPABILITY),
        name if name.starts_with(ACCESS_LISTS) => tried(ACCESS_LIST, &PLAIN_ACCESS_LIST),
        name if name.contains('.') => tried(name, b"reforge"),
        namespace => tried(&format!("{namespace}.reforge"), b"reforge"),
    };
    let is_denied = matches!(&**value, CAPABILITY | "trusted");
    let error = tried.err().filter(|error| *error == Errno::NOTSUP || is_denied && *error == Errno::PERM)?;
    let why = std::io::Error::from(error);
    let (kind, path) = (escape::prose(value), escape::prose(path));
    Some(message!("its-file-system-takes-no-attributes", kind, path, why))
}

/// Attributes of these sizes on one file, whatever their own names and values are.
fn lacks_room(directory: &Dir, sizes: &Asked<Vec<Size>>) -> Option<Message> {
    let file = syscalls::unnamed_file(directory).ok()?;
    let full = |(number, size): (usize, &Size)| {
        // Whoever has made the descriptor: no entry has more than that.
        let is_none = size.name as usize > XATTR_NAME_BYTES_MAX || size.value as usize > XATTR_VALUE_BYTES_MAX;
        if is_none || number >= XATTRS_MAX {
            return true;
        }
        let mut name = format!("user.{number}").into_bytes();
        name.resize((size.name as usize).max(name.len()), b'x');
        let tried = syscalls::set_attribute(&file, OsStr::from_bytes(&name), &vec![1; size.value as usize]);
        matches!(tried, Err(Errno::NOSPC | Errno::TOOBIG | Errno::RANGE))
    };
    sizes.value.iter().enumerate().any(full).then(|| {
        let bytes = Size::all(sizes.value.iter().copied());
        message!("its-file-system-takes-not-so-many-attributes", path = escape::prose(&sizes.path), bytes)
    })
}

/// Of people, as far as a calendar goes.
fn instant(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds).map_or_else(|_| format!("{seconds} s"), |instant| instant.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use reforge_testing::{Disk, Mounted};

    fn of(path: &Path) -> Abilities {
        Abilities::of(&ambient::directory(path).unwrap())
    }

    /// The ids of what stands in the way.
    fn lacking(path: &Path, ask: impl FnOnce(&mut Demands)) -> Vec<String> {
        let mut demands = Demands::of(0);
        ask(&mut demands);
        refusals("data", path, &demands).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_file_system_says_itself_which_times_and_attributes_it_holds() {
        let (ext4, old, xfs) = (Disk::ext4(16), Disk::old_ext4(16), Disk::xfs());
        let held = of(ext4.path());
        assert!(held.earliest == i64::from(i32::MIN) && held.latest > i64::from(u32::MAX), "{held:?}");
        assert_eq!((held.unit, held.access_lists), (1, true));
        assert!(held.attributes_bytes_max.is_some_and(|most| (900..1024).contains(&most)), "{held:?}");
        let held = of(old.path());
        assert_eq!((held.latest, held.unit), (i64::from(i32::MAX), 1_000_000_000), "{held:?}");
        let held = of(xfs.path());
        assert_eq!((held.unit, held.attribute_bytes_max, held.attributes_bytes_max), (1, 64 << 10, None));
    }

    #[test]
    fn what_a_file_system_cannot_hold_is_refused_with_the_entry_that_asks_for_it() {
        let (ext4, old, xfs) = (Disk::ext4(16), Disk::old_ext4(16), Disk::xfs());
        let bare = tempfile::tempdir().unwrap();
        reforge_testing::run("mount", &["-t", "ramfs", "ramfs", bare.path().to_str().unwrap()]);
        let _bare = Mounted::already(bare.path().to_owned());
        let attribute = |name: &str, bytes: usize| (name.as_bytes().to_vec(), vec![1; bytes]);
        let big = [attribute("user.big", 10_000)];
        let many: Vec<_> = (0..9).map(|number| attribute(&format!("user.{number}"), 900)).collect();
        let forged = Asked { value: vec![Size { name: u32::MAX, value: u32::MAX }; 2], path: "f".to_owned() };
        let acl = [(ACCESS_LIST.as_bytes().to_vec(), PLAIN_ACCESS_LIST.to_vec())];
        let capability = [(CAPABILITY.as_bytes().to_vec(), NO_CAPABILITY.to_vec())];
        for (what, ask, holds) in [
            ("a time of 1700", &(|to: &mut Demands| to.time(b"f", -8_520_336_000, 0)) as &dyn Fn(&mut Demands), "bare"),
            ("a time of 2500", &|to| to.time(b"f", 16_725_225_600, 0), "bare"),
            ("a time of 2100", &|to| to.time(b"f", 4_102_444_800, 0), "ext4 xfs bare"),
            ("a fraction of a second", &|to| to.time(b"f", 1, 5), "ext4 xfs bare"),
            ("a whole second", &|to| to.time(b"f", 1, 0), "ext4 old xfs bare"),
            ("a large attribute", &|to| to.attributes(b"f", &big), "xfs"),
            ("many attributes", &|to| to.attributes(b"f", &many), "xfs"),
            ("what no entry has", &|to| to.attributes = Some(forged.clone()), "bare"),
            ("an access list", &|to| to.attributes(b"f", &acl), "ext4 old xfs"),
            ("capabilities", &|to| to.attributes(b"f", &capability), "ext4 old xfs"),
        ] {
            let all = [("ext4", ext4.path()), ("old", old.path()), ("xfs", xfs.path()), ("bare", bare.path())];
            for (name, path) in all {
                let told = lacking(path, ask);
                assert_eq!(told.is_empty(), holds.contains(name), "{what} on {name}: {told:?}");
                assert!(told.iter().all(|told| told.contains("`f`") && told.contains("data")), "{told:?}");
            }
        }
    }
}
