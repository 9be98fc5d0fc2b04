//! The arguments of every command. Only this file knows clap; what it accepts is in `docs/operating.md`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use reforge_base::Language;
use reforge_base::consistency::Consistency;
use reforge_server::tokens::Role;
use reforge_transaction::resolve::Keep;

/// Put an app's volumes back as they were in a snapshot, or leave them exactly as they are.
#[derive(Parser)]
#[command(name = "reforge", version, subcommand_required = true, arg_required_else_help = true)]
#[command(after_help = "Exit codes: 0 done, 1 failed and nothing changed, 2 usage, 3 refused and nothing changed, \
4 reverted, 5 needs an operator, 6 busy, 7 done but health unconfirmed, 8 done but the answer could not \
be written, 130 cancelled.\n\nTry it: reforge demo")]
pub(crate) struct Cli {
    #[command(flatten)]
    pub options: Options,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Args, Clone, Default)]
pub(crate) struct Options {
    /// The configuration [default: $REFORGE_CONFIG, ./reforge.toml, /etc/reforge/reforge.toml]
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// A restore plugin to use instead of the configured or the built-in one
    #[arg(long, global = true, value_name = "FILE")]
    pub plugin: Option<PathBuf>,
    /// Answer with one JSON document
    #[arg(long, global = true)]
    pub json: bool,
    /// The language of what people read, `en` or `ru` [default: $LC_ALL, $LC_MESSAGES, $LANG]
    #[arg(long, global = true, value_name = "LANGUAGE", value_parser = language)]
    pub lang: Option<Language>,
}

/// One that is not known is English, as it is in the environment.
fn language(tag: &str) -> Result<Language, std::convert::Infallible> {
    Ok(Language::of_tag(tag).unwrap_or_default())
}

/// What the host runs in a process of its own: this program with a command that nobody types.
pub(crate) const SUPERVISE: &str = "supervise";
pub(crate) const COMPILE_PLUGIN: &str = "compile-plugin";
pub(crate) const ISOLATED: &str = "isolated";

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Deploy, damage, restore and undo a throwaway app, with proof
    Demo {
        /// Keep its directory
        #[arg(long)]
        keep: bool,
    },
    /// Make the state directory with its host id, and a configuration with comments where there is none
    Init,
    /// Deploy a workload as configured
    Deploy {
        workload: String,
        /// Start the app on an empty directory for this volume, which has had another one; may be given again
        #[arg(long, value_name = "VOLUME")]
        make_empty: Vec<String>,
        #[command(flatten)]
        yes: Yes,
        #[command(flatten)]
        wait: Wait,
    },
    /// Deploy the previous image of a workload
    Rollback(Deploy),
    /// Stop a workload and its preview
    Stop(Deploy),
    /// Start again exactly what a stop has stopped
    Start(Deploy),
    /// Deploy the image that runs as FROM in TO
    Promote {
        from: String,
        to: String,
        #[command(flatten)]
        wait: Wait,
    },
    /// Deploy another image beside a workload, with empty volumes
    Preview {
        workload: String,
        image: String,
        #[command(flatten)]
        wait: Wait,
    },
    /// What is configured and how it does
    #[command(subcommand)]
    Workload(Workload),
    /// Take, look at, move and delete snapshots
    #[command(subcommand)]
    Snapshot(Snapshot),
    /// Take in what somebody else has packed: an archive, a directory, or a place in a repository
    Import(Import),
    /// Plan, run and undo restores
    #[command(subcommand)]
    Restore(Restore),
    /// Settle what a crash left unfinished, as a start does
    Recover {
        /// First take the state directory for the newest of this workload's, after it was put back from a copy
        #[arg(long, value_name = "WORKLOAD")]
        accept: Option<String>,
    },
    /// Choose, install and check restore plugins
    #[command(subcommand)]
    Plugin(Plugin),
    /// Serve the API until SIGTERM
    Serve {
        /// Where to listen, instead of `listen` in `[api]`
        #[arg(long, value_name = "ADDRESS:PORT")]
        listen: Option<std::net::SocketAddr>,
        /// At the end, let restores that run end, instead of cancelling those that can be
        #[arg(long)]
        wait: bool,
    },
    /// Make, list and revoke tokens for the API
    #[command(subcommand)]
    Token(Token),
    /// List the channels on which people are told, try them, and send what waits
    #[command(subcommand)]
    Notify(Notify),
    /// The newest lines of the audit log
    Audit {
        /// How many
        #[arg(long, default_value_t = 20, value_parser = at_least_one)]
        lines: usize,
    },
    /// Start the app a second time on a snapshot, isolated, and ask it whether the data is right
    Drill(Drill),
    /// What earlier drills said
    Drills {
        /// Only those of this one
        workload: Option<String>,
    },
    #[command(name = SUPERVISE, hide = true)]
    Supervise { directory: PathBuf },
    #[command(name = ISOLATED, hide = true)]
    Isolated {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        words: Vec<OsString>,
    },
    #[command(name = COMPILE_PLUGIN, hide = true)]
    CompilePlugin { cache: PathBuf },
    #[command(hide = true)]
    DemoApp(DemoApp),
}

/// What is drilled.
#[derive(Args)]
pub(crate) struct Drill {
    /// Whose app is started; left out with `--due`
    pub workload: Option<String>,
    /// The newest, unless said otherwise
    pub snapshot: Option<String>,
    /// On empty volumes: which probes prove nothing of the data
    #[arg(long, conflicts_with_all = ["snapshot", "due"])]
    pub empty: bool,
    /// Drill what is due, as `serve` does
    #[arg(long, conflicts_with_all = ["workload", "snapshot"])]
    pub due: bool,
}

fn at_least_one(text: &str) -> Result<usize, String> {
    let number: usize = text.parse().map_err(|error| format!("{error}"))?;
    if number > 0 { Ok(number) } else { Err("at least 1 can be shown".to_owned()) }
}

#[derive(Args)]
pub(crate) struct Deploy {
    pub workload: String,
    #[command(flatten)]
    pub wait: Wait,
}

#[derive(Args, Clone, Copy, Default)]
pub(crate) struct Wait {
    /// Wait while the workload is busy
    #[arg(long)]
    pub wait: bool,
}

#[derive(Subcommand)]
pub(crate) enum Workload {
    /// All workloads
    List,
    /// One workload: state, volumes, last snapshot
    Show { workload: String },
    /// Make a container that runs already a workload: adds it to the configuration
    Adopt {
        /// Its name or id on the Docker Engine; of several each becomes a workload
        #[arg(required_unless_present = "compose")]
        containers: Vec<String>,
        /// A whole Compose project instead, by its name: its containers become one workload
        #[arg(long, value_name = "PROJECT", conflicts_with_all = ["containers", "project"])]
        compose: Option<String>,
        /// What to call the workload, instead of the container's name
        #[arg(long)]
        id: Option<String>,
        /// Instead of Compose's project, or the id
        #[arg(long)]
        project: Option<String>,
        /// Instead of `prod`
        #[arg(long)]
        stage: Option<String>,
    },
    /// Take a workload out of the configuration; its app, snapshots and receipts stay as they are
    Forget {
        workload: String,
        #[command(flatten)]
        yes: Yes,
    },
}

#[derive(Args, Clone)]
pub(crate) struct Import {
    /// An archive, a directory, or `-` for what is piped in
    #[arg(required_unless_present = "from", conflicts_with = "from", value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// The workload that it is for
    #[arg(long)]
    pub workload: String,
    /// The volume that a directory of the archive is; may be repeated
    #[arg(long, value_name = "VOLUME=PREFIX", value_parser = place)]
    pub volume: Vec<(String, String)>,
    /// Take so many directories off the beginning of every name
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub strip: u32,
    /// Read it by the program of a repository: `restic:REPOSITORY#SNAPSHOT:PATH` or `borg:REPOSITORY::ARCHIVE`
    #[arg(long, value_name = "PLACE")]
    pub from: Option<String>,
    /// Refuse what harms nothing, too, instead of leaving it out
    #[arg(long)]
    pub strict: bool,
    /// Take in set-id bits, file capabilities and `trusted.*` attributes of this archive
    #[arg(long, value_name = "WHAT", value_enum)]
    pub allow: Vec<Allow>,
    /// Take owners by their names on this machine, also where the archive has numbers
    #[arg(long)]
    pub owners_by_name: bool,
    #[command(flatten)]
    pub wait: Wait,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Allow {
    SetId,
}

/// A volume and a directory around a `=`; the archive's root may be empty.
fn place(text: &str) -> Result<(String, String), String> {
    let (volume, prefix) = text
        .split_once('=')
        .filter(|(volume, _)| !volume.is_empty())
        .ok_or("a volume and a directory of the archive around a `=` are wanted, for example `data=backup/data`")?;
    Ok((volume.to_owned(), prefix.to_owned()))
}

#[derive(Args, Clone)]
pub(crate) struct Named {
    pub workload: String,
    /// Its id, or a beginning that no other has
    pub snapshot: String,
}

#[derive(Subcommand)]
pub(crate) enum Snapshot {
    /// Take a snapshot; an app that runs is stopped or frozen meanwhile
    Create {
        workload: String,
        /// Why, for whoever chooses one to restore
        #[arg(long, default_value = "manual", value_name = "TEXT")]
        reason: String,
        /// What is done to an app that runs, if not what its workload says
        #[arg(long)]
        consistency: Option<ConsistencyArgument>,
        #[command(flatten)]
        wait: Wait,
    },
    /// Take the snapshots that are due by their schedules, as `serve` does by itself; for a timer
    Due,
    /// Delete the snapshots that `keep` drops, and say of each why it stays or goes
    Prune {
        workload: String,
        /// Delete nothing: only say what would stay and what would go
        #[arg(long)]
        dry_run: bool,
        #[command(flatten)]
        yes: Yes,
        #[command(flatten)]
        wait: Wait,
    },
    /// Keep a snapshot whatever happens: nothing deletes it until it is unpinned
    Pin(Named),
    /// Take the pin of a snapshot away
    Unpin(Named),
    /// The newest snapshots of a workload
    List {
        workload: String,
        /// All of them
        #[arg(long)]
        all: bool,
    },
    /// What a snapshot holds
    Show(Named),
    /// Read the whole archive and compare it with its descriptor
    Verify(Named),
    /// Copy the archive to a new file
    Export {
        #[command(flatten)]
        named: Named,
        file: PathBuf,
        /// With what is known of the snapshot, in one file: `import` makes the same snapshot of it on another machine
        #[arg(long)]
        bundle: bool,
    },
    /// Write the files of a snapshot's Compose project into an empty directory
    ProjectFiles {
        #[command(flatten)]
        named: Named,
        /// A directory that is empty, or does not exist
        #[arg(long, value_name = "DIRECTORY")]
        to: PathBuf,
    },
    /// The same as `reforge import`
    Import(Import),
    /// What a snapshot holds: its volumes, or what lies in a directory of one
    Browse {
        #[command(flatten)]
        named: Named,
        #[command(flatten)]
        within: Within,
        /// A directory: `VOLUME/PATH`, or `PATH` where there is one volume, or as the app sees it
        path: Option<OsString>,
        /// How many of what lies there to pass over
        #[arg(long, value_name = "COUNT", default_value_t = 0)]
        from: u64,
    },
    /// Write a file of a snapshot to standard output
    Cat {
        #[command(flatten)]
        named: Named,
        #[command(flatten)]
        within: Within,
        path: OsString,
        /// How many bytes to pass over
        #[arg(long, value_name = "BYTES", default_value_t = 0, hide_default_value = true)]
        offset: u64,
        /// How many bytes to write at most
        #[arg(long, value_name = "BYTES")]
        count: Option<u64>,
    },
    /// Copy some of a snapshot into a directory of its own
    Extract {
        #[command(flatten)]
        named: Named,
        #[command(flatten)]
        within: Within,
        #[arg(required = true)]
        path: Vec<OsString>,
        /// A directory that is empty or does not exist, and is no app's
        #[arg(long, value_name = "DIRECTORY")]
        to: PathBuf,
    },
    /// What differs between two snapshots, or between a snapshot and what is live
    Diff {
        #[command(flatten)]
        named: Named,
        /// What it is compared with [default: what is live now]
        other: Option<String>,
        /// How many differences to pass over
        #[arg(long, value_name = "COUNT", default_value_t = 0)]
        from: u64,
    },
    /// Which snapshots hold a path, and where it changed
    Versions {
        workload: String,
        #[command(flatten)]
        within: Within,
        path: OsString,
    },
    /// Delete a snapshot, named by its whole id
    Delete {
        #[command(flatten)]
        named: Named,
        #[command(flatten)]
        yes: Yes,
        #[command(flatten)]
        wait: Wait,
    },
}

#[derive(Args, Clone)]
pub(crate) struct Within {
    /// The volume that the path lies in; then the path says nothing else
    #[arg(long, value_name = "NAME")]
    pub volume: Option<String>,
}

#[derive(Args, Clone)]
pub(crate) struct What {
    #[command(flatten)]
    pub named: Named,
    /// A volume that stays as it is; may be repeated
    #[arg(long, value_name = "VOLUME")]
    pub leave: Vec<String>,
    /// The snapshot's volume goes onto this volume of the workload; may be repeated
    #[arg(long, value_name = "SNAPSHOT_VOLUME=VOLUME", value_parser = pair)]
    pub map: Vec<(String, String)>,
    /// Take no safety snapshot: keep the previous data until `restore finish`
    #[arg(long)]
    pub keep_previous: bool,
}

/// Two names around a `=`.
fn pair(text: &str) -> Result<(String, String), String> {
    let names = text.split_once('=').filter(|(one, other)| !one.is_empty() && !other.is_empty());
    let (one, other) = names.ok_or("two names around a `=` are wanted, for example `data=data-2`")?;
    Ok((one.to_owned(), other.to_owned()))
}

#[derive(Args, Clone, Copy, Default)]
pub(crate) struct Yes {
    /// Do not ask
    #[arg(long)]
    pub yes: bool,
}

#[derive(Subcommand)]
pub(crate) enum Restore {
    /// What a restore would change and what stands in its way; changes nothing
    Plan {
        #[command(flatten)]
        what: What,
        /// Also the names that would change, a hundred at a time
        #[arg(long)]
        names: bool,
        /// How many of them to pass over
        #[arg(long, value_name = "COUNT", default_value_t = 0, requires = "names")]
        from: u64,
    },
    /// Restore every volume, or none
    Run {
        #[command(flatten)]
        what: What,
        /// Refuse unless the plan still has this digest
        #[arg(long, value_name = "DIGEST")]
        plan: Option<String>,
        #[command(flatten)]
        yes: Yes,
        #[command(flatten)]
        wait: Wait,
    },
    /// Restores and undos, newest first
    List {
        workload: Option<String>,
        /// Also all that are long over
        #[arg(long)]
        all: bool,
    },
    /// One restore: its receipt, or how far it got
    Show { id: String },
    /// Swap the previous data back in
    Undo {
        id: String,
        #[command(flatten)]
        yes: Yes,
        #[command(flatten)]
        wait: Wait,
    },
    /// End the undo window: remove the previous data now
    Finish {
        #[arg(required_unless_present = "all_but_newest")]
        id: Option<String>,
        /// Of this workload all but the newest restore: remove what earlier ones keep
        #[arg(long, value_name = "WORKLOAD", conflicts_with = "id")]
        all_but_newest: Option<String>,
        #[command(flatten)]
        yes: Yes,
    },
    /// Decide what only a person can; without --keep, show the trees
    Resolve {
        id: String,
        #[arg(long)]
        keep: Option<KeepArgument>,
        #[command(flatten)]
        yes: Yes,
    },
}

#[derive(Clone, Copy, ValueEnum)]
pub enum KeepArgument {
    /// What was there before
    Old,
    /// What was being put there
    New,
    /// Whatever is live now
    Live,
}

impl From<KeepArgument> for Keep {
    fn from(argument: KeepArgument) -> Keep {
        match argument {
            KeepArgument::Old => Keep::Old,
            KeepArgument::New => Keep::New,
            KeepArgument::Live => Keep::Live,
        }
    }
}

#[derive(Subcommand)]
pub(crate) enum Plugin {
    /// The name, version, formats and digest of the one in use
    Show,
    /// Every plugin that can be used, and which one is
    List,
    /// Check a plugin's digest, signature, imports and promises, and keep it for use
    Install {
        file: PathBuf,
        /// What its SHA-256 must be
        #[arg(long, value_name = "HEX")]
        sha256: Option<String>,
        /// Its detached minisign signature; without this, FILE.minisig if it is there
        #[arg(long, value_name = "FILE")]
        signature: Option<PathBuf>,
    },
    /// Put an installed plugin in the place of the one in use, also in hosts that are running
    Use {
        /// The beginning of a digest, NAME, NAME@VERSION, `previous` or `built-in`
        #[arg(value_name = "PLUGIN")]
        which: String,
    },
    /// Remove an installed plugin that is not in use
    Remove {
        /// The beginning of a digest, NAME or NAME@VERSION
        #[arg(value_name = "PLUGIN")]
        which: String,
    },
    /// Check which promises a plugin keeps, as an install does, for those who write one
    Check {
        file: PathBuf,
        /// Only these promises
        #[arg(long, value_name = "PROMISE")]
        only: Vec<String>,
    },
}

#[derive(Subcommand)]
pub(crate) enum Token {
    /// Make a token and show it, once
    Create {
        /// Whose it is, for receipts and the audit log
        name: String,
        #[arg(long)]
        role: RoleArgument,
    },
    /// All tokens: names, roles, when they were made
    List,
    /// End a token: the next request with it is refused, and its streams end
    Revoke { name: String },
}

#[derive(Subcommand)]
pub(crate) enum Notify {
    /// All channels, and what waits or was given up
    List,
    /// Send a message for real, and say what came back
    Test {
        /// One by its name, instead of all
        channel: Option<String>,
    },
    /// Send what waits, for a timer where no server runs
    Send {
        /// Also what was tried before and what was given up, at once
        #[arg(long)]
        again: bool,
    },
}

#[derive(Clone, Copy, ValueEnum)]
pub enum ConsistencyArgument {
    /// It is stopped, and started again
    Stop,
    /// It is frozen, and thawed: what a power cut would leave
    Pause,
    /// Nothing: files are of different instants
    Live,
}

impl From<ConsistencyArgument> for Consistency {
    fn from(argument: ConsistencyArgument) -> Consistency {
        match argument {
            ConsistencyArgument::Stop => Consistency::Stop,
            ConsistencyArgument::Pause => Consistency::Pause,
            ConsistencyArgument::Live => Consistency::Live,
        }
    }
}

#[derive(Clone, Copy, ValueEnum)]
pub enum RoleArgument {
    /// May change things
    Admin,
    /// May look
    Viewer,
}

impl From<RoleArgument> for Role {
    fn from(argument: RoleArgument) -> Role {
        match argument {
            RoleArgument::Admin => Role::Admin,
            RoleArgument::Viewer => Role::Viewer,
        }
    }
}

/// The app of the demo.
#[derive(Args)]
pub(crate) struct DemoApp {
    #[arg(long)]
    pub data: PathBuf,
    #[arg(long)]
    pub log: PathBuf,
    /// Answer whether the app is writing, and end
    #[arg(long)]
    pub check: bool,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_arguments_fit_together() {
        super::Cli::command().debug_assert();
    }
}
