//! A host on the disk, driven as a person would: every step is a run of the binary.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::disk::Disk;

/// Between two looks at the memory of a restore. The kernel keeps the peak; only growth after the last look is missed.
const MEMORY_POLL: Duration = Duration::from_millis(10);

const WORKLOADS: [&str; 4] = ["large", "small", "entries", "one"];

/// One deployment for everything.
pub(crate) struct Host {
    config: PathBuf,
    root: PathBuf,
}

/// What one restore took.
pub(crate) struct Restored {
    /// From the start of the process until everything is sealed and synced.
    pub sealed_s: f64,
    /// From the start of the process to its end.
    pub whole_s: f64,
    pub downtime_s: f64,
    pub peak_bytes: u64,
    /// Each record from the stop on, and when it was written, from there.
    pub steps_ms: Vec<(String, f64)>,
}

impl Host {
    pub(crate) fn make(disk: &Disk) -> Result<Host> {
        let root = disk.root().to_owned();
        let mut text =
            format!("[host]\nstate_dir = {:?}\nvolume_root = {:?}\n", root.join("state"), root.join("volumes"));
        for id in WORKLOADS {
            text.push_str(&format!(
                "[[workload]]\nid = \"{id}\"\nproject = \"{id}\"\nstage = \"bench\"\nruntime = \"process\"\n\
                 command = [\"sleep\", \"infinity\"]\nhealth = {{ command = [\"true\"] }}\n\
                 [[workload.volume]]\nname = \"data\"\nscope = \"project\"\nsource = \"data\"\n"
            ));
        }
        let config = root.join("reforge.toml");
        std::fs::write(&config, text)?;
        std::fs::create_dir(root.join("volumes"))?;
        let host = Host { config, root };
        host.ask(&["init"])?;
        Ok(host)
    }

    /// Deploys the workload, fills its volume and captures it. Answers the snapshot's id and its archive.
    pub(crate) fn prepare(&self, workload: &str, fill: fn(&Path) -> Result<()>) -> Result<(String, PathBuf)> {
        self.ask(&["deploy", workload])?;
        fill(&self.root.join("volumes").join(workload).join("data"))?;
        let made = self.ask(&["snapshot", "create", workload])?;
        let id = made["id"].as_str().with_context(|| format!("no id in {made}"))?.to_owned();
        let archive = self.root.join("state/snapshots").join(workload).join(format!("{id}.tar.gz"));
        Ok((id, archive))
    }

    /// One restore, and its previous trees removed again.
    ///
    /// A receipt has milliseconds from the first record to each. So what comes after the record `sealed` is the last
    /// one's less that one's; taken from the wall time of the whole process, start and end of the process included, it
    /// leaves the time to sealed and synced. What follows the last record counts against us.
    pub(crate) fn restore(&self, workload: &str, snapshot: &str) -> Result<Restored> {
        let began = Instant::now();
        let (output, peak_bytes) = self.run_watched(&["restore", "run", workload, snapshot, "--yes"])?;
        let whole_s = began.elapsed().as_secs_f64();
        let receipt = &answer(&output)?["receipt"];
        let steps = receipt["steps"].as_array().with_context(|| format!("no steps in {receipt}"))?;
        let after = |step: &Value| step["after_ms"].as_f64().context("a step without its time");
        let sealed = steps.iter().find(|step| step["record"] == "sealed").context("nothing was sealed")?;
        let since_sealed_s = (after(steps.last().context("no steps")?)? - after(sealed)?) / 1000.0;
        let downtime_s = receipt["downtime_ms"].as_f64().context("no downtime")? / 1000.0;
        let id = receipt["id"].as_str().context("a receipt without an id")?;
        self.ask(&["restore", "finish", id, "--yes"])?;
        #[expect(
            clippy::disallowed_methods,
            reason = "the disk shall be idle before the next round; nothing depends on it"
        )]
        rustix::fs::syncfs(std::fs::File::open(&self.root)?)?;
        let steps_ms = since_stop(steps, after)?;
        Ok(Restored { sealed_s: whole_s - since_sealed_s, whole_s, downtime_s, peak_bytes, steps_ms })
    }

    /// Resident memory of `reforge serve` when it has begun to listen and nobody has asked it anything.
    pub(crate) fn idle_bytes(&self) -> Result<u64> {
        let mut child = self.command(&["serve", "--listen", "127.0.0.1:0"]).stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        let read = child.stdout.take().map(|said| BufReader::new(said).read_line(&mut line));
        let status = std::fs::read_to_string(format!("/proc/{}/status", child.id()));
        child.kill()?;
        child.wait()?;
        ensure!(matches!(read, Some(Ok(_))) && line.contains("listening"), "it does not listen: {line}");
        memory(&status?, "VmRSS:").context("no resident memory")
    }

    /// Stops the app and removes everything of it, so that what comes next has the disk for itself.
    pub(crate) fn remove(&self, workload: &str) -> Result<()> {
        self.ask(&["stop", workload])?;
        std::fs::remove_dir_all(self.root.join("volumes").join(workload))?;
        std::fs::remove_dir_all(self.root.join("state/snapshots").join(workload))?;
        Ok(())
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_reforge"));
        command.arg("--config").arg(&self.config).arg("--json").args(arguments).stdin(Stdio::null());
        command
    }

    fn ask(&self, arguments: &[&str]) -> Result<Value> {
        answer(&self.command(arguments).output()?).with_context(|| format!("reforge {}", arguments.join(" ")))
    }

    /// Runs a command and answers its peak of resident memory too.
    fn run_watched(&self, arguments: &[&str]) -> Result<(Output, u64)> {
        let child = self.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        let (status, ended) = (format!("/proc/{}/status", child.id()), AtomicBool::new(false));
        std::thread::scope(|scope| {
            let peak = scope.spawn(|| {
                let mut peak = 0;
                while !ended.load(Ordering::Relaxed) {
                    peak = peak.max(peak_bytes(&status).unwrap_or(0));
                    std::thread::sleep(MEMORY_POLL);
                }
                peak
            });
            let output = child.wait_with_output();
            ended.store(true, Ordering::Relaxed);
            let peak = peak.join().map_err(|_| anyhow::anyhow!("the memory could not be watched"))?;
            ensure!(peak > 0, "the memory of the restore was never seen");
            Ok((output?, peak))
        })
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        for id in WORKLOADS {
            let _ = self.command(&["stop", id]).output();
        }
    }
}

fn since_stop(steps: &[Value], after: impl Fn(&Value) -> Result<f64>) -> Result<Vec<(String, f64)>> {
    let from = steps.iter().position(|step| step["record"] == "stopping").context("nothing was stopped")?;
    let stopping = after(&steps[from])?;
    let since = |step: &Value| Ok((step["record"].as_str().unwrap_or_default().to_owned(), after(step)? - stopping));
    steps[from + 1..].iter().map(since).collect()
}

/// `VmHWM` of a process; none when it is gone.
fn peak_bytes(status: &str) -> Option<u64> {
    memory(&std::fs::read_to_string(status).ok()?, "VmHWM:")
}

/// Bytes that the kernel's `status` of a process names so.
pub(crate) fn memory(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    let kibibytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kibibytes << 10)
}

/// The answer on standard output.
fn answer(output: &Output) -> Result<Value> {
    let (said, failed) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    ensure!(output.status.success(), "{}: {said} {failed}", output.status);
    serde_json::from_str(&said).with_context(|| format!("the answer is not JSON: {said}"))
}
