//! Sockets in the file system on which something of this machine listens: each is covered, since a read-only mount keeps nobody from
//! connecting.

use std::os::unix::fs::FileTypeExt as _;
use std::path::{Path, PathBuf};

use reforge_base::failure::{Failure, Result};

use super::view;

/// Sockets that something has bound in the file system, where the drill does not have directories of its own.
pub(super) fn bound() -> Result<Vec<PathBuf>> {
    let table = Path::new("/proc/net/unix");
    let text = std::fs::read(table).map_err(|error| Failure::io("read", table, &error))?;
    let mut paths: Vec<PathBuf> = listed(&String::from_utf8_lossy(&text));
    paths.retain(|path| !view::is_private(path) && is_socket(path));
    paths.sort();
    paths.dedup();
    Ok(paths)
}

/// The last column is a path or, with `@` first, no path.
fn listed(table: &str) -> Vec<PathBuf> {
    let column = |line: &str| line.split_ascii_whitespace().nth(7).map(PathBuf::from);
    table.lines().skip(1).filter_map(column).filter(|path| path.is_absolute()).collect()
}

fn is_socket(path: &Path) -> bool {
    std::fs::symlink_metadata(path).is_ok_and(|metadata| metadata.file_type().is_socket())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sockets_are_those_with_a_path() {
        let table = "Num       RefCount Protocol Flags    Type St Inode Path\n\
            0000: 00000002 00000000 00010000 0001 01 1234 /srv/app/socket\n\
            0000: 00000002 00000000 00010000 0001 01 1235 @abstract\n\
            0000: 00000003 00000000 00000000 0001 03 1236\n";
        assert_eq!(listed(table), [PathBuf::from("/srv/app/socket")]);
    }
}
