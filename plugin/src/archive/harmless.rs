//! What harms nothing and does not refuse a foreign archive: left out, or given another value, and always said.
//!
//! Nothing here is content of a file, and nothing gives anybody a right. What would, is for the policy to refuse.

use super::headers::Kind;

/// Kinds of what is left out of an import, or given by it. The words are stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// What macOS writes beside a file of its own (`._name`).
    Companions,
    /// Labels of security modules: the system that an app comes to gives its own.
    Labels,
    /// Attributes of other systems, in other encodings, or larger than the file system takes.
    Attributes,
    /// Fifos and sockets: an app makes them anew.
    Special,
    /// What a tar is called, which is no file of it.
    VolumeLabels,
    /// Times that the file system cannot hold, moved to the nearest that it can.
    Times,
    /// Owners that were given by their names.
    Owners,
    /// Owners whose names nobody on the machine has.
    UnknownOwners,
    /// Hard links to symbolic links, taken in as symbolic links of their own.
    LinkedLinks,
    /// Hard links to what was left out.
    LostLinks,
    /// Directories that have no entry.
    Directories,
    /// What lies in no volume.
    Outside,
}

impl Class {
    pub fn word(self) -> &'static str {
        match self {
            Class::Companions => "companions",
            Class::Labels => "labels",
            Class::Attributes => "attributes",
            Class::Special => "special",
            Class::VolumeLabels => "volume-labels",
            Class::Times => "times",
            Class::Owners => "owners",
            Class::UnknownOwners => "unknown-owners",
            Class::LinkedLinks => "linked-links",
            Class::LostLinks => "lost-links",
            Class::Directories => "directories",
            Class::Outside => "outside",
        }
    }
}

/// What an attribute is left out as; none if it is one that Linux gives a meaning to.
pub fn of_attribute(name: &[u8]) -> Option<Class> {
    let is_kept = name.starts_with(b"user.")
        || name.starts_with(b"trusted.")
        || matches!(name, b"security.capability" | b"system.posix_acl_access" | b"system.posix_acl_default");
    match name.starts_with(b"security.") {
        _ if is_kept => None,
        true => Some(Class::Labels),
        false => Some(Class::Attributes),
    }
}

/// What an entry of no kind that is restored is left out as; none if it refuses the archive.
pub fn of_kind(kind: Kind) -> Option<Class> {
    match kind {
        Kind::Special(b'6' | b's') => Some(Class::Special),
        Kind::Special(b'V') => Some(Class::VolumeLabels),
        _ => None,
    }
}

/// How macOS begins what it writes beside a file.
pub const APPLE_DOUBLE: &[u8] = b"\0\x05\x16\x07";

/// Whether an entry is named like a companion. Its content says whether it is one.
pub fn is_named_companion(path: &[u8]) -> bool {
    let name = path.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
    name.starts_with(b"._") && name.len() > 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_that_linux_gives_no_meaning_are_left_out_and_privileges_are_not() {
        for (name, class) in [
            (&b"user.note"[..], None),
            (b"trusted.overlay.opaque", None),
            (b"security.capability", None),
            (b"system.posix_acl_default", None),
            (b"security.selinux", Some(Class::Labels)),
            (b"security.SMACK64", Some(Class::Labels)),
            (b"security.ima", Some(Class::Labels)),
            (b"com.apple.provenance", Some(Class::Attributes)),
            (b"system.nfs4_acl", Some(Class::Attributes)),
            (b"name", Some(Class::Attributes)),
        ] {
            assert_eq!(of_attribute(name), class, "{name:?}");
        }
    }

    #[test]
    fn a_companion_is_named_after_a_file() {
        assert!(is_named_companion(b"./._manifest.json") && is_named_companion(b"a/._b"));
        assert!(!is_named_companion(b"a/._") && !is_named_companion(b"._a/b") && !is_named_companion(b"a/.b"));
    }
}
