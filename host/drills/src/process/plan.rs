//! What is to run in isolation, as the host writes it for the program that isolates: a file, since its environment is a secret.

use std::os::unix::fs::FileTypeExt as _;
use std::path::{Path, PathBuf};

use reforge_base::durable::PRIVATE_FILE;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::{escape, message};
use serde::{Deserialize, Serialize};

use super::view;

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Plan {
    pub command: Vec<String>,
    pub environment: Vec<(String, String)>,
    /// None to stay whom the host runs as.
    pub account: Option<Numbers>,
    /// Each first in the place of each second.
    pub bound: Vec<(PathBuf, PathBuf)>,
    /// Seen as empty directories that cannot be written.
    pub hidden: Vec<PathBuf>,
    /// Seen, read-only, also where everything around is the drill's own.
    pub shown: Vec<PathBuf>,
    /// Sockets in the file system on which something listens: a read-only mount keeps nobody from connecting.
    pub sockets: Vec<PathBuf>,
}

/// Whom it runs as.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Numbers {
    pub uid: u32,
    pub gid: u32,
    pub groups: Vec<u32>,
}

impl Plan {
    pub(super) fn write(&self, file: &Path) -> Result<()> {
        let unclear = |error: serde_json::Error| {
            Failure::new(Code::Usage, message!("drill-has-a-path-that-is-not-text", error)).hint(message!("rename-it"))
        };
        let text = serde_json::to_vec(self).map_err(unclear)?;
        let (Some(directory), Some(name)) = (file.parent(), file.file_name().and_then(|name| name.to_str())) else {
            return Err(Failure::new(Code::Io, message!("is-not-utf-8", path = escape::path(file))));
        };
        reforge_base::durable::write_durably(directory, name, &text, PRIVATE_FILE)
    }

    pub(super) fn read(file: &Path) -> std::io::Result<Plan> {
        serde_json::from_slice(&std::fs::read(file)?).map_err(std::io::Error::other)
    }
}

/// Sockets that something has bound in the file system, where the drill does not have directories of its own.
pub(super) fn sockets() -> Result<Vec<PathBuf>> {
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
