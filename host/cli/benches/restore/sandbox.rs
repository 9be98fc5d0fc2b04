//! What the sandbox costs: loading a plugin, one call of it, one call back, and a whole restore beside the same code
//! without a sandbox. That one looks at run time for what the processor offers (`flate2/runtime_detection`), as the host's own
//! does.
//!
//! Everything happens in this process, on a host whose app is only a script, so that nothing else is in the figures.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use reforge_base::Code;
use reforge_base::Phase;
use reforge_config::{Config, PROCESS};
use reforge_conformance::app::App;
use reforge_deployer::dispatch::{DeployRequest, Runtimes};
use reforge_host::host::Host;
use reforge_host::restore::preflight::Choice;
use reforge_host::restore::progress::{Progress, Watcher};
use reforge_host::restore::{Report, run, undo};
use reforge_plugins::plugin::DEFAULT;
use reforge_plugins::{Plugin, PluginEngine};
use reforge_transaction::receipt::Outcome;

use crate::disk::Disk;
use crate::figures::{mebibytes, median, touch_memory};
use crate::host::memory;
use crate::{ROUNDS, content, guest_build, host, native};

/// What the same code may take at most in its sandbox, without it being 1.
const PRICE_GOAL: f64 = 1.25;
/// As often as the guest asks.
const CALLS: f64 = 1e6;
const WHO: &str = "the benchmark";

/// How long the default plugin takes to load and to answer, how much memory it keeps, and what a call back costs.
pub(crate) fn loading(out: &mut impl Write, disk: &Disk, bench: &host::Host) -> Result<()> {
    writeln!(out, "\nthe default plugin, {} KiB", DEFAULT.len() >> 10)?;
    let cache = tempfile::tempdir()?;
    let timed = |cache: Option<&Path>| -> Result<f64> {
        let began = Instant::now();
        Plugin::embedded(&PluginEngine::new(cache)?)?;
        Ok(began.elapsed().as_secs_f64() * 1e3)
    };
    let rounds = |cache: Option<&Path>| (0..ROUNDS).map(|_| timed(cache)).collect::<Result<Vec<f64>>>().map(median);
    writeln!(out, "  {:<44} {:>8.0} ms", "cold load: compiled", rounds(None)?)?;
    timed(Some(cache.path()))?;
    writeln!(out, "  {:<44} {:>8.1} ms", "load from the cache of compiled code", rounds(Some(cache.path()))?)?;

    let before = resident_bytes()?;
    let plugin = Plugin::embedded(&PluginEngine::new(Some(cache.path()))?)?;
    let call = || -> Result<f64> {
        let began = Instant::now();
        plugin.describe()?;
        Ok(began.elapsed().as_secs_f64() * 1e6)
    };
    call()?;
    let calls = (0..100).map(|_| call()).collect::<Result<Vec<f64>>>()?;
    writeln!(out, "  {:<44} {:>8.0} µs", "a fresh sandbox, one call, and its end", median(calls))?;
    let kept = resident_bytes()?.saturating_sub(before);
    writeln!(out, "  {:<44} {:>8.1} MiB", "resident memory of a loaded plugin", mebibytes(kept))?;
    writeln!(out, "  {:<44} {:>8.0} ns", "one small call from a sandbox to the host", call_ns(disk)?)?;
    writeln!(
        out,
        "  {:<44} {:>8.1} MiB",
        "resident memory of an idle `reforge serve`",
        mebibytes(bench.idle_bytes()?)
    )?;
    Ok(())
}

/// Nanoseconds of one call to the host and back: of a plugin that asks a million times whether it was cancelled, less
/// one that asks nothing.
fn call_ns(disk: &Disk) -> Result<f64> {
    let root = disk.root().join("calls");
    let scene = Scene::make(&root)?;
    let snapshot = scene.capture()?;
    let plugin = |behaviour: &str| -> Result<Plugin> {
        let (_directory, file) = guest_build::behaving(behaviour);
        Ok(Plugin::from_file(&PluginEngine::new(None)?, &file)?)
    };
    let (asks, asks_nothing) = (plugin("asks-a-million-times")?, plugin("claims-success")?);
    let seconds = |plugin: &Plugin| -> Result<f64> {
        let began = Instant::now();
        let report = run::run(&scene.host, plugin, &request(&snapshot), &Arc::new(Progress::unwatched()));
        let failure = report.failure.context("a plugin that did nothing was believed")?;
        ensure!(failure.code == Code::Plugin, "it failed otherwise: {failure:?}");
        Ok(began.elapsed().as_secs_f64())
    };
    let mut differences = Vec::new();
    for _ in 0..ROUNDS {
        differences.push((seconds(&asks)? - seconds(&asks_nothing)?) * 1e9 / CALLS);
    }
    Ok(median(differences))
}

/// Resident memory of this process.
fn resident_bytes() -> Result<u64> {
    memory(&std::fs::read_to_string("/proc/self/status")?, "VmRSS:").context("no resident memory")
}

/// The same restore by the same code, in its sandbox and without one, in turns.
pub(crate) fn price(out: &mut impl Write, disk: &Disk) -> Result<()> {
    price_of(out, disk, "8 files of 64 MiB", content::large)?;
    price_of(out, disk, "40,000 files of 1 to 8 KiB", content::small)
}

fn price_of(out: &mut impl Write, disk: &Disk, title: &str, fill: fn(&Path) -> Result<()>) -> Result<()> {
    let root = disk.root().join("sandbox");
    let scene = Scene::make(&root)?;
    fill(&scene.live)?;
    let snapshot = scene.capture()?;
    writeln!(out, "\n{title}: the same code in its sandbox, and without one but with what the processor offers")?;
    scene.restore(&snapshot, false).context("the first restore, which is not among them")?;
    let (mut sandboxed, mut native) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        for turn in 0..2 {
            disk.sync()?;
            touch_memory();
            let is_native = (turn + round) % 2 == 0;
            let took = scene.restore(&snapshot, is_native)?;
            if is_native { native.push(took) } else { sandboxed.push(took) }
        }
        write!(out, ".")?;
        out.flush()?;
    }
    writeln!(out)?;
    compare(out, "to sealed and synced", &sandboxed, &native, |took| took.sealed_s)?;
    compare(out, "the whole restore", &sandboxed, &native, |took| took.whole_s)?;
    drop(scene);
    Ok(std::fs::remove_dir_all(root)?)
}

fn compare(out: &mut impl Write, what: &str, with: &[Took], without: &[Took], of: fn(&Took) -> f64) -> Result<()> {
    let [with, without] = [with, without].map(|times| median(times.iter().map(of).collect()));
    writeln!(out, "  {what:<44} {with:>8.2} s and {without:.2} s")?;
    writeln!(out, "  {:<44} {:>8.2}   goal: at most {PRICE_GOAL}", "ratio", with / without)?;
    Ok(())
}

/// What one restore took, in seconds from its start.
struct Took {
    sealed_s: f64,
    whole_s: f64,
}

/// One volume, and an app that is only a script.
struct Scene {
    host: Arc<Host>,
    plugin: Plugin,
    live: PathBuf,
}

impl Scene {
    fn make(root: &Path) -> Result<Scene> {
        std::fs::create_dir_all(root.join("volumes"))?;
        let file = root.join("reforge.toml");
        std::fs::write(
            &file,
            "[host]\nstate_dir = \"state\"\nvolume_root = \"volumes\"\n[[workload]]\nid = \"app\"\nproject = \"app\"\n\
             stage = \"bench\"\nruntime = \"process\"\ncommand = [\"/bin/true\"]\n[[workload.volume]]\n\
             name = \"data\"\nscope = \"project\"\nsource = \"data\"\n",
        )?;
        let config = Arc::new(Config::load(&file)?);
        let state = config.init_state()?;
        let plugin = Plugin::embedded(&PluginEngine::new(Some(&state.cache()))?)?;
        let runtimes: Runtimes = BTreeMap::from([(PROCESS.into(), Arc::new(App::default()) as _)]);
        let host = Arc::new(Host::with_runtimes(config, state, runtimes));
        host.deployer.dispatch(
            &DeployRequest::Deploy { workload: "app".into(), make_empty: Vec::new(), replace: false },
            false,
            &|| false,
        )?;
        Ok(Scene { host, plugin, live: root.join("volumes/app/data") })
    }

    fn capture(&self) -> Result<String> {
        let workload = self.host.config.workload("app")?;
        Ok(self.host.capture(workload, "manual", false, &Progress::unwatched())?.id)
    }

    /// One restore; the previous tree is removed again.
    fn restore(&self, snapshot: &str, is_native: bool) -> Result<Took> {
        let request = request(snapshot);
        let stop = Arc::new(AtTheStop::default());
        let progress = Arc::new(Progress::new(stop.clone(), Arc::new(AtomicBool::new(false))));
        let began = Instant::now();
        let report = match is_native {
            false => run::run(&self.host, &self.plugin, &request, &progress),
            true => run::run(&self.host, native::Linked, &request, &progress),
        };
        let whole_s = began.elapsed().as_secs_f64();
        let sealed_s = stop.since(began).context("the app was never stopped")?;
        self.finish(&report)?;
        Ok(Took { sealed_s, whole_s })
    }

    fn finish(&self, report: &Report) -> Result<()> {
        ensure!(report.outcome == Outcome::Done, "it ended otherwise: {report:?}");
        let id = report.receipt.as_ref().context("no receipt")?.id.clone();
        undo::finish(&self.host, &undo::Request { id, wait: false, who: WHO.into() })?;
        Ok(())
    }
}

fn request(snapshot: &str) -> run::Request {
    run::Request {
        workload: "app".into(),
        snapshot: snapshot.into(),
        choice: Choice::default(),
        plan: None,
        wait: false,
        who: WHO.into(),
    }
}

/// When the phase after sealing and checking began.
#[derive(Default)]
struct AtTheStop(Mutex<Option<Instant>>);

impl AtTheStop {
    fn since(&self, began: Instant) -> Option<f64> {
        let at = self.0.lock().ok()?;
        at.map(|at| at.duration_since(began).as_secs_f64())
    }
}

impl Watcher for AtTheStop {
    fn phase(&self, phase: Phase) {
        if let (Phase::Stopping, Ok(mut at)) = (phase, self.0.lock()) {
            at.get_or_insert_with(Instant::now);
        }
    }

    fn note(&self, _text: &reforge_base::Message) {}
}
