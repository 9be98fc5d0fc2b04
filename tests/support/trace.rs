//! What a run of `reforge` does to a disk, as the kernel sees it (strace), held against what its seam says that it does.

use std::collections::{HashMap, HashSet};
use std::path::Path;

/// Every call that changes a file, a name or metadata, and what starts threads and processes.
pub(crate) const CALLS: &str = "write,pwrite64,writev,pwritev,pwritev2,ftruncate,truncate,fallocate,copy_file_range,sendfile,\
    rename,renameat,renameat2,mkdir,mkdirat,mknod,mknodat,unlink,unlinkat,rmdir,link,linkat,symlink,symlinkat,\
    chmod,fchmod,fchmodat,?fchmodat2,chown,fchown,lchown,fchownat,setxattr,lsetxattr,fsetxattr,\
    removexattr,lremovexattr,fremovexattr,utimensat,openat,?openat2,open,creat,ioctl,fsync,fdatasync,\
    clone,clone3,fork,vfork";

/// What was found in a trace.
#[derive(Default)]
pub(crate) struct Found {
    /// Calls that changed something outside of any effect.
    pub outside: Vec<String>,
    /// How many did inside of one.
    pub inside: usize,
}

/// Reads a trace made with `-f -y`: calls of the first process and its threads that touch something below `roots`.
/// `list` is the list of effects, `left_out` is not the host's own.
pub(crate) fn read(trace: &str, roots: &[&Path], list: &Path, left_out: &Path) -> Found {
    let mut found = Found::default();
    let mut ours: HashSet<&str> = trace.split_whitespace().take(1).collect();
    let mut depth = HashMap::<&str, usize>::new();
    let mut cloning = HashMap::<&str, bool>::new();
    let below = |line: &str, path: &Path| line.contains(path.to_str().unwrap());
    for line in trace.lines() {
        let Some((thread, call)) = line.split_once(' ') else { continue };
        let call = call.trim_start();
        if call.contains("clone") || call.starts_with("<... clone") {
            if !call.starts_with("<...") {
                cloning.insert(thread, call.contains("CLONE_THREAD"));
            }
            let made = call.rsplit_once(" = ").map(|(_, made)| made.trim());
            if let (Some(made), Some(true)) = (made, cloning.get(thread))
                && ours.contains(thread)
            {
                ours.insert(made);
            }
            continue;
        }
        if !ours.contains(thread) || call.starts_with("<...") {
            continue;
        }
        if below(call, list) {
            if call.starts_with("write") {
                let depth = depth.entry(thread).or_default();
                if call.contains(" done\\n") { *depth -= 1 } else { *depth += 1 }
            }
            continue;
        }
        let touches = roots.iter().any(|root| below(call, root)) || call.contains("\"/proc/self/fd");
        if !touches || below(call, left_out) || !changes(call) {
            continue;
        }
        match depth.get(thread) {
            Some(1..) => found.inside += 1,
            _ => found.outside.push(call.to_owned()),
        }
    }
    found
}

/// Whether a call has changed something, or was still at it when the kernel turned to another thread.
fn changes(call: &str) -> bool {
    let is_said = ["write(1<", "write(2<"].iter().any(|output| call.starts_with(output));
    if is_said || call.contains(" = -1 E") || is_nameless(call) {
        return false;
    }
    let name = call.split('(').next().unwrap_or_default();
    match name {
        "open" | "openat" | "openat2" => call.contains("O_CREAT") || call.contains("O_TRUNC"),
        "ioctl" => call.contains("SETFLAGS") || call.contains("FSSETXATTR") || call.contains("FICLONE"),
        _ => true,
    }
}

/// A file that has no name and is gone when it is closed, in which it is tried what a file system can hold. One that gets a name gets
/// it by a call that is seen.
fn is_nameless(call: &str) -> bool {
    let tries = ["utimensat(", "fsetxattr("].iter().any(|name| call.starts_with(name));
    tries
        && call.split_once('<').is_some_and(|(_, file)| {
            file.split_once('>').is_some_and(|(path, rest)| {
                rest.starts_with("(deleted)") && path.rsplit('/').next().is_some_and(|name| name.starts_with('#'))
            })
        })
}
