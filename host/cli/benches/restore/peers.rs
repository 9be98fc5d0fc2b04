//! What people would use instead: an archiver, then a sync. Each extracts the whole archive into an empty directory.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result};

use crate::disk::{Disk, run};

/// An archiver with its arguments, before the archive's name.
pub(crate) struct Peer {
    pub name: &'static str,
    command: &'static [&'static str],
}

/// All of them take owners, modes and times, as root does by default.
pub(crate) const PEERS: [Peer; 3] = [
    Peer { name: "tar -xzpf", command: &["tar", "-xzpf"] },
    Peer { name: "bsdtar -xzpf", command: &["bsdtar", "-xzpf"] },
    Peer { name: "tar -I pigz -xpf", command: &["tar", "-I", "pigz", "-xpf"] },
];

impl Peer {
    /// Seconds from the archiver's start until everything is on the disk.
    pub(crate) fn extract(&self, disk: &Disk, archive: &Path) -> Result<f64> {
        let into = empty(disk)?;
        let began = Instant::now();
        run(Command::new(self.command[0]).args(&self.command[1..]).arg(archive).current_dir(&into))?;
        disk.sync()?;
        let took = began.elapsed().as_secs_f64();
        clear(disk, &into)?;
        Ok(took)
    }
}

/// Seconds that an app is down when it is stopped, the archive extracted and synced, and the app started again until
/// its health check passes. Nothing is kept of what was there before, unlike in ours.
pub(crate) fn outage(disk: &Disk, archive: &Path) -> Result<f64> {
    let into = empty(disk)?;
    let mut app = start()?;
    let began = Instant::now();
    app.kill()?;
    app.wait()?;
    run(Command::new("tar").arg("-xzpf").arg(archive).current_dir(&into))?;
    disk.sync()?;
    let mut app = start()?;
    run(&mut Command::new("true"))?;
    let took = began.elapsed().as_secs_f64();
    app.kill()?;
    app.wait()?;
    clear(disk, &into)?;
    Ok(took)
}

fn start() -> Result<Child> {
    Command::new("sleep").arg("infinity").stdin(Stdio::null()).spawn().context("starting the app")
}

fn empty(disk: &Disk) -> Result<PathBuf> {
    let into = disk.root().join("extracted");
    std::fs::create_dir(&into)?;
    disk.sync()?;
    Ok(into)
}

fn clear(disk: &Disk, into: &Path) -> Result<()> {
    std::fs::remove_dir_all(into)?;
    disk.sync()
}
