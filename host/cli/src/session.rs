//! What commands share: the configuration, the host, the plugin, who asks, and whether they gave up.
//!
//! Opened as late as possible: recovery and undo work with no plugin, and what only looks never recovers.

use std::cell::{Cell, OnceCell, RefCell};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use reforge_base::Code;
use reforge_base::Failure;
use reforge_base::Message;
use reforge_base::Result;
use reforge_base::account;
use reforge_base::escape;
use reforge_base::message;
use reforge_config::{COMPOSE, Config, DOCKER, PROCESS};
use reforge_documents::history as documents;
use reforge_drills::app::Drills;
use reforge_drills::containers;
use reforge_drills::drill::Makers;
use reforge_drills::process::ProcessDrills;
use reforge_drills::sweep;
use reforge_host::host::Host;
use reforge_notify::delivery::Which;
use reforge_plugins::{ActivePlugin, Plugin, PluginEngine};
use reforge_transaction::recover::Recovered;
use reforge_transaction::registry::{self, KnownTransaction};
use serde_json::{Value, json};

use super::args::{self, Options};
use super::engine;
use super::recovered;
use super::terminal::Terminal;
use super::words::{self, say};

/// For what a command sends at its end.
const SEND_TIME: Duration = Duration::from_secs(10);
const VARIABLE: &str = "REFORGE_CONFIG";
/// Where a configuration is looked for that nobody named.
pub(crate) const IN_PLACE: &str = "reforge.toml";
pub(crate) const IN_ETC: &str = "/etc/reforge/reforge.toml";
const PLACES: [&str; 2] = [IN_PLACE, IN_ETC];

pub(crate) struct Session {
    pub terminal: Terminal,
    pub cancelled: Arc<AtomicBool>,
    /// This program, found once: its file may be replaced while it runs.
    pub program: PathBuf,
    options: Options,
    /// The configuration is in `REFORGE_CONFIG`, as commands that are shown assume.
    exported: bool,
    host: OnceCell<Arc<Host>>,
    /// Whether it may have brought something that people elsewhere are told of.
    changes: Cell<bool>,
    /// Fields for the document beside the command's own.
    beside: RefCell<Vec<(&'static str, Value)>>,
}

impl Session {
    pub(crate) fn new(options: Options, terminal: Terminal, program: PathBuf) -> Session {
        Session {
            cancelled: terminal.cancelled.clone(),
            terminal,
            program,
            options,
            exported: false,
            host: OnceCell::new(),
            changes: Cell::new(false),
            beside: RefCell::default(),
        }
    }

    /// The same for whoever has the configuration in the environment.
    pub(crate) fn exported(self) -> Session {
        Session { exported: true, ..self }
    }

    pub(crate) fn options(&self) -> Options {
        self.options.clone()
    }

    /// Whether somebody gave up.
    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }

    pub(crate) fn config(&self) -> Result<Config> {
        engine::believed(Config::load(&self.config_file()?)?)
    }

    /// The host for a command that only looks. What is unfinished is mentioned, and not touched.
    pub(crate) fn looking(&self) -> Result<&Arc<Host>> {
        let host = self.open()?;
        let entries = registry::read_open(&host.state.transactions())?;
        let unfinished: Vec<_> = entries.iter().filter(|entry| entry.blocks().is_some()).collect();
        for entry in &unfinished {
            self.terminal.say(&say!("note-of", text = unfinished_in_words(host, entry)));
        }
        let ids: Vec<&str> = unfinished.iter().map(|entry| entry.id()).collect();
        self.beside("unfinished", json!(ids));
        Ok(host)
    }

    /// The host for a command that changes something: what a crash left behind is settled first.
    pub(crate) fn changing(&self) -> Result<&Arc<Host>> {
        let host = self.open()?;
        let recovered = self.recover()?;
        self.tell(&recovered);
        Ok(host)
    }

    /// Settles what a crash left behind.
    pub(crate) fn recover(&self) -> Result<Vec<Recovered>> {
        self.changes.set(true);
        let host = self.open()?;
        let recovered = host.recover()?;
        // What one that ended in a drill has left is nobody's data.
        host.or_tell(sweep::sweep(host, &self.makers(host)).map(drop));
        Ok(recovered)
    }

    /// At the end of a command that may have brought something to tell: sends it, as far as that is done soon. What is left is
    /// sent by a server, by the next command or by `notify send`.
    pub(crate) fn send_notifications(&self) {
        let Some(host) = self.host.get().filter(|_| self.changes.get()) else { return };
        if let Err(failure) = host.notifier().send(Which::Due, SEND_TIME) {
            host.deployer.tell(message!("nobody-can-be-notified", failure));
        }
    }

    /// The host as it is. For recovery itself.
    pub(crate) fn open(&self) -> Result<&Arc<Host>> {
        if self.host.get().is_none() {
            let (supervisor, compiler) = (self.itself(args::SUPERVISE), self.itself(args::COMPILE_PLUGIN));
            let mut host = Host::open(self.config()?, supervisor, compiler)?;
            let terminal = self.terminal.clone();
            host.deployer = host.deployer.telling(Arc::new(move |message| terminal.say(&words::read(message))));
            let _ = self.host.set(Arc::new(host));
        }
        self.host.get().ok_or_else(|| Failure::new(Code::StateRefused, message!("the-host-was-not-opened")))
    }

    /// The restore plugin in use: named on the command line, configured, selected, or built in.
    pub(crate) fn plugin(&self) -> Result<Plugin> {
        self.active_plugin()?.current()
    }

    /// The place of the plugin in use, for whoever runs for long.
    pub(crate) fn active_plugin(&self) -> Result<ActivePlugin> {
        let host = self.open()?;
        let file = self.options.plugin.as_ref().or(host.config.host.plugin.as_ref());
        host.open_slot(file.cloned())
    }

    /// The engine that plugins run on, with this host's cache.
    pub(crate) fn plugin_engine(&self) -> Result<PluginEngine> {
        self.open()?.plugin_engine()
    }

    /// What makes drilled apps, of each runtime that this program has.
    pub(crate) fn makers(&self, host: &Host) -> Makers {
        let containers: Arc<dyn Drills> =
            Arc::new(containers::drills(host.config.host.docker_socket.clone(), host.state.host_id()));
        let processes: Arc<dyn Drills> = Arc::new(ProcessDrills::new(self.itself(args::ISOLATED)));
        Makers::from([
            (PROCESS.to_owned(), processes),
            (DOCKER.to_owned(), containers.clone()),
            (COMPOSE.to_owned(), containers),
        ])
    }

    /// This program with one of its hidden commands, for what the host runs apart.
    fn itself(&self, command: &str) -> Vec<OsString> {
        vec![self.program.clone().into_os_string(), command.into()]
    }

    /// Where a file that decides before the registry does is named, if there is one.
    pub(crate) fn plugin_file(&self) -> Result<Option<(Message, PathBuf)>> {
        let configured = self.open()?.config.host.plugin.clone();
        let named = self.options.plugin.clone().map(|file| (message!("option-plugin"), file));
        Ok(named.or_else(|| configured.map(|file| (message!("plugin-of-the-configuration"), file))))
    }

    /// Who asks, for receipts and the audit log.
    pub(crate) fn who(&self) -> String {
        let uid = rustix::process::getuid();
        let account = account::find(&uid.as_raw().to_string()).ok().flatten();
        account.and_then(|account| account.name).map_or_else(|| format!("user {uid}"), |name| escape::text(&name))
    }

    /// The command as a person would type it, with this session's configuration.
    pub(crate) fn command(&self, words: &str) -> String {
        match &self.options.config {
            Some(file) if !self.exported => format!("reforge --config {} {words}", escape::path(file)),
            _ => format!("reforge {words}"),
        }
    }

    pub(crate) fn take_beside(&self) -> Vec<(&'static str, Value)> {
        self.beside.take()
    }

    /// Goes into the answer as JSON, beside what the command itself answers.
    pub(crate) fn beside(&self, name: &'static str, value: Value) {
        let mut beside = self.beside.borrow_mut();
        beside.retain(|(known, _)| *known != name);
        beside.push((name, value));
    }

    /// Tells what was done about a crash.
    pub(crate) fn tell(&self, recovered: &[Recovered]) {
        for one in recovered {
            self.terminal.say(&recovered::line(one));
        }
        if !recovered.is_empty() {
            self.beside("recovered", json!(recovered.iter().map(documents::recovered).collect::<Vec<_>>()));
        }
    }

    /// The configuration's file, as it was named or where it was found; none if there is none anywhere.
    pub(crate) fn config_place(&self) -> Option<PathBuf> {
        let named = self.options.config.clone();
        let variable = || std::env::var_os(VARIABLE).filter(|value| !value.is_empty()).map(PathBuf::from);
        let found = || PLACES.iter().map(PathBuf::from).find(|path| exists(path));
        named.or_else(variable).or_else(found)
    }

    fn config_file(&self) -> Result<PathBuf> {
        self.config_place().ok_or_else(|| {
            let places: Vec<String> = PLACES.iter().map(|place| format!("`{place}`")).collect();
            let message = message!("there-is-no-configuration", first = places[0], second = places[1]);
            Failure::new(Code::Usage, message).hint(message!("write-a-configuration-or-name-it"))
        })
    }
}

/// How one that is not over stands.
fn unfinished_in_words(host: &Host, entry: &KnownTransaction) -> String {
    let id = escape::text(entry.id());
    let held = match entry {
        KnownTransaction::Open(journal, begin) => documents::held_by(host, journal, begin),
        KnownTransaction::Damaged { .. } => None,
    };
    match (held, entry.blocks()) {
        (Some(held), _) => {
            say!("restore-is-running", id, phase = held.phase.message(), text = held.text)
        }
        (None, Some(failure)) => words::read(&Message::all([failure.message, failure.hint])),
        (None, None) => say!("restore-is-over", id),
    }
}

/// One that cannot be looked at is there: reading it says why.
fn exists(path: &Path) -> bool {
    path.try_exists().unwrap_or(true)
}
