//! A command as the app's user, in the namespaces that this process is in: from words to a process.

use std::ffi::OsString;
use std::io;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::Command;

use rustix::process::{Gid, Signal, Uid, set_parent_process_death_signal};
use rustix::thread::{CapabilitySet, remove_capability_from_bounding_set};

use super::plan::{Numbers, Plan};

/// What an app gets as `PATH`, unless its environment says otherwise: the process runtime's own.
const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/// What an app of root's keeps: what an engine leaves a container, but for raw sockets and device nodes.
const KEPT: CapabilitySet = CapabilitySet::CHOWN
    .union(CapabilitySet::DAC_OVERRIDE)
    .union(CapabilitySet::FOWNER)
    .union(CapabilitySet::FSETID)
    .union(CapabilitySet::KILL)
    .union(CapabilitySet::SETGID)
    .union(CapabilitySet::SETUID)
    .union(CapabilitySet::SETPCAP)
    .union(CapabilitySet::NET_BIND_SERVICE)
    .union(CapabilitySet::SYS_CHROOT)
    .union(CapabilitySet::SETFCAP);

/// A command as the app's user, with its environment.
pub(super) fn command(plan: &Plan, words: impl IntoIterator<Item = OsString>) -> Command {
    let mut words = words.into_iter();
    let mut command = Command::new(words.next().unwrap_or_default());
    command.args(words).env_clear().env("PATH", DEFAULT_PATH).current_dir("/");
    command.envs(plan.environment.iter().map(|(name, value)| (name, value)));
    let account = plan.account.clone();
    let groups: Vec<Gid> = account.iter().flat_map(|account| &account.groups).map(|id| Gid::from_raw(*id)).collect();
    // SAFETY: between fork and exec the closure makes system calls only: it neither allocates nor takes a lock.
    unsafe { command.pre_exec(move || become_app(account.as_ref(), &groups)) };
    command
}

fn become_app(account: Option<&Numbers>, groups: &[Gid]) -> io::Result<()> {
    rustix::process::setsid()?;
    if let Some(account) = account {
        let (uid, gid) = (Uid::from_raw(account.uid), Gid::from_raw(account.gid));
        rustix::thread::set_thread_groups(groups)?;
        rustix::thread::set_thread_res_gid(gid, gid, gid)?;
        rustix::thread::set_thread_res_uid(uid, uid, uid)?;
    }
    // A change of the user forgets it.
    set_parent_process_death_signal(Some(Signal::KILL))?;
    Ok(())
}

/// What reaches beyond the namespaces nobody in them gets again.
pub(super) fn lose_capabilities() -> io::Result<()> {
    for capability in CapabilitySet::all().iter().filter(|one| !KEPT.contains(*one)) {
        match remove_capability_from_bounding_set(capability) {
            // An older kernel does not know it.
            Ok(()) | Err(rustix::io::Errno::INVAL) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
    Ok(())
}

/// How a command ended, as a shell says it.
pub(super) fn code_of(status: std::process::ExitStatus) -> u8 {
    let code = status.code().or(status.signal().map(|signal| 128 + signal));
    code.and_then(|code| u8::try_from(code).ok()).unwrap_or(u8::MAX)
}
