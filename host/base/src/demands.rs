//! What the entries of a volume ask of the file system that is to hold them: times, and extended attributes. Gathered while a
//! snapshot is taken, kept by its descriptor, and held against a file system before anything is restored to it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::escape;

/// Units of nanoseconds that file systems keep times in, the finest first.
const UNITS: [u32; 4] = [1, 100, 1_000, 1_000_000];
/// A time in whole seconds.
const WHOLE_SECONDS: u32 = 1_000_000_000;

/// Of one volume, each with the first entry that asks for so much, escaped.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Demands {
    /// The index of the volume.
    pub volume: u32,
    /// Seconds since the epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub earliest: Option<Asked<i64>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latest: Option<Asked<i64>>,
    /// The finest unit of a time, in nanoseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<Asked<u32>>,
    /// Kinds of attributes: `user`, `trusted`, or the whole name of any other.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kinds: Vec<Asked<String>>,
    /// The attributes of the entry that has most of them: how long each name and each value is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attributes: Option<Asked<Vec<Size>>>,
    /// The same of the entry with the longest single value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub longest: Option<Asked<Vec<Size>>>,
}

/// Of one attribute, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Size {
    pub name: u32,
    pub value: u32,
}

/// How much, and by which entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Asked<T> {
    pub value: T,
    pub path: String,
}

impl Demands {
    /// Of a volume of which nothing is known yet.
    pub fn of(volume: u32) -> Demands {
        Demands { volume, ..Demands::default() }
    }

    /// One more entry's time.
    pub fn time(&mut self, path: &[u8], seconds: i64, nanoseconds: u32) {
        let asked = |value| Some(Asked { value, path: shown(path) });
        if self.earliest.as_ref().is_none_or(|earliest| seconds < earliest.value) {
            self.earliest = asked(seconds);
        }
        if self.latest.as_ref().is_none_or(|latest| seconds > latest.value) {
            self.latest = asked(seconds);
        }
        if self.unit.as_ref().is_none_or(|unit| unit.value > 1) {
            let unit = UNITS.into_iter().rfind(|unit| nanoseconds.is_multiple_of(*unit)).unwrap_or(1);
            let unit = if nanoseconds == 0 { WHOLE_SECONDS } else { unit };
            if self.unit.as_ref().is_none_or(|known| unit < known.value) {
                self.unit = Some(Asked { value: unit, path: shown(path) });
            }
        }
    }

    /// One more entry's attributes, each a name and a value.
    pub fn attributes(&mut self, path: &[u8], attributes: &[(Vec<u8>, Vec<u8>)]) {
        for (name, _) in attributes {
            let kind = kind(name);
            if !self.kinds.iter().any(|known| known.value == kind) {
                self.kinds.push(Asked { value: kind, path: shown(path) });
            }
        }
        let size = |(name, value): &(Vec<u8>, Vec<u8>)| Size { name: name.len() as u32, value: value.len() as u32 };
        let asked = || Some(Asked { value: attributes.iter().map(size).collect(), path: shown(path) });
        let (all, longest) =
            (Size::all(attributes.iter().map(size)), attributes.iter().map(size).map(|size| size.value).max());
        if all > self.attributes.as_ref().map_or(0, |known| Size::all(known.value.iter().copied())) {
            self.attributes = asked();
        }
        if longest > self.longest.as_ref().map_or(Some(0), |known| known.value.iter().map(|size| size.value).max()) {
            self.longest = asked();
        }
    }
}

impl Size {
    /// Bytes of names and values together.
    pub fn all(sizes: impl Iterator<Item = Size>) -> u64 {
        sizes.map(|size| u64::from(size.name) + u64::from(size.value)).sum()
    }
}

/// `user` or `trusted`; else the whole name, since each of these is something else.
fn kind(name: &[u8]) -> String {
    let text = escape::bytes(name);
    match text.split_once('.') {
        Some((kind @ ("user" | "trusted"), _)) => kind.to_owned(),
        _ => text,
    }
}

fn shown(path: &[u8]) -> String {
    if path.is_empty() { ".".to_owned() } else { escape::bytes(path) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_all_entries_those_are_kept_that_ask_for_most() {
        let mut demands = Demands::of(0);
        for (path, seconds, nanoseconds) in
            [(&b""[..], 5, 0), (b"old", -7, 500_000_000), (b"new", 9, 1_500_000), (b"fine", 5, 100), (b"last", 9, 0)]
        {
            demands.time(path, seconds, nanoseconds);
        }
        let asked = |value: i64, path: &str| Some(Asked { value, path: path.to_owned() });
        assert_eq!((demands.earliest.clone(), demands.latest.clone()), (asked(-7, "old"), asked(9, "new")));
        assert_eq!(demands.unit, Some(Asked { value: 100, path: "fine".to_owned() }));
        let attribute = |name: &str, bytes| (name.as_bytes().to_vec(), vec![0; bytes]);
        demands.attributes(b"a", &[attribute("user.a", 10), attribute("system.posix_acl_access", 10)]);
        demands.attributes(b"b", &[attribute("user.b", 30)]);
        let size = |name, value| Size { name, value };
        let kinds: Vec<_> = demands.kinds.iter().map(|kind| (&*kind.value, &*kind.path)).collect();
        assert_eq!(kinds, [("user", "a"), ("system.posix_acl_access", "a")]);
        assert_eq!(demands.attributes, Some(Asked { value: vec![size(6, 10), size(23, 10)], path: "a".to_owned() }));
        assert_eq!(demands.longest, Some(Asked { value: vec![size(6, 30)], path: "b".to_owned() }));
        let text = serde_json::to_string(&demands).unwrap();
        assert_eq!(serde_json::from_str::<Demands>(&text).unwrap(), demands);
    }
}
