//! What a whole pass promises: it is complete or fails, is quick, is repeated for who is there for a moment, and knows the
//! app's own.

use super::*;
use reforge_base::Message;

/// Set in a process of its own for the test below, which takes all descriptors.
const ALONE: &str = "REFORGE_TEST_WITHOUT_DESCRIPTORS";

#[test]
fn a_want_of_descriptors_fails_the_pass_and_never_calls_anybody_absent() {
    if std::env::var_os(ALONE).is_none() {
        let name = "tests::passes::a_want_of_descriptors_fails_the_pass_and_never_calls_anybody_absent";
        let mut alone = Command::new(std::env::current_exe().expect("known"));
        let output = alone.args(["--exact", name]).env(ALONE, "1").output().expect("runs");
        let messages = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && messages.contains("1 passed"), "{messages}");
        return;
    }
    let fixture = Fixture::new();
    let open = Process::shell("exec 9<\"$1/file\"; exec sleep 60", &[&fixture.live]).ready();
    let elsewhere = fixture.beside("elsewhere");
    let mounted = unshared("mount --bind \"$1\" \"$2\"; exec sleep 60", &[&fixture.live, &elsewhere]);
    let live = [LiveDirectory::open(&fixture.live).expect("found")];
    let mut taken = take_every_descriptor();
    let mut failed = 0;
    loop {
        match holders(&live) {
            Err(failure) => {
                assert!(failure.message.ends_with("open files"), "{failure:?}");
                failed += 1;
            }
            Ok(found) => {
                let holds = |process: &Process| found.held.iter().any(|holder| holder.pid == process.pid());
                assert!(holds(&open) && holds(&mounted), "with {failed} descriptors left: {found:?}");
                break;
            }
        }
        taken.pop().expect("a pass needs few");
    }
    // A process and its list of descriptors; two threads may have both open at once, or not.
    assert!(failed >= 2, "each descriptor that a pass has open at once was wanting: {failed}");
}

/// All that a process may have, so that those that are given back are all that are left.
fn take_every_descriptor() -> Vec<std::fs::File> {
    let limit = rustix::process::Rlimit { current: Some(64), maximum: Some(64) };
    rustix::process::setrlimit(rustix::process::Resource::Nofile, limit).expect("set");
    let mut taken = Vec::new();
    loop {
        match std::fs::File::open("/dev/null") {
            Ok(file) => taken.push(file),
            Err(error) => {
                assert_eq!(Errno::from_io_error(&error), Some(Errno::MFILE));
                return taken;
            }
        }
    }
}

#[test]
fn one_pass_over_all_processes_is_quick() {
    let fixture = Fixture::new();
    let live = [LiveDirectory::open(&fixture.live).expect("found")];
    let quickest = (0..5).map(|_| {
        let start = Instant::now();
        holders(&live).expect("one pass");
        start.elapsed()
    });
    // Generous for an unoptimised build on a busy machine; what is meant is a millisecond for a handful of processes.
    let quickest =
        quickest.min().expect("measured") / u32::try_from(proc_stat::pids().expect("listed").len()).expect("fits");
    assert!(quickest < Duration::from_millis(5), "{quickest:?} a process");
}

#[test]
fn an_app_that_starts_and_ends_processes_during_a_pass_is_not_its_own_stranger() {
    let fixture = Fixture::new();
    let live = [("data".to_owned(), LiveDirectory::open(&fixture.live).expect("found"))];
    let started = Process::start(Command::new("sleep").arg("100").current_dir(&fixture.live)).ready();
    let ended = Process::start(Command::new("sleep").arg("100").current_dir(&fixture.live)).ready();
    let strangers =
        |members: &mut dyn FnMut() -> Result<Vec<i32>>| foreign(&live, &[], members).expect("one pass").refusals;
    assert_eq!(strangers(&mut || Ok(vec![started.pid(), ended.pid()])), [], "both belong to the app when it is asked");

    let (pid, mut ended) = (started.pid(), Some(ended));
    let mut members = || {
        ended = None;
        Ok(vec![pid])
    };
    assert_eq!(strangers(&mut members), [], "one has ended when the app is asked");
    assert_eq!(strangers(&mut || Ok(Vec::new())).len(), 1, "one that goes on and is not the app's is a stranger");
    assert_eq!(refusals(&live).expect("one pass").len(), 1, "an app that must be down has no members");
}

#[test]
fn a_thread_that_has_ended_is_known_from_one_that_must_not_be_looked_at() {
    let own = own();
    let (begun, id) = std::sync::mpsc::channel();
    let (end, ended) = std::sync::mpsc::channel::<()>();
    let thread = std::thread::spawn(move || {
        begun.send(rustix::thread::gettid().as_raw_nonzero().get()).expect("heard");
        let _ended = ended.recv();
    });
    let task = Task::open(id.recv().expect("begins"), &own).expect("opened");
    assert!(task.is_there());
    drop(end);
    thread.join().expect("ended");
    let start = Instant::now();
    while task.is_there() {
        assert!(start.elapsed() < DEADLINE, "it has ended and still counts");
        std::thread::yield_now();
    }
}

#[test]
fn a_process_that_ends_while_its_descriptors_are_listed_has_none() {
    let child = Process::start(Command::new("sleep").arg("60")).ready();
    let process = super::super::Process { pid: child.pid(), directory: 0 };
    let task = Task::open(process.pid, &process).expect("opened");
    let list = task.open_list().expect("opened");
    drop(child);
    let live = [LiveDirectory::open(Path::new("/tmp")).expect("found")];
    assert!(task.listed(&Pass::new(&live, Wanted::Holders), &list).expect("looked at"));
}

fn holder(pid: i32, certain: bool) -> Holder {
    Holder { pid, name: "runc".into(), how: How::Mapped, detail: Message::default(), live: 0, certain }
}

#[test]
fn a_process_of_a_moment_is_looked_for_again_until_a_whole_pass_finds_nobody() {
    let mut passes = vec![vec![], vec![holder(3, false)], vec![holder(2, true)], vec![holder(1, false)]];
    let found = at_rest(|| Ok(passes.pop().expect("no further pass")), |pid| pid == 2, || true).unwrap();
    assert_eq!((found, passes.len()), (vec![], 0));
}

#[test]
fn whoever_is_known_to_hold_is_found_at_the_first_look_and_whoever_stays_when_time_is_up() {
    let (looks, mut left) = (std::cell::Cell::new(0), 4);
    let look = || {
        looks.set(looks.get() + 1);
        Ok(vec![holder(1, false), holder(2, true)])
    };
    assert_eq!(at_rest(look, |pid| pid == 1, || true).unwrap().len(), 2);
    assert_eq!(looks.get(), 1);
    let again = || {
        left -= 1;
        left > 0
    };
    assert_eq!(at_rest(look, |_| true, again).unwrap().len(), 2);
    assert_eq!(looks.get(), 1 + 4);
}

#[test]
fn whoever_was_idle_is_looked_at_whole_again_as_soon_as_it_does_something() {
    let fixture = Fixture::new();
    let beside = [LiveDirectory::open(&fixture.beside("sibling")).expect("found")];
    let live = [("data".to_owned(), LiveDirectory::open(&fixture.live).expect("found"))];
    for what in ["exec 9<\"$1/file\"", "cd \"$1\"", "exec sleep 60 9<\"$1/file\"", "exec cat 9>>\"$1/file\""] {
        let script = format!("read -r go; {what}; echo done; read -r end");
        let mut command = Command::new("sh");
        command.arg("-ec").arg(script).arg("sh").arg(&fixture.live).stdin(Stdio::piped()).stdout(Stdio::null());
        let mut process = Process(command.spawn().expect("starts"));
        let pid = process.pid();
        let mut idle = Idle::default();
        let is_known = |idle: &Idle| {
            let process = proc_stat::listed().unwrap().into_iter().find(|(listed, _)| *listed == pid).unwrap();
            idle.knows(&super::super::Process { pid, directory: process.1 })
        };
        let look = |idle: &mut Idle| refusals_again(&live, &beside, idle).expect("looked");
        assert_eq!(look(&mut idle), []);
        assert!(is_known(&idle), "{what}");
        assert_eq!(look(&mut idle), []);
        use std::io::Write as _;
        process.0.stdin.as_mut().expect("piped").write_all(b"\n").expect("told");
        let began = Instant::now();
        loop {
            let found = look(&mut idle);
            if found.iter().any(|failure| failure.message.contains(&format!("process {pid} "))) {
                assert!(!is_known(&idle));
                break;
            }
            assert!(began.elapsed() < DEADLINE, "{what}: not found");
        }
    }
}

#[test]
fn other_directories_are_asked_of_everybody() {
    let fixture = Fixture::new();
    let (one, two) = (fixture.beside("one"), fixture.beside("two"));
    let _in_two = Process::shell("cd \"$1\"; exec sleep 60", &[&two]).ready();
    let named = |path: &Path| [("data".to_owned(), LiveDirectory::open(path).expect("found"))];
    let mut idle = Idle::default();
    assert_eq!(refusals_again(&named(&one), &[], &mut idle).expect("looked"), []);
    assert_eq!(refusals_again(&named(&two), &[], &mut idle).expect("looked").len(), 1);
}
