//! From a command in a spec to a running process: placeholders, the program's file, the user, the environment.
//!
//! The order between fork and exec is fixed here: session, umask, groups, group, user.

use std::ffi::OsString;
use std::fs::File;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rustix::fs::Mode;
use rustix::io::Errno;
use rustix::process::{Gid, Uid};

use super::process_tree::{MARK, START};
use super::workload_dir::WorkloadDir;
use reforge_base::Message;
use reforge_base::account::Account;
use reforge_base::failure::{Code, Failure, Result, reason};
use reforge_base::message;
use reforge_base::spec::DeploySpec;

/// What an app gets as `PATH`, and where its command is looked for, unless its environment says otherwise.
const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/// What an app creates is readable by others unless it says otherwise, as under any other supervisor.
const APP_UMASK: u32 = 0o022;

const LAST_SIGNAL: i32 = 64;

/// A command of a spec, ready to be started.
#[derive(Clone, Debug)]
pub(super) struct Program {
    pub file: PathBuf,
    arguments: Vec<OsString>,
    environment: Vec<(OsString, OsString)>,
    /// None to stay whom the supervisor runs as.
    pub account: Option<Account>,
}

impl Program {
    /// Finds everything out before anything is started. `command` is the spec's own or its health check's.
    pub(super) fn prepare(spec: &DeploySpec, command: &[String]) -> Result<Program> {
        let arguments: Vec<OsString> = command.iter().map(|word| live(word, spec)).collect::<Result<_>>()?;
        let file = program_file(spec, command)?;
        let mut environment: Vec<(OsString, OsString)> =
            spec.environment.iter().map(|(name, value)| (name.into(), value.into())).collect();
        if !spec.environment.iter().any(|(name, _)| name == "PATH") {
            environment.push(("PATH".into(), DEFAULT_PATH.into()));
        }
        let account = spec.user.as_deref().map(Account::of).transpose()?.flatten();
        Ok(Program { file, arguments, environment, account })
    }

    /// Starts it in a session of its own, as part of the run `start`, and returns its pid once the exec has succeeded. The caller reaps it.
    pub(super) fn start(&self, workload_dir: &WorkloadDir, start: u64, output: Option<File>) -> Result<i32> {
        let mut command = Command::new(&self.file);
        if let Some((name, rest)) = self.arguments.split_first() {
            command.arg0(name).args(rest);
        }
        command.env_clear().envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.env(MARK, &workload_dir.directory).env(START, start.to_string()).current_dir("/").stdin(Stdio::null());
        match output {
            Some(log) => {
                let copy = log.try_clone().map_err(|error| Failure::io("use", &workload_dir.file("log"), &error))?;
                command.stdout(log).stderr(copy);
            }
            None => {
                command.stdout(Stdio::null()).stderr(Stdio::null());
            }
        }
        let account = self.account.clone();
        let groups: Vec<Gid> =
            account.iter().flat_map(|account| &account.groups).map(|id| Gid::from_raw(*id)).collect();
        // SAFETY: between fork and exec the closure makes system calls only: it neither allocates nor takes a lock.
        unsafe { command.pre_exec(move || become_app(account.as_ref(), &groups)) };
        command.spawn().map(|child| child.id() as i32).map_err(|error| self.not_started(&error))
    }

    fn not_started(&self, error: &std::io::Error) -> Failure {
        // A machine without memory or processes says nothing about the app.
        let is_ours = matches!(
            Errno::from_io_error(error),
            Some(Errno::AGAIN | Errno::NOMEM | Errno::MFILE | Errno::NFILE | Errno::IO | Errno::TXTBSY)
        );
        let failure = Failure::io("run", &self.file, error);
        let code = if is_ours { Code::Runtime } else { Code::AppBad };
        let hint = match Errno::from_io_error(error) {
            Some(Errno::NOENT) => message!("the-file-is-there-the-interpreter"),
            Some(Errno::NOEXEC) => message!("a-script-needs-and-its-interpreter"),
            Some(Errno::ACCESS) => message!("may-the-apps-user-reach"),
            _ => Message::default(),
        };
        Failure::new(code, failure.message).hint(hint)
    }
}

/// Runs in the child. The order matters: groups and group need the rights that the user gives up.
fn become_app(account: Option<&Account>, groups: &[Gid]) -> std::io::Result<()> {
    for signal in 1..=LAST_SIGNAL {
        // What the command that deployed it ignored (`nohup`, a shell's background) is none of the app's business: it may be
        // stopped by that signal. Those that cannot be set are refused, and are not ignored.
        // SAFETY: it sets no handler.
        unsafe { libc::signal(signal, libc::SIG_DFL) };
    }
    rustix::process::setsid()?;
    rustix::process::umask(Mode::from_raw_mode(APP_UMASK));
    if let Some(account) = account {
        let (uid, gid) = (Uid::from_raw(account.uid), Gid::from_raw(account.gid));
        rustix::thread::set_thread_groups(groups)?;
        rustix::thread::set_thread_res_gid(gid, gid, gid)?;
        rustix::thread::set_thread_res_uid(uid, uid, uid)?;
    }
    Ok(())
}

/// The file that a command runs: absolute, or found through `PATH`.
pub(super) fn program_file(spec: &DeploySpec, command: &[String]) -> Result<PathBuf> {
    let Some(first) = command.first().filter(|first| !first.is_empty()) else {
        return Err(Failure::new(
            Code::AppBad,
            message!("has-no-command", workload = reforge_base::escape::text(&spec.workload)),
        ));
    };
    let name = live(first, spec)?;
    let shown = reforge_base::escape::bytes(name.as_bytes());
    if name.as_bytes().contains(&b'/') {
        let path = PathBuf::from(&name);
        return match usable(&path) {
            _ if path.is_relative() => Err(Failure::new(Code::AppBad, message!("the-command-is-not-absolute", shown))
                .hint(message!("write-the-whole-path"))),
            Ok(()) => Ok(path),
            Err(why) => Err(Failure::new(Code::AppBad, message!("cannot-run", shown, why))),
        };
    }
    let given = spec.environment.iter().find(|(name, _)| name == "PATH").map(|(_, value)| value.as_str());
    let search = given.unwrap_or(DEFAULT_PATH);
    let mut why = message!("no-such-file-in-path");
    for directory in search.split(':').filter(|directory| directory.starts_with('/')) {
        let path = Path::new(directory).join(&name);
        match usable(&path) {
            Ok(()) => return Ok(path),
            Err(reason) if path.exists() => {
                why = message!("path-and-what", path = reforge_base::escape::path(&path), reason)
            }
            Err(_) => {}
        }
    }
    Err(Failure::new(Code::AppBad, message!("cannot-run", shown, why))
        .hint(message!("path-is", search = reforge_base::escape::text(search))))
}

fn usable(path: &Path) -> Result<(), Message> {
    let metadata = std::fs::metadata(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => message!("no-such-file"),
        _ => reason(&error),
    })?;
    match metadata.is_file() {
        false => Err(message!("is-not-a-file")),
        true if metadata.permissions().mode() & 0o111 == 0 => Err(message!("is-not-executable")),
        true => Ok(()),
    }
}

fn live(word: &str, spec: &DeploySpec) -> Result<OsString> {
    spec.fill(word, |mount| &mount.live)
}

#[cfg(test)]
#[path = "launch_tests.rs"]
mod tests;
