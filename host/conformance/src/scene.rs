//! One throwaway deployment: a host with its own state, two volumes, and the app of [`super::app`].

use std::collections::BTreeMap;
use std::fs::File;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{Timespec, Timestamps};

use super::app::App;
use super::{OUR_FORMAT, Stop};
use reforge_base::Message;
use reforge_base::consistency::Consistency;
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::lock_file::Locked;
use reforge_base::message;
use reforge_config::{Config, PROCESS};
use reforge_deployer::dispatch::{DeployRequest, Runtimes};
use reforge_host::host::{Host, SnapshotRequest};
use reforge_host::restore::preflight::Choice;
use reforge_host::restore::progress::Progress;
use reforge_host::restore::report::Report;
use reforge_host::restore::run;
use reforge_plugins::Plugin;
use reforge_snapshots::format::Descriptor;
use reforge_transaction::receipt::Outcome;
use reforge_volumes::syscalls;

/// The workload of every scene.
pub(super) const WORKLOAD: &str = "conformance";
/// Its volumes, in the order of their indexes.
pub(super) const VOLUMES: [&str; 2] = ["data", "more"];
/// When everything in a small volume was last changed.
const SECONDS: i64 = 1_000_000_000;
/// Directories of checks, beside whatever else is in the base.
const PREFIX: &str = ".check-";

/// Where scenes are made, and for which plugin.
pub(super) struct Lab<'a> {
    pub plugin: &'a Plugin,
    pub reads_ours: bool,
    directory: tempfile::TempDir,
    /// Locked while it is in use: a directory whose lock is free was left by a check that was killed.
    _held: Locked,
}

impl Lab<'_> {
    pub(super) fn new<'a>(plugin: &'a Plugin, base: &Path) -> Result<Lab<'a>> {
        let reads_ours = plugin.describe()?.formats.iter().any(|format| format == OUR_FORMAT);
        let failed = |error: std::io::Error| Failure::io("make a directory in", base, &error);
        let directory = tempfile::Builder::new().prefix(PREFIX).tempdir_in(base).map_err(failed)?;
        let opened = File::open(directory.path()).map_err(failed)?;
        // Another check that sweeps may have it for a moment.
        let held = Locked::alone(opened).map_err(|error| failed(error.into()))?;
        Ok(Lab { plugin, reads_ours, directory, _held: held })
    }

    pub(super) fn scene(&self) -> Result<Scene<'_>> {
        Scene::new(self)
    }
}

/// One deployment, its app running.
pub(super) struct Scene<'a> {
    pub plugin: &'a Plugin,
    pub host: Arc<Host>,
    pub app: Arc<App>,
    volumes: PathBuf,
    _directory: tempfile::TempDir,
}

/// Everything that a restore which changes nothing must leave as it is.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Look {
    trees: Vec<Option<String>>,
    beside: Vec<String>,
    running: bool,
    stops: u32,
}

impl<'a> Scene<'a> {
    fn new(lab: &'a Lab<'_>) -> Result<Scene<'a>> {
        let failed = |error: std::io::Error| Failure::io("prepare", lab.directory.path(), &error);
        let directory = tempfile::tempdir_in(&lab.directory).map_err(failed)?;
        let file = directory.path().join("reforge.toml");
        std::fs::write(&file, configuration()).map_err(failed)?;
        let volumes = directory.path().join("volumes");
        std::fs::create_dir(&volumes).map_err(failed)?;
        let config = Arc::new(Config::load(&file)?);
        let state = config.init_state()?;
        let app = Arc::new(App::default());
        let runtimes: Runtimes = BTreeMap::from([(PROCESS.into(), app.clone() as _)]);
        let host = Arc::new(Host::with_runtimes(config, state, runtimes));
        host.deployer.dispatch(
            &DeployRequest::Deploy { workload: WORKLOAD.into(), make_empty: Vec::new(), replace: false },
            false,
            &|| false,
        )?;
        Ok(Scene { plugin: lab.plugin, host, app, volumes, _directory: directory })
    }

    /// The live directory of a volume.
    pub(super) fn live(&self, volume: &str) -> PathBuf {
        self.volumes.join(WORKLOAD).join(volume)
    }

    /// One small file in each volume, with metadata that everybody can know.
    pub(super) fn fill(&self) -> Result<()> {
        for volume in VOLUMES {
            let live = self.live(volume);
            write(&live.join("file"), b"captured")?;
            set_metadata(&live.join("file"), 0o644, SECONDS)?;
            set_metadata(&live, 0o755, SECONDS)?;
        }
        Ok(())
    }

    /// What is live after the snapshot: nothing is as it was, and something is there that was not.
    pub(super) fn change(&self) -> Result<()> {
        VOLUMES.iter().try_for_each(|volume| {
            write(&self.live(volume).join("file"), b"later")?;
            write(&self.live(volume).join("stray"), b"not in the snapshot")
        })
    }

    /// Takes a snapshot of what is live. What the script says of stops is said of restores: the app is left alone.
    pub(super) fn snapshot(&self) -> Result<Descriptor> {
        let asked = SnapshotRequest { consistency: Some(Consistency::Live), ..SnapshotRequest::because("manual") };
        self.host.capture_as(self.host.config.workload(WORKLOAD)?, &asked, &Progress::unwatched())
    }

    /// Fills the volumes, takes a snapshot, and changes them.
    pub(super) fn prepared(&self) -> Result<Descriptor> {
        self.fill()?;
        let snapshot = self.snapshot()?;
        self.change()?;
        Ok(snapshot)
    }

    pub(super) fn look(&self) -> Result<Look> {
        let trees = self.snapshot()?.volumes.into_iter().map(|totals| totals.tree_digest).collect();
        let above = self.volumes.join(WORKLOAD);
        let failed = |error: std::io::Error| Failure::io("read", &above, &error);
        let names = std::fs::read_dir(&above)
            .map_err(failed)?
            .map(|entry| entry.map(|entry| entry.file_name().to_string_lossy().into_owned()).map_err(failed));
        let mut beside = names.collect::<Result<Vec<_>>>()?;
        beside.sort();
        Ok(Look { trees, beside, running: self.app.is_running(), stops: self.app.stops() })
    }

    pub(super) fn request(&self, snapshot: &str) -> run::Request {
        run::Request {
            workload: WORKLOAD.into(),
            snapshot: snapshot.into(),
            choice: Choice::default(),
            plan: None,
            wait: false,
            who: "the conformance suite".into(),
        }
    }

    pub(super) fn restore(&self, snapshot: &str) -> Report {
        self.restore_watched(snapshot, Progress::unwatched())
    }

    pub(super) fn restore_watched(&self, snapshot: &str, progress: Progress) -> Report {
        run::run(&self.host, self.plugin, &self.request(snapshot), &Arc::new(progress))
    }

    /// Every volume is what the snapshot holds, and the app runs.
    pub(super) fn expect_restored(&self, snapshot: &Descriptor, report: &Report) -> Result<(), Stop> {
        let wanted: Vec<_> = snapshot.volumes.iter().map(|totals| totals.tree_digest.clone()).collect();
        let now = self.look()?;
        if now.trees != wanted {
            return Err(Stop::Broken(message!("the-volumes-are-not-what-the-snapshot-holds", ended = words(report))));
        }
        match now.running {
            true => Ok(()),
            false => Err(Stop::Broken(message!("the-app-does-not-run", ended = words(report)))),
        }
    }

    /// Nothing is different from what it was, with whatever failure.
    pub(super) fn expect_untouched(&self, before: &Look, report: &Report) -> Result<(), Stop> {
        self.expect_no_trace(before, report)?;
        let now = self.look()?;
        match (now.running, now.stops == before.stops) {
            (false, _) => Err(Stop::Broken(message!("the-app-does-not-run-any-more", ended = words(report)))),
            (true, false) => Err(Stop::Broken(message!("the-app-was-stopped", ended = words(report)))),
            (true, true) => Ok(()),
        }
    }

    /// The volumes are what they were and nothing lies beside them. The app may have been stopped and started.
    pub(super) fn expect_no_trace(&self, before: &Look, report: &Report) -> Result<(), Stop> {
        self.expect_same_data(before, report)?;
        match self.look()?.beside == before.beside {
            true => Ok(()),
            false => Err(Stop::Broken(message!("something-was-left-beside-the-volumes", ended = words(report)))),
        }
    }

    /// The volumes are what they were. What was exchanged back is kept beside them while the undo window runs.
    pub(super) fn expect_same_data(&self, before: &Look, report: &Report) -> Result<(), Stop> {
        match self.look()?.trees == before.trees {
            true => Ok(()),
            false => Err(Stop::Broken(message!("a-volume-was-changed", ended = words(report)))),
        }
    }
}

/// Removes what checks that were killed left in a base. An empty one may have been made this moment.
pub(super) fn sweep(base: &Path) -> Result<()> {
    let failed = |error: std::io::Error| Failure::io("remove what an earlier check left in", base, &error);
    for entry in std::fs::read_dir(base).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(PREFIX.as_bytes())) {
            let left = File::open(&path).map_err(failed)?;
            let Ok(Some(_held)) = Locked::try_alone(left) else { continue };
            if std::fs::read_dir(&path).map_err(failed)?.next().is_some() {
                std::fs::remove_dir_all(&path).map_err(failed)?;
            }
        }
    }
    Ok(())
}

/// How a restore ended, for the reason why a promise is broken.
pub(super) fn words(report: &Report) -> Message {
    let outcome = named(report.outcome);
    match &report.failure {
        Some(failure) => message!("it-ended-because", outcome, failure, code = failure.code),
        None => message!("it-ended", outcome),
    }
}

/// An outcome as a word.
pub(super) fn named(outcome: Outcome) -> Message {
    Message::named("outcome-name", outcome.as_str())
}

/// The code of a report's failure.
pub(super) fn code(report: &Report) -> Option<&Code> {
    report.failure.as_ref().map(|failure| &failure.code)
}

pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    std::fs::write(path, bytes).map_err(|error| Failure::io("write", path, &error))
}

/// Sets mode and time.
pub(super) fn set_metadata(path: &Path, mode: u32, seconds: i64) -> Result<()> {
    let failed = |error: std::io::Error| Failure::io("set the metadata of", path, &error);
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).map_err(failed)?;
    let time = Timespec { tv_sec: seconds, tv_nsec: 0 };
    let times = Timestamps { last_access: time, last_modification: time };
    let opened = File::open(path).map_err(failed)?;
    syscalls::set_times(&opened, &times).map_err(|error| failed(error.into()))
}

fn configuration() -> String {
    let volumes = VOLUMES.map(|name| {
        format!(
            "[[workload.volume]]\nname = \"{name}\"\nscope = \"project\"\nsource = \"{name}\"\ntarget = \"/{name}\"\n"
        )
    });
    format!(
        "[host]\nstate_dir = \"state\"\nvolume_root = \"volumes\"\nplugin_stall_limit = \"10s\"\n\n[[workload]]\n\
         id = \"{WORKLOAD}\"\nproject = \"{WORKLOAD}\"\nstage = \"check\"\nruntime = \"process\"\n\
         command = [\"/bin/true\"]\n{}",
        volumes.concat()
    )
}
