//! An app that is started a second time for a drill: on other directories, cut off from everything.
//!
//! What the deployed app has comes from what its runtime observed of it; what of that is kept away from the second one is the
//! business of whoever makes it. It never touches the app that is deployed, its directories, networks or names.

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use reforge_base::Message;
use reforge_base::failure::Result;
use reforge_base::spec::{HealthReport, Observation};

/// What is started for a drill.
#[derive(Clone, Debug)]
pub struct DrillSpec {
    /// The drill's id. All that is made for it has it in its name, and on an engine in a label, so that a later start finds it.
    pub drill: String,
    pub workload: String,
    /// The app as it is deployed, whether it runs or not.
    pub observed: Observation,
    /// What it gets in the place of its volumes, by their names. A volume that is not here is in no snapshot.
    pub volumes: Vec<DrillVolume>,
    /// Of this drill alone, owner root, mode 0711: for what the runtime needs on a disk. Removed with the drill.
    pub directory: PathBuf,
    /// On top of the app's own environment.
    pub environment: Vec<(String, String)>,
    /// Directories and files of this machine that the app sees read-only although they are in no snapshot: by an explicit word.
    pub read_only: Vec<PathBuf>,
    /// Live volumes of every workload, and the host's own directories: out of its sight.
    pub live: Vec<PathBuf>,
    pub limits: Limits,
}

/// What stands in the place of a volume.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DrillVolume {
    pub name: String,
    pub directory: PathBuf,
    /// Whether it is empty, as at the app's first start: then an engine copies in what the image has there.
    pub is_new: bool,
}

/// What a drilled app may take of this machine.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// In bytes; none for what the app itself may take.
    pub memory: Option<u64>,
    /// Processors; none for what the app itself may take.
    pub cpus: Option<f64>,
}

/// How a command ended that was run in a drilled app.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CommandEnd {
    /// What was wrong; none if it ended with 0.
    pub failure: Option<Message>,
    /// The first 64 KiB of its standard output.
    pub output: Vec<u8>,
    /// The end of what it said on its standard error.
    pub error_output: Vec<u8>,
}

/// How much of a command's standard output is kept.
pub const OUTPUT_BYTES_MAX: usize = 64 << 10;
/// How many lines of a part that failed are kept.
pub const LAST_LINES: usize = 40;

/// Makes drilled apps of one runtime.
pub trait Drills: Send + Sync {
    /// Makes one: all but its start. What cannot be made in isolation is a failure with the code `policy-refused` that names the
    /// part. What was made before a failure is removed by [`Drills::sweep`].
    fn make(&self, spec: &DrillSpec) -> Result<Box<dyn DrilledApp>>;

    /// Removes all that was made for a drill, whatever is left of it; nothing of any other. May be called again. Not the
    /// drill's directory.
    fn sweep(&self, drill: &str) -> Result<()>;

    /// The drills of which something is left, by what it is labelled with. Changes nothing.
    fn left(&self) -> Result<Vec<String>>;
}

/// One that was made.
pub trait DrilledApp: Send {
    /// What the deployed app has and this one has not, and what it has instead, in words.
    fn withheld(&self) -> Vec<Message>;

    /// Its parts by the runtime's names; none of an app that is one. Those that are not started are not among them.
    fn members(&self) -> Vec<String>;

    /// Tries the isolation from inside, before anything of the app runs: whatever could be reached is a failure with the code
    /// `policy-refused`. Then starts it.
    fn start(&mut self) -> Result<()>;

    /// Waits until every part is healthy, up to the limit.
    fn await_healthy(&mut self, limit: Duration, cancelled: &AtomicBool) -> Result<HealthReport>;

    /// Runs a command in a part, as the app's user, and ends it at its limit.
    fn run(&self, member: Option<&str>, command: &[String], limit: Duration) -> Result<CommandEnd>;

    /// A process whose network a part has: `/proc/PID/ns/net`.
    fn network_of(&self, member: Option<&str>) -> Result<i32>;

    /// How often it has tried to reach something outside, as the kernel counts what has no route. Falls never, also when parts end.
    fn attempts(&mut self) -> Result<u64>;

    /// The last lines that each part has said, at most [`LAST_LINES`] of each.
    fn last_lines(&self) -> Vec<(String, Vec<u8>)>;

    /// Ends and removes all of it, but for the drill's directory.
    fn remove(self: Box<Self>) -> Result<()>;
}
