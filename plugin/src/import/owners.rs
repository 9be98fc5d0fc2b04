//! Owners by name: where an archive says no number, and everywhere if a person wants the names to count. The host says which
//! numbers the names have on its machine, in words of the policy.

use std::collections::HashMap;

use crate::archive::harmless::Class;
use crate::archive::reader::Entry;
use crate::host::Metadata;

/// A word of the policy each: `owner=NUMBER:NAME`, `group=NUMBER:NAME`.
const OWNER: &str = "owner=";
const GROUP: &str = "group=";
/// The names count also where there are numbers.
const BY_NAME: &str = "owners-by-name";

type Numbers<'p> = HashMap<&'p [u8], u32>;

/// See the module.
pub(super) struct Owners<'p> {
    users: Numbers<'p>,
    groups: Numbers<'p>,
    by_name: bool,
}

impl<'p> Owners<'p> {
    pub(super) fn of(policy: &'p [String]) -> Owners<'p> {
        let of_kind = |kind: &str| {
            let words = policy.iter().filter_map(|word| word.strip_prefix(kind)?.split_once(':'));
            words.filter_map(|(number, name)| Some((name.as_bytes(), number.parse().ok()?))).collect()
        };
        Owners { users: of_kind(OWNER), groups: of_kind(GROUP), by_name: is_by_name(policy) }
    }

    /// Gives an entry the owner and group of its names, where they count. `missing` has those of what nobody knows.
    pub(super) fn give(&self, entry: &mut Entry, missing: &Metadata) -> Option<Class> {
        let named = &entry.named;
        let user = self.number(&self.users, &named.user, named.lacks_uid, missing.uid);
        let group = self.number(&self.groups, &named.group, named.lacks_gid, missing.gid);
        let before = (entry.metadata.uid, entry.metadata.gid);
        let (mut unknown, mut given) = (false, false);
        for (found, into) in [(user, &mut entry.metadata.uid), (group, &mut entry.metadata.gid)] {
            match found {
                Found::Itself => {}
                Found::Known(number) => *into = number,
                Found::Unknown(number) => {
                    unknown = true;
                    *into = number.unwrap_or(*into);
                }
            }
        }
        given |= before != (entry.metadata.uid, entry.metadata.gid) || named.lacks_uid || named.lacks_gid;
        match (unknown, given) {
            (true, _) => Some(Class::UnknownOwners),
            (false, true) => Some(Class::Owners),
            (false, false) => None,
        }
    }

    fn number(&self, known: &Numbers<'_>, name: &[u8], is_missing: bool, missing: u32) -> Found {
        if !is_missing && (!self.by_name || name.is_empty()) {
            return Found::Itself;
        }
        match known.get(name) {
            Some(number) => Found::Known(*number),
            None => Found::Unknown(is_missing.then_some(missing)),
        }
    }
}

enum Found {
    /// Its own number counts.
    Itself,
    Known(u32),
    /// Nobody has the name: what is given if there is no number either.
    Unknown(Option<u32>),
}

/// Whether the names count also where there are numbers.
pub(super) fn is_by_name(policy: &[String]) -> bool {
    policy.iter().any(|word| word == BY_NAME)
}
