//! The downtime of a small restore on a machine where much else runs: "down" is looked at process by process.

use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::Result;

use crate::figures::{median, touch_memory};
use crate::host::{Host, Restored};
use crate::{ROUNDS, steps};

/// How many processes that have nothing to do with the volume are there.
const PROCESSES: usize = 1000;
const DOWNTIME_MS_GOAL: f64 = 150.0;

/// Idle processes, ended with the value.
struct Crowd(Vec<Child>);

impl Crowd {
    fn gather() -> Result<Crowd> {
        let mut crowd = Crowd(Vec::new());
        for _ in 0..PROCESSES {
            crowd.0.push(Command::new("sleep").arg("infinity").stdin(Stdio::null()).stdout(Stdio::null()).spawn()?);
        }
        Ok(crowd)
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        for process in &mut self.0 {
            let _ = process.kill();
        }
        for process in &mut self.0 {
            let _ = process.wait();
        }
    }
}

/// The downtime of a restore of one file, alone and beside the crowd.
pub(crate) fn downtime(out: &mut impl Write, host: &Host) -> Result<()> {
    let (snapshot, _) = host.prepare("one", one_file)?;
    host.restore("one", &snapshot)?;
    let alone = rounds(host, &snapshot)?;
    let crowd = Crowd::gather()?;
    let beside = rounds(host, &snapshot)?;
    drop(crowd);
    writeln!(out, "\none file of 1 KiB: downtime from the receipt")?;
    writeln!(out, "  {:<44} {:>8.0} ms", "with what runs on this machine", downtime_ms(&alone))?;
    steps(out, &alone)?;
    let title = format!("beside {PROCESSES} idle processes");
    writeln!(out, "  {title:<44} {:>8.0} ms goal: at most {DOWNTIME_MS_GOAL}", downtime_ms(&beside))?;
    steps(out, &beside)?;
    host.remove("one")
}

fn rounds(host: &Host, snapshot: &str) -> Result<Vec<Restored>> {
    let round = |_| {
        touch_memory();
        host.restore("one", snapshot)
    };
    (0..ROUNDS).map(round).collect()
}

fn downtime_ms(restored: &[Restored]) -> f64 {
    median(restored.iter().map(|restored| restored.downtime_s * 1000.0).collect())
}

fn one_file(volume: &Path) -> Result<()> {
    Ok(std::fs::write(volume.join("file"), [7; 1024])?)
}
