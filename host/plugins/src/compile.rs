//! Compiling a plugin that nobody has looked at yet: in a process of its own, whose memory, processor time and files are
//! bounded by the kernel. What it compiled is in the cache, from where the host loads it.
//!
//! The cache holds native code, so the child must be this program: it is the same user's, and it is only bounded, not
//! distrusted.

use std::ffi::OsString;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::mpsc;

use rustix::process::{Resource, Rlimit};

use super::registry::read_bounded;
use super::{PluginEngine, limits};
use reforge_base::failure::{Code, Failure, Result};
use reforge_base::message;
use reforge_base::threads;

/// Longest answer of the child.
const ANSWER_BYTES_MAX: u64 = 64 << 10;

/// Compiles in a child. `command` is a command that calls [`child`] with the cache directory as its last argument.
pub fn in_child_process(command: &[OsString], bytes: &[u8], cache: &Path) -> Result<()> {
    let failed = |error: std::io::Error| Failure::new(Code::Io, message!("cannot-start-the-compiler", error));
    let (program, arguments) = command
        .split_first()
        .ok_or_else(|| Failure::new(Code::Usage, message!("this-host-has-no-command-that-compiles")))?;
    let mut child = Command::new(program)
        .args(arguments)
        .arg(cache)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(failed)?;
    let answer = converse(&mut child, bytes);
    if answer.is_none() {
        // It has not answered in time. Whether the signal arrives does not matter to someone who waits below.
        let _ = child.kill();
    }
    let status = child.wait().map_err(failed)?;
    match answer.map(|answer| serde_json::from_slice::<Option<Failure>>(&answer)) {
        Some(Ok(None)) if status.success() => Ok(()),
        Some(Ok(Some(failure))) => Err(failure),
        _ => Err(Failure::new(
            Code::Plugin,
            message!("the-plugin-cannot-be-compiled-within", status = status.to_string()),
        )
        .hint(message!(
            "compiling-may-take",
            seconds = limits::COMPILE_TIME_MAX.as_secs(),
            mebibytes = limits::COMPILE_BYTES_MAX >> 20
        ))),
    }
}

/// Gives the child the bytes and takes its answer; none when that takes too long.
fn converse(child: &mut Child, bytes: &[u8]) -> Option<Vec<u8>> {
    let (mut to, mut from) = (child.stdin.take()?, child.stdout.take()?);
    let (answered, answer) = mpsc::channel();
    std::thread::scope(|scope| {
        // A child that ends early closes its end: it has said why, or its status does.
        let telling = threads::spawn_in(scope, "compiler", move || to.write_all(bytes));
        let listening = threads::spawn_in(scope, "compiler", move || {
            let mut answer = Vec::new();
            let read = from.by_ref().take(ANSWER_BYTES_MAX).read_to_end(&mut answer);
            let _ = answered.send(read.is_ok().then_some(answer));
        });
        // Without one of them there is no answer to wait for.
        let both = telling.is_ok() && listening.is_ok();
        let in_time = both.then(|| answer.recv_timeout(limits::COMPILE_TIME_MAX).ok().flatten()).flatten();
        if in_time.is_none() {
            // Both threads end when its ends of the pipes close.
            let _ = child.kill();
        }
        in_time
    })
}

/// The child: what such a command calls. Reads a plugin from standard input, compiles it into the cache, and
/// answers nothing or a failure as JSON.
pub fn child(cache: &Path) -> ExitCode {
    let compiled = bound_this_process().and_then(|()| {
        let bytes = read_bounded(std::io::stdin().lock(), &message!("standard-input"))?;
        let engine = PluginEngine::new(Some(cache))?;
        super::plugin::compile(&engine, &bytes, &message!("the-file")).map(drop)
    });
    let answer = serde_json::to_vec(&compiled.err()).unwrap_or_default();
    match std::io::stdout().write_all(&answer) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn bound_this_process() -> Result<()> {
    let bound = |resource, most: u64| {
        let limit = Rlimit { current: Some(most), maximum: Some(most) };
        rustix::process::setrlimit(resource, limit)
            .map_err(|error| Failure::new(Code::Io, message!("cannot-bound-the-compiler", error)))
    };
    bound(Resource::Data, limits::COMPILE_BYTES_MAX)?;
    bound(Resource::Cpu, limits::COMPILE_TIME_MAX.as_secs())?;
    bound(Resource::Fsize, limits::COMPILE_BYTES_MAX)?;
    bound(Resource::Core, 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_compiler_that_ends_without_an_answer_is_a_failure_of_the_plugin() {
        let command = ["/bin/sh", "-c", "kill -XCPU $$"].map(OsString::from);
        let failure = in_child_process(&command, b"bytes", Path::new("/nowhere")).unwrap_err();
        assert_eq!(failure.code, Code::Plugin);
        assert!(failure.message.contains("within the limits"), "{failure}");
    }

    #[test]
    fn what_the_compiler_says_is_the_failure() {
        let said = Failure::new(Code::Plugin, "no component").hint("none");
        let script = format!("cat >/dev/null; printf '%s' '{}'", serde_json::to_string(&said).unwrap());
        let command = ["/bin/sh", "-c", &script].map(OsString::from);
        assert_eq!(in_child_process(&command, &[0; 1 << 20], Path::new("/nowhere")), Err(said));
    }

    #[test]
    fn a_compiler_that_reads_nothing_and_answers_nothing_is_a_failure() {
        let failure = in_child_process(&["/bin/true".into()], &[0; 4 << 20], Path::new("/nowhere")).unwrap_err();
        assert_eq!(failure.code, Code::Plugin);
    }
}
