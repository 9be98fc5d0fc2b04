//! A terminal that stops reading, a pipe that is full, an output that is closed, a signal that ends programs, a limit of
//! the process: a restore ends as it would, and an answer that nobody could be given is no success.

use std::fs::File;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};

use rustix::process::Signal;
use serde_json::Value;

use crate::support::bench::{Bench, fill, signatures};
use crate::support::eventually;

/// The bench's restore, waiting right before the app is stopped.
struct Waiting {
    bench: Bench,
    child: Child,
    paused: std::path::PathBuf,
}

impl Waiting {
    fn with(outputs: impl FnOnce(&mut Command)) -> Waiting {
        let bench = Bench::new();
        bench.lives.iter().for_each(|live| fill(live, "new"));
        let (mut command, paused) = bench.world.paused_command("stop", &bench.restore());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        outputs(&mut command);
        let child = command.spawn().unwrap();
        drop(command);
        eventually("the pause is reached", || paused.exists());
        Waiting { bench, child, paused }
    }

    /// Goes on, and must end by itself: everything is restored, and the app runs.
    fn ends_well(mut self, code: i32) {
        std::fs::remove_file(&self.paused).unwrap();
        assert_eq!(ended(&mut self.child), Some(code));
        assert_eq!(signatures(&self.bench.lives), self.bench.old);
        assert!(self.bench.world.is_running("app"));
    }
}

fn ended(child: &mut Child) -> Option<i32> {
    let mut status = None;
    eventually("the command ends", || {
        status = child.try_wait().unwrap();
        status.is_some()
    });
    status.unwrap().code()
}

/// A pipe that nobody reads and that holds nothing more.
fn full_pipe() -> (OwnedFd, OwnedFd) {
    let (reader, writer) = rustix::pipe::pipe().unwrap();
    fill_up(&writer);
    (reader, writer)
}

fn fill_up(writer: &OwnedFd) {
    rustix::io::ioctl_fionbio(writer, true).unwrap();
    for bytes in [4096, 1] {
        while rustix::io::write(writer, &vec![b'x'; bytes]).is_ok() {}
    }
    rustix::io::ioctl_fionbio(writer, false).unwrap();
}

#[test]
fn a_restore_ends_while_nobody_reads_what_it_says() {
    let (_reader, writer) = full_pipe();
    Waiting::with(|command| {
        command.stderr(Stdio::from(writer));
    })
    .ends_well(0);
}

#[test]
fn a_restore_ends_on_a_terminal_that_was_stopped() {
    let (ours, theirs) = crate::support::terminal::open();
    let screen = theirs.try_clone().unwrap();
    let waiting = Waiting::with(|command| {
        command.stderr(Stdio::from(theirs));
    });
    // Ctrl-S.
    rustix::termios::tcflow(&screen, rustix::termios::Action::OOff).unwrap();
    waiting.ends_well(0);
    drop(ours);
}

#[test]
fn an_answer_that_nobody_reads_holds_no_lock_and_is_given_up_when_asked() {
    let (_reader, writer) = full_pipe();
    let mut waiting = Waiting::with(|command| {
        command.stdout(Stdio::from(writer));
    });
    std::fs::remove_file(&waiting.paused).unwrap();
    let world = &waiting.bench.world;
    eventually("the app runs on what was restored", || {
        signatures(&waiting.bench.lives) == waiting.bench.old && world.reforge(&["deploy", "app"]).code == Some(0)
    });
    assert_eq!(waiting.child.try_wait().unwrap(), None, "its answer is not written");
    rustix::process::kill_process(rustix::process::Pid::from_child(&waiting.child), Signal::TERM).unwrap();
    assert_eq!(ended(&mut waiting.child), Some(8), "done, and nobody was told");
}

/// How an answer can be lost.
const LOST: [&str; 3] = ["full", "closed", "unread"];

fn lose(command: &mut Command, how: &str) {
    match how {
        "full" => {
            command.stdout(File::options().write(true).open("/dev/full").unwrap());
        }
        "closed" => {
            // SAFETY: a system call, between fork and exec.
            unsafe {
                command.pre_exec(|| {
                    libc::close(libc::STDOUT_FILENO);
                    Ok(())
                })
            };
        }
        _ => {
            let (reader, writer) = rustix::pipe::pipe().unwrap();
            drop(reader);
            command.stdout(Stdio::from(writer));
        }
    }
}

#[test]
fn an_answer_that_could_not_be_written_is_no_success_whatever_was_asked() {
    let bench = Bench::new();
    let id = bench.snapshot.as_str();
    for how in LOST {
        for asked in [
            &["snapshot", "create", "app", "--json"][..],
            &["snapshot", "list", "app"],
            &["restore", "plan", "app", id],
            &["workload", "show", "app", "--json"],
            &["audit"],
            &["--help"],
        ] {
            let mut command = bench.world.command(asked);
            lose(&mut command, how);
            let output = command.stdin(Stdio::null()).stderr(Stdio::piped()).output().unwrap();
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(output.status.code(), Some(8), "{how}: {asked:?}: {said}");
        }
        // One that says more than that it was done.
        let mut command = bench.world.command(&["snapshot", "show", "app", "nothing", "--json"]);
        lose(&mut command, how);
        assert_eq!(command.stdin(Stdio::null()).output().unwrap().status.code(), Some(2), "{how}");
    }
}

#[test]
fn a_token_that_could_not_be_shown_is_not_there() {
    let bench = Bench::new();
    let tokens = || bench.world.ok(&["token", "list", "--json"]).json()["tokens"].as_array().unwrap().len();
    for how in LOST {
        for more in [&[][..], &["--json"]] {
            let mut command = bench.world.command(&[&["token", "create", "lost", "--role", "admin"], more].concat());
            lose(&mut command, how);
            let output = command.stdin(Stdio::null()).stderr(Stdio::piped()).output().unwrap();
            assert_eq!((output.status.code(), tokens()), (Some(1), 0), "{how}: {output:?}");
        }
    }
    let audit = bench.world.ok(&["audit", "--json"]).json();
    let whats: Vec<&Value> = audit["lines"].as_array().unwrap().iter().map(|line| &line["what"]).collect();
    assert_eq!(whats.iter().filter(|what| **what == "token-revoke").count(), 2 * LOST.len(), "{whats:?}");
}

#[test]
fn every_signal_that_ends_a_program_ends_a_restore_safely() {
    let bench = Bench::new();
    bench.lives.iter().for_each(|live| fill(live, "new"));
    let new = signatures(&bench.lives);
    for signal in [Signal::HUP, Signal::QUIT, Signal::TERM, Signal::XCPU] {
        let mut running = bench.world.start_pausing("exchange#4", &bench.restore());
        assert!(running.reaches_its_pause(), "{signal:?}");
        running.signal(signal);
        eventually("it is heard", || running.complaints().contains("stopping safely"));
        running.go_on();
        running.wait().expect(130).expect_said("cancelled");
        assert_eq!(signatures(&bench.lives), new, "{signal:?}");
        assert!(bench.world.is_running("app"), "{signal:?}");
    }
}

#[test]
fn whoever_asks_after_the_commit_is_told_that_it_finishes() {
    let bench = Bench::new();
    bench.lives.iter().for_each(|live| fill(live, "new"));
    let mut running = bench.world.start_pausing("start-supervisor", &bench.restore());
    assert!(running.reaches_its_pause());
    running.signal(Signal::HUP);
    eventually("it is heard", || running.complaints().contains("already committed: finishing"));
    running.go_on();
    running.wait().expect(0).expect_unsaid("stopping safely");
    assert_eq!(signatures(&bench.lives), bench.old);
}

#[test]
fn under_nohup_a_terminal_may_go_away() {
    let bench = Bench::new();
    bench.lives.iter().for_each(|live| fill(live, "new"));
    let (mut command, paused) = bench.world.paused_command("exchange#4", &bench.restore());
    // SAFETY: a system call, between fork and exec.
    unsafe {
        command.pre_exec(|| {
            libc::signal(libc::SIGHUP, libc::SIG_IGN);
            Ok(())
        })
    };
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    eventually("the pause is reached", || paused.exists());
    rustix::process::kill_process(rustix::process::Pid::from_child(&child), Signal::HUP).unwrap();
    std::fs::remove_file(paused).unwrap();
    assert_eq!(ended(&mut child), Some(0));
    assert_eq!(signatures(&bench.lives), bench.old);
    // And the app that was started then hears that signal.
    let app = bench.world.processes("app");
    let ignored = |pid: &i32| {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).unwrap().trim();
        u64::from_str_radix(mask, 16).unwrap()
    };
    assert!(!app.is_empty() && app.iter().all(|pid| ignored(pid) & 1 == 0), "{app:?}");
}

#[test]
fn a_limit_on_the_size_of_files_is_an_error_and_no_signal() {
    let bench = Bench::new();
    bench.lives.iter().for_each(|live| fill(live, "new"));
    let new = signatures(&bench.lives);
    for bytes in ["0", "4096", "100000"] {
        let plain = bench.world.command(&bench.restore());
        let mut command = Command::new("prlimit");
        command.arg(format!("--fsize={bytes}:{bytes}")).arg(plain.get_program()).args(plain.get_args());
        let output = command.current_dir("/").stdin(Stdio::null()).output().unwrap();
        let code = output.status.code();
        assert!(code.is_some_and(|code| code != 0), "{bytes}: {output:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("error:"), "{bytes}: {output:?}");
        bench.world.ok(&["recover"]);
        assert_eq!(signatures(&bench.lives), new, "{bytes}: {output:?}");
        assert!(bench.world.is_running("app"), "{bytes}");
        let pid = bench.world.processes("app")[0];
        let limits = std::fs::read_to_string(format!("/proc/{pid}/limits")).unwrap();
        let of_files = limits.lines().find(|line| line.starts_with("Max file size")).unwrap();
        assert_eq!(of_files.matches("unlimited").count(), 2, "{bytes}: the app inherited it: {of_files}");
    }
}

#[test]
fn a_server_whose_lines_nobody_reads_serves() {
    let bench = Bench::new();
    let token = crate::support::api::token(&bench.world, "ops", "admin");
    let (reader, writer) = rustix::pipe::pipe().unwrap();
    let (_unread, errors) = full_pipe();
    let mut command = bench.world.command(&["serve", "--listen", "127.0.0.1:0"]);
    let mut child =
        command.stdin(Stdio::null()).stdout(Stdio::from(writer)).stderr(Stdio::from(errors)).spawn().unwrap();
    drop(command);
    let mut line = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(File::from(reader)), &mut line).unwrap();
    let address = line.trim().rsplit("http://").next().unwrap().to_owned();
    let answer = ureq::get(format!("http://{address}/api/v1/workloads"))
        .header("authorization", format!("Bearer {token}"))
        .call();
    assert_eq!(answer.unwrap().status(), 200);
    rustix::process::kill_process(rustix::process::Pid::from_child(&child), Signal::HUP).unwrap();
    assert!(ended(&mut child).is_some(), "no signal ended it");
}
