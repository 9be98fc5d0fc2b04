//! Figures of a restore: how long beside plain archivers, how long the app is down, how much memory.
//!
//! `cargo bench --bench restore`, as root; with `-- large`, `-- small`, `-- million`, `-- downtime`, `-- plugin` or `-- sandbox`, only
//! that. Everything lies on one disk in a file, made for the run and removed after it, in the temporary directory or
//! where `REFORGE_BENCH_DIR` says.
//! All contenders read the same archive, made by our capture, and write to the same file system; they take turns, and
//! medians are compared. `cargo test` never gets here.
//!
//! In a virtual machine, memory that was free for a while may have gone back to whoever runs the machine: the first write
//! to it then takes ten times as long, and falls to whoever comes first. So before each turn memory is touched and given
//! back, for everybody alike.

mod content;
mod crowd;
mod disk;
mod figures;
#[expect(clippy::unwrap_used, reason = "the tests' own, where a guest that does not build ends everything")]
#[path = "../../../../tests/support/guest_build.rs"]
mod guest_build;
mod host;
mod native;
mod peers;
mod sandbox;

use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};

use disk::Disk;
use figures::{mebibytes, median, touch_memory};
use host::{Host, Restored};
use peers::PEERS;

/// How often every contender runs; the first run of ours, which compiles the plugin, is not among them.
const ROUNDS: usize = 5;
/// What can be asked for alone.
const FIGURES: [&str; 6] = ["large", "small", "million", "downtime", "plugin", "sandbox"];
/// What a restore may need at most, whatever it restores.
const PEAK_MIB_GOAL: f64 = 256.0;

fn main() -> Result<()> {
    let mut out = std::io::stdout();
    if !std::env::args().any(|argument| argument == "--bench") {
        writeln!(out, "figures are made by `cargo bench`")?;
        return Ok(());
    }
    let asked = asked()?;
    let disk = Disk::make()?;
    let host = Host::make(&disk)?;
    for figure in asked {
        match figure {
            "large" => compare(&mut out, &disk, &host, figure, "8 files of 64 MiB", content::large)?,
            "small" => compare(&mut out, &disk, &host, figure, "40,000 files of 1 to 8 KiB", content::small)?,
            "million" => million(&mut out, &host)?,
            "downtime" => crowd::downtime(&mut out, &host)?,
            "plugin" => sandbox::loading(&mut out, &disk, &host)?,
            _ => sandbox::price(&mut out, &disk)?,
        }
    }
    Ok(())
}

/// The figures that were asked for by name, or all of them.
fn asked() -> Result<Vec<&'static str>> {
    let names: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let known = |name: &String| FIGURES.iter().copied().find(|figure| figure == name);
    let unknown = |name: &String| anyhow::anyhow!("there is no figure `{name}`: {}", FIGURES.join(", "));
    match names.is_empty() {
        true => Ok(FIGURES.to_vec()),
        false => names.iter().map(|name| known(name).ok_or_else(|| unknown(name))).collect(),
    }
}

/// One kind of content: ours and the peers in turns.
fn compare(
    out: &mut impl Write,
    disk: &Disk,
    host: &Host,
    workload: &str,
    title: &str,
    fill: fn(&Path) -> Result<()>,
) -> Result<()> {
    let (snapshot, archive) = host.prepare(workload, fill)?;
    writeln!(out, "\n{title}: archive of {:.0} MiB", mebibytes(std::fs::metadata(&archive)?.len()))?;
    host.restore(workload, &snapshot).context("the first restore, which compiles the plugin")?;
    let mut ours: Vec<Restored> = Vec::new();
    let mut theirs: Vec<Vec<f64>> = vec![Vec::new(); PEERS.len()];
    let mut outages = Vec::new();
    for round in 0..ROUNDS {
        // Nobody is always the one that follows a removal.
        for turn in 0..PEERS.len() + 2 {
            touch_memory();
            match (turn + round) % (PEERS.len() + 2) {
                peer if peer < PEERS.len() => theirs[peer].push(PEERS[peer].extract(disk, &archive)?),
                peer if peer == PEERS.len() => outages.push(peers::outage(disk, &archive)?),
                _ => ours.push(host.restore(workload, &snapshot)?),
            }
        }
        write!(out, ".")?;
        out.flush()?;
    }
    host.remove(workload)?;
    writeln!(out)?;
    report(out, &ours, &theirs, &outages)
}

fn report(out: &mut impl Write, ours: &[Restored], theirs: &[Vec<f64>], outages: &[f64]) -> Result<()> {
    let of = |figure: fn(&Restored) -> f64| median(ours.iter().map(figure).collect());
    let sealed = of(|restored| restored.sealed_s);
    writeln!(out, "  {:<44} {sealed:>8.2} s", "reforge restore run, to sealed and synced")?;
    let mut fastest = f64::INFINITY;
    for (peer, times) in PEERS.iter().zip(theirs) {
        let time = median(times.clone());
        fastest = fastest.min(time);
        writeln!(out, "  {:<44} {time:>8.2} s", format!("{}, sync", peer.name))?;
    }
    writeln!(out, "  {:<44} {:>8.2}   goal: at most 1.0", "ratio to the fastest", sealed / fastest)?;
    let (downtime, outage) = (of(|restored| restored.downtime_s), median(outages.to_vec()));
    writeln!(out, "  {:<44} {downtime:>8.2} s", "downtime, from the receipt")?;
    writeln!(out, "  {:<44} {outage:>8.2} s", "stop, tar -xzpf, sync, start")?;
    writeln!(out, "  {:<44} {:>8.2}   goal: at most 1.0", "ratio", downtime / outage)?;
    steps(out, ours)?;
    writeln!(out, "  {:<44} {:>8.2} s", "reforge restore run, whole", of(|restored| restored.whole_s))?;
    let peak = ours.iter().map(|restored| restored.peak_bytes).max().unwrap_or(0);
    peak_line(out, peak)
}

/// Where the downtime goes: from the stop to each record after it, in milliseconds.
fn steps(out: &mut impl Write, ours: &[Restored]) -> Result<()> {
    let Some(first) = ours.first() else { return Ok(()) };
    for (index, (record, _)) in first.steps_ms.iter().enumerate() {
        let times = ours.iter().filter_map(|restored| restored.steps_ms.get(index));
        let after = median(times.map(|(_, after)| *after).collect());
        writeln!(out, "    {record:<42} {after:>8.0} ms")?;
    }
    Ok(())
}

/// Memory alone: many entries and no content.
fn million(out: &mut impl Write, host: &Host) -> Result<()> {
    let (snapshot, archive) = host.prepare("entries", content::million)?;
    writeln!(out, "\n1,000,000 empty files: archive of {:.0} MiB", mebibytes(std::fs::metadata(&archive)?.len()))?;
    let restored = host.restore("entries", &snapshot)?;
    writeln!(out, "  {:<44} {:>8.2} s", "reforge restore run, to sealed and synced", restored.sealed_s)?;
    peak_line(out, restored.peak_bytes)
}

fn peak_line(out: &mut impl Write, peak_bytes: u64) -> Result<()> {
    let peak = mebibytes(peak_bytes);
    writeln!(out, "  {:<44} {peak:>8.0} MiB goal: at most {PEAK_MIB_GOAL:.0}", "peak memory of the restore's process")?;
    Ok(())
}
