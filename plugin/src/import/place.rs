//! Where an entry of a foreign archive goes: its name made plain, and the volume that takes it.

use super::Source;
use crate::archive::headers::Kind;
use crate::archive::limits::{COMPONENT_BYTES_MAX, DEPTH_MAX, PATH_BYTES_MAX};
use crate::{Failure, Result};

/// A name below the archive's root: what archivers write before it (`/`, `./`) and behind a directory's (`/`) is taken off.
/// Everything else that is no plain name refuses the archive. The root itself is empty.
pub(super) fn plain(name: &[u8], kind: Kind) -> Result<&[u8]> {
    if name.is_empty() {
        return Err(Failure::archive("has no name"));
    }
    if name.contains(&0) {
        return Err(Failure::archive("has a NUL in its name"));
    }
    let mut path = name;
    while let Some(rest) = path.strip_prefix(b"/").or_else(|| path.strip_prefix(b"./")) {
        path = rest;
    }
    if matches!(path, b"" | b".") && kind == Kind::Directory {
        return Ok(b"");
    }
    let path = match path.strip_suffix(b"/") {
        Some(_) if kind != Kind::Directory => {
            return Err(Failure::archive("ends with a slash and is no directory"));
        }
        Some(stripped) => stripped,
        None => path,
    };
    for component in path.split(|byte| *byte == b'/') {
        match component {
            b".." => return Err(Failure::archive("leads out of the archive")),
            b"." | b"" => return Err(Failure::archive("has an empty or `.` component")),
            _ if component.len() > COMPONENT_BYTES_MAX => {
                let message = format!("has a component longer than {COMPONENT_BYTES_MAX} bytes");
                return Err(Failure::archive(message));
            }
            _ => {}
        }
    }
    Ok(path)
}

/// The name without its first components; none if it has no more than those.
pub(super) fn stripped(mut path: &[u8], components: usize) -> Option<&[u8]> {
    for _ in 0..components {
        let slash = path.iter().position(|byte| *byte == b'/')?;
        path = &path[slash + 1..];
    }
    Some(path)
}

/// All volumes that take entries.
pub(super) struct Places {
    strip: usize,
    /// The longest prefix first: a volume may lie below another one.
    sources: Vec<(Vec<u8>, u32)>,
}

impl Places {
    pub(super) fn new(sources: &[Source], strip: usize) -> Places {
        let mut sources: Vec<_> = sources.iter().map(|source| (source.prefix.clone(), source.index)).collect();
        sources.sort_by_key(|(prefix, _)| std::cmp::Reverse(prefix.len()));
        Places { strip, sources }
    }

    /// The volume and the path below it; none if no volume takes it.
    pub(super) fn find<'p>(&self, plain: &'p [u8]) -> Result<Option<(u32, &'p [u8])>> {
        let Some(path) = stripped(plain, self.strip) else { return Ok(None) };
        let found = self.sources.iter().find_map(|(prefix, index)| Some((*index, below(path, prefix)?)));
        if let Some((_, below)) = found {
            check_bounds(below)?;
        }
        Ok(found)
    }
}

/// What of a path lies below a prefix; empty if it is the prefix.
pub(super) fn below<'p>(path: &'p [u8], prefix: &[u8]) -> Option<&'p [u8]> {
    match (prefix, path.strip_prefix(prefix)?) {
        (b"", rest) | (_, rest @ b"") => Some(rest),
        (_, rest) => rest.strip_prefix(b"/"),
    }
}

fn check_bounds(path: &[u8]) -> Result<()> {
    if path.len() > PATH_BYTES_MAX {
        return Err(Failure::archive(format!("has a path longer than {PATH_BYTES_MAX} bytes")));
    }
    let depth = if path.is_empty() { 0 } else { 1 + path.iter().filter(|byte| **byte == b'/').count() };
    match depth > DEPTH_MAX {
        true => Err(Failure::archive(format!("lies deeper than {DEPTH_MAX} directories"))),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::Metadata;

    #[test]
    fn what_archivers_write_around_a_name_is_taken_off_and_nothing_else_is_mended() {
        for (name, kind, path) in [
            (&b"a/b"[..], Kind::File, Some(&b"a/b"[..])),
            (b"./a", Kind::File, Some(b"a")),
            (b"././a", Kind::File, Some(b"a")),
            (b"/backup/app/x", Kind::File, Some(b"backup/app/x")),
            (b"./", Kind::Directory, Some(b"")),
            (b".", Kind::Directory, Some(b"")),
            (b"/", Kind::Directory, Some(b"")),
            (b"a/", Kind::Directory, Some(b"a")),
            (b"a/", Kind::File, None),
            (b"./", Kind::File, None),
            (b"..", Kind::Directory, None),
            (b"/../etc/passwd", Kind::File, None),
            (b"a/../b", Kind::File, None),
            (b"a//b", Kind::File, None),
            (b"a/./b", Kind::File, None),
            (b"a\0b", Kind::File, None),
            (b"", Kind::File, None),
        ] {
            assert_eq!(plain(name, kind).ok(), path, "{}", crate::escape::bytes(name));
        }
    }

    #[test]
    fn the_longest_prefix_takes_an_entry() {
        let source = |index, prefix: &[u8]| Source { index, prefix: prefix.to_vec(), missing: Metadata::default() };
        let places = Places::new(&[source(0, b"app"), source(1, b"app/media")], 0);
        for (path, found) in [
            (&b"app"[..], Some((0, &b""[..]))),
            (b"app/x", Some((0, b"x"))),
            (b"app/media", Some((1, b""))),
            (b"app/media/y", Some((1, b"y"))),
            (b"app/mediator", Some((0, b"mediator"))),
            (b"application", None),
            (b"other", None),
        ] {
            assert_eq!(places.find(path).unwrap(), found);
        }
        let stripped = Places::new(&[source(0, b"")], 1);
        assert_eq!(stripped.find(b"data/x").unwrap(), Some((0, &b"x"[..])));
        assert_eq!(stripped.find(b"data").unwrap(), None);
    }
}
