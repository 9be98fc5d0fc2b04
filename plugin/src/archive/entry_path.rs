//! Where an entry belongs: the path type of the plugin. A name becomes a place in one volume or refuses the archive.
//!
//! The host checks every path again. Nothing here repairs a name, but for the `./` that tar writes before one.

use super::headers::Kind;
use super::limits::{COMPONENT_BYTES_MAX, DEPTH_MAX, PATH_BYTES_MAX};
use crate::{Failure, Result};

/// What an entry's name names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Location<'a> {
    /// `manifest.json`
    Manifest,
    /// `volumes/`, which tar writes when a person packs the directory; it holds nothing of its own.
    Volumes,
    /// `volumes/<index>/` and below; the empty path is the root.
    Below { volume: u32, path: &'a [u8] },
    /// What a project was made of, beside the volumes: it is for people, and never restored.
    Project,
}

/// The first entry of every archive.
pub const MANIFEST: &[u8] = b"manifest.json";

/// The directories with the files of a project, and what is told of it.
const PROJECT: [&[u8]; 2] = [b"project", b"project-outside"];
const PROJECT_LIST: &[u8] = b"project.json";

/// Parses a name; `volumes` is how many the manifest lists.
pub fn locate(name: &[u8], kind: Kind, volumes: usize) -> Result<Location<'_>> {
    let path = normal(name, kind)?;
    if path == MANIFEST {
        return Ok(Location::Manifest);
    }
    if is_of_project(path, kind) {
        return check_bounds(path).map(|()| Location::Project);
    }
    let rest = match path.strip_prefix(b"volumes") {
        Some(b"") if kind == Kind::Directory => return Ok(Location::Volumes),
        Some([b'/', rest @ ..]) => rest,
        _ => return Err(refused("is neither the manifest nor below `volumes/`")),
    };
    let (index, below) = match rest.iter().position(|byte| *byte == b'/') {
        Some(slash) => (&rest[..slash], &rest[slash + 1..]),
        None => (rest, &b""[..]),
    };
    let volume = index_of(index, volumes)?;
    if below.is_empty() && kind != Kind::Directory {
        return Err(refused("is the root of a volume and no directory"));
    }
    check_bounds(below)?;
    Ok(Location::Below { volume, path: below })
}

/// Files and directories alone: nothing else is ever there.
fn is_of_project(path: &[u8], kind: Kind) -> bool {
    let below = |directory: &&[u8]| match path.strip_prefix(*directory) {
        Some(b"") => kind == Kind::Directory,
        Some([b'/', ..]) => matches!(kind, Kind::Directory | Kind::File),
        _ => false,
    };
    (path == PROJECT_LIST && kind == Kind::File) || PROJECT.iter().any(below)
}

/// The name without a leading `./` and a directory's trailing `/`, every component plain.
fn normal(name: &[u8], kind: Kind) -> Result<&[u8]> {
    if name.is_empty() {
        return Err(refused("has no name"));
    }
    if name.contains(&0) {
        return Err(refused("has a NUL in its name"));
    }
    if name[0] == b'/' {
        return Err(refused("is absolute"));
    }
    let path = name.strip_prefix(b"./").unwrap_or(name);
    let path = match path.strip_suffix(b"/") {
        Some(_) if kind != Kind::Directory => return Err(refused("ends with a slash and is no directory")),
        Some(stripped) => stripped,
        None => path,
    };
    for component in path.split(|byte| *byte == b'/') {
        match component {
            b".." => return Err(refused("leaves its volume")),
            b"." | b"" => return Err(refused("has an empty or `.` component")),
            _ if component.len() > COMPONENT_BYTES_MAX => {
                return Err(refused(format!("has a component longer than {COMPONENT_BYTES_MAX} bytes")));
            }
            _ => {}
        }
    }
    Ok(path)
}

fn index_of(text: &[u8], volumes: usize) -> Result<u32> {
    let plain = text.iter().all(u8::is_ascii_digit) && (text.len() == 1 || text.first() != Some(&b'0'));
    let index = if plain { std::str::from_utf8(text).ok().and_then(|text| text.parse::<u32>().ok()) } else { None };
    let index = index.ok_or_else(|| refused("has no plain number for its volume"))?;
    if index as usize >= volumes {
        return Err(refused("belongs to a volume that the manifest does not list"));
    }
    Ok(index)
}

fn check_bounds(path: &[u8]) -> Result<()> {
    if path.len() > PATH_BYTES_MAX {
        return Err(refused(format!("has a path longer than {PATH_BYTES_MAX} bytes")));
    }
    let depth = if path.is_empty() { 0 } else { 1 + path.iter().filter(|byte| **byte == b'/').count() };
    if depth > DEPTH_MAX {
        return Err(refused(format!("lies deeper than {DEPTH_MAX} directories")));
    }
    Ok(())
}

fn refused(why: impl Into<String>) -> Failure {
    Failure::archive(why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_names_find_their_place() {
        let (file, directory) = (Kind::File, Kind::Directory);
        for (name, kind, place_of) in [
            (&b"manifest.json"[..], file, Location::Manifest),
            (b"./manifest.json", file, Location::Manifest),
            (b"volumes/", directory, Location::Volumes),
            (b"volumes/0/", directory, Location::Below { volume: 0, path: b"" }),
            (b"volumes/11", directory, Location::Below { volume: 11, path: b"" }),
            (b"./volumes/1/a/b", file, Location::Below { volume: 1, path: b"a/b" }),
            (b"volumes/1/\xff\xfe", file, Location::Below { volume: 1, path: b"\xff\xfe" }),
            (b"volumes/1/...", file, Location::Below { volume: 1, path: b"..." }),
            (b"volumes/1/d/", directory, Location::Below { volume: 1, path: b"d" }),
            (b"project/", directory, Location::Project),
            (b"project/compose.yaml", file, Location::Project),
            (b"./project-outside/etc/a/b.yaml", file, Location::Project),
            (b"project.json", file, Location::Project),
        ] {
            assert_eq!(locate(name, kind, 12).unwrap(), place_of);
        }
    }

    #[test]
    fn every_other_name_is_refused() {
        let long = [b"volumes/0/".to_vec(), vec![b'a'; 256]].concat();
        let longest = [b"volumes/0/".to_vec(), [vec![b'a'; 200], vec![b'/']].concat().repeat(21)].concat();
        let deep = [b"volumes/0/".to_vec(), b"a/".repeat(129)].concat();
        for (name, kind, why) in [
            (&b""[..], Kind::File, "no name"),
            (b"/etc/passwd", Kind::File, "absolute"),
            (b"/volumes/0/a", Kind::File, "absolute"),
            (b"../etc/passwd", Kind::File, "leaves"),
            (b"volumes/0/../1/a", Kind::File, "leaves"),
            (b"volumes/0/..", Kind::Directory, "leaves"),
            (b".", Kind::Directory, "`.` component"),
            (b"./", Kind::Directory, "`.` component"),
            (b"././volumes/0/a", Kind::File, "`.` component"),
            (b"volumes/0/./a", Kind::File, "`.` component"),
            (b"volumes/0//a", Kind::File, "empty"),
            (b"volumes//a", Kind::File, "empty"),
            (b"volumes/0/a//", Kind::Directory, "empty"),
            (b"volumes/0/a\0b", Kind::File, "NUL"),
            (b"volumes/0/a/", Kind::File, "ends with a slash"),
            (b"volumes/0", Kind::File, "root"),
            (b"volumes/0", Kind::Symlink, "root"),
            (b"volumes", Kind::File, "neither"),
            (b"volumesx/0/a", Kind::File, "neither"),
            (b"etc/passwd", Kind::File, "neither"),
            (b"project", Kind::File, "neither"),
            (b"project/link", Kind::Symlink, "neither"),
            (b"project/../x", Kind::File, "leaves"),
            (b"project.json/x", Kind::File, "neither"),
            (b"projects/x", Kind::File, "neither"),
            (b"manifest.json/x", Kind::File, "neither"),
            (b"volumes/2/a", Kind::File, "does not list"),
            (b"volumes/01/a", Kind::File, "plain number"),
            (b"volumes/+1/a", Kind::File, "plain number"),
            (b"volumes/-1/a", Kind::File, "plain number"),
            (b"volumes/4294967296/a", Kind::File, "plain number"),
            (b"volumes/x/a", Kind::File, "plain number"),
            (&long, Kind::File, "longer than 255"),
            (&longest, Kind::Directory, "longer than 4096"),
            (&deep, Kind::Directory, "deeper"),
        ] {
            let failure = locate(name, kind, 2).expect_err(why);
            assert_eq!(failure.code, "archive-refused");
            assert!(failure.message.contains(why), "{}", failure.message);
        }
    }
}
