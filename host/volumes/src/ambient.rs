//! The one place where a path becomes an open directory. Whatever lies below is reached through what is given out here,
//! by [`super::beneath`].
//!
//! A live volume's parent is opened by [`open`], which refuses links, or by one of the two that it is made of. [`follow`]
//! is for paths that people or the configuration give, whose links are theirs. [`above`] is the way back up out of a tree
//! that is too deep to be held open.

#![expect(
    clippy::disallowed_methods,
    reason = "this is the one place that uses the process's own authority over paths"
)]

use std::io;
use std::path::{Component, Path};

use cap_std::ambient_authority;
use cap_std::fs::{Dir, Metadata};
use rustix::io::Errno;

use super::beneath::{self, Name, errno};
use reforge_base::Message;
use reforge_base::escape;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;

/// Opens an absolute, resolved path, one component at a time, on a real descriptor. A link anywhere in it is refused: it
/// could lead elsewhere tomorrow.
pub fn open(path: &Path) -> Result<Dir> {
    let refused = |reason: Message| {
        Failure::new(Code::VolumeRefused, message!("cannot-use", path = escape::path(path), reason))
            .hint(message!("give-the-path-with-links-resolved"))
    };
    if !path.is_absolute() {
        return Err(refused(message!("it-is-not-absolute")));
    }
    if path.components().any(|component| component == Component::ParentDir) {
        return Err(refused(message!("it-is-not-resolved")));
    }
    directory(path).map_err(|error| match error {
        Errno::NOENT => Failure::new(Code::NotFound, message!("does-not-exist", shown = escape::path(path))),
        Errno::NOTDIR | Errno::LOOP => refused(message!("a-link-or-something")),
        other => Failure::io("open", path, &other.into()),
    })
}

/// The same for whoever has words of his own for what the kernel says.
pub fn directory(path: &Path) -> rustix::io::Result<Dir> {
    beneath::again(&directory_handle(path)?)
}

/// The same as a mere handle, which takes no right to read: to look at it, and at what is in it.
pub fn directory_handle(path: &Path) -> rustix::io::Result<Dir> {
    let mut components = path.components();
    if components.next() != Some(Component::RootDir) {
        return Err(Errno::INVAL);
    }
    let mut reached = follow(Path::new("/")).map_err(errno)?;
    for component in components {
        let name = Name::new(component.as_os_str()).ok_or(Errno::INVAL)?;
        reached = beneath::directory_handle(&reached, name)?;
    }
    Ok(reached)
}

/// Opens the directory that a path leads to, links followed as whoever is given the path follows them. Only to look at,
/// and to open what is in it.
pub fn follow(path: &Path) -> io::Result<Dir> {
    Dir::open_ambient_dir(path, ambient_authority())
}

/// What a path names, looked at in the directory that the path above it leads to. Of a link, the link itself.
pub fn look(path: &Path) -> io::Result<Metadata> {
    let (Some(above), Some(name)) = (path.parent(), path.file_name()) else { return Err(Errno::INVAL.into()) };
    follow(above)?.symlink_metadata(name)
}

/// The directory that an open one lies in now, on a real descriptor. The caller knows it again, or uses it for nothing.
pub fn above(directory: &Dir) -> rustix::io::Result<Dir> {
    let above = directory.open_parent_dir(ambient_authority()).map_err(errno)?;
    beneath::again(&above)
}
