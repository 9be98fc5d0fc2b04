//! An app that says what it sees: it answers with the generation in each of its volumes, and writes the next one when
//! it is told to. It reads them by path, or through directories that it holds open since its start, as a container does.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use crate::support::{World, eventually};

/// Arguments: where it is asked, `path` or `held`, and per volume `NAME:ROLE=DIRECTORY`.
const SCRIPT: &str = r#"
run=$1 how=$2
shift 2
ask=$run/$$.ask
next=3 ways=
for given; do
    at=${given#*=}
    if [ "$how" = held ]; then
        eval "exec $next<\"\$at\"" || exit 1
        at=/proc/$$/fd/$next next=$((next + 1))
    fi
    ways="$ways ${given%%=*}=$at"
done
[ -p "$ask" ] || mkfifo "$ask"
exec 9<>"$ask"
while read -r what number <&9; do
    {
        for way in $ways; do
            at=${way#*=} label=${way%%=*}
            if [ "$what" = write ]; then
                echo "$number ${label#*:}" > "$at/generation"
                echo "$number ${label#*:}" >> "$at/log"
            fi
            says=
            read -r says < "$at/generation"
            echo "$label $at ${says:--}"
        done
        echo end
    } > "$run/$$.$number" 2> /dev/null
done
"#;

/// What one volume held when something was last written into it. A role is what the app uses the data for: it stays
/// with the data when a volume is renamed or its directory copied.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Says {
    pub generation: u64,
    pub role: String,
}

impl Says {
    pub(crate) fn parse(text: &str) -> Option<Says> {
        let (generation, role) = text.trim().split_once(' ')?;
        Some(Says { generation: generation.parse().ok()?, role: role.to_owned() })
    }
}

impl std::fmt::Display for Says {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} {}", self.generation, self.role)
    }
}

/// What an app that runs sees.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub pid: i32,
    /// As what it was deployed; none if a person started it.
    pub workload: Option<String>,
    pub arguments: Vec<String>,
    pub volumes: Vec<SeenVolume>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SeenVolume {
    pub name: String,
    /// Where the directory is now; none if there is no such directory.
    pub at: Option<PathBuf>,
    /// None if nothing was written there yet.
    pub says: Option<Says>,
}

/// The app of one workload, whatever that is called.
pub(crate) struct App {
    pub program: String,
    /// Where it is asked.
    pub run: PathBuf,
}

impl App {
    pub(crate) fn new(world: &World, number: usize) -> App {
        let run = world.path("run").join(format!("app{number}"));
        std::fs::create_dir(&run).unwrap();
        App { program: world.script("app", SCRIPT), run }
    }

    /// Everything that runs of it, by whomever it was started.
    pub(crate) fn running(&self) -> BTreeSet<i32> {
        let entries = std::fs::read_dir("/proc").unwrap().flatten();
        let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        pids.filter(|pid| self.is_alive(*pid)).collect()
    }

    fn is_alive(&self, pid: i32) -> bool {
        let text = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let mut words = text.split(|byte| *byte == 0).skip(1);
        words.next() == Some(self.program.as_bytes()) && words.next() == self.run.to_str().map(str::as_bytes)
    }

    /// Asks everybody what they see.
    pub(crate) fn look(&self, number: u64) -> Vec<Seen> {
        self.running().into_iter().filter_map(|pid| self.ask(pid, "look", number)).collect()
    }

    /// Lets everybody write. True if somebody did.
    pub(crate) fn write(&self, number: u64) -> bool {
        self.running().into_iter().filter_map(|pid| self.ask(pid, "write", number)).count() > 0
    }

    /// None if it ended meanwhile.
    fn ask(&self, pid: i32, what: &str, number: u64) -> Option<Seen> {
        let fifo = self.run.join(format!("{pid}.ask"));
        let mut options = std::fs::OpenOptions::new();
        options.write(true).custom_flags(rustix::fs::OFlags::NONBLOCK.bits() as i32);
        let mut asked = None;
        eventually("the app listens", || {
            // One that has just been started does not listen yet.
            asked = options.open(&fifo).ok();
            asked.is_some() || !self.is_alive(pid)
        });
        asked?.write_all(format!("{what} {number}\n").as_bytes()).unwrap();
        let (said, mut answer) = (self.run.join(format!("{pid}.{number}")), String::new());
        eventually("the app answers", || {
            answer = std::fs::read_to_string(&said).unwrap_or_default();
            answer.ends_with("end\n") || !self.is_alive(pid)
        });
        let _ = std::fs::remove_file(&said);
        let lines = answer.strip_suffix("end\n")?;
        let command = std::fs::read_to_string(format!("/proc/{pid}/cmdline")).ok()?;
        let arguments = command.trim_end_matches('\0').split('\0').skip(2).map(str::to_owned).collect();
        let environment = std::fs::read_to_string(format!("/proc/{pid}/environ")).ok()?;
        let mark = environment.split('\0').find_map(|variable| variable.strip_prefix("REFORGE_WORKLOAD_DIRECTORY="));
        let workload = mark.and_then(|directory| Some(Path::new(directory).file_name()?.to_str()?.to_owned()));
        Some(Seen { pid, workload, arguments, volumes: lines.lines().map(volume).collect() })
    }
}

/// `NAME:ROLE DIRECTORY GENERATION ROLE`, or `-` for the last two.
fn volume(line: &str) -> SeenVolume {
    let (label, rest) = line.split_once(' ').unwrap();
    let (at, says) = rest.split_once(' ').unwrap();
    let name = label.split_once(':').unwrap().0.to_owned();
    SeenVolume { name, at: Path::new(at).canonicalize().ok(), says: Says::parse(says) }
}
