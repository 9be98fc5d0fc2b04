//! What is to run in isolation, as the host writes it for the program that isolates: a file, since its environment is a secret.

use std::path::{Path, PathBuf};

use reforge_base::durable::PRIVATE_FILE;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::{escape, message};
use serde::{Deserialize, Serialize};

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
