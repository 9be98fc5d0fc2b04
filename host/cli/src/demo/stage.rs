//! Where the demo plays: a directory of its own with a configuration, and everything that has to go afterwards.

use std::cell::Cell;
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use reforge_base::Code;
use reforge_base::Failure;
use reforge_base::Result;
use reforge_base::message;
use reforge_base::random;
use reforge_deployer::dispatch::DeployRequest;
use reforge_volumes::parent::Parent;

use super::super::args::Options;
use super::super::session::Session;
use super::app;

pub(super) const WORKLOAD: &str = "counter";
const PREFIX: &str = "reforge-demo-";
const POLL: Duration = Duration::from_millis(10);
/// For an app that writes fifty times a second.
const WRITING_LIMIT: Duration = Duration::from_secs(20);

pub(super) struct Stage {
    pub session: Session,
    pub directory: PathBuf,
    pub data: PathBuf,
    pub log: PathBuf,
    keep: bool,
    over: Cell<bool>,
}

impl Stage {
    /// Makes the directory and writes the configuration.
    pub(super) fn set(outer: &Session, keep: bool) -> Result<Stage> {
        let directory = own_directory()?;
        let (data, log) = (directory.join("volumes/demo/data"), directory.join("volumes/demo/prod/log"));
        let config = directory.join("reforge.toml");
        let options = Options { config: Some(config.clone()), ..outer.options() };
        let session = Session::new(options, outer.terminal.clone(), outer.program.clone()).exported();
        // From here on the directory is this stage's to remove.
        let stage = Stage { session, directory, data, log, keep, over: Cell::new(false) };
        let write = || {
            std::fs::DirBuilder::new().mode(0o755).create(stage.directory.join("volumes"))?;
            std::fs::write(&config, configuration(&outer.program, &stage.directory)?)
        };
        write().map_err(|error| Failure::io("write", &config, &error))?;
        Ok(stage)
    }

    /// Waits until the app has written so many records beyond `beyond`. Answers the newest.
    pub(super) fn wait_for_records(&self, beyond: u64, count: u64) -> Result<u64> {
        let began = Instant::now();
        while began.elapsed() < WRITING_LIMIT {
            self.go_on()?;
            let newest = self.newest_record().unwrap_or(0);
            if newest >= beyond + count {
                return Ok(newest);
            }
            std::thread::sleep(POLL);
        }
        Err(Failure::new(Code::AppBad, message!("the-app-does-not-write")))
    }

    pub(super) fn newest_record(&self) -> Result<u64> {
        app::last_number(&self.data).map_err(|error| Failure::io("read", &self.data, &error))
    }

    /// Fails when somebody gave up.
    pub(super) fn go_on(&self) -> Result<()> {
        match self.session.is_cancelled() {
            true => Err(Failure::new(Code::Cancelled, message!("the-demo-was-cancelled"))),
            false => Ok(()),
        }
    }

    /// Stops the app and removes the directory. Whatever the demo came to, also when it was cancelled.
    pub(super) fn strike(&self) -> Result<()> {
        self.over.set(true);
        if self.directory.join("state/host-id").exists() {
            let stop = DeployRequest::Stop { workload: WORKLOAD.to_owned() };
            self.session.open()?.deployer.dispatch(&stop, true, &|| false)?;
        }
        if self.keep {
            return Ok(());
        }
        std::fs::remove_dir_all(&self.directory)
            .map_err(|error| Failure::io("remove", &self.directory, &error).hint(message!("remove-it-by-hand")))
    }
}

/// Nothing may be left behind by a panic either.
impl Drop for Stage {
    fn drop(&mut self) {
        if !self.over.get()
            && let Err(failure) = self.strike()
        {
            self.session.terminal.complain(&failure);
        }
    }
}

/// A new directory that only this user can enter, where volumes can be restored: in `TMPDIR` if that is set, else in the
/// first place that can do it (a container's own `/tmp` cannot).
fn own_directory() -> Result<PathBuf> {
    let places = match std::env::var_os("TMPDIR") {
        Some(_) => vec![std::env::temp_dir()],
        None => ["/tmp", "/var/tmp", "/dev/shm"].map(PathBuf::from).to_vec(),
    };
    let mut first_failure = None;
    for place in places {
        match own_directory_in(&place) {
            Ok(directory) => return Ok(directory),
            Err(failure) => first_failure = first_failure.or(Some(failure)),
        }
    }
    let failure =
        first_failure.unwrap_or_else(|| Failure::new(Code::Usage, message!("there-is-no-temporary-directory")));
    let failure = failure.context(message!("the-demo-has-no-place-to-play"));
    Err(failure.hint(message!("set-tmpdir-to-a-directory-on")))
}

fn own_directory_in(place: &Path) -> Result<PathBuf> {
    let failed = |error: io::Error| Failure::io("make a directory in", place, &error);
    let random = random::bytes::<6>()?;
    let directory = place.canonicalize().map_err(failed)?.join(format!("{PREFIX}{}", hex::encode(random)));
    std::fs::DirBuilder::new().mode(0o700).create(&directory).map_err(failed)?;
    let probed = Parent::open(&directory).and_then(|parent| {
        parent.own_identity()?;
        parent.probe("one", "other")
    });
    match probed {
        Ok(()) => Ok(directory),
        Err(failure) => {
            // Only if it is empty; the failure that led here is the one to tell.
            let _ = std::fs::remove_dir(&directory);
            Err(failure)
        }
    }
}

fn configuration(program: &Path, directory: &Path) -> io::Result<String> {
    let quoted = |path: &Path| {
        let text = path.to_str().ok_or_else(|| io::Error::other(message!("its-path-is-not-utf-8-set-tmpdir")))?;
        Ok::<_, io::Error>(toml::Value::String(text.to_owned()).to_string())
    };
    let program = quoted(program)?;
    let state = quoted(&directory.join("state"))?;
    let volumes = quoted(&directory.join("volumes"))?;
    let data = quoted(&directory.join("volumes/demo/data"))?;
    let log = quoted(&directory.join("volumes/demo/prod/log"))?;
    Ok(format!(
        r#"[host]
state_dir = {state}
volume_root = {volumes}

[[workload]]
id = "{WORKLOAD}"
project = "demo"
stage = "prod"
runtime = "process"
command = [{program}, "demo-app", "--data", "{{volume:data}}", "--log", "{{volume:log}}"]
health = {{ command = [{program}, "demo-app", "--check", "--data", {data}, "--log", {log}], interval = "50ms", limit = "20s" }}

[[workload.volume]]
name = "data"
scope = "project"
source = "data"

[[workload.volume]]
name = "log"
scope = "stage"
source = "log"
"#
    ))
}
